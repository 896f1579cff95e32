"""A denoiser on disk and back: exact in bf16, refused when anything does not fit; and the prior in the package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from openckm.errors import ModelError
from openckm.maps.quantity import CHANNELS
from openckm.maps.site import Transmitter
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, scalars, site_planes
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import CARD_FILE, WEIGHT_FILE, embedded_prior, load_prior, save_prior
from openckm.store.weights import digest, read_weights, write_weights
from worlds import CARD, centred_grid, tiny_denoiser

EMBEDDED_BYTES = 12 * 2**20


def change_card(folder: Path, **changed: Any) -> None:
    path = folder / CARD_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


@pytest.fixture
def folder(tiny_prior: Path, tmp_path: Path) -> Path:
    """A copy of a good model, to be spoilt."""
    return Path(shutil.copytree(tiny_prior, tmp_path / "model"))


def test_weights_that_bf16_can_hold_come_back_exactly(tmp_path):
    denoiser = tiny_denoiser(3)
    for parameter in denoiser.parameters():
        parameter.data = parameter.data.bfloat16().float()
    card = save_prior(tmp_path, denoiser, **CARD)
    got, read = load_prior(tmp_path)
    assert read == card
    assert got.options == denoiser.options
    want = denoiser.state_dict()
    assert got.state_dict().keys() == want.keys()
    assert all(torch.equal(value, want[name]) for name, value in got.state_dict().items())
    assert not got.training and not any(p.requires_grad for p in got.parameters())
    x = torch.randn(1, 5, 16, 16, generator=torch.Generator().manual_seed(0))
    told, level = Condition.nothing(1, (16, 16)), torch.tensor([2.0])
    np.testing.assert_allclose(got(x, level, told).mean, denoiser(x, level, told).mean, atol=1e-6)


def test_other_weights_come_back_to_eight_bits(tmp_path):
    denoiser = tiny_denoiser(4)
    save_prior(tmp_path, denoiser, **CARD)
    for name, value in load_prior(tmp_path)[0].state_dict().items():
        np.testing.assert_allclose(value, denoiser.state_dict()[name], rtol=2**-8, err_msg=name)


@pytest.mark.parametrize(("precision", "error"), [("fp32", 0.0), ("bf16", 2**-8), ("int8", 0.5 / 127)])
def test_weights_of_each_precision_are_read(tmp_path, precision, error):
    denoiser = tiny_denoiser(4)
    save_prior(tmp_path, denoiser, precision=precision, **CARD)
    for name, value in load_prior(tmp_path)[0].state_dict().items():
        want = denoiser.state_dict()[name]
        np.testing.assert_allclose(value, want, atol=error * float(want.abs().max()), rtol=0, err_msg=name)


def test_the_card_says_what_was_saved(tmp_path):
    card = save_prior(tmp_path, tiny_denoiser(), **CARD)
    assert card.architecture == {"class": "MapDenoiser", "widths": [8, 8, 8, 8], "blocks": 1}
    assert card.channels == tuple(c.name for c in CHANNELS)
    assert card.grid_multiple == 16
    assert card.sha256 == digest(tmp_path / WEIGHT_FILE)
    assert {p.name for p in tmp_path.iterdir()} == {CARD_FILE, WEIGHT_FILE}


def flip(folder: Path) -> None:
    path = folder / WEIGHT_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def cut(folder: Path) -> None:
    path = folder / WEIGHT_FILE
    path.write_bytes(path.read_bytes()[:-100])


def rewrite(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    change_card(folder, sha256=write_weights(folder / WEIGHT_FILE, arrays))


def weights(folder: Path) -> dict[str, np.ndarray]:
    return read_weights(folder / WEIGHT_FILE, digest(folder / WEIGHT_FILE))


def as_whole_numbers(folder: Path) -> None:
    rewrite(folder, {name: array.astype(np.int32) for name, array in weights(folder).items()})


def without_one(folder: Path) -> None:
    rewrite(folder, dict(list(weights(folder).items())[1:]))


def with_one_more(folder: Path) -> None:
    rewrite(folder, {**weights(folder), "extra": np.zeros(3, np.uint16)})


ARCHITECTURE = {"class": "MapDenoiser", "widths": [8, 8, 8, 8], "blocks": 1}
SPOILT = {
    "corrupt byte": (flip, "corrupt or truncated.*fetch the model again"),
    "truncated": (cut, "corrupt or truncated.*fetch the model again"),
    "no weights": (lambda f: (f / WEIGHT_FILE).unlink(), "cannot read the weights.*fetch the model again"),
    "no card": (lambda f: (f / CARD_FILE).unlink(), "no model card there.*give the folder"),
    "unknown key": (lambda f: change_card(f, colour="red"), "unknown keys.*does not fit this version of OpenCKM"),
    "schema": (lambda f: change_card(f, schema=7), "schema 7.*update OpenCKM"),
    "class": (lambda f: change_card(f, architecture={**ARCHITECTURE, "class": "Net"}), "update OpenCKM or choose"),
    "option": (lambda f: change_card(f, architecture={**ARCHITECTURE, "depth": 3}), "update OpenCKM or choose"),
    "no option": (lambda f: change_card(f, architecture={"class": "MapDenoiser"}), "update OpenCKM or choose"),
    "no table": (lambda f: change_card(f, architecture="MapDenoiser"), "update OpenCKM or choose"),
    "switch": (
        lambda f: change_card(f, architecture={
            **ARCHITECTURE, "class": "ReversibleMapDenoiser", "injector": 1, "exact": True,
        }),
        "switches must be true or false",
    ),
    "split": (
        lambda f: change_card(f, architecture={
            "class": "ReversibleMapDenoiser", "widths": [8, 4, 8, 8], "blocks": 1, "injector": True, "exact": True,
        }),
        "every width from 1 to 4 times.*fetch the model again",
    ),
    "sizes": (lambda f: change_card(f, architecture={**ARCHITECTURE, "widths": 8}), "not whole numbers; fetch"),
    "no levels": (lambda f: change_card(f, architecture={**ARCHITECTURE, "widths": []}), "must be positive; fetch"),
    "channels": (lambda f: change_card(f, channels=["gain_db"]), "update OpenCKM or choose"),
    "other size": (
        lambda f: change_card(f, architecture={**ARCHITECTURE, "widths": [8, 8, 8, 16]}), "do not fit.*fetch",
    ),
    "tensor missing": (without_one, "weights do not fit the card's architecture.*fetch"),
    "tensor too many": (with_one_more, "weights do not fit the card's architecture.*fetch"),
    "int32": (as_whole_numbers, "is of type int32: wanted float32, bfloat16.*fetch"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_model_is_refused_by_name(folder, what):
    spoil, message = SPOILT[what]
    load_prior(folder)
    spoil(folder)
    with pytest.raises(ModelError, match=f"(?s){message}") as caught:
        load_prior(folder)
    assert str(folder) in str(caught.value)


def test_a_failed_save_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openckm.store.weights.os.fsync", full)
    with pytest.raises(ModelError, match="No space left"):
        save_prior(tmp_path / "model", tiny_denoiser(), **CARD)
    assert list(tmp_path.iterdir()) == []


def test_the_prior_in_the_package_is_the_one_its_card_speaks_of():
    from importlib.resources import files

    folder = Path(str(files("openckm.assets") / "prior_s"))
    denoiser, card = embedded_prior()
    assert embedded_prior()[0] is denoiser
    assert (folder / WEIGHT_FILE).stat().st_size < EMBEDDED_BYTES
    assert digest(folder / WEIGHT_FILE) == card.sha256
    assert card.grid_multiple == denoiser.multiple
    assert card.architecture["widths"] == list(denoiser.options.widths)
    assert card.ranges == {c.name: (c.lo, c.hi) for c in CHANNELS}
    assert all(bool(torch.isfinite(p).all()) for p in denoiser.parameters())


def gain_told_a_transmitter(denoiser: MapDenoiser) -> np.ndarray:
    """The mean gain [dB] on 64 x 64 cells around a transmitter in the west, of which nothing else is known."""
    grid = centred_grid(64, cell_m=2.0)
    tx = Transmitter(-60.3, 0.7)
    told = Condition(
        torch.as_tensor(site_planes(grid, None, tx))[None], torch.zeros(1, EVIDENCE_PLANES, 64, 64),
        scalars(2.0, tx.carrier_hz),
    )  # fmt: skip
    return CHANNELS[0].decode(posterior_mean(denoiser, told, symmetrise=False).mean[0, 0].numpy())


def test_the_prior_in_the_package_knows_that_gain_falls_with_distance():
    """The smallest sign of training: told a transmitter alone, near is stronger than far by more than 10 dB."""
    gain = gain_told_a_transmitter(embedded_prior()[0])
    assert gain[28:36, 2:10].mean() - gain[28:36, 54:62].mean() > 10.0


def test_the_prior_in_the_package_fits_into_6_mb_of_int8_and_answers_the_same(tmp_path):
    """What int8 adds is small beside errors of several dB: 0.5 dB beside 10 dB would be 0.1 % of RMSE."""
    save_prior(tmp_path / "int8", embedded_prior()[0], precision="int8", **CARD)
    assert (tmp_path / "int8" / WEIGHT_FILE).stat().st_size <= 6_000_000
    change = gain_told_a_transmitter(load_prior(tmp_path / "int8")[0]) - gain_told_a_transmitter(embedded_prior()[0])
    assert 0.0 < np.sqrt(np.mean(change**2)) < 0.5
