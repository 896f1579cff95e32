"""Cells of a city that lie apart, as a grid of one row: where readings are fitted, and where a tile is answered.

What belongs to a site is a function of its readings and of the network's map at any cells, so that no array of the
whole city is wanted to fit it or to ask it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OutsideGrid
from openckm.infer.scene import Scene
from openckm.maps.grid import Grid
from openckm.maps.site import Layout

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells(Grid):
    """Some cells of a grid, shape (1, n).

    Attributes:
        whole: the grid.
        index: their flat indices on it, ascending.
    """

    whole: Grid
    index: Index

    @classmethod
    def of(cls, whole: Grid, index: Index) -> Self:
        """Return the cells with these flat indices, each once."""
        chosen = np.unique(index)
        return cls((1, len(chosen)), whole.cell_m, whole.origin, whole.crs, whole=whole, index=chosen)

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cell-centre coordinates (x, y) [m], each of shape (1, n)."""
        row, col = np.divmod(self.index, self.whole.shape[1])
        return self.whole.x[col][None], self.whole.y[row][None]

    def contains(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
        """Say for each point [m] whether it lies in one of the cells."""
        inside = np.atleast_1d(self.whole.contains(x, y))
        east, north = np.atleast_1d(x)[inside], np.atleast_1d(y)[inside]
        inside[inside] = self._found(*self.whole.index_of(east, north))[1]
        return inside

    def index_of(self, x: ArrayLike, y: ArrayLike) -> tuple[Index, Index]:
        """Return (0, place among the cells) of each point [m].

        Raises:
            OutsideGrid: if a point lies in none of them.
        """
        place, known = self._found(*self.whole.index_of(x, y))
        if not known.all():
            raise OutsideGrid(f"{int((~known).sum())} of {known.size} points lie in none of the {self.shape[1]} cells")
        return np.zeros_like(place), place

    def _found(self, row: Index, col: Index) -> tuple[Index, NDArray[np.bool_]]:
        flat = row * self.whole.shape[1] + col
        place = np.minimum(np.searchsorted(self.index, flat), max(len(self.index) - 1, 0))
        return np.asarray(place, np.intp), np.asarray(self.index[place] == flat)


def scene_at(scene: Scene, index: Index, layout: Layout, rays: NDArray[np.float32] | None = None) -> Scene:
    """Return a city's scene whose cells are some of the city's.

    Args:
        scene: evidence on the whole grid of the city.
        index: flat indices of the cells, those with a reading among them.
        layout: the layout of the city.
        rays: planes of rays of the cells, shape (planes, n), or None.
    """
    cells = Cells.of(scene.grid, index)
    height = np.asarray(layout.height_m.reshape(-1)[cells.index], np.float32)[None]
    condition = scene.condition
    if rays is not None:
        condition = replace(condition, rays=torch.as_tensor(rays)[None, :, None])
    return replace(scene, grid=cells, layout=replace(layout, grid=cells, height_m=height), condition=condition)
