"""The product's own method joins a learned prior, a stated likelihood, and a discrepancy where the prior does not fit.

    y = nuisances + map + discrepancy + noise     (`openckm.infer.scene`)                           (1)

The map's posterior mean comes from the denoiser in one call per orientation, the discrepancy and the nuisances are
estimated jointly in closed form, two experts are stacked on held-out readings (`openckm.infer.experts`), and draws of
the map come from the denoiser's few-step sampler, each with nuisances and a discrepancy of its own, which are drawn
about the fit to the network's mean:

    x_k ~ p(map | site, readings),   z_k = (H beta + delta)_k + slope (x_k - E[map | site, readings])   (2)

Maps larger than `tile_cells` are denoised on overlapping tiles (`openckm.infer.tiles`). The spread is the one that was
measured on validation maps (`openckm.infer.spread.calibration`), where the prior comes with such a measurement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import MeasurementError, OptionError
from openckm.infer.assimilate import assimilable, updated
from openckm.infer.choose import METHODS, choose_method, has_sites
from openckm.infer.experts import (
    FOLDS,
    evidence_expert,
    folds_of,
    gain_of,
    hyper_of,
    site_expert,
)
from openckm.infer.extended import MeanMap
from openckm.infer.facts import explain
from openckm.infer.model import STEPS, Posterior, Report
from openckm.infer.rivals.algorithm2 import algorithm_2
from openckm.infer.sampled import SampledPosterior, sampled
from openckm.infer.scene import Scene, prepare_scene
from openckm.infer.spread.calibration import Calibration, calibrate, prior_calibration
from openckm.infer.stacking import Blend, blend
from openckm.infer.tiles import Tiled, TileOptions, tile_options
from openckm.infer.trend import trend_expert
from openckm.infer.warm import Asked, WarmJob, WarmStart
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.nn.arithmetic import arithmetic
from openckm.observe.field.marginal import Hyper
from openckm.observe.likelihood import Likelihood
from openckm.priors.adapted import CrossFitted, adapted_by
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser, planes_of
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import load_prior
from openckm.priors.ray_planes import rays_fact

MEAN_SHARE = 0.5
"""Share of a deadline after which no further orientation is averaged into the mean."""


@dataclass(frozen=True, eq=False)
class LoadedPrior:
    """A prior in memory.

    Attributes:
        denoiser: the network.
        name: what provenance calls it.
        calibration: the calibration of its spread, or None.
    """

    denoiser: MapDenoiser
    name: str
    calibration: Calibration | None = None


@dataclass(frozen=True)
class OpenCKM:
    """Reconstructor with the embedded prior, or one from a folder or from memory.

    Attributes:
        prior: model folder, or a model in memory; None means the prior shipped in the package.
        steps: network calls per posterior draw; None for the usual number of whoever draws.
        symmetrise: average the posterior mean over the 8 orientations, and draw in them in turn.
        tile_cells: side of the tiles in which maps larger than this are denoised [cells].
        calibrated: whether to bring the spread to what was measured on validation maps.
        device: name of the device whose level the map has; None for the mean device, "any" for whatever is at hand.
        delta: file of what the site taught the prior (`openckm.store.delta`), or None; one in memory brings its own.
        name: the name of the method.
        draw_by: who draws: "conditioned", the network that is conditioned on the readings, or "dps", P1's Algorithm 2
            (`openckm.infer.rivals.algorithm2`: the prior and the readings' likelihood, hundreds of times dearer). Of
            other instruments without readings at points, any of `openckm.infer.posterior_draws`; "conditioned" leaves
            the choice to the evidence.
        warm: a memory of answers, for questions that come again or nearly so (`openckm.flux`); None for none, and then
            a draw is a function of (seed, k) alone.
    """

    prior: Path | LoadedPrior | None = None
    steps: int | None = None
    symmetrise: bool = True
    tile_cells: int = TileOptions().cells
    calibrated: bool = True
    device: str | None = None
    delta: Path | None = None
    name: str = "openckm"
    draw_by: str = "conditioned"
    warm: WarmStart | None = None

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 8,
        seed: int = 0,
        deadline_s: float | None = None,
        progress: Report | None = None,
        maps: Sequence[MeanMap] = (),
        likelihood: Likelihood | None = None,
        belief: Posterior | None = None,
    ) -> RadioMap:
        """Return the map with channels gain_db (in the unit of the readings), aoa_cos, aoa_sin and building.

        Fewer draws than asked for come back when `deadline_s` does not allow more, and the mean is averaged over fewer
        orientations when half of it has passed; mean and spread always come. With fewer than MIN_READINGS values
        among the readings the map is the prior's, in dB: nothing tells the transmit level of readings in dBm.
        Provenance says the unit.

        Areas, rasters and a `likelihood` of any instrument (`openckm.observe`), in the map's unit, are brought in after
        the points (`openckm.infer.assimilate`), exactly where they are linear. What `posterior` said of the same
        evidence may be given as `belief`, and is not asked for again.

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
        if self.draw_by not in METHODS:
            raise OptionError(f"draw_by={self.draw_by!r}: wanted one of {', '.join(METHODS)}")
        end = None if deadline_s is None else started + deadline_s
        half = None if deadline_s is None else started + MEAN_SHARE * deadline_s
        job = self._job(observations, grid, draws, seed, bool(maps) or self.draw_by != "conditioned", likelihood)
        if job is not None and (known := job.recall()) is not None:
            return known
        answer = belief or self.posterior(
            observations,
            grid,
            seed=seed,
            until=half,
            progress=progress,
            maps=maps,
            likelihood=likelihood,
        )
        in_full = not answer.facts.get("orientations_left_out")
        latent, calls = None if job is None or draws == 0 else job.draws(answer), 0
        if self.draw_by == "dps" and draws and not isinstance(answer, SampledPosterior):
            left = None if end is None else max(end - time.monotonic(), 1e-3)
            latent, calls = algorithm_2(answer, draws, seed, deadline_s=left)
        made: list[NDArray[np.float32]] = []
        drawn = answer.draw(
            draws, seed, self.steps, until=end, on_progress=progress, latent=latent, on_latent=made.append
        )
        evaluations = answer.evaluations + (answer.cost(len(drawn), self.steps) if latent is None else calls)
        facts: dict[str, Any] = {"draw_by": self.draw_by} if self.draw_by != "conditioned" else {}
        facts |= {"method": self.name, "network_evaluations": evaluations, "seconds": time.monotonic() - started}
        radiomap = answer.to_map(grid, drawn, **facts)
        if job is None:
            return radiomap
        whole = in_full and len(drawn) == draws
        held = np.concatenate(made) if made else np.zeros((0, *answer.denoised.mean.shape[1:]), np.float32)
        return job.keep(answer, held, radiomap, calls=evaluations, whole=whole)

    def _job(
        self, observations: Observations, grid: Grid, draws: int, seed: int, further: bool,
        likelihood: Likelihood | None,
    ) -> WarmJob | None:  # fmt: skip
        """Return the question to the memory of answers; None where there is none, or where it must not be asked.

        A memory that recalls answers knows a question by its observations alone, so that one with a likelihood is not
        for it. A stream recalls nothing: what it carries over are the network's draws, before any likelihood.
        """
        if self.warm is None or further or (likelihood is not None and self.warm.exactly() is not None):
            return None
        return self.warm.ask(self._asked(observations, grid, draws, seed))

    def _asked(self, observations: Observations, grid: Grid, draws: int, seed: int) -> Asked:
        """Say everything that decides the answer; a deadline does not, for what it cuts short is not kept."""
        network, name, calibration = self._load()
        settings = {
            "method": self.name, "prior": name, "steps": self.steps or STEPS, "symmetrise": self.symmetrise,
            "seed": seed, "tile_cells": self.tile_cells, "calibration": calibration, "device": self.device,
            "arithmetic": arithmetic(),
        }  # fmt: skip
        return Asked(observations, grid, draws, network, settings)

    def posterior(
        self,
        observations: Observations,
        grid: Grid,
        *,
        seed: int = 0,
        until: float | None = None,
        progress: Report | None = None,
        maps: Sequence[MeanMap] = (),
        likelihood: Likelihood | None = None,
    ) -> Posterior:
        """Return the belief that `reconstruct` makes its map from, for those who want its covariances too.

        Args:
            observations: the evidence, in the grid's CRS.
            grid: the cells asked for.
            seed: the seed of the folds in which readings are held out.
            until: monotonic clock [s] after which the mean is averaged over no further orientations.
            progress: is called with what is done.
            maps: whole maps that someone else predicted, each one more column beside the prior's map; without any
                reading, the first is the answer.
            likelihood: the likelihood of any further instrument, on maps in latent code of the cells asked for, in the
                map's unit.

        Raises:
            InputError: if the evidence cannot be used.
            ModelError: if the prior cannot be loaded.
        """
        network = self._load()[0]
        scene = prepare_scene(observations, grid, network.multiple, self.device, maps, planes=planes_of(network))
        return self._further(self._believe(scene, seed, until, progress), likelihood)

    def _further(self, belief: Posterior, likelihood: Likelihood | None) -> Posterior:
        """Return a belief given what further instruments read, exactly where that can be."""
        if likelihood is None:
            return belief
        if belief.facts["unit"] != belief.scene.unit:
            raise MeasurementError(
                "too few readings at points to tell the transmit power, so that other evidence in dBm cannot be used;"
                " give at least 3 readings at points, or all evidence in dB"
            )
        drawn_by = self._sampler(belief, likelihood)
        return updated(belief, likelihood) if drawn_by is None else sampled(belief, likelihood, drawn_by)

    def _sampler(self, belief: Posterior, likelihood: Likelihood) -> str | None:
        """Return who draws given evidence of other instruments; None where it is brought in exactly.

        Raises:
            OptionError: if a sampler is wanted that knows nothing of readings at points.
        """
        if belief.experts is not None:
            if self.draw_by not in ("conditioned", "dps"):
                raise OptionError(
                    f"draw_by={self.draw_by!r} draws from other instruments alone, and there are readings at points:"
                    ' wanted "conditioned" or "dps"'
                )
            return None
        if self.draw_by != "conditioned":
            return self.draw_by
        return None if has_sites(likelihood) and assimilable(likelihood) else choose_method(likelihood)

    def again(
        self,
        known: Posterior | None,
        observations: Observations,
        grid: Grid,
        *,
        cells: NDArray[np.intp] | None = None,
        seed: int = 0,
        likelihood: Likelihood | None = None,
    ) -> Posterior:
        """Return the belief from some of the readings of a site that was fitted before: what a self-check asks.

        What the network says of the site without readings, and the hyperparameters of the discrepancy and of the noise,
        are those found before; everything else is made of the readings that are given.

        Args:
            known: the belief from all readings; None where nothing was fitted before, and all is made afresh.
            observations: the evidence that is left.
            grid: the cells of the map, as before.
            cells: flat index of the cells that are asked for, shape (m,); mean and spread of the gain are theirs
                alone, and the answer neither draws nor becomes a map. None for all.
            seed: the seed of the folds in which readings are held out.
            likelihood: the likelihood of any further instrument.

        Raises:
            InputError: if the evidence cannot be used.
        """
        network = self._load()[0]
        scene = prepare_scene(observations, grid, network.multiple, self.device, planes=planes_of(network))
        if cells is not None:
            row, col = np.divmod(cells, grid.shape[1])
            cells = np.asarray(row * scene.grid.shape[1] + col, np.intp)
        if likelihood is None:
            return self._believe(replace(scene, wanted=cells), seed, None, None, known)
        whole = updated(self._believe(scene, seed, None, None, known), likelihood)
        if cells is None:
            return whole
        return replace(whole, gain=replace(whole.gain, mean=whole.mean[cells], std=whole.std[cells]))

    def several(
        self,
        cells: Mapping[str, tuple[Observations, Grid]],
        *,
        draws: int = 8,
        seed: int = 0,
        progress: Report | None = None,
        alone: Mapping[str, Posterior] | None = None,
        likelihoods: Mapping[str, Likelihood] | None = None,
    ) -> dict[str, RadioMap]:
        """Return the maps of several radio cells, each of which learns from the others at its mast.

        Arguments and errors as for `posteriors`, and `draws`, how many of each map.
        """
        out = {}
        believed = self.posteriors(cells, seed=seed, progress=progress, alone=alone, likelihoods=likelihoods)
        for k, belief in believed.items():
            started = time.monotonic()
            drawn = belief.draw(draws, seed, self.steps, on_progress=progress)
            spent = belief.evaluations + belief.cost(len(drawn), self.steps)
            facts = {"method": self.name, "network_evaluations": spent, "seconds": time.monotonic() - started}
            out[k] = belief.to_map(cells[k][1], drawn, **facts)
        return out

    def posteriors(
        self,
        cells: Mapping[str, tuple[Observations, Grid]],
        *,
        seed: int = 0,
        progress: Report | None = None,
        alone: Mapping[str, Posterior] | None = None,
        likelihoods: Mapping[str, Likelihood] | None = None,
    ) -> dict[str, Posterior]:
        """Return the beliefs about several radio cells, each of which learns from the others at its mast.

        Args:
            cells: evidence and grid of each cell, all in one CRS.
            seed: the seed of everything random.
            progress: called with what is done.
            alone: what `posterior` said of each cell by itself, where it was asked before.
            likelihoods: the likelihood of any further instrument, by the cell that it read.

        Raises:
            InputError: if the evidence cannot be used, or the cells are in different CRS.
            ModelError: if the prior cannot be loaded.
        """
        from openckm.infer.shared import with_sisters

        more = likelihoods or {}
        if alone is None:
            alone = {
                k: self.posterior(*seen, seed=seed, progress=progress, likelihood=more.get(k))
                for k, seen in cells.items()
            }
        scenes = {k: one.scene for k, one in alone.items()}
        fitted = {k: one.experts[0] for k, one in alone.items() if one.experts is not None}
        joint = with_sisters({k: scenes[k] for k in fitted}, fitted, seed)
        out = {}
        for k, belief in alone.items():
            out[k] = belief
            if k in joint and (joint[k].sisters is not None or joint[k].levels is not None):
                out[k] = self._further(self._believe(joint[k], seed, None, progress, belief), more.get(k))
        return out

    def _believe(
        self, scene: Scene, seed: int, until: float | None, progress: Report | None, known: Posterior | None = None
    ) -> Posterior:
        """Return the belief about one scene, with what a belief `known` before says of the site and of its fields."""
        network, name, calibration = self._load()
        taught = adapted_by(network)
        away = taught is not None and not taught.belongs(scene.grid, scene.transmitter)
        if taught is not None and away:  # what a site teaches is worse than nothing elsewhere
            network, name = taught.parent, name.removesuffix(f" with {taught.name}")
        tiled = Tiled(network, network.multiple, tile_options(self.tile_cells))
        expected = 2 * (8 if self.symmetrise else 1) + FOLDS
        denoiser, meters = _cross_fitted(network, tiled, scene, self.tile_cells, progress, expected)
        asked = 0

        def late() -> bool:
            nonlocal asked
            asked += 1
            return until is not None and time.monotonic() > until

        enough = late if until is not None and self.symmetrise else None
        facts: dict[str, Any] = {
            "prior": name, "arithmetic": arithmetic(), "unit": scene.unit, "seed": seed,
        }  # fmt: skip
        if scene.condition.moving is not None:
            reads = "vehicles" in planes_of(network)
            facts["vehicles"] = "used" if reads else "not used: this prior has not learnt vehicles"
        facts |= rays_fact(scene.condition, planes_of(network), scene.layout, scene.transmitter)
        if taught is not None:
            facts["delta"] = "not used: it was taught at another base station" if away else taught.delta.digest
        if not scene.fitted:
            answer = _without_readings(scene, denoiser, self.symmetrise, enough)
            facts["unit"] = "dB"
        else:
            answer = _with_readings(scene, denoiser, seed, self.symmetrise, enough, facts, known)
        if enough is not None:  # asked once for each orientation that was averaged, of the one mean or of both experts'
            facts["orientations_left_out"] = 8 * (2 if scene.fitted else 1) - asked // len(meters)
        handed_in = bool(scene.maps) and not scene.fitted  # a map with a spread of its own, which was never the prior's
        gain, said = calibrate(answer.gain, scene, None if handed_in else calibration)
        return replace(
            answer, denoiser=tiled, gain=gain, symmetrise=self.symmetrise, facts=facts | said,
            evaluations=sum(meter.evaluations for meter in meters),
        )  # fmt: skip

    def _load(self) -> tuple[MapDenoiser, str, Calibration | None]:
        if isinstance(self.prior, LoadedPrior) and self.delta is not None:
            raise OptionError(
                f"delta {self.delta} with a model in memory: give the model's folder, or load both before"
            )
        if isinstance(self.prior, LoadedPrior):
            network, name, calibration = self.prior.denoiser, self.prior.name, self.prior.calibration
        else:
            network, card = load_prior(self.prior, delta=self.delta)
            name = f"{card.name} {card.version}"
            calibration = prior_calibration(self.prior, card.sha256)
        taught = adapted_by(network)
        return (
            network,
            name if taught is None else f"{name} with {taught.name}",
            calibration if self.calibrated else None,
        )


class _Meter(Denoiser):
    """Counts how many maps were denoised, and reports it."""

    def __init__(self, denoiser: Denoiser, progress: Report | None, expected: int) -> None:
        super().__init__()
        self.denoiser, self.progress, self.expected, self.evaluations = denoiser, progress, expected, 0
        self.lock = Lock()
        self.turns = denoiser.turns

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        denoised: Denoised = self.denoiser(x, sigma, condition)
        with self.lock:  # orientations may be asked side by side
            self.evaluations += x.shape[0]
        if self.progress is not None:
            self.progress("posterior mean", min(self.evaluations, self.expected), self.expected)
        return denoised


def _cross_fitted(
    network: MapDenoiser, tiled: Tiled, scene: Scene, tile_cells: int, progress: Report | None, expected: int
) -> tuple[Denoiser, list[_Meter]]:
    """Return what is asked for means: the prior, or, of one that its site taught, the network of each cell's fold."""
    taught = adapted_by(network)
    if taught is None or scene.transmitter is None:
        meter = _Meter(tiled, progress, expected)
        return meter, [meter]
    tiles = [Tiled(one, network.multiple, tile_options(tile_cells)) for one in taught.folds]
    meters = [_Meter(one, progress, expected) for one in tiles]
    return CrossFitted(meters, taught.labels(scene.grid, (scene.transmitter.x, scene.transmitter.y))), meters


def _with_readings(
    scene: Scene,
    denoiser: Denoiser,
    seed: int,
    symmetrise: bool,
    enough: Callable[[], bool] | None,
    facts: dict[str, Any],
    known: Posterior | None = None,
) -> Posterior:
    fold = folds_of(scene, seed)
    said: Denoised | None = None
    hyper: list[Hyper | None] = [None, None]
    if known is not None and known.experts is not None:
        said = known.experts[0].denoised
        hyper = [hyper_of(one.fit.hyper, known.scene, scene) for one in known.experts]
    # (1) is fitted twice, with the map of the site alone and with that of the network which saw the readings
    site = site_expert(scene, denoiser, fold, symmetrise=symmetrise, enough=enough, known=said, hyper=hyper[0])
    evidence = evidence_expert(scene, denoiser, fold, site, symmetrise=symmetrise, enough=enough, hyper=hyper[1])
    both = blend(scene, site, evidence, trend_expert(scene, site, fold))
    facts |= explain(scene, site, evidence, both)
    return Posterior(scene, denoiser, evidence.denoised, evidence.condition, both, (site, evidence))


def _without_readings(
    scene: Scene, denoiser: Denoiser, symmetrise: bool, enough: Callable[[], bool] | None
) -> Posterior:
    """Too few readings to fit anything: the prior given the site, and the readings as plain evidence when in dB."""
    condition = scene.with_evidence(scene.cells if scene.cells is not None and scene.unit == "dB" else None)
    denoised = posterior_mean(denoiser, condition, symmetrise=symmetrise, enough=enough)
    mean, var = (a[0] for a in gain_of(denoised))
    std = np.sqrt(var)
    if scene.maps:
        mean, std = scene.maps[0].mean.ravel(), scene.maps[0].std.ravel()
    mean, std = mean[scene.asked], std[scene.asked]
    return Posterior(scene, denoiser, denoised, condition, Blend(mean, std, 1.0, 1.0), None)
