"""Priors beside each other and beside the rays alone, on maps of cities that no training saw.

    python bench/ray_prior.py MAPS RAYS --prior 0.4.0=shipped --prior 0.5.0=runs/s [--out bench/results/rays/ray_prior]

MAPS are shards of held-out maps, RAYS a folder that keeps the planes of their rays (launched where it does not). Each
map is asked with layout and transmitter known and 0, 0.5 or 2 % of its free covered cells read (noise 2 dB), and once
with nothing read and heights unknown (10 m everywhere, to the rays, too). A prior answers by its posterior mean, in one
call. `rays alone` is free space and all that rays bring over it, from the median of the readings; `0.7/0.3`
takes that share of a prior and the rest of the rays. Scored over cells that were not read: RMSE of the gain [dB] over
all, and over deep shadow (more than two cells within what the straight line does not reach); mean error of the
direction [degrees], beside that of the bearing. Aggregates are means over the maps of each city, then over cities.

`NAME, no rays` is the same prior with layout and transmitter known and no rays launched; `NAME, readings alone` knows
neither layout nor transmitter, so that no rays can be launched either.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from openckm.data.shards import TracedMap, read_shards
from openckm.maps.observations import Points
from openckm.maps.propagation import SiteGeometry, site_geometry
from openckm.maps.quantity import AOA_COS, AOA_SIN, GAIN
from openckm.priors.conditioning import Condition, evidence_planes, scalars, site_planes
from openckm.priors.denoiser import Denoiser
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import load_prior
from openckm.priors.ray_planes import SCALE_DB
from openckm.training.rays import kept_rays

SHARES = (0.0, 0.005, 0.02)
NOISE_DB = 2.0
RAY_SHARE = 0.3
FAINTEST_DB = -70.0
"""Power over free space below which rays alone are not believed: something that they leave out is stronger [dB]."""
Field = NDArray[np.float64]
Row = dict[str, float | str]


def deep_shadow(traced: TracedMap, geometry: SiteGeometry) -> NDArray[np.bool_]:
    """Return the cells more than two within what the straight line does not reach."""
    dark = (geometry.diffraction_db > 6.0) | traced.layout.building
    return np.asarray(ndimage.binary_erosion(dark, iterations=2, border_value=1))


def readings(traced: TracedMap, share: float, seed: int) -> tuple[Points, NDArray[np.bool_]]:
    """Return noisy readings of a share of the covered cells, and where they are."""
    row, col = np.nonzero(traced.covered)
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(row), max(3, round(share * len(row))) if share else 0, replace=False)
    row, col = row[chosen], col[chosen]
    value = traced.gain_db[row, col] + NOISE_DB * rng.standard_normal(len(row))
    x, y = traced.grid.centres()
    read = np.zeros(traced.grid.shape, bool)
    read[row, col] = True
    return Points.exact(x[row, col], y[row, col], value, sigma=NOISE_DB, unit="dB"), read


def condition(traced: TracedMap, points: Points, rays: NDArray[np.float32], heights: bool) -> Condition:
    """Return what a prior is told of a map."""
    layout = traced.layout
    if not heights:
        layout = replace(layout, height_m=np.where(layout.building, np.float32(10.0), np.float32(0.0)))
    site = site_planes(traced.grid, layout, traced.transmitter, heights_known=heights)
    evidence = evidence_planes(traced.grid, (points,) if len(points) else ())
    return Condition(
        torch.as_tensor(site)[None], torch.as_tensor(evidence)[None],
        scalars(traced.grid.cell_m, traced.transmitter.carrier_hz), rays=torch.as_tensor(rays)[None],
    )  # fmt: skip


def angle_error(cos: Field, sin: Field, truth: Field) -> Field:
    """Return the angles between directions [degrees]."""
    gap = np.arctan2(sin, cos) - truth
    return np.asarray(np.rad2deg(np.abs(np.arctan2(np.sin(gap), np.cos(gap)))))


def _mean(prior: Denoiser, known: Condition) -> tuple[Field, Field, Field]:
    """Return a prior's mean of the gain [dB] and of the two components of the direction."""
    mean = posterior_mean(prior, known, symmetrise=False).mean[0].numpy()
    gain, cos, sin = (q.decode(mean[k]) for k, q in enumerate((GAIN, AOA_COS, AOA_SIN)))
    return gain, cos, sin


def answers(
    traced: TracedMap, rays: NDArray[np.float16], share: float, heights: bool, seed: int, priors: dict[str, Denoiser]
) -> Iterator[tuple[str, Field, Field, Field]]:
    """Yield method, gain [dB] and the two components of the direction."""
    geometry = site_geometry(traced.grid, traced.transmitter)
    points, read = readings(traced, share, seed)
    planes = rays[0 if heights else 1].astype(np.float32)
    alone = geometry.free_space_db + geometry.pattern_db + np.maximum(planes[0] * SCALE_DB, FAINTEST_DB)
    if read.any():
        row, col = traced.grid.index_of(points.x, points.y)
        alone = alone + np.median(points.value - alone[row, col])
    known = condition(traced, points, planes, heights)
    for name, prior in priors.items():
        gain, cos, sin = _mean(prior, known)
        yield name, gain, cos, sin
        yield f"{name} 0.7/0.3", (1.0 - RAY_SHARE) * gain + RAY_SHARE * alone, planes[5], planes[6]
        yield f"{name}, no rays", *_mean(prior, replace(known, rays=None))
        if read.any():
            yield f"{name}, readings alone", *_mean(prior, replace(known, rays=None, site=0.0 * known.site))
    yield "rays alone", alone, planes[5], planes[6]
    yield "bearing", geometry.free_space_db + geometry.pattern_db, geometry.cos, geometry.sin


def rows_of(traced: TracedMap, rays: NDArray[np.float16], number: int, priors: dict[str, Denoiser]) -> Iterator[Row]:
    """Yield the scores of all methods on one map."""
    geometry = site_geometry(traced.grid, traced.transmitter, traced.layout.height_m)
    deep = deep_shadow(traced, geometry)
    for share, heights in (*((s, True) for s in SHARES), (0.0, False)):
        hidden = traced.covered & ~readings(traced, share, number)[1]
        pointing = hidden & np.isfinite(traced.aoa_rad)
        for name, gain, cos, sin in answers(traced, rays, share, heights, number, priors):
            error = (gain - traced.gain_db) ** 2
            turn = angle_error(cos, sin, traced.aoa_rad)[pointing]
            yield {
                "city": traced.city, "map": traced.scene, "share": share, "heights": "known" if heights else "unknown",
                "method": name, "rmse_db": float(np.sqrt(error[hidden].mean())),
                "deep_db": float(np.sqrt(error[hidden & deep].mean())) if (hidden & deep).any() else float("nan"),
                "direction_deg": float(turn.mean()),
            }  # fmt: skip


def aggregate(rows: list[Row], base: str) -> list[Row]:
    """Return means over cities, and the ratio to a method with a 90 % interval from resampling the cities."""
    found: list[Row] = []
    groups: dict[tuple[float | str, ...], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["share"], row["heights"], row["method"]][str(row["city"]).split("-")[0]].append(row)
    for (share, heights, method), cities in groups.items():
        entry: Row = {"share": share, "heights": heights, "method": method, "maps": sum(map(len, cities.values()))}
        for score in ("rmse_db", "deep_db", "direction_deg"):
            own = [np.nanmean([r[score] for r in kept]) for kept in cities.values()]
            theirs = [np.nanmean([r[score] for r in kept]) for kept in groups[share, heights, base].values()]
            ratio = np.array(own) / np.array(theirs)
            rng = np.random.default_rng(0)
            draws = [np.mean(ratio[rng.integers(len(ratio), size=len(ratio))]) for _ in range(2000)]
            low, high = np.quantile(draws, [0.05, 0.95])
            entry |= {
                score: round(float(np.mean(own)), 2), f"{score} ratio": round(float(ratio.mean()), 3),
                f"{score} ratio low": round(float(low), 3), f"{score} ratio high": round(float(high), 3),
            }  # fmt: skip
        found.append(entry)
    return found


def write(out: Path, table: list[Row], rows: list[Row]) -> None:
    """Write aggregates and cases beside each other; `out` is their path without suffix."""
    out.with_suffix(".json").write_text(json.dumps(table, indent=1) + "\n")
    with gzip.open(out.with_suffix(".cases.csv.gz"), "wt", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Score, print, and write cases and aggregates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", type=Path)
    parser.add_argument("rays", type=Path)
    parser.add_argument("--prior", action="append", required=True, help="NAME=FOLDER, or NAME=shipped; first the base")
    parser.add_argument("--every", type=int, default=1, help="score every so many maps only")
    parser.add_argument("--out", type=Path, help="path without suffix of the cases and the aggregates")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folders = dict(pair.split("=", 1) for pair in arguments.prior)
    priors: dict[str, Denoiser] = {
        name: load_prior(None if folder == "shipped" else Path(folder))[0] for name, folder in folders.items()
    }
    rows: list[Row] = []
    for number, path in enumerate(sorted(arguments.maps.glob("*.npz"))[:: arguments.every]):
        for traced, rays in zip(read_shards([path]), kept_rays(path, arguments.rays), strict=True):
            rows += rows_of(traced, rays, number, priors)
    table = aggregate(rows, next(iter(folders)))
    for entry in table:
        print({k: v for k, v in entry.items() if "low" not in k and "high" not in k})
    if arguments.out:
        write(arguments.out, table, rows)


if __name__ == "__main__":
    main()
