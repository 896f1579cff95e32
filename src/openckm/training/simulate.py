"""Evidence drawn at random from unlabeled maps: how the posterior is learned without a single labelled example.

For each map a pattern (scattered points, drive-test tracks, hidden blocks, clusters, everything but a hole) says where
readings stand, and a device (noise, a common offset, saturation, sensitivity, quantisation) says what they tell; or the
map is seen through averages over blocks of cells. The net sees the evidence planes that the same readings would give
at an edge.

Source of the idea: amortised posterior inference over random operators; G. Daras et al., Ambient Diffusion, 2023
(random masks); the device models are P1's truncation and quantisation (Eq. 2, 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.maps.quantity import AOA_COS, GAIN
from openckm.priors.conditioning import EVIDENCE_PLANES, LATENT_BOUND, SIGMA_REFERENCE

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class EvidenceOptions:
    """How evidence is drawn.

    Attributes:
        none: probability of no evidence at all.
        density: range of the share of cells measured by scattered points (log-uniform).
        noise_db: range of the noise of gain readings [dB] (log-uniform).
        saturate: probability of a limited dynamic range.
        quantise: probability of quantised readings.
        sensitivity: probability that weak cells are reported as "not heard".
        direction: probability that directions are measured too, a third of them as sine or cosine alone.
        dense_direction: the same where nearly everything is measured (holes and block averages).
        offset: probability that all gain readings of a map share an unknown error.
        offset_db: standard deviation of that error [dB].
        blocks: probability of averages over blocks of cells in place of readings of single cells.
        lone_average: probability that block averages of the direction are of its sine or its cosine alone.
    """

    none: float = 0.15
    density: tuple[float, float] = (0.001, 0.4)
    noise_db: tuple[float, float] = (0.3, 8.0)
    saturate: float = 0.08
    quantise: float = 0.12
    sensitivity: float = 0.2
    direction: float = 0.2
    dense_direction: float = 0.6
    offset: float = 0.1
    offset_db: float = 3.0
    blocks: float = 0.14
    lone_average: float = 0.4


def draw_pattern(free: Mask, options: EvidenceOptions, rng: np.random.Generator) -> Mask:
    """Return which of the free cells are measured, shape of `free`."""
    kind = rng.choice(5, p=[0.36, 0.16, 0.16, 0.08, 0.24])
    density = float(np.exp(rng.uniform(*np.log(options.density))))
    if kind == 0:
        return _scattered(free, density, rng)
    if kind == 1:
        return _tracks(free, density, rng)
    if kind == 2:
        return _blocks(free.shape, rng) & _scattered(free, max(density, 0.02), rng)
    if kind == 3:
        return _clusters(free, density, rng)
    return _hole(free.shape, rng) & free


def simulate_evidence(
    state: NDArray[np.float32], known: Mask, options: EvidenceOptions, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return evidence planes (EVIDENCE_PLANES, rows, cols) of readings drawn from one map.

    Args:
        state: latent channels (5, rows, cols).
        known: where the map has a gain (free and covered), shape (rows, cols).
        options: how to draw.
        rng: the only source of randomness.
    """
    planes = np.zeros((EVIDENCE_PLANES, *known.shape), dtype=np.float32)
    if rng.random() < options.none:
        return planes
    if rng.random() < options.blocks:
        factor = int(rng.choice((2, 4, 8), p=(0.6, 0.3, 0.1)))
        both = rng.random() < options.dense_direction
        readings = _block_readings(state[: 3 if both else 1], known, factor, options, rng)
        planes = block_evidence(*readings, known.shape)
        if both and rng.random() < options.lone_average:
            untold = 3 * int(rng.integers(1, 3))
            planes[untold : untold + 3] = 0.0
        return planes
    free = state[3] < 0
    measured = draw_pattern(free, options, rng)
    _gain_readings(planes[:3], state[0], known, measured, options, rng)
    dense = measured.sum() > 0.5 * free.sum()
    if rng.random() < (options.dense_direction if dense else options.direction):
        _direction_readings(planes[3:], state[1:3], measured & known, rng)
    return planes


def block_evidence(
    means: NDArray[np.float32], seen: Mask, factor: int, sigma: float, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return evidence planes (EVIDENCE_PLANES, rows, cols) of block averages: each stands in every cell of its block.

    Args:
        means: latent averages of gain, or of gain, aoa_cos and aoa_sin; (1 or 3, rows / factor, cols / factor).
        seen: blocks that hold a known cell, (rows / factor, cols / factor).
        factor: cells along the side of a block.
        sigma: standard deviation of the noise of an average, latent.
        shape: rows and columns of the map; cells beyond the last whole block hold nothing.
    """
    planes = np.zeros((EVIDENCE_PLANES, *shape), dtype=np.float32)
    rows, cols = (factor * n for n in seen.shape)
    covered = np.kron(seen, np.ones((factor, factor), dtype=bool))
    weight = 1.0 / (1.0 + (sigma / SIGMA_REFERENCE) ** 2)
    for k, mean in enumerate(means):
        lifted = np.where(covered, np.kron(mean, np.ones((factor, factor), np.float32)), 0.0)
        planes[3 * k : 3 * k + 2, :rows, :cols] = np.clip(lifted, -LATENT_BOUND, LATENT_BOUND)
        planes[3 * k + 2, :rows, :cols] = weight * covered
    return planes


def block_means(state: NDArray[np.float32], known: Mask, factor: int) -> tuple[NDArray[np.float32], Mask]:
    """Return averages over the known cells of blocks (channels, rows / factor, cols / factor), and where there are any.

    Args:
        state: channels (channels, rows, cols); the average is of these values as they are coded.
        known: cells that count, (rows, cols).
        factor: cells along the side of a block; incomplete blocks at the far edges are left out.
    """
    rows, cols = (n // factor for n in known.shape)
    cut = (slice(0, rows * factor), slice(0, cols * factor))
    tiled = (rows, factor, cols, factor)
    count = known[cut].reshape(tiled).sum((1, 3))
    total = (state * known)[:, *cut].reshape(-1, *tiled).sum((2, 4))
    return (total / np.maximum(count, 1)).astype(np.float32), np.asarray(count > 0)


def _block_readings(
    state: NDArray[np.float32], known: Mask, factor: int, options: EvidenceOptions, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Mask, int, float]:
    """Noisy averages of the channels given; half the time of gain in linear power, else in dB."""
    sigma = float(np.exp(rng.uniform(*np.log(options.noise_db)))) / GAIN.scale
    means, seen = block_means(state, known, factor)
    if rng.random() < 0.5:
        power = 10.0 ** (0.1 * GAIN.decode(state[:1].astype(np.float64)))
        means[0] = GAIN.encode(10.0 * np.log10(np.maximum(block_means(power, known, factor)[0][0], 1e-30)))
    noisy = means + sigma * rng.standard_normal(means.shape).astype(np.float32)
    return noisy.astype(np.float32), seen, factor, sigma


def _gain_readings(
    planes: NDArray[np.float32], gain: NDArray[np.float32], known: Mask, measured: Mask, options: EvidenceOptions,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    sigma = float(np.exp(rng.uniform(*np.log(options.noise_db)))) / GAIN.scale
    value = gain + sigma * rng.standard_normal(gain.shape).astype(np.float32)
    if rng.random() < options.offset:
        value += np.float32(options.offset_db / GAIN.scale * rng.standard_normal())
    low, high = value.copy(), value.copy()
    if rng.random() < options.quantise:
        step = float(np.exp(rng.uniform(np.log(1.0), np.log(20.0)))) / GAIN.scale
        low = np.floor(value / step) * step
        high = low + step
    if rng.random() < options.saturate:
        a, b = (float(GAIN.encode(v)) for v in (rng.uniform(-200, -120), rng.uniform(-115, -70)))
        low, high = np.where(value < a, -LATENT_BOUND, low), np.where(value < a, a, high)
        low, high = np.where(value > b, b, low), np.where(value > b, LATENT_BOUND, high)
    seen = measured & known
    if rng.random() < options.sensitivity:
        floor = float(GAIN.encode(rng.uniform(-160, -110)))
        silent = (value < floor) | ~known
        low, high = np.where(silent, -LATENT_BOUND, low), np.where(silent, floor, high)
        seen = measured
    weight = 1.0 / (1.0 + (sigma / SIGMA_REFERENCE) ** 2)
    for plane, bound in zip(planes, (low, high, np.full_like(gain, weight)), strict=True):
        plane[seen] = np.clip(bound, -LATENT_BOUND, LATENT_BOUND)[seen]


def _direction_readings(
    planes: NDArray[np.float32], vector: NDArray[np.float32], seen: Mask, rng: np.random.Generator
) -> None:
    sigma = float(np.exp(rng.uniform(np.log(0.01), np.log(0.3))))
    if rng.random() < 1 / 3:
        _component_readings(planes, vector, seen, sigma, rng)
        return
    angle = np.arctan2(vector[1], vector[0]) + sigma * rng.standard_normal(vector[0].shape)
    half = 0.0
    if rng.random() < 0.5:
        sectors = int(rng.integers(6, 49))
        width = 2 * np.pi / sectors
        angle, half = (np.floor(angle / width) + 0.5) * width, width / 2
    latent_sigma = sigma / AOA_COS.scale
    for k, turn in enumerate((0.0, -np.pi / 2)):
        low, high = _cosine_range(angle + turn, half)
        planes[3 * k][seen] = AOA_COS.encode(low)[seen]
        planes[3 * k + 1][seen] = AOA_COS.encode(high)[seen]
        planes[3 * k + 2][seen] = 1.0 / (1.0 + (latent_sigma / SIGMA_REFERENCE) ** 2)


def _component_readings(
    planes: NDArray[np.float32], vector: NDArray[np.float32], seen: Mask, sigma: float, rng: np.random.Generator
) -> None:
    """The sine of the direction alone (P1's AoA channel), or the cosine; half the time in sectors of its arcsine."""
    k = int(rng.integers(2))
    component = np.clip(AOA_COS.decode(vector[k]), -1.0, 1.0)
    low = high = component + sigma * rng.standard_normal(component.shape)
    if rng.random() < 0.5:
        width = np.pi / int(rng.integers(3, 25))
        sector = np.floor(np.arcsin(np.clip(low, -1.0, 1.0)) / width)
        low, high = (np.sin(np.clip((sector + n) * width, -np.pi / 2, np.pi / 2)) for n in (0, 1))
    planes[3 * k][seen] = AOA_COS.encode(low)[seen]
    planes[3 * k + 1][seen] = AOA_COS.encode(high)[seen]
    planes[3 * k + 2][seen] = 1.0 / (1.0 + (sigma / AOA_COS.scale / SIGMA_REFERENCE) ** 2)


def _cosine_range(centre: NDArray[np.float64], half: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest cosine over the wedge centre +- half [rad]."""
    ends = np.stack([np.cos(centre - half), np.cos(centre + half)])
    wrapped = np.abs(np.angle(np.exp(1j * centre)))
    high = np.where(wrapped <= half, 1.0, ends.max(0))
    low = np.where(np.pi - wrapped <= half, -1.0, ends.min(0))
    return low, high


def _scattered(free: Mask, density: float, rng: np.random.Generator) -> Mask:
    return np.asarray(free & (rng.random(free.shape) < density))


def _tracks(free: Mask, density: float, rng: np.random.Generator) -> Mask:
    """Walks with inertia that keep to free cells, as cars keep to streets."""
    mask = np.zeros_like(free)
    rows, cols = np.nonzero(free)
    budget = max(int(density * free.size), 8)
    for _ in range(int(rng.integers(1, 7))):
        k = int(rng.integers(rows.size)) if rows.size else 0
        if not rows.size:
            break
        _walk(mask, free, (float(rows[k]), float(cols[k])), budget, rng)
    thin = rng.uniform(0.3, 1.0)
    return np.asarray(mask & (rng.random(mask.shape) < thin))


def _walk(mask: Mask, free: Mask, start: tuple[float, float], budget: int, rng: np.random.Generator) -> None:
    row, col = start
    heading = rng.uniform(0, 2 * np.pi)
    for _ in range(min(budget, 600)):
        r, c = int(row), int(col)
        mask[r, c] = True
        for turn in (rng.normal(0, 0.15), *rng.permutation([0.8, -0.8, 1.6, -1.6, 3.1])):
            nr, nc = row + np.sin(heading + turn), col + np.cos(heading + turn)
            if 0 <= nr < free.shape[0] and 0 <= nc < free.shape[1] and free[int(nr), int(nc)]:
                row, col, heading = nr, nc, heading + turn
                break


def _blocks(shape: tuple[int, ...], rng: np.random.Generator) -> Mask:
    """True outside hidden square blocks."""
    side = int(rng.integers(6, 40))
    coarse = rng.random((shape[0] // side + 2, shape[1] // side + 2)) < rng.uniform(0.3, 0.85)
    grown = np.kron(coarse, np.ones((side, side), bool))
    r, c = rng.integers(0, side, 2)
    return np.asarray(grown[r : r + shape[0], c : c + shape[1]], dtype=bool)


def _clusters(free: Mask, density: float, rng: np.random.Generator) -> Mask:
    rows, cols = np.mgrid[: free.shape[0], : free.shape[1]]
    weight = np.zeros(free.shape)
    for _ in range(int(rng.integers(1, 6))):
        r, c, s = rng.uniform(0, free.shape[0]), rng.uniform(0, free.shape[1]), rng.uniform(4, 20)
        weight += np.exp(-0.5 * ((rows - r) ** 2 + (cols - c) ** 2) / s**2)
    weight *= density * free.size / max(weight.sum(), 1e-9)
    return np.asarray(free & (rng.random(free.shape) < weight))


def _hole(shape: tuple[int, ...], rng: np.random.Generator) -> Mask:
    """Everything but a box (P1's IPbox) or a few scattered cells (P1's IPrandom)."""
    if rng.random() < 0.5:
        return np.asarray(rng.random(shape) >= rng.uniform(0.001526, 0.1526))
    mask = np.ones(shape, dtype=bool)
    h, w = rng.integers(5, 50, 2)
    r, c = rng.integers(0, shape[0] - min(h, shape[0]) + 1), rng.integers(0, shape[1] - min(w, shape[1]) + 1)
    mask[r : r + h, c : c + w] = False
    return mask
