"""The end-to-end networks of P1's comparison: what they are given, how they are kept, which there are.

    single_task          one network per task, given the picture of the readings and the layout (P1's single-
                         configuration networks)
    multi_task           one network for all tasks, given the same picture: it must guess the operator (P1's multi-
                         configuration network)
    single_task_planes   one network per task, given the product's evidence planes and the layout
    evidence_planes      one network for all tasks, given the same planes, as the product is

All are `openckm.predict.task_net.TaskNet` of one size, trained on equally many samples (`train/p1_nets.py`). The last
against the third is the negative transfer of training on four tasks at once; the others add what the readings look
like.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import ModelError
from openckm.evaluate.p1_tasks import TASKS, P1Case, latent_of_picture, p1_evidence
from openckm.predict.task_net import TaskNet, TaskNetOptions
from openckm.priors.conditioning import EVIDENCE_PLANES, INTERPOLATION_SCALES, SITE_PLANES, interpolate_evidence
from openckm.store.weights import read_weights, write_aside, write_weights

__all__ = [
    "KINDS", "NetCard", "default_nets_dir", "evidence_inputs", "load_net", "net_maps", "picture_inputs", "planes_of",
    "row_name", "save_net", "takes_planes", "tasks_of",
]  # fmt: skip

KINDS = (*TASKS, "multi_task", *(f"{task}_planes" for task in TASKS), "evidence_planes")
"""The networks: of each kind of input, one for each task, named like it, and one for all."""
NETS_VARIABLE = "OPENCKM_P1_NETS"
PICTURE_PLANES = 3
WIDE = 0.5
"""Width of an interval, in latent code, above which its middle says little."""
PLANES = 1 + EVIDENCE_PLANES + 2 * len(INTERPOLATION_SCALES)


@dataclass(frozen=True)
class NetCard:
    """What is known of a trained network.

    Attributes:
        kind: one of KINDS.
        widths: channels of each level.
        blocks: residual blocks per level.
        samples_seen: training samples, repetitions counted.
        maps: different training maps.
        seconds: wall-clock time of the training [s].
        learning_rate: AdamW's, at its height.
        validation: RMSE of the gain [dB] on validation windows, by task.
        data: what it was trained on, in words.
        sha256: of the weights.
    """

    kind: str
    widths: tuple[int, ...]
    blocks: int
    samples_seen: int
    maps: int
    seconds: float
    learning_rate: float
    validation: dict[str, float]
    data: str
    sha256: str = ""


def default_nets_dir() -> Path:
    """Return the folder of the trained networks: $OPENCKM_P1_NETS, else openckm/p1_nets in the user's cache."""
    if NETS_VARIABLE in os.environ:
        return Path(os.environ[NETS_VARIABLE])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "openckm" / "p1_nets"


def tasks_of(kind: str) -> tuple[str, ...]:
    """Return the tasks that a network is trained on."""
    task = kind.removesuffix("_planes")
    return (task,) if task in TASKS else TASKS


def takes_planes(kind: str) -> bool:
    """Say whether a network is given evidence planes instead of a picture."""
    return kind.endswith("_planes")


def row_name(kind: str) -> str:
    """Return the name of a network in tables."""
    if len(tasks_of(kind)) > 1:
        return kind
    return "single_task_planes" if takes_planes(kind) else "single_task"


def planes_of(kind: str) -> int:
    """Return the number of input planes of a network."""
    return PLANES if takes_planes(kind) else PICTURE_PLANES


def picture_inputs(pictures: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """Return planes [B, 3, H, W] and base [B, 3, H, W] of pictures (3, H, W) each."""
    planes = torch.as_tensor(np.stack(pictures))
    return planes, latent_of_picture(planes)


def evidence_inputs(
    buildings: Sequence[NDArray[np.bool_]], evidence: Sequence[NDArray[np.float32]]
) -> tuple[Tensor, Tensor]:
    """Return planes [B, PLANES, H, W] and base [B, 3, H, W] of layouts (H, W) and evidence planes each.

    The base is the middle of what a reading allows (the nearer end of a wide interval), and 0 where nothing was read.
    """
    told = torch.as_tensor(np.stack(evidence))
    layout = torch.as_tensor(np.stack(buildings)[:, None] - np.float32(0.5), dtype=torch.float32)
    site = torch.zeros(len(told), len(SITE_PLANES), *told.shape[-2:])
    planes = torch.cat([layout, told, interpolate_evidence(site, told)], dim=1)
    low, high, weight = told[:, 0::3], told[:, 1::3], told[:, 2::3]
    nearer = torch.where(low.abs() < high.abs(), low, high)
    value = torch.where(high - low < WIDE, 0.5 * (low + high), nearer)
    return planes, torch.where(weight > 0, value, 0.0)


def net_maps(net: TaskNet, kind: str, cases: Sequence[P1Case], *, batch: int = 16) -> NDArray[np.float32]:
    """Return gain, cosine and sine in latent code, (cases, 3, rows, cols), by one call per case."""
    answers = []
    for begin in range(0, len(cases), batch):
        some = cases[begin : begin + batch]
        if takes_planes(kind):
            inputs = evidence_inputs([c.readings.building for c in some], [p1_evidence(c.readings) for c in some])
        else:
            inputs = picture_inputs([c.picture for c in some])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            answers.append(net(*inputs).numpy())
    return np.concatenate(answers)


def save_net(folder: Path, net: TaskNet, card: NetCard) -> NetCard:
    """Write a network and its card, named after its kind, into a folder; return the card with its checksum.

    Raises:
        ModelError: if a file cannot be written.
    """
    arrays = {name: value.detach().contiguous().numpy() for name, value in net.state_dict().items()}
    sha256 = write_weights(folder / f"{card.kind}.safetensors", arrays)
    complete = NetCard(**{**asdict(card), "sha256": sha256})
    write_aside(folder / f"{card.kind}.json", (json.dumps(asdict(complete), indent=1) + "\n").encode())
    return complete


def load_net(folder: Path, kind: str) -> tuple[TaskNet, NetCard]:
    """Return a trained network, ready to use, and its card.

    Raises:
        ModelError: if the card or the weights are missing, corrupt, or do not fit.
    """
    path = folder / f"{kind}.json"
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if set(given) != {f.name for f in fields(NetCard)} or given["kind"] != kind:
            raise ValueError("its fields are not those of this network's card")
        card = NetCard(**{**given, "widths": tuple(given["widths"])})
        net = TaskNet(TaskNetOptions(planes_of(kind), 3, card.widths, card.blocks))
        arrays = read_weights(folder / f"{kind}.safetensors", card.sha256)
        net.load_state_dict({name: torch.as_tensor(np.asarray(array)) for name, array in arrays.items()})
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{path}: cannot be used ({first}); train the networks with train/p1_nets.py") from error
    return net.requires_grad_(False).train(False), card
