"""Does a command that takes a while say what it is doing, and is a log not flooded?"""

from __future__ import annotations

import io

from rich.console import Console

from openckm.cli import progress
from openckm.cli.progress import stages


def test_a_terminal_shows_stage_and_count():
    screen = io.StringIO()
    with stages("constructing", Console(file=screen, force_terminal=True, width=120)) as report:
        report("posterior mean", 3, 20)
        report("draws", 1, 8)
    shown = screen.getvalue()
    assert "constructing: draws" in shown and "1/8" in shown


def test_a_log_hears_at_most_a_line_in_ten_seconds():
    log, now = io.StringIO(), [0.0]
    report = progress._Lines("constructing", Console(file=log), clock=lambda: now[0])
    for second in range(26):
        now[0] = float(second)
        report("draws", second, 25)
    assert log.getvalue().splitlines() == ["ckm: constructing: draws 10/25", "ckm: constructing: draws 20/25"]


def test_short_work_says_nothing_in_a_log():
    log = io.StringIO()
    with stages("constructing", Console(file=log)) as report:
        report("draws", 1, 2)
    assert log.getvalue() == ""
