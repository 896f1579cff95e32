"""What belongs to a site, fitted once from all its readings: transmit offset, slope, pattern, discrepancy.

    y = offset + slope (m - m_bar) + pattern(bearing) + indoor + delta + n       (`openckm.infer.scene`)

m is the network's map of the site, which sees no reading, at the readings' cells, blended from the same windows as
everywhere; the fit is then a function of place and m(place) alone, so that tiles meet without a seam. The spread is
widened where held-out blocks of readings lie outside their intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.city.plan import CityPlan
from openckm.errors import MeasurementError
from openckm.infer.experts import OUT_OF_LINE
from openckm.infer.spread.normal import Z_90
from openckm.maps.antenna import PEAK_DBI, sector_gain_db
from openckm.maps.cells import aggregate_cells
from openckm.maps.csv import read_drive_test
from openckm.maps.observations import Points
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Transmitter
from openckm.observe.field.discrepancy import (
    DiscrepancyFit,
    DiscrepancyOptions,
    MaternPrior,
    NoisePrior,
    NuggetPrior,
    fit_discrepancy,
)
from openckm.observe.field.nuisance import Basis, join, map_column, offset_columns, pattern_columns

__all__ = ["SiteFit", "fit_site", "read_test", "rows_at"]

Array = NDArray[np.float64]
SHADOW_SIGMA_DB, SHADOW_LENGTH_M = 0.5, 40.0
LEAST_READINGS = 3
BLOCK_M = 100.0
WIDEST = 2.5


@dataclass(frozen=True, eq=False)
class SiteFit:
    """A site's fit.

    Attributes:
        fit: nuisances and discrepancy.
        centre: level of the network's map that the slope turns about [dB].
        factor: on the spread, from readings held out in blocks.
        unit: of the readings.
        cells: visited cells.
    """

    fit: DiscrepancyFit
    centre: float
    factor: float
    unit: str
    cells: int


def read_test(plan: CityPlan, site: int) -> Points:
    """Return a site's readings, one per visited cell of the city.

    Raises:
        MeasurementError: if the file cannot be used, or holds too few readings.
    """
    one = plan.sites[site]
    path = plan.test_of(one)
    if path is None:
        raise MeasurementError(f"site {one.name} has no drive test")
    test = read_drive_test(path, grid=plan.grid, sigma_db=plan.sigma_db, where=dict(one.cells) or None)
    points = test.points
    usable = points.subset(np.flatnonzero(points.kind == "exact"))
    if len(usable) < LEAST_READINGS:
        raise MeasurementError(f"{path}: {len(usable)} values in the box: wanted at least {LEAST_READINGS}, or no file")
    return aggregate_cells(usable, plan.grid, shadow_sigma_db=SHADOW_SIGMA_DB)


def rows_at(
    x: Array, y: Array, mean: Array, indoor: NDArray[np.bool_], tx: Transmitter, centre: float, unit: str
) -> Basis:
    """Return the rows of H at some places, shape (n, p), for the network's map there [dB]."""
    known = unit == "dB"
    bearing = np.arctan2(y - tx.y, x - tx.x) - (tx.azimuth_rad or 0.0)
    parts = [
        offset_columns(np.full(len(x), ""), mean=centre if known else 0.0, std=3.0 if known else np.inf),
        map_column(mean - centre, mean=1.0 if known else 0.5, std=0.3),
        pattern_columns(bearing, None, order=2, std=1.0 if known else 1.5),
    ]
    if tx.azimuth_rad is not None and not known:
        flat = np.maximum(np.hypot(x - tx.x, y - tx.y), 1e-6)
        elevation = np.arctan2(-(tx.height_m - RECEIVER_HEIGHT_M), flat) + np.deg2rad(tx.downtilt_deg)
        gain = sector_gain_db(bearing, elevation) - PEAK_DBI
        parts.append(Basis(gain[:, None], ("TR 38.901 pattern",), ("dB/dB",), np.array([0.4]), np.array([0.3])))
    column = indoor.astype(np.float64)[:, None]
    parts.append(Basis(column, ("indoor",), ("dB",), np.array([-3.0]), np.array([6.0])))
    return join(*parts)


def fit_site(plan: CityPlan, site: int, readings: Points, mean: Array, indoor: NDArray[np.bool_]) -> SiteFit:
    """Return the fit of a site's readings, given the network's map at them [dB], shape (n,)."""
    tx, centre = plan.transmitter(plan.sites[site]), float(mean.mean())
    basis = rows_at(readings.x, readings.y, mean, indoor, tx, centre, readings.unit)
    prior = MaternPrior(
        nu=0.5, length_m=max(SHADOW_LENGTH_M, 4 * plan.cell_m), length_log_sd=0.5, std=8.0, std_log_sd=0.8
    )
    options = DiscrepancyOptions(
        components=(prior,), nugget=NuggetPrior(1.2, 0.7), noise=NoisePrior(), out_of_line=OUT_OF_LINE, starts=2,
        hyper_readings=500,
    )  # fmt: skip
    places = np.stack([readings.x, readings.y], 1)
    fit = fit_discrepancy(
        places,
        readings.value,
        readings.sigma,
        basis.matrix,
        basis.prior_mean,
        basis.prior_std,
        options,
        names=basis.names,
    )
    return SiteFit(fit, centre, _factor(fit, readings), readings.unit, len(readings))


def _factor(fit: DiscrepancyFit, readings: Points) -> float:
    label = (np.floor(readings.x / BLOCK_M) * 100_003 + np.floor(readings.y / BLOCK_M)).astype(np.int64)
    if len(np.unique(label)) < 2:
        return 1.0
    held = fit.leave_blocks_out(label)
    score = np.abs(readings.value - held.mean) / held.std
    return float(np.clip(np.quantile(score, 0.9) / Z_90, 1.0, WIDEST))
