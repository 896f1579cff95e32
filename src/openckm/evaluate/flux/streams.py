"""The product's rule over the frames of a sequence, and on ensembles of other cities."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openckm.data.sequences import FRAMES, SCORED
from openckm.evaluate.flux.methods import DRAWS, FILL, NUMBERS, SOURCE_SEED, Case, Made
from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.evaluate.worlds.moving import Place
from openckm.flux.fallback import misfit
from openckm.flux.stages import Chain, Maps
from openckm.flux.start import Source, WarmRule, distance, transported
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean


@dataclass(frozen=True)
class Streamed:
    """How a stream is run.

    Attributes:
        symmetrise: whether the mean of a frame is that over 8 orientations.
        every: start cold at every so many frames, whatever the rule says; 0: never for that reason.
    """

    symmetrise: bool = False
    every: int = 0


STREAMS = {"stream": Streamed(), "stream_mean_8": Streamed(symmetrise=True), "stream_every_8": Streamed(every=8)}
"""The streams that are run, by the name of their rows."""


def run_stream(
    denoiser: Denoiser, place: Place, change: str, rule: WarmRule, how: Streamed | None = None
) -> Iterator[tuple[int, Made]]:
    """Yield the scored frames of a stream with the calls of all frames until then."""
    chosen = how or Streamed()
    source: Source | None = None
    calls, begun = 0, time.process_time()
    shape = (5, *place.grid.shape)
    for number in range(FRAMES + 1):
        condition = place.frame(change, number).condition
        belief = posterior_mean(denoiser, condition, symmetrise=chosen.symmetrise)
        calls += 8 if chosen.symmetrise else 1
        due = chosen.every > 0 and number % chosen.every == 0
        maps = None if source is None or due else _carried(source, belief, rule)
        about = maps is not None
        if maps is None:
            maps = Chain(denoiser, condition, SOURCE_SEED).cold(FILL, NUMBERS, shape)
            source = Source(maps.half().float(), belief)
            calls += FILL * DRAWS
        if number in SCORED[1:]:
            yield number, Made(maps, calls, time.process_time() - begun, about=about)


def _carried(source: Source, belief: Denoised, rule: WarmRule) -> Maps | None:
    """Return the ensemble carried over, or None where the rule wants a cold start."""
    cells = math.prod(belief.mean.shape[-2:])
    if rule.steps_at(distance(belief, source.belief), cells) is None:
        return None
    warm = transported(source, belief, "centred", rule.blend)
    return warm if misfit(warm, belief, source).worst <= rule.excess else None


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
            warm = transported(source, case.mean, "centred", rule.blend)
            unfit.append(misfit(warm, case.mean, source).worst > rule.excess)
    rows = []
    either = [a or b for a, b in zip(far, unfit, strict=True)]
    for name, values in (("by distance", far), ("by misfit", unfit), ("by either", either)):
        if values:
            found = mean_interval([float(v) for v in values], list(range(len(values))))
            rows.append(plain_row("rule", "random found", name, "share", found, len(values), calls=1))
    return rows
