"""The denoiser is conditioned on the site and the evidence besides the noisy map. One layout for prior and posterior.

Site planes (a flag plane of 0 means "not known", and the value planes are then 0):
    building, building_known, height, height_known,
    free_space (pattern included), pattern, bearing east, bearing north, obstruction, diffraction, transmitter_known
Evidence planes, for gain, aoa_cos and aoa_sin each: low, high, weight, in latent code, where a reading says
"the value lies in [low, high], give or take sigma" and

    weight = 1 / (1 + (sigma / SIGMA_REFERENCE)^2),                                                             (1)

0 where nothing was measured. With all flags and weights 0 the denoiser is the unconditional prior.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from openckm.errors import GridError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points, join_points
from openckm.maps.propagation import SiteGeometry, site_geometry
from openckm.maps.quantity import AOA_COS, AOA_SIN, GAIN
from openckm.maps.site import Layout, Transmitter
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.planes import PLANE_GROUPS, SITE_QUANTITIES, STATIC_PLANES, quantities
from openckm.priors.planes import SITE_PLANES as SITE_PLANES

__all__ = ["Condition"]

EVIDENCE_CHANNELS = (GAIN, AOA_COS, AOA_SIN)
EVIDENCE_PLANES = 3 * len(EVIDENCE_CHANNELS)
SIGMA_REFERENCE = 0.1
"""Latent noise level at which a reading weighs one half (4 dB of gain)."""
LATENT_BOUND = 2.5
"""Bound put in place of an infinite end of an interval, in latent code (-200 dB and 0 dB for gain)."""
INTERPOLATION_SCALES = (1.5, 5.0, 16.0)
"""Widths of the Gaussian windows [cells] over which evidence is interpolated for the network."""

_HEIGHT_SCALE_M = 30.0
_OBSTRUCTION_SCALE_M = 5.0
_VEHICLE_SCALE_M = 4.0


_GROUP_QUANTITIES = {name: quantities(planes) for name, planes in PLANE_GROUPS.items()}
_PARTS = {"vehicles": "moving", "rays": "rays"}
"""The part of a condition that holds each group of planes."""
_STATIC = [SITE_PLANES.index(name) for name in STATIC_PLANES]
_KEY_STEP = 2.0**-12
"""Planes are compared in whole numbers of this, which is less than any instrument can tell."""


@dataclass(frozen=True)
class Condition:
    """Everything known about a batch of maps, in parts: what stands, what moves, what was read, and what rays say.

    Attributes:
        site: site planes, [B, len(SITE_PLANES), H, W].
        evidence: evidence planes, [B, EVIDENCE_PLANES, H, W].
        scalars: log2(cell / 2 m), and log2(carrier / 3.5 GHz) (0 where unknown), [B, 2].
        moving: planes of vehicles, [B, len(MOVING_PLANES), H, W]; None where nobody has looked for any.
        rays: planes of rays (`openckm.priors.ray_planes`), [B, len(RAY_PLANES), H, W]; None where none were launched.
    """

    site: Tensor
    evidence: Tensor
    scalars: Tensor
    moving: Tensor | None = None
    rays: Tensor | None = None

    @classmethod
    def nothing(cls, batch: int, shape: tuple[int, int], cell_m: float = 2.0) -> Condition:
        """Return the condition under which the denoiser is the unconditional prior of maps with this cell size."""
        return cls(
            torch.zeros(batch, len(SITE_PLANES), *shape),
            torch.zeros(batch, EVIDENCE_PLANES, *shape),
            scalars(cell_m, None).expand(batch, 2),
        )

    @classmethod
    def join(cls, conditions: Sequence[Condition]) -> Condition:
        """Return conditions of maps of one size as one batch."""
        moving, rays = (
            torch.cat([c.group(name) for c in conditions]) if any(c.has(name) for c in conditions) else None
            for name in PLANE_GROUPS
        )
        site, evidence, steering = (
            torch.cat([getattr(c, name) for c in conditions]) for name in ("site", "evidence", "scalars")
        )
        return cls(site, evidence, steering, moving, rays)

    def repeat(self, count: int) -> Condition:
        """Return the condition with every item repeated `count` times along the batch."""
        return self.each(lambda part: part.repeat_interleave(count, 0))

    def each(self, change: Callable[[Tensor], Tensor]) -> Condition:
        """Return the condition with every tensor changed by the same function."""
        moving, rays = (None if part is None else change(part) for part in (self.moving, self.rays))
        return Condition(change(self.site), change(self.evidence), change(self.scalars), moving, rays)

    def select(self, index: slice | Tensor) -> Condition:
        """Return some items of the batch."""
        return self.each(lambda part: part[index])

    def without_evidence(self) -> Condition:
        """Return the condition with every measurement forgotten."""
        return replace(self, evidence=torch.zeros_like(self.evidence))

    def static(self) -> Condition:
        """Return the condition with the layout alone: no transmitter, no vehicle, no measurement."""
        site = torch.zeros_like(self.site)
        site[:, _STATIC] = self.site[:, _STATIC]
        scalars = self.scalars * self.scalars.new_tensor([1.0, 0.0])
        return Condition(site, torch.zeros_like(self.evidence), scalars)

    @cached_property
    def interpolated(self) -> Tensor:
        """The gain evidence spread over windows (`interpolate_evidence`), once for all calls of a sampler."""
        return interpolate_evidence(self.site, self.evidence)

    def has(self, name: str) -> bool:
        """Return whether a group of planes is there."""
        return getattr(self, _PARTS[name]) is not None

    def group(self, name: str) -> Tensor:
        """Return the planes of a group of `PLANE_GROUPS`, zeros (nobody has looked) where there are none."""
        part = getattr(self, _PARTS[name])
        if part is not None:
            return torch.as_tensor(part)
        return self.site.new_zeros(len(self.site), len(PLANE_GROUPS[name]), *self.site.shape[-2:])

    def turned(self, k: int) -> Condition:
        """Return the condition of the map moved by symmetry k (0-7) of the square."""
        if k == 0:
            return self
        site = apply_symmetry(k, self.site.numpy(), SITE_QUANTITIES)
        moving, rays = (
            torch.as_tensor(apply_symmetry(k, self.group(name).numpy(), _GROUP_QUANTITIES[name]))
            if self.has(name)
            else None
            for name in PLANE_GROUPS
        )
        return Condition(torch.as_tensor(site), _turned_evidence(k, self.evidence), self.scalars, moving, rays)

    def key(self) -> str:
        """Return a SHA-256 of everything known, from whole numbers alone, so that it does not hang on last digits."""
        digest = hashlib.sha256()
        for name in ("site", "evidence", "scalars", "moving", *(("rays",) if self.rays is not None else ())):
            part = getattr(self, name)
            digest.update(f"{name} {None if part is None else tuple(part.shape)};".encode())
            if part is not None:
                whole = torch.round(part.detach().to("cpu", torch.float64) / _KEY_STEP).to(torch.int64)
                digest.update(whole.numpy().astype("<i8").tobytes())
        return digest.hexdigest()


def _turned_evidence(k: int, evidence: Tensor) -> Tensor:
    """Move low, high and weight of gain and direction; a component that changes sign swaps its bounds."""
    planes = apply_symmetry(k, evidence.numpy())
    east, north = planes[:, 3:6].copy(), planes[:, 6:9].copy()
    for _ in range(k % 4):
        east, north = _negated(north), east
    planes[:, 3:6] = _negated(east) if k >= 4 else east
    planes[:, 6:9] = north
    return torch.as_tensor(planes)


def _negated(interval: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([-interval[:, 1], -interval[:, 0], interval[:, 2]], axis=1)


def scalars(cell_m: float, carrier_hz: float | None) -> Tensor:
    """Return the steering scalars [1, 2] of a cell size [m] and a carrier [Hz]."""
    carrier = 0.0 if carrier_hz is None else float(np.log2(carrier_hz / 3.5e9))
    return torch.tensor([[float(np.log2(cell_m / 2.0)), carrier]])


def site_planes(
    grid: Grid, layout: Layout | None, transmitter: Transmitter | None, *, heights_known: bool | None = None
) -> NDArray[np.float32]:
    """Return the site planes (len(SITE_PLANES), rows, cols) of what is known.

    Args:
        grid: the cells.
        layout: buildings on this same grid, or None.
        transmitter: or None.
        heights_known: whether heights may be trusted; by default, when most were stated in the layout.

    Raises:
        GridError: if the layout stands on another grid.
    """
    if layout is not None and layout.grid != grid:
        raise GridError(f"layout on {layout.grid}: wanted the grid of the map, {grid}; read the layout onto it")
    trusted = layout is not None and (layout.height_known > 0.5 if heights_known is None else heights_known)
    height = None if layout is None else layout.height_m
    ground = None if layout is None else layout.ground_m
    geometry = None if transmitter is None else site_geometry(grid, transmitter, height, ground_m=ground)
    return stack_site(grid.shape, height, trusted, geometry, None if layout is None else layout.unknown)


def moving_planes(vehicle_m: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the planes of vehicles (len(MOVING_PLANES), rows, cols) from the height of what stands on each cell [m].

    Heights are 0 where the street is free; that somebody has looked is said even where there is no vehicle.
    """
    height = np.asarray(vehicle_m, np.float32)
    return np.stack([(height > 0).astype(np.float32), height / _VEHICLE_SCALE_M, np.ones_like(height)])


def stack_site(
    shape: tuple[int, int], height_m: NDArray[np.float32] | None, trusted: bool, geometry: SiteGeometry | None,
    unknown: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """Return the site planes from building heights [m] and geometric fields, either of which may be None.

    On cells that are `unknown`, neither a building nor its absence is known.
    """
    planes = np.zeros((len(SITE_PLANES), *shape), dtype=np.float32)
    if height_m is not None:
        planes[0] = (height_m > 0) - 0.5
        planes[1] = 1.0
        if trusted:
            planes[2] = height_m / _HEIGHT_SCALE_M
            planes[3] = 1.0
        if unknown is not None:
            planes[:4, unknown] = 0.0
    if geometry is not None:
        planes[4] = GAIN.encode(geometry.free_space_db + geometry.pattern_db)
        planes[5] = geometry.pattern_db / 30.0
        planes[6] = AOA_COS.encode(geometry.cos)
        planes[7] = AOA_SIN.encode(geometry.sin)
        planes[10] = 1.0
        if height_m is not None:
            planes[8] = np.log1p(geometry.obstruction_m / _OBSTRUCTION_SCALE_M) / 4.0
            planes[9] = geometry.diffraction_db / GAIN.scale if trusted else 0.0
    return planes


def evidence_planes(grid: Grid, tables: tuple[Points, ...], offset_db: float = 0.0) -> NDArray[np.float32]:
    """Return the evidence planes (EVIDENCE_PLANES, rows, cols) of cell readings.

    Several readings in one cell are combined by their precision; give one reading per cell (see
    `openckm.maps.csv.aggregate_cells`) for averages in linear power.

    Args:
        grid: the cells.
        tables: readings of gain_db, aoa_cos or aoa_sin, inside the grid.
        offset_db: subtracted from gain readings [dB] (the transmit power of readings in dBm).

    Raises:
        OutsideGrid: if a reading lies outside the grid.
        MeasurementError: if readings of one quantity differ in unit.
    """
    planes = np.zeros((EVIDENCE_PLANES, *grid.shape), dtype=np.float32)
    for index, channel in enumerate(EVIDENCE_CHANNELS):
        chosen = [t for t in tables if t.quantity == channel.name and len(t)]
        if chosen:
            shift = offset_db if channel is GAIN else 0.0
            _add_readings(planes[3 * index : 3 * index + 3], grid, join_points(chosen), shift)
    return planes


def _add_readings(planes: NDArray[np.float32], grid: Grid, table: Points, shift: float) -> None:
    channel = next(c for c in EVIDENCE_CHANNELS if c.name == table.quantity)
    low, high = table.value.copy(), table.value.copy()
    interval, below, above = (table.kind == k for k in ("interval", "below", "above"))
    low[interval], high[interval] = table.low[interval], table.high[interval]
    low[below], high[above] = -np.inf, np.inf
    bounds = [np.clip(channel.encode(b - shift), -LATENT_BOUND, LATENT_BOUND) for b in (low, high)]
    precision = (channel.scale / table.sigma) ** 2
    row, col = grid.index_of(table.x, table.y)
    total = np.zeros(grid.shape)
    np.add.at(total, (row, col), precision)
    for plane, bound in zip(planes[:2], bounds, strict=True):
        summed = np.zeros(grid.shape)
        np.add.at(summed, (row, col), precision * bound)
        plane += np.where(total > 0, summed / np.maximum(total, 1e-9), 0.0).astype(np.float32)
    planes[2] += (total / (total + SIGMA_REFERENCE**-2)).astype(np.float32)  # (1), with total = 1 / sigma^2


def interpolate_evidence(site: Tensor, evidence: Tensor) -> Tensor:
    """Return the gain evidence spread over Gaussian windows, two planes a scale: [B, 2 * scales, H, W].

    First plane: the weighted average of (reading - free space) in the window, shrunk to 0 where there is nothing.
    Second plane: log of the summed weight in the window. A normalised convolution: it saves a small network from
    having to learn long-range interpolation.

    References:
        H. Knutsson, C.-F. Westin, Normalized and differential convolution, 1993.
    """
    low, high, weight = evidence[:, 0:1], evidence[:, 1:2], evidence[:, 2:3]
    sharp = weight * torch.exp(-(high - low) / 0.25)
    value = sharp * (0.5 * (low + high) - site[:, 4:5])
    if not bool(weight.any()):  # nothing to spread: every cell is like the first
        value, sharp = value[..., :1, :1], sharp[..., :1, :1]
    planes = []
    for scale in INTERPOLATION_SCALES:
        spread = _blur(torch.cat([value, sharp], dim=1), scale)
        planes.append(spread[:, :1] / (spread[:, 1:] + 1e-3 / scale))
        planes.append(torch.log(spread[:, 1:] + 1e-4) / 4.0 + 1.0)
    return torch.cat(planes, dim=1).expand(-1, -1, *weight.shape[-2:])


def _blur(x: Tensor, scale: float) -> Tensor:
    radius = int(3 * scale)
    offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (offsets / scale) ** 2)
    kernel = kernel / kernel.sum()
    channels = x.shape[1]
    row = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    x = functional.conv2d(x, row, padding=(0, radius), groups=channels)
    return functional.conv2d(x, row.transpose(2, 3), padding=(radius, 0), groups=channels)
