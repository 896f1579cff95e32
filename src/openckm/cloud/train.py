"""A first prior is trained from the accepted maps of a store by the recipe of the shipped one; the card says from what.

Batches are those of `openckm.training.samples.MixedSet`: whole maps in every third step, quarters and coarsened maps
in the others (quarters alone where no map is fine enough to be coarsened). Maps whose scene is in the suite are never
trained on; its validation maps score the averaged weights at every checkpoint, its test maps the result. Interrupted
at any moment, the same call goes on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openckm.cloud.gate import OVERALL, MapScore
from openckm.cloud.ingest import LICENCES, Entry, MapStore
from openckm.cloud.refresh import RefreshOptions, ReplaySet, claim, free_entries, joined_credits
from openckm.cloud.suite import Progress, Suite, score_models
from openckm.data.coarsen import coarsen
from openckm.errors import OptionError
from openckm.nn.reversible_unet import ReversibleUNet
from openckm.priors.denoiser import Denoiser, MapDenoiser, ReversibleMapDenoiser
from openckm.priors.pretrained import load_prior, save_prior
from openckm.store.card import ModelCard
from openckm.store.weights import require_new_folder
from openckm.training.samples import MixedSet, SampleOptions, TrainingSet
from openckm.training.trainer import Batch, Trainer, TrainOptions

_NETWORKS = {"unet": MapDenoiser, "reversible": ReversibleMapDenoiser}
"""Classes of networks by the name of their architecture."""
_COARSE_BELOW_M = 2.0
"""Maps with cells of at most this side are also shown at twice the cell size [m]."""


@dataclass(frozen=True)
class FirstOptions:
    """How to train a first prior.

    Attributes:
        size: name of a size of the architecture.
        steps: optimiser steps in all; the learning rate falls to 0 over the last 40 %.
        batch: whole maps per batch.
        learning_rate: AdamW's, at its height.
        nothing: share of the samples that are conditioned on nothing at all: the unconditional prior.
        ema: decay of the running average of the weights.
        seed: the seed of everything random.
        architecture: "unet", or "reversible" for training from the network's final state alone
            (`openckm.nn.reversible_unet`).

    Raises:
        OptionError: if a value is out of range.
    """

    size: str = "s"
    steps: int = 8000
    batch: int = 12
    learning_rate: float = 6e-4
    nothing: float = 0.2
    ema: float = 0.998
    seed: int = 0
    architecture: str = "unet"

    def __post_init__(self) -> None:
        if self.architecture not in _NETWORKS:
            raise OptionError(f"architecture {self.architecture!r} is unknown: choose one of {', '.join(_NETWORKS)}")
        sizes = _NETWORKS[self.architecture].sizes
        if self.size not in sizes:
            raise OptionError(f"size {self.size!r} is unknown: choose one of {', '.join(sizes)}")
        if self.steps < 1 or self.batch < 1 or self.seed < 0 or not self.learning_rate > 0:
            raise OptionError(f"{self}: wanted counts and a positive learning rate")
        if not 0.0 <= self.nothing < 1.0 or not 0.0 < self.ema < 1.0:
            raise OptionError(f"{self}: wanted shares in [0, 1)")


def train_first(
    target: Path,
    store: MapStore,
    suite: Suite,
    work: Path,
    *,
    name: str,
    version: str = "0.1.0",
    licence: str = "Apache-2.0",
    options: FirstOptions | None = None,
    seconds: float = math.inf,
    progress: Progress | None = None,
) -> tuple[ModelCard | None, int]:
    """Train a prior from nothing on the maps of a store, and write it as a model folder.

    Args:
        target: folder of the model; must not be there, or be empty.
        store: accepted maps, with their origin.
        suite: maps that are never trained on, by which it is scored.
        work: keeps checkpoint and log.
        name: the name of the model.
        version: the version of the model.
        licence: the licence of its weights, one of `openckm.cloud.ingest.LICENCES`.
        options: how.
        seconds: time for training in this call [s].
        progress: called as progress(what, done, total).

    Returns:
        The card, or None where the time was up before the last step; and the step reached.

    Raises:
        ComputationError: if training diverges.
        InputError: if a map cannot be read.
        ModelError: if the target holds something, or the work folder another training.
        OptionError: if name, version, licence, maps or suite do not fit.
    """
    require_new_folder(target)
    chosen = options or FirstOptions()
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or licence not in LICENCES:
        raise OptionError(f"version {version!r}, licence {licence!r}: wanted 1.2.3 and one of {', '.join(LICENCES)}")
    network = _NETWORKS[chosen.architecture]
    size = network.sizes[chosen.size]
    net = network(size)
    entries = free_entries(store, suite, store.of(*store.regions), 2 * net.multiple)
    claim(work, {"suite": suite.digest, "options": asdict(chosen)}, entries)
    torch.manual_seed(chosen.seed)
    trainer = _trainer(network(size), store, entries, suite, work, chosen, progress)
    step = trainer.run(seconds)
    if step < chosen.steps:
        return None, step
    with trainer.averaged() as averaged:
        if not isinstance(averaged, MapDenoiser):
            raise OptionError("only a MapDenoiser can be published")
        averaged.train(False)
        scores = score_models(suite, {"new": averaged}, "test", progress=progress)["new"]
        described = _described(entries, scores, chosen)
        described["metrics"] |= _drift(averaged)
        save_prior(target, averaged, name=name, version=version, licence=licence, **described)
    return load_prior(target)[1], step


def _trainer(
    net: MapDenoiser,
    store: MapStore,
    entries: Sequence[Entry],
    suite: Suite,
    work: Path,
    options: FirstOptions,
    progress: Progress | None,
) -> Trainer:
    source = _batches(store, entries, options)

    def batches(step: int) -> Batch:
        if progress is not None:
            progress("training", step, options.steps)
        return source(step)

    def validate(model: Denoiser) -> dict[str, float]:
        return _means(score_models(suite, {"new": model}, "validation")["new"])

    plan = TrainOptions(
        steps=options.steps, decay_steps=max(2 * options.steps // 5, 1), warmup_steps=min(200, options.steps // 10),
        learning_rate=options.learning_rate, ema=(options.ema,), seed=options.seed,
    )  # fmt: skip
    return Trainer(net, batches, plan, work / "training", validate=validate)


def _batches(store: MapStore, entries: Sequence[Entry], options: FirstOptions) -> Callable[[int], Batch]:
    sampling = SampleOptions(nothing=options.nothing)
    fine = TrainingSet((store.read(e) for e in entries), sampling)
    small = [e for e in entries if e.cell_m <= _COARSE_BELOW_M]
    if not small:
        how = RefreshOptions(steps=options.steps, batch=options.batch, replay=0.0, seed=options.seed)
        return ReplaySet(None, fine, how).batch
    coarse = TrainingSet((coarsen(store.read(e)) for e in small), sampling)
    return MixedSet(fine, coarse, options.batch, seed=options.seed).batch


def _means(scores: Sequence[MapScore]) -> dict[str, float]:
    """The overall scores, as means over maps."""
    found = {}
    for name, begins in OVERALL.items():
        values = [np.mean([v for key, v in one.values.items() if key.startswith(begins)]) for one in scores]
        found[name] = float(np.mean(values))
    return found


def _described(entries: Sequence[Entry], scores: Sequence[MapScore], options: FirstOptions) -> dict[str, Any]:
    """The card's fields that the network does not know."""
    cells, carriers = [e.cell_m for e in entries], [e.carrier_hz for e in entries]
    regions = sorted({e.region for e in entries})
    metrics: dict[str, float] = {}
    for region in sorted({one.region for one in scores}):
        here = _means([one for one in scores if one.region == region])
        metrics |= {f"{region}_rmse_db": round(here["rmse_db"], 3), f"{region}_denoise": round(here["denoise"], 4)}
    return {
        "cell_m": (min(cells), max(cells)),
        "carrier_hz": (min(carriers), max(carriers)),
        "training_data": f"{len(entries)} maps ({', '.join(regions)}); sources: {'; '.join(_sources(entries))}",
        "recipe": f"ckm cloud train, {options.architecture}, size {options.size}, {options.steps} steps of"
        f" {options.batch} maps",
        "metrics": metrics,
        "credits": joined_credits("", entries),
    }


def _drift(net: MapDenoiser) -> dict[str, float]:
    """Return how far the state of a reversible network is off after going forth and back; nothing of others."""
    network = net.network
    if not isinstance(network, ReversibleUNet):
        return {}
    size, generator = network.options, torch.Generator().manual_seed(0)
    planes = torch.randn(1, size.inputs, 4 * size.multiple, 4 * size.multiple, generator=generator)
    return {"inverse_drift": network.drift(planes, torch.randn(1, size.scalars, generator=generator))}


def _sources(entries: Sequence[Entry]) -> list[str]:
    return sorted({e.source for e in entries})
