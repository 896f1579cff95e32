"""A trained difference becomes a version: validation maps give its weight, test maps the verdict.

Refreshing and merging share this, so that what comes from edges passes the gate that what was trained here passes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from openckm.cloud.anchor import Anchored, as_published
from openckm.cloud.gate import Choice, GateOptions, MapScore, Verdict, choose_weight, decide
from openckm.cloud.suite import Progress, Suite, score_models
from openckm.priors.denoiser import MapDenoiser

PRECISION = "bf16"
"""What versions are judged in: that of the model folder that is written."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A version with its verdict.

    Attributes:
        net: the version, rounded as it is published.
        weight: its place between the parent (0) and the trained weights (1).
        choices: what each weight does on the validation maps.
        verdict: the gate's, on the test maps.
        score_s: wall-clock time of the test scores per map and model [s].
    """

    net: MapDenoiser
    weight: float
    choices: tuple[Choice, ...]
    verdict: Verdict
    score_s: float


def judge(
    parent: MapDenoiser,
    trained: Anchored,
    suite: Suite,
    new_regions: Sequence[str],
    *,
    weights: Sequence[float],
    gate: GateOptions,
    progress: Progress | None = None,
) -> Judged:
    """Choose the weight of the interpolation on validation maps, then let the gate decide on test maps.

    Args:
        parent: the published prior.
        trained: its trained difference.
        suite: holds the new regions and old ones.
        new_regions: regions to be improved; none where nothing may be forgotten and nothing is claimed.
        weights: the weights to choose from.
        gate: the gate's numbers.
        progress: called as progress(region, done, total).

    Raises:
        InputError: if a map of the suite is not there or was changed.
        OptionError: if a part of the suite is empty, or a version gives what is not finite.
    """
    nets = {str(w): as_published(trained.interpolated(w), PRECISION) for w in weights}
    seen = score_models(suite, {"old": parent, **nets}, "validation", progress=progress)
    weight, choices = choose_weight(seen["old"], {w: seen[str(w)] for w in weights}, new_regions, gate)
    verdict, spent = judged_by(parent, nets[str(weight)], suite, new_regions, gate, progress=progress)
    return Judged(nets[str(weight)], weight, choices, verdict, spent)


def judged_by(
    old: MapDenoiser,
    new: MapDenoiser,
    suite: Suite,
    new_regions: Sequence[str],
    gate: GateOptions,
    *,
    progress: Progress | None = None,
) -> tuple[Verdict, float]:
    """Return the gate's verdict on a version, on the suite's test maps, and the seconds per map and model.

    Raises:
        InputError: if a map of the suite is not there or was changed.
        OptionError: as `judge`.
    """
    begun = time.perf_counter()
    scores: dict[str, list[MapScore]] = score_models(suite, {"old": old, "new": new}, "test", progress=progress)
    spent = (time.perf_counter() - begun) / (2 * len(scores["new"]))
    return decide(scores["old"], scores["new"], new_regions, gate), spent
