"""A change to a repository that is signed by people apart: written into a folder, carried about, signed, and finished.

    DRAFT/draft.json          which state of the repository it follows, and where its files belong
    DRAFT/targets.json        the new list of targets, with the signatures that it has so far
    DRAFT/files/...           the files that it adds

Nobody who signs need trust who carries the draft: what it changes is worked out anew from the repository and the signed
list, and every file is compared with its hash, before a key is used. Signatures of the list alone change nothing in the
repository; whoever finishes the draft needs the keys of snapshot and timestamp.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets

from openckm.errors import ModelError, RepositoryAttacked, StoreError
from openckm.store.documents import Release
from openckm.store.ledger import Ledger
from openckm.store.roles import stored_at
from openckm.store.weights import write_aside

_SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Draft:
    """A change that waits for signatures.

    Attributes:
        folder: the folder of the draft.
        base: version of the timestamp of the state that it follows.
        document: the new list of targets.
        files: content of the files that it adds, by their place in the repository.
    """

    folder: Path
    base: int
    document: Metadata[Targets]
    files: Mapping[str, bytes]

    def write(self) -> None:
        """Write it into its folder, the list of files last.

        Raises:
            StoreError: if there is a draft already, or the folder cannot be written.
        """
        if (self.folder / "draft.json").exists():
            raise StoreError(f"{self.folder}: there is a draft already; finish it, or choose another folder")
        try:
            for path, content in self.files.items():
                write_aside(self.folder / "files" / path, content)
            self.save()
            about = {"schema": _SCHEMA, "base": self.base, "files": sorted(self.files)}
            write_aside(self.folder / "draft.json", (json.dumps(about, indent=1) + "\n").encode())
        except ModelError as error:
            raise StoreError(f"the draft cannot be kept: {error}") from error

    def save(self) -> None:
        """Write the list of targets with its signatures.

        Raises:
            StoreError: if it cannot be written.
        """
        try:
            write_aside(self.folder / "targets.json", self.document.to_bytes())
        except ModelError as error:
            raise StoreError(f"the draft cannot be kept: {error}") from error

    @classmethod
    def read(cls, folder: Path) -> Draft:
        """Read a draft; nothing of it is trusted yet.

        Raises:
            StoreError: if it is none, or was cut off.
        """
        try:
            about: dict[str, Any] = json.loads((folder / "draft.json").read_bytes())
            if about["schema"] != _SCHEMA or not isinstance(about["base"], int):
                raise ValueError(f"schema {about['schema']!r}, wanted {_SCHEMA}")
            document = Metadata[Targets].from_bytes((folder / "targets.json").read_bytes())
            if not isinstance(document.signed, Targets):
                raise ValueError("it lists no targets")
            files = {path: (folder / "files" / path).read_bytes() for path in _places(document, about["files"])}
        except (OSError, ValueError, KeyError, TypeError, RecursionError, RepositoryError) as error:
            raise StoreError(f"{folder}: not a whole draft ({error}); ask for it again") from error
        return cls(folder, about["base"], document, files)

    def check(self, ledger: Ledger) -> tuple[str, ...]:
        """Return what the draft changes, a sentence each, after comparing it with the repository and its own files.

        Args:
            ledger: the verified state of the repository.

        Raises:
            RepositoryAttacked: if a file is not what the list says, or the list names what is nowhere.
            StoreError: if the repository has gone on since the draft was made.
        """
        now, new = ledger.chain.targets.signed, self.document.signed
        if ledger.chain.timestamp.signed.version != self.base or new.version != now.version + 1:
            raise StoreError(
                f"{self.folder}: it follows state {self.base} of the repository, which is at"
                f" {ledger.chain.timestamp.signed.version} now: make the draft again"
            )
        added = {path: target for path, target in new.targets.items() if now.targets.get(path) != target}
        for path, target in added.items():
            self._require_file(path, target, now)
        stray = set(self.files) - {stored_at(target) for target in added.values()}
        if stray:
            raise RepositoryAttacked(f"{self.folder}: files that nothing names ({', '.join(sorted(stray)[:3])})")
        gone = sorted(set(now.targets) - set(new.targets))
        lines = [self._channel(path, added[path], ledger) for path in sorted(added) if path.startswith("channels/")]
        models = sorted(path for path in added if path.startswith("models/") and not path.endswith(".card.json"))
        lines += [f"adds {path}" for path in models]
        lines += [f"removes {path}" for path in gone if path.startswith(("models/", "channels/"))]
        return (*lines, f"{len(added)} files added, {len(gone)} removed, good until {new.expires:%Y-%m-%d}")

    def require_signed(self, root: Root) -> None:
        """Return if enough of the keys that the root names have signed.

        Raises:
            StoreError: if not.
        """
        try:
            root.verify_delegate("targets", self.document.signed_bytes, self.document.signatures)
        except RepositoryError as error:
            raise StoreError(f"{self.folder}: {error}: carry it to the next who holds a key of 'targets'") from error

    def _require_file(self, path: str, target: TargetFile, now: Targets) -> None:
        where = stored_at(target)
        content = self.files.get(where)
        if content is None:
            if any(stored_at(one) == where for one in now.targets.values()):
                return
            raise RepositoryAttacked(f"{self.folder}: {path} is named and neither here nor in the repository")
        try:
            target.verify_length_and_hashes(content)
        except RepositoryError as error:
            raise RepositoryAttacked(f"{self.folder}: {path} is not what the list says ({error})") from error

    def _channel(self, path: str, target: TargetFile, ledger: Ledger) -> str:
        release = Release.from_json(self.files[stored_at(target)])
        last = ledger.releases().get(release.channel)
        before = "nothing" if last is None else last.version or "nothing"
        after = release.version or "nothing"
        change = f"channel {release.channel}: release {release.number} offers {after}, before {before}"
        forbidden = sorted(set(release.revoked) - set(() if last is None else last.revoked))
        return change + (f"; forbids {', '.join(forbidden)}" if forbidden else "")


def _places(document: Metadata[Targets], listed: object) -> list[str]:
    """Return the places of a draft's files: only what its list of targets names, so that no path leads elsewhere."""
    if not isinstance(listed, list):
        raise TypeError("wanted a list of files")
    named = {stored_at(target) for target in document.signed.targets.values()}
    unknown = sorted(str(path) for path in listed if path not in named)
    if unknown:
        raise ValueError(f"files that nothing names: {', '.join(unknown[:3])}")
    return [str(path) for path in listed]
