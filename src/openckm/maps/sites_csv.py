"""Sites from a CSV file: one row a cell, with its place, height, carrier, antenna and power.

    name, lon, lat, height, azimuth, downtilt, carrier_ghz, power_dbm, pattern, and further columns

Only name, lon and lat must be there. An empty field takes the default of `SitePlan`; an empty azimuth is an
omnidirectional antenna, an empty power is unknown. Every further column is one of the measurement file, and its value
names this cell there (PCI 101, say).
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from openckm.errors import InputError
from openckm.maps.site_plan import SitePlan

_SITE_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "site", "cell", "cell_name"),
    "lon": ("lon", "longitude", "lng"),
    "lat": ("lat", "latitude"),
    "height_m": ("height", "height_m", "antenna_height", "height [m]"),
    "azimuth_deg": ("azimuth", "azimuth_deg", "bearing", "azimuth [degrees]"),
    "downtilt_deg": ("downtilt", "downtilt_deg", "tilt", "downtilt [degrees]"),
    "carrier_ghz": ("carrier", "carrier_ghz", "frequency_ghz", "carrier [ghz]"),
    "power_dbm": ("power", "power_dbm", "eirp_dbm", "power [dbm]"),
    "pattern": ("pattern", "pattern_file", "antenna"),
}
"""Names under which the columns are known, in lower case."""
_LIMITS: dict[str, tuple[float, float, str]] = {
    "lon": (-180.0, 180.0, "degrees"), "lat": (-90.0, 90.0, "degrees"),
    "height_m": (0.1, 1000.0, "metres above ground"),
    "azimuth_deg": (-360.0, 360.0, "degrees clockwise from north"), "downtilt_deg": (-90.0, 90.0, "degrees"),
    "carrier_ghz": (0.1, 100.0, "GHz"), "power_dbm": (-50.0, 120.0, "dBm"),
}  # fmt: skip


def read_sites(path: str | os.PathLike[str], plan: SitePlan | None = None) -> tuple[SitePlan, ...]:
    """Return the sites of a CSV file, in its order.

    Args:
        path: the path of the file.
        plan: what all sites share, such as layout and cell size; fields of the file replace it.

    Raises:
        InputError: if the file cannot be read, lacks a column, names two sites alike, or a field cannot be; the message
            names the line.
    """
    source = Path(path)
    rows = _rows(source)
    header = {name.strip().lower(): name for name in rows[0] if name is not None} if rows else {}
    columns = {role: next((header[n] for n in names if n in header), None) for role, names in _SITE_COLUMNS.items()}
    missing = [role for role in ("name", "lon", "lat") if columns[role] is None]
    if not rows or missing:
        raise InputError(
            f"{source} {'lacks the columns ' + ', '.join(missing) if rows else 'holds no site'}: wanted a header with"
            f" name, lon, lat and, where known, {', '.join(list(_SITE_COLUMNS)[3:])}"
        )
    sites: dict[str, SitePlan] = {}
    for line, row in enumerate(rows, start=2):
        site = _site(row, columns, f"{source}, line {line}", plan or SitePlan(), source.resolve().parent)
        if site.name in sites:
            raise InputError(f"{source}, line {line}: two sites are called {site.name!r}; give each cell its own name")
        sites[site.name] = site
    return tuple(sites.values())


def _rows(source: Path) -> list[dict[str, str]]:
    import csv

    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            head = stream.readline()
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=";" if head.count(";") > head.count(",") else ",")
            rows = [row for row in reader if any(str(v or "").strip() for v in row.values())]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source} cannot be read as CSV ({error}): wanted one row a site") from error
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise InputError(
                f"{source}, line {line}: wanted as many fields as the header has, {len(reader.fieldnames or ())}"
            )
    return rows


def _site(row: dict[str, str], columns: dict[str, str | None], where: str, plan: SitePlan, folder: Path) -> SitePlan:
    given = {role: row[name].strip() for role, name in columns.items() if name is not None and row[name].strip()}
    if "name" not in given:
        raise InputError(f"{where}: a site without a name: give each cell one")
    numbers = {role: _number(given[role], role, where) for role in _LIMITS if role in given}
    if "lon" not in numbers or "lat" not in numbers:
        raise InputError(f"{where}: {given['name']} has no place: wanted lon and lat [degrees]")
    known = {name for name in columns.values() if name is not None}
    changes: dict[str, Any] = {
        role: numbers[role] for role in ("height_m", "downtilt_deg", "power_dbm") if role in numbers
    }
    if columns["azimuth_deg"] is not None:
        changes["azimuth_deg"] = numbers.get("azimuth_deg")
    if "carrier_ghz" in numbers:
        changes["carrier_hz"] = numbers["carrier_ghz"] * 1e9
    if "pattern" in given:
        changes["pattern"] = folder / given["pattern"]
    cells = {name: value.strip() for name, value in row.items() if name not in known and value.strip()}
    return replace(plan, place=(numbers["lon"], numbers["lat"]), name=given["name"], cells=cells, **changes)


def _number(text: str, role: str, where: str) -> float:
    low, high, unit = _LIMITS[role]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        hint = "; they look swapped: longitude comes first" if role == "lat" and 90 < abs(value) <= 180 else ""
        raise InputError(f"{where}: {role} {text!r}: wanted a number of {unit} in [{low:g}, {high:g}]{hint}")
    return value
