"""Which column of a drive test is what: roles, the names that go with them, and what to say when none fits."""

from __future__ import annotations

import re
from collections.abc import Mapping

from openckm.errors import MeasurementError, OptionError, UnitError
from openckm.maps.csv_table import Table

__all__ = ["ROLES", "VALUE_ROLES", "assign_columns"]

ROLES: dict[str, tuple[str, ...]] = {
    "lon": ("lon", "lng", "long", "longitude"),
    "lat": ("lat", "latitude"),
    "x": ("x", "x_m", "easting", "easting_m", "utm_x", "utm_easting"),
    "y": ("y", "y_m", "northing", "northing_m", "utm_y", "utm_northing"),
    "rsrp": (
        "rsrp", "rsrp_dbm", "ss_rsrp", "ss_rsrp_dbm", "lte_rsrp", "nr_rsrp", "received_power", "received_power_dbm",
        "rx_power", "rx_power_dbm", "prx", "prx_dbm", "power_dbm", "rssi", "rssi_dbm", "rss", "rss_dbm",
    ),
    "path_loss": ("path_loss", "path_loss_db", "pathloss", "pathloss_db", "pl", "pl_db"),
    "gain": ("gain_db", "path_gain", "path_gain_db", "gain"),
    "sigma": ("sigma", "sigma_db", "std", "std_db", "uncertainty", "uncertainty_db"),
    "device": ("device", "device_id", "phone", "terminal", "ue", "receiver"),
    "kind": ("kind", "censored", "censoring"),
    "low": ("low", "low_db", "low_dbm", "lower"),
    "high": ("high", "high_db", "high_dbm", "upper"),
}  # fmt: skip
"""For each role the column names that are known to mean it, best first (case and punctuation do not matter)."""

VALUE_ROLES = ("rsrp", "path_loss", "gain")
_WANTED = (
    "wanted a position (lon and lat in degrees, or x/easting and y/northing in metres with crs=...) and a value"
    " (rsrp or rssi in dBm, path_loss or gain_db in dB)"
)


def assign_columns(table: Table, columns: Mapping[str, str] | None) -> dict[str, int]:
    """Return the column index of each role that the table has.

    Args:
        table: the CSV file.
        columns: role -> column name where the file's own names do not tell; a role is a key of ROLES or one of its
            known names ("rssi", "easting", ...).

    Raises:
        OptionError: if `columns` names a role that does not exist, or one role twice.
        MeasurementError: if a column is missing or stands twice.
        UnitError: if the file holds received power as well as path loss or gain, and `columns` does not choose.
    """
    explicit = _explicit(table, columns or {})
    found = explicit | {
        role: index
        for role, names in ROLES.items()
        if role not in explicit and (index := _find(table, names)) is not None
    }
    for group in (VALUE_ROLES, ("lon", "lat", "x", "y")):
        chosen = [role for role in group if role in explicit]
        if chosen:
            found = {role: index for role, index in found.items() if role not in group or role in chosen}
    _require_value(table, found)
    return _require_position(table, found)


def _explicit(table: Table, columns: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, name in columns.items():
        role = _role_of(key)
        if role in found:
            raise OptionError(f"columns={dict(columns)!r} names the role {role!r} twice; keep one")
        if name not in table.header:
            raise MeasurementError(
                f"{table.path}: there is no column {name!r} (asked for as {key!r}); the file has"
                f" {', '.join(table.header)}"
            )
        found[role] = _only(table, name)
    return found


def _role_of(key: str) -> str:
    for role, names in ROLES.items():
        if _plain(key) == role or _plain(key) in names:
            return role
    raise OptionError(f"columns= has the unknown key {key!r}: wanted one of {', '.join(ROLES)}")


def _find(table: Table, names: tuple[str, ...]) -> int | None:
    plain = [_plain(name) for name in table.header]
    for name in names:
        if name in plain:
            return _only(table, table.header[plain.index(name)])
    return None


def _only(table: Table, name: str) -> int:
    if table.header.count(name) > 1:
        raise MeasurementError(f"{table.path}: the column {name!r} stands {table.header.count(name)} times; keep one")
    return table.header.index(name)


def _require_value(table: Table, found: dict[str, int]) -> None:
    values = {role: table.header[found[role]] for role in VALUE_ROLES if role in found}
    if not values:
        raise MeasurementError(
            f"{table.path}: no column holds a value; the file has {', '.join(table.header)}; {_WANTED};"
            " name it with columns={'rsrp': '<column>'}"
        )
    if len(values) > 1:
        raise UnitError(
            f"{table.path} mixes units: {' and '.join(f'{name!r} ({role})' for role, name in values.items())};"
            f" choose one with columns={{{next(iter(values))!r}: {next(iter(values.values()))!r}}}"
        )


def _require_position(table: Table, found: dict[str, int]) -> dict[str, int]:
    if "lon" in found and "lat" in found:
        return {role: index for role, index in found.items() if role not in ("x", "y")}
    if "x" in found and "y" in found:
        return {role: index for role, index in found.items() if role not in ("lon", "lat")}
    partner = {"lon": "lat", "lat": "lon", "x": "y", "y": "x"}
    half = next((role for role in partner if role in found), None)
    missing = f"there is {half} but no {partner[half]}" if half else "no column holds a position"
    raise MeasurementError(
        f"{table.path}: {missing}; the file has {', '.join(table.header)}; {_WANTED};"
        " name them with columns={'lon': '<column>', 'lat': '<column>'}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
