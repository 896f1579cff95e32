"""The benchmark of one-pass networks: costs that can be worked out by hand, and its rows on two tiny maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import ComputationError, InputError, OptionError
from openckm.evaluate.benches import heldout as bench_heldout
from openckm.evaluate.benches import mamba as bench_mamba
from openckm.evaluate.benches.mamba import MambaBench, default_networks_dir, run, trained_networks
from openckm.evaluate.one_pass.cost import flops, latencies, median_range, network_cost, peak_memory_mb
from openckm.evaluate.scores.scoring import Score, ratio_rows_over
from openckm.nn.mamba import MambaOptions
from openckm.nn.radiomamba import RadioMamba, RadioMambaOptions
from openckm.predict.networks import build_network
from openckm.predict.pretrained import save_network
from openckm.predict.spread import Spread
from worlds import CARD, save_tiny, shard_arrays


def test_operations_worked_out_by_hand():
    with torch.device("meta"):
        plain = RadioMamba(RadioMambaOptions(2, 1, (4, 6), (1, 1), branches="conv", convolution="standard")).eval()
        mamba = RadioMambaOptions(2, 1, (4, 6), (1, 1), MambaOptions(states=3, kernel=4), branches="mamba")
        scanned = RadioMamba(mamba).eval()
    planes, source = torch.zeros(1, 2, 8, 8, device="meta"), torch.zeros(1, 2, device="meta")
    frame = 64 * (9 * 2 * 4 + 8 * 4 + 4) + 16 * (4 * 4 * 6) + 16 * (6 * 4 * 4)
    convolutions = 2 * (2 * 64 * 9 * 16) + 2 * 16 * 9 * 36
    assert flops(plain, planes, source) == 2 * (frame + convolutions)

    def layer(tokens, width):
        inner, rank = 2 * width, 1
        products = tokens * (width * 2 * inner + inner * width) + 2 * tokens * (inner * (rank + 6) + rank * inner)
        short = 2 * (tokens + 3) * 4 * inner
        return 2 * (products + short) + 2 * tokens * 9 * 3 * inner

    assert flops(scanned, planes, source) == 2 * frame + 2 * layer(64, 4) + layer(16, 6)


@pytest.mark.parametrize("pair", [("radiomamba", "unet"), ("radiomamba-small", "unet-small")])
def test_the_plain_unets_have_the_operations_of_their_rivals(pair):
    costs = [network_cost(name).gflop for name in pair]
    assert costs[1] == pytest.approx(costs[0], rel=0.03)


def test_the_published_cost_and_variants():
    assert network_cost("radiomamba", "paper", 64).parameters == 8_604_337
    small = network_cost("radiomamba-small+rays", side=64)
    rim = 16  # a map is told with 8 cells more on each side
    times = ((128 + rim) / (64 + rim)) ** 2
    assert network_cost("radiomamba-small", side=128).gflop == pytest.approx(times * small.gflop, rel=3e-3)
    with pytest.raises(OptionError, match="wanted one of"):
        network_cost("nosuch")


def test_calls_take_turns_after_a_warm_up():
    order = []
    times = latencies({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3, warm=2)
    assert order == list("aabb" + "ababab")
    assert [len(t) for t in times.values()] == [3, 3]
    assert median_range([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)


def test_ratios_over_a_rival_are_paired():
    scores = [
        Score(method, "static", "alone", scene, scene, {"rmse_db": factor * level}, 9, 1, 0.1)
        for method, factor in (("a", 0.5), ("rival", 1.0))
        for scene, level in (("x", 2.0), ("y", 10.0), ("z", 4.0))
    ]
    (row,) = ratio_rows_over(scores, "static", "alone", "rival")
    assert (row.method, row.metric) == ("a", "rmse_db over rival")
    assert (row.value, row.ci_low, row.ci_high) == (pytest.approx(0.5),) * 3
    assert ratio_rows_over(scores, "static", "alone", "nobody") == []


def test_what_readings_gain_is_paired_by_map_though_a_scene_holds_several():
    """Two maps of one scene, an easy one (5 dB alone, 4 dB measured) and a hard one (20 dB), which was not measured."""

    def score(split, case, value):
        return Score("net", "static", split, case, "city", {"rmse_db": value}, 9, 1, 0.1)

    scores = [score("alone", "s#0", 5.0), score("measured 1%", "s#0", 4.0), score("alone", "s#1", 20.0)]
    (row,) = (r for r in bench_mamba.table(scores) if r.metric == "rmse_db over alone")
    assert row.value == pytest.approx(0.8) and row.cases == 1


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Two held-out maps with vehicles, a prior and a trained network."""
    monkeypatch.setattr(bench_heldout, "MIN_FREE_CELLS", 100)
    arrays = shard_arrays(count=2, side=32)
    arrays["tx"][:, 2] = 60.0
    arrays["vehicle_dm"] = np.zeros_like(arrays["height_dm"])
    arrays["vehicle_dm"][:, 4, 4:8] = 16
    arrays |= {f"dynamic_{k}": arrays[k] for k in ("gain_cdb", "aoa_deg")}
    (tmp_path / "test").mkdir()
    np.savez_compressed(tmp_path / "test" / "t.npz", **arrays)
    torch.manual_seed(0)
    described = {k: v for k, v in CARD.items() if k != "name"}
    spread = Spread((10.0, 100.0), (3.0, 3.0), (7.0, 7.0), 2, ("florence",))
    for name in ("unet-small", "radiounet"):
        network = build_network("unet-small").train(False)
        save_network(tmp_path / "nets" / name / "model", network, "unet-small", spread, **described)
    return {"data_dir": tmp_path / "test", "networks_dir": tmp_path / "nets", "prior": save_tiny(tmp_path / "prior")}


QUICK = MambaBench(maps=2, measured=1, sides=(32,), rounds=2, tokens=512)


def test_the_memory_of_a_call_is_measured_in_a_process_of_its_own():
    small, large = (peak_memory_mb("unet-small", side=side) for side in (32, 256))
    assert 5.0 < small < large - 5.0
    with pytest.raises(ComputationError, match="nosuch"):
        peak_memory_mb("nosuch")


def test_the_rows(world, monkeypatch):
    monkeypatch.setattr("openckm.evaluate.benches.mamba.peak_memory_mb", lambda kind, code, side: 12.5)
    rows = run(options=QUICK, **world)
    found = {(r.method, r.task, r.split, r.metric) for r in rows}
    for name in ("prior", "predict", "shipped", "unet-small", "radiounet"):
        for metric in ("rmse_db", "nmse", "ssim", "psnr_db", "coverage_90"):
            assert (name, "static", "alone", metric) in found
        assert (name, "dynamic", "alone", "rmse_db") in found
        assert (name, "static", "measured 1%", "rmse_ratio") in found
        assert (name, "static", "measured 1%", "rmse_db over alone") in found
    assert len(found) == len(rows), "no row twice"
    assert ("unet-small", "static", "alone", "rmse_db over radiounet") in found
    cost = {r.metric: r.value for r in rows if (r.method, r.task) == ("unet-small", "cost")}
    assert cost["parameters_m"] == pytest.approx(network_cost("unet-small").parameters / 1e6)
    assert cost["latency_ms"] > 0
    published = {r.method: r.value for r in rows if r.metric == "parameters_m" and r.method.endswith(", untrained")}
    assert published["radiomamba, untrained"] == pytest.approx(8.604337)
    assert len(published) == 2
    assert cost["memory_mb"] == 12.5
    speed = {r.method: r.value for r in rows if r.task == "scan"}
    assert speed["token by token"] == 1.0
    assert set(speed) == {"token by token", "exact", "exact by torch", "matrix products"}
    real = {r.method: (r.value, r.n) for r in rows if r.task == "duke"}
    assert set(real) == {"free_space", "prior", "predict", "shipped", "unet-small", "radiounet"}
    assert {n for _, n in real.values()} == {4455}, "measured cells of the four"
    assert real["shipped"][0] < real["free_space"][0] < 14.0


def test_where_networks_are_found(world, tmp_path, monkeypatch):
    assert trained_networks(tmp_path / "none") == {}
    assert set(trained_networks(world["networks_dir"])) == {"unet-small", "radiounet"}
    monkeypatch.setenv("OPENCKM_ONE_PASS_NETS", str(tmp_path))
    assert default_networks_dir() == tmp_path
    monkeypatch.delenv("OPENCKM_ONE_PASS_NETS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_networks_dir() == tmp_path / "openckm" / "one_pass"
    with pytest.raises(InputError, match="no held-out maps"):
        run(options=replace(QUICK, maps=1), **{**world, "data_dir": tmp_path})
