"""The product's rule over the frames of a sequence, and on ensembles of other cities."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from openckm.data.sequences import FRAMES, SCORED
from openckm.evaluate.flux.methods import DRAWS, FILL, NUMBERS, SOURCE_SEED, Case, Made
from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.evaluate.worlds.moving import Place
from openckm.flux.fallback import misfit
from openckm.flux.stages import Chain
from openckm.flux.start import Source, WarmRule, distance, transported
from openckm.priors.denoiser import Denoiser
from openckm.priors.posterior import posterior_mean


def run_stream(denoiser: Denoiser, place: Place, change: str, rule: WarmRule) -> Iterator[tuple[int, Made]]:
    """Yield the scored frames of a stream with the calls of all frames until then."""
    source: Source | None = None
    calls, begun = 0, time.process_time()
    shape = (5, *place.grid.shape)
    for number in range(FRAMES + 1):
        condition = place.frame(change, number).condition
        belief = posterior_mean(denoiser, condition, symmetrise=False)
        calls += 1
        maps = None
        if source is not None:
            cells = shape[1] * shape[2]
            if rule.steps_at(distance(belief, source.belief), cells) is not None:
                warm = transported(source, belief, "centred")
                maps = warm if misfit(warm, belief, source).worst <= rule.excess else None
        if maps is None:
            cold = Chain(denoiser, condition, SOURCE_SEED).cold(FILL, NUMBERS, shape)
            source = Source(cold.half().float(), belief)
            calls += FILL * DRAWS
            maps = transported(source, belief, "centred")
        if number in SCORED[1:]:
            yield number, Made(maps, calls, time.process_time() - begun, about=True)


def refused(cases: Sequence[Case], rule: WarmRule) -> list[Row]:
    """Return the share of other cities' ensembles that are refused by distance, by misfit, and by either."""
    far, unfit = [], []
    for case in cases:
        for other in cases:
            if other is case:
                continue
            source = other.source
            cells = math.prod(case.shape[1:])
            far.append(rule.steps_at(distance(case.mean, source.belief), cells) is None)
            warm = transported(source, case.mean, "centred")
            unfit.append(misfit(warm, case.mean, source).worst > rule.excess)
    rows = []
    either = [a or b for a, b in zip(far, unfit, strict=True)]
    for name, values in (("by distance", far), ("by misfit", unfit), ("by either", either)):
        if values:
            found = mean_interval([float(v) for v in values], list(range(len(values))))
            rows.append(plain_row("rule", "random found", name, "share", found, len(values), calls=1))
    return rows
