"""Parsing of option values that typer has no type for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from openckm.errors import OptionError


def _compute_in(choice: str) -> str:
    if choice != "auto":  # what the processor does fast is asked when a network first runs
        from openckm.nn.arithmetic import set_arithmetic

        set_arithmetic(choice)
    return choice


ArithmeticOption = Annotated[
    str,
    typer.Option("--arithmetic", callback=_compute_in, help="auto (what this processor does fast), fp32 or bf16."),
]
"""The arithmetic that networks compute in; the callback sets it for the process."""
Measurements = Annotated[
    list[Path],
    typer.Argument(
        help="Drive test, or several: lon/lat or x/y, and RSRP, path loss or gain, as CSV, .xlsx, GPX, KML, ..."
    ),
]
ThenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--then",
        help="A planned change, azimuth=, downtilt= or power= (+3): also the map after it, and the difference.",
    ),
]
RANGES: dict[str, tuple[float, float, str]] = {
    "cell": (0.1, 1000.0, "metres"), "height": (0.1, 1000.0, "metres above ground"),
    "tx HEIGHT": (0.1, 1000.0, "metres above ground"), "carrier": (0.1, 100.0, "GHz"),
    "azimuth": (-360.0, 360.0, "degrees"), "downtilt": (-90.0, 90.0, "degrees"), "sigma": (0.01, 100.0, "dB"),
    "before-age": (0.0, 1e5, "days"), "deadline": (0.001, 1e9, "seconds"), "spacing": (0.01, 1000.0, "metres"),
    "receiver-height": (0.0, 20_000.0, "metres above ground"), "outage-threshold": (-300.0, 100.0, "dBm or dB"),
    "power": (-60.0, 120.0, "dBm"), "eirp": (-60.0, 150.0, "dBm"), "cable-loss": (0.0, 60.0, "dB"),
    "budget-km": (0.001, 1e4, "kilometres"), "minutes": (0.01, 1e5, "minutes"), "budget-mb": (1.0, 1e6, "MiB"),
}  # fmt: skip
"""Least and largest value of the options that are numbers, and their unit."""
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Also write what was read, left out, assumed and fitted as JSON.")
]


def place(text: str | None, flag: str, crs: str | None) -> tuple[float, float] | None:
    """Return the two numbers of a place: longitude and latitude, or metres where the CRS is "local"; None of None.

    Raises:
        OptionError: if the text is not two numbers, or they cannot be longitude and latitude.
    """
    if text is None:
        return None
    if (crs or "").lower() != "local":
        return lon_lat(text, flag)
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"{flag} {text!r}: wanted X,Y in metres of the local plane, e.g. {flag} 12.5,3") from None
    return x, y


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


def require_ranges(**values: float | None) -> None:
    """Check that the values of options lie in their `RANGES`; None means that one was not given.

    Args:
        **values: the values by the option's name, with _ for -.

    Raises:
        OptionError: if one does not, or is not a number.
    """
    for name, value in values.items():
        option = name.replace("_", "-")
        low, high, unit = RANGES[option]
        if value is not None and not low <= value <= high:
            raise OptionError(f"--{option} {value:g}: wanted a number of {unit} in [{low:g}, {high:g}]")
