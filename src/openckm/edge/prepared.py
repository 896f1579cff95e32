"""What was read of a site becomes what its map is inferred from, the same way whatever is asked of it.

Antenna pattern, terrain and woods are taken off readings and older map, and off what other instruments averaged, for
the prior knows isotropic and standard antennas on flat ground with houses; the map gets them back.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.edge.instruments import read_instruments
from openckm.edge.older import MONTH_DAYS, older_readings, older_words, read_older
from openckm.edge.reading import Evidence, isotropic, without_field
from openckm.maps.csv import DriveTestReport
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter
from openckm.maps.site_plan import SitePlan
from openckm.observe.likelihood import Likelihood, Product
from openckm.observe.offset import beyond_gain_field


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the map of a site is inferred from.

    Attributes:
        observations: readings without `field`, those of an older map among them; layout and transmitter.
        grid: the cells of the map.
        field: what antenna pattern, terrain and woods bring to each cell [dB], shape grid.shape; None for nothing.
        likelihood: that of further instruments, of maps without `field`; None for none.
        site: the site as it was given; None where it is not known beyond the observations.
        report: what the measurement file held; None before the first drive.
        notes: what was assumed, one sentence each.
    """

    observations: Observations
    grid: Grid
    field: NDArray[np.float64] | None = None
    likelihood: Likelihood | None = None
    site: SitePlan | None = None
    report: DriveTestReport | None = None
    notes: tuple[str, ...] = ()

    def whole(self, radiomap: RadioMap) -> RadioMap:
        """Return a map that was inferred from this with what was taken off the readings."""
        return radiomap if self.field is None else radiomap.shifted(self.field, str(radiomap.provenance["unit"]))


def prepare(
    read: Evidence | None,
    site: SitePlan,
    sigma_db: float,
    *,
    likelihood: Likelihood | None = None,
    evidence: str | os.PathLike[str] | None = None,
    before: str | os.PathLike[str] | None = None,
    before_age_days: float = MONTH_DAYS,
) -> Prepared:
    """Return what a map is inferred from.

    Args:
        read: what was read of the site's files; None before the first drive.
        site: the site.
        sigma_db: noise of a single reading where the file states none [dB].
        likelihood: the likelihood of further instruments, on maps in latent code, in the readings' unit.
        evidence: file of such a likelihood, or of areas as GeoJSON (`openckm.edge.instruments`).
        before: an older map of the site (GeoTIFF), whose stated noise grows with its age (`openckm.edge.older`).
        before_age_days: its age [days].

    Raises:
        InputError: if a file cannot be read.
        OptionError: if a pattern or terrain is given without the base station.
    """
    grid = site.grid() if read is None else read.grid
    seen, report = (site.observations(grid), None) if read is None else (read.observations, read.report)
    bare, field, lost = isotropic(seen, grid, site, None if report is None else report.receiver_height_m)
    notes = _assumptions(seen, site, sigma_db)
    if site.pattern is not None:
        notes.append(
            f"antenna pattern {site.pattern}, along the direct path: taken off the readings, and added to the map"
        )
    if report is None:
        notes += lost
    else:
        report = replace(report, notes=(*report.notes, *lost))
    likelihood = _with_file(likelihood, evidence, grid)
    if likelihood is not None and field is not None:
        likelihood = beyond_gain_field(likelihood, field)
    if before is not None:
        older, differs = _older(before, seen, grid, before_age_days, None if report is None else report.unit)
        older = older if field is None else without_field(older, field, grid)
        bare = replace(bare, points=(*bare.points, older))
        notes += differs
    return Prepared(bare, grid, field, likelihood, site, report, tuple(notes))


def read_lines(report: DriveTestReport, observations: Observations, notes: Sequence[str]) -> list[str]:
    """Return what was read of a site and what was assumed, as the lines of a summary.

    Args:
        report: what the measurement file held.
        observations: with the layout.
        notes: what was assumed, one sentence each.
    """
    lines, layout = report.lines(), observations.layout
    if layout is not None:
        lines.append(f"  read     {layout.source}: buildings cover {np.mean(layout.building):.0%} of the map")
        lines += [f"  note     {layout.source}: {note}" for note in layout.notes]
    return lines + [f"  assumed  {note}" for note in notes]


def together(
    given: Mapping[str, Prepared],
) -> tuple[dict[str, tuple[Observations, Grid]], dict[str, Likelihood]]:
    """Return evidence and further likelihoods of several radio cells, by name, as `OpenCKM.posteriors` takes them."""
    evidence = {name: (one.observations, one.grid) for name, one in given.items()}
    return evidence, {name: one.likelihood for name, one in given.items() if one.likelihood is not None}


def _older(
    before: str | os.PathLike[str], seen: Observations, grid: Grid, age_days: float, unit: str | None
) -> tuple[Points, list[str]]:
    """Return what an older map says as readings, and where today's disagree."""
    older = read_older(before, unit)
    points = older_readings(older, grid, age_days)
    return points, older_words(older, points, seen.gain_points(), grid, age_days) if seen.points else []


def _with_file(likelihood: Likelihood | None, evidence: str | os.PathLike[str] | None, grid: Grid) -> Likelihood | None:
    """Return what was given and what a file holds as one likelihood; None for nothing."""
    read = None if evidence is None else read_instruments(evidence, grid)
    if likelihood is None or read is None:
        return likelihood if read is None else read
    return Product(likelihood, read)


def _assumptions(observations: Observations, site: SitePlan, sigma_db: float) -> list[str]:
    """Return what was assumed of a site, one sentence each."""
    transmitter, layout = observations.transmitter, observations.layout
    notes = [
        "the base station is not known, and was left unknown: distance and bearing from it say nothing of this map"
        if transmitter is None
        else f"antenna {transmitter.height_m:g} m above ground, {transmitter.carrier_hz / 1e9:g} GHz,"
        f" {_antenna(transmitter, site)}",
        f"a single reading is off by {sigma_db:g} dB (1 sigma) where the file states nothing else",
        "transmit power unknown: its offset is estimated with the map"
        if site.power_dbm is None
        else f"the stated transmit power of {site.power_dbm:g} dBm is not used: the offset is that of the readings",
    ]
    if layout is None:
        known = "readings" if transmitter is None else "readings and transmitter"
        notes.append(f"no building layout: the map comes from {known} alone")
    elif layout.height_known <= 0.5:
        stated = f"{layout.height_known:.0%}"
        notes.append(f"building heights are stated for {stated} of the buildings, so heights were not used")
    return notes


def _antenna(transmitter: Transmitter, site: SitePlan) -> str:
    if transmitter.bearing_deg is None:
        return "an omnidirectional antenna (no azimuth given)" if site.pattern is None else "no azimuth given"
    towards = f"{transmitter.bearing_deg:g}° from north, {transmitter.downtilt_deg:g}° down"
    return f"a TR 38.901 sector at {towards}" if site.pattern is None else f"its boresight at {towards}"
