"""The methods that answer P1's tasks in benchmark "p1": each takes cases of one task and gives maps, and their cost.

    nearest, cubic, kriging    the readings by themselves (`openckm.evaluate.p1.references`)
    single_task, multi_task    end-to-end networks (`openckm.evaluate.p1.nets`), one call
    single_task_tuned,         the prior trained further on the task, or on all four, one call
    multi_task_tuned
    openckm_one_call           the prior told of the evidence, E[x | y] in one call
    openckm_one_call_8         the same averaged over the 8 orientations
    openckm                    the product's posterior mean: the method that the evidence calls for, most often that
                               call made to agree with the readings and 8 chains by jfs (`openckm.infer.estimate`)
    jfs, jfs_mean8             the prior and the likelihood by few-step sampling: the first draw, and the mean of 8
    dps                        the prior and the likelihood by P1's Algorithm 2, one draw, as P1 scores it

The prior is told the layout in every case. Network evaluations are forward passes; one vector-Jacobian product counts
as two.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import GridError
from openckm.evaluate.p1.nets import P1Net, net_maps
from openckm.evaluate.p1.references import reference_map
from openckm.evaluate.p1.tasks import P1Case
from openckm.infer.estimate import posterior_estimate
from openckm.infer.posterior_draws import sample_posterior
from openckm.infer.rivals.dps import DPSOptions, sample_dps
from openckm.maps.atomic import atomic_path
from openckm.maps.quantity import CHANNELS
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser
from openckm.priors.posterior import posterior_mean

__all__ = [
    "Algorithm2",
    "Answers",
    "Each",
    "EndToEnd",
    "Estimated",
    "FewStep",
    "OneCall",
    "P1Method",
    "Reference",
    "few_step_methods",
]

Report = Callable[[int, int], None]
"""Told (done, total) while a method works."""


@dataclass(frozen=True)
class Answers:
    """What a method answered to some cases.

    Attributes:
        maps: gain, cosine and sine in latent code, (cases, 3, rows, cols).
        evaluations: network evaluations per map.
        seconds: wall-clock time per map [s].
    """

    maps: NDArray[np.float32]
    evaluations: int
    seconds: float


class P1Method(Protocol):
    """Answers cases of one task."""

    @property
    def name(self) -> str:
        """Name in tables."""
        ...

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case."""
        ...


@dataclass(frozen=True)
class Reference:
    """A simple reference by its name."""

    name: str

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case."""
        begun = time.perf_counter()
        maps = []
        for k, case in enumerate(cases):
            maps.append(reference_map(self.name, case))
            _tell(report, k + 1, len(cases))
        return Answers(np.stack(maps), 0, (time.perf_counter() - begun) / len(cases))


@dataclass(frozen=True)
class EndToEnd:
    """A trained end-to-end network.

    Attributes:
        name: in tables.
        net: the network.
    """

    name: str
    net: P1Net

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case."""
        begun = time.perf_counter()
        maps = net_maps(self.net, cases)
        return Answers(maps, 1, (time.perf_counter() - begun) / len(cases))


@dataclass(frozen=True)
class OneCall:
    """The posterior mean by the prior told of the evidence.

    Attributes:
        denoiser: the prior.
        symmetrise: average over the 8 orientations.
        name: in tables.
        batch: cases per call.
    """

    denoiser: Denoiser
    symmetrise: bool = True
    name: str = "openckm_one_call"
    batch: int = 16

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case."""
        begun = time.perf_counter()
        maps = []
        for begin in range(0, len(cases), self.batch):
            some = cases[begin : begin + self.batch]
            told = Condition.join([c.condition for c in some])
            maps.append(posterior_mean(self.denoiser, told, symmetrise=self.symmetrise).mean[:, :3].float().numpy())
            _tell(report, begin + len(some), len(cases))
        return Answers(
            np.concatenate(maps), 8 if self.symmetrise else 1, (time.perf_counter() - begun) / len(cases)
        )  # fmt: skip


@dataclass(frozen=True)
class Estimated:
    """The posterior mean by the rule of `openckm.infer.choose`.

    Attributes:
        denoiser: the prior.
        name: in tables.
    """

    denoiser: Denoiser
    name: str = "openckm"

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case."""
        begun, maps, evaluations = time.perf_counter(), [], 0
        for k, case in enumerate(cases):
            found = posterior_estimate(self.denoiser, case.likelihood, case.condition, seed=k)
            maps.append(found.mean[0, :3].float().numpy())
            evaluations = max(evaluations, found.network_evaluations)
            _tell(report, k + 1, len(cases))
        return Answers(np.stack(maps), evaluations, (time.perf_counter() - begun) / len(cases))


@dataclass(frozen=True)
class Algorithm2:
    """P1's Algorithm 2, one draw per case, several cases at a time.

    Attributes:
        denoiser: the prior.
        options: of Algorithm 2; `batch` is the number of cases at a time.
        keep: folder in which finished batches are kept, so that a run which was interrupted can go on; or None.
        prior_id: what tells the prior from others among the kept batches.
        name: in tables.
    """

    denoiser: Denoiser
    options: DPSOptions
    keep: Path | None = None
    prior_id: str = ""
    name: str = "dps"

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case.

        Raises:
            ComputationError: if a draw stopped being finite; lower zeta.
        """
        size, found = self.options.batch, []
        for begin in range(0, len(cases), size):
            some = cases[begin : begin + size]
            found.append(self._kept(some, begin, report, len(cases)))
            _tell(report, begin + len(some), len(cases))
        maps = np.concatenate([maps for maps, _, _ in found])
        return Answers(maps, found[0][1], sum(seconds for _, _, seconds in found) / len(cases))

    def _kept(
        self, cases: Sequence[P1Case], seed: int, report: Report | None, total: int
    ) -> tuple[NDArray[np.float32], int, float]:
        if self.keep is None:
            return self._run(cases, seed, report, total)
        path = self.keep / f"{self._key(cases, seed)}.npz"
        if path.exists():
            with np.load(path) as kept:
                return kept["maps"], int(kept["evaluations"]), float(kept["seconds"])
        maps, evaluations, seconds = self._run(cases, seed, report, total)
        self.keep.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as aside, aside.open("wb") as file:
            np.savez(file, maps=maps, evaluations=evaluations, seconds=seconds)
        return maps, evaluations, seconds

    def _key(self, cases: Sequence[P1Case], seed: int) -> str:
        digest = hashlib.sha256(repr((self.prior_id, self.options, seed)).encode())
        for case in cases:
            digest.update(case.task.encode() + case.readings.y.tobytes() + case.readings.building.tobytes())
        return digest.hexdigest()[:32]

    def _run(
        self, cases: Sequence[P1Case], seed: int, report: Report | None, total: int
    ) -> tuple[NDArray[np.float32], int, float]:
        likelihood = Each([c.algorithm2 for c in cases])
        told = Condition.join([c.condition.without_evidence() for c in cases])
        options = replace(self.options, batch=len(cases))
        tell = None if report is None else _share(report, seed, len(cases), total)
        shape = (len(CHANNELS), *cases[0].truth.shape[1:])
        result = sample_dps(self.denoiser, likelihood, shape, options, len(cases), seed, told, progress=tell)
        return result.draws[:, :3].numpy(), result.forwards + 2 * result.vjps, result.seconds


class Each(Likelihood):
    """Likelihoods of as many measurements: the k-th sample of a batch is held against the k-th measurement.

    Raises:
        GridError: if there is none, or their domains differ.
    """

    def __init__(self, parts: Sequence[Likelihood]) -> None:
        if not parts or any(part.domain != parts[0].domain for part in parts):
            raise GridError("a batch of likelihoods wants one or more, of maps of one shape")
        self.parts, self.domain = tuple(parts), parts[0].domain

    def log_prob(self, x: Float[Tensor, batch * state]) -> Float[Tensor, " batch"]:
        """Return log p(y_k | x_k) of each sample [nat]."""
        self._check(x)
        return torch.cat([part.log_prob(x[k : k + 1]) for k, part in enumerate(self.parts)])

    def residual(self, x: Float[Tensor, batch * state]) -> Float[Tensor, "batch readings"]:
        """Return how far A_k(x_k) is from the readings, one row per sample."""
        self._check(x)
        return torch.cat([part.residual(x[k : k + 1]) for k, part in enumerate(self.parts)])

    def _check(self, x: Tensor) -> None:
        if len(x) != len(self.parts):
            raise GridError(f"a batch of {len(x)} maps against {len(self.parts)} measurements: wanted as many")


@dataclass(frozen=True)
class FewStep:
    """Few-step posterior sampling: a draw, or the mean of several chains that stop where a mean wants them to.

    Attributes:
        denoiser: the prior.
        name: in tables.
        method: which sampler.
        steps: network calls per draw; None takes the sampler's own choice.
        draws: chains per case; 1 answers with a draw.
    """

    denoiser: Denoiser
    name: str
    method: str = "jfs"
    steps: int | None = None
    draws: int = 8

    def answer(self, cases: Sequence[P1Case], report: Report | None = None) -> Answers:
        """Return a map for each case."""
        begun, maps, evaluations = time.perf_counter(), [], 0
        for k, case in enumerate(cases):
            shape = (len(CHANNELS), *case.truth.shape[1:])
            found = sample_posterior(
                self.denoiser, case.likelihood, shape, case.condition.without_evidence(), method=self.method,
                steps=self.steps, draws=self.draws, mean=self.draws > 1, seed=k,
            )  # fmt: skip
            maps.append(found.maps.mean(0)[:3].float().numpy())
            evaluations = max(evaluations, int(found.network_evaluations))
            _tell(report, k + 1, len(cases))
        return Answers(np.stack(maps), evaluations, (time.perf_counter() - begun) / len(cases))


def few_step_methods(denoiser: Denoiser) -> list[P1Method]:
    """Return the few-step samplers that are compared."""
    return [FewStep(denoiser, "jfs", draws=1), FewStep(denoiser, "jfs_mean8", draws=8)]


def _tell(report: Report | None, done: int, total: int) -> None:
    if report is not None:
        report(done, total)


def _share(report: Report, before: int, count: int, total: int) -> Report:
    """Progress of a batch of `count` cases as cases done."""
    return lambda step, steps: report(before + count * step // steps, total)
