"""Makes the figures of the docs: the demo's comparison, and unconditional samples of the embedded prior.

python docs/figures.py
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from openckm.cli.demo import run_demo
from openckm.infer.samplers import sample_prior
from openckm.maps.quantity import AOA_COS, AOA_SIN, BUILDING, CHANNELS, COVERED, GAIN
from openckm.priors.pretrained import embedded_prior

FIGURES = Path(__file__).resolve().parent / "figures"


def samples(draws: int = 6) -> None:
    """Draw maps from the prior with nothing known: gain above, direction below."""
    denoiser, card = embedded_prior()
    latent = sample_prior(denoiser, (len(CHANNELS), 128, 128), steps=16, draws=draws, seed=3, bf16=True).numpy()
    figure, axes = plt.subplots(2, draws, figsize=(2.1 * draws, 4.4), layout="constrained")
    for k in range(draws):
        values = {q.name: q.decode(latent[k, i]) for i, q in enumerate(CHANNELS)}
        hidden = (values[BUILDING.name] > 0.5) | (values[COVERED.name] < 0.5)
        built = values[BUILDING.name] > 0.5
        angle = np.degrees(np.arctan2(values[AOA_SIN.name], values[AOA_COS.name]))
        gain = axes[0, k].imshow(np.where(hidden, np.nan, values[GAIN.name]), vmin=-150, vmax=-65)
        turn = axes[1, k].imshow(np.where(hidden, np.nan, angle), cmap="twilight", vmin=-180, vmax=180)
        for row in (0, 1):
            axes[row, k].imshow(np.where(built, 0.6, np.nan), cmap="Greys", vmin=0, vmax=1)
            axes[row, k].set_facecolor("white")
            axes[row, k].set_xticks([])
            axes[row, k].set_yticks([])
    figure.colorbar(gain, ax=axes[0], label="gain [dB]", shrink=0.9)
    figure.colorbar(turn, ax=axes[1], label="direction of the\nstrongest path [deg]", shrink=0.9)
    figure.suptitle(
        f"{card.name} {card.version}: draws with nothing known (grey: buildings, white: outage)", fontsize=10
    )
    figure.savefig(FIGURES / "prior_samples.png", dpi=100)


def demo() -> None:
    """Run the demo and keep its figure."""
    with tempfile.TemporaryDirectory() as folder:
        run_demo(Path(folder))
        shutil.copy(Path(folder) / "figure.png", FIGURES / "duke_a.png")


if __name__ == "__main__":
    FIGURES.mkdir(exist_ok=True)
    samples()
    demo()
