"""A prior that its site has taught: the parent's weights plus a delta (`openckm.store.delta`), fold by fold.

Where no reading taught anything, the map is the average over the folds' networks. In a block that taught, the answer is
that of the fold which never saw this block's readings. So whoever compares map and readings afterwards, to weigh
experts, to fit what the prior cannot explain, or to state a spread, compares true predictions, and readings of pure
noise leave the stated spread as wide as it was.

A delta belongs to one base station, and what it teaches makes maps of other places worse. So a taught prior is asked
only about its own: `Adapted.belongs` compares a salted fingerprint of the station's place (longitude and latitude in
squares of _PLACE_M, one square of tolerance; in a local plane its coordinates there) and of its boresight.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.maps.grid import Grid, reproject
from openckm.maps.site import Transmitter
from openckm.priors.adapter import UP, with_factors
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser
from openckm.store.delta import Delta

ADAPTED = "adapted"
"""Attribute by which a taught prior keeps its delta; no submodule, for the folds' weights are not its own."""
_PLACE_M, _SECTOR_DEG = 25.0, 45.0
"""Side of the squares [m], and width of the sectors [degrees], by which base stations are set apart."""
EARTH_M = 6_371_000.0


@dataclass(frozen=True, eq=False)
class Adapted:
    """What a taught prior keeps of its delta.

    Attributes:
        delta: the delta.
        folds: the network of each fold.
        parent: the prior as it was before.
    """

    delta: Delta
    folds: tuple[MapDenoiser, ...]
    parent: MapDenoiser

    @property
    def name(self) -> str:
        """What provenance calls the delta."""
        place = f" of {self.delta.place}" if self.delta.place else ""
        return f"delta {self.delta.digest[:12]}{place}"

    def belongs(self, grid: Grid, transmitter: Transmitter | None) -> bool:
        """Return whether the delta was taught at this base station, to a square of _PLACE_M beside it.

        Args:
            grid: the grid whose plane the station's place is in.
            transmitter: the station; None where nobody knows it.
        """
        if not self.delta.site:
            return True
        if transmitter is None:
            return False
        around = [(east, north) for east in (0, -1, 1) for north in (0, -1, 1)]
        return any(place_print(grid, transmitter, self.delta.salt, at) == self.delta.site for at in around)

    def labels(self, grid: Grid, place: tuple[float, float]) -> NDArray[np.intp]:
        """Return the fold of every cell's block, shape of the grid, -1 where nothing was taught.

        Args:
            grid: the cells.
            place: x and y of the base station on the grid's plane [m].
        """
        x, y = grid.centres()
        own = block_of(x.ravel(), y.ravel(), place, self.delta.block_m)
        fold = {(int(e), int(n)): int(f) for e, n, f in self.delta.blocks}
        return np.array([fold.get((int(e), int(n)), -1) for e, n in own], dtype=np.intp).reshape(grid.shape)


class CrossFitted(Denoiser):
    """One denoiser per fold, and the fold of every cell that taught: `posterior_mean` joins what they say.

    Args:
        folds: the number of folds of one prior.
        label: fold of each cell [H, W], -1 where the average over the folds counts.
    """

    def __init__(self, folds: Sequence[Denoiser], label: NDArray[np.intp]) -> None:
        super().__init__()
        self._folds, self.label = tuple(folds), torch.as_tensor(label)
        self.turns = all(one.turns for one in folds)

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise by the average over the folds; only `joined` knows which cell is whose."""
        return _average([one(x, sigma, condition) for one in self._folds])

    def joined(self, ask: Callable[[Denoiser], Denoised]) -> Denoised:
        """Return the upright answer [B, C, H, W] that each cell's own fold gives, the average elsewhere."""
        answers = [ask(one) for one in self._folds]
        whole = _average(answers)
        mean, var = whole.mean.clone(), None if whole.var is None else whole.var.clone()
        for fold, own in enumerate(answers):
            here = self.label == fold
            mean[..., here] = own.mean[..., here]
            if var is not None and own.var is not None:
                var[..., here] = own.var[..., here]
        return Denoised(mean, var)


def _average(answers: Sequence[Denoised]) -> Denoised:
    mean = torch.stack([one.mean for one in answers]).mean(0)
    variances = [one.var for one in answers if one.var is not None]
    return Denoised(mean, torch.stack(variances).mean(0) if len(variances) == len(answers) else None)


def place_print(grid: Grid, transmitter: Transmitter, salt: str, beside: tuple[int, int] = (0, 0)) -> str:
    """Return the fingerprint of a base station's place and boresight, SHA-256 as text.

    Args:
        grid: the grid whose plane the place is in.
        transmitter: the station.
        salt: a text by which one place has another fingerprint in every delta.
        beside: squares to the east and to the north of the station's own.
    """
    east, north = transmitter.x, transmitter.y
    if grid.crs is not None:
        lon, lat = (float(v) for v in reproject(grid.crs, "EPSG:4326", east, north))
        degree_m = math.pi / 180.0 * EARTH_M
        # metres along the parallel of the latitude's degree, so that both agree wherever the map's plane begins
        east, north = lon * degree_m * math.cos(math.radians(round(lat))), lat * degree_m
    squares = [math.floor(east / _PLACE_M) + beside[0], math.floor(north / _PLACE_M) + beside[1]]
    bearing = transmitter.bearing_deg
    sector = None if bearing is None else round(bearing % 360.0 / _SECTOR_DEG) % round(360.0 / _SECTOR_DEG)
    said = [salt, grid.crs is not None, *squares, sector]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def block_of(
    x: NDArray[np.float64], y: NDArray[np.float64], place: tuple[float, float], block_m: float
) -> NDArray[np.int16]:
    """Return (east, north) of the blocks that points [m] lie in, counted from the base station, shape (n, 2)."""
    east, north = (np.floor((v - at) / block_m) for v, at in ((x, place[0]), (y, place[1])))
    return np.stack([east, north], axis=1).astype(np.int16)


def with_delta(parent: MapDenoiser, delta: Delta) -> MapDenoiser:
    """Return a prior taught by a delta: the average over its folds, which it keeps in `adapted`.

    The delta holds the folds' factors one beside the other, so its average is U D / folds of them all.

    Raises:
        ModelError: if the factors are not those of the parent.
    """
    shares = {k: v.astype(np.float32) / (delta.folds if k.endswith(UP) else 1) for k, v in delta.factors.items()}
    child = with_factors(parent, shares)
    folds = tuple(with_factors(parent, delta.of_fold(k)) for k in range(delta.folds))
    setattr(child, ADAPTED, Adapted(delta, folds, parent))
    return child


def adapted_by(denoiser: Denoiser) -> Adapted | None:
    """Return what a prior keeps of its delta, or None where it has none."""
    found = getattr(denoiser, ADAPTED, None)
    return found if isinstance(found, Adapted) else None
