"""Planes of vehicles: old networks answer as before, and a condition knows its parts, its turns and its key."""

import json

import numpy as np
import pytest
import torch

from openckm.errors import ModelError
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, moving_planes
from openckm.priors.denoiser import MapDenoiser, MapDenoiserOptions, with_planes
from openckm.priors.planes import MOVING_PLANES, SITE_PLANES, STATIC_PLANES, count_planes, quantities
from openckm.priors.pretrained import load_prior, save_prior

SMALL = MapDenoiserOptions((8, 8), 1)
DESCRIBED = {
    "name": "t", "version": "1.0.0", "cell_m": (1.0, 4.0), "carrier_hz": (1e9, 2e9), "training_data": "none",
    "recipe": "none", "metrics": {}, "licence": "MIT", "credits": "none",
}  # fmt: skip


def condition(batch: int = 1, seed: int = 0, *, moving: bool = True) -> Condition:
    g = torch.Generator().manual_seed(seed)
    site = torch.randn(batch, len(SITE_PLANES), 16, 16, generator=g)
    evidence = torch.rand(batch, EVIDENCE_PLANES, 16, 16, generator=g)
    height = (
        torch.rand(16, 16, generator=g).numpy().astype(np.float32) * 3 * (torch.rand(16, 16, generator=g) > 0.7).numpy()
    )
    planes = torch.as_tensor(moving_planes(height))[None].repeat(batch, 1, 1, 1) if moving else None
    return Condition(site, evidence, torch.tensor([[0.0, 0.2]]).repeat(batch, 1), planes)


def trained(seed: int = 0) -> MapDenoiser:
    torch.manual_seed(seed)
    net = MapDenoiser(SMALL)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return net.train(False)


def answer(net: MapDenoiser, what: Condition) -> torch.Tensor:
    x = torch.randn(len(what.site), 5, 16, 16, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        return net(x, torch.full((len(x),), 0.7), what).mean


def test_a_network_with_new_planes_answers_as_before_until_it_is_trained():
    old = trained()
    new = with_planes(old, ["vehicles"])
    with_cars, without = condition(2), condition(2, moving=False)
    assert torch.equal(answer(new, with_cars), answer(old, with_cars))
    assert torch.equal(answer(new, without), answer(old, without))
    with torch.no_grad():
        new.network.entrance.weight[:, -4 * len(MOVING_PLANES) :] += 0.1
    assert not torch.equal(answer(new, with_cars), answer(old, with_cars)), "the planes are not read"
    assert torch.equal(answer(new, without), answer(old, without)), "nobody has looked must mean zeros"
    assert with_planes(new, ["vehicles"]).options == new.options
    with pytest.raises(ModelError, match="smells"):
        with_planes(old, ["smells"])


def test_the_card_names_the_planes_and_a_network_comes_back_with_them(tmp_path):
    net = with_planes(trained(), ["vehicles"])
    with torch.no_grad():
        net.network.entrance.weight[:, -1] += 0.5
    card = save_prior(tmp_path / "m", net, precision="fp32", **DESCRIBED)
    assert card.architecture["planes"] == ["vehicles"]
    back, _ = load_prior(tmp_path / "m")
    assert torch.equal(answer(back, condition()), answer(net, condition()))
    plain = save_prior(tmp_path / "plain", trained(), precision="fp32", **DESCRIBED)
    assert "planes" not in plain.architecture, "older programs refuse keys that they do not know"
    raw = json.loads((tmp_path / "m" / "card.json").read_text())
    raw["architecture"]["planes"] = ["smells"]
    (tmp_path / "m" / "card.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="smells"):
        load_prior(tmp_path / "m")


@pytest.mark.parametrize("planes", [["vehicles", "vehicles"], ["x"]])
def test_unknown_and_doubled_groups_are_refused(planes):
    with pytest.raises(ModelError, match="at most once"):
        count_planes(planes)


@pytest.mark.parametrize("k", SYMMETRIES)
def test_vehicles_turn_with_the_map(k):
    what = condition()
    moved = what.turned(k)
    assert np.array_equal(moved.moving, apply_symmetry(k, what.moving.numpy()))
    back = moved.turned(inverse_symmetry(k))
    for name in ("site", "evidence", "moving"):
        assert torch.equal(getattr(back, name), getattr(what, name)), name


def test_the_static_part_holds_the_layout_and_nothing_else():
    what = condition()
    static = what.static()
    for i, name in enumerate(SITE_PLANES):
        same = torch.equal(static.site[:, i], what.site[:, i])
        assert same == (name in STATIC_PLANES), name
    assert not static.evidence.any() and static.moving is None
    assert static.scalars.tolist() == [[0.0, 0.0]], "the carrier belongs to the transmitter"


def test_batches_keep_their_vehicles_and_fill_in_that_nobody_has_looked():
    both = Condition.join([condition(seed=1), condition(seed=2, moving=False)])
    assert both.moving.shape == (2, 3, 16, 16) and not both.moving[1].any()
    assert torch.equal(both.repeat(2).moving[1], both.moving[0])
    assert torch.equal(both.select(slice(1, 2)).moving, both.moving[1:])
    assert Condition.join([condition(moving=False)] * 2).moving is None


def test_the_key_tells_what_differs_and_not_the_last_digits():
    what = condition()
    assert what.key() == condition().key()
    for name in ("site", "evidence", "scalars", "moving"):
        changed = getattr(what, name).clone()
        changed.view(-1)[0] += 0.01
        other = Condition(
            **{n: changed if n == name else getattr(what, n) for n in ("site", "evidence", "scalars", "moving")}
        )
        assert other.key() != what.key(), name
    assert condition(moving=False).key() != what.key()
    empty = Condition(what.site, what.evidence, what.scalars, torch.zeros_like(what.moving))
    assert empty.key() != condition(moving=False).key(), "no vehicles, and nobody has looked, are two things"


def test_quantities_turn_the_bearing_alone():
    symmetry = {q.name: q.symmetry for q in quantities((*SITE_PLANES, *MOVING_PLANES))}
    assert {n for n, s in symmetry.items() if s != "scalar"} == {"bearing_east", "bearing_north"}
