"""What was measured: points, rasters and areas, each with unit, uncertainty and kind, and what is known of the site.

The kind of a reading says what it tells of the true value v (with sigma of noise on top):
    exact      v is the value
    below      v <= value     (censored: under the receiver's sensitivity, "not heard")
    above      v >= value     (saturated)
    interval   low <= v <= high  (quantised)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.grid import Grid
from openckm.maps.site import Layout, Transmitter

KINDS = ("exact", "below", "above", "interval")
_COLUMNS = ("x", "y", "value", "sigma", "kind", "low", "high", "device", "row")


@dataclass(frozen=True)
class Points:
    """Readings at points of the plane, all of one quantity and unit.

    Attributes:
        x: eastings [m] in the observations' CRS, shape (n,).
        y: northings [m], shape (n,).
        value: readings [unit], shape (n,).
        sigma: standard deviation of the noise [unit], shape (n,).
        kind: one of KINDS for each reading, shape (n,).
        low: lower bound of interval readings [unit], -inf where there is none, shape (n,).
        high: upper bound of interval readings [unit], +inf where there is none, shape (n,).
        device: name of the device of each reading, shape (n,).
        row: row of the source file of each reading (1 is the first data row), shape (n,).
        quantity: map channel that was read ("gain_db", "aoa_cos", ...).
        unit: "dBm" (received power: gain plus an unknown transmit power) or "dB" (gain itself), "1".
        source: where the readings come from.
        count: readings averaged into each entry (see `aggregate_cells`), shape (n,); None where every entry is one.
        cell: name of the radio cell that each reading is of, shape (n,); None where nobody said, and all are of one.

    Raises:
        MeasurementError: if arrays differ in length, or a value is not finite, or sigma is not positive.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    value: NDArray[np.float64]
    sigma: NDArray[np.float64]
    kind: NDArray[np.str_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    device: NDArray[np.str_]
    row: NDArray[np.int64]
    quantity: str = "gain_db"
    unit: str = "dBm"
    source: str = ""
    count: NDArray[np.int64] | None = None
    cell: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        n = self.x.shape
        for name in _COLUMNS:
            if getattr(self, name).shape != n or len(n) != 1:
                raise MeasurementError(f"{self._where()}: {name} has shape {getattr(self, name).shape}, wanted {n}")
        for name, more in (("count", self.count), ("cell", self.cell)):
            if more is not None and more.shape != n:
                raise MeasurementError(f"{self._where()}: {name} has shape {more.shape}, wanted {n}")
        self._require(np.isfinite(self.x) & np.isfinite(self.y), "a position that is not finite")
        self._require(np.isfinite(self.value), "a value that is not finite")
        self._require(np.isfinite(self.sigma) & (self.sigma > 0), "a sigma that is not positive and finite")
        self._require(np.isin(self.kind, KINDS), f"a kind that is none of {KINDS}")
        self._require(self.low <= self.high, "an interval whose low end is above its high end")

    @classmethod
    def exact(
        cls,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        value: NDArray[np.float64],
        *,
        sigma: float | NDArray[np.float64],
        unit: str = "dBm",
        quantity: str = "gain_db",
        device: str = "",
        source: str = "",
    ) -> Points:
        """Return plain readings (kind "exact") from coordinates [m] and values [unit], each of shape (n,)."""
        x, y, value = (np.atleast_1d(np.asarray(a, dtype=np.float64)) for a in (x, y, value))
        n = x.shape[0]
        return cls(
            x, y, value, np.broadcast_to(np.asarray(sigma, dtype=np.float64), (n,)).copy(),
            np.full(n, "exact"), np.full(n, -np.inf), np.full(n, np.inf), np.full(n, device),
            np.arange(1, n + 1), quantity, unit, source,
        )  # fmt: skip

    def __len__(self) -> int:
        return int(self.x.shape[0])

    def subset(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Points:
        """Return the readings picked by a mask or by indices."""
        picked: dict[str, Any] = {name: getattr(self, name)[keep] for name in _COLUMNS}
        further: dict[str, Any] = {
            name: None if (one := getattr(self, name)) is None else one[keep] for name in ("count", "cell")
        }
        return replace(self, **picked, **further)

    @property
    def cells(self) -> tuple[str, ...]:
        """Names of the radio cells, in order; none where nobody said."""
        return () if self.cell is None else tuple(str(name) for name in np.unique(self.cell) if name)

    def _where(self) -> str:
        return self.source or "observations"

    def _require(self, good: NDArray[np.bool_], what: str) -> None:
        if not good.all():
            k = int(np.argmin(good))
            raise MeasurementError(
                f"{self._where()}, row {int(self.row[k])}: {what} (x={self.x[k]}, y={self.y[k]},"
                f" value={self.value[k]}, sigma={self.sigma[k]}); correct or remove the row"
            )


@dataclass(frozen=True)
class RasterReading:
    """A whole raster of one quantity on its own grid (a coarse average, an exactly known channel, last week's map).

    Attributes:
        quantity: map channel.
        grid: the raster's cells; a coarser cell than the map's means an average over the cell.
        value: values [unit of the quantity], shape grid.shape, NaN where nothing is known.
        sigma: standard deviation of the noise [same unit].
    """

    quantity: str
    grid: Grid
    value: NDArray[np.float32]
    sigma: float

    def __post_init__(self) -> None:
        if self.value.shape != self.grid.shape:
            raise MeasurementError(f"raster of {self.quantity}: shape {self.value.shape}, wanted {self.grid.shape}")
        if not (np.isfinite(self.sigma) and self.sigma > 0):
            raise MeasurementError(f"raster of {self.quantity}: sigma {self.sigma!r} must be positive and finite")


@dataclass(frozen=True)
class AreaReading:
    """The average over a polygon, taken in linear power for gains.

    Attributes:
        quantity: map channel.
        outline: corners (x, y) [m], shape (k, 2), k >= 3.
        value: the average [unit of the quantity].
        sigma: standard deviation of the noise [same unit].
    """

    quantity: str
    outline: NDArray[np.float64]
    value: float
    sigma: float

    def __post_init__(self) -> None:
        if self.outline.ndim != 2 or self.outline.shape[1] != 2 or self.outline.shape[0] < 3:
            raise MeasurementError(f"area of {self.quantity}: outline has shape {self.outline.shape}, wanted (k>=3, 2)")
        if not (np.isfinite(self.value) and np.isfinite(self.sigma) and self.sigma > 0):
            raise MeasurementError(f"area of {self.quantity}: value and sigma must be finite, sigma positive")


@dataclass(frozen=True)
class Observations:
    """All evidence on one map: readings, and what is known of the site. Everything is optional.

    Attributes:
        points: readings at points, one entry per quantity/unit/campaign.
        rasters: whole rasters.
        areas: averages over polygons.
        layout: the buildings, if known.
        transmitter: the transmitter, if known.
        crs: CRS of all coordinates (EPSG code of a metric CRS), None for a local plane.
        vehicles: heights of what stands in the streets now [m], as a layout on the map's grid; None where nobody has
            looked. Networks that have not learnt vehicles do not use it, and provenance says so.
    """

    points: tuple[Points, ...] = ()
    rasters: tuple[RasterReading, ...] = ()
    areas: tuple[AreaReading, ...] = ()
    layout: Layout | None = None
    transmitter: Transmitter | None = None
    crs: str | None = None
    vehicles: Layout | None = None

    @property
    def layout_credit(self) -> dict[str, str]:
        """What a map's provenance says of whom the buildings are of: {} where no layout states it."""
        return {"layout_credit": self.layout.licence} if self.layout is not None and self.layout.licence else {}

    def require_points_only(self, method: str) -> None:
        """Refuse rasters and areas, for methods that cannot use them: no evidence is passed over in silence.

        Raises:
            MeasurementError: if there are any, naming the method.
        """
        if self.rasters or self.areas:
            raise MeasurementError(
                f"{method} cannot use {len(self.rasters)} rasters and {len(self.areas)} areas, only readings at points;"
                " leave them out, or write their likelihood with openckm.observe and sample"
                " with openckm.infer.rivals.dps"
            )

    def gain_points(self) -> Points:
        """Return the readings of gain or received power, joined into one table.

        Raises:
            MeasurementError: if there are none, if dB and dBm are mixed, or if they are of several radio cells.
        """
        chosen = [p for p in self.points if p.quantity == "gain_db" and len(p)]
        if not chosen:
            raise MeasurementError("there are no gain or received-power readings among the observations; give some")
        if len(names := sorted({name for p in chosen for name in p.cells})) > 1:
            raise MeasurementError(
                f"readings of {len(names)} radio cells ({', '.join(names[:5])}): a map is of one cell; take those of"
                " one, or make all maps at once (Observations.by_cell, OpenCKM.several)"
            )
        return join_points(chosen)

    def by_cell(self, transmitters: Mapping[str, Transmitter] | None = None) -> dict[str, Observations]:
        """Return the evidence of each radio cell by name: its readings, and what is known of the site.

        Args:
            transmitters: the transmitters of the cells, by name; None gives all of them this one's.

        Raises:
            MeasurementError: if a reading says nothing of its cell, a cell has no transmitter among those given, or
                there are areas or rasters, which say nothing of theirs.
        """
        self.require_points_only("a map for each radio cell")
        names = list(dict.fromkeys(name for p in self.points for name in p.cells))
        unknown = [
            p.source or "observations" for p in self.points if len(p) and (p.cell is None or (p.cell == "").any())
        ]
        strange = [] if transmitters is None else [name for name in names if name not in transmitters]
        if unknown or strange:
            raise MeasurementError(
                f"readings that say nothing of their radio cell: {', '.join(unknown) or 'none'}; cells without a"
                f" transmitter: {', '.join(strange) or 'none'}; name every reading's cell, and give its transmitter"
            )
        return {name: self._of_cell(name, transmitters) for name in names}

    def _of_cell(self, name: str, transmitters: Mapping[str, Transmitter] | None) -> Observations:
        points = tuple(p.subset(p.cell == name) for p in self.points if p.cell is not None and name in p.cells)
        base = self.transmitter if transmitters is None else transmitters[name]
        return replace(self, points=points, transmitter=base)


def join_points(tables: Sequence[Points]) -> Points:
    """Return several tables of one quantity and unit as one.

    Raises:
        MeasurementError: if quantities or units differ.
    """
    kinds = {(p.quantity, p.unit) for p in tables}
    if len(kinds) != 1:
        raise MeasurementError(f"cannot join readings of different quantities or units: {sorted(kinds)}")
    if len(tables) == 1:
        return tables[0]
    joined: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in tables]) for name in _COLUMNS}
    if any(p.count is not None for p in tables):
        joined["count"] = np.concatenate([np.ones(len(p), np.int64) if p.count is None else p.count for p in tables])
    if any(p.cell is not None for p in tables):
        joined["cell"] = np.concatenate([np.full(len(p), "") if p.cell is None else p.cell for p in tables])
    return replace(tables[0], **joined, source=", ".join(dict.fromkeys(p.source for p in tables if p.source)))
