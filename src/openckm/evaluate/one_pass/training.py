"""Training of one-pass networks: one loop for all of them, so that they differ in nothing but themselves.

AdamW per group of parameters, a linear rise over the first twentieth of the training, then a cosine to 0 (P3, Section
V-A3). A training is as long as so many samples, or as so much processor time, so that networks can be compared at
either. Samples, symmetries and noise of a step are functions of (seed, step), so an interrupted training goes on as it
would have; weights of a step that gave a loss or gradient that is not finite are never kept.

While it is trained, a batch norm divides by the spread of a batch of a few maps, later by its running average: another
network. In the last part of a training batch norms keep their averages, so that what is trained is what answers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from openckm.errors import InputError
from openckm.evaluate.one_pass.samples import PaperSamples, Samples, ShardSamples, batch_of, flattened
from openckm.evaluate.scores.image_metrics import METRICS, as_png, image_scores
from openckm.infer.scene import prepare_scene
from openckm.maps.observations import Observations
from openckm.maps.site import Layout
from openckm.nn.arithmetic import cast
from openckm.predict.code import behind_buildings, scale_of
from openckm.predict.loss import LossOptions
from openckm.predict.networks import MapNetwork, build_network, with_rays
from openckm.predict.predictor import predict_gain, sight
from openckm.predict.pretrained import embedded_network
from openckm.predict.spread import Spread, fit_spread
from openckm.training.loop import Loop

_LOG = "log.jsonl"


@dataclass(frozen=True)
class MapTrainOptions:
    """How a one-pass network is trained.

    Attributes:
        network: its name (`openckm.predict.networks`).
        samples: training samples, repetitions counted.
        minutes: processor time of the training, all threads together [min], in the place of `samples` where given.
        batch: samples per step.
        learning_rate: AdamW's, at its height.
        weight_decay: AdamW's.
        clip: bound on the gradient norm.
        settled: last share of the training in which batch norms keep their running averages.
        loss: weights of P3's loss.
        symmetries: draw one of the 8 symmetries for every sample.
        checkpoint_s: seconds between checkpoints.
        validation: validation samples that are scored at a checkpoint.
        seed: the seed of weights, samples, symmetries and noise.
        start: whether to begin with the shipped network, given the planes that it does not read yet.
    """

    network: str = "radiomamba-small"
    samples: int = 20_000
    minutes: float | None = None
    batch: int = 8
    learning_rate: float = 9e-4
    weight_decay: float = 1e-4
    clip: float = 1.0
    settled: float = 0.3
    loss: LossOptions = field(default_factory=LossOptions)
    symmetries: bool = True
    checkpoint_s: float = 300.0
    validation: int = 32
    seed: int = 1
    start: bool = False

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the training that so many steps, which took so long [s], are; 1 at its end."""
        if self.minutes is None:
            return min(1.0, step * self.batch / self.samples)
        return min(1.0, seconds / (60.0 * self.minutes))

    def rate(self, progress: float) -> float:
        """Return the learning rate at a share of the training."""
        rise = min(1.0, 0.05 + progress / 0.05)
        return self.learning_rate * rise * 0.5 * (1.0 + math.cos(math.pi * progress))


class MapTrainer(Loop):
    """A training that stands at a step; an existing checkpoint in its folder is resumed."""

    network: MapNetwork

    def __init__(
        self, samples: Samples, options: MapTrainOptions, folder: Path, *, held: Samples | None = None,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        """Prepare a training.

        Args:
            samples: to learn from.
            options: how.
            folder: holds the checkpoint and the log.
            held: validation samples, scored at every checkpoint.
            device: "cpu" or "cuda".

        Raises:
            ModelError: if a checkpoint in the folder belongs to another training or is broken.
            OptionError: if the network is unknown.
        """
        self.samples, self.options, self.held = samples, options, held
        self.device = torch.device(device)
        torch.manual_seed(options.seed)
        network = build_network(options.network, samples.code)
        if options.start:
            shipped = embedded_network()[0]
            if shipped.code != samples.code:
                network = with_rays(shipped, options.network)
            else:
                network.load_state_dict(shipped.state_dict())
        network = network.to(self.device)
        optimisers = {
            name: torch.optim.AdamW(group, lr=options.learning_rate, weight_decay=options.weight_decay)
            for name, group in network.groups().items()
        }
        super().__init__(
            folder, network, optimisers, clip=options.clip, checkpoint_s=options.checkpoint_s,
            device=self.device.type,
        )  # fmt: skip
        self.resume(self.device)

    @property
    def progress(self) -> float:
        """Share of the training that is done."""
        return self.options.progress(self.step, self.seconds)

    @property
    def done(self) -> bool:
        """Whether the last step is done."""
        return self.progress >= 1.0

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        return self.options.rate(self.progress)

    @property
    def what(self) -> str:
        """The network's name."""
        return self.options.network

    def _ready(self) -> None:
        """Put the network into the mode in which it is trained."""
        self.network.train()
        if self.progress >= 1.0 - self.options.settled:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.train(False)

    def gradients(self) -> Iterator[tuple[str, float]]:
        """Yield the losses of the network's groups of weights, on one batch."""
        o = self.options
        self._ready()
        rng = np.random.default_rng([o.seed, self.step])
        chosen = rng.integers(len(self.samples), size=o.batch)
        turns = rng.integers(8, size=o.batch) if o.symmetries else np.zeros(o.batch, np.int64)
        batch = batch_of(self.samples, chosen, turns)
        batch = batch._replace(
            planes=batch.planes.to(self.device), source=batch.source.to(self.device),
            target=batch.target.to(self.device), known=None if batch.known is None else batch.known.to(self.device),
        )  # fmt: skip
        generator = torch.Generator().manual_seed(o.seed * 1_000_003 + self.step)
        for name in self.network.groups():
            with cast(self.device.type):
                loss = self.network.loss(name, batch, o.loss, generator)
            yield name, self.back(loss, name)

    def save(self, losses: Sequence[float]) -> None:
        """Write the checkpoint, and a line of the log with the scores of held maps."""
        super().save(losses)
        entry: dict[str, Any] = {"step": self.step, "samples": self.step * self.options.batch}
        entry |= {"seconds": round(self.seconds, 1), "progress": round(self.progress, 4)}
        entry["loss"] = float(np.mean(losses)) if losses else None
        if self.held is not None:
            count = min(self.options.validation, len(self.held))
            entry |= map_scores(self.network, self.held, range(count))
        with (self.folder / _LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def mark(self) -> str:
        """Return what must not differ between a checkpoint and the training that resumes it."""
        kept = asdict(self.options) | {"maps": len(self.samples)}
        return json.dumps({k: v for k, v in kept.items() if k not in ("checkpoint_s", "validation")}, sort_keys=True)


def _answer(network: MapNetwork, samples: Samples, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    one = samples.sample(k)
    device = next(network.parameters()).device
    planes, source = torch.as_tensor(one.planes)[None].to(device), torch.tensor([one.source]).to(device)
    was = network.training
    network.train(False)
    with torch.no_grad(), cast(device.type):
        answer = network(planes, source)[0, 0].float().cpu().numpy()
    network.train(was)
    return answer, one.target, one.known


def map_scores(network: MapNetwork, samples: Samples, chosen: Sequence[int]) -> dict[str, float]:
    """Return the mean over samples of every picture score (`openckm.evaluate.scores.image_metrics.METRICS`).

    Under P3's code, answers are rounded to 8 bits and every cell counts, as in its Table II; else free covered cells
    count, as they are.

    Raises:
        InputError: if no sample is chosen.
    """
    if not len(chosen):
        raise InputError("no sample is chosen: scores want at least one")
    scores = []
    for k in chosen:
        answer, target, known = _answer(network, samples, k)
        picture = as_png(answer) if samples.code == "paper" else answer
        scores.append(image_scores(picture, target, scale_of(samples.code).span_db, known))
    return {name: float(np.mean([s[name] for s in scores])) for name in METRICS}


def measure_spread(network: MapNetwork, samples: ShardSamples | PaperSamples) -> Spread:
    """Return the spread of a network's predictions over free covered cells of validation maps, apart for maps whose
    heights are assumed where they are ray-traced ones."""
    known = _spread_of(_residuals(network, samples))
    if isinstance(samples, PaperSamples):
        return known
    assumed = _spread_of(_assumed(network, samples, known))
    return replace(
        known, assumed_sight_db=assumed.sight_db, assumed_behind_db=assumed.behind_db, assumed_level_db=assumed.level_db
    )


Residual = tuple[np.ndarray, np.ndarray, np.ndarray, str]
"""Errors [dB], distances from the transmitter [m] and whether buildings stand between, of a map's cells; its city."""


def _spread_of(residuals: Iterable[Residual]) -> Spread:
    errors, distances, shadows, cities = zip(*residuals, strict=True)
    numbers = np.repeat(np.arange(len(errors)), [e.size for e in errors])
    error, distance, behind = (np.concatenate(part) for part in (errors, distances, shadows))
    return fit_spread(error, distance, behind, numbers, cities=tuple(sorted(set(cities))))


def _residuals(network: MapNetwork, samples: ShardSamples | PaperSamples) -> Iterator[Residual]:
    for k in range(len(samples)):
        answer, target, _ = _answer(network, samples, k)
        traced, site, source = samples.traced(k), samples.site(k), samples.sample(k).source
        rows, cols = np.indices(traced.grid.shape)
        distance = np.hypot(rows + 0.5 - source[0], cols + 0.5 - source[1]) * traced.grid.cell_m
        at = traced.covered
        error = ((answer - target) * scale_of(samples.code).span_db)[at]
        yield error, distance[at], behind_buildings(site)[at], traced.city


def _assumed(network: MapNetwork, samples: ShardSamples, known: Spread) -> Iterator[Residual]:
    """Yield what is wrong where heights of buildings are assumed, as the product asks then."""
    for k in range(len(samples)):
        traced = flattened(samples.traced(k))
        shown = Observations(
            layout=replace(traced.layout, around=traced.around), transmitter=traced.transmitter, crs=traced.grid.crs
        )
        groups = ("rays",) if network.code == "rays" else ()
        scene = prepare_scene(shown, traced.grid, network.multiple, planes=groups)
        vehicles = None if traced.vehicle_m is None else Layout(traced.grid, traced.vehicle_m)
        mean = scene.crop(predict_gain(network, known, scene, vehicles).mean)
        far, hidden = sight(scene)
        distance, behind = scene.crop(far), scene.crop(hidden.astype(np.float32)) > 0
        at = traced.covered
        yield (mean - traced.gain_db)[at].astype(np.float64), distance[at], behind[at], traced.city
