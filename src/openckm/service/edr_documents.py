"""These documents say by OGC API EDR 1.1 what there is to be asked: landing page, conformance, collections."""

from __future__ import annotations

from typing import Any

from edr_pydantic.collections import Collection, Collections
from edr_pydantic.data_queries import DataQueries, EDRQuery
from edr_pydantic.extent import Extent, Spatial, Temporal
from edr_pydantic.link import EDRQueryLink, Link
from edr_pydantic.observed_property import ObservedProperty
from edr_pydantic.parameter import MeasurementType, Parameter, Parameters
from edr_pydantic.unit import Symbol, Unit
from edr_pydantic.variables import CubeVariables, Variables

from openckm.atlas import Entry
from openckm.atlas.catalogue import footprint
from openckm.service.map_shelf import id_of

CRS84 = "CRS84"
FORMATS = ("CoverageJSON", "GeoJSON", "CSV")
QUERIES = ("position", "trajectory", "area", "cube", "locations")
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/json",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/covjson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/oas30",
)
_STATISTICS = {
    "": "posterior mean of the cell's average", "_std": "posterior standard deviation",
    "_p05": "lower end of the 90 % interval", "_p95": "upper end of the 90 % interval",
}  # fmt: skip


def parameter_names(channels: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Return (channel, statistic) by the name of each parameter; the statistic is "", "_std", "_p05" or "_p95"."""
    return {f"{channel}{suffix}": (channel, suffix) for channel in channels for suffix in _STATISTICS}


def _parameters_of(entry: Entry, unit_of: dict[str, str]) -> dict[str, Parameter]:
    """Return the parameters of a map by name, with the unit of each channel."""
    found: dict[str, Parameter] = {}
    make: Any = Parameter  # its field "data-type" is no name that Python has
    for name, (channel, suffix) in parameter_names(entry.channels).items():
        unit = unit_of[channel]
        symbol = "dB" if suffix == "_std" and unit == "dBm" else unit
        method = {"": "mean", "_std": "standard_deviation"}.get(suffix, "quantile")
        found[name] = make(
            id=name, description=f"{channel}: {_STATISTICS[suffix]}", **{"data-type": "float"},
            unit=Unit(symbol=Symbol(value=symbol, type="http://www.opengis.net/def/uom/UCUM/")),
            observedProperty=ObservedProperty(id=channel, label=channel.replace("_", " ")),
            measurementType=MeasurementType(method=method, duration="PT0S"),
        )  # fmt: skip
    return found


def landing(base: str) -> dict[str, Any]:
    """Return the landing page."""
    links = [
        Link(href=f"{base}/", rel="self", type="application/json", title="this document"),
        Link(href=f"{base}/openapi.json", rel="service-desc", type="application/vnd.oai.openapi+json;version=3.0"),
        Link(href=f"{base}/conformance", rel="conformance", type="application/json"),
        Link(href=f"{base}/collections", rel="data", type="application/json"),
    ]
    return {
        "title": "OpenCKM maps", "description": "Finished channel knowledge maps of this node.",
        "links": [link.model_dump(exclude_none=True) for link in links],
    }  # fmt: skip


def collections(entries: list[Entry], units: dict[str, dict[str, str]], base: str) -> dict[str, Any]:
    """Return the list of all maps."""
    links = [Link(href=f"{base}/collections", rel="self", type="application/json")]
    found = Collections(links=links, collections=[_collection(e, units[id_of(e.name)], base) for e in entries])
    document: dict[str, Any] = found.model_dump(mode="json", exclude_none=True, by_alias=True)
    return document


def collection(entry: Entry, unit_of: dict[str, str], base: str) -> dict[str, Any]:
    """Return the description of one map."""
    document: dict[str, Any] = _collection(entry, unit_of, base).model_dump(
        mode="json", exclude_none=True, by_alias=True
    )
    return document


def crs_names(entry: Entry) -> list[str]:
    """Return the names of the reference systems that a map is asked in; the first is the default."""
    return [CRS84, "EPSG:4326", "EPSG:3857", str(entry.crs)] if entry.crs is not None else ["local"]


def _collection(entry: Entry, unit_of: dict[str, str], base: str) -> Collection:
    place = f"{base}/collections/{id_of(entry.name)}"
    covered = footprint(entry.grid)
    west, east, south, north = covered or (entry.bounds[0], entry.bounds[2], entry.bounds[1], entry.bounds[3])
    moment = entry.moment
    stated = moment.isoformat().replace("+00:00", "Z")
    site = f", site {entry.site}" if entry.site else ""
    return Collection(
        id=id_of(entry.name), title=entry.name,
        description=(
            f"Channel knowledge map, version {entry.version}{site}: cells of {entry.cell_m:g} m, gain in {entry.unit}"
        ),
        keywords=["channel knowledge map", "radio map"],
        links=[
            Link(href=place, rel="self", type="application/json"),
            Link(href=f"{place}/position", rel="data", type="application/prs.coverage+json"),
            Link(href=f"{base}/v1/maps/{id_of(entry.name)}/map.tif", rel="enclosure", type="image/tiff"),
        ],
        extent=Extent(
            spatial=Spatial(bbox=[[west, south, east, north]], crs=CRS84 if covered else "local"),
            temporal=Temporal(interval=[[moment, moment]], values=[stated], trs="Gregorian"),
        ),
        data_queries=DataQueries(**{name: _query(place, name) for name in QUERIES}),
        crs=crs_names(entry), output_formats=list(FORMATS), parameter_names=Parameters(_parameters_of(entry, unit_of)),
    )  # fmt: skip


def _query(place: str, name: str) -> EDRQuery:
    document: dict[str, Any] = {
        "query_type": name,
        "output_formats": list(FORMATS),
        "default_output_format": FORMATS[0],
    }
    variables = CubeVariables(**document, height_units=["m"]) if name == "cube" else Variables(**document)
    return EDRQuery(link=EDRQueryLink(href=f"{place}/{name}", rel="data", variables=variables))
