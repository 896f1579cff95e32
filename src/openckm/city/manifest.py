"""What of a city is finished: one SQLite file, a row for each task, written when its files are in place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from openckm.city.plan import Task
from openckm.errors import InputError


class Manifest:
    """The finished tasks of a city; only the process that runs the city writes.

    Args:
        path: the path of the file, made where there is none.
        inputs: what decides the result, by name.

    Raises:
        InputError: if the city was begun with other inputs; the message names those that differ.
    """

    def __init__(self, path: Path, inputs: dict[str, str]) -> None:
        self.path = path
        try:
            with closing(self._connect()) as base, base:
                base.execute("CREATE TABLE IF NOT EXISTS input (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
                base.execute("CREATE TABLE IF NOT EXISTS done (task TEXT PRIMARY KEY)")
                known = dict(base.execute("SELECT name, value FROM input"))
                if not known:
                    base.executemany("INSERT INTO input VALUES (?, ?)", inputs.items())
        except sqlite3.Error as error:
            raise InputError(f"{path} cannot be used ({error}): remove the city's folder and begin again") from error
        if known and known != inputs:
            differ = sorted(k for k in known.keys() | inputs.keys() if known.get(k) != inputs.get(k))
            raise InputError(
                f"{path.parent.parent} was begun with other inputs ({', '.join(differ)} differ): choose another output,"
                " or give the same inputs to go on"
            )

    def done(self) -> set[str]:
        """Return the names of the finished tasks."""
        with closing(self._connect()) as base:
            return {row[0] for row in base.execute("SELECT task FROM done")}

    def finish(self, task: Task) -> None:
        """Enter a task whose files are in place."""
        with closing(self._connect()) as base, base:
            base.execute("INSERT OR IGNORE INTO done VALUES (?)", (_key_of(task),))

    def left(self, tasks: Iterable[Task]) -> list[Task]:
        """Return the tasks that are not finished, in their order."""
        done = self.done()
        return [task for task in tasks if _key_of(task) not in done]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30.0)


def _key_of(task: Task) -> str:
    """Return the name of a task in the manifest."""
    return f"{task.kind} {task.site} {task.row} {task.col}"
