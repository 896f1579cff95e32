"""Samples for one-pass networks: ray-traced maps from shards, and RadioMapSeer in P3's own split.

A shard's maps are inputs by the code `site`; a map that was traced with vehicles too is two samples. RadioMapSeer's
pictures are decoded as they are asked for and are inputs by the code `paper`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.data.readers.radiomapseer import RadioMapSeer, RadioMapSeerOptions, Simulation
from openckm.data.shards import TracedMap, latent_state, read_shard
from openckm.data.split import Split
from openckm.errors import InputError, OptionError
from openckm.maps.quantity import GAIN
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M, Layout
from openckm.maps.symmetry import apply_symmetry
from openckm.predict.code import MAP_SCALE, Code, paper_inputs, scale_of, site_inputs
from openckm.predict.networks import MapBatch
from openckm.priors.conditioning import scalars, site_planes
from openckm.priors.planes import SITE_QUANTITIES
from openckm.training.rays import kept_rays
from openckm.training.samples import RAY_QUANTITIES

Field = NDArray[np.float32]
_NO_RAYS, _WRONG_RAYS = 0.3, 0.1
"""Shares of samples without rays, and with those of wrong heights, where a set is unsure of them."""
_PaperSplit = Literal["train", "validation", "test"]
_PAPER_BOUNDS: dict[str, tuple[int, int]] = {"train": (0, 550), "validation": (550, 600), "test": (600, 700)}


class MapSample(NamedTuple):
    """One sample.

    Attributes:
        planes: inputs of the network (C, rows, cols).
        source: (row, column) of the transmitter [cells].
        target: grey levels (rows, cols).
        known: cells that count (rows, cols); None for all.
    """

    planes: Field
    source: tuple[float, float]
    target: Field
    known: NDArray[np.bool_] | None


class Samples(Protocol):
    """Samples of one code."""

    code: Code

    def __len__(self) -> int: ...

    def sample(self, k: int, turn: int = 0) -> MapSample:
        """Return sample k moved by symmetry `turn` (0-7)."""
        ...


def batch_of(samples: Samples, chosen: Iterable[int], turns: Iterable[int]) -> MapBatch:
    """Return the batch of some samples, each moved by a symmetry."""
    items = [samples.sample(int(k), int(turn)) for k, turn in zip(chosen, turns, strict=True)]
    planes, target = (torch.as_tensor(np.stack([getattr(i, name) for i in items])) for name in ("planes", "target"))
    source = torch.tensor([i.source for i in items], dtype=torch.float32)
    each = [i.known for i in items if i.known is not None]
    known = torch.as_tensor(np.stack(each))[:, None] if len(each) == len(items) else None
    return MapBatch(planes, source, target[:, None], known)


def turned_source(turn: int, source: tuple[float, float], shape: tuple[int, int]) -> tuple[float, float]:
    """Return (row, column) of a place on a map of a shape [cells] after symmetry `turn` (`openckm.maps.symmetry`)."""
    (row, col), (rows, cols) = source, shape
    for _ in range(turn % 4):
        row, col, rows, cols = cols - col, row, cols, rows
    return (row, cols - col) if turn >= 4 else (row, col)


@dataclass(frozen=True, eq=False)
class _Kept:
    """A map as it is kept in memory."""

    site: NDArray[np.float16]
    grey: NDArray[np.float16]
    known: NDArray[np.bool_]
    vehicle: NDArray[np.float16] | None
    source: tuple[float, float]
    steering: tuple[float, float]
    traced: TracedMap
    rays: NDArray[np.float16] | None = None


class ShardSamples:
    """Ray-traced maps in memory, inputs by the code `site`, or by `rays` where a folder keeps their rays."""

    def __init__(
        self, paths: Sequence[Path], *, cities: Sequence[str] = (), without: Sequence[str] = (),
        split: Split | None = None, rays: Path | None = None, unsure: bool = False,
    ) -> None:  # fmt: skip
        """Read shards.

        Args:
            paths: the files.
            cities: parts of names of the cities to take; none means all.
            without: parts of names of cities to leave out.
            split: the set whose maps to take; None means all.
            rays: folder that keeps the planes of rays (`openckm.training.rays`), launched where it does not; None for
                the code `site`.
            unsure: leave rays out in 30 % of the samples and show those of wrong heights in another 10 %, as in
                training.

        Raises:
            InputError: if no map is left, or a file cannot be read.
        """
        self.code: Code = "site" if rays is None else "rays"
        self.unsure = unsure
        self.kept: list[_Kept] = []
        for path in paths:
            maps = list(read_shard(path))
            planes = [None] * len(maps) if rays is None else list(kept_rays(path, rays))
            pairs = ((m, own) for one, own in zip(maps, planes, strict=True) for m in _both(one))
            self.kept += [replace(_keep(m), rays=own) for m, own in pairs if _wanted(m, cities, without, split)]
        if not self.kept:
            raise InputError(f"no map of {len(paths)} shards is of the cities wanted; generate some: ckm data generate")

    def __len__(self) -> int:
        return len(self.kept)

    def sample(self, k: int, turn: int = 0) -> MapSample:
        """Return sample k moved by symmetry `turn` (0-7)."""
        one = self.kept[k]
        site = apply_symmetry(turn, one.site.astype(np.float32), SITE_QUANTITIES)
        rest = [one.grey.astype(np.float32), one.known.astype(np.float32)]
        rest += [] if one.vehicle is None else [one.vehicle.astype(np.float32)]
        moved = apply_symmetry(turn, np.stack(rest))
        shape = (int(one.known.shape[0]), int(one.known.shape[1]))
        source = turned_source(turn, one.source, shape)
        vehicle = moved[2] if len(moved) > 2 else None
        planes = site_inputs(site, one.steering, source, vehicle, self._rays(one, k, turn))
        return MapSample(planes, source, moved[0], moved[1] > 0.5)

    def _rays(self, one: _Kept, k: int, turn: int) -> Field | None:
        if one.rays is None:
            return None
        chance = float(np.random.default_rng([k, turn]).random()) if self.unsure else 1.0
        if chance < _NO_RAYS:
            return np.zeros((len(RAY_QUANTITIES), *one.known.shape), np.float32)
        return apply_symmetry(turn, one.rays[int(chance < _NO_RAYS + _WRONG_RAYS)].astype(np.float32), RAY_QUANTITIES)

    def traced(self, k: int) -> TracedMap:
        """Return the map of sample k."""
        return self.kept[k].traced

    def site(self, k: int) -> NDArray[np.float32]:
        """Return the site planes of sample k (`openckm.priors.conditioning.SITE_PLANES`)."""
        return self.kept[k].site.astype(np.float32)


def flattened(traced: TracedMap) -> TracedMap:
    """Return a map whose layout and surroundings state no heights, so that they are assumed."""

    def flat(layout: Layout) -> Layout:
        return replace(
            layout,
            height_m=np.where(layout.building, np.float32(DEFAULT_BUILDING_HEIGHT_M), np.float32(0.0)),
            height_known=0.0,
        )

    around = None if traced.around is None else flat(traced.around)
    return replace(traced, layout=flat(traced.layout), around=around)


def _wanted(traced: TracedMap, cities: Sequence[str], without: Sequence[str], split: Split | None) -> bool:
    name = traced.city
    taken = (not cities or any(city in name for city in cities)) and split in (None, traced.split)
    return taken and not any(city in name for city in without) and bool(traced.covered.any())


def _both(traced: TracedMap) -> list[TracedMap]:
    return [traced] if traced.dynamic is None else [traced, traced.dynamic]


def _keep(traced: TracedMap) -> _Kept:
    if traced.transmitter is None:
        raise InputError(f"{traced.scene}: a map without a transmitter cannot train a prediction; leave it out")
    west, north = traced.grid.origin
    cell = traced.grid.cell_m
    steering = scalars(cell, traced.transmitter.carrier_hz)[0].tolist()
    site = site_planes(traced.grid, traced.layout, traced.transmitter)
    grey = (GAIN.decode(latent_state(traced)[0][0]) - MAP_SCALE.floor_db) / MAP_SCALE.span_db
    return _Kept(
        site.astype(np.float16), grey.astype(np.float16), traced.covered,
        None if traced.vehicle_m is None else traced.vehicle_m.astype(np.float16),
        ((north - traced.transmitter.y) / cell, (traced.transmitter.x - west) / cell), (steering[0], steering[1]),
        traced,
    )  # fmt: skip


def paper_maps(split: _PaperSplit) -> tuple[int, ...]:
    """Return the numbers of RadioMapSeer's city maps in P3's split: 550, 50 and 100 of the maps 1 to 700.

    Raises:
        OptionError: if there is no such set.

    References:
        RadioMamba. H. Jia et al., 2025, Section V-A1, and its released code (legacy shuffle of numpy, seed 42).
    """
    if split not in _PAPER_BOUNDS:
        raise OptionError(f"split {split!r}: wanted one of {', '.join(_PAPER_BOUNDS)}")
    order = np.arange(700)
    np.random.RandomState(42).shuffle(order)
    first, beyond = _PAPER_BOUNDS[split]
    return tuple(int(k) + 1 for k in order[first:beyond])


class PaperSamples:
    """RadioMapSeer as P3 uses it: pictures of 256 x 256 cells, every cell counts, buildings included (grey 0)."""

    code: Code = "paper"

    def __init__(self, folder: Path, split: _PaperSplit, *, cars: bool = False, simulation: Simulation = "DPM") -> None:
        """List the maps of a set.

        Args:
            folder: holds gain/ and png/.
            split: "train", "validation" or "test".
            cars: the dynamic task (DRM) in place of the static one (SRM).
            simulation: which simulation is the truth.

        Raises:
            InputError: if a folder or file is missing.
            OptionError: if there is no such set.
        """
        options = RadioMapSeerOptions(simulation=simulation, cars=cars, maps=paper_maps(split))
        self.cars, self.maps = cars, RadioMapSeer(folder, options)

    def __len__(self) -> int:
        return len(self.maps)

    def sample(self, k: int, turn: int = 0) -> MapSample:
        """Return sample k moved by symmetry `turn` (0-7)."""
        traced = self.maps[k]
        transmitter, grid = traced.transmitter, traced.grid
        if transmitter is None:
            raise InputError(f"{traced.scene}: a map without a transmitter; fetch its antenna picture")
        source = ((grid.origin[1] - transmitter.y) / grid.cell_m, (transmitter.x - grid.origin[0]) / grid.cell_m)
        grey = scale_of(self.code).encode(traced.gain_db).astype(np.float32) / 255.0
        cars = np.zeros(grid.shape, np.bool_) if traced.vehicle_m is None else traced.vehicle_m > 0
        fields = np.stack([grey, traced.layout.building.astype(np.float32), cars.astype(np.float32)])
        moved = apply_symmetry(turn, fields)
        place = turned_source(turn, source, (grid.shape[0], grid.shape[1]))
        planes = paper_inputs(moved[1] > 0.5, place, moved[2] > 0.5 if self.cars else None)
        return MapSample(planes, place, moved[0], None)

    def traced(self, k: int) -> TracedMap:
        """Return the map of sample k."""
        return self.maps[k]

    def site(self, k: int) -> NDArray[np.float32]:
        """Return the site planes of sample k (`openckm.priors.conditioning.SITE_PLANES`)."""
        traced = self.maps[k]
        return np.asarray(site_planes(traced.grid, traced.layout, traced.transmitter), np.float32)
