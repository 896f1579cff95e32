"""An edge may be asked these requests, as JSON that is checked before it waits in the queue.

A `site` request holds readings at points, on a georeferenced grid, and what is known of the site; the product's own
method answers. An `evidence` request holds any likelihood on a grid (`openckm.observe.spec`), averages over polygons
among them, and a sampler answers.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from shapely import get_num_coordinates
from shapely.errors import ShapelyError
from shapely.geometry import Polygon, shape

from openckm.errors import GridError, InputError, LayoutError, MeasurementError, OptionError
from openckm.infer.choose import METHODS
from openckm.maps.grid import Grid
from openckm.maps.layouts import geojson_layout
from openckm.maps.observations import AreaReading, Observations, Points
from openckm.maps.quantity import quantity
from openckm.maps.site import Layout, Transmitter
from openckm.observe.areas import areas_likelihood
from openckm.observe.likelihood import Likelihood, Product
from openckm.observe.operators import map_domain
from openckm.observe.spec import SpecLimits, likelihood_from_spec
from openckm.observe.spec_fields import Budget, Fields
from openckm.service.config import Limits
from openckm.service.memory import WarmIn

_CRS = r"^EPSG:[0-9]{4,6}$"
_GEOJSON_CRS = re.compile(r"(EPSG:[0-9]{4,6}|urn:ogc:def:crs:(EPSG:[0-9.]*:[0-9]{4,6}|OGC:1\.3:CRS84))")
_CROSSING = 200
"""Corners of an outline that crosses itself and is still repaired here; 20 times as many of all such outlines."""
_CORNERS = 20_000
"""Corners of all areas of a request."""
_FEATURES, _LAYOUT_CORNERS = 20_000, 100_000
"""Features of a layout, and corners of all of them."""
_Number = Annotated[float, Field(ge=-1e9, le=1e9)]
"""A coordinate or a height [m or degrees]; what is beyond cannot be, and would overflow where it is squared."""
_Value = Annotated[float, Field(ge=-1e3, le=1e3)]
"""A reading or a threshold [dBm, dB or 1]."""
_Sigma = Annotated[float, Field(gt=1e-6, le=1e3)]
"""Noise of a reading [as the reading]."""
_Numbers = list[_Number]
_METHODS = (*METHODS, "auto", "mean")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GridIn(_Part):
    """Square cells; row 0 is north.

    Attributes:
        rows: the number of rows of the map.
        cols: the number of columns of the map.
        cell_m: side of a cell [m].
        origin: north-west corner (x, y) [m] in `crs`; or
        centre: (longitude, latitude) of the middle [degrees], which takes the UTM zone there.
        crs: metric CRS, "EPSG:32617"; none for a local plane.
    """

    rows: int = Field(gt=0)
    cols: int = Field(gt=0)
    cell_m: float = Field(ge=0.01, le=10_000)
    origin: tuple[_Number, _Number] | None = None
    centre: tuple[_Number, _Number] | None = None
    crs: str | None = Field(default=None, pattern=_CRS)

    @model_validator(mode="after")
    def _one_place(self) -> GridIn:
        if self.centre is not None and (self.origin is not None or self.crs is not None):
            raise ValueError("a grid has either origin (and crs) or centre")
        return self

    def build(self, limits: Limits) -> Grid:
        """Return the grid.

        Raises:
            GridError: if it is too large, or cannot be.
        """
        if self.rows * self.cols > limits.cells or max(self.rows, self.cols) > limits.side:
            raise GridError(
                f"{self.rows} x {self.cols} cells: this edge makes maps of up to {limits.cells} cells and {limits.side}"
                " along a side; ask for parts"
            )
        if self.centre is not None:
            return Grid.centred(*self.centre, shape=(self.rows, self.cols), cell_m=self.cell_m)
        return Grid((self.rows, self.cols), self.cell_m, self.origin or (0.0, 0.0), self.crs)


class TransmitterIn(_Part):
    """The base station.

    Attributes:
        x: easting [m] in the grid's CRS, with y; or
        y: northing [m].
        lon: longitude [degrees], with lat.
        lat: latitude [degrees].
        height_m: above ground [m].
        carrier_hz: carrier [Hz].
        bearing_deg: boresight, clockwise from north [degrees]; none for an omnidirectional antenna.
        downtilt_deg: the downtilt of the boresight [degrees].
    """

    x: _Number | None = None
    y: _Number | None = None
    lon: _Number | None = None
    lat: _Number | None = None
    height_m: float = Field(default=24.0, gt=0, le=1e5)
    carrier_hz: float = Field(default=3.5e9, gt=0, le=1e13)
    bearing_deg: _Number | None = None
    downtilt_deg: _Number = 6.0

    def build(self, grid: Grid) -> Transmitter:
        """Return the transmitter.

        Raises:
            InputError: if its place is missing or a value cannot be.
        """
        x, y = _plane(self.x, self.y, self.lon, self.lat, grid, "transmitter")
        return Transmitter(
            float(x[0]), float(y[0]), self.height_m, self.carrier_hz, self.bearing_deg, self.downtilt_deg
        )


class LayoutIn(_Part):
    """Buildings.

    Attributes:
        height_m: height above ground of every cell [m], rows of numbers or {dtype, shape, data}; or
        geojson: outlines.
        height_known: share of buildings whose height was stated.
    """

    height_m: list[_Numbers] | dict[str, Any] | None = None
    geojson: dict[str, Any] | None = None
    height_known: float = Field(default=1.0, ge=0, le=1)

    def build(self, grid: Grid) -> Layout:
        """Return the layout.

        Raises:
            LayoutError: if it does not fit the grid.
        """
        if (self.height_m is None) == (self.geojson is None):
            raise LayoutError("a layout has either height_m or geojson")
        if self.geojson is not None:
            return _outlines(self.geojson, grid)
        budget = Budget(SpecLimits(entries=grid.shape[0] * grid.shape[1]))
        height = Fields({"height_m": self.height_m}, "layout", budget).floats("height_m")
        return Layout(grid, height.astype(np.float32), self.height_known)


class PointsIn(_Part):
    """Readings at points.

    Attributes:
        x: eastings [m] in the grid's CRS, with y; or
        y: northings [m].
        lon: longitudes [degrees], with lat.
        lat: latitudes [degrees].
        value: readings [unit].
        sigma: noise of a reading [unit], of all or of each.
        unit: "dBm" (received power), "dB" (gain), "1".
        quantity: channel of the map that was read.
        kind: "exact", "below", "above" or "interval", of all or of each.
        low: lower ends of intervals [unit].
        high: upper ends [unit].
    """

    x: _Numbers | None = None
    y: _Numbers | None = None
    lon: _Numbers | None = None
    lat: _Numbers | None = None
    value: list[_Value]
    sigma: _Sigma | list[_Sigma] = 4.0
    unit: Literal["dBm", "dB", "1"] = "dBm"
    quantity: Literal["gain_db", "aoa_cos", "aoa_sin"] = "gain_db"
    kind: Literal["exact", "below", "above", "interval"] | list[Literal["exact", "below", "above", "interval"]] = (
        "exact"
    )
    low: list[_Value | None] | None = None
    high: list[_Value | None] | None = None

    def build(self, grid: Grid) -> Points:
        """Return the readings.

        Raises:
            MeasurementError: if lengths differ or a value cannot be.
        """
        x, y = _plane(self.x, self.y, self.lon, self.lat, grid, "points")
        n = len(x)
        if quantity(self.quantity).unit == "1" and self.unit != "1":
            raise MeasurementError(f"readings of {self.quantity} in {self.unit}: they have the unit '1'")
        if self.quantity == "gain_db" and self.unit == "1":
            raise MeasurementError("readings of gain_db in '1': wanted dBm or dB")
        lengths = {
            name: len(got) for name in ("value", "sigma", "kind", "low", "high")
            if isinstance(got := getattr(self, name), list) and len(got) != n
        }  # fmt: skip
        if lengths:
            raise MeasurementError(f"{n} positions, but {lengths}: wanted one of each")
        return Points(
            x, y, np.array(self.value, np.float64), _each(self.sigma, n).astype(np.float64), _each(self.kind, n),
            _open(self.low, n, -np.inf), _open(self.high, n, np.inf), np.full(n, ""), np.arange(1, n + 1),
            self.quantity, self.unit, "points",
        )  # fmt: skip


class AreaIn(_Part):
    """The average gain over a polygon, taken in linear power.

    Attributes:
        x: eastings of its corners [m] in the grid's CRS, with y; or
        y: northings [m].
        lon: longitudes [degrees], with lat.
        lat: latitudes [degrees].
        value: the average [dB].
        sigma: the standard deviation of its noise [dB].
    """

    x: _Numbers | None = None
    y: _Numbers | None = None
    lon: _Numbers | None = None
    lat: _Numbers | None = None
    value: _Value
    sigma: _Sigma = 2.0

    @property
    def corners(self) -> int:
        """How many corners were sent."""
        return len(self.x or self.lon or ())

    def build(self, grid: Grid) -> AreaReading:
        """Return the reading.

        Raises:
            InputError: if the outline is none, crosses itself, or reaches beyond the grid.
        """
        outline = np.stack(_plane(self.x, self.y, self.lon, self.lat, grid, "area"), axis=1)
        if not grid.contains(outline[:, 0], outline[:, 1]).all():
            raise GridError("an area reaches beyond the grid: cut it there, or enlarge the grid")
        reading = AreaReading("gain_db", outline, self.value, self.sigma)
        if not Polygon(outline).is_valid:
            raise MeasurementError("the outline of an area crosses itself: split it into parts")
        return reading


class _Common(WarmIn, _Part):
    """What every request holds.

    Attributes:
        grid: the cells asked for.
        layout: buildings, if they are known.
        transmitter: the base station, if it is known.
        draws: maps drawn from the posterior.
        seed: the seed of everything random.
        deadline_s: time from now in which the answer is wanted [s].
        outage_below: add the probability of a gain, or a received power, below this [unit of the map].
        keep: name under which the map is kept in the node's store of maps.
    """

    grid: GridIn
    layout: LayoutIn | None = None
    transmitter: TransmitterIn | None = None
    draws: int = Field(default=8, ge=0)
    seed: int = Field(default=0, ge=0, lt=2**31)
    deadline_s: float | None = Field(default=None, gt=0, le=1e6)
    outage_below: _Value | None = None
    keep: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+/-]{0,199}$")

    def site(self, grid: Grid) -> Observations:
        """Return what is known of the site."""
        layout = None if self.layout is None else self.layout.build(grid)
        transmitter = None if self.transmitter is None else self.transmitter.build(grid)
        return Observations(layout=layout, transmitter=transmitter, crs=grid.crs)


class SiteRequest(_Common):
    """A map around a base station from readings at points: the product's own method.

    Attributes:
        kind: "site".
        points: tables of readings.
        symmetrise: average over the 8 orientations of the square: better, and 8 times as dear.
    """

    kind: Literal["site"]
    points: list[PointsIn] = Field(default=[], max_length=16)
    symmetrise: bool = True

    def observations(self, limits: Limits, grid: Grid) -> Observations:
        """Return the evidence.

        Raises:
            InputError: if it is too much, or cannot be.
        """
        total = sum(len(table.value) for table in self.points)
        if total > limits.observations:
            raise MeasurementError(f"{total} readings: this edge takes up to {limits.observations}; send fewer")
        site = self.site(grid)
        tables = tuple(table.build(grid) for table in self.points)
        for table in tables:
            if not grid.contains(table.x, table.y).all():
                raise GridError("some readings lie outside the grid: leave them out, or enlarge it")
        return Observations(points=tables, layout=site.layout, transmitter=site.transmitter, crs=grid.crs)


class EvidenceRequest(_Common):
    """A map from any likelihood: {"type": "gaussian", "operator": ..., "y": ..., "sigma": ...} and so on.

    Attributes:
        kind: "evidence".
        likelihood: its description, on maps of all channels in latent code; and, or
        areas: averages over polygons, which become a likelihood here.
        method: the method of sampling; "auto" chooses, "mean" answers mean and spread alone, at once.
        steps: the number of steps of the sampler; its default if none are given.
    """

    kind: Literal["evidence"]
    likelihood: dict[str, Any] | None = None
    areas: list[AreaIn] = Field(default=[], max_length=1000)
    method: Literal["jfs", "mmps", "diffpir", "daps", "dps", "conditioned", "auto", "mean"] = "auto"
    steps: int | None = Field(default=None, gt=0)

    def build(self, limits: Limits, grid: Grid) -> Likelihood:
        """Return the likelihood.

        Raises:
            InputError: if it is too large, malformed, or of other maps.
        """
        most = SpecLimits(entries=4 * limits.cells + limits.observations)
        parts: list[Likelihood] = []
        if self.likelihood is not None:
            parts.append(likelihood_from_spec(self.likelihood, map_domain(grid.shape), most))
        if self.areas:
            parts.append(areas_likelihood(self._readings(most.entries, grid), grid))
        if not parts:
            raise InputError("wanted a likelihood, or areas, or both")
        return parts[0] if len(parts) == 1 else Product(*parts)

    def _readings(self, most: int, grid: Grid) -> list[AreaReading]:
        """Return the areas, if all of them together are not too large: corners count, and the cells around them."""
        if sum(area.corners for area in self.areas) > _CORNERS:
            raise MeasurementError(f"the areas have more than {_CORNERS} corners together: simplify them")
        readings = [area.build(grid) for area in self.areas]
        spans = [np.ceil(np.ptp(reading.outline, axis=0) / grid.cell_m) + 1.0 for reading in readings]
        if sum(float(np.prod(span)) for span in spans) > most:
            raise MeasurementError(f"the areas span more than {most} cells together: send fewer, or smaller ones")
        return readings


Request = Annotated[SiteRequest | EvidenceRequest, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[SiteRequest | EvidenceRequest] = TypeAdapter(Request)


def parse(content: bytes, limits: Limits) -> SiteRequest | EvidenceRequest:
    """Return the request of a body.

    Raises:
        InputError: if it is not JSON, holds NaN or infinite numbers, is nested too deeply, or does not fit; the
            message names the field and never repeats a value.
        OptionError: if more is asked for than the limits allow.
    """
    try:
        raw = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise InputError("the body is nested too deeply") from error
    except ValueError as error:
        reason = "NaN and infinite numbers are refused" if str(error) == _NOT_A_NUMBER else "not JSON in UTF-8"
        raise InputError(f"the body: {reason}") from error
    try:
        request = _ADAPTER.validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(str(part)[:40] for part in first["loc"][:8]) or "the body"
        raise InputError(f"{name}: {first['msg'][:200]}") from error
    except RecursionError as error:
        raise InputError("the body is nested too deeply") from error
    steps = request.steps or 0 if isinstance(request, EvidenceRequest) else 0
    if request.draws > limits.draws or steps > limits.steps:
        raise OptionError(
            f"{request.draws} draws, {steps} steps: this edge makes up to {limits.draws} and {limits.steps}; ask for"
            " fewer"
        )
    return request


_NOT_A_NUMBER = "not a number"


def _no_constant(name: str) -> float:
    raise ValueError(_NOT_A_NUMBER)


def _plane(
    x: float | _Numbers | None, y: float | _Numbers | None, lon: float | _Numbers | None, lat: float | _Numbers | None,
    grid: Grid, what: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return positions in the grid's plane [m], from either pair."""
    if (x is None) != (y is None) or (lon is None) != (lat is None) or (x is None) == (lon is None):
        raise InputError(f"{what}: wanted x and y [m], or lon and lat [degrees]")
    first, second = (np.atleast_1d(np.asarray(v, np.float64)) for v in ((x, y) if lon is None else (lon, lat)))
    if len(first) != len(second):
        raise MeasurementError(f"{what}: {len(first)} and {len(second)} coordinates: wanted pairs")
    if lon is None:
        return first, second
    east, north = (np.atleast_1d(v) for v in grid.from_lonlat(first, second))
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise MeasurementError(f"{what}: a longitude or latitude that the grid's plane does not reach")
    return east, north


def _each(value: object, n: int) -> NDArray[Any]:
    return np.asarray(value) if isinstance(value, list) else np.full(n, value)


def _open(ends: list[float | None] | None, n: int, infinite: float) -> NDArray[np.float64]:
    if ends is None:
        return np.full(n, infinite)
    return np.array([infinite if end is None else end for end in ends], np.float64)


def _outlines(document: dict[str, Any], grid: Grid) -> Layout:
    """Read GeoJSON where it is, in memory: nothing that was sent touches a disk."""
    crs = document.get("crs")
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) and isinstance(
        crs.get("properties", {}), dict) else crs  # fmt: skip
    if name is not None and not (isinstance(name, str) and _GEOJSON_CRS.fullmatch(name)):
        raise LayoutError("the layout's crs: wanted a name such as 'EPSG:32617', or none for degrees")
    try:
        _require_few(document)
        _require_repairable(document)
        return geojson_layout(document, grid)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, ShapelyError) as error:
        if isinstance(error, LayoutError):
            raise
        raise LayoutError("the layout is not GeoJSON with outlines of buildings") from error


def _require_few(document: dict[str, Any]) -> None:
    """Refuse layouts with so many features or corners that reading them would keep others from being read."""
    features = document.get("features", ())
    if len(features) > _FEATURES:
        raise LayoutError(f"the layout has {len(features)} features, wanted up to {_FEATURES}: cut it to the area")
    corners = sum(_corners(feature.get("geometry")) for feature in features) + _corners(document.get("geometry"))
    corners += _corners(document) if "coordinates" in document else 0
    if corners > _LAYOUT_CORNERS:
        raise LayoutError(
            f"the layout has {corners} corners, wanted up to {_LAYOUT_CORNERS}: cut it to the area, or simplify it"
        )


def _corners(geometry: object) -> int:
    """Count the pairs of numbers in the coordinates of a geometry, or of the parts of a collection."""
    if not isinstance(geometry, dict):
        return 0
    count, left = 0, [geometry.get("coordinates"), *geometry.get("geometries", ())]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [one.get("coordinates"), *one.get("geometries", ())]
        elif isinstance(one, list):
            if one and isinstance(one[0], int | float):
                count += 1
            else:
                left += one
    return count


def _require_repairable(document: dict[str, Any]) -> None:
    """Refuse outlines that cross themselves and are large: repairing one takes time and memory of its square."""
    crossing = 0
    for feature in document.get("features", ()):
        outline = shape(feature["geometry"])
        if not outline.is_valid:
            corners = int(get_num_coordinates(outline))
            crossing += corners
            if corners > _CROSSING or crossing > 20 * _CROSSING:
                raise LayoutError(
                    f"the layout holds an outline of {corners} corners that crosses itself: repair such outlines first"
                )
