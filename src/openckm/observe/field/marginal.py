r"""This module has the marginal likelihood of y = H beta + delta + eps and estimates its hyperparameters.

With C = K + nugget^2 E + diag(a_g^2 sigma^2), W = C^-1, r = y - H b0, coefficients beta = b0 + S u, S = diag(prior
std), and u ~ N(0, I):

    P = I + S H' W H S,   u_hat = P^-1 S H' W r,   Q = W - W H S P^-1 S H' W,   alpha = Q r         (1)
    -2 log p(y) = r' alpha + log |C| + log |P| + n log 2 pi                                         (2)
    -d log p / d theta = (tr(Q dC) - alpha' dC alpha) / 2                                           (3)

E is 1 for two readings of one place, else 0: what no other place shares belongs to the place, not to the reading. a_g
says how much noisier the readings of group g (a device) are than they are said to be.

A coefficient with an infinite prior standard deviation has S = 1 and no I in P; then the same lines are the
restricted likelihood (REML), and the linear predictor is universal kriging.

References:
    Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Eqs 2.39-2.45, 5.8, 5.9.
    Recovery of inter-block information when block sizes are unequal. H. D. Patterson, R. Thompson, 1971.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, lapack, solve_triangular
from scipy.linalg import cholesky as _lower_cholesky
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform

from openckm.errors import ComputationError, InputError, OptionError
from openckm.observe.field.matern import Matern, same_places
from openckm.side_by_side import side_by_side

Array = NDArray[np.float64]

_JITTER = 1e-10
_BOUND_SD = 4.0


@dataclass(frozen=True)
class MaternPrior:
    """What is believed of one component of the discrepancy before the data: log-normal length and size.

    Attributes:
        nu: smoothness, 0.5 or 1.5 (fixed).
        length_m: median of the length scale [m].
        length_log_sd: standard deviation of its natural logarithm.
        std: median of the component's standard deviation [unit of y].
        std_log_sd: standard deviation of its natural logarithm.
    """

    nu: float = 0.5
    length_m: float = 60.0
    length_log_sd: float = 0.7
    std: float = 3.0
    std_log_sd: float = 1.5

    def __post_init__(self) -> None:
        Matern(self.nu, self.length_m, self.std)
        if not (self.length_log_sd > 0 and self.std_log_sd > 0 and self.std > 0):
            raise OptionError(f"{self!r}: std, length_log_sd and std_log_sd must be positive")


@dataclass(frozen=True)
class NuggetPrior:
    """What is believed of the unexplained part of every single reading: log-normal size.

    Attributes:
        std: median of its standard deviation [unit of y].
        std_log_sd: standard deviation of its natural logarithm.
    """

    std: float = 1.0
    std_log_sd: float = 1.5

    def __post_init__(self) -> None:
        if not (math.isfinite(self.std) and self.std > 0 and self.std_log_sd > 0):
            raise OptionError(f"{self!r}: std and std_log_sd must be positive")


@dataclass(frozen=True)
class NoisePrior:
    """What is believed of a_g, the true noise of a group of readings over the stated one: log-normal about 1.

    Attributes:
        log_sd: standard deviation of its natural logarithm.
    """

    log_sd: float = 0.6

    def __post_init__(self) -> None:
        if not (math.isfinite(self.log_sd) and self.log_sd > 0):
            raise OptionError(f"{self!r}: log_sd must be positive")


@dataclass(frozen=True)
class Hyper:
    """Hyperparameters of the discrepancy.

    Attributes:
        components: the Matérn terms, summed.
        nugget_std: standard deviation of what a place shares with no other place [unit of y].
        noise_scale: a_g, true noise over stated noise of each group of readings; empty where the stated one is true.
    """

    components: tuple[Matern, ...]
    nugget_std: float = 0.0
    noise_scale: tuple[float, ...] = ()

    @property
    def variance(self) -> float:
        """Summed variance of the components, nugget excluded [unit of y squared]."""
        return sum(c.variance for c in self.components)

    def noise(self, sigma: Array, group: NDArray[np.intp]) -> Array:
        """Return the variance of each reading's noise [unit of y squared], shape (n,).

        Args:
            sigma: stated standard deviation of each reading [unit of y], shape (n,).
            group: the group of each reading, shape (n,).
        """
        return sigma**2 * (np.asarray(self.noise_scale)[group] ** 2 if self.noise_scale else 1.0)


class GaussianLinearModel:
    """The factorised model: everything that prediction, leave-out and the likelihood share.

    Args:
        chol: lower factor L of the covariance C = L L' of discrepancy and noise together (`factorised`), shape (n, n).
        resid: r = y - H b0, shape (n,).
        design: H S, shape (n, p).
        flat: True for coefficients with an infinite prior standard deviation, shape (p,).

    Raises:
        InputError: if the readings do not identify a coefficient without a prior.
    """

    def __init__(self, chol: Array, resid: Array, design: Array, flat: NDArray[np.bool_]) -> None:
        self.chol, self.resid, self.design, self.flat = chol, resid, design, flat
        self.design_white = solve_triangular(self.chol, design, lower=True, check_finite=False)
        self.resid_white = solve_triangular(self.chol, resid, lower=True, check_finite=False)
        # (1): P = I + S H' W H S
        precision = np.diag(np.where(flat, 0.0, 1.0)) + self.design_white.T @ self.design_white
        self.precision_chol = _cholesky_of_precision(precision)
        self.shift = self.solve_precision(self.design_white.T @ self.resid_white)  # (1): u_hat = P^-1 S H' W r

    def solve_precision(self, rhs: Array) -> Array:
        """Return P^-1 rhs."""
        return np.asarray(cho_solve((self.precision_chol, True), rhs, check_finite=False))

    def solve(self, rhs: Array) -> tuple[Array, Array]:
        """Return (u_hat, C^-1 (rhs - H S u_hat)) for one or more right-hand sides, shape (n,) or (n, k)."""
        white = solve_triangular(self.chol, rhs, lower=True, check_finite=False)
        shift = self.solve_precision(self.design_white.T @ white)
        weights = solve_triangular(
            self.chol, white - self.design_white @ shift, lower=True, trans="T", check_finite=False
        )
        return shift, weights

    def negative_log_likelihood(self) -> float:
        """Return -log p(y), restricted where coefficients are flat [nat]."""
        # (2): r' alpha
        misfit = self.resid_white @ self.resid_white - self.shift @ (self.design_white.T @ self.resid_white)
        # (2): log |C| / 2 + log |P| / 2
        logdet = np.log(np.diag(self.chol)).sum() + np.log(np.diag(self.precision_chol)).sum()
        count = len(self.resid) - int(self.flat.sum())
        return float(0.5 * misfit + logdet + 0.5 * count * math.log(2.0 * math.pi))  # (2), halved

    def projector(self) -> Array:
        """Return Q, shape (n, n): the precision of the readings with the coefficients integrated out."""
        inverse, info = lapack.dpotri(self.chol, lower=1)
        if info != 0:
            raise ComputationError(f"inverting the covariance of the readings failed (LAPACK dpotri: {info})")
        inverse = np.tril(inverse)
        inverse += np.tril(inverse, -1).T
        weighted = solve_triangular(self.chol, self.design_white, lower=True, trans="T", check_finite=False)
        inverse -= weighted @ self.solve_precision(weighted.T)  # (1): Q = W - W H S P^-1 S H' W
        return np.asarray(inverse)


def factorised(cov: Array) -> Array:
    """Return the lower factor of the readings' covariance, shape (n, n), which is overwritten.

    Raises:
        ComputationError: if it is not positive definite.
    """
    try:
        return np.asarray(_lower_cholesky(cov, lower=True, overwrite_a=True, check_finite=False))
    except LinAlgError as error:
        raise ComputationError(
            f"the covariance of {len(cov)} readings is not positive definite; give every reading a positive"
            " sigma, or join readings taken at one place"
        ) from error


def _cholesky_of_precision(precision: Array) -> Array:
    scale = np.sqrt(np.diag(precision))
    try:
        if (scale == 0).any():
            raise LinAlgError("zero column")
        chol = np.linalg.cholesky(precision / np.outer(scale, scale))
    except (LinAlgError, np.linalg.LinAlgError):
        chol = None
    if chol is None or (len(scale) and np.diag(chol).min() < 1e-7):
        raise InputError(
            "the readings do not identify the coefficients that have no prior (columns of H that are zero or"
            " linearly dependent); give those coefficients a finite prior_std or drop the columns"
        )
    return np.asarray(scale[:, None] * chol)


@dataclass(frozen=True, eq=False)
class Sample:
    """Readings that hyperparameters are estimated from.

    Attributes:
        xy: positions [m], shape (n, 2).
        resid: readings less the prior mean, y - H b0, shape (n,).
        noise: variance of each reading's noise as stated [unit of y squared], shape (n,).
        design: H S, shape (n, p).
        flat: coefficients without a prior, shape (p,).
        group: the group of each reading, shape (n,); -1 where the stated noise is no matter of the device (a limit's
            site).
    """

    xy: Array
    resid: Array
    noise: Array
    design: Array
    flat: NDArray[np.bool_]
    group: NDArray[np.intp]

    def subset(self, keep: NDArray[np.intp]) -> Sample:
        """Return some of the readings."""
        return Sample(
            self.xy[keep], self.resid[keep], self.noise[keep], self.design[keep], self.flat, self.group[keep]
        )  # fmt: skip


class _Objective:
    """Minus the log posterior density of theta = (log std_j, log l_j, ..., log nugget, log a_g ...), with gradient."""

    def __init__(
        self, sample: Sample, priors: Sequence[MaternPrior], nugget: NuggetPrior | None, noise: NoisePrior | None,
        groups: int = 1,
    ) -> None:  # fmt: skip
        self.sample, self.priors, self.groups = sample, tuple(priors), groups if noise is not None else 0
        self.distance = squareform(pdist(sample.xy))
        label = same_places(sample.xy)
        self.same = np.nonzero(label[:, None] == label[None, :])
        self.has_nugget = nugget is not None
        centre = [v for p in priors for v in (math.log(p.std), math.log(p.length_m))]
        spread = [v for p in priors for v in (p.std_log_sd, p.length_log_sd)]
        if nugget is not None:
            centre.append(math.log(nugget.std))
            spread.append(nugget.std_log_sd)
        if noise is not None:
            centre += [0.0] * groups
            spread += [noise.log_sd] * groups
        self.centre, self.spread = np.array(centre), np.array(spread)

    @property
    def bounds(self) -> list[tuple[float, float]]:
        return [(c - _BOUND_SD * s, c + _BOUND_SD * s) for c, s in zip(self.centre, self.spread, strict=True)]

    def hyper(self, theta: Array) -> Hyper:
        values = np.exp(theta)
        parts = tuple(Matern(p.nu, float(values[2 * j + 1]), float(values[2 * j])) for j, p in enumerate(self.priors))
        nugget = float(values[2 * len(parts)]) if self.has_nugget else 0.0
        return Hyper(parts, nugget, tuple(map(float, values[len(values) - self.groups :])))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        hyper, own = self.hyper(theta), self.sample
        terms = [component.with_length_gradient(self.distance) for component in hyper.components]
        cov = np.zeros_like(self.distance)
        for kernel, _ in terms:
            cov += kernel
        noise = own.noise.copy()
        for g, scale in enumerate(hyper.noise_scale):
            noise[own.group == g] *= scale**2
        cov[self.same] += hyper.nugget_std**2
        cov[np.diag_indices_from(cov)] += noise + _JITTER * (hyper.variance + hyper.nugget_std**2 + noise)
        model = GaussianLinearModel(factorised(cov), own.resid, own.design, own.flat)
        inner = model.projector()
        alpha = inner @ own.resid  # (1): alpha = Q r
        inner -= np.outer(alpha, alpha)
        grad = [float(v) for k, dk in terms for v in (np.vdot(inner, k), 0.5 * np.vdot(inner, dk))]
        if self.has_nugget:
            grad.append(hyper.nugget_std**2 * float(inner[self.same].sum()))
        by_noise = noise * np.diagonal(inner)  # d noise / d log a = 2 noise, and half of the trace
        grad += [float(by_noise[own.group == g].sum()) for g in range(self.groups)]
        away = (theta - self.centre) / self.spread
        value = model.negative_log_likelihood() + 0.5 * float(away @ away)
        return value, np.array(grad) + away / self.spread

    def theta(self, hyper: Hyper) -> Array:
        """Return the parameters of hyperparameters, inside the bounds."""
        values = [v for c in hyper.components for v in (c.std, c.length_m)]
        values += [hyper.nugget_std] * self.has_nugget
        values += list(hyper.noise_scale or (1.0,) * self.groups)
        low, high = np.array(self.bounds).T
        return np.clip(np.log(np.maximum(values, 1e-12)), low, high)

    def starts(self, count: int) -> list[Array]:
        """Deterministic starting points: shares of the residual variance, and shorter and longer lengths."""
        total = max(float(np.std(self.sample.resid)), 1e-3 * float(np.exp(self.centre[0])))
        plan = [(0.8, 0.0), (0.15, 0.0), (0.6, -1.0), (0.6, 1.0), (0.02, 0.0), (0.3, -1.0), (0.3, 1.0), (0.9, 0.5)]
        out = [self.centre.copy()]
        for share, step in plan[: max(count - 1, 0)]:
            theta = self.centre.copy()
            for j in range(len(self.priors)):
                theta[2 * j] = math.log(total * math.sqrt(share / len(self.priors)))
                theta[2 * j + 1] += step * self.spread[2 * j + 1]
            if self.has_nugget:
                theta[2 * len(self.priors)] = math.log(total * math.sqrt(1.0 - share))
            low, high = np.array(self.bounds).T
            out.append(np.clip(theta, low, high))
        return out


def estimate_hyper(
    sample: Sample, *, priors: Sequence[MaternPrior], nugget: NuggetPrior | None, noise: NoisePrior | None = None,
    groups: int = 1, starts: int, points: int, seed: int, begin: Hyper | None = None,
) -> Hyper:  # fmt: skip
    """Return the hyperparameters that maximise (restricted) marginal likelihood times log-normal prior.

    Every start runs on at most 300 readings; the best one is polished on at most `points` of them. Both subsets are
    drawn without replacement from `seed`, so the estimate is deterministic.

    Args:
        sample: the readings.
        priors: one per Matérn component.
        nugget: prior of the nugget; None fixes it at 0.
        noise: prior of the noise of each group over the stated one; None takes the stated one for true.
        groups: number of groups.
        starts: number of starting points.
        points: largest number of readings used.
        seed: the seed of the subsets.
        begin: hyperparameters to start from instead of several starting points.

    Raises:
        ComputationError: if no start gives a finite likelihood.
        InputError: if the readings do not identify a flat coefficient.
    """
    order = np.random.default_rng(seed).permutation(len(sample.resid))

    def objective(size: int) -> _Objective:
        return _Objective(sample.subset(np.sort(order[:size])), priors, nugget, noise, groups)

    full = objective(points)
    if begin is not None:
        return full.hyper(_minimise(full, full.theta(begin))[0])
    coarse = full if len(order) <= 300 or points <= 300 else _identified(objective, sample.flat, points)
    found = side_by_side([partial(_minimise, coarse, theta) for theta in coarse.starts(starts)])
    theta, value = min(found, key=lambda item: item[1])
    if not math.isfinite(value):
        raise ComputationError("the marginal likelihood of the readings is not finite at any start; check y and sigma")
    if coarse is not full:
        theta, value = _minimise(full, theta)
    return full.hyper(theta)


def _identified(make: Callable[[int], _Objective], flat: NDArray[np.bool_], points: int) -> _Objective:
    """The smallest of a few subsets that still identifies the flat coefficients."""
    for size in (300, 600):
        candidate = make(min(size, points))
        free = candidate.sample.design[:, flat]
        if np.linalg.matrix_rank(free) == free.shape[1]:
            return candidate
    return make(points)


def _minimise(objective: _Objective, theta: Array) -> tuple[Array, float]:
    result = minimize(objective, theta, jac=True, method="L-BFGS-B", bounds=objective.bounds, options={"maxiter": 60})
    return np.asarray(result.x), float(result.fun)
