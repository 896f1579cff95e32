"""Draws with nothing known beside maps of places that no training saw: do they look like towns?

    python bench/unconditional.py MAPS --prior 0.4.0=FOLDER --prior 0.5.0=shipped [--ways] [--out JSON] [--figure PNG]

Compares the cells' joint law on patches of 16 x 16 cells: gain (buildings and outage at -200 dB) and buildings,
standardised by the real maps. The sliced Wasserstein distance W_1 is the mean over random directions of the distance
between the sorted projections of as many patches of both sets; `floor` is that between real maps of different places.
`precision` is the share of the drawn patches that lie among the real ones (within the distance of some real patch to
its third neighbour), `recall` the share of the real ones that lie among those drawn. `edges` is the share of
neighbouring cells of which one alone is built, over the share of built cells: blocks have few, blobs of noise have
many; `sharp` is the share of cells whose building channel lies outside 0.2 to 0.8.

--ways draws from the last prior in three further ways, too: three times the calls, no noise in the steps, and a layout
that is pushed towards built or free wherever the noise is below 1.

References:
    T. Kynkaanniemi et al., Improved precision and recall metric for assessing generative models, 2019.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from torch import Tensor

from openckm.data.shards import latent_state, read_shards
from openckm.infer.exact.samplers import sample_prior
from openckm.maps.quantity import BUILDING, CHANNELS, COVERED, GAIN
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.pretrained import load_prior

PATCH, PATCHES, DIRECTIONS = 16, 4000, 256
NEIGHBOUR, COMPARED = 3, 1500
"""Which neighbour bounds the region of a patch, and patches of either set that are compared so."""
SHARP = 8.0
"""Slope with which a layout is pushed towards built or free."""
PLACES = {q.name: k for k, q in enumerate(CHANNELS)}
Field = NDArray[np.float64]


def decoded(latent: NDArray[np.float32]) -> Field:
    """Return gain [dB], -200 where hidden, and the building channel, (maps, 2, rows, cols)."""
    built = BUILDING.decode(latent[:, PLACES["building"]])
    covered = COVERED.decode(latent[:, PLACES["covered"]])
    gain = np.where((built > 0.5) | (covered < 0.5), -200.0, GAIN.decode(latent[:, PLACES["gain_db"]]))
    return np.stack([gain, built], axis=1).astype(np.float64)


def patches(maps: Field, rng: np.random.Generator) -> Field:
    """Return random patches, (PATCHES, 2 * PATCH * PATCH)."""
    count, _, rows, cols = maps.shape
    at = zip(
        rng.integers(count, size=PATCHES), rng.integers(rows - PATCH, size=PATCHES),
        rng.integers(cols - PATCH, size=PATCHES), strict=True,
    )  # fmt: skip
    return np.stack([maps[k, :, r : r + PATCH, c : c + PATCH].ravel() for k, r, c in at])


def sliced_wasserstein(one: Field, other: Field, seed: int = 0) -> float:
    """Return the mean W_1 between random projections of two sets of patches."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((one.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.abs(np.sort(one @ directions, axis=0) - np.sort(other @ directions, axis=0)).mean())


def precision_recall(real: Field, drawn: Field) -> tuple[float, float]:
    """Return precision and recall of two sets of patches."""
    one, other = real[:COMPARED], drawn[:COMPARED]
    across = cdist(one, other)
    (near, beside) = (np.sort(cdist(s, s), axis=1)[:, NEIGHBOUR] for s in (one, other))
    return float((across <= near[:, None]).any(0).mean()), float((across <= beside).any(1).mean())


class Sharpened(Denoiser):
    """A denoiser whose layout is pushed towards built or free where the noise is below 1."""

    turns = False

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, x: Tensor, level: Tensor, condition: Condition | None = None) -> Denoised:
        """Return what the denoiser says, its layout sharper."""
        found = self.denoiser(x, level, condition)
        mean, at = found.mean.clone(), PLACES["building"]
        built = torch.sigmoid(SHARP * (torch.as_tensor(BUILDING.decode(mean[:, at].numpy())) - 0.5))
        low, high = (1.0 / (1.0 + np.exp(sign * SHARP / 2)) for sign in (1.0, -1.0))
        sharp = torch.as_tensor(BUILDING.encode(((built - low) / (high - low)).numpy()))
        mean[:, at] = torch.where(level.reshape(-1, 1, 1) < 1.0, sharp, mean[:, at])
        return Denoised(mean, found.var)


def shapes(maps: Field) -> dict[str, float]:
    """Return how blocky the buildings of maps are."""
    built = maps[:, 1] > 0.5
    border = (built[:, 1:] != built[:, :-1]).mean() + (built[:, :, 1:] != built[:, :, :-1]).mean()
    return {
        "built": round(float(built.mean()), 3), "edges": round(float(border / max(built.mean(), 1e-6)), 3),
        "sharp": round(float((np.abs(maps[:, 1] - 0.5) > 0.3).mean()), 4),
    }  # fmt: skip


def figure(sets: dict[str, Field], path: Path, count: int = 6) -> None:
    """Draw the first maps of each set: gain, and buildings in grey."""
    made, axes = plt.subplots(len(sets), count, figsize=(2.1 * count, 2.3 * len(sets)), layout="constrained")
    for row, (name, maps) in zip(axes, sets.items(), strict=True):
        for axis, one in zip(row, maps, strict=False):
            axis.imshow(np.where(one[0] > -200, one[0], np.nan), vmin=-150, vmax=-65)
            axis.imshow(np.where(one[1] > 0.5, 0.6, np.nan), cmap="Greys", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    made.suptitle("Gain with nothing known (grey: buildings, white: outage)", fontsize=10)
    made.savefig(path, dpi=90)
    plt.close(made)


def main() -> None:
    """Draw, compare, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--prior", action="append", required=True, help="NAME=FOLDER, or NAME=shipped")
    parser.add_argument("--draws", type=int, default=12)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--ways", action="store_true", help="draw in three further ways from the last prior, too")
    parser.add_argument("--out", type=Path, help="JSON of the results")
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    traced = [m for m in read_shards(sorted(arguments.maps.glob("*.npz"))) if m.grid.shape == (128, 128)]
    cities = sorted({m.city.split("-")[0] for m in traced})
    halves = [
        decoded(np.stack([latent_state(m)[0] for m in traced if cities.index(m.city.split("-")[0]) % 2 == k]))
        for k in (0, 1)
    ]
    real, rng = np.concatenate(halves), np.random.default_rng(1)
    cells = [m.grid.cell_m for m in traced]
    sets = {"held-out places": real[:: max(len(real) // 6, 1)]}
    scale = real.std(axis=(0, 2, 3))[None, :, None, None]
    rows = [{"set": "held-out places", "maps": len(real), "distance": None, **shapes(real)}]
    one, other = (patches(half / scale, rng) for half in halves)
    floor, (precision, recall) = sliced_wasserstein(one, other), precision_recall(one, other)
    rows.append({
        "set": "floor", "maps": len(real), "distance": round(floor, 4), "precision": round(precision, 3),
        "recall": round(recall, 3),
    })  # fmt: skip
    ways: dict[str, tuple[Denoiser, int, float]] = {}
    for given in arguments.prior:
        name, folder = given.split("=", 1)
        net, _ = load_prior(None if folder == "shipped" else Path(folder))
        ways[name] = net, arguments.steps, 1.0
    if arguments.ways:
        ways[f"{name}, sharpened"] = Sharpened(net), arguments.steps, 1.0
        ways[f"{name}, {3 * arguments.steps} calls"] = net, 3 * arguments.steps, 1.0
        ways[f"{name}, no noise"] = net, arguments.steps, 0.0
    for name, (denoiser, steps, eta) in ways.items():
        drawn = []
        for k in range(arguments.draws):  # cell sizes as those of the real maps
            nothing = Condition.nothing(1, (128, 128), cells[k * len(cells) // arguments.draws])
            shape = (len(CHANNELS), 128, 128)
            drawn.append(sample_prior(denoiser, shape, nothing, steps=steps, eta=eta, draws=1, seed=k))
        maps = decoded(np.concatenate([d.numpy() for d in drawn]))
        sets[name] = maps
        one, other = patches(real / scale, rng), patches(maps / scale, rng)
        distance, (precision, recall) = sliced_wasserstein(one, other), precision_recall(one, other)
        rows.append({
            "set": name, "maps": len(maps), "distance": round(distance, 4), "precision": round(precision, 3),
            "recall": round(recall, 3), **shapes(maps),
        })  # fmt: skip
    for row in rows:
        print(row, flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    if arguments.figure:
        figure(sets, arguments.figure)


if __name__ == "__main__":
    main()
