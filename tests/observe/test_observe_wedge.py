"""A sector's residual against brute force: the shortest way into the wedge, over all points of its two edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from openckm.observe import Mask, Select, map_domain
from openckm.observe.wedge import AngularSector

MAP = map_domain((8, 12))
DIRECTION = Select(MAP, "aoa_cos", "aoa_sin")


def shortest(vector: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """The difference to the nearest of many points of the wedge, edges and apex among them."""
    angle = torch.linspace(low, high, 41, dtype=torch.float64)
    length = torch.linspace(0.0, 6.0, 3001, dtype=torch.float64)
    points = torch.stack([torch.outer(length, angle.cos()), torch.outer(length, angle.sin())], -1).reshape(-1, 2)
    inside = math.remainder(float(torch.atan2(vector[1], vector[0])) - 0.5 * (low + high), 2 * math.pi)
    if abs(inside) <= 0.5 * (high - low):
        return torch.zeros(2, dtype=torch.float64)
    return points[(points - vector).square().sum(1).argmin()] - vector


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.9), (-3.0, -2.2), (2.8, 3.9), (-0.5, 1.6)])
def test_the_residual_is_the_shortest_way_into_the_wedge(low, high):
    x = torch.randn(1, *MAP.full_shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = [torch.full((1, 8, 12), end, dtype=torch.float64) for end in (low, high)]
    found = AngularSector(DIRECTION, *ends, 0.1).residual(x).reshape(2, -1)
    vectors = DIRECTION(x).reshape(2, -1)
    want = torch.stack([shortest(vectors[:, k], low, high) for k in range(96)], 1)
    torch.testing.assert_close(found, want, atol=5e-3, rtol=0)
    assert (want == 0).all(0).any() and (want != 0).any(0).sum() > 5


def test_a_cell_counts_where_both_components_are_read():
    read = np.ones((2, 8, 12), bool)
    read[0, 0], read[1, 1] = False, False
    sector = AngularSector(Mask(DIRECTION.range, read) @ DIRECTION, torch.zeros(1, 8, 12), torch.ones(1, 8, 12), 0.1)
    want = np.zeros((8, 12), bool)
    want[2:] = True
    assert sector.support().reshape(-1, 8, 12)[0].numpy().tolist() == want.tolist()
