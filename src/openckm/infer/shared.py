r"""Several radio cells of one mast share their shadows and their phones.

    delta_c(s) = std_c (sum_r loading_cr f_r(s) + sqrt(1 - sum_r loading_cr^2) g_c(s)),    r = 1, 2 at most  (1)

f_r are shared fields, g_c a cell's own. Every cell is fitted by itself first. Then each pair of cells at one mast says
how much its discrepancies have in common: rho maximises the marginal likelihood of the residuals of both, times a wide
prior; it is not negative, for what stands in the way of one cell stands in the way of all. The loadings are those whose
products come nearest to all rho (principal factors). Each cell is then conditioned on its own readings and on the
residuals of its sisters, y - H beta, as further readings of its field.

Levels of phones are those of all cells together, weighed by their precision, where the cells know the same phones. The
level of an older map is its cell's alone.

References:
    Multivariate geostatistics. H. Wackernagel, 2003, chapter 26 (the linear model of coregionalisation).
    Modern factor analysis. H. H. Harman, 1976, chapter 8 (principal factors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

from openckm.errors import InputError
from openckm.infer.experts import Expert
from openckm.infer.scene import DEVICE_STD_DB, OLDER, Scene, Sisters
from openckm.observe.field.matern import Matern

Array = NDArray[np.float64]
SHARED = 2
"""Fields that the cells of a mast share, at most."""
_SAME_MAST_M = 30.0
"""Distance of two transmitters up to which they stand on one mast [m]."""
_PAIR_READINGS = 300
"""Readings of each cell from which a correlation is estimated, at most."""
_SISTER_READINGS = 900
"""Readings of all sisters that a cell is conditioned on, at most."""
MOST_SHARED = 0.95
"""Share of a field's deviation that others may know, at most."""
_CELL_STD_DB = 1.0
"""How much a phone's level differs between the cells of a mast [dB]."""
_GRID = np.tanh(np.linspace(0.0, 1.9, 14))
_PRIOR_SD = 0.8


@dataclass(frozen=True, eq=False)
class _Residual:
    """What a cell's own fit leaves of its readings, as readings of its discrepancy."""

    xy: Array
    value: Array
    variance: Array
    std: float
    length_m: float
    nugget_std: float


def with_sisters(scenes: Mapping[str, Scene], fitted: Mapping[str, Expert], seed: int = 0) -> dict[str, Scene]:
    """Return the scenes of cells that share masts, each with the residuals of its sisters and all levels of phones.

    Args:
        scenes: the scene of each cell by its name, all in one plane.
        fitted: the site expert of every cell by itself.
        seed: the seed of the subsets.

    Raises:
        InputError: if the cells are in different planes.
    """
    if len({scene.grid.crs for scene in scenes.values()}) > 1:
        raise InputError("the cells are in different CRS: give them one, e.g. maps in one UTM zone")
    names = list(scenes)
    residuals = [_residual(fitted[name]) for name in names]
    rng = np.random.default_rng([seed, 51])
    matrix = np.eye(len(names))
    for a, b in combinations(range(len(names)), 2):
        if _one_mast(scenes[names[a]], scenes[names[b]]):
            matrix[a, b] = matrix[b, a] = correlation(residuals[a], residuals[b], rng)
    factors = loadings(matrix)
    common = factors @ factors.T
    np.fill_diagonal(common, 1.0)
    common = np.where((matrix == 0.0), 0.0, common) if len(names) > 1 else common
    out = {}
    for k, name in enumerate(names):
        sisters = [j for j in range(len(names)) if j != k and matrix[k, j] != 0.0]
        moved = replace(scenes[name], levels=_levels(name, scenes, fitted))
        out[name] = replace(moved, sisters=_sisters(k, sisters, residuals, common, names, rng)) if sisters else moved
    return out


def _one_mast(first: Scene, second: Scene) -> bool:
    a, b = first.transmitter, second.transmitter
    return a is not None and b is not None and float(np.hypot(a.x - b.x, a.y - b.y)) <= _SAME_MAST_M


def _residual(expert: Expert) -> _Residual:
    fit = expert.fit
    own = fit.readings.points()
    part = fit.hyper.components[0]
    value = own.y - own.design @ fit.beta_mean
    return _Residual(own.xy[:, :2], value, own.noise(fit.hyper), part.std, part.length_m, fit.hyper.nugget_std)


def correlation(first: _Residual, second: _Residual, rng: np.random.Generator) -> float:
    """Return rho of the discrepancies of two cells: the likeliest of a grid, given the residuals of both.

    Args:
        first: residuals of one cell.
        second: residuals of the other.
        rng: the generator of the subsets.
    """
    picks = [rng.permutation(len(r.value))[:_PAIR_READINGS] for r in (first, second)]
    a, b = (_Residual(r.xy[p], r.value[p], r.variance[p], r.std, r.length_m, r.nugget_std)
            for r, p in zip((first, second), picks, strict=True))  # fmt: skip
    length = float(np.sqrt(a.length_m * b.length_m))
    scale = np.r_[np.full(len(a.value), a.std), np.full(len(b.value), b.std)]
    xy = np.concatenate([a.xy, b.xy])
    field = np.outer(scale, scale) * np.exp(-cdist(xy, xy) / length)
    noise = np.r_[a.variance + a.nugget_std**2, b.variance + b.nugget_std**2]
    y, split = np.r_[a.value, b.value], len(a.value)
    best, found = np.inf, 0.0
    for rho in _GRID:
        cov = field + np.diag(noise)
        cov[:split, split:] *= rho
        cov[split:, :split] *= rho
        factor = cho_factor(cov, lower=True, check_finite=False)
        cost = np.log(np.diag(factor[0])).sum() + 0.5 * y @ cho_solve(factor, y)
        cost += 0.5 * (np.arctanh(rho) / _PRIOR_SD) ** 2
        if cost < best:
            best, found = cost, float(rho)
    return found


def loadings(matrix: Array, fields: int = SHARED) -> Array:
    """Return loadings (cells, fields) whose products come nearest to the correlations off the diagonal.

    Args:
        matrix: correlations of the cells, symmetric, ones on the diagonal.
        fields: shared fields, at most.
    """
    share = np.abs(matrix - np.eye(len(matrix))).max(axis=1, initial=0.0)
    out = np.zeros((len(matrix), fields))
    for _ in range(50):  # principal factors: what a cell shares stands on the diagonal, until it is what it shares
        reduced = matrix.copy()
        np.fill_diagonal(reduced, share)
        value, vector = np.linalg.eigh(reduced)
        kept = np.argsort(value)[::-1][:fields]
        out = vector[:, kept] * np.sqrt(np.maximum(value[kept], 0.0))  # (1): the loadings of the principal factors
        share = np.minimum((out**2).sum(axis=1), MOST_SHARED**2)
    size = np.sqrt((out**2).sum(axis=1, keepdims=True))
    # (1): what is shared is not the whole
    return np.asarray(out * np.minimum(1.0, MOST_SHARED / np.maximum(size, 1e-12)))


def _sisters(
    own: int, others: Sequence[int], residuals: Sequence[_Residual], common: Array, names: Sequence[str],
    rng: np.random.Generator,
) -> Sisters:  # fmt: skip
    """Return the sisters' residuals as readings of one coregionalised field: number 0 is the cell itself."""
    mine = residuals[own]
    every = [own, *others]
    size = np.array([residuals[k].std for k in every]) / max(mine.std, 1e-6)
    across = common[np.ix_(every, every)] * np.outer(size, size)
    tables = []
    each = max(_SISTER_READINGS // len(others), 1)
    for number, k in enumerate(others, start=1):
        theirs = residuals[k]
        pick = np.sort(rng.permutation(len(theirs.value))[:each])
        place = np.column_stack([theirs.xy[pick], np.full(len(pick), float(number))])
        # the kernel gives every place the nugget of the cell itself: the sister's own stands in for it
        noise = np.maximum(theirs.variance[pick] + theirs.nugget_std**2 - mine.nugget_std**2, 0.05)
        tables.append((place, theirs.value[pick], noise))
    xy, value, variance = (np.concatenate(part) for part in zip(*tables, strict=True))
    hyper = (Matern(0.5, mine.length_m, mine.std, tuple(map(tuple, across.tolist()))),)
    correlations = {names[k]: float(common[own, k]) for k in others}
    return Sisters(xy, value, variance, hyper, correlations)


def _levels(name: str, scenes: Mapping[str, Scene], fitted: Mapping[str, Expert]) -> tuple[Array, Array] | None:
    """Return levels of the phones and their deviations [dB] from the other cells that know the same phones."""
    devices = scenes[name].devices
    if len(devices) < 2:
        return None
    precision, weighed = np.zeros(len(devices)), np.zeros(len(devices))
    for other, scene in scenes.items():
        if other == name or scene.devices != devices:
            continue
        fit, count = fitted[other].fit, scene.contrasts.shape[1]
        tail = slice(len(fit.beta_mean) - count, None)
        level = scene.contrasts @ fit.beta_mean[tail]
        var = (
            np.maximum(np.diag(scene.contrasts @ fit.beta_cov[tail, tail] @ scene.contrasts.T), 1e-3) + _CELL_STD_DB**2
        )
        precision += 1.0 / var
        weighed += level / var
    if not precision.all():
        return None
    own = np.array(devices) == OLDER  # each cell's map before has a level of its own: that of its transmit power then
    level, spread = weighed / precision, np.sqrt(1.0 / precision + _CELL_STD_DB**2)
    return np.where(own, 0.0, level), np.where(own, DEVICE_STD_DB, spread)
