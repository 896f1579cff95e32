"""Atomic writes, GeoTIFF and Zarr: round trips, what other programs see, and nothing half-written."""

import json

import numpy as np
import pytest
import rasterio
import xarray as xr

from openckm.errors import GridError, InputError, OptionError
from openckm.maps import (
    Grid,
    RadioMap,
    atomic_folder,
    atomic_path,
    read_geotiff,
    read_zarr,
    write_geotiff,
    write_zarr,
)
from openckm.maps.geotiff import BANDS
from openckm.maps.zarr_map import ZarrMap


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- atomic


def test_a_file_appears_whole(tmp_path):
    with atomic_path(tmp_path / "a.txt") as aside:
        assert aside.parent == tmp_path
        assert aside.suffix == ".txt"
        aside.write_text("new")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_a_failing_write_leaves_no_file_and_keeps_the_old_one(tmp_path):
    def fail(path):
        with atomic_path(path) as aside:
            aside.write_text("half")
            raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="fire"):
        fail(tmp_path / "a.txt")
    assert names(tmp_path) == []
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError, match="fire"):
        fail(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_is_swapped_whole_or_not_at_all(tmp_path):
    target = tmp_path / "map.zarr"
    for text in ("first", "second"):
        with atomic_folder(target) as aside:
            aside.mkdir()
            (aside / "x").write_text(text)
    with pytest.raises(RuntimeError, match="fire"), atomic_folder(target) as aside:
        aside.mkdir()
        (aside / "x").write_text("half")
        raise RuntimeError("disk on fire")
    assert (target / "x").read_text() == "second"
    assert names(tmp_path) == ["map.zarr"]


def test_atomic_writers_say_what_is_wrong(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="does not exist; make it"), atomic_path(tmp_path / "no" / "a"):
        pass
    with pytest.raises(InputError, match="is a folder"), atomic_path(tmp_path):
        pass
    with pytest.raises(InputError, match="is a file"), atomic_folder(tmp_path / "file"):
        pass
    with pytest.raises(InputError, match="nothing was written"), atomic_path(tmp_path / "a"):
        pass
    with pytest.raises(InputError, match="nothing was written"), atomic_folder(tmp_path / "a"):
        pass
    assert names(tmp_path) == ["file"]


# --- GeoTIFF


@pytest.mark.parametrize("channel", ["gain_db", "aoa_sin"])
def test_geotiff_comes_back(tmp_path, radiomap, channel):
    path = tmp_path / "map.tif"
    write_geotiff(radiomap, path, channel)
    back = read_geotiff(path)
    assert back.grid == radiomap.grid
    assert back.channels == (channel,)
    assert back.provenance == {"method": "test", "unit": "dBm", "seed": 3, "steps": [1, 2], "note": "größer"}
    valid = radiomap.valid
    np.testing.assert_array_equal(back.valid, valid)
    np.testing.assert_array_equal(back.mean(channel)[valid], radiomap.mean(channel)[valid])
    np.testing.assert_array_equal(back.std(channel)[valid], radiomap.std(channel)[valid])
    for level in (0.1, 0.5, 0.9):
        np.testing.assert_array_equal(back.quantile(level, channel)[valid], radiomap.quantile(level, channel)[valid])
    assert np.isnan(back.mean(channel)[~valid]).all()
    assert names(tmp_path) == ["map.tif"]


def test_other_programs_see_bands_units_crs_and_nodata(tmp_path, radiomap):
    write_geotiff(radiomap, tmp_path / "map.tif")
    with rasterio.open(tmp_path / "map.tif") as raster:
        assert raster.descriptions == BANDS
        assert raster.units == ("dBm", "dB", "dBm", "dBm", "dBm")
        assert raster.crs.to_epsg() == 32617
        assert np.isnan(raster.nodata)
        assert raster.profile["tiled"]
        assert raster.profile["compress"] == "deflate"
        assert set(raster.dtypes) == {"float32"}
        assert json.loads(raster.tags()["OPENCKM_PROVENANCE"])["method"] == "test"
        x, y = radiomap.grid.x[5], radiomap.grid.y[2]
        assert next(raster.sample([(x, y)]))[0] == pytest.approx(radiomap.mean()[2, 5], nan_ok=True)


@pytest.mark.parametrize("cell_m", [2.5, 1.0])
@pytest.mark.parametrize("origin", [(0.0, 0.0), (-20.0, 30.0)])
def test_geotiff_of_a_local_plane(tmp_path, cell_m, origin):
    grid = Grid((3, 4), cell_m, origin)
    value = np.zeros((1, 3, 4), np.float32)
    write_geotiff(RadioMap.from_gaussian(grid, value, value + 1, ["gain_db"]), tmp_path / "a.tiff", unit="dB")
    assert read_geotiff(tmp_path / "a.tiff").grid == grid


def test_geotiff_refuses_what_it_cannot_write(tmp_path, radiomap):
    with pytest.raises(OptionError, match=r"ends in \.tif"):
        write_geotiff(radiomap, tmp_path / "map.png")
    with pytest.raises(OptionError, match="no channel 'delay'"):
        write_geotiff(radiomap, tmp_path / "map.tif", "delay")
    with pytest.raises(InputError, match="does not exist"):
        write_geotiff(radiomap, tmp_path / "no" / "map.tif")
    radiomap.provenance["model"] = object()
    with pytest.raises(InputError, match="'model' holds a object"):
        write_geotiff(radiomap, tmp_path / "map.tif")
    assert names(tmp_path) == []


def test_a_geotiff_that_fails_half_way_leaves_no_file(tmp_path, radiomap, monkeypatch):
    def fail(*_args, **_more):
        raise OSError("no space left on device")

    monkeypatch.setattr(rasterio.io.DatasetWriter, "update_tags", fail)
    with pytest.raises(OSError, match="no space"):
        write_geotiff(radiomap, tmp_path / "map.tif")
    assert names(tmp_path) == []


def test_geotiff_refuses_foreign_files(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"cannot read .*a\.tif"):
        read_geotiff(tmp_path / "a.tif")
    profile = {"driver": "GTiff", "dtype": "float32", "height": 2, "width": 2, "crs": "EPSG:32617"}
    with rasterio.open(tmp_path / "b.tif", "w", count=1, transform=Grid((2, 2), 4.0).transform, **profile) as raster:
        raster.write(np.zeros((1, 2, 2), np.float32))
    with pytest.raises(InputError, match="wanted mean, std, p10, p50, p90"):
        read_geotiff(tmp_path / "b.tif")
    skewed = rasterio.Affine(1, 0, 0, 0, -2, 0)
    with rasterio.open(tmp_path / "c.tif", "w", count=5, transform=skewed, **profile) as raster:
        raster.descriptions = BANDS
    with pytest.raises(GridError, match="square"):
        read_geotiff(tmp_path / "c.tif")


# --- Zarr


@pytest.mark.parametrize("crs", ["EPSG:32617", None])
def test_zarr_comes_back_whole(tmp_path, radiomap, crs):
    grid = Grid(radiomap.grid.shape, 5.0, radiomap.grid.origin, crs)
    radiomap = RadioMap(radiomap.dataset, grid, radiomap.provenance)
    for _ in range(2):  # the second write replaces the first
        write_zarr(radiomap, tmp_path / "map.zarr")
    back = read_zarr(tmp_path / "map.zarr")
    assert back.grid == grid
    xr.testing.assert_identical(back.dataset, radiomap.dataset)
    assert back.provenance["seed"] == 3
    assert names(tmp_path) == ["map.zarr"]
    write_zarr(back, tmp_path / "again.zarr")


def test_rioxarray_finds_the_crs_of_every_variable(tmp_path, radiomap):
    import rioxarray  # noqa: F401

    write_zarr(radiomap, tmp_path / "map.zarr")
    with xr.open_zarr(tmp_path / "map.zarr", decode_coords="all", chunks=None) as opened:
        for name in ("mean", "std", "quantile", "draws", "valid"):
            assert opened[name].rio.crs.to_epsg() == 32617, name
        assert opened["mean"].dims == ("channel", "y", "x")
        np.testing.assert_allclose(opened["y"].values, radiomap.grid.y)


def test_zarr_refuses_foreign_folders(tmp_path, radiomap):
    with pytest.raises(InputError, match="is not a Zarr folder"):
        read_zarr(tmp_path / "none.zarr")
    xr.Dataset({"a": ("x", [1.0])}).to_zarr(tmp_path / "other.zarr", zarr_format=2)
    with pytest.raises(InputError, match="openckm_format is None"):
        read_zarr(tmp_path / "other.zarr")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="something else"):
        write_zarr(radiomap, tmp_path / "folder")
    assert (tmp_path / "folder" / "thesis.tex").exists()


def test_a_zarr_that_fails_half_way_keeps_the_old_one(tmp_path, radiomap, monkeypatch):
    write_zarr(radiomap, tmp_path / "map.zarr")

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(ZarrMap, "write", fail)
    with pytest.raises(OSError, match="no space"):
        write_zarr(radiomap, tmp_path / "map.zarr")
    assert names(tmp_path) == ["map.zarr"]
    assert read_zarr(tmp_path / "map.zarr").grid == radiomap.grid


def test_a_damaged_zarr_is_told(tmp_path, radiomap):
    write_zarr(radiomap, tmp_path / "map.zarr")
    chunk = tmp_path / "map.zarr" / "std" / "c" / "0" / "0" / "0"
    content = chunk.read_bytes()
    chunk.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"map\.zarr cannot be read"):
        read_zarr(tmp_path / "map.zarr")
    chunk.write_bytes(content[:-8] + bytes(8))
    with pytest.raises(InputError, match=r"map\.zarr cannot be read"):
        read_zarr(tmp_path / "map.zarr")
    chunk.unlink()
    with pytest.raises(InputError, match="lacks its chunk std/c/0/0/0"):
        read_zarr(tmp_path / "map.zarr")
    (tmp_path / "map.zarr" / "zarr.json").write_text("{")
    with pytest.raises(InputError, match=r"map\.zarr cannot be read"):
        read_zarr(tmp_path / "map.zarr")


@pytest.mark.parametrize(("text", "word"), [("{", "cannot be read"), ('{"shape": [1, 2]}', "cannot be read")])
def test_zarr_with_a_broken_grid(tmp_path, radiomap, text, word):
    write_zarr(radiomap, tmp_path / "map.zarr")
    change_root(tmp_path / "map.zarr", "openckm_grid", text)
    with pytest.raises(InputError, match=word):
        read_zarr(tmp_path / "map.zarr")


def change_root(path, name, value):
    root = json.loads((path / "zarr.json").read_text())
    root["attributes"][name] = value
    (path / "zarr.json").write_text(json.dumps(root))


def test_a_newer_format_says_to_update(tmp_path, radiomap):
    write_zarr(radiomap, tmp_path / "map.zarr")
    change_root(tmp_path / "map.zarr", "openckm_format", 99)
    with pytest.raises(InputError, match=r"99.*newer openckm: update"):
        read_zarr(tmp_path / "map.zarr")


@pytest.mark.parametrize("crs", ["EPSG:32617", None])
def test_a_map_of_version_0_1_0_is_read(tmp_path, radiomap, crs):
    """The writer of version 0.1.0, word for word: Zarr 2 by xarray."""
    grid = Grid(radiomap.grid.shape, 5.0, radiomap.grid.origin, crs)
    stated = {"shape": grid.shape, "cell_m": grid.cell_m, "origin": grid.origin, "crs": grid.crs}
    attributes = {
        "openckm_format": 1, "openckm_grid": json.dumps(stated), "openckm_provenance": json.dumps({"seed": 3}),
    }  # fmt: skip
    dataset = radiomap.dataset.swap_dims(row="y", col="x").assign_attrs(attributes)
    if crs is not None:
        dataset = dataset.assign_coords(spatial_ref=((), np.int64(0), {}))
    encoding = {
        str(name): {"chunks": tuple(2 if dim in ("x", "y") else 1 for dim in variable.dims)}
        for name, variable in dataset.data_vars.items()
    }
    dataset.to_zarr(tmp_path / "old.zarr", mode="w", zarr_format=2, consolidated=True, encoding=encoding)
    back = read_zarr(tmp_path / "old.zarr")
    assert back.grid == grid
    assert back.provenance == {"seed": 3}
    xr.testing.assert_identical(back.dataset, radiomap.dataset)


@pytest.mark.parametrize("sharding", ["cells", "planes"])
def test_windows_are_written_and_read_apart(tmp_path, sharding):
    grid = Grid((1100, 300), 2.0, (5e5, 4e6), "EPSG:32617")
    rng = np.random.default_rng(4)
    draws = rng.normal(-90, 8, (3, 2, *grid.shape)).astype(np.float32)
    whole = RadioMap.from_draws(grid, draws, ["gain_db", "aoa_cos"], valid=rng.random(grid.shape) > 0.2)
    made = ZarrMap.create(
        tmp_path / "a.zarr", grid, whole.channels, draws=3, sharding=sharding, attributes={"belief": "draws"}
    )
    windows = [(slice(0, 1024), slice(0, 300)), (slice(1024, 1100), slice(0, 300))]
    for rows, cols in windows:
        made.write(rows, cols, {name: whole.dataset[name].values[..., rows, cols] for name in whole.dataset})
    xr.testing.assert_identical(read_zarr(tmp_path / "a.zarr").dataset, whole.dataset)
    lazy = ZarrMap.open(tmp_path / "a.zarr")
    window = lazy.read("draws", slice(1020, 1030), slice(250, 260), channel="aoa_cos", index=2)
    np.testing.assert_array_equal(window, draws[2, 1, 1020:1030, 250:260])
    assert lazy.draws == 3
    with pytest.raises(OptionError, match="no channel 'snr'"):
        lazy.read("mean", slice(0, 1), slice(0, 1), channel="snr")
    with pytest.raises(OptionError, match="holds no 'outage'"):
        lazy.read("outage", slice(0, 1), slice(0, 1))


def test_a_template_whose_windows_were_not_all_written_is_told(tmp_path):
    grid = Grid((600, 300), 2.0, (5e5, 4e6), "EPSG:32617")
    made = ZarrMap.create(tmp_path / "a.zarr", grid, ["gain_db"])
    some = np.zeros((1, 256, 300), np.float32)
    window = slice(0, 256), slice(0, 300)
    made.write(*window, {"mean": some, "std": some, "quantile": np.zeros((5, 1, 256, 300)), "valid": some[0] == 0})
    lazy = ZarrMap.open(tmp_path / "a.zarr")
    assert lazy.read("mean", *window, channel="gain_db").shape == (256, 300)
    with pytest.raises(InputError, match="is not finished"):
        lazy.load()
