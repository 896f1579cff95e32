"""The end-to-end networks of P1's comparison: what they are given, how they are kept, which there are.

    single_task          one network per task, given the picture of the readings and the layout (P1's single-
                         configuration networks)
    multi_task           one network for all tasks, given the same picture: it must guess the operator (P1's multi-
                         configuration network)
    single_task_tuned    one network per task, the prior itself trained further on that task alone, in one call
    multi_task_tuned     the prior trained further on the four tasks, in one call

The first two are `openckm.predict.task_net.TaskNet` of the prior's size, trained from nothing; the others begin where
the prior ended, so that they have seen all that the prior has. All see equally many samples of the tasks
(`train/p1_nets.py`). The prior in one call against the third is what serving all operators costs (negative transfer).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import ModelError
from openckm.evaluate.p1.tasks import TASKS, P1Case, latent_of_picture
from openckm.evaluate.worlds.folders import cached_folder
from openckm.nn.arithmetic import cast
from openckm.predict.task_net import TaskNet, TaskNetOptions
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import MapDenoiser, MapDenoiserOptions
from openckm.priors.posterior import posterior_mean
from openckm.store.weights import read_weights, write_aside, write_weights

_TUNED = "_tuned"
KINDS = (*TASKS, "multi_task", *(f"{task}{_TUNED}" for task in TASKS), f"multi_task{_TUNED}")
"""The networks: from nothing and from the prior, one for each task, named like it, and one for all."""
_NETS_VARIABLE = "OPENCKM_P1_NETS"
PICTURE_PLANES = 3
P1Net = TaskNet | MapDenoiser


@dataclass(frozen=True)
class NetCard:
    """What is known of a trained network.

    Attributes:
        kind: one of KINDS.
        widths: channels of each level.
        blocks: residual blocks per level.
        samples_seen: training samples, repetitions counted.
        maps: different training maps.
        seconds: CPU time of the training [s], which other work on the machine does not change.
        learning_rate: AdamW's, at its height.
        validation: RMSE of the gain [dB] on validation windows, by task.
        data: what it was trained on, in words.
        start: the prior that it began as; empty if it began from nothing.
        sha256: the SHA-256 of the weights.
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
    start: str = ""
    sha256: str = ""


def default_nets_dir() -> Path:
    """Return the folder of the trained networks: $OPENCKM_P1_NETS, else openckm/p1_nets in the user's cache."""
    return cached_folder("p1_nets", _NETS_VARIABLE)


def tasks_of(kind: str) -> tuple[str, ...]:
    """Return the tasks that a network is trained on."""
    task = kind.removesuffix(_TUNED)
    return (task,) if task in TASKS else TASKS


def is_tuned(kind: str) -> bool:
    """Say whether a network is the prior trained further."""
    return kind.endswith(_TUNED)


def row_name(kind: str) -> str:
    """Return the name of a network in tables."""
    if len(tasks_of(kind)) > 1:
        return kind
    return f"single_task{_TUNED}" if is_tuned(kind) else "single_task"


def picture_inputs(pictures: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """Return planes [B, 3, H, W] and base [B, 3, H, W] of pictures (3, H, W) each."""
    planes = torch.as_tensor(np.stack(pictures))
    return planes, latent_of_picture(planes)


def net_maps(net: P1Net, cases: Sequence[P1Case], *, batch: int = 16) -> NDArray[np.float32]:
    """Return gain, cosine and sine in latent code, (cases, 3, rows, cols), by one call per case."""
    answers = []
    for begin in range(0, len(cases), batch):
        some = cases[begin : begin + batch]
        if isinstance(net, MapDenoiser):
            mean = posterior_mean(net, Condition.join([c.condition for c in some]), symmetrise=False).mean
            answers.append(mean[:, :3].float().numpy())
            continue
        with torch.no_grad(), cast("cpu"):
            answers.append(net(*picture_inputs([c.picture for c in some])).numpy())
    return np.concatenate(answers)


def save_net(folder: Path, net: P1Net, card: NetCard) -> NetCard:
    """Write a network and its card, named after its kind, into a folder; return the card with its checksum.

    Raises:
        ModelError: if a file cannot be written.
    """
    arrays = {name: value.detach().contiguous().numpy() for name, value in net.state_dict().items()}
    sha256 = write_weights(folder / f"{card.kind}.safetensors", arrays)
    complete = NetCard(**{**asdict(card), "sha256": sha256})
    write_aside(folder / f"{card.kind}.json", (json.dumps(asdict(complete), indent=1) + "\n").encode())
    return complete


def load_net(folder: Path, kind: str) -> tuple[P1Net, NetCard]:
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
        net: P1Net = (
            MapDenoiser(MapDenoiserOptions(card.widths, card.blocks))
            if is_tuned(kind)
            else TaskNet(TaskNetOptions(PICTURE_PLANES, 3, card.widths, card.blocks))
        )
        arrays = read_weights(folder / f"{kind}.safetensors", card.sha256)
        net.load_state_dict({name: torch.as_tensor(np.asarray(array)) for name, array in arrays.items()})
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{path}: cannot be used ({first}); train the networks with train/p1_nets.py") from error
    return net.requires_grad_(False).train(False), card
