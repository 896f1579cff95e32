"""The one call can draw by P1's Algorithm 2, from the prior given the site and the readings' own likelihood.

Nothing here was trained on readings: the network is conditioned on layout and transmitter alone. The readings, brought
to its scale by what the posterior found (transmit power, pattern, slope, level and noise of every device), enter by
their likelihood: Gaussian, or interval-censored for limits and coarse steps. What comes back takes the place of the
network's own draws (`openckm.infer.model.Posterior.draw`), so that mean, spread and discrepancy are those of any map.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Algorithm 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.infer.experts import as_network_readings
from openckm.infer.model import Posterior
from openckm.infer.rivals.dps import DPSOptions, sample_dps
from openckm.maps.quantity import CHANNELS
from openckm.observe.likelihood import points_likelihood

OPTIONS = DPSOptions(steps=1000, zeta=4.0, final_denoise=True)
"""Tune zeta before comparing: it is not tuned here, and it scales with the latent unit (40 dB)."""


def algorithm_2(
    answer: Posterior, draws: int, seed: int, options: DPSOptions = OPTIONS, *, deadline_s: float | None = None
) -> tuple[NDArray[np.float32], int]:
    """Return draws of the network in latent code (draw, channel, row, col) on the padded grid, and its evaluations.

    Args:
        answer: the posterior whose readings, nuisances and devices are used.
        draws: how many, at least 1.
        seed: draw k is a function of (seed, k) alone.
        options: the options of Algorithm 2.
        deadline_s: stop after the step during which this time [s] ran out; None means no limit.

    Raises:
        MeasurementError: if there is no reading of the gain to condition on.
        OptionError: if there are no draws.
    """
    scene = answer.scene
    if scene.cells is None or not scene.used.any():
        raise MeasurementError("Algorithm 2 conditions on readings at points, and there are none; give some")
    readings = scene.cells if answer.experts is None else as_network_readings(scene, answer.experts[0])
    likelihood = points_likelihood(readings, scene.grid)
    shape = (len(CHANNELS), *scene.grid.shape)
    found = sample_dps(answer.denoiser, likelihood, shape, options, draws, seed, scene.condition, deadline_s=deadline_s)
    return found.draws.numpy().astype(np.float32), draws * (found.forwards + 2 * found.vjps)
