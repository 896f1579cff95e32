"""P1's edge-side inference as a reconstructor: the prior given the site, the readings' own likelihood, Algorithm 2.

Nothing here was trained on readings: the network is told the layout and the transmitter alone, and the readings enter
through their likelihood (Gaussian, or interval-censored for quantised and unheard ones). For received power the
transmit offset, pattern and slope are those that the site expert fitted (`openckm.infer.experts`), and the map is
brought back to the readings' unit with them.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Algorithm 2.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError, OptionError
from openckm.infer.experts import as_network_readings, folds_of, gain_of, site_expert
from openckm.infer.rivals.dps import DPSOptions, sample_dps
from openckm.infer.scene import Scene, prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.radiomap import RadioMap
from openckm.observe.likelihood import points_likelihood
from openckm.priors.denoiser import Denoiser
from openckm.priors.pretrained import embedded_prior, load_prior

__all__ = ["ZeroShot"]


@dataclass(frozen=True)
class ZeroShot:
    """Reconstructor by diffusion posterior sampling, zero-shot.

    Attributes:
        options: of Algorithm 2. Tune zeta before comparing: the default is not tuned, and zeta scales with the latent
            unit (40 dB).
        prior: model folder; None means the prior shipped in the package.
        name: of the method.
    """

    options: DPSOptions = field(default_factory=lambda: DPSOptions(steps=1000, zeta=4.0, final_denoise=True))
    prior: Path | None = None
    name: str = "dps"

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 1,
        seed: int = 0,
        deadline_s: float | None = None,
    ) -> RadioMap:
        """Return mean, spread and quantiles of `draws` runs of Algorithm 2, channel gain_db in the readings' unit.

        Raises:
            InputError: if the evidence cannot be used.
            OptionError: if no draw is asked for: this method has no other answer.
        """
        if draws < 1:
            raise OptionError(f"draws={draws}: Algorithm 2 answers by draws, ask for at least 1")
        begun = time.monotonic()
        denoiser, card = embedded_prior() if self.prior is None else load_prior(self.prior)
        scene = prepare_scene(observations, grid, denoiser.multiple)
        readings, back = _readings(scene, denoiser, seed)
        likelihood = points_likelihood(readings, scene.grid)
        shape = (len(CHANNELS), *scene.grid.shape)
        result = sample_dps(
            denoiser, likelihood, shape, self.options, draws, seed, scene.condition, deadline_s=deadline_s
        )
        gain = GAIN.decode(result.draws[:, :1].numpy()) + back.reshape(scene.grid.shape).astype(np.float32)
        facts = {
            "method": self.name, "unit": scene.unit, "prior": f"{card.name} {card.version}", "zeta": self.options.zeta,
            "steps": result.steps, "network_evaluations": draws * (result.forwards + 2 * result.vjps),
            "seconds": time.monotonic() - begun,
        }  # fmt: skip
        drawn = scene.crop(gain).astype(np.float32)
        return RadioMap.from_draws(grid, drawn, [GAIN.name], valid=scene.valid, provenance=facts)


def _readings(scene: Scene, denoiser: Denoiser, seed: int) -> tuple[Points, NDArray[np.float64]]:
    """Return the readings on the network's scale [dB], and what brings its map back to the readings' unit [dB]."""
    if scene.cells is None or not scene.used.any():
        raise MeasurementError("there are no exact or quantised gain readings to condition on; give some")
    if scene.unit == "dB":
        return scene.cells, np.zeros(scene.places.shape[0])
    site = site_expert(scene, denoiser, folds_of(scene, seed), symmetrise=False)
    explained = site.basis.matrix @ site.fit.beta_mean
    return as_network_readings(scene, site), explained - gain_of(site.denoised)[0][0]
