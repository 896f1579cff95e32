"""Result rows as a table for the terminal: one line per task, split and method, one column per metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from openckm.evaluate.report.rows import Row

if TYPE_CHECKING:
    from rich.table import Table


def as_table(rows: Sequence[Row], title: str = "") -> Table:
    """Return a rich table of the rows: value [95 % interval] per metric, then the cost per map."""
    from rich.table import Table

    metrics = list(dict.fromkeys(row.metric for row in rows))
    groups: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        groups.setdefault((row.task, row.split, row.method), {})[row.metric] = row
    table = Table(title=title or None)
    for heading in ("task", "split", "method"):
        table.add_column(heading)
    for heading in (*metrics, "n", "networks", "seconds"):
        table.add_column(heading, justify="right")
    for key, found in groups.items():
        first = next(iter(found.values()))
        cost = (str(first.n), str(first.network_evaluations), f"{first.seconds:.2f}")
        table.add_row(*key, *(_cell(found.get(metric)) for metric in metrics), *cost)
    return table


def _cell(row: Row | None) -> str:
    return "" if row is None else f"{row.value:.3g} [{row.ci_low:.3g}, {row.ci_high:.3g}]"
