"""Does a contribution tell which maps it was made from? Membership inference against what an edge hands over.

    python bench/membership.py SHARDS... --json out/membership.jsonl

Scenes of the shards are split into those that an edge learns from and others that it never sees, of the same kind. An
attacker who has the published prior, the contribution and a map asks whether that map was learned from: the score of a
map is by how much the contribution lowers the denoising loss on it (the same evidence and noise under both),

    s(map) = L(map; theta) - L(map; theta + U D).

The area under the ROC curve (AUC) of s over learned and unseen maps is 0.5 where nothing can be told, 1 where all can.
The same is asked of a quarter of the difference, which is its part in what edges are given after four were merged.

References:
    S. Yeom et al., Privacy risk in machine learning: analyzing the connection to overfitting, 2018 (loss as a score).
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openckm.cloud.anchor import Anchored
from openckm.data.shards import TracedMap, read_shards
from openckm.edge.contribute import HELD, ContributeOptions, _taught
from openckm.edge.private_training import NoiseOptions
from openckm.priors.adapter import LowRank, difference
from openckm.priors.denoiser import Denoiser, MapDenoiser
from openckm.priors.pretrained import embedded_prior
from openckm.priors.schedules import EDM
from openckm.training.objective import TrainOptions, denoising_loss
from openckm.training.samples import SampleOptions, TrainingSet

PER_SCENE = 4
"""Maps of one scene follow each other in the shards; they are learned from together, or not at all."""
DRAWS = 6
"""Samples of evidence and noise by which a map's loss is averaged."""


def losses(net: Denoiser, maps: Sequence[TracedMap]) -> np.ndarray:
    """Return the mean loss of each map, under the same evidence and noise whatever the network."""
    held, out = TrainingSet(maps, SampleOptions(nothing=0.2)), np.zeros(len(maps))
    for k in range(len(maps)):
        for draw in range(DRAWS):
            batch = held.sample(np.array([k]), np.random.default_rng([k, draw]), fold=2)
            with torch.no_grad():
                noise = torch.Generator().manual_seed(1000 * k + draw)
                out[k] += float(denoising_loss(net, batch, EDM(), TrainOptions(steps=1), noise)) / DRAWS
    return out


def auc(learned: np.ndarray, unseen: np.ndarray) -> float:
    """Return the chance that a learned map scores higher than an unseen one."""
    wins = (learned[:, None] > unseen[None]).mean() + 0.5 * (learned[:, None] == unseen[None]).mean()
    return float(wins)


def moved(net: MapDenoiser, made: dict[str, torch.Tensor]) -> MapDenoiser:
    """Return the network with a difference added."""
    anchored = Anchored(net)
    with torch.no_grad():
        for (name, _), delta in zip(net.named_parameters(), anchored.deltas, strict=True):
            if name in made:
                delta.copy_(made[name])
    return anchored.interpolated(1.0)


def one_run(
    net: MapDenoiser, maps: list[TracedMap], count: int, seed: int, options: ContributeOptions
) -> dict[str, Any]:
    """Let an edge learn from so many maps, attack what it hands over, and return what was found."""
    scenes = np.random.default_rng(seed).permutation(len(maps) // PER_SCENE)
    order = [maps[PER_SCENE * int(s) + k] for s in scenes for k in range(PER_SCENE)]
    own, unseen = order[:count], order[count : 2 * count]
    learned = [m for k, m in enumerate(own) if k % HELD]
    begun, adapter = time.process_time(), LowRank(net, options.rank, seed)
    before, after, epsilon = _taught(adapter, own, options, 32, None)
    spent = time.process_time() - begun
    made = difference(net, adapter.factors())
    parent = [losses(net, part) for part in (learned, unseen)]
    told = {"alone": moved(net, made)}
    told["a quarter of it"] = moved(net, {name: value / 4 for name, value in made.items()})
    found = {}
    for name, child in told.items():
        scores = [a - losses(child, part) for a, part in zip(parent, (learned, unseen), strict=True)]
        found[name] = {
            "auc": auc(*scores),
            "gain_learned": float(scores[0].mean()),
            "gain_unseen": float(scores[1].mean()),
        }
    return {
        "maps": count, "learned": len(learned), "seed": seed, "steps": options.steps, "rank": options.rank,
        "noise": None if options.noise is None else options.noise.multiplier, "epsilon": epsilon, "cpu_s": spent,
        "held_loss": [before, after], "attack": found,
    }  # fmt: skip


def main() -> None:
    """Run the experiments one after another and write a line of JSON after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--runs", default="20:0,20:1,100:0,100:0:1,20:2,100:0:4", help="maps:seed[:noise],...")
    parser.add_argument("--steps", type=int, default=300)
    told = parser.parse_args()
    torch.set_num_threads(1)
    net, _ = embedded_prior()
    maps = list(read_shards(told.shards))
    done = [json.loads(line)["run"] for line in told.json.read_text().splitlines()] if told.json.exists() else []
    for run in told.runs.split(","):
        if run in done:
            continue
        count, seed, *noise = run.split(":")
        private = NoiseOptions(multiplier=float(noise[0])) if noise else None
        options = ContributeOptions(steps=told.steps, seed=int(seed), noise=private)
        found = one_run(copy.deepcopy(net), maps, int(count), int(seed), options)
        with told.json.open("a") as file:
            file.write(json.dumps({"run": run, **found}) + "\n")


if __name__ == "__main__":
    main()
