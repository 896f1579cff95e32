"""The lattice of period 2 goes, and everything else stays."""

import numpy as np
import pytest
import torch

from openckm.infer.scene import prepare_scene
from openckm.maps.observations import Observations
from openckm.predict.lattice import lattice_of, without_lattice
from openckm.predict.predictor import network_planes
from openckm.predict.pretrained import embedded_network
from worlds import blocks_layout, centred_grid, transmitter_near

ROWS, COLS = np.indices((64, 64))
FREE = torch.ones(1, 1, 64, 64)


def tensor(values):
    return torch.as_tensor(values, dtype=torch.float32)[None, None]


def rms(values):
    return float(values.double().pow(2).mean().sqrt())


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (1, 1)])
def test_each_carrier_is_taken_out_and_the_map_below_it_stays(a, b):
    smooth = 10 * np.sin(COLS / 9.0) + 0.1 * ROWS
    lattice = (1 + 0.3 * np.sin(ROWS / 20.0)) * (1 - 2 * ((a * ROWS + b * COLS) % 2))
    inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    left = without_lattice(tensor(smooth + lattice), FREE) - tensor(smooth)
    assert rms(left[inner]) < 0.05 < rms(tensor(lattice)[inner])


def test_slopes_edges_and_noise_are_no_lattice():
    slope = tensor(0.7 * ROWS - 0.4 * COLS)
    assert rms(lattice_of(slope, FREE)[..., 8:-8, 8:-8]) < 0.01
    edge = tensor(20.0 * (COLS >= 31))
    assert rms(lattice_of(edge, FREE)) < 0.5
    noise = tensor(np.random.default_rng(0).normal(0, 1, ROWS.shape))
    assert rms(lattice_of(noise, FREE)) < 0.4  # a narrow band of it


def test_walls_do_not_leak_into_the_street():
    free = tensor(np.abs(COLS - 32) > 3)
    street = tensor(np.where(np.abs(COLS - 32) > 3, 0.05 * ROWS, -300.0))
    assert float(lattice_of(street, free)[free > 0].abs().max()) < 0.1


def test_the_shipped_network_answers_without_a_lattice():
    network, _, _ = embedded_network()
    grid = centred_grid(64, 4.0)
    layout = blocks_layout(grid)
    scene = prepare_scene(Observations(layout=layout, transmitter=transmitter_near(grid, height_m=40.0)), grid, 16)
    planes, source = network_planes(scene, network.code)
    free = planes[:, :1] <= 0
    with torch.no_grad():
        plain = network.network(planes, source).float()
        answer = network(planes, source)
    from openckm.predict.code import base_of, scale_of

    span = scale_of(network.code).span_db
    before, after = (rms(lattice_of(p, free)[free]) * span for p in (plain, answer - base_of(planes, network.code)))
    assert after < 0.5 * before and after < 0.08
