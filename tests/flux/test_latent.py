"""The latent form: an autoencoder that keeps what it can, stages on latents, and a floor that stands in the card."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest
import torch
from torch.nn import functional

from openckm.errors import ModelError, OptionError
from openckm.flux.latent import (
    CARD_FILE,
    FLOOR_DB,
    WEIGHT_FILE,
    Decoded,
    LatentDenoiser,
    embedded_latent,
    floor_db,
    latent_mean,
    load_latent,
    save_latent,
)
from openckm.flux.stages import Chain
from openckm.nn.autoencoder import AutoencoderOptions, MapAutoencoder
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, scalars
from openckm.priors.planes import RAY_PLANES, SITE_PLANES

SMALL = AutoencoderOptions(latent=8, width=8, blocks=1)


def smooth_maps(count: int, seed: int = 0) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 5, 4, 4, generator=g) * 0.5
    return torch.nn.functional.interpolate(coarse, (16, 16), mode="bicubic", align_corners=False)


def condition(batch: int) -> Condition:
    g = torch.Generator().manual_seed(3)
    site = torch.randn(batch, len(SITE_PLANES), 16, 16, generator=g)
    return Condition(site, torch.zeros(batch, EVIDENCE_PLANES, 16, 16), scalars(2.0, 2e9).expand(batch, 2))


def test_training_brings_smooth_maps_back_and_others_stay_worse():
    torch.manual_seed(0)
    code = MapAutoencoder(SMALL)
    maps, held = smooth_maps(64), smooth_maps(16, seed=1)
    known = torch.ones(16, 16, 16, dtype=torch.bool)
    before = floor_db(code, held, known)
    optimiser = torch.optim.Adam(code.parameters(), 3e-3)
    for _ in range(150):
        optimiser.zero_grad()
        loss = ((code(maps) - maps) ** 2).mean()
        loss.backward()
        optimiser.step()
    after = floor_db(code, held, known)
    assert after < 0.4 * before
    assert floor_db(code, torch.randn(16, 5, 16, 16), known) > 2 * after, "16 x 5 numbers do not fit into 8"


def test_the_linear_code_is_the_best_there_is_and_training_starts_there():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(5)
    basis = torch.linalg.qr(torch.randn(80, 80, generator=g))[0][:, :8]
    blocks = torch.randn(4000, 8, generator=g) @ basis.T
    maps = functional.fold(blocks.reshape(250, 16, 80).transpose(1, 2), (16, 16), 4, stride=4) + 0.3
    code = MapAutoencoder(SMALL)
    code.fit_linear(maps, torch.tensor([1.0, 0.5, 0.5, 0.1, 0.1]))
    with torch.no_grad():
        torch.testing.assert_close(code(maps), maps, atol=5e-3, rtol=0)
    noisy = maps + 0.1 * torch.randn(maps.shape, generator=g)
    code.fit_linear(noisy, torch.ones(5))
    with torch.no_grad():
        left = ((code(noisy) - noisy) ** 2).mean()
    assert float(left) == pytest.approx(0.01 * 72 / 80, rel=0.05), "72 of 80 directions hold nothing but noise"


def test_standardised_latents_have_the_scale_of_a_prior_and_decode_to_the_same_maps():
    torch.manual_seed(0)
    code = MapAutoencoder(SMALL)
    maps = smooth_maps(32)
    with torch.no_grad():
        before = code(maps)
        code.standardise(maps)
        z = code.encode(maps)
        torch.testing.assert_close(code(maps), before, atol=1e-5, rtol=1e-4)
    assert z.shape == (32, 8, 4, 4)
    torch.testing.assert_close(z.std((0, 2, 3)), torch.full((8,), 0.5), atol=0.01, rtol=0)
    assert float(z.mean((0, 2, 3)).abs().max()) < 1e-4
    with pytest.raises(OptionError, match="divisible by 4"):
        code.encode(torch.zeros(1, 5, 18, 16))


def test_both_stages_run_on_latents_and_the_denoiser_reads_its_planes():
    torch.manual_seed(0)
    net = LatentDenoiser(8, (16, 16), 1)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    told = condition(1)
    chain = Chain(net.requires_grad_(False), told, order=1, eta=0.0)
    whole = chain.cold(6, range(3), (8, 4, 4))
    middle = chain.cold(6, range(3), (8, 4, 4), until=chain.level(6, 2))
    torch.testing.assert_close(chain.rest(middle, 6, 2, range(3)), whole)
    static = Chain(net, told.static(), order=1, eta=0.0).cold(6, range(3), (8, 4, 4))
    assert not torch.allclose(static, whole)


def test_the_decoded_one_call_mean_answers_at_the_top_alone():
    torch.manual_seed(0)
    one = Decoded(LatentDenoiser(8, (16, 16), 1), MapAutoencoder(SMALL))
    with torch.no_grad():
        found = one(torch.zeros(2, 5, 16, 16), torch.full((2,), 40.0), condition(2))
    assert found.mean.shape == (2, 5, 16, 16) and found.var is None
    with pytest.raises(OptionError, match="noise level 40"):
        one(torch.zeros(2, 5, 16, 16), torch.ones(2), condition(2))


def test_a_model_comes_back_and_one_that_loses_too_much_is_neither_written_nor_read(tmp_path):
    torch.manual_seed(0)
    code, net = MapAutoencoder(SMALL), LatentDenoiser(8, (16, 16), 1)
    for module in (code, net):  # weights are kept as bfloat16: those that are so come back to the last bit
        module.load_state_dict({name: value.bfloat16().float() for name, value in module.state_dict().items()})
    save_latent(tmp_path / "m", code, net, floor=1.2, name="latent", version="0.1.0")
    back, denoiser, card = load_latent(tmp_path / "m")
    maps = smooth_maps(2)
    assert torch.equal(back(maps), code(maps)) and card["floor_db"] == 1.2 and card["name"] == "latent"
    assert card["denoiser"]["planes"] == ["rays"] and denoiser.planes == ("rays",)
    x = torch.randn(1, 8, 4, 4)
    assert torch.equal(denoiser(x, torch.ones(1), condition(1)).mean, net(x, torch.ones(1), condition(1)).mean)
    with pytest.raises(ModelError, match=r"1\.60 dB"):
        save_latent(tmp_path / "bad", code, None, floor=1.6)
    assert not (tmp_path / "bad").exists()
    raw = json.loads((tmp_path / "m" / CARD_FILE).read_text())
    for change in ({"floor_db": 1.7}, {"format": 9}, {"sha256": "0" * 64}):
        (tmp_path / "m" / CARD_FILE).write_text(json.dumps({**raw, **change}))
        with pytest.raises(ModelError, match="not a usable latent model"):
            load_latent(tmp_path / "m")
    with pytest.raises(ModelError):
        load_latent(tmp_path / "nowhere")


def test_rays_steer_the_denoiser_and_a_latent_mean_is_one_call():
    torch.manual_seed(0)
    net = LatentDenoiser(8, (16, 16), 1)
    torch.nn.init.normal_(net.network.exit.weight, std=0.1)
    told = condition(2)
    lit = replace(told, rays=torch.randn(2, len(RAY_PLANES), 16, 16))
    with torch.no_grad():
        dark, bright = latent_mean(net, told), latent_mean(net, lit)
    assert dark.mean.shape == (2, 8, 4, 4) and dark.var is not None
    assert not torch.allclose(dark.mean, bright.mean)


def test_the_published_size_stays_below_6_mb():
    parts = MapAutoencoder(), LatentDenoiser(MapAutoencoder().options.latent)
    assert 2 * sum(p.numel() for part in parts for p in part.parameters()) < 6e6


def test_the_latent_model_of_the_package_is_small_loses_little_and_answers():
    code, denoiser, card = embedded_latent()
    folder = files("openckm.assets") / "latent"
    assert sum(len((folder / name).read_bytes()) for name in (CARD_FILE, WEIGHT_FILE)) < 6e6
    assert card["floor_db"] <= FLOOR_DB and card["licence"] == "Apache-2.0" and card["samples"] > 0
    assert not any(held in card["training_data"] for held in ("florence", "san_francisco", "rotterdam"))
    found = code.decode(latent_mean(denoiser, condition(1)).mean)
    assert found.shape == (1, 5, 16, 16) and bool(torch.isfinite(found).all())
