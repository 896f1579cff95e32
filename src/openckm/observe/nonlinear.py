r"""Nonlinear operators say what limited hardware makes of a map; all of them act on every value by itself.

    truncation     A(x) = min(max(x, a), b)                                  (Eqs 2, 26)
    quantisation   A(x) = Q(x), the centre of the bin of x                   (Eq. 3)
    angle sectors  A(theta) = centre of the sector of theta, K of 2 pi / K   (Eqs 28-31)
    joint          A(x) = (A_g(x_g), A_a(x_a)), one operator per channel     (Eq. 32)

Each also says which true values a reading allows, `bounds(y) -> (low, high)`: what the interval-censored likelihood
needs, while P1 passes gradients straight through (`straight_through`, Eq. 36).

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model.
    S. Xiao, Y. Zeng, H. Rong, Y. Tang, 2026, Section IV.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import GridError, InputError, OptionError, UnitError
from openckm.observe.operators import Domain, Operator
from openckm.observe.sites import Stairs

P1_LOW, P1_HIGH, P1_SECTORS = 0.2, 0.7, 24
"""P1's gain thresholds [pixel], -210 and -110 dB, and number of sectors of its joint task (Section IV-B)."""

_SINE_SCALE, _SINE_OFFSET = 0.35, 0.65


class Elementwise(Operator):
    """A nonlinear operator on every value by itself, with the set of true values that a reading allows."""

    elementwise = True

    @abstractmethod
    def bounds(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return (low, high) with A(x) = y for low <= x <= high; ends may be infinite, low = high means exact."""


class Truncate(Elementwise):
    """min(max(x, low), high): a receiver's dynamic range (Eqs 2, 26).

    Args:
        domain: what A takes; every channel is truncated (use `Joint` for one channel of several).
        low: a [unit of the domain's scale], -inf for none.
        high: b [unit of the domain's scale], inf for none.

    Raises:
        OptionError: unless low < high.
    """

    def __init__(self, domain: Domain, low: float, high: float) -> None:
        if not low < high:
            raise OptionError(f"Truncate(low={low}, high={high}): wanted low < high")
        self.domain = self.range = domain
        self.low, self.high = float(low), float(high)

    def apply(self, x: Tensor) -> Tensor:
        """Return x brought into [low, high]."""
        return x.clamp(self.low, self.high)

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Eq. 2, value by value."""
        return np.array([self.low if v < self.low else self.high if v > self.high else v for v in x.flat]).reshape(
            x.shape
        )

    def bounds(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return (-inf, low] for readings at the low end, [high, inf) at the high end, the reading itself between."""
        low = torch.where(y <= self.low, torch.full_like(y, -math.inf), y.clamp(max=self.high))
        high = torch.where(y >= self.high, torch.full_like(y, math.inf), y.clamp(min=self.low))
        return low, high


class Quantize(Elementwise):
    """The nearest of equidistant levels origin + k step (Eq. 3), or of given levels.

    A value half-way between two levels takes the upper one.

    Args:
        domain: what A takes; every channel is quantised.
        step: distance of levels [unit of the domain's scale]; or
        levels: the reproduction levels, ascending.
        origin: one of the equidistant levels.

    Raises:
        OptionError: unless exactly one of step and levels is given, step is positive, or levels ascend.
    """

    def __init__(
        self, domain: Domain, *, step: float | None = None, levels: Sequence[float] | None = None, origin: float = 0.0
    ) -> None:
        if (step is None) == (levels is None):
            raise OptionError("Quantize wants either a step or levels")
        if step is not None and not (math.isfinite(step) and step > 0):
            raise OptionError(f"quantisation step {step!r}: wanted a positive finite number")
        table = torch.tensor(levels if levels is not None else [origin], dtype=torch.float64)
        if len(table) < 1 or not bool(torch.isfinite(table).all()) or bool((table.diff() <= 0).any()):
            raise OptionError(f"quantisation levels {levels!r}: wanted finite ascending numbers")
        self.domain = self.range = domain
        self.step, self.origin, self._levels = step, float(origin), table
        self._edges = (table[1:] + table[:-1]) / 2

    def apply(self, x: Tensor) -> Tensor:
        """Return the level of the bin of x."""
        if self.step is not None:
            return torch.floor((x - self.origin) / self.step + 0.5) * self.step + self.origin  # P1, Eq. 3
        return self._levels.to(x)[self._bin(x)]

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the nearest level, value by value."""
        out = np.empty(x.size)
        for i, v in enumerate(x.flat):
            if self.step is not None:
                k = math.floor((v - self.origin) / self.step)
                near = [self.origin + j * self.step for j in (k, k + 1)]
            else:
                near = [float(level) for level in self._levels]
            out[i] = min(reversed(near), key=lambda level: abs(level - v))
        return out.reshape(x.shape)

    def bounds(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of the bin of y; the outermost of given levels reach to infinity."""
        if self.step is not None:
            level = self.apply(y)
            return level - self.step / 2, level + self.step / 2
        ends = torch.cat([torch.tensor([-math.inf]), self._edges, torch.tensor([math.inf])]).to(y)
        index = self._bin(y)
        return ends[index], ends[index + 1]

    def stairs(self) -> Stairs:
        """Return the bins."""
        if self.step is not None:
            return Stairs(self.step, self.origin)
        return Stairs(edges=self._edges, levels=self._levels)

    def _bin(self, x: Tensor) -> Tensor:
        return torch.bucketize(x.detach().double(), self._edges.to(x.device), right=True)


class QuantizeAngle(Elementwise):
    """P1's sectors on the AoA-sine pixel v = 0.35 sin(theta) + 0.65, 0 on buildings (Eqs 28-31, 33, 34).

    The sine does not tell front from back, so theta is taken in [-90, 90] degrees. With an even number of sectors both
    readings of the sine give the same result; an odd number is refused. The building mask is an argument: P1's
    released code derives it from the current estimate's gain, which is wrong on any estimate.

    Args:
        domain: one channel in 'pixel' scale.
        sectors: K, even; P1 has 24.
        building: True on buildings, broadcastable to [B, 1, H, W].

    Raises:
        UnitError: if the domain's scale is not 'pixel'.
        OptionError: if K is odd or below 2.
        GridError: if the building mask does not fit the cells.
    """

    def __init__(self, domain: Domain, sectors: int, building: Bool[Tensor, "..."] | NDArray[np.bool_]) -> None:
        if domain.scale != "pixel":
            raise UnitError(f"QuantizeAngle works on P1's AoA-sine pixels, not on {domain.scale!r} values")
        if sectors < 2 or sectors % 2:
            raise OptionError(f"{sectors} sectors: wanted an even number, 2 or more (a sine hides front and back)")
        mask = torch.as_tensor(building)
        mask = mask.reshape((1,) * (len(domain.shape) + 2 - mask.ndim) + tuple(mask.shape))
        if mask.dtype != torch.bool or mask.ndim != len(domain.shape) + 2 or tuple(mask.shape[2:]) != domain.shape:
            raise GridError(f"building mask {mask.dtype} {tuple(mask.shape)}: wanted boolean over cells {domain.shape}")
        self.domain = self.range = domain
        self.sectors, self.building = sectors, mask
        self._width = 2.0 * math.pi / sectors  # P1, Eq. 28: 2 pi / K

    def apply(self, x: Tensor) -> Tensor:
        """Return the pixel of the sector centre, 0 on buildings."""
        centre = torch.sin((self._sector(x) + 0.5) * self._width - math.pi)  # P1, Eq. 29
        return self._off_buildings(centre * _SINE_SCALE + _SINE_OFFSET)  # P1, Eq. 31

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Eq. 31, cell by cell, the sector found by search (Eq. 30)."""
        out = np.zeros_like(x)
        mask = np.broadcast_to(self.building[0].numpy(), x.shape)
        for index in np.ndindex(x.shape):
            if mask[index]:
                continue
            sine = max(-1.0, min(1.0, (float(x[index]) - 0.65) / 0.35))
            theta = math.degrees(math.asin(sine))
            for k in range(self.sectors):
                low, high = -180 + k * 360 / self.sectors, -180 + (k + 1) * 360 / self.sectors
                if low <= theta < high:
                    out[index] = 0.35 * math.sin(math.radians((low + high) / 2)) + 0.65
        return out

    def bounds(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the range of pixels of the sector of y; everything on buildings, whose reading tells nothing."""
        half = math.pi / 2
        low = (self._sector(y) * self._width - math.pi).clamp(-half, half)
        high = ((self._sector(y) + 1) * self._width - math.pi).clamp(-half, half)
        ends = [torch.sin(edge) * _SINE_SCALE + _SINE_OFFSET for edge in self._fold(low, high)]
        mask = self.building.to(y.device)
        return (
            torch.where(mask, torch.full_like(y, -math.inf), ends[0]),
            torch.where(mask, torch.full_like(y, math.inf), ends[1]),
        )

    def stairs(self) -> Stairs:
        """Return the bins of the pixel off buildings; the outermost end where the sine does, at -1 and 1."""
        numbers = torch.arange(self.sectors // 4, math.ceil(0.75 * self.sectors), dtype=torch.float64)
        edges = torch.sin(numbers[1:] * self._width - math.pi)
        levels = torch.sin((numbers + 0.5) * self._width - math.pi)
        ends = (_SINE_OFFSET - _SINE_SCALE, _SINE_OFFSET + _SINE_SCALE)
        return Stairs(edges=edges * _SINE_SCALE + _SINE_OFFSET, levels=levels * _SINE_SCALE + _SINE_OFFSET, ends=ends)

    def _fold(self, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """A sector across +-90 degrees is its mirror image too: clamping cuts it where the sine turns."""
        top, bottom = low >= math.pi / 2 - 1e-9, high <= -math.pi / 2 + 1e-9
        low = torch.where(top, torch.full_like(low, math.pi / 2 - self._width), low)
        high = torch.where(bottom, torch.full_like(high, self._width - math.pi / 2), high)
        return low, high

    def _sector(self, x: Tensor) -> Tensor:
        theta = torch.asin(((x - _SINE_OFFSET) / _SINE_SCALE).clamp(-1.0, 1.0))  # P1, Eq. 33, inverted
        return torch.floor((theta + math.pi) / self._width)  # P1, Eq. 30: its sector

    def _off_buildings(self, v: Tensor) -> Tensor:
        return torch.where(self.building.to(v.device), torch.zeros((), dtype=v.dtype, device=v.device), v)


class QuantizeDirection(Operator):
    """Sectors on the direction vector (cos, sin): the unit vector of the sector's centre (Eqs 28-30).

    In 'latent' scale the vector has length 0.7 (the code of `openckm.maps.quantity`), in 'linear' scale 1.

    Args:
        domain: the channels ('aoa_cos', 'aoa_sin') in 'latent' or 'linear' scale.
        sectors: K.

    Raises:
        InputError: if the channels are others.
        UnitError: if the scale is another.
        OptionError: if K is below 2.
    """

    elementwise = True

    def __init__(self, domain: Domain, sectors: int) -> None:
        if domain.channels != ("aoa_cos", "aoa_sin"):
            raise InputError(f"QuantizeDirection got channels {domain.channels}: wanted ('aoa_cos', 'aoa_sin')")
        if domain.scale not in ("latent", "linear"):
            raise UnitError(f"QuantizeDirection got {domain.scale!r} values: wanted 'latent' or 'linear'")
        if sectors < 2:
            raise OptionError(f"{sectors} sectors: wanted 2 or more")
        self.domain = self.range = domain
        self.sectors = sectors
        self.radius = 0.7 if domain.scale == "latent" else 1.0

    def apply(self, x: Tensor) -> Tensor:
        """Return the vector of the sector's centre."""
        low, high = self.sector_bounds(x)
        centre = 0.5 * (low + high)  # P1, Eq. 29
        # of both components: no sine is taken
        return self.radius * torch.stack([torch.cos(centre), torch.sin(centre)], dim=1)

    def sector_bounds(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the angles [rad] between which the sector of a vector [B, 2, *cells] lies, each [B, *cells]."""
        width = 2.0 * math.pi / self.sectors
        # P1, Eq. 30
        sector = torch.floor((torch.atan2(x[:, 1], x[:, 0]) + math.pi) / width).clamp(max=self.sectors - 1)
        return sector * width - math.pi, (sector + 1.0) * width - math.pi

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Eq. 30, cell by cell."""
        out = np.empty_like(x)
        for index in np.ndindex(x.shape[1:]):
            theta = math.degrees(math.atan2(x[(1, *index)], x[(0, *index)]))
            k = min(int((theta + 180.0) // (360.0 / self.sectors)), self.sectors - 1)
            centre = math.radians(-180.0 + (k + 0.5) * 360.0 / self.sectors)
            out[(0, *index)] = self.radius * math.cos(centre)
            out[(1, *index)] = self.radius * math.sin(centre)
        return out


class DbToLinear(Operator):
    """10^(x / 10): decibels to power ratios, so that averages are taken in power."""

    elementwise = True

    def __init__(self, domain: Domain) -> None:
        if domain.scale != "db":
            raise UnitError(f"DbToLinear got {domain.scale!r} values: wanted 'db'")
        self.domain, self.range = domain, replace(domain, scale="linear")

    def apply(self, x: Tensor) -> Tensor:
        """Return the power ratio."""
        return torch.exp(x * (math.log(10.0) / 10.0))

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same, value by value."""
        return np.array([10.0 ** (v / 10.0) for v in x.flat]).reshape(x.shape)


class LinearToDb(Operator):
    """10 log10(x): power ratios to decibels; values below `floor` count as `floor`."""

    elementwise = True

    def __init__(self, domain: Domain, floor: float = 1e-30) -> None:
        if domain.scale != "linear" or not floor > 0:
            raise UnitError(f"LinearToDb got {domain.scale!r} values, floor {floor}: wanted 'linear' and floor > 0")
        self.domain, self.range, self.floor = domain, replace(domain, scale="db"), floor

    def apply(self, x: Tensor) -> Tensor:
        """Return decibels."""
        return 10.0 * torch.log10(x.clamp(min=self.floor))

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same, value by value."""
        return np.array([10.0 * math.log10(max(v, self.floor)) for v in x.flat]).reshape(x.shape)


class Joint(Operator):
    """Operators on disjoint channels of one map, each keeping its channels and cells (Eq. 32).

    Args:
        domain: the whole map; channels that no part names pass unchanged.
        parts: operators whose domains hold channels of the map, in the map's scale and cells.

    Raises:
        UnitError: if scales differ.
        GridError: if cells differ or a part changes channels or cells.
        InputError: if two parts share a channel, or a channel is not in the map.
    """

    def __init__(self, domain: Domain, *parts: Operator) -> None:
        names = [c for part in parts for c in part.domain.channels]
        if len(set(names)) != len(names):
            raise InputError(f"two parts of Joint share a channel: {names}")
        for part in parts:
            if part.domain.scale != domain.scale or part.range.scale != domain.scale:
                raise UnitError(f"{type(part).__name__} works on {part.domain.scale!r} values, the map is in"
                                f" {domain.scale!r}")  # fmt: skip
            if part.domain != domain.only(*part.domain.channels) or part.range != part.domain:
                raise GridError(f"{type(part).__name__} takes {part.domain} and returns {part.range}: a part of Joint"
                                f" must keep channels and cells of {domain}")  # fmt: skip
        self.domain = self.range = domain
        self.parts = parts
        self.elementwise = all(part.elementwise for part in parts)

    def apply(self, x: Tensor) -> Tensor:
        """Return every part's result in its channels."""
        return self._gather(x, lambda part, value: part(value))

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the parts' references in their channels."""
        out = x.copy()
        for part in self.parts:
            index = [self.domain.index(c) for c in part.domain.channels]
            out[index] = part.reference(x[index])
        return out

    def support(self, device: torch.device | None = None) -> Bool[Tensor, "..."]:
        """Return every part's support in its channels."""
        full = torch.ones((1, *self.domain.full_shape), dtype=torch.bool, device=device)
        return self._gather(full, lambda part, value: value & part.support(device))

    def _gather(self, x: Tensor, act: Callable[[Operator, Tensor], Tensor]) -> Tensor:
        planes = list(x.unbind(1))
        for part in self.parts:
            index = [self.domain.index(c) for c in part.domain.channels]
            for i, plane in zip(index, act(part, x[:, index]).unbind(1), strict=True):
                planes[i] = plane
        return torch.stack(planes, dim=1)


class StraightThrough(Operator):
    """Forward the hard operator, backward the identity: x + stop_gradient(A(x) - x) (Eqs 35, 36).

    Args:
        hard: an elementwise operator whose result has the shape and scale of its argument.

    Raises:
        OptionError: if it is not elementwise.
        GridError: if it changes channels, cells or scale.
    """

    elementwise = True

    def __init__(self, hard: Operator) -> None:
        if not hard.elementwise:
            raise OptionError(f"straight-through wants an elementwise operator, not {type(hard).__name__}")
        if hard.range != hard.domain:
            raise GridError(f"straight-through wants equal domain and range, got {hard.domain} and {hard.range}")
        self.hard, self.domain, self.range = hard, hard.domain, hard.range

    def apply(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, "batch *state"]:
        """Return A(x), with the gradient of x."""
        return self.hard(x.detach()) + (x - x.detach())  # Eq. 36 without its rounding: the bracket is exactly 0

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the hard operator's reference."""
        return self.hard.reference(x)

    def support(self, device: torch.device | None = None) -> Bool[Tensor, "..."]:
        """Return the hard operator's support."""
        return self.hard.support(device)


def straight_through(operator: Operator) -> StraightThrough:
    """Return the operator with the gradient of the identity (P1's estimator, Eq. 36).

    Raises:
        OptionError: if it is not elementwise.
        GridError: if it changes channels, cells or scale.
    """
    return StraightThrough(operator)


def joint_truncate_quantize(
    domain: Domain, building: Bool[Tensor, "..."] | NDArray[np.bool_], *, low: float = P1_LOW, high: float = P1_HIGH,
    sectors: int = P1_SECTORS,
) -> Joint:  # fmt: skip
    """Return P1's joint truncation and quantisation (JTQR): gain truncated, AoA-sine in sectors, the rest unchanged.

    Args:
        domain: P1's map in 'pixel' scale; must hold 'gain_db' and 'aoa_sin'.
        building: True on buildings, broadcastable to [B, 1, H, W].
        low: a [pixel].
        high: b [pixel].
        sectors: K.

    Raises:
        UnitError: if the domain is not in 'pixel' scale.
        InputError: if a channel is missing.

    References:
        A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model.
        S. Xiao, Y. Zeng, H. Rong, Y. Tang, 2026, Eq. 32.
    """
    gain = Truncate(domain.only("gain_db"), low, high)
    return Joint(domain, gain, QuantizeAngle(domain.only("aoa_sin"), sectors, building))
