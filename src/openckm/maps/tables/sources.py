"""The bytes of a file of readings: plain, gzip, bzip2, xz, one file of a zip archive, one sheet or layer of a file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from openckm.errors import MeasurementError

HEAD_BYTES = 1 << 18
"""Bytes from the beginning that tell the kind of a file, its encoding and its columns."""
_MOST_BYTES = 1 << 32
"""Unpacked bytes that are read at most into memory at once (4 GiB); more is a wrong file or a bomb."""
_IN_PARTS = (".xlsx", ".xlsm", ".gpkg", ".sqlite")
"""Endings of files that hold several tables, whose sheets or layers are named behind them ("drives.gpkg/monday")."""


@dataclass(frozen=True)
class Source:
    """Where bytes come from.

    Attributes:
        path: the file on disk.
        name: the name that tells the kind: of the file, or of the file in the archive.
        packed: "", "gzip", "bzip2", "xz" or "zip".
        member: the file in the zip archive, else "".
        part: the sheet or layer that was asked for, else "".
    """

    path: Path
    name: str
    packed: str = ""
    member: str = ""
    part: str = ""

    @property
    def label(self) -> str:
        """What messages call the file."""
        return "/".join(filter(None, (str(self.path), self.member, self.part)))

    def wanted(self, parts: Sequence[str], what: str) -> list[str]:
        """Return the sheets or layers to look at: the one that was asked for, else all.

        Args:
            parts: the names of all.
            what: what they are called.

        Raises:
            MeasurementError: if the one that was asked for is not there.
        """
        if self.part and self.part not in parts:
            raise MeasurementError(f"{self.path} has no {what} {self.part!r}; it has {', '.join(map(repr, parts))}")
        return [self.part] if self.part else list(parts)

    def open(self) -> IO[bytes]:
        """Return the unpacked bytes as a stream.

        Raises:
            MeasurementError: if the file cannot be opened.
        """
        try:
            if self.packed == "zip":
                return zipfile.ZipFile(self.path).open(self.member)
            opener = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}.get(self.packed, open)
            return opener(self.path, "rb")  # type: ignore[operator,no-any-return]
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            raise _unreadable(self.path, error) from error

    def head(self) -> bytes:
        """Return the first bytes, HEAD_BYTES at most.

        Raises:
            MeasurementError: if they cannot be read.
        """
        try:
            with self.open() as stream:
                return stream.read(HEAD_BYTES)
        except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise _unreadable(self.path, error) from error

    def whole(self) -> bytes:
        """Return all bytes.

        Raises:
            MeasurementError: if they cannot be read, or are more than _MOST_BYTES.
        """
        try:
            with self.open() as stream:
                data = _read(stream, self.label)
        except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise _unreadable(self.path, error) from error
        return data


def _read(stream: IO[bytes], label: str) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(1 << 24):
        pieces.append(piece)
        size += len(piece)
        if size > _MOST_BYTES:
            raise MeasurementError(f"{label} unpacks to more than {_MOST_BYTES >> 30} GiB; give a part of it")
    return b"".join(pieces)


def find_source(path: Path) -> Source:
    """Return where the bytes of a path are.

    A path may lead into a zip archive ("drives.zip/monday.csv"), or to a sheet or layer ("drives.gpkg/monday").

    Raises:
        MeasurementError: if there is no such file, or an archive holds several files.
    """
    archive = next((p for p in path.parents if p.suffix.lower() == ".zip" and p.is_file()), None)
    if archive is not None:
        return _member(archive, path.relative_to(archive).as_posix())
    whole = next((p for p in path.parents if p.suffix.lower() in _IN_PARTS and p.is_file()), None)
    if whole is not None:
        return replace(find_source(whole), part=path.relative_to(whole).as_posix())
    if path.is_dir():
        raise MeasurementError(f"cannot read {path}: it is a folder; give the files in it, one after the other")
    try:
        with path.open("rb") as stream:
            magic = stream.read(8)
    except OSError as error:
        raise _unreadable(path, error) from error
    for start, packed in ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz")):
        if magic.startswith(start):
            return Source(path, path.stem, packed)
    if magic.startswith(b"PK\x03\x04") and path.suffix.lower() == ".kmz":
        marks = [name for name in _names(path) if name.lower().endswith(".kml")]
        return _member(path, marks[0]) if marks else _zipped(path)
    if magic.startswith(b"PK\x03\x04") and path.suffix.lower() not in (".xlsx", ".xlsm", ".ods", ".kmz", ".docx"):
        return _zipped(path)
    return Source(path, path.name)


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [i.filename for i in archive.infolist() if not i.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error
    return [n for n in names if not n.startswith("__MACOSX/") and not PurePosixPath(n).name.startswith(".")]


def _zipped(path: Path) -> Source:
    names = _names(path)
    if "[Content_Types].xml" in names and any(n.startswith("xl/") for n in names):
        return Source(path, path.name + ".xlsx")  # a workbook under another name
    shapes = [n for n in names if n.lower().endswith((".shp", ".gdb"))]
    if len(shapes) == 1:
        return Source(path, PurePosixPath(shapes[0]).name, "zip", shapes[0])
    if len(names) != 1:
        shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        example = f'; give one as "{path}/{names[0]}"' if names else "; pack the file again"
        raise MeasurementError(f"{path} is a zip file of {len(names)} files ({shown}): wanted one{example}")
    return Source(path, PurePosixPath(names[0]).name, "zip", names[0])


def _member(archive: Path, name: str) -> Source:
    names = _names(archive)
    if name not in names:
        raise MeasurementError(f"{archive} holds no file {name!r}; it holds {', '.join(names[:12])}")
    return Source(archive, PurePosixPath(name).name, "zip", name)


def _unreadable(path: Path, error: Exception) -> MeasurementError:
    text = getattr(error, "strerror", None) or error
    return MeasurementError(f"cannot read {path}: {text}; check the path, and that the file is whole")


def as_text(stream: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """Return a stream of bytes as text whose line ends stay as they are."""
    return io.TextIOWrapper(stream, encoding=encoding, newline="")
