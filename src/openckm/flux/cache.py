r"""The store of answers: a folder with an index in SQLite and one safetensors file an entry.

    flux.json            what the folder is, and of which format
    index.sqlite3        key, space, owner, embedding, file, its size and SHA-256, calls it saves, hits, worth
    entries/*.safetensors

Several processes may use one folder. A file is written aside, flushed and renamed, and only then entered in the index,
in one transaction that also takes out what has to go: what is acknowledged is there, and a process that is killed at
any moment leaves at most a file that nobody knows, which is swept away later. Files are read whole and held against
their SHA-256 before anything in them is used; one that does not fit, is cut short, or is of another model or format is
removed with its row, with one line in the log, and the answer is computed again. Nothing is unpickled, ever.

Room is shared out evenly among the owners that are expected, and an owner's entries are put out by that owner's alone,
so that what one asks says nothing to another, not even by what is no longer there. What goes is what is worth least,

    worth = L + calls saved (1 + hits) / bytes,          L the worth of what went last (entries age by it)

References:
    P. Cao, S. Irani, Cost-aware WWW proxy caching algorithms (GreedyDual-Size), 1997; L. Cherkasova, Improving WWW
    proxies performance with Greedy-Dual-Size-Frequency, 1998.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openckm.errors import InputError, OptionError, StoreError
from openckm.flux.entry import Entry, read_entry, write_entry
from openckm.flux.folder import open_folder, sweep
from openckm.flux.key import Question
from openckm.flux.neighbours import Neighbours
from openckm.maps.atomic import atomic_path

BUSY_S = 2.0
"""How long a process waits for another one's transaction [s]; then it does without the store."""
LEAST_BYTES = 1 << 20
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, space TEXT NOT NULL, owner TEXT NOT NULL,
    readings INTEGER NOT NULL, source INTEGER NOT NULL, embedding BLOB NOT NULL, file TEXT NOT NULL,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, calls INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0,
    worth REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_owner ON entries (owner, worth);
CREATE TABLE IF NOT EXISTS ages (owner TEXT PRIMARY KEY, age REAL NOT NULL);
"""
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Found:
    """An entry that was found.

    Attributes:
        id: its number in the index.
        key: under which it is kept.
        entry: what it holds.
    """

    id: int
    key: str
    entry: Entry


@dataclass(frozen=True)
class CacheStatus:
    """What a store holds.

    Attributes:
        entries: how many.
        bytes: the number of bytes of their files.
        limit: bytes that they may take.
        owners: different owners among them.
        readings: entries that hold readings.
        calls: network calls that their hits have saved.
        hits: how often they were used.
    """

    entries: int
    bytes: int
    limit: int
    owners: int
    readings: int
    calls: int
    hits: int


class Cache:
    """A store of answers in a folder.

    Args:
        folder: made if it is missing, with access for its owner alone.
        limit: bytes that entries may take.
        owners: how many owners share the room.

    Raises:
        StoreError: if the folder is a file or something else's, cannot be written, or lies on a network file system,
            where SQLite's locks do not hold.
        OptionError: if the limit is below LEAST_BYTES an owner.
    """

    def __init__(self, folder: Path, limit: int = 1 << 30, owners: int = 1) -> None:
        if owners < 1 or limit // owners < LEAST_BYTES:
            raise OptionError(
                f"{limit} bytes for {owners} owners: wanted at least {LEAST_BYTES} bytes for each of them"
            )
        self.folder, self.limit, self.quota = Path(folder), limit, limit // owners
        open_folder(self.folder)
        self._lock = threading.RLock()
        self._near = Neighbours()
        self._inode, self._broken = 0, False
        self._db = self._open()
        with self._use() as db:
            known = {row[0] for row in db.execute("SELECT file FROM entries")}
        sweep(self.folder, known)

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            self._db.close()

    # Finding ------------------------------------------------------------------------------------------

    def get(self, question: Question) -> Found | None:
        """Return the answer to exactly this question, if it is there and sound.

        Raises:
            StoreError: if the store cannot be used now.
        """
        with self._use() as db:
            row = db.execute("SELECT id FROM entries WHERE key = ?", (question.key,)).fetchone()
        return None if row is None else self.load(int(row[0]), question)

    def near(self, question: Question, count: int = 2, *, shared: bool = True) -> list[tuple[int, float]]:
        """Return numbers of the entries nearest to a question that its owner may find, with their distances.

        Args:
            question: it.
            count: how many at most.
            shared: whether entries without an owner count too.

        Raises:
            StoreError: if the store cannot be used now.
        """
        with self._use() as db:
            self._near.refresh(db)
        owners = {question.owner, ""} if shared else {question.owner}
        return self._near.search(question.space, owners, question.embedding, count)

    def load(self, number: int, question: Question) -> Found | None:
        """Return an entry by its number, if it is there and sound; count the hit.

        Raises:
            StoreError: if the store cannot be used now.
        """
        with self._use() as db:
            row = db.execute("SELECT key, file, sha256, space, owner FROM entries WHERE id = ?", (number,)).fetchone()
        if row is None:
            self._near.forget(number)
            return None
        key, file, sha256, space, owner = row
        if owner not in ("", question.owner):
            return None
        try:
            content = self._path(file).read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise StoreError(f"{self.folder}: {file} cannot be read ({error})") from error
        sound = hashlib.sha256(content).hexdigest() == sha256
        entry = read_entry(content, space) if sound and space == question.space else None
        if entry is None:
            self._drop(
                number, file, "is missing" if not content else "does not fit its checksum, or the model or format"
            )
            return None
        self._count(number)
        return Found(number, key, entry)

    # Keeping ------------------------------------------------------------------------------------------

    def put(self, question: Question, entry: Entry, calls: int) -> int | None:
        """Keep an answer; return its number, or None where it has no room of its own or is there already.

        When this returns a number, the entry survives the end of this process, however sudden.

        Args:
            question: it answers.
            entry: what is kept.
            calls: network calls that it took, and that a hit saves.

        Raises:
            StoreError: if it cannot be kept; nothing half-written stays.
        """
        content = write_entry(entry, question.space)
        if len(content) > self.quota:
            return None
        name = secrets.token_hex(16) + ".safetensors"
        try:
            with atomic_path(self._path(name)) as aside:
                aside.write_bytes(content)
        except (OSError, InputError) as error:
            raise StoreError(f"{self.folder}: an entry cannot be written ({error})") from error
        try:
            number, gone = self._enter(question, name, content, calls, source=entry.source is not None)
        except StoreError:
            self._path(name).unlink(missing_ok=True)
            raise
        for file in gone if number is not None else [*gone, name]:
            self._path(file).unlink(missing_ok=True)
        return number

    def _enter(
        self, question: Question, name: str, content: bytes, calls: int, *, source: bool
    ) -> tuple[int | None, list[str]]:
        """Make room and enter a file in the index, in one transaction; return its number and the files put out."""
        size, gone = len(content), []
        with self._use() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                if db.execute("SELECT 1 FROM entries WHERE key = ?", (question.key,)).fetchone():
                    db.execute("ROLLBACK")
                    return None, []
                gone = self._make_room(db, question.owner, size)
                worth = _age(db, question.owner) + calls / size
                number = db.execute(
                    "INSERT INTO entries (key, space, owner, readings, source, embedding, file, bytes, sha256, calls,"
                    " worth) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (question.key, question.space, question.owner, int(question.readings),
                     int(source),
                     question.embedding.astype("<f4").tobytes(), name, size, hashlib.sha256(content).hexdigest(),
                     calls, worth),
                ).lastrowid  # fmt: skip
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        return number, gone

    def _make_room(self, db: sqlite3.Connection, owner: str, size: int) -> list[str]:
        """Take the owner's least worthy entries out of the index until there is room; return their files."""
        gone = []
        taken = db.execute("SELECT COALESCE(SUM(bytes), 0) FROM entries WHERE owner = ?", (owner,)).fetchone()[0]
        rows = db.execute("SELECT id, file, bytes, worth FROM entries WHERE owner = ? ORDER BY worth, id", (owner,))
        for number, file, freed, worth in rows.fetchall():
            if taken + size <= self.quota:
                break
            db.execute("DELETE FROM entries WHERE id = ?", (number,))
            db.execute("INSERT OR REPLACE INTO ages (owner, age) VALUES (?, ?)", (owner, worth))
            gone.append(file)
            taken -= freed
        return gone

    # Upkeep -------------------------------------------------------------------------------------------

    def status(self) -> CacheStatus:
        """Return what the store holds.

        Raises:
            StoreError: if the store cannot be used now.
        """
        with self._use() as db:
            row = db.execute(
                "SELECT COUNT(*), COALESCE(SUM(bytes), 0), COUNT(DISTINCT owner), COALESCE(SUM(readings), 0),"
                " COALESCE(SUM(calls * hits), 0), COALESCE(SUM(hits), 0) FROM entries"
            ).fetchone()
        return CacheStatus(row[0], row[1], self.limit, row[2], row[3], row[4], row[5])

    def verify(self) -> tuple[int, int]:
        """Read every file; remove what is not sound, and files that nobody knows; return how many are sound, and gone.

        Raises:
            StoreError: if the store cannot be used now.
        """
        with self._use() as db:
            rows = db.execute("SELECT id, file, sha256, space FROM entries").fetchall()
        gone = 0
        for number, file, sha256, space in rows:
            try:
                content = self._path(file).read_bytes()
            except OSError:
                content = b""
            if hashlib.sha256(content).hexdigest() != sha256 or read_entry(content, space) is None:
                self._drop(number, file, "is not what was kept")
                gone += 1
        return len(rows) - gone, gone + sweep(self.folder, {row[1] for row in rows})

    def clear(self) -> int:
        """Remove every entry; return how many there were.

        Raises:
            StoreError: if the store cannot be used now.
        """
        with self._use() as db:
            files = [row[0] for row in db.execute("SELECT file FROM entries")]
            db.execute("DELETE FROM entries")
            db.execute("DELETE FROM ages")
        for file in files:
            self._path(file).unlink(missing_ok=True)
        sweep(self.folder, set(), younger_s=0.0)
        return len(files)

    def _drop(self, number: int, file: str, why: str) -> None:
        log.warning("%s: entry %s %s; it is removed and will be computed again", self.folder, file, why)
        self._near.forget(number)
        with self._use() as db:
            db.execute("DELETE FROM entries WHERE id = ?", (number,))
        self._path(file).unlink(missing_ok=True)

    def _count(self, number: int) -> None:
        """Count a hit; not counted where another process holds the index, for a hit must not wait."""
        try:
            with self._use(wait_s=0.0) as db:
                db.execute(
                    "UPDATE entries SET hits = hits + 1, worth = (SELECT COALESCE(MAX(age), 0) FROM ages WHERE"
                    " ages.owner = entries.owner) + 1.0 * calls * (2 + hits) / bytes WHERE id = ?",
                    (number,),
                )
        except StoreError:
            return

    def _path(self, file: str) -> Path:
        return self.folder / "entries" / file

    # The index ----------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        """Open the index; one that is no index, or damaged, is removed and begun anew, with one line in the log."""
        path = self.folder / "index.sqlite3"
        try:
            return self._connect(path)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{path}: the index cannot be opened ({error}); free it or name another folder") from error
        except sqlite3.DatabaseError as error:
            log.warning("%s: not a readable index (%s); the store begins anew", path, error)
        try:
            for part in ("", "-wal", "-shm"):
                Path(f"{path}{part}").unlink(missing_ok=True)
            return self._connect(path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: the index cannot be made ({error}); name another folder") from error

    def _connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_TABLES)
            if (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
        except BaseException:
            db.close()
            raise
        self._inode, self._near = path.stat().st_ino, Neighbours()
        return db

    @contextmanager
    def _use(self, wait_s: float = BUSY_S) -> Iterator[sqlite3.Connection]:
        """Give the index to one thread; failures of any kind are StoreErrors, and a damaged index is begun anew."""
        with self._lock:
            try:
                if self._broken or (self.folder / "index.sqlite3").stat().st_ino != self._inode:
                    self._db.close()
                    self._db, self._broken = self._open(), False  # another process has begun it anew, or this one must
                self._db.execute(f"PRAGMA busy_timeout = {int(1000 * wait_s)}")
                yield self._db
            except (sqlite3.Error, OSError) as error:
                damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
                self._broken = self._broken or damaged
                raise StoreError(f"{self.folder}: the store cannot be used now ({error})") from error


def _age(db: sqlite3.Connection, owner: str) -> float:
    row = db.execute("SELECT age FROM ages WHERE owner = ?", (owner,)).fetchone()
    return 0.0 if row is None else float(row[0])
