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
from openckm.evaluate.flux.streams import Streamed, refused, run_stream
from openckm.evaluate.flux.trajectories import trajectory
from openckm.evaluate.scores.fields import energy_distance, field_energy_score, gradient_ratio
from openckm.evaluate.setup import Setup
from openckm.evaluate.worlds.moving import CHANGES, Frame, Place, read_places
from openckm.flux.latent import LatentDenoiser
from openckm.flux.start import WarmRule, centred
from openckm.maps.quantity import GAIN
from openckm.nn.autoencoder import AutoencoderOptions, MapAutoencoder
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
    for change in set(CHANGES) - {"built"}:
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


def test_a_house_that_is_built_is_the_reverse_of_one_that_is_missing(places):
    place = places[0]
    empty, stands = place.frame("built", 0), place.frame("built", 1)
    torch.testing.assert_close(empty.condition.site, place.frame("house", 1).condition.site)
    torch.testing.assert_close(stands.condition.site, place.frame("readings", 0).condition.site)
    np.testing.assert_array_equal(stands.truth, place.frame("readings", 0).truth)
    assert not torch.equal(empty.condition.site, stands.condition.site)


def test_what_vehicles_change_in_truth_is_a_bound_on_what_planes_of_theirs_could_bring(places):
    place = places[0]
    done = bench_module._vehicles_do(place, "added")[0, 0] * GAIN.scale
    now, empty = place.frame("added", 1), place.frame("readings", 0)
    cells = now.scored & np.isfinite(empty.truth)
    np.testing.assert_allclose(done.numpy()[cells], (now.truth - empty.truth)[cells], atol=1e-4)


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
        kept = {"centred_0_mean_8": 8, "carried_0_mean_8": 8, "fresh": 1}.get(name, 0)  # a mean that a store holds, too
        before_all = 0 if made.calls in (1, 8) or name.startswith("fresh") else made.calls  # or all of it was there
        assert spent in (made.calls, before_all, made.calls + kept), name
        assert made.maps.shape[1:] == (5, SIDE, SIDE) and bool(torch.isfinite(made.maps).all())
    assert {"cold_1_o1", "cold_10_o2", "carried_4", "transport_0", "scaled_0", "noise", "random_centred"} <= set(names)
    costly = dict(rest_methods(True, True, False))
    assert {"p2_vanilla_98", "p2_static_70", "cold_50_o1"} <= set(costly)
    assert costly["p2_static_98"](case).calls == 16


def test_a_stream_starts_cold_once_and_carries_on(places):
    net = tiny_denoiser()
    found = dict(run_stream(net, places[0], "move_2", WarmRule(near=(1e6,), excess=1e6)))
    assert list(found) == [1, 5, 20]
    assert [made.calls for made in found.values()] == [2 + 128, 6 + 128, 21 + 128]
    assert all(made.about for made in found.values())
    strict = dict(run_stream(net, places[0], "move_2", WarmRule(near=(1e-9,))))
    assert strict[1].calls == 2 * 129 and not strict[1].about, "a cold frame is drawn, and not moved about its mean"
    often = dict(run_stream(net, places[0], "move_2", WarmRule(near=(1e6,), excess=1e6), Streamed(True, 5)))
    assert [made.calls for made in often.values()] == [16 + 128, 48 + 2 * 128, 168 + 5 * 128]
    assert [made.about for made in often.values()] == [True, False, False]


def test_a_blend_moves_the_mean_between_that_of_one_call_and_that_of_transport(places):
    frames = (places[0].frame("move_4", 1), places[0].frame("move_4", 0), places[1].frame("readings", 0))
    case = Case(tiny_denoiser(), places[0], *frames, WarmRule(blend=0.25))
    ends = [case.carried("centred", 0, blend=b).maps.mean(0) for b in (0.0, 1.0)]
    torch.testing.assert_close(case.carried("centred", 0).maps.mean(0), 0.75 * ends[0] + 0.25 * ends[1])
    torch.testing.assert_close(ends[1], case.carried("transport", 0).maps.mean(0))
    torch.testing.assert_close(ends[0], case.mean.mean[0])


def test_the_latent_form_is_scored_as_maps_with_its_floor(places, folder, monkeypatch):
    """Is what runs on latents compared as maps, and is what its autoencoder loses beside it?"""
    torch.manual_seed(0)
    code = MapAutoencoder(AutoencoderOptions(latent=6, width=8, blocks=1)).requires_grad_(False)
    latent = LatentDenoiser(6, (16, 16), 1).requires_grad_(False)
    monkeypatch.setattr(bench_module, "embedded_latent", lambda: (code, latent, {"floor_db": 0.7}))
    now, before = places[0].frame("move_4", 1), places[0].frame("move_4", 0)
    case = Case(latent, places[0], now, before, before, WarmRule(), {}, code)
    assert case.shape == (6, SIDE // 4, SIDE // 4) and case.cold(2, 1).maps.shape == (8, *case.shape)
    made = case.decoded(case.carried("centred", 0, blend=0.0))
    assert made.maps.shape == (8, 5, SIDE, SIDE)
    monkeypatch.setattr(bench_module, "prior_rule", lambda *_: WarmRule())
    bench = bench_module._Bench(tiny_denoiser(), places, FluxOptions(latent=1), Setup(), "a" * 64)
    scores = {s.method: s for s in bench._kept_latent(0, "move_4")}
    assert {"latent_cold_4_o2", "latent_p2_vanilla_98", "latent_p2_static_70", "latent_cold_100_o2"} <= set(scores)
    assert {s.values["floor_db"] for s in scores.values()} == {0.7}
    rows = {(r.method, r.metric): r.value for r in bench_module.table(list(scores.values()))}
    assert rows["latent_cold_100_o2", "crps_db over 100 steps"] == pytest.approx(1.0), "over its own 100 steps"
    assert not any(s.method.startswith("latent_p2") for s in bench._kept_latent(1, "move_4")), "P2's reuse runs on one"


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
    monkeypatch.setattr(Setup, "network", lambda _: (net, card))
    monkeypatch.setattr(bench_module, "prior_rule", lambda *_: WarmRule())
    monkeypatch.setattr(bench_module, "mix_rows", lambda *_: [])
    torch.manual_seed(0)
    code = MapAutoencoder(AutoencoderOptions(latent=6, width=8, blocks=1)).requires_grad_(False)
    latent = LatentDenoiser(6, (16, 16), 1).requires_grad_(False)
    monkeypatch.setattr(bench_module, "embedded_latent", lambda: (code, latent, {"floor_db": 0.7}))
    options = FluxOptions(2, 1, 0, 1, 0, 0, ("vehicles", "move_4"), ("move_4",), 1, ())
    rows = run(data_dir=folder, keep=tmp_path / "keep", options=options)
    kept = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "keep").iterdir()}
    again = run(data_dir=folder, keep=tmp_path / "keep", options=options)
    assert kept == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "keep").iterdir()}
    values = {(r.method, r.task, r.split, r.metric): r.value for r in rows}
    assert values == {(r.method, r.task, r.split, r.metric): r.value for r in again}
    best = [r for r in rows if r.metric.startswith("crps_db over cold") and r.task == "move_4" and r.split == "frame 1"]
    own = [r.method for r in best if r.ci_low == r.ci_high == pytest.approx(1.0)]
    assert len(own) == 1 and own[0].startswith("cold_") and not own[0].endswith("centred")
    assert {
        ("mean_1_burnt", "vehicles", "frame 1", "rmse_db"),
        ("mean_8_perfect", "vehicles", "frame 1", "rmse_db"),
    } <= set(values)
    assert any(r.metric == "energy_distance_db" for r in rows) and any(r.method == "stream" for r in rows)
    assert ("stream_every_8", "move_4", "frame 20", "crps_db over fresh") in values
    assert ("latent_centred_0", "move_4", "frame 1", "floor_db") in values
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
