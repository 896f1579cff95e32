"""The methods that answer P1's tasks in benchmark "p1".

    nearest, cubic, kriging    the readings by themselves (`openckm.evaluate.p1.references`)
    single_task, multi_task    end-to-end networks (`openckm.evaluate.p1.nets`), one call
    single_task_tuned,         the prior trained further on the task, or on all four, one call
    multi_task_tuned
    openckm_one_call           the prior conditioned on the evidence, E[x | y] in one call
    openckm_one_call_8         the same averaged over the 8 orientations
    openckm                    the product's posterior mean: the method that the evidence calls for, most often that
                               call made to agree with the readings and 8 chains by jfs (`openckm.infer.estimate`)
    jfs, jfs_mean8             the prior and the likelihood by few-step sampling: the first draw, and the mean of 8
    dps                        the prior and the likelihood by P1's Algorithm 2, one draw, as P1 scores it

The last six are those of benchmark "samplers" (`openckm.evaluate.samplers.methods`) under the names of this one. The
layout is a condition of the prior in every case. Network evaluations are forward passes; one vector-Jacobian product
counts as two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.evaluate.p1.nets import NetCard, P1Net, net_maps, row_name, tasks_of
from openckm.evaluate.p1.references import REFERENCES, reference_map, reference_tasks
from openckm.evaluate.p1.tasks import P1Case
from openckm.evaluate.samplers.methods import CaseMethod, Estimated, OneCall, Ours
from openckm.priors.denoiser import Denoiser


@dataclass(frozen=True, eq=False)
class Single(CaseMethod):
    """A method that gives a case one map.

    Attributes:
        name: in tables.
        tasks: that it answers.
        answer: returns gain, cosine and sine of a case in latent code (3, rows, cols).
        evaluations: network evaluations that it takes.
    """

    name: str
    tasks: tuple[str, ...]
    answer: Callable[[P1Case], NDArray[np.float32]]
    evaluations: int

    def answers(self, task: str) -> bool:
        """Return whether it is one of its tasks."""
        return task in self.tasks

    def draw(self, case: P1Case, seed: int, strength: float) -> tuple[Tensor, int, float]:
        """Return the map [1, 3, H, W], the network evaluations, and the seconds."""
        begun = time.perf_counter()
        found = torch.as_tensor(self.answer(case))[None]
        return found, self.evaluations, time.perf_counter() - begun


def reference(name: str) -> Single:
    """Return a simple reference by its name."""
    return Single(name, reference_tasks(name), partial(reference_map, name), 0)


def _end_to_end(kind: str, net: P1Net) -> Single:
    """Return a trained end-to-end network."""
    return Single(row_name(kind), tasks_of(kind), lambda case: net_maps(net, [case])[0], 1)


def one_call_methods(denoiser: Denoiser, nets: Mapping[str, tuple[P1Net, NetCard]]) -> Iterator[CaseMethod]:
    """Yield the references, the end-to-end networks and the posterior means, the thriftiest first.

    Args:
        denoiser: the prior.
        nets: trained networks and their cards, by kind.
    """
    yield from (reference(name) for name in REFERENCES)
    yield from (_end_to_end(kind, net) for kind, (net, _) in nets.items())
    yield OneCall(denoiser, "openckm_one_call")
    yield OneCall(denoiser, "openckm_one_call_8", True)
    yield Estimated(denoiser, name="openckm")


def few_step_methods(denoiser: Denoiser) -> list[CaseMethod]:
    """Return the few-step samplers that are compared: a draw, and the mean of 8 chains."""
    return [Ours(denoiser, "jfs", 8, 1), Estimated(denoiser, 8, "jfs_mean8", "jfs")]
