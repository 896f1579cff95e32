"""What `ckm predict` should answer with: the one-pass network, the prior with rays in one call, or the mean of both.

    python bench/predict_default.py MAPS [--out bench/results/rays/predict_default]

MAPS are shards of held-out maps. Each is predicted from layout and transmitter alone, once with heights known and once
with heights unknown (10 m assumed everywhere), by the product's own call. Scored over free covered cells: RMSE of the
gain [dB], the map's level error (mean error) [dB], the share of cells within the stated 90 % interval. Weighted means
of maps have the variance of their mixture. `rays` is `openckm.infer.ray_map`.
Aggregates are means over the maps of each place, then over places; ratios to the one-pass network with 90 % intervals
from resampling the places.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from ray_prior import Row, write

from openckm.data.shards import TracedMap, read_shards
from openckm.errors import InputError
from openckm.infer.ray_map import ray_map
from openckm.infer.spread.normal import Z_90
from openckm.maps.observations import Observations
from openckm.predict.predictor import Predictor

Field = NDArray[np.float64]


def predictions(traced: TracedMap, heights: bool, weights: Path | None) -> Iterator[tuple[str, Field, Field]]:
    """Yield method, mean and standard deviation [dB]."""
    layout = replace(traced.layout, around=traced.around)
    if not heights:
        flat = np.where(layout.building, np.float32(10.0), np.float32(0.0))
        around = traced.around and replace(
            traced.around, height_m=np.where(traced.around.building, np.float32(10.0), np.float32(0.0))
        )
        layout = replace(layout, height_m=flat, height_known=0.0, around=around)
    known = Observations(layout=layout, transmitter=traced.transmitter)
    made = {
        name: Predictor(weights=given, by=by).reconstruct(known, traced.grid, draws=0)
        for name, by, given in (("RadioMamba", "network", weights), ("prior", "prior", None))
    }
    both = {name: (np.asarray(m.mean(), np.float64), np.asarray(m.std(), np.float64)) for name, m in made.items()}
    for name, (mean, std) in both.items():
        yield name, mean, std
    rays = ray_map(known, traced.grid)
    if rays is not None:
        both["rays"] = rays.mean, rays.std
    for shares in (
        {"RadioMamba": 0.5, "prior": 0.5}, {"RadioMamba": 0.7, "rays": 0.3}, {"prior": 0.7, "rays": 0.3},
        {"RadioMamba": 0.4, "prior": 0.4, "rays": 0.2}, {"RadioMamba": 0.35, "prior": 0.35, "rays": 0.3},
    ):  # fmt: skip
        if rays is not None or "rays" not in shares:
            mean = np.sum([share * both[name][0] for name, share in shares.items()], axis=0)
            square = np.sum([w * (both[n][1] ** 2 + (both[n][0] - mean) ** 2) for n, w in shares.items()], axis=0)
            yield ", ".join(f"{share:g} {name}" for name, share in shares.items()), mean, np.sqrt(square)


def rows_of(traced: TracedMap, weights: Path | None) -> Iterator[Row]:
    """Yield the scores of all methods on one map."""
    for heights in (True, False):
        for name, mean, std in predictions(traced, heights, weights):
            scored = traced.covered & np.isfinite(mean)
            error = (mean - traced.gain_db)[scored]
            yield {
                "place": traced.city, "map": traced.scene, "heights": "known" if heights else "unknown",
                "method": name, "rmse_db": float(np.sqrt((error**2).mean())), "level_db": float(error.mean()),
                "spread_rmse_db": float(error.std()), "within_90": float((np.abs(error) <= Z_90 * std[scored]).mean()),
            }  # fmt: skip


def aggregate(rows: list[Row]) -> list[Row]:
    """Return means over places, and the ratio of the RMSE to the one-pass network's."""
    groups: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[str(row["heights"]), str(row["method"])][str(row["place"]).split("-")[0]].append(row)
    found: list[Row] = []
    for (heights, method), places in groups.items():
        each = {k: np.array([np.mean([r[k] for r in kept]) for kept in places.values()]) for k in
                ("rmse_db", "level_db", "spread_rmse_db", "within_90")}  # fmt: skip
        size = np.array([np.mean(np.abs([r["level_db"] for r in kept])) for kept in places.values()])
        base = np.array([np.mean([r["rmse_db"] for r in kept]) for kept in groups[heights, "RadioMamba"].values()])
        ratio, rng = each["rmse_db"] / base, np.random.default_rng(0)
        draws = [np.mean(ratio[rng.integers(len(ratio), size=len(ratio))]) for _ in range(2000)]
        low, high = np.quantile(draws, [0.05, 0.95])
        found.append({
            "heights": heights, "method": method, "maps": sum(map(len, places.values())), "places": len(places),
            **{k: round(float(v.mean()), 3) for k, v in each.items()}, "level_size_db": round(float(size.mean()), 3),
            "within_90_least": round(float(each["within_90"].min()), 3), "ratio": round(float(ratio.mean()), 3),
            "ratio_low": round(float(low), 3), "ratio_high": round(float(high), 3),
            "better_places": int((ratio < 1.0).sum()),
        })  # fmt: skip
    return found


def main() -> None:
    """Score, print, and write cases and aggregates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--weights", type=Path, help="model folder of another one-pass network")
    parser.add_argument("--every", type=int, default=1, help="score every so many maps only")
    parser.add_argument("--out", type=Path, help="path without suffix of the cases and the aggregates")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    paths = sorted(arguments.maps.glob("*.npz"))[:: arguments.every]
    maps, rows, refused = list(read_shards(paths)), [], 0
    for traced in maps:
        try:
            rows += rows_of(traced, arguments.weights)
        except InputError:  # the product refuses it: the transmitter stands outside the map or in a building
            refused += 1
    print(f"{len(maps) - refused} maps; {refused} refused by the product")
    table = aggregate(rows)
    for entry in table:
        print(entry)
    if arguments.out:
        write(arguments.out, table, rows)


if __name__ == "__main__":
    main()
