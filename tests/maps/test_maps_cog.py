"""Cloud-optimised GeoTIFFs: a validator agrees, and an overview says of a large area what its cells say together."""

import numpy as np
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

from openckm.maps import Grid, RadioMap, read_geotiff, write_geotiff
from openckm.maps.cog import Band, cog_bytes
from openckm.maps.geotiff import TiffMap

SHAPE = (700, 530)
GRID = Grid(SHAPE, 2.0, (690_000.0, 3_986_000.0), "EPSG:32617")


@pytest.fixture(scope="module")
def radiomap():
    rng = np.random.default_rng(5)
    angle = rng.uniform(-np.pi, np.pi, (6, *SHAPE))
    gain = rng.normal(-90, 12, (6, *SHAPE))
    draws = np.stack([gain, np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    valid = rng.random(SHAPE) > 0.3
    valid[:8, :8] = False
    return RadioMap.from_draws(
        GRID, draws, ["gain_db", "aoa_cos", "aoa_sin"], valid=valid, provenance={"unit": "dBm"}
    ).with_outage(-95.0)


def overview(path, band, factor):
    with rasterio.open(path) as raster:
        assert factor in raster.overviews(band)
        with rasterio.open(path, overview_level=raster.overviews(band).index(factor)) as small:
            return small.read(band)


def cells(values, valid, row, col, factor):
    """The valid cells below one cell of an overview, the slow way."""
    window = slice(row * factor, (row + 1) * factor), slice(col * factor, (col + 1) * factor)
    return values[window][valid[window]].astype(float)


@pytest.mark.parametrize("draws", [False, True])
def test_a_validator_accepts_the_file(tmp_path, radiomap, draws):
    write_geotiff(radiomap, tmp_path / "a.tif", draws=draws)
    valid, errors, remarks = cog_validate(tmp_path / "a.tif", strict=True, quiet=True)
    assert valid, (errors, remarks)
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.overviews(1) == [2, 4]
        assert raster.crs.to_epsg() == 32617
        assert raster.descriptions[:6] == ("mean", "std", "p10", "p50", "p90", "outage")
        assert np.isnan(raster.nodata)


def test_a_small_map_is_valid_too_and_has_no_overviews(tmp_path):
    draws = np.full((2, 1, 20, 30), -80, np.float32)
    write_geotiff(RadioMap.from_draws(Grid((20, 30), 2.0), draws, ["gain_db"]), tmp_path / "a.tif")
    assert cog_validate(tmp_path / "a.tif", strict=True, quiet=True)[0]
    assert read_geotiff(tmp_path / "a.tif").grid == Grid((20, 30), 2.0)


@pytest.mark.parametrize("factor", [2, 4])
def test_an_overview_is_the_mean_power_the_largest_std_and_the_mean_chance(tmp_path, radiomap, factor):
    write_geotiff(radiomap, tmp_path / "a.tif")
    for row, col in ((40, 50), (100, 7), (-(-SHAPE[0] // factor) - 1, -(-SHAPE[1] // factor) - 1)):
        mean = cells(radiomap.mean(), radiomap.valid, row, col, factor)
        assert len(mean)
        np.testing.assert_allclose(
            overview(tmp_path / "a.tif", 1, factor)[row, col], 10 * np.log10(np.mean(10 ** (mean / 10))), atol=1e-4
        )
        std = cells(radiomap.std(), radiomap.valid, row, col, factor)
        np.testing.assert_allclose(overview(tmp_path / "a.tif", 2, factor)[row, col], std.max(), rtol=1e-6)
        chance = cells(radiomap.outage(), radiomap.valid, row, col, factor)
        np.testing.assert_allclose(overview(tmp_path / "a.tif", 6, factor)[row, col], chance.mean(), rtol=1e-5)
    assert np.isnan(overview(tmp_path / "a.tif", 1, factor)[0, 0])


def test_an_overview_of_a_direction_is_the_mean_direction(tmp_path, radiomap):
    write_geotiff(radiomap, tmp_path / "a.tif", "aoa_cos")
    east = cells(radiomap.mean("aoa_cos"), radiomap.valid, 30, 31, 4)
    north = cells(radiomap.mean("aoa_sin"), radiomap.valid, 30, 31, 4)
    right = east.sum() / np.hypot(east.sum(), north.sum())
    np.testing.assert_allclose(overview(tmp_path / "a.tif", 1, 4)[30, 31], right, atol=1e-5)


def test_all_of_it_comes_back_and_a_window_is_a_part_of_it(tmp_path, radiomap):
    write_geotiff(radiomap, tmp_path / "a.tif", draws=True)
    back = read_geotiff(tmp_path / "a.tif")
    np.testing.assert_array_equal(back.valid, radiomap.valid)
    np.testing.assert_array_equal(back.draws()[:, back.valid], radiomap.draws()[:, back.valid])
    again, before = back.with_outage(-90.0).outage(), radiomap.with_outage(-90.0).outage()
    np.testing.assert_array_equal(again[back.valid], before[back.valid])
    assert np.isnan(again[~back.valid]).all()
    lazy = TiffMap.open(tmp_path / "a.tif")
    window = slice(250, 270), slice(255, 300)
    np.testing.assert_array_equal(lazy.read("draws", *window, index=3), back.draws()[3][window])
    np.testing.assert_array_equal(lazy.read("quantile", *window)[2], back.quantile(0.9)[window])
    np.testing.assert_array_equal(lazy.read("valid", *window), back.valid[window])
    np.testing.assert_array_equal(lazy.read("outage", *window), back.outage()[window])


def test_the_comparison_can_fail():
    """An overview by plain means of decibels would be another one."""
    values = np.full((300, 300), -100, np.float32)
    values[::2] = -60
    content = cog_bytes([Band("mean", "dB", values, "power")], Grid((300, 300), 1.0), {})
    with rasterio.MemoryFile(content) as memory, memory.open(overview_level=0) as small:
        assert abs(small.read(1)[0, 0] + 63.01) < 0.01
