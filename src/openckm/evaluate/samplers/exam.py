"""The one loop of benchmarks "p1" and "samplers": methods are asked the cases of a task, constants are tuned on others.

On each case the methods answer one after the other in this process, so that their seconds are taken under the same
load.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from openckm.errors import ComputationError
from openckm.evaluate.p1.tasks import P1Case
from openckm.evaluate.registry import Progress
from openckm.evaluate.samplers.methods import CaseMethod, Drawn, DrawStore
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.worlds.splits import evenly

_log = logging.getLogger(__name__)
ON_VALIDATION = "_on_validation"
"""What the names of methods end with in the scores that their constants are chosen by."""
Cases = Mapping[int, P1Case]
"""Cases of a task by the numbers of their windows."""


class Asked(NamedTuple):
    """A method and how it is asked.

    Attributes:
        method: which.
        strength: its tuning constant.
        windows: of so many cases, spread evenly over those there are.
        name: in the scores.
    """

    method: CaseMethod
    strength: float
    windows: int
    name: str


@dataclass(frozen=True, eq=False)
class Exam:
    """How answers are kept and scored, and who hears of progress.

    Attributes:
        keeper: the keeper of finished answers.
        score: returns the scores of what was drawn, by the method's name, the window's number and its case.
        progress: called as progress(what, done, total).
    """

    keeper: DrawStore
    score: Callable[[str, int, P1Case, Drawn], list[Score]]
    progress: Progress

    def scores(self, asked: Sequence[Asked], cases: Cases) -> list[Score]:
        """Return the scores of all methods; where values stop being finite, a method is left out, with a warning."""
        numbers, found = list(cases), {one.name: list[Score]() for one in asked}
        chosen = {one.name: set(evenly(numbers, one.windows)) for one in asked}
        for done, (number, case) in enumerate(cases.items()):
            for one in asked:
                if number not in chosen[one.name]:
                    continue
                self.progress(f"{case.task}, {one.name}", done, len(cases))
                try:
                    drawn = self.keeper.draw(one.method, case, number, one.strength)
                    found[one.name] += self.score(one.name, number, case, drawn)
                except ComputationError as error:
                    _log.warning(
                        "%s, %s with %g, window %d: %s", case.task, one.name, one.strength, number, error
                    )  # fmt: skip
        return [score for scores in found.values() for score in scores]

    def tuned(
        self, method: CaseMethod, cases: Cases, split: str, error: Callable[[Sequence[Score]], float], *,
        constant: str = "constant", beyond: int = 0,
    ) -> tuple[float, list[Score]]:  # fmt: skip
        """Return the constant of a method with the least error, and the scores of all that were tried.

        Args:
            method: one with strengths; its own strength is returned where it answers no case.
            cases: validation cases of a task.
            split: the split of the scores that the choice is made by.
            error: returns the error of some scores.
            constant: what the constant is called.
            beyond: how many further constants are tried at most, where the best is the least or the greatest.
        """
        errors: dict[float, float] = {}
        tried: list[Score] = []
        while (value := _next_strength(errors, method.strengths, beyond)) is not None:
            asked = Asked(method, value, len(cases), method.name + ON_VALIDATION)
            found = [s for s in self.scores([asked], cases) if s.split == split]
            errors[value] = error(found) if found else math.inf
            tried += [replace(s, split=f"{constant} {value:g}") for s in found]
        best = min(errors, key=lambda value: errors[value])
        return (best if tried else method.strength), tried


def _next_strength(errors: Mapping[float, float], strengths: Sequence[float], beyond: int) -> float | None:
    """Return the strength to try next: those listed, then beyond the end that is best, by factors of 2."""
    untried = [value for value in strengths if value not in errors]
    if untried:
        return untried[0]
    best = min(errors, key=lambda value: errors[value])
    further = {min(errors): best / 2.0, max(errors): best * 2.0}.get(best)
    return further if len(errors) < len(strengths) + beyond else None
