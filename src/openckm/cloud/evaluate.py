"""A model is scored on a suite as rows of a table: means over maps, and ratios to another model, paired by map.

Intervals are 95 % bootstrap intervals over scenes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from openckm.cloud.gate import OVERALL, MapScore, compare
from openckm.cloud.suite import Part, Progress, Suite, score_models
from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.priors.pretrained import load_prior


def evaluate_models(
    suite: Suite,
    model: Path,
    against: Path | None = None,
    *,
    part: Part = "test",
    progress: Progress | None = None,
) -> list[Row]:
    """Return the scores of a model folder on a suite, and their ratios to those of another one.

    Args:
        suite: what is asked.
        model: the model folder.
        against: the other one, or None.
        part: "validation" or "test".
        progress: called as progress(region, done, total).

    Raises:
        InputError: if a map of the suite is not there or was changed.
        ModelError: if a model cannot be read.
        OptionError: if the part is empty, or a model gives what is not finite.
    """
    nets, names = {}, {}
    for role, folder in {"new": model, "old": against}.items():
        if folder is not None:
            nets[role], card = load_prior(folder)
            names[role] = f"{card.name} {card.version}"
    begun = time.perf_counter()
    scores = score_models(suite, nets, part, progress=progress)
    seconds = (time.perf_counter() - begun) / (len(nets) * len(scores["new"]))
    calls = len(suite.patterns) + len(suite.levels)
    rows = [row for role in nets for row in score_rows(names[role], scores[role], calls, seconds)]
    if against is not None:
        rows += ratio_rows(names["new"], scores["old"], scores["new"], calls, seconds)
    return rows


def score_rows(method: str, scores: Sequence[MapScore], calls: int, seconds: float) -> list[Row]:
    """Return the mean of every single score by region, with its interval over scenes."""
    rows = []
    for region in dict.fromkeys(score.region for score in scores):
        here = [score for score in scores if score.region == region]
        scenes = [score.scene for score in here]
        for name in here[0].values:
            found = mean_interval([score.values[name] for score in here], scenes)
            kind, _, which = name.partition(":")
            interval = (found.value, found.low, found.high)
            rows.append(Row(method, region, which, kind, *interval, len(here), calls, seconds, peak_mb()))
    return rows


def ratio_rows(method: str, old: Sequence[MapScore], new: Sequence[MapScore], calls: int, seconds: float) -> list[Row]:
    """Return every score of the new model over the old one's by region, paired by map, with its interval over scenes.

    Raises:
        OptionError: if a score is not a positive number.
    """
    rows = []
    for one in compare(old, new):
        kind, _, which = one.score.partition(":")
        interval = (one.ratio.value, one.ratio.low, one.ratio.high)
        split = "overall" if one.score in OVERALL else which
        rows.append(Row(method, one.region, split, f"{kind}_ratio", *interval, one.maps, calls, seconds, peak_mb()))
    return rows
