"""Outage probability and wider spreads: exact, and kept by GeoTIFF and Zarr."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from scipy.stats import norm

from openckm.errors import InputError, OptionError
from openckm.maps.geotiff import read_geotiff, write_geotiff
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarrio import read_zarr, write_zarr

GRID = Grid((6, 8), 4.0, (100.0, 200.0), "EPSG:32617")
RNG = np.random.default_rng(0)
MEAN = RNG.normal(-105, 8, (2, 6, 8)).astype(np.float32)
STD = RNG.uniform(1, 6, (2, 6, 8)).astype(np.float32)
DRAWS = (MEAN + STD * RNG.standard_normal((5, 2, 6, 8))).astype(np.float32)
VALID = RNG.random((6, 8)) < 0.8


def normal(**more):
    return RadioMap.from_gaussian(
        GRID, MEAN, STD, ["gain_db", "aoa_cos"], valid=VALID, provenance={"unit": "dBm"}, **more
    )


def test_outage_of_a_normal_belief_is_the_distribution_function():
    found = normal().with_outage(-110.0)
    np.testing.assert_allclose(found.outage(), norm.cdf((-110 - MEAN[0]) / STD[0]), rtol=1e-5, atol=1e-7)
    assert found.outage_threshold == -110.0
    other = normal().with_outage(-104.0, "aoa_cos")
    np.testing.assert_allclose(other.outage(), norm.cdf((-104 - MEAN[1]) / STD[1]), rtol=1e-5, atol=1e-7)


def test_outage_and_quantiles_of_draws_agree_and_hold_what_they_say():
    """Of 8 draws, the 90 % interval holds a ninth draw nine times of ten; outage at a quantile is its level."""
    grid, rng = Grid((200, 200), 4.0), np.random.default_rng(1)
    drawn = rng.standard_normal((9, 1, 200, 200)).astype(np.float32)
    made = RadioMap.from_draws(grid, drawn[:8], ["gain_db"])
    inside = (drawn[8, 0] >= made.quantile(0.05)) & (drawn[8, 0] <= made.quantile(0.95))
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
    assert made.std().mean() == pytest.approx(0.965, abs=0.01)  # of 8 draws: unbiased in the variance
    level = float(made.quantile(0.1)[3, 4])
    assert float(made.with_outage(level).outage()[3, 4]) == pytest.approx(0.1, abs=1e-4)


def test_outage_of_draws_is_never_certain():
    found = RadioMap.from_draws(GRID, DRAWS, ["gain_db", "aoa_cos"]).with_outage(-105.0)
    assert found.outage().min() > 0 and found.outage().max() < 1


def test_outage_where_the_map_is_certain():
    sure = RadioMap.from_gaussian(GRID, MEAN, 0 * STD, ["gain_db", "aoa_cos"]).with_outage(-105.0)
    np.testing.assert_array_equal(sure.outage(), MEAN[0] < -105.0)


def test_outage_must_be_asked_for_and_make_sense():
    with pytest.raises(OptionError, match="ask for it"):
        normal().outage()
    assert normal().outage_threshold is None
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(OptionError, match="finite"):
            normal().with_outage(wrong)
    with pytest.raises(OptionError, match="no channel"):
        normal().with_outage(-100.0, "height")


def test_geotiff_has_a_sixth_band_with_its_threshold(tmp_path):
    made = normal().with_outage(-110.5)
    write_geotiff(made, tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.descriptions == ("mean", "std", "p10", "p50", "p90", "outage")
        assert raster.units == ("dBm", "dB", "dBm", "dBm", "dBm", "1")
        band = raster.read(6)
    np.testing.assert_array_equal(np.isfinite(band), VALID)
    np.testing.assert_array_equal(band[VALID], made.outage()[VALID])
    again = read_geotiff(tmp_path / "a.tif")
    assert again.outage_threshold == -110.5
    np.testing.assert_array_equal(again.outage()[VALID], made.outage()[VALID])
    np.testing.assert_array_equal(again.quantile(0.9)[VALID], made.quantile(0.9)[VALID])


@pytest.mark.parametrize("outage", [False, True])
def test_geotiff_keeps_the_draws_if_asked(tmp_path, outage):
    made = normal(draws=DRAWS)
    made = made.with_outage(-110.5) if outage else made
    write_geotiff(made, tmp_path / "a.tif", draws=True)
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.descriptions[-5:] == ("draw 1", "draw 2", "draw 3", "draw 4", "draw 5")
        assert set(raster.units[-5:]) == {"dBm"}
        assert raster.count == 10 + outage
    again = read_geotiff(tmp_path / "a.tif")
    np.testing.assert_array_equal(again.draws()[:, VALID], DRAWS[:, 0][:, VALID])
    assert again.outage_threshold == (-110.5 if outage else None)
    with rasterio.open(tmp_path / "a.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
        raster.set_band_description(raster.count, "draw 7")
    with pytest.raises(InputError, match="has the bands"):
        read_geotiff(tmp_path / "a.tif")
    write_geotiff(made, tmp_path / "b.tif")
    assert "draws" not in read_geotiff(tmp_path / "b.tif").dataset
    with pytest.raises(OptionError, match="no draws"):
        write_geotiff(normal(), tmp_path / "c.tif", draws=True)


def test_geotiff_of_another_channel_has_none(tmp_path):
    write_geotiff(normal().with_outage(-110.0), tmp_path / "a.tif", channel="aoa_cos")
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.count == 5
    assert read_geotiff(tmp_path / "a.tif").outage_threshold is None


def test_geotiff_whose_threshold_is_gone_is_refused(tmp_path):
    write_geotiff(normal().with_outage(-110.0), tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
        raster.update_tags(OPENCKM_OUTAGE_THRESHOLD="soon")
    with pytest.raises(InputError, match="threshold 'soon'"):
        read_geotiff(tmp_path / "a.tif")


def test_zarr_keeps_outage_and_threshold(tmp_path):
    made = normal(draws=DRAWS).with_outage(-110.0)
    write_zarr(made, tmp_path / "a.zarr")
    again = read_zarr(tmp_path / "a.zarr")
    assert again.outage_threshold == -110.0
    np.testing.assert_array_equal(again.outage(), made.outage())
    np.testing.assert_array_equal(again.with_outage(-100.0).outage(), made.with_outage(-100.0).outage())


def test_zarr_of_draws_still_says_the_same(tmp_path):
    made = RadioMap.from_draws(GRID, DRAWS, ["gain_db", "aoa_cos"])
    write_zarr(made, tmp_path / "a.zarr")
    np.testing.assert_array_equal(
        read_zarr(tmp_path / "a.zarr").with_outage(-105.0).outage(), made.with_outage(-105.0).outage()
    )


def test_wider_spread_stretches_one_channel_about_its_mean():
    made = normal(draws=DRAWS).with_outage(-110.0)
    wide = made.with_wider_spread(1.7)
    np.testing.assert_array_equal(wide.mean(), made.mean())
    np.testing.assert_allclose(wide.std(), 1.7 * STD[0], rtol=1e-6)
    for level in (0.05, 0.9):
        np.testing.assert_allclose(wide.quantile(level), MEAN[0] + 1.7 * STD[0] * norm.ppf(level), rtol=1e-5)
    np.testing.assert_allclose(wide.draws() - MEAN[0], 1.7 * (DRAWS[:, 0] - MEAN[0]), atol=1e-4)
    for field in ("std", "quantile", "draws"):
        np.testing.assert_array_equal(
            wide.dataset[field].sel(channel="aoa_cos"), made.dataset[field].sel(channel="aoa_cos")
        )
    assert wide.outage_threshold is None, "a probability of the old spread would be wrong"
    np.testing.assert_allclose(made.std(), STD[0])
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(OptionError, match="positive"):
            made.with_wider_spread(wrong)
