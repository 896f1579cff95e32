"""Two experts, one model: the prior's map, nuisances and a discrepancy field, with and without the measurements.

    site      m = E[map | layout, transmitter]               readings enter through nuisances and discrepancy alone
    evidence  m = E[map | layout, transmitter, readings]     the network sees the readings too

Where the learned prior fits the world, `evidence` is better; where it does not, the slope of m falls, the
discrepancy takes over, and both become kriging of the readings. How much each counts is decided by the readings
themselves: every reading is predicted from the other folds, and

    w = argmin_{0 <= w <= 1} sum_i (y_i - w p_i^evidence - (1 - w) p_i^site)^2

(stacking; D. H. Wolpert, Stacked generalization, 1992). The spread is then scaled so that nine tenths of the held-out
readings lie in their 90 % intervals, both when readings are held out one by one and when whole blocks of the map are:
the larger of the two factors counts, because most of a map lies away from its readings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.infer.scene import Scene
from openckm.infer.spread.normal import factor_90, shrunk
from openckm.maps.observations import Points
from openckm.maps.quantity import GAIN
from openckm.observe.field.discrepancy import (
    DiscrepancyFit,
    DiscrepancyOptions,
    MaternPrior,
    NuggetPrior,
    condition,
    fit_discrepancy,
)
from openckm.observe.field.nuisance import Basis
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean

__all__ = ["Blend", "Expert", "blend", "evidence_expert", "gain_of", "site_expert"]

Array = NDArray[np.float64]
FOLDS = 4
BLOCKS_A_SIDE = 8
SHADOW_LENGTH_M = 40.0
SCALE_BOUNDS = (0.5, 2.5)
SCALE_HALF = 30.0
"""Held-out readings with which the factor that they ask for counts half."""


@dataclass(frozen=True, eq=False)
class Expert:
    """One expert's belief.

    Attributes:
        mean: predicted field [unit of the readings], shape (cells,).
        std: its standard deviation [dB], shape (cells,).
        held_out: what it says of each reading from the other folds, shape (n,).
        held_out_std: standard deviation of the same, the reading's noise included, shape (n,).
        fit: nuisances and discrepancy.
        basis: rows of H of every cell.
        denoised: what the network said, latent code.
        condition: what the network was told.
    """

    mean: Array
    std: Array
    held_out: Array
    held_out_std: Array
    fit: DiscrepancyFit
    basis: Basis
    denoised: Denoised
    condition: Condition


@dataclass(frozen=True, eq=False)
class Blend:
    """The experts' common belief: mean and std [dB], shape (cells,), the weight of `evidence`, the spread's scale."""

    mean: Array
    std: Array
    weight: float
    scale: float


def gain_of(denoised: Denoised) -> tuple[Array, Array]:
    """Return mean and variance of the gain [dB, dB^2] of every cell and item, each of shape (B, cells)."""
    mean = GAIN.decode(denoised.mean[:, 0].numpy()).astype(np.float64)
    var = np.zeros_like(mean) if denoised.var is None else denoised.var[:, 0].double().numpy() * GAIN.scale**2
    return mean.reshape(len(mean), -1), var.reshape(len(var), -1)


def folds_of(count: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each reading, shape (count,), sizes differing by one at most."""
    return np.asarray(np.random.default_rng([seed, 77]).permutation(count) % min(FOLDS, count), dtype=np.intp)


def discrepancy_options(scene: Scene) -> DiscrepancyOptions:
    """Return how the discrepancy is fitted: shadowing of 8 dB over 40 m, give or take a factor, unless readings differ.

    References:
        Correlation model for shadow fading in mobile radio systems. M. Gudmundson, 1991 (exponential correlation).
    """
    length = max(SHADOW_LENGTH_M, 4 * scene.grid.cell_m)
    prior = MaternPrior(nu=0.5, length_m=length, length_log_sd=0.5, std=8.0, std_log_sd=0.8)
    return DiscrepancyOptions(components=(prior,), nugget=NuggetPrior(1.2, 0.7), starts=2, hyper_readings=500)


def site_expert(
    scene: Scene,
    denoiser: Denoiser,
    fold: NDArray[np.intp],
    *,
    symmetrise: bool,
    enough: Callable[[], bool] | None = None,
) -> Expert:
    """Return the expert whose network is not told the readings; `enough` ends the averaging over orientations."""
    denoised = posterior_mean(denoiser, scene.condition, symmetrise=symmetrise, enough=enough)
    basis = scene.design(gain_of(denoised)[0][0])
    readings, index = scene.readings, scene.index
    fit = fit_discrepancy(
        scene.places[index], readings.value, readings.sigma, basis.matrix[index], basis.prior_mean, basis.prior_std,
        discrepancy_options(scene), names=basis.names,
    )  # fmt: skip
    belief = fit.predict(scene.places, basis.matrix)
    held = fit.leave_blocks_out(fold) if len(np.unique(fold)) > 1 else fit.loo()
    return Expert(belief.mean, belief.std, held.mean, held.std, fit, basis, denoised, scene.condition)


def evidence_expert(
    scene: Scene,
    denoiser: Denoiser,
    fold: NDArray[np.intp],
    site: Expert,
    *,
    symmetrise: bool,
    enough: Callable[[], bool] | None = None,
) -> Expert:
    """Return the expert whose network is told the readings, brought to its own scale by the site expert's nuisances."""
    readings, index = scene.readings, scene.index
    seen = as_network_readings(scene, site)
    told = scene.with_evidence(seen)
    denoised = posterior_mean(denoiser, told, symmetrise=symmetrise, enough=enough)
    mean, var = (a[0] for a in gain_of(denoised))
    basis = _centred(site, scene, mean)
    fit = fit_discrepancy(
        scene.places[index], readings.value, readings.sigma, basis.matrix[index], site.fit.beta_mean,
        _tightened(site), discrepancy_options(scene), names=basis.names,
    )  # fmt: skip
    belief = fit.predict(scene.places, basis.matrix)
    held, held_std = _held_out(scene, denoiser, fold, site, fit, seen)
    std = np.sqrt(belief.std**2 + _slope(fit, basis) ** 2 * var)
    return Expert(belief.mean, std, held, held_std, fit, basis, denoised, told)


def as_network_readings(scene: Scene, site: Expert) -> Points:
    """Return every reading as the gain that the network would have predicted there, plus the unexplained part.

    Censored readings are shifted by the same nuisances; their limits stay limits.
    """
    if scene.cells is None:
        return scene.readings
    row, col = scene.grid.index_of(scene.cells.x, scene.cells.y)
    cell = row * scene.grid.shape[1] + col
    explained = site.basis.matrix[cell] @ site.fit.beta_mean
    shift = gain_of(site.denoised)[0][0][cell] - explained
    noise = np.sqrt(scene.cells.sigma**2 + site.fit.hyper.nugget_std**2)
    return replace(
        scene.cells, value=scene.cells.value + shift, low=scene.cells.low + shift, high=scene.cells.high + shift,
        sigma=noise, unit="dB",
    )  # fmt: skip


def blend(scene: Scene, site: Expert, evidence: Expert) -> Blend:
    """Return the two experts' stacked belief, its spread calibrated on the held-out readings."""
    y = scene.readings.value
    gap = evidence.held_out - site.held_out
    size = float(gap @ gap)
    raw = float(gap @ (y - site.held_out)) / size if size > 0 else 0.5
    trust = len(y) / (len(y) + 10.0)
    weight = trust * float(np.clip(raw, 0.0, 1.0)) + (1.0 - trust) * 0.5
    held = weight * evidence.held_out + (1 - weight) * site.held_out
    held_var = weight * evidence.held_out_std**2 + (1 - weight) * site.held_out_std**2
    scale = _spread_factor(y - held, np.sqrt(held_var))
    label = _blocks(scene)
    if len(np.unique(label)) > 1:
        blocks = site.fit.leave_blocks_out(label)
        scale = max(scale, _spread_factor(y - blocks.mean, blocks.std))
    mean = weight * evidence.mean + (1 - weight) * site.mean
    std = scale * np.sqrt(weight * evidence.std**2 + (1 - weight) * site.std**2)
    return Blend(mean, std, weight, scale)


def _blocks(scene: Scene) -> NDArray[np.intp]:
    """Label readings by the block of the map they lie in, BLOCKS_A_SIDE blocks along the longer side."""
    side = max(scene.grid.shape[0], scene.grid.shape[1]) / BLOCKS_A_SIDE
    row, col = np.divmod(scene.index, scene.grid.shape[1])
    return np.asarray((row // side) * BLOCKS_A_SIDE + col // side, dtype=np.intp)


def _spread_factor(error: Array, std: Array) -> float:
    """Return the factor on the spread that puts 90 % of the errors inside their intervals, near 1 when they are few."""
    found = shrunk(factor_90(np.abs(error) / std, new=True), len(error), SCALE_HALF)
    return float(np.clip(found, *SCALE_BOUNDS))


def _centred(site: Expert, scene: Scene, mean: Array) -> Basis:
    """The site expert's rows of H with another map in the slope column, about the same level."""
    matrix = site.basis.matrix.copy()
    slope = site.basis.names.index("map slope")
    level = float(gain_of(site.denoised)[0][0][scene.index].mean())
    matrix[:, slope] = mean - level
    return replace(site.basis, matrix=matrix)


def _slope(fit: DiscrepancyFit, basis: Basis) -> float:
    """How much of the map, and so of the map's own error, is in the answer."""
    return float(fit.beta_mean[basis.names.index("map slope")])


def _tightened(site: Expert) -> Array:
    """Prior spread of the evidence expert's coefficients: what the site expert left open."""
    return np.asarray(np.sqrt(np.diag(site.fit.beta_cov)) + 1e-6)


def _held_out(
    scene: Scene, denoiser: Denoiser, fold: NDArray[np.intp], site: Expert, fit: DiscrepancyFit, seen: Points
) -> tuple[Array, Array]:
    """Predict each reading from the other folds; one network call over all folds."""
    readings, index = scene.readings, scene.index
    used = np.flatnonzero(scene.used)
    groups = np.unique(fold)
    conditions = []
    for group in groups:
        keep = np.ones(len(seen), dtype=bool)
        keep[used[fold == group]] = False
        conditions.append(scene.with_evidence(seen.subset(keep)))
    mean, var = gain_of(posterior_mean(denoiser, Condition.join(conditions), symmetrise=False))
    held, spread = np.empty(len(index)), np.empty(len(index))
    for k, group in enumerate(groups):
        out, kept = fold == group, fold != group
        rows = _centred(site, scene, mean[k]).matrix[index]
        places = scene.places[index]
        part = condition(
            places[kept], readings.value[kept], readings.sigma[kept], rows[kept], site.fit.beta_mean, _tightened(site),
            fit.hyper,
        )  # fmt: skip
        belief = part.predict(places[out], rows[out], sigma=readings.sigma[out])
        own = _slope(part, site.basis) ** 2 * var[k][index[out]]
        held[out], spread[out] = belief.mean, np.sqrt(belief.std**2 + own)
    return held, spread
