"""What an edge runs and refuses: cards that do not fit keep the old version, new instruments need no new model."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from store_worlds import Middle, World

from openckm.errors import ModelError
from openckm.infer.exact.spectrum import WhiteSpectrum
from openckm.infer.posterior_draws import sample_posterior
from openckm.observe import Gaussian, LinearOperator, map_domain
from openckm.priors.pretrained import load_prior, require_runnable
from openckm.store import Updater
from worlds import save_tiny


@pytest.fixture
def place(world, tmp_path) -> tuple[World, Updater, Middle, Path]:
    """An edge that runs version 0.0.1, and a folder for the next version."""
    world.repository.publish(save_tiny(tmp_path / "tiny"), "stable", ("bf16",))
    middle = Middle(world.url)
    edge = Updater(world.root, world.url, tmp_path / "edge", accept=require_runnable, fetcher=middle)
    edge.update()
    shutil.copytree(tmp_path / "tiny", tmp_path / "next")
    return world, edge, middle, tmp_path / "next"


RANGES = {"gain_db": [-300.0, 0.0], "aoa_cos": [-1.0, 1.0], "aoa_sin": [-1.0, 1.0], "building": [0.0, 1.0]}
UNFIT = {
    "class": ({"architecture": {"class": "Transformer", "widths": [8, 8, 8, 8], "blocks": 1}}, "this program runs Map"),
    "unknown size": (
        {"architecture": {"class": "MapDenoiser", "widths": [8, 8, 8, 8], "blocks": 1, "heads": 2}}, "this program runs"
    ),
    "sizes": ({"architecture": {"class": "MapDenoiser", "widths": [0], "blocks": 1}}, "must be positive"),
    "channels": ({"channels": ["gain_db", "delay_ns"]}, "with channels"),
    "ranges": ({"ranges": {**RANGES, "covered": [0.0, 2.0]}}, "this program runs ranges"),
    "sides": ({"grid_multiple": 32}, "sides divisible by 32"),
    "schema": ({"schema": 9}, "reads schemas 1 to 2: update OpenCKM"),
}  # fmt: skip


@pytest.mark.parametrize("change", UNFIT)
def test_an_edge_refuses_what_it_cannot_run_says_why_and_keeps_its_version(place, change, monkeypatch):
    world, edge, middle, folder = place
    fields, message = UNFIT[change]
    card = json.loads((folder / "card.json").read_text()) | {"version": "0.0.2"} | fields
    if change == "schema":  # a publisher of a later program: ours cannot make such a card
        monkeypatch.setattr("openckm.store.card.SCHEMA", 9)
        monkeypatch.setattr("openckm.store.card.ModelCard.__post_init__", lambda self: None)
    (folder / "card.json").write_text(json.dumps(card))
    world.repository.publish(folder, "stable", ("bf16",))
    monkeypatch.undo()
    had = edge.current()
    middle.asked.clear()
    with pytest.raises(ModelError, match=message):
        edge.update()
    assert edge.current() == had and load_prior(had)[1].version == "0.0.1"
    assert not any("/chunks/" in url or "/deltas/" in url for url in middle.asked), "no weights were fetched"


def test_the_card_that_fits_is_taken(place):
    world, edge, _, folder = place
    card = json.loads((folder / "card.json").read_text()) | {"version": "0.0.2"}
    (folder / "card.json").write_text(json.dumps(card))
    world.repository.publish(folder, "stable", ("bf16",))
    assert load_prior(edge.update())[1].version == "0.0.2"


class Thirds(LinearOperator):
    """An instrument that nobody had when the model was published: the mean of every third row, all columns together."""

    def __init__(self, domain):
        rows, _ = domain.shape
        self.domain, self.range = domain, replace(domain, shape=(len(range(0, rows, 3)), 1), channels=("gain_db",))

    def apply(self, x):
        return x[:, :1, ::3].mean(dim=-1, keepdim=True)

    def apply_adjoint(self, y):
        x = torch.zeros(len(y), *self.domain.full_shape, dtype=y.dtype)
        x[:, :1, ::3] = y / self.domain.shape[1]
        return x


def test_a_new_operator_needs_no_new_model(place):
    """The model that the edge fetched answers for an instrument that was defined after it was published."""
    _, edge, _, _ = place
    net, card = load_prior(edge.current())
    operator = Thirds(map_domain((16, 16)))
    y = torch.linspace(-0.6, 0.6, 6).view(1, 1, 6, 1)
    shape = (len(card.channels), 16, 16)
    near, far = (
        sample_posterior(
            net, Gaussian(operator, y, sigma), shape, draws=2, steps=6, seed=1, spectrum=WhiteSpectrum()
        ).maps
        for sigma in (0.01, 1e3)
    )
    off = [float((operator(draws) - y).square().mean().sqrt()) for draws in (near, far)]
    assert off[0] < 0.05 and off[1] > 0.2
