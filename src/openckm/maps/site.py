"""What is known of a site before anything is measured: the building layout and the transmitter."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError, OptionError
from openckm.maps.grid import Grid

DEFAULT_BUILDING_HEIGHT_M = 10.0
"""Height taken for a building whose height nobody stated [m] (three storeys)."""
_TALLEST_M = 1e4
_FARTHEST_M = 1e8


@dataclass(frozen=True)
class Layout:
    """Buildings on a grid.

    Attributes:
        grid: the cells.
        height_m: building height above ground [m], shape grid.shape, 0 where there is no building.
        height_known: share of buildings whose height was stated rather than assumed, 0-1.
        source: the place that the layout comes from (file name or data set), for credits and provenance.
        licence: whom it is to be credited to and its licence, as the file states them or as its marks show; "" where
            it does not say.
        notes: what was left out and assumed when the layout was read, one sentence each.
        unknown: cells of which nobody said whether a building stands there, shape grid.shape; None where there are
        none.
        ground_m: elevation of the ground above any one level [m], shape grid.shape; None where it is flat or unknown.
        around: buildings on a larger grid of the same cells, for what surrounds the map; None where nobody looked.
        assumed: cells whose building height is one that was taken for granted, shape grid.shape; None where nobody
            set buildings apart, so that `height_known` says it of all.

    Raises:
        LayoutError: if the array does not fit the grid or holds heights that are negative, not finite, or above 10 km.
    """

    grid: Grid
    height_m: NDArray[np.float32]
    height_known: float = 1.0
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()
    unknown: NDArray[np.bool_] | None = None
    ground_m: NDArray[np.float32] | None = None
    around: Layout | None = field(default=None, compare=False, repr=False)
    assumed: NDArray[np.bool_] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.height_m.shape != self.grid.shape:
            raise LayoutError(f"layout heights have shape {self.height_m.shape}: wanted {self.grid.shape}")
        if not np.isfinite(self.height_m).all() or (self.height_m < 0).any():
            raise LayoutError(f"layout {self.source or '(unnamed)'} holds negative or non-finite building heights")
        if (self.height_m > _TALLEST_M).any():
            raise LayoutError(
                f"layout {self.source or '(unnamed)'} holds buildings above {_TALLEST_M:g} m: wanted metres"
            )

    @property
    def building(self) -> NDArray[np.bool_]:
        """True where a cell is covered by a building, shape grid.shape."""
        return np.asarray(self.height_m > 0)


@dataclass(frozen=True)
class Transmitter:
    """A transmitter on the plane of a grid.

    Attributes:
        x: easting [m] in the grid's CRS.
        y: northing [m] in the grid's CRS.
        height_m: antenna height above ground [m].
        carrier_hz: carrier frequency [Hz].
        bearing_deg: boresight of a sector antenna, clockwise from north [degrees]; None for an omnidirectional one.
        downtilt_deg: downtilt of the boresight [degrees].

    Raises:
        OptionError: if a value is not finite or out of range.
    """

    x: float
    y: float
    height_m: float = 24.0
    carrier_hz: float = 3.5e9
    bearing_deg: float | None = None
    downtilt_deg: float = 6.0
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.height_m, self.carrier_hz, self.downtilt_deg, self.bearing_deg or 0.0)
        if not all(math.isfinite(v) for v in values):
            raise OptionError(f"transmitter {self!r}: every value must be finite")
        if max(abs(self.x), abs(self.y)) > _FARTHEST_M:
            raise OptionError(f"transmitter at ({self.x:g}, {self.y:g}) m: no plane on Earth reaches so far")
        if not 0 < self.height_m <= 1000:
            raise OptionError(f"transmitter height {self.height_m} m: wanted a value in (0, 1000] metres above ground")
        if not 1e8 <= self.carrier_hz <= 1e11:
            raise OptionError(f"carrier {self.carrier_hz} Hz: wanted a value in [1e8, 1e11] Hz (3.5 GHz is 3.5e9)")
        if not -90 <= self.downtilt_deg <= 90:
            raise OptionError(f"downtilt {self.downtilt_deg} degrees: wanted a value in [-90, 90]")

    @property
    def azimuth_rad(self) -> float | None:
        """Boresight counter-clockwise from east [rad], None for an omnidirectional antenna."""
        return None if self.bearing_deg is None else math.radians(90.0 - self.bearing_deg)
