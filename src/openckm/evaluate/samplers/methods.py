"""A method in a benchmark, ours of benchmark "samplers", and how answers are kept.

Benchmarks "p1" and "samplers" ask the same methods, by the protocol of `CaseMethod`:

    mmse       the network conditioned on the readings by evidence planes: E[x | y] in one call
    mmse_8     the same averaged over the 8 orientations, as the product answers
    refined_1  mmse made to agree with the likelihood (`openckm.infer.refine`): one call and one solve
    refined    the same of mmse_8
    estimate   what the evidence calls for (`openckm.infer.estimate`): refined or jfs_mean
    jfs_mean   8 chains of jfs that stop where a mean wants them to (`openckm.infer.posterior_draws`), averaged
    conditioned  few-step draws of the network conditioned on the readings by evidence planes
    jfs        the prior and the likelihood, Fourier-diagonal covariance
    mmps       the prior and the likelihood, covariance by vector-Jacobian products
    diffpir    the prior and the likelihood, white covariance; its weight of the prior is tuned
    daps       the prior and the likelihood (devices as intervals), decoupled Langevin; its step is tuned
    dps        P1's Algorithm 2 as printed, straight-through gradients where there is a device; zeta is tuned
    dps_full   the same with all of P1's steps, on P1's tasks; zeta is that of benchmark "p1"

The layout is a condition of the prior in every case.
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from openckm.evaluate.p1.tasks import ALL_TASKS, TASKS, P1Case
from openckm.infer.estimate import posterior_estimate
from openckm.infer.posterior_draws import sample_posterior
from openckm.infer.refine import refined_mean
from openckm.maps.atomic import atomic_path
from openckm.priors.denoiser import Denoiser
from openckm.priors.posterior import posterior_mean


class Drawn(NamedTuple):
    """Draws of gain, cosine and sine in latent code (K, 3, rows, cols), and their cost.

    Attributes:
        maps: the draws.
        evaluations: network evaluations per draw.
        seconds: wall-clock time per draw [s].
    """

    maps: NDArray[np.float32]
    evaluations: int
    seconds: float


class CaseMethod(ABC):
    """A method in a benchmark: it answers a case with one map or more, and says what they cost.

    Attributes:
        name: in tables.
        steps: the number of steps of its sampler.
        draws: maps per case.
        strengths: values of its tuning constant that are tried; none if it has no constant.
        strength: the value where nothing is tried.
    """

    name: str
    steps: int = 1
    draws: int = 1
    strengths: tuple[float, ...] = ()
    strength: float = 0.0

    def answers(self, task: str) -> bool:
        """Return whether it can be asked a task: every one, unless a method says otherwise."""
        return True

    @abstractmethod
    def draw(self, case: P1Case, seed: int, strength: float) -> tuple[Tensor, int, float]:
        """Return maps [K, C, H, W] (gain, cosine, sine first), network evaluations per map, and the seconds of all.

        Args:
            case: what it is asked.
            seed: the seed of the noise.
            strength: the tuning constant.

        Raises:
            ComputationError: if values stopped being finite.
        """


@dataclass(frozen=True, eq=False)
class OneCall(CaseMethod):
    """The posterior mean by the network conditioned on the evidence; there is one "draw".

    Attributes:
        denoiser: the prior.
        name: in tables.
        symmetrise: average over the 8 orientations.
        refine: make the mean agree with the likelihood.
    """

    denoiser: Denoiser
    name: str = "mmse"
    symmetrise: bool = False
    refine: bool = False

    def draw(self, case: P1Case, seed: int, strength: float) -> tuple[Tensor, int, float]:
        """Return the mean [1, C, H, W], the network evaluations and the seconds."""
        begun = time.perf_counter()
        if self.refine:
            mean = refined_mean(self.denoiser, case.likelihood, case.condition, symmetrise=self.symmetrise).mean
        else:
            mean = posterior_mean(self.denoiser, case.condition, symmetrise=self.symmetrise).mean
        return mean.float(), 8 if self.symmetrise else 1, time.perf_counter() - begun


@dataclass(frozen=True, eq=False)
class Estimated(CaseMethod):
    """The posterior mean by `openckm.infer.estimate`; there is one "draw".

    Attributes:
        denoiser: the prior.
        averaged: chains of jfs, where it averages them.
        name: in tables.
        method: "auto" for the rule of `openckm.infer.choose`.
    """

    denoiser: Denoiser
    averaged: int = 8
    name: str = "estimate"
    method: str = "auto"

    def draw(self, case: P1Case, seed: int, strength: float) -> tuple[Tensor, int, float]:
        """Return the mean [1, C, H, W], the network evaluations and the seconds."""
        begun = time.perf_counter()
        condition = case.condition if self.method == "auto" else case.condition.without_evidence()
        found = posterior_estimate(
            self.denoiser, case.likelihood, condition, method=self.method, draws=self.averaged, seed=seed
        )
        return found.mean.float(), found.network_evaluations, time.perf_counter() - begun


@dataclass(frozen=True, eq=False)
class Ours(CaseMethod):
    """One of the methods of `openckm.infer.posterior_draws`.

    Attributes:
        denoiser: the prior.
        name: in tables.
        steps: the number of steps of the sampler.
        draws: per case.
        strengths: values of its tuning constant that are tried.
        strength: the value where nothing is tried; 0 if it has none.
        method: its name there, if it is another one.
        tasks: that it answers.
    """

    denoiser: Denoiser
    name: str
    steps: int
    draws: int
    strengths: tuple[float, ...] = ()
    strength: float = 0.0
    method: str = ""
    tasks: tuple[str, ...] = ALL_TASKS

    def answers(self, task: str) -> bool:
        """Return whether it is one of its tasks."""
        return task in self.tasks

    def draw(self, case: P1Case, seed: int, strength: float) -> tuple[Tensor, int, float]:
        """Return draws [K, C, H, W], network evaluations per draw, and the seconds of all draws.

        Raises:
            ComputationError: if values stopped being finite.
        """
        begun = time.perf_counter()
        method = self.method or self.name
        likelihood = {"dps": case.straight, "daps": case.smooth}.get(method, case.likelihood)
        condition = case.condition if method == "conditioned" else case.condition.without_evidence()
        found = sample_posterior(
            self.denoiser, likelihood, case.shape, condition, method=method, steps=self.steps, draws=self.draws,
            seed=seed, strength=strength if self.strength > 0 else None,
        )  # fmt: skip
        seconds = time.perf_counter() - begun
        return found.maps.float(), found.network_evaluations // self.draws, seconds


def our_methods(
    denoiser: Denoiser, *, steps: int, chain_draws: int, draws: int, full_steps: int = 0, quick: bool = False
) -> list[CaseMethod]:
    """Return our methods.

    Args:
        denoiser: the prior.
        steps: N of Algorithm 2.
        full_steps: N of Algorithm 2 at its full length; 0 leaves that out.
        chain_draws: draws of the dear methods (mmps, daps, dps) per case.
        draws: draws of the others per case.
        quick: shorter chains for the rivals.
    """
    chain = Ours(denoiser, "dps", steps, chain_draws, (1.0, 2.0, 4.0, 8.0, 16.0), 4.0)
    full = [replace(chain, name="dps_full", steps=full_steps, strengths=(), method="dps", tasks=TASKS)]
    return [
        OneCall(denoiser),
        OneCall(denoiser, "mmse_8", True),
        OneCall(denoiser, "refined_1", False, True),
        OneCall(denoiser, "refined", True, True),
        Estimated(denoiser, draws),
        Estimated(denoiser, draws, "jfs_mean", "jfs"),
        Ours(denoiser, "conditioned", 8, draws),
        Ours(denoiser, "jfs", 8, draws),
        Ours(denoiser, "mmps", 2 if quick else 8, chain_draws),
        Ours(denoiser, "diffpir", 5 if quick else 20, chain_draws if quick else draws, (0.3, 1.0, 3.0, 10.0), 3.0),
        Ours(denoiser, "daps", 3 if quick else 30, chain_draws, (0.1, 0.3, 1.0), 0.3),
        chain,
        *(full if full_steps else []),
    ]


@dataclass(frozen=True)
class DrawStore:
    """Keeps answers in a folder, so that a run which was interrupted can go on.

    Attributes:
        folder: where; None keeps nothing.
        prior_id: what tells the prior from others.
        single: whether what methods of a single step answer is kept, too.
    """

    folder: Path | None
    prior_id: str
    single: bool = True

    def draw(self, method: CaseMethod, case: P1Case, seed: int, strength: float) -> Drawn:
        """Return what a method draws for a case, from the folder if it was drawn before.

        Args:
            method: which.
            case: what it is asked.
            seed: the seed of its noise.
            strength: its tuning constant.

        Raises:
            ComputationError: if values stopped being finite.
        """
        if self.folder is None or (method.steps < 2 and not self.single):
            return _drawn(method, case, seed, strength)
        path = self.folder / f"{self._key(method, case, seed, strength)}.npz"
        if path.exists():
            with np.load(path) as kept:
                return Drawn(kept["maps"], int(kept["evaluations"]), float(kept["seconds"]))
        found = _drawn(method, case, seed, strength)
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as aside, aside.open("wb") as file:
            np.savez(file, maps=found.maps, evaluations=found.evaluations, seconds=found.seconds)
        return found

    def _key(self, method: CaseMethod, case: P1Case, seed: int, strength: float) -> str:
        about = (self.prior_id, method.name, method.steps, method.draws, strength, seed, case.task)
        digest = hashlib.sha256(repr(about).encode())
        for array in (case.truth, case.straight.y.numpy(), case.condition.site.numpy()):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]


def _drawn(method: CaseMethod, case: P1Case, seed: int, strength: float) -> Drawn:
    maps, evaluations, seconds = method.draw(case, seed, strength)
    return Drawn(maps[:, :3].numpy().astype(np.float32), evaluations, seconds / len(maps))
