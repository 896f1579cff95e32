"""Training samples: weights, windows, what is forgotten, and batches that are a function of (seed, step)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.data.coarsen import coarsen
from openckm.data.shards import _traced_map, latent_state
from openckm.errors import InputError
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import CHANNELS
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry
from openckm.priors.conditioning import SITE_PLANES, scalars, stack_site
from openckm.priors.planes import SITE_QUANTITIES
from openckm.training.samples import CHANNEL_WEIGHTS, HIDDEN_WEIGHT, MixedSet, SampleOptions, TrainingSet
from openckm.training.simulate import EvidenceOptions
from openckm.training.trainer import Batch
from worlds import shard_arrays

MAPS = [_traced_map(shard_arrays(3), k, "scene") for k in range(3)]
ALL_TOLD = SampleOptions(building=1.0, height=1.0, transmitter=1.0, evidence=EvidenceOptions(none=1.0))
PLANE = {name: k for k, name in enumerate(SITE_PLANES)}
OF_TRANSMITTER = ("free_space", "pattern", "bearing_east", "bearing_north", "transmitter_known")


def samples(options: SampleOptions, *, fold: int = 1, seed: int = 0, count: int = 24) -> Batch:
    chosen = np.arange(count) % len(MAPS)
    return TrainingSet(MAPS, options).sample(chosen, np.random.default_rng(seed), fold=fold)


def mixed(seed: int = 0) -> MixedSet:
    return MixedSet(TrainingSet(MAPS), TrainingSet([coarsen(m) for m in MAPS]), 2, seed=seed)


def same(one: Batch, other: Batch) -> bool:
    parts = [(getattr(one.condition, n), getattr(other.condition, n)) for n in ("site", "evidence", "scalars")]
    return torch.equal(one.clean, other.clean) and all(torch.equal(a, b) for a, b in parts)


def test_samples_are_the_maps_under_one_symmetry_of_state_site_and_weight():
    batch = samples(ALL_TOLD)
    turns = []
    for k in range(24):
        traced = MAPS[k % 3]
        state, known = latent_state(traced)
        geometry = site_geometry(traced.grid, traced.transmitter, traced.layout.height_m)
        site = stack_site(traced.grid.shape, traced.layout.height_m, True, geometry)
        fits = [
            t for t in SYMMETRIES if np.allclose(batch.clean[k], apply_symmetry(t, state, CHANNELS), atol=2e-3)
        ]  # fmt: skip
        assert len(fits) == 1
        turns += fits
        np.testing.assert_allclose(batch.condition.site[k], apply_symmetry(fits[0], site, SITE_QUANTITIES), atol=4e-3)
        moved = apply_symmetry(fits[0], known[None])[0]
        for channel, share in enumerate(CHANNEL_WEIGHTS):
            hidden = share * HIDDEN_WEIGHT if channel < 3 else share
            np.testing.assert_allclose(batch.weight[k, channel], np.where(moved, share, hidden), rtol=1e-6)
    assert len(set(turns)) >= 6


def test_steering_tells_cell_and_carrier_only_with_the_transmitter():
    told = samples(ALL_TOLD).condition.scalars
    untold = samples(replace(ALL_TOLD, transmitter=0.0)).condition.scalars
    for k in range(24):
        want = scalars(4.0, MAPS[k % 3].transmitter.carrier_hz)[0]
        torch.testing.assert_close(told[k], want)
        torch.testing.assert_close(untold[k], want * torch.tensor([1.0, 0.0]))
    assert bool((told[:, 1] != 0).any())


@pytest.mark.parametrize(
    ("change", "flags", "gone"),
    [
        ({"building": 0.0}, (0, 0, 1), ("building", "height", "obstruction", "diffraction")),
        ({"height": 0.0}, (1, 0, 1), ("height", "diffraction")),
        ({"transmitter": 0.0}, (1, 1, 0), (*OF_TRANSMITTER, "obstruction", "diffraction")),
    ],
)
def test_what_is_forgotten_is_zero_and_so_is_what_follows_from_it(change, flags, gone):
    site = samples(replace(ALL_TOLD, **change)).condition.site
    for name, flag in zip(("building_known", "height_known", "transmitter_known"), flags, strict=True):
        assert bool((site[:, PLANE[name]] == flag).all()), name
    constant = {"building_known", "height_known", "transmitter_known"}
    for name in set(SITE_PLANES) - constant:
        present = bool(site[:, PLANE[name]].any())
        assert present == (name not in gone), name


def test_forgetting_happens_as_often_as_asked():
    batch = samples(SampleOptions(building=0.5, height=0.5, transmitter=0.3), count=300)
    means = [float(batch.condition.site[:, PLANE[f"{n}_known"], 0, 0].mean()) for n in ("building", "transmitter")]
    for got, want in zip(means, (0.5, 0.3), strict=True):
        assert abs(got - want) < 5 * np.sqrt(want * (1 - want) / 300)
    heights = float(batch.condition.site[:, PLANE["height_known"], 0, 0].mean())
    assert abs(heights - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 300)


def test_forgetting_leaves_the_stored_maps_alone():
    held = TrainingSet(MAPS, SampleOptions(building=0.0, transmitter=0.0))
    before = held.sites.copy(), held.states.copy()
    held.sample(np.arange(3), np.random.default_rng(0))
    np.testing.assert_array_equal(held.sites, before[0])
    np.testing.assert_array_equal(held.states, before[1])


def test_crops_are_windows_of_the_map():
    batch = samples(ALL_TOLD, fold=2)
    assert batch.clean.shape == (24, 5, 16, 16) and batch.condition.site.shape[-2:] == (16, 16)
    places = set()
    for k in range(24):
        state, _ = latent_state(MAPS[k % 3])
        held = state.astype(np.float16).astype(np.float32)
        found = [
            (top, left)
            for t in SYMMETRIES
            for back in [apply_symmetry(t, batch.clean[k].numpy(), CHANNELS)]
            for top in range(17)
            for left in range(17)
            if held[0, top, left] == back[0, 0, 0] and np.array_equal(held[:, top : top + 16, left : left + 16], back)
        ]
        assert len(found) == 1
        places |= set(found)
    assert len(places) > 12


def test_evidence_speaks_of_the_sample_it_belongs_to():
    plain = EvidenceOptions(0.0, (0.2, 0.4), (0.3, 0.3), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, blocks=0.0)
    options = replace(ALL_TOLD, evidence=plain)
    batch = samples(options)
    low, weight = batch.condition.evidence[:, 0], batch.condition.evidence[:, 2]
    seen = weight > 0
    assert int(seen.sum()) > 500
    error = (low - batch.clean[:, 0])[seen]
    assert float(error.std()) * CHANNELS[0].scale == pytest.approx(0.3, rel=0.15)


def test_a_batch_is_a_function_of_seed_and_step():
    for step in (0, 1, 5):
        assert same(mixed().batch(step), mixed().batch(step))
    held = mixed()
    held.batch(4)
    assert same(held.batch(1), mixed().batch(1)), "earlier batches must not matter"
    assert not same(held.batch(0), held.batch(3))
    assert not same(held.batch(0), mixed(seed=1).batch(0))


def test_shapes_of_batches():
    whole, parts = mixed().batch(3), mixed().batch(4)
    assert whole.clean.shape == (2, 5, 32, 32)
    assert parts.clean.shape == parts.weight.shape == (4, 5, 16, 16)
    np.testing.assert_allclose(parts.condition.scalars[:, 0], [1.0, 1.0, 2.0, 2.0])
    assert bool(torch.isfinite(parts.clean).all())


def test_sets_that_cannot_be():
    with pytest.raises(InputError, match="at least one map; generate some"):
        TrainingSet([])
    with pytest.raises(InputError, match="wanted half the sides"):
        MixedSet(TrainingSet(MAPS), TrainingSet(MAPS), 2)
