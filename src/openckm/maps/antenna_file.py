"""Antenna patterns from the files of makers and planning tools, and the gain that they give along a path.

| file | what |
|---|---|
| .msi, .pln (MSI Planet) | GAIN in dBd or dBi, and 360 losses each under HORIZONTAL and VERTICAL |
| .ant (EDX, Pathloss) | the peak gain [dBi], then 360 relative gains of the horizontal and 360 of the vertical cut |

The gain between the two cuts is their sum (in dB), the usual rule of planning tools:
    G(phi, theta) = G_peak - L_h(phi) - L_v(theta)
with phi clockwise from the boresight and theta downwards from the horizon of the (mechanically tilted) antenna.

References:
    3GPP TR 38.901 V17, Table 7.3-1, for a pattern by parameters.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import InputError
from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Transmitter

_DBD_TO_DBI = 2.15
_DEGREES = 360
_LARGEST_BYTES = 5_000_000
_PARAMETERS = re.compile(r"3gpp:(.+)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class AntennaPattern:
    """An antenna by its two cuts.

    Attributes:
        name: the name of the antenna.
        peak_dbi: gain in the direction of the maximum [dBi].
        horizontal_db: loss against the maximum, clockwise from the boresight by degree [dB], shape (360,).
        vertical_db: loss against the maximum, downwards from the horizon by degree [dB], shape (360,).
    """

    name: str
    peak_dbi: float
    horizontal_db: NDArray[np.float64]
    vertical_db: NDArray[np.float64]

    def __post_init__(self) -> None:
        for cut in (self.horizontal_db, self.vertical_db):
            if cut.shape != (_DEGREES,) or not np.isfinite(cut).all() or (cut < -1.0).any():
                raise InputError(f"antenna {self.name}: a cut wants 360 losses in dB that are not negative")
        if not (math.isfinite(self.peak_dbi) and -20 <= self.peak_dbi <= 60):
            raise InputError(f"antenna {self.name}: a peak gain of {self.peak_dbi} dBi cannot be")

    def as_array(self) -> NDArray[np.float64]:
        """Return the peak [dBi] and the losses of both cuts [dB] in one row, shape (721,)."""
        return np.concatenate([[self.peak_dbi], self.horizontal_db, self.vertical_db])

    @classmethod
    def of_array(cls, name: str, row: NDArray[np.float64]) -> AntennaPattern:
        """Return the pattern of a row as `as_array` gives it."""
        return cls(name, float(row[0]), row[1 : 1 + _DEGREES], row[1 + _DEGREES :])

    def gain_db(self, clockwise_deg: ArrayLike, down_deg: ArrayLike) -> NDArray[np.float64]:
        """Return the gain [dBi] at angles off the boresight [degrees], each of any shape that fits the other."""
        return np.asarray(
            self.peak_dbi - _at(self.horizontal_db, clockwise_deg) - _at(self.vertical_db, down_deg), dtype=np.float64
        )


def read_pattern(path: str | os.PathLike[str]) -> AntennaPattern:
    """Return the pattern in a file (.msi, .pln, .ant), or by parameters: "3gpp:65,8" (beamwidth [deg], peak [dBi]).

    Raises:
        InputError: if the file cannot be read, or is no pattern of 360 degrees.
    """
    parameters = _PARAMETERS.fullmatch(str(path))
    if parameters:
        return _from_text(parameters[1])
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{file} has more than {_LARGEST_BYTES} bytes: wanted an antenna pattern")
        text = file.read_text(encoding="latin-1")
    except OSError as error:
        raise InputError(
            f"cannot read the antenna pattern {file}: {error.strerror or error}; check the path"
        ) from error
    if re.search(r"^\s*HORIZONTAL\b", text, re.IGNORECASE | re.MULTILINE):
        return _msi(file, text)
    return _ant(file, text)


def parameter_pattern(beamwidth_deg: float = 65.0, peak_dbi: float = 8.0, floor_db: float = 30.0) -> AntennaPattern:
    """Return the pattern of 3GPP TR 38.901, Table 7.3-1, with its own beamwidth, peak and floor.

    Raises:
        InputError: if a parameter makes no sense.
    """
    if not (1 <= beamwidth_deg <= 360 and floor_db > 0):
        raise InputError(
            f"beamwidth {beamwidth_deg} degrees, floor {floor_db} dB: wanted 1 to 360 and a positive number"
        )
    off = (np.arange(_DEGREES) + 180.0) % 360.0 - 180.0
    cut = np.minimum(12.0 * (off / beamwidth_deg) ** 2, floor_db)  # Table 7.3-1, A_v and A_h
    return AntennaPattern(f"3GPP {beamwidth_deg:g} degrees", peak_dbi, cut, cut)


def pattern_field_db(pattern: AntennaPattern, transmitter: Transmitter, grid: Grid) -> NDArray[np.float64]:
    """Return the antenna's gain along the direct path to each cell [dBi], shape grid.shape.

    The downtilt of the transmitter is taken as mechanical. Energy that arrives over reflections left the antenna in
    other directions: behind buildings this is an estimate.
    """
    x, y = grid.centres()
    east, north = x - transmitter.x, y - transmitter.y
    distance = np.maximum(np.hypot(east, north), 1.0)
    bearing = np.degrees(np.arctan2(east, north))
    off = bearing - (transmitter.bearing_deg or 0.0)
    down = np.degrees(np.arctan2(transmitter.height_m - RECEIVER_HEIGHT_M, distance))
    tilt = transmitter.downtilt_deg * np.cos(np.radians(off))  # a mechanical tilt points up behind the antenna
    return pattern.gain_db(off, down - tilt)


def _at(cut: NDArray[np.float64], angle_deg: ArrayLike) -> NDArray[np.float64]:
    """Return a cut at any angle, between degrees by a straight line."""
    wanted = np.asarray(angle_deg, dtype=np.float64) % 360.0
    return np.asarray(np.interp(wanted, np.arange(_DEGREES + 1), np.append(cut, cut[0])), dtype=np.float64)


def _from_text(text: str) -> AntennaPattern:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3:
        raise InputError(f"'3gpp:{text}': wanted 3gpp:BEAMWIDTH[,PEAK_DBI[,FLOOR_DB]], e.g. 3gpp:65,8,30")
    return parameter_pattern(*numbers)


def _msi(file: Path, text: str) -> AntennaPattern:
    """Read MSI Planet's format: keywords, then angle and loss by line under HORIZONTAL and VERTICAL."""
    cuts: dict[str, dict[int, float]] = {"HORIZONTAL": {}, "VERTICAL": {}}
    name, peak, here = file.stem, math.nan, ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        key = words[0].upper()
        if key in cuts:
            here = key
        elif here and len(words) >= 2 and _number(words[0]) is not None:
            angle, loss = _number(words[0]), _number(words[1])
            if angle is not None and loss is not None:
                cuts[here][round(angle) % _DEGREES] = loss
        elif key == "NAME" and len(words) > 1:
            name = " ".join(words[1:])
        elif key == "GAIN" and len(words) > 1:
            peak = _gain(file, words[1:])
    full = [_whole(file, kind, cut) for kind, cut in cuts.items()]
    if not math.isfinite(peak):
        raise InputError(f"{file} states no GAIN; add a line such as GAIN 15.5 dBi")
    return AntennaPattern(name, peak, *full)


def _gain(file: Path, words: list[str]) -> float:
    """Return a gain [dBi] of "15.5 dBi", "13.35 dBd" or "13.35": dBd is the rule where the unit is not stated."""
    text = "".join(words).lower()
    match = re.fullmatch(r"(-?\d+(?:[.,]\d+)?)(dbi|dbd|db)?.*", text)
    if match is None:
        raise InputError(f"{file}: GAIN {' '.join(words)!r}, wanted a number in dBi or dBd")
    value = float(match[1].replace(",", "."))
    return value if match[2] == "dbi" else value + _DBD_TO_DBI


def _whole(file: Path, kind: str, cut: dict[int, float]) -> NDArray[np.float64]:
    """Return a cut at all degrees; steps of a few degrees are filled by straight lines."""
    angles = sorted(cut)
    gaps = np.diff([*angles, angles[0] + _DEGREES]) if angles else np.array([_DEGREES])
    if not angles or gaps.max() > 10:
        raise InputError(f"{file}: the {kind} cut has {len(angles)} angles: wanted 360 degrees in steps of at most 10")
    values = np.abs([cut[a] for a in angles])
    around = [*angles, angles[0] + _DEGREES]
    wanted = (np.arange(_DEGREES) - angles[0]) % _DEGREES + angles[0]
    return np.asarray(np.interp(wanted, around, [*values, values[0]]), dtype=np.float64)


def _ant(file: Path, text: str) -> AntennaPattern:
    """Read a list of numbers: the peak [dBi], 360 of the horizontal cut and 360 of the vertical, relative [dB]."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    values = [_number(words[-1]) for words in lines if _number(words[-1]) is not None]
    numbers = [v for v in values if v is not None]
    extra = len(numbers) - 2 * _DEGREES
    if extra < 1:
        raise InputError(
            f"{file} is no antenna pattern: wanted MSI (.msi, .pln) with HORIZONTAL and VERTICAL, or .ant with the peak"
            f" gain and 720 relative gains; it has {len(numbers)} numbers"
        )
    cuts = np.abs(np.asarray(numbers[-2 * _DEGREES :], dtype=np.float64))
    return AntennaPattern(file.stem, float(numbers[0]), cuts[:_DEGREES], cuts[_DEGREES:])


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
