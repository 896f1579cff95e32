"""A user's files become evidence on a grid: the drive test, the layout and the base station."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError, MeasurementError, OptionError, OutsideGrid
from openckm.maps.antenna_file import pattern_field_db, read_pattern
from openckm.maps.csv import DriveTest, DriveTestReport, Files, read_drive_test
from openckm.maps.grid import Grid, reproject
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Layout
from openckm.maps.site_plan import DEFAULT_CELL_M, DEFAULT_SIZE, SitePlan
from openckm.observe.reports import heaped_limits
from openckm.priors.losses import site_loss

SIGMA_DB = 4.0
"""Spread of a phone's single readings within one cell of a few metres [dB], where the file states none."""
_SMALLEST, LARGEST = 64, 2048
_FITTED = 256
"""Cells along a side up to which a map that follows the readings keeps cells of 4 m; beyond, its cells grow."""
_MARGIN = 0.05
"""Room around the readings, as a share of their extent."""
_FAR_TIMES, NEAR_M, _FARTHEST_M = 3.0, 500.0, 20_000.0
"""The map holds a base station within _FAR_TIMES the readings' extent plus NEAR_M; beyond that plus _FARTHEST_M [m] it
cannot be that of the readings."""
_HEIGHT_SLACK_M = 1.5
"""Receivers within so much of the prior's height are as good as at it [m]."""
_LOCAL = "local"
_OUTSIDE_SHARE = 0.05
_INSIDE_SHARE = 0.3


@dataclass(frozen=True)
class ReadingOptions:
    """How a measurement file is read.

    Attributes:
        where: rows to use, e.g. {"PCI": "A"}.
        columns: role -> column name where the header does not tell.
        crs: CRS of x/y columns (metres or feet), or "local" for a plane of its own.
        sigma_db: noise of a single reading where the file states none [dB].
        without: roles or columns that are not to be used.
        skip_bad: leave rows out that cannot be read, and count them, instead of refusing the file.
        mix: columns that name transmitters whose readings are read as one field all the same, or ("all",).
        heaps: take values heaped at the end of a report's range (-140 and -44 dBm in LTE) for limits.
        nothing: numbers that stand for no value in this file, besides the usual ones.
        spacing_m: distance between neighbouring crossings [m], where positions are crossings such as "E-12".
        receiver_height_m: height of the receiver above ground [m], where it is not a phone in a hand; of a file with a
            column of heights, the height whose rows are used.
    """

    where: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    sigma_db: float = SIGMA_DB
    without: Sequence[str] = ()
    skip_bad: bool = False
    mix: Sequence[str] = ()
    heaps: bool = True
    nothing: Sequence[float] = ()
    spacing_m: float | None = None
    receiver_height_m: float | None = None

    def of_cell(self, site: SitePlan) -> ReadingOptions:
        """Return the options that read the rows of one radio cell alone, as its plan says which they are."""
        return replace(self, where={**self.where, **site.cells})

    def keywords(self) -> dict[str, Any]:
        """Return the options as keywords of `read_drive_test`."""
        how = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "heaps"}
        return how | {"where": dict(self.where) or None, "columns": dict(self.columns) or None}


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
    measurements: Files, site: SitePlan, options: ReadingOptions | None = None, *, unlearnt: bool = False
) -> Evidence:
    """Read a drive test and what is known of its site.

    Where the site states no size, the map follows the readings, and the report says so.

    Args:
        measurements: a file with positions and RSRP, path loss or gain (see `openckm.maps.csv.read_drive_test`), or
            several files of one campaign.
        site: the base station and the map that is wanted.
        options: how the file is read.
        unlearnt: whether quantities that no prior has learnt (RSRQ, SINR, throughput) may be read.

    Raises:
        InputError: if a file cannot be used; the message names file, row and remedy.
    """
    options = options or ReadingOptions()
    site = replace(site, local=site.local or (options.crs or "").lower() == _LOCAL)
    notes: list[str] = []
    if site.size is None or (site.place is None and site.centre is None):
        everything = read_drive_test(measurements, **options.keywords())
        if everything.report.crs is None and not site.local:
            x, y = (float(np.median(v)) for v in (everything.points.x, everything.points.y))
            raise MeasurementError(
                f"{everything.report.source} gives x and y ({x:.10g}, {y:.10g}) without saying in which plane; say"
                f" crs={everything.report.crs_hint!r}, or crs='local' for a plane of its own"
            )
        site, notes = _fitted(everything, site)
    given = read_onto(site.grid(), measurements, site, options, notes)
    read = given.observations.points[0].quantity
    if read != "gain_db" and not unlearnt:
        raise MeasurementError(
            f"{given.report.source}: {given.report.value_column!r} is {read}, of which no prior knows anything;"
            " wanted RSRP,"
            " path loss or gain (ckm construct alone makes a map of it, from the readings by themselves)"
        )
    return given


def read_onto(
    grid: Grid, measurements: Files, site: SitePlan, options: ReadingOptions, notes: Sequence[str] = ()
) -> Evidence:
    """Read a drive test and what is known of its site onto cells that are given.

    Args:
        grid: cells of the map.
        measurements: the files, as for `read_evidence`.
        site: the base station.
        options: how the file is read.
        notes: what the report says besides.

    Raises:
        InputError: if a file cannot be used; the message names file, row and remedy.
    """
    how = options.keywords()
    known = site.observations(grid)
    test = _read(measurements, grid, site, **how)
    power = test.points.quantity == "gain_db"
    points, heaps = heaped_limits(test.points) if options.heaps and power else (test.points, ())
    notes = [*notes, *_outside(test, measurements, grid, site, how), *_inside_buildings(test, known.layout)]
    height = test.report.receiver_height_m
    if height is not None and abs(height - RECEIVER_HEIGHT_M) > _HEIGHT_SLACK_M:
        notes.append(
            f"WARNING: the readings were made {height:g} m above ground; the prior knows receivers"
            f" at {RECEIVER_HEIGHT_M:g} m, so away from the readings the map is worth less than it says"
        )
    report = replace(test.report, notes=(*test.report.notes, *notes, *heaps))
    return Evidence(replace(known, points=(points,)), grid, report)


def _read(measurements: Files, grid: Grid, site: SitePlan, **how: Any) -> DriveTest:
    """Read the readings on the grid; where none lies on it, say so if longitude and latitude look swapped."""
    try:
        return read_drive_test(measurements, grid=grid, **how)
    except OutsideGrid as error:
        if site.place is None or site.local:
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


def _fitted(test: DriveTest, site: SitePlan) -> tuple[SitePlan, list[str]]:
    """Return the site with centre, cell and size that hold the readings, and the base station where it is near.

    Where the base station is nowhere near the readings, the map stays around it, and reading on it says what is wrong.
    """
    plane, points = test.report.crs, test.points
    west, east, south, north = *_span(points.x), *_span(points.y)
    extent = max(east - west, north - south, 1.0)
    notes = []
    if site.place is not None:
        x, y = site.place if plane is None else (float(v) for v in reproject("EPSG:4326", plane, *site.place))
        distance = math.hypot(x - (west + east) / 2, y - (south + north) / 2)
        if not distance <= _FAR_TIMES * extent + _FARTHEST_M:
            return replace(site, size=site.size or DEFAULT_SIZE), []
        if distance <= _FAR_TIMES * extent + NEAR_M:
            west, east, south, north = min(west, x), max(east, x), min(south, y), max(north, y)
        else:
            notes.append(f"the base station is {distance / 1000:.1f} km from the readings' middle, outside the map")
    wanted = max(east - west, north - south) * (1 + 2 * _MARGIN)
    finest = 1.0 if site.local and wanted <= _FITTED else DEFAULT_CELL_M  # positions by GPS tell no finer cells
    cell_m = site.cell_m or max(finest, _round_up(wanted / _FITTED))
    size = site.size or min(max(_SMALLEST, 16 * math.ceil(wanted / cell_m / 16)), LARGEST)
    middle = ((west + east) / 2, (south + north) / 2)
    found = middle if plane is None else tuple(float(v) for v in reproject(plane, "EPSG:4326", *middle))
    centre = site.centre or (found[0], found[1])
    notes.append(f"the map follows the readings: {size} x {size} cells of {cell_m:g} m around {_place(centre, site)}")
    return replace(site, centre=centre, cell_m=cell_m, size=size), notes


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _round_up(metres: float) -> float:
    """Return the next of 1, 2, 2.5, 5, 10, ... times a power of ten that is not smaller."""
    scale = 10.0 ** math.floor(math.log10(metres)) if metres > 0 else 1.0
    return next(step * scale for step in (1.0, 2.0, 2.5, 4.0, 5.0, 8.0, 10.0) if step * scale >= metres)


def _place(place: Sequence[float], site: SitePlan) -> str:
    return f"x {place[0]:.1f} m, y {place[1]:.1f} m" if site.local else f"{place[0]:.5f},{place[1]:.5f}"


def _outside(test: DriveTest, measurements: Files, grid: Grid, site: SitePlan, how: Mapping[str, Any]) -> list[str]:
    """Return a warning with the extent that would hold the readings, where more than a few lie outside the map."""
    outside, total = test.report.outside, test.report.outside + test.report.kept
    if outside <= _OUTSIDE_SHARE * total:
        return []
    warning = f"WARNING: {outside} of {total} readings lie outside the map and are not used"
    try:
        everything = read_drive_test(measurements, **how)
    except (InputError, OptionError):
        return [warning]
    free, _ = _fitted(everything, replace(site, size=None, centre=None, cell_m=None))
    return [
        f"{warning}; --size {free.size} --cell {free.cell_m:g} --centre {_place(free.centre or (0, 0), site)}"
        " would hold"
        " them all (as would no --size, no --cell and no --centre)"
    ]


def _inside_buildings(test: DriveTest, layout: Layout | None) -> list[str]:
    """Return a warning where so many readings lie inside buildings that the layout does not fit them."""
    if layout is None:
        return []
    inside = layout.building[layout.grid.index_of(test.points.x, test.points.y)]
    if inside.mean() <= _INSIDE_SHARE:
        return []
    return [
        f"WARNING: {int(inside.sum())} of {len(inside)} readings lie inside buildings of {layout.source}; is the"
        " layout of"
        " this place, and are its polygons buildings?"
    ]


def isotropic(
    seen: Observations, grid: Grid, site: SitePlan, receiver_m: float | None = None
) -> tuple[Observations, NDArray[np.float64] | None, tuple[str, ...]]:
    """Return observations as an isotropic antenna on flat ground without woods would have given them.

    What an antenna's pattern adds along the direct path to each cell, and what terrain and woods take off it
    (`openckm.priors.losses`), is taken out of the readings; the map gets it back.

    Args:
        seen: readings, layout and transmitter.
        grid: the cells of the map.
        site: names the files of pattern, terrain and woods.
        receiver_m: height of the receivers above ground [m]; None for a phone in a hand.

    Returns:
        The observations, what was taken off each cell [dB] or None where the site has neither, and what is to be said
        of terrain and woods.

    Raises:
        InputError: if a file cannot be read.
        OptionError: if a pattern or terrain is given without the base station.
    """
    tower, bare, field = seen.transmitter, seen, None
    if site.pattern is not None and tower is None:
        raise OptionError("an antenna pattern says nothing without the base station's place: give both, or neither")
    if site.pattern is not None and tower is not None:
        field = pattern_field_db(read_pattern(site.pattern), tower, grid)
        bare = replace(bare, transmitter=replace(tower, bearing_deg=None))
    lost = site_loss(site, tower, grid, receiver_m, bare.layout)
    if lost.terrain is not None and bare.layout is not None:
        ground = lost.terrain.at(*grid.centres()).astype(np.float32)
        bare = replace(bare, layout=replace(bare.layout, ground_m=ground))
    if lost.loss_db is not None:
        field = -lost.loss_db if field is None else field - lost.loss_db
    if field is None:
        return bare, None, lost.notes
    return replace(bare, points=tuple(without_field(p, field, grid) for p in seen.points)), field, lost.notes


def without_field(points: Points, field: NDArray[np.float64], grid: Grid) -> Points:
    """Return readings, and the ends of their intervals, without what a field brings to their cells [dB]."""
    off = field[grid.index_of(points.x, points.y)]
    return replace(points, value=points.value - off, low=points.low - off, high=points.high - off)
