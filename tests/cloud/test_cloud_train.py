"""A first prior: trained on what the suite leaves, resumed to the same bits, with the maps' origin in its card."""

from __future__ import annotations

import numpy as np
import pytest
from regions import GIVEN, shard_of, write

from openckm.cloud.ingest import MapStore, ingest
from openckm.cloud.suite import freeze
from openckm.cloud.train import FirstOptions, train_first
from openckm.errors import ModelError, OptionError
from openckm.priors.denoiser import (
    SIZES,
    MapDenoiserOptions,
    ReversibleMapDenoiser,
    ReversibleMapDenoiserOptions,
)
from openckm.priors.pretrained import load_prior
from openckm.store.weights import digest
from openckm.training.samples import TrainingSet

OPTIONS = FirstOptions(size="xs", steps=6, batch=2, learning_rate=3e-3, ema=0.5)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setitem(SIZES, "xs", MapDenoiserOptions((8, 8, 8, 8), 1))


def run(store, suite, folder, **more):
    options = more.pop("options", OPTIONS)
    return train_first(folder / "new", store, suite, folder / "work", name="first", options=options, **more)


@pytest.fixture(scope="module")
def few(store, suite):
    """The suite with two maps of each part and region, and one pattern, so that scoring is quick."""
    from dataclasses import replace

    kept, seen = [], {}
    for item in suite.items:
        seen[item.region, item.part] = seen.get((item.region, item.part), 0) + 1
        if seen[item.region, item.part] <= 2:
            kept.append(item)
    return replace(suite, items=tuple(kept), patterns=suite.patterns[:1], levels=(0.4,))


def test_the_card_says_where_the_maps_are_from_and_interruption_changes_no_bit(store, few, tmp_path, monkeypatch):
    read, plain = [], type(store).read
    monkeypatch.setattr(type(store), "read", lambda self, entry: (read.append(entry), plain(self, entry))[1])
    card, step = run(store, few, tmp_path / "once")
    assert step == 6 and card == load_prior(tmp_path / "once" / "new")[1]
    assert (card.name, card.version, card.licence) == ("first", "0.1.0", "Apache-2.0")
    assert card.credits == "a town (CC-BY-4.0)" and "sources: made by code" in card.training_data
    assert {"oldtown_rmse_db", "newtown_denoise"} <= set(card.metrics)
    assert (card.cell_m, card.carrier_hz) == ((4.0, 4.0), (3.5e9, 3.5e9))
    assert read and not {entry.scene for entry in read} & set(few.scenes)
    unfinished, reached = run(store, few, tmp_path / "twice", seconds=0.0)
    assert (unfinished, reached) == (None, 0) and not (tmp_path / "twice" / "new").exists()
    run(store, few, tmp_path / "twice")
    weights = "new/weights.safetensors"
    assert digest(tmp_path / "twice" / weights) == digest(tmp_path / "once" / weights)


def test_a_reversible_network_is_trained_published_and_loaded_as_its_card_says(store, few, tmp_path, monkeypatch):
    monkeypatch.setitem(ReversibleMapDenoiser.sizes, "xs", ReversibleMapDenoiserOptions((8, 8, 8, 8), 1))
    options = FirstOptions(size="xs", steps=2, batch=2, ema=0.5, architecture="reversible")
    card, _ = run(store, few, tmp_path, options=options)
    network, read = load_prior(tmp_path / "new")
    assert type(network) is ReversibleMapDenoiser and read == card
    assert card.architecture == {
        "class": "ReversibleMapDenoiser", "widths": [8, 8, 8, 8], "blocks": 1, "injector": True, "exact": True,
    }  # fmt: skip
    assert "reversible, size xs" in card.recipe
    assert card.metrics["inverse_drift"] == 0.0, "measured, and exact"


def test_fine_maps_are_shown_coarsened_too(few, tmp_path, monkeypatch):
    arrays = shard_of(list(range(4)), side=64) | {"cell_m": np.full(4, 2.0)}
    ingest(tmp_path / "store", [write(tmp_path / "a.npz", arrays)], GIVEN)
    sizes, plain = [], TrainingSet.sample
    monkeypatch.setattr(
        TrainingSet, "sample", lambda self, *a, **k: (sizes.append(self.knowns.shape[-1]), plain(self, *a, **k))[1]
    )
    store = MapStore(tmp_path / "store")
    from dataclasses import replace

    run(store, few, tmp_path, options=replace(OPTIONS, steps=2))
    assert {32, 64} == set(sizes)


def test_what_does_not_fit_is_refused(store, few, tmp_path):
    run(store, few, tmp_path, seconds=0.0)
    with pytest.raises(ModelError, match="holds another refresh or training"):
        run(store, few, tmp_path, options=FirstOptions(size="xs", steps=7))
    everything = freeze(store, tmp_path / "suite", {"oldtown": 1.0, "newtown": 1.0}, most=2)
    for call, message in [
        (lambda: run(store, few, tmp_path, version="1"), "wanted 1.2.3"),
        (lambda: run(store, few, tmp_path, licence="CC-BY-NC-4.0"), "CC-BY-NC-4.0"),
        (lambda: run(store, everything, tmp_path / "x"), "is in a scene of the suite"),
        (lambda: FirstOptions(size="xxl"), "choose one of xs, s, m"),
        (lambda: FirstOptions(architecture="mlp"), "choose one of unet, reversible"),
        (lambda: FirstOptions(size="m", architecture="reversible"), "choose one of xs, s"),
        (lambda: FirstOptions(steps=0), "wanted counts"),
        (lambda: FirstOptions(nothing=1.0), "wanted shares"),
    ]:
        with pytest.raises(OptionError, match=message):
            call()
