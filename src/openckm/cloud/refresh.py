"""A published prior is refreshed on new regions without forgetting the old ones.

1. Training goes on from the parent's weights on batches of which a share is replayed from the old regions, anchored to
   the parent (`openckm.cloud.anchor`); the result is the running average of the weights.
2. Parent and result are interpolated; the weight is chosen on the suite's validation maps of old and new regions.
3. The version at that weight, rounded as it would be published, and the parent are scored on the suite's test maps, and
   `openckm.cloud.gate` decides. Only what passes is written, as a new model folder, whole or not at all.

Maps whose scene is in the suite are never trained on. The work folder keeps the checkpoint: interrupted at any moment,
the same call goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openckm.cloud.anchor import Anchored
from openckm.cloud.gate import Choice, GateOptions, Verdict
from openckm.cloud.ingest import Entry, MapStore
from openckm.cloud.judge import PRECISION, judge
from openckm.cloud.suite import Suite
from openckm.errors import ModelError, OptionError
from openckm.evaluate.report.rows import peak_mb
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.pretrained import load_prior, save_prior
from openckm.store.card import ModelCard
from openckm.store.lineage import Lineage
from openckm.store.weights import require_new_folder, write_aside
from openckm.training.samples import SampleOptions, TrainingSet
from openckm.training.trainer import Batch, Trainer, TrainOptions

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RefreshOptions:
    """How to refresh.

    Attributes:
        steps: optimiser steps in all; the learning rate falls to 0 over the second half.
        batch: whole maps per batch; two batches of three hold twice as many quarters of maps.
        learning_rate: AdamW's, at its height.
        replay: share of the samples that come from old regions.
        replay_maps: old maps kept for it, drawn over all old regions.
        anchor: decay of the difference to the parent [per unit of learning rate and step].
        ema: decay of the running average of the weights.
        weights: the interpolation weights to choose from, each in (0, 1].
        nothing: share of the samples that are conditioned on nothing at all: the unconditional prior.
        seed: the seed of the choice of maps, evidence and noise.
        gate: the gate's numbers.

    Raises:
        OptionError: if a value is out of range.
    """

    steps: int = 2000
    batch: int = 8
    learning_rate: float = 2e-4
    replay: float = 0.4
    replay_maps: int = 512
    anchor: float = 1.0
    ema: float = 0.99
    weights: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    nothing: float = 0.2
    seed: int = 0
    gate: GateOptions = field(default_factory=GateOptions)

    def __post_init__(self) -> None:
        shares = {"replay": self.replay, "nothing": self.nothing}
        if self.steps < 1 or self.batch < 1 or self.replay_maps < 1 or self.seed < 0:
            raise OptionError(f"{self.steps=}, {self.batch=}, {self.replay_maps=}, {self.seed=}: wanted counts")
        if any(not 0.0 <= share < 1.0 for share in shares.values()) or not 0.0 < self.ema < 1.0:
            raise OptionError(f"{shares}, ema {self.ema}: wanted shares in [0, 1)")
        if not self.learning_rate > 0 or not self.anchor >= 0 or self.learning_rate * self.anchor >= 1:
            raise OptionError(f"learning rate {self.learning_rate}, anchor {self.anchor}: wanted positive, product < 1")
        if not self.weights or not all(0.0 < weight <= 1.0 for weight in self.weights):
            raise OptionError(f"interpolation weights {self.weights}: wanted some in (0, 1]")


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did.

    Attributes:
        status: "published", "refused" by the gate, or "unfinished" when the time was up: call again to go on.
        parent: version that it went on from.
        version: version that was, or would have been, published.
        step: training steps done.
        replayed: maps that were replayed.
        new: maps of the new regions that were trained on.
        suite: digest of the suite.
        weight: chosen weight of the interpolation; None while unfinished.
        choices: what each weight does on the validation maps.
        verdict: the gate's; None while unfinished.
        score_s: wall-clock time of the test scores per map and model [s].
        peak_mb: largest resident memory of the process so far [MB].
    """

    status: str
    parent: str
    version: str
    step: int
    replayed: int
    new: int
    suite: str
    weight: float | None = None
    choices: tuple[Choice, ...] = ()
    verdict: Verdict | None = None
    score_s: float = 0.0
    peak_mb: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return asdict(self)


class ReplaySet:
    """Batches of old and new maps; `batch(step)` is a function of (seed, step) alone."""

    def __init__(self, old: TrainingSet | None, new: TrainingSet, options: RefreshOptions) -> None:
        """Prepare batches.

        Args:
            old: maps to be replayed; None where nothing is.
            new: maps of the new regions.
            options: share of replay, size and seed.

        Raises:
            OptionError: if there is a share of replay but nothing to replay.
        """
        if old is None and options.replay > 0:
            raise OptionError("there is no old map to replay: add some to the store, or set the share of replay to 0")
        self.old, self.new, self.options = old, new, options

    def batch(self, step: int) -> Batch:
        """Return the batch of a training step: whole maps in every third, quarters of maps in the others."""
        fold = 1 if step % 3 == 0 else 2
        size = self.options.batch * fold
        rng = np.random.default_rng([self.options.seed, step])
        count = int(rng.binomial(size, self.options.replay)) if self.old is not None else 0
        parts = []
        for source, items in ((self.old, count), (self.new, size - count)):
            if source is not None and items:
                parts.append(source.sample(rng.integers(len(source), size=items), rng, fold=fold))
        return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[Batch]) -> Batch:
    condition = Condition.join([p.condition for p in parts])
    return Batch(torch.cat([p.clean for p in parts]), condition, torch.cat([p.weight for p in parts]))


def refresh(
    parent: Path,
    target: Path,
    store: MapStore,
    suite: Suite,
    new_regions: Sequence[str],
    work: Path,
    *,
    options: RefreshOptions | None = None,
    version: str = "",
    seconds: float = math.inf,
    progress: Progress | None = None,
) -> RefreshReport:
    """Go on training a published prior on new regions, and publish the result if the gate lets it pass.

    Args:
        parent: model folder.
        target: folder of the new model; must not be there, or be empty.
        store: maps; all regions but the new ones are old.
        suite: must hold the new regions and at least one old one.
        new_regions: regions of the store to be learned.
        work: keeps checkpoint, log and report.json.
        options: how.
        version: the version of the new model; "" counts the parent's minor version up.
        seconds: time for training in this call [s].
        progress: called as progress(what, done, total).

    Raises:
        ComputationError: if training diverges.
        InputError: if a map cannot be read.
        ModelError: if the parent cannot be read, the target holds something, or the work folder another refresh.
        OptionError: if regions, version or suite do not fit.
    """
    require_new_folder(target)
    chosen = options or RefreshOptions()
    old_net, card = load_prior(parent)
    version = version or next_version(card.version)
    _check(card, version, suite, new_regions)
    old, new = _training_entries(store, suite, new_regions, chosen, 2 * card.grid_multiple)
    plan = {"parent": card.sha256, "suite": suite.digest, "options": _training_options(chosen)}
    claim(work, plan, [*old, *new])
    anchored, step = _train(old_net, store, old, new, work, chosen, seconds, progress)
    report = RefreshReport("unfinished", card.version, version, step, len(old), len(new), suite.digest)
    if anchored is not None:
        judged = judge(
            old_net, anchored, suite, new_regions, weights=chosen.weights, gate=chosen.gate,
            progress=progress,
        )  # fmt: skip
        report = replace(
            report, status="refused", weight=judged.weight, choices=judged.choices, verdict=judged.verdict,
            score_s=judged.score_s, peak_mb=peak_mb(),
        )  # fmt: skip
        if judged.verdict.publish:
            made = _described(report, judged.verdict, card, old, new, _samples(chosen))
            save_prior(target, judged.net, precision=PRECISION, **made)
            report = replace(report, status="published")
    write_aside(work / "report.json", (json.dumps(report.to_dict(), indent=1) + "\n").encode())
    return report


def next_version(version: str) -> str:
    """Return a version with its minor number counted up: 1.2.3 becomes 1.3.0."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def _check(card: ModelCard, version: str, suite: Suite, new_regions: Sequence[str]) -> None:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise OptionError(f"version {version!r}: wanted three numbers such as 1.2.3")
    if tuple(map(int, version.split("."))) <= tuple(map(int, card.version.split("."))):
        raise OptionError(f"version {version} does not follow the parent's {card.version}: choose a higher one")
    if not new_regions:
        raise OptionError("name at least one new region")
    for part in ("validation", "test"):
        held = suite.regions(part)
        if not set(new_regions) <= set(held) or set(held) <= set(new_regions):
            raise OptionError(
                f"the suite's {part} maps are of {', '.join(held) or 'no region'}: wanted the new regions"
                f" ({', '.join(new_regions)}) and at least one old one; freeze one with `ckm cloud suite`"
            )


def _training_entries(
    store: MapStore, suite: Suite, new_regions: Sequence[str], options: RefreshOptions, multiple: int
) -> tuple[list[Entry], list[Entry]]:
    """Old and new maps to train on: none of a scene of the suite, old ones drawn at random up to `replay_maps`."""
    new = free_entries(store, suite, store.of(*new_regions), multiple)
    others = sorted(set(store.regions) - set(new_regions))
    old = _free(suite, store.of(*others)) if options.replay > 0 and others else []
    pick = np.random.default_rng([options.seed, 1]).permutation(len(old))[: options.replay_maps]
    old = [old[k] for k in sorted(pick)]
    _one_shape([*old, *new], multiple)
    return old, new


def free_entries(store: MapStore, suite: Suite, entries: Sequence[Entry], multiple: int) -> list[Entry]:
    """Return the maps that may be trained on: those of no scene of the suite, all of one shape.

    Args:
        store: the store that they are from.
        suite: what is kept away from.
        entries: the entries to choose from.
        multiple: sides must be divisible by this many cells.

    Raises:
        OptionError: if none is left, or shapes do not fit.
    """
    found = _free(suite, entries)
    if not found:
        where = ", ".join(sorted({e.region for e in entries})) or store.folder
        raise OptionError(f"every map of {where} is in a scene of the suite: add maps to train on")
    _one_shape(found, multiple)
    return found


def _free(suite: Suite, entries: Sequence[Entry]) -> list[Entry]:
    names = {item.sha256 for item in suite.items}
    return [e for e in entries if e.scene not in suite.scenes and e.sha256 not in names]


def _one_shape(entries: Sequence[Entry], multiple: int) -> None:
    shapes = {entry.shape for entry in entries}
    if len(shapes) > 1 or any(side % multiple for shape in shapes for side in shape):
        raise OptionError(f"maps of {sorted(shapes)} cells: wanted one shape, of sides divisible by {multiple}")


def claim(work: Path, plan: dict[str, Any], entries: Sequence[Entry]) -> None:
    """Say in the work folder what is trained there, or refuse one where something else is.

    Args:
        work: the folder.
        plan: what the training depends on, beside the maps.
        entries: maps that are trained on.

    Raises:
        ModelError: if another training is there, or the folder cannot be written.
    """
    maps = hashlib.sha256(" ".join(entry.sha256 for entry in entries).encode()).hexdigest()
    content = (json.dumps({**plan, "maps": maps}, indent=1) + "\n").encode()
    path = work / "plan.json"
    if path.exists() and path.read_bytes() != content:
        raise ModelError(
            f"{work} holds another refresh or training (other parent, suite, maps or options): give another work"
            " folder, or remove it"
        )
    write_aside(path, content)


def joined_credits(before: str, entries: Sequence[Entry]) -> str:
    """Return whom a card must credit: those credited before, then the contributors of some maps with their licences."""
    made = dict.fromkeys([*([before] if before else []), *sorted(f"{e.contributor} ({e.licence})" for e in entries)])
    return "; ".join(made)


def _training_options(options: RefreshOptions) -> dict[str, Any]:
    """The options that the training depends on; the same training may be judged again by others."""
    return {name: value for name, value in asdict(options).items() if name not in ("weights", "gate")}


def _train(
    parent: MapDenoiser,
    store: MapStore,
    old: Sequence[Entry],
    new: Sequence[Entry],
    work: Path,
    options: RefreshOptions,
    seconds: float,
    progress: Progress | None,
) -> tuple[Anchored | None, int]:
    """Return the averaged network, or None where the time was up before the last step, and the step reached."""
    sampling = SampleOptions(nothing=options.nothing)
    sets = [TrainingSet((store.read(e) for e in part), sampling) if part else None for part in (old, new)]
    if sets[1] is None:
        raise OptionError("no map to train on")
    source = ReplaySet(sets[0], sets[1], options)

    def batches(step: int) -> Batch:
        if progress is not None:
            progress("training", step, options.steps)
        return source.batch(step)

    plan = TrainOptions(
        steps=options.steps, decay_steps=max(options.steps // 2, 1), warmup_steps=min(50, options.steps // 10),
        learning_rate=options.learning_rate, weight_decay=options.anchor, ema=(options.ema,),
        checkpoint_s=120.0, seed=options.seed,
    )  # fmt: skip
    anchored = Anchored(parent)
    trainer = Trainer(anchored, batches, plan, work / "training")
    step = trainer.run(seconds)
    if step < options.steps:
        return None, step
    with trainer.averaged():
        averaged = Anchored(parent)
        averaged.load_state_dict(anchored.state_dict())
    return averaged, step


def _described(
    report: RefreshReport, verdict: Verdict, card: ModelCard, old: Sequence[Entry], new: Sequence[Entry], samples: int
) -> dict[str, Any]:
    """The card's fields that the network does not know."""
    regions = tuple(sorted({entry.region for entry in new}))
    weight = report.weight or 0.0
    lineage = Lineage(
        card.version, card.sha256, regions, tuple(sorted({entry.region for entry in old})), samples, weight,
        report.suite, verdict.ratios(),
    )  # fmt: skip
    cells, carriers = [e.cell_m for e in new], [e.carrier_hz for e in new]
    return {
        "name": card.name,
        "version": report.version,
        "cell_m": (min(*card.cell_m, *cells), max(*card.cell_m, *cells)),
        "carrier_hz": (min(*card.carrier_hz, *carriers), max(*card.carrier_hz, *carriers)),
        "training_data": f"{card.training_data}; refreshed on {len(new)} maps of {', '.join(regions)}",
        "recipe": f"{card.recipe}; ckm cloud refresh, {report.step} steps, weight {weight:g}",
        "metrics": {f"{c.region}_rmse_db": round(c.new, 3) for c in verdict.comparisons if c.score == "rmse_db"},
        "licence": card.licence,
        "credits": joined_credits(card.credits, new),
        "lineage": lineage,
    }


def _samples(options: RefreshOptions) -> int:
    whole = (options.steps + 2) // 3
    return options.batch * (whole + 2 * (options.steps - whole))
