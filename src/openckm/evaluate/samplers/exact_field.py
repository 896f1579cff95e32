r"""Simulation-based calibration: draws of a sampler against the exact posterior of a Gaussian field.

A map is drawn from a Gaussian field, read with noise, and given back its exact posterior N(m, P) and K = 19 draws of a
sampler. If the draws are of the posterior, then

    spread_ratio   sqrt(mean_c Var[draws]_c / mean_c P_cc)                         is 1
    rank_ends      share of cells whose truth has rank 0 or K, times (K + 1) / 2   is 1
    coverage_90    share of cells whose truth has rank 1..K - 1                    is 0.9
    mean_error     rms of (mean of draws - m) over sqrt(mean_c P_cc / K)           is 1

each a mean over fields. Nothing is learnt here, so what is off is the sampler's. Of the methods of
`openckm.infer.posterior_draws`, "auto" is the product's default; "conditioned" is the network's own sampler, with which
`openckm.construct` draws: here its network is the exact denoiser E[x_0 | x_s, y].

References:
    Validating Bayesian Inference Algorithms with Simulation-Based Calibration. S. Talts, M. Betancourt, D. Simpson,
    A. Vehtari, A. Gelman, 2018, Section 4.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from openckm.errors import OptionError
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.infer.posterior_draws import sample_posterior
from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import Domain, Downsample, LinearOperator, Mask
from openckm.priors.exact import GaussianField, torus_spectrum

FIELD_TASKS = ("field, points", "field, areas")
"""What is read: FieldOptions.readings cells, or the mean of every block of 4 x 4 cells."""
_BLOCK = 4


@dataclass(frozen=True)
class FieldOptions:
    """How much is run.

    Attributes:
        fields: maps per task.
        rival_fields: maps per task of methods that the product never picks.
        side: the side of a map [cells].
        length_cells: length scale of the field [cells].
        std: standard deviation of the field [latent].
        readings: cells read, where points are.
        noise: standard deviation of a reading [latent].
        draws: K.
        methods: the methods of `sample_posterior`, the product's own.
        rivals: the rivals of `sample_posterior`, methods that it never picks.
    """

    fields: int = 200
    rival_fields: int = 40
    side: int = 16
    length_cells: float = 2.0
    std: float = 0.5
    readings: int = 24
    noise: float = 0.1
    draws: int = 19
    methods: tuple[str, ...] = ("jfs", "auto", "conditioned")
    rivals: tuple[str, ...] = ("mmps", "diffpir", "daps")

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            OptionError: if one is out of range.
        """
        if (
            min(self.fields, self.rival_fields, self.readings) < 1
            or self.draws < 2
            or self.side % _BLOCK
            or self.side < _BLOCK
        ):
            raise OptionError(f"{self}: wanted fields and readings, 2 draws and a side divisible by {_BLOCK}")


@dataclass(frozen=True, eq=False)
class FieldCase:
    """One map of the field and what is known of it.

    Attributes:
        prior: the field.
        truth: the map [1, 1, H, W].
        likelihood: the likelihood of its readings.
        posterior: p(map | readings), exact.
    """

    prior: GaussianField
    truth: Tensor
    likelihood: Gaussian
    posterior: GaussianField


def field_case(task: str, number: int, options: FieldOptions) -> FieldCase:
    """Return a case, a function of task, number and options alone.

    Raises:
        OptionError: if there is no such task.
    """
    side = options.side
    shape = (1, side, side)
    prior = GaussianField.stationary(
        torch.zeros(shape), torus_spectrum((side, side), options.length_cells, options.std)
    )
    generator = torch.Generator().manual_seed(number)
    truth = prior.draw(1, generator)
    operator = _operator(task, options, generator)
    clean = operator(truth)
    noise = options.noise * torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    seen = operator.support().expand(1, *operator.range.full_shape)
    y = torch.where(seen, clean + noise, 0.0)
    read = seen.flatten()
    posterior = prior.posterior(operator.dense()[read], y.flatten()[read], options.noise)
    return FieldCase(prior, truth, Gaussian(operator, y.float(), options.noise), posterior)


def _operator(task: str, options: FieldOptions, generator: torch.Generator) -> LinearOperator:
    domain = Domain(("gain_db",), "latent", (options.side, options.side))
    if task == FIELD_TASKS[1]:
        return Downsample(domain, _BLOCK)
    if task != FIELD_TASKS[0]:
        raise OptionError(f"unknown task {task!r}: wanted one of {', '.join(FIELD_TASKS)}")
    mask = torch.zeros(options.side**2, dtype=torch.bool)
    mask[torch.randperm(mask.numel(), generator=generator)[: options.readings]] = True
    return Mask(domain, mask.view(domain.shape))


def field_rows(options: FieldOptions, progress: Progress | None = None) -> list[Row]:
    """Return the rows of every task and method.

    Args:
        options: how much is run.
        progress: called as progress(what, done, in all).
    """
    rows: list[Row] = []
    every = (*options.methods, *options.rivals)
    for task in FIELD_TASKS:
        cases = [field_case(task, number, options) for number in range(options.fields)]
        for done, method in enumerate(every):
            if progress is not None:
                progress(f"{task}, {method}", done, len(every))
            few = method in options.rivals
            rows += _rows(task, method, cases[: options.rival_fields] if few else cases, options)
    return rows


def _rows(task: str, method: str, cases: Sequence[FieldCase], options: FieldOptions) -> list[Row]:
    begun, calls = time.perf_counter(), 0
    scores: dict[str, list[float]] = {}
    for number, case in enumerate(cases):
        prior = case.posterior if method == "conditioned" else case.prior
        shape = (1, options.side, options.side)
        found = sample_posterior(prior, case.likelihood, shape, method=method, draws=options.draws, seed=number)
        calls = found.network_evaluations // options.draws
        for name, value in _scores(case, found.maps.double()).items():
            scores.setdefault(name, []).append(value)
    seconds = (time.perf_counter() - begun) / (len(cases) * options.draws)
    return [
        plain_row(method, task, f"{options.draws} draws", name, mean_interval(values, np.arange(len(values))),
                  len(values), calls=calls, seconds=seconds)
        for name, values in scores.items()
    ]  # fmt: skip


def _scores(case: FieldCase, draws: Tensor) -> dict[str, float]:
    count, exact = len(draws), case.posterior.variance()
    rank = (draws < case.truth).sum(0)
    outside = float(((rank == 0) | (rank == count)).double().mean())
    off = (draws.mean(0) - case.posterior.mean).square().mean()
    return {
        "spread_ratio": float((draws.var(0).mean() / exact.mean()).sqrt()),
        "rank_ends": outside * (count + 1) / 2.0,
        "coverage_90": float(((rank >= 1) & (rank <= count - 1)).double().mean()),
        "mean_error": float((off / (exact.mean() / count)).sqrt()),
    }
