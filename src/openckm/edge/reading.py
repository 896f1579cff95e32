"""From a user's files to evidence on a grid: the drive test, the layout and the base station."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from openckm.errors import InputError, OutsideGrid
from openckm.maps.csv import DriveTest, DriveTestReport, read_drive_test
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site_plan import SitePlan

__all__ = ["SIGMA_DB", "Evidence", "ReadingOptions", "from_keywords", "read_evidence"]

SIGMA_DB = 4.0
"""Spread of a phone's single readings within one cell of a few metres [dB], where the file states none."""


@dataclass(frozen=True)
class ReadingOptions:
    """How a measurement file is read.

    Attributes:
        where: rows to use, e.g. {"PCI": "A"}.
        columns: role -> column name where the header does not tell.
        crs: CRS of x/y columns.
        sigma_db: noise of a single reading where the file states none [dB].
    """

    where: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    sigma_db: float = SIGMA_DB


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a user's files say.

    Attributes:
        observations: readings, layout and transmitter.
        grid: cells of the map.
        report: what the measurement file held.
    """

    observations: Observations
    grid: Grid
    report: DriveTestReport


def from_keywords(
    site: SitePlan | None, options: ReadingOptions | None, loose: Mapping[str, Any]
) -> tuple[SitePlan, ReadingOptions]:
    """Return a site and the way of reading, whose attributes may be given one by one as keywords, too.

    Raises:
        OptionError: if a keyword is an attribute of neither.
    """
    known = {f.name for f in fields(ReadingOptions)}
    how = {name: value for name, value in loose.items() if name in known}
    return (
        SitePlan.of(site, {name: value for name, value in loose.items() if name not in known}),
        replace(options or ReadingOptions(), **how),
    )


def read_evidence(
    measurements: str | os.PathLike[str], site: SitePlan, options: ReadingOptions | None = None
) -> Evidence:
    """Read a drive test and what is known of its site.

    Args:
        measurements: CSV file with positions and RSRP, path loss or gain (see `openckm.maps.csv.read_drive_test`).
        site: the base station and the map that is wanted.
        options: how the file is read.

    Raises:
        InputError: if a file cannot be used; the message names file, row and remedy.
    """
    options = options or ReadingOptions()
    grid = site.grid()
    known = site.observations(grid)
    test = _read(
        measurements, grid, site, crs=options.crs, columns=dict(options.columns) or None, sigma_db=options.sigma_db,
        where=dict(options.where) or None,
    )  # fmt: skip
    return Evidence(replace(known, points=(test.points,)), grid, test.report)


def _read(measurements: str | os.PathLike[str], grid: Grid, site: SitePlan, **how: Any) -> DriveTest:
    """Read the readings on the grid; where none lies on it, say so if longitude and latitude look swapped."""
    try:
        return read_drive_test(measurements, grid=grid, **how)
    except OutsideGrid as error:
        if site.place is None:
            raise
        lon, lat = site.place
        try:
            read_drive_test(measurements, grid=Grid.centred(lat, lon, shape=grid.shape, cell_m=grid.cell_m), **how)
        except InputError:
            raise error from None
        raise OutsideGrid(
            f"{measurements}: no reading lies around longitude {lon:g}, latitude {lat:g}, but around {lat:g}, {lon:g}:"
            " the two are swapped, either in the file or of the base station; exchange them, longitude comes first"
        ) from error
