"""Samples, the training loop, and the recipe of the one-pass networks, on tiny maps and a tiny RadioMapSeer."""

import importlib.util
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from openckm.errors import ComputationError, InputError, ModelError, OptionError
from openckm.evaluate.benches import mamba as bench_mamba
from openckm.evaluate.one_pass import training as map_training
from openckm.evaluate.one_pass.samples import PaperSamples, ShardSamples, batch_of, paper_maps, turned_source
from openckm.evaluate.one_pass.training import MapTrainer, MapTrainOptions, map_scores, measure_spread
from openckm.maps.observations import Observations
from openckm.maps.symmetry import apply_symmetry
from openckm.nn.mamba import MambaOptions
from openckm.nn.radiomamba import RadioMamba, RadioMambaOptions
from openckm.predict.code import MAP_SCALE, inputs_of, scale_of
from openckm.predict.networks import OnePass
from openckm.predict.predictor import Predictor
from openckm.predict.pretrained import load_network
from openckm.priors.planes import RAY_PLANES
from worlds import shard_arrays, write_shard

RECIPE = Path(__file__).parents[2] / "train" / "radiomamba.py"


def tiny_network(name, code="site"):
    sizes = {"widths": (8, 8), "depths": (1, 1), "mamba": MambaOptions(states=2, form="ssd")}
    return OnePass(RadioMamba(RadioMambaOptions(inputs_of(code), **sizes)), code)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(map_training, "build_network", tiny_network)


def dynamic_shard(path):
    """A shard of which the maps were traced with vehicles too."""
    arrays = shard_arrays(count=2, side=32, seed=3)
    vehicle = np.zeros_like(arrays["height_dm"])
    vehicle[:, 5, 5:9] = 16
    arrays |= {"vehicle_dm": np.where(arrays["height_dm"] > 0, 0, vehicle).astype(np.uint16)}
    arrays |= {f"dynamic_{k}": arrays[k] for k in ("gain_cdb", "aoa_deg")}
    np.savez_compressed(path, **arrays)
    return path


@pytest.fixture
def samples(tmp_path):
    return ShardSamples([write_shard(tmp_path / "a.npz", count=3, side=32)])


def test_samples_of_a_shard(tmp_path, samples):
    one = samples.sample(0)
    traced = samples.traced(0)
    assert one.planes.shape == (inputs_of("site"), 32, 32)
    row, col = (int(v.item()) for v in traced.grid.index_of(traced.transmitter.x, traced.transmitter.y))
    assert np.argwhere(one.planes[11]).tolist() == [[row, col]]
    np.testing.assert_array_equal(one.known, traced.covered)
    gain = MAP_SCALE.floor_db + MAP_SCALE.span_db * one.target
    np.testing.assert_allclose(gain[one.known], traced.gain_db[one.known], atol=0.1)
    assert np.isfinite(one.target).all()
    both = ShardSamples([dynamic_shard(tmp_path / "d.npz")])
    assert len(both) == 4
    assert not both.sample(0).planes[12].any()
    assert both.sample(1).planes[12].max() == pytest.approx(1.6 / 4.0, rel=1e-3)
    assert both.sample(1).known.sum() < both.sample(0).known.sum()


def test_samples_with_rays_have_them_behind_the_planes_of_the_site(tmp_path):
    path = write_shard(tmp_path / "train-1-000000.npz", count=2, side=32)
    plain, shown = ShardSamples([path]), ShardSamples([path], rays=tmp_path / "rays")
    assert (plain.code, shown.code) == ("site", "rays")
    planes = shown.sample(0).planes
    np.testing.assert_array_equal(planes[: inputs_of("site")], plain.sample(0).planes)
    assert planes.shape[0] == inputs_of("rays") and (planes[-1] == 1).all()  # the last plane says that they are known
    east = planes[inputs_of("site") + RAY_PLANES.index("ray_east")]
    np.testing.assert_allclose(shown.sample(0, 2).planes[inputs_of("site") + RAY_PLANES.index("ray_east")],
                               -east[::-1, ::-1], atol=1e-6)  # fmt: skip
    many = ShardSamples([write_shard(tmp_path / f"train-1-{k:06d}.npz", count=4, side=32) for k in range(1, 11)],
                        rays=tmp_path / "rays", unsure=True)  # fmt: skip
    known = [float(many.sample(k, turn).planes[-1].mean()) for k in range(len(many)) for turn in range(8)]
    assert 0.6 < np.mean(known) < 0.8, "three in ten are asked without"


@pytest.mark.parametrize("turn", range(8))
def test_a_symmetry_moves_map_and_transmitter_together(samples, turn):
    still, moved = samples.sample(1), samples.sample(1, turn)
    np.testing.assert_array_equal(moved.target, apply_symmetry(turn, still.target[None])[0])
    np.testing.assert_array_equal(moved.planes[11], apply_symmetry(turn, still.planes[11:12])[0])
    east, north = moved.planes[6], moved.planes[7]
    row, col = moved.source
    down, right = np.indices((32, 32))[0] + 0.5 - row, np.indices((32, 32))[1] + 0.5 - col
    far = np.hypot(down, right) > 3
    np.testing.assert_allclose(np.arctan2(north, east)[far], np.arctan2(down, -right)[far], atol=0.02)


def test_places_turn_on_oblong_maps():
    assert turned_source(1, (1.0, 2.0), (4, 6)) == (4.0, 1.0)
    assert turned_source(2, (1.0, 2.0), (4, 6)) == (3.0, 4.0)
    assert turned_source(4, (1.0, 2.0), (4, 6)) == (1.0, 4.0)


def test_cities_are_chosen(tmp_path):
    path = write_shard(tmp_path / "a.npz", count=2, side=32)
    assert len(ShardSamples([path], cities=("nowhere",))) == 2
    for wrong in ({"cities": ("florence",)}, {"without": ("nowhere",)}):
        with pytest.raises(InputError, match="no map of 1 shards"):
            ShardSamples([path], **wrong)


def options(**changes):
    return MapTrainOptions(**{"samples": 24, "batch": 2, "checkpoint_s": 1e9, "validation": 1, **changes})


def weights(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.network.parameters()])


def test_training_learns_and_resumes_exactly(samples, tmp_path):
    whole = MapTrainer(samples, options(samples=48, learning_rate=4e-3), tmp_path / "a", held=samples)
    before = map_scores(whole.network, samples, range(3))["rmse_db"]
    assert whole.run()
    assert map_scores(whole.network, samples, range(3))["rmse_db"] < 0.8 * before
    entries = [json.loads(line) for line in (tmp_path / "a" / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["step"] == 24
    assert entries[-1]["rmse_db"] > 0
    part = MapTrainer(samples, options(samples=48, learning_rate=4e-3), tmp_path / "b")
    for _ in range(5):
        part.advance()
    part.save([])
    again = MapTrainer(samples, options(samples=48, learning_rate=4e-3), tmp_path / "b")
    assert again.step == 5
    assert again.run(0.0) == 5 and not again.done
    assert again.run()
    torch.testing.assert_close(weights(again), weights(whole), atol=1e-5, rtol=1e-4)
    with pytest.raises(ModelError, match="other options"):
        MapTrainer(samples, options(batch=3), tmp_path / "b")


def answer_of(network, batch):
    with torch.no_grad():
        return network(batch.planes, batch.source)


def test_a_short_training_learns_its_maps_by_heart_and_answers_as_it_was_trained(samples, tmp_path):
    """Far below free space in the mode of use; batch norms in their last part are those that answer."""
    trainer = MapTrainer(samples, options(samples=160, batch=4, learning_rate=1e-2, symmetries=False), tmp_path)
    free = map_scores(trainer.network, samples, range(3))["rmse_db"]
    trainer.run()
    assert trainer.done
    assert map_scores(trainer.network, samples, range(3))["rmse_db"] < 0.4 * free
    batch = batch_of(samples, range(3), [0, 0, 0])
    trainer.network.train().network.eval()  # as in use, without the rim and the lattice, which no training sees
    used = answer_of(trainer.network, batch)
    for step, same in ((30, True), (0, False)):
        trainer.step = step
        trainer._ready()
        assert torch.allclose(answer_of(trainer.network, batch), used, atol=1e-4) == same, step


def test_a_training_lasts_as_long_as_its_samples_or_its_minutes():
    counted, timed = options(samples=40, batch=4), options(minutes=2.0)
    assert [counted.progress(k, 1e9) for k in (0, 5, 10, 11)] == [0.0, 0.5, 1.0, 1.0]
    assert [timed.progress(10**9, s) for s in (0.0, 60.0, 120.0, 121.0)] == [0.0, 0.5, 1.0, 1.0]
    rates = [counted.rate(p) for p in (0.0, 0.05, 0.5, 1.0)]
    assert rates[0] == pytest.approx(0.05 * counted.learning_rate)
    assert rates[1] > 0.99 * counted.learning_rate
    assert rates[2:] == pytest.approx([0.5 * counted.learning_rate, 0.0])


def test_a_training_by_the_clock_ends_and_goes_on(samples, tmp_path):
    given = options(minutes=0.02, samples=1)
    trainer = MapTrainer(samples, given, tmp_path)
    trainer.run(0.1)
    assert not trainer.done
    again = MapTrainer(samples, given, tmp_path)
    assert (again.step, again.seconds) == (trainer.step, trainer.seconds)
    assert again.run()
    assert again.seconds >= 1.2
    assert again.step > trainer.step


def test_a_loss_that_is_not_finite_stops_the_training_and_spares_the_checkpoint(samples, tmp_path, monkeypatch):
    trainer = MapTrainer(samples, options(), tmp_path)
    trainer.save([])
    kept = trainer.checkpoint.read_bytes()
    monkeypatch.setattr(trainer.network, "loss", lambda *_: torch.tensor(math.nan, requires_grad=True))
    with pytest.raises(ComputationError, match="the loss of map is nan"):
        trainer.run()
    assert trainer.checkpoint.read_bytes() == kept


def test_a_critic_is_trained_in_turn(samples, tmp_path, monkeypatch):
    from openckm.predict.networks import build_network

    monkeypatch.setattr(map_training, "build_network", build_network)
    trainer = MapTrainer(samples, options(network="rme-gan", batch=1, samples=1), tmp_path)
    before = {name: [p.detach().clone() for p in group] for name, group in trainer.network.groups().items()}
    trainer.advance()
    for name, group in trainer.network.groups().items():
        assert any(not torch.equal(p, q) for p, q in zip(group, before[name], strict=True)), name


def test_the_spread_is_that_of_the_residuals(samples, tmp_path):
    network = tiny_network("x")
    spread = measure_spread(network.train(False), samples)
    assert spread.maps == 3
    assert spread.cities == ("nowhere",)
    scores = map_scores(network, samples, range(3))
    assert 0.3 < np.mean(spread.sight_db + spread.behind_db) / scores["rmse_db"] < 2.0
    assert len(spread.assumed_sight_db) == len(spread.sight_db), "heights that are assumed have a spread of their own"
    assert spread.level(heights_known=False) == spread.assumed_level_db > 0
    assert 0.3 < np.mean(spread.assumed_sight_db + spread.assumed_behind_db) / scores["rmse_db"] < 4.0


def test_the_papers_split():
    sets = [paper_maps(split) for split in ("train", "validation", "test")]
    assert [len(s) for s in sets] == [550, 50, 100]
    assert sorted(sum(sets, ())) == list(range(1, 701))
    with pytest.raises(OptionError, match="wanted one of"):
        paper_maps("other")


@pytest.fixture
def radiomapseer(tmp_path):
    """One map of each set of P3's split, with cars."""
    rng = np.random.default_rng(0)
    root = tmp_path / "RadioMapSeer"
    for split in ("train", "validation", "test"):
        number = paper_maps(split)[0]
        building = np.zeros((256, 256), np.uint8)
        building[40:90, 60:120] = 255
        cars = np.zeros_like(building)
        cars[100:103, 100:104] = 255
        antenna = np.zeros_like(building)
        antenna[120, 30] = 255
        gain = np.where(building > 0, 0, rng.integers(60, 200, building.shape)).astype(np.uint8)
        pictures = {
            f"gain/DPM/{number}_0.png": gain, f"gain/carsDPM/{number}_0.png": np.where(cars > 0, 0, gain),
            f"png/buildings_complete/{number}.png": building, f"png/antennas/{number}_0.png": antenna,
            f"png/cars/{number}.png": cars,
        }  # fmt: skip
        for name, picture in pictures.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture.astype(np.uint8)).save(root / name)
    return root


def test_radiomapseer_as_the_paper_uses_it(radiomapseer):
    one = PaperSamples(radiomapseer, "test").sample(0)
    assert one.known is None
    assert one.planes.shape == (3, 256, 256)
    np.testing.assert_array_equal(one.planes[0], one.planes[2])
    assert np.argwhere(one.planes[1]).tolist() == [[120, 30]]
    assert one.source == (120.5, 30.5)
    number = paper_maps("test")[0]
    grey = np.asarray(Image.open(radiomapseer / "gain" / "DPM" / f"{number}_0.png"))
    np.testing.assert_allclose(one.target * 255, grey)
    cars = PaperSamples(radiomapseer, "test", cars=True).sample(0)
    assert cars.planes[2].sum() == 12
    batch = batch_of(PaperSamples(radiomapseer, "train"), [0, 0], [0, 1])
    assert batch.known is None
    assert batch.target.shape == (2, 1, 256, 256)


def recipe(monkeypatch, *arguments):
    spec = importlib.util.spec_from_file_location("radiomamba_recipe", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["radiomamba.py", *map(str, arguments)])
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    module.main()


def test_the_recipe_on_shards_ends_with_a_model(tmp_path, monkeypatch, capsys):
    from openckm.predict.networks import build_network

    monkeypatch.setattr(map_training, "build_network", build_network)
    write_shard(tmp_path / "train.npz", count=2, side=32)
    (tmp_path / "val").mkdir()
    arrays = shard_arrays(count=1, side=32, seed=5) | {"layout": np.array(["florence"])}
    np.savez_compressed(tmp_path / "val" / "v.npz", **arrays)
    given = ("--data", tmp_path, "--validation", tmp_path / "val", "--network", "unet-small", "--samples", 4,
             "--batch", 2, "--out", tmp_path / "run")  # fmt: skip
    recipe(monkeypatch, *given, "--minutes", 0)
    assert "run again to go on" in capsys.readouterr().out
    assert not (tmp_path / "run" / "model").exists()
    recipe(monkeypatch, *given)
    assert "2 training maps, 1 validation maps" in capsys.readouterr().out
    network, card, spread = load_network(tmp_path / "run" / "model")
    assert card.name == "openckm-unet-small"
    assert card.metrics["validation_rmse_db"] > 0
    assert spread.cities == ("florence",)
    assert network.code == "site"


def assert_predicts(folder, samples, network):
    """The predictor gives, in dB, what the network answers to the same layout and transmitter."""
    traced, one = samples.traced(0), samples.sample(0)
    with torch.no_grad():
        grey = network(torch.as_tensor(one.planes)[None], torch.tensor([one.source]))[0, 0].numpy()
    site = Observations(layout=traced.layout, transmitter=traced.transmitter)
    found = Predictor(weights=folder).reconstruct(site, traced.grid, draws=0)
    outdoors = ~traced.layout.building
    scale = scale_of("paper")
    np.testing.assert_allclose(
        found.mean()[outdoors], (scale.floor_db + scale.span_db * grey)[outdoors], atol=0.05, rtol=0
    )


def test_the_recipe_on_radiomapseer_ends_with_the_row_of_the_table(radiomapseer, tmp_path, monkeypatch, capsys):
    from openckm.predict.networks import build_network

    monkeypatch.setattr(map_training, "build_network", build_network)
    given = ("--radiomapseer", radiomapseer, "--samples", 1, "--batch", 1, "--out", tmp_path / "run")
    recipe(monkeypatch, *given, "--network", "unet-small")
    row = json.loads((tmp_path / "run" / "table2.json").read_text())
    assert {"network", "task", "maps", "nmse", "rmse_grey", "rmse_db", "ssim", "psnr_db"} == set(row)
    assert (row["task"], row["maps"]) == ("SRM", 1)
    assert row["rmse_db"] == pytest.approx(99.16 * row["rmse_grey"])
    network, card, spread = load_network(tmp_path / "run" / "model")
    assert (network.code, card.licence.split(":")[0]) == ("paper", "none stated by the data set")
    assert spread.maps == 1 and card.metrics["test_rmse_db"] == pytest.approx(row["rmse_db"], abs=1e-4)
    assert_predicts(tmp_path / "run" / "model", PaperSamples(radiomapseer, "test"), network)
    for wrong in (("--out", tmp_path), ("--data", tmp_path), (*given, "--data", tmp_path)):
        with pytest.raises(SystemExit):
            recipe(monkeypatch, *wrong)


def test_the_bench_has_the_rows_of_table_2_for_networks_of_that_data_set(radiomapseer, tmp_path, monkeypatch):
    from openckm.predict.networks import build_network

    monkeypatch.setattr(map_training, "build_network", build_network)
    given = ("--radiomapseer", radiomapseer, "--samples", 1, "--batch", 1, "--out", tmp_path / "nets" / "mine")
    recipe(monkeypatch, *given, "--network", "unet-small")
    folders = {"shipped": bench_mamba.SHIPPED} | bench_mamba.trained_networks(tmp_path / "nets")
    scores = list(bench_mamba._published(folders, radiomapseer))
    assert [(s.method, s.task, s.n) for s in scores] == [("mine", "SRM", 65536), ("mine", "DRM", 65536)]
    row = json.loads((tmp_path / "nets" / "mine" / "table2.json").read_text())
    for metric in ("nmse", "rmse_grey", "ssim", "psnr_db"):
        assert scores[0].values[metric] == pytest.approx(row[metric], rel=0.02, abs=1e-3), "weights are kept in bf16"
    assert {r.task for r in bench_mamba.table(scores)} == {"SRM", "DRM"}
    with pytest.raises(InputError, match="trained on RadioMapSeer"):
        list(bench_mamba._published({"shipped": bench_mamba.SHIPPED}, radiomapseer))
