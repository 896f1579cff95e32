"""Several experts share one model: the prior's map, nuisances and a discrepancy, with and without measurements.

    site       m = E[map | layout, transmitter]               readings enter through nuisances and discrepancy alone
    evidence   m = E[map | layout, transmitter, readings]     the network sees the readings, too
    untouched  E[map | layout, transmitter] as it is          where the level is known (readings in dB of single cells)
    trend      no learned map: distance, and rays             kriging, see `openckm.infer.trend`

Maps that were handed in are columns beside m. Where the learned prior fits the world, `evidence` is better; where it
does not, the slope of m falls, the discrepancy takes over, and both become kriging of the readings; with a handful of
readings nothing beats the untouched prior for certain. How much each counts is decided by the readings themselves:
they are held out in blocks as large as the cells of the map are far from readings, every reading is predicted from the
other folds, and `openckm.infer.stacking` weighs the experts by that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist

from openckm.infer.scene import Scene, Sisters
from openckm.maps.observations import Points
from openckm.maps.quantity import GAIN
from openckm.observe.field.discrepancy import (
    Belief,
    DiscrepancyFit,
    DiscrepancyOptions,
    Hyper,
    MaternPrior,
    NoisePrior,
    NuggetPrior,
    fit_checked,
    refit,
)
from openckm.observe.field.nuisance import Basis
from openckm.observe.field.readings import checked_readings
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean
from openckm.side_by_side import side_by_side

Array = NDArray[np.float64]
FOLDS = 4
ROUNDS = 2
"""Linearisations of power averages."""
_FOLD_READINGS = 1500
"""Readings from which the size of the blocks is chosen, at most."""
_SHADOW_LENGTH_M = 40.0
OUT_OF_LINE = 4.5
"""Gap to what all other readings say [standard deviations] beyond which a reading counts with less weight."""


@dataclass(frozen=True, eq=False)
class Expert:
    """One expert's belief.

    Attributes:
        mean: predicted field [unit of the readings] of the wanted cells, shape (m,).
        std: its standard deviation [dB], shape (m,).
        held_out: what it says of each reading from the other folds, shape (n,).
        held_out_std: standard deviation of the same, the reading's noise included, shape (n,).
        fit: nuisances and discrepancy.
        basis: rows of H of every cell.
        denoised: what the network said, latent code.
        condition: what the network was conditioned on.
        linear: rows over the cells of the readings of more than one cell, or None.
    """

    mean: Array
    std: Array
    held_out: Array
    held_out_std: Array
    fit: DiscrepancyFit
    basis: Basis
    denoised: Denoised
    condition: Condition
    linear: csr_matrix | None = None

    @property
    def slope(self) -> float:
        """How much of the network's map, and so of the map's own error, is in the answer."""
        return _slope(self.fit, self.basis)

    @property
    def fitted(self) -> Fitted:
        """What of the expert belongs to its readings."""
        return Fitted(self.fit, self.held_out, self.held_out_std, self.linear)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What of an expert belongs to its readings, and not to the cells that are asked for.

    Attributes:
        fit: nuisances and discrepancy.
        held_out: what it says of each reading from the other folds, shape (n,).
        held_out_std: standard deviation of the same, the reading's noise included, shape (n,).
        linear: rows over the cells of the readings of more than one cell, or None.
    """

    fit: DiscrepancyFit
    held_out: Array
    held_out_std: Array
    linear: csr_matrix | None = None


def gain_of(denoised: Denoised) -> tuple[Array, Array]:
    """Return mean and variance of the gain [dB, dB^2] of every cell and item, each of shape (B, cells)."""
    mean = GAIN.decode(denoised.mean[:, 0].numpy()).astype(np.float64)
    var = np.zeros_like(mean) if denoised.var is None else denoised.var[:, 0].double().numpy() * GAIN.scale**2
    return mean.reshape(len(mean), -1), var.reshape(len(var), -1)


def folds_of(scene: Scene, seed: int) -> NDArray[np.intp]:
    """Return the fold of each used reading, shape (n,): blocks of cells, as large as the map is far from readings.

    Blocks have the smallest side, of 1, 2, 4, ... cells, for which a held-out reading is as far from those that are
    kept as a free cell of the map is from the nearest reading, both at the median.
    """
    index, columns = scene.index, scene.grid.shape[1]
    if not len(index):
        return np.zeros(0, dtype=np.intp)
    rng = np.random.default_rng([seed, 77])
    free = np.ones(scene.grid.shape, dtype=bool)
    free.flat[index] = False
    away = ndimage.distance_transform_edt(free)
    outside = ~scene.layout.building if scene.layout is not None and not scene.layout.building.all() else free | True
    wanted = float(np.median(away[outside]))
    row, col = np.divmod(index, columns)
    some = rng.permutation(len(index))[:_FOLD_READINGS]
    gap = cdist(np.stack([row, col], 1)[some], np.stack([row, col], 1)[some])
    best, side = None, 1
    while True:
        label = np.unique((row // side) * columns + col // side, return_inverse=True)[1]
        if best is not None and label.max() + 1 < FOLDS:
            return best
        best = _grouped(label, rng)
        other = best[some][:, None] != best[some][None, :]
        nearest = np.where(other, gap, np.inf).min(axis=1)
        if not np.isfinite(nearest).any() or np.median(nearest) >= wanted:
            return best
        side *= 2


def _grouped(label: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return FOLDS folds of whole blocks, drawn at random, the next block to the fold with the fewest readings."""
    count = np.bincount(label)
    fold, load = np.empty(len(count), dtype=np.intp), np.zeros(min(FOLDS, len(count)))
    for block in rng.permutation(len(count)):
        fold[block] = int(np.argmin(load))
        load[fold[block]] += count[block]
    return np.asarray(fold[label])


def _discrepancy_options(scene: Scene) -> DiscrepancyOptions:
    """Return how the discrepancy is fitted: shadowing of 8 dB over 40 m, give or take a factor, unless readings differ.

    References:
        Correlation model for shadow fading in mobile radio systems. M. Gudmundson, 1991 (exponential correlation).
    """
    length = max(_SHADOW_LENGTH_M, 4 * scene.grid.cell_m)
    prior = MaternPrior(nu=0.5, length_m=length, length_log_sd=0.5, std=8.0, std_log_sd=0.8)
    return DiscrepancyOptions(
        components=(prior,), nugget=NuggetPrior(1.2, 0.7), noise=NoisePrior(1.0), out_of_line=OUT_OF_LINE, starts=2,
        hyper_readings=500,
    )  # fmt: skip


def fit_readings(
    scene: Scene, basis: Basis, prior_mean: Array, prior_std: Array, hyper: Hyper | None = None
) -> tuple[DiscrepancyFit, csr_matrix | None]:
    """Return nuisances and discrepancy of all readings of a scene given rows of H of every cell.

    Averages of power are linearised about the prior's map, and again about the posterior's. Hyperparameters are
    estimated unless they are given.

    Returns:
        The fit, and the rows over the cells of the readings of more than one cell (None without such).
    """
    readings, (low, high) = scene.readings, scene.bounds
    args = (scene.rows(basis.matrix), prior_mean, prior_std)
    more, places = scene.extended, scene.places
    options = _discrepancy_options(scene)
    if scene.sisters is not None:
        return _fit_with_sisters(scene, basis, prior_mean, prior_std, scene.sisters, hyper), None
    data = checked_readings(places[scene.index], readings.value, readings.sigma, *args, low, high, scene.noise_group)
    if more is None:
        return fit_checked(data, options, basis.names, hyper), None
    around = basis.matrix @ prior_mean
    for _ in range(ROUNDS):
        linear, constant = more.linearised(around)
        support = np.unique(linear.indices)
        every = data.extended(
            places[support], more.value - constant, more.sigma**2, _linear_rows(scene, basis.matrix, linear),
            linear[:, support],
        )  # fmt: skip
        fit = fit_checked(every, options, basis.names, hyper)
        around, hyper = fit.predict(places, basis.matrix).mean, fit.hyper
    return fit, linear


def _fit_with_sisters(
    scene: Scene, basis: Basis, prior_mean: Array, prior_std: Array, sisters: Sisters, hyper: Hyper | None
) -> DiscrepancyFit:
    """The same with what other cells of the mast read: hyperparameters of the cell by itself, the field of all."""
    alone, _ = fit_readings(replace(scene, sisters=None), basis, prior_mean, prior_std, hyper)
    own = alone.readings
    place = np.column_stack([own.xy, np.zeros(len(own.xy))])
    nothing = np.zeros((len(sisters.value), own.design.shape[1]))
    every = replace(own, xy=place).extended(sisters.xy, sisters.value, sisters.variance, nothing)
    hyper = replace(alone.hyper, components=sisters.components)
    return DiscrepancyFit(every, hyper, basis.names, max_readings=alone.max_readings + len(sisters.value))


def _linear_rows(scene: Scene, matrix: Array, linear: csr_matrix) -> Array:
    """Return the rows of H of readings of more than one cell, shape (k, p): gains hold no transmit power."""
    rows = np.asarray(linear @ matrix)
    if scene.unit == "dBm":  # the transmit power's column, and those of the devices behind it
        rows[:, matrix.shape[1] - scene.contrasts.shape[1] - 1 :] = 0.0
    return rows


def hyper_of(hyper: Hyper, known: Scene, scene: Scene) -> Hyper:
    """Return hyperparameters that one scene found for another one, of fewer readings by the same devices."""
    if not hyper.noise_scale:
        return hyper
    factor = dict(zip(known.devices, np.asarray(hyper.noise_scale)[known.noise_number].tolist(), strict=True))
    number, scale = scene.noise_number, np.ones(int(scene.noise_number.max()) + 1)
    for group in range(len(scale)):
        theirs = [factor.get(name, 1.0) for name, g in zip(scene.devices, number, strict=True) if g == group]
        scale[group] = float(np.mean(theirs)) if theirs else 1.0
    return replace(hyper, noise_scale=tuple(scale.tolist()))


def all_rows(scene: Scene, matrix: Array, linear: csr_matrix | None) -> Array:
    """Return the rows of H of all readings from those of every cell, in the order of `fit_readings`."""
    rows = scene.rows(matrix)
    if scene.sisters is not None:
        return np.concatenate([rows, np.zeros((len(scene.sisters.value), rows.shape[1]))])
    return rows if linear is None else np.concatenate([rows, _linear_rows(scene, matrix, linear)])


def site_expert(
    scene: Scene,
    denoiser: Denoiser,
    fold: NDArray[np.intp],
    *,
    symmetrise: bool,
    enough: Callable[[], bool] | None = None,
    known: Denoised | None = None,
    hyper: Hyper | None = None,
) -> Expert:
    """Return the expert whose network is not conditioned on the readings.

    Args:
        scene: the evidence.
        denoiser: the network.
        fold: the number of the fold in which each reading is held out, shape (n,).
        symmetrise: whether the network is asked in all orientations.
        enough: ends the averaging over orientations.
        known: what the network says of the site, where it was asked before.
        hyper: hyperparameters, where they are known.
    """
    denoised = known or posterior_mean(denoiser, scene.condition, symmetrise=symmetrise, enough=enough)
    basis = scene.design(gain_of(denoised)[0][0])
    fit, linear = fit_readings(scene, basis, basis.prior_mean, basis.prior_std, hyper)
    held = left_out(fit, fold)
    return site_belief(scene, denoised, Fitted(fit, held.mean, held.std, linear))


def site_belief(scene: Scene, denoised: Denoised, fitted: Fitted) -> Expert:
    """Return what the site expert says of the cells of a scene, from its fit and the network's map there.

    The cells with readings must be among those of the scene: nuisances are about the map's level at them.
    """
    basis = scene.design(gain_of(denoised)[0][0])
    belief = fitted.fit.predict(scene.places[scene.asked], basis.matrix[scene.asked])
    return Expert(
        belief.mean, belief.std, fitted.held_out, fitted.held_out_std, fitted.fit, basis, denoised, scene.condition,
        fitted.linear,
    )  # fmt: skip


def left_out(fit: DiscrepancyFit, fold: NDArray[np.intp]) -> Belief:
    """Return what the other folds, and all readings of more than one cell, say of each reading of a cell."""
    if len(np.unique(fold)) > 1:
        return fit.leave_blocks_out(fold)
    if not len(fold):
        return Belief(np.zeros(0), np.zeros(0))
    every = fit.loo()
    return Belief(every.mean[: len(fold)], every.std[: len(fold)])


def evidence_expert(
    scene: Scene,
    denoiser: Denoiser,
    fold: NDArray[np.intp],
    site: Expert,
    *,
    symmetrise: bool,
    enough: Callable[[], bool] | None = None,
    known: tuple[Denoised, Denoised | None] | None = None,
    hyper: Hyper | None = None,
) -> Expert:
    """Return the expert whose network is conditioned on the readings, brought to its scale by the site's nuisances.

    What the network says given all readings, and given those of all other folds than each, is `known` where it was
    asked before. Other arguments as for `site_expert`.
    """
    seen = as_network_readings(scene, site)
    condition = scene.with_evidence(seen)
    groups = np.unique(fold)
    if known is None:
        some = [scene.with_evidence(seen.subset(fold != group)) for group in groups]
        whole = partial(posterior_mean, denoiser, condition, symmetrise=symmetrise, enough=enough)
        parts = [partial(posterior_mean, denoiser, Condition.join(some), symmetrise=False)] if some else []
        denoised, *found = side_by_side([whole, *parts])
        others = found[0] if found else None
    else:
        denoised, others = known
    basis = _centred(site, scene, gain_of(denoised)[0][0])
    fit, linear = fit_readings(scene, basis, site.fit.beta_mean, _tightened(site.fit), hyper)
    held = _held_out(scene, others, fold, site, (fit, linear))
    return evidence_belief(scene, denoised, Fitted(fit, held.mean, held.std, linear), site, condition)


def evidence_belief(scene: Scene, denoised: Denoised, fitted: Fitted, site: Expert, condition: Condition) -> Expert:
    """Return what the evidence expert says of the cells of a scene: the network's own error counts by the slope.

    `site` is the site expert on the same cells.
    """
    mean, var = (a[0] for a in gain_of(denoised))
    basis = _centred(site, scene, mean)
    belief = fitted.fit.predict(scene.places[scene.asked], basis.matrix[scene.asked])
    std = np.sqrt(belief.std**2 + _slope(fitted.fit, basis) ** 2 * var[scene.asked])
    return Expert(
        belief.mean, std, fitted.held_out, fitted.held_out_std, fitted.fit, basis, denoised, condition, fitted.linear
    )  # fmt: skip


def as_network_readings(scene: Scene, site: Expert) -> Points:
    """Return every reading as the gain that the network would have predicted there, plus the unexplained part.

    Censored readings are shifted by the same nuisances; their limits stay limits.
    """
    own, low, high = scene.readings, *scene.bounds
    shift = gain_of(site.denoised)[0][0][scene.index] - scene.rows(site.basis.matrix) @ site.fit.beta_mean
    noise = np.hypot(site.fit.noise_std(own.sigma, scene.noise_group), site.fit.hyper.nugget_std)
    plain = scene.plain  # a value's ends are not its own for those who read `kind`
    return replace(
        own, value=own.value + shift, low=np.where(plain, own.low, low) + shift,
        high=np.where(plain, own.high, high) + shift, sigma=noise, unit="dB",
    )  # fmt: skip


def _centred(site: Expert, scene: Scene, mean: Array) -> Basis:
    """The site expert's rows of H with another map in the slope column, about the same level."""
    matrix = site.basis.matrix.copy()
    slope = site.basis.names.index("map slope")
    level = _level(scene, gain_of(site.denoised)[0][0])
    matrix[:, slope] = mean - level
    return replace(site.basis, matrix=matrix)


def _level(scene: Scene, mean: Array) -> float:
    return float(mean[scene.index].mean() if len(scene.index) else mean.mean())


def _slope(fit: DiscrepancyFit, basis: Basis) -> float:
    """How much of the map, and so of the map's own error, is in the answer."""
    return float(fit.beta_mean[basis.names.index("map slope")])


def _tightened(site: DiscrepancyFit) -> Array:
    """Prior spread of the evidence expert's coefficients: what the site expert left open."""
    return np.asarray(np.sqrt(np.diag(site.beta_cov)) + 1e-6)


def _held_out(
    scene: Scene,
    others: Denoised | None,
    fold: NDArray[np.intp],
    site: Expert,
    found: tuple[DiscrepancyFit, csr_matrix | None],
) -> Belief:
    """Predict each reading from the other folds; `others` is what the network says without each of them."""
    (fit, linear), index, groups = found, scene.index, np.unique(fold)
    if others is None or not len(index):
        return Belief(np.zeros(0), np.zeros(0))
    beyond = np.ones(len(fit.readings.y) - len(index), dtype=bool)
    mean, var = gain_of(others)
    held, spread = np.empty(len(index)), np.empty(len(index))
    noise = fit.noise_std(scene.readings.sigma, scene.noise_group)
    for k, group in enumerate(groups):
        out = fold == group
        rows = all_rows(scene, _centred(site, scene, mean[k]).matrix, linear)
        kept = np.r_[~out, beyond]
        bare = refit(site.fit, site.fit.readings.design, keep=kept)  # level and nuisances as the other folds know them
        part = refit(fit, rows, keep=kept, prior_mean=bare.beta_mean, prior_std=_tightened(bare))
        belief = part.predict(scene.places[index[out]], rows[: len(out)][out], sigma=noise[out])
        own = _slope(part, site.basis) ** 2 * var[k][index[out]]
        held[out], spread[out] = belief.mean, np.sqrt(belief.std**2 + own)
    return Belief(held, spread)
