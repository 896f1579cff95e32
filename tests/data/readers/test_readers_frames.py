"""UrbanRadio3D and BRATLab on tiny worlds: frames, exchanged names, heights, bands and sites."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_datasets import ANTENNA, BLOCK, SIDE, SITES, cells, save, save_frames, world

from openckm.data.readers import open_dataset
from openckm.data.readers.bratlab import BandKey
from openckm.data.readers.checks import gain_slope, pointing
from openckm.data.readers.urbanradio3d import FrameKey
from openckm.errors import InputError
from openckm.maps.pixels import GreyScale

SCALE = GreyScale(-130.0, 75.0)
UP = SIDE - 1 - ANTENNA[0]
PLACE = (ANTENNA[1] + 0.5, -(ANTENNA[0] + 0.5))


def built(frames):
    mask = np.zeros((frames, SIDE, SIDE), bool)
    mask[:, *BLOCK] = True
    return mask


def test_directions_point_at_the_transmitter_in_every_frame(radio3d):
    data = open_dataset("urbanradio3d", radio3d, kinds=("azimuth", "delay"))
    assert data.keys == (FrameKey(3, (ANTENNA[1], UP)),)
    frames = data[0]
    assert frames.place == PLACE and frames.transmitter is None and frames.gain_db is None
    np.testing.assert_array_equal(frames.building, built(4))
    for k in range(4):
        found = pointing(frames.grid, frames.aoa_rad[k], *PLACE)
        assert found.concentration > 0.99 and abs(found.offset_deg) < 1.5
    assert np.isnan(frames.aoa_rad[built(4)]).all()


def test_a_cell_is_built_where_no_kind_has_a_value(radio3d):
    delay = np.where(world()["buildings"] > 0, 0, 100)
    delay[200:210] = 0  # the azimuth has values there, the delay none
    save_frames(radio3d / "Delay" / f"3_{ANTENNA[1]}_{UP}.gif", delay)
    frames = open_dataset("urbanradio3d", radio3d, kinds=("azimuth", "delay"))[0]
    np.testing.assert_array_equal(frames.building, built(4))
    assert np.isnan(frames.delay_s[:, 200:210]).all() and np.isfinite(frames.aoa_rad[:, 200:210]).all()


def test_delay_grows_with_distance_at_the_speed_of_light(radio3d):
    frames = open_dataset("urbanradio3d", radio3d, kinds=("delay",))[0]
    distance, free = cells()[2], ~built(1)[0]
    free[0, 0] = False  # what tells the frames apart
    np.testing.assert_allclose(frames.delay_s[0][free] * 299792458.0, distance[free], atol=1.3)


def test_path_loss_has_its_own_order_of_the_name_and_wants_a_scale(radio3d):
    data = open_dataset("urbanradio3d", radio3d, scale=SCALE, transmitter_height_m=20.0, carrier_hz=3.5e9)
    frames = data[0]
    assert frames.place == PLACE
    assert (frames.transmitter.x, frames.transmitter.y, frames.transmitter.height_m) == (*PLACE, 20.0)
    traced = frames.traced(2)
    assert gain_slope(traced.grid, traced.gain_db, *PLACE) < -20
    gain = np.maximum(world()["gain"], 1)
    gain[0, 0] = 12
    gain[BLOCK] = 0
    np.testing.assert_allclose(traced.gain_db[gain > 0], SCALE.decode(gain)[gain > 0], atol=1e-4)
    np.testing.assert_array_equal(traced.layout.building, gain == 0)
    assert traced.layout.height_known == 0.0
    with pytest.raises(InputError, match="no gain"):
        open_dataset("urbanradio3d", radio3d, kinds=("delay",))[0].traced()


def test_a_name_without_a_place_leaves_the_transmitter_open(radio3d):
    source = next((radio3d / "pathloss").iterdir())
    source.rename(source.with_name("1.gif"))
    frames = open_dataset("urbanradio3d", radio3d, scale=SCALE, transmitter_height_m=20.0, carrier_hz=3.5e9)[0]
    assert frames.place is None and frames.transmitter is None and np.isfinite(frames.gain_db).any()


def test_kinds_that_do_not_match_are_named(radio3d):
    extra = save_frames(radio3d / "Delay/9_1_2.gif", np.full((SIDE, SIDE), 7))
    with pytest.raises(InputError, match=r"1 files are missing.*Doa_Azi/9_1_2\.gif \(azimuth\)"):
        open_dataset("urbanradio3d", radio3d, kinds=("azimuth", "delay"))
    assert len(open_dataset("urbanradio3d", radio3d, kinds=("azimuth", "delay"), missing="skip")) == 1
    with pytest.raises(InputError, match="no folder DoA_Ele"):
        open_dataset("urbanradio3d", radio3d, kinds=("azimuth", "elevation"))
    save_frames(radio3d / "Doa_Azi" / extra.name, np.full((SIDE, SIDE), 7), count=2)
    data = open_dataset("urbanradio3d", radio3d, kinds=("azimuth", "delay"))
    with pytest.raises(InputError, match=r"\[2, 4\] frames"):
        data.read(FrameKey(9, (1, 2)))


def test_elevation_is_a_level_and_a_bad_file_is_named(radio3d):
    save_frames(radio3d / "DoA_Ele/4_0_0.gif", np.where(world()["buildings"] > 0, 0, 51))
    data = open_dataset("urbanradio3d", radio3d, kinds=("elevation",))
    level = data[0].elevation_level[1]
    assert np.isnan(level[BLOCK]).all() and level[200, 200] == pytest.approx(0.2)
    (radio3d / "DoA_Ele/4_0_0.gif").write_bytes(b"GIF89a")
    with pytest.raises(InputError, match=r"4_0_0\.gif is not a readable GIF"):
        data[0]
    (radio3d / "DoA_Ele/notes.gif").write_bytes(b"")
    with pytest.raises(InputError, match=r"notes\.gif: wanted a name"):
        open_dataset("urbanradio3d", radio3d, kinds=("elevation",))


def test_the_full_set_has_a_folder_for_each_height(tmp_path):
    gain = np.maximum(world()["gain"], 1)
    for k in (10, 1, 2):
        save(tmp_path / f"train/h{k}/8_X{UP}_Y{ANTENNA[1]}.png", np.clip(gain + np.uint8(0), 1, 250) - (k == 2))
    frames = open_dataset("urbanradio3d", tmp_path, scale=SCALE)[0]
    assert frames.receiver_height_m == (1.0, 2.0, 10.0) and frames.place == PLACE
    assert frames.gain_db.shape == (3, SIDE, SIDE)
    assert np.nanmean(frames.gain_db[1]) < np.nanmean(frames.gain_db[0]) == np.nanmean(frames.gain_db[2])
    save(tmp_path / f"train/h1/9_X{UP}_Y{ANTENNA[1]}.png", gain)
    with pytest.raises(InputError, match=r"2 files are missing.*h2/9_X"):
        open_dataset("urbanradio3d", tmp_path, scale=SCALE)
    with pytest.raises(InputError, match="no folder Doa_Azi"):
        open_dataset("urbanradio3d", tmp_path, kinds=("azimuth",))


def test_bands_of_an_area_with_its_sites(bands):
    data = open_dataset("bratlab", bands, cell_m=5.0, bands_mhz=(5750, 1750))
    assert data.keys == (BandKey(1, 5750), BandKey(1, 1750))
    high, low = data
    assert low.grid.shape == (40, 50) and low.grid.cell_m == 5.0
    where = [tuple(int(v) for v in low.grid.index_of(t.x, t.y)) for t in low.transmitters]
    assert tuple(where) == SITES
    assert {t.carrier_hz for t in low.transmitters} == {1.75e9} and low.transmit_power_dbm == 46.0
    assert low.layout.building.sum() == 25 and (low.layout.height_m[20:25, 5:10] == 10.0).all()
    np.testing.assert_array_equal(low.covered, ~low.layout.building)
    fall = low.power_dbm[low.covered] - high.power_dbm[high.covered]
    np.testing.assert_allclose(fall, 20 * np.log10(5750 / 1750), atol=1e-4)


def test_bundles_hold_the_same(bands, tmp_path):
    matrices = open_dataset("bratlab", bands, cell_m=5.0)
    power = np.stack([np.nan_to_num(m.power_dbm) for m in matrices])
    (tmp_path / "b").mkdir()
    np.savez(
        tmp_path / "b/area01.npz", rx_power_cdbm=np.rint(power * 100).astype(np.int16),
        freq_mhz=[k.band_mhz for k in matrices.keys],
    )  # fmt: skip
    (tmp_path / "b/stations_position.txt").write_text((bands / "stations_position.txt").read_text())
    bundled = open_dataset("bratlab", tmp_path / "b", cell_m=5.0)
    assert bundled.keys == matrices.keys
    for one, other in zip(bundled, matrices, strict=True):
        np.testing.assert_allclose(one.power_dbm, other.power_dbm, atol=0.0051)
        assert one.transmitters == other.transmitters


def test_what_is_wrong_with_bands_is_named(bands):
    matrix = bands / "receivedpower_2750MHz_mat/TOTAL_REC_2750MHz_1.mat"
    data = open_dataset("bratlab", bands, cell_m=5.0)
    matrix.write_bytes(matrix.read_bytes()[:150])
    with pytest.raises(InputError, match=r"TOTAL_REC_2750MHz_1\.mat: no readable map of 2750 MHz"):
        data[1]
    matrix.unlink()
    with pytest.raises(InputError, match=r"1 files are missing: .*TOTAL_REC_2750MHz_1\.mat \(power\)"):
        open_dataset("bratlab", bands, cell_m=5.0)
    assert len(open_dataset("bratlab", bands, cell_m=5.0, missing="skip")) == 4
    stations = bands / "stations_position.txt"
    stations.write_text("10 12 99 38 30 25\n")
    with pytest.raises(InputError, match=r"\[99, 38\].*outside"):
        open_dataset("bratlab", bands, cell_m=5.0, missing="skip")[0]
    stations.write_text("10 12 10 38\n")
    with pytest.raises(InputError, match="4 numbers a line, wanted 6"):
        open_dataset("bratlab", bands, cell_m=5.0)
    stations.unlink()
    with pytest.raises(InputError, match=r"stations_position\.txt"):
        open_dataset("bratlab", bands, cell_m=5.0)
