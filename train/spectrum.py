"""Fit the spectra of a prior's errors, and write them beside its weights.

    python train/spectrum.py --prior src/openckm/assets/prior_s --data SHARDS [--maps 40]

Takes maps that the prior was not trained on; half of them with layout and transmitter told, half with nothing given.
About 2 minutes for 40 maps of 128 x 128 cells on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from openckm.data.shards import latent_state, read_shards
from openckm.evaluate.worlds.splits import evenly
from openckm.infer.exact.spectrum import SPECTRUM_FILE, fit_spectrum
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import planes_of
from openckm.priors.pretrained import load_prior
from openckm.training.samples import site_condition


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prior", type=Path, required=True, help="model folder")
    parser.add_argument("--data", type=Path, required=True, help="folder of shards of maps not trained on")
    parser.add_argument("--maps", type=int, default=40)
    given = parser.parse_args()
    denoiser, _ = load_prior(given.prior)
    maps = [m for m in read_shards(sorted(given.data.glob("*.npz"))) if m.covered.mean() > 0.2]
    maps = [m for m in maps if m.grid.shape == maps[0].grid.shape]
    chosen = evenly(maps, given.maps)
    clean = torch.as_tensor(np.stack([latent_state(m)[0] for m in chosen]))
    sites = [site_condition(m, known=n % 2 == 0, planes=planes_of(denoiser)) for n, m in enumerate(chosen)]
    condition = Condition.join(sites)
    found = fit_spectrum(denoiser, clean, condition)
    found.write(given.prior / SPECTRUM_FILE)
    for level, lags in zip(found.levels.tolist(), found.lags, strict=True):
        corner = lags[:, 0, 0]
        beside = [f"{float(lags[c, 0, 4] / corner[c]):.2f}" for c in range(len(lags))]
        print(
            f"level {level:7.3f}  variance {[f'{v:.2f}' for v in corner.tolist()]}  correlation 4 cells away {beside}"
        )


if __name__ == "__main__":
    main()
