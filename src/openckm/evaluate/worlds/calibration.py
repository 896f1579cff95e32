"""Measure the calibration of a prior on validation maps: what `openckm.infer.spread.calibration` then applies.

Every validation map gives one case per family of evidence, with a random pattern of readings (scattered, tracks,
blocks, clusters; as in training), random noise, and a random transmit level where the unit is dBm. One case per map
keeps the maps exchangeable with a map to come under evidence of that kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap
from openckm.errors import InputError
from openckm.evaluate.registry import Progress
from openckm.infer.construct import OpenCKM
from openckm.infer.spread.calibration import Calibration, Residuals, distance_to_reading, fit_family, isolation
from openckm.maps.observations import Observations, Points
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.training.simulate import EvidenceOptions, draw_pattern

FAMILIES = ("site/dB/exact", "site/dBm/exact", "points/dB/exact", "points/dBm/exact", "site/dB/none")
"""The families that are measured by default."""
_DENSITY = (0.002, 0.15)
FEWEST, MOST = 8, 1200
NOISE_DB = (1.0, 4.0)
_OFFSET_DB = (20.0, 70.0)
STEP_DB = 6.0
_STRONGEST_DBM = 10.0 - 5.0 * NOISE_DB[1]
"""What the strongest reading would be without noise, at most: no radio reads more than 10 dBm."""


def calibration_case(traced: TracedMap, family: str, seed: int) -> tuple[Observations, NDArray[np.bool_], float]:
    """Return random evidence of a family on a map, the cells to score, and the level to add to the truth [dB].

    Args:
        traced: the map.
        family: as `openckm.infer.spread.calibration.family_of` names it.
        seed: the seed of pattern, noise and level.

    Raises:
        InputError: if the map has too few covered cells.
    """
    site, unit, kind = family.split("/")
    rng = np.random.default_rng([seed, 31])
    known = Observations(
        layout=traced.layout if site == "site" else None, transmitter=None if site == "points" else traced.transmitter
    )
    if kind == "none":
        return known, traced.covered, 0.0
    measured = np.flatnonzero(draw_pattern(traced.covered, EvidenceOptions(density=_DENSITY), rng) & traced.covered)
    if len(measured) < FEWEST:
        cells = np.flatnonzero(traced.covered)
        if len(cells) < 2 * FEWEST:
            raise InputError(f"a map of {traced.scene} has {len(cells)} covered cells: too few to calibrate on")
        measured = rng.choice(cells, FEWEST, replace=False)
    measured = rng.choice(measured, min(len(measured), MOST), replace=False)
    level = float(rng.uniform(*_OFFSET_DB)) if unit == "dBm" else 0.0
    level = min(level, _STRONGEST_DBM - float(traced.gain_db.flat[measured].max())) if unit == "dBm" else level
    points = _readings(traced, measured, level, unit, kind, rng)
    scored = traced.covered.copy()
    scored.flat[measured] = False
    return replace(known, points=(points,)), scored, level


def _readings(
    traced: TracedMap, cells: NDArray[np.intp], level: float, unit: str, kind: str, rng: np.random.Generator
) -> Points:
    row, col = np.divmod(cells, traced.grid.shape[1])
    noise = float(np.exp(rng.uniform(*np.log(NOISE_DB))))
    value = traced.gain_db[row, col].astype(np.float64) + level + noise * rng.standard_normal(len(cells))
    points = Points.exact(traced.grid.x[col], traced.grid.y[row], value, sigma=noise, unit=unit, source=traced.scene)
    if kind == "exact":
        return points
    low = np.floor(value / STEP_DB) * STEP_DB
    return replace(points, value=low + STEP_DB / 2, low=low, high=low + STEP_DB, kind=np.full(len(points), "interval"))


def residuals(method: OpenCKM, traced: TracedMap, family: str, seed: int) -> Residuals:
    """Return how far off an uncalibrated method is on one case, in its own standard deviations."""
    observations, scored, level = calibration_case(traced, family, seed)
    posterior = method.posterior(observations, traced.grid, seed=seed)
    scene = posterior.scene
    distance = distance_to_reading(scene)
    asked = np.asarray(np.broadcast_to(posterior.gain.doubt, distance.shape), np.float64)
    fields = (posterior.gain.mean, posterior.gain.std, asked, distance, isolation(scene, distance))
    mean, std, doubt, *far = (np.asarray(scene.crop(f.reshape(scene.grid.shape))[scored], np.float64) for f in fields)
    error = np.abs(traced.gain_db[scored].astype(np.float64) + level - mean)
    distance, lone = (np.where(np.isfinite(f), f, 1e6) for f in far)
    return Residuals(error / np.maximum(std, 1e-6), distance, lone, doubt, f"{traced.scene}/{traced.city}")


def measure_calibration(
    maps: Sequence[TracedMap],
    prior: Path | None = None,
    families: Sequence[str] = FAMILIES,
    *,
    symmetrise: bool = True,
    measured_on: str = "",
    progress: Progress | None = None,
) -> Calibration:
    """Return the calibration of a prior.

    Args:
        maps: validation maps of at least two scenes, that the prior was not trained on.
        prior: model folder; None means the prior shipped in the package.
        families: which to measure.
        symmetrise: as the product runs.
        measured_on: the maps, in words.
        progress: called as progress(what, done, total).

    Raises:
        InputError: if there are too few maps or scenes.
        ModelError: if the prior cannot be loaded.
    """
    _, card = embedded_prior() if prior is None else load_prior(prior)
    method = OpenCKM(prior=prior, symmetrise=symmetrise, calibrated=False)
    found = {}
    for number, family in enumerate(families):
        cases = []
        for k, traced in enumerate(maps):
            cases.append(residuals(method, traced, family, 1000 * number + k))
            if progress is not None:
                progress(family, number * len(maps) + k + 1, len(families) * len(maps))
        found[family] = fit_family(cases)
    return Calibration(card.sha256, found, measured_on)
