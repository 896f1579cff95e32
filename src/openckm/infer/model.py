r"""A model of one map takes every reading, whichever way it comes in, and gives the posterior back.

All readings are of the map z [unit of the readings], through a linear (or linearised) instrument A each,

    y = A (z + b_device) + n,        z = H beta + delta,        n ~ N(0, noise^2)                   (1)

H holds the map that an expert predicts and the nuisances, delta is what no expert knows (`observe.field.discrepancy`),
b the level of each device. A reading is a value, a limit or an interval of A z + n. Special cases of the same solve:

    kriging            no expert's map among the columns of H
    site expert        the map of the prior given the site, its own error left to delta
    handed-in map      the same with a map that someone else predicted (`MeanMap`)

Several experts are fitted and weighed by what they say of readings held out in blocks (`infer.experts`).

    Observations, MeanMap  ->  Model  ->  Posterior: mean, std, draw, covariance, to_map
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ComputationError
from openckm.infer.covariance import Covariance, EnsembleCovariance, ExactCovariance
from openckm.infer.draws import OutOfTime, batch_size, draw_maps, in_time
from openckm.infer.exact.ancestral import AncestralSampler
from openckm.infer.experts import Expert, gain_of
from openckm.infer.extended import MeanMap as MeanMap
from openckm.infer.scene import Scene
from openckm.infer.spread.normal import draw_factor
from openckm.infer.stacking import Blend
from openckm.maps.grid import Grid
from openckm.maps.quantity import AOA_COS, AOA_SIN, BUILDING, CHANNELS
from openckm.maps.radiomap import RadioMap
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser

STEPS = 8
"""Network calls of a draw, where nothing else is asked for."""
OUTPUT = (CHANNELS[0], AOA_COS, AOA_SIN, BUILDING)
Report = Callable[[str, int, int], None]
"""Called with (what, done, in all) while the work goes on."""
Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Posterior:
    """Mean and spread of every channel, and what draws and covariances need.

    Attributes:
        scene: the evidence on the padded grid.
        denoiser: the prior, in tiles where the map is large.
        denoised: what the network says of every channel, latent code.
        condition: what the network was conditioned on.
        gain: belief about the gain of every cell of the padded grid.
        experts: site and evidence expert; None where there were too few readings to fit anything.
        symmetrise: whether draws run in the 8 orientations in turn.
        evaluations: network evaluations so far.
        facts: provenance.
    """

    scene: Scene
    denoiser: Denoiser
    denoised: Denoised
    condition: Condition
    gain: Blend
    experts: tuple[Expert, Expert] | None
    symmetrise: bool = True
    evaluations: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def mean(self) -> Array:
        """Mean of the gain [unit of the readings], shape (cells of the padded grid,)."""
        return self.gain.mean

    @property
    def std(self) -> Array:
        """Standard deviation of the gain [dB], shape (cells of the padded grid,)."""
        return self.gain.std

    @property
    def _said(self) -> Denoised:
        """What the map says of every channel but the gain, latent code."""
        return self.denoised

    @property
    def expert(self) -> Expert | None:
        """The weightier of the two experts, or None where there is none."""
        return None if self.experts is None else self.experts[int(self.gain.weight >= 0.5)]

    def draw(
        self,
        draws: int,
        seed: int,
        steps: int | None = None,
        *,
        until: float | None = None,
        on_progress: Report | None = None,
        latent: NDArray[np.float32] | None = None,
        on_latent: Callable[[NDArray[np.float32]], None] | None = None,
    ) -> NDArray[np.float32]:
        """Return draws (draw, channel, row, col) in physical units on the padded grid, as many as time allows.

        Args:
            draws: how many are wanted.
            seed: draw k is a function of (seed, k) alone.
            steps: network calls per draw; None for the usual number.
            until: monotonic clock [s] at which to stop; None for no limit.
            on_progress: called with what is done.
            latent: draws of the network in latent code, where somebody has them already; no network call is made then.
            on_latent: called with the network's draws of each batch.
        """
        steps = steps or STEPS
        sampler = AncestralSampler(steps)

        def make(chosen: Sequence[int]) -> NDArray[np.float32]:
            def step(done: int, total: int) -> None:
                if until is not None and time.monotonic() > until:
                    raise OutOfTime
                if on_progress is not None:
                    on_progress("draws", chosen[0] * steps + done * len(chosen) * steps // total, draws * steps)

            if latent is not None:
                made = latent[chosen[0] : chosen[-1] + 1]
            else:
                made = draw_maps(self.denoiser, self.condition, chosen, seed, sampler, step, symmetrise=self.symmetrise)
            if on_latent is not None:
                on_latent(made)
            return np.stack([self.finish(made[n], seed, k) for n, k in enumerate(chosen)])

        left = None if until is None else (lambda: until - time.monotonic())
        out = in_time(make, draws, batch_size(self.scene.grid.shape), left)
        return np.stack(out) if out else np.zeros((0, len(OUTPUT), *self.scene.grid.shape), np.float32)

    def cost(self, draws: int, steps: int | None) -> int:
        """Return the network calls that some draws took."""
        return (steps or STEPS) * draws

    def finish(self, latent: NDArray[np.float32], seed: int, k: int) -> NDArray[np.float32]:
        """Return draw k (channel, row, col) in physical units: the network's map with a discrepancy of its own."""
        physical = np.stack([q.decode(latent[i]) for i, q in enumerate(OUTPUT)])
        physical[0] = self.gain_draw(physical[0].astype(np.float64).ravel(), seed, k).reshape(physical[0].shape)
        return physical

    def gain_draw(self, gain: Array, seed: int, k: int, at: slice | Index = slice(None)) -> Array:
        """Return draw k of the gain [unit of the readings]: of the weightier expert, with the blend's mean and spread.

        The spread is known up to a factor, of which each draw has its own.

        Args:
            gain: the network's draw [dB], of every cell of the scene, shape (cells,).
            seed: the seed of the discrepancy.
            k: number of the draw.
            at: the cells that are wanted, where those of the scene are more.
        """
        mean, std = self.gain.mean[at], self.gain.std[at] * draw_factor(self.gain.between, seed, k)
        if self.experts is None:
            centre, var = (part[0][at] for part in gain_of(self.denoised))
            return np.asarray(mean + std / np.maximum(np.sqrt(var), 1e-6) * (gain[at] - centre))
        rng, (site, evidence) = np.random.default_rng([seed, k, 5]), self.experts
        if self.gain.weight < 0.5:
            # (1): H beta + delta, in one draw
            expert, drawn = site, site.fit.sample(self.scene.places[at], site.basis.matrix[at], 1, rng)[0]
        else:
            expert, drawn = evidence, self._evidence_draw(gain, evidence, rng, at)
        return np.asarray(mean + std / np.maximum(expert.std[at], 1e-6) * (drawn - expert.mean[at]))

    def _evidence_draw(self, gain: Array, expert: Expert, rng: np.random.Generator, at: slice | Index) -> Array:
        """A draw of nuisances and discrepancy about the network's mean, and what the network's draw differs from that.

        The network's own error counts by the slope, and is drawn by the network, which saw the readings: so draws have
        the standard deviation that is stated (`openckm.infer.experts.evidence_belief`).
        """
        own = expert.fit.sample(self.scene.places[at], expert.basis.matrix[at], 1, rng)[0]
        # Eq. 2 of `openckm.infer.construct`
        return np.asarray(own + expert.slope * (gain - gain_of(expert.denoised)[0][0])[at])

    def covariance(self, *, draws: int = 24, seed: int = 0, steps: int | None = None) -> Covariance:
        """Return the covariance of the gain between cells: exact where readings were fitted, else that of draws.

        Args:
            draws: size of the ensemble, where there is one.
            seed: the seed of the ensemble.
            steps: network calls per draw; None for the usual number.

        Raises:
            OptionError: if an ensemble of fewer than 2 draws is asked for.
        """
        expert, places = self.expert, self.scene.places
        if expert is not None:
            return ExactCovariance(expert.fit, places, expert.basis.matrix, self.std)
        drawn = self.draw(draws, seed, steps)[:, 0]
        return EnsembleCovariance(drawn.reshape(len(drawn), -1).astype(np.float64), places)

    def to_map(self, grid: Grid, drawn: NDArray[np.float32] | None = None, **facts: Any) -> RadioMap:
        """Return the map of all channels on the grid that was asked for.

        Args:
            grid: the grid asked for.
            drawn: draws (draw, channel, row, col) on the padded grid, as `draw` returns them; None for none.
            facts: more lines of provenance.

        Raises:
            ComputationError: if a value is not finite.
        """
        scene, shape = self.scene, self.scene.grid.shape
        mean = np.stack([q.decode(self._said.mean[0, i].numpy()) for i, q in enumerate(OUTPUT)])
        var = np.zeros_like(mean) if self.denoised.var is None else self.denoised.var[0, : len(OUTPUT)].numpy()
        std = np.sqrt(var) * np.array([q.scale for q in OUTPUT])[:, None, None]
        mean[0], std[0] = self.mean.reshape(shape), self.std.reshape(shape)
        if scene.layout is not None:
            mean[3], std[3] = scene.layout.building, 0.0
        mean[3] = mean[3].clip(0.0, 1.0)
        if not (np.isfinite(mean).all() and np.isfinite(std).all()):
            raise ComputationError("the reconstruction is not finite; please report the input with which it happened")
        kept = None if drawn is None or not len(drawn) else scene.crop(drawn).astype(np.float32)
        return RadioMap.from_gaussian(
            grid, scene.crop(mean).astype(np.float32), scene.crop(std).astype(np.float32), [q.name for q in OUTPUT],
            draws=kept, valid=scene.valid, provenance=self.facts | facts,
        )  # fmt: skip
