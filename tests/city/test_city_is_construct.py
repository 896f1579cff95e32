"""A city's maps are those of `ckm construct` and `ckm predict`: one posterior, whatever it is made in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from city_worlds import BBOX, write_layout, write_sites, write_test

from openckm.atlas import open_maps
from openckm.city import CityPlan, make_city
from openckm.edge import construct
from openckm.infer.spread.calibration import Calibration, FamilyCalibration
from openckm.infer.spread.normal import Z_90
from openckm.maps.layouts import read_layout
from openckm.maps.site_plan import SitePlan
from openckm.maps.sites_csv import read_sites
from openckm.predict.predictor import Predictor
from openckm.priors.pretrained import load_prior

SMALL = (24.9430, 60.1706, 24.94635, 60.1721)
"""A square of 96 x 96 cells of 2 m: one window, one tile."""


@pytest.fixture(scope="module")
def prior(tmp_path_factory):
    """A tiny prior that reads rays, with a measured spread: twice as wide far away, and wider without readings."""
    from worlds import save_tiny, tiny_denoiser

    folder = save_tiny(tmp_path_factory.mktemp("calibrated"), tiny_denoiser(planes=("rays",)))
    sha = load_prior(folder)[1].sha256
    family = FamilyCalibration((2.0, 100.0), (1.0, 2.0), Z_90, 0.1, 5, (0.5, 4.0), (1.0, 1.3))
    alone = FamilyCalibration((2.0,), (1.7,), Z_90, 0.1, 5)
    Calibration(sha, {"site/dBm/exact": family, "site/dB/none": alone}).write(folder)
    return folder


def with_limits(folder, name="south", count=60):
    """Add rows that say "not heard" in the north-west quarter: the phone's floor is -125 dBm there."""
    path = folder / f"{name}.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    rng = np.random.default_rng(8)
    west, south, east, north = SMALL
    quiet = zip(
        rng.uniform(west + 1e-4, (west + east) / 2, count), rng.uniform((south + north) / 2, north - 1e-4, count),
        strict=True,
    )  # fmt: skip
    rows[1:] = [r for r in rows[1:] if not (float(r[0]) < (west + east) / 2 and float(r[1]) > (south + north) / 2)]
    rows += [[f"{lon:.7f}", f"{lat:.7f}", "< -125"] for lon, lat in quiet]
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    return folder


def plan_in(folder, prior, **changes):
    sites = tuple(s for s in read_sites(write_sites(folder)) if s.name == "south")
    told = {
        "layout": write_layout(folder), "sites": sites, "bbox": SMALL, "output": folder / "one.zarr", "draws": 2,
        "observations": write_test(folder / "tests", count=1200), "prior": prior,
    }  # fmt: skip
    return CityPlan(**(told | changes))


def construct_on(plan, monkeypatch):
    """What `ckm construct` makes of the same file on the same cells.

    The corner of the map that is asked for by its centre is off by a rounding error, which moves lines that run along a
    cell's border into the next cell; so the corner is set.
    """
    x, y = (v.mean() for v in plan.grid.centres())
    centre = tuple(float(v) for v in plan.grid.to_lonlat(x, y))
    assert plan.grid.shape[0] == plan.grid.shape[1]
    asked = SitePlan(centre=centre, size=plan.grid.shape[0], cell_m=plan.cell_m).grid()
    np.testing.assert_allclose(asked.origin, plan.grid.origin, atol=1e-6)
    monkeypatch.setattr(SitePlan, "grid", lambda self: plan.grid)
    site = replace(plan.sites[0], layout=plan.layout, centre=centre, size=plan.grid.shape[0], cell_m=plan.cell_m)
    path = plan.observations / "south.csv"
    return construct(path, site, draws=plan.draws, prior=plan.prior)


@pytest.mark.parametrize("change", ["", "limits", "pattern"])
def test_a_city_of_one_tile_is_the_map_that_construct_makes(tmp_path, prior, change, monkeypatch):
    plan = plan_in(tmp_path, prior)
    if change == "limits":
        with_limits(plan.observations)
    if change == "pattern":
        site = replace(plan.sites[0], pattern="3gpp:65,8,30")
        plan = replace(plan, sites=(site,))
    job = construct_on(plan, monkeypatch)
    right, check = job.radiomap, job.check
    make_city(plan, workers=0)
    made = open_maps(plan.output)[0].source.load()
    assert made.grid.shape == right.grid.shape == (96, 96)
    for k, channel in enumerate(made.channels):
        np.testing.assert_allclose(made.mean(channel), right.mean(channel), atol=1e-4, err_msg=channel)
        np.testing.assert_allclose(made.std(channel), right.std(channel), atol=1e-4, err_msg=channel)
        wanted = right.dataset["quantile"].sel(channel=channel).values
        np.testing.assert_allclose(made.dataset["quantile"].values[:, k], wanted, atol=2e-4)
    np.testing.assert_array_equal(made.valid, right.valid)
    told, own = made.provenance, right.provenance
    assert told["weights"] == pytest.approx(own["weights"])
    assert told["spread_scale"] == pytest.approx(own["spread_scale"])
    assert told["limits"] == own["limits"]
    assert told["limits"]["below"] == (0 if change != "limits" else own["limits"]["below"])
    assert told["reading"]["kept"] == own["reading"]["kept"]
    assert told["status"] == own["status"] == check.status
    assert told["widened_by"] == pytest.approx(own["widened_by"], rel=1e-3)
    assert told["refused_because"] == own["refused_because"]
    assert told["self_check"]["held_back"] == check.held
    assert told["self_check"]["limits"] == check.limits
    for score, said in zip(check.scores, told["self_check"]["scores"], strict=True):
        assert said["method"] == score.method
        assert said["rmse_db"] == pytest.approx(score.rmse_db, abs=1e-3)
        assert said["coverage_90"] == pytest.approx(score.coverage_90, abs=1e-6)


def test_limits_lower_the_map_where_nothing_was_heard(tmp_path, prior):
    """The user's question: nobody heard the site in one quarter; does the map say that it is weak there?"""
    plan = plan_in(tmp_path, prior, draws=0)
    with_limits(plan.observations)
    make_city(plan, workers=0)
    said = open_maps(plan.output)[0].source.load().mean()[8:40, 8:40]
    lines = [r for r in (plan.observations / "south.csv").read_text().splitlines() if "<" not in r]
    (plan.observations / "south.csv").write_text("\n".join(lines) + "\n")
    without = replace(plan, output=tmp_path / "without.zarr")
    make_city(without, workers=0)
    heard = open_maps(without.output)[0].source.load().mean()[8:40, 8:40]
    assert np.mean(said) < np.mean(heard) - 10
    assert np.mean(said < -120) > 0.8
    assert np.mean(heard < -120) < 0.1


def test_draws_have_the_law_of_those_of_construct(tmp_path, prior, monkeypatch):
    """Their noise belongs to the city's cells and is another one, so that they are compared by mean and spread."""
    monkeypatch.setattr("openckm.infer.model.draw_factor", lambda *_: 1.0)  # of few draws it would hide the law
    plan = plan_in(tmp_path, prior, draws=8)
    right = construct_on(plan, monkeypatch).radiomap
    make_city(plan, workers=0)
    made = open_maps(plan.output)[0].source.load()
    for channel, near in (("gain_db", 0.15), ("aoa_cos", 0.25)):
        own, other = made.draws(channel), right.draws(channel)
        spread = np.sqrt(own.var(0).mean()), np.sqrt(other.var(0).mean())
        assert spread[0] == pytest.approx(spread[1], rel=near), channel
        gap = (own.mean(0) - other.mean(0)) / (other.std(0, ddof=1) * np.sqrt(2 / 8))
        assert np.sqrt(np.mean(gap**2)) < 1.6, channel
    assert not np.allclose(made.draws(), right.draws(), atol=1.0)


def test_a_site_without_readings_is_what_predict_says(tmp_path, prior):
    plan = plan_in(tmp_path, prior, observations=None)
    make_city(plan, workers=0)
    made = open_maps(plan.output)[0].source.load()
    site = plan.sites[0]
    known = replace(site, layout=plan.layout).observations(plan.grid)
    right = Predictor(prior=prior, by="prior").reconstruct(known, plan.grid, draws=0)
    np.testing.assert_allclose(made.mean(), right.mean() + site.power_dbm, atol=1e-4)
    np.testing.assert_allclose(made.std(), right.std(), atol=1e-4)
    np.testing.assert_allclose(made.mean("aoa_cos"), right.mean("aoa_cos"), atol=1e-4)


def test_two_sites_draw_independently(tmp_path, prior):
    """A draw of one site says nothing of the same draw of another: statements about both multiply nothing twice."""
    sites = read_sites(write_sites(tmp_path))
    tests = write_test(tmp_path / "tests", "south", count=1000)
    write_test(tests, "north", count=1000)
    plan = CityPlan(
        write_layout(tmp_path), sites, (BBOX[0], SMALL[1], 24.9475, 60.1745), tmp_path / "two.zarr", tests, draws=8,
        prior=prior, cell_m=4.0, steps=2,
    )  # fmt: skip
    make_city(plan, workers=0)
    residuals = []
    for view in open_maps(plan.output):
        made = view.source.load()
        residuals.append(((made.draws() - made.mean()) / made.std())[:, made.valid])
    assert abs(np.corrcoef(residuals[0].ravel(), residuals[1].ravel())[0, 1]) < 0.15


def test_the_layout_is_read_as_construct_reads_it(tmp_path, prior):
    plan = plan_in(tmp_path, prior, draws=0, observations=None)
    make_city(plan, workers=0)
    made = open_maps(plan.output)[0].source.load()
    np.testing.assert_array_equal(made.valid, ~read_layout(plan.layout, plan.grid).building)
