"""The point estimate is the posterior mean, by the method that the evidence calls for and the time allows.

What is picked, and why, is said in `openckm.infer.choose`. Under a deadline the refined mean, which takes a fraction of
the time of 8 draws, comes first, and stays the answer if the draws are not done in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import OptionError
from openckm.infer.choose import choose_estimate
from openckm.infer.draws import OutOfTime
from openckm.infer.exact.guided import check_domain
from openckm.infer.exact.spectrum import Spectrum
from openckm.infer.posterior_draws import sample_posterior
from openckm.infer.refine import refined_mean
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser

__all__ = ["posterior_estimate"]

_ESTIMATES = ("refined", "jfs", "dps")
_ORIENTATIONS = 8
_Clock = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A posterior mean.

    Attributes:
        mean: [1, C, H, W] in latent code.
        method: the method that made it: what was picked, or "refined" where time did not allow it.
        network_evaluations: forward passes of the network for one map each.
    """

    mean: Float[Tensor, "1 c h w"]
    method: str
    network_evaluations: int


def posterior_estimate(
    denoiser: Denoiser,
    likelihood: Likelihood,
    condition: Condition,
    *,
    method: str = "auto",
    draws: int = 8,
    seed: int = 0,
    deadline_s: float | None = None,
    spectrum: Spectrum | None = None,
) -> Estimate:
    """Return the posterior mean of one map.

    Args:
        denoiser: the prior.
        likelihood: the likelihood of the readings, on complete maps in latent code.
        condition: the condition of one map: the site, and the readings in the evidence planes where the network may be
            conditioned on them;
            methods that draw do not look at the planes, lest readings count twice.
        method: one of _ESTIMATES; "auto" picks it.
        draws: averaged, by the methods that draw.
        seed: the seed of their noise.
        deadline_s: seconds after which the refined mean is the answer, averaged over at least one orientation;
            Algorithm 2 heeds no deadline.
        spectrum: the spectrum of the denoiser's errors; the one that belongs to the denoiser if None.

    Raises:
        GridError: if the likelihood is of other maps.
        OptionError: if an option is out of range, or no site is known for a part of the likelihood and the method is
            not "dps".
        ComputationError: if values stopped being finite.
    """
    picked = choose_estimate(likelihood, condition) if method == "auto" else method
    if picked not in _ESTIMATES or draws < 1 or (deadline_s is not None and not deadline_s > 0):
        raise OptionError(
            f"method={method!r}, draws={draws}, deadline_s={deadline_s}: wanted auto or one of {', '.join(_ESTIMATES)},"
            " at least 1 draw and a positive deadline"
        )
    check_domain(likelihood, (len(likelihood.domain.channels), *condition.site.shape[-2:]))
    end = None if deadline_s is None or picked == "dps" else time.monotonic() + deadline_s

    def late() -> bool:
        return end is not None and time.monotonic() > end

    first = None
    if picked == "refined" or end is not None:
        first = _refined(denoiser, likelihood, condition, spectrum, late)
    if first is not None and picked == "refined":
        return first
    how = _Draws(picked, draws, seed, spectrum)
    try:
        return _drawn(denoiser, likelihood, condition.without_evidence(), how, late)
    except OutOfTime:
        if first is None:  # nobody was in a hurry
            raise
        return first


@dataclass(frozen=True, eq=False)
class _Draws:
    """How draws are made."""

    picked: str
    count: int
    seed: int
    spectrum: Spectrum | None


def _refined(
    denoiser: Denoiser,
    likelihood: Likelihood,
    condition: Condition,
    spectrum: Spectrum | None,
    late: _Clock,
) -> Estimate:
    calls = 0

    def enough() -> bool:
        nonlocal calls
        calls += 1
        return late()

    found = refined_mean(denoiser, likelihood, condition, symmetrise=denoiser.turns, spectrum=spectrum, enough=enough)
    return Estimate(found.mean, "refined", min(max(calls, 1), _ORIENTATIONS))


def _drawn(denoiser: Denoiser, likelihood: Likelihood, condition: Condition, how: _Draws, late: _Clock) -> Estimate:
    """Return the mean of draws.

    Raises:
        OutOfTime: if they are not done in time.
    """

    def heed(done: int, total: int) -> None:
        if late():
            raise OutOfTime

    channels, rows, cols = likelihood.domain.full_shape
    method = "dps" if how.picked == "dps" else "jfs"
    made = sample_posterior(
        denoiser, likelihood, (channels, rows, cols), condition, method=method, draws=how.count, mean=method == "jfs",
        seed=how.seed, spectrum=how.spectrum, progress=heed,
    )  # fmt: skip
    mean = torch.as_tensor(made.maps.mean(0, keepdim=True))
    return Estimate(mean, how.picked, made.network_evaluations)
