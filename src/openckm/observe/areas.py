r"""These operators read uncertain and extended places: blurred positions, and averages of power over areas.

    position blur   y_i = sum_j w_ij x_j,  w_ij ~ exp(-|c_j - p_i|^2 / (2 r_i^2))     linear        (1)
    area average    y_i = code(sum_j w_ij power(x_j)),  power(x) = 10^(dB(x) / 10)     nonlinear, smooth  (2)

A receiver that knows its position to within r reads, on average over where it may have been, the map blurred by r. An
area average is taken in linear power, as instruments do, and stated in the code of the map: it lies above the average
of the decibels, towards the strongest cells of the area.

References:
    Gaussian processes with noisy inputs (the blurred mean, to first order). A. McHutchon, C. E. Rasmussen, 2011.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import GridError, OptionError, UnitError
from openckm.maps.grid import Grid
from openckm.maps.observations import AreaReading, Points
from openckm.maps.quantity import quantity
from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import Domain, LinearOperator, Operator, map_domain

_WINDOW = 3.0
"""Deviations of the position beyond which a cell counts nothing."""


class _Gather:
    """Weights w_ij kept as one list: reading i sums weight[k] x[cell[k]] over its entries k."""

    def __init__(
        self, reading: NDArray[np.int64], cell: NDArray[np.int64], weight: NDArray[np.float64], n: int
    ) -> None:
        self.reading, self.cell = torch.as_tensor(reading), torch.as_tensor(cell)
        self.weight, self.count = torch.as_tensor(weight), n

    def sums(self, x: Tensor) -> Tensor:
        """Return [B, n] of values [B, cells]."""
        terms = x[:, self.cell.to(x.device)] * self.weight.to(x)
        return torch.zeros(len(x), self.count, dtype=x.dtype, device=x.device).index_add(
            1, self.reading.to(x.device), terms
        )

    def spread(self, y: Tensor, cells: int) -> Tensor:
        """Return the transpose: [B, cells] of values [B, n]."""
        terms = y[:, self.reading.to(y.device)] * self.weight.to(y)
        return torch.zeros(len(y), cells, dtype=y.dtype, device=y.device).index_add(1, self.cell.to(y.device), terms)


class PositionBlur(LinearOperator):
    """Reads one channel at n positions known to within a deviation each: [B, C, H, W] -> [B, 1, n].

    Weights are cut at three deviations and at the edge of the map, and sum to 1.

    Args:
        domain: what A takes.
        rows: row of each position [cells], fractions allowed, shape (n,); 0 is the centre of the first row.
        cols: column of each position [cells], shape (n,).
        sigma_cells: deviation of each position in each direction [cells], a number or shape (n,); 0 reads one cell.
        channel: the channel that is read.

    Raises:
        GridError: if a position lies outside the cells, or shapes differ.
        OptionError: if a deviation is negative or not finite.
        InputError: if the channel is not in the domain.
    """

    def __init__(
        self, domain: Domain, rows: NDArray[np.float64], cols: NDArray[np.float64],
        sigma_cells: float | NDArray[np.float64], channel: str = "gain_db",
    ) -> None:  # fmt: skip
        row, col = np.asarray(rows, dtype=np.float64), np.asarray(cols, dtype=np.float64)
        if len(domain.shape) != 2 or row.ndim != 1 or row.shape != col.shape:
            raise GridError(f"rows {row.shape} and columns {col.shape} of cells {domain.shape}: wanted (n,) and (n,)")
        height, width = domain.shape
        inside = (row >= -0.5) & (row <= height - 0.5) & (col >= -0.5) & (col <= width - 0.5)
        if not inside.all():
            raise GridError(
                f"{int((~inside).sum())} positions lie outside the {height} x {width} cells; crop them first"
            )
        spread = np.broadcast_to(np.asarray(sigma_cells, dtype=np.float64), row.shape)
        if not (np.isfinite(spread) & (spread >= 0)).all():
            raise OptionError(f"deviation of positions {sigma_cells!r} [cells]: wanted finite numbers, 0 or more")
        self.domain, self.channel = domain, channel
        self.rows, self.cols, self.sigma_cells = row, col, spread
        self.range = Domain((channel,), domain.scale, (len(row),))
        self._channel = domain.index(channel)
        parts = [_window(r, c, s, domain.shape) for r, c, s in zip(row, col, spread, strict=True)]
        self._gather = _joined(parts)

    def apply(self, x: Tensor) -> Tensor:
        """Return the weighted sums."""
        return self._gather.sums(x[:, self._channel].flatten(1)).unsqueeze(1)

    def apply_adjoint(self, y: Tensor) -> Tensor:
        """Return every reading spread over its window."""
        x = torch.zeros((len(y), *self.domain.full_shape), dtype=y.dtype, device=y.device)
        x[:, self._channel] = self._gather.spread(y[:, 0], math.prod(self.domain.shape)).view(
            len(y), *self.domain.shape
        )
        return x


class AreaAverage(Operator):
    """Averages of power over areas, in the code of the map: [B, C, H, W] -> [B, 1, n].

    Args:
        domain: what A takes, in 'latent' or 'db' scale.
        areas: the cells of each area as flat indices row * width + col, one array per area.
        weights: share of each cell in its area (its part inside a polygon), one array per area; equal if None.
        channel: the channel that is averaged.

    Raises:
        UnitError: if the scale is neither 'latent' nor 'db', or the channel is not in decibels.
        GridError: if an area is empty or reaches beyond the cells, or weights do not fit or are not positive.
        InputError: if the channel is not in the domain.
    """

    def __init__(
        self, domain: Domain, areas: list[NDArray[np.int64]], weights: list[NDArray[np.float64]] | None = None,
        channel: str = "gain_db",
    ) -> None:  # fmt: skip
        if domain.scale not in ("latent", "db") or quantity(channel).unit != "dB":
            raise UnitError(f"an average of power wants a channel in decibels, not {channel!r} in {domain.scale!r}")
        self.domain, self.channel = domain, channel
        self.range = replace(domain, channels=(channel,), shape=(len(areas),))
        self._channel = domain.index(channel)
        cells = [np.asarray(a, dtype=np.int64).ravel() for a in areas]
        shares = [np.ones(len(a)) for a in cells] if weights is None else [np.asarray(w, np.float64) for w in weights]
        _check_areas(cells, shares, math.prod(domain.shape))
        self._gather = _joined([(a, w / w.sum()) for a, w in zip(cells, shares, strict=True)])
        step = quantity(channel).scale if domain.scale == "latent" else 1.0
        self._nepers = step * math.log(10.0) / 10.0

    @classmethod
    def blocks(
        cls, domain: Domain, factor: int, known: NDArray[np.bool_] | None = None, channel: str = "gain_db"
    ) -> AreaAverage:
        """Return averages over whole blocks of factor x factor cells, row by row, of those that hold a known cell.

        Args:
            domain: what A takes.
            factor: cells along the side of a block; incomplete blocks at the far edges are left out.
            known: cells that count (free and covered), [H, W]; all if None.
            channel: the channel that is averaged.

        Raises:
            GridError: if no block holds a known cell; and as the class.
        """
        height, width = domain.shape
        counts = np.ones((height, width), dtype=np.bool_) if known is None else known
        flat = np.arange(height * width).reshape(height, width)
        corners = [(r, c) for r in range(0, height - factor + 1, factor) for c in range(0, width - factor + 1, factor)]
        cuts = [(slice(r, r + factor), slice(c, c + factor)) for r, c in corners]
        areas = [flat[cut][counts[cut]] for cut in cuts if counts[cut].any()]
        if not areas:
            raise GridError(f"no block of {factor} x {factor} cells on {domain.shape} holds a cell that counts")
        return cls(domain, areas, channel=channel)

    def areas(self) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Return cells and shares of each area; the shares of one sum to 1."""
        which = [(self._gather.reading == i).numpy() for i in range(self._gather.count)]
        return [(self._gather.cell.numpy()[mine], self._gather.weight.numpy()[mine]) for mine in which]

    def apply(self, x: Tensor) -> Tensor:
        """Return 10 log10 of the mean power in the map's code, without overflow for any decibels."""
        value = x[:, self._channel].flatten(1)
        top = self._tops(value.detach())
        lifted = (value[:, self._gather.cell.to(x.device)] - top[:, self._gather.reading.to(x.device)]) * self._nepers
        power = torch.exp(lifted) * self._gather.weight.to(x)  # (2): power, over that of the strongest cell
        total = torch.zeros_like(top).index_add(1, self._gather.reading.to(x.device), power)
        return (top + torch.log(total) / self._nepers).unsqueeze(1)  # (2): back into the code of the map

    def _tops(self, value: Tensor) -> Tensor:
        """The largest value of each area [B, n]."""
        index = self._gather.reading.to(value.device).expand(len(value), -1)
        lowest = torch.full((len(value), self._gather.count), -math.inf, dtype=value.dtype, device=value.device)
        return lowest.scatter_reduce(1, index, value[:, self._gather.cell.to(value.device)], "amax")

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same, area by area."""
        value = x[self._channel].ravel()
        out = []
        for i in range(self._gather.count):
            mine = (self._gather.reading == i).numpy()
            power = np.exp(self._nepers * value[self._gather.cell.numpy()[mine]])
            out.append(math.log(float(power @ self._gather.weight.numpy()[mine])) / self._nepers)
        return np.array(out)[None]


def blurred_points(
    points: Points, grid: Grid, sigma_m: float | NDArray[np.float64], *, channels: tuple[str, ...] | None = None
) -> PositionBlur:
    """Return the operator that reads a latent map on `grid` where the points lie, give or take an error of position.

    Args:
        points: readings; their quantity is the channel read.
        grid: the map's cells, in the points' CRS.
        sigma_m: deviation of the positions in each direction [m], a number or one per point.
        channels: channels of the map; all of `openckm.maps.CHANNELS` if None.

    Raises:
        GridError: if a point lies outside the grid.
        OptionError: if a deviation is negative or not finite.
    """
    rows = (grid.y[0] - points.y) / grid.cell_m
    cols = (points.x - grid.x[0]) / grid.cell_m
    domain = map_domain(grid.shape, "latent", channels)
    return PositionBlur(domain, rows, cols, np.asarray(sigma_m, np.float64) / grid.cell_m, points.quantity)


def areas_likelihood(
    areas: Sequence[AreaReading], grid: Grid, *, offset: float = 0.0, channels: tuple[str, ...] | None = None
) -> Gaussian:
    """Return the likelihood of averages of gain over polygons, on maps in latent scale.

    A cell counts if its centre lies in the polygon; a polygon without a centre reads the cell of its own centre.

    Args:
        areas: readings of gain_db.
        grid: the map's cells, in the areas' CRS.
        offset: what is subtracted from every reading first [dB]: the transmit power of readings in dBm.
        channels: channels of the map; all of `openckm.maps.CHANNELS` if None.

    Raises:
        GridError: if there are no areas, or one lies outside the grid.
        UnitError: if an area is not of gain_db.
    """
    if not areas:
        raise GridError("there are no areas to make a likelihood of")
    if any(area.quantity != "gain_db" for area in areas):
        raise UnitError(
            f"areas of {sorted({a.quantity for a in areas})}: wanted gain_db, the average of which is power's"
        )
    domain = map_domain(grid.shape, "latent", channels)
    operator = AreaAverage(domain, [cells_within(area, grid) for area in areas])
    code = quantity("gain_db")
    y = torch.as_tensor(code.encode(np.array([a.value - offset for a in areas])))[None, None]
    sigma = torch.tensor([a.sigma / code.scale for a in areas], dtype=torch.float32)[None, None]
    return Gaussian(operator, y, sigma)


def cells_within(area: AreaReading, grid: Grid) -> NDArray[np.int64]:
    """Return the flat indices of the cells whose centres lie in an area, shape (n,); the nearest where there is none.

    Raises:
        OutsideGrid: if the area lies outside the grid.
    """
    import shapely

    polygon = shapely.Polygon(area.outline)
    shapely.prepare(polygon)
    (west, south), (east, north) = area.outline.min(0), area.outline.max(0)
    rows = np.flatnonzero((grid.y >= south) & (grid.y <= north))
    cols = np.flatnonzero((grid.x >= west) & (grid.x <= east))
    row, col = (part.ravel() for part in np.meshgrid(rows, cols, indexing="ij"))
    inside = shapely.contains_xy(polygon, grid.x[col], grid.y[row])
    if inside.any():
        return np.asarray(row * grid.shape[1] + col, dtype=np.int64)[inside]
    row, col = grid.index_of(np.array([polygon.centroid.x]), np.array([polygon.centroid.y]))
    return np.asarray(row * grid.shape[1] + col, dtype=np.int64)


def _window(
    row: float, col: float, sigma: float, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Flat indices and weights of the cells around a position."""
    axes = []
    for at, size in zip((row, col), shape, strict=True):
        low, high = math.floor(at - _WINDOW * sigma + 0.5), math.floor(at + _WINDOW * sigma + 0.5)
        cells = np.arange(max(low, 0), min(high, size - 1) + 1)
        # (1): w_ij of one axis
        axes.append((cells, np.exp(-0.5 * ((cells - at) / sigma) ** 2) if sigma > 1e-6 else np.ones(len(cells))))
    weight = np.outer(axes[0][1], axes[1][1]).ravel()
    return (axes[0][0][:, None] * shape[1] + axes[1][0]).ravel(), weight / weight.sum()


def _joined(parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> _Gather:
    ends = np.cumsum([0, *(len(cell) for cell, _ in parts)])
    reading = np.concatenate([np.full(b - a, i) for i, (a, b) in enumerate(pairwise(ends))] or [np.zeros(0, np.int64)])
    cell = np.concatenate([p[0] for p in parts] or [np.zeros(0, np.int64)])
    weight = np.concatenate([p[1] for p in parts] or [np.zeros(0)])
    return _Gather(reading.astype(np.int64), cell.astype(np.int64), weight, len(parts))


def _check_areas(cells: list[NDArray[np.int64]], shares: list[NDArray[np.float64]], size: int) -> None:
    if len(cells) != len(shares):
        raise GridError(f"{len(cells)} areas with {len(shares)} lists of weights: wanted one each")
    for i, (cell, share) in enumerate(zip(cells, shares, strict=True)):
        if not len(cell) or cell.min() < 0 or cell.max() >= size:
            raise GridError(
                f"area {i} holds {len(cell)} cells, of which some may lie outside the {size}; crop it first"
            )
        if share.shape != cell.shape or not (np.isfinite(share) & (share > 0)).all():
            raise GridError(f"area {i}: weights {share.shape} for {cell.shape} cells: wanted one positive number each")
