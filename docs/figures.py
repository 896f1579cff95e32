"""Makes the figures of the docs: the demo's comparison, samples of the embedded prior, and the sweep of bench "p1".

python docs/figures.py
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import torch

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from openckm.cli.demo import run_demo
from openckm.evaluate.worlds.duke import duke_cell
from openckm.infer.exact.samplers import sample_prior
from openckm.maps.quantity import AOA_COS, AOA_SIN, BUILDING, CHANNELS, COVERED, GAIN
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, scalars, site_planes
from openckm.priors.pretrained import embedded_prior

FIGURES = Path(__file__).resolve().parent / "figures"


def samples() -> None:
    """Draw maps from the prior: with nothing known, and with the layout and the transmitter of Duke cell A known."""
    _draw(None, "draws with nothing known", "prior_samples.png")
    cell = duke_cell("A")
    planes = torch.as_tensor(site_planes(cell.grid, cell.layout, cell.transmitter, heights_known=True))[None]
    known = Condition(
        planes, torch.zeros(1, EVIDENCE_PLANES, *cell.grid.shape), scalars(4.0, cell.transmitter.carrier_hz)
    )
    _draw(known, "draws with layout and transmitter known (Duke campus, nothing measured)", "prior_samples_site.png")


def _draw(condition: Condition | None, what: str, name: str, draws: int = 6) -> None:
    """Gain above, direction of the strongest path below."""
    denoiser, card = embedded_prior()
    shape = (len(CHANNELS), 128, 128)
    latent = sample_prior(denoiser, shape, condition, steps=24, draws=draws, seed=3).numpy()
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
    figure.suptitle(f"{card.name} {card.version}: {what} (grey: buildings, white: outage)", fontsize=10)
    figure.savefig(FIGURES / name, dpi=100)
    plt.close(figure)


def demo() -> None:
    """Run the demo and keep its figure."""
    with tempfile.TemporaryDirectory() as folder:
        run_demo(Path(folder))
        shutil.copy(Path(folder) / "figure.png", FIGURES / "duke_a.png")


def strength_sweep() -> None:
    """Draw the error of P1's Algorithm 2 over its strength, per task (P1's Fig. 11), from the published benchmark."""
    path = FIGURES.parent.parent / "bench" / "results" / "p1.json"
    if not path.exists():
        return
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    swept = [r for r in rows if r["split"].startswith("zeta ") and r["metric"] == "gain_rmse_db"]
    figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    for task in dict.fromkeys(r["task"] for r in swept):
        mine = sorted((float(r["split"].split()[1]), r["value"], r["ci_low"], r["ci_high"]) for r in swept
                      if r["task"] == task)  # fmt: skip
        zeta, value, low, high = np.array(mine).T
        axis.errorbar(zeta, value, [value - low, high - value], marker="o", capsize=3, label=task)
    axis.set(xscale="log", yscale="log", xlabel="strength zeta of Algorithm 2", ylabel="gain RMSE [dB], one draw",
             title="P1's Algorithm 2, 250 steps, on validation windows")  # fmt: skip
    axis.legend()
    figure.savefig(FIGURES / "p1.png", dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    FIGURES.mkdir(exist_ok=True)
    samples()
    demo()
    strength_sweep()
