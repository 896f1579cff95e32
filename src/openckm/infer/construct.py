"""The product's own method: a learned prior, a stated likelihood, and a discrepancy where the prior does not fit.

    y = nuisances + map + discrepancy + noise     (`openckm.infer.scene`)

The map's posterior mean comes from the denoiser in one call per orientation, the discrepancy and the nuisances are
estimated jointly in closed form, two experts are stacked on held-out readings (`openckm.infer.experts`), and draws of
the map come from the denoiser's few-step sampler, each with a discrepancy of its own:

    x_k ~ p(map | site, readings),   delta_k ~ p(delta | readings - x_k)
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import ComputationError, OptionError
from openckm.infer.experts import Blend, Expert, blend, evidence_expert, folds_of, gain_of, site_expert
from openckm.infer.samplers import sample_prior
from openckm.infer.scene import Scene, prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.quantity import AOA_COS, AOA_SIN, BUILDING, CHANNELS
from openckm.maps.radiomap import RadioMap
from openckm.observe.discrepancy import condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior

__all__ = ["OpenCKM"]

OUTPUT = (CHANNELS[0], AOA_COS, AOA_SIN, BUILDING)
MIN_READINGS = 3
SAFETY = 1.3


@dataclass(frozen=True)
class OpenCKM:
    """Reconstructor with the embedded prior, or one from a folder.

    Attributes:
        prior: model folder; None means the prior shipped in the package.
        steps: network calls per posterior draw.
        symmetrise: average the posterior mean over the 8 orientations.
        name: of the method.
    """

    prior: Path | None = None
    steps: int = 10
    symmetrise: bool = True
    name: str = "openckm"

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 8,
        seed: int = 0,
        deadline_s: float | None = None,
    ) -> RadioMap:
        """Return the map with channels gain_db (in the unit of the readings), aoa_cos, aoa_sin and building.

        Fewer draws than asked for come back when `deadline_s` does not allow more; mean and spread always come. With
        fewer than MIN_READINGS usable readings the map is the prior's, in dB: nothing tells the transmit level of
        readings in dBm. Provenance says the unit.

        Raises:
            InputError: if the evidence cannot be used.
            ModelError: if the prior cannot be loaded.
        """
        started = time.monotonic()
        if draws < 0 or seed < 0 or (deadline_s is not None and not deadline_s > 0):
            raise OptionError(
                f"draws={draws}, seed={seed}, deadline_s={deadline_s}: wanted draws and seed of 0 or more and a"
                " positive deadline"
            )
        denoiser, card = embedded_prior() if self.prior is None else load_prior(self.prior)
        scene = prepare_scene(observations, grid, denoiser.multiple)
        facts: dict[str, Any] = {"prior": f"{card.name} {card.version}", "unit": scene.unit, "seed": seed}
        if int(scene.used.sum()) < MIN_READINGS:
            answer = _without_readings(scene, denoiser, self.symmetrise)
            facts["unit"] = "dB"
        else:
            answer = _with_readings(scene, denoiser, seed, self.symmetrise, facts)
        drawn = self._draw(answer, denoiser, draws, seed, _left(deadline_s, started))
        evaluations = answer.evaluations + self.steps * len(drawn)
        facts |= {"method": self.name, "network_evaluations": evaluations, "seconds": time.monotonic() - started}
        return _radio_map(answer, drawn, grid, facts)

    def _draw(
        self, answer: _Answer, denoiser: Denoiser, draws: int, seed: int, left: float | None
    ) -> NDArray[np.float32]:
        """Return draws of all channels in physical units, as many as the time left [s] allows."""
        shape = (len(CHANNELS), *answer.scene.grid.shape)
        out: list[NDArray[np.float32]] = []
        group = draws if left is None else 1
        clock = time.monotonic()
        while len(out) < draws:
            spent = time.monotonic() - clock
            if left is not None and spent + SAFETY * spent / max(len(out), 1) > left:
                break
            latent = _sample(denoiser, shape, answer.told, self.steps, range(len(out), len(out) + group), seed)
            out += [answer.finish(latent[k], seed, len(out) + k) for k in range(group)]
        return np.stack(out) if out else np.zeros((0, len(OUTPUT), *answer.scene.grid.shape), np.float32)


@dataclass(frozen=True, eq=False)
class _Answer:
    """Mean and spread of every channel, and what draws need."""

    scene: Scene
    denoised: Denoised
    told: Any
    gain: Blend
    experts: tuple[Expert, Expert] | None
    evaluations: int

    def finish(self, latent: NDArray[np.float32], seed: int, k: int) -> NDArray[np.float32]:
        """Return draw k (channel, row, col) in physical units: the network's map with a discrepancy of its own."""
        physical = np.stack([q.decode(latent[i]) for i, q in enumerate(OUTPUT)])
        physical[0] = self._gain_draw(physical[0].astype(np.float64).ravel(), seed, k).reshape(physical[0].shape)
        return physical

    def _gain_draw(self, gain: NDArray[np.float64], seed: int, k: int) -> NDArray[np.float64]:
        """Draw from the weightier expert, moved to the blend's mean and scaled to its spread."""
        if self.experts is None:
            return gain
        site, evidence = self.experts
        if self.gain.weight < 0.5:
            expert, places = site, self.scene.places
            field = site.fit.sample(places, site.basis.matrix, 1, np.random.default_rng([seed, k, 5]))[0]
        else:
            expert, field = evidence, self._evidence_draw(gain, evidence, np.random.default_rng([seed, k, 5]))
        return np.asarray(self.gain.mean + self.gain.std / np.maximum(expert.std, 1e-6) * (field - expert.mean))

    def _evidence_draw(
        self, gain: NDArray[np.float64], expert: Expert, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """The network's draw with a discrepancy of its own, delta_k ~ p(delta | readings - x_k)."""
        scene, matrix = self.scene, expert.basis.matrix.copy()
        slope = expert.basis.names.index("map slope")
        matrix[:, slope] += gain - gain_of(expert.denoised)[0][0]
        readings, index = scene.readings, scene.index
        part = condition(
            scene.places[index], readings.value, readings.sigma, matrix[index], expert.fit.beta_mean,
            np.sqrt(np.diag(expert.fit.beta_cov)), expert.fit.hyper,
        )  # fmt: skip
        return np.asarray(part.sample(scene.places, matrix, 1, rng)[0])


def _with_readings(scene: Scene, denoiser: Denoiser, seed: int, symmetrise: bool, facts: dict[str, Any]) -> _Answer:
    fold = folds_of(int(scene.used.sum()), seed)
    site = site_expert(scene, denoiser, fold, symmetrise=symmetrise)
    evidence = evidence_expert(scene, denoiser, fold, site, symmetrise=symmetrise)
    both = blend(scene, site, evidence)
    facts |= _explain(scene, site, evidence, both)
    calls = (16 if symmetrise else 2) + len(np.unique(fold))
    return _Answer(scene, evidence.denoised, evidence.condition, both, (site, evidence), calls)


def _without_readings(scene: Scene, denoiser: Denoiser, symmetrise: bool) -> _Answer:
    """Too few readings to fit anything: the prior given the site, and the readings as plain evidence when in dB."""
    told = scene.with_evidence(scene.cells if scene.cells is not None and scene.unit == "dB" else None)
    denoised = posterior_mean(denoiser, told, symmetrise=symmetrise)
    mean, var = (a[0] for a in gain_of(denoised))
    return _Answer(scene, denoised, told, Blend(mean, np.sqrt(var), 1.0, 1.0), None, 8 if symmetrise else 1)


def _explain(scene: Scene, site: Expert, evidence: Expert, both: Blend) -> dict[str, Any]:
    level = float(gain_of(site.denoised)[0][0][scene.index].mean())
    values = dict(zip(site.basis.names, site.fit.beta_mean.tolist(), strict=True))
    spreads = dict(zip(site.basis.names, np.sqrt(np.diag(site.fit.beta_cov)).tolist(), strict=True))
    return {
        "cells_observed": int(scene.used.sum()),
        "transmit_offset_db": values["offset"] - level,
        "transmit_offset_std_db": spreads["offset"],
        "map_slope": values["map slope"],
        "nuisances": {name: (values[name], spreads[name]) for name in site.basis.names},
        "discrepancy": [(p.name, p.unit, p.mean) for p in site.fit.report().parameters if "beta" not in p.name],
        "weight_of_evidence": both.weight,
        "spread_scale": both.scale,
        "held_out_rmse_db": {
            "site": float(np.sqrt(np.mean((site.held_out - scene.readings.value) ** 2))),
            "evidence": float(np.sqrt(np.mean((evidence.held_out - scene.readings.value) ** 2))),
        },
    }


def _sample(
    denoiser: Denoiser, shape: tuple[int, int, int], told: Any, steps: int, chosen: range, seed: int
) -> NDArray[np.float32]:
    """Latent draws number `chosen` (a draw is a function of (seed, k) alone, so skipped ones cost nothing)."""
    drawn = [
        sample_prior(denoiser, shape, told, steps=steps, draws=1, seed=_draw_seed(seed, k), bf16=True) for k in chosen
    ]
    return torch.cat(drawn).numpy().astype(np.float32)


def _draw_seed(seed: int, k: int) -> int:
    return int(np.random.SeedSequence([seed, k]).generate_state(1)[0])


def _left(deadline_s: float | None, started: float) -> float | None:
    return None if deadline_s is None else deadline_s - (time.monotonic() - started)


def _radio_map(answer: _Answer, drawn: NDArray[np.float32], grid: Grid, facts: dict[str, Any]) -> RadioMap:
    scene = answer.scene
    shape = scene.grid.shape
    mean = np.stack([q.decode(answer.denoised.mean[0, i].numpy()) for i, q in enumerate(OUTPUT)])
    var = np.zeros_like(mean) if answer.denoised.var is None else answer.denoised.var[0, : len(OUTPUT)].numpy()
    std = np.sqrt(var) * np.array([q.scale for q in OUTPUT])[:, None, None]
    mean[0], std[0] = answer.gain.mean.reshape(shape), answer.gain.std.reshape(shape)
    if scene.layout is not None:
        mean[3], std[3] = scene.layout.building, 0.0
    mean[3] = mean[3].clip(0.0, 1.0)
    if not (np.isfinite(mean).all() and np.isfinite(std).all()):
        raise ComputationError("the reconstruction is not finite; please report the input with which it happened")
    return RadioMap.from_gaussian(
        grid, scene.crop(mean).astype(np.float32), scene.crop(std).astype(np.float32), [q.name for q in OUTPUT],
        draws=scene.crop(drawn).astype(np.float32) if len(drawn) else None, valid=scene.valid, provenance=facts,
    )  # fmt: skip
