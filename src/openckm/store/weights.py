"""Weight files: safetensors, checked against the card's SHA-256 before any value is used, written aside and renamed."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ModelError

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
    write_aside(path, weight_file(arrays))
    return digest(path)


def weight_file(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return the content of the safetensors file of some arrays."""
    from safetensors.numpy import save

    return bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def require_new_folder(folder: Path) -> None:
    """Refuse a place for a model where there is something already: a model is written once, never over another.

    Raises:
        ModelError: if the folder holds anything, or is a file.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists():
        raise ModelError(
            f"{folder}: there is something already, and a model is written once: choose another folder, or remove this"
        )


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of files once: all of them aside and flushed, then the folder is renamed into its place.

    Killed at any moment, the folder is whole or not there.

    Args:
        folder: must not be there, or be empty.
        files: content by name.

    Raises:
        ModelError: if there is something already, or it cannot be written; nothing was changed then.
    """
    require_new_folder(folder)
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.mkdir()
            for name, content in files.items():
                with (aside / name).open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            flush_folder(aside)
            aside.rename(folder)
            flush_folder(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"{folder}: cannot be written ({error}); nothing was changed: free some space, or choose another folder"
        ) from error


def write_aside(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write a file of a model beside its place, flush it, then rename it; folders are made.

    Args:
        path: the file to be written.
        content: what it is to hold.
        mode: its permissions, or None for what the process gives.

    Raises:
        ModelError: if the file cannot be written; the old one, if any, is then as it was.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as file:
                if mode is not None:
                    aside.chmod(mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
            flush_folder(path.parent)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be written ({error}); nothing was changed: free some space, or choose another folder"
        ) from error


def flush_folder(folder: Path) -> None:
    """Make the names in a folder outlast a loss of power, where the system can say so of folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
