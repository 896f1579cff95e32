"""A prior is taught its site, on the site, from its own readings, and kept only where blocks that were not used say so.

Blocks of readings are dealt into FOLDS folds. For each fold, low-rank factors (`openckm.priors.adapter`) are taught by
the other folds' blocks (`openckm.edge.lesson`): a quarter of those decides when to stop, the rest teaches. What the
fold's own blocks say, before and after, is a true prediction, and all blocks together judge how much of the factors is
added (`openckm.edge.judging`). What a site wants is a better map, and a network that errs less does not always make
one: where it stays far behind kriging, its smaller error earns it weight that it does not deserve (cell C of
`ckm bench adapt`). So the whole of `ckm construct` is asked, too, with and without the factors: given the readings of
the other folds, it predicts those of each. The delta is written only if the network's error falls by 1 % at least,
beyond its interval, and the map's falls, too. It holds every fold's factors, so maps made with it can tell what was
taught from what was not, and a fingerprint of the station's place, for elsewhere the prior is asked as it was
(`openckm.priors.adapted`).

Interrupted at any moment, the same call goes on from the work folder beside the output and writes the same delta to the
bit, unless time ended a fold. The delta never leaves the node by itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openckm.edge.judging import CHANCE, Factors, map_rmse, rmse, scaled, weighed
from openckm.edge.prepared import prepare, read_lines
from openckm.edge.reading import ReadingOptions, from_keywords, read_evidence
from openckm.edge.teaching import FOLDS, AdaptOptions, Report, blocks_with_readings, least_mb, most_told, plan_of, teach
from openckm.errors import ComputationError, Diverged, ModelError
from openckm.maps.csv import Files
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site_plan import SitePlan
from openckm.nn.memory import give_back, resident_mb
from openckm.nn.recompute import Plan
from openckm.nn.uncompiled import without_compiler
from openckm.priors.adapted import place_print, with_delta
from openckm.priors.adapter import UP
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.posterior import one_by_one
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.store.card import ModelCard
from openckm.store.delta import Delta
from openckm.store.weights import write_aside

__all__ = ["adapt"]


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What became of an adaptation.

    Attributes:
        delta: what was learnt, whether or not it is kept.
        kept: whether blocks that were not used say that it is better.
        plan: how a step was run, and its computed peak of memory.
        steps: the number of steps after which each fold was stopped.
        weight: share of what was learnt that the delta adds.
        seconds: time it took [s].
        peak_mb: what it took at most above what the process held at the beginning [MiB]; NaN where nobody can tell.
        budget_mb: what it was given [MiB].
        limits: cells whose readings are limits alone, which did not teach.
        told: share of the other folds' cells with readings that the map was told when it was judged, for the budget's
            sake.
        said: what was read and assumed, one line each.
    """

    delta: Delta
    kept: bool
    plan: Plan
    steps: tuple[int, ...]
    weight: float
    seconds: float
    peak_mb: float = math.nan
    budget_mb: float = math.inf
    limits: int = 0
    told: float = 1.0
    said: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the record as text."""
        d = self.delta
        verdict = "kept" if self.kept else "refused: readings that were held back do not show that it helps"
        if d.network_helps and not self.kept:
            verdict = "refused: the network errs less, but the map that is made with it does not; readings decide it"
        left = f" (told {self.told:.0%} of the other folds' cells, for the budget)" if self.told < 1.0 else ""
        besides = f" ({self.limits} more hold limits alone, which do not teach)" if self.limits else ""
        return "\n".join([
            *self.said,
            f"  taught   {d.model} {d.version} by {d.readings} cells with readings{besides} in {len(d.blocks)}"
            f" blocks of {d.block_m:g} m, {d.folds} folds, stopped at {', '.join(map(str, self.steps))} steps",
            f"  memory   {self._memory()}, recomputing: {self.plan.policy}",
            f"  judged   on blocks that were not used, {self.weight:.0%} of what was learnt: {d.rmse_before_db:.2f} dB"
            f" before, {d.rmse_after_db:.2f} dB after ({d.ratio - 1:+.1%}, at most {d.ratio_high - 1:+.1%} with a"
            f" chance of {CHANCE:.0%})",
            *([f"  map      on the same blocks: {d.map_before_db:.2f} dB before, {d.map_after_db:.2f} dB after{left}"]
              if d.map_before_db else []),
            f"  status   {verdict}",
            f"  took     {self.seconds:.0f} s",
        ])  # fmt: skip

    def _memory(self) -> str:
        """Return what was computed and what was measured, and whether the budget was kept."""
        said = f"{self.plan.peak_mb:.0f} MiB above the prior computed for a step"
        if math.isnan(self.peak_mb):
            return said
        over = self.peak_mb - self.budget_mb
        return f"{said}, {self.peak_mb:.0f} at most in all" + (f" ({over:.0f} over the budget)" if over > 0 else "")


def adapt(
    measurements: Files,
    output: Path,
    site: SitePlan | None = None,
    *,
    reading: ReadingOptions | None = None,
    options: AdaptOptions | None = None,
    prior: str | os.PathLike[str] | None = None,
    on_progress: Report | None = None,
    **loose: Any,
) -> Adaptation:
    """Teach a prior a site and write a delta, if it helps; arguments and errors of reading as for `construct`.

    Args:
        measurements: the site's own readings.
        output: the delta; an older one there stays until a better one is written, and if none is.
        site: the base station and the map.
        reading: how the measurement file is read.
        options: how it is learnt.
        prior: model folder; None for the embedded prior.
        on_progress: called with (what, done, in all) while the work goes on.
        **loose: attributes of `SitePlan` and of `ReadingOptions` one by one.

    Raises:
        InputError: if anything given cannot be used, there are too few readings or blocks, or the budget is too small.
        ModelError: if the prior cannot be loaded, the work folder belongs to another adaptation, or the delta cannot be
            written.
        ComputationError: if training diverges; nothing is written.
    """
    site, reading = from_keywords(site, reading, loose)
    read = read_evidence(measurements, site, reading)
    given = prepare(read, site, reading.sigma_db)
    loaded = embedded_prior() if prior is None else load_prior(Path(prior))
    work = output.with_name(f"{output.name}.work")
    try:
        done = adapt_to(
            given.observations, given.grid, loaded, options or AdaptOptions(), work, on_progress=on_progress
        )  # fmt: skip
    except Diverged as error:
        shutil.rmtree(work, ignore_errors=True)  # going on from there would diverge again
        raise ComputationError(
            f"teaching diverged ({error.found}): nothing was written. Look for readings that are far off, or use the"
            " prior as it is"
        ) from error
    if done.kept:
        done.delta.write(output)
    shutil.rmtree(work, ignore_errors=True)
    return replace(done, said=tuple(read_lines(given.report or read.report, read.observations, given.notes)))


@one_by_one()
@without_compiler()
def adapt_to(
    observations: Observations,
    grid: Grid,
    loaded: tuple[MapDenoiser, ModelCard],
    options: AdaptOptions,
    work: Path,
    *,
    on_progress: Report | None = None,
) -> Adaptation:
    """Teach a prior in memory a site; errors as for `adapt`.

    Args:
        observations: readings, base station and layout.
        grid: the cells of the map.
        loaded: the prior and its card.
        options: how.
        work: folder of checkpoints, from which an interrupted adaptation goes on.
        on_progress: called with (what, done, in all).
    """
    give_back()  # what loading left behind is no room of ours
    begun, held = time.monotonic(), resident_mb("VmRSS")
    net, card = loaded
    dealt = blocks_with_readings(observations, grid, net, options.seed)
    least, readings = least_mb(net, grid.shape), dealt.readings
    plan = plan_of(net, options, grid.shape, least)
    _claim(work, observations, card, options)
    report = on_progress or (lambda *_: None)
    taught, steps = teach(observations, grid, net, dealt, options, plan, work, report)
    verdict = weighed(net, taught, len(dealt.blocks), options.seed)
    factors = _joined([scaled(found, verdict.weight) for _, found in taught])
    table = np.concatenate([dealt.blocks, dealt.fold[:, None]], axis=1).astype(np.int16)
    salt = hashlib.sha256(f"{_seen(observations)} {options.seed}".encode()).hexdigest()[:16]
    delta = Delta(
        card.name, card.version, card.sha256, options.place, options.licence, readings, dealt.block_m,
        rmse(verdict.before, readings), rmse(verdict.after, readings), verdict.ratio, verdict.high,
        _recipe(options, verdict.weight), FOLDS, table, factors, salt, _print(observations, grid, salt),
    )  # fmt: skip
    del taught  # lessons are no longer needed, and judging needs the room
    told = 1.0
    if options.judge_map and delta.network_helps:
        report("judging", 1, 1)
        most = most_told(options, least)
        before, told = map_rmse(observations, grid, net, delta, most)
        after, _ = map_rmse(observations, grid, with_delta(net, delta), delta, most)
        delta = replace(delta, map_before_db=before, map_after_db=after)
    took, peak = time.monotonic() - begun, resident_mb("VmHWM") - held
    return Adaptation(
        delta, delta.helps, plan, steps, verdict.weight, took, peak, options.budget_mb, dealt.limits, told
    )  # fmt: skip


def _print(observations: Observations, grid: Grid, salt: str) -> str:
    return "" if observations.transmitter is None else place_print(grid, observations.transmitter, salt)


def _seen(observations: Observations) -> str:
    """Return the SHA-256 of the readings that teach."""
    points = observations.gain_points()
    parts = (np.ascontiguousarray(v).tobytes() for v in (points.x, points.y, points.value))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _joined(factors: Sequence[Factors]) -> Factors:
    """Put the folds' factors one after the other."""
    return {
        name: np.concatenate([one[name] for one in factors], axis=1 if name.endswith(UP) else 0) for name in factors[0]
    }


def _recipe(options: AdaptOptions, weight: float) -> str:
    said = {
        k: v for k, v in asdict(options).items() if k not in ("place", "licence", "minutes", "budget_mb", "judge_map")
    }
    said["weight"] = weight
    return "ckm edge adapt, " + ", ".join(f"{k} {v}" for k, v in said.items())


def _claim(work: Path, observations: Observations, card: ModelCard, options: AdaptOptions) -> None:
    """Make the work folder this adaptation's, or go on in it.

    Raises:
        ModelError: if it belongs to another one.
    """
    said = {**asdict(options), "parent": card.sha256, "readings": _seen(observations), "torch": torch.__version__}
    text = json.dumps({k: v for k, v in said.items() if k not in ("minutes", "place", "licence")}, sort_keys=True)
    path = work / "about.json"
    if not path.exists():
        write_aside(path, text.encode())
    elif path.read_text() != text:
        raise ModelError(f"{work}: it belongs to another adaptation that was interrupted; remove it to start afresh")
