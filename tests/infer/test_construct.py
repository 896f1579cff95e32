"""The product's own method from end to end: any input, determinism, deadlines, and worlds with known answers."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from openckm.baselines.kriging import Kriging
from openckm.errors import GridError, ModelError, OptionError, OutsideGrid
from openckm.infer.construct import OpenCKM
from openckm.infer.scene import OLDER
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap
from openckm.observe import Downsample, Gaussian, Select, compose, map_domain
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.reconstructor import Reconstructor
from worlds import (
    GaussianDenoiser,
    blocks_layout,
    centred_grid,
    evidence,
    gaussian_field,
    readings,
    state_of_gain,
    tiny_card,
    tiny_denoiser,
    transmitter_near,
)

GRID = centred_grid(32)
ODD = Grid((37, 50), 4.0, (-80.0, 70.0))
CHANNELS = ("gain_db", "aoa_cos", "aoa_sin", "building")


def construct(
    denoiser: Denoiser, observations: Observations, patch: pytest.MonkeyPatch, grid: Grid = GRID, **options: object
) -> RadioMap:
    """Reconstruct with a denoiser that is not on disk."""
    patch.setattr("openckm.infer.construct.load_prior", lambda _, **__: (denoiser, tiny_card()))
    method = OpenCKM(prior=Path("stub"), symmetrise=False)
    return method.reconstruct(observations, grid, **{"draws": 0, **options})


def rmse(answer: RadioMap, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((answer.mean() - truth) ** 2)))


def odd_readings(count: int = 40, unit: str = "dBm", seed: int = 0, grid: Grid = ODD) -> Points:
    x, y = grid.centres()
    field = -60.0 - 0.2 * np.hypot(x, y) + np.random.default_rng([seed, 5]).normal(0, 2, grid.shape)
    return readings(grid, field, count, seed, unit=unit)


def of_kind(points: Points, kind: str) -> Points:
    low, high = (points.value - 0.5, points.value + 0.5) if kind == "interval" else (points.low, points.high)
    return replace(points, kind=np.full(len(points), kind), low=low, high=high)


def direction() -> tuple[Points, Points]:
    gain = odd_readings(15, seed=3)
    angle = np.arctan2(-gain.y, -gain.x)
    parts = {"unit": "1", "sigma": np.full(15, 0.1)}
    return (
        replace(gain, value=np.cos(angle), quantity="aoa_cos", **parts),
        replace(gain, value=np.sin(angle), quantity="aoa_sin", **parts),
    )


def devices() -> tuple[Points, Points]:
    one, two = odd_readings(20, seed=1), odd_readings(20, seed=2)
    return replace(one, device=np.full(20, "A")), replace(two, device=np.full(20, "B"), value=two.value + 3.0)


SITE = {"layout": blocks_layout(ODD), "transmitter": transmitter_near(ODD, bearing_deg=70.0)}
INPUTS = {
    "nothing at all": (Observations(), ODD),
    "site alone": (evidence(**SITE), ODD),
    "layout alone": (evidence(layout=SITE["layout"]), ODD),
    "dBm with site": (evidence(odd_readings(), **SITE), ODD),
    "dBm without site": (evidence(odd_readings()), ODD),
    "dB with site": (evidence(odd_readings(unit="dB"), **SITE), ODD),
    "dB with transmitter": (evidence(odd_readings(unit="dB"), transmitter=SITE["transmitter"]), ODD),
    "transmitter outside": (evidence(odd_readings(), transmitter=replace(SITE["transmitter"], x=5e3)), ODD),
    "one reading": (evidence(odd_readings(1)), ODD),
    "two readings": (evidence(odd_readings(2, unit="dB")), ODD),
    "three readings": (evidence(odd_readings(3)), ODD),
    "many in one cell": (evidence(*[odd_readings(1)] * 6), ODD),
    "censored only": (evidence(of_kind(odd_readings(), "below")), ODD),
    "saturated only": (evidence(of_kind(odd_readings(unit="dB"), "above"), **SITE), ODD),
    "quantised": (evidence(of_kind(odd_readings(), "interval")), ODD),
    "half censored": (evidence(odd_readings(20), of_kind(odd_readings(20, seed=4), "below")), ODD),
    "directions only": (evidence(*direction()), ODD),
    "gain and directions": (evidence(odd_readings(), *direction(), **SITE), ODD),
    "several devices": (evidence(*devices()), ODD),
    "constant readings": (evidence(replace(odd_readings(), value=np.full(40, -77.0))), ODD),
    "enormous readings": (evidence(replace(odd_readings(), value=np.linspace(-240.0, 10.0, 40))), ODD),
    "all cells": (evidence(odd_readings(256, grid=centred_grid(16))), centred_grid(16)),
    "one row": (evidence(odd_readings(12, grid=Grid((1, 40), 4.0))), Grid((1, 40), 4.0)),
    "one cell": (Observations(), Grid((1, 1), 2.0)),
    "with a CRS": (
        evidence(odd_readings(grid=replace(ODD, crs="EPSG:32617")), crs="EPSG:32617"), replace(ODD, crs="EPSG:32617"),
    ),
}  # fmt: skip
FEW = {
    "nothing at all", "site alone", "layout alone", "one reading", "two readings", "many in one cell", "censored only",
    "directions only", "one cell",
}  # fmt: skip
"""Inputs with fewer than three usable readings."""


@pytest.mark.parametrize("what", INPUTS)
def test_any_input_has_a_finite_answer(tiny_prior, what):
    observations, grid = INPUTS[what]
    answer = OpenCKM(prior=tiny_prior, steps=2).reconstruct(observations, grid, draws=1, seed=5)
    assert answer.grid == grid and answer.channels == CHANNELS
    for channel in CHANNELS:
        for field in (answer.mean(channel), answer.std(channel), answer.draws(channel)[0]):
            assert field.shape == grid.shape and np.isfinite(field).all(), channel
        assert (answer.std(channel) >= 0).all()
    assert (answer.std() > 0).all()
    facts = answer.provenance
    in_dbm = any(p.unit == "dBm" for p in observations.points) and what not in FEW
    assert facts["unit"] == ("dBm" if in_dbm else "dB")
    assert ("weight_of_evidence" in facts) == (what not in FEW), "too few readings fall back to the prior"
    layout = observations.layout
    np.testing.assert_array_equal(answer.valid, np.ones(grid.shape, bool) if layout is None else ~layout.building)
    if layout is not None:
        np.testing.assert_array_equal(answer.mean("building"), layout.building)


def test_it_is_a_reconstructor():
    assert isinstance(OpenCKM(), Reconstructor)


def test_too_few_readings_in_db_still_tell_the_network(tiny_prior):
    method = OpenCKM(prior=tiny_prior)
    none, two, level = (
        method.reconstruct(evidence(*points), ODD, draws=0).mean()
        for points in ((), (odd_readings(2, unit="dB"),), (odd_readings(2),))
    )
    assert np.abs(two - none).max() > 0.01
    np.testing.assert_array_equal(level, none)


def test_observed_everywhere_the_map_is_the_readings(tiny_prior):
    grid = centred_grid(16)
    field = gaussian_field(grid, 2)
    answer = OpenCKM(prior=tiny_prior).reconstruct(evidence(readings(grid, field, 256, 2, noise=0.5)), grid, draws=0)
    assert rmse(answer, field) < 1.0


@pytest.fixture(scope="module")
def many(tiny_prior) -> RadioMap:
    return OpenCKM(prior=tiny_prior, steps=3).reconstruct(evidence(odd_readings(), **SITE), ODD, draws=4, seed=11)


def test_the_answer_is_a_function_of_the_seed(tiny_prior, many):
    method = OpenCKM(prior=tiny_prior, steps=3)
    again = method.reconstruct(evidence(odd_readings(), **SITE), ODD, draws=4, seed=11)
    other = method.reconstruct(evidence(odd_readings(), **SITE), ODD, draws=4, seed=12)
    for name in ("mean", "std", "draws"):
        np.testing.assert_array_equal(again.dataset[name], many.dataset[name])
    assert (other.draws() != many.draws()).mean() > 0.99


@pytest.mark.parametrize("deadline", [None, 300.0])
def test_a_draw_is_the_same_alone_and_among_many(tiny_prior, many, deadline):
    method = OpenCKM(prior=tiny_prior, steps=3)
    few = method.reconstruct(evidence(odd_readings(), **SITE), ODD, draws=2, seed=11, deadline_s=deadline)
    for channel in CHANNELS:
        np.testing.assert_allclose(few.draws(channel), many.draws(channel)[:2], atol=1e-4)  # the batch's rounding
    gaps = np.abs(many.draws()[:, None] - many.draws()[None]).max(axis=(2, 3))
    assert (gaps[~np.eye(4, dtype=bool)] > 0.1).all()


def test_no_draws(tiny_prior):
    answer = OpenCKM(prior=tiny_prior).reconstruct(evidence(odd_readings()), ODD, draws=0)
    with pytest.raises(OptionError, match="holds no draws"):
        answer.draws()


@pytest.mark.parametrize("prior_std", [0.02, 0.05])
def test_draws_agree_with_mean_and_spread(monkeypatch, prior_std):
    """A prior of independent cells around a known map; few-step samplers and the rest of the chain cost some spread."""
    field, count = gaussian_field(GRID, 0), 40
    cells = np.random.default_rng(0).standard_normal(field.shape)
    observations = evidence(readings(GRID, field + 40.0 * prior_std * cells, 60, 0, noise=1.5))
    denoiser = GaussianDenoiser(state_of_gain(field), prior_std)
    answer = construct(denoiser, observations, monkeypatch, draws=count)
    draws = answer.draws()
    ratio = draws.std(0, ddof=1) / answer.std()
    assert 0.75 < np.median(ratio) < 1.2
    score = (draws.mean(0) - answer.mean()) / answer.std() * np.sqrt(count)
    assert 0.6 < score.std() < 1.4
    assert abs(score.mean()) < 0.5


def test_draws_agree_where_the_site_expert_is_the_weightier(monkeypatch):
    field = gaussian_field(GRID, 0)
    right, wrong = state_of_gain(field), state_of_gain(gaussian_field(GRID, 9))

    class Liar(Denoiser):
        multiple = 16

        def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
            mean = (wrong if bool(condition.evidence.any()) else right).expand_as(x).clone()
            return Denoised(mean, torch.full_like(x, 1e-4))

    answer = construct(Liar(), evidence(readings(GRID, field, 60, 0, noise=1.5)), monkeypatch, draws=40)
    assert answer.provenance["weight_of_evidence"] < 0.5
    draws = answer.draws()
    assert 0.85 < np.median(draws.std(0, ddof=1) / answer.std()) < 1.15
    score = (draws.mean(0) - answer.mean()) / answer.std() * np.sqrt(40)
    assert 0.7 < score.std() < 1.35


def limited() -> Observations:
    """Readings of which the weaker half was not heard."""
    points = readings(GRID, FIELD, 80, 0, noise=1.5, unit="dBm")
    faint = float(np.median(points.value))
    unheard = points.subset(points.value < faint)
    return evidence(
        points.subset(points.value >= faint), of_kind(replace(unheard, value=np.full(len(unheard), faint)), "below")
    )


def averaged() -> Gaussian:
    """Averages of 4 x 4 cells, in latent code."""
    plane = Select(map_domain(GRID.shape), "gain_db")
    operator = compose(Downsample(plane.range, 4), plane)
    state = state_of_gain(FIELD)
    return Gaussian(operator, operator(state[None] if state.ndim == 3 else state), 0.01)


FIELD = gaussian_field(GRID, 5, length_m=60.0)
DRAWN = {
    "points": (evidence(readings(GRID, FIELD, 60, 0, noise=1.5)), {}),
    "received power": (evidence(readings(GRID, FIELD, 60, 0, noise=1.5, unit="dBm", offset=30.0)), {}),
    "limits": (limited(), {}),
    "two devices": (
        evidence(replace(readings(GRID, FIELD, 40, 0, noise=1.5), device=np.full(40, "a")),
                 replace(readings(GRID, FIELD, 40, 1, noise=1.5, offset=6.0), device=np.full(40, "b"))), {},
    ),
    "an older map": (
        evidence(readings(GRID, FIELD, 60, 0, noise=1.5),
                 replace(readings(GRID, FIELD, 60, 1, noise=4.0), device=np.full(60, OLDER))), {},
    ),
    "few points": (evidence(readings(GRID, FIELD, 6, 0, noise=1.5)), {}),
    "areas beside points": (evidence(readings(GRID, FIELD, 60, 0, noise=1.5)), {"likelihood": averaged()}),
    "areas alone": (Observations(), {"likelihood": averaged()}),
    "nothing": (Observations(), {}),
}  # fmt: skip
"""Evidence of every kind, and how it is handed in."""


@pytest.mark.parametrize("kind", DRAWN)
def test_whoever_takes_the_std_or_the_draws_reads_the_same_spread(monkeypatch, kind):
    observations, more = DRAWN[kind]
    denoiser = GaussianDenoiser(state_of_gain(gaussian_field(GRID, 6, length_m=60.0)), 0.03)
    answer = construct(denoiser, observations, monkeypatch, draws=48, **more)
    drawn = np.sqrt(np.mean(answer.draws().var(0, ddof=1)) / np.mean(answer.std() ** 2))
    assert 0.85 < drawn < 1.18, drawn
    inside = np.mean((answer.draws() >= answer.quantile(0.1)) & (answer.draws() <= answer.quantile(0.9)))
    assert 0.74 < inside < 0.86, inside


class Slow(GaussianDenoiser):
    """Takes 20 ms a call."""

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        time.sleep(0.02)
        return super().forward(x, sigma, condition)


def test_a_deadline_costs_draws_and_nothing_else(monkeypatch):
    field = gaussian_field(GRID, 0)
    observations = evidence(readings(GRID, field, 30, 0))
    started = time.monotonic()
    answer = construct(Slow(state_of_gain(field), 0.05), observations, monkeypatch, draws=300, deadline_s=2.0)
    assert time.monotonic() - started < 6.0, "300 draws in batches of 8 and 8 calls would take 15 s"
    kept = len(answer.dataset["draw"]) if "draws" in answer.dataset else 0
    assert 0 < kept < 100
    assert answer.provenance["network_evaluations"] == 2 + 4 + 8 * kept
    in_time = construct(Slow(state_of_gain(field), 0.05), observations, monkeypatch, draws=0)
    np.testing.assert_array_equal(answer.mean(), in_time.mean())
    np.testing.assert_array_equal(answer.std(), in_time.std())


@pytest.mark.parametrize("points", [(), (odd_readings(),)])
def test_a_deadline_that_cannot_be_met_still_brings_the_map(tiny_prior, points):
    answer = OpenCKM(prior=tiny_prior).reconstruct(evidence(*points), ODD, draws=4, deadline_s=1e-6)
    assert "draws" not in answer.dataset and np.isfinite(answer.mean()).all()


def test_a_useless_prior_costs_little_against_kriging(monkeypatch):
    """On smooth fields of several kinds a random network is not worse than ordinary kriging by more than 10 %."""
    ours, theirs = [], []
    for seed in range(4):
        field = gaussian_field(GRID, seed, std=8.0, length_m=60.0)
        observations = evidence(readings(GRID, field, 80, seed, noise=1.5))
        answer = construct(tiny_denoiser(seed, gain=1.0), observations, monkeypatch)
        ours.append(rmse(answer, field))
        theirs.append(rmse(Kriging().reconstruct(observations, GRID, draws=0), field))
        assert abs(answer.provenance["map_slope"]) < 0.5
    assert np.sqrt(np.mean(np.square(ours))) < 1.1 * np.sqrt(np.mean(np.square(theirs)))


@pytest.mark.parametrize(("unit", "offset"), [("dB", 0.0), ("dBm", 37.0)])
def test_a_perfect_prior_beats_kriging_and_finds_the_level(monkeypatch, unit, offset):
    field = gaussian_field(GRID, 1, std=8.0, length_m=20.0)
    observations = evidence(readings(GRID, field, 60, 1, noise=1.5, unit=unit, offset=offset))
    answer = construct(GaussianDenoiser(state_of_gain(field)), observations, monkeypatch)
    kriged = Kriging().reconstruct(observations, GRID, draws=0)
    assert rmse(answer, field + offset) < 0.35 * rmse(kriged, field + offset)
    facts = answer.provenance
    assert facts["unit"] == unit
    assert facts["map_slope"] == pytest.approx(1.0, abs=0.1)
    assert facts["transmit_offset_db"] == pytest.approx(offset, abs=2.0)
    assert abs(facts["transmit_offset_db"] - offset) < 4 * facts["transmit_offset_std_db"] < 4.0
    sizes = {name: value for name, _, value in facts["discrepancy"]}
    assert next(v for n, v in sizes.items() if n.startswith("delta[0]") and n.endswith("std")) < 1.5


def covered(answers: list[tuple[RadioMap, np.ndarray]], factor: float = 1.0) -> float:
    """Share of cells whose truth lies in the 90 % interval, widened by a factor."""
    inside = []
    for answer, truth in answers:
        middle, half = answer.quantile(0.5), (answer.quantile(0.95) - answer.quantile(0.05)) / 2
        inside.append(np.abs(truth - middle) <= factor * half)
    return float(np.mean(inside))


@pytest.mark.parametrize(("std", "length_m"), [(6.0, 30.0), (10.0, 60.0)])
def test_intervals_cover_gaussian_fields(monkeypatch, std, length_m):
    answers = []
    for seed in range(5):
        field = gaussian_field(GRID, seed, std=std, length_m=length_m, nu=0.5)
        observations = evidence(readings(GRID, field, 80, seed, noise=1.5))
        answers.append((construct(tiny_denoiser(seed, gain=1.0), observations, monkeypatch), field))
    assert 0.80 < covered(answers) < 0.97
    assert covered(answers, 0.6) < 0.80 and covered(answers, 1.7) > 0.97, "the band must be one that can be missed"


def test_what_cannot_be_is_refused(tiny_prior, tmp_path):
    method = OpenCKM(prior=tiny_prior)
    for wrong in ({"draws": -1}, {"seed": -1}, {"deadline_s": 0.0}, {"deadline_s": float("nan")}):
        with pytest.raises(OptionError, match="wanted draws and seed"):
            method.reconstruct(Observations(), ODD, **wrong)
    with pytest.raises(GridError, match="bring the readings into the grid's CRS"):
        method.reconstruct(evidence(odd_readings(), crs="EPSG:32617"), ODD)
    with pytest.raises(GridError, match="read the layout onto the map's grid"):
        method.reconstruct(evidence(layout=blocks_layout(GRID)), ODD)
    with pytest.raises(OutsideGrid):
        method.reconstruct(evidence(replace(odd_readings(1), x=np.array([1e6]))), ODD)
    with pytest.raises(ModelError, match="no model card there"):
        OpenCKM(prior=tmp_path).reconstruct(Observations(), ODD)


def test_where_nothing_was_heard_the_map_says_weak(monkeypatch):
    """Half of a drive test is "not heard": the map is weak there, its intervals hold, the summary has the numbers."""
    field = gaussian_field(GRID, 3, std=8.0, length_m=30.0)
    points = readings(GRID, field, 120, 3, noise=2.0, unit="dBm", offset=-20.0)
    limit = float(np.median(points.value))
    silent = points.value < limit
    cut = replace(points, kind=np.where(silent, "below", "exact"), value=np.maximum(points.value, limit))
    unknown = GaussianDenoiser(state_of_gain(gaussian_field(GRID, 11, std=8.0, length_m=30.0)))
    answer = construct(unknown, evidence(cut), monkeypatch)
    heard = construct(unknown, evidence(points), monkeypatch)
    dropped = construct(unknown, evidence(cut.subset(~silent)), monkeypatch)
    row, col = GRID.index_of(points.x[silent], points.y[silent])
    truth = field - 20.0
    bias = [float(np.mean(a.mean()[row, col] - truth[row, col])) for a in (answer, dropped)]
    assert abs(bias[0]) < 1.5 and bias[1] > 4.0
    assert rmse(answer, truth) < 1.35 * rmse(heard, truth) and rmse(answer, truth) < 0.7 * rmse(dropped, truth)
    assert 0.8 < covered([(answer, truth)]) < 0.98
    assert answer.provenance["limits"] == {"below": int(silent.sum()), "above": 0, "interval": 0}
    assert answer.provenance["limits_respected"] > 0.9 * silent.sum()


def test_each_device_has_a_level_and_the_map_is_that_of_the_mean_device_or_of_a_named_one(monkeypatch):
    field = gaussian_field(GRID, 4, std=6.0, length_m=40.0)
    one = replace(readings(GRID, field, 90, 4, noise=1.5, unit="dBm", offset=3.0), device=np.full(90, "A"))
    two = replace(readings(GRID, field, 90, 5, noise=1.5, unit="dBm", offset=-3.0), device=np.full(90, "B"))
    denoiser = GaussianDenoiser(state_of_gain(gaussian_field(GRID, 12, std=6.0)))
    answer = construct(denoiser, evidence(one, two), monkeypatch)
    levels = answer.provenance["devices"]
    for name, want in (("A", 3.0), ("B", -3.0)):
        assert abs(levels[name][0] - want) < 4 * levels[name][1] < 4.0
    mixed = construct(
        denoiser, evidence(replace(one, device=np.full(90, "")), replace(two, device=np.full(90, ""))), monkeypatch
    )
    assert rmse(answer, field) < 0.9 * rmse(mixed, field)
    monkeypatch.setattr("openckm.infer.construct.load_prior", lambda _, **__: (denoiser, tiny_card()))
    method = OpenCKM(prior=Path("stub"), symmetrise=False, device="A")
    named = method.reconstruct(evidence(one, two), GRID, draws=0)
    np.testing.assert_allclose(named.mean() - answer.mean(), levels["A"][0], atol=0.02)
    own = named.provenance["devices"]  # levels are against the map's: a reading by B is foretold by its map and level
    assert own["A"][0] == pytest.approx(0.0, abs=1e-9)
    assert own["B"][0] == pytest.approx(levels["B"][0] - levels["A"][0], abs=0.02)


@pytest.mark.parametrize("unit", ["dB", "dBm"])
def test_cells_asked_again_are_those_of_the_map_and_know_nothing_of_what_is_held_back(tiny_prior, unit):
    method, points = OpenCKM(tiny_prior), odd_readings(120, unit=unit)
    points = replace(points, device=np.where(np.arange(120) < 15, "rare", "common"))
    west = points.x < ODD.x[25]
    whole = method.posterior(evidence(points), ODD)
    cells = np.array([0, 7, 25 * 50 + 49, ODD.shape[0] * ODD.shape[1] - 1])
    left = evidence(points.subset(west))
    some, every = method.again(whole, left, ODD, cells=cells), method.again(whole, left, ODD)
    for few, all_cells in ((some.mean, every.mean), (some.std, every.std)):
        full = every.scene.crop(all_cells.reshape(every.scene.grid.shape))
        np.testing.assert_allclose(few, full.ravel()[cells], rtol=1e-9)
    assert some.experts[0].fit.hyper.components == whole.experts[0].fit.hyper.components
    other = replace(points, value=points.value - 30.0 * ~west)  # what is held back is another, the answer is not
    again = method.again(whole, evidence(other.subset(west)), ODD, cells=cells)
    np.testing.assert_array_equal(again.mean, some.mean)


def test_a_belief_of_some_cells_is_that_of_the_map(tiny_prior):
    method, given = OpenCKM(tiny_prior), evidence(odd_readings(120, unit="dBm"))
    cells = np.array([0, 7, 25 * 50 + 49, ODD.shape[0] * ODD.shape[1] - 1])
    some, every = method.again(None, given, ODD, cells=cells), method.posterior(given, ODD)
    for few, all_cells in ((some.mean, every.mean), (some.std, every.std)):
        full = every.scene.crop(all_cells.reshape(every.scene.grid.shape))
        np.testing.assert_allclose(few, full.ravel()[cells], rtol=1e-9)


def test_a_prediction_for_whatever_phone_is_at_hand_knows_where_each_phone_walks(monkeypatch):
    field = gaussian_field(GRID, 5)
    east = np.indices(GRID.shape)[1] >= 16
    walked = field + np.where(east, 4.0, -4.0)  # one phone reads the east, the other the west, and so does the truth
    points = readings(GRID, walked, 150, 5, unit="dBm")
    points = replace(points, device=np.where(points.x >= GRID.x[16], "a", "b"))
    denoiser = GaussianDenoiser(state_of_gain(gaussian_field(GRID, 12)), 0.1)
    monkeypatch.setattr("openckm.infer.construct.load_prior", lambda *_, **__: (denoiser, tiny_card()))
    error = {}
    for device in (None, "any"):
        method = OpenCKM(prior=Path("stub"), symmetrise=False, device=device)
        answer = method.reconstruct(evidence(points), GRID, draws=0)
        error[device] = rmse(answer, walked)
        assert set(answer.provenance["devices"]) == ({"a", "b"} if device is None else {""})
    assert error["any"] < 0.9 * error[None]
