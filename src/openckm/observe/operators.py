r"""A forward operator y = A(x) says what an instrument makes of a map; here are the base classes and the linear ones.

A state x is a tensor [B, C, H, W] whose channels, scale and cells the operator's `domain` names; a result has the
shape [B, *range.full_shape]. Scales ('latent', 'pixel', 'db', 'linear') never mix: composing operators whose inner
range is not the outer domain raises.

A masked result keeps the shape of the map, with 0 where nothing was observed; `support` is True where something was.
Noise is added, and likelihoods are counted, on the support alone.

Every operator has a slow `reference`. A linear one has an `adjoint`, <A x, y> = <x, A' y>, and a `dense` matrix.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model.
    S. Xiao, Y. Zeng, H. Rong, Y. Tang, 2026, Section II.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import GridError, InputError, OptionError, UnitError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.quantity import CHANNELS

Scale = Literal["latent", "pixel", "db", "linear"]
_SCALES = ("latent", "pixel", "db", "linear")


@dataclass(frozen=True)
class Domain:
    """What the numbers of a state or of a reading are.

    Attributes:
        channels: name of each channel.
        scale: 'latent' (the priors' code), 'pixel' (P1's [0, 1] images), 'db' or 'linear' (power ratio).
        shape: cells, (rows, columns) of a map, (n,) of n points.

    Raises:
        UnitError: if the scale is unknown.
        InputError: if there are no channels, a name comes twice, or the shape is empty.
    """

    channels: tuple[str, ...]
    scale: Scale
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.scale not in _SCALES:
            raise UnitError(f"unknown scale {self.scale!r}: wanted one of {', '.join(_SCALES)}")
        if not self.channels or len(set(self.channels)) != len(self.channels):
            raise InputError(f"channels {self.channels!r}: wanted one or more, each once")
        if not self.shape or any(n < 0 for n in self.shape):
            raise InputError(f"cells {self.shape!r}: wanted (rows, columns) or (n,)")

    @property
    def full_shape(self) -> tuple[int, ...]:
        """Shape of one state without the batch: (channels, *cells)."""
        return (len(self.channels), *self.shape)

    def index(self, channel: str) -> int:
        """Return the place of a channel.

        Raises:
            InputError: if it is not among the channels.
        """
        if channel not in self.channels:
            raise InputError(f"no channel {channel!r} among {', '.join(self.channels)}")
        return self.channels.index(channel)

    def only(self, *channels: str) -> "Domain":
        """Return the same domain with the named channels alone."""
        for channel in channels:
            self.index(channel)
        return replace(self, channels=channels)

    def check(self, x: Tensor, what: str) -> None:
        """Raise GridError unless x is [B, *full_shape] and floating."""
        if tuple(x.shape[1:]) != self.full_shape or x.ndim != len(self.full_shape) + 1 or not x.is_floating_point():
            raise GridError(
                f"{what} got a {x.dtype} tensor of shape {tuple(x.shape)}: wanted floating (batch, "
                f"{', '.join(map(str, self.full_shape))}) for channels {self.channels}"
            )


def map_domain(shape: tuple[int, int], scale: Scale = "latent", channels: tuple[str, ...] | None = None) -> Domain:
    """Return the domain of a complete map (all channels of `openckm.maps.CHANNELS`), or of the named channels."""
    return Domain(channels or tuple(c.name for c in CHANNELS), scale, shape)


class Operator(ABC):
    """y = A(x). Subclasses set `domain` and `range` and say what `apply` does.

    Attributes:
        domain: what A takes.
        range: what A returns.
        elementwise: True if every entry of the result depends on the cell under it alone, shapes being equal.
    """

    domain: Domain
    range: Domain
    elementwise: bool = False

    @abstractmethod
    def apply(self, x: Tensor) -> Tensor:
        """Return A(x) for a checked x."""

    @abstractmethod
    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A(x) of one state (channels, *cells) by slow and obvious means."""

    def __call__(self, x: Float[Tensor, "batch *state"]) -> Float[Tensor, "batch *reading"]:
        """Return A(x).

        Raises:
            GridError: if x does not have the shape of the domain, or is not floating.
        """
        self.domain.check(x, type(self).__name__)
        return self.apply(x)

    def support(self, device: torch.device | None = None) -> Bool[Tensor, "..."]:
        """Return where the result holds readings, broadcastable to [B, *range.full_shape]."""
        return torch.ones((1,) * (len(self.range.full_shape) + 1), dtype=torch.bool, device=device)

    def __matmul__(self, inner: "Operator") -> "Operator":
        """Return the composition x -> self(inner(x))."""
        return compose(self, inner)


class LinearOperator(Operator):
    """A linear operator: it has an adjoint and, for small sizes, a matrix."""

    @abstractmethod
    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return A' y for a checked y."""

    def adjoint(self, y: Float[Tensor, "batch *reading"]) -> Float[Tensor, "batch *state"]:
        """Return A' y, with <A x, y> = <x, A' y>.

        Raises:
            GridError: if y does not have the shape of the range, or is not floating.
        """
        self.range.check(y, f"the adjoint of {type(self).__name__}")
        return self.apply_adjoint(y)

    def dense(self) -> Float[Tensor, "readings states"]:
        """Return the matrix of A in double precision, by applying A to the basis: an oracle for small sizes."""
        size = math.prod(self.domain.full_shape)
        basis = torch.eye(size, dtype=torch.float64).reshape(size, *self.domain.full_shape)
        return self(basis).reshape(size, -1).T.contiguous()

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the matrix times x."""
        return np.asarray((self.dense().numpy() @ x.reshape(-1)).reshape(self.range.full_shape))


class Identity(LinearOperator):
    """A(x) = x: the map itself is read."""

    elementwise = True

    def __init__(self, domain: Domain) -> None:
        self.domain = self.range = domain

    def apply(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return y."""
        return y


class Scaling(LinearOperator):
    """A(x) = gain x, from one scale to another: the linear part of `AffineOffset`."""

    elementwise = True

    def __init__(self, domain: Domain, gain: float, scale: Scale | None = None) -> None:
        _require_finite("gain", gain)
        self.domain, self.gain = domain, float(gain)
        self.range = replace(domain, scale=scale or domain.scale)

    def apply(self, x: Tensor) -> Tensor:
        """Return gain x."""
        return x * self.gain

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return gain y."""
        return y * self.gain


class AffineOffset(Operator):
    """A(x) = gain x + offset: an unknown transmit power, or the change from one scale's code to another's.

    Args:
        domain: what A takes.
        offset: [unit of the range].
        gain: [unit of the range per unit of the domain].
        scale: scale of the range; that of the domain if None.
    """

    elementwise = True

    def __init__(self, domain: Domain, offset: float, gain: float = 1.0, scale: Scale | None = None) -> None:
        _require_finite("offset", offset)
        self.linear = Scaling(domain, gain, scale)
        self.domain, self.range, self.offset = domain, self.linear.range, float(offset)

    def apply(self, x: Tensor) -> Tensor:
        """Return gain x + offset."""
        return self.linear.apply(x) + self.offset

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same, value by value."""
        return np.array([self.linear.gain * v + self.offset for v in x.flat]).reshape(x.shape)


class Mask(LinearOperator):
    """Keeps the observed entries and puts 0 elsewhere (Section II, item a); `support` is the mask.

    Args:
        domain: what A takes.
        observed: True where observed; broadcastable to [B, C, H, W], so one mask may serve all channels or a batch.

    Raises:
        GridError: if the mask does not broadcast to the domain.
    """

    elementwise = True

    def __init__(self, domain: Domain, observed: Bool[Tensor, "..."] | NDArray[np.bool_]) -> None:
        mask = torch.as_tensor(observed)
        wanted = domain.full_shape
        mask = mask.reshape((1,) * (len(wanted) + 1 - mask.ndim) + tuple(mask.shape))
        pairs = zip(mask.shape[1:], wanted, strict=False)
        if mask.dtype != torch.bool or mask.ndim != len(wanted) + 1 or any(m not in (1, n) for m, n in pairs):
            raise GridError(
                f"mask of {mask.dtype} and shape {tuple(mask.shape)}: wanted boolean, broadcastable to {wanted}"
            )
        self.domain = self.range = domain
        self.observed = mask

    @classmethod
    def cells(cls, domain: Domain, observed: NDArray[np.bool_], *, known: tuple[str, ...] = ("building",)) -> "Mask":
        """Return a mask of cells for all channels but `known`, which are observed everywhere (as P1's code does)."""
        mask = torch.as_tensor(np.ascontiguousarray(observed)).expand(domain.full_shape).clone()
        for channel in set(known) & set(domain.channels):
            mask[domain.index(channel)] = True
        return cls(domain, mask)

    def apply(self, x: Tensor) -> Tensor:
        """Return x where observed, 0 elsewhere."""
        return torch.where(self.observed.to(x.device), x, torch.zeros((), dtype=x.dtype, device=x.device))

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return y where observed, 0 elsewhere."""
        return self.apply(y)

    def support(self, device: torch.device | None = None) -> Bool[Tensor, "..."]:
        """Return the mask."""
        return self.observed.to(device)


class Downsample(LinearOperator):
    """y = D_h x D_w': an image really s times smaller (Section II, item b).

    'bicubic' is the antialiased kernel with a = -1/2 and 4 s taps, with mirrored borders (edge cells repeated), as in
    P1's released code, which then enlarged the result again; here it stays small. 'mean' averages blocks of s x s.

    Args:
        domain: what A takes; s must divide its rows and columns.
        factor: s.
        kind: 'bicubic' or 'mean'.

    Raises:
        OptionError: if the factor is below 1 or the kind is unknown.
        GridError: if the factor does not divide the shape.

    References:
        Cubic convolution interpolation for digital image processing. R. G. Keys, 1981, Eq. 15.
    """

    def __init__(self, domain: Domain, factor: int, kind: Literal["bicubic", "mean"] = "bicubic") -> None:
        if factor < 1 or kind not in ("bicubic", "mean"):
            raise OptionError(f"Downsample(factor={factor}, kind={kind!r}): wanted factor >= 1, 'bicubic' or 'mean'")
        if len(domain.shape) != 2 or any(n % factor for n in domain.shape):
            raise GridError(f"cells {domain.shape} cannot be downsampled by {factor}: it must divide rows and columns")
        rows, cols = domain.shape
        self.domain, self.factor, self.kind = domain, factor, kind
        self.range = replace(domain, shape=(rows // factor, cols // factor))
        self._rows = torch.as_tensor(_axis_matrix(rows, factor, kind))
        self._cols = torch.as_tensor(_axis_matrix(cols, factor, kind))

    def apply(self, x: Tensor) -> Tensor:
        """Return D_h x D_w'."""
        return self._rows.to(x) @ x @ self._cols.to(x).T

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return D_h' y D_w."""
        return self._rows.to(y).T @ y @ self._cols.to(y)


class Select(LinearOperator):
    """Reads whole channels exactly: A(x) = x[channels]."""

    def __init__(self, domain: Domain, *channels: str) -> None:
        self.domain, self.range = domain, domain.only(*channels)
        self._index = [domain.index(c) for c in channels]

    def apply(self, x: Tensor) -> Tensor:
        """Return the selected channels."""
        return x[:, self._index]

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return y in its channels, 0 in the others."""
        x = torch.zeros((len(y), *self.domain.full_shape), dtype=y.dtype, device=y.device)
        x[:, self._index] = y
        return x


class PointSample(LinearOperator):
    """Reads one channel at n cells, which may repeat: [B, C, H, W] -> [B, 1, n].

    Args:
        domain: what A takes.
        rows: row of each reading, shape (n,).
        cols: column of each reading, shape (n,).
        channel: the channel that is read.

    Raises:
        GridError: if an index lies outside the cells or the two differ in length.
        InputError: if the channel is not in the domain.
    """

    def __init__(
        self, domain: Domain, rows: NDArray[np.intp], cols: NDArray[np.intp], channel: str = "gain_db"
    ) -> None:
        row, col = np.asarray(rows, dtype=np.int64), np.asarray(cols, dtype=np.int64)
        if len(domain.shape) != 2 or row.ndim != 1 or row.shape != col.shape:
            raise GridError(f"rows {row.shape} and columns {col.shape} of cells {domain.shape}: wanted (n,) and (n,)")
        height, width = domain.shape
        if ((row < 0) | (row >= height) | (col < 0) | (col >= width)).any():
            raise GridError(f"some of {len(row)} points lie outside the {height} x {width} cells; crop them first")
        self.domain, self.channel = domain, channel
        self.rows, self.cols = row, col
        self.range = Domain((channel,), domain.scale, (len(row),))
        self._flat = torch.as_tensor(row * width + col)
        self._channel = domain.index(channel)

    def apply(self, x: Tensor) -> Tensor:
        """Return the channel at the points."""
        return x[:, self._channel].flatten(1)[:, self._flat.to(x.device)].unsqueeze(1)

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return the sum of the readings of each cell."""
        x = torch.zeros((len(y), *self.domain.full_shape), dtype=y.dtype, device=y.device)
        x[:, self._channel].flatten(1).index_add_(1, self._flat.to(y.device), y[:, 0])
        return x


def from_points(
    points: Points, grid: Grid, *, scale: Scale = "latent", channels: tuple[str, ...] | None = None
) -> PointSample:
    """Return the operator that reads a map on `grid` where the points lie.

    Args:
        points: readings; their quantity is the channel read.
        grid: the map's cells, in the points' CRS.
        scale: scale of the map.
        channels: channels of the map; all of `openckm.maps.CHANNELS` if None.

    Raises:
        OutsideGrid: if a point lies outside the grid.
        InputError: if the quantity is not among the channels.
    """
    rows, cols = grid.index_of(points.x, points.y)
    return PointSample(map_domain(grid.shape, scale, channels), rows, cols, points.quantity)


class Compose(Operator):
    """x -> outer(inner(x)); made by `compose` or `outer @ inner`.

    Raises:
        UnitError: if the scales of inner range and outer domain differ.
        GridError: if their channels or cells differ.
    """

    def __init__(self, outer: Operator, inner: Operator) -> None:
        if inner.range.scale != outer.domain.scale:
            raise UnitError(
                f"{type(inner).__name__} returns {inner.range.scale!r} values, {type(outer).__name__} takes"
                f" {outer.domain.scale!r}: convert in between (AffineOffset, DbToLinear, LinearToDb)"
            )
        if inner.range != outer.domain:
            raise GridError(
                f"{type(inner).__name__} returns {inner.range}, {type(outer).__name__} takes {outer.domain}"
            )
        self.outer, self.inner = outer, inner
        self.domain, self.range = inner.domain, outer.range
        self.elementwise = outer.elementwise and inner.elementwise

    def apply(self, x: Tensor) -> Tensor:
        """Return outer(inner(x))."""
        return self.outer(self.inner(x))

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the outer reference of the inner one."""
        return self.outer.reference(self.inner.reference(x))

    def support(self, device: torch.device | None = None) -> Bool[Tensor, "..."]:
        """Return where both read something, if the outer operator is elementwise; else the outer support."""
        outer = self.outer.support(device)
        return outer & self.inner.support(device) if self.outer.elementwise else outer


class LinearCompose(Compose, LinearOperator):
    """x -> outer(inner(x)) of two linear operators; the adjoint is inner'(outer'(y))."""

    def __init__(self, outer: LinearOperator, inner: LinearOperator) -> None:
        super().__init__(outer, inner)
        self._adjoints = (outer.adjoint, inner.adjoint)

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return inner'(outer'(y))."""
        outer, inner = self._adjoints
        return inner(outer(y))


def compose(*operators: Operator) -> Operator:
    """Return first(second(... (x))); linear if all are.

    Raises:
        UnitError: if scales differ between neighbours.
        GridError: if channels or cells differ between neighbours.
        InputError: if there is no operator.
    """
    if not operators:
        raise InputError("compose() wants at least one operator")
    return reduce(_pair, operators)


def _pair(outer: Operator, inner: Operator) -> Operator:
    if isinstance(outer, LinearOperator) and isinstance(inner, LinearOperator):
        return LinearCompose(outer, inner)
    return Compose(outer, inner)


def _require_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise OptionError(f"{name} is {value!r}: wanted a finite number")


def _keys_cubic(t: NDArray[np.float64], a: float = -0.5) -> NDArray[np.float64]:
    t = np.abs(t)
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def _axis_matrix(size: int, factor: int, kind: str) -> NDArray[np.float64]:
    """The matrix (size / factor, size) of one axis; every row sums to 1."""
    matrix = np.zeros((size // factor, size))
    radius = 2 * factor if kind == "bicubic" else 0
    for i in range(size // factor):
        centre = factor * i + (factor - 1) / 2
        taps = np.arange(factor * i - radius, factor * (i + 1) + radius)
        weight = _keys_cubic((taps - centre) / factor) if kind == "bicubic" else np.ones(len(taps))
        mirrored = taps % (2 * size)
        mirrored = np.where(mirrored < size, mirrored, 2 * size - 1 - mirrored)
        np.add.at(matrix[i], mirrored, weight / weight.sum())
    return matrix
