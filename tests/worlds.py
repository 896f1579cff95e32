"""Tiny worlds made by code from a seed: grids, fields, readings, layouts, shards and priors, for all tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cholesky

from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.site import Layout, Transmitter
from openckm.observe.field.matern import Matern, covariance
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser, MapDenoiserOptions
from openckm.priors.pretrained import save_prior
from openckm.store.card import ModelCard

Field = NDArray[np.float64]

CARD = {
    "name": "tiny", "version": "0.0.1", "cell_m": (2.0, 4.0), "carrier_hz": (9e8, 8e9), "training_data": "none",
    "recipe": "tests/worlds.py", "metrics": {"rmse_db": 1.5}, "licence": "Apache-2.0", "credits": "nobody",
}  # fmt: skip
"""The described fields of a model card, as `save_prior` wants them."""


def centred_grid(side: int = 32, cell_m: float = 4.0) -> Grid:
    """Return a square local grid whose centre is the origin, so that symmetries act on coordinates as on cells."""
    half = side * cell_m / 2
    return Grid((side, side), cell_m, (-half, half))


def turned(k: int, x: float, y: float) -> tuple[float, float]:
    """Return a point moved by symmetry k of the square about the origin (quarter turns CCW, then east-west mirror)."""
    for _ in range(k % 4):
        x, y = -y, x
    return (-x, y) if k >= 4 else (x, y)


def gaussian_field(
    grid: Grid, seed: int, *, mean: float = -95.0, std: float = 8.0, length_m: float = 40.0, nu: float = 1.5
) -> Field:
    """Return a draw [dB] of a Gaussian field with a Matern covariance on the cells, shape grid.shape."""
    x, y = grid.centres()
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    cov = covariance(places, places, (Matern(nu, length_m, std),))
    cov[np.diag_indices_from(cov)] += 1e-8 * std**2
    white = np.random.default_rng([seed, 1]).standard_normal(len(places))
    return mean + (cholesky(cov, lower=True) @ white).reshape(grid.shape)


def readings(
    grid: Grid, field: Field, count: int, seed: int, *, noise: float = 1.0, unit: str = "dB", offset: float = 0.0
) -> Points:
    """Return readings of a field in `count` different cells, with noise [dB] and an offset [dB]."""
    rng = np.random.default_rng([seed, 2])
    row, col = np.divmod(rng.choice(field.size, count, replace=False), field.shape[1])
    value = field[row, col] + offset + noise * rng.standard_normal(count)
    return Points.exact(grid.x[col], grid.y[row], value, sigma=max(noise, 0.1), unit=unit)


def evidence(*points: Points, **site: object) -> Observations:
    """Return observations of some tables of readings."""
    return Observations(points=points, **site)


def blocks_layout(grid: Grid, seed: int = 0, count: int = 5) -> Layout:
    """Return a layout of a few box buildings, each 3-6 cells a side and 6-30 m high."""
    rng = np.random.default_rng([seed, 3])
    height = np.zeros(grid.shape, np.float32)
    for _ in range(count):
        h, w = rng.integers(3, 7, 2)
        r, c = rng.integers(1, grid.shape[0] - h), rng.integers(1, grid.shape[1] - w)
        height[r : r + h, c : c + w] = rng.uniform(6, 30)
    return Layout(grid, height, source="blocks")


def transmitter_near(grid: Grid, **more: object) -> Transmitter:
    """Return a transmitter at a place of the grid that lies on no symmetry axis and on no cell border."""
    west, south, east, north = grid.bounds
    return Transmitter(west + 0.371 * (east - west), south + 0.683 * (north - south), **more)


def tiny_denoiser(
    seed: int = 0, gain: float = 0.3, widths: tuple[int, ...] = (8, 8, 8, 8), planes: tuple[str, ...] = ()
) -> MapDenoiser:
    """Return a random denoiser whose layers that start at zero are awake: a prior that knows nothing of radio."""
    generator = torch.Generator().manual_seed(seed)
    denoiser = MapDenoiser(MapDenoiserOptions(widths=widths, blocks=1, planes=planes))
    for parameter in denoiser.parameters():
        fan = parameter[0].numel() if parameter.ndim > 1 else 1
        std = fan**-0.5 if parameter.ndim > 1 else 0.1
        parameter.data.copy_(std * torch.randn(parameter.shape, generator=generator))
    for name, parameter in denoiser.named_parameters():
        if "norm" in name and name.endswith("weight"):
            parameter.data += 1.0
        if name.startswith("network.exit."):
            parameter.data *= gain
    return denoiser.requires_grad_(False).train(False)


def save_tiny(folder: Path, denoiser: MapDenoiser | None = None) -> Path:
    """Write a tiny prior into a folder and return the folder."""
    save_prior(folder, denoiser or tiny_denoiser(), **CARD)
    return folder


def tiny_card() -> ModelCard:
    """Return a card for denoisers that are not on disk."""
    return ModelCard(
        architecture={}, channels=tuple(c.name for c in CHANNELS), ranges={}, grid_multiple=16, sha256="0" * 64, **CARD
    )  # fmt: skip


class GaussianDenoiser(Denoiser):
    """The exact denoiser of independent cells N(mean, std^2); it ignores the condition. std 0 is a prior that knows."""

    multiple = 16
    turns = False

    def __init__(self, mean: torch.Tensor, std: float = 0.0) -> None:
        super().__init__()
        self.mean, self.std = mean, std
        self.calls = 0

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W]; mean is [C, H, W]."""
        self.calls += 1
        level, prior = sigma.view(-1, 1, 1, 1) ** 2, self.std**2
        mean = (level * self.mean + prior * x) / (level + prior)
        return Denoised(mean, (level * prior / (level + prior)).expand_as(mean).clone())


def state_of_gain(field: Field) -> torch.Tensor:
    """Return latent channels [5, H, W] of a gain map [dB] without buildings, directions from the west."""
    state = torch.zeros(len(CHANNELS), *field.shape)
    state[0] = torch.as_tensor(GAIN.encode(field))
    state[1] = torch.as_tensor(float(CHANNELS[1].encode(-1.0)))
    state[3], state[4] = -0.5, 0.5
    return state


def shard_arrays(count: int = 2, side: int = 32, seed: int = 0, cell_m: float | None = 4.0) -> dict[str, np.ndarray]:
    """Return the arrays of a shard in the documented format; the last map has a sector antenna."""
    rng = np.random.default_rng([seed, 4])
    grid = Grid((side, side), 2.0 if cell_m is None else cell_m)
    gain = np.stack([gaussian_field(grid, seed + k) for k in range(count)])
    height = np.stack([blocks_layout(grid, seed + k).height_m for k in range(count)])
    missing = (height > 0) | (rng.random(gain.shape) < 0.05)
    x, south = rng.uniform(0.2, 0.8, (2, count)) * grid.width_m
    tx = np.stack([x, south, np.full(count, 25.0), np.full(count, np.nan), np.full(count, np.nan)], axis=1)
    tx[-1, 3:] = 30.0, 6.0
    arrays = {
        "gain_cdb": np.where(missing, -32768, np.rint(gain * 100)).astype(np.int16),
        "aoa_deg": np.where(missing, -999, rng.integers(-180, 180, gain.shape)).astype(np.int16),
        "height_dm": np.rint(height * 10).astype(np.uint16), "tx": tx, "layout": np.array(["nowhere"] * count),
        "carrier_hz": np.linspace(9e8, 3.5e9, count), "antenna": np.array(["iso"] * (count - 1) + ["tr38901"]),
    }  # fmt: skip
    if cell_m is not None:
        arrays["cell_m"] = np.full(count, cell_m)
    return arrays


def write_shard(path: Path, **options: object) -> Path:
    """Write a shard made by `shard_arrays` and return its path."""
    np.savez_compressed(path, **shard_arrays(**options))
    return path
