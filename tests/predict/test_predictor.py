"""The predictor as a reconstructor: mean, spread and draws from the site alone, readings on top, and bad sites."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import GridError, LayoutError, ModelError, OptionError, OutsideGrid
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.extended import MeanMap
from openckm.infer.ray_map import ray_map
from openckm.infer.scene import prepare_scene
from openckm.maps.observations import Observations
from openckm.maps.quantity import GAIN
from openckm.maps.site import Layout
from openckm.observe import Downsample, Gaussian, Select, map_domain
from openckm.predict.code import scale_of
from openckm.predict.networks import MapNetwork, build_network
from openckm.predict.predictor import Predictor, network_planes, predict_gain, sight
from openckm.predict.pretrained import SHIPPED, embedded_network, save_network
from openckm.predict.spread import Spread
from openckm.priors import ray_planes
from openckm.priors.planes import RAY_PLANES
from openckm.reconstructor import Reconstructor
from worlds import (
    CARD,
    GaussianDenoiser,
    blocks_layout,
    centred_grid,
    gaussian_field,
    readings,
    save_tiny,
    transmitter_near,
)  # fmt: skip

GRID = centred_grid(24, 4.0)
LAYOUT = blocks_layout(GRID)
TX = transmitter_near(GRID, height_m=40.0)
SITE = Observations(layout=LAYOUT, transmitter=TX)
SPREAD = Spread((10.0, 100.0), (3.0, 3.0), (7.0, 7.0), 2, ("florence",))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    described = {k: v for k, v in CARD.items() if k != "name"}
    network = build_network("radiomamba-small").train(False)
    network.network.head.reset_parameters()  # not the untrained network's, which would answer free space
    save_network(folder / "net", network, "radiomamba-small", SPREAD, **described)
    return folder / "net", save_tiny(folder / "prior")


def test_a_prediction_has_mean_spread_and_draws(folders):
    net, prior = folders
    method = Predictor(weights=net, prior=prior, steps=2)
    assert isinstance(method, Reconstructor)
    plain = method.reconstruct(SITE, GRID)
    drawn = method.reconstruct(SITE, GRID, draws=3, seed=5)
    assert plain.channels == ("gain_db",)
    assert plain.provenance["unit"] == "dB"
    assert plain.provenance["network_evaluations"] == 1
    np.testing.assert_array_equal(plain.valid, ~LAYOUT.building)
    assert set(np.unique(plain.std())) == {3.0, 7.0}
    np.testing.assert_allclose(drawn.mean(), plain.mean(), atol=1e-3)
    again = method.reconstruct(SITE, GRID, draws=2, seed=5)
    np.testing.assert_allclose(again.draws(), drawn.draws()[:2], atol=0.3)
    assert drawn.draws().std(0).mean() > 0.0


def test_the_default_is_the_mean_of_all_and_doubts_where_they_differ(folders, monkeypatch):
    asked = (None, "network", "prior")
    made, network, prior = (Predictor(prior=folders[1], by=by).reconstruct(SITE, GRID) for by in asked)
    rays = ray_map(SITE, GRID)
    names = (network.provenance["predictor"], prior.provenance["predictor"], "rays alone")
    assert made.provenance["predictor"] == ", ".join(names) and made.provenance["network_evaluations"] == 2
    maps = [(network.mean(), network.std()), (prior.mean(), prior.std()), (rays.mean, rays.std)]
    mean = sum(w * m for w, (m, _) in zip((0.4, 0.4, 0.2), maps, strict=True))
    np.testing.assert_allclose(made.mean(), mean, atol=1e-3)
    square = sum(w * (s**2 + (m - mean) ** 2) for w, (m, s) in zip((0.4, 0.4, 0.2), maps, strict=True))
    np.testing.assert_allclose(made.std() ** 2, square, rtol=1e-4)
    gap = np.abs(network.mean() - prior.mean())
    assert made.std()[gap > 20].min() > 5.0, "they differ much, so none is believed to its own spread"
    monkeypatch.setattr("openckm.predict.predictor.can_launch", lambda: False)
    blind = Predictor(prior=folders[1]).reconstruct(SITE, GRID)
    np.testing.assert_allclose(blind.mean(), 0.5 * (network.mean() + prior.mean()), atol=1e-3)


def test_who_gives_weights_or_vehicles_is_answered_by_that_network_alone(folders):
    net, prior = folders
    assert Predictor(weights=net, prior=prior).reconstruct(SITE, GRID).provenance["network_evaluations"] == 1
    cars = replace(SITE, vehicles=Layout(GRID, np.zeros(GRID.shape, np.float32)))
    assert Predictor(prior=prior).reconstruct(cars, GRID).provenance["network_evaluations"] == 1
    with pytest.raises(OptionError, match="knows no vehicles"):
        Predictor(prior=prior, by="all").reconstruct(cars, GRID)


def test_the_shipped_network_is_the_one_pass_network_and_knows_shadows(folders):
    made = Predictor(prior=folders[1], by="network").reconstruct(SITE, GRID)
    network, card, spread = embedded_network()
    assert made.provenance["predictor"] == f"{card.name} {card.version}"
    assert (network.multiple, spread.sha256) == (card.grid_multiple, card.sha256)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 18e6
    gain, free = made.mean(), made.valid
    x, y = GRID.centres()
    far = np.hypot(x - TX.x, y - TX.y)
    assert gain[free & (far < 20)].mean() > gain[free & (far > 40)].mean() + 5.0
    assert bool((made.std() > 0).all())


def test_heights_that_nobody_stated_are_told_as_assumed(folders):
    unstated = replace(SITE, layout=replace(LAYOUT, height_known=0.0))
    scenes = [prepare_scene(site, GRID, 8) for site in (SITE, unstated)]
    told, assumed = (network_planes(scene, "site")[0] for scene in scenes)
    torch.testing.assert_close(told, assumed)  # to the network they are as good as known
    spread = replace(SPREAD, assumed_sight_db=(5.0, 5.0), assumed_behind_db=(9.0, 9.0), assumed_level_db=12.0)
    doubt = [predict_gain(Knows(gaussian_field(GRID, 3)), spread, scene) for scene in scenes]
    assert set(np.unique(doubt[0].std)) == {3.0, 7.0}
    np.testing.assert_allclose(doubt[1].std, np.where(sight(scenes[1])[1], 15.0, 13.0))
    assert (doubt[1].level_std, doubt[1].heights_known) == (12.0, False)


def test_unstated_heights_do_not_lift_the_level_of_the_shipped_network(folders):
    """It has never seen a layout without heights: asked so, it said 20 dB too much."""
    heights = replace(LAYOUT, height_m=np.where(LAYOUT.building, np.float32(10.0), np.float32(0.0)))
    method = Predictor(prior=folders[1], by="network")
    known = method.reconstruct(replace(SITE, layout=heights), GRID)
    unknown = method.reconstruct(replace(SITE, layout=replace(heights, height_known=0.0)), GRID)
    np.testing.assert_allclose(known.mean()[known.valid], unknown.mean()[known.valid], atol=0.5)
    assert unknown.std()[known.valid].mean() > known.std()[known.valid].mean()
    assert (known.provenance["heights"], unknown.provenance["heights"]) == ("stated", "assumed")


def test_a_network_that_reads_rays_is_shown_those_of_the_site(tmp_path, monkeypatch):
    torch.manual_seed(0)
    network = build_network("radiomamba-small", "rays").train(False)
    network.network.head.reset_parameters()
    described = {k: v for k, v in CARD.items() if k != "name"}
    save_network(tmp_path / "net", network, "radiomamba-small", SPREAD, **described)
    method = Predictor(weights=tmp_path / "net")
    shown = method.reconstruct(SITE, GRID, draws=0)
    assert shown.provenance["rays"].startswith("used: 8192 azimuths")
    scene = prepare_scene(SITE, GRID, network.multiple, planes=["rays"])
    planes, _ = network_planes(scene, "rays")
    torch.testing.assert_close(planes[:, -len(RAY_PLANES) :], scene.condition.rays)
    monkeypatch.setattr(ray_planes, "can_launch", lambda: False)
    blind = method.reconstruct(SITE, GRID, draws=0)
    assert blind.provenance["rays"] == "not launched: llvmlite is not there"
    assert np.nanmax(np.abs(shown.mean() - blind.mean())) > 0.1


def test_the_prior_in_one_call(folders):
    made = Predictor(prior=folders[1], by="prior").reconstruct(SITE, GRID)
    assert made.channels[0] == "gain_db"
    assert made.provenance["network_evaluations"] == 1
    assert made.provenance["predictor"] == "tiny 0.0.1"
    assert bool((made.std() > 0).all())


class Knows(MapNetwork):
    """A network that knows the map."""

    code = "site"
    multiple = 8

    def __init__(self, gain):
        super().__init__()
        self.gain = gain

    def forward(self, planes, source=None):
        scale = scale_of("site")
        return (torch.as_tensor(self.gain)[None, None].float() - scale.floor_db) / scale.span_db


def test_grey_levels_become_decibels_and_the_spread_follows_sight():
    field = gaussian_field(GRID, 3)
    scene = prepare_scene(SITE, GRID, 8)
    found = predict_gain(Knows(field), SPREAD, scene)
    np.testing.assert_allclose(found.mean, field, atol=1e-3)
    distance, behind = sight(scene)
    assert behind.any()
    assert not behind.all()
    np.testing.assert_array_equal(found.std, np.where(behind, 7.0, 3.0))
    row, col = (int(v.item()) for v in GRID.index_of(TX.x, TX.y))
    assert np.unravel_index(distance.argmin(), distance.shape) == (row, col)


def test_readings_pull_the_map_towards_the_truth(folders):
    net, prior = folders
    field = gaussian_field(GRID, 1)
    for weights in (net, None):
        method = Predictor(weights=weights, prior=prior)
        points = readings(GRID, field, 40, 0)
        told = method.reconstruct(replace(SITE, points=(points,)), GRID, draws=1)
        blind = method.reconstruct(SITE, GRID)
        error = {
            name: float(np.sqrt(np.mean((m.mean() - field) ** 2))) for name, m in (("told", told), ("blind", blind))
        }
        assert error["told"] < 0.75 * error["blind"], error
        assert told.provenance["cells_observed"] == 40
        assert told.draws().shape == (1, *GRID.shape)
    power = readings(GRID, field, 40, 0, unit="dBm", offset=30.0)
    assert Predictor(net, prior).reconstruct(replace(SITE, points=(power,)), GRID).provenance["unit"] == "dBm"


def test_a_good_prediction_is_kept_where_readings_agree_with_it(monkeypatch):
    """The prediction is a column of the one model: one that knows the truth makes few readings enough."""
    field = gaussian_field(GRID, 7, std=12.0, length_m=16.0)
    seen = replace(SITE, points=(readings(GRID, field, 20, 0),))
    prior = LoadedPrior(GaussianDenoiser(torch.zeros(5, 32, 32), 0.5), "knows nothing")
    for prediction, low, high in ((field, 0.0, 2.5), (np.full(GRID.shape, -95.0), 4.0, 99.0)):
        own = MeanMap("prediction", prediction, np.full(GRID.shape, 2.0))
        answer = OpenCKM(prior, symmetrise=False).posterior(seen, GRID, maps=(own,))
        found = answer.scene.crop(answer.experts[0].mean.reshape(answer.scene.grid.shape))
        assert low < np.sqrt(np.mean((found - field) ** 2)) < high


def test_other_instruments_correct_a_prediction(folders):
    field, domain = gaussian_field(GRID, 1), map_domain(GRID.shape)
    operator = Downsample(domain.only("gain_db"), 8, "mean") @ Select(domain, "gain_db")
    read = torch.as_tensor(GAIN.encode(field.reshape(3, 8, 3, 8).mean((1, 3))))[None, None]
    likelihood = Gaussian(operator, read, 0.5 / GAIN.scale)
    method = Predictor(*folders)
    blind, told = method.reconstruct(SITE, GRID), method.reconstruct(SITE, GRID, likelihood=likelihood)
    blocks = [m.reshape(3, 8, 3, 8).mean((1, 3)) for m in (field, blind.mean(), told.mean())]
    assert np.abs(blocks[1] - blocks[0]).max() > 3.0 > 1.5 > np.abs(blocks[2] - blocks[0]).max()
    assert told.provenance["further_evidence"]["readings"] == 9


def test_vehicles_are_told_to_networks_that_take_them(folders):
    net, prior = folders
    cars = Layout(GRID, np.where(np.eye(24, dtype=bool), 1.5, 0.0).astype(np.float32))
    scene = prepare_scene(SITE, GRID, 16)
    planes, source = network_planes(scene, "site", cars)
    assert float(planes[0, 12].max()) == pytest.approx(1.5 / 4.0)
    assert not bool((planes[0, 12][:24, :24] > 0)[torch.as_tensor(LAYOUT.building)].any())
    assert network_planes(scene, "paper", cars)[0].shape == (1, 3, *scene.grid.shape)
    assert GRID.index_of(TX.x, TX.y)[0] == int(source[0, 0])
    plain = Predictor(net, prior).reconstruct(SITE, GRID)
    assert not np.allclose(Predictor(net, prior).reconstruct(replace(SITE, vehicles=cars), GRID).mean(), plain.mean())
    with pytest.raises(OptionError, match="knows no vehicles"):
        Predictor(None, prior, by="prior").reconstruct(replace(SITE, vehicles=cars), GRID)
    with pytest.raises(GridError, match="vehicles on"):
        Predictor(net, prior).reconstruct(replace(SITE, vehicles=blocks_layout(centred_grid(16, 4.0))), GRID)


def bare(height):
    return Layout(GRID, height.astype(np.float32), 0.0, "city.osm")


AT = tuple(int(v.item()) for v in GRID.index_of(TX.x, TX.y))
TOWER = np.zeros(GRID.shape)
TOWER[AT] = 50.0
BAD = {
    "no transmitter": ({"transmitter": None}, OptionError, "needs the transmitter"),
    "no layout": ({"layout": None}, LayoutError, "needs the building layout"),
    "empty layout": ({"layout": bare(np.zeros(GRID.shape))}, LayoutError, "no building on the map"),
    "in a building": ({"layout": bare(TOWER)}, LayoutError, "inside a building 50 m high .assumed"),
    "outside": ({"transmitter": replace(TX, x=TX.x + 500.0)}, OutsideGrid, "outside the map"),
    "other grid": ({"layout": blocks_layout(centred_grid(16, 4.0))}, GridError, "read the layout onto the map's grid"),
    "other crs": ({"crs": "EPSG:32633"}, GridError, "EPSG:32633"),
}


@pytest.mark.parametrize("case", BAD)
def test_impossible_sites_are_named(case, folders):
    change, kind, message = BAD[case]
    for by in ("network", "prior"):
        with pytest.raises(kind, match=message):
            Predictor(prior=folders[1], by=by).reconstruct(replace(SITE, **change), GRID)


def test_an_antenna_above_the_roof_is_outdoors(folders):
    roof = replace(SITE, layout=bare(TOWER), transmitter=replace(TX, height_m=50.5))
    assert np.isfinite(Predictor(folders[0], folders[1]).reconstruct(roof, GRID).mean()).all()


def test_bad_numbers_and_folders(folders, tmp_path):
    for wrong in ({"draws": -1}, {"seed": -1}, {"deadline_s": 0.0}):
        for by in ("network", "prior"):
            with pytest.raises(OptionError):
                Predictor(prior=folders[1], by=by).reconstruct(SITE, GRID, **wrong)
    for wrong in ({"by": "prior"}, {"by": "oracle"}):
        with pytest.raises(OptionError, match="wanted a network's weights, or by='prior'"):
            Predictor(folders[0], folders[1], **wrong).reconstruct(SITE, GRID)
    with pytest.raises(ModelError, match="no model card"):
        Predictor(tmp_path, folders[1]).reconstruct(SITE, GRID)
    with pytest.raises(ModelError, match="one-pass network"):
        Predictor(folders[1], folders[1]).reconstruct(SITE, GRID)
