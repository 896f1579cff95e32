"""Phones' reports of received power are intervals of 1 dB, open at both ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from openckm.errors import MeasurementError, UnitError
from openckm.maps.grid import Grid
from openckm.observe import LTE_RSRP, NR_RSRP, map_domain, points_likelihood

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
