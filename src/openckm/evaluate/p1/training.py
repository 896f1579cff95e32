"""Training the end-to-end networks of P1's comparison: every one sees equally many windows of the same maps.

    loss = mean of w (F(y) - x)^2,                                                                              (1)

with w as in the training of the prior (gain 1, direction 0.3 each; 0.05 where unknown)

A step's windows, masks and noise are functions of (seed, step), so a training that was interrupted goes on as it would
have, from the last checkpoint. Windows of all networks are the same ones; of the networks for all tasks, every fourth
item of a batch is of the same task.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.data.shards import TracedMap, latent_state
from openckm.errors import InputError, LayoutError
from openckm.evaluate.p1.nets import (
    KINDS,
    PICTURE_PLANES,
    NetCard,
    P1Net,
    is_tuned,
    net_maps,
    picture_inputs,
    save_net,
    tasks_of,
)
from openckm.evaluate.p1.tasks import MIN_FREE, P1Case, P1Readings, p1_condition, p1_picture, p1_readings
from openckm.evaluate.scores.metrics import rmse
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.symmetry import apply_symmetry
from openckm.nn.arithmetic import cast
from openckm.predict.task_net import TaskNet, TaskNetOptions
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.schedules import EDM
from openckm.store.card import ModelCard
from openckm.training.loop import Loop
from openckm.training.samples import CHANNEL_WEIGHTS, HIDDEN_WEIGHT

_TRIES = 200
Inputs = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Condition]
"""Picture and base, or noisy maps, their levels and conditions: the arguments of a network."""


@dataclass(frozen=True)
class NetOptions:
    """How an end-to-end network is trained.

    Attributes:
        samples: training samples, repetitions counted.
        batch: samples per step.
        size: side of a window [cells].
        learning_rate: AdamW's, after a warm-up over the first twentieth; it falls to 0 as a cosine.
        tuned_rate: the same of networks that begin as the prior.
        weight_decay: AdamW's.
        clip: bound on the gradient norm.
        widths: channels of each level; those of the shipped prior.
        blocks: residual blocks per level.
        checkpoint_s: seconds between checkpoints.
        seed: the seed of windows, masks, noise and weights.
    """

    samples: int = 10_000
    batch: int = 8
    size: int = 64
    learning_rate: float = 8e-4
    tuned_rate: float = 2e-4
    weight_decay: float = 1e-4
    clip: float = 1.0
    widths: tuple[int, ...] = TaskNetOptions.widths
    blocks: int = TaskNetOptions.blocks
    checkpoint_s: float = 60.0
    seed: int = 1

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return math.ceil(self.samples / self.batch)

    def height(self, kind: str) -> float:
        """Return the highest learning rate of a network."""
        return self.tuned_rate if is_tuned(kind) else self.learning_rate

    def rate(self, kind: str, step: int) -> float:
        """Return the learning rate of a step."""
        rise = min(1.0, (step + 1) / max(0.05 * self.steps, 1.0))
        return self.height(kind) * rise * 0.5 * (1.0 + math.cos(math.pi * step / self.steps))


class WindowSet:
    """Maps in memory as float16, from which windows are cut at random places under random symmetries."""

    def __init__(self, maps: Iterable[TracedMap]) -> None:
        """Prepare the maps.

        Raises:
            InputError: if there is none, or their cells differ in size.
        """
        given = list(maps)
        if not given:
            raise InputError("there are no training maps; generate some with `ckm data generate`")
        if len(sizes := {traced.grid.cell_m for traced in given}) > 1:
            raise InputError(f"training maps with cells of {sorted(sizes)} m: wanted one size")
        self.cell_m = given[0].grid.cell_m
        pairs = [latent_state(traced) for traced in given]
        self.states = [state.astype(np.float16) for state, _ in pairs]
        self.knowns = [known for _, known in pairs]

    def __len__(self) -> int:
        return len(self.states)

    def cut(self, size: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the latent channels (5, size, size) of a window with enough free covered cells, and where those are.

        Raises:
            InputError: if no such window is found.
        """
        for _ in range(_TRIES):
            k, turn = int(rng.integers(len(self))), int(rng.integers(8))
            known = self.knowns[k]
            top, left = (int(rng.integers(n - size + 1)) for n in known.shape)
            part = slice(top, top + size), slice(left, left + size)
            if known[part].mean() >= MIN_FREE:
                state = apply_symmetry(turn, self.states[k][:, *part].astype(np.float32), CHANNELS)
                return state, apply_symmetry(turn, known[part][None])[0]
        raise InputError(f"no window of {size} cells with {MIN_FREE:.0%} free covered cells in {_TRIES} tries")


def net_batch(kind: str, windows: WindowSet, options: NetOptions, step: int) -> tuple[Inputs, Tensor, Tensor]:
    """Return the arguments of a network, the maps [B, 3, H, W] that it should give, and the weight of every value."""
    items = [_item(tasks_of(kind), windows, options, step, k) for k in range(options.batch)]
    readings = [reading for _, reading, _ in items]
    inputs: Inputs = picture_inputs([p1_picture(r, rng) for _, r, rng in items])
    if is_tuned(kind):
        noise = torch.Generator().manual_seed(options.seed + step)
        top = EDM().sigma_max
        start = top * torch.randn(options.batch, len(CHANNELS), options.size, options.size, generator=noise)
        condition = Condition.join([p1_condition(r, windows.cell_m) for r in readings])
        inputs = start, torch.full((options.batch,), top), condition
    clean = torch.as_tensor(np.stack([state[:3] for state, _, _ in items]))
    known = torch.as_tensor(np.stack([r.known for r in readings]))[:, None]
    weight = torch.where(known, 1.0, HIDDEN_WEIGHT) * torch.tensor(CHANNEL_WEIGHTS[:3]).view(1, 3, 1, 1)
    return inputs, clean, weight


def _item(
    tasks: Sequence[str], windows: WindowSet, options: NetOptions, step: int, k: int
) -> tuple[NDArray[np.float32], P1Readings, np.random.Generator]:
    rng = np.random.default_rng([options.seed, step, k])
    for _ in range(_TRIES):
        state, known = windows.cut(options.size, rng)
        try:
            return state, p1_readings(tasks[k % len(tasks)], state, known, rng), rng
        except LayoutError:  # no box fits: another window
            continue
    raise InputError(f"no window in which a hidden box fits in {_TRIES} tries: give other maps")


def train_net(
    kind: str,
    windows: WindowSet,
    options: NetOptions,
    folder: Path,
    *,
    prior: tuple[MapDenoiser, ModelCard] | None = None,
    validation: Mapping[str, Sequence[P1Case]] | None = None,
    data: str = "",
    seconds: float = math.inf,
) -> NetCard | None:
    """Train a network and write it into a folder; return its card, or None if the time ran out before the last step.

    Args:
        kind: one of `openckm.evaluate.p1.nets.KINDS`.
        windows: training windows.
        options: how to train.
        folder: holds the checkpoint and, at the end, the network.
        prior: where a network that is tuned begins, and its card; not needed by the others.
        validation: cases by task; the RMSE of the gain over them goes into the card.
        data: the training maps in words.
        seconds: stop after so long [s], with a checkpoint.

    Raises:
        InputError: if the kind is unknown, no window can be used, or there is no prior to begin as.
        ComputationError: if the loss is not finite; the last checkpoint stays usable.
        ModelError: if the checkpoint belongs to another network.
    """
    if kind not in KINDS:
        raise InputError(f"unknown network {kind!r}: wanted one of {', '.join(KINDS)}")
    run = _Run(kind, options, folder, windows, prior)
    run.run(seconds)
    if not run.done:
        return None
    tasks = {t: cases for t, cases in (validation or {}).items() if t in tasks_of(kind)}
    scores = {task: _gain_rmse(net_maps(run.net.eval(), cases), cases) for task, cases in tasks.items()}
    size = run.net.options
    start = f"{prior[1].name} {prior[1].version}" if is_tuned(kind) and prior is not None else ""
    card = NetCard(
        kind, size.widths, size.blocks, options.steps * options.batch, len(windows), round(run.seconds, 1),
        options.height(kind), scores, data, start,
    )  # fmt: skip
    return save_net(folder, run.net.eval(), card)


def _gain_rmse(maps: NDArray[np.float32], cases: Sequence[P1Case]) -> float:
    each = [
        rmse(found[0][c.readings.scored], c.truth[0][c.readings.scored]) for found, c in zip(maps, cases, strict=True)
    ]
    return round(GAIN.scale * float(np.mean(each)), 3)


def ask(net: P1Net, inputs: Inputs) -> Tensor:
    """Return gain, cosine and sine [B, 3, H, W] in latent code."""
    found = net(*inputs)
    return found if isinstance(found, Tensor) else found.mean[:, :3].float()


def _begin(kind: str, options: NetOptions, prior: tuple[MapDenoiser, ModelCard] | None) -> P1Net:
    if not is_tuned(kind):
        return TaskNet(TaskNetOptions(PICTURE_PLANES, 3, options.widths, options.blocks))
    if prior is None:
        raise InputError(f"network {kind!r} begins as the prior, and none was given")
    net = MapDenoiser(prior[0].options)
    net.load_state_dict(prior[0].state_dict())
    return net


class _Run(Loop):
    """A training that stands at a step."""

    def __init__(
        self, kind: str, options: NetOptions, folder: Path, windows: WindowSet,
        prior: tuple[MapDenoiser, ModelCard] | None = None,
    ) -> None:  # fmt: skip
        self.kind, self.options, self.windows = kind, options, windows
        torch.manual_seed(options.seed)
        self.net = _begin(kind, options, prior)
        optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=options.height(kind), betas=(0.9, 0.99), weight_decay=options.weight_decay
        )
        super().__init__(
            folder, self.net, {"": optimiser}, clip=options.clip, checkpoint_s=options.checkpoint_s,
            file=f"{kind}.checkpoint.pt",
        )  # fmt: skip
        self.resume()

    @property
    def done(self) -> bool:
        """Whether the last step is done."""
        return self.step >= self.options.steps

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        return self.options.rate(self.kind, self.step)

    @property
    def what(self) -> str:
        """The network's name."""
        return self.kind

    def mark(self) -> str:
        """Return what must not differ between a checkpoint and the training that resumes it."""
        return f"{self.options.samples} samples"

    def gradients(self) -> Iterator[tuple[str, float]]:
        """Yield once, with the gradient of the loss on the step's windows."""
        inputs, clean, weight = net_batch(self.kind, self.windows, self.options, self.step)
        with cast("cpu"):
            answer = ask(self.net, inputs)
        yield "", self.back((weight * (answer - clean) ** 2).mean())  # (1), of P1, Eq. 5

    def save(self, losses: Sequence[float]) -> None:
        """Write the checkpoint and a line of the log."""
        super().save(losses)
        loss = float(np.mean(losses)) if losses else None
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            entry = {"kind": self.kind, "step": self.step, "seconds": round(self.seconds, 1), "loss": loss}
            file.write(json.dumps(entry) + "\n")
