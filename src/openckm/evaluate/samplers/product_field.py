r"""Simulation-based calibration of the product's default, whole: what `OpenCKM` says of shadowing drawn from its law.

    z = -90 dB + delta,   delta ~ GP(0, 8^2 exp(-d / 40 m)) on 32 x 32 cells of 4 m,   60 cells read with 2 dB of noise

Readings are received power of an unknown level, and the network says the same of every cell, so that all of the answer
is the model's: hyperparameters, level, experts and their weights are estimated from the readings, as a user's are. The
exact posterior knows the covariance, and of the level nothing.
Besides the scores of `openckm.evaluate.samplers.exact_field` over the cells that nobody read, what the noise is said to
be is varied: 90 % intervals must hold 90 % of the cells though it is stated several times too large or too small.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.spread.normal import Z_90
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.observe.field.discrepancy import Matern
from openckm.observe.field.matern import covariance
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser

GRID = Grid((32, 32), 4.0)
_LEVEL_DB, _SHADOWING = -90.0, Matern(0.5, 40.0, 8.0)
_ANY_LEVEL_DB = 100.0
"""Standard deviation of a level of which nothing is known [dB]."""
READINGS, NOISE_DB, DRAWS = 60, 2.0, 19
STATED = (0.2, 1.0 / 3.0, 1.0, 3.0, 5.0)
"""The noise that is stated, over the true one."""
Array = NDArray[np.float64]


class _Level(Denoiser):
    """A prior that says the same of every cell, and is sure of it."""

    multiple, turns = 16, False

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        mean = torch.zeros(x.shape[0], len(CHANNELS), *x.shape[2:])
        mean[:, 0] = float(GAIN.encode(np.float32(_LEVEL_DB)))
        return Denoised(mean, torch.full_like(mean, 1e-8))


class _ShadowedMaps:
    """Fields of the law above, and their exact posteriors."""

    def __init__(self) -> None:
        x, y = (part.ravel() for part in GRID.centres())
        places = np.stack([x, y], axis=1)
        self.covariance = covariance(places, places, (_SHADOWING,))
        self.root = np.linalg.cholesky(self.covariance + 1e-9 * np.eye(len(places)))
        self.places = places

    def case(self, number: int) -> tuple[Array, NDArray[np.intp], Array]:
        """Return a field [dB], (cells,), which cells are read, and the readings [dB]; functions of the number alone."""
        rng = np.random.default_rng([number, 61])
        field = _LEVEL_DB + self.root @ rng.standard_normal(len(self.root))
        read = np.sort(rng.choice(len(field), READINGS, replace=False))
        return field, read, field[read] + NOISE_DB * rng.standard_normal(READINGS)

    def posterior(self, read: NDArray[np.intp], y: Array) -> tuple[Array, Array]:
        """Return the exact mean and variance of every cell, the covariance being known."""
        known = self.covariance + _ANY_LEVEL_DB**2
        cross = known[:, read]
        gain = cross @ np.linalg.inv(known[np.ix_(read, read)] + NOISE_DB**2 * np.eye(len(read)))
        return _LEVEL_DB + gain @ (y - _LEVEL_DB), np.diag(known) - np.einsum("ij,ij->i", gain, cross)


def product_rows(fields: int, noise_fields: int, progress: Progress | None = None) -> list[Row]:
    """Return the rows of the product's default.

    Args:
        fields: maps that are drawn from.
        noise_fields: maps for each noise that is stated.
        progress: called as progress(what, done, in all).
    """
    world, method = _ShadowedMaps(), OpenCKM(LoadedPrior(_Level(), "level"), symmetrise=False)  # type: ignore[arg-type]
    every = [("field, product", DRAWS, 1.0, fields)]
    every += [(f"field, product, noise stated x {factor:.2g}", 0, factor, noise_fields) for factor in STATED]
    rows: list[Row] = []
    for done, (task, draws, factor, count) in enumerate(every):
        if progress is not None:
            progress(task, done, len(every))
        begun = time.perf_counter()
        scores: dict[str, list[float]] = {}
        for number in range(count):
            for name, value in _scores(world, method, number, draws, factor):
                scores.setdefault(name, []).append(value)
        seconds = (time.perf_counter() - begun) / count
        rows += [
            plain_row(method.name, task, f"{draws} draws", name, mean_interval(values, np.arange(len(values))),
                      len(values), calls=0, seconds=seconds)
            for name, values in scores.items()
        ]  # fmt: skip
    return rows


def _scores(
    world: _ShadowedMaps, method: OpenCKM, number: int, draws: int, factor: float
) -> Iterator[tuple[str, float]]:
    field, read, y = world.case(number)
    x, north = world.places[read].T
    points = Points.exact(x, north, y, sigma=factor * NOISE_DB, unit="dBm")
    answer = method.reconstruct(Observations(points=(points,)), GRID, draws=draws, seed=number)
    free = np.setdiff1d(np.arange(len(field)), read)
    mean, std = (part.ravel()[free].astype(np.float64) for part in (answer.mean(), answer.std()))
    exact_mean, exact = (part[free] for part in world.posterior(read, y))
    truth = field[free]
    yield "coverage_90", float(np.mean(np.abs(mean - truth) <= Z_90 * std))
    yield "rmse_over_exact", float(np.sqrt(np.mean((mean - truth) ** 2) / np.mean((exact_mean - truth) ** 2)))
    if draws:
        drawn = answer.draws().reshape(draws, -1)[:, free].astype(np.float64)
        rank = (drawn < truth).sum(0)
        yield "spread_ratio", float(np.sqrt(drawn.var(0, ddof=1).mean() / exact.mean()))
        yield "rank_ends", float(np.mean((rank == 0) | (rank == draws))) * (draws + 1) / 2.0
