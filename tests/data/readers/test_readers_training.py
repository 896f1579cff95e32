"""From a data set to a training set: tiles, wider cells, and honest weights where directions or sites are unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openckm.data.readers import open_dataset
from openckm.data.readers.training import training_maps
from openckm.errors import InputError, OptionError
from openckm.maps.pixels import GreyScale
from openckm.priors.conditioning import SITE_PLANES
from openckm.training.samples import SampleOptions, TrainingSet
from openckm.training.simulate import EvidenceOptions

PLANE = {name: k for k, name in enumerate(SITE_PLANES)}
ALL_TOLD = SampleOptions(0.0, 1.0, 1.0, 1.0, EvidenceOptions(none=0.0, direction=1.0, dense_direction=1.0))


def test_maps_are_cut_into_tiles_that_keep_their_place(seer):
    record = open_dataset("radiomapseer", seer)[0]
    tiles = list(training_maps([record], shape=(100, 120)))
    assert [t.grid.origin for t in tiles] == [(8, -28), (128, -28), (8, -128), (128, -128)]
    for tile in tiles:
        top, left = int(-tile.grid.origin[1]), int(tile.grid.origin[0])
        window = (slice(top, top + 100), slice(left, left + 120))
        np.testing.assert_array_equal(tile.gain_db, record.gain_db[window])
        np.testing.assert_array_equal(tile.layout.height_m, record.layout.height_m[window])
        assert tile.layout.grid == tile.grid and tile.transmitter == record.transmitter


def test_cars_are_cut_and_coarsened_with_the_map(seer):
    record = open_dataset("radiomapseer", seer, cars=True)[0]
    (tile,) = training_maps([record], shape=(200, 200))
    np.testing.assert_array_equal(tile.vehicle_m, record.vehicle_m[28:228, 28:228])
    (coarse,) = training_maps([record], cell_m=2.0)
    assert coarse.vehicle_m.shape == (128, 128) and coarse.vehicle_m.max() == 1.5


def test_wider_cells_average_power(seer):
    data = open_dataset("radiomapseer", seer)
    maps = list(training_maps(data, cell_m=2.0))
    assert len(maps) == 6 and {m.grid.shape for m in maps} == {(128, 128)} and maps[0].grid.cell_m == 2.0
    block = 10 ** (data[0].gain_db[200:202, 20:22].astype(float) / 10)
    assert maps[0].gain_db[100, 10] == pytest.approx(10 * np.log10(block.mean()), abs=1e-3)


def test_tiles_without_gain_are_left_out(seer):
    tiles = list(training_maps(open_dataset("radiomapseer", seer, threshold=0.45)[:1], shape=(64, 64)))
    every = list(training_maps(open_dataset("radiomapseer", seer, threshold=0.45)[:1], shape=(64, 64), least_covered=0))
    assert 0 < len(tiles) < len(every) == 16
    assert min(t.covered.mean() for t in tiles) >= 0.05


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"cell_m": 1.5}, OptionError, "multiple"),
        ({"cell_m": 0.5}, OptionError, "multiple"),
        ({"shape": (512, 512)}, InputError, "fewer than a tile"),
        ({"shape": (0, 8)}, OptionError, "positive sides"),
    ],
)
def test_impossible_tiles_are_refused(seer, options, error, word):
    with pytest.raises(error, match=word):
        list(training_maps(open_dataset("radiomapseer", seer)[:1], **options))


def test_what_is_not_the_gain_of_one_transmitter_is_refused(bands, radio3d):
    with pytest.raises(InputError, match="MultiSiteMap is not the gain of one transmitter"):
        list(training_maps(open_dataset("bratlab", bands, cell_m=5.0)))
    with pytest.raises(InputError, match="no gain"):
        list(training_maps(open_dataset("urbanradio3d", radio3d, kinds=("delay",))))
    frames = open_dataset("urbanradio3d", radio3d, scale=GreyScale(-130.0, 75.0))
    assert len(list(training_maps(frames))) == 4


def sampled(data, options=ALL_TOLD, count=24, **tiles):
    held = TrainingSet(training_maps(data, **tiles), options)
    return held, held.sample(np.arange(count) % len(held), np.random.default_rng(0))


def test_maps_without_directions_train_no_direction_and_give_no_reading_of_one(seer):
    held, batch = sampled(open_dataset("radiomapseer", seer)[:2], cell_m=4.0, shape=(64, 64))
    assert len(held) == 2
    weight = batch.weight.numpy()
    known = weight[:, 0] == 1.0
    assert known.mean() > 0.5
    assert not weight[:, 1:3].any() and (weight[:, 3:] > 0).all()
    assert not batch.condition.evidence[:, 3:].any() and bool(batch.condition.evidence[:, 2].any())
    assert bool((batch.condition.site[:, PLANE["transmitter_known"]] == 1).all())


def test_maps_with_directions_still_train_them(ckm):
    _, batch = sampled(open_dataset("ckmimagenet", ckm, cell_m=1.0), shape=(64, 64))
    weight = batch.weight.numpy()
    np.testing.assert_allclose(weight[:, 1][weight[:, 0] == 1.0], 0.3)
    assert bool(batch.condition.evidence[:, 3:].any())


def test_an_unknown_transmitter_and_unknown_heights_are_never_told(ckm):
    _, batch = sampled(open_dataset("ckmimagenet", ckm, cell_m=1.0), cell_m=2.0, shape=(64, 64))
    site = batch.condition.site
    assert not site[:, PLANE["transmitter_known"]].any() and not site[:, PLANE["free_space"]].any()
    assert not site[:, PLANE["height_known"]].any() and not site[:, PLANE["height"]].any()
    assert bool((site[:, PLANE["building_known"]] == 1).all())
    assert not batch.condition.scalars.any()


def test_a_known_height_is_told(seer3d):
    _, batch = sampled(open_dataset("radiomap3dseer", seer3d), cell_m=4.0, shape=(64, 64), count=4)
    assert bool((batch.condition.site[:, PLANE["height_known"]] == 1).all())
    none = replace(ALL_TOLD, height=0.0)
    _, batch = sampled(open_dataset("radiomap3dseer", seer3d), none, cell_m=4.0, shape=(64, 64), count=4)
    assert not batch.condition.site[:, PLANE["height_known"]].any()
