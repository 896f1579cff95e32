"""The gate says, by pure code without I/O, whether a new version of a prior may be published.

Old and new version are scored on the same maps of a fixed suite; every score is an error, so less is better. For each
region and score the gate looks at r = mean(new) / mean(old) over the region's maps and at the 95 % interval [l, u] of
r by the paired bootstrap over scenes. Of each region there are two overall scores, the mean RMSE [dB] of the posterior
mean over the suite's patterns of evidence and the mean error of the unconditional prior over its noise levels, and the
single patterns and levels they are the means of. With tolerance t (1 %) and margin m (2 %) a version is refused if

    old region   overall score      r > 1 + t                forgotten (point estimate)
                                    u > 1 + m                the suite cannot rule out that more than m is forgotten
                 single score       l > 1 + t                surely forgotten, though the average hides it
    new region   overall RMSE       r >= 1 or u >= 1         no improvement that the suite can be sure of
                 overall prior      as in an old region
                 single score       as in an old region
    any region   too few maps or scenes, or maps that only one version was scored on

A version without new regions (trained anew, or compressed) is judged as old regions are.

References:
    M. Wortsman et al., Robust fine-tuning of zero-shot models, 2022 (the interpolation that `choose_weight` sets).
    G. Piaggio et al., Reporting of noninferiority and equivalence randomized trials, 2012 (margins and intervals).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from openckm.errors import OptionError
from openckm.evaluate.scores.bootstrap import Interval, ratio_interval

OVERALL = {"rmse_db": "rmse_db:", "denoise": "denoise:"}
"""The overall scores, and how the names of the single scores begin that each is the mean of."""


@dataclass(frozen=True)
class MapScore:
    """The errors of one model on one map.

    Attributes:
        map: digest of the map.
        region: the region in which it lies.
        scene: the unit of resampling.
        values: errors by name, "rmse_db:PATTERN" and "denoise:LEVEL".
    """

    map: str
    region: str
    scene: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class GateOptions:
    """The rules' numbers.

    Attributes:
        tolerance: share by which an old region may be forgotten, point estimate.
        margin: share that the upper end of its interval must not exceed.
        least_maps: maps that a region needs.
        least_scenes: scenes that a region needs.

    Raises:
        OptionError: if they contradict each other.
    """

    tolerance: float = 0.01
    margin: float = 0.02
    least_maps: int = 8
    least_scenes: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance <= self.margin < 1 or self.least_maps < 2 or self.least_scenes < 2:
            raise OptionError(f"{self}: wanted 0 <= tolerance <= margin < 1, and at least 2 maps and scenes")


@dataclass(frozen=True)
class Comparison:
    """One score of one region, new over old.

    Attributes:
        region: the name of the region.
        new_region: whether the version was to improve it.
        score: "rmse_db", "denoise", or a single one with its pattern or level.
        old: mean of the old version.
        new: mean of the new version.
        ratio: new over old, with its interval.
        maps: how many.
        scenes: how many.
        reason: why the version is refused for it; "" if it is not.
    """

    region: str
    new_region: bool
    score: str
    old: float
    new: float
    ratio: Interval
    maps: int
    scenes: int
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the gate decided.

    Attributes:
        publish: whether the new version may be published.
        reasons: why not; empty if it may.
        comparisons: everything that was looked at.
    """

    publish: bool
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...]

    def ratios(self) -> dict[str, float]:
        """Return the overall ratios by "region/score", as a card's lineage keeps them."""
        return {f"{c.region}/{c.score}": round(c.ratio.value, 5) for c in self.comparisons if c.score in OVERALL}

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON."""
        return asdict(self)


def decide(
    old: Sequence[MapScore],
    new: Sequence[MapScore],
    new_regions: Collection[str] = (),
    options: GateOptions | None = None,
) -> Verdict:
    """Return whether the new version may be published, from the scores of both on the same maps.

    Args:
        old: the scores of the version that is published.
        new: the scores of the one that wants to be.
        new_regions: regions that the new version was to improve.
        options: the rules' numbers.

    Raises:
        OptionError: if a new region has no map, or a score is not a positive number.
    """
    chosen = options or GateOptions()
    lacking = set(new_regions) - {score.region for score in (*old, *new)}
    if lacking:
        raise OptionError(f"the suite has no map of {', '.join(sorted(lacking))}: add them, or the gate cannot judge")
    reasons = _pairing_reasons(old, new)
    if reasons:
        return Verdict(False, tuple(reasons), ())
    found = compare(old, new, new_regions)
    judged = tuple(_judged(one, chosen) for one in found)
    return Verdict(not any(one.reason for one in judged), tuple(one.reason for one in judged if one.reason), judged)


def compare(old: Sequence[MapScore], new: Sequence[MapScore], new_regions: Collection[str] = ()) -> list[Comparison]:
    """Return every score of every region, overall scores first; the maps of both must be the same.

    Raises:
        OptionError: if a score is not a positive number.
    """
    after = {score.map: score for score in new}
    found = []
    for region in dict.fromkeys(score.region for score in old):
        here = [score for score in old if score.region == region]
        scenes = [score.scene for score in here]
        for name in (*OVERALL, *here[0].values):
            before_values = [_value(score, name) for score in here]
            after_values = [_value(after[score.map], name) for score in here]
            ratio = ratio_interval(after_values, before_values, scenes)
            found.append(
                Comparison(region, region in new_regions, name, float(np.mean(before_values)),
                           float(np.mean(after_values)), ratio, len(here), len(set(scenes)))
            )  # fmt: skip
    return found


def _pairing_reasons(old: Sequence[MapScore], new: Sequence[MapScore]) -> list[str]:
    named = [{(s.map, s.region, s.scene, tuple(sorted(s.values))) for s in scores} for scores in (old, new)]
    if not old or len(named[0]) != len(old) or len(named[1]) != len(new):
        return [f"{len(old)} scores of the old version and {len(new)} of the new: wanted one of each map, and some"]
    if named[0] != named[1]:
        return [
            f"the versions were scored on different maps or by different scores ({len(named[0] ^ named[1])} differ)"
        ]
    return []


def _value(score: MapScore, name: str) -> float:
    if name in OVERALL:
        parts = [value for key, value in score.values.items() if key.startswith(OVERALL[name])]
        if not parts:
            raise OptionError(f"map {score.map[:12]}: no score of the kind {OVERALL[name]}...")
        value = float(np.mean(parts))
    else:
        value = float(score.values[name])
    if not (math.isfinite(value) and value > 0):
        raise OptionError(f"map {score.map[:12]}: {name} is {value}, wanted a positive number")
    return value


def _judged(one: Comparison, options: GateOptions) -> Comparison:
    """Return the comparison with the reason to refuse, if there is one."""
    where, r = f"{one.region}, {one.score}", one.ratio
    shown = f"{r.value - 1:+.2%} [{r.low - 1:+.2%}, {r.high - 1:+.2%}]"
    reason = ""
    if one.maps < options.least_maps or one.scenes < options.least_scenes:
        reason = (
            f"{where}: {one.maps} maps of {one.scenes} scenes, wanted {options.least_maps} of {options.least_scenes}:"
            " too few to judge by"
        )
    elif one.new_region and one.score == "rmse_db":
        if r.value >= 1 or r.high >= 1:
            reason = f"{where}: {shown}, no sure improvement of the new region"
    elif one.score in OVERALL:
        if r.value > 1 + options.tolerance:
            reason = f"{where}: {shown}, forgets more than {options.tolerance:.1%}"
        elif r.high > 1 + options.margin:
            reason = f"{where}: {shown}, forgetting more than {options.margin:.1%} cannot be ruled out: add maps"
    elif r.low > 1 + options.tolerance:
        reason = f"{where}: {shown}, surely forgets more than {options.tolerance:.1%}"
    return replace(one, reason=reason)


@dataclass(frozen=True)
class Choice:
    """What one weight of the interpolation between parent (0) and trained weights (1) does on validation maps.

    Attributes:
        weight: the weight.
        forgetting: worst overall ratio of an old region (and of the new regions' unconditional prior), less 1.
        gain: how much better the new regions' RMSE is on average, as a share; 0 where no new region is named.
    """

    weight: float
    forgetting: float
    gain: float


def choose_weight(
    old: Sequence[MapScore],
    candidates: Mapping[float, Sequence[MapScore]],
    new_regions: Collection[str],
    options: GateOptions | None = None,
) -> tuple[float, tuple[Choice, ...]]:
    """Return the weight that improves the new regions most among those that forget at most half the tolerance.

    Half, because the validation maps are few and the gate judges on others. Where no new region is named it is the
    largest of those weights. If every weight forgets more, it is the one that forgets least; the gate then decides.

    Args:
        old: scores of the parent on validation maps.
        candidates: scores by weight, on the same maps.
        new_regions: regions to be improved; may be none.
        options: the gate's numbers.

    Raises:
        OptionError: if there is no candidate, or the maps differ, or hold no new region where one is named.
    """
    if not candidates:
        raise OptionError("no weight of the interpolation to choose from: give at least one")
    choices = []
    for weight, scores in sorted(candidates.items()):
        reasons = _pairing_reasons(old, scores)
        if reasons:
            raise OptionError(f"weight {weight}: {reasons[0]}")
        choices.append(_choice(weight, compare(old, scores, new_regions), bool(new_regions)))
    half = (options or GateOptions()).tolerance / 2
    fit = [one for one in choices if one.forgetting <= half]
    best = max(fit, key=lambda one: (one.gain, one.weight)) if fit else min(choices, key=lambda one: one.forgetting)
    return best.weight, tuple(choices)


def _choice(weight: float, found: Sequence[Comparison], improving: bool) -> Choice:
    overall = [one for one in found if one.score in OVERALL]
    improved = [one.ratio.value for one in overall if one.new_region and one.score == "rmse_db"]
    kept = [one.ratio.value for one in overall if not (one.new_region and one.score == "rmse_db")]
    if improving and not improved:
        raise OptionError("the validation maps hold none of the new regions")
    return Choice(weight, max(kept) - 1.0, 1.0 - float(np.mean(improved)) if improved else 0.0)
