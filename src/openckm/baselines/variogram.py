"""Variograms: the exponential and the spherical model of PyKrige, fitted by restricted maximum likelihood.

    gamma(h) = nugget + psill (1 - rho(h)),   h > 0
    exponential  rho(h) = exp(-3 h / range)
    spherical    rho(h) = 1 - 1.5 h/range + 0.5 (h/range)^3   (h <= range), else 0

With drift X (n, p), V = rho + lambda I and lambda = nugget / psill, the partial sill is profiled out,
    psill = r' V^-1 r / (n - p),   -2 log L = (n - p) log psill + log |V| + log |X' V^-1 X|,
which is free of the drift's coefficients and, unlike a fit to binned semivariances, of the choice of bins.

References:
    "Maximum likelihood estimation of models for residual covariance in spatial regression", Mardia & Marshall, 1984.
    "Recovery of inter-block information when block sizes are unequal", Patterson & Thompson, 1971.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ComputationError, OptionError

_MODELS = ("exponential", "spherical")
DEFAULT_MODELS = ("exponential",)
FIT_POINTS = 600
_STARTS = [(share, ratio) for share in np.geomspace(0.04, 1.5, 9) for ratio in (0.05, 0.3)]
_RATIO_BOUNDS = (1e-4, 1e3)
_PENALTY = 1e12


@dataclass(frozen=True)
class Variogram:
    """A fitted variogram.

    Attributes:
        model: one of _MODELS.
        psill: partial sill [dB^2].
        range_m: range [m] in PyKrige's sense (95 % of the sill for the exponential).
        nugget: nugget [dB^2]: variation within a cell's distance and noise.
    """

    model: str
    psill: float
    range_m: float
    nugget: float

    @property
    def sill(self) -> float:
        """Partial sill and nugget together [dB^2]."""
        return self.psill + self.nugget

    def covariance(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of the continuous part [dB^2] at distances [m] of any shape (psill at 0)."""
        return self.psill * correlation(self.model, distance, self.range_m)


def correlation(model: str, distance: NDArray[np.float64], range_m: float) -> NDArray[np.float64]:
    """Return rho(h) at distances [m] of any shape.

    Raises:
        OptionError: if the model is none of _MODELS.
    """
    h = distance / range_m
    if model == "exponential":
        return np.asarray(np.exp(-3.0 * h))
    if model == "spherical":
        return np.where(h < 1.0, 1.0 - h * (1.5 - 0.5 * h * h), 0.0)
    raise OptionError(f"unknown variogram model {model!r}: wanted one of {', '.join(_MODELS)}")


def fit_variogram(
    xy: NDArray[np.float64],
    value: NDArray[np.float64],
    drift: NDArray[np.float64],
    *,
    models: tuple[str, ...] = DEFAULT_MODELS,
    seed: int = 0,
) -> Variogram:
    """Return the most likely variogram of all models.

    Args:
        xy: positions [m], shape (n, 2), distinct.
        value: values [dB or dBm], shape (n,).
        drift: drift functions at the positions, shape (n, p), the constant among them.
        models: the models to try.
        seed: picks the FIT_POINTS positions that are used where there are more.

    Raises:
        OptionError: if a model is unknown.
        ComputationError: if no model can be fitted.

    References:
        "Maximum likelihood estimation of models for residual covariance in spatial regression",
        Mardia & Marshall, 1984.
    """
    if value.shape[0] > FIT_POINTS:
        pick = np.random.default_rng(seed).choice(value.shape[0], FIT_POINTS, replace=False)
        xy, value, drift = xy[pick], value[pick], drift[pick]
    if value.shape[0] <= drift.shape[1] or np.ptp(value) < 1e-9:
        return Variogram(models[0], 1e-6, _extent(xy), 1e-6)
    distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    fits = [_fit_one(model, distance, value, drift) for model in models]
    score, best = min(fits, key=lambda fit: fit[0])
    if not math.isfinite(score) or score >= _PENALTY:
        raise ComputationError(f"no variogram of {', '.join(models)} fits the {value.shape[0]} readings")
    return best


def _extent(xy: NDArray[np.float64]) -> float:
    return max(float(np.hypot(*np.ptp(xy, axis=0))), 1.0)


def _fit_one(
    model: str, distance: NDArray[np.float64], value: NDArray[np.float64], drift: NDArray[np.float64]
) -> tuple[float, Variogram]:
    from scipy.optimize import minimize

    extent = float(distance.max())
    shortest = float(distance[distance > 0].min())
    bounds = [(math.log(shortest), math.log(3.0 * extent)), tuple(math.log(b) for b in _RATIO_BOUNDS)]

    def loss(theta: NDArray[np.float64]) -> float:
        return _criterion(model, distance, value, drift, math.exp(theta[0]), math.exp(theta[1]))[0]

    # the spherical model's likelihood has many local optima in the range, hence so many starts
    starts = [np.array([math.log(max(s * extent, shortest)), math.log(r)]) for s, r in _STARTS]
    start = min(starts, key=loss)
    simplex = start + np.array([[0.0, 0.0], [0.2, 0.0], [0.0, 0.8]])
    found = minimize(
        loss, start, method="Nelder-Mead", bounds=bounds,
        options={"initial_simplex": np.clip(simplex, *np.transpose(bounds)), "xatol": 0.02, "fatol": 0.01,
                 "maxfev": 60},
    )  # fmt: skip
    range_m, ratio = math.exp(found.x[0]), math.exp(found.x[1])
    score, psill = _criterion(model, distance, value, drift, range_m, ratio)
    return score, Variogram(model, psill, range_m, ratio * psill)


def _criterion(
    model: str,
    distance: NDArray[np.float64],
    value: NDArray[np.float64],
    drift: NDArray[np.float64],
    range_m: float,
    ratio: float,
) -> tuple[float, float]:
    """Return (-2 log restricted likelihood up to a constant, the profiled partial sill)."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    v = correlation(model, distance, range_m)
    v[np.diag_indices_from(v)] += ratio
    dof = value.shape[0] - drift.shape[1]
    try:
        factor = cho_factor(v, lower=True, overwrite_a=True, check_finite=False)
        solved = cho_solve(factor, np.column_stack([drift, value]), check_finite=False)
        information = drift.T @ solved[:, :-1]
        coefficient = np.linalg.solve(information, drift.T @ solved[:, -1])
    except (LinAlgError, np.linalg.LinAlgError):
        return _PENALTY, 0.0
    residual = value - drift @ coefficient
    psill = float(residual @ (solved[:, -1] - solved[:, :-1] @ coefficient)) / dof
    if not psill > 0:
        return _PENALTY, 0.0
    log_det = 2.0 * float(np.log(np.diag(factor[0])).sum()) + float(np.linalg.slogdet(information)[1])
    return dof * math.log(psill) + log_det, psill
