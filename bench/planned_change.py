"""How far off is a predicted change of an antenna? Pairs of traced maps of one site, before and after a turn.

    D   = traced gain after - traced gain before       (what happens)
    D'  = m(site after) - m(site before)               (what the prior says)
    e   = share of the error in the change, 90 % quantile of |D - D'| / |D'| over cells of |D'| > 3 dB, by z_90

`openckm.edge.change.ERROR_SHARE` is the share with which 90 % intervals hold 90 % on the average validation scene; the
test cities say whether that holds elsewhere. Needs the ray tracer:
`python bench/planned_change.py --split validation --scenes 12 -o rows.json`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from openckm.data.generate import SceneTraces
from openckm.data.scenes import GenerateOptions, draw_scene
from openckm.data.split import Split
from openckm.edge.change import ERROR_SHARE
from openckm.infer.experts import gain_of
from openckm.infer.scene import prepare_scene
from openckm.infer.spread.normal import Z_90
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site import Layout, Transmitter
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior

SEEDS = 2
"""Independent traces whose power is averaged."""
SHARES = (0.6, 0.8, ERROR_SHARE, 1.2, 1.5, 2.0)
"""Error shares for which it is told how much of the change intervals hold."""


def pair(number: int, split: Split) -> dict[str, Any] | None:
    """Return the row of one scene, None where none could be drawn."""
    options = GenerateOptions(split=split, seed=2210, cell_sizes_m=(2.0, 4.0), real_share=0.8, transmitters=1)
    scene = next((s for a in range(8) if (s := draw_scene(options, number, a)) is not None), None)
    if scene is None:
        return None
    rng = np.random.default_rng([2210, number])
    azimuth = float(rng.uniform(-180, 180))
    before = replace(scene.antennas[0], azimuth_deg=azimuth, downtilt_deg=6.0)
    turn, tilt = float(rng.choice([30.0, 60.0, 120.0, 180.0])), float(rng.choice([2.0, 6.0, 12.0]))
    after = replace(before, azimuth_deg=azimuth + turn, downtilt_deg=tilt)
    traces = SceneTraces(scene)
    gain = [
        np.mean([traces.field(one, seed, vehicles=False).gain for seed in range(SEEDS)], axis=0)
        for one in (before, after)
    ]
    grid = Grid((scene.trace.cells, scene.trace.cells), scene.trace.cell_m)
    half, layout = scene.trace.half_m, Layout(grid, scene.height_m.astype(np.float32))
    network = embedded_prior()[0]
    answers = []
    for one, towards in ((before, azimuth), (after, azimuth + turn)):
        tower = Transmitter(one.x_m + half, one.y_m - half, one.z_m, scene.carrier_hz, 90.0 - towards, one.downtilt_deg)
        asked = prepare_scene(Observations(layout=layout, transmitter=tower), grid, network.multiple)
        answers.append(gain_of(posterior_mean(network, asked.condition, symmetrise=False))[0][0].reshape(grid.shape))
    good = (scene.height_m <= 0) & (gain[0] > 1e-20) & (gain[1] > 1e-20)
    real = 10 * np.log10(gain[1][good] / gain[0][good])
    said = (answers[1] - answers[0])[good]
    much = np.abs(said) > 3.0
    error = np.abs(real - said)
    return {
        "city": scene.city, "scene": number, "turn_deg": turn, "tilt_deg": tilt, "cells": int(good.sum()),
        "rmse_db": float(np.sqrt(np.mean(error**2))), "nothing_db": float(np.sqrt(np.mean(real**2))),
        "share": float(np.quantile(error[much] / np.abs(said[much]), 0.9) / Z_90) if much.any() else float("nan"),
        "coverage_90": {
            f"{share:g}": round(float(np.mean(error[much] <= Z_90 * share * np.abs(said[much]))), 4) for share in SHARES
        },
    }  # fmt: skip


def main() -> None:
    """Trace the pairs, print a row each, and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--output", "-o", type=Path, required=True)
    given = parser.parse_args()
    rows = []
    for number in range(given.scenes):
        row = pair(number, given.split)
        if row is not None:
            rows.append(row)
            print(json.dumps(row), flush=True)
            given.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
