"""Learning curves of RadioMamba: networks of three sizes, each trained from nothing on so many samples, and scored.

    python bench/learning_curves.py RUNS --data MAPS --validation MAPS --rays RAYS --samples 1000 2000 4000 --json FILE

They see the same maps in the same order, with the options of `train/radiomamba.py`; a network of half as many samples
is a training of its own, as its learning rate falls to 0 sooner. What is finished in RUNS is not trained again. Scores
are of the validation maps; rows and the extrapolation to the published size: `openckm.evaluate.report.curves`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from openckm.evaluate.one_pass.samples import ShardSamples
from openckm.evaluate.one_pass.training import MapTrainer, MapTrainOptions, map_scores
from openckm.evaluate.report.curves import table
from openckm.evaluate.report.rows import Results, write_report
from openckm.evaluate.scores.scoring import Score, case_of, city_of

NETWORKS = ("radiomamba-tiny", "radiomamba-middle", "radiomamba-small")


def scored(trainer: MapTrainer, held: ShardSamples) -> list[Score]:
    """Return the scores of a finished training on the held maps, with its size and cost."""
    network, samples = trainer.network, trainer.options.samples
    weights = sum(p.numel() for p in network.parameters()) / 1e6
    found = []
    for k in range(len(held)):
        traced, begun = held.traced(k), time.process_time()
        values = map_scores(network, held, [k]) | {"parameters_m": weights, "cpu_minutes": trainer.seconds / 60.0}
        about = (trainer.options.network, "validation", f"{samples:,} samples", case_of(traced, k), city_of(traced))
        found.append(Score(*about, values, int(traced.covered.sum()), 1, time.process_time() - begun))
    return found


def main() -> None:
    """Train what is not finished, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of the trainings")
    parser.add_argument("--data", type=Path, required=True, help="folder of shards to learn from")
    parser.add_argument("--validation", type=Path, required=True, help="folder of shards of validation cities")
    parser.add_argument("--rays", type=Path, required=True, help="folder that keeps their rays")
    parser.add_argument("--samples", type=int, nargs="+", default=[1000, 2000, 4000])
    parser.add_argument("--json", type=Path, required=True, help="file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    train = ShardSamples(sorted(arguments.data.glob("*.npz")), split="train", rays=arguments.rays, unsure=True)
    held = ShardSamples(sorted(arguments.validation.glob("*.npz")), split="validation", rays=arguments.rays)
    scores = []
    for samples in arguments.samples:
        for name in NETWORKS:
            folder = arguments.runs / f"{name.removeprefix('radiomamba-')}-{samples}"
            trainer = MapTrainer(train, MapTrainOptions(name, samples), folder, held=held)
            trainer.run()
            scores += scored(trainer, held)
            print(f"{name}, {samples} samples: {trainer.seconds / 60.0:.1f} minutes of processor time", flush=True)
    write_report(arguments.json, "curves", Results(table(scores), scores))


if __name__ == "__main__":
    main()
