"""CKMImageNet on a tiny pair of trees: P1's scales, directions that point at the station, and half trees."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_datasets import ANTENNA, patch_pictures, save

from openckm.data.readers import open_dataset
from openckm.data.readers.checks import pointing
from openckm.data.readers.ckmimagenet import AngleConvention, Patch
from openckm.errors import InputError, OptionError
from openckm.maps.pixels import GreyScale

GAIN, ANGLE = patch_pictures()
BUILT = np.zeros((128, 128), bool)
BUILT[20:40, 90:120] = True
SILENT = BUILT.copy()
SILENT[:5, :5] = True


def station(traced):
    return float(traced.grid.x[ANTENNA[1]]), float(traced.grid.y[ANTENNA[0]])


def test_names_are_scene_station_and_patch(ckm):
    data = open_dataset("ckmimagenet", ckm, cell_m=1.0)
    assert data.keys == (
        Patch("eval", "NJ5", 2, 6, 6), Patch("train", "BJ1", 1, 0, 0), Patch("train", "BJ1", 10, 0, 1)
    )  # fmt: skip
    assert open_dataset("ckmimagenet", ckm, cell_m=1.0, part="eval").keys == data.keys[:1]
    assert (data[2].city, data[2].scene) == ("BJ1", "BJ1_BS10")


def test_a_patch_holds_what_its_two_pictures_say(ckm):
    data = open_dataset("ckmimagenet", ckm, cell_m=2.0)
    traced = data[0]
    assert traced.grid.cell_m == 2.0 and traced.transmitter is None
    np.testing.assert_array_equal(traced.layout.building, BUILT)
    assert traced.layout.height_known == 0.0
    np.testing.assert_array_equal(traced.covered, ~SILENT)
    np.testing.assert_array_equal(np.isfinite(traced.aoa_rad), ~SILENT)
    np.testing.assert_allclose(traced.gain_db[~SILENT], (-250.0 + 200.0 * GAIN / 255)[~SILENT], atol=1e-3)
    theta = ((ANGLE / 255 - 1 / 19) / (18 / 19) * 360 - 180)[~SILENT]
    error = np.angle(np.exp(1j * (traced.aoa_rad[~SILENT] - np.radians(theta))))
    assert np.abs(np.degrees(error)).max() < 1e-3
    assert data.least_gain_db == -250.0


def test_directions_point_at_the_station_and_only_by_the_right_convention(ckm):
    right = open_dataset("ckmimagenet", ckm, cell_m=1.0)[0]
    found = pointing(right.grid, right.aoa_rad, *station(right))
    assert found.concentration > 0.99 and abs(found.offset_deg) < 1.5 and found.cells > 1000
    travel = open_dataset("ckmimagenet", ckm, cell_m=1.0, angles=AngleConvention(zero_deg=180.0))[0]
    assert abs(pointing(travel.grid, travel.aoa_rad, *station(travel)).offset_deg) > 178
    mirrored = open_dataset("ckmimagenet", ckm, cell_m=1.0, angles=AngleConvention(clockwise=True))[0]
    assert pointing(mirrored.grid, mirrored.aoa_rad, *station(mirrored)).concentration < 0.3
    with pytest.raises(OptionError, match="finite"):
        AngleConvention(float("inf"))


def test_rows_from_the_south_are_turned_over(ckm):
    upright = open_dataset("ckmimagenet", ckm, cell_m=1.0)[0]
    turned = open_dataset("ckmimagenet", ckm, cell_m=1.0, rows_from_south=True)[0]
    np.testing.assert_array_equal(turned.gain_db, upright.gain_db[::-1])
    np.testing.assert_array_equal(turned.layout.building, upright.layout.building[::-1])


def test_scale_and_building_pixel_are_parameters(ckm):
    scale = GreyScale(-200.0, 150.0)
    data = open_dataset("ckmimagenet", ckm, cell_m=1.0, scale=scale)
    np.testing.assert_allclose(data[0].gain_db[~SILENT], scale.decode(GAIN)[~SILENT], atol=1e-4)
    assert data.least_gain_db == -200.0
    angle = ANGLE.copy()
    angle[60:70, 60:70] = 3
    save(ckm / "CKM_AoA_128/eval/NJ5_image_128_AoA/NJ5_128_BS2_6_6_AoA.png", angle)
    plain = open_dataset("ckmimagenet", ckm, cell_m=1.0)[0]
    assert not plain.layout.building[60:70, 60:70].any() and np.isnan(plain.aoa_rad[60:70, 60:70]).all()
    assert open_dataset("ckmimagenet", ckm, cell_m=1.0, building_pixel=0.02)[0].layout.building[60:70, 60:70].all()


def test_a_gain_without_its_angle_stops_the_reader_or_is_listed(ckm):
    gone = ckm / "CKM_AoA_128/train/BJ1_image_128_AoA/BJ1_128_BS10_0_1_AoA.png"
    gone.unlink()
    with pytest.raises(InputError) as caught:
        open_dataset("ckmimagenet", ckm, cell_m=1.0)
    assert f"1 files are missing: {gone} (AoA)" in str(caught.value) and "missing='skip'" in str(caught.value)
    data = open_dataset("ckmimagenet", ckm, cell_m=1.0, missing="skip")
    assert len(data) == 2 and data.left_out == (f"{gone} (AoA)",)
    with pytest.raises(InputError, match="not in"):
        data.read(Patch("train", "BJ1", 10, 0, 1))


def test_an_angle_without_its_gain_counts_as_much(ckm):
    gone = ckm / "CKM_gain_128/eval/NJ5_image_128/NJ5_128_BS2_6_6.png"
    (gone.parent / "NJ5_128_BS2_6_5.png").write_bytes(gone.read_bytes())
    gone.unlink()
    with pytest.raises(InputError, match="2 files are missing") as caught:
        open_dataset("ckmimagenet", ckm, cell_m=1.0)
    assert f"{gone} (gain)" in str(caught.value) and "NJ5_128_BS2_6_5_AoA.png (AoA)" in str(caught.value)


def test_a_whole_tree_that_is_missing_and_a_wrong_name_are_told(ckm):
    odd = ckm / "CKM_gain_128/eval/NJ5_image_128/NJ5_64_BS2_6_6.png"
    save(odd, GAIN)
    with pytest.raises(InputError, match=r"<SCENE>_128_BS<k>_<i>_<j>\.png") as caught:
        open_dataset("ckmimagenet", ckm, cell_m=1.0)
    assert str(odd) in str(caught.value)
    odd.unlink()
    (ckm / "CKM_AoA_128").rename(ckm / "AoA")
    with pytest.raises(InputError, match="CKM_AoA_128 does not exist"):
        open_dataset("ckmimagenet", ckm, cell_m=1.0)
    assert len(open_dataset("ckmimagenet", ckm, cell_m=1.0, aoa_tree="AoA")) == 3
