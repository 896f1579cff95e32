r"""A likelihood is taken apart into terms: a smooth operator followed by per-cell sites.

Every likelihood of `openckm.observe` is a product of terms p(y | z_i), z = A(x), each z_i seen by a site of its own:

    Gaussian(linear A)           plain site on A
    Gaussian(device @ A)         the site of the device with noise after it, on A
    IntervalCensored(A)          interval site (noise before the device) on A
    AngularSector(A)             wedge site on the direction vector, turned so that the sector's middle is its axis
    Gaussian(smooth, nonlinear)  plain site on A linearised at the belief's mean
    Joint, Mask, Product         term by term

`Term.at` linearises A at given maps (exact for affine operators).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from openckm.errors import OptionError
from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood, Product
from openckm.observe.nonlinear import (
    Elementwise,
    Joint,
    Quantize,
    QuantizeAngle,
    QuantizeDirection,
    StraightThrough,
    Truncate,
)
from openckm.observe.operators import (
    AffineOffset,
    Compose,
    Identity,
    LinearOperator,
    Mask,
    Operator,
    PointSample,
    Scaling,
    Select,
)
from openckm.observe.sites import ClipSite, IntervalSite, Moments, NormalSite, Site, StairSite, mixed
from openckm.observe.wedge import AngularSector, Vector, WedgeMoments, wedge_moments

_WEDGE_NODES = 14
_SPAN = 6.0
"""Deviations of the noise beyond which a reported sector counts nothing."""


@dataclass(frozen=True, eq=False)
class Linearised:
    """A(x + d) to first order in d.

    Attributes:
        value: A(x) [B, *range].
        forward: d [B, *domain] to the change of A [B, *range].
        adjoint: the transpose.
    """

    value: Tensor
    forward: Callable[[Tensor], Tensor]
    adjoint: Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Term:
    """Sites behind an operator.

    Attributes:
        operator: A.
        site: what is said of each entry of A(x).
    """

    operator: Operator
    site: Site

    def at(self, x: Tensor) -> Linearised:
        """Return A linearised at maps [B, *domain]."""
        linear = linear_part(self.operator)
        if linear is not None:
            return Linearised(self.operator(x), linear, linear.adjoint)
        return _by_autograd(self.operator, x)

    @property
    def exact(self) -> bool:
        """Whether the site is Gaussian and A affine: nothing to iterate."""
        return isinstance(self.site, NormalSite) and linear_part(self.operator) is not None


def _by_autograd(operator: Operator, x: Tensor) -> Linearised:
    """Both products by reverse mode: J' w is linear in w, so that J d is its derivative along d."""
    with torch.enable_grad():
        variable = x.detach().requires_grad_()
        value = operator(variable)
        dual = torch.zeros_like(value).requires_grad_()
        (pulled,) = torch.autograd.grad(value, variable, dual, create_graph=True)

    def forward(d: Tensor) -> Tensor:
        (moved,) = torch.autograd.grad(pulled, dual, d, retain_graph=True)
        return moved

    def adjoint(w: Tensor) -> Tensor:
        (back,) = torch.autograd.grad(value, variable, w, retain_graph=True)
        return back

    return Linearised(value.detach(), forward, adjoint)


def linear_part(operator: Operator) -> LinearOperator | None:
    """Return L of an affine operator x -> L x + c, None of any other."""
    if isinstance(operator, LinearOperator):
        return operator
    if isinstance(operator, AffineOffset):
        return operator.linear
    if isinstance(operator, Compose):
        outer, inner = linear_part(operator.outer), linear_part(operator.inner)
        if outer is not None and inner is not None:
            both = outer @ inner
            return both if isinstance(both, LinearOperator) else None
    return None


class Turn(LinearOperator):
    """Turns the vector of two channels clockwise by an angle per cell, so that this angle becomes the first axis."""

    elementwise = True

    def __init__(self, operator: Operator, angle: Tensor) -> None:
        self.domain = self.range = operator.range
        self.cos, self.sin = torch.cos(angle), torch.sin(angle)

    def apply(self, x: Tensor) -> Tensor:
        """Return (c e + s n, -s e + c n)."""
        c, s = self.cos.to(x), self.sin.to(x)
        return torch.stack([c * x[:, 0] + s * x[:, 1], c * x[:, 1] - s * x[:, 0]], dim=1)

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return the turn back."""
        c, s = self.cos.to(y), self.sin.to(y)
        return torch.stack([c * y[:, 0] - s * y[:, 1], s * y[:, 0] + c * y[:, 1]], dim=1)


class _TurnSquared(Turn):
    """The squares of a turn's entries, which carry variances."""

    def __init__(self, turn: Turn) -> None:
        self.domain = self.range = turn.domain
        self.cos, self.sin = turn.cos**2, turn.sin**2

    def apply(self, x: Tensor) -> Tensor:
        c, s = self.cos.to(x), self.sin.to(x)
        return torch.stack([c * x[:, 0] + s * x[:, 1], s * x[:, 0] + c * x[:, 1]], dim=1)

    def apply_adjoint(self, y: Tensor) -> Tensor:
        return self.apply(y)


def squared(operator: Operator) -> LinearOperator | None:
    """Return the operator of squared entries, if every reading is of one cell alone; else None.

    It carries variances of cells to variances of readings, and its adjoint precisions of readings to those of cells.
    """
    if isinstance(operator, Turn):
        return _TurnSquared(operator)
    if isinstance(operator, Identity | Mask | Select | PointSample):
        return operator
    if isinstance(operator, AffineOffset):
        return squared(operator.linear)
    if isinstance(operator, Scaling):
        return Scaling(operator.domain, operator.gain**2, operator.range.scale)
    if isinstance(operator, Compose):
        outer, inner = squared(operator.outer), squared(operator.inner)
        both = None if outer is None or inner is None else outer @ inner
        return both if isinstance(both, LinearOperator) else None
    return None


@dataclass(frozen=True, eq=False)
class _WedgeSite(Site):
    """Sectors around the first axis: the vector z, with noise before the device, lies within `half` of it [rad]."""

    half: Tensor
    noise_var: float
    support: Bool[Tensor, ...]

    def moments(self, mean: Tensor, var: Tensor) -> Moments:
        """Return the moments of each component; the log mass is that of the vector, [B, 1, *cells]."""
        half = self.half.to(mean.device)
        return _two(wedge_moments(_upright(mean, var), -half, half, self.noise_var, _WEDGE_NODES), mean)


@dataclass(frozen=True, eq=False)
class _NoisyWedgeSite(Site):
    """The reported vector is that of a sector's middle plus noise: every sector, weighed by how near its middle is."""

    sectors: int
    radius: float
    y: Tensor
    sigma: Tensor
    support: Bool[Tensor, ...]

    def moments(self, mean: Tensor, var: Tensor) -> Moments:
        """Return the moments over the sectors near the reported one (its middle comes first), and the belief's."""
        width = 2.0 * math.pi / self.sectors
        chord = 2.0 * self.radius * math.sin(0.5 * width)
        side = min(math.ceil(_SPAN * float(self.sigma.max()) / chord), self.sectors // 2)
        numbers = [torch.full_like(mean[:, 0], k) for k in range(-side, side + 1 - (2 * side == self.sectors))]
        branches = [self._branch(k, mean, var) for k in numbers]
        if len(numbers) < self.sectors:
            here = torch.round(torch.atan2(mean[:, 1], mean[:, 0]) / width)
            for k in (here - 1.0, here, here + 1.0):
                wrapped = torch.remainder(k + self.sectors // 2, self.sectors) - self.sectors // 2
                branch = self._branch(wrapped, mean, var)
                twice = (wrapped.abs() <= side)[:, None]
                branches.append(branch._replace(log_mass=branch.log_mass.masked_fill(twice, -math.inf)))
        return mixed(branches)

    def _branch(self, number: Tensor, mean: Tensor, var: Tensor) -> Moments:
        """The moments within a sector of each cell, counted from the reported one, weighed by its reading."""
        width = 2.0 * math.pi / self.sectors
        low = (number - 0.5) * width
        cut = _two(wedge_moments(_upright(mean, var), low, low + width, 0.0, _WEDGE_NODES), mean)
        middle = self.radius * torch.stack([torch.cos(number * width), torch.sin(number * width)], dim=1)
        gap = (self.y.to(mean) - middle) / self.sigma.to(mean)
        log_mass = cut.log_mass - 0.5 * (gap**2).sum(1, keepdim=True)
        return Moments(log_mass, cut.mean, cut.var)


def _upright(mean: Tensor, var: Tensor) -> Vector:
    return Vector(mean[:, 0], mean[:, 1], var[:, 0], torch.zeros_like(var[:, 0]), var[:, 1])


def _two(cut: WedgeMoments, like: Tensor) -> Moments:
    vector = cut.vector
    logs = cut.log_mass.unsqueeze(1).to(like)
    mean, var = torch.stack([vector.east, vector.north], 1).to(like), torch.stack([vector.ee, vector.nn], 1).to(like)
    return Moments(logs, mean, var)


def terms_of(likelihood: Likelihood) -> list[Term]:
    """Return the terms of a likelihood.

    Raises:
        OptionError: if it holds a device or a likelihood for which no site is known.
    """
    if isinstance(likelihood, Product):
        return [term for part in likelihood.parts for term in terms_of(part)]
    if isinstance(likelihood, Gaussian):
        reading = _Reading(likelihood.y, likelihood.sigma.expand_as(likelihood.y), likelihood.operator.support())
        return _terms(likelihood.operator, reading)
    if isinstance(likelihood, IntervalCensored):
        low, high = likelihood.low, likelihood.high
        site = IntervalSite(low, high, likelihood.sigma.expand_as(low), likelihood.operator.support())
        return [Term(likelihood.operator, site)]
    if isinstance(likelihood, AngularSector):
        return [_sector_term(likelihood)]
    raise OptionError(f"no sites are known for a likelihood of type {type(likelihood).__name__}; use method 'dps'")


def _sector_term(sector: AngularSector) -> Term:
    middle, half = 0.5 * (sector.low + sector.high), 0.5 * (sector.high - sector.low)
    support = sector.support()[:, None].expand(-1, 2, *(-1,) * (sector.low.ndim - 1))
    turned = Turn(sector.operator, middle) @ sector.operator
    return Term(turned, _WedgeSite(half, sector.sigma**2, support))


@dataclass(frozen=True, eq=False)
class _Reading:
    """y, sigma and support of a Gaussian likelihood, or of some of its channels."""

    y: Tensor
    sigma: Tensor
    support: Tensor

    def only(self, index: list[int]) -> _Reading:
        support = self.support.expand(-1, self.y.shape[1], *(-1,) * (self.support.ndim - 2))
        return _Reading(self.y[:, index], self.sigma[:, index], support[:, index])


def _terms(operator: Operator, reading: _Reading) -> list[Term]:
    if isinstance(operator, StraightThrough):
        return _terms(operator.hard, reading)
    if isinstance(operator, Compose) and _holds_device(operator):
        if isinstance(operator.outer, Mask):
            return _terms(operator.inner, reading)
        if _holds_device(operator.inner):
            raise OptionError(
                f"{type(operator.outer).__name__} after a device: state the readings as the device gives them, or use"
                " method 'dps'"
            )
        return [replace(t, operator=t.operator @ operator.inner) for t in _terms(operator.outer, reading)]
    if isinstance(operator, Joint):
        return _joint_terms(operator, reading)
    if isinstance(operator, Elementwise | QuantizeDirection):
        return [_device_term(operator, reading)]
    return [Term(operator, NormalSite(reading.y, reading.sigma, reading.support))]


def _holds_device(operator: Operator) -> bool:
    if isinstance(operator, Compose):
        return _holds_device(operator.outer) or _holds_device(operator.inner)
    return isinstance(operator, Elementwise | QuantizeDirection | Joint | StraightThrough)


def _joint_terms(joint: Joint, reading: _Reading) -> list[Term]:
    parts = [(part, part.domain.channels) for part in joint.parts]
    named = {c for _, channels in parts for c in channels}
    rest = tuple(c for c in joint.domain.channels if c not in named)
    if rest:
        parts.append((Identity(joint.domain.only(*rest)), rest))
    out = []
    for part, channels in parts:
        mine = reading.only([joint.domain.index(c) for c in channels])
        select = Select(joint.domain, *channels)
        out += [replace(t, operator=t.operator @ select) for t in _terms(part, mine)]
    return out


def _device_term(device: Operator, r: _Reading) -> Term:
    through = Identity(device.domain)
    if isinstance(device, Truncate):
        return Term(through, ClipSite(device.low, device.high, r.y, r.sigma, r.support))
    if isinstance(device, Quantize):
        return Term(through, StairSite(device.stairs(), r.y, r.sigma, r.support))
    if isinstance(device, QuantizeAngle):
        return Term(
            through, StairSite(device.stairs(), r.y, r.sigma, r.support & ~device.building.to(r.support.device))
        )
    if isinstance(device, QuantizeDirection):
        low, high = device.sector_bounds(r.y)
        turn = Turn(device, 0.5 * (low + high))
        both = r.support.expand(-1, 2, *(-1,) * (r.support.ndim - 2)).all(1, keepdim=True)
        site = _NoisyWedgeSite(device.sectors, device.radius, turn(r.y), r.sigma, both.expand(-1, 2, *both.shape[2:]))
        return Term(turn, site)
    raise OptionError(f"no site is known for the device {type(device).__name__}; use method 'dps'")
