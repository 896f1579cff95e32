r"""This module draws from p(map | readings, site) by any of the methods, in one call.

    method    guided denoiser or chain                      sampler (steps)                     cost per draw
    jfs       `openckm.infer.exact.jfs.JFS`                       AncestralSampler (8)                steps
    mmps      `openckm.infer.rivals.mmps.MMPS`, 3 iterations       FewStepSampler, order 1 (8)         9 steps
    diffpir   `openckm.infer.rivals.diffpir.diffpir`               RenoiseSampler (20)                 steps
    daps      `openckm.infer.rivals.daps.DAPS`                     its own (30)                        4 steps
    dps       `infer.rivals.dps`, P1's Algorithm 2         its own (2000)                      3 steps (as printed)
    "conditioned"  none: evidence is among its planes              AncestralSampler (8)                steps
    auto      what `openckm.infer.choose` picks

With `mean=True` the chains stop at noise level 1.2 and return what their last call makes of it, E[x_0 | x_s, y]: not
draws, but of the same mean with less scatter about it (Rao and Blackwell), in 5 calls instead of 8. Behind a device
they go on to 0.1, in 7 calls: the Gaussian belief with its sites is a poor one at high noise. RMSE of the gain [dB] of
the mean of 8 chains of jfs on 8 windows of procedural maps that the network has not seen, beside that of 8 draws:

    task                      to 1.2   to 0.1   draws
    hidden box                4.25     4.30     4.31
    single cells hidden       3.88              3.90
    blocks of 2 x 2           3.37     3.35     3.35
    2 % of the cells read     9.02     9.10     9.11
    clip                      5.30     4.98     4.96
    clip and 24 sectors       6.72     6.36     6.39

Chains begin at noise level 20: at 5 the network still knows the map (14 to 19 % more error on boxes, devices and
points, on 10 windows of Florence), at 10 a little (4 to 7 %); 4 calls instead of 5 cost up to 1 %.

Draws of a complete map run in orientation k mod 8 of the square, so that their average is one over orientations too.
Draws of jfs, "conditioned" have the belief's own spread in every step (`openckm.infer.exact.ancestral`). Chains for the
mean keep order 1 (`openckm.infer.exact.samplers`), whose draws are over-confident and whose mean scatters less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import OptionError
from openckm.infer.choose import METHODS, choose_method, reads_device
from openckm.infer.exact.ancestral import AncestralSampler
from openckm.infer.exact.guided import Guided, check_domain
from openckm.infer.exact.jfs import JFS
from openckm.infer.exact.samplers import FewStepSampler, Progress, condition_of, draw_generator
from openckm.infer.exact.spectrum import Spectrum, default_spectrum
from openckm.infer.oriented import Oriented, orientation
from openckm.infer.rivals.daps import DAPS
from openckm.infer.rivals.diffpir import RenoiseSampler, diffpir
from openckm.infer.rivals.dps import DPSOptions, sample_dps
from openckm.infer.rivals.mmps import MMPS
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser, MapDenoiser
from openckm.priors.posterior import PASS_CELLS
from openckm.priors.schedules import EDM

__all__ = ["sample_posterior"]

STEPS = {"jfs": 8, "mmps": 8, "diffpir": 20, "daps": 30, "dps": 2000, "conditioned": 8}
"""Steps of each method if none are given."""
STRENGTHS = {"dps": 4.0, "diffpir": 7.0, "daps": 0.3}
"""Tuning constant of each method that has one: zeta of dps, weight of the prior in diffpir, step of daps."""
SCHEDULE = EDM(sigma_min=0.01, sigma_max=20.0)
"""Noise levels of the samplers: from forty times the deviation of latent maps, where the network knows nothing yet."""
_RIVAL_SCHEDULE = EDM(sigma_min=0.01, sigma_max=5.0)
"""The same for DiffPIR and DAPS, which gain nothing by a higher start."""
_MEAN_SCHEDULE, _MEAN_STEPS = EDM(sigma_min=1.2, sigma_max=20.0), 5
"""Noise levels, and how many, where only the mean is asked for."""
_DEVICE_SCHEDULE, _DEVICE_STEPS = EDM(sigma_min=0.1, sigma_max=20.0), 7
"""The same where a device is read, whose sites are only at low noise what they should be."""
_WITH_MEAN = ("jfs", "mmps", "conditioned")
"""Methods whose chains may stop early."""


class Sampler(Protocol):
    """What draws maps from a denoiser."""

    def run(
        self,
        denoiser: Denoiser,
        shape: tuple[int, int, int],
        generators: Sequence[torch.Generator],
        condition: Condition | None = None,
        progress: Progress | None = None,
    ) -> Float[Tensor, "k c h w"]:
        """Return one map per generator."""
        ...


@dataclass(frozen=True, eq=False)
class PosteriorDraws:
    """Draws of the posterior and what they cost.

    Attributes:
        maps: [K, C, H, W] in latent code.
        network_evaluations: forward passes of the network for one map each, summed over the draws; a vector-Jacobian
            product counts as two.
    """

    maps: Float[Tensor, "k c h w"]
    network_evaluations: int


def sample_posterior(
    denoiser: Denoiser,
    likelihood: Likelihood,
    shape: tuple[int, int, int],
    condition: Condition | None = None,
    *,
    method: str = "jfs",
    steps: int | None = None,
    strength: float | None = None,
    draws: int = 8,
    mean: bool = False,
    seed: int = 0,
    spectrum: Spectrum | None = None,
    progress: Progress | None = None,
) -> PosteriorDraws:
    """Return draws of the posterior; draw k is a function of (seed, k) alone.

    Args:
        denoiser: the prior.
        likelihood: the likelihood of the readings, on maps of `shape` in latent code.
        shape: channels, rows and columns of a map.
        condition: what is known besides (the site), of one map or of each draw. Evidence in it is used by the network
            on top of the likelihood; the method "conditioned" uses nothing else.
        method: see the module; "auto" uses the readings once: no evidence where the likelihood is used.
        steps: the number of steps of the sampler; its default if None.
        strength: the method's tuning constant, `STRENGTHS`; its default if None; jfs, mmps, "conditioned" have none.
        draws: K.
        mean: the chains stop early; the average of what they return is the posterior mean, see the module.
        seed: the seed of all noise.
        spectrum: the spectrum of the denoiser's errors, for jfs and mmps; the one that belongs to the denoiser if None.
        progress: is called with (steps done, steps in all), counted over the batches.

    Raises:
        GridError: if the likelihood is of other maps.
        OptionError: if an option is out of range, or the method cannot use the likelihood.
        ComputationError: if values stopped being finite.
    """
    check_domain(likelihood, shape)
    if draws < 1 or (steps is not None and steps < 1):
        raise OptionError(f"draws={draws}, steps={steps}: wanted at least 1 of each")
    if method == "auto":
        method = choose_method(likelihood)
        if method == "jfs" and condition is not None:
            condition = condition.without_evidence()
    _require_possible(method, strength, mean)
    schedule, usual = _early(likelihood) if mean else (_schedule(method), STEPS[method])
    count = steps or usual
    constant = STRENGTHS.get(method, 0.0) if strength is None else strength
    if method == "dps":
        options = DPSOptions(steps=count, zeta=constant)
        found = sample_dps(denoiser, likelihood, shape, options, draws, seed, condition, progress=progress)
        return PosteriorDraws(found.draws, draws * (found.forwards + 2 * found.vjps))
    how = _How(method, count, constant, schedule, mean)
    own = spectrum or default_spectrum(denoiser)
    maps, cost = [], 0
    size = max(PASS_CELLS // (shape[1] * shape[2]), 1)
    for begin in range(0, draws, size):
        chosen = range(begin, min(begin + size, draws))
        prior, given = _oriented(denoiser, chosen, shape, _of(condition, chosen, draws))
        guided, sampler, evaluations = _make(how, prior, likelihood, own)
        report = None if progress is None else _counted(progress, begin, len(chosen), draws, count)
        maps.append(sampler.run(guided, shape, [draw_generator(seed, k) for k in chosen], given, report))
        cost += len(chosen) * evaluations
    return PosteriorDraws(torch.cat(maps), cost)


def _require_possible(method: str, strength: float | None, mean: bool) -> None:
    """Refuse a method that there is not, and options that a method does not have."""
    if method not in METHODS:
        raise OptionError(f"unknown method {method!r}: wanted one of {', '.join(METHODS)} or auto")
    if strength is not None and method not in STRENGTHS:
        raise OptionError(f"strength={strength:g}: {method!r} has no tuning constant, only {', '.join(STRENGTHS)} have")
    if mean and method not in _WITH_MEAN:
        raise OptionError(
            f"mean=True: {method!r} has no early answer, only {', '.join(_WITH_MEAN)} have; average draws"
        )


def _schedule(method: str) -> EDM:
    """Return the noise levels of a method's draws."""
    return _RIVAL_SCHEDULE if method in ("diffpir", "daps") else SCHEDULE


def _early(likelihood: Likelihood) -> tuple[EDM, int]:
    """Return the noise levels and steps of a chain for the mean alone."""
    return (_DEVICE_SCHEDULE, _DEVICE_STEPS) if reads_device(likelihood) else (_MEAN_SCHEDULE, _MEAN_STEPS)


@dataclass(frozen=True)
class _How:
    """A method and its settings."""

    method: str
    steps: int
    strength: float
    schedule: EDM
    mean: bool


def _make(how: _How, prior: Denoiser, likelihood: Likelihood, spectrum: Spectrum) -> tuple[Denoiser, Sampler, int]:
    """Return a guided denoiser, its sampler and the network evaluations per draw."""
    few = FewStepSampler(how.steps, 1.0, 1, how.schedule)
    own = few if how.mean else AncestralSampler(how.steps, how.schedule, spectrum)
    if how.method == "conditioned":
        return prior, own, how.steps
    if how.method == "daps":
        chain = DAPS(likelihood, how.steps, step=how.strength, schedule=how.schedule)
        return prior, chain, chain.evaluations
    guided: Guided
    if how.method == "diffpir":
        guided = diffpir(prior, likelihood, how.strength)
        return guided, RenoiseSampler(how.steps, schedule=how.schedule), how.steps
    if how.method == "jfs":
        return JFS(prior, likelihood, spectrum), own, how.steps
    guided = MMPS(prior, likelihood, spectrum, 3)
    return guided, few, how.steps * guided.evaluations


def _oriented(
    denoiser: Denoiser, chosen: range, shape: tuple[int, int, int], condition: Condition | None
) -> tuple[Denoiser, Condition | None]:
    """Return the prior of some draws, of complete maps each in its orientation, and what else is given."""
    given = condition_of(condition, len(chosen))
    if not isinstance(denoiser, MapDenoiser):
        return denoiser, given
    return Oriented(denoiser, [orientation(k, shape[1] == shape[2]) for k in chosen], given), None


def _of(condition: Condition | None, chosen: range, draws: int) -> Condition | None:
    """Return what is known of some draws, from what is known of one map or of each draw."""
    if condition is None or len(condition.site) == 1:
        return condition
    whole = condition_of(condition, draws)
    part = slice(chosen.start, chosen.stop)
    return whole if whole is None else whole.select(part)


def _counted(progress: Progress, begin: int, size: int, draws: int, steps: int) -> Progress:
    return lambda step, _: progress(begin * steps + size * step, draws * steps)
