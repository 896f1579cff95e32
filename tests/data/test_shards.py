"""Shards of maps: the documented format, files that are none, and the smooth extension into buildings and outage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.data.shards import extend, latent_state, read_shard, read_shards
from openckm.errors import InputError
from openckm.maps.grid import Grid
from openckm.maps.quantity import AOA_COS, AOA_SIN, GAIN
from worlds import centred_grid, gaussian_field, shard_arrays, write_shard


@pytest.mark.parametrize(("cell_m", "want_cell"), [(4.0, 4.0), (None, 2.0)])
def test_a_shard_in_the_documented_format(tmp_path, cell_m, want_cell):
    arrays = shard_arrays(3, cell_m=cell_m)
    path = tmp_path / "scene7.npz"
    np.savez_compressed(path, **arrays)
    maps = list(read_shard(path))
    assert len(maps) == 3
    for k, traced in enumerate(maps):
        assert traced.grid == Grid((32, 32), want_cell)
        assert (traced.city, traced.scene) == ("nowhere", "scene7")
        missing = arrays["gain_cdb"][k] == -32768
        np.testing.assert_array_equal(traced.covered, ~missing)
        np.testing.assert_allclose(traced.gain_db[~missing], arrays["gain_cdb"][k][~missing] / 100.0, atol=1e-4)
        assert np.isnan(traced.gain_db[missing]).all() and np.isnan(traced.aoa_rad[missing]).all()
        np.testing.assert_allclose(np.rad2deg(traced.aoa_rad[~missing]), arrays["aoa_deg"][k][~missing], atol=1e-3)
        np.testing.assert_allclose(traced.layout.height_m, arrays["height_dm"][k] / 10.0, atol=1e-4)
        x, south, z = arrays["tx"][k, :3]
        tx = traced.transmitter
        assert (tx.x, tx.y, tx.height_m) == pytest.approx((x, -south, z))
        assert tx.carrier_hz == pytest.approx(arrays["carrier_hz"][k])
        row, col = traced.grid.index_of(tx.x, tx.y)
        assert (int(row), int(col)) == (int(south // want_cell), int(x // want_cell))


def test_antennas_isotropic_and_sector(tmp_path):
    iso, sector = read_shard(write_shard(tmp_path / "a.npz"))
    assert iso.transmitter.bearing_deg is None and iso.transmitter.azimuth_rad is None
    assert np.rad2deg(sector.transmitter.azimuth_rad) == pytest.approx(30.0)
    assert sector.transmitter.downtilt_deg == 6.0


def test_gain_inside_a_building_does_not_count(tmp_path):
    arrays = shard_arrays(1)
    arrays["gain_cdb"][0][arrays["height_dm"][0] > 0] = -8000
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    traced = next(read_shard(path))
    assert not (traced.covered & traced.layout.building).any()
    assert traced.layout.building.any()


def test_shards_come_in_order(tmp_path):
    paths = [write_shard(tmp_path / f"{name}.npz", count=2) for name in "ba"]
    assert [traced.scene for traced in read_shards(paths)] == ["b", "b", "a", "a"]
    assert list(read_shards([])) == []


def damaged(path: Path, start: float, stop: float) -> None:
    content = bytearray(path.read_bytes())
    a, b = int(start * len(content)), int(stop * len(content))
    content[a:b] = bytes(255 - v for v in content[a:b])
    path.write_bytes(content)


def without(path: Path, key: str) -> None:
    arrays = shard_arrays()
    del arrays[key]
    np.savez(path, **arrays)


def shortened(path: Path, key: str) -> None:
    arrays = shard_arrays()
    arrays[key] = arrays[key][:1]
    np.savez(path, **arrays)


SPOIL = {
    "missing": lambda p: p.unlink(),
    "empty": lambda p: p.write_bytes(b""),
    "text": lambda p: p.write_text("hello"),
    "cut short": lambda p: p.write_bytes(p.read_bytes()[: len(p.read_bytes()) // 2]),
    "cut at the end": lambda p: p.write_bytes(p.read_bytes()[:-30]),
    "damaged values": lambda p: damaged(p, 0.1, 0.3),
    "damaged directory": lambda p: damaged(p, 0.97, 1.0),
    "one array": lambda p: np.save(p.open("wb"), np.zeros(3)),
    "no gain": lambda p: without(p, "gain_cdb"),
    "no transmitter": lambda p: without(p, "tx"),
    "too few heights": lambda p: shortened(p, "height_dm"),
    "too few transmitters": lambda p: shortened(p, "tx"),
    "too few cell sizes": lambda p: shortened(p, "cell_m"),
    "pickled": lambda p: np.savez(p, **{**shard_arrays(), "layout": np.array([{}, {}], object)}),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("what", SPOIL)
def test_what_is_no_shard_is_refused_by_name(tmp_path, what):
    path = write_shard(tmp_path / "scene.npz")
    assert len(list(read_shard(path))) == 2
    SPOIL[what](path)
    with pytest.raises(InputError, match=r"not a readable shard of maps.*generate it again") as caught:
        list(read_shard(path))
    assert str(path) in str(caught.value)


GRID = centred_grid(48)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), share=st.floats(0.0005, 0.9))
def test_extension_keeps_the_known_and_stays_within_its_range(seed, share):
    rng = np.random.default_rng(seed)
    field, known = rng.normal(-90, 10, GRID.shape), rng.random(GRID.shape) < share
    got = extend(np.where(known, field, 0.0), known, -150.0)
    assert np.isfinite(got).all()
    np.testing.assert_array_equal(got[known], field[known])
    if known.any():
        assert field[known].min() - 1e-6 <= got.min() and got.max() <= field[known].max() + 1e-6
    else:
        assert (got == -150.0).all()


@pytest.mark.parametrize("count", [1, 5, 400])
def test_extension_of_a_constant_is_that_constant(count):
    cells = GRID.shape[0] * GRID.shape[1]
    known = np.zeros(cells, bool)
    known[np.random.default_rng(0).choice(cells, count, replace=False)] = True
    known = known.reshape(GRID.shape)
    np.testing.assert_allclose(extend(np.where(known, -77.0, 0.0), known, -150.0), -77.0, atol=1e-6)
    assert (extend(np.zeros(GRID.shape), np.zeros(GRID.shape, bool), -150.0) == -150.0).all()


def test_extension_is_smooth():
    """Into a hole in a smooth field it goes on without steps larger than the field's own, and close to the truth."""
    field = gaussian_field(GRID, 1, std=8.0, length_m=60.0)
    known = np.ones(GRID.shape, bool)
    known[15:30, 18:33] = False
    got = extend(np.where(known, field, 0.0), known, -150.0)
    own = max(np.abs(np.diff(field, axis=a)).max() for a in (0, 1))
    steps = max(np.abs(np.diff(got, axis=a)).max() for a in (0, 1))
    assert steps < 2.0 * own
    assert np.sqrt(np.mean((got - field)[~known] ** 2)) < field.std()


def test_latent_channels(tmp_path):
    traced = next(read_shard(write_shard(tmp_path / "a.npz")))
    state, known = latent_state(traced)
    assert state.shape == (5, 32, 32) and state.dtype == np.float32 and np.isfinite(state).all()
    np.testing.assert_array_equal(known, traced.covered)
    np.testing.assert_allclose(GAIN.decode(state[0])[known], traced.gain_db[known], atol=1e-3)
    np.testing.assert_allclose(AOA_COS.decode(state[1])[known], np.cos(traced.aoa_rad[known]), atol=1e-5)
    np.testing.assert_allclose(AOA_SIN.decode(state[2])[known], np.sin(traced.aoa_rad[known]), atol=1e-5)
    assert np.hypot(AOA_COS.decode(state[1]), AOA_SIN.decode(state[2])).max() < 1 + 1e-5
    np.testing.assert_array_equal(state[3], np.where(traced.layout.building, 0.5, -0.5))
    np.testing.assert_array_equal(state[4], np.where(known, 0.5, -0.5))
    assert 0.1 < known.mean() < 0.95
