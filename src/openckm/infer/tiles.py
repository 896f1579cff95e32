"""Maps may have any size: the denoiser runs on overlapping tiles whose answers are blended, one field of noise for all.

    D(x)_i = sum_t w_t(i) D_t(x restricted to tile t)_i,      sum_t w_t(i) = 1,  w_t >= 0           (1)

`Tiled` wraps a denoiser and is a denoiser, so that every sampler step and the one-call posterior mean blend alike, and
the sampler's state and noise belong to cells of the whole map: two tiles see the same noisy map where they overlap.
The weight of a tile is a product of two ramps sin^2 that rise from its inner borders over the overlap, after a margin
in which it counts almost nothing; borders of the map itself have no ramp. Memory: the state of the whole map, and the
network's activations for `batch` tiles.

References:
    MultiDiffusion: Fusing Diffusion Paths for Controlled Image Generation. O. Bar-Tal, L. Yariv, Y. Lipman, T. Dekel,
    2023, Eq. 5 (blending at every step is the least-squares fusion of the tiles' steps).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import OptionError
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser

_FAINT = 1e-4
"""Weight within the margin, before normalisation: not 0, so that the sum of weights is positive everywhere."""


@dataclass(frozen=True)
class TileOptions:
    """How a map is cut.

    Attributes:
        cells: side of a tile [cells]; sides of the map up to this are not cut.
        overlap: cells that neighbouring tiles share, at least.
        margin: cells along a tile's inner border that count almost nothing (the network sees nothing beyond them).
        batch: tiles per network call, at most.
    """

    cells: int = 256
    overlap: int = 64
    margin: int = 8
    batch: int = 4

    def __post_init__(self) -> None:
        if not 0 <= 2 * self.margin < self.overlap <= self.cells // 2 or self.batch < 1:
            raise OptionError(
                f"{self}: wanted 0 <= 2 margin < overlap <= cells / 2 and at least 1 tile per call; choose larger tiles"
            )


def tile_options(cells: int) -> TileOptions:
    """Return the usual overlap and margin of tiles with a side of so many cells."""
    return TileOptions(cells, overlap=cells // 4, margin=min(8, cells // 16))


def tile_starts(side: int, cells: int, overlap: int, multiple: int = 1) -> tuple[int, ...]:
    """Return the first cell of each tile along a side, evenly spread, all divisible by `multiple`.

    Args:
        side: cells along the side, divisible by `multiple`.
        cells: side of a tile, divisible by `multiple`.
        overlap: cells that neighbours share, at least.
        multiple: what the network's strides divide.

    Raises:
        OptionError: if side or tile is not divisible by `multiple`, or such a grid of tiles is impossible.
    """
    if side % multiple or cells % multiple:
        raise OptionError(f"a side of {side} cells in tiles of {cells}: both must be divisible by {multiple}")
    if side <= cells:
        return (0,)
    stride = (cells - overlap) // multiple * multiple
    if stride < 1:
        raise OptionError(f"tiles of {cells} cells that share {overlap} cannot move by steps of {multiple}")
    count = -(-(side - cells) // stride) + 1
    steps = (side - cells) // multiple
    return tuple(round(k * steps / (count - 1)) * multiple for k in range(count))


def tile_weights(starts: tuple[int, ...], side: int, cells: int, margin: int = 0) -> NDArray[np.float64]:
    """Return the weights (tiles, side) of tiles along a side: 0 outside a tile, summing to 1 in every cell.

    Args:
        starts: first cell of each tile, ascending.
        side: cells along the side.
        cells: side of a tile.
        margin: cells along inner borders that count almost nothing.
    """
    size = min(cells, side)
    weights = np.zeros((len(starts), side))
    place: NDArray[np.float64] = np.arange(size, dtype=np.float64) + 0.5
    for k, start in enumerate(starts):
        ramp = np.ones(size)
        if k > 0:
            ramp *= _rise(place, starts[k - 1] + size - start, margin)
        if k + 1 < len(starts):
            ramp *= _rise(size - place, start + size - starts[k + 1], margin)
        weights[k, start : start + size] = np.maximum(ramp, _FAINT)
    return np.asarray(weights / weights.sum(0), np.float64)  # (1): sum_t w_t(i) = 1


def _rise(depth: NDArray[np.float64], shared: int, margin: int) -> NDArray[np.float64]:
    """sin^2 from 0 at `margin` cells inside the border to 1 where the neighbour begins to count almost nothing."""
    length = max(shared - 2 * margin, 1)
    return np.asarray(np.sin(0.5 * np.pi * np.clip((depth - margin) / length, 0.0, 1.0)) ** 2)


class Tiled(Denoiser):
    """A denoiser for maps larger than those it was trained on."""

    def __init__(self, denoiser: Denoiser, multiple: int, options: TileOptions | None = None) -> None:
        """Wrap a denoiser whose map sides must be divisible by `multiple`.

        Raises:
            OptionError: if the tile's side or overlap does not fit `multiple`.
        """
        super().__init__()
        self.denoiser, self.multiple, self.options = denoiser, multiple, options or TileOptions()
        self.turns = denoiser.turns
        size, overlap = self.options.cells, self.options.overlap
        if size % multiple or size - overlap < multiple:
            raise OptionError(f"tiles of {size} cells that share {overlap}: wanted a side divisible by {multiple}")

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W]; sides up to the tile's are not cut."""
        rows, cols = (int(n) for n in x.shape[-2:])
        size, overlap, margin = self.options.cells, self.options.overlap, self.options.margin
        if max(rows, cols) <= size:
            whole: Denoised = self.denoiser(x, sigma, condition)
            return whole
        down, right = (tile_starts(n, size, overlap, self.multiple) for n in (rows, cols))
        tall, wide = (
            torch.as_tensor(tile_weights(s, n, size, margin), dtype=torch.float32, device=x.device)
            for s, n in ((down, rows), (right, cols))
        )
        mean, var = torch.zeros_like(x, dtype=torch.float32), torch.zeros_like(x, dtype=torch.float32)
        known = True
        for item, i, j in product(range(x.shape[0]), range(len(down)), range(0, len(right), self.options.batch)):
            chosen = range(j, min(j + self.options.batch, len(right)))
            windows = [_window(down[i], right[k], size, (rows, cols)) for k in chosen]
            part = self._call(x, sigma, condition, item, windows)
            known = known and part.var is not None
            for n, (k, (r, c)) in enumerate(zip(chosen, windows, strict=True)):
                weight = tall[i, r][:, None] * wide[k, c][None, :]  # (1): w_t, a product of two ramps
                mean[item, :, r, c] += weight * part.mean[n]  # (1)
                if part.var is not None:
                    var[item, :, r, c] += weight * part.var[n]
        return Denoised(mean.to(x.dtype), var.to(x.dtype) if known else None)

    def _call(
        self, x: Tensor, sigma: Tensor, condition: Condition | None, item: int, windows: list[tuple[slice, slice]]
    ) -> Denoised:
        """Denoise the windows of one map in one call."""
        noisy = torch.stack([x[item, :, r, c] for r, c in windows])
        given = None if condition is None else _given(condition, item, windows)
        part: Denoised = self.denoiser(noisy, sigma[item].expand(len(windows)), given)
        return part


def _window(row: int, col: int, size: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    return slice(row, min(row + size, shape[0])), slice(col, min(col + size, shape[1]))


def _given(condition: Condition, item: int, windows: list[tuple[slice, slice]]) -> Condition:
    def cut(part: Tensor) -> Tensor:
        if part.ndim == 2:  # scalars are of the whole map
            return part[item].expand(len(windows), -1)
        return torch.stack([part[item, :, r, c] for r, c in windows])

    return condition.each(cut)
