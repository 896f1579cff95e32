"""OGC API EDR answers with values at places as CoverageJSON, GeoJSON or CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from covjson_pydantic.coverage import Coverage
from covjson_pydantic.domain import Axes, Domain, DomainType, ValuesAxis
from covjson_pydantic.ndarray import NdArrayFloat
from covjson_pydantic.observed_property import ObservedProperty
from covjson_pydantic.parameter import Parameter
from covjson_pydantic.reference_system import ReferenceSystem, ReferenceSystemConnectionObject
from covjson_pydantic.unit import Symbol, Unit
from numpy.typing import NDArray

from openckm.service.edr_documents import CRS84

MEDIA = {"CoverageJSON": "application/prs.coverage+json", "GeoJSON": "application/geo+json", "CSV": "text/csv"}
Shape = Literal["point", "points", "line", "grid"]
_CRS84_ID = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, eq=False)
class Values:
    """What a map says at places.

    Attributes:
        shape: "point", "points", "line", or "grid", whose places are rows of cells from the north.
        x: longitudes [degrees] or eastings [m], shape (n,); of a grid, of its columns.
        y: latitudes or northings, shape (n,); of a grid, of its rows.
        crs: the CRS of x and y: CRS84, or an EPSG code.
        values: values by the name of each parameter, NaN where nothing is said, shape (n,), or (rows, cols) of a grid.
        units: the unit by the name of each parameter.
        time: the time that the map is of.
        endpoint: the address at which it was asked.
    """

    shape: Shape
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    crs: str
    values: dict[str, NDArray[np.float64]]
    units: dict[str, str]
    time: datetime
    endpoint: str = ""

    @property
    def stamp(self) -> str:
        """The time as text."""
        return stamp_of(self.time)

    def flat(self) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Return places and values one by one."""
        if self.shape != "grid":
            return self.x, self.y, self.values
        x, y = np.meshgrid(self.x, self.y)
        return x.ravel(), y.ravel(), {name: v.ravel() for name, v in self.values.items()}


def stamp_of(moment: datetime) -> str:
    """Return a time as text."""
    return moment.isoformat().replace("+00:00", "Z")


def as_coverage(found: Values) -> bytes:
    """Return CoverageJSON."""
    axes, kind, names, sizes = _axes(found)
    ranges: Any = {
        name: NdArrayFloat(axisNames=names, shape=sizes, values=_plain(values)) for name, values in found.values.items()
    }
    parameters: Any = {name: _parameter(name, unit) for name, unit in found.units.items()}
    made = Coverage(
        domain=Domain(domainType=kind, axes=axes, referencing=_referencing(found.crs)), parameters=parameters,
        ranges=ranges,
    )  # fmt: skip
    return made.model_dump_json(exclude_none=True).encode()


def _axes(found: Values) -> tuple[Axes, DomainType, list[str] | None, list[int] | None]:
    moment: Any = ValuesAxis(values=[found.stamp])
    x, y = found.x.tolist(), found.y.tolist()
    if found.shape == "point":
        axes = Axes(x=ValuesAxis(values=x), y=ValuesAxis(values=y), t=moment)
        return axes, DomainType.point, None, None
    if found.shape == "grid":
        axes = Axes(x=ValuesAxis(values=x), y=ValuesAxis(values=y), t=moment)
        return axes, DomainType.grid, ["t", "y", "x"], [1, len(y), len(x)]
    if found.shape == "line":
        walk: Any = [(found.stamp, a, b) for a, b in zip(x, y, strict=True)]
        axes = Axes(composite=ValuesAxis(dataType="tuple", coordinates=["t", "x", "y"], values=walk))
        return axes, DomainType.trajectory, ["composite"], [len(x)]
    pairs: Any = list(zip(x, y, strict=True))
    axes = Axes(composite=ValuesAxis(dataType="tuple", coordinates=["x", "y"], values=pairs), t=moment)
    return axes, DomainType.multi_point, ["composite"], [len(x)]


def _referencing(crs: str) -> list[ReferenceSystemConnectionObject]:
    kind: Any = "GeographicCRS" if crs == CRS84 else "ProjectedCRS"
    name = _CRS84_ID if crs == CRS84 else f"http://www.opengis.net/def/crs/EPSG/0/{crs.rpartition(':')[2]}"
    return [
        ReferenceSystemConnectionObject(coordinates=["x", "y"], system=ReferenceSystem(type=kind, id=name)),
        ReferenceSystemConnectionObject(
            coordinates=["t"], system=ReferenceSystem(type="TemporalRS", calendar="Gregorian")
        ),
    ]


def _parameter(name: str, unit: str) -> Parameter:
    symbol = Symbol(value=unit, type="http://www.opengis.net/def/uom/UCUM/")
    return Parameter(observedProperty=ObservedProperty(label={"en": name}), unit=Unit(symbol=symbol))


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.ravel().tolist()]


def as_geojson(found: Values) -> bytes:
    """Return EDR GeoJSON: a feature for each place, in the reference system that was asked for."""
    x, y, values = found.flat()
    columns = {name: _plain(v) for name, v in values.items()}
    features = [
        feature(
            str(k), (a, b), f"place {k}", {name: column[k] for name, column in columns.items()}, list(values),
            found.stamp, found.endpoint,
        )
        for k, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True))
    ]  # fmt: skip
    parameters = [{"id": n, **_parameter(n, u).model_dump(exclude_none=True)} for n, u in found.units.items()]
    return json.dumps({"type": "FeatureCollection", "features": features, "parameters": parameters}).encode()


def feature(
    key: str, place: tuple[float, float], label: str, stated: Mapping[str, Any], names: Sequence[str], stamp: str,
    endpoint: str,
) -> dict[str, Any]:  # fmt: skip
    """Return a place as EDR GeoJSON wants it: with its time, its parameters, a label, and where it is asked.

    Args:
        key: the id of the feature.
        place: longitude and latitude, or easting and northing.
        label: what it is called.
        stated: further properties.
        names: the parameters that can be asked there.
        stamp: the time that the map is of.
        endpoint: the address of the query.
    """
    standard = {"datetime": stamp, "parameter-name": list(names), "label": label, "edrqueryendpoint": endpoint}
    point = {"type": "Point", "coordinates": list(place)}
    return {"type": "Feature", "id": key, "geometry": point, "properties": {**stated, **standard}}


def as_csv(found: Values) -> bytes:
    """Return CSV: a row for each place, units in the header."""
    x, y, values = found.flat()
    head = ("lon", "lat") if found.crs == CRS84 else ("x", "y")
    out = io.StringIO()
    out.write(",".join([*head, *(f"{name} [{found.units[name]}]" for name in values)]) + "\n")
    columns = [_plain(v) for v in values.values()]
    for k, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        out.write(",".join([repr(a), repr(b), *("" if c[k] is None else f"{c[k]:.6g}" for c in columns)]) + "\n")
    return out.getvalue().encode()
