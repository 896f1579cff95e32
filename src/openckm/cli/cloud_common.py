"""What the commands of `ckm cloud` share: consoles, a progress bar, exit statuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True, emoji=False)
complaints = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
REFUSED, UNFINISHED = 3, 4
"""Exit status of what was refused (a map, a version), and of work that the same command goes on with."""


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show progress on a terminal; yields the function to call with (what, done, in all)."""
    from rich.progress import Progress

    with Progress(console=complaints, transient=True, disable=not complaints.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)
