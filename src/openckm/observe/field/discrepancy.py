r"""What a predicted map cannot explain: a Gaussian process over the readings' residuals, estimated with the map's fit.

    y_i = H_i beta + delta(s_i) + eps_i
    beta ~ N(b0, B0),  delta ~ GP(0, sum_j v_j Matern_{nu_j}(|s - s'| / l_j)),  eps_i ~ N(0, sigma_i^2 + nugget^2)

H holds the predicted map and the nuisances (`observe.field.nuisance`). Given readings, (beta, delta) is Gaussian
and estimated jointly: the answer is Bayesian universal kriging. Where H explains the readings, delta shrinks to zero
and the answer is H beta; where H is useless, the answer is kriging of the readings.

Variances, lengths and nugget maximise the (restricted) marginal likelihood times weak log-normal priors
(`openckm.observe.field.marginal`); they are then held fixed, so intervals do not hold their uncertainty.

Sizes: with more readings than `max_readings`, neighbours are joined into one reading at their precision-weighted mean
place, value and row of H, with the precision of all; this is exact for readings at one place and loses detail only
below the size of the joining cells, which is reported. Leave-out formulas still answer for every single reading.

References:
    Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Section 2.7, Eqs 2.42, 5.10-5.12.
    Bayesian calibration of computer models. M. C. Kennedy, A. O'Hagan, 2001.
    Pathwise conditioning of Gaussian processes. J. T. Wilson et al., 2021.
    Fast calculation of Gaussian process multiple-fold cross-validation residuals and their covariances.
    D. Ginsbourger, C. Schärer, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from openckm.errors import InputError, OptionError
from openckm.observe.field.marginal import GaussianLinearModel, Hyper, MaternPrior, NuggetPrior, estimate_hyper
from openckm.observe.field.matern import Matern, covariance, spectral_draw
from openckm.observe.field.nuisance import Parameter

__all__ = [
    "Belief", "DiscrepancyFit", "DiscrepancyOptions", "DiscrepancyReport", "Hyper", "Matern", "MaternPrior",
    "NuggetPrior", "condition", "fit_discrepancy",
]  # fmt: skip

Array = NDArray[np.float64]

_CHUNK = 2**23
_JITTER = 1e-10


class Belief(NamedTuple):
    """Mean and standard deviation [unit of y] of each of m Gaussian quantities, both of shape (m,)."""

    mean: Array
    std: Array


@dataclass(frozen=True)
class DiscrepancyOptions:
    """How the discrepancy is fitted.

    Attributes:
        components: prior of each Matérn term; one or two (a short and a long one).
        nugget: prior of the nugget; None fixes it at 0.
        starts: starting points of the hyperparameter search.
        hyper_readings: largest number of readings the hyperparameters are estimated from (a seeded subset).
        max_readings: readings conditioned on without joining neighbours; memory and time grow as its square and cube.
        features: frequencies of a prior draw, per component.
        seed: of the subsets.
    """

    components: tuple[MaternPrior, ...] = (MaternPrior(),)
    nugget: NuggetPrior | None = field(default_factory=NuggetPrior)
    starts: int = 5
    hyper_readings: int = 1000
    max_readings: int = 4000
    features: int = 1024
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.components:
            raise OptionError("the discrepancy needs at least one Matérn component")
        for name in ("starts", "hyper_readings", "max_readings", "features"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} is {getattr(self, name)}: wanted 1 or more")


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


@dataclass(frozen=True, eq=False)
class _Readings:
    """Checked input: n readings with their rows of H."""

    xy: Array
    y: Array
    sigma: Array
    design: Array
    prior_mean: Array
    prior_std: Array

    @property
    def flat(self) -> NDArray[np.bool_]:
        return np.isinf(self.prior_std)

    @property
    def scale(self) -> Array:
        """S: prior standard deviations, 1 where there is no prior."""
        return np.where(self.flat, 1.0, self.prior_std)


class DiscrepancyFit:
    """The posterior of beta and delta given readings; built by `fit_discrepancy` or `condition`.

    Attributes:
        hyper: the hyperparameters.
        beta_mean: posterior mean of the coefficients, shape (p,).
        beta_cov: posterior covariance of the coefficients, shape (p, p).
    """

    def __init__(self, readings: _Readings, hyper: Hyper, options: DiscrepancyOptions, names: Sequence[str]) -> None:
        self.hyper, self._data, self._options, self._names = hyper, readings, options, tuple(names)
        self._noise = readings.sigma**2 + hyper.nugget_std**2
        self._place, self._joined_m = _join_neighbours(readings.xy, options.max_readings)
        precision = np.bincount(self._place, 1.0 / self._noise)
        self._place_noise = 1.0 / precision
        self._xy = self._average(readings.xy)
        self._h = self._average(readings.design)
        resid = self._average(readings.y[:, None])[:, 0] - self._h @ readings.prior_mean
        cov = covariance(self._xy, self._xy, hyper.components)
        cov[np.diag_indices_from(cov)] += self._place_noise + _JITTER * (hyper.variance + self._place_noise)
        self._model = GaussianLinearModel(cov, resid, self._h * readings.scale, readings.flat)
        _, self._weights = self._model.solve(resid)
        self.beta_mean = readings.prior_mean + readings.scale * self._model.shift
        inverse = self._model.solve_precision(np.eye(len(readings.scale)))
        self.beta_cov = np.outer(readings.scale, readings.scale) * inverse

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
            sigma: if given, noise of a new reading [unit of y], scalar or (m,): the spread is then that of a new
                reading (delta, beta, nugget and noise) instead of the field's.

        Raises:
            InputError: if shapes disagree or a value is not finite.
        """
        place, rows = self._check(xy, design)
        mean, variance = np.empty(len(place)), np.empty(len(place))
        scaled = rows * self._data.scale
        for part in _chunks(len(place), len(self._xy)):
            cross = covariance(self._xy, place[part], self.hyper.components)
            mean[part] = rows[part] @ self.beta_mean + cross.T @ self._weights
            white = solve_triangular(self._model.chol, cross, lower=True, overwrite_b=True, check_finite=False)
            gap = scaled[part] - white.T @ self._model.design_white
            variance[part] = self.hyper.variance - np.einsum("ij,ij->j", white, white)
            variance[part] += np.einsum("ij,ji->i", gap, self._model.solve_precision(gap.T))
        variance = np.maximum(variance, 0.0)
        if sigma is not None:
            variance += np.asarray(sigma, dtype=np.float64) ** 2 + self.hyper.nugget_std**2
        return Belief(mean, np.sqrt(variance))

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
            cross = covariance(self._xy, place, self.hyper.components)
            white.append(solve_triangular(self._model.chol, cross, lower=True, check_finite=False))
            gap.append(rows * self._data.scale - white[-1].T @ self._model.design_white)
        prior = covariance(sides[0][0], sides[1][0], self.hyper.components)
        return np.asarray(prior - white[0].T @ white[1] + gap[0] @ self._model.solve_precision(gap[1].T))

    def sample(self, xy: ArrayLike, design: ArrayLike, draws: int, rng: np.random.Generator) -> Array:
        """Return draws of H beta + delta at new places, jointly over all places.

        A prior draw of (beta, delta, eps) is moved by the kriging of its own misfit (Matheron's rule), so mean and
        covariance over draws are exactly those of the posterior. Draw k depends on `rng`'s state and k alone.

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
        n, free = len(self._xy), ~self._data.flat
        target = np.empty((draws, len(place)))
        shift = np.empty((draws, len(free)))
        misfit = np.empty((n, draws))
        for k, child in enumerate(rng.spawn(draws)):
            shift[k] = np.where(free, child.standard_normal(len(free)), 0.0)
            noise = child.standard_normal(n) * np.sqrt(self._place_noise)
            points = spectral_draw(self._xy, place, self.hyper.components, child, self._options.features)
            misfit[:, k] = self._model.resid - self._model.design @ shift[k] - points[0] - noise
            target[k] = points[1]
        update, weights = self._model.solve(misfit)
        target += (rows @ self._data.prior_mean)[None] + (shift + update.T) @ (rows * self._data.scale).T
        for part in _chunks(len(place), n):
            target[:, part] += (covariance(place[part], self._xy, self.hyper.components) @ weights).T
        return target

    @cached_property
    def _projector(self) -> Array:
        return self._model.projector()

    @cached_property
    def _influence(self) -> Array:
        """alpha = Q r of every single reading, shape (n,)."""
        misfit = self._model.resid - self._place_noise * (self._projector @ self._model.resid)
        single = self._data.y - self._data.design @ self._data.prior_mean
        inside = (self._data.design - self._h[self._place]) @ (self._data.scale * self._model.shift)
        return np.asarray((single - inside - misfit[self._place]) / self._noise)

    def _precision_block(self, index: NDArray[np.intp]) -> Array:
        """Q of the readings `index`: that of their places, plus what readings of one place share."""
        place = self._place[index]
        ratio = self._place_noise[place] / self._noise[index]
        block = self._projector[np.ix_(place, place)] * np.outer(ratio, ratio)
        if len(self._place_noise) < len(self._data.y):
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
        ratio = self._place_noise[self._place] / self._noise
        diagonal = np.diag(self._projector)[self._place] * ratio**2 + (1.0 - ratio) / self._noise
        if (diagonal <= 0).any():
            raise InputError("a reading alone identifies a coefficient that has no prior; give it a finite prior_std")
        return Belief(self._data.y - self._influence / diagonal, 1.0 / np.sqrt(diagonal))

    def leave_blocks_out(self, labels: ArrayLike) -> Belief:
        """Return what the readings of all other blocks say of each reading (its own noise included), shape (n,).

        In closed form with the hyperparameters held fixed: mean_b = y_b - Q_bb^-1 alpha_b, cov_b = Q_bb^-1.

        Args:
            labels: block of each reading, shape (n,), of any sortable type.

        Raises:
            InputError: if the shape is wrong, or a block alone identifies a coefficient that has no prior.

        References:
            Fast calculation of Gaussian process multiple-fold cross-validation residuals and their covariances.
            D. Ginsbourger, C. Schärer, 2021.
        """
        blocks = np.asarray(labels)
        if blocks.shape != self._data.y.shape:
            raise InputError(f"labels have shape {blocks.shape}: wanted {self._data.y.shape}, one for each reading")
        mean, std = np.empty(len(blocks)), np.empty(len(blocks))
        for label in np.unique(blocks):
            index = np.flatnonzero(blocks == label)
            cov = _invert_block(self._precision_block(index), str(label))
            mean[index] = self._data.y[index] - cov @ self._influence[index]
            std[index] = np.sqrt(np.diag(cov))
        return Belief(mean, std)

    def report(self) -> DiscrepancyReport:
        """Return the estimates with their units."""
        spread = np.sqrt(np.diag(self.beta_cov))
        rows = [
            Parameter(f"beta[{name}]", "unit of y per unit of H", float(m), float(s))
            for name, m, s in zip(self._names, self.beta_mean, spread, strict=True)
        ]
        for j, component in enumerate(self.hyper.components):
            kind = f"delta[{j}] Matérn {component.nu:g}"
            rows.append(Parameter(f"{kind} std", "unit of y", component.std))
            rows.append(Parameter(f"{kind} length", "m", component.length_m))
        rows.append(Parameter("nugget std", "unit of y", self.hyper.nugget_std))
        value = -self._model.negative_log_likelihood()
        return DiscrepancyReport(tuple(rows), value, len(self._data.y), len(self._xy), self._joined_m)

    def _check(self, xy: ArrayLike, design: ArrayLike) -> tuple[Array, Array]:
        place, rows = np.asarray(xy, dtype=np.float64), np.asarray(design, dtype=np.float64)
        if place.ndim != 2 or place.shape[1] != 2 or rows.shape != (len(place), len(self.beta_mean)):
            raise InputError(
                f"places {place.shape} and rows of H {rows.shape}: wanted (m, 2) and (m, {len(self.beta_mean)})"
            )
        if not (np.isfinite(place).all() and np.isfinite(rows).all()):
            raise InputError("places and rows of H must be finite; leave out cells where the map is undefined")
        return place, rows


def fit_discrepancy(
    xy: ArrayLike, y: ArrayLike, sigma: float | ArrayLike, design: ArrayLike, prior_mean: ArrayLike,
    prior_std: ArrayLike, options: DiscrepancyOptions | None = None, *, names: Sequence[str] | None = None,
) -> DiscrepancyFit:  # fmt: skip
    """Estimate the hyperparameters from the readings and return the posterior of map, nuisances and discrepancy.

    Args:
        xy: positions of the readings [m], shape (n, 2).
        y: readings [one unit, e.g. dBm], shape (n,).
        sigma: standard deviation of each reading's noise [unit of y], positive, scalar or shape (n,).
        design: rows H_i, shape (n, p).
        prior_mean: b0, shape (p,).
        prior_std: sqrt(diag(B0)), shape (p,); inf for no prior, 0 for a known coefficient.
        options: how to fit.
        names: what each coefficient is, length p, for the report.

    Raises:
        InputError: if shapes disagree, a value is not finite, sigma is not positive, or the readings do not identify
            a coefficient that has no prior.
        ComputationError: if the likelihood is not finite anywhere.

    References:
        Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Section 2.7.
    """
    chosen = options or DiscrepancyOptions()
    data = _checked(xy, y, sigma, design, prior_mean, prior_std)
    hyper = estimate_hyper(
        data.xy, data.y - data.design @ data.prior_mean, data.sigma, data.design * data.scale, data.flat,
        priors=chosen.components, nugget=chosen.nugget, starts=chosen.starts, points=chosen.hyper_readings,
        seed=chosen.seed,
    )  # fmt: skip
    return DiscrepancyFit(data, hyper, chosen, _names(names, data))


def condition(
    xy: ArrayLike, y: ArrayLike, sigma: float | ArrayLike, design: ArrayLike, prior_mean: ArrayLike,
    prior_std: ArrayLike, hyper: Hyper, options: DiscrepancyOptions | None = None, *,
    names: Sequence[str] | None = None,
) -> DiscrepancyFit:  # fmt: skip
    """Return the posterior for known hyperparameters; arguments and errors as for `fit_discrepancy`."""
    data = _checked(xy, y, sigma, design, prior_mean, prior_std)
    return DiscrepancyFit(data, hyper, options or DiscrepancyOptions(), _names(names, data))


def _names(names: Sequence[str] | None, data: _Readings) -> Sequence[str]:
    p = len(data.prior_mean)
    if names is not None and len(names) != p:
        raise InputError(f"{len(names)} names for {p} coefficients")
    return names if names is not None else [str(j) for j in range(p)]


def _checked(
    xy: ArrayLike, y: ArrayLike, sigma: float | ArrayLike, design: ArrayLike, prior_mean: ArrayLike,
    prior_std: ArrayLike,
) -> _Readings:  # fmt: skip
    place, value, rows, mean, std = (np.asarray(a, dtype=np.float64) for a in (xy, y, design, prior_mean, prior_std))
    noise = np.asarray(sigma, dtype=np.float64)
    n = value.shape[0] if value.ndim == 1 else -1
    p = mean.shape[0] if mean.ndim == 1 else -1
    if n < 1 or place.shape != (n, 2) or rows.shape != (n, p) or std.shape != (p,) or noise.shape not in ((), (n,)):
        raise InputError(
            f"xy {place.shape}, y {value.shape}, sigma {noise.shape}, H {rows.shape}, prior mean {mean.shape} and std"
            f" {std.shape}: wanted (n, 2), (n,), (n,), (n, p), (p,) and (p,) with n at least 1"
        )
    if not all(np.isfinite(a).all() for a in (place, value, rows, mean, noise)):
        raise InputError("readings, places, sigma, H and prior mean must be finite; remove the bad rows")
    if not (noise > 0).all() or not (std >= 0).all():
        raise InputError("sigma must be positive for every reading, prior_std 0 or more (inf for no prior)")
    return _Readings(place, value, np.broadcast_to(noise, (n,)).copy(), rows, mean, std)


def _join_neighbours(xy: Array, limit: int) -> tuple[NDArray[np.intp], float]:
    """Return the place of each reading and the side [m] of the joining cells: as small as keeps places <= limit."""
    if len(xy) <= limit:
        return np.arange(len(xy)), 0.0
    corner = xy.min(axis=0)
    extent = max(float((xy - corner).max()), 1e-6)

    def places(side: float) -> NDArray[np.intp]:
        _, label = np.unique(np.floor((xy - corner) / side), axis=0, return_inverse=True)
        return np.asarray(label, dtype=np.intp).reshape(-1)

    low, high = extent * 1e-6, 2.0 * extent
    for _ in range(24):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if places(middle).max() < limit else (middle, high)
    return places(high), high


def _invert_block(block: Array, label: str) -> Array:
    try:
        lower = np.linalg.cholesky(block)
    except np.linalg.LinAlgError as error:
        raise InputError(
            f"without block {label} the readings do not identify a coefficient that has no prior; give it a finite"
            " prior_std or choose smaller blocks"
        ) from error
    white = solve_triangular(lower, np.eye(len(block)), lower=True)
    return np.asarray(white.T @ white)


def _chunks(rows: int, columns: int) -> list[slice]:
    """Slices of rows that keep a (rows, columns) block of doubles small."""
    step = max(1, _CHUNK // max(columns, 1))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]
