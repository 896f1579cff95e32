"""Contributed maps are checked one by one, and kept under their content or quarantined with the reasons.

    STORE/manifest.json          every map: where it comes from, its licence, its scene, what the checks measured
    STORE/maps/SHA256.npz        the accepted ones
    STORE/quarantine/SHA256.npz  those that are waiting for a person; shards that cannot be read keep their name

Maps are written first and the manifest last, each whole or not at all: killed at any moment, the store is as before and
the same command goes on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from openckm.cloud.checks import CheckOptions, number_reasons, outlier_reasons, physics_reasons
from openckm.cloud.mapfile import (
    MAX_SHARD,
    Arrays,
    content_digest,
    fingerprint,
    one_map,
    read_arrays,
    read_map,
    scene_digest,
    write_map,
)
from openckm.data.map_statistics import statistics
from openckm.data.shards import TracedMap
from openckm.errors import InputError, ModelError, OptionError
from openckm.store.weights import write_aside

SCHEMA = 1
LICENCES = (
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0", "MIT", "ODC-By-1.0", "ODbL-1.0", "PDDL-1.0",
)  # fmt: skip
"""Licences (SPDX) under which a map may teach a prior that is given away, with credit to its contributor."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Contribution:
    """Whose maps they are.

    Attributes:
        contributor: who is to be credited.
        licence: one of `LICENCES`.
        source: how they were made or measured.
        region: region of all of them; "" takes the name of each map's layout, procedural ones together.
        reviewed_by: who looked at them and answers for outliers; "" if nobody did.
        received: day of receipt (ISO 8601); "" is today.

    Raises:
        OptionError: if contributor or source is missing, or the licence is not one of `LICENCES`.
    """

    contributor: str
    licence: str
    source: str
    region: str = ""
    reviewed_by: str = ""
    received: str = ""

    def __post_init__(self) -> None:
        if not self.contributor.strip() or not self.source.strip():
            raise OptionError("a contribution needs a contributor and a source, so that its origin is known")
        if self.licence not in LICENCES:
            raise OptionError(
                f"licence {self.licence!r}: maps under it cannot teach a prior that is given away; wanted one of"
                f" {', '.join(LICENCES)}"
            )


@dataclass(frozen=True)
class Entry:
    """An accepted map.

    Attributes:
        sha256: digest of its numbers, and name of its file.
        fingerprint: digest that copies and turned copies share.
        scene: digest of its buildings.
        region: the region that it belongs to.
        shape: rows and columns.
        cell_m: cell side [m].
        carrier_hz: carrier [Hz].
        contributor: the name of who gave it.
        licence: its licence.
        source: the way in which it was made.
        received: the time at which it came.
        reviewed_by: who answers for it, if outliers were let pass.
        statistics: what the checks measured.
    """

    sha256: str
    fingerprint: str
    scene: str
    region: str
    shape: tuple[int, int]
    cell_m: float
    carrier_hz: float
    contributor: str
    licence: str
    source: str
    received: str
    reviewed_by: str
    statistics: dict[str, float]


@dataclass(frozen=True)
class Quarantined:
    """A map or shard that was not accepted.

    Attributes:
        file: its name in quarantine.
        shard: the shard it came in.
        reasons: why.
        contributor: the name of who gave it.
        licence: its licence.
        source: the way in which it was made.
        received: the time at which it came.
    """

    file: str
    shard: str
    reasons: tuple[str, ...]
    contributor: str
    licence: str
    source: str
    received: str


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        accepted: the maps that are new in the store.
        known: maps that the store has already, also turned or mirrored.
        quarantined: what was not accepted.
        reference: accepted maps that outliers were looked for against, 0 if they were too few.
    """

    accepted: tuple[Entry, ...]
    known: int
    quarantined: tuple[Quarantined, ...]
    reference: int


class MapStore:
    """A folder of accepted maps.

    Args:
        folder: made by the first ingest.

    Raises:
        InputError: if its manifest cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.maps, self.quarantine = self.folder / "maps", self.folder / "quarantine"
        self.entries: dict[str, Entry] = {}
        self.quarantined: dict[str, Quarantined] = {}
        if self._manifest.exists():
            self._read()

    @property
    def _manifest(self) -> Path:
        return self.folder / "manifest.json"

    def _read(self) -> None:
        try:
            raw = json.loads(self._manifest.read_bytes())
            if raw["schema"] != SCHEMA:
                raise ValueError(f"schema {raw['schema']}, wanted {SCHEMA}")
            entries = [Entry(**{**row, "shape": tuple(row["shape"])}) for row in raw["maps"]]
            waiting = [Quarantined(**{**row, "reasons": tuple(row["reasons"])}) for row in raw["quarantined"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._manifest}: not a readable manifest of maps ({error!r}); restore it") from error
        self.entries = {entry.sha256: entry for entry in entries}
        self.quarantined = {one.file: one for one in waiting}

    def save(self) -> None:
        """Write the manifest, whole or not at all.

        Raises:
            InputError: if it cannot be written.
        """
        content = {
            "schema": SCHEMA,
            "maps": [asdict(entry) for entry in self.entries.values()],
            "quarantined": [asdict(one) for one in self.quarantined.values()],
        }
        try:
            write_aside(self._manifest, (json.dumps(content, indent=1) + "\n").encode())
        except ModelError as error:
            raise InputError(f"the store's manifest: {error}") from error

    @property
    def regions(self) -> dict[str, int]:
        """Number of maps by region, in alphabetical order."""
        names = [entry.region for entry in self.entries.values()]
        return {name: names.count(name) for name in sorted(set(names))}

    def of(self, *regions: str) -> list[Entry]:
        """Return the entries of some regions, in order of their digests.

        Raises:
            OptionError: if the store has no map of one of them.
        """
        lacking = set(regions) - set(self.regions)
        if lacking:
            raise OptionError(
                f"{self.folder} has no map of {', '.join(sorted(lacking))}; it has {', '.join(self.regions) or 'none'}"
            )
        return sorted((e for e in self.entries.values() if e.region in regions), key=lambda entry: entry.sha256)

    def read(self, entry: Entry) -> TracedMap:
        """Return an accepted map.

        Raises:
            InputError: if its file is not there, or holds something else.
        """
        return read_map(self.maps / f"{entry.sha256}.npz", entry.region)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other ingests of this store out, and read the manifest anew.

        Raises:
            InputError: if another one is still at work after a minute, or the folder cannot be made.
        """
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock", timeout=60.0):
                if self._manifest.exists():
                    self._read()
                yield
        except Timeout as error:
            raise InputError(f"{self.folder}: another ingest is at work; try again when it is done") from error


def ingest(
    folder: Path,
    shards: Sequence[Path],
    given: Contribution,
    *,
    options: CheckOptions | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Check contributed shards and keep every map that passes; what does not is quarantined with the reasons.

    Outliers are looked for against the maps that the store held before, so the order of the shards does not matter.

    Args:
        folder: the store; made if it is not there.
        shards: .npz files as `ckm data generate` writes them; maps with vehicles and coherent gains are passed over.
        given: what is stated of them: region, owner and licence.
        options: how strict.
        progress: called as progress(shard, done, total).

    Raises:
        InputError: if the store cannot be read or written, or a shard is not there.
    """
    absent = [path for path in shards if not path.is_file()]
    if absent or not shards:
        raise InputError(f"no shards to ingest: {', '.join(map(str, absent)) or 'none were named'}")
    store = MapStore(folder)
    with store.locked():
        work = _Ingest(store, _dated(given), options or CheckOptions())
        for k, path in enumerate(shards):
            work.take(path)
            if progress is not None:
                progress(path.name, k + 1, len(shards))
        store.save()
    return work.report()


def _dated(given: Contribution) -> Contribution:
    return given if given.received else replace(given, received=datetime.now(UTC).date().isoformat())


class _Ingest:
    """One run over some shards."""

    def __init__(self, store: MapStore, given: Contribution, options: CheckOptions) -> None:
        self.store, self.given, self.options = store, given, options
        self.accepted: list[Entry] = []
        self.refused: list[Quarantined] = []
        self.known = 0
        self._seen = {entry.fingerprint for entry in store.entries.values()}
        self._reference = [entry.statistics for entry in store.entries.values()]

    def report(self) -> IngestReport:
        enough = len(self._reference) >= self.options.reference
        return IngestReport(
            tuple(self.accepted), self.known, tuple(self.refused), len(self._reference) if enough else 0
        )

    def take(self, path: Path) -> None:
        """Check a shard, map by map."""
        try:
            arrays = read_arrays(path)
        except InputError as error:
            self._quarantine_file(path, str(error))
            return
        for k in range(len(arrays["gain_cdb"])):
            self._take_map(path, one_map(arrays, k), k)

    def _take_map(self, path: Path, one: Arrays, k: int) -> None:
        digest, mark = content_digest(one), fingerprint(one)
        if mark in self._seen:
            self.known += 1
            return
        found: dict[str, float] = {}
        reasons = number_reasons(one, self.options)
        if not reasons:
            found, reasons = self._measure(one)
        if reasons:
            self._record(write_map(self.store.quarantine, one).name, f"{path.name}, map {k}", reasons)
            return
        write_map(self.store.maps, one)
        self._seen.add(mark)
        entry = self._entry(one, digest, mark, found)
        self.store.entries[digest] = entry
        self.store.quarantined.pop(f"{digest}.npz", None)
        (self.store.quarantine / f"{digest}.npz").unlink(missing_ok=True)
        self.accepted.append(entry)

    def _entry(self, one: Arrays, digest: str, mark: str, found: dict[str, float]) -> Entry:
        g = self.given
        rows, cols = one["gain_cdb"].shape[1:]
        return Entry(
            digest, mark, scene_digest(one), g.region or region_of(str(one["layout"][0])), (int(rows), int(cols)),
            float(one["cell_m"][0]), float(one["carrier_hz"][0]), g.contributor, g.licence, g.source, g.received,
            g.reviewed_by, {name: round(value, 4) for name, value in found.items()},
        )  # fmt: skip

    def _measure(self, one: Arrays) -> tuple[dict[str, float], list[str]]:
        """Statistics of a map whose numbers are in range, and what they speak against it."""
        held = write_map(self.store.folder / "incoming", one)
        try:
            found = statistics(read_map(held, ""))
        except InputError as error:
            return {}, [str(error)]
        finally:
            held.unlink(missing_ok=True)
        reasons = physics_reasons(found, self.options)
        if not reasons and not self.given.reviewed_by:
            reasons = outlier_reasons(found, self._reference, self.options)
        return found, reasons

    def _quarantine_file(self, path: Path, reason: str) -> None:
        name = f"unreadable-{path.name}"
        if path.stat().st_size <= MAX_SHARD and path.resolve().parent != self.store.quarantine.resolve():
            try:
                self.store.quarantine.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, self.store.quarantine / name)
            except OSError as error:
                raise InputError(f"{self.store.quarantine}: cannot be written ({error}); free some space") from error
        self._record(name, path.name, [reason])

    def _record(self, file: str, shard: str, reasons: Iterable[str]) -> None:
        g = self.given
        one = Quarantined(file, shard, tuple(reasons), g.contributor, g.licence, g.source, g.received)
        self.store.quarantined[file] = one
        self.refused.append(one)


def region_of(layout: str) -> str:
    """Return the region of a layout's name: procedural cities are one region, and the tracer's prefix is dropped."""
    if layout.startswith("procedural"):
        return "procedural"
    return layout.removeprefix("sionna_").removeprefix("osm_")
