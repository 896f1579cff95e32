"""Options that several commands have, once each: a dataclass is a group, and its fields are the options.

A command takes a group as one parameter; `grouped` spreads it into its options for typer:

    @grouped
    def plan(output: ..., site: PlanSite, reading: Reading) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from openckm.cli.options import pairs, place, require_ranges

if TYPE_CHECKING:
    from openckm.edge.reading import ReadingOptions
    from openckm.maps.site_plan import SitePlan


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameters that are groups became options of their own, at the groups' places."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if isinstance(kind, type) and is_dataclass(kind)}

    @wraps(command)
    def spread(**given: Any) -> None:
        made = {name: kind(**{f.name: given.pop(f.name) for f in fields(kind)}) for name, kind in groups.items()}
        command(**given, **made)

    def parameters() -> Iterator[inspect.Parameter]:
        for one in inspect.signature(command).parameters.values():
            if one.name not in groups:
                yield one.replace(annotation=hints[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
                continue
            yield from _options(groups[one.name])

    made = list(parameters())
    spread.__signature__ = inspect.Signature(made)  # type: ignore[attr-defined]
    spread.__annotations__ = {one.name: one.annotation for one in made} | {"return": None}
    del spread.__wrapped__
    return spread


def _options(kind: type[Any]) -> Iterator[inspect.Parameter]:
    """Yield the options of a group: its own ones first, then those that it has of other groups."""
    hints, known = get_type_hints(kind, include_extras=True), {f.name: f.default for f in fields(kind)}
    for name in dict.fromkeys(name for one in kind.__mro__ for name in vars(one).get("__annotations__", ())):
        default = inspect.Parameter.empty if known[name] is MISSING else known[name]
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[name])


@dataclass(frozen=True, kw_only=True)
class Antenna:
    """How the antenna radiates.

    Attributes:
        azimuth: its azimuth [degrees].
        carrier: its carrier [GHz].
        downtilt: its downtilt [degrees].
    """

    azimuth: Annotated[
        float | None, typer.Option(help="Sector boresight, degrees clockwise from north; omit for omnidirectional.")
    ] = None
    carrier: Annotated[float, typer.Option(help="Carrier frequency in GHz.")] = 3.5
    downtilt: Annotated[float, typer.Option(help="Downtilt in degrees.")] = 6.0


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The file of an antenna's pattern.

    Attributes:
        pattern: the file, or the rule.
    """

    pattern: Annotated[
        str | None, typer.Option(help="Antenna pattern: .msi, .pln, .ant, or 3gpp:BEAMWIDTH,PEAK_DBI.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What stands around besides buildings.

    Attributes:
        terrain: the file of the ground's heights.
        trees: whether woods attenuate.
    """

    terrain: Annotated[
        Path | None,
        typer.Option(help="Raster of elevations (GeoTIFF): heights are above this ground; flat without it."),
    ] = None
    trees: Annotated[
        bool,
        typer.Option("--trees/--no-trees", help="Let woods of the layout's file attenuate what passes through them."),
    ] = True


@dataclass(frozen=True, kw_only=True)
class Mast(Antenna):
    """A base station and the map around it, which follows the readings.

    Attributes:
        bs: its place.
        layout: the file of buildings.
        cell: the side of a cell [m].
        size: cells along a side.
        height: height of the antenna [m].
    """

    bs: Annotated[str | None, typer.Option(help="Base station as LON,LAT in degrees (X,Y in metres with --crs local).")]
    layout: Annotated[
        Path | None, typer.Option(help="Buildings: GeoJSON, OSM XML (.osm), OSM PBF, or height raster (GeoTIFF).")
    ] = None
    cell: Annotated[
        float | None, typer.Option(help="Cell side in metres; follows the readings (4 or more) when left out.")
    ] = None
    size: Annotated[
        int | None, typer.Option(min=16, max=2048, help="Cells along each side; follows the readings when left out.")
    ] = None
    height: Annotated[float, typer.Option(help="Antenna height above ground in metres.")] = 24.0

    def plan(self, crs: str | None = None, **more: Any) -> SitePlan:
        """Return the site, whose place is in metres where the CRS is "local"; `more` are further attributes of it.

        Raises:
            OptionError: if the place is none, or a number is out of range.
        """
        from openckm.maps.site_plan import SitePlan

        require_ranges(
            cell=self.cell, height=self.height, carrier=self.carrier, azimuth=self.azimuth, downtilt=self.downtilt
        )
        return SitePlan(
            place(self.bs, "--bs", crs), self.height, self.carrier * 1e9, self.azimuth, self.downtilt, self.layout,
            self.cell, self.size, **more,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class KnownMast(Mast, Ground, Pattern):
    """A base station with what is known of antenna, terrain and woods."""

    def plan(self, crs: str | None = None, **more: Any) -> SitePlan:
        """Return the site; arguments and errors as for `Mast`."""
        return super().plan(crs, pattern=self.pattern, terrain=self.terrain, trees=self.trees, **more)


@dataclass(frozen=True, kw_only=True)
class MapSite(KnownMast):
    """A base station, or a list of sites, with all that is known of it.

    Attributes:
        bs: its place.
        sites: the file of several.
        centre: the centre of the map.
    """

    bs: Annotated[
        str | None, typer.Option(help="Base station as LON,LAT in degrees (X,Y in metres with --crs local).")
    ] = None
    sites: Annotated[
        Path | None,
        typer.Option(
            help="CSV of cells (name, lon, lat, azimuth, PCI ...): all their maps, into --output, a folder or a .zarr."
        ),
    ] = None
    centre: Annotated[
        str | None, typer.Option(help="Centre of the map, LON,LAT; the base station, or the readings' when left out.")
    ] = None

    def plan(self, crs: str | None = None, **more: Any) -> SitePlan:
        """Return the site; arguments and errors as for `Mast`."""
        return super().plan(crs, centre=place(self.centre, "--centre", crs), **more)


@dataclass(frozen=True, kw_only=True)
class PlanSite(KnownMast):
    """A base station, or several, around which a drive is planned: the map has a size of its own.

    Attributes:
        bs: its place.
        sites: the file of several.
        cell: the side of a cell [m].
        size: cells along a side.
    """

    bs: Annotated[str | None, typer.Option(help="Base station as LON,LAT in degrees; the map is centred on it.")] = None
    sites: Annotated[
        Path | None,
        typer.Option(help="CSV of cells (name, lon, lat, azimuth, PCI ...), instead of --bs: a drive for all of them."),
    ] = None
    cell: Annotated[float | None, typer.Option(help="Cell side in metres.")] = 4.0
    size: Annotated[int | None, typer.Option(min=16, max=2048, help="Cells along each side; large maps in tiles.")] = (
        128
    )


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which rows and columns of a file are read, and as what.

    Attributes:
        where: the rows, as COLUMN=VALUE.
        column: the roles, as ROLE=NAME.
        no_column: what is not used.
        crs: the CRS of x and y.
        mix: columns whose values are of one field.
        nothing: numbers that stand for no value.
        spacing: metres between crossings.
        receiver_height: height of the receiver [m].
    """

    where: Annotated[
        list[str] | None, typer.Option(help="Use only rows with COLUMN=VALUE, e.g. PCI=A; may be repeated.")
    ] = None
    column: Annotated[
        list[str] | None, typer.Option(help="ROLE=NAME where the header does not tell, e.g. rsrp=power_dbm.")
    ] = None
    no_column: Annotated[
        list[str] | None, typer.Option(help="Role or column not to be used, e.g. sigma; may be repeated.")
    ] = None
    crs: Annotated[
        str | None, typer.Option(help="CRS of x/y columns, e.g. EPSG:32617, or local (metres, indoors).")
    ] = None
    mix: Annotated[
        list[str] | None,
        typer.Option(help="Column of cells or networks whose readings count as one field all the same, or all."),
    ] = None
    nothing: Annotated[
        list[float] | None, typer.Option(help="Number that stands for no value, e.g. -101; may be repeated.")
    ] = None
    spacing: Annotated[
        float | None, typer.Option(help="Metres between crossings, where positions are such as E-12.")
    ] = None
    receiver_height: Annotated[
        float | None, typer.Option(help="Metres above ground of the receiver, e.g. 60 for a drone; chooses rows.")
    ] = None

    def options(self, **more: Any) -> ReadingOptions:
        """Return how a file is read; `more` are further attributes of it.

        Raises:
            OptionError: if a pair has no "=", or a number is out of range.
        """
        from openckm.edge.reading import ReadingOptions

        require_ranges(spacing=self.spacing, receiver_height=self.receiver_height)
        return ReadingOptions(
            pairs(self.where), pairs(self.column), self.crs, without=tuple(self.no_column or ()),
            mix=tuple(self.mix or ()), nothing=tuple(self.nothing or ()), spacing_m=self.spacing,
            receiver_height_m=self.receiver_height, **more,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reading(Columns):
    """How a file of readings is read.

    Attributes:
        sigma: noise of a reading [dB].
        skip_bad: whether rows that cannot be read are left out.
    """

    sigma: Annotated[float, typer.Option(help="Noise of one reading in dB where the file states none.")] = 4.0
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave rows out that cannot be read, and count them.")
    ] = False

    def options(self, **more: Any) -> ReadingOptions:
        """Return how a file is read; arguments and errors as for `Columns`."""
        require_ranges(sigma=self.sigma)
        return super().options(sigma_db=self.sigma, skip_bad=self.skip_bad, **more)


@dataclass(frozen=True, kw_only=True)
class Further:
    """What else is known of a map.

    Attributes:
        evidence: the file of other instruments.
        before: the older map.
        before_age: its age [days].
    """

    evidence: Annotated[
        Path | None,
        typer.Option(help="JSON of other instruments' readings, or areas as GeoJSON; of --sites, a folder."),
    ] = None
    before: Annotated[
        Path | None, typer.Option(help="An older map (GeoTIFF): evidence, too; of --sites, a folder of them.")
    ] = None
    before_age: Annotated[float, typer.Option(help="Age of the map before, in days; its noise grows with it.")] = 30.0

    def keywords(self) -> dict[str, Any]:
        """Return them as keywords of the library's calls.

        Raises:
            OptionError: if the age is out of range.
        """
        require_ranges(before_age=self.before_age)
        return {"evidence": self.evidence, "before": self.before, "before_age_days": self.before_age}


@dataclass(frozen=True, kw_only=True)
class Chance:
    """What is drawn, and by which prior.

    Attributes:
        seed: the seed.
        prior: the folder of the prior.
    """

    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0
    prior: Annotated[Path | None, typer.Option(help="Model folder; the embedded prior by default.")] = None


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is written beside the GeoTIFF.

    Attributes:
        png: the picture.
        zarr: the folder of the whole map.
    """

    png: Annotated[Path | None, typer.Option(help="Also draw the mean into this PNG.")] = None
    zarr: Annotated[Path | None, typer.Option(help="Also keep the whole map with its draws in this Zarr folder.")] = (
        None
    )
