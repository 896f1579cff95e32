"""Parsing of option values that typer has no type for."""

from __future__ import annotations

from typing import Literal

from openckm.errors import OptionError

__all__ = ["lon_lat", "pairs", "require_range", "split_name"]


def lon_lat(text: str, flag: str = "--bs") -> tuple[float, float]:
    """Return (lon, lat) [degrees] of "LON,LAT", the value of the option `flag`.

    Raises:
        OptionError: if the text is not two numbers, or they cannot be longitude and latitude.
    """
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"{flag} {text!r}: wanted LON,LAT in degrees, e.g. {flag} -78.9398,35.9992") from None
    if not -180 <= lon <= 180 or not -90 <= lat <= 90:
        hint = "; they look swapped: longitude comes first" if -90 <= lon <= 90 and -180 <= lat <= 180 else ""
        raise OptionError(f"{flag} {text!r}: longitude must lie in [-180, 180] and latitude in [-90, 90]{hint}")
    return lon, lat


def pairs(texts: list[str] | None) -> dict[str, str]:
    """Return {"A": "B"} of ["A=B"], nothing of None.

    Raises:
        OptionError: if an item has no "=".
    """
    texts = texts or []
    split = [text.partition("=") for text in texts]
    for (name, sign, value), text in zip(split, texts, strict=True):
        if not (name and sign and value):
            raise OptionError(f"{text!r}: wanted NAME=VALUE")
    return {name.strip(): value.strip() for name, _, value in split}


def split_name(text: str) -> Literal["train", "validation", "test"]:
    """Return the name of a split.

    Raises:
        OptionError: if there is no such split.
    """
    names: tuple[Literal["train", "validation", "test"], ...] = ("train", "validation", "test")
    for name in names:
        if text == name:
            return name
    raise OptionError(f"--split {text!r}: wanted train, validation or test")


def require_range(flag: str, value: float | None, low: float, high: float, unit: str) -> None:
    """Check that the value of an option lies in [low, high]; None means that it was not given.

    Raises:
        OptionError: if it does not, or is not a number.
    """
    if value is not None and not low <= value <= high:
        raise OptionError(f"{flag} {value:g}: wanted a number of {unit} in [{low:g}, {high:g}]")
