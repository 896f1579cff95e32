"""RadioMapSeer and RadioMap3DSeer on tiny worlds: scales, thresholds, cars, heights, the split, and faulty pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tiny_datasets import ANTENNA, BLOCK, SIDE, save, world

from openckm.data.readers import open_dataset
from openckm.data.readers.checks import gain_slope
from openckm.data.readers.radiomap3dseer import HeightCode
from openckm.data.readers.seer import map_numbers
from openckm.errors import InputError, OptionError
from openckm.maps.pixels import RADIOMAPSEER, RADIOMAPSEER_THRESHOLDED, GreyScale

GAIN = world()["gain"]
BUILT = world()["buildings"] > 0


def test_a_map_holds_what_its_pictures_say(seer):
    traced = open_dataset("radiomapseer", seer)[0]
    assert traced.grid.shape == (SIDE, SIDE) and traced.grid.cell_m == 1.0
    np.testing.assert_array_equal(traced.layout.building, BUILT)
    assert set(np.unique(traced.layout.height_m)) == {0.0, 25.0} and traced.layout.height_known == 1.0
    assert np.isnan(traced.gain_db[BUILT]).all() and np.isnan(traced.aoa_rad).all()
    np.testing.assert_allclose(traced.gain_db[~BUILT], (-147.0 + GAIN * 99.16 / 255)[~BUILT], atol=1e-4)
    tx = traced.transmitter
    assert (tx.x, tx.y) == (ANTENNA[1] + 0.5, -(ANTENNA[0] + 0.5))
    assert tuple(int(v) for v in traced.grid.index_of(tx.x, tx.y)) == ANTENNA
    assert (tx.height_m, tx.carrier_hz, tx.bearing_deg) == (1.5, 5.9e9, None)
    assert traced.vehicle_m is None
    assert gain_slope(traced.grid, traced.gain_db, tx.x, tx.y) == pytest.approx(-90 * 99.16 / 255, rel=0.02)


@pytest.mark.parametrize("scale", [RADIOMAPSEER, RADIOMAPSEER_THRESHOLDED, GreyScale(-186.0, 139.0)])
def test_the_scale_is_a_parameter(seer, scale):
    data = open_dataset("radiomapseer", seer, scale=scale)
    np.testing.assert_allclose(data[0].gain_db[~BUILT], scale.decode(GAIN)[~BUILT], atol=1e-4)
    assert data.least_gain_db == scale.floor_db


def test_the_threshold_is_a_floor_and_leaves_the_scale_alone(seer):
    data = open_dataset("radiomapseer", seer, threshold=0.2)
    assert data.least_gain_db == pytest.approx(-127.2, abs=0.05)
    traced = data[0]
    np.testing.assert_array_equal(traced.covered, (GAIN > 51) & ~BUILT)
    assert traced.gain_db[traced.covered].min() > data.least_gain_db
    whole = open_dataset("radiomapseer", seer)[0]
    np.testing.assert_array_equal(traced.gain_db[traced.covered], whole.gain_db[traced.covered])
    assert 0 < traced.covered.sum() < whole.covered.sum()


def test_grey_zero_in_the_street_is_outage_and_not_a_gain(seer):
    gain = GAIN.copy()
    gain[200:210] = 0
    save(seer / "gain/DPM/1_0.png", gain)
    traced = open_dataset("radiomapseer", seer)[0]
    assert not traced.covered[200:210].any() and not traced.layout.building[200:210].any()


def test_cars_have_heights_of_their_own(seer):
    with_cars = open_dataset("radiomapseer", seer, cars=True, vehicle_height_m=2.0)[0]
    cars = (world()["cars"] > 0) & ~BUILT
    np.testing.assert_array_equal(with_cars.vehicle_m, np.where(cars, 2.0, 0.0))
    np.testing.assert_array_equal(with_cars.layout.building, BUILT)
    np.testing.assert_array_equal(with_cars.covered, (GAIN > 0) & ~BUILT & ~cars)
    with pytest.raises(InputError, match="carsIRT2"):
        open_dataset("radiomapseer", seer, simulation="IRT2", cars=True)


def test_the_split_is_the_published_one():
    parts = {split: map_numbers(split) for split in ("train", "validation", "test")}
    assert {split: len(numbers) for split, numbers in parts.items()} == {"train": 501, "validation": 100, "test": 99}
    assert sorted(sum(parts.values(), ())) == list(range(1, 701))
    generator = np.random.RandomState(42)
    order = np.arange(0, 700, 1, dtype=np.int16)
    generator.shuffle(order)
    assert parts["test"] == tuple(order[601:700] + 1)
    with pytest.raises(OptionError, match="'validation'"):
        map_numbers("val")


def test_maps_are_chosen_by_split_or_by_number(seer):
    assert {k.number for k in open_dataset("radiomapseer", seer, maps=(1, 3)).keys} == {1, 3}
    split = next(s for s in ("train", "validation", "test") if 1 in map_numbers(s))
    chosen = {k.number for k in open_dataset("radiomapseer", seer, split=split).keys}
    assert chosen == {1, 2, 3} & set(map_numbers(split))
    with pytest.raises(InputError, match="only 3 others, numbers 1 to 3"):
        open_dataset("radiomapseer", seer, maps=(99,))
    with pytest.raises(OptionError, match="both given"):
        open_dataset("radiomapseer", seer, maps=(1,), split="test")


def test_heights_are_decoded_and_the_antenna_stands_above_its_roof(seer3d):
    traced = open_dataset("radiomap3dseer", seer3d)[0]
    code = HeightCode()
    np.testing.assert_allclose(traced.layout.height_m, np.where(BUILT, code.decode(128), 0.0))
    np.testing.assert_allclose(code.decode([0, 1, 255]), [0.0, 6.6, 19.75], atol=1e-5)
    tx = traced.transmitter
    assert tx.height_m == pytest.approx(float(code.decode(128)) + 3.0)
    assert tuple(int(v) for v in traced.grid.index_of(tx.x, tx.y)) == (BLOCK[0].start, BLOCK[1].start)
    np.testing.assert_allclose(traced.gain_db[~BUILT], (-111.0 + GAIN * 36.0 / 255)[~BUILT], atol=1e-4)
    other = open_dataset("radiomap3dseer", seer3d, heights=HeightCode(0.1, 25.5), antenna_above_roof_m=1.0)[0]
    assert other.transmitter.height_m == pytest.approx(13.8, abs=0.01)
    with pytest.raises(OptionError, match="low_m"):
        HeightCode(20.0, 10.0)


def small(path):
    save(path, np.zeros((64, 64)))


def colour(path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)).save(path)


def deep(path):
    Image.fromarray(np.full((SIDE, SIDE), 4000, np.uint16)).save(path)


def jpeg(path):
    Image.fromarray(GAIN).save(path, format="JPEG")


def cut(path):
    path.write_bytes(path.read_bytes()[:200])


def text(path):
    path.write_text("<html>404</html>")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (small, ("64 x 64", "256 x 256", "do not resize")),
        (colour, ("colour",)),
        (deep, ("mode I;16", "8-bit")),
        (jpeg, ("JPEG", "wanted PNG")),
        (cut, ("not a readable PNG", "fetch the file again")),
        (text, ("not a readable PNG", "fetch the file again")),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_a_faulty_picture_is_named_with_its_fault(seer, spoil, words):
    path = seer / "gain/DPM/1_0.png"
    spoil(path)
    with pytest.raises(InputError) as caught:
        open_dataset("radiomapseer", seer)[0]
    for word in (str(path), *words):
        assert word in str(caught.value)


def test_grey_saved_as_colour_or_palette_is_the_same_grey(seer):
    picture = Image.fromarray(GAIN)
    want = open_dataset("radiomapseer", seer)[0].gain_db
    for mode in ("RGB", "RGBA", "P"):
        picture.convert(mode).save(seer / "gain/DPM/1_0.png")
        np.testing.assert_array_equal(open_dataset("radiomapseer", seer)[0].gain_db, want)


@pytest.mark.parametrize("count", [0, 2])
def test_an_antenna_picture_wants_one_lit_pixel(seer, count):
    antenna = np.zeros((SIDE, SIDE))
    antenna[5, :count] = 255
    path = save(seer / "png/antennas/1_0.png", antenna)
    with pytest.raises(InputError, match=f"{count} pixels are lit") as caught:
        open_dataset("radiomapseer", seer)[0]
    assert str(path) in str(caught.value)


def test_a_misnamed_picture_and_one_that_vanishes_are_named(seer):
    data = open_dataset("radiomapseer", seer)
    (seer / "gain/DPM/1_0.png").unlink()
    with pytest.raises(InputError, match=r"1_0\.png does not exist"):
        data[0]
    save(seer / "gain/DPM/copy of 1.png", GAIN)
    with pytest.raises(InputError, match=r"copy of 1\.png.*<map>_<transmitter>\.png"):
        open_dataset("radiomapseer", seer)
