"""Where to drive next, from a user's files to GeoJSON."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from openckm.edge.planning import plan, plan_on, plan_sites, write_plan
from openckm.errors import InputError, OptionError, OutsideGrid
from openckm.infer.construct import OpenCKM
from openckm.maps.antenna_file import pattern_field_db, read_pattern
from openckm.maps.geotiff import write_geotiff
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout
from openckm.maps.site_plan import SitePlan
from worlds import evidence, gaussian_field, readings, transmitter_near

BS = (24.94, 60.17)
GRID = Grid.centred(*BS, shape=(32, 32), cell_m=4.0)


@pytest.fixture(scope="module")
def method(tiny_prior):
    return OpenCKM(prior=tiny_prior, symmetrise=False, steps=2)


def wall(gate=None):
    """A layout with a wall from north to south; everything east of it is cut off unless there is a gate."""
    height = np.zeros(GRID.shape, np.float32)
    height[:, 20:22] = 10.0
    if gate is not None:
        height[gate, 20:22] = 0.0
    return Layout(GRID, height)


def west(count=25):
    """Readings on the western quarter of the map."""
    points = readings(GRID, gaussian_field(GRID, 0), 700, 0, noise=2.0)
    _, col = GRID.index_of(points.x, points.y)
    return points.subset(np.flatnonzero(col < 8)[:count])


def seen(layout=None):
    return evidence(west(), layout=layout, transmitter=transmitter_near(GRID), crs=GRID.crs)


def cells_of(stops):
    x, y = GRID.from_lonlat([s.lon for s in stops], [s.lat for s in stops])
    return GRID.index_of(x, y)


def test_plan_goes_where_nothing_was_measured(method):
    made = plan_on(method, seen(), GRID, count=8)
    _, col = cells_of(made.stops)
    assert (col >= 8).sum() >= 6
    assert made.belief == "exact" and made.readings == 25
    assert made.rmse_after_db < made.rmse_before_db
    total = sum(s.rmse_reduction_db for s in made.stops)
    assert total == pytest.approx(made.rmse_before_db - made.rmse_after_db)
    assert sorted(s.rank for s in made.stops) == list(range(1, 9))
    by_rank = sorted(made.stops, key=lambda s: s.rank)
    assert by_rank[0].rmse_reduction_db > by_rank[-1].rmse_reduction_db > 0


def test_a_longer_drive_learns_more_and_no_drive_is_longer_than_its_budget(method):
    made = {km: plan_on(method, seen(), GRID, count=8, budget_km=km) for km in (0.03, 0.3)}
    assert all(one.length_m <= 1000.0 * km for km, one in made.items())
    assert 1 <= len(made[0.03].stops) < len(made[0.3].stops) <= 8
    assert made[0.3].rmse_after_db < made[0.03].rmse_after_db
    assert sum(s.rmse_reduction_db for s in made[0.3].stops) == pytest.approx(
        made[0.3].rmse_before_db - made[0.3].rmse_after_db
    )


def test_only_free_reachable_cells_that_were_not_measured(method):
    layout = wall()
    start = tuple(float(v) for v in GRID.to_lonlat(GRID.x[25], GRID.y[5]))
    made = plan_on(method, seen(layout), GRID, count=10, start=start)
    row, col = cells_of(made.stops)
    assert (col >= 22).all(), "the start lies east of the wall, and there is no gate"
    other = plan_on(method, seen(layout), GRID, count=10)
    row, col = cells_of(other.stops)
    assert (col < 20).all(), "without a start, the larger part is driven"
    there = GRID.index_of(west().x, west().y)
    assert not set(zip(row.tolist(), col.tolist(), strict=True)) & set(zip(*(t.tolist() for t in there), strict=True))


def test_route_passes_the_gate_and_its_length_is_that_of_its_line(method):
    layout = wall(gate=16)
    start = tuple(float(v) for v in GRID.to_lonlat(GRID.x[2], GRID.y[30]))
    made = plan_on(method, seen(layout), GRID, count=10, start=start)
    _, col = cells_of(made.stops)
    assert col.min() < 20 and col.max() >= 22, "both sides of the wall matter"
    x, y = GRID.from_lonlat(*zip(*made.route, strict=True))
    assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(made.length_m, rel=1e-4)
    assert (x[0], y[0]) == pytest.approx((GRID.x[2], GRID.y[30]), abs=0.01)
    dense_x, dense_y = (np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(v)]) for v in (x, y))
    row, col = GRID.index_of(dense_x, dense_y)
    assert not layout.building[row, col].any(), "the route crosses no building"
    assert (row[(col == 20) | (col == 21)] == 16).all()
    at_row, at_col = cells_of(made.stops)
    driven = set(zip(row.tolist(), col.tolist(), strict=True))
    assert set(zip(at_row.tolist(), at_col.tolist(), strict=True)) <= driven, "every place is passed"


def test_before_the_first_drive_the_prior_s_draws_tell(method):
    made = plan_on(method, Observations(crs=GRID.crs), GRID, count=4)
    assert made.belief == "draws" and made.readings == 0 and len(made.stops) == 4
    assert "too few readings" in made.summary()


def test_a_start_in_a_building_begins_beside_it(method):
    start = tuple(float(v) for v in GRID.to_lonlat(GRID.x[21], GRID.y[3]))
    made = plan_on(method, seen(wall()), GRID, count=3, start=start)
    assert (cells_of(made.stops)[1] >= 22).all()


def test_plan_is_a_function_of_its_input(method):
    first, again = (plan_on(method, seen(), GRID, count=5) for _ in range(2))
    assert first == again


def test_geojson_is_what_gis_programs_read(method, tmp_path):
    made = plan_on(method, seen(), GRID, count=5)
    write_plan(made, tmp_path / "plan.geojson")
    read = json.loads((tmp_path / "plan.geojson").read_text())
    assert read["type"] == "FeatureCollection"
    *points, line = read["features"]
    assert [p["geometry"]["type"] for p in points] == ["Point"] * 5
    assert line["geometry"]["type"] == "LineString" and len(line["geometry"]["coordinates"]) >= 2
    for point, stop in zip(points, made.stops, strict=True):
        assert point["geometry"]["coordinates"] == [stop.lon, stop.lat]
        assert point["properties"]["expected_rmse_reduction_db"] == pytest.approx(stop.rmse_reduction_db, abs=1e-4)
    assert [p["properties"]["visit"] for p in points] == [1, 2, 3, 4, 5]
    assert line["properties"]["length_m"] == pytest.approx(made.length_m, abs=0.06)
    for lon, lat in line["geometry"]["coordinates"]:
        assert (lon, lat) == pytest.approx(BS, abs=0.01)


def test_from_files_with_and_without_measurements(tmp_path, tiny_prior):
    points = west()
    lon, lat = GRID.to_lonlat(points.x, points.y)
    rows = "\n".join(f"{a:.8f},{b:.8f},{v:.2f}" for a, b, v in zip(lon, lat, points.value, strict=True))
    (tmp_path / "drive.csv").write_text("lon,lat,rsrp\n" + rows + "\n")
    made = plan(tmp_path / "drive.csv", bs=BS, size=32, count=4, prior=tiny_prior)
    assert made.belief == "exact" and len(made.stops) == 4
    sites = [SitePlan(BS, size=32, cell_m=4.0, name=name, azimuth_deg=a, cells={"pci": name}) for name, a in
             (("1", 30.0), ("2", 210.0))]  # fmt: skip
    both = "\n".join(f"{a:.8f},{b:.8f},{v - 3 * k:.2f},{k}" for k in (1, 2) for a, b, v in
                     zip(lon, lat, points.value, strict=True))  # fmt: skip
    (tmp_path / "both.csv").write_text("lon,lat,rsrp,pci\n" + both + "\n")
    joint = plan_sites(tmp_path / "both.csv", sites, count=6, prior=tiny_prior, budget_km=0.2)
    assert (joint.maps, joint.readings, joint.belief) == (2, 50, "exact") and joint.length_m <= 200.0
    assert "for 2 maps" in joint.summary() and joint.geojson()["features"][-1]["properties"]["maps"] == 2
    _, col = cells_of(joint.stops)
    assert (col >= 8).mean() > 0.6  # neither was measured there
    assert plan_sites(None, sites, count=2, prior=tiny_prior).belief == "draws"
    with pytest.raises(OptionError, match="one cell side"):
        plan_sites(None, [sites[0], replace(sites[1], size=48)], prior=tiny_prior)
    site = SitePlan(BS, size=32, azimuth_deg=30.0)
    grid = site.grid()
    observations = site.observations(grid)
    assert grid == GRID and observations.transmitter.bearing_deg == 30.0 and not observations.points


def written(path, points, values):
    lon, lat = GRID.to_lonlat(points.x, points.y)
    rows = "\n".join(f"{a:.8f},{b:.8f},{v:.9f}" for a, b, v in zip(lon, lat, values, strict=True))
    path.write_text("lon,lat,gain_db\n" + rows + "\n")
    return path


def test_a_drive_is_planned_without_what_the_antenna_s_pattern_explains(tmp_path, tiny_prior):
    """Where the file of the pattern is given, its strong and weak directions are no shadows to be measured: the drive
    is that of the same readings by an antenna that radiates alike all round."""
    points = west()
    site = SitePlan(BS, size=32, cell_m=4.0, azimuth_deg=90.0, pattern="3gpp:65,15,30", name="1", cells={})
    field = pattern_field_db(read_pattern(site.pattern), site.transmitter(GRID), GRID)
    added = points.value + field[GRID.index_of(points.x, points.y)]
    sector, round_ = written(tmp_path / "s.csv", points, added), written(tmp_path / "r.csv", points, points.value)
    made = plan(sector, site, count=4, prior=tiny_prior)
    same = plan(round_, replace(site, pattern=None, azimuth_deg=None), count=4, prior=tiny_prior)
    assert [(s.lon, s.lat) for s in made.stops] == [(s.lon, s.lat) for s in same.stops]
    assert made.rmse_before_db == pytest.approx(same.rmse_before_db, rel=1e-4)
    blind = plan(sector, replace(site, pattern=None), count=4, prior=tiny_prior)
    assert blind.rmse_before_db > 1.01 * made.rmse_before_db
    assert "antenna pattern 3gpp:65,15,30" in made.summary()
    assert any("3gpp" in note for note in made.geojson()["features"][-1]["properties"]["assumed"])
    several = plan_sites(sector, [site], count=4, prior=tiny_prior)
    assert several.rmse_before_db == pytest.approx(made.rmse_before_db, rel=1e-4)


def test_a_drive_goes_where_last_months_maps_of_the_cells_know_least(tmp_path, tiny_prior):
    """Both cells' older maps are sure of the east and hold nothing of the west: one drive for both goes west."""
    sites = [SitePlan(BS, size=32, cell_m=4.0, name=name, azimuth_deg=a, cells={"pci": name}) for name, a in
             (("1", 30.0), ("2", 210.0))]  # fmt: skip
    points = west()
    lon, lat = GRID.to_lonlat(points.x, points.y)
    both = "\n".join(f"{a:.8f},{b:.8f},{v:.2f},{k}" for k in (1, 2) for a, b, v in
                     zip(lon, lat, points.value, strict=True))  # fmt: skip
    (tmp_path / "both.csv").write_text("lon,lat,gain_db,pci\n" + both + "\n")
    covered = np.broadcast_to(np.arange(32) >= 16, GRID.shape)
    (tmp_path / "last").mkdir()
    planes = (np.asarray(a, np.float32)[None] for a in (gaussian_field(GRID, 0), np.full(GRID.shape, 0.5)))
    made = RadioMap.from_gaussian(GRID, *planes, ["gain_db"], valid=covered, provenance={"unit": "dB"})
    write_geotiff(made, tmp_path / "last" / "1.tif")
    write_geotiff(made, tmp_path / "last" / "2.tif")
    how = {"count": 8, "prior": tiny_prior}
    blind = plan_sites(tmp_path / "both.csv", sites, **how)
    told = plan_sites(tmp_path / "both.csv", sites, before=tmp_path / "last", before_age_days=0.0, **how)
    east = [float((cells_of(one.stops)[1] >= 16).mean()) for one in (blind, told)]
    assert east[1] < east[0], east
    assert told.rmse_before_db < 0.8 * blind.rmse_before_db, "what is known already is not to be learnt again"
    assert told.readings == blind.readings, "an older map is no measured cell"
    (tmp_path / "last" / "1.tif").unlink()
    (tmp_path / "last" / "2.tif").unlink()
    with pytest.raises(InputError, match="holds nothing of 1, 2"):
        plan_sites(tmp_path / "both.csv", sites, before=tmp_path / "last", **how)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"count": 0}, OptionError, "1 to 200"),
        ({"count": 201}, OptionError, "1 to 200"),
        ({"sigma_db": 0.0}, OptionError, "positive number of dB"),
        ({"budget_km": 0.0}, OptionError, "positive number of kilometres"),
        ({"start": (24.0, 60.17)}, OutsideGrid, "outside the grid"),
    ],
)
def test_what_cannot_be_is_refused(method, wrong, error, said):
    with pytest.raises(error, match=said):
        plan_on(method, seen(), GRID, **wrong)


def test_nowhere_to_go_is_said(method):
    small = Grid((16, 16), 4.0, GRID.origin, GRID.crs)
    full = readings(small, gaussian_field(small, 0), 256, 0)
    with pytest.raises(OptionError, match="nothing to plan"):
        plan_on(method, evidence(full, crs=GRID.crs), small)
    built = Observations(layout=Layout(small, np.ones(small.shape, np.float32)), crs=GRID.crs)
    for start in (None, tuple(float(v) for v in small.to_lonlat(small.x[3], small.y[3]))):
        with pytest.raises(OptionError, match="no free cell"):
            plan_on(method, built, small, start=start)


def test_a_folder_that_is_not_there(method, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_plan(plan_on(method, seen(), GRID, count=2), tmp_path / "no" / "plan.geojson")
