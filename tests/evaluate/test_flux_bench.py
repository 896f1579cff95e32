"""Bench flux on a made-up place: frames say what changed, methods cost what they say, and scores are those of a law."""

import math

import numpy as np
import pytest
import torch

from openckm.data.sequences import FRAMES, MOVES_M
from openckm.errors import InputError, OptionError
from openckm.evaluate.benches import flux as bench_module
from openckm.evaluate.benches.flux import FluxOptions, frame_scores, run
from openckm.evaluate.flux.methods import Case, Made, methods_of, rest_methods
from openckm.evaluate.flux.streams import refused, run_stream
from openckm.evaluate.flux.trajectories import trajectory
from openckm.evaluate.scores.fields import energy_distance, field_energy_score, gradient_ratio
from openckm.evaluate.worlds.moving import CHANGES, Frame, Place, read_places
from openckm.flux.start import WarmRule, centred
from openckm.maps.quantity import GAIN
from worlds import tiny_denoiser

SIDE = 16


def arrays(seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    height = np.zeros((SIDE, SIDE), np.uint16)
    height[2:6, 3:8] = 120
    height[9:13, 8:13] = 90
    house = np.repeat(height[None], FRAMES + 1, 0)
    for f in range(1, FRAMES + 1):
        house[f, 9:13, 8:13] = 0
    cars = np.zeros((FRAMES + 1, SIDE, SIDE), np.uint16)
    for f in range(FRAMES + 1):
        cars[f, 14, f % SIDE] = 15

    def gain(frames: int, built: np.ndarray) -> np.ndarray:
        made = rng.normal(-9000, 900, (frames, SIDE, SIDE)).astype(np.int16)
        return np.where(built > 0, np.int16(-32768), made)

    tx = np.array([20.0, 14.0, 20.0, np.nan, np.nan])
    path = np.stack([tx + np.array([f, 0, 0, 0, 0]) for f in range(FRAMES + 1)])
    found = {
        "height_dm": height, "tx": tx, "carrier_hz": np.array(2e9), "cell_m": np.array(2.0),
        "city": np.array("procedural-grid" if seed else "rotterdam"), "vehicles_dm": cars, "house_dm": house,
        "base_gain_cdb": gain(1, height), "vehicles_gain_cdb": gain(4, np.maximum(height, cars[0])),
        "house_gain_cdb": gain(3, house[1]), "changes_made": np.array(["base", "house"]),
    }  # fmt: skip
    for m in MOVES_M:
        found |= {f"move_{m:g}_tx": path, f"move_{m:g}_gain_cdb": gain(3, height)}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("sequences")
    for seed in (0, 1):
        np.savez(made / f"{seed:03d}.npz", **arrays(seed))
    np.savez(made / "002.npz", height_dm=np.zeros((4, 4)))  # unfinished
    return made


@pytest.fixture(scope="module")
def places(folder) -> list[Place]:
    return read_places(folder)


def test_frames_say_what_changed_and_nothing_else(places):
    place = places[0]
    assert [p.number for p in places] == [0, 1] and place.city == "rotterdam"
    still = place.frame("readings", 0).condition
    for change in CHANGES:
        zero = place.frame(change, 0, "none").condition
        assert zero.key() == still.key(), change
    assert place.frame("vehicles", 1, "none").condition.key() == still.key(), "not told of vehicles"
    burnt, plane = (place.frame("vehicles", 1, how).condition for how in ("burnt", "plane"))
    assert int((burnt.site[0, 0] != still.site[0, 0]).sum()) == 1
    assert float(plane.moving[0, 0].sum()) == 1.0 and torch.equal(plane.site, still.site)
    assert not torch.equal(place.frame("move_4", 1).condition.site[0, 4], still.site[0, 4])
    assert torch.equal(place.frame("move_4", 1).condition.site[0, 0], still.site[0, 0])
    gone = place.frame("house", 1).condition.site[0, 0]
    assert int((gone != still.site[0, 0]).sum()) == 20
    with pytest.raises(OptionError, match="wanted 0 to 20"):
        place.frame("rain", 1)


def test_a_network_that_reads_rays_is_shown_those_of_the_frame(folder):
    place = read_places(folder, rays=True)[0]
    still, moved, gone = (place.frame(c, n).condition for c, n in (("readings", 0), ("move_4", 5), ("house", 1)))
    assert still.rays is not None and moved.rays is not None and gone.rays is not None
    assert not torch.equal(still.rays, moved.rays), "the transmitter stands elsewhere"
    assert not torch.equal(still.rays, gone.rays), "a house is missing"
    assert torch.equal(still.rays, place.frame("vehicles", 3).condition.rays), "vehicles are not told"
    assert read_places(folder)[0].frame("move_4", 5).condition.rays is None


def test_readings_gather_and_read_cells_are_not_scored(places):
    place = places[0]
    counts = [len(place.frame("readings", f).readings) for f in (1, 10, 20)]
    assert counts == sorted(counts) and place.frame("readings", 0).readings is None
    frame = place.frame("readings", 20)
    row, col = place.grid.index_of(frame.readings.x, frame.readings.y)
    assert not frame.scored[row, col].any()
    early = place.frame("readings", 1).readings
    assert set(zip(early.x, early.y, strict=True)) <= set(zip(frame.readings.x, frame.readings.y, strict=True))
    likelihood = place.likelihood(frame)
    truth = torch.zeros(1, 5, SIDE, SIDE)
    truth[0, 0, row, col] = torch.as_tensor((frame.readings.value + 100) / 40, dtype=torch.float32)
    assert float(likelihood.log_prob(truth)) > float(likelihood.log_prob(truth + 1.0))
    assert place.likelihood(place.frame("readings", 0)) is None


def test_vehicles_and_houses_are_not_scored_where_they_stand(places):
    frame = places[0].frame("vehicles", 5)
    assert frame.scored is not None and not frame.scored[14, 5] and not frame.scored[3, 4]
    assert places[0].frame("vehicles", 7).truth is None
    with pytest.raises(InputError, match="not traced"):
        frame_scores(Made(torch.zeros(2, 5, SIDE, SIDE), 0, 0.0), places[0].frame("vehicles", 7), None)


def test_draws_about_a_known_mean_are_scored_like_independent_draws_of_the_same_law():
    """Does an ensemble that is moved about the true mean look better than it is, or wider?"""
    rng, k, side = np.random.default_rng(1), 8, 200
    truth = GAIN.decode(rng.standard_normal((side, side)))
    frame = Frame(None, truth, np.ones((side, side), bool))
    independent = torch.as_tensor(rng.standard_normal((k, 1, side, side)))
    moved = centred(independent)
    ensembles = (Made(independent, 0, 0.0), Made(moved, 0, 0.0, about=True), Made(moved, 0, 0.0))
    loose, moved, blind = (frame_scores(made, frame, None) for made in ensembles)
    known = GAIN.scale / math.sqrt(math.pi)  # the CRPS of a normal law
    for name, exact in (("crps_db", known), ("energy_score_db", GAIN.scale / math.sqrt(2))):
        assert loose[name] == pytest.approx(exact, rel=0.02) and moved[name] == pytest.approx(exact, rel=0.02)
    assert blind["crps_db"] < 0.95 * known, "without a word to the score it is 7 % too good"
    assert moved["coverage_90"] == pytest.approx(loose["coverage_90"], abs=0.005)
    assert blind["coverage_90"] > loose["coverage_90"] + 0.03


def test_methods_cost_what_they_say(places):
    net = tiny_denoiser()
    calls = [0]
    real = net.network.forward

    def counted(planes, steering):
        calls[0] += len(planes)
        return real(planes, steering)

    net.network.forward = counted
    a, b = places
    frames = (a.frame("move_4", 1), a.frame("move_4", 0), b.frame("readings", 0))
    case = Case(net, a, *frames, WarmRule())
    assert case.source.draws.shape == case.random.draws.shape == (8, 5, SIDE, SIDE)
    assert case.mean.mean is not None and case.mean_8.mean is not None and case.distance > 0
    names = []
    for name, method in (*methods_of("full"), *methods_of("middle")):
        before = calls[0]
        made = method(case)
        spent = calls[0] - before
        names.append(name)
        both = 8 if name == "centred_0_mean_8" else 0  # the old mean over 8 orientations is kept, not counted
        assert spent in (made.calls, 0 if made.calls in (1, 8) else made.calls, made.calls + both), name
        assert made.maps.shape[1:] == (5, SIDE, SIDE) and bool(torch.isfinite(made.maps).all())
    assert {"cold_1_o1", "cold_10_o2", "centred_4", "transport_0", "scaled_0", "noise", "random_centred"} <= set(names)
    costly = dict(rest_methods(True, True, False))
    assert {"p2_vanilla_98", "p2_static_70", "cold_50_o1"} <= set(costly)
    assert costly["p2_static_98"](case).calls == 16


def test_a_stream_starts_cold_once_and_carries_on(places):
    net = tiny_denoiser()
    found = dict(run_stream(net, places[0], "move_2", WarmRule(near=(1e6,), excess=1e6)))
    assert list(found) == [1, 5, 20]
    assert [made.calls for made in found.values()] == [2 + 128, 6 + 128, 21 + 128]
    strict = dict(run_stream(net, places[0], "move_2", WarmRule(near=(1e-9,))))
    assert strict[1].calls == 2 * 129


def test_other_cities_are_refused_by_distance(places):
    net = tiny_denoiser()
    cases = [
        Case(net, p, p.frame("readings", 1), p.frame("readings", 0), q.frame("readings", 0), WarmRule(near=(1e-6,)))
        for p, q in (places, places[::-1])
    ]
    rows = {row.split: row.value for row in refused(cases, WarmRule(near=(1e-6,), excess=1e9))}
    assert rows == {"by distance": 1.0, "by misfit": 0.0, "by either": 1.0}


def test_equal_conditions_have_one_trajectory_and_others_part_as_noise_falls(places):
    net = tiny_denoiser()
    a, b = places[0].frame("readings", 0).condition, places[0].frame("move_40", 5).condition
    assert max(d for _, d in trajectory(net, a, a)) == 0.0
    found = trajectory(net, a, b)
    assert found[-1][0] == 0.0 and found[-1][1] > found[0][1] >= 0.0


def test_the_bench_runs_keeps_and_goes_on(folder, tmp_path, monkeypatch):
    net = tiny_denoiser()
    card = type("Card", (), {"sha256": "a" * 64})()
    monkeypatch.setattr(bench_module, "embedded_prior", lambda: (net, card))
    monkeypatch.setattr(bench_module, "prior_rule", lambda *_: WarmRule())
    monkeypatch.setattr(bench_module, "mix_rows", lambda *_: [])
    options = FluxOptions(2, 1, 0, 1, 0, ("vehicles", "move_4"), ("move_4",), 1, ())
    rows = run(data_dir=folder, keep=tmp_path / "keep", options=options)
    kept = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "keep").iterdir()}
    again = run(data_dir=folder, keep=tmp_path / "keep", options=options)
    assert kept == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "keep").iterdir()}
    values = {(r.method, r.task, r.split, r.metric): r.value for r in rows}
    assert values == {(r.method, r.task, r.split, r.metric): r.value for r in again}
    best = [r for r in rows if r.metric.startswith("crps_db over cold") and r.task == "move_4" and r.split == "frame 1"]
    own = [r.method for r in best if r.ci_low == r.ci_high == pytest.approx(1.0)]
    assert len(own) == 1 and own[0].startswith("cold_") and not own[0].endswith("centred")
    assert ("mean_1_burnt", "vehicles", "frame 1", "rmse_db") in values
    assert any(r.metric == "energy_distance_db" for r in rows) and any(r.method == "stream" for r in rows)
    with pytest.raises(InputError, match="OPENCKM_FLUX_DATA"):
        monkeypatch.delenv("OPENCKM_FLUX_DATA", raising=False)
        run()


def test_scores_of_fields_against_laws_whose_scores_are_known():
    rng = np.random.default_rng(0)
    n = 4000
    truth = rng.standard_normal(n)
    draws = rng.standard_normal((8, n))
    assert field_energy_score(draws, truth) == pytest.approx(math.sqrt(2) / 2, rel=0.02)
    assert field_energy_score(draws + 1.0, truth) == pytest.approx(math.sqrt(3) - math.sqrt(2) / 2, rel=0.02)
    assert abs(energy_distance(draws, rng.standard_normal((8, n)))) < 0.02
    shifted = 2 * math.sqrt(3) - 2 * math.sqrt(2)
    assert energy_distance(draws, rng.standard_normal((8, n)) + 1.0) == pytest.approx(shifted, rel=0.05)
    field = rng.standard_normal((20, 20))
    scored = rng.random((20, 20)) > 0.3
    assert gradient_ratio(field[None] * 3, field, scored) == pytest.approx(3.0)
    for broken in (draws[:1], draws[:, :5]):
        with pytest.raises(OptionError):
            field_energy_score(broken, truth)
    with pytest.raises(OptionError, match="neighbouring"):
        gradient_ratio(field[None], field, np.zeros((20, 20), bool))
