r"""A likelihood p(y | x) says how probable the readings are on a given map.

    Gaussian            y = A(x) + n                 log p = sum_i log N(y_i; A_i(x), sigma_i^2)
    interval-censored   low <= A(x) + n <= high      log p = sum_i log[Phi(b_i) - Phi(a_i)],
                                                     a_i = (low_i - A_i(x)) / sigma_i, b_i = (high_i - A_i(x)) / sigma_i

with n ~ N(0, sigma^2). The second is what clipped, quantised and "not heard" readings say (noise before the device);
an end may be infinite, and low = high is an exact reading with its Gaussian density (the Tobit model). Sums run over
the support of A and over one sample: samples of a batch never mix.

References:
    Estimation of relationships for limited dependent variables. J. Tobin, 1958.
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model.
    S. Xiao, Y. Zeng, H. Rong, Y. Tang, 2026, Eq. 1.
"""

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import GridError, InputError, OptionError, UnitError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.quantity import quantity
from openckm.observe.nonlinear import Elementwise
from openckm.observe.operators import Domain, Operator, from_points

_FAR = -1e4
_NARROW = 1e-3
_LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)


class Likelihood(ABC):
    """p(y | x) for given readings y.

    Attributes:
        domain: what x is.
    """

    domain: Domain

    @abstractmethod
    def log_prob(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, " batch"]:
        """Return log p(y | x) of each sample [nat]."""

    @abstractmethod
    def residual(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, "batch readings"]:
        """Return how far A(x) is from the readings [unit of the range], flattened, 0 where nothing was read."""


class Gaussian(Likelihood):
    """Readings with additive Gaussian noise.

    Args:
        operator: A.
        y: readings, [1 or B, *range].
        sigma: standard deviation [unit of the range], a number or broadcastable to y.

    Raises:
        GridError: if y does not have the shape of the range.
        OptionError: if sigma is not positive and finite.
    """

    def __init__(self, operator: Operator, y: Float[Tensor, "batch *reading"], sigma: float | Tensor) -> None:
        operator.range.check(y, "Gaussian(y)")
        self.operator, self.domain, self.y = operator, operator.domain, y
        self.sigma = _positive(sigma, y)

    def log_prob(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, " batch"]:
        """Return the sum of log N(y; A(x), sigma^2) over the support, for each sample."""
        clean = self.operator(x)
        score = -0.5 * ((self.y.to(clean) - clean) / self.sigma.to(clean)) ** 2  # ln N(y; A(x), sigma^2), its exponent
        density = score - torch.log(self.sigma.to(clean)) - _LOG_ROOT_2PI  # and with its norm
        return _sum_on_support(density, self.operator)

    def residual(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, "batch readings"]:
        """Return y - A(x) on the support, 0 elsewhere."""
        clean = self.operator(x)
        return _on_support(self.y.to(clean) - clean, self.operator).flatten(1)


class IntervalCensored(Likelihood):
    """Readings of which an interval is known: quantised, clipped, below sensitivity.

    As sigma goes to 0, log p goes to 0 for A(x) inside the interval and to -distance^2 / (2 sigma^2) outside. For a
    positive sigma it is finite, with a finite gradient, in both tails.

    Args:
        operator: A (linear or acting on values; what lies before the clipping or quantising device).
        low: lower ends [unit of the range], [1 or B, *range], -inf for none.
        high: upper ends [unit of the range], +inf for none; equal to `low` for an exact reading.
        sigma: standard deviation of the noise before the device [unit of the range].

    Raises:
        GridError: if low or high does not have the shape of the range.
        InputError: if an end is NaN or low > high, or low = high is infinite.
        OptionError: if sigma is not positive and finite.
    """

    def __init__(
        self, operator: Operator, low: Float[Tensor, "batch *reading"], high: Float[Tensor, "batch *reading"],
        sigma: float | Tensor,
    ) -> None:  # fmt: skip
        operator.range.check(low, "IntervalCensored(low)")
        operator.range.check(high, "IntervalCensored(high)")
        if not bool(((low < high) | ((low == high) & torch.isfinite(low))).all()):
            raise InputError("an interval has a NaN end, low above high, or no finite end: wanted low <= high")
        self.operator, self.domain, self.low, self.high = operator, operator.domain, low, high
        self.sigma = _positive(sigma, low)

    @classmethod
    def of_device(
        cls, device: Elementwise, before: Operator, y: Float[Tensor, "batch *reading"], sigma: float | Tensor
    ) -> "IntervalCensored":
        """Return the likelihood of readings y = device(before(x) + n), e.g. of a quantiser behind a mask.

        Args:
            device: truncation or quantisation.
            before: what comes before it.
            y: readings, as the device gives them.
            sigma: standard deviation of n [unit of the device's domain].

        Raises:
            UnitError: if the scales of `before` and `device` differ.
            GridError: if their channels or cells differ, or y does not fit.
        """
        device.range.check(y, "IntervalCensored.of_device(y)")
        if before.range.scale != device.domain.scale:
            raise UnitError(f"the device takes {device.domain.scale!r} values, not {before.range.scale!r}")
        low, high = device.bounds(y)
        return cls(before, low, high, sigma)

    def log_prob(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, " batch"]:
        """Return the sum of log probabilities of the intervals over the support, for each sample."""
        clean = self.operator(x)
        value = log_interval_probability(clean, self.low, self.high, self.sigma)
        return _sum_on_support(value, self.operator).to(clean.dtype)

    def residual(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, "batch readings"]:
        """Return the signed distance from A(x) to the interval, 0 inside and off the support."""
        clean = self.operator(x)
        nearest = torch.minimum(torch.maximum(clean, self.low.to(clean)), self.high.to(clean))
        return _on_support(nearest - clean, self.operator).flatten(1)


class Product(Likelihood):
    """Independent readings of one map: log probabilities add, residuals are joined.

    Raises:
        InputError: if there is none, or the domains differ.
    """

    def __init__(self, *parts: Likelihood) -> None:
        if not parts or any(part.domain != parts[0].domain for part in parts):
            raise InputError(f"a product wants one or more likelihoods of one domain, got {[p.domain for p in parts]}")
        self.parts, self.domain = parts, parts[0].domain

    def log_prob(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, " batch"]:
        """Return the sum of the parts' log probabilities."""
        return torch.stack([part.log_prob(x) for part in self.parts]).sum(dim=0)

    def residual(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, "batch readings"]:
        """Return the parts' residuals side by side."""
        return torch.cat([part.residual(x) for part in self.parts], dim=1)


def log_interval_probability(mean: Tensor, low: Tensor, high: Tensor, sigma: Tensor) -> Tensor:
    """Return log[Phi((high - mean) / sigma) - Phi((low - mean) / sigma)], or the log density where low = high.

    Computed in double precision: in the upper tail the interval is reflected to the lower one, log_ndtr is continued
    by its asymptote, and intervals narrower than sigma / 1000 use the density times the width.

    Args:
        mean: any shape [unit].
        low: lower ends, -inf allowed, broadcastable to mean.
        high: upper ends, inf allowed.
        sigma: positive standard deviation.

    Returns:
        Double precision, the broadcast shape [nat]; the density's unit is 1 / [unit] where low = high.
    """
    mu, scale = mean.double(), sigma.to(mean.device).double()
    a, b = ((end.to(mu) - mu) / scale for end in (low, high))  # a_i and b_i, in standard deviations
    exact = (low == high).to(mu.device).expand_as(a)
    width = (high.to(mu) - low.to(mu)) / scale
    narrow = width.expand_as(a) < _NARROW
    flip = a + b > 0
    lower, upper = torch.where(flip, -b, a), torch.where(flip, -a, b)
    zero = torch.zeros_like(a)
    wide = _log_difference(torch.where(narrow, zero - 1.0, lower), torch.where(narrow, zero, upper))
    middle = torch.where(narrow, 0.5 * (lower + upper), zero)
    span = torch.where(narrow & ~exact, width.expand_as(a), torch.ones_like(a))
    thin = -0.5 * middle**2 - _LOG_ROOT_2PI + torch.log(span) + _log_sinhc(0.5 * middle * span)
    density = -0.5 * middle**2 - _LOG_ROOT_2PI - torch.log(scale)
    return torch.where(exact, density, torch.where(narrow, thin, wide))


def points_likelihood(
    points: Points, grid: Grid, *, offset: float = 0.0, channels: tuple[str, ...] | None = None
) -> Likelihood:
    """Return the likelihood of readings at points, on maps in latent scale.

    Exact readings are Gaussian; readings below, above or within an interval are interval-censored.

    Args:
        points: readings in the unit of their quantity; dBm needs the offset.
        grid: the map's cells, in the points' CRS.
        offset: what is subtracted from every reading first [unit of the reading]: transmit power in dBm for dBm.
        channels: channels of the map; all of `openckm.maps.CHANNELS` if None.

    Raises:
        OutsideGrid: if a point lies outside the grid.
        InputError: if there are no points, or the quantity is not among the channels.
    """
    if not len(points):
        raise InputError("there are no readings to make a likelihood of")
    exact = points.kind == "exact"
    parts: list[Likelihood] = []
    if exact.any():
        some = points.subset(exact)
        parts.append(Gaussian(from_points(some, grid, channels=channels), _latent(some.value, some, offset),
                              _latent_sigma(some)))  # fmt: skip
    if not exact.all():
        some = points.subset(~exact)
        low, high = _ends(some)
        parts.append(IntervalCensored(from_points(some, grid, channels=channels), _latent(low, some, offset),
                                      _latent(high, some, offset), _latent_sigma(some)))  # fmt: skip
    return parts[0] if len(parts) == 1 else Product(*parts)


def _ends(points: Points) -> tuple[np.ndarray, np.ndarray]:
    low = np.select([points.kind == "below", points.kind == "above"], [-np.inf, points.value], points.low)
    high = np.select([points.kind == "below", points.kind == "above"], [points.value, np.inf], points.high)
    return low, high


def _latent(value: np.ndarray, points: Points, offset: float) -> Tensor:
    code = quantity(points.quantity).encode(value - offset)
    return torch.as_tensor(code)[None, None]


def _latent_sigma(points: Points) -> Tensor:
    return torch.as_tensor((points.sigma / quantity(points.quantity).scale).astype(np.float32))[None, None]


def _positive(sigma: float | Tensor, like: Tensor) -> Tensor:
    spread = torch.as_tensor(sigma, dtype=like.dtype, device=like.device)
    if not bool((torch.isfinite(spread) & (spread > 0)).all()):
        raise OptionError(f"noise sigma {sigma!r}: wanted positive finite numbers")
    try:
        spread.expand_as(like)
    except RuntimeError as error:
        raise GridError(f"sigma of shape {tuple(spread.shape)} does not fit readings {tuple(like.shape)}") from error
    return spread


def _on_support(value: Tensor, operator: Operator) -> Tensor:
    return torch.where(operator.support(value.device), value, torch.zeros_like(value))


def _sum_on_support(value: Tensor, operator: Operator) -> Tensor:
    return _on_support(value, operator).flatten(1).sum(dim=1)


def _log_ndtr(z: Tensor) -> Tensor:
    """log Phi(z), with its asymptote far below, where torch's gradient loses all digits."""
    far = z < _FAR
    near = torch.special.log_ndtr(torch.where(far, torch.zeros_like(z), z))
    deep = torch.where(far, z, torch.full_like(z, _FAR))
    return torch.where(far, -0.5 * deep**2 - torch.log(-deep) - _LOG_ROOT_2PI, near)


def _log_difference(lower: Tensor, upper: Tensor) -> Tensor:
    """log[Phi(upper) - Phi(lower)] for lower < upper and lower + upper <= 0; ends may be infinite."""
    open_below = torch.isneginf(lower)
    whole = open_below & torch.isposinf(upper)
    top = _log_ndtr(torch.where(whole, torch.zeros_like(upper), upper))
    bottom = _log_ndtr(torch.where(open_below, upper.detach().clamp(max=0.0) - 1.0, lower))
    gap = torch.where(open_below, torch.full_like(top, -1.0), bottom - top)
    closed = top + torch.log(-torch.expm1(gap))
    return torch.where(whole, torch.zeros_like(top), torch.where(open_below, top, closed))


def _log_sinhc(t: Tensor) -> Tensor:
    """log(sinh(t) / t), even and smooth."""
    size = t.abs()
    small = size < 1e-3
    safe = torch.where(small, torch.ones_like(size), size)
    large = safe + torch.log(-torch.expm1(-2.0 * safe)) - torch.log(2.0 * safe)
    return torch.where(small, t**2 / 6.0, large)
