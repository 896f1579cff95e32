"""python-tuf's client on a disk that may be full, or may only be read: what is verified counts, written or not.

The client of python-tuf writes every role that it verified, before it goes on, and its trust root at every start. On a
disk that refuses, it would end before the revocations are read that are in what it has just verified. Here it goes on
in memory, remembers what could not be written, and writes nothing that is there already: a poll without news writes
nothing at all. Whoever uses it asks `unwritten` before anything new is taken: against going back to old roles only
what was written helps.
"""

from __future__ import annotations

from pathlib import Path

from tuf.ngclient import Updater


class TufClient(Updater):
    """A client whose refresh does not depend on the disk.

    Attributes:
        unwritten: the first error of the disk, or None if everything was written.
    """

    unwritten: OSError | None = None

    def _persist_root(self, version: int, data: bytes) -> None:
        try:
            super()._persist_root(version, data)
        except OSError as error:
            self.unwritten = self.unwritten or error

    def _persist_file(self, filename: str, data: bytes) -> None:
        try:
            if _holds(Path(filename), data):
                return
            super()._persist_file(filename, data)
        except OSError as error:
            self.unwritten = self.unwritten or error

    def _update_root_symlink(self) -> None:
        version = self._trusted_set.root.version
        link, wanted = Path(self._dir, "root.json"), Path(self._dir, "root_history", f"{version}.root.json")
        try:
            if link.is_symlink() and link.samefile(wanted):
                return
        except OSError:
            pass
        try:
            super()._update_root_symlink()
        except OSError as error:
            self.unwritten = self.unwritten or error


def _holds(path: Path, data: bytes) -> bool:
    """Whether a file holds this already."""
    try:
        return path.read_bytes() == data
    except OSError:
        return False
