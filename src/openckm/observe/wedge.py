r"""An angular sector "it came from between low and high" changes a Gaussian belief about the direction vector.

A direction is held as a vector x = (cos, sin) times a length. A sector reading says that the vector with noise
n ~ N(0, s^2 I) on it lies in the wedge {p : low <= atan2(p_2, p_1) <= high} with its apex at the origin. For a belief
x ~ N(m, C), p = x + n ~ N(m, P), P = C + s^2 I = L L', and q = L^-1 p ~ N(mu, I) lies in another wedge. Along the unit
vector u at angle t of that wedge the radial integrals are known (the projected normal law), with tau = u' mu:

    int_0^inf r^(k+1) phi(r - tau) dr = I_k(tau):  I_0 = phi + tau Phi,  I_1 = tau phi + (1 + tau^2) Phi,  (1)
                                                   I_2 = (2 + tau^2) phi + (3 tau + tau^3) Phi

so that mass, mean and covariance of q are integrals over the angle alone; they are taken by Gauss-Legendre quadrature
over the part of the wedge that holds mass, graded towards its nearer edge. For tau << 0 the scaled integrals
I_k / phi are used, by erfcx and then by their asymptotic series: no tail loses its digits. The moments of x follow by
regression of x on p.

References:
    Statistics on Spheres. G. S. Watson, 1983 (the projected normal law).
    Directional Statistics. K. V. Mardia, P. E. Jupp, 2000, Section 3.5.6.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import GridError, InputError, OptionError
from openckm.observe.likelihood import Likelihood
from openckm.observe.nonlinear import QuantizeDirection
from openckm.observe.operators import Operator
from openckm.observe.sites import legendre

_WINDOW = 80.0
"""Twice the fall of the log density beyond which the wedge counts as empty."""
_DEEP = -30.0
_ROOT_HALF_PI = math.sqrt(0.5 * math.pi)
_NODES = 28
"""Points of the quadrature on each of at most three pieces of the wedge."""


class Vector(NamedTuple):
    """A Gaussian belief about a vector: mean (east, north) and covariance (ee, en, nn), six tensors of one shape."""

    east: Tensor
    north: Tensor
    ee: Tensor
    en: Tensor
    nn: Tensor


class WedgeMoments(NamedTuple):
    """Log of the mass Z in the wedge, and the belief within it."""

    log_mass: Tensor
    vector: Vector


def wedge_moments(
    belief: Vector, low: Tensor, high: Tensor, noise_var: Tensor | float = 0.0, nodes: int = _NODES
) -> WedgeMoments:
    """Return log P(x + n in the wedge) and the moments of x given that, in double precision.

    Args:
        belief: N(m, C) about x, each entry of any one shape; C positive definite.
        low: angle at which the wedge begins [rad].
        high: angle at which it ends, counter-clockwise, low < high <= low + 2 pi.
        noise_var: variance of each component of n.
        nodes: points of the quadrature per piece.
    """
    shape = (sum(belief, low)).shape
    m = Vector(*(t.double().expand(shape).flatten() for t in belief))
    noise = torch.as_tensor(noise_var, dtype=torch.float64, device=m.east.device).expand(shape).flatten()
    begin, end = (e.double().to(m.east.device).expand(shape).flatten() for e in (low, high))
    chol = _cholesky(m.ee + noise, m.en, m.nn + noise)
    cut = _standard(_solve(chol, m.east, m.north), _bent(chol, begin), _bent(chol, end), end - begin, nodes)
    log_mass, vector = _regress(m, noise, chol, cut)
    return WedgeMoments(log_mass.view(shape), Vector(*(t.view(shape) for t in vector)))


def _cholesky(ee: Tensor, en: Tensor, nn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    first = ee.sqrt()
    cross = en / first
    return first, cross, (nn - cross**2).clamp(min=1e-12 * nn).sqrt()


def _solve(chol: tuple[Tensor, Tensor, Tensor], east: Tensor, north: Tensor) -> tuple[Tensor, Tensor]:
    first = east / chol[0]
    return first, (north - chol[1] * first) / chol[2]


def _bent(chol: tuple[Tensor, Tensor, Tensor], angle: Tensor) -> Tensor:
    """The angle that a direction has after whitening."""
    east, north = _solve(chol, torch.cos(angle), torch.sin(angle))
    return torch.atan2(north, east)


class _Cut(NamedTuple):
    """Log mass, shift of the mean and covariance of a standard normal vector (around mu) within the wedge."""

    log_mass: Tensor
    shift: tuple[Tensor, Tensor]
    cov: tuple[Tensor, Tensor, Tensor]


def _standard(mu: tuple[Tensor, Tensor], low: Tensor, high: Tensor, given: Tensor, nodes: int) -> _Cut:
    mu = torch.where((mu[0] == 0) & (mu[1] == 0), 1e-12, mu[0]), mu[1]  # no direction, and no gradient, at the apex
    length, towards = torch.hypot(*mu), torch.atan2(mu[1], mu[0])
    width = torch.remainder(high - low, 2.0 * math.pi)
    width = torch.where(given < math.pi, torch.where(width > 1.5 * math.pi, 1e-12, width.clamp(min=1e-12)), width)
    width = torch.where(given > 2.0 * math.pi - 1e-9, 2.0 * math.pi, width)
    begin = torch.remainder(low - towards + math.pi, 2.0 * math.pi) - math.pi  # relative to mu, in [-pi, pi)
    pieces = [_piece(begin, width, length, number) for number in (-1, 0, 1, 2)]
    near, extent = (torch.stack(p) for p in zip(*pieces, strict=True))
    logs, radii, vars_, angles = _at_nodes(near, extent, length, nodes)
    top = logs.max(0).values
    weight = torch.exp(logs - top)
    total = weight.sum(0)
    weight = weight / total
    unit = torch.cos(angles + towards), torch.sin(angles + towards)
    # q - mu = (radius u - mu): along and across mu it is radius cos(angle) - length, radius sin(angle)
    along, across = radii * torch.cos(angles) - length, radii * torch.sin(angles)
    mean = (weight * along).sum(0), (weight * across).sum(0)
    c, s = torch.cos(towards), torch.sin(towards)
    shift = c * mean[0] - s * mean[1], s * mean[0] + c * mean[1]
    gap = along - mean[0], across - mean[1]
    spread = c * gap[0] - s * gap[1], s * gap[0] + c * gap[1]
    pairs = ((0, 0), (0, 1), (1, 1))
    cov = [(weight * (spread[i] * spread[j] + vars_ * unit[i] * unit[j])).sum(0) for i, j in pairs]
    return _Cut(top + torch.log(total), shift, (cov[0], cov[1], cov[2]))


def _piece(begin: Tensor, width: Tensor, length: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Near end and signed extent of the part of the wedge in [number pi, (number + 1) pi], where it holds mass."""
    left = begin.clamp(min=number * math.pi)
    right = (begin + width).clamp(max=(number + 1) * math.pi)
    size = (right - left).clamp(min=0.0)
    rising = number % 2 == 1  # away from mu on the left: the near end is the right one
    near = right if rising else left
    away = torch.abs(torch.remainder(near.detach() + math.pi, 2.0 * math.pi) - math.pi)
    sine2 = torch.sin(away) ** 2 + _WINDOW / length.detach().clamp(min=1e-6) ** 2
    reach = torch.asin(sine2.clamp(max=1.0).sqrt()) - away
    open_end = (sine2 >= 1.0) | (away >= 0.5 * math.pi)
    size = torch.where(open_end, size, torch.minimum(size, reach.clamp(min=1e-12)))
    return near, -size if rising else size


def _at_nodes(near: Tensor, extent: Tensor, length: Tensor, nodes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Log weight, mean radius, its variance and angle (relative to mu) at the nodes of pieces [4, n]: [4 nodes, n].

    Empty pieces, most of them, are passed over.
    """
    full = extent != 0
    u, w = (torch.tensor(t, dtype=torch.float64, device=near.device)[:, None] for t in legendre(nodes))
    size = extent[full]
    angle = near[full] + size * u**3  # graded towards the near end
    long = length.expand_as(full)[full]
    tau, miss = long * torch.cos(angle), long * torch.sin(angle)
    log_mass, radius, var = _projected(tau)
    log_weight = log_mass - 0.5 * (miss**2 + tau.clamp(max=0.0) ** 2) + torch.log(3.0 * w * u**2 * size.abs())
    out = []
    for value, fill in ((log_weight - math.log(2.0 * math.pi), -math.inf), (radius, 0.0), (var, 0.0), (angle, 0.0)):
        whole = torch.full((nodes, *full.shape), fill, dtype=value.dtype, device=value.device)
        whole[:, full] = value
        out.append(whole.flatten(0, 1))
    return out[0], out[1], out[2], out[3]


def _projected(tau: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return log J_0, J_1 / J_0 and the variance of the radius; J_0 is scaled by exp(tau^2 / 2) for tau < 0."""
    deep, back = tau < _DEEP, tau < 0
    depth = torch.where(back & ~deep, -tau, torch.zeros_like(tau))
    mills = _ROOT_HALF_PI * torch.special.erfcx(depth / math.sqrt(2.0))
    near = (1.0 - depth * mills, -depth + (1.0 + depth**2) * mills, 2.0 + depth**2 - (3.0 * depth + depth**3) * mills)
    far = tuple(_series(torch.where(deep, -tau, torch.full_like(tau, -_DEEP)), k) for k in (1, 2, 3))
    front = torch.where(back, torch.zeros_like(tau), tau)
    bell = torch.exp(-0.5 * front**2)
    area = 2.0 * _ROOT_HALF_PI * torch.special.ndtr(front)
    ahead = (
        bell + front * area,  # (1): I_0
        front * bell + (1 + front**2) * area,  # (1): I_1
        (2 + front**2) * bell + (3 + front**2) * front * area,  # (1): I_2
    )
    zero, one, two = (torch.where(deep, f, torch.where(back, n, a)) for f, n, a in zip(far, near, ahead, strict=True))
    radius = one / zero
    var = two / zero - radius**2
    return torch.log(zero), radius, torch.where(tau > -_DEEP, 1.0 - 1.0 / tau.clamp(min=1.0) ** 2, var.clamp(min=0.0))


def _series(depth: Tensor, power: int) -> Tensor:
    """int_0^inf r^power exp(-r depth - r^2 / 2) dr for a large depth, to four terms."""
    total = torch.zeros_like(depth)
    for k, factor in enumerate((1.0, -0.5, 0.125, -1.0 / 48.0)):
        total = total + factor * math.factorial(power + 2 * k) / depth ** (power + 2 * k + 1)
    return total


def _regress(m: Vector, noise: Tensor, chol: tuple[Tensor, Tensor, Tensor], cut: _Cut) -> tuple[Tensor, Vector]:
    """Moments of x from those of q: x = m + C L'^-1 (q - mu) + rest, the rest of covariance C - C P^-1 C."""
    first, cross, last = chol
    # rows of G = C L'^-1
    g11 = m.ee / first
    g12 = (m.en - cross * g11) / last
    g21 = m.en / first
    g22 = (m.nn - cross * g21) / last
    east = m.east + g11 * cut.shift[0] + g12 * cut.shift[1]
    north = m.north + g21 * cut.shift[0] + g22 * cut.shift[1]
    a, b, d = cut.cov[0] - 1.0, cut.cov[1], cut.cov[2] - 1.0
    quiet = noise <= 0

    def entry(c: Tensor, g: tuple[Tensor, Tensor], h: tuple[Tensor, Tensor]) -> Tensor:
        inner = g[0] * (cut.cov[0] * h[0] + b * h[1]) + g[1] * (b * h[0] + cut.cov[2] * h[1])
        return torch.where(quiet, inner, c + g[0] * (a * h[0] + b * h[1]) + g[1] * (b * h[0] + d * h[1]))

    one, two = (g11, g12), (g21, g22)
    return cut.log_mass, Vector(east, north, entry(m.ee, one, one), entry(m.en, one, two), entry(m.nn, two, two))


class AngularSector(Likelihood):
    """Readings of a sector of angles: the direction vector A(x), with noise on it, lies in the wedge [low, high].

    Args:
        operator: A, whose range has two channels, east and north component.
        low: angle at which the sector begins [rad], [1 or B, *cells].
        high: angle at which it ends, counter-clockwise [rad], low < high <= low + 2 pi.
        sigma: standard deviation of the noise on each component before the device [unit of the range].

    Raises:
        GridError: if low or high does not have the cells of the range.
        InputError: if the range has not two channels, or an angle is not finite, or the order is wrong.
        OptionError: if sigma is not positive and finite.
    """

    def __init__(self, operator: Operator, low: Tensor, high: Tensor, sigma: float) -> None:
        if len(operator.range.channels) != 2:
            raise InputError(f"a sector is read off two channels, not off {operator.range.channels}")
        if tuple(low.shape[1:]) != operator.range.shape or low.shape != high.shape:
            raise GridError(f"sectors {tuple(low.shape)}, {tuple(high.shape)} on cells {operator.range.shape}")
        width = high - low
        if not bool((torch.isfinite(width) & (width > 0) & (width <= 2.0 * math.pi + 1e-6)).all()):
            raise InputError("a sector wants finite angles with low < high <= low + 2 pi")
        if not (math.isfinite(sigma) and sigma > 0):
            raise OptionError(f"noise sigma {sigma!r}: wanted a positive finite number")
        self.operator, self.domain, self.sigma = operator, operator.domain, float(sigma)
        self.low, self.high = low, high

    @classmethod
    def of_device(
        cls, device: QuantizeDirection, before: Operator, y: Float[Tensor, "batch 2 *cells"], sigma: float
    ) -> AngularSector:
        """Return the likelihood of readings y = device(before(x) + n), as the device gives them."""
        device.range.check(y, "AngularSector.of_device(y)")
        return cls(before, *device.sector_bounds(y), sigma)

    def log_prob(self, x: Float[Tensor, batch * state]) -> Float[Tensor, " batch"]:
        """Return the sum of log probabilities of the sectors over the support, for each sample."""
        vector = self.operator(x).double()
        tiny = torch.full_like(vector[:, 0], self.sigma**2)
        belief = Vector(vector[:, 0], vector[:, 1], tiny, torch.zeros_like(tiny), tiny)
        value = wedge_moments(belief, self.low, self.high).log_mass
        seen = self.support(vector.device)
        return torch.where(seen, value, torch.zeros_like(value)).flatten(1).sum(1).to(x.dtype)

    def residual(self, x: Float[Tensor, batch * state]) -> Float[Tensor, "batch readings"]:
        """Return the shortest vector from A(x) to the wedge, 0 inside and off the support."""
        vector = self.operator(x)
        middle, half = (0.5 * (self.low + self.high)).to(vector), (0.5 * (self.high - self.low)).to(vector)
        angle = torch.atan2(vector[:, 1], vector[:, 0]) - middle
        angle = torch.remainder(angle + math.pi, 2.0 * math.pi) - math.pi
        edge = middle + torch.where(angle >= 0, half, -half)
        along = (vector[:, 0] * torch.cos(edge) + vector[:, 1] * torch.sin(edge)).clamp(min=0.0)
        nearest = torch.stack([along * torch.cos(edge), along * torch.sin(edge)], dim=1)
        gap = torch.where((angle.abs() > half)[:, None], nearest - vector, torch.zeros_like(vector))
        return torch.where(self.support(vector.device)[:, None], gap, torch.zeros_like(gap)).flatten(1)

    def support(self, device: torch.device | None = None) -> Tensor:
        """Return which cells hold a reading, broadcastable to [B, *cells]: both components must be read."""
        seen = self.operator.support(device)
        return seen.expand(seen.shape[0], 2, *seen.shape[2:]).all(1) if seen.ndim > 2 else seen
