"""A site's readings teach a prior by targets on the network's own scale, and by batches that hide some of them.

The readings of a site are brought to the network's scale with the nuisances of `openckm.infer.experts.fit_readings`:
transmit offset, pattern and what lies indoors are taken out, the map's slope and what the prior cannot explain stay,

    t_i = y_i - (offset + pattern(bearing_i) + indoor_i) + m_bar,                                      (1)

for these two are what the network is to learn. The nuisances are fitted to the readings that may be known. A training
step hides whole blocks or a track of the readings, tells the network the rest, or nothing, and asks for the hidden
ones in one call from sigma_max, in one of the 8 orientations. Every other batch is a replay: windows drawn from the
parent itself, with nothing known or with readings made up from them, so that what the site does not teach stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.infer.draws import draw_maps
from openckm.infer.exact.samplers import FewStepSampler
from openckm.infer.experts import fit_readings, gain_of
from openckm.infer.scene import Scene, prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.adapted import block_of
from openckm.priors.conditioning import Condition, evidence_planes
from openckm.priors.denoiser import Denoiser, MapDenoiser, planes_of
from openckm.priors.posterior import posterior_mean
from openckm.training.objective import Batch

BLOCK_CELLS = 16
"""Side of a block of readings that are held back together [cells]."""
_HIDE = (0.2, 0.7)
"""Share of the blocks that a training step hides."""
_TRACKS, SHOWN = 0.3, 0.8
"""Share of the steps that hide a track in place of blocks, and of those that see the rest of the readings."""
_TRACK_CELLS = 8.0
FLOOR_DB = 4.0
"""Error that every reading counts with besides its own [dB]: the place within its cell, what no network can know."""
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Lesson:
    """Targets of a site.

    Attributes:
        scene: the site on the network's grid.
        points: one target per cell with readings [dB, network's scale], with its spread.
        block: number of each one's block, shape (n,).
        known: targets that may be seen and learnt from; the others are there to be predicted, shape (n,).
        shift: what brings a reading in each cell to the network's scale [dB], shape (cells,).
    """

    scene: Scene
    points: Points
    block: NDArray[np.intp]
    known: Mask
    shift: Array

    @property
    def place(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Row and column of each target."""
        return self.scene.grid.index_of(self.points.x, self.points.y)

    def answer(self, denoiser: Denoiser, read: Mask, *, symmetrise: bool = False) -> Array:
        """Return the one-call mean of every cell [dB, network's scale], conditioned on some targets, shape (cells,)."""
        condition = self.scene.with_evidence(self.points.subset(read) if read.any() else None)
        return np.asarray(gain_of(posterior_mean(denoiser, condition, symmetrise=symmetrise))[0][0])

    def errors(self, denoiser: Denoiser, read: Mask, asked: Mask, *, symmetrise: bool = False) -> Array:
        """Return prediction minus target [dB] of the targets asked for, conditioned on the targets read.

        Args:
            denoiser: the network.
            read: targets that it is conditioned on, shape (n,).
            asked: targets that are predicted, shape (n,).
            symmetrise: average over the 8 orientations, as maps of the product are, instead of one call.
        """
        row, col = self.place
        cell = row[asked] * self.scene.grid.shape[1] + col[asked]
        return np.asarray(self.answer(denoiser, read, symmetrise=symmetrise)[cell] - self.points.value[asked])

    def batch(self, learnt: Mask, rng: np.random.Generator) -> Batch:
        """Return the site with some of the targets hidden, as a batch of one map; those asked for carry the loss."""
        hidden = self._hidden(learnt, rng)
        shown = learnt & ~hidden if rng.random() < SHOWN else np.zeros_like(learnt)
        condition = self.scene.with_evidence(self.points.subset(shown) if shown.any() else None)
        row, col = self.place
        planes = np.zeros((3, *self.scene.grid.shape), np.float32)  # target, weight, seen
        trust = 1.0 / (self.points.sigma[hidden] ** 2 + FLOOR_DB**2)
        at = row[hidden], col[hidden]
        np.add.at(planes[1], at, trust)  # several devices may have read a cell: their mean is asked for
        np.add.at(planes[0], at, trust * GAIN.encode(self.points.value[hidden]))
        planes[2][at] = 1.0
        planes[0][at] /= planes[1][at]
        planes[1] *= planes[1].size * len(CHANNELS) / trust.sum()  # the loss is a mean over all values
        turn = int(rng.integers(8))
        target, weight, seen = (torch.as_tensor(p) for p in apply_symmetry(turn, planes))
        clean = torch.zeros(1, len(CHANNELS), *target.shape)
        weights = torch.zeros_like(clean)
        clean[0, 0], weights[0, 0] = target, weight
        return Batch(clean, condition.turned(turn), weights, seen=(seen > 0)[None, None])

    def _hidden(self, learnt: Mask, rng: np.random.Generator) -> Mask:
        """Return the targets that a step hides: whole blocks, or a band across the map."""
        if rng.random() < _TRACKS:
            row, col = self.place
            angle, k = rng.uniform(0, np.pi), int(rng.choice(np.flatnonzero(learnt)))
            off = (row - row[k]) * np.cos(angle) + (col - col[k]) * np.sin(angle)
            return np.asarray(learnt & (np.abs(off) < _TRACK_CELLS))
        pool = np.unique(self.block[learnt])
        count = max(1, int(rng.uniform(*_HIDE) * len(pool)))
        return np.asarray(learnt & np.isin(self.block, rng.permutation(pool)[:count]))


def blocks_of(points: Points, place: tuple[float, float], block_m: float) -> tuple[NDArray[np.int16], NDArray[np.intp]]:
    """Return the blocks with readings, (east, north) from the base station, shape (b, 2), and the number of each's."""
    found, number = np.unique(block_of(points.x, points.y, place, block_m), axis=0, return_inverse=True)
    return found, np.asarray(number, dtype=np.intp).ravel()


def lesson_of(
    observations: Observations, grid: Grid, denoiser: MapDenoiser, known_blocks: Mask, block_m: float
) -> Lesson:
    """Return the targets of a site, its nuisances fitted to the readings of some blocks.

    Args:
        observations: readings, base station and layout.
        grid: the cells of the map.
        denoiser: the prior.
        known_blocks: the blocks, as `blocks_of` numbers those of all cells with readings, may be known.
        block_m: side of a block [m].

    Raises:
        InputError: if the evidence cannot be used.
    """
    if observations.transmitter is None:
        raise MeasurementError("to adapt to a site, the base station must be known: give its place")
    place = observations.transmitter.x, observations.transmitter.y
    scene = prepare_scene(observations, grid, denoiser.multiple, planes=planes_of(denoiser))
    readings, index = scene.readings.subset(scene.plain), scene.index[scene.plain]
    _, number = blocks_of(readings, place, block_m)
    known = known_blocks[number]
    gain = observations.gain_points()
    codes = [_code(block_of(p.x, p.y, place, block_m)) for p in (gain, readings.subset(known))]
    kept = gain.subset(np.isin(codes[0], codes[1]))
    part = prepare_scene(replace(observations, points=(kept,)), grid, denoiser.multiple, planes=planes_of(denoiser))
    mean = gain_of(posterior_mean(denoiser, part.condition, symmetrise=False))[0][0]
    basis = part.design(mean)
    fit, _ = fit_readings(part, basis, basis.prior_mean, basis.prior_std)
    matrix, slope = basis.matrix, basis.names.index("map slope")
    beta = fit.beta_mean[: matrix.shape[1]]
    nuisance = matrix @ beta - beta[slope] * matrix[:, slope]  # Eq. 1
    level = mean - matrix[:, slope]
    shift = level - nuisance
    own = shift[index] - _device_levels(part, fit.beta_mean, readings.device)
    spread = np.hypot(readings.sigma, fit.hyper.nugget_std)
    points = replace(readings, value=readings.value + own, sigma=spread, unit="dB")
    return Lesson(scene, points, number, known, shift)


def _device_levels(part: Scene, beta: Array, device: NDArray[np.str_]) -> Array:
    """Return the level [dB] of each reading's device as the nuisances' fit has it; 0 of devices that it did not see."""
    count = part.contrasts.shape[1]
    level = part.contrasts @ beta[len(beta) - count :]
    found = dict(zip(part.devices, level.tolist(), strict=True))
    return np.array([found.get(str(name), 0.0) for name in device])


def _code(blocks: NDArray[np.int16]) -> NDArray[np.int64]:
    """One number per block."""
    return blocks[:, 0].astype(np.int64) * 2**16 + blocks[:, 1]


class Replay:
    """Windows drawn from the parent, which it goes on being asked for while a site teaches it.

    Args:
        parent: the prior.
        count: windows.
        side: cells along each side.
        scalars: the scalars of the site's maps.
        seed: the seed of the draws.
    """

    def __init__(self, parent: Denoiser, count: int, side: int, scalars: torch.Tensor, seed: int) -> None:
        nothing = Condition.nothing(1, (side, side))
        self.scalars = scalars * torch.tensor([1.0, 0.0])
        shown = replace(nothing, scalars=self.scalars)
        self.windows = torch.as_tensor(draw_maps(parent, shown, range(count), seed, FewStepSampler(10)))

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        """Return windows in random orientations, half of them with readings of the window."""
        chosen = rng.integers(len(self.windows), size=size)
        clean, conditions = [], []
        for k in chosen:
            state = apply_symmetry(int(rng.integers(8)), self.windows[int(k)].numpy(), CHANNELS)
            conditions.append(self._read(state, rng) if rng.random() < 0.5 else self._nothing(state.shape[-2:]))
            clean.append(torch.as_tensor(state.copy()))
        maps = torch.stack(clean)
        return Batch(maps, Condition.join(conditions), torch.ones_like(maps))

    def _nothing(self, shape: tuple[int, int]) -> Condition:
        return replace(Condition.nothing(1, (shape[0], shape[1])), scalars=self.scalars)

    def _read(self, state: NDArray[np.float32], rng: np.random.Generator) -> Condition:
        rows, cols = state.shape[-2:]
        grid = Grid((rows, cols), 1.0, (0.0, float(rows)))
        cells = rng.choice(rows * cols, max(3, int(rows * cols * rng.uniform(0.005, 0.1))), replace=False)
        value = GAIN.decode(state[0].ravel()[cells]).astype(np.float64) + 2.0 * rng.standard_normal(len(cells))
        points = Points.exact(grid.x[cells % cols], grid.y[cells // cols], value, sigma=2.0, unit="dB", source="replay")
        nothing = self._nothing((rows, cols))
        return replace(nothing, evidence=torch.as_tensor(evidence_planes(grid, (points,)))[None])
