"""The gate of the rays: how much better do boosted trees predict a city that they have not seen when they see rays?

    python bench/ray_gate.py --train MAPS --validation MAPS [--out bench/results/rays/ray_gate.json]

Trees (LightGBM) learn the gain over free space of free covered cells of the training maps, once from the path alone
(distance, obstruction, one knife edge, bearing, heights) and once from the planes of the rays as well, and are scored
on the maps of cities held out for validation: RMSE of each map, its mean over the maps of a city, the ratio of both
with an interval from resampling the maps of each city. Nothing is measured on the maps; the layout and the transmitter
are known. Rays learn in a network only if trees are at least 5 % better with them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap, read_shards
from openckm.data.split import is_held_out
from openckm.maps.propagation import site_geometry
from openckm.training.rays import kept_rays

CELLS = 400
"""Cells of a training map that the trees learn from."""
Array = NDArray[np.float32]


def features(traced: TracedMap, rays: Array | None) -> Array:
    """Return what the trees see of every cell, shape (rows * cols, columns)."""
    geometry = site_geometry(traced.grid, traced.transmitter, traced.layout.height_m)
    height = traced.layout.height_m
    shape = traced.grid.shape
    columns = [
        np.log10(geometry.distance_m), geometry.obstruction_m, geometry.diffraction_db, geometry.pattern_db,
        np.full(shape, traced.transmitter.height_m), np.full(shape, np.log10(traced.transmitter.carrier_hz)),
        np.full(shape, height[height > 0].mean() if (height > 0).any() else 0.0), np.full(shape, (height > 0).mean()),
        _blurred(height > 0, 3), _blurred(height > 0, 9), _blurred(height, 5), geometry.cos, geometry.sin,
        np.full(shape, traced.grid.cell_m),
    ]  # fmt: skip
    if rays is not None:
        columns += list(rays[:-1])
    return np.stack([np.asarray(c, np.float32).ravel() for c in columns], axis=1)


def _blurred(field: NDArray[np.generic], width: float) -> Array:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(field.astype(np.float32), width))


def over_free_space(traced: TracedMap) -> Array:
    """Return the gain over that of free space [dB], shape (rows, cols)."""
    geometry = site_geometry(traced.grid, traced.transmitter)
    return np.asarray(traced.gain_db - geometry.free_space_db - geometry.pattern_db, np.float32)


def table(maps: list[TracedMap], rays: list[Array], with_rays: bool) -> tuple[Array, Array]:
    """Return features and gains of some cells of every map."""
    rows, values = [], []
    for k, traced in enumerate(maps):
        chosen = np.flatnonzero(traced.covered.ravel())
        chosen = np.random.default_rng(k).choice(chosen, min(CELLS, len(chosen)), replace=False)
        rows.append(features(traced, rays[k] if with_rays else None)[chosen])
        values.append(over_free_space(traced).ravel()[chosen])
    return np.concatenate(rows), np.concatenate(values)


def rmse(errors: Array) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(errors))))


def interval(by_city: dict[str, list[tuple[float, float]]]) -> tuple[float, float]:
    """Return a 90 % interval of the mean ratio of RMSEs over cities, by resampling the maps of each city."""
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(2000):
        ratios = []
        for rows in by_city.values():
            picked = np.array(rows)[rng.integers(len(rows), size=len(rows))]
            ratios.append(picked[:, 1].mean() / picked[:, 0].mean())
        draws.append(np.mean(ratios))
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(low), float(high)


def maps_and_rays(folder: Path, kept: Path, most: int) -> tuple[list[TracedMap], list[Array]]:
    """Return the maps of a folder, and the planes of their rays, launched where they are not kept yet."""
    paths = sorted(folder.glob("*.npz"))[:most]
    rays = [planes[0].astype(np.float32) for path in paths for planes in kept_rays(path, kept)]
    return list(read_shards(paths)), rays


def main() -> None:
    """Train both, score both, write the table."""
    import lightgbm

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--train-rays", type=Path, required=True, help="folder that keeps the rays of the maps")
    parser.add_argument("--validation-rays", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=10_000, help="training shards at most")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    seen, known = maps_and_rays(arguments.train, arguments.train_rays, arguments.shards)
    if any(is_held_out(m.city) for m in seen):
        raise SystemExit("a held-out city is among the training maps")
    held, shown = maps_and_rays(arguments.validation, arguments.validation_rays, arguments.shards)
    options = {"objective": "l2", "num_leaves": 63, "learning_rate": 0.05, "min_data_in_leaf": 100, "verbosity": -1,
               "num_threads": 1, "feature_fraction": 0.8, "bagging_fraction": 0.7, "bagging_freq": 1,
               "seed": 1}  # fmt: skip
    scores: dict[str, list[float]] = {}
    for name, with_rays in (("path", False), ("path and rays", True)):
        rows, values = table(seen, known, with_rays)
        model = lightgbm.train(options, lightgbm.Dataset(rows, values), 400)
        scores[name] = []
        for k, m in enumerate(held):
            errors = model.predict(features(m, shown[k] if with_rays else None)) - over_free_space(m).ravel()
            scores[name].append(rmse(errors[m.covered.ravel()]))
    by_city: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for m, *pair in zip(held, *scores.values(), strict=True):
        by_city[m.city].append((pair[0], pair[1]))
    result = {
        "maps": {"training": len(seen), "validation": len(held)},
        "cities": {city: [round(float(v), 2) for v in np.mean(rows, axis=0)] for city, rows in sorted(by_city.items())},
        "ratio": round(float(np.mean([np.mean(r, axis=0)[1] / np.mean(r, axis=0)[0] for r in by_city.values()])), 3),
        "interval": [round(v, 3) for v in interval(by_city)],
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
