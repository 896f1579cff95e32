"""Per-case scores as a compressed table: one line per method, task, split and case, one column per metric.

Everything that a benchmark's table says can be computed again from it (`openckm.evaluate.registry.Bench`). The file is
the same to the byte for the same scores.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from openckm.errors import InputError
from openckm.evaluate.scores.scoring import Score

_FIXED = ("task", "split", "method", "case", "city", "seed", "n", "network_evaluations", "seconds")


_KEEP_VARIABLE = "OPENCKM_BENCH_KEEP"
"""Environment variable that names the folder in which benchmarks keep what is finished, to go on from there."""


def keep_folder(keep: Path | None = None) -> Path | None:
    """Return the folder in which a benchmark keeps what is finished: the given one, else $OPENCKM_BENCH_KEEP."""
    return keep or (Path(os.environ[_KEEP_VARIABLE]) if _KEEP_VARIABLE in os.environ else None)


@contextmanager
def home_folder(keep: Path | None, name: str) -> Iterator[Path]:
    """Lend a folder of a name within that of `keep_folder`, or within a temporary one where nothing is kept."""
    with ExitStack() as stack:
        yield (keep_folder(keep) or Path(stack.enter_context(tempfile.TemporaryDirectory()))) / name


def remembered(path: Path | None, make: Callable[[], Sequence[Score]]) -> list[Score]:
    """Return the scores that a file keeps, or make them and keep them; None keeps nothing."""
    from openckm.maps.atomic import atomic_path

    if path is not None and path.is_file():
        return [Score(**raw) for raw in json.loads(path.read_text(encoding="utf-8"))]
    scores = list(make())
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as aside:
            aside.write_text(json.dumps([asdict(s) for s in scores]), encoding="utf-8")
    return scores


def cases_path(report: Path) -> Path:
    """Return where the cases of a report lie: NAME.json has NAME.cases.csv.gz beside it."""
    return report.with_name(report.stem + ".cases.csv.gz")


def write_cases(path: Path, scores: Sequence[Score]) -> None:
    """Write scores, whole or not at all.

    Raises:
        InputError: if the file cannot be written.
    """
    from openckm.maps.atomic import atomic_path

    metrics = list(dict.fromkeys(metric for s in scores for metric in s.values))
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*_FIXED, *metrics])
    for s in scores:
        values = [repr(s.values[m]) if m in s.values else "" for m in metrics]
        lines.writerow([s.task, s.split, s.method, s.case, s.city, s.seed, s.n, s.network_evaluations,
                        repr(s.seconds), *values])  # fmt: skip
    with atomic_path(path) as aside, aside.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def read_cases(path: Path) -> list[Score]:
    """Return the scores of a file.

    Raises:
        InputError: if it is not a readable table of cases.
    """
    try:
        lines = csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
        metrics = next(lines)[len(_FIXED) :]
        return [_score(line, metrics) for line in lines]
    except (OSError, EOFError, ValueError, StopIteration) as error:
        raise InputError(f"{path}: not a readable table of cases ({error}); run the benchmark again") from error


def _score(line: list[str], metrics: Sequence[str]) -> Score:
    task, split, method, case, city, seed, n, calls, seconds = line[: len(_FIXED)]
    values = {m: float(v) for m, v in zip(metrics, line[len(_FIXED) :], strict=True) if v}
    return Score(method, task, split, case, city, values, int(n), int(calls), float(seconds), int(seed))
