r"""A Gaussian process over the readings' residuals models what a predicted map cannot explain, fitted with the map.

    y_i = H_i beta + delta(s_i) + eps_i
    beta ~ N(b0, B0),  delta ~ GP(0, sum_j v_j Matern_{nu_j}(|s - s'| / l_j) + nugget^2 1[s = s']),
    eps_i ~ N(0, a_g^2 sigma_i^2)

H holds the predicted map and the nuisances (`observe.field.nuisance`). Given readings, (beta, delta) is Gaussian
and estimated jointly: the answer is Bayesian universal kriging. Where H explains the readings, delta shrinks to zero
and the answer is H beta; where H is useless, the answer is kriging of the readings.

Variances, lengths, nugget and the noise factor a_g of every group of readings (a device) maximise the (restricted)
marginal likelihood times weak log-normal priors (`openckm.observe.field.marginal`); they are then held fixed, so
intervals do not hold their uncertainty. The nugget belongs to the place: a new place has one of its own, and two
readings of one place share it.

Limits and intervals are sites (`openckm.observe.field.limits`), in the estimate of the hyperparameters, too: at a fixed
point of expectation propagation the gradient of its evidence is that with the sites held fixed, so sites and
hyperparameters are found in turn. A plain reading that lies farther from what all others say than `out_of_line`
standard deviations, and than as many of its stated noise (a field may be smoother than the noise says), counts with
the noise that its gap makes likely, the estimate is made anew, and the reading is reported: a heavy tail without a
parameter.

Sizes: with more readings than `max_readings`, neighbours are joined into one reading at their precision-weighted mean
place, value and row of H, with the precision of all; this is exact for readings at one place and loses detail only
below the size of the joining cells, which is reported. Where readings lie on one grid the mean is that of all of them
(`openckm.observe.field.beyond`); spread and draws are of the joined ones. Leave-out formulas still answer for every
single reading.

References:
    Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Section 2.7, Eqs 2.42, 5.10-5.12.
    Bayesian calibration of computer models. M. C. Kennedy, A. O'Hagan, 2001.
    Pathwise conditioning of Gaussian processes. J. T. Wilson et al., 2021.
    Expectation propagation for exponential families. M. Seeger, 2005 (the gradient of the evidence).
    Fast calculation of Gaussian process multiple-fold cross-validation residuals and their covariances.
    D. Ginsbourger, C. Schärer, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import InputError, OptionError
from openckm.observe.field.conditional import Belief as Belief
from openckm.observe.field.conditional import DiscrepancyFit as DiscrepancyFit
from openckm.observe.field.conditional import DiscrepancyReport as DiscrepancyReport
from openckm.observe.field.limits import limit_sites
from openckm.observe.field.marginal import Hyper as Hyper
from openckm.observe.field.marginal import MaternPrior as MaternPrior
from openckm.observe.field.marginal import NoisePrior as NoisePrior
from openckm.observe.field.marginal import NuggetPrior as NuggetPrior
from openckm.observe.field.marginal import estimate_hyper
from openckm.observe.field.matern import Matern as Matern
from openckm.observe.field.readings import FieldReadings, checked_readings

Array = NDArray[np.float64]

_EP_READINGS = 1500
"""Readings beyond which the sites of limits are found with neighbours joined."""
PLAIN = 8
"""Plain readings from which a first estimate of the hyperparameters is made without the limits."""
_OUTLIER_ROUNDS = 2
_OUTLIER_SHARE = 0.1
"""Share of the plain readings that may be out of line: beyond it the model is wrong, not the readings."""


@dataclass(frozen=True)
class DiscrepancyOptions:
    """How the discrepancy is fitted.

    Attributes:
        components: prior of each Matérn term; one or two (a short and a long one).
        nugget: prior of the nugget; None fixes it at 0.
        starts: starting points of the hyperparameter search.
        hyper_readings: largest number of readings the hyperparameters are estimated from (a seeded subset).
        noise: prior of the true noise over the stated one, for each group of readings; None takes the stated one.
        out_of_line: gap to what all other readings say [standard deviations] beyond which a plain reading counts with
            less weight; infinite for never.
        max_readings: readings conditioned on without joining neighbours; memory and time grow as its square and cube.
        features: frequencies of a prior draw, per component.
        seed: the seed of the subsets.
    """

    components: tuple[MaternPrior, ...] = (MaternPrior(),)
    nugget: NuggetPrior | None = field(default_factory=NuggetPrior)
    noise: NoisePrior | None = None
    out_of_line: float = float("inf")
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


def fit_discrepancy(
    xy: ArrayLike, y: ArrayLike, sigma: float | ArrayLike, design: ArrayLike, prior_mean: ArrayLike,
    prior_std: ArrayLike, options: DiscrepancyOptions | None = None, *, names: Sequence[str] | None = None,
    low: ArrayLike | None = None, high: ArrayLike | None = None, group: ArrayLike | None = None,
) -> DiscrepancyFit:  # fmt: skip
    """Estimate the hyperparameters from the readings and return the posterior of map, nuisances and discrepancy.

    Args:
        xy: positions of the readings [m], shape (n, 2).
        y: readings [one unit, e.g. dBm], shape (n,); for a limit any value near it.
        sigma: standard deviation of each reading's noise [unit of y], positive, scalar or shape (n,).
        design: rows H_i, shape (n, p).
        prior_mean: b0, shape (p,).
        prior_std: sqrt(diag(B0)), shape (p,); inf for no prior, 0 for a known coefficient.
        options: how to fit.
        names: what each coefficient is, length p, for the report.
        low: lower end of each reading [unit of y], -inf for an upper limit, equal to `high` for a plain reading, shape
            (n,); None where all are plain.
        high: upper end, inf for a lower limit, shape (n,).
        group: the group of each reading, whose readings have one noise factor, numbered from 0, shape (n,).

    Raises:
        InputError: if shapes disagree, a value is not finite, sigma is not positive, or the readings do not identify
            a coefficient that has no prior.
        ComputationError: if the likelihood is not finite anywhere.

    References:
        Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Section 2.7.
    """
    chosen = options or DiscrepancyOptions()
    return fit_checked(checked_readings(xy, y, sigma, design, prior_mean, prior_std, low, high, group), chosen, names)


def fit_checked(
    data: FieldReadings, options: DiscrepancyOptions, names: Sequence[str] | None = None, hyper: Hyper | None = None
) -> DiscrepancyFit:
    """Return the posterior for readings that were checked; known hyperparameters are taken as they are.

    Args:
        data: the readings.
        options: how to fit.
        names: what each coefficient is, length p.
        hyper: hyperparameters, if they are known.

    Raises:
        InputError: if the readings do not identify a coefficient that has no prior.
        ComputationError: if the likelihood is not finite anywhere.
    """
    if not len(data.y):
        raise InputError("there are no readings to fit anything to; give at least 1")
    chosen, called, known = options, _names(names, data), hyper is not None
    hyper = hyper or _first_estimate(data, chosen, called)
    fit = _built(_sited(data, hyper, chosen, called), hyper, chosen, called)
    for _ in range(_OUTLIER_ROUNDS if np.isfinite(chosen.out_of_line) else 0):
        marked = _out_of_line(fit, chosen.out_of_line)
        if marked is None:
            break
        hyper = hyper if known else _estimate(marked, chosen, hyper)
        fit = _built(marked, hyper, chosen, called)
    return fit


def condition(
    xy: ArrayLike, y: ArrayLike, sigma: float | ArrayLike, design: ArrayLike, prior_mean: ArrayLike,
    prior_std: ArrayLike, hyper: Hyper, options: DiscrepancyOptions | None = None, *,
    names: Sequence[str] | None = None, low: ArrayLike | None = None, high: ArrayLike | None = None,
    group: ArrayLike | None = None,
) -> DiscrepancyFit:  # fmt: skip
    """Return the posterior for known hyperparameters; arguments and errors as for `fit_discrepancy`."""
    chosen = options or DiscrepancyOptions()
    data = checked_readings(xy, y, sigma, design, prior_mean, prior_std, low, high, group)
    called = _names(names, data)
    return _built(_sited(data, hyper, chosen, called), hyper, chosen, called)


def refit(
    fit: DiscrepancyFit, design: Array, *, keep: NDArray[np.bool_] | None = None, prior_mean: Array | None = None,
    prior_std: Array | None = None,
) -> DiscrepancyFit:  # fmt: skip
    """Return the posterior of the same readings, or some of them, under another design; sites and noise stay.

    Args:
        fit: the fit of the readings.
        design: rows of H of all of them, shape (n, p).
        keep: True for the readings to keep, shape (n,); None for all.
        prior_mean: b0, shape (p,); None for that of `fit`.
        prior_std: shape (p,); None for that of `fit`.
    """
    own = fit.readings
    moved = replace(
        own, design=design, prior_mean=own.prior_mean if prior_mean is None else prior_mean,
        prior_std=own.prior_std if prior_std is None else prior_std,
    )  # fmt: skip
    kept = moved if keep is None else moved.subset(keep)
    whole = fit if keep is None else None  # of all readings the covariance is known
    return DiscrepancyFit(kept, fit.hyper, fit.names, max_readings=fit.max_readings, like=whole)


def _built(data: FieldReadings, hyper: Hyper, options: DiscrepancyOptions, names: Sequence[str]) -> DiscrepancyFit:
    return DiscrepancyFit(data, hyper, names, max_readings=options.max_readings, features=options.features)


def _estimate(data: FieldReadings, options: DiscrepancyOptions, begin: Hyper | None = None) -> Hyper:
    return estimate_hyper(
        data.sample(), priors=options.components, nugget=options.nugget, noise=options.noise, groups=data.groups,
        starts=options.starts, points=options.hyper_readings, seed=options.seed, begin=begin,
    )  # fmt: skip


def _first_estimate(data: FieldReadings, options: DiscrepancyOptions, names: Sequence[str]) -> Hyper:
    """Hyperparameters of all readings: of the plain ones alone first, then with the sites of the limits, in turn."""
    data = data.points()
    limited = data.limited
    if not len(data.y):
        return _centre(options, 1)
    if not limited.any():
        return _estimate(data, options)
    plain = data.subset(~limited).points()
    hyper = _centre(options, data.groups)
    if len(plain.y) >= max(PLAIN, int(data.flat.sum()) + 2):
        hyper = _estimate(plain, options)
    order = np.random.default_rng(options.seed).permutation(len(data.y))[: options.hyper_readings]
    some = data.subset(np.sort(order))
    for _ in range(2):
        hyper = _estimate(_sited(some, hyper, options, names), options, hyper)
    return hyper


def _centre(options: DiscrepancyOptions, groups: int) -> Hyper:
    """Hyperparameters at the middle of their priors."""
    parts = tuple(Matern(p.nu, p.length_m, p.std) for p in options.components)
    nugget = 0.0 if options.nugget is None else options.nugget.std
    return Hyper(parts, nugget, () if options.noise is None else (1.0,) * groups)


def _sited(data: FieldReadings, hyper: Hyper, options: DiscrepancyOptions, names: Sequence[str]) -> FieldReadings:
    """Return the readings with every limit replaced by its site."""
    index = np.flatnonzero(data.limited)
    if not len(index):
        return data
    stated = np.sqrt(hyper.noise(data.sigma, data.group))
    vague = 1e4 * (hyper.variance + hyper.nugget_std**2)
    noise = np.where(data.limited, vague, data.noise(hyper))
    fewer = replace(options, max_readings=min(options.max_readings, _EP_READINGS))

    def solve(value: Array, variance: Array) -> tuple[Array, Array]:
        moved = replace(data, y=value, fixed=np.where(data.limited, variance, data.fixed))
        found = _built(moved, hyper, fewer, names)
        return found.influence, found.precision

    value, variance = limit_sites(solve, data.y, noise, data.low[index], data.high[index], stated[index], index)
    return replace(data, y=value, fixed=np.where(data.limited, variance, data.fixed))


def _out_of_line(fit: DiscrepancyFit, limit: float) -> FieldReadings | None:
    """Return the readings, those out of line with the noise that their gap makes likely; None if there are none."""
    data, held = fit.readings, fit.loo()
    gap = data.y - held.mean
    worst = np.abs(gap) / np.maximum(held.std, data.sigma)  # what the stated noise explains is no contradiction
    found = (worst > limit) & ~data.limited
    if not found.any() or found.sum() > max(1.0, _OUTLIER_SHARE * float((~data.limited).sum())):
        return None
    # of one gap g, the likeliest noise makes it one standard deviation: noise = g^2 - (what the others leave open)
    likely = gap**2 - (held.std**2 - data.noise(fit.hyper))
    return replace(data, fixed=np.where(found, np.maximum(likely, data.noise(fit.hyper)), data.fixed))


def _names(names: Sequence[str] | None, data: FieldReadings) -> Sequence[str]:
    p = len(data.prior_mean)
    if names is not None and len(names) != p:
        raise InputError(f"{len(names)} names for {p} coefficients")
    return names if names is not None else [str(j) for j in range(p)]
