"""Grey levels of published data sets and physical values: adapters for their files and tables, never the internal form.

P1 (Xiao et al., CKMImageNet), pixel p in [0, 1], building 0:
    gain        p = (g + 250 dB) / 200 dB                      g in [-250, -50] dB; a building and -250 dB look alike
    AoA sine    p = 0.35 s + 0.65                              s in [-1, 1] -> [0.3, 1]
    AoA file    theta = (p - 1/19) / (18/19) 360 - 180 [deg]   p in [1/19, 1]
RadioMapSeer and kin, grey level k in 0..255:
    gain        g = floor + k span / 255 [dB]                  several scales are in circulation: it is a parameter
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError

P1_GAIN_DB = (-250.0, -50.0)
"""The gains [dB] that P1 maps to pixel 0 and 1."""

Floats = NDArray[np.float32]
_BUILDING_SINE = 0.15  # half of the smallest pixel of a direction
_BUILDING_AOA = 0.5 / 19.0  # half of the smallest pixel of an angle


def to_grey(pixel: ArrayLike) -> NDArray[np.uint8]:
    """Return grey levels 0-255 (nearest) of pixels in [0, 1], any shape.

    Raises:
        OptionError: if a pixel is not finite or out of [0, 1].
    """
    p = np.asarray(pixel, dtype=np.float64)
    good = (p >= 0.0) & (p <= 1.0)
    if not good.all():
        worst = float(p[~good].flat[0])
        raise OptionError(f"pixel {worst}: wanted values in [0, 1]; encode physical values first (gain_to_pixel, ...)")
    return np.rint(p * 255.0).astype(np.uint8)


def from_grey(grey: ArrayLike) -> Floats:
    """Return pixels in [0, 1] of grey levels 0-255, any shape."""
    return (np.asarray(grey, dtype=np.float64) / 255.0).astype(np.float32)


def gain_to_pixel(gain_db: ArrayLike, building: ArrayLike | None = None) -> Floats:
    """Return P1's pixels [0, 1] of gains [dB]; gains out of range are clipped, buildings and NaN become 0."""
    lo, hi = P1_GAIN_DB
    gain = np.asarray(gain_db, dtype=np.float64)
    return _blank(np.clip((gain - lo) / (hi - lo), 0.0, 1.0), building)


def gain_from_pixel(pixel: ArrayLike, building: ArrayLike | None = None) -> Floats:
    """Return gains [dB] of P1's pixels [0, 1]; NaN in buildings (P1 tells them by the AoA file: see aoa_from_pixel)."""
    lo, hi = P1_GAIN_DB
    return _hide(np.asarray(pixel, dtype=np.float64) * (hi - lo) + lo, building)


def sine_to_pixel(aoa_sin: ArrayLike, building: ArrayLike | None = None) -> Floats:
    """Return P1's pixels [0.3, 1] of the sine of the angle of arrival [-1, 1]; buildings and NaN become 0."""
    return _blank(np.clip(0.35 * np.asarray(aoa_sin, dtype=np.float64) + 0.65, 0.3, 1.0), building)


def sine_from_pixel(pixel: ArrayLike) -> Floats:
    """Return the sine of the angle of arrival [-1, 1] of P1's pixels; NaN where the pixel (< 0.15) is a building."""
    p = np.asarray(pixel, dtype=np.float64)
    return _hide(np.clip((p - 0.65) / 0.35, -1.0, 1.0), p < _BUILDING_SINE)


def aoa_to_pixel(aoa_deg: ArrayLike, building: ArrayLike | None = None) -> Floats:
    """Return CKMImageNet's pixels [1/19, 1] of angles of arrival [degrees, any branch]; buildings and NaN become 0."""
    theta = np.asarray(aoa_deg, dtype=np.float64)
    theta = np.where(np.abs(theta) <= 180.0, theta, (theta + 180.0) % 360.0 - 180.0)
    return _blank((theta + 180.0) / 360.0 * (18.0 / 19.0) + 1.0 / 19.0, building)


def aoa_from_pixel(pixel: ArrayLike) -> Floats:
    """Return angles of arrival [degrees, -180 to 180] of CKMImageNet's pixels; NaN where the pixel is a building."""
    p = np.asarray(pixel, dtype=np.float64)
    theta = (p - 1.0 / 19.0) / (18.0 / 19.0) * 360.0 - 180.0
    return _hide(np.clip(theta, -180.0, 180.0), p < _BUILDING_AOA)


@dataclass(frozen=True)
class GreyScale:
    """A linear scale of grey levels: gain = floor_db + grey * span_db / 255.

    Attributes:
        floor_db: gain of grey level 0 [dB].
        span_db: gain of grey level 255 above that of 0 [dB], positive.

    Raises:
        OptionError: if a number is not finite or the span is not positive.
    """

    floor_db: float
    span_db: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.floor_db) and math.isfinite(self.span_db) and self.span_db > 0):
            raise OptionError(f"{self}: wanted a finite floor and a positive span [dB]")

    def decode(self, grey: ArrayLike, building: ArrayLike | None = None) -> Floats:
        """Return gains [dB] of grey levels 0-255, any shape; NaN in buildings."""
        return _hide(self.floor_db + np.asarray(grey, dtype=np.float64) * (self.span_db / 255.0), building)

    def encode(self, gain_db: ArrayLike, building: ArrayLike | None = None) -> NDArray[np.uint8]:
        """Return grey levels 0-255 (nearest) of gains [dB], clipped to the scale; buildings and NaN become 0."""
        level = (np.asarray(gain_db, dtype=np.float64) - self.floor_db) / self.span_db
        return to_grey(_blank(np.clip(level, 0.0, 1.0), building))


RADIOMAPSEER = GreyScale(-147.0, 99.16)
"""RadioMapSeer's own files."""
RADIOMAPSEER_THRESHOLDED = GreyScale(-127.0, 79.16)
"""RadioMapSeer after the usual threshold: grey < 0.2 becomes 0, the rest is stretched to 0-255."""
RADIOMAP3DSEER = GreyScale(-111.0, 36.0)
"""RadioMap3DSeer (literature value)."""


def _blank(pixel: NDArray[np.float64], building: ArrayLike | None) -> Floats:
    dark = np.isnan(pixel) if building is None else np.isnan(pixel) | np.asarray(building, dtype=bool)
    return np.where(dark, 0.0, pixel).astype(np.float32)


def _hide(value: NDArray[np.float64], building: ArrayLike | None) -> Floats:
    if building is None:
        return value.astype(np.float32)
    return np.where(np.asarray(building, dtype=bool), np.nan, value).astype(np.float32)
