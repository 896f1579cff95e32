"""Is the map with a handful of readings ever worse than the prior alone? Held-out maps, readings redrawn by seed.

    python bench/few_readings.py FOLDER OUT.csv [--fractions 0.001,0.002,0.005] [--seeds 1]

Each line of OUT is a map, a share of its free cells that is read, a seed, and the RMSE [dB] on the other cells of the
prior alone and of the posterior, both in one orientation. Lines that are there already are not made again. At the end
it says on what share of the cases the posterior is at most 1.02 times as bad.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from openckm.data.shards import TracedMap
from openckm.evaluate.benches.heldout import heldout_case, load_heldout
from openckm.infer.experts import evidence_expert, folds_of, gain_of, site_expert
from openckm.infer.scene import prepare_scene
from openckm.infer.stacking import blend
from openckm.infer.trend import trend_expert
from openckm.priors.denoiser import MapDenoiser, planes_of
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import load_prior

MOST_RATIO = 1.02
FIELDS = ("map", "city", "fraction", "seed", "readings", "prior_db", "posterior_db")


def rows_of(
    traced: TracedMap, number: int, wanted: list[tuple[float, int]], network: MapDenoiser
) -> Iterator[dict[str, object]]:
    """Yield the lines of one map; the network is asked of the site once."""
    known = None
    for fraction, seed in wanted:
        observations, truth = heldout_case(traced, "gain", fraction, number + 1000 * seed)
        scene = prepare_scene(observations, traced.grid, network.multiple, planes=planes_of(network))
        known = known or posterior_mean(network, scene.condition, symmetrise=False)
        fold = folds_of(scene, seed)
        site = site_expert(scene, network, fold, symmetrise=False, known=known)
        evidence = evidence_expert(scene, network, fold, site, symmetrise=False)
        both = blend(scene, site, evidence, trend_expert(scene, site, fold))
        at = truth.row * scene.grid.shape[1] + truth.col
        alone, told = (np.sqrt(np.mean((m[at] - truth.value) ** 2)) for m in (gain_of(known)[0][0], both.mean))
        count = len(scene.index)
        yield dict(
            zip(FIELDS, (number, traced.city, fraction, seed, count, round(alone, 4), round(told, 4)), strict=True)
        )


def main() -> None:
    """Make the lines that are missing, and say what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fractions", default="0.001,0.002,0.005")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--maps", type=int, default=80)
    how = parser.parse_args()
    network, card = load_prior(None)
    known = list(csv.DictReader(how.out.open())) if how.out.exists() else []
    done = {(int(r["map"]), float(r["fraction"]), int(r["seed"])) for r in known}
    with how.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if not known:
            writer.writeheader()
        for number, traced in enumerate(load_heldout(how.folder, how.maps)):
            every = [(float(f), seed) for f in how.fractions.split(",") for seed in range(how.seeds)]
            for row in rows_of(traced, number, [w for w in every if (number, *w) not in done], network):
                writer.writerow(row)
                file.flush()
    said = list(csv.DictReader(how.out.open()))
    for fraction in sorted({r["fraction"] for r in said}):
        ratio = np.array([float(r["posterior_db"]) / float(r["prior_db"]) for r in said if r["fraction"] == fraction])
        good = float(np.mean(ratio <= MOST_RATIO))
        print(f"{card.version} {fraction}: {len(ratio)} cases, {good:.3f} within {MOST_RATIO}, mean {ratio.mean():.3f},"
              f" worst {ratio.max():.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
