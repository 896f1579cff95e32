"""Phones' reports of received power are intervals of 1 dB, open at both ends."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from openckm.errors import MeasurementError, UnitError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.observe import LTE_RSRP, NR_RSRP, map_domain, points_likelihood
from openckm.observe.reports import heaped_limits

POWER = map_domain((1, 5), "db", ("gain_db",))


@pytest.mark.parametrize(
    ("table", "index", "low", "high"),
    [(LTE_RSRP, 0, -math.inf, -140.0), (LTE_RSRP, 1, -140.0, -139.0), (LTE_RSRP, 96, -45.0, -44.0),
     (LTE_RSRP, 97, -44.0, math.inf), (NR_RSRP, 0, -math.inf, -156.0), (NR_RSRP, 1, -156.0, -155.0),
     (NR_RSRP, 125, -32.0, -31.0), (NR_RSRP, 126, -31.0, math.inf)],
)  # fmt: skip
def test_rows_of_the_standards_tables(table, index, low, high):
    assert [float(end) for end in table.interval(index)] == [low, high]


@pytest.mark.parametrize("table", [LTE_RSRP, NR_RSRP])
def test_the_device_reports_the_step_that_holds_the_power(table):
    first, last = table.lowest, table.highest
    x = torch.tensor([first - 30.0, first + 0.25, -90.5, last - 0.25, last + 30.0]).view(1, 1, 1, 5).double()
    device = table.device(POWER)
    low, high = (end[0, 0, 0].tolist() for end in device.bounds(device(x)))
    index = [0, 1, -90 - first, table.last - 1, table.last]
    told = table.interval(index)
    np.testing.assert_allclose(low, told[0])
    np.testing.assert_allclose(high, told[1])
    assert all(a <= v <= b for a, v, b in zip(low, x.flatten().tolist(), high, strict=True))


def test_reports_are_censored_evidence_and_not_values_with_rounding_noise():
    grid, sigma, power = Grid((1, 3), 10.0), 2.0, 30.0
    points = LTE_RSRP.points([5.0, 15.0, 25.0], [-5.0] * 3, [0, 60, 97], sigma=sigma, device="a phone")
    assert points.unit == "dBm" and points.kind.tolist() == ["below", "interval", "above"]
    assert points.value.tolist() == [-140.0, -80.5, -44.0] and set(points.device) == {"a phone"}
    received = np.array([-160.0, -79.0, -20.0])
    x = torch.zeros(1, 5, 1, 3, dtype=torch.float64)
    x[0, 0, 0] = torch.as_tensor((received - power + 100.0) / 40.0)
    found = points_likelihood(points, grid, offset=power).log_prob(x).item()
    expected = norm.logcdf(-140.0, -160.0, sigma) + norm.logsf(-44.0, -20.0, sigma)
    expected += math.log(norm.cdf(-80.0, -79.0, sigma) - norm.cdf(-81.0, -79.0, sigma))
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("index", [-1, 98, 3.5, math.nan])
def test_an_index_that_no_phone_reports_is_refused(index):
    with pytest.raises(MeasurementError, match="0 to 97"):
        LTE_RSRP.points([0.0], [0.0], [index], sigma=1.0)


def test_a_device_of_another_scale_is_refused():
    with pytest.raises(UnitError, match="dBm"):
        LTE_RSRP.device(map_domain((2, 2)))


def _powers(values, device=""):
    values = np.asarray(values, float)
    return Points.exact(np.arange(len(values)) * 4.0, np.zeros(len(values)), values, sigma=4.0, device=device)


def test_values_heaped_at_the_end_of_a_report_are_limits():
    heap = _powers([-140.0] * 12 + [-139.0, -131.5, -120.0, -90.0])
    found, notes = heaped_limits(heap)
    assert (found.kind == ["below"] * 12 + ["exact"] * 4).all()
    assert notes == ("12 readings at -140 dBm, the end of LTE RSRP reports, are limits (at most that)",)
    strong, told = heaped_limits(_powers([-44.0] * 5 + [-60.0] * 9, "Pixel"))
    assert (strong.kind == "above").sum() == 5 and "of Pixel at -44 dBm" in told[0]
    nr, _ = heaped_limits(_powers([-156.0] * 5 + [-140.0] * 9))
    assert (nr.kind == "below").sum() == 5, "readings of an NR phone at -140 dBm are readings"


@pytest.mark.parametrize(
    "values",
    [[-140.0, -140.0, -100.0], [-140.0] * 4 + [-139.0] * 3, [-110.0] * 30, [-44.0] * 3 + [-43.0] * 2 + [-30.0]],
)
def test_what_is_no_heap_at_an_end_stays_a_reading(values):
    found, notes = heaped_limits(_powers(values))
    assert (found.kind == "exact").all() and notes == ()


def test_gains_have_no_report():
    points = replace(_powers([-140.0] * 9), unit="dB")
    assert heaped_limits(points) == (points, ())
