"""Drive tests from files: points with unit, uncertainty, kind and device, and a report of what was read.

Values become map gains or received power: path loss L [dB] is gain = -L [dB]; RSRP and RSSI stay in dBm (gain plus an
unknown transmit power). Phones report RSRP in steps of 1 dB (3GPP TS 36.133, 38.133); a step of 1 dB adds 0.3 dB of
uniform error, far below the default sigma, so such readings stay "exact" and the report names the step.

Nothing is passed over in silence: rows read = readings used + rows left out, by reason.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError, OptionError, OutsideGrid
from openckm.maps.cells import aggregate_cells as aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Points, join_points
from openckm.maps.tables.account import Account, in_words
from openckm.maps.tables.assign import assign_columns, ignored_columns
from openckm.maps.tables.files import open_table
from openckm.maps.tables.heights import choose_height
from openckm.maps.tables.networks import RUN_NAMES, network_kind
from openckm.maps.tables.numbers import GOOD
from openckm.maps.tables.position import clean_positions, locate, position_notes
from openckm.maps.tables.repeats import AGAIN, note_altitudes, note_days, note_instants, note_noise, repeated_rows
from openckm.maps.tables.roles import INDEX_ROLES, OTHER_ROLES, ROLES, VALUE_ROLES, is_known
from openckm.maps.tables.table import Table, TableFile, Where
from openckm.maps.tables.transmitters import (
    UTM_ZONE,
    name_columns,
    names_in,
    prefer_serving,
    refuse_mixed_files,
    refuse_mixture,
    runs_in,
    serving_column,
    unknown_columns,
    unknown_groups,
)
from openckm.maps.tables.values import choose_index, read_values

OUTSIDE = "outside the map"
_REPEATED_SHARE = 0.2
"""Share of a file's readings that other files hold, too, beyond which that is said."""
_TEXT_ROLES = ("device", "kind", "lonlat", "latlon", "crossing", "lon_side", "lat_side")
Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class DriveTestReport:
    """What was read from a drive test; rows_read = kept + all that was left out.

    Attributes:
        source: file names.
        value_column: the column the values come from.
        unit: "dBm" or "dB" of the readings that were made of it, "Mbit/s" for throughput.
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
        left_out: rows that were not used, by reason.
        notes: what was found and assumed while reading, one sentence each.
        columns: role -> the column it was taken from.
        cells: column that names a transmitter, network or technology -> readings by name.
        receiver_height_m: height of the receivers above ground [m], as the file or the user says; None for neither.
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
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    cells: dict[str, dict[str, int]] = field(default_factory=dict)
    receiver_height_m: float | None = None

    @property
    def crs_hint(self) -> str:
        """What to say of the plane of x and y: the CRS that a column of UTM zones tells, else how a CRS is written."""
        for column, counts in self.cells.items():
            zone = UTM_ZONE.fullmatch(next(iter(counts), ""))
            if network_kind(column) == "zone" and zone and 1 <= int(zone[1]) <= 60:
                return f"EPSG:32{7 if 'a' <= zone[2].lower() < 'n' else 6}{int(zone[1]):02d}"
        return "EPSG:CODE"

    def lines(self) -> list[str]:
        """Return what was read, left out and assumed, one line each."""
        devices = ", ".join(f"{name or 'unnamed'} {count}" for name, count in self.devices.items())
        used = f"{self.source}: {self.kept} of {self.rows_read} rows used, {self.value_column} [{self.unit}]"
        ends = (self.value_min, self.value_max)
        low, high = sorted(-v for v in ends) if "path_loss" in self.columns else ends  # a loss in its own sign
        lines = [f"  read     {used} from {low:g} to {high:g}; devices: {devices}"]
        if self.left_out:
            lines.append(f"  left out {in_words(self.left_out)}")
        return lines + [f"  note     {note}" for note in self.notes]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON and provenance."""
        return asdict(self)


@dataclass(frozen=True)
class DriveTest:
    """Readings of a drive test and the report on them."""

    points: Points
    report: DriveTestReport


def read_drive_test(
    path: Files,
    *,
    grid: Grid | None = None,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    sigma_db: float = 3.0,
    device: str | None = None,
    where: Where | None = None,
    without: Sequence[str] = (),
    skip_bad: bool = False,
    mix: Sequence[str] = (),
    nothing: Sequence[float] = (),
    spacing_m: float | None = None,
    receiver_height_m: float | None = None,
) -> DriveTest:
    """Read the measured points of a file, or of several files of one campaign.

    The file is CSV or other text in any common dialect and encoding (also packed by gzip, bzip2, xz or zip), .xlsx,
    GPX, KML, GeoJSON, GeoPackage, Shapefile, FlatGeobuf or Parquet. Columns are found by their usual names,
    whatever the case: lon/lng/longitude with lat/latitude [degrees], or x/easting with y/northing [m]; rsrp or rssi
    [dBm] (rsrp wins), path_loss or gain_db [dB], or, where there is none of these, rsrq or sinr [dB] or throughput
    [Mbit/s] (`Points.quantity` says which); and, optional, sigma [dB], device, kind ("exact", "below",
    "above", "interval" with low and high) or censored (1: not heard, the true power is below the value given).
    Columns of other names are ignored, but for those that name a transmitter, network or technology: rows of
    neighbouring cells are left out where a column tells them, and a mixture of transmitters is refused.

    Args:
        path: the file, or several files of one campaign.
        grid: keep only the points in this grid and give them in its plane; None keeps all, in their UTM zone.
        crs: CRS of x/y columns (EPSG code of a projected CRS, in metres or feet); None, or "local", where they lie in
            the local plane of the grid.
        columns: role -> column name where the names do not tell, e.g. {"lat": "tx_x_coord", "rsrp": "bs7"}; "#3" is the
            third column.
        sigma_db: noise of the readings where the file has no sigma column [dB].
        device: name of the device where the file has no device column.
        where: keep the rows whose columns hold these values, e.g. {"PCI": "A"} or {"PCI": ["A", "B"]}.
        without: roles or columns that are not to be used, e.g. ["sigma"].
        skip_bad: leave rows out that cannot be read, and count them, instead of refusing the file.
        mix: columns that name transmitters whose readings are to be read as one field all the same, or ["all"].
        nothing: numbers that stand for no value in this file, besides the usual ones.
        spacing_m: distance between neighbouring crossings [m], where positions are crossings such as "E-12".
        receiver_height_m: height above ground [m] at which rows are used, where a column states heights; None where
            there is to be one height only.

    Returns:
        The readings and the report of what was read. Rows keep their number in the file (1 is the first data row).

    Raises:
        MeasurementError: naming file, row and remedy: unreadable or empty file, unknown or missing columns, text for a
            number, values, sigmas or coordinates out of range, swapped coordinates, degrees for metres, readings of
            several transmitters.
        UnitError: if the file holds both received power and path loss or gain, and `columns` does not choose.
        OutsideGrid: if no point lies in the grid.
        GridError: if the grid has no CRS and the file gives degrees.
        OptionError: if sigma_db, crs, columns, without or device do not make sense.
    """
    if not (math.isfinite(sigma_db) and sigma_db > 0):
        raise OptionError(f"sigma_db={sigma_db!r}: wanted a positive number of dB, the noise of one reading")
    paths = [path] if isinstance(path, str | os.PathLike) else list(path)
    how = {"crs": crs, "columns": columns, "sigma_db": sigma_db, "device": device, "where": where or {},
           "without": without, "skip_bad": skip_bad, "mix": mix, "nothing": nothing,
           "spacing_m": spacing_m, "receiver_height_m": receiver_height_m}  # fmt: skip
    if len(paths) == 1:
        return _read_one(Path(paths[0]), grid, **how)
    return _read_several([Path(p) for p in paths], grid, how)


def _read_one(path: Path, grid: Grid | None, **how: Any) -> DriveTest:
    file = open_table(path, tuple((how["columns"] or {}).values()))
    roles, notes = assign_columns(file, how["columns"], how["without"])
    account, names, unknown = _load(file, roles, how)
    account.notes[:0] = [*file.notes, *notes]
    _choose(account, roles, names, how)
    receiver_m = how["receiver_height_m"]
    if "height" in roles:
        receiver_m = choose_height(account, roles["height"], receiver_m)
    selected = len(account.table)
    roles = clean_positions(account, roles, how["skip_bad"], how["spacing_m"])
    value_role = next(role for role in (*VALUE_ROLES, *OTHER_ROLES) if role in roles)
    roles, value_role = choose_index(account, roles, value_role, names)
    readings = read_values(account, roles, value_role, how["skip_bad"], how["nothing"])
    table = account.table
    sigma = _sigma(table, roles, how["sigma_db"])
    if "sigma" in roles:
        note_noise(account, table, roles["sigma"])
    devices = _devices(table, roles, how["device"])
    x, y, plane = locate(table, roles, grid, how["crs"])
    inside = _inside(table, x, y, grid)
    _leave_outside(account, inside)
    again = np.zeros(len(table), dtype=bool)
    again[inside] = repeated_rows(account, x[inside], y[inside], readings["value"][inside])
    account.leave_out(again[inside], AGAIN)
    inside &= ~again
    note_instants(account, x[inside], y[inside], readings["value"][inside])
    account.notes += refuse_mixture(account.table, names, how["where"], how["mix"])
    account.notes += position_notes(account.table, roles)
    note_altitudes(account, roles)
    note_days(account)
    runs = _run_columns(file, set(account.table.words))
    account.notes += runs_in(account.table, runs)
    account.notes += unknown_groups(account.table, unknown & set(account.table.words))
    keep = slice(None) if inside.all() else inside
    unit = "dBm" if value_role in ("rsrp", *INDEX_ROLES) else ROLES[value_role].unit
    points = Points(
        x=x[keep], y=y[keep], sigma=sigma[keep], device=devices[keep], row=table.row[keep],
        **{name: column[keep] for name, column in readings.items()},
        quantity=OTHER_ROLES.get(value_role, "gain_db"), unit=unit, source=file.name,
    )  # fmt: skip
    taken = {role: table.header[index] for role, index in roles.items()}
    report = _report(points, account, taken, table.header[roles[value_role]], plane, selected)
    return DriveTest(points, replace(report, cells=names_in(account.table, names), receiver_height_m=receiver_m))


def _load(file: TableFile, roles: dict[str, int], how: Mapping[str, Any]) -> tuple[Account, dict[int, str], set[int]]:
    """Read the columns that have a role, name a transmitter, or choose rows; and those that nobody knows."""
    taken = set(roles.values()) | ignored_columns(file, how["without"])
    names = name_columns(file, taken)
    numbers = {index: role for role, index in roles.items() if role not in _TEXT_ROLES}
    words = {index for role, index in roles.items() if role in _TEXT_ROLES} | set(names)
    chosen = {file.column(name, "to choose rows by") for name in how["where"]}
    serving = serving_column(file, taken)
    words |= _run_columns(file, set(range(len(file.header))) - taken)
    words |= chosen | ({serving} if serving is not None else set())
    unknown = unknown_columns(file, taken | words)
    words |= unknown
    table, unfit = file.load({c: r for c, r in numbers.items() if c not in chosen}, tuple(words), how["skip_bad"])
    if chosen & set(numbers):
        more, _ = file.load({c: r for c, r in numbers.items() if c in chosen}, (), how["skip_bad"])
        table = replace(table, numbers={**table.numbers, **more.numbers})
    account = Account(table, len(table) + unfit)
    if unfit:
        account.left_out["with more or fewer cells than the header"] = unfit
    return account, names, unknown


def _run_columns(file: TableFile, among: set[int]) -> set[int]:
    return {i for i, name in enumerate(file.header) if i in among and is_known(name, RUN_NAMES)}


def _choose(account: Account, roles: dict[str, int], names: dict[int, str], how: Mapping[str, Any]) -> None:
    """Keep the rows that the user chose; where the user chose no cell, those of the serving one."""
    file = account.table.file
    for name, wanted in how["where"].items():
        account.leave_out(~account.table.holds(name, wanted), f"not chosen by {name}")
    chosen = {file.column(name, "to choose rows by") for name in how["where"]}
    serving = serving_column(file, set(roles.values()) | ignored_columns(file, how["without"]))
    if (
        serving is not None
        and serving not in chosen
        and not chosen & {c for c, k in names.items() if k == "transmitter"}
    ):
        prefer_serving(account, serving)


def _sigma(table: Table, roles: dict[str, int], default_db: float) -> NDArray[np.float64]:
    if "sigma" not in roles:
        return np.broadcast_to(np.array(float(default_db)), len(table))
    column = roles["sigma"]
    cell = table.numbers[column]
    bad = (cell.state != GOOD) | ~(cell.value > 0)
    if bad.any():
        i, name = int(np.argmax(bad)), table.header[column]
        raise MeasurementError(
            f"{table.at(i)}: {name!r} is {table.cell(i, column)!r}, wanted a positive and finite number of dB"
            f" ({int(bad.sum())} such rows); give the noise of the reading (3 dB is usual for a phone), or leave the"
            f" column out with without={name!r}"
        )
    return cell.value


def _devices(table: Table, roles: dict[str, int], device: str | None) -> NDArray[np.str_]:
    if "device" not in roles:
        return np.broadcast_to(np.array(device or ""), len(table))
    if device is not None:
        name = table.header[roles["device"]]
        raise OptionError(
            f"device={device!r}: {table.file.label} names the devices itself; to keep one of them say"
            f" where={{{name!r}: ...}}"
        )
    words = table.words[roles["device"]]
    if len(words.words) == 1:
        return np.broadcast_to(np.array(words.words[0]), len(table))
    return words.text()


def _inside(table: Table, x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid | None) -> NDArray[np.bool_]:
    if grid is None:
        return np.ones(len(table), dtype=bool)
    inside = grid.contains(x, y)
    if not inside.any():
        span = f"x {np.min(x):.0f} to {np.max(x):.0f}, y {np.min(y):.0f} to {np.max(y):.0f}"
        raise OutsideGrid(
            f"{table.file.label}: none of {len(table)} points lies in the grid; they span {span}, the grid"
            f" {tuple(round(b) for b in grid.bounds)} [m, {grid.crs or 'local plane'}]; move the grid or check the file"
        )
    return inside


def _leave_outside(account: Account, inside: NDArray[np.bool_]) -> None:
    if not inside.all():
        account.leave_out(~inside, OUTSIDE)


def _report(
    points: Points, account: Account, columns: dict[str, str], value: str, plane: str | None, selected: int
) -> DriveTestReport:
    whole = len(points) > 1 and bool((points.value == np.round(points.value)).all())
    return DriveTestReport(
        source=points.source, value_column=value, unit=points.unit, crs=plane, rows_read=account.read,
        rows_selected=selected, kept=len(points), outside=account.left_out.get(OUTSIDE, 0),
        devices=_device_counts(points.device), value_min=float(points.value.min()), value_max=float(points.value.max()),
        censored=0 if points.kind.strides == (0,) else int((points.kind != "exact").sum()),
        step_db=1.0 if whole else None, left_out=dict(account.left_out), notes=tuple(account.notes), columns=columns,
    )  # fmt: skip


def _device_counts(device: NDArray[np.str_]) -> dict[str, int]:
    if device.strides == (0,):
        return {str(device[0]): len(device)}
    names, counts = np.unique(device, return_counts=True)
    return {str(n): int(c) for n, c in zip(names, counts, strict=True)}


def _read_several(paths: Sequence[Path], grid: Grid | None, how: dict[str, Any]) -> DriveTest:
    """Read the files of one campaign in one plane; a file without a reading on the grid is counted, not refused."""
    if len({path.resolve() for path in paths}) < len(paths):
        raise MeasurementError(f"a file was given twice: {', '.join(str(path) for path in paths)}; give each once")
    drives: list[DriveTest] = []
    unused: list[str] = []
    plane = grid
    for path in paths:
        try:
            drives.append(_read_one(path, plane, **how))
        except OutsideGrid as error:
            if grid is None:
                raise
            unused.append(f"{path.name}: {error}")
    if not drives:
        raise OutsideGrid(f"none of {len(paths)} files has a reading in the grid: {unused[0]}")
    if len({d.report.crs for d in drives}) > 1:
        planes = ", ".join(f"{d.report.source} {d.report.crs}" for d in drives)
        raise MeasurementError(f"the files lie in different zones ({planes}): give a grid, or read them one by one")
    joined = join_drive_tests(drives, [*unused, *_repeated(drives)])
    refuse_mixed_files(joined.report.source, joined.report.cells, how["where"], how["mix"])
    return joined


def _repeated(drives: Sequence[DriveTest]) -> list[str]:
    """Return a warning where files repeat the readings of those before them, as exports that go on do."""
    seen, notes = np.zeros((0, 3)), []
    for drive in drives:
        own = np.unique(np.round(np.column_stack([drive.points.x, drive.points.y, drive.points.value]), 3), axis=0)
        both = np.concatenate([seen, own])
        again = len(both) - len(np.unique(both, axis=0))
        if again > _REPEATED_SHARE * len(own):
            notes.append(
                f"WARNING: {again} of {len(own)} different readings of {drive.report.source} stand in the files"
                " before it,"
                " too, and count twice: give each reading once"
            )
        seen = both
    return notes


def join_drive_tests(drives: Sequence[DriveTest], notes: Sequence[str] = ()) -> DriveTest:
    """Return several drive tests as one.

    Raises:
        MeasurementError: if they differ in unit.
    """
    points = join_points([d.points for d in drives])
    reports = [d.report for d in drives]
    left_out: dict[str, int] = {}
    devices: dict[str, int] = {}
    cells: dict[str, dict[str, int]] = {}
    for r in reports:
        for column, names in r.cells.items():
            counts = cells.setdefault(column, {})
            for name, count in names.items():
                counts[name] = counts.get(name, 0) + count
        for total, more in ((left_out, r.left_out), (devices, r.devices)):
            for key, count in more.items():
                total[key] = total.get(key, 0) + count
    said = [f"{r.source}: {note}" for r in reports for note in r.notes]
    joined = replace(
        reports[0], source=points.source, kept=len(points), left_out=left_out, devices=devices, cells=cells,
        value_min=min(r.value_min for r in reports), value_max=max(r.value_max for r in reports),
        step_db=1.0 if all(r.step_db for r in reports) else None, notes=(*notes, *said),
        **{name: sum(getattr(r, name) for r in reports) for name in ("rows_read", "rows_selected", "outside",
        "censored")},
    )  # fmt: skip
    return DriveTest(points, joined)
