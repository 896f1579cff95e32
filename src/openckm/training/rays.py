"""Planes of rays of the maps to learn from, as a network will meet them: with the surroundings and without, and with
heights that are wrong or unknown. They are kept beside the maps, as they take longer than a training step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.data.misdrawn import misdrawn
from openckm.data.shards import TracedMap, read_shard
from openckm.errors import InputError
from openckm.maps.atomic import atomic_path
from openckm.maps.rays import RayOptions
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M, Layout
from openckm.priors.ray_planes import ray_planes

_SURROUNDED = 0.7
"""Share of the maps whose rays see the buildings around the window, where they are known."""
_HEIGHT_ERROR = 0.3
"""Deviation of the logarithm of wrong heights; the other half of the variants has the default height everywhere."""
Planes = NDArray[np.float16]


def _ray_variants(traced: TracedMap, rng: np.random.Generator, options: RayOptions | None = None) -> Planes:
    """Return the planes of a map by its own heights and by others, shape (2, planes, rows, cols).

    Args:
        traced: a map whose transmitter is known.
        rng: draws whether the surroundings are seen, and in which way the second heights are wrong: each building by
            about 30 %, or all of the height that is taken where nobody stated one.
        options: how rays are launched.

    Raises:
        InputError: if the map does not say where its transmitter stands.
    """
    seen = traced.around is not None and rng.random() < _SURROUNDED
    layout = traced.around if seen and traced.around is not None else traced.layout
    height = layout.height_m
    other = _misjudged(height, rng) if rng.random() < 0.5 else np.where(height > 0, DEFAULT_BUILDING_HEIGHT_M, 0.0)
    pair = (height, other.astype(np.float32))
    if traced.transmitter is None:
        raise InputError(f"{traced.scene}: rays need to know where the transmitter stands")
    return np.stack(
        [ray_planes(traced.grid, Layout(layout.grid, h), traced.transmitter, options).astype(np.float16) for h in pair]
    )


def _misjudged(height: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy import ndimage

    label, count = ndimage.label(height > 0)
    factor = np.concatenate([[1.0], np.exp(rng.normal(0.0, _HEIGHT_ERROR, count))])
    return np.asarray(height * factor[label])


def misdrawn_shard(shard: Path) -> list[TracedMap]:
    """Return the maps of a shard with misdrawn layouts (`openckm.data.misdrawn`), always the same ones.

    Raises:
        InputError: if the shard cannot be read.
    """
    return [misdrawn(m, np.random.default_rng([_number(shard), k, 1])) for k, m in enumerate(read_shard(shard))]


def _number(shard: Path) -> int:
    return int(shard.stem.rsplit("-", 1)[1])


def kept_rays(
    shard: Path, folder: Path, options: RayOptions | None = None, maps: Sequence[TracedMap] | None = None
) -> Planes:
    """Return the variants of all maps of a shard, (maps, 2, planes, rows, cols), launched once and then kept.

    Args:
        shard: file of maps.
        folder: where a file of the same name keeps their rays.
        options: how rays are launched.
        maps: the maps of the shard as networks see them (`misdrawn_shard`, with a folder of their own); None means as
            they are.

    Raises:
        InputError: if the shard cannot be read.
    """
    path = folder / shard.name
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            return np.asarray(kept["rays"], np.float16)
    seen = read_shard(shard) if maps is None else maps
    rays = np.stack([_ray_variants(m, np.random.default_rng([_number(shard), k]), options) for k, m in enumerate(seen)])
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as aside, aside.open("wb") as file:
        np.savez(file, rays=rays)
    return rays


def coarse_rays(rays: Planes, factor: int = 2) -> Planes:
    """Return planes on cells of `factor` times the side, by their means."""
    *front, rows, cols = rays.shape
    tiles = rays.reshape(*front, rows // factor, factor, cols // factor, factor)
    return np.asarray(tiles.mean(axis=(-3, -1), dtype=np.float32), np.float16)
