"""What a long command shows while it works: a bar, the stage and the time left; in a log, a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Report = Callable[[str, int, int], None]
"""Called with (stage, done, in all) while the work goes on."""
_QUIET_S = 10.0
"""Where there is no terminal: the longest time in which nothing is said [s]."""


@contextmanager
def stages(title: str, console: Console | None = None) -> Iterator[Report]:
    """Show the stages of a work on stderr, and yield what they are reported to.

    Args:
        title: what is being done, e.g. "constructing the map".
        console: the console that shows it; stderr by default.
    """
    console = console or Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    if not console.is_terminal:
        yield _Lines(title, console)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bars(title, progress)


class _Bars:
    """One bar a stage; a stage is done when the next one begins."""

    def __init__(self, title: str, progress: Progress) -> None:
        self.progress, self.title, self.stage = progress, title, ""
        self.task: TaskID = progress.add_task(title, total=None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self.stage:
            self.progress.remove_task(self.task)
            self.task, self.stage = self.progress.add_task(f"{self.title}: {stage}", total=total), stage
        self.progress.update(self.task, completed=done, total=total)


class _Lines:
    """A line in _QUIET_S seconds at most: a log tells that the work goes on, and short work says nothing."""

    def __init__(self, title: str, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.title, self.console, self.clock, self.said = title, console, clock, clock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self.clock() - self.said >= _QUIET_S:
            self.said = self.clock()
            self.console.print(f"ckm: {self.title}: {stage} {done}/{total}", markup=False)
