"""Independent cases of a benchmark, in as many processes as are wanted, each kept when it is finished.

They are worked off by `openckm.runner`, as the tiles of a city and the scenes of the ray tracer are. A case is a tuple
that names it; what it is scored as is a function of that tuple and of the work alone, so that the rows of a run do not
depend on how many processes made them, nor on whether it was interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

from openckm import __version__
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.cases import keep_folder, remembered
from openckm.evaluate.scores.scoring import Score
from openckm.priors.pretrained import prior_card
from openckm.runner import run

Case = TypeVar("Case", bound=tuple[Hashable, ...])


def sweep(
    work: Callable[[Case], list[Score]], cases: Sequence[Case], *, workers: int = 0, keep: Path | None = None,
    progress: Progress | None = None,
) -> list[Score]:  # fmt: skip
    """Return the scores of all cases, in the order of the cases.

    Args:
        work: scores a case; with workers it is pickled, and its `repr` says what decides its scores besides the case.
        cases: the cases, no two alike.
        workers: processes of one thread each; 0 does the work in this one, with the threads that it has.
        keep: folder for the scores of finished cases, from which an interrupted run goes on; None means
            $OPENCKM_BENCH_KEEP, if set. They belong to the code that made them: empty it when the code changes.
        progress: called as progress(what, done, total).

    Raises:
        ComputationError: if processes die at one case three times; what is finished is kept.
        OpenCKMError: whatever the work raises.
    """
    folder, found = keep_folder(keep), dict[Case, list[Score]]()
    left = []
    for case in cases:
        path = _file_of(folder, work, case)
        if path is not None and path.is_file():
            found[case] = remembered(path, list)
        else:
            left.append(case)
    with closing(run(work, left, workers=workers)) as finished:
        for one in finished:
            found[one.item] = remembered(_file_of(folder, work, one.item), partial(list, one.result))
            if progress is not None:
                progress(", ".join(map(str, one.item)), len(found), len(cases))
    return [score for case in cases for score in found[case]]


def _file_of(folder: Path | None, work: Callable[[Case], list[Score]], case: Case) -> Path | None:
    """Return where the scores of a case are kept, by what decides them."""
    if folder is None:
        return None
    name = hashlib.sha256(repr((__version__, prior_card(None).sha256, work, case)).encode()).hexdigest()[:20]
    return folder / "cases" / f"{name}.json"
