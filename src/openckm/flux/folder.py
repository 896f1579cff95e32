"""The folder of a store: whose it is, where it lies, and what is swept out of it."""

from __future__ import annotations

import json
import logging
import stat
import time
from pathlib import Path

from openckm.errors import InputError, StoreError
from openckm.flux.key import FORMAT
from openckm.maps.atomic import atomic_path

_MARKER = "flux.json"
_CONTENT = {"kind": "openckm flux store", "format": FORMAT}
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ncpfs",
     "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph", "fuse.gcsfuse", "davfs", "virtiofs"}
)  # fmt: skip
"""File systems over a network, where SQLite's locks do not hold."""
MOUNTS = Path("/proc/self/mountinfo")
_YOUNG_S = 60.0
"""A file that nobody knows may be one that another process is about to enter, when it is younger than this [s]."""
log = logging.getLogger(__name__)


def open_folder(folder: Path) -> None:
    """Make a folder for a store, or check that it is one.

    Raises:
        StoreError: if it is a file, something else's, not writable, of another format, or on a network file system.
    """
    remedy = "name an empty or a new folder on a disk of this machine"
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is a file: wanted a folder for answers to be kept in; {remedy}")
    marker = folder / _MARKER
    try:
        fresh = not folder.exists() or not any(folder.iterdir())
        if not fresh and not marker.is_file():
            raise StoreError(f"{folder} holds something else than kept answers; {remedy}")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (kind := file_system(folder)) in NETWORK:
            raise StoreError(f"{folder} lies on {kind}, over a network, where SQLite's locks do not hold; {remedy}")
        if not fresh:
            _check_marker(marker)
        folder.chmod(stat.S_IRWXU)
        (folder / "entries").mkdir(exist_ok=True, mode=0o700)
        with atomic_path(marker) as aside:  # also tells whether the folder can be written
            aside.write_text(json.dumps(_CONTENT) + "\n", encoding="utf-8")
    except (OSError, InputError) as error:
        raise StoreError(f"{folder} cannot be used to keep answers ({error}); {remedy}") from error


def _check_marker(marker: Path) -> None:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        found = None
    if found != _CONTENT:
        raise StoreError(
            f"{marker} says {found}, wanted {_CONTENT}: kept by another version of OpenCKM, or something else's; name"
            " another folder, or remove this one"
        )


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder lies on ("ext4", "nfs4"); empty where nobody can tell."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    resolved = str(folder.resolve())
    for line in lines:
        before, _, after = line.partition(" - ")
        parts = before.split()
        if len(parts) < 5 or not after:
            continue
        point = parts[4].encode().decode("unicode_escape")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best, kind = len(point), after.split()[0]
    return kind


def sweep(folder: Path, known: set[str], younger_s: float = _YOUNG_S) -> int:
    """Remove files among the entries that nobody knows and that are not young; return how many."""
    gone = 0
    try:
        paths = list((folder / "entries").iterdir())
    except OSError:
        return 0
    for path in paths:
        try:
            if path.name in known or time.time() - path.stat().st_mtime < younger_s:
                continue
            path.unlink()
        except OSError:
            continue
        log.warning("%s: a file that belongs to no entry; it is removed", path)
        gone += 1
    return gone
