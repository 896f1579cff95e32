"""Benchmark "rays": what rays bring to a prior, to a prediction without readings, and to a constructed map.

On maps of cities that nothing was trained on, layout (with its surroundings) and transmitter known. Scored are free
covered cells that were not read; intervals are by bootstrap over cities.

    prior      a prior's mean in one call with 0, 0.5 and 2 % of the cells read (2 dB of noise), and with nothing read
               and heights unknown (10 m everywhere, to the rays, too), or with the layout misdrawn, shifted and without
               some buildings (`openckm.data.misdrawn`). "NAME, no rays" is the same without rays, "NAME,
               readings alone" without layout and transmitter, "NAME 0.7/0.3" takes 0.3 of the rays; "rays alone" is
               `openckm.infer.ray_map` at the readings' level. Errors of the gain, of the gain in deep shadow (two cells
               and more within what the straight line does not reach) and of the direction, beside the bearing's.
               Model folders within $OPENCKM_OTHER_PRIORS come before the shipped prior, in order of their names: the
               first is what ratios are over, those between are trials, of which only the prior's own answer is scored,
               over the trial "607 maps", too, where there is one
    predict    `ckm predict`: one-pass network, prior with rays, and weighted means of both and the rays, whose variance
               is that of the mixture; level_db is the mean error of a map. Ratios over the one-pass network
    construct  the product in one orientation, without and with the rays' map as one more expert
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from openckm.data.misdrawn import misdrawn
from openckm.data.shards import TracedMap
from openckm.errors import InputError
from openckm.evaluate.benches.heldout import heldout_case, load_heldout
from openckm.evaluate.benches.mamba import trained_networks
from openckm.evaluate.one_pass.samples import flattened
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.scores.circular import mean_angular_error
from openckm.evaluate.scores.metrics import rmse
from openckm.evaluate.scores.scoring import Score, Truth, case_of, city_of, ratio_rows_over, summary_rows
from openckm.evaluate.worlds.folders import data_folder
from openckm.infer.construct import OpenCKM
from openckm.infer.extended import MeanMap
from openckm.infer.ray_map import ray_map
from openckm.infer.spread.normal import Z_90
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import AOA_COS, AOA_SIN, GAIN
from openckm.predict.predictor import Predictor
from openckm.priors.conditioning import Condition, evidence_planes, scalars, site_planes
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.planes import RAY_PLANES
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.priors.ray_planes import add_rays, site_rays

PRIORS_VARIABLE = "OPENCKM_OTHER_PRIORS"
"""Environment variable that names a folder of further priors, one model folder each, named as they are to be called."""
MAPS, QUICK_MAPS = 80, 3
READ = {"nothing read": 0.0, "0.5% read": 0.005, "2.0% read": 0.02}
_UNKNOWN = "nothing read, heights unknown"
_MISDRAWN = "nothing read, layout misdrawn"
_RAY_SHARE = 0.3
_TRIAL, _CONTROL = " maps", "607 maps"
"""What names of trials of training hold, and the one that each other differs from in one thing."""
_MIXTURES = (
    {"RadioMamba": 0.5, "prior": 0.5}, {"RadioMamba": 0.7, "rays": 0.3}, {"prior": 0.7, "rays": 0.3},
    {"RadioMamba": 0.4, "prior": 0.4, "rays": 0.2}, {"RadioMamba": 0.35, "prior": 0.35, "rays": 0.3},
)  # fmt: skip
METRICS = ("rmse_db", "deep_db", "direction_deg", "level_db", "level_size_db", "spread_rmse_db", "coverage_90")
Field = NDArray[np.float64]
Answer = tuple[Field, Field, Field]
"""Gain [dB] and the two components of the direction, each (rows, cols)."""


def run(
    quick: bool = False,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
    maps: int | None = None,
    weights: Path | None = None,
) -> Results:
    """Return the rows of the benchmark.

    Args:
        quick: 3 maps instead of 80.
        progress: called as progress(what, done, total).
        data_dir: folder of shards (*.npz); None means `data_folder("test")`.
        maps: number of maps; overrides `quick`.
        weights: model folder of the one-pass network; None means the shipped one.

    Raises:
        InputError: if the folder holds no usable shards.
        OpenCKMError: whatever a method raises.
    """
    shipped, card = embedded_prior()
    others = trained_networks(Path(os.environ.get(PRIORS_VARIABLE, "/nonexistent")))
    priors = {name: load_prior(folder)[0] for name, folder in others.items()} | {card.version: shipped}
    traced = load_heldout(data_dir or data_folder("test", quick), maps or (QUICK_MAPS if quick else MAPS))
    scores: list[Score] = []
    for k, one in enumerate(traced):
        scores += [*_prior_scores(priors, one, k), *_predicted(one, k, weights), *_constructed(one, k)]
        if progress is not None:
            progress(f"{one.city}, map {k}", k + 1, len(traced))
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    rows = summary_rows(scores, METRICS)
    for task, split in dict.fromkeys((s.task, s.split) for s in scores):
        base = next(s.method for s in scores if s.task == task)
        for metric in METRICS[:3] if task == "prior" else METRICS[:1]:
            rows += ratio_rows_over(scores, task, split, base, metric)
            rows += ratio_rows_over([s for s in scores if _TRIAL in s.method], task, split, _CONTROL, metric)
    return rows


def _prior_scores(priors: Mapping[str, MapDenoiser], traced: TracedMap, number: int) -> Iterator[Score]:
    """Yield what priors, and rays alone, make of one map."""
    transmitter = traced.transmitter
    if transmitter is None:
        return
    geometry = site_geometry(traced.grid, transmitter, traced.layout.height_m)
    dark = (geometry.diffraction_db > 6.0) | traced.layout.building
    deep = ndimage.binary_erosion(dark, iterations=2, border_value=1)
    seen = {_UNKNOWN: flattened(traced), _MISDRAWN: misdrawn(traced, np.random.default_rng([number, 7]))}
    for split, share in (*READ.items(), (_UNKNOWN, 0.0), (_MISDRAWN, 0.0)):
        given, truth = heldout_case(seen.get(split, traced), "gain", share, number)
        about = ("prior", split, case_of(traced, number), city_of(traced))
        for name, answer in _answers(priors, given, traced.grid):
            yield Score(name, *about, _errors(answer, truth, deep, traced), truth.value.size, 1, 0.0)


def _errors(answer: Answer, truth: Truth, deep: NDArray[np.bool_], traced: TracedMap) -> dict[str, float]:
    gain, cos, sin = (field[truth.row, truth.col] for field in answer)
    found = {"rmse_db": rmse(gain, truth.value)}
    dark, angle = deep[truth.row, truth.col], traced.aoa_rad[truth.row, truth.col].astype(np.float64)
    if dark.any():
        found["deep_db"] = rmse(gain[dark], truth.value[dark])
    if (known := np.isfinite(angle)).any():
        turn = mean_angular_error(np.arctan2(sin, cos)[known], angle[known])
        found["direction_deg"] = float(np.rad2deg(turn))
    return found


def _answers(priors: Mapping[str, MapDenoiser], given: Observations, grid: Grid) -> Iterator[tuple[str, Answer]]:
    """Yield the answer of every method to what is known of a site and of some of its cells."""
    transmitter, expert = given.transmitter, ray_map(given, grid)
    planes = site_rays(grid, given.layout, transmitter)
    alone = None if expert is None or planes is None else _levelled(expert, given, grid, planes)
    for name, prior in priors.items():
        mean = _mean(prior, given, grid)
        yield name, mean
        if name in list(priors)[1:-1]:
            continue
        if alone is not None:
            yield f"{name} 0.7/0.3", ((1.0 - _RAY_SHARE) * mean[0] + _RAY_SHARE * alone[0], *alone[1:])
        yield f"{name}, no rays", _mean(prior, given, grid, rays=False)
        if given.points:
            yield f"{name}, readings alone", _mean(prior, Observations(points=given.points), grid)
    if alone is not None:
        yield "rays alone", alone
    if transmitter is not None:
        way = site_geometry(grid, transmitter)
        straight = np.asarray(way.free_space_db + way.pattern_db, np.float64)
        yield "bearing", (straight, way.cos.astype(np.float64), way.sin.astype(np.float64))


def _levelled(expert: MeanMap, given: Observations, grid: Grid, planes: NDArray[np.float32]) -> Answer:
    """Return the rays' map from the median of the readings, and where its rays come from."""
    gain = expert.mean
    if given.points:
        row, col = grid.index_of(given.points[0].x, given.points[0].y)
        gain = np.asarray(gain + np.median(given.points[0].value - gain[row, col]), np.float64)
    cos, sin = (planes[RAY_PLANES.index(part)].astype(np.float64) for part in ("ray_east", "ray_north"))
    return gain, cos, sin


def _mean(prior: MapDenoiser, given: Observations, grid: Grid, *, rays: bool = True) -> Answer:
    """Return a prior's mean in one call."""
    carrier = None if given.transmitter is None else given.transmitter.carrier_hz
    known = Condition(
        torch.as_tensor(site_planes(grid, given.layout, given.transmitter))[None],
        torch.as_tensor(evidence_planes(grid, given.points))[None], scalars(grid.cell_m, carrier),
    )  # fmt: skip
    if rays:
        known = add_rays(known, prior.options.planes, grid, given.layout, given.transmitter)
    mean = posterior_mean(prior, known, symmetrise=False).mean[0].numpy()
    gain, cos, sin = (q.decode(mean[k]).astype(np.float64) for k, q in enumerate((GAIN, AOA_COS, AOA_SIN)))
    return gain, cos, sin


def _predicted(traced: TracedMap, number: int, weights: Path | None) -> Iterator[Score]:
    """Yield the scores of predictions and their mixtures; none of a site that the product refuses."""
    for split, shown in (("heights known", traced), ("heights unknown", flattened(traced))):
        given, truth = heldout_case(shown, "gain", 0.0, number)
        try:
            asked = {"RadioMamba": Predictor(weights=weights, by="network"), "prior": Predictor(by="prior")}
            made = {name: method.reconstruct(given, traced.grid) for name, method in asked.items()}
        except InputError:  # the transmitter stands outside the map or in a building
            return
        maps = {name: (np.asarray(m.mean(), np.float64), np.asarray(m.std(), np.float64)) for name, m in made.items()}
        rays = ray_map(given, traced.grid)
        maps |= {} if rays is None else {"rays": (rays.mean, rays.std)}
        for shares in ({"RadioMamba": 1.0}, {"prior": 1.0}, *_MIXTURES):
            if set(shares) <= set(maps):
                name = ", ".join(f"{w:g} {n}" if len(shares) > 1 else n for n, w in shares.items())
                about = (name, "predict", split, case_of(traced, number), city_of(traced))
                yield Score(*about, _belief(*_mixture(shares, maps), truth), truth.value.size, 1, 0.0)


def _mixture(shares: Mapping[str, float], maps: Mapping[str, tuple[Field, Field]]) -> tuple[Field, Field]:
    """Return mean and standard deviation of a mixture, as `openckm.predict.predictor` mixes."""
    mean = np.sum([w * maps[n][0] for n, w in shares.items()], axis=0)
    square = np.sum([w * (maps[n][1] ** 2 + (maps[n][0] - mean) ** 2) for n, w in shares.items()], axis=0)
    return mean, np.sqrt(square)


def _belief(mean: Field, std: Field, truth: Truth) -> dict[str, float]:
    at = (truth.row, truth.col)
    error = mean[at] - truth.value
    level = float(error.mean())
    return {
        "rmse_db": rmse(mean[at], truth.value), "level_db": level, "level_size_db": abs(level),
        "spread_rmse_db": float(error.std()), "coverage_90": float((np.abs(error) <= Z_90 * std[at]).mean()),
    }  # fmt: skip


def _constructed(traced: TracedMap, number: int) -> Iterator[Score]:
    """Yield the scores of constructed maps without and with the rays as one more expert."""
    for split, share in list(READ.items())[1:]:
        given, truth = heldout_case(traced, "gain", share, number)
        expert = ray_map(given, traced.grid)
        for name, maps in (("construct", ()), ("with rays", () if expert is None else (expert,))):
            posterior = OpenCKM(symmetrise=False).posterior(given, traced.grid, maps=maps)
            mean = posterior.to_map(traced.grid).mean()[truth.row, truth.col]
            about = (name, "construct", split.removesuffix(" read"), case_of(traced, number), city_of(traced))
            yield Score(*about, {"rmse_db": rmse(mean, truth.value)}, truth.value.size, posterior.evaluations, 0.0)
