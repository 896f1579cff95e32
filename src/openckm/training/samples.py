"""Training samples in memory: latent maps, site planes and loss weights, with random symmetries and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.data.shards import TracedMap, latent_state
from openckm.errors import InputError
from openckm.maps.quantity import CHANNELS
from openckm.maps.site import Layout
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, moving_planes, scalars, site_planes
from openckm.priors.planes import RAY_PLANES, SITE_PLANES, SITE_QUANTITIES, quantities
from openckm.priors.ray_planes import site_rays
from openckm.training.simulate import EvidenceOptions, simulate_evidence
from openckm.training.trainer import Batch

__all__ = ["SampleOptions", "TrainingSet"]

HIDDEN_WEIGHT = 0.05
"""Loss weight of gain and direction where a map has none (buildings, outage): enough to keep the fill smooth.

It is 0 for the directions of a map that has no direction at all."""
WRONG = 0.3
"""Share of the samples whose heights are known that see the rays of wrong ones."""
FLAGS = ("building_known", "height_known", "transmitter_known")
RAY_QUANTITIES = quantities(RAY_PLANES)
CHANNEL_WEIGHTS = (1.0, 0.3, 0.3, 0.15, 0.15)


@dataclass(frozen=True)
class SampleOptions:
    """What a sample knows of its site.

    Attributes:
        nothing: probability that nothing at all is known, not even measurements: the unconditional prior.
        building: probability that the layout is known, where anything is.
        rays: probability that rays are known, given layout and transmitter, where the maps come with them.
        height: probability that heights are known, given the layout.
        transmitter: probability that the transmitter is known.
        evidence: how measurements are drawn.
    """

    nothing: float = 0.0
    building: float = 0.85
    height: float = 0.7
    transmitter: float = 0.85
    rays: float = 0.7
    evidence: EvidenceOptions = field(default_factory=EvidenceOptions)


def site_condition(traced: TracedMap, *, known: bool = True, planes: Sequence[str] = ()) -> Condition:
    """Return what a network is conditioned on of a map's site, without readings, a batch of one.

    Args:
        traced: the map.
        known: whether layout and transmitter are known; otherwise nothing but the side of a cell is.
        planes: further groups of planes that the network reads: "rays", launched here, and "vehicles".
    """
    grid, layout, transmitter = traced.grid, traced.layout if known else None, traced.transmitter if known else None
    site = site_planes(grid, layout, transmitter)
    rays = site_rays(grid, layout, transmitter) if "rays" in planes else None
    cars = np.zeros(grid.shape, np.float32) if traced.vehicle_m is None else traced.vehicle_m
    return Condition(
        torch.as_tensor(site)[None],
        torch.zeros(1, EVIDENCE_PLANES, *grid.shape),
        scalars(grid.cell_m, None if transmitter is None else transmitter.carrier_hz),
        torch.as_tensor(moving_planes(cars))[None] if "vehicles" in planes else None,
        None if rays is None else torch.tensor(rays)[None],
    )


class TrainingSet:
    """Maps of one shape, held in memory as float16, from which samples are drawn."""

    def __init__(
        self, maps: Iterable[TracedMap], options: SampleOptions | None = None, *,
        rays: Sequence[NDArray[np.float16]] | None = None, layouts: Sequence[Layout] | None = None,
    ) -> None:  # fmt: skip
        """Prepare the samples.

        Args:
            maps: all of one shape.
            options: what is known.
            rays: planes of rays of every map, of shape (2, planes, rows, cols): by the heights as they are, and by
                heights that are wrong or unknown (`openckm.training.rays`); None where no network reads them.
            layouts: the layout of every map as networks see it, misdrawn perhaps; None means the true ones.

        Raises:
            InputError: if there is no map.
        """
        self.options = options or SampleOptions()
        states, knowns, directed, sites, steering = [], [], [], [], []
        for k, traced in enumerate(maps):
            state, known = latent_state(traced)
            site = site_condition(traced if layouts is None else replace(traced, layout=layouts[k]))
            states.append(state.astype(np.float16))
            knowns.append(known)
            directed.append(known & np.isfinite(traced.aoa_rad))
            sites.append(site.site[0].numpy().astype(np.float16))
            steering.append(site.scalars[0])
        if not states:
            raise InputError("a training set needs at least one map; generate some with `ckm data generate`")
        self.states, self.knowns, self.sites = np.stack(states), np.stack(knowns), np.stack(sites)
        self.directed = np.stack(directed)
        self.steering = torch.stack(steering)
        self.rays = rays

    def __len__(self) -> int:
        return len(self.states)

    def sample(self, chosen: NDArray[np.intp], rng: np.random.Generator, *, fold: int = 1) -> Batch:
        """Return the chosen maps under random symmetries, with random knowledge and evidence.

        Args:
            chosen: indices of maps, shape (B,).
            rng: the only source of randomness.
            fold: each side is cut to 1 / fold of the map's, at a random place.
        """
        items = [self._item(int(k), rng, fold) for k in chosen]
        clean, weight, site, evidence, placed, *more = (
            torch.as_tensor(np.stack(part)) for part in zip(*items, strict=True)
        )
        steering = self.steering[torch.as_tensor(chosen)].clone()
        steering[:, 1] *= placed
        return Batch(clean, Condition(site, evidence, steering, rays=more[0] if more else None), weight)

    def _item(self, k: int, rng: np.random.Generator, fold: int) -> tuple[NDArray[np.float32] | np.float32, ...]:
        turn = int(rng.integers(8))
        cut = self._window(rng, fold)
        state = apply_symmetry(turn, self.states[k][cut].astype(np.float32), CHANNELS)
        site = apply_symmetry(turn, self.sites[k][cut].astype(np.float32), SITE_QUANTITIES)
        known, directed = apply_symmetry(turn, np.stack([self.knowns[k], self.directed[k]])[cut])
        evidence = simulate_evidence(state, known, self._evidence(k), rng)
        placed = self._forget(site, rng)
        if rng.random() < self.options.nothing:
            site[:], evidence[:], placed = 0.0, 0.0, False
        rays = () if self.rays is None else (self._shown_rays(self.rays[k], site, (turn, cut), rng),)
        weight = np.empty_like(state)
        for channel, share in enumerate(CHANNEL_WEIGHTS):
            counts, hidden = (known, HIDDEN_WEIGHT) if channel == 0 else (directed, HIDDEN_WEIGHT * directed.any())
            weight[channel] = share if channel >= 3 else share * np.where(counts, 1.0, hidden)
        return state, weight, site, evidence, np.float32(placed), *rays

    def _shown_rays(
        self, rays: NDArray[np.float16], site: NDArray[np.float32], how: tuple[int, tuple[slice, slice, slice]],
        rng: np.random.Generator,
    ) -> NDArray[np.float32]:  # fmt: skip
        """The planes of rays as a sample sees them: none without layout and transmitter, wrong ones with heights
        that are wrong or not known."""
        turn, cut = how
        building, height, transmitter = (site[SITE_PLANES.index(n)].any() for n in FLAGS)
        wrong = not height or rng.random() < WRONG
        shown = apply_symmetry(turn, rays[int(wrong)][cut].astype(np.float32), RAY_QUANTITIES)
        if not (building and transmitter and rng.random() < self.options.rays):
            shown[:] = 0.0
        return shown

    def _evidence(self, k: int) -> EvidenceOptions:
        """How measurements of a map are drawn: one without directions has no readings of them."""
        drawn = self.options.evidence
        return drawn if self.directed[k].any() else replace(drawn, direction=0.0, dense_direction=0.0)

    def _window(self, rng: np.random.Generator, fold: int) -> tuple[slice, slice, slice]:
        rows, cols = self.knowns.shape[-2:]
        height, width = rows // fold, cols // fold
        top, left = int(rng.integers(rows - height + 1)), int(rng.integers(cols - width + 1))
        return slice(None), slice(top, top + height), slice(left, left + width)

    def _forget(self, site: NDArray[np.float32], rng: np.random.Generator) -> bool:
        """Blank, at random, what the sample does not know; return whether the transmitter is known."""
        building = rng.random() < self.options.building
        height = building and rng.random() < self.options.height
        transmitter = rng.random() < self.options.transmitter
        if not building:
            site[[0, 1, 8]] = 0.0
        if not height:
            site[[2, 3, 9]] = 0.0
        if not transmitter:
            site[[4, 5, 6, 7, 8, 9, 10]] = 0.0
        return bool(transmitter)


class MixedSet:
    """Batches of a training step: whole maps in every third step, quarters of maps and coarsened maps in the others.

    Quarters are four times cheaper and keep their site's planes, and coarsened maps show the whole site at twice the
    cell size, so that a step sees more sites for the same work. `batch(step)` is a function of (seed, step) alone.
    """

    def __init__(self, fine: TrainingSet, coarse: TrainingSet, size: int, *, seed: int = 0) -> None:
        """Prepare batches.

        Args:
            fine: maps of (rows, cols) cells.
            coarse: maps of (rows / 2, cols / 2) cells.
            size: whole maps per batch; the other batches hold 2 * size items.
            seed: the seed of the choice of maps, symmetries, knowledge and evidence.

        Raises:
            InputError: if coarse maps do not have half the sides of the fine ones.
        """
        shapes = fine.knowns.shape[-2:], coarse.knowns.shape[-2:]
        if shapes[0] != (2 * shapes[1][0], 2 * shapes[1][1]):
            raise InputError(f"fine maps {shapes[0]} and coarse maps {shapes[1]}: wanted half the sides")
        self.fine, self.coarse, self.size, self.seed = fine, coarse, size, seed

    def tell(self, nothing: float) -> None:
        """Change the share of the samples that know nothing at all."""
        for part in (self.fine, self.coarse):
            part.options = replace(part.options, nothing=nothing)

    def batch(self, step: int) -> Batch:
        """Return the batch of a training step."""
        rng = np.random.default_rng([self.seed, step])
        if step % 3 == 0:
            return self.fine.sample(rng.integers(len(self.fine), size=self.size), rng)
        quarters = self.fine.sample(rng.integers(len(self.fine), size=self.size), rng, fold=2)
        return _joined(quarters, self.coarse.sample(rng.integers(len(self.coarse), size=self.size), rng))


def _joined(one: Batch, other: Batch) -> Batch:
    condition = Condition.join([one.condition, other.condition])
    return Batch(torch.cat([one.clean, other.clean]), condition, torch.cat([one.weight, other.weight]))
