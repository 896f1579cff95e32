"""Pictures of published data sets as grey levels, and an error that names each way in which a file can be wrong."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Grey = NDArray[np.uint8]
AGAIN = "fetch the file again"
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises for files that are cut short, damaged, or no pictures."""
_GREY = ("1", "L")
_COLOUR = ("P", "PA", "LA", "RGB", "RGBA")


def read_grey(path: Path, shape: tuple[int, int]) -> Grey:
    """Return the grey levels 0-255 of a PNG file, shape (rows, columns), row 0 at the top.

    Args:
        path: the file.
        shape: rows and columns that it must have.

    Raises:
        InputError: if it is missing, no PNG, damaged, of another size, in colour, or has more than 8 bits.
    """
    grey: Grey = _frames(path, shape, "PNG")[0]
    return grey


def read_frames(path: Path, shape: tuple[int, int]) -> Grey:
    """Return the grey levels 0-255 of all frames of a GIF file, shape (frames, rows, columns).

    Args:
        path: the file.
        shape: rows and columns that it must have.

    Raises:
        InputError: if it is missing, no GIF, damaged, of another size, or in colour.
    """
    return _frames(path, shape, "GIF")


def _frames(path: Path, shape: tuple[int, int], kind: str) -> Grey:
    from PIL import Image, ImageSequence

    try:
        with Image.open(path) as picture:
            _require(picture, path, shape, kind)
            return np.stack([_levels(frame, path) for frame in ImageSequence.Iterator(picture)])
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: wanted a {kind} picture; check that the data set is whole") from error
    except _BROKEN as error:
        raise InputError(f"{path} is not a readable {kind} picture ({error}); {AGAIN}") from error


def _require(picture: Image, path: Path, shape: tuple[int, int], kind: str) -> None:
    if picture.format != kind:
        raise InputError(f"{path} is a {picture.format} picture: wanted {kind}; {AGAIN}, or check which set it is of")
    if (picture.height, picture.width) != shape:
        size = f"{picture.height} x {picture.width}"
        raise InputError(f"{path} has {size} pixels: wanted {shape[0]} x {shape[1]}; {AGAIN}, do not resize it")


def _levels(frame: Image, path: Path) -> Grey:
    if frame.mode in _GREY:
        return np.asarray(frame.convert("L"), dtype=np.uint8)
    if frame.mode not in _COLOUR:
        raise InputError(f"{path} has pixels of mode {frame.mode}: wanted 8-bit grey; the scale of others is not known")
    red, green, blue = np.moveaxis(np.asarray(frame.convert("RGB"), dtype=np.uint8), -1, 0)
    if (red != green).any() or (red != blue).any():
        raise InputError(f"{path} is a picture in colour: wanted grey levels; a colour map cannot be turned back to dB")
    grey: Grey = red
    return grey
