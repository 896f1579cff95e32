"""Evidence beyond points in the main job: files of areas and of any likelihood, and last month's map."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import openckm
from openckm.cli.main import app
from openckm.edge.instruments import read_instruments
from openckm.edge.older import OLDER, disagreements, older_readings, read_older
from openckm.edge.planning import plan
from openckm.errors import GridError, InputError, MeasurementError, OptionError
from openckm.maps.geotiff import read_geotiff, write_geotiff
from openckm.maps.grid import Grid
from openckm.maps.quantity import GAIN
from openckm.maps.radiomap import RadioMap
from openckm.observe import Downsample, Gaussian, Select, map_domain
from openckm.observe.spec import likelihood_to_spec
from worlds import gaussian_field, readings

BS = (24.94, 60.17)
GRID = Grid.centred(*BS, shape=(32, 32), cell_m=4.0)
OPTIONS = {"bs": BS, "size": 32, "cell_m": 4.0, "draws": 0}
FIELD = gaussian_field(GRID, 3, length_m=60.0)
EAST = np.s_[:, 20:]


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """A drive test of the west half alone."""
    points = readings(GRID, FIELD, 300, 0)
    points = points.subset(points.x < GRID.x[16])
    lon, lat = GRID.to_lonlat(points.x, points.y)
    rows = "\n".join(f"{a:.8f},{b:.8f},{v:.2f}" for a, b, v in zip(lon, lat, points.value, strict=True))
    path = tmp_path_factory.mktemp("drive") / "drive.csv"
    path.write_text("lon,lat,gain_db\n" + rows + "\n")
    return path


def blocks(field=FIELD, side=4):
    n = 32 // side
    return 10 * np.log10((10 ** (field / 10)).reshape(n, side, n, side).mean((1, 3)))


def areas_file(path, sigma=0.5, shift=0.0):
    """Write averages of power over the blocks of the east as GeoJSON."""
    features = []
    for (r, c), value in np.ndenumerate(blocks()):
        if c < 4:
            continue
        edge_x = GRID.origin[0] + np.array([16.0 * c, 16.0 * (c + 1)])
        edge_y = GRID.origin[1] - np.array([16.0 * (r + 1), 16.0 * r])
        ring = [(edge_x[i], edge_y[j]) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
        lon, lat = GRID.to_lonlat(*np.transpose(ring))
        polygon = {"type": "Polygon", "coordinates": [np.transpose([lon, lat]).tolist()]}
        told = {"value": float(value) + shift, "sigma": sigma}
        features.append({"type": "Feature", "geometry": polygon, "properties": told})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def rmse(job, part=EAST):
    return float(np.sqrt(np.mean((job.radiomap.mean() - FIELD)[part] ** 2)))


def test_areas_from_a_file_tell_the_map_where_nobody_drove(drive, tmp_path, tiny_prior):
    plain = openckm.construct(drive, prior=tiny_prior, check=False, **OPTIONS)
    path = areas_file(tmp_path / "areas.geojson")
    job = openckm.construct(drive, prior=tiny_prior, check=False, evidence=path, **OPTIONS)
    assert rmse(job) < 0.5 * rmse(plain)
    assert "32 readings of other instruments (32 by AreaAverage)" in job.summary()
    assert "check them" not in job.summary()
    odd = openckm.construct(
        drive, prior=tiny_prior, check=False, evidence=areas_file(tmp_path / "odd.geojson", 0.5, 80.0), **OPTIONS
    )
    assert "check them" in odd.summary()  # 80 dB off: nobody believes it in silence


def test_a_likelihood_given_in_python_and_in_a_file_is_the_same_evidence(drive, tmp_path, tiny_prior):
    domain = map_domain((32, 32))
    operator = Downsample(domain.only("gain_db"), 8, "mean") @ Select(domain, "gain_db")
    y = torch.as_tensor(GAIN.encode(FIELD.reshape(4, 8, 4, 8).mean((1, 3))))[None, None]
    likelihood = Gaussian(operator, y, 0.5 / GAIN.scale)
    (tmp_path / "a.json").write_text(json.dumps(likelihood_to_spec(likelihood)))
    jobs = [
        openckm.construct(drive, prior=tiny_prior, check=False, **how, **OPTIONS)
        for how in ({"likelihood": likelihood}, {"evidence": tmp_path / "a.json"})
    ]
    np.testing.assert_allclose(jobs[0].radiomap.mean(), jobs[1].radiomap.mean(), atol=1e-3)
    means = jobs[0].radiomap.mean().reshape(4, 8, 4, 8).mean((1, 3))
    assert np.abs(means - FIELD.reshape(4, 8, 4, 8).mean((1, 3)))[:, 2:].max() < 1.5


def test_areas_are_of_the_map_with_its_woods_and_terrain(drive, tmp_path, tiny_prior, monkeypatch):
    """A field that readings are freed of, and the map gets back, is in what an area's average says."""
    loss = np.zeros((32, 32))
    loss[:, 20:] = -12.0
    monkeypatch.setattr("openckm.edge.prepared.isotropic", lambda seen, *_: (seen, loss, ()))
    path = areas_file(tmp_path / "areas.json")
    job = openckm.construct(drive, evidence=path, prior=tiny_prior, check=False, **OPTIONS)
    assert rmse(job) < 6.0, "the averages are those of the east as it is, not 12 dB above it"
    means = blocks(job.radiomap.mean())[:, 5:]
    np.testing.assert_allclose(means, blocks()[:, 5:], atol=1.5)


def test_the_map_after_a_planned_change_has_the_further_evidence_and_the_older_map_in_it(drive, tmp_path, tiny_prior):
    """Asked of the command: what differs from today's map is the change, whatever today's map was made from."""
    path = areas_file(tmp_path / "areas.geojson")
    write_geotiff(older(FIELD), tmp_path / "old.tif")
    for more in (["--evidence", str(path)], ["--before", str(tmp_path / "old.tif")]):
        done = CliRunner().invoke(app, [
            "construct", str(drive), "--bs", "24.94,60.17", "--size", "32", "--cell", "4", "--draws", "0", "--no-check",
            "--prior", str(tiny_prior), *more, "--then", "power=+3", "-o", str(tmp_path / "map.tif"),
        ])  # fmt: skip
        assert done.exit_code == 0, done.output
        today, then = (read_geotiff(tmp_path / f"map{name}.tif") for name in ("", "-then"))
        np.testing.assert_allclose(then.mean(), today.mean() + 3.0, atol=0.05)
        for name in ("", "-then", "-change"):
            (tmp_path / f"map{name}.tif").unlink()


def test_the_self_check_conditions_on_the_further_evidence_too(drive, tmp_path, tiny_prior):
    path = areas_file(tmp_path / "areas.geojson")
    job = openckm.construct(drive, prior=tiny_prior, evidence=path, **OPTIONS)
    assert job.check is not None and job.check.held >= 15


def test_a_bad_file_of_evidence_is_named(tmp_path):
    path = tmp_path / "a.json"
    for text, said in (
        ("{", "cannot be read as JSON"), ('{"type": "gaussian"}', "operator"),
        ('{"type": "magic"}', "unknown likelihood"),
        ('{"type": "FeatureCollection", "features": [{"geometry": {"type": "Point"}, "properties": {}}]}', "a Point"),
        ('{"type": "FeatureCollection", "features": [{"geometry": {"type": "Polygon"}}]}', "lacks something"),
        ('{"type": "FeatureCollection", "features": []}', "no areas"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(InputError, match=said) as failed:
            read_instruments(path, GRID)
        assert str(path) in str(failed.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_instruments(tmp_path / "none.json", GRID)


def older(field, std=3.0, grid=GRID, unit="dB"):
    planes = (np.asarray(a, np.float32)[None] for a in (field, np.full(field.shape, std)))
    return RadioMap.from_gaussian(grid, *planes, ["gain_db"], provenance={"unit": unit})


def test_last_months_map_tells_where_nobody_drove_today(drive, tmp_path, tiny_prior):
    plain = openckm.construct(drive, prior=tiny_prior, check=False, **OPTIONS)
    rough = FIELD + np.random.default_rng(0).normal(0, 2.0, FIELD.shape)
    write_geotiff(older(rough), tmp_path / "old.tif")
    job = openckm.construct(drive, prior=tiny_prior, check=False, before=tmp_path / "old.tif", **OPTIONS)
    assert rmse(job) < 0.6 * rmse(plain)
    assert "the new drive agrees with the map before" in job.summary()
    assert "30 days old, counts as" in job.summary()


def test_where_the_new_drive_disagrees_it_is_said(drive, tmp_path, tiny_prior):
    """A building went up: in the north-west of the map the old map says 25 dB more than is read today."""
    changed = FIELD.copy()
    changed[:12, :12] += 25.0
    write_geotiff(older(changed), tmp_path / "old.tif")
    job = openckm.construct(drive, prior=tiny_prior, check=False, before=tmp_path / "old.tif", **OPTIONS)
    lines = [line for line in job.summary().splitlines() if "weaker than the map before" in line]
    assert lines and "agrees" not in job.summary()
    points = readings(GRID, FIELD, 300, 0)
    _, found = disagreements(older(changed), points, GRID, 30.0)
    assert all(-32.0 < one.difference_db < -15.0 for one in found)
    assert {(one.x < GRID.x[12], one.y > GRID.y[12]) for one in found} == {(True, True)}


def test_the_map_has_todays_level_whatever_the_transmit_power_was_last_month(drive, tmp_path, tiny_prior):
    """Last month the base station sent 20 dB more: an older map is no phone, whose level would count half."""
    write_geotiff(older(FIELD + 20.0), tmp_path / "old.tif")
    job = openckm.construct(drive, prior=tiny_prior, check=False, before=tmp_path / "old.tif", **OPTIONS)
    assert abs(float(np.mean(job.radiomap.mean() - FIELD))) < 2.0
    assert "today's readings lie -2" in job.summary()


def test_an_older_map_counts_less_and_never_as_truth(drive, tmp_path):
    fresh, stale = (older_readings(older(FIELD), GRID, days) for days in (0.0, 365.0))
    assert (fresh.sigma == pytest.approx(3.0)) and stale.sigma.min() > 7.0
    assert set(fresh.device) == {OLDER} and len(fresh) < 100
    np.testing.assert_allclose(fresh.value, FIELD[GRID.index_of(fresh.x, fresh.y)], atol=1e-4)
    level, found = disagreements(older(FIELD - 7.0), readings(GRID, FIELD, 300, 0), GRID, 30.0)
    assert level == pytest.approx(7.0, abs=0.5) and not found  # a changed level is no contradiction


def test_the_old_map_is_given_in_the_self_check_and_never_held_back(drive, tmp_path, tiny_prior):
    write_geotiff(older(FIELD), tmp_path / "old.tif")
    plain, job = (
        openckm.construct(drive, prior=tiny_prior, **how, **OPTIONS) for how in ({}, {"before": tmp_path / "old.tif"})
    )
    assert plain.check.held + plain.check.given == job.check.held + job.check.given
    assert job.check.scores[0].rmse_db < plain.check.scores[0].rmse_db + 0.5


def test_an_older_map_of_another_place_unit_or_kind_is_refused(drive, tmp_path):
    with pytest.raises(GridError, match="says nothing"):
        older_readings(older(FIELD, grid=replace(GRID, origin=(0.0, 0.0))), GRID, 30.0)
    with pytest.raises(OptionError, match="age"):
        older_readings(older(FIELD), GRID, -1.0)
    write_geotiff(older(FIELD, unit="dBm"), tmp_path / "old.tif")
    with pytest.raises(MeasurementError, match="in dBm, the readings are in dB"):
        read_older(tmp_path / "old.tif", "dB")
    (tmp_path / "none.tif").write_text("no raster")
    with pytest.raises(InputError, match="cannot read"):
        read_older(tmp_path / "none.tif", "dB")


def test_the_command_takes_both(drive, tmp_path, tiny_prior):
    write_geotiff(older(FIELD), tmp_path / "old.tif")
    areas = areas_file(tmp_path / "areas.geojson")
    given = [
        drive,
        "--bs",
        f"{BS[0]},{BS[1]}",
        "--size",
        32,
        "--cell",
        4,
        "--draws",
        1,
        "--no-check",
        "--prior",
        tiny_prior,
    ]
    given += ["--evidence", areas, "--before", tmp_path / "old.tif", "--before-age", 10, "-o", tmp_path / "map.tif"]
    done = CliRunner().invoke(app, ["construct", *map(str, given)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "readings of other instruments" in done.stdout and "10 days old" in done.stdout
    again = CliRunner().invoke(app, ["construct", *map(str, [*given[:-1], areas])])
    assert again.exit_code != 0 and areas.read_text().startswith("{")  # no input is overwritten


def test_a_plan_knows_the_evidence_that_the_map_knows(drive, tmp_path, tiny_prior):
    """Where an older map or areas tell the east already, a further drive gains less."""
    write_geotiff(older(FIELD), tmp_path / "old.tif")
    areas = areas_file(tmp_path / "areas.geojson")
    how = {"bs": BS, "size": 32, "cell_m": 4.0, "count": 3, "prior": tiny_prior}
    plain, told, both = (
        plan(drive, **more, **how)
        for more in ({}, {"before": tmp_path / "old.tif", "before_age_days": 5.0}, {"evidence": areas})
    )
    assert told.rmse_before_db < plain.rmse_before_db and both.rmse_before_db < plain.rmse_before_db
    assert {made.belief for made in (plain, told, both)} == {"exact"}
    first = plan(None, before=tmp_path / "old.tif", **how)
    assert len(first.stops) == 3
