"""What the edges of the test bed are asked: five kinds of evidence, as the JSON that their service takes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from edge_soak import library_answer

from openckm.data.shards import TracedMap
from openckm.maps.observations import AreaReading
from openckm.observe.areas import areas_likelihood
from openckm.observe.spec import likelihood_to_spec
from openckm.service.model_keeper import Model

TASKS = {
    "drive test": "60 readings, layout and transmitter known",
    "block averages": "mean power over 40 blocks of 16 m, layout and transmitter known",
    "phone reports": "150 reports in steps of 6 dB, cut off at the sensitivity, layout and transmitter known",
    "site alone": "layout and transmitter, nothing measured",
    "points alone": "120 readings, nothing known of the site",
}
READINGS = {"drive test": 60, "phone reports": 150, "points alone": 120}


def request(traced: TracedMap, task: str, seed: int) -> dict[str, Any]:
    """Return the request of a task about a map; its readings are a function of the seed."""
    grid, transmitter = traced.grid, traced.transmitter
    told: dict[str, Any] = {
        "kind": "site", "grid": {"rows": grid.shape[0], "cols": grid.shape[1], "cell_m": grid.cell_m}, "draws": 0,
        "seed": seed, "symmetrise": False, "deadline_s": 600.0,
    }  # fmt: skip
    if task != "points alone" and transmitter is not None:
        told["layout"] = {"height_m": traced.layout.height_m.tolist()}
        told["transmitter"] = {
            "x": transmitter.x, "y": transmitter.y, "height_m": transmitter.height_m,
            "carrier_hz": transmitter.carrier_hz,
        }  # fmt: skip
    if task == "block averages":
        del told["symmetrise"]
        likelihood = likelihood_to_spec(areas_likelihood(blocks(traced, seed), grid))
        return told | {"kind": "evidence", "likelihood": likelihood, "method": "jfs", "steps": 4, "draws": 4}
    return told if task == "site alone" else told | {"points": [points(traced, task, seed)]}


def points(traced: TracedMap, task: str, seed: int) -> dict[str, Any]:
    """Return a table of noisy readings; phones report steps of 6 dB, and "not heard" below the weakest sixth."""
    rng = np.random.default_rng([seed, 5])
    row, col = np.nonzero(traced.covered)
    pick = rng.choice(row.size, READINGS[task], replace=False)
    row, col = row[pick], col[pick]
    value = traced.gain_db[row, col] + 2.0 * rng.standard_normal(pick.size)
    table = {"x": traced.grid.x[col].tolist(), "y": traced.grid.y[row].tolist(), "sigma": 2.0, "unit": "dB"}
    if task != "phone reports":
        return table | {"value": value.tolist()}
    floor, low = float(np.quantile(value, 1 / 6)), 6.0 * np.floor(value / 6.0)
    heard = value >= floor
    return table | {
        "value": np.where(heard, low + 3.0, floor).tolist(),
        "kind": np.where(heard, "interval", "below").tolist(),
        "low": [float(x) if h else None for x, h in zip(low, heard, strict=True)],
        "high": [float(x) + 6.0 if h else floor for x, h in zip(low, heard, strict=True)],
    }


def blocks(traced: TracedMap, seed: int) -> tuple[AreaReading, ...]:
    """Return averages in linear power over blocks of 4 x 4 cells that are covered."""
    power, grid = 10.0 ** (traced.gain_db.astype(np.float64) / 10.0), traced.grid
    found: list[AreaReading] = []
    half, across = 0.5 * grid.cell_m, grid.shape[1] // 4
    for place in np.random.default_rng([seed, 6]).permutation((grid.shape[0] // 4) * across):
        row, col = 4 * (int(place) // across), 4 * (int(place) % across)
        block = power[row : row + 4, col : col + 4]
        if np.isfinite(block).all() and len(found) < 40:
            west, east = grid.x[col] - half, grid.x[col + 3] + half
            north, south = grid.y[row] + half, grid.y[row + 3] - half
            outline = np.array([(west, south), (east, south), (east, north), (west, north)])
            found.append(AreaReading("gain_db", outline, float(10.0 * np.log10(block.mean())), 1.0))
    return tuple(found)


@dataclass(frozen=True)
class Answer:
    """What came back: version, digest of mean and spread, RMSE [dB], and what is said of the calibration."""

    version: str
    digest: str
    rmse_db: float
    calibration: str


def read_answer(content: bytes, traced: TracedMap) -> Answer:
    """Return what a result says."""
    raw = json.loads(content)
    told, facts = raw["channels"]["gain_db"], raw["provenance"]
    mean = np.array(told["mean"])
    error = (mean - traced.gain_db)[traced.covered]
    digest = hashlib.sha256(json.dumps([told["mean"], told["std"]]).encode()).hexdigest()
    said = facts.get("calibration")
    family = str(said["family"]) if isinstance(said, dict) else str(said or "of its draws")
    return Answer(facts["version"], digest, float(np.sqrt(np.mean(error**2))), family)


def reference(folder: Path, traced: TracedMap, task: str, seed: int) -> Answer:
    """Return what a model folder answers, computed here."""
    return read_answer(library_answer(request(traced, task, seed), Model.load(folder)), traced)
