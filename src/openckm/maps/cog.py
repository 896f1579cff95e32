"""Rasters as cloud-optimised GeoTIFFs, by GDAL's COG driver: a program on the other side of a network reads a part.

Overviews halve the sides until the raster fits into one block. How a 2 x 2 block of cells becomes one is a property
of the band, and cells without a value (NaN) are left out:

    power    10 log10( mean 10^(v / 10) )            gains and received powers [dB, dBm]: averages are of linear power
    circle   component of sum (cos, sin) / |sum|     directions, whose partner is the other component
    largest  max v                                   standard deviations: an overview claims no more than its cells
    mean     mean v                                  all else, such as probabilities

Everything is made in memory: nothing but the finished file touches a disk.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openckm.maps.grid import Grid

BLOCK = 256
Pooling = Literal["power", "circle", "largest", "mean"]
Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Band:
    """One band of a raster.

    Attributes:
        name: its description.
        unit: the unit of its values.
        values: float32, NaN where there is none, shape (rows, cols).
        pooling: how overviews are made of it.
        partner: the other component of a direction, for the pooling "circle".
    """

    name: str
    unit: str
    values: Field
    pooling: Pooling = "mean"
    partner: Field | None = None


def cog_bytes(bands: Sequence[Band], grid: Grid, tags: Mapping[str, str]) -> bytes:
    """Return a cloud-optimised GeoTIFF of some bands on a grid.

    Args:
        bands: the bands, at least one, each of the grid's shape.
        grid: the cells.
        tags: metadata of the file.

    Raises:
        rasterio.errors.RasterioError: if GDAL cannot write it.
    """
    import rasterio.shutil
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile

    with ExitStack() as stack, warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning):
        memory = [stack.enter_context(MemoryFile(ext=".tif")) for _ in range(_depth(grid.shape) + 1)]
        pyramids = [_Pyramid(band) for band in bands] if len(memory) > 1 else []
        for level, file in enumerate(memory):
            for pyramid in pyramids if level else ():
                pyramid.halve()
            arrays = [p.values() for p in pyramids] if level else [band.values for band in bands]
            with file.open(**_profile(grid, len(bands), arrays[0].shape, level)) as raster:
                raster.write(np.stack(arrays))
                if level == 0:
                    raster.descriptions = tuple(band.name for band in bands)
                    raster.units = tuple(band.unit for band in bands)
                    raster.update_tags(AREA_OR_POINT="Area", **tags)
        whole, made = (stack.enter_context(MemoryFile(ext=ext)) for ext in (".vrt", ".tif"))
        rasterio.shutil.copy(memory[0].name, whole.name, driver="VRT")
        text = _with_overviews(whole.read().decode(), [file.name for file in memory[1:]])
        source = stack.enter_context(MemoryFile(text.encode(), ext=".vrt"))
        rasterio.shutil.copy(
            source.name, made.name, driver="COG", compress="DEFLATE", predictor="FLOATING_POINT", blocksize=BLOCK,
            overviews="FORCE_USE_EXISTING" if len(memory) > 1 else "NONE", bigtiff="IF_SAFER",
        )  # fmt: skip
        return bytes(made.read())


class _Pyramid:
    """A band at falling resolution: sums over blocks, so that every overview is one of the raster's own cells."""

    def __init__(self, band: Band) -> None:
        values = band.values.astype(np.float64)
        there = np.isfinite(values)
        self.pooling = band.pooling
        empty = -np.inf if band.pooling == "largest" else 0.0
        powers = 10.0 ** (np.where(there, values, 0.0) / 10.0) if band.pooling == "power" else values
        self.first = np.where(there, powers, empty)
        self.second = there.astype(np.float64)
        if band.pooling == "circle":
            self.second = np.where(there, 0.0 if band.partner is None else band.partner, 0.0)

    def halve(self) -> None:
        """Go on to half the resolution, odd sides rounded up."""
        first = _blocks(self.first, -np.inf if self.pooling == "largest" else 0.0)
        self.first = first.max(0) if self.pooling == "largest" else first.sum(0)
        self.second = _blocks(self.second, 0.0).sum(0)

    def values(self) -> Field:
        """Return the band at the present resolution, NaN where no cell has a value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.pooling == "circle":
                pooled = self.first / np.hypot(self.first, self.second)
            elif self.pooling == "largest":
                pooled = np.where(self.second > 0, self.first, np.nan)
            else:
                pooled = self.first / self.second
                pooled = 10.0 * np.log10(pooled) if self.pooling == "power" else pooled
        return pooled.astype(np.float32)


def _blocks(values: NDArray[np.float64], beyond: float) -> NDArray[np.float64]:
    """Return the four cells of every 2 x 2 block, shape (4, ceil(rows / 2), ceil(cols / 2))."""
    rows, cols = values.shape
    padded = np.pad(values, ((0, rows % 2), (0, cols % 2)), constant_values=beyond)
    return np.stack([padded[i::2, j::2] for i in (0, 1) for j in (0, 1)])


def _depth(shape: tuple[int, int]) -> int:
    """Return how many times the sides are halved until the raster fits into one block."""
    depth, side = 0, max(shape)
    while side > BLOCK:
        depth, side = depth + 1, -(-side // 2)
    return depth


def _profile(grid: Grid, count: int, shape: tuple[int, ...], level: int) -> dict[str, Any]:
    rows, cols = shape
    scale = 2**level
    return {
        "driver": "GTiff", "dtype": "float32", "count": count, "height": rows, "width": cols, "crs": grid.crs,
        "transform": grid.transform @ grid.transform.scale(scale), "nodata": float("nan"), "interleave": "band",
    }  # fmt: skip


def _with_overviews(vrt: str, files: Sequence[str]) -> str:
    """Return a virtual raster whose band k has band k of each file as an overview."""
    parts = vrt.split("</VRTRasterBand>")
    for k in range(len(parts) - 1):
        parts[k] += "".join(
            f"<Overview><SourceFilename>{name}</SourceFilename><SourceBand>{k + 1}</SourceBand></Overview>"
            for name in files
        )
    return "</VRTRasterBand>".join(parts)
