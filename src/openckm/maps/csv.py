"""Drive tests from CSV files: points with unit, uncertainty, kind and device, and a report of what was read.

Values become map gains or received power: path loss L [dB] is gain = -L [dB]; RSRP and RSSI stay in dBm (gain plus an
unknown transmit power). Phones report RSRP in steps of 1 dB (3GPP TS 36.133, 38.133); a step of 1 dB adds 0.3 dB of
uniform error, far below the default sigma, so such readings stay "exact" and the report names the step.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError, OptionError, OutsideGrid
from openckm.maps.cells import aggregate_cells
from openckm.maps.csv_columns import VALUE_ROLES, assign_columns
from openckm.maps.csv_position import locate
from openckm.maps.csv_table import Table, Where, read_table
from openckm.maps.grid import Grid
from openckm.maps.observations import Points

__all__ = ["DriveTest", "DriveTestReport", "aggregate_cells", "read_drive_test"]

_RANGE = {"rsrp": (-160.0, -20.0, "dBm"), "path_loss": (0.0, 300.0, "dB"), "gain": (-300.0, 0.0, "dB")}
_REMEDY = {
    "rsrp": (
        "a positive number is a path loss (say columns={'path_loss': <column>}) or a report index (LTE: RSRP ="
        " index - 141 dBm; 5G: index - 157 dBm); numbers such as -999 stand for a missing value: remove these rows"
    ),
    "path_loss": "a negative number is a gain (say columns={'gain': <column>}) or a received power ('rsrp')",
    "gain": "a positive number is a path loss (say columns={'path_loss': <column>})",
}
_KINDS = {
    "": "exact", "0": "exact", "false": "exact", "no": "exact", "exact": "exact",
    "1": "unheard", "true": "unheard", "yes": "unheard", "censored": "unheard", "not heard": "unheard",
    "below": "below", "above": "above", "interval": "interval",
}  # fmt: skip


@dataclass(frozen=True)
class DriveTestReport:
    """What was read from a drive test.

    Attributes:
        source: file name.
        value_column: the column the values come from.
        unit: "dBm" or "dB" of the readings that were made of it.
        crs: CRS of the points, None for a local plane.
        rows_read: data rows of the file.
        rows_selected: rows that `where` chose.
        kept: readings returned.
        outside: selected rows that lie outside the grid and were dropped.
        devices: number of kept readings per device.
        value_min: smallest kept reading [unit].
        value_max: largest kept reading [unit].
        censored: kept readings that are not exact.
        step_db: 1.0 where all kept readings are whole numbers (a phone's report), else None [dB].
    """

    source: str
    value_column: str
    unit: str
    crs: str | None
    rows_read: int
    rows_selected: int
    kept: int
    outside: int
    devices: dict[str, int]
    value_min: float
    value_max: float
    censored: int
    step_db: float | None


@dataclass(frozen=True)
class DriveTest:
    """Readings of a drive test and the report on them."""

    points: Points
    report: DriveTestReport


def read_drive_test(
    path: str | os.PathLike[str],
    *,
    grid: Grid | None = None,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    sigma_db: float = 3.0,
    device: str | None = None,
    where: Where | None = None,
) -> DriveTest:
    """Read the measured points of a CSV file with a header line.

    Columns are found by their usual names, whatever the case: lon/lng/longitude with lat/latitude [degrees], or
    x/easting with y/northing [m]; rsrp or rssi [dBm] (rsrp wins), path_loss or gain_db [dB]; and, optional, sigma
    [dB], device, kind ("exact", "below", "above", "interval" with low and high) or censored (1: not heard, the true
    power is below the value given). Columns of other names are ignored.

    Args:
        path: the CSV file.
        grid: keep only the points in this grid and give them in its plane; None keeps all, in their UTM zone.
        crs: CRS of x/y columns (EPSG code of a metric CRS); None where they lie in the local plane of the grid.
        columns: role -> column name where the names do not tell, e.g. {"lat": "tx_x_coord", "rsrp": "bs7"}.
        sigma_db: noise of the readings where the file has no sigma column [dB].
        device: name of the device where the file has no device column.
        where: keep the rows whose columns hold these values, e.g. {"PCI": "A"} or {"PCI": ["A", "B"]}.

    Returns:
        The readings and the report of what was read. Rows keep their number in the file (1 is the first data row).

    Raises:
        MeasurementError: naming file, row and remedy: unreadable or empty file, unknown or missing columns, text or
            NaN for a number, values, sigmas or coordinates out of range, swapped coordinates, degrees for metres.
        UnitError: if the file holds both received power and path loss or gain, and `columns` does not choose.
        OutsideGrid: if no point lies in the grid.
        GridError: if the grid has no CRS and the file gives degrees.
        OptionError: if sigma_db, crs, columns or device do not make sense.
    """
    if not (math.isfinite(sigma_db) and sigma_db > 0):
        raise OptionError(f"sigma_db={sigma_db!r}: wanted a positive number of dB, the noise of one reading")
    whole = read_table(Path(path))
    roles = assign_columns(whole, columns)
    table = whole.select(where or {})
    value_role = next(role for role in VALUE_ROLES if role in roles)
    readings = _readings(table, roles, value_role)
    sigma, devices = _sigma(table, roles, sigma_db), _devices(table, roles, device)
    x, y, plane = locate(table, roles, grid, crs)
    inside = _inside(table, x, y, grid)
    points = Points(
        x=x[inside], y=y[inside], sigma=sigma[inside], device=devices[inside], row=table.row[inside],
        **{name: column[inside] for name, column in readings.items()},
        quantity="gain_db", unit=_RANGE[value_role][2], source=table.path.name,
    )  # fmt: skip
    report = _report(points, table.header[roles[value_role]], plane, len(whole), len(table))
    return DriveTest(points, report)


def _readings(table: Table, roles: dict[str, int], role: str) -> dict[str, NDArray[Any]]:
    """Return value, kind, low and high as gains or received power."""
    value = table.numbers(roles[role])
    _require_range(table, roles[role], role, value)
    kind = _kinds(table, roles)
    low, high = np.full(len(table), -np.inf), np.full(len(table), np.inf)
    bounded = [i for i, what in enumerate(kind) if what == "interval"]
    if bounded:
        low[bounded], high[bounded] = _bounds(table, roles, bounded)
    if role == "path_loss":  # gain = -loss turns every bound around
        value, low, high = -value, -high, -low
        turned = {"below": "above", "above": "below"}
        kind = [turned.get(what, what) for what in kind]
    kind = ["below" if what == "unheard" else what for what in kind]
    return {"value": value, "kind": np.asarray(kind), "low": low, "high": high}


def _require_range(table: Table, column: int, role: str, value: NDArray[np.float64]) -> None:
    lowest, highest, unit = _RANGE[role]
    good = (value >= lowest) & (value <= highest)
    if not good.all():
        i = int(np.argmin(good))
        raise MeasurementError(
            f"{table.at(i)}: {table.header[column]!r} is {value[i]:g}, wanted a {role} in [{lowest:g}, {highest:g}]"
            f" {unit} ({int((~good).sum())} of {len(value)} rows are out of this range); {_REMEDY[role]}"
        )


def _kinds(table: Table, roles: dict[str, int]) -> list[str]:
    if "kind" not in roles:
        return ["exact"] * len(table)
    text = [cell.lower() for cell in table.text(roles["kind"])]
    for i, cell in enumerate(text):
        if cell not in _KINDS:
            raise MeasurementError(
                f"{table.at(i)}: {table.header[roles['kind']]!r} is {cell!r}, wanted exact, below, above or interval,"
                " or 0/1 (1: not heard)"
            )
    return [_KINDS[cell] for cell in text]


def _bounds(table: Table, roles: dict[str, int], rows: list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if "low" not in roles or "high" not in roles:
        raise MeasurementError(
            f"{table.at(rows[0])} is an interval, but the file has no columns low and high; add them"
        )
    low, high = table.numbers(roles["low"], rows), table.numbers(roles["high"], rows)
    if (low > high).any():
        i = rows[int(np.argmax(low > high))]
        raise MeasurementError(f"{table.at(i)}: the interval's low end is above its high end; exchange the two")
    return low, high


def _sigma(table: Table, roles: dict[str, int], default_db: float) -> NDArray[np.float64]:
    if "sigma" not in roles:
        return np.full(len(table), float(default_db))
    sigma = table.numbers(roles["sigma"])
    if not (sigma > 0).all():
        i = int(np.argmin(sigma > 0))
        raise MeasurementError(
            f"{table.at(i)}: {table.header[roles['sigma']]!r} is {sigma[i]:g}, wanted a positive number of dB; give the"
            " noise of the reading (3 dB is usual for a phone), or remove the column and use sigma_db"
        )
    return sigma


def _devices(table: Table, roles: dict[str, int], device: str | None) -> NDArray[np.str_]:
    if "device" not in roles:
        return np.full(len(table), device or "")
    if device is not None:
        name = table.header[roles["device"]]
        raise OptionError(
            f"device={device!r}: {table.path} names the devices itself; to keep one of them say where={{{name!r}: ...}}"
        )
    return np.asarray(table.text(roles["device"]))


def _inside(table: Table, x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid | None) -> NDArray[np.bool_]:
    if grid is None:
        return np.ones(len(table), dtype=bool)
    inside = grid.contains(x, y)
    if not inside.any():
        span = f"x {np.min(x):.0f} to {np.max(x):.0f}, y {np.min(y):.0f} to {np.max(y):.0f}"
        raise OutsideGrid(
            f"{table.path}: none of {len(table)} points lies in the grid; they span {span}, the grid"
            f" {tuple(round(b) for b in grid.bounds)} [m, {grid.crs or 'local plane'}]; move the grid or check the file"
        )
    return inside


def _report(points: Points, column: str, plane: str | None, read: int, selected: int) -> DriveTestReport:
    names, counts = np.unique(points.device, return_counts=True)
    whole = len(points) > 1 and bool((points.value == np.round(points.value)).all())
    return DriveTestReport(
        source=points.source, value_column=column, unit=points.unit, crs=plane, rows_read=read, rows_selected=selected,
        kept=len(points), outside=selected - len(points),
        devices={str(n): int(c) for n, c in zip(names, counts, strict=True)},
        value_min=float(points.value.min()), value_max=float(points.value.max()),
        censored=int((points.kind != "exact").sum()), step_db=1.0 if whole else None,
    )  # fmt: skip
