"""The one-pass networks: names, variants, one call for all, losses by group; their folders; the spread."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import InputError, ModelError, OptionError
from openckm.predict.code import base_of, inputs_of, paper_inputs, scale_of, site_inputs
from openckm.predict.generative import FewStep
from openckm.predict.loss import LossOptions
from openckm.predict.networks import NAMES, MapBatch, build_network, with_rays
from openckm.predict.pretrained import load_network, save_network
from openckm.predict.spread import Spread, fit_spread
from openckm.priors.planes import RAY_PLANES
from worlds import CARD

SPREAD = Spread((10.0, 100.0), (3.0, 4.0), (6.0, 8.0), 1, ("florence",))
SMALL_NAMES = ("radiomamba-small", "radiomamba-small+rays", "unet-small", "rme-gan", "radiodiff")
DESCRIBED = {k: v for k, v in CARD.items() if k != "name"}


def batch(code, side=32, seed=0):
    g = torch.Generator().manual_seed(seed)
    planes = torch.rand(2, inputs_of(code), side, side, generator=g)
    known = torch.rand(2, 1, side, side, generator=g) > 0.2
    return MapBatch(planes, torch.tensor([[3.2, 9.1], [-4.0, 20.5]]), torch.rand(2, 1, side, side, generator=g), known)


def trained(network):
    """Give a network a last layer that says something."""
    network = network.requires_grad_(True)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d) and not bool(layer.weight.any()):
            layer.reset_parameters()
    return network


@pytest.mark.parametrize(
    "name", ["radiomamba-small", "radiomamba-small+s6+cross", "unet-small", "radiounet", "rme-gan"]
)
def test_an_untrained_network_answers_free_space(name):
    some = batch("site", 64)
    for training in (True, False):
        network = build_network(name).train(training)
        with torch.no_grad():
            torch.testing.assert_close(network(some.planes, some.source), base_of(some.planes, "site"))
    with torch.no_grad():
        moved = trained(network)(some.planes, some.source)
    assert float((moved - base_of(some.planes, "site")).abs().max()) > 1e-3


@pytest.mark.parametrize("name", SMALL_NAMES)
@pytest.mark.parametrize("code", ["site", "paper"])
def test_one_call_for_all(name, code):
    torch.manual_seed(0)
    network, some = build_network(name, code), batch(code)
    for group, parameters in network.groups().items():
        loss = network.loss(group, some, LossOptions(), torch.Generator().manual_seed(1))
        slopes = torch.autograd.grad(loss, parameters, allow_unused=True)
        assert any(s is not None and bool(s.any()) for s in slopes), group
    network.train(False)
    with torch.no_grad():
        answer = network(some.planes, some.source)
        assert answer.shape == (2, 1, 32, 32)
        torch.testing.assert_close(network(some.planes, some.source), answer)
    assert 32 % network.multiple == 0


def test_every_name_and_variant_builds():
    with torch.device("meta"):
        sizes = {name: sum(p.numel() for p in build_network(name, "paper").parameters()) for name in NAMES}
        small = {v: build_network(f"radiomamba-small+{v}") for v in ("conv", "mamba", "standard", "cross", "s6")}
    assert sizes["radiomamba"] == 8_604_337
    assert sizes["radiounet"] == 13_275_315
    assert small["conv"].network.options.branches == "conv"
    assert small["mamba"].network.options.branches == "mamba"
    assert small["standard"].network.options.convolution == "standard"
    assert small["cross"].network.options.scan == "cross"
    assert small["s6"].network.options.mamba.form == "s6"
    for wrong in ("nosuch", "radiomamba+nosuch", "unet+rays", "radiounet+conv"):
        with pytest.raises(OptionError, match="wanted one of"):
            build_network(wrong)
    with pytest.raises(OptionError, match="input code"):
        build_network("radiomamba", "other")


def test_two_stages_learn_from_both_answers():
    torch.manual_seed(0)
    network, some = build_network("radiounet"), batch("site", 64)
    network.loss("map", some, LossOptions(), torch.Generator()).backward()
    assert all(bool(u.answer.weight.grad.any()) for u in (network.network.first, network.network.second))
    trained(network)
    network.loss("map", some, LossOptions(), torch.Generator()).backward()
    assert all(bool(u.near[0].weight.grad.any()) for u in (network.network.first, network.network.second))


def test_the_diffusion_finds_a_map_that_its_network_knows():
    network = FewStep("paper", widths=(8, 8), blocks=1)
    truth = torch.rand(1, 1, 16, 16)
    network.denoise = lambda x, sigma, planes: truth / 0.4
    torch.testing.assert_close(network(torch.zeros(1, 3, 16, 16)), truth)


def test_a_network_that_is_given_rays_answers_as_before_until_it_is_trained():
    older = trained(build_network("radiomamba-small")).train(False)
    wider = with_rays(older, "radiomamba-small").train(False)
    some = batch("site", 64)
    rays = torch.randn(2, len(RAY_PLANES), 64, 64)
    planes = torch.cat([some.planes, rays], 1)
    assert planes.shape[1] == inputs_of("rays") and wider.code == "rays"
    with torch.no_grad():
        torch.testing.assert_close(wider(planes, some.source), older(some.planes, some.source), atol=1e-5, rtol=1e-4)
    wider.network.stem.weight.grad = None
    wider.loss("map", some._replace(planes=planes), LossOptions(), torch.Generator().manual_seed(1)).backward()
    assert bool(wider.network.stem.weight.grad[:, -4 * len(RAY_PLANES) :].any()), "it can learn from them"
    for unfit, name in ((wider, "radiomamba-small"), (build_network("radiounet"), "radiounet")):
        with pytest.raises(OptionError, match="reads no rays yet"):
            with_rays(unfit, name)


def test_planes_of_a_site():
    site = np.zeros((11, 4, 6), np.float32)
    site[4] = 0.5
    planes = site_inputs(site, (1.0, -0.5), (2.7, 5.1), np.full((4, 6), 2.0, np.float32))
    assert planes.shape == (inputs_of("site"), 4, 6)
    assert np.argwhere(planes[11]).tolist() == [[2, 5]]
    assert [float(p[0, 0]) for p in planes[12:]] == [0.5, 1.0, -0.5]
    assert not site_inputs(site, (0.0, 0.0), (-0.1, 2.0))[11].any(), "outside the map"
    gain = scale_of("site").floor_db + scale_of("site").span_db * float(
        base_of(torch.as_tensor(planes)[None], "site")[0, 0, 0, 0]
    )
    assert gain == pytest.approx(-80.0)  # latent 0.5 is -80 dB
    building = np.eye(4, dtype=bool)
    told = paper_inputs(building, (0.5, 1.5))
    assert (told[0] == building).all()
    assert (told[2] == building).all()
    assert np.argwhere(told[1]).tolist() == [[0, 1]]
    assert paper_inputs(building, (0.5, 1.5), ~building)[2].sum() == 12


def test_a_network_travels_in_a_folder(tmp_path):
    torch.manual_seed(0)
    network = trained(build_network("radiomamba-small+alternate")).train(False)
    card = save_network(tmp_path / "net", network, "radiomamba-small+alternate", SPREAD, precision="fp32", **DESCRIBED)
    found, read, spread = load_network(tmp_path / "net")
    assert read == card
    assert spread.sha256 == card.sha256
    some = batch("site")
    with torch.no_grad():
        torch.testing.assert_close(found(some.planes), network(some.planes))
    for name, spoil, message in (
        ("spread.json", lambda text: text.replace(card.sha256, "0" * 64), "other weights"),
        ("spread.json", lambda text: text.replace("3.0", "-3.0"), "positive spread"),
        ("spread.json", lambda text: "{}", "not a spread"),
        ("card.json", lambda text: text.replace("MapNetwork", "MapDenoiser"), "one-pass network"),
        ("card.json", lambda text: text.replace("+alternate", "+spiral"), "wanted one of"),
        ("card.json", lambda text: text.replace("-small+alternate", "-ssd"), "do not fit"),
        ("card.json", lambda text: json.dumps(json.loads(text) | {"ranges": {"gain_db": [0, 1]}}), "one-pass network"),
    ):
        path = tmp_path / "net" / name
        kept = path.read_text()
        path.write_text(spoil(kept))
        with pytest.raises(ModelError, match=message):
            load_network(tmp_path / "net")
        path.write_text(kept)
    (tmp_path / "net" / "spread.json").unlink()
    with pytest.raises(ModelError, match="cannot read the spread"):
        load_network(tmp_path / "net")


def test_shipped_weights_of_the_published_size_fit_their_budget(tmp_path):
    with torch.device("meta"):
        count = sum(v.numel() for v in build_network("radiomamba").state_dict().values())
    assert 2 * count < 18e6


def test_the_spread_covers_nine_tenths_at_every_distance():
    rng = np.random.default_rng(0)
    distance, behind = rng.uniform(3, 300, 60_000), rng.random(60_000) < 0.5
    std = np.where(behind, 4.0 + 0.02 * distance, 2.0)
    error = std * rng.standard_normal(60_000)
    of = rng.integers(0, 40, 60_000)
    spread = fit_spread(error, distance, behind, of, cities=("a",))
    inside = np.abs(error) <= 1.645 * spread.std(distance, behind)
    for part in (behind, ~behind, distance < 30, distance > 150):
        assert inside[part].mean() == pytest.approx(0.9, abs=0.03)  # nodes lean on all cells of their kind
    assert spread.std(200.0, True) == pytest.approx(8.0, rel=0.1)
    assert Spread.from_json(spread.to_json(), "x") == spread
    few = fit_spread(error[:50], distance[:50], behind[:50], of[:50] * 0, cities=())
    assert len(set(few.sight_db + few.behind_db)) == 1
    with pytest.raises(InputError, match="finite residuals"):
        fit_spread([np.nan], [1.0], [True], [0], cities=())


def test_what_all_cells_of_a_map_share_is_kept_apart():
    rng = np.random.default_rng(1)
    of = rng.integers(0, 60, 60_000)
    local, level = 3.0 * rng.standard_normal(60_000), 6.0 * rng.standard_normal(60)
    distance, behind = rng.uniform(3, 300, 60_000), rng.random(60_000) < 0.5
    spread = fit_spread(local + level[of], distance, behind, of, cities=("a",))
    assert spread.level() == pytest.approx(np.sqrt(np.mean(level**2)), rel=0.02)
    assert spread.std(50.0, True, level=False) == pytest.approx(3.0, rel=0.05)
    assert spread.std(50.0, True) == pytest.approx(np.hypot(3.0, spread.level()), rel=0.05)
    unknown = replace(spread, assumed_sight_db=(5.0,) * 7, assumed_behind_db=(5.0,) * 7, assumed_level_db=8.0)
    assert unknown.std(50.0, True, heights_known=False) == pytest.approx(np.hypot(5.0, 8.0))
    assert Spread.from_json(unknown.to_json(), "x") == unknown
