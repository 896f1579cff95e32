"""Does a site teach its prior what is there, and nothing where there is nothing to be learnt?"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.store.test_store_delta import delta
from tests.worlds import save_tiny, tiny_card, tiny_denoiser
from torch.nn.utils import parametrize

from openckm.edge.adapt import Adaptation, adapt, adapt_to
from openckm.edge.judging import map_rmse
from openckm.edge.lesson import Replay, blocks_of, lesson_of
from openckm.edge.teaching import FOLDS, AdaptOptions, _dealt, blocks_with_readings, least_mb, most_told
from openckm.errors import ComputationError, MeasurementError, ModelError, OptionError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.grid import Grid, reproject
from openckm.maps.observations import Observations, Points
from openckm.maps.site import Transmitter
from openckm.nn.recompute import Plan
from openckm.priors.adapted import CrossFitted, adapted_by, place_print, with_delta
from openckm.priors.adapter import LowRank, with_factors
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.store.delta import Delta

ROOT = Path(__file__).parents[2]
SIDE = 64
GRID = Grid((SIDE, SIDE), 4.0, (0.0, 4.0 * SIDE), None)
QUICK = AdaptOptions(steps=10, every=5, patience=2, rank=2, judge_map=False)


def world(seed: int = 0, count: int = 260, noise: float | None = None) -> Observations:
    """Readings in dBm around a base station: a field with distance and a ridge, or pure noise."""
    rng = np.random.default_rng(seed)
    cell = rng.choice(SIDE * SIDE, count, replace=False)
    x, y = GRID.x[cell % SIDE], GRID.y[cell // SIDE]
    tx = Transmitter(128.0, 128.0, 24.0, 3.5e9)
    away = np.hypot(x - tx.x, y - tx.y)
    value = -60.0 - 30.0 * np.log10(1 + away / 10.0) - 12.0 * (x > 150)
    if noise is not None:
        value = -90.0 + noise * rng.standard_normal(count)
    points = Points.exact(x, y, value + rng.normal(size=count), sigma=1.0, unit="dBm", source="made up")
    return Observations(points=(points,), transmitter=tx)


@pytest.fixture(scope="module")
def prior():
    return tiny_denoiser(), tiny_card()


@pytest.fixture(scope="module")
def done(prior, tmp_path_factory):
    return adapt_to(world(), GRID, prior, replace(QUICK, steps=40), tmp_path_factory.mktemp("adapt") / "work")


def test_a_prior_that_knows_nothing_learns_its_site_and_the_judges_say_so(done, prior):
    delta = done.delta
    assert done.kept and delta.ratio < 0.95 and delta.ratio_high < 1.0
    assert delta.rmse_after_db < delta.rmse_before_db
    assert delta.readings == 260 and delta.folds == FOLDS and len(delta.blocks) == 16
    assert {k for k, *_ in [(int(f),) for *_, f in delta.blocks]} == set(range(FOLDS))


@pytest.mark.slow
def test_what_is_said_of_a_block_is_a_true_prediction(prior, tmp_path):
    """Change the readings of one fold's blocks: of that fold's factors nothing may change but the weight of all."""
    site = world()
    first = adapt_to(site, GRID, prior, QUICK, tmp_path / "one")
    table = {(int(e), int(n)): int(f) for e, n, f in first.delta.blocks}
    points = site.points[0]
    east, north = np.floor((points.x - 128.0) / 64), np.floor((points.y - 128.0) / 64)
    fold = np.array([table[int(e), int(n)] for e, n in zip(east, north, strict=True)])
    changed = replace(points, value=np.where(fold == 1, points.value - 20.0, points.value))
    second = adapt_to(replace(site, points=(changed,)), GRID, prior, QUICK, tmp_path / "two")
    for k in range(FOLDS):
        one, two = first.delta.of_fold(k), second.delta.of_fold(k)
        same = all(
            np.allclose(
                one[n].astype(float) * (second.weight if n.endswith(":up") else 1.0),
                two[n].astype(float) * (first.weight if n.endswith(":up") else 1.0), rtol=3e-3, atol=1e-7,
            ) for n in one
        )  # fmt: skip
        assert same == (k == 1), k


@pytest.mark.slow
def test_pure_noise_is_refused_and_the_stated_spread_does_not_shrink(tmp_path):
    """A prior that says the same everywhere cannot be bettered on noise; what it learns by heart must not count."""
    net, site = tiny_denoiser(gain=0.0), world(noise=12.0)
    done = adapt_to(site, GRID, (net, tiny_card()), replace(QUICK, steps=20, patience=4), tmp_path / "work")
    assert not done.kept and "refused" in done.summary()
    spread = []
    for denoiser in (net, with_delta(net, done.delta)):  # used all the same
        made = OpenCKM(LoadedPrior(denoiser, "tiny")).reconstruct(site, GRID, draws=0)
        spread.append(float(made.dataset["std"].sel(channel="gain_db").mean()))
    assert spread[1] > 0.97 * spread[0]


@pytest.mark.slow
def test_interrupted_and_resumed_it_gives_the_same_bits(prior, tmp_path, monkeypatch):
    whole = adapt_to(world(), GRID, prior, QUICK, tmp_path / "whole")
    calls = 0

    def stop(what: str, finished: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls in (2, 4):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            adapt_to(world(), GRID, prior, QUICK, tmp_path / "parts", on_progress=stop)
    again = adapt_to(world(), GRID, prior, QUICK, tmp_path / "parts", on_progress=stop)
    assert again.delta.digest == whole.delta.digest
    with pytest.raises(ModelError, match="belongs to another adaptation"):
        adapt_to(world(1), GRID, prior, QUICK, tmp_path / "parts")


def killed(prior: object, folder: Path, kills: int, longest_s: float) -> tuple[set[str], str, str]:
    """Kill adaptations; return the deltas that lay at the output meanwhile, the old one, and the last one."""
    old = adapt_to(world(1), GRID, prior, replace(QUICK, steps=5), folder / "old").delta
    old.write(folder / "site.delta")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "OMP_NUM_THREADS": "1"}
    worker = str(Path(__file__).with_name("adapt_worker.py"))
    command = [sys.executable, worker, str(folder), str(kills), str(longest_s)]
    lines = subprocess.run(command, capture_output=True, env=env, text=True, check=True, cwd=ROOT).stdout.splitlines()
    left = [line.split()[1] for line in lines if line.startswith("left ")]
    _, status, digest = lines[-1].split()
    assert len(left) == kills and status == "0"
    return set(left), old.digest, digest


@pytest.mark.slow
@pytest.mark.parametrize("kills", [4, 50])
def test_killed_at_any_moment_the_old_delta_or_the_new_one_is_there_and_it_goes_on_to_the_same_bits(
    prior, tmp_path, kills
):
    begun = time.monotonic()
    whole = adapt_to(world(), GRID, prior, QUICK, tmp_path / "whole").delta.digest
    left, old, last = killed(prior, tmp_path, kills, time.monotonic() - begun)
    assert last == whole, "resumed, it is the same to the bit"
    assert left <= {old, whole}


def test_too_few_readings_places_or_megabytes_are_said_before_anything_is_written(prior, tmp_path):
    work = tmp_path / "work"
    with pytest.raises(MeasurementError, match=r"59 cells with readings.*at least 60"):
        adapt_to(world(count=59), GRID, prior, QUICK, work)
    points = world(count=400).points[0]
    near = points.subset((points.x < 64) & (points.y < 64 * 3))
    crowd = Points.exact(near.x, near.y, near.value, sigma=1.0, unit="dBm", source="one place")
    assert len(crowd) >= 60
    with pytest.raises(MeasurementError, match=r"lie in 3 blocks of 64 m.*at least 6"):
        adapt_to(replace(world(), points=(crowd,)), GRID, prior, QUICK, work)
    with pytest.raises(MeasurementError, match="base station must be known"):
        adapt_to(replace(world(), transmitter=None), GRID, prior, QUICK, work)
    with pytest.raises(OptionError, match=r"one map of 64 x 64 cells needs \d+ MiB"):
        adapt_to(world(), GRID, prior, replace(QUICK, budget_mb=2.0), work)
    assert not work.exists()
    for wrong in ({"rank": 0}, {"minutes": 0.0}, {"place": "<b>"}, {"steps": 0}):
        with pytest.raises(OptionError, match="wanted"):
            AdaptOptions(**wrong)


@pytest.mark.parametrize("after", [7.99, 8.0, 8.2])
def test_a_network_that_errs_less_is_kept_only_if_the_map_made_with_it_does_too(
    prior, done, tmp_path, monkeypatch, after
):
    def taught(self: object, report: object) -> tuple[dict, int]:
        return done.delta.of_fold(self.fold), 40

    found = iter([8.0, after])
    monkeypatch.setattr("openckm.edge.teaching.Fold.run", taught)
    monkeypatch.setattr("openckm.edge.adapt.map_rmse", lambda *_: (next(found), 1.0))
    judged = adapt_to(world(), GRID, prior, replace(QUICK, judge_map=True), tmp_path / "work")
    assert judged.delta.network_helps and (judged.delta.map_before_db, judged.delta.map_after_db) == (8.0, after)
    assert judged.kept == (after < 8.0)
    assert f"8.00 dB before, {after:.2f} dB after" in judged.summary()
    assert ("the map that is made with it does not" in judged.summary()) != judged.kept


def test_the_map_is_judged_on_each_fold_s_blocks_told_those_of_the_others(prior, done, monkeypatch):
    asked = []

    class Given:
        def __init__(self, model: LoadedPrior) -> None:
            self.model = model

        def again(self, known: None, given: Observations, grid: Grid, *, cells: NDArray[np.intp]) -> SimpleNamespace:
            asked.append(given.points[0])
            return SimpleNamespace(mean=np.full(len(cells), -90.0))

    monkeypatch.setattr("openckm.edge.judging.OpenCKM", Given)
    site = world()
    error, share = map_rmse(site, GRID, prior[0], done.delta, 10_000)
    assert error == pytest.approx(np.sqrt(np.mean((site.points[0].value + 90.0) ** 2)), abs=1e-3)
    assert len(asked) == FOLDS and sum(len(points) for points in asked) == (FOLDS - 1) * 260
    assert share == 1.0
    for k, points in enumerate(asked):
        east, north = np.floor((points.x - 128.0) / 64), np.floor((points.y - 128.0) / 64)
        told = {(int(e), int(n)) for e, n in zip(east, north, strict=True)}
        assert not told & {(int(e), int(n)) for e, n, f in done.delta.blocks if f == k}
    asked.clear()
    assert map_rmse(site, GRID, prior[0], done.delta, 100) == (error, pytest.approx(FOLDS * 100 / (FOLDS - 1) / 260))
    some = [{*zip(points.x, points.y, strict=True)} for points in asked]
    asked.clear()
    map_rmse(site, GRID, prior[0], done.delta, 100)
    assert [len(one) for one in some] == [100] * FOLDS
    assert some == [{*zip(points.x, points.y, strict=True)} for points in asked], "every model is told the same"
    kind = np.where(np.arange(260) % 5 == 0, "below", "exact")
    limits = replace(site, points=(replace(site.points[0], kind=kind, value=np.where(kind == "below", -300.0, -93.0)),))
    assert map_rmse(limits, GRID, prior[0], done.delta, 10_000)[0] == 3.0, "a limit has no error"


def test_the_map_is_told_what_the_budget_has_room_for():
    net = embedded_prior()[0]
    least = least_mb(net, (128, 128))
    told = [most_told(AdaptOptions(budget_mb=mb), least) for mb in (200, 256, 512)]
    assert told == sorted(told) and told[0] == 100 and told[1] > 500 and told[2] > 2000
    assert "(told 90% of the other folds' cells, for the budget)" in _summary(told=0.9)


def _summary(**values: float) -> str:
    plan = Plan("none", 1, 89.0)
    said = replace(delta(), map_before_db=8.0, map_after_db=7.0, readings=100)
    return Adaptation(said, True, plan, (10, 20, 30), 0.375, 61.0, **values).summary()


def test_blocks_are_dealt_evenly():
    fold = _dealt(np.array([50, 3, 20, 20, 10, 7]), 3, np.random.default_rng(0))
    assert sorted(np.bincount(fold, np.array([50, 3, 20, 20, 10, 7]))) == [30, 30, 50]


def test_targets_are_readings_without_level_and_pattern(prior):
    """On the network's scale a reading is off the map by what level and pattern do not explain, no more."""
    net, _ = prior
    site = world()
    blocks, _ = blocks_of(site.points[0], (128.0, 128.0), 64.0)
    lesson = lesson_of(site, GRID, net, np.ones(len(blocks), bool), 64.0)
    row, col = lesson.place
    raised = replace(site, points=(replace(site.points[0], value=site.points[0].value + 17.0),))
    again = lesson_of(raised, GRID, net, np.ones(len(blocks), bool), 64.0)
    assert np.allclose(again.points.value, lesson.points.value, atol=0.05), "the transmit level is not to be learnt"
    at = np.empty(GRID.shape)
    given = GRID.index_of(site.points[0].x, site.points[0].y)
    at[given] = site.points[0].value
    assert np.corrcoef(lesson.points.value, at[row, col])[0, 1] > 0.9, "and what the map does not explain is"


def test_a_step_hides_some_tells_others_and_asks_for_no_more(prior):
    net, _ = prior
    lesson = lesson_of(world(), GRID, net, np.ones(16, bool), 64.0)
    learnt = np.arange(260) % 2 == 0
    told_any = 0
    for k in range(30):
        batch = lesson.batch(learnt, np.random.default_rng(k))
        asked, told = batch.weight[0, 0] > 0, batch.condition.evidence[0, 2] > 0
        assert batch.seen is not None and torch.equal(asked, batch.seen[0, 0])
        assert 0 < int(asked.sum()) <= 130 and not bool((asked & told).any())
        assert float(batch.weight.mean()) == pytest.approx(1.0, rel=1e-4)
        told_any += bool(told.any())
    assert 15 <= told_any < 30, "some steps are told nothing"


def test_the_replay_is_drawn_from_the_parent(prior):
    replay = Replay(prior[0], 2, 32, torch.zeros(1, 2), 0)
    batch = replay.batch(4, np.random.default_rng(0))
    assert batch.clean.shape == (4, 5, 32, 32) and 0 < int(batch.condition.evidence.any((1, 2, 3)).sum()) < 4


class Flat(Denoiser):
    """A map of one value."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        return Denoised(torch.full_like(x, self.value), torch.full_like(x, self.value))


def test_every_cell_is_answered_by_the_fold_that_did_not_see_it():
    label = np.full((16, 16), -1)
    label[2, 3], label[9, :4] = 0, 2
    joined = posterior_mean(CrossFitted([Flat(1.0), Flat(2.0), Flat(6.0)], label), Condition.nothing(1, (16, 16)))
    gain = joined.mean[0, 0]
    assert gain[2, 3] == 1.0 and (gain[9, :4] == 6.0).all() and gain[0, 0] == 3.0
    assert joined.var[0, 0, 2, 3] == 1.0


def test_a_taught_prior_is_the_average_of_its_folds_and_holds_no_copy_of_the_weights(prior, done):
    net, taught = prior[0], with_delta(prior[0], done.delta)
    folds = [dict(one.named_parameters()) for one in map(weights_of, adapted_by(taught).folds)]
    for name, own in weights_of(taught).named_parameters():
        torch.testing.assert_close(own, torch.stack([one[name] for one in folds]).mean(0), atol=1e-6, rtol=1e-5)
    assert any(not torch.equal(folds[0][n], p) for n, p in net.named_parameters())
    held = {p.data_ptr() for p in net.parameters()}
    for one in (taught, *adapted_by(taught).folds):
        own = sum(p.numel() for p in one.parameters() if p.data_ptr() not in held)
        assert own <= sum(v.size for v in done.delta.factors.values())


def weights_of(model: MapDenoiser) -> MapDenoiser:
    """Return a copy whose weights are those that its layers run with."""
    own = copy.deepcopy(model)
    for layer in own.modules():
        if parametrize.is_parametrized(layer):
            for name in list(layer.parametrizations):
                parametrize.remove_parametrizations(layer, name)
    return own


def test_adding_factors_is_what_the_adapter_computes(prior):
    net, _ = prior
    model = LowRank(net, 2, 0)
    for up in model.ups:
        up.data.normal_(std=0.05)
    x, level = torch.randn(1, 5, 16, 16), torch.full((1,), 2.0)
    child = with_factors(net, model.factors())
    assert torch.allclose(child(x, level).mean, model(x, level).mean, atol=2e-2)
    assert not torch.allclose(child(x, level).mean, net(x, level).mean, atol=2e-2)


IN_MEMORY = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
import rasterio  # as whoever reads a layout has loaded it
import torch
torch.set_num_threads(1)
from openckm.edge import adapt
from openckm.edge.teaching import AdaptOptions
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.site import Layout, Transmitter
from openckm.priors.pretrained import embedded_prior
from openckm.store.delta import Delta
Delta.network_helps = property(lambda _: True)  # so that the map is judged whatever was learnt
rng, grid = np.random.default_rng(0), Grid((128, 128), 4.0, (0.0, 512.0))
height = np.zeros(grid.shape, np.float32)
for row, col in rng.integers(0, 116, (25, 2)):
    height[row : row + 10, col : col + 10] = 15.0
tower = Transmitter(256.0, 256.0, 30.0, 3.5e9)
x, y = rng.uniform(2.0, 510.0, (2, 1300))
value = -60.0 - 30.0 * np.log10(1 + np.hypot(x - 256, y - 256) / 10) + 5.0 * rng.standard_normal(1300)
points = Points.exact(x, y, value, sigma=1.0, unit="dBm", source="made up")
layout = Layout(grid, height, 1.0, "made up")
seen = Observations(points=(points,), transmitter=tower, layout=layout)
done = adapt.adapt_to(seen, grid, embedded_prior(), AdaptOptions(steps=5, minutes=1e6), Path(sys.argv[1]))
print(done.delta.map_after_db > 0 and done.told < 1.0, done.peak_mb)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="nobody tells what a process holds at most")
def test_teaching_and_judging_the_map_keep_to_the_budget_above_the_loaded_prior(tmp_path):
    made = subprocess.run(
        [sys.executable, "-c", IN_MEMORY, tmp_path / "work"], check=False, capture_output=True, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    judged, peak_mb = made.stdout.split()
    assert judged == "True", "the map was judged, told as many cells as there is room for"
    assert float(peak_mb) <= AdaptOptions().budget_mb


@pytest.mark.slow
def test_a_delta_changes_the_map_is_named_and_is_removed_by_removing_it(done, tmp_path):
    folder = save_tiny(tmp_path / "tiny")
    net, card = load_prior(folder)
    own = adapt_to(world(), GRID, (net, card), QUICK, tmp_path / "work")
    own.delta.write(tmp_path / "site.delta")
    taught, _ = load_prior(folder, delta=tmp_path / "site.delta")
    assert adapted_by(taught).delta.digest == own.delta.digest and adapted_by(net) is None
    before, after, again = (
        OpenCKM(folder, delta=path, calibrated=False).reconstruct(world(), GRID, draws=1)
        for path in (None, tmp_path / "site.delta", None)
    )
    assert after.provenance["delta"] == own.delta.digest
    assert after.provenance["prior"].endswith(f"with delta {own.delta.digest[:12]}")
    assert "delta" not in before.provenance
    gain = [m.dataset["mean"].sel(channel="gain_db").to_numpy() for m in (before, after, again)]
    assert np.array_equal(gain[0], gain[2]) and not np.array_equal(gain[0], gain[1])
    done.delta.write(tmp_path / "other.delta")
    with pytest.raises(ModelError, match=r"other\.delta: the delta was taught on"):
        load_prior(folder, delta=tmp_path / "other.delta")


PLACES = {
    "as it was": ((0.0, 0.0, None), True), "said 20 m beside": ((15.0, -13.0, None), True),
    "another street": ((90.0, 0.0, None), False), "another sector": ((0.0, 0.0, 120.0), False),
}  # fmt: skip


@pytest.mark.parametrize("crs", [None, "EPSG:32617"])
@pytest.mark.parametrize(("moved", "own"), PLACES.values(), ids=list(PLACES))
def test_a_delta_is_of_one_base_station(prior, done, crs, moved, own):
    grid = Grid((SIDE, SIDE), 4.0, (685430.0, 3986078.0), crs)
    station = Transmitter(685500.0, 3986000.0, 24.0)
    delta = replace(done.delta, salt="ab", site=place_print(grid, station, "ab"))
    taught = adapted_by(with_delta(prior[0], delta))
    asked = replace(station, x=station.x + moved[0], y=station.y + moved[1], bearing_deg=moved[2])
    assert taught.belongs(grid, asked) == own
    assert not taught.belongs(grid, None)
    assert place_print(grid, station, "cd") != delta.site, "salted"


def test_its_place_is_the_same_on_whichever_plane_it_is_said(prior):
    one = Grid((SIDE, SIDE), 4.0, (685430.0, 3986078.0), "EPSG:32617")
    other = replace(one, crs="EPSG:3857", origin=(-8.8e6, 4.3e6))
    station = Transmitter(685500.0, 3986000.0, 24.0)
    x, y = (float(v) for v in reproject(one.crs, other.crs, station.x, station.y))
    assert place_print(one, station, "ab") == place_print(other, replace(station, x=x, y=y), "ab")


def test_elsewhere_the_prior_answers_as_it_was_to_the_bit_and_the_map_says_so(prior, done):
    net, _ = prior
    taught = with_delta(net, done.delta)
    away = replace(world(3), transmitter=replace(world().transmitter, x=40.0))
    maps = [
        OpenCKM(LoadedPrior(model, "tiny"), calibrated=False).reconstruct(asked, GRID, draws=1)
        for asked in (away, world()) for model in (net, taught)
    ]  # fmt: skip
    gains = [m.dataset["mean"].sel(channel="gain_db").to_numpy() for m in maps]
    assert np.array_equal(gains[0], gains[1]), "nothing is forgotten elsewhere"
    assert maps[1].provenance["delta"].startswith("not used: it was taught at another base station")
    assert maps[1].provenance["prior"] == maps[0].provenance["prior"]
    assert not np.array_equal(gains[2], gains[3]) and maps[3].provenance["delta"] == done.delta.digest


def drive(path: Path, site: Observations) -> Path:
    points = site.points[0]
    lines = [f"{x},{y},{v}" for x, y, v in zip(points.x, points.y, points.value, strict=True)]
    path.write_text("x,y,rsrp_dbm\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_the_job_writes_a_delta_or_leaves_the_old_one(tmp_path):
    folder, output = save_tiny(tmp_path / "tiny"), tmp_path / "site.delta"
    where = {"bs": (128.0, 128.0), "local": True, "crs": "local", "cell_m": 4.0, "size": SIDE, "prior": folder}
    good = adapt(
        drive(tmp_path / "good.csv", world(count=420)),
        output,
        options=replace(QUICK, steps=40, place="a plane"),
        **where,
    )
    assert good.kept and Delta.read(output).place == "a plane" and not output.with_name("site.delta.work").exists()
    content = output.read_bytes()
    flat = save_tiny(tmp_path / "flat", tiny_denoiser(gain=0.0))
    noise = adapt(drive(tmp_path / "noise.csv", world(noise=12.0)), output, options=QUICK, **where | {"prior": flat})
    assert not noise.kept and output.read_bytes() == content
    assert json.dumps(good.delta.describe())


def test_a_teaching_that_diverges_says_so_and_the_older_delta_stays(tmp_path):
    output = tmp_path / "site.delta"
    output.write_bytes(b"an older one")
    with pytest.raises(ComputationError, match=r"teaching diverged .*the loss is nan\): nothing was written"):
        adapt(
            drive(tmp_path / "drive.csv", world()), output, options=replace(QUICK, learning_rate=1e30),
            bs=(128.0, 128.0), local=True, crs="local", cell_m=4.0, size=SIDE, prior=save_tiny(tmp_path / "tiny"),
        )  # fmt: skip
    assert output.read_bytes() == b"an older one"
    assert not output.with_name("site.delta.work").exists(), "the next try would diverge at the same step"


def test_what_was_read_left_out_and_assumed_is_said(done, tmp_path, monkeypatch):
    path = drive(tmp_path / "drive.csv", world())
    lines = path.read_text().splitlines()
    lines[3:5] = [",".join([*line.split(",")[:2], "nan"]) for line in lines[3:5]]
    path.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr("openckm.edge.adapt.adapt_to", lambda *_, **__: replace(done, kept=False))
    where = {"bs": (128.0, 128.0), "local": True, "crs": "local", "cell_m": 4.0, "size": SIDE}
    said = adapt(path, tmp_path / "site.delta", prior=save_tiny(tmp_path / "tiny"), **where).summary()
    assert re.search(r"\b2\b[^\n]*(no value|no number|without)", said), said
    assert "assumed  transmit power unknown" in said and "drive.csv" in said


def test_cells_with_limits_alone_do_not_teach_and_are_counted(prior, done):
    seen = world()
    points = seen.gain_points()
    limit = np.arange(len(points)) % 3 == 0
    kind = np.where(limit, "below", points.kind)
    some = replace(seen, points=(replace(points, kind=kind),))
    dealt, every = (blocks_with_readings(one, GRID, prior[0], 0) for one in (some, seen))
    assert dealt.limits > 20 and dealt.limits + dealt.readings == every.readings
    assert f"({dealt.limits} more hold limits alone" in replace(done, limits=dealt.limits).summary()
