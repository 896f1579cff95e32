"""What would the map be if the antenna were turned? Asked where the answer is known, and of a real mast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from openckm.cli.main import app
from openckm.edge.change import CHANGE, AntennaChange, changed_map
from openckm.edge.prepared import Prepared
from openckm.errors import MeasurementError, OptionError
from openckm.infer.construct import OpenCKM
from openckm.maps.antenna import sector_gain_db
from openckm.maps.antenna_file import pattern_field_db, read_pattern
from openckm.maps.geotiff import read_geotiff
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.site import Transmitter
from openckm.maps.site_plan import SitePlan
from worlds import evidence, gaussian_field, readings, transmitter_near

GRID = Grid.centred(24.94, 60.17, shape=(40, 32), cell_m=4.0)  # sides that no network divides


@pytest.fixture(scope="module")
def method(tiny_prior):
    return OpenCKM(prior=tiny_prior, symmetrise=False, steps=2)


def seen(bearing=40.0, count=60):
    tower = transmitter_near(GRID, bearing_deg=bearing, downtilt_deg=6.0)
    return evidence(readings(GRID, gaussian_field(GRID, 0), count, 0), transmitter=tower, crs=GRID.crs)


def test_power_alone_moves_every_cell_by_it_for_certain(method):
    made = changed_map(method, Prepared(seen(), GRID), AntennaChange(power_db=3.0))
    np.testing.assert_allclose(made.mean(CHANGE), 3.0)
    np.testing.assert_allclose(made.std(CHANGE), 0.0)
    today = method.reconstruct(seen(), GRID, draws=0)
    np.testing.assert_allclose(made.mean(), today.mean() + 3.0, atol=1e-4)
    np.testing.assert_allclose(made.std(), today.std(), rtol=1e-5)


def test_an_antenna_that_stays_as_it_is_changes_nothing(method):
    made = changed_map(method, Prepared(seen(), GRID), AntennaChange(azimuth_deg=40.0, downtilt_deg=6.0))
    np.testing.assert_allclose(made.mean(CHANGE), 0.0, atol=1e-3)
    np.testing.assert_allclose(made.std(CHANGE), 0.0, atol=1e-3)


def test_a_sector_pattern_that_the_readings_told_turns_with_the_antenna(method):
    """In free space with a sector antenna, what was behind it is before it after half a turn."""
    tower = Transmitter(*(float(np.mean(v)) for v in GRID.centres()), 24.0, 3.5e9, 90.0, 6.0)
    x, y = GRID.centres()
    bearing, away = np.arctan2(y - tower.y, x - tower.x), np.hypot(x - tower.x, y - tower.y) + 5.0

    def truth(azimuth):
        return -60.0 - 30.0 * np.log10(away) + sector_gain_db(bearing - azimuth, 0.0)

    rng = np.random.default_rng(3)
    chosen = rng.choice(x.size, 400, replace=False)
    points = Points.exact(x.flat[chosen], y.flat[chosen], truth(0.0).flat[chosen], sigma=1.0, unit="dBm")
    made = changed_map(
        method, Prepared(evidence(points, transmitter=tower, crs=GRID.crs), GRID), AntennaChange(azimuth_deg=270.0)
    )
    wanted = truth(np.pi) - truth(0.0)
    ahead = np.abs(np.sin(bearing)) < 0.7
    front, back = ahead & (x > tower.x), ahead & (x < tower.x)
    assert made.mean(CHANGE)[back].mean() > 8.0 > 0 > -8.0 > made.mean(CHANGE)[front].mean()
    assert np.corrcoef(made.mean(CHANGE)[ahead], wanted[ahead])[0, 1] > 0.9


def test_what_cannot_be_changed_is_refused(method):
    with pytest.raises(MeasurementError, match="where it stands"):
        nowhere = evidence(readings(GRID, gaussian_field(GRID, 0), 30, 0), crs=GRID.crs)
        changed_map(method, Prepared(nowhere, GRID), AntennaChange())
    with pytest.raises(OptionError, match="no boresight"):
        changed_map(method, Prepared(seen(None), GRID), AntennaChange(downtilt_deg=3.0))
    heard = readings(GRID, gaussian_field(GRID, 0), 60, 0, unit="dBm")
    with pytest.raises(OptionError, match="another antenna"):
        omni = evidence(heard, transmitter=transmitter_near(GRID), crs=GRID.crs)
        changed_map(method, Prepared(omni, GRID), AntennaChange(azimuth_deg=10.0))


@pytest.mark.parametrize(
    "texts", [["azimut=3"], ["azimuth=north"], ["power=99"], ["azimuth=1", "azimuth=2"], ["azimuth"]]
)
def test_a_change_that_is_none_is_refused(texts):
    with pytest.raises(OptionError, match=r"wanted azimuth|twice"):
        AntennaChange.parse(texts)


def test_the_command_writes_both_maps(tmp_path, tiny_prior):
    lon, lat = GRID.to_lonlat(seen().points[0].x, seen().points[0].y)
    rows = "".join(f"{a:.8f},{b:.8f},{v:.2f}\n" for a, b, v in zip(lon, lat, seen().points[0].value, strict=True))
    (tmp_path / "d.csv").write_text("lon,lat,gain_db\n" + rows)
    done = CliRunner().invoke(app, [
        "construct", str(tmp_path / "d.csv"), "--bs", "24.94,60.17", "--azimuth", "40", "--size", "32", "--cell", "4",
        "--draws", "0", "--no-check", "--prior", str(tiny_prior), "--then", "azimuth=220", "--then", "power=+3",
        "-o", str(tmp_path / "map.tif"),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    today, then, change = (read_geotiff(tmp_path / f"map{n}.tif") for n in ("", "-then", "-change"))
    np.testing.assert_allclose(then.mean(), today.mean() + change.mean("change_db"), atol=0.02)
    assert "azimuth 220°, power +3 dB" in str(change.provenance["planned"])


def test_a_pattern_from_a_file_turns_with_the_antenna_and_stays_in_the_map_of_today(tmp_path, tiny_prior):
    """Readings of an antenna whose file is given: turned by 180 degrees, each cell changes by what the file says."""
    field, pattern = gaussian_field(GRID, 0), read_pattern("3gpp:65,15,30")
    tower = SitePlan((24.94, 60.17), azimuth_deg=40.0).transmitter(GRID)
    towards = {
        azimuth: pattern_field_db(pattern, replace(tower, bearing_deg=azimuth), GRID) for azimuth in (40.0, 220.0)
    }
    heard = readings(GRID, field + towards[40.0], 300, 0)
    lon, lat = GRID.to_lonlat(heard.x, heard.y)
    rows = "".join(f"{a:.8f},{b:.8f},{v:.4f}\n" for a, b, v in zip(lon, lat, heard.value, strict=True))
    (tmp_path / "d.csv").write_text("lon,lat,gain_db\n" + rows)
    done = CliRunner().invoke(app, [
        "construct", str(tmp_path / "d.csv"), "--bs", "24.94,60.17", "--azimuth", "40", "--pattern", "3gpp:65,15,30",
        "--size", "32", "--cell", "4", "--draws", "0", "--no-check", "--prior", str(tiny_prior), "--then",
        "azimuth=220", "-o", str(tmp_path / "map.tif"),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    today, then, change = (read_geotiff(tmp_path / f"map{n}.tif") for n in ("", "-then", "-change"))
    own = SitePlan((24.94, 60.17), azimuth_deg=40.0, cell_m=4.0, size=32).grid()
    wanted = [pattern_field_db(pattern, replace(tower, bearing_deg=azimuth), own) for azimuth in (220.0, 40.0)]
    np.testing.assert_allclose(change.mean("change_db"), wanted[0] - wanted[1], atol=0.05)
    np.testing.assert_allclose(then.mean(), today.mean() + change.mean("change_db"), atol=0.05)


def test_what_terrain_and_woods_take_stays_on_the_map_after_a_change(method):
    """The map after a change differs from today's map, woods on it, by the change and by nothing else."""
    woods = np.zeros(GRID.shape)
    woods[:, 20:] = -12.0
    through = changed_map(method, Prepared(seen(), GRID, woods), AntennaChange(azimuth_deg=220.0))
    bare = changed_map(method, Prepared(seen(), GRID), AntennaChange(azimuth_deg=220.0))
    np.testing.assert_allclose(through.mean(), bare.mean() + woods, atol=1e-3)
    np.testing.assert_allclose(through.mean(CHANGE), bare.mean(CHANGE), atol=1e-3)


@pytest.mark.slow
def test_a_real_mast_turned_to_its_other_sector_is_nearer_to_that_sectors_readings():
    """Duke's cells A and D hang on one mast, at 212 and 30 degrees: the plan to turn A, against D's readings."""
    from openckm.evaluate.worlds.duke import duke_cell
    from openckm.maps.cells import aggregate_cells

    a, d = duke_cell("A"), duke_cell("D")
    made = changed_map(OpenCKM(symmetrise=False), Prepared(a.observations(), a.grid), AntennaChange(azimuth_deg=30.0))
    cells = aggregate_cells(d.points, d.grid)
    at = d.grid.index_of(cells.x, cells.y)
    turned, today = made.mean()[at], (made.mean() - made.mean(CHANGE))[at]
    error = {name: float(np.std(cells.value - told)) for name, told in (("turned", turned), ("today", today))}
    assert error["turned"] < 0.8 * error["today"], error
