"""Rows of a result table and the JSON report that keeps them with commit, machine and date."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from openckm.errors import OptionError
from openckm.nn.memory import peak_mb as peak_mb

if TYPE_CHECKING:
    from openckm.evaluate.scores.scoring import Score


@dataclass(frozen=True)
class Row:
    """One number of a benchmark.

    Attributes:
        method: name of the method.
        task: what was asked of it.
        split: which evidence it was given.
        metric: name of the score with its unit ("rmse_db", "coverage_90").
        value: the score.
        ci_low: lower end of its 95 % confidence interval.
        ci_high: upper end.
        n: values scored.
        network_evaluations: network evaluations per map.
        seconds: wall-clock time per map [s].
        peak_mb: largest resident memory of the process so far [MB].
        cases: maps, windows or repetitions that the score is a mean of; 0 where it is none.
        over: the method in the denominator, where the score is a ratio.
        cities: the same score of each city alone; procedural cities count as one.
    """

    method: str
    task: str
    split: str
    metric: str
    value: float
    ci_low: float
    ci_high: float
    n: int
    network_evaluations: int
    seconds: float
    peak_mb: float
    cases: int = 0
    over: str = ""
    cities: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("value", "ci_low", "ci_high", "seconds", "peak_mb"):
            if not math.isfinite(getattr(self, name)):
                raise OptionError(f"result row {self.method}/{self.task}/{self.split}/{self.metric}: {name} not finite")


def plain_row(
    method: str, task: str, split: str, metric: str, value: float | tuple[float, float, float], n: int = 1, *,
    calls: int = 0, seconds: float = 0.0, cases: int = 0, over: str = "",
) -> Row:  # fmt: skip
    """Return a row that is no mean over cases, with this process's memory.

    Args:
        method: and the next three: see `Row`.
        task: what was asked.
        split: which evidence.
        metric: name of the score.
        value: the number, or the number and both ends of its interval.
        n: values that it is made of.
        calls: network evaluations.
        seconds: time that it took [s].
        cases: maps or repetitions that it is made of.
        over: the method in the denominator, where it is a ratio.
    """
    middle, low, high = value if isinstance(value, tuple) else (value, value, value)
    ends = float(middle), float(low), float(high)
    return Row(method, task, split, metric, *ends, n, calls, seconds, peak_mb(), cases, over)


class Results(Sequence[Row]):
    """The rows of a benchmark's table, and the scores of the cases that they are made from.

    Attributes:
        rows: the table.
        scores: what each method scored on each case; empty where a benchmark has no cases.
    """

    def __init__(self, rows: Sequence[Row], scores: Sequence[Score] = ()) -> None:
        self.rows, self.scores = tuple(rows), tuple(scores)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)


def write_report(path: Path, bench: str, rows: Sequence[Row], *, by: str = "", commit: str = "") -> None:
    """Write the rows as JSON, and beside them the cases of `Results` as NAME.cases.csv.gz; whole or not at all.

    Args:
        path: the file; its folder must exist.
        bench: name of the benchmark.
        rows: the numbers.
        by: what else the numbers depend on, as a browser with its version; it stands beside the machine.
        commit: the commit of what was measured, where it is not that of the source tree.

    Raises:
        InputError: if a file cannot be written.
        OptionError: if there is no row.
    """
    from openckm.evaluate.report.cases import cases_path, write_cases
    from openckm.maps.atomic import atomic_path

    if not rows:
        raise OptionError(f"benchmark {bench!r} gave no rows, so no report is written")
    scores = rows.scores if isinstance(rows, Results) else ()
    report: dict[str, Any] = {
        "bench": bench, "commit": commit or commit_id(), "machine": machine() + (f", {by}" if by else ""),
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "rows": [asdict(row) for row in rows],
    }  # fmt: skip
    if scores:
        report["cases"] = cases_path(path).name
        write_cases(cases_path(path), scores)
    with atomic_path(path) as aside:
        aside.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def commit_id() -> str:
    """Return the commit of the source tree ("+changes" if it differs), or the package version where there is none."""
    from openckm import __version__

    here = Path(__file__).resolve().parent
    try:
        head = _git(here, "rev-parse", "HEAD")
        changes = _git(here, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.SubprocessError):
        return f"openckm {__version__}"
    return head + ("+changes" if changes else "")


def _git(folder: Path, *arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10)
    return found.stdout.strip()


def machine() -> str:
    """Return this machine in words: processor, cores, memory, what its arithmetic is, and the network's precision."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    model = _cpuinfo("model name") or platform.processor() or platform.machine()
    flags = " ".join(cpu_flags()) or "no vector flags known"
    return f"{model}, {cores} cores, {_memory_gib()} GiB, {flags}, networks in {_precision()}"


FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
"""What decides how fast matrix products are, and in which precision."""


def cpu_flags() -> tuple[str, ...]:
    """Return which of FLAGS this processor states."""
    stated = set(_cpuinfo("flags", "Features").split())
    return tuple(flag for flag in FLAGS if flag in stated)


def _precision() -> str:
    """Return the arithmetic that networks use on this machine's CPU."""
    from openckm.nn.arithmetic import arithmetic

    return arithmetic()


def _cpuinfo(*names: str) -> str:
    """Return what /proc/cpuinfo says first under one of some names; nothing where there is no such file or line."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else ():
        if line.startswith(names):
            return line.split(":", 1)[1].strip()
    return ""


def _memory_gib() -> int:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (ValueError, OSError, AttributeError):
        return 0
