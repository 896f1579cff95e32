"""Files that appear whole or not at all: written aside in the same folder, then renamed over the target."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openckm.errors import InputError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a fresh path beside `path`; what is written there replaces `path` when the block ends without error.

    The fresh path keeps the suffix of `path`, so that writers which choose a format by suffix still work. If the
    block fails, or writes nothing, the fresh file is removed and `path` stays as it was.

    Args:
        path: the file to be written. Its folder must exist.

    Raises:
        InputError: if the folder does not exist, `path` is a folder, or the block wrote no file.
    """
    target = _checked(path)
    if target.is_dir():
        raise InputError(f"{target} is a folder: wanted the path of a file to write")
    aside = _aside(target)
    try:
        yield aside
        if not aside.is_file():
            raise InputError(f"{target}: nothing was written; the writer must write to the path that it is given")
        _flush(aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a fresh folder path beside `path`; the folder made there replaces `path` when the block ends without error.

    An old folder of that name is renamed aside first, and put back should the second rename fail.

    Raises:
        InputError: if the parent folder does not exist, `path` is a file, or the block made no folder.
    """
    target = _checked(path)
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file: wanted the path of a folder to write; choose another name or remove it")
    aside = _aside(target)
    try:
        yield aside
        if not aside.is_dir():
            raise InputError(f"{target}: nothing was written; the writer must make the folder that it is given")
        _swap(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _checked(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(f"cannot write {target}: the folder {target.parent} does not exist; make it first")
    return target


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.stem}.{secrets.token_hex(6)}{target.suffix}")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _swap(aside: Path, target: Path) -> None:
    if not target.exists():
        aside.rename(target)
        return
    old = _aside(target)
    target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)
