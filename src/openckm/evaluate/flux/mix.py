"""Hit rate and cost of a store over requests of a stated mix.

Half of the requests ask again what one of the last 20 asked; a quarter ask for the place of one of the last 20 with its
transmitter moved by up to 10 m; a quarter ask for a transmitter anywhere. Calls are network calls for one map each,
those of filling included; without a store every request costs the same.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.worlds.moving import Place
from openckm.flux.start import WarmRule
from openckm.flux.warm import Warm, WarmOptions
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.observations import Observations
from openckm.maps.site import Layout, Transmitter
from openckm.priors.denoiser import MapDenoiser

AGAIN, MOVED, _RECENT, STEP_M = 0.5, 0.25, 20, 10.0
STEPS, DRAWS = 4, 8


def mix_rows(denoiser: MapDenoiser, place: Place, requests: Sequence[int], rule: WarmRule) -> list[Row]:
    """Return hit rates and calls after so many requests each.

    Args:
        denoiser: the prior.
        place: asked about.
        requests: after how many rows are wanted.
        rule: the rule that belongs to the prior.
    """
    rows: list[Row] = []
    if not requests:
        return rows
    with tempfile.TemporaryDirectory() as folder:
        warm = Warm(WarmOptions(Path(folder) / "kept", rule=rule))
        method = OpenCKM(LoadedPrior(denoiser, "bench"), steps=STEPS, symmetrise=False, calibrated=False, warm=warm)
        asked, calls, begun = _mix(place, max(requests)), 0, time.process_time()
        for done, observations in enumerate(asked, start=1):
            answer = method.reconstruct(observations, place.grid, draws=DRAWS)
            calls += int(answer.provenance["network_evaluations"])
            if done in requests:
                rows += _rows(done, warm, calls, time.process_time() - begun)
        warm.cache.close()
    return rows


def _mix(place: Place, count: int) -> list[Observations]:
    rng = np.random.default_rng(19)
    layout = Layout(place.grid, (place.arrays["height_dm"] / 10).astype(np.float32))
    west, south, east, north = place.grid.bounds
    asked: list[Observations] = []
    for _ in range(count):
        kind = rng.random() if asked else 1.0
        last = asked[-1 - int(rng.integers(min(_RECENT, len(asked))))] if asked else None
        if last is not None and last.transmitter is not None and kind < AGAIN + MOVED:
            step = 0.0 if kind < AGAIN else rng.uniform(0, STEP_M)
            angle = rng.uniform(0, 2 * np.pi)
            at = last.transmitter
            moved = replace(at, x=at.x + step * np.cos(angle), y=at.y + step * np.sin(angle)) if step else at
            asked.append(replace(last, transmitter=moved))
            continue
        height = float(rng.uniform(10, 40))
        anywhere = Transmitter(float(rng.uniform(west, east)), float(rng.uniform(south, north)), height)
        asked.append(Observations(layout=layout, transmitter=anywhere))
    return asked


def _rows(done: int, warm: Warm, calls: int, seconds: float) -> list[Row]:
    each = calls / done
    full = 1 + STEPS * DRAWS
    values = {
        "exact_share": warm.counts["exact"] / done, "similar_share": warm.counts["similar"] / done,
        "fallback_share": warm.counts["fallback"] / done, "calls_per_request": each, "calls_over_cold": each / full,
    }  # fmt: skip
    return [
        Row("warm", f"requests_{done}", "mix", name, v, v, v, done, round(each), seconds / done, peak_mb())
        for name, v in values.items()
    ]
