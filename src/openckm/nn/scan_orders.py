"""Orders in which the cells of a map are read as a sequence.

    raster      rows from the north, each from the west (P3)
    alternate   rows in even blocks of a network, columns in odd ones: the cost of raster
    cross       rows and columns in every block, outputs added: twice the cost
    rays        from the transmitter outwards, sector of bearing after sector: along a ray, what comes before a cell in
                the sequence is what the wave has met

Every order is read forwards and backwards. An order is a permutation of the cells, None for rows as they lie.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from openckm.errors import OptionError

Scan = Literal["raster", "alternate", "cross", "rays"]
SCANS: tuple[Scan, ...] = ("raster", "alternate", "cross", "rays")
Order = Tensor | None
"""A permutation of the cells [B or 1, H W], or None."""


def orders(scan: Scan, shape: tuple[int, int], source: Tensor | None, scale: float) -> tuple[tuple[Order, ...], ...]:
    """Return the orders of even and of odd blocks at one resolution.

    Args:
        scan: the name of the scan.
        shape: rows and columns at this resolution.
        source: (row, column) of the transmitter in cells of the whole map, fractions and places outside it allowed
            [B, 2]; wanted by "rays".
        scale: side of a cell at this resolution [cells of the whole map].

    Raises:
        OptionError: if the scan is unknown, or wants the transmitter and has none.
    """
    if scan == "raster":
        return (None,), (None,)
    if scan == "rays":
        if source is None:
            raise OptionError("a scan along rays wants the transmitter's place: give `source` [B, 2]")
        along = ray_order(shape, source, scale)
        return (along,), (along,)
    columns = column_order(shape, None if source is None else source.device)
    if scan == "alternate":
        return (None,), (columns,)
    if scan == "cross":
        return (None, columns), (None, columns)
    raise OptionError(f"scan={scan!r}: wanted one of {', '.join(SCANS)}")


def column_order(shape: tuple[int, int], device: torch.device | None = None) -> Tensor:
    """Return the cells [1, H W] column after column from the west, each from the north."""
    rows, cols = shape
    return torch.arange(rows * cols, device=device).view(rows, cols).t().reshape(1, -1)


def ray_order(shape: tuple[int, int], source: Tensor, scale: float = 1.0) -> Tensor:
    """Return the cells [B, H W] sorted by sector of bearing, and in a sector by their distance from the source.

    A sector is about two cells wide at the far corner of a square map around the source.

    Args:
        shape: rows and columns.
        source: (row, column) of the transmitter [B, 2], in cells of the whole map.
        scale: side of a cell [cells of the whole map].
    """
    rows, cols = shape
    place = source.to(torch.float64) / scale
    down = (
        torch.arange(rows, device=source.device, dtype=torch.float64).view(1, -1, 1) + 0.5 - place[:, 0].view(-1, 1, 1)
    )
    right = (
        torch.arange(cols, device=source.device, dtype=torch.float64).view(1, 1, -1) + 0.5 - place[:, 1].view(-1, 1, 1)
    )
    sectors = max(8, round(math.pi * math.hypot(rows, cols) / 4.0))
    turn = (torch.atan2(down, right) / (2.0 * math.pi) + 0.5) * sectors
    sector = turn.floor().clamp(0, sectors - 1)
    distance = torch.hypot(down, right)
    key = sector + distance / (distance.amax((1, 2), keepdim=True) + 1.0)
    return key.flatten(1).argsort(dim=1, stable=True)
