r"""Given readings, the posterior of nuisances and discrepancy has a closed form, also with readings left out.

    y_i = H_i beta + delta(s_i) + eps_i        (`openckm.observe.field.discrepancy`)                (1)

Given hyperparameters, (beta, delta) is Gaussian. Limits enter as the sites that they were turned into.

References:
    Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Section 2.7, Eqs 2.42, 5.10-5.12.
    Pathwise conditioning of Gaussian processes. J. T. Wilson et al., 2021.
    Fast calculation of Gaussian process multiple-fold cross-validation residuals and their covariances.
    D. Ginsbourger, C. Schärer, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import blas, cho_solve, solve_triangular
from scipy.special import ndtri

from openckm.errors import InputError, OptionError
from openckm.observe.field.beyond import Joined, solved
from openckm.observe.field.marginal import GaussianLinearModel, Hyper, factorised
from openckm.observe.field.matern import (
    covariance,
    row_length,
    same_places,
    spectral_draw,
    variances,
    weighted_covariance,
)
from openckm.observe.field.nuisance import Parameter
from openckm.observe.field.readings import FieldReadings, join_neighbours
from openckm.side_by_side import side_by_side

Array = NDArray[np.float64]

_CHUNK = 2**21
"""Entries of a block of covariances (16 MB): larger ones spend their time in getting memory."""
_JITTER = 1e-10


class Belief(NamedTuple):
    """Mean and standard deviation [unit of y] of each of m Gaussian quantities, both of shape (m,)."""

    mean: Array
    std: Array


@dataclass(frozen=True)
class DiscrepancyReport:
    """What was estimated, in numbers with units.

    Attributes:
        parameters: coefficients beta, then standard deviation and length of each component, then the nugget.
        log_marginal: log p(y) [nat], restricted where coefficients have no prior.
        readings: number of readings.
        places: number of places after joining neighbours; equal to `readings` unless there were too many.
        joined_m: side of the cells in which neighbours were joined [m], 0 for none.
    """

    parameters: tuple[Parameter, ...]
    log_marginal: float
    readings: int
    places: int
    joined_m: float


class DiscrepancyFit:
    """The posterior of beta and delta given readings; built by `fit_discrepancy` or `condition`.

    Attributes:
        hyper: the hyperparameters.
        readings: what was read; limits and readings out of line with the noise that stands in for theirs.
        beta_mean: posterior mean of the coefficients, shape (p,).
        beta_cov: posterior covariance of the coefficients, shape (p, p).
    """

    def __init__(
        self, readings: FieldReadings, hyper: Hyper, names: Sequence[str], *, max_readings: int = 4000,
        features: int = 1024, like: DiscrepancyFit | None = None,
    ) -> None:  # fmt: skip
        self.hyper, self.readings, self.names, self._features = hyper, readings, tuple(names), features
        self.max_readings = max_readings
        self._place, self._joined_m = np.arange(len(readings.y)), 0.0
        mixed = np.zeros(len(readings.y), dtype=bool)
        if readings.parts is None:
            self._place, self._joined_m = join_neighbours(readings.xy, max_readings)
            mixed = _mixed(self._place, readings.xy)  # made of several places: each of their readings has its nugget
        self._noise = readings.noise(hyper) + hyper.nugget_std**2 * mixed[self._place]
        precision = np.bincount(self._place, 1.0 / self._noise)
        self._place_noise = 1.0 / precision
        self._xy = readings.xy if readings.parts is not None else self._average(readings.xy)
        self._h = self._average(readings.design)
        resid = self._average(readings.y[:, None])[:, 0] - self._h @ readings.prior_mean
        self._mixed = mixed
        self._chol: Array = factorised(self._covariance()) if like is None else like._chol
        self._model = GaussianLinearModel(self._chol, resid, self._h * readings.scale, readings.flat)
        _, self._weights = self._model.solve(resid)
        self.beta_mean = readings.prior_mean + readings.scale * self._model.shift  # E[beta]
        inverse = self._model.solve_precision(
            np.eye(len(readings.scale))
        )  # P^-1 (`openckm.observe.field.marginal`, Eq. 1)
        self.beta_cov = np.outer(readings.scale, readings.scale) * inverse
        self._of_all = self._beyond() if self._joined_m else None  # of single readings, where they are joined
        if self._of_all is not None:
            self.beta_mean = readings.prior_mean + readings.scale * self._of_all[0]

    def _beyond(self) -> tuple[Array, Array] | None:
        """Coefficients and weights of all readings, not the joined ones (`.beyond`); None where that cannot be."""
        own, chol = self.readings, self._model.chol
        if own.xy.shape[1] != 2:
            return None
        joined = Joined(
            self._place, self._noise, self._place_noise,
            lambda value: np.asarray(cho_solve((chol, True), value, check_finite=False)),
        )  # fmt: skip
        noise = own.noise(self.hyper)
        return solved(own.xy, own.resid, own.design * own.scale, own.flat, noise, self.hyper, joined)

    def _covariance(self) -> Array:
        """Covariance of discrepancy and noise of the readings' places, shape (n, n)."""
        cov, noise = self._cross(self._xy), self._place_noise
        if self.readings.parts is not None:
            cov = np.asarray(self.readings.parts @ cov.T)
        own = np.diag_indices_from(cov)
        cov[own] += noise + _JITTER * (np.diag(cov) + noise) - self.hyper.nugget_std**2 * self._mixed
        return cov

    def _carried(self, weights: Array, places: Array) -> Array:
        """Return weights' times the covariance of delta between the readings and places, (n, k) -> (k, m)."""
        own = weights.T if self.readings.parts is None else np.asarray((self.readings.parts.T @ weights).T)
        return weighted_covariance(own, self._xy, places, self.hyper.components, self.hyper.nugget_std)

    def _cross(self, places: Array) -> Array:
        """Covariance of delta between the readings' places and others, shape (n, m)."""
        cross = covariance(self._xy, places, self.hyper.components, self.hyper.nugget_std)
        return cross if self.readings.parts is None else np.asarray(self.readings.parts @ cross)

    def noise_std(self, sigma: float | ArrayLike, group: ArrayLike | int = 0) -> Array:
        """Return the standard deviation of readings' noise [unit of y] as it was estimated, for a stated one."""
        stated, of = np.broadcast_arrays(np.asarray(sigma, np.float64), np.asarray(group, np.intp))
        return np.sqrt(self.hyper.noise(stated, of))

    def _average(self, values: Array) -> Array:
        """Precision-weighted mean of each place's readings, (n, k) -> (places, k)."""
        if len(self._place_noise) == len(values):
            return values
        columns = [np.bincount(self._place, column / self._noise) * self._place_noise for column in values.T]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self._place_noise), 0))

    def predict(self, xy: ArrayLike, design: ArrayLike, *, sigma: float | ArrayLike | None = None) -> Belief:
        """Return mean and standard deviation of H beta + delta at new places.

        Args:
            xy: positions [m], shape (m, 2).
            design: rows of H there, shape (m, p).
            sigma: if given, true noise of a new reading [unit of y], scalar or (m,): the spread is then that of a new
                reading instead of the field's.

        Raises:
            InputError: if shapes disagree or a value is not finite.
        """
        place, rows = self._check(xy, design)
        mean, variance = np.empty(len(place)), np.empty(len(place))
        scaled = rows * self.readings.scale

        def fill(part: slice) -> None:
            cross = self._cross(place[part])
            mean[part] = rows[part] @ self.beta_mean + cross.T @ self._weights  # E of (1): H beta + delta
            # L^-1 K as (K' L^-T)': BLAS takes the rows of K as they lie, without a copy
            white = blas.dtrsm(1.0, self._model.chol, cross.T, side=1, lower=1, trans_a=1, overwrite_b=1)
            gap = scaled[part] - white @ self._model.design_white
            variance[part] = variances(place[part], self.hyper.components, self.hyper.nugget_std)
            variance[part] -= np.einsum("ji,ji->j", white, white)  # Rasmussen & Williams, Eq. 2.26
            variance[part] += np.einsum("ij,ji->i", gap, self._model.solve_precision(gap.T))  # Eq. 2.42: what beta adds

        side_by_side([partial(fill, part) for part in _chunks(place, len(self._xy))])
        if self._of_all is not None:
            mean = self.mean(place, rows)
        variance = np.maximum(variance, 0.0)
        if sigma is not None:
            variance += np.asarray(sigma, dtype=np.float64) ** 2
        return Belief(mean, np.sqrt(variance))

    def mean(self, xy: ArrayLike, design: ArrayLike) -> Array:
        """Return the mean of H beta + delta at new places alone, shape (m,); arguments and errors as for `predict`."""
        place, rows = self._check(xy, design)
        if self._of_all is None:
            return np.asarray(rows @ self.beta_mean + self._carried(self._weights[:, None], place)[0])  # E of (1)
        every, hyper = self.readings.xy, self.hyper
        field = weighted_covariance(self._of_all[1][None], every, place, hyper.components, hyper.nugget_std)[0]
        return np.asarray(rows @ self.beta_mean + field)

    def cross_covariance(self, xy: ArrayLike, design: ArrayLike, other_xy: ArrayLike, other_design: ArrayLike) -> Array:
        """Return the posterior covariance of H beta + delta between two sets of places, shape (m, k) [unit^2].

        Args:
            xy: positions [m], shape (m, 2).
            design: rows of H there, shape (m, p).
            other_xy: positions [m], shape (k, 2).
            other_design: rows of H there, shape (k, p).

        Raises:
            InputError: if shapes disagree or a value is not finite.

        References:
            Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Eqs 2.24, 2.42.
        """
        sides = [self._check(xy, design), self._check(other_xy, other_design)]
        white, gap = [], []
        for place, rows in sides:
            cross = self._cross(place)
            white.append(solve_triangular(self._model.chol, cross, lower=True, check_finite=False))
            gap.append(rows * self.readings.scale - white[-1].T @ self._model.design_white)
        prior = covariance(sides[0][0], sides[1][0], self.hyper.components, self.hyper.nugget_std)
        # Eq. 2.42, off the diagonal
        return np.asarray(prior - white[0].T @ white[1] + gap[0] @ self._model.solve_precision(gap[1].T))

    def sample(self, xy: ArrayLike, design: ArrayLike, draws: int, rng: np.random.Generator) -> Array:
        """Return draws of H beta + delta at new places, jointly over all places.

        A prior draw of (beta, delta, eps) is moved by the kriging of its own misfit (Matheron's rule), so mean and
        covariance over draws are exactly those of the posterior. Draw k is a function of `rng`'s state, k and the place
        alone, the nugget that every new place has of its own included: places asked in parts get the values that they
        get together.

        Args:
            xy: positions [m], shape (m, 2); a regular grid is fastest.
            design: rows of H there, shape (m, p).
            draws: how many.
            rng: its children, one for each draw, make the noise.

        Returns:
            Shape (draws, m) [unit of y].

        Raises:
            InputError: if shapes disagree or a value is not finite.

        References:
            Pathwise conditioning of Gaussian processes. J. T. Wilson et al., 2021.
        """
        place, rows = self._check(xy, design)
        if draws < 0:
            raise OptionError(f"{draws} draws: wanted 0 or more")
        n, free, support = len(self._place_noise), ~self.readings.flat, len(self._xy)
        parts = self.readings.parts
        target = np.empty((draws, len(place)))
        shift = np.empty((draws, len(free)))
        misfit = np.empty((n, draws))
        unique = same_places(np.concatenate([self._xy, place]))
        for k, child in enumerate(rng.spawn(draws)):
            shift[k] = np.where(free, child.standard_normal(len(free)), 0.0)
            noise = child.standard_normal(n) * np.sqrt(self._place_noise)
            points = spectral_draw(self._xy, place, self.hyper.components, child, self._features)
            own = _nuggets(unique, support, place, child) * self.hyper.nugget_std
            shared = own[unique[:support]]
            read = points[0] + (shared if parts is not None else np.where(self._mixed, 0.0, shared))
            read = read if parts is None else parts @ read
            misfit[:, k] = self._model.resid - self._model.design @ shift[k] - read - noise
            target[k] = points[1] + own[unique[support:]]
        update, weights = self._model.solve(misfit)
        target += (rows @ self.readings.prior_mean)[None] + (shift + update.T) @ (rows * self.readings.scale).T
        target += self._carried(weights, place)
        if self._of_all is not None:  # draws of the joined model, about the mean of all readings
            joined = self.readings.prior_mean + self.readings.scale * self._model.shift
            target += self.mean(place, rows) - rows @ joined - self._carried(self._weights[:, None], place)[0]
        return target

    @cached_property
    def _projector(self) -> Array:
        return self._model.projector()

    @cached_property
    def influence(self) -> Array:
        """alpha = Q r of every single reading, shape (n,)."""
        misfit = self._model.resid - self._place_noise * (self._projector @ self._model.resid)
        single = self.readings.y - self.readings.design @ self.readings.prior_mean
        inside = (self.readings.design - self._h[self._place]) @ (self.readings.scale * self._model.shift)
        return np.asarray((single - inside - misfit[self._place]) / self._noise)

    @property
    def precision(self) -> Array:
        """Q_ii of every single reading [1 / unit of y squared]: 1 over what the others leave open, noise included."""
        ratio = self._place_noise[self._place] / self._noise
        return np.asarray(np.diag(self._projector)[self._place] * ratio**2 + (1.0 - ratio) / self._noise)

    def _precision_block(self, index: NDArray[np.intp]) -> Array:
        """Q of the readings `index`: that of their places, plus what readings of one place share."""
        place = self._place[index]
        ratio = self._place_noise[place] / self._noise[index]
        block = self._projector[np.ix_(place, place)] * np.outer(ratio, ratio)
        if len(self._place_noise) < len(self.readings.y):
            same = place[:, None] == place[None, :]
            block -= np.where(same, np.outer(ratio, 1.0 / self._noise[index]), 0.0)
            block[np.diag_indices_from(block)] += 1.0 / self._noise[index]
        return np.asarray(block)

    def loo(self) -> Belief:
        """Return what the other readings say of each reading (its own noise included in the spread), shape (n,).

        In closed form with the hyperparameters held fixed: mean_i = y_i - alpha_i / Q_ii, var_i = 1 / Q_ii.

        References:
            Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Eqs 5.10-5.12.
        """
        diagonal = self.precision
        if (diagonal <= 0).any():
            raise InputError("a reading alone identifies a coefficient that has no prior; give it a finite prior_std")
        # Eq. 5.12: leave-one-out mean and deviation
        return Belief(self.readings.y - self.influence / diagonal, 1.0 / np.sqrt(diagonal))

    def leave_blocks_out(self, labels: ArrayLike) -> Belief:
        """Return what the readings of all other blocks say of each reading (its own noise included), shape (n,).

        In closed form with the hyperparameters held fixed: mean_b = y_b - Q_bb^-1 alpha_b, cov_b = Q_bb^-1.

        Args:
            labels: block of each reading, shape (n,), of any sortable type; those of the first readings where there
                are fewer, and then nothing is said of the others.

        Raises:
            InputError: if the shape is wrong, or a block alone identifies a coefficient that has no prior.

        References:
            Fast calculation of Gaussian process multiple-fold cross-validation residuals and their covariances.
            D. Ginsbourger, C. Schärer, 2021.
        """
        blocks = np.asarray(labels)
        if (
            blocks.ndim != 1
            or not 0 < len(blocks) <= len(self.readings.y)
            or (len(blocks) < len(self.readings.y) and self.readings.parts is None and self.readings.xy.shape[1] == 2)
        ):
            raise InputError(f"labels have shape {blocks.shape}: wanted {self.readings.y.shape}, one for each reading")
        mean, std = np.empty(len(blocks)), np.empty(len(blocks))
        for label in np.unique(blocks):
            index = np.flatnonzero(blocks == label)
            cov = _invert_block(self._precision_block(index), str(label))
            # Ginsbourger & Schaerer: the same of a block
            mean[index] = self.readings.y[index] - cov @ self.influence[index]
            std[index] = np.sqrt(np.diag(cov))
        return Belief(mean, std)

    def report(self) -> DiscrepancyReport:
        """Return the estimates with their units."""
        spread = np.sqrt(np.diag(self.beta_cov))
        rows = [
            Parameter(f"beta[{name}]", "unit of y per unit of H", float(m), float(s))
            for name, m, s in zip(self.names, self.beta_mean, spread, strict=True)
        ]
        for j, component in enumerate(self.hyper.components):
            kind = f"delta[{j}] Matérn {component.nu:g}"
            rows.append(Parameter(f"{kind} std", "unit of y", component.std))
            rows.append(Parameter(f"{kind} length", "m", component.length_m))
        rows.append(Parameter("nugget std", "unit of y", self.hyper.nugget_std))
        rows += [Parameter(f"noise[{g}]", "of what is stated", a) for g, a in enumerate(self.hyper.noise_scale)]
        value = -self._model.negative_log_likelihood()
        return DiscrepancyReport(tuple(rows), value, len(self.readings.y), len(self._xy), self._joined_m)

    def _check(self, xy: ArrayLike, design: ArrayLike) -> tuple[Array, Array]:
        place, rows = np.asarray(xy, dtype=np.float64), np.asarray(design, dtype=np.float64)
        if place.ndim != 2 or place.shape[1] != self._xy.shape[1] or rows.shape != (len(place), len(self.beta_mean)):
            raise InputError(
                f"places {place.shape} and rows of H {rows.shape}: wanted (m, {self._xy.shape[1]}) and (m,"
                f" {len(self.beta_mean)})"
            )
        if not (np.isfinite(place).all() and np.isfinite(rows).all()):
            raise InputError("places and rows of H must be finite; leave out cells where the map is undefined")
        return place, rows


def _nuggets(label: NDArray[np.intp], support: int, place: Array, rng: np.random.Generator) -> Array:
    """Return a standard normal value for each label, shape (labels,): first those of the readings' places.

    Neither these nor the value of a new place depend on where else the field is asked for, so that parts of a map fit
    together and have nothing in common.

    Args:
        label: number of each place, those of the readings first, shape (support + m,).
        support: how many readings there are.
        place: the new places [m], shape (m, 2).
        rng: of the draw.
    """
    values = np.empty(int(label.max(initial=-1)) + 1)
    read = np.unique(label[:support])
    values[read] = rng.standard_normal(len(read))
    new, first = np.unique(label[support:], return_index=True)
    fresh = ~np.isin(new, read)
    values[new[fresh]] = _normal_at(place[first[fresh]], int(rng.integers(2**63)))
    return values


def _normal_at(place: Array, key: int) -> Array:
    """Return a standard normal value for each place, shape (m,), a function of the key and the millimetre alone.

    References:
        Fast splittable pseudorandom number generators. G. L. Steele, D. Lea, C. H. Flood, 2014 (the mixing function).
    """
    state = np.full(len(place), key, np.uint64)
    for column in np.round(place * 1e3).astype(np.int64).T.astype(np.uint64):
        state = (state ^ column) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return np.asarray(ndtri(((state >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53))


def _mixed(place: NDArray[np.intp], xy: Array) -> NDArray[np.bool_]:
    """Return which places were joined from readings at several, shape (places,)."""
    most = np.full(int(place.max(initial=0)) + 1, -1)
    least = np.full(len(most), len(xy))
    label = same_places(xy)
    np.maximum.at(most, place, label)
    np.minimum.at(least, place, label)
    return np.asarray(most > least)


def _invert_block(block: Array, label: str) -> Array:
    refusal = InputError(
        f"without block {label} the readings do not identify a coefficient that has no prior; give it a finite"
        " prior_std or choose smaller blocks"
    )
    try:
        lower = np.linalg.cholesky(block)
    except np.linalg.LinAlgError as error:
        raise refusal from error
    if np.diag(lower).min() < 1e-7 * np.diag(lower).max():
        raise refusal
    white = solve_triangular(lower, np.eye(len(block)), lower=True)
    return np.asarray(white.T @ white)


def _chunks(places: Array, columns: int) -> list[slice]:
    """Slices of places that keep a (places, columns) block of doubles small; of a grid, whole rows."""
    row, rows = row_length(places), len(places)
    step = max(row, _CHUNK // max(columns, 1) // row * row)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]
