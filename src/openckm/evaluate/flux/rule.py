"""The rule of warm starts of a prior, fitted on validation places: how far an earlier ensemble may be carried over.

From every place and change come a distance of the one-call means per cell, the CRPS of the ensemble carried over with
each b of BLENDS and that of four cold steps about the one-call mean, and the misfit of the ensemble that was carried
over; from every pair of places the same distance and misfit of an ensemble that belongs elsewhere.

    blend     the b whose ensembles have the least CRPS on average over all changes nearer than other cities are
    near      the greatest distance d such that, over all changes up to d, carrying over costs at most TOLERANCE of
              CRPS on average; it lies below the distances of 95 % of the ensembles from elsewhere
    excess    the greatest misfit of the changes up to d, and a tenth more
    scale     the c of SCALES whose one further step from s* = c |m - m'|_2 has the least CRPS on average

Places of the same cities as the test's must not be among them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from openckm.errors import InputError
from openckm.evaluate.flux.methods import Case, Made
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.evaluate.scores.metrics import about_mean, crps_draws
from openckm.evaluate.worlds.moving import CHANGES, Frame, Place
from openckm.flux.fallback import misfit
from openckm.flux.start import Source, WarmRule, distance, transported
from openckm.maps.quantity import GAIN
from openckm.priors.denoiser import MapDenoiser

TOLERANCE = 0.03
FOUND = 0.95
"""Share of the ensembles from elsewhere that the distance alone must refuse."""
BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
SCALES = (0.005, 0.01, 0.02, 0.05, 0.1)
ROOM = 1.1


@dataclass(frozen=True)
class Carried:
    """An ensemble that was carried over.

    Attributes:
        each: distance |m - m'|_2 over the root of the number of cells.
        misfits: the worst of `openckm.flux.fallback.Misfit`, by b of BLENDS.
        ratios: CRPS over that of four cold steps about the one-call mean, by b; none for one from elsewhere.
        after: CRPS after one further step over the same, by c.
    """

    each: float
    misfits: tuple[float, ...]
    ratios: tuple[float, ...] = ()
    after: tuple[float, ...] = ()


def rule_from(changes: Sequence[Carried], elsewhere: Sequence[Carried], sha256: str) -> WarmRule:
    """Return the rule that measured ensembles give.

    Args:
        changes: the changes of the same place before and after a change.
        elsewhere: carried over from another city.
        sha256: the SHA-256 of the weights that they were made with.

    Raises:
        InputError: if nothing was measured, or no distance is safe.
    """
    if not changes or not elsewhere:
        raise InputError(f"{len(changes)} changes and {len(elsewhere)} pairs of places: wanted at least one of each")
    limit = float(np.quantile([c.each for c in elsewhere], 1.0 - FOUND))
    ranked = sorted((c for c in changes if c.each < limit), key=lambda c: c.each)
    b = int(np.argmin(np.mean([c.ratios for c in ranked], axis=0))) if ranked else 0
    means = [float(np.mean([c.ratios[b] for c in ranked[: k + 1]])) for k in range(len(ranked))]
    good = [k for k, mean in enumerate(means) if mean <= 1.0 + TOLERANCE]
    if not good:
        raise InputError("no ensemble may be carried over at this cost: the prior is used without a rule of its own")
    inside = ranked[: good[-1] + 1]
    near = min(ROOM * inside[-1].each, limit)
    excess = ROOM * max(c.misfits[b] for c in inside)
    after = np.array([c.after for c in inside if c.after])
    scale = SCALES[int(np.argmin(after.mean(0)))] if len(after) else WarmRule().scale
    return WarmRule(sha256, scale, (0,), (near,), max(excess, 1.0), BLENDS[b])


def fit_rule(
    denoiser: MapDenoiser, places: Sequence[Place], sha256: str, changes: Sequence[str] = CHANGES,
    progress: Progress | None = None,
) -> tuple[WarmRule, list[Carried]]:  # fmt: skip
    """Return the rule of a prior, and what of every change was measured for it.

    Args:
        denoiser: the prior.
        places: validation places of several cities.
        sha256: the SHA-256 of its weights.
        changes: asked about.
        progress: called as progress(what, done, total).

    Raises:
        InputError: if there are fewer than two places, or no distance is safe.
    """
    if len(places) < 2:
        raise InputError(f"{len(places)} validation places: wanted at least two")
    found: list[Carried] = []
    elsewhere: list[Carried] = []
    kept: dict[str, Source] = {}
    jobs = [(k, change) for k in range(len(places)) for change in changes]
    for done, (k, change) in enumerate(jobs):
        if progress is not None:
            progress(f"{places[k].city}, {change}", done, len(jobs))
        case = _case(denoiser, places, k, change, kept)
        found.append(_carried(case))
        if change == changes[0]:
            elsewhere.append(_against(case, case.random))
    cities = len({place.city for place in places})
    said = f"{len(found)} changes of {len(places)} validation places of {cities} cities"
    return replace(rule_from(found, elsewhere, sha256), measured_on=said), found


def fit_rows(changes: Sequence[Carried], rule: WarmRule) -> list[Row]:
    """Return the mean ratios of the changes that a rule carries over, by b and by c, with intervals over changes."""
    inside = [c for c in changes if c.each <= rule.near[-1]]
    tables = {"b": (BLENDS, [c.ratios for c in inside]), "c": (SCALES, [c.after for c in inside])}
    rows = []
    for name, (at, values) in tables.items():
        for value, column in zip(at, np.array(values).T, strict=True):
            found, label = mean_interval([float(v) for v in column], list(range(len(column)))), f"{name}={value:g}"
            rows.append(
                plain_row("rule", "fitted", label, "crps_db over cold about the mean", found, len(column), calls=1)
            )
    return rows


def _case(denoiser: MapDenoiser, places: Sequence[Place], k: int, change: str, kept: dict[str, Source]) -> Case:
    place, other = places[k], places[(k + 1) % len(places)]
    away = Frame(other.frame("readings", 0).condition, None, None)
    return Case(denoiser, place, place.frame(change, 1), place.frame(change, 0), away, WarmRule(), kept)


def _carried(case: Case) -> Carried:
    cold = _crps(case, case.cold(4, 2, about=True))
    after = tuple(
        _crps(case, replace(case, rule=WarmRule(scale=c)).carried("centred", 1, case.source)) / cold for c in SCALES
    )
    ratios = tuple(_crps(case, case.carried("centred", 0, blend=b)) / cold for b in BLENDS)
    return replace(_against(case, case.source), ratios=ratios, after=after)


def _against(case: Case, source: Source) -> Carried:
    """Return distance and misfits of an ensemble carried over to the case."""
    each = distance(case.mean, source.belief) / math.sqrt(math.prod(case.shape[1:]))
    warm = (transported(source, case.mean, "centred", b) for b in BLENDS)
    return Carried(each, tuple(misfit(maps, case.mean, source).worst for maps in warm))


def _crps(case: Case, made: Made) -> float:
    if case.frame.truth is None or case.frame.scored is None:
        raise InputError("this frame was not traced, so nothing can be fitted on it")
    drawn = GAIN.decode(made.maps[:, 0].float().numpy()).astype(np.float64)[:, case.frame.scored]
    scale = about_mean(len(drawn)) if made.about else 1.0
    return float(crps_draws(drawn, case.frame.truth[case.frame.scored], scale))
