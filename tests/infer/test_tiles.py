"""Tiles: weights that sum to 1, exactness where the denoiser is local, no seams, maps of any shape."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from openckm.errors import OptionError
from openckm.evaluate.worlds.duke import duke_cell
from openckm.infer.construct import OpenCKM
from openckm.infer.draws import draw_maps
from openckm.infer.exact.samplers import FewStepSampler
from openckm.infer.scene import prepare_scene
from openckm.infer.tiles import Tiled, TileOptions, tile_starts, tile_weights
from openckm.maps.grid import Grid
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior
from worlds import GaussianDenoiser, evidence, gaussian_field, readings, tiny_denoiser, transmitter_near

SMALL = TileOptions(cells=64, overlap=32, margin=4, batch=2)


@pytest.mark.parametrize("side", [64, 80, 96, 128, 208, 512])
@pytest.mark.parametrize("overlap", [16, 32])
def test_tiles_cover_a_side_and_share_enough(side, overlap):
    starts = tile_starts(side, 64, overlap, 16)
    assert starts[0] == 0 and starts[-1] == max(side - 64, 0)
    assert all(s % 16 == 0 for s in starts)
    assert all(a + 64 - b >= overlap for a, b in pairwise(starts))
    assert len(starts) <= 1 + -(-(side - 64) // (64 - overlap))


@pytest.mark.parametrize("margin", [0, 4])
def test_weights_sum_to_one_smoothly(margin):
    starts = tile_starts(208, 64, 32, 16)
    weights = tile_weights(starts, 208, 64, margin)
    np.testing.assert_allclose(weights.sum(0), 1.0, atol=1e-12)
    assert (weights >= 0).all()
    for k, start in enumerate(starts):
        assert (weights[k, :start] == 0).all() and (weights[k, start + 64 :] == 0).all()
        inner = weights[k, max(start - 1, 0) : start + 65]
        assert np.abs(np.diff(inner)).max() < 0.12, "no cell counts very differently from its neighbour"
    assert weights[0, 0] == 1.0 and weights[-1, -1] == 1.0, "the map's own border has no ramp"
    if margin:
        assert weights[1, starts[1] : starts[1] + margin].max() < 1e-3


def test_between_two_tiles_the_weight_goes_over_as_the_square_of_a_sine():
    weights = tile_weights((0, 8), 24, 16)
    share = np.sin(0.5 * np.pi * (np.arange(8) + 0.5) / 8) ** 2
    np.testing.assert_allclose(weights[1, 8:16], share, rtol=1e-9)
    np.testing.assert_allclose(weights[0, 8:16], 1.0 - share, rtol=1e-9)
    assert (weights[0, :8] == 1.0).all() and (weights[1, 16:] == 1.0).all()


def test_one_tile_is_the_denoiser_itself():
    inner = tiny_denoiser(0)
    x = torch.randn(2, 5, 48, 64, generator=torch.Generator().manual_seed(0))
    level, told = torch.full((2,), 0.7), Condition.nothing(2, (48, 64))
    for a, b in zip(inner(x, level, told), Tiled(inner, 16, SMALL)(x, level, told), strict=True):
        assert torch.equal(a, b)


def test_a_local_denoiser_is_not_changed_by_tiles():
    """Independent cells: every tile says the same of a cell, so the blend is exact, mean, variance and draws."""
    field = torch.randn(5, 96, 160, generator=torch.Generator().manual_seed(1))

    class Local(Denoiser):
        def forward(self, x, sigma, condition=None):
            known = condition.site[:, :5]
            level = sigma.view(-1, 1, 1, 1) ** 2
            return Denoised((level * known + 0.25 * x) / (level + 0.25), (level * 0.25 / (level + 0.25)).expand_as(x))

    told = Condition.nothing(1, (96, 160))
    told.site[0, :5] = field
    whole, tiled = Local(), Tiled(Local(), 16, SMALL)
    x = torch.randn(1, 5, 96, 160)
    for a, b in zip(whole(x, torch.tensor([0.5]), told), tiled(x, torch.tensor([0.5]), told), strict=True):
        torch.testing.assert_close(a, b)
    sampler = FewStepSampler(4)
    for a, b in zip(*(draw_maps(d, told, [0, 1], 3, sampler, symmetrise=False) for d in (whole, tiled)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_denoiser_without_variance_stays_without():
    class Bare(Denoiser):
        def forward(self, x, sigma, condition=None):
            return Denoised(0.5 * x, None)

    answer = Tiled(Bare(), 16, SMALL)(torch.ones(1, 5, 96, 96), torch.ones(1), None)
    assert answer.var is None
    torch.testing.assert_close(answer.mean, torch.full((1, 5, 96, 96), 0.5))


def jumps(field: np.ndarray, lines: set[int]) -> float:
    """Mean absolute step across the lines over that everywhere else, along rows and columns."""
    at = np.array(sorted(lines)) - 1
    steps = [np.abs(np.diff(field, axis=axis)).mean(axis=1 - axis) for axis in (0, 1)]
    other = [np.delete(s, at) for s in steps]
    return float(np.mean([s[at] for s in steps]) / np.mean(np.concatenate(other)))


def side_by_side(denoiser: Denoiser, told: Condition, size: int) -> np.ndarray:
    """The posterior mean of tiles put side by side without blending: what a seam looks like."""
    rows, cols = told.site.shape[-2:]
    out = np.zeros((rows, cols))
    for r in range(0, rows, size):
        for c in range(0, cols, size):
            part = Condition(*(t[..., r : r + size, c : c + size] for t in (told.site, told.evidence)), told.scalars)
            out[r : r + size, c : c + size] = posterior_mean(denoiser, part, symmetrise=False).mean[0, 0]
    return out


def test_seams_on_a_real_site_are_no_larger_than_steps_elsewhere():
    """Duke's LTE cell A with the shipped prior, 128 x 128 cells in tiles of 64, against the map in one piece."""
    cell, (denoiser, _) = duke_cell("A"), embedded_prior()
    scene = prepare_scene(cell.observations(), cell.grid, 16)
    starts = tile_starts(128, 64, 32, 16)
    lines = {a for s in starts for a in (s, s + 64) if 0 < a < 128}
    tiled, whole = (
        posterior_mean(d, scene.condition, symmetrise=False).mean[0, 0].numpy()
        for d in (Tiled(denoiser, 16, SMALL), denoiser)
    )
    assert jumps(tiled, lines) < 1.1 * jumps(whole, lines)
    assert np.sqrt(np.mean((tiled - whole) ** 2)) < 0.25 * whole.std()
    cut = side_by_side(denoiser, scene.condition, 64)
    assert jumps(cut, {64}) > 1.3 * jumps(whole, {64}), "the measure must be able to see a seam"


def test_a_large_and_oblong_map_through_the_product(tiny_prior):
    grid = Grid((70, 150), 4.0, (0.0, 280.0))
    field = np.kron(gaussian_field(Grid((7, 15), 40.0), 2), np.ones((10, 10)))
    observations = evidence(readings(grid, field, 200, 0), transmitter=transmitter_near(grid))
    method = OpenCKM(prior=tiny_prior, steps=2, tile_cells=64, symmetrise=False)
    answer, again = (method.reconstruct(observations, grid, draws=k, seed=1) for k in (3, 2))
    assert answer.grid == grid and np.isfinite(answer.draws()).all()
    np.testing.assert_array_equal(answer.draws()[:2], again.draws())
    assert np.sqrt(np.mean((answer.mean() - field) ** 2)) < 0.8 * field.std()


def test_memory_is_bounded_by_the_batch_of_tiles():
    seen = []

    class Watch(GaussianDenoiser):
        def forward(self, x, sigma, condition=None):
            seen.append(tuple(x.shape))
            return super().forward(x, sigma, condition)

    Tiled(Watch(torch.zeros(5, 1, 1), 0.5), 16, SMALL)(torch.zeros(2, 5, 256, 320), torch.ones(2), None)
    assert max(s[0] for s in seen) == 2 and {s[2:] for s in seen} == {(64, 64)}


@pytest.mark.parametrize(
    "options",
    [{"cells": 64, "overlap": 40}, {"overlap": 16, "margin": 8}, {"batch": 0}, {"margin": -1}],
)
def test_impossible_tiles_are_refused(options):
    with pytest.raises(OptionError):
        TileOptions(**options)


def test_tiles_that_do_not_fit_the_network_are_refused(tiny_prior):
    with pytest.raises(OptionError, match="divisible by 16"):
        OpenCKM(prior=tiny_prior, tile_cells=100).reconstruct(evidence(), Grid((32, 32), 4.0))
    with pytest.raises(OptionError, match="divisible by 16"):
        tile_starts(100, 64, 16, 16)
    with pytest.raises(OptionError, match="cannot move"):
        tile_starts(128, 64, 56, 16)
