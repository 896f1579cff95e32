"""Weight files: safetensors, checked against the card's SHA-256 before any value is used, written aside and renamed."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ModelError

__all__ = ["MAX_BYTES", "digest", "read_weights", "write_aside", "write_weights"]

MAX_BYTES = 256 * 2**20
"""Largest weight file that is read [bytes]."""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_weights(path: Path, arrays: dict[str, NDArray[np.generic]]) -> str:
    """Write arrays as safetensors, aside and then renamed; return the SHA-256 of the file.

    bfloat16 weights travel as uint16 arrays holding the upper half of the float32 bits.

    Raises:
        ModelError: if the file cannot be written.
    """
    from safetensors.numpy import save

    write_aside(path, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))
    return digest(path)


def write_aside(path: Path, content: bytes) -> None:
    """Write a file of a model beside its place, then rename it; folders are made.

    Raises:
        ModelError: if the file cannot be written; the old one, if any, is then as it was.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be written ({error}); nothing was changed: free some space, or choose another folder"
        ) from error


def read_weights(path: Path, sha256: str) -> dict[str, NDArray[np.generic]]:
    """Read a weight file after checking its length and checksum.

    Args:
        path: safetensors file.
        sha256: the checksum that the card states.

    Raises:
        ModelError: if the file is missing, too large, truncated, or not the one the card speaks of.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelError(f"{path}: {size} bytes, more than the {MAX_BYTES} that a weight file may have")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the weights ({error}); fetch the model again or reinstall") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path}: corrupt or truncated weights: SHA-256 is {found[:16]}…, the model card states {sha256[:16]}…"
            f" ({size} bytes read); fetch the model again or reinstall OpenCKM"
        )
    try:
        return dict(load(content))
    except SafetensorError as error:
        raise ModelError(f"{path}: not a safetensors file ({error}); fetch the model again") from error
