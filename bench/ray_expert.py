"""What the rays' own map brings as one more expert of the engine, on maps of cities that no training saw.

    python bench/ray_expert.py MAPS [--every 2] [--out bench/results/rays/ray_expert.cases.csv.gz]

Each map is constructed from 0.5 and 2 % of its free covered cells (noise 2 dB), layout with its surroundings and
transmitter known, by the shipped prior in one orientation, without and with `openckm.infer.ray_map`; RMSE of the gain
[dB] over the other cells.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from ray_prior import readings

from openckm.data.shards import read_shards
from openckm.infer.construct import OpenCKM
from openckm.infer.ray_map import ray_map
from openckm.maps.observations import Observations

SHARES = (0.005, 0.02)


def main() -> None:
    """Score, and write one row a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--every", type=int, default=1, help="score every so many maps only")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    method = OpenCKM(symmetrise=False)
    with gzip.open(arguments.out, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["city", "map", "share", "method", "rmse_db"])
        for number, path in enumerate(sorted(arguments.maps.glob("*.npz"))[:: arguments.every]):
            for traced in read_shards([path]):
                layout = replace(traced.layout, around=traced.around)
                for share in SHARES:
                    points, read = readings(traced, share, number)
                    given = Observations(points=(points,), layout=layout, transmitter=traced.transmitter)
                    hidden = traced.covered & ~read
                    expert = ray_map(given, traced.grid)
                    for name, maps in (("construct", ()), ("with rays", () if expert is None else (expert,))):
                        mean = method.posterior(given, traced.grid, maps=maps).to_map(traced.grid).mean()
                        error = float(np.sqrt(np.mean((mean - traced.gain_db)[hidden] ** 2)))
                        writer.writerow([traced.city, traced.scene, share, name, round(error, 3)])


if __name__ == "__main__":
    main()
