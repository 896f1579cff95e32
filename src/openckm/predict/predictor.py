r"""Layout and transmitter to a map in one pass; with measurements, prediction and measurements together.

Without readings the map is what networks say of the site, mean and spread:

    network  a one-pass network: the one that is shipped, or a folder's, with the spread measured on validation cities
    prior    the prior conditioned on layout, transmitter and rays, in one call at sigma_max; it answers for the
             direction, too
    all      the weighted mean of the two maps of the gain and the map by rays alone, m = sum_k w_k m_k with the
             weights of SHARES; its variance is that of the mixture, sum_k w_k (s_k^2 + (m_k - m)^2)

With readings, or evidence of another instrument, the prediction is handed to the model of `openckm.infer.construct`
as a map beside the prior's,

    y_i = offset + slope (m(s_i) - m_bar) + slope' (p(s_i) - p_bar) + pattern + delta(s_i) + eps_i,

m the prior's map, p the prediction. A prediction without readings draws with the prior's texture about its own mean.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import ComputationError, GridError, LayoutError, OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.extended import MeanMap
from openckm.infer.ray_map import ray_map
from openckm.infer.scene import Scene, prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.maps.rays.machine import can_launch
from openckm.maps.site import Layout, Transmitter
from openckm.nn.arithmetic import arithmetic, cast
from openckm.observe.likelihood import Likelihood
from openckm.predict.code import Code, behind_buildings, paper_inputs, scale_of, site_inputs
from openckm.predict.networks import MapNetwork
from openckm.predict.pretrained import embedded_network, load_network
from openckm.predict.site_checks import require_site
from openckm.predict.spread import Spread
from openckm.priors.conditioning import site_planes
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.priors.ray_planes import rays_fact

__all__ = ["Predictor"]

Array = NDArray[np.float64]


SHARES = (0.4, 0.4, 0.2)
"""What network, prior and rays count in their mean, chosen on maps of validation cities."""
TRUSTED = 0.5
"""Share of the buildings whose heights have to be stated for the heights to be known."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Mean and standard deviation of the gain [dB] of every cell, shape (rows, cols) of a padded grid.

    Attributes:
        mean: [dB].
        std: [dB].
        level_std: share of `std` that all cells have in common [dB].
        heights_known: whether heights of buildings were stated rather than assumed.
    """

    mean: Array
    std: Array
    level_std: float = 0.0
    heights_known: bool = True


@dataclass(frozen=True)
class Predictor:
    """Reconstructor from layout and transmitter, and from readings where there are some.

    Attributes:
        weights: folder of a one-pass network; None means the one shipped in the package.
        prior: model folder of the prior; None means the one shipped in the package.
        steps: network calls per draw.
        name: the name of the method.
        by: who predicts: a one-pass network, the prior in one call, or both with the rays. None takes all, or the
            network alone where its weights or vehicles are given, of which the others know nothing.
    """

    weights: Path | None = None
    prior: Path | None = None
    steps: int = 10
    name: str = "predict"
    by: Literal["network", "prior", "all"] | None = None

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 0,
        seed: int = 0,
        deadline_s: float | None = None,
        likelihood: Likelihood | None = None,
    ) -> RadioMap:
        """Return the map, its gain in dB without readings, else in the unit of the readings.

        The prior's map has all of its channels, that of a one-pass network gain_db alone. Fewer draws come back than
        asked for when the deadline does not allow more; mean and spread always come.

        Args:
            observations: layout and transmitter, and readings if there are any, in the grid's CRS.
            grid: the cells to answer for.
            draws: posterior draws; their texture is the prior's.
            seed: draw k is a function of (seed, k) alone.
            deadline_s: time for the answer [s]; None means no limit.
            likelihood: the likelihood of any further instrument (`openckm.observe`), in the map's unit.

        Raises:
            InputError: if layout or transmitter are missing or impossible (see `require_site`), or the readings cannot
                be used.
            ModelError: if weights cannot be loaded.
        """
        if self.by not in (None, "network", "prior", "all") or (self.by == "prior" and self.weights is not None):
            raise OptionError(f"by={self.by!r}, weights={self.weights}: wanted a network's weights, or by='prior'")
        require_site(observations, grid)
        alone = self.weights is not None or observations.vehicles is not None
        by = self.by or ("network" if alone else "all")
        if by == "prior":
            return self._prior_alone(observations, grid, draws, seed, deadline_s, likelihood)
        started = time.monotonic()
        if draws < 0 or seed < 0 or (deadline_s is not None and not deadline_s > 0):
            raise OptionError(f"{draws=}, {seed=}, {deadline_s=}: wanted 0 or more draws and a positive deadline")
        network, card, spread = embedded_network() if self.weights is None else load_network(self.weights)
        groups = ("rays",) if network.code == "rays" else ()
        scene = prepare_scene(observations, grid, network.multiple, planes=groups)
        prediction = predict_gain(network, spread, scene, observations.vehicles)
        mean, std = (np.asarray(scene.crop(field), np.float64) for field in (prediction.mean, prediction.std))
        facts = {
            "method": self.name, "predictor": f"{card.name} {card.version}", "seed": seed, "unit": "dB",
            "level_std_db": prediction.level_std, "heights": "stated" if prediction.heights_known else "assumed",
            "arithmetic": arithmetic(), "network_evaluations": network.calls, **observations.layout_credit,
            **rays_fact(scene.condition, groups, scene.layout, scene.transmitter),
        }  # fmt: skip
        if by == "all":
            mean, std, facts = self._with_others(observations, grid, mean, std, facts)
        drawn = None
        if scene.fitted or draws or likelihood is not None:
            left = None if deadline_s is None else max(deadline_s - (time.monotonic() - started), 1e-3)
            engine = OpenCKM(self.prior, steps=self.steps, symmetrise=False)
            made = engine.reconstruct(
                observations, grid, draws=draws, seed=seed, deadline_s=left, likelihood=likelihood,
                maps=(MeanMap("prediction", mean, std),),
            )  # fmt: skip
            calls = int(facts["network_evaluations"]) + int(made.provenance["network_evaluations"])
            facts = made.provenance | facts | {"unit": made.provenance["unit"], "network_evaluations": calls}
            mean, std = (np.asarray(field, np.float64) for field in (made.mean(), made.std()))
            drawn = made.draws()[:, None] if draws and "draws" in made.dataset else None
        facts["seconds"] = time.monotonic() - started
        gain, spread_db = (np.asarray(field, np.float32)[None] for field in (mean, std))
        return RadioMap.from_gaussian(
            grid, gain, spread_db, ["gain_db"], draws=drawn, valid=scene.valid, provenance=facts
        )  # fmt: skip

    def _with_others(
        self, observations: Observations, grid: Grid, mean: Array, std: Array, facts: dict[str, Any]
    ) -> tuple[Array, Array, dict[str, Any]]:
        """Return mean and spread of the network's map, the prior's and that of the rays, and what is said of them."""
        site = Observations(
            layout=observations.layout, transmitter=observations.transmitter, vehicles=observations.vehicles,
            crs=observations.crs,
        )  # fmt: skip
        made = self._prior_alone(site, grid, 0, int(facts["seed"]), None, None)
        maps = [(mean, std), (np.asarray(made.mean(), np.float64), np.asarray(made.std(), np.float64))]
        rays = ray_map(site, grid) if can_launch() else None
        maps += [] if rays is None else [(rays.mean, rays.std)]
        share = np.array(SHARES[: len(maps)])
        middle = np.tensordot(share / share.sum(), [m for m, _ in maps], 1)
        square = np.tensordot(share / share.sum(), [s**2 + (m - middle) ** 2 for m, s in maps], 1)
        said = {name: made.provenance[name] for name in ("rays",) if name in made.provenance}
        calls = int(facts["network_evaluations"]) + int(made.provenance["network_evaluations"])
        who = f"{facts['predictor']}, {made.provenance['predictor']}" + ("" if rays is None else ", rays alone")
        return middle, np.sqrt(square), facts | said | {"predictor": who, "network_evaluations": calls}

    def _prior_alone(
        self, observations: Observations, grid: Grid, draws: int, seed: int, deadline_s: float | None,
        likelihood: Likelihood | None,
    ) -> RadioMap:  # fmt: skip
        network = (embedded_prior() if self.prior is None else load_prior(self.prior))[0]
        if observations.vehicles is not None and "vehicles" not in network.options.planes:
            raise OptionError("this prior knows no vehicles: let a one-pass network predict, or give no vehicles")
        method = OpenCKM(prior=self.prior, steps=self.steps, symmetrise=False, name=self.name)
        made = method.reconstruct(
            observations, grid, draws=draws, seed=seed, deadline_s=deadline_s, likelihood=likelihood
        )  # fmt: skip
        made.provenance |= {"predictor": made.provenance["prior"], **observations.layout_credit}
        return made


def predict_gain(network: MapNetwork, spread: Spread, scene: Scene, vehicles: Layout | None = None) -> Prediction:
    """Return what a network says of a scene with layout and transmitter, on its padded grid.

    Args:
        network: ready to use.
        spread: the spread of its predictions.
        scene: the scene, on a grid whose sides are divisible by `network.multiple`.
        vehicles: their heights on the grid that was asked for, or None.

    Raises:
        LayoutError: if layout or transmitter are missing.
        GridError: if the vehicles stand on another grid.
        ComputationError: if the answer is not finite.
    """
    planes, source = network_planes(scene, network.code, vehicles)
    known = _heights_stated(scene)
    with torch.no_grad(), cast("cpu"):
        grey = network(planes, source)[0, 0].double().numpy()
    if not np.isfinite(grey).all():
        raise ComputationError("the prediction is not finite; please report the input with which it happened")
    distance, behind = sight(scene)
    scale = scale_of(network.code)
    std = spread.std(distance, behind, heights_known=known)
    return Prediction(scale.floor_db + scale.span_db * grey, std, spread.level(known), known)


def _heights_stated(scene: Scene) -> bool:
    """Say whether the heights of most buildings of a scene were stated.

    Raises:
        LayoutError: if layout or transmitter are missing.
    """
    return _known(scene)[0].height_known > TRUSTED


def sight(scene: Scene) -> tuple[Array, NDArray[np.bool_]]:
    """Return every cell's distance from the transmitter on the ground [m], and whether buildings stand between.

    Raises:
        LayoutError: if layout or transmitter are missing.
    """
    transmitter = _known(scene)[1]
    x, y = scene.grid.centres()
    behind = behind_buildings(scene.condition.site[0].numpy())
    return np.hypot(x - transmitter.x, y - transmitter.y), behind


def network_planes(scene: Scene, code: Code, vehicles: Layout | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the planes [1, C, H, W] that a network sees of a scene, and the transmitter's place [1, 2] [cells].

    Where heights were not stated, a network sees those that the layout assumes.

    Raises:
        LayoutError: if layout or transmitter are missing.
        GridError: if the vehicles stand on another grid.
    """
    layout, transmitter = _known(scene)
    west, north = scene.grid.origin
    source = ((north - transmitter.y) / scene.grid.cell_m, (transmitter.x - west) / scene.grid.cell_m)
    tall = None if vehicles is None else _vehicle_heights(scene, vehicles, layout)
    if code == "paper":
        planes = paper_inputs(layout.building, source, None if tall is None else tall > 0)
    else:
        cell, carrier = (float(v) for v in scene.condition.scalars[0])
        site = scene.condition.site[0].numpy()
        if not _heights_stated(scene) or layout.unknown is not None:
            # One-pass networks have never seen a layout without heights, or of a part: tell what the layout assumes.
            site = site_planes(scene.grid, replace(layout, unknown=None), transmitter, heights_known=True)
        rays = scene.condition.group("rays")[0].numpy() if code == "rays" else None
        planes = site_inputs(site, (cell, carrier), source, tall, rays)
    return torch.as_tensor(planes)[None], torch.tensor([source], dtype=torch.float32)


def _vehicle_heights(scene: Scene, vehicles: Layout, layout: Layout) -> NDArray[np.float32]:
    wanted = replace(scene.grid, shape=scene.shape)
    if vehicles.grid != wanted:
        raise GridError(f"vehicles on {vehicles.grid}, map on {wanted}: read the vehicles onto the map's grid")
    room = [(0, p - s) for p, s in zip(scene.grid.shape, scene.shape, strict=True)]
    return np.where(layout.building, 0.0, np.pad(vehicles.height_m, room)).astype(np.float32)


def _known(scene: Scene) -> tuple[Layout, Transmitter]:
    if scene.layout is None or scene.transmitter is None:
        raise LayoutError("a prediction needs the building layout and the transmitter: give both")
    return scene.layout, scene.transmitter
