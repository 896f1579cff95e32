"""Files that a browser sent stay in memory: a reader gets a path that leads to memory, and a kill leaves nothing.

On Linux the bytes lie in an anonymous memory file (memfd_create), which ends with the process however it ends; on disk
there is a link under a name like readings.csv, because readers tell kinds by names. Elsewhere there are no such files,
and uploads are refused with the reason.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openckm.errors import InputError, StoreError

Kind = Literal["readings", "layout", "truth"]
_ENDING = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,3}$")


@dataclass(frozen=True)
class Upload:
    """A file that a browser sent.

    Attributes:
        id: 128 random bits.
        owner: name of the token that sent it.
        kind: what it is to be read as.
        name: what its owner calls it; text, never a path.
        size: the size of its content [bytes].
        path: the path at which readers find it, in memory.
    """

    id: str
    owner: str
    kind: Kind
    name: str
    size: int
    path: Path


class Uploads:
    """The files that are held, bounded in number and bytes for each token; the oldest goes first.

    Args:
        most_bytes: the largest number of bytes of all files of one token [bytes].
        most_files: the largest number of files of one token.
    """

    def __init__(self, most_bytes: int, most_files: int = 16) -> None:
        self.most_bytes, self.most_files = most_bytes, most_files
        self._held: OrderedDict[str, tuple[Upload, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def add(self, owner: str, kind: Kind, name: str, content: bytes) -> Upload:
        """Hold a file.

        Raises:
            InputError: if it is empty, or larger than one token may hold.
            StoreError: if this system has no files in memory.
        """
        if not content:
            raise InputError(f"{name} is empty: wanted a file with something in it")
        if len(content) > self.most_bytes:
            raise InputError(f"{name} has {len(content)} bytes: this node holds {self.most_bytes} of one user at most")
        upload, descriptor = self._in_memory(owner, kind, name, content)
        with self._lock:
            self._held[upload.id] = (upload, descriptor)
            self._make_room(owner)
        return upload

    def find(self, owner: str, upload_id: str, kind: Kind) -> Upload:
        """Return a file of this owner.

        Raises:
            InputError: if there is none of this kind; also where it is somebody else's.
        """
        with self._lock:
            held = self._held.get(upload_id)
        if held is None or held[0].owner != owner or held[0].kind != kind:
            raise InputError(f"there is no such file of {kind}: it made room for newer ones, or the node began anew")
        return held[0]

    def remove(self, owner: str, upload_id: str) -> bool:
        """Forget a file; False if there is none of this owner."""
        with self._lock:
            held = self._held.get(upload_id)
            if held is None or held[0].owner != owner:
                return False
            self._drop(upload_id)
            return True

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            for upload_id in list(self._held):
                self._drop(upload_id)
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _in_memory(self, owner: str, kind: Kind, name: str, content: bytes) -> tuple[Upload, int]:
        if sys.platform != "linux":
            raise StoreError(
                "files can be sent to a node on Linux alone, where they stay in memory: use `ckm construct`"
            )
        descriptor = os.memfd_create("openckm-upload", os.MFD_CLOEXEC)
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(content)
        upload_id = secrets.token_urlsafe(16)
        ending = _ENDING.search(name)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="openckm-"))
        place = self._folder / upload_id
        place.mkdir(mode=0o700)
        path = place / f"{kind}{ending[0].lower() if ending else ''}"
        path.symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
        return Upload(upload_id, owner, kind, name, len(content), path), descriptor

    def _make_room(self, owner: str) -> None:
        own = [upload for upload, _ in self._held.values() if upload.owner == owner]
        while len(own) > self.most_files or sum(u.size for u in own) > self.most_bytes:
            self._drop(own.pop(0).id)

    def _drop(self, upload_id: str) -> None:
        upload, descriptor = self._held.pop(upload_id)
        os.close(descriptor)
        shutil.rmtree(upload.path.parent, ignore_errors=True)


def in_given_names(text: str, *uploads: Upload) -> str:
    """Return a message with the names that people gave in place of the paths in memory."""
    for upload in uploads:
        text = text.replace(str(upload.path), upload.name).replace(upload.path.name, upload.name)
    return text
