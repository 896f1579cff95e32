"""Recipe of the one-pass networks (RadioMamba, its ablations and its rivals): one network per run.

    python train/radiomamba.py --data START --data MORE --validation FLORENCE --network radiomamba-small --out runs/rm_s
    python train/radiomamba.py --data START --validation FLORENCE --network radiounet --out runs/radiounet
    python train/radiomamba.py --radiomapseer RadioMapSeer --network radiomamba --out runs/table2 --device cuda

Networks: see `openckm.predict.networks` (radiomamba, radiomamba-ssd, radiomamba-small, unet, unet-small, radiounet,
rme-gan, radiodiff; radiomamba kinds followed by +conv, +mamba, +standard, +alternate, +cross, +rays). --loss l1_mse is
the ablation of P3's Table V. All runs with equal --samples see the same maps in the same order.

Each --data folder holds shards made by `ckm data generate`. Florence is for validation, San Francisco and Rotterdam are
never read. The third command trains P3's configuration on RadioMapSeer in P3's split (550/50/100 city maps), and prints
and keeps the row of P3's Table II on its test maps (table2.json); --cars is its dynamic task.

A training lasts --samples samples, or --budget minutes of processor time; the learning rate falls to 0 at its end.
Resumes where it stopped; a checkpoint every 5 minutes; stops at a loss that is not finite. At the end weights, card and
the spread measured on Florence are in OUT/model, ready for `ckm predict --weights OUT/model`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from openckm.evaluate.one_pass.samples import PaperSamples, ShardSamples
from openckm.evaluate.one_pass.training import MapTrainer, MapTrainOptions, map_scores, measure_spread
from openckm.evaluate.scores.image_metrics import METRICS
from openckm.maps.atomic import atomic_path
from openckm.predict.loss import L1_MSE, PUBLISHED, LossOptions
from openckm.predict.pretrained import embedded_network, save_network
from openckm.store.weights import require_new_folder

LOSSES = {"p3": LossOptions(), "l1_mse": L1_MSE}
PAPER = MapTrainOptions("radiomamba", samples=1_309_000, batch=50, loss=PUBLISHED, symmetries=False)
"""P3's best static checkpoint: 26,180 steps of 50 samples, no symmetries."""


class Sets(NamedTuple):
    """What a network is trained and scored on, and what its card says of that.

    Attributes:
        train: to learn from.
        held: for validation.
        scored: what the card's scores are of.
        facts: entries of the card.
        table: facts of the row of P3's Table II; None where there is none.
    """

    train: ShardSamples | PaperSamples
    held: ShardSamples | PaperSamples
    scored: ShardSamples | PaperSamples
    facts: dict[str, Any]
    table: dict[str, Any] | None = None


def traced_sets(data: list[Path], validation: Path, rays: Path | None) -> Sets:
    """Return ray-traced maps, split by city."""
    paths = [path for folder in data for path in sorted(folder.glob("*.npz"))]
    train = ShardSamples(paths, split="train", rays=rays, unsure=True)
    held = ShardSamples(sorted(validation.glob("*.npz")), split="validation", rays=rays)
    cities = sorted({one.traced.city for one in train.kept})
    cells = sorted({one.traced.grid.cell_m for one in train.kept})
    carriers = sorted({one.traced.transmitter.carrier_hz for one in train.kept if one.traced.transmitter})
    return Sets(train, held, held, {
        "cell_m": (cells[0], cells[-1]), "carrier_hz": (carriers[0], carriers[-1]), "licence": "Apache-2.0",
        "training_data": f"{len(train)} ray-traced maps ({', '.join(cities)}); Florence held out",
        "credits": "Layouts: OpenStreetMap contributors (ODbL), sionna-rt (Apache-2.0), OpenPathNet (ODbL), open city"
        " data of Den Haag and Zurich",
    })  # fmt: skip


def published_sets(folder: Path, cars: bool) -> Sets:
    """Return RadioMapSeer in P3's split. It states no licence: what was trained on it is not for passing on."""
    train, held, test = (PaperSamples(folder, split, cars=cars) for split in ("train", "validation", "test"))
    task, options = "DRM" if cars else "SRM", train.maps.options
    return Sets(train, held, test, {
        "cell_m": (options.cell_m,) * 2, "carrier_hz": (options.carrier_hz,) * 2,
        "licence": "none stated by the data set: for evaluation only", "credits": "RadioMapSeer, C. Yapar et al., 2022",
        "training_data": f"{len(train)} maps of RadioMapSeer ({task}, P3's split)",
    }, {"task": task})  # fmt: skip


def train(sets: Sets, options: MapTrainOptions, arguments: argparse.Namespace) -> None:
    """Train a network, write its model folder, and the row of P3's Table II where there is one."""
    print(f"{len(sets.train)} training maps, {len(sets.held)} validation maps", flush=True)
    trainer = MapTrainer(sets.train, options, arguments.out, held=sets.held, device=arguments.device)
    trainer.run(60.0 * arguments.minutes)
    if not trainer.done:
        print(f"stopped at step {trainer.step}, {100 * trainer.progress:.1f} %: run again to go on", flush=True)
        return
    scores = map_scores(trainer.network, sets.scored, range(len(sets.scored)))
    if sets.table is not None:
        row = {"network": options.network, **sets.table, "maps": len(sets.scored), **scores}
        with atomic_path(arguments.out / "table2.json") as aside:
            aside.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    of, begun = "validation" if sets.table is None else "test", embedded_network()[1] if options.start else None
    save_network(
        arguments.out / "model", trainer.network, options.network, measure_spread(trainer.network, sets.held),
        version=arguments.version, metrics={f"{of}_{name}": round(scores[name], 5) for name in METRICS},
        recipe=f"train/radiomamba.py --network {options.network} --loss {arguments.loss},"
        f" {trainer.step * options.batch} samples in {trainer.seconds / 60:.1f} minutes of processor time"
        + ("" if begun is None else f", from {begun.name} {begun.version}"),
        **sets.facts,
    )  # fmt: skip
    print(json.dumps(scores), flush=True)


def main() -> None:
    """Train the network that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", help="folder of shards; may be repeated")
    parser.add_argument("--validation", type=Path, help="folder of shards of Florence")
    parser.add_argument("--radiomapseer", type=Path, help="folder of RadioMapSeer, in place of --data")
    parser.add_argument("--cars", action="store_true", help="RadioMapSeer's dynamic task")
    parser.add_argument("--rays", type=Path, help="folder that keeps the rays of --data: the network reads them")
    parser.add_argument("--start", action="store_true", help="begin with the shipped network")
    parser.add_argument("--network", default="radiomamba-small")
    parser.add_argument("--loss", choices=LOSSES, default="p3")
    parser.add_argument("--out", type=Path, default=Path("runs/radiomamba"))
    parser.add_argument("--samples", type=int, help="training samples, repetitions counted")
    parser.add_argument("--budget", type=float, help="processor time of the training [min], in place of --samples")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--minutes", type=float, default=1e6, help="in this run; run again to go on")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--version", default="0.1.0")
    arguments = parser.parse_args()
    if (arguments.radiomapseer is None) == (arguments.data is None):
        parser.error("give either --data (with --validation) or --radiomapseer")
    if arguments.data is not None and arguments.validation is None:
        parser.error("--data wants --validation, a folder with maps of Florence")
    torch.set_num_threads(arguments.threads)
    options = MapTrainOptions() if arguments.radiomapseer is None else PAPER
    chosen = {name: getattr(arguments, name) for name in ("samples", "batch", "learning_rate", "start")}
    chosen["minutes"] = arguments.budget
    loss = replace(LOSSES[arguments.loss], clamp=options.loss.clamp)
    options = replace(
        options, network=arguments.network, loss=loss, **{k: v for k, v in chosen.items() if v is not None}
    )
    require_new_folder(arguments.out / "model")  # a model is written once: say so before the hours of training
    sets = (
        traced_sets(arguments.data, arguments.validation, arguments.rays)
        if arguments.radiomapseer is None
        else published_sets(arguments.radiomapseer, arguments.cars)
    )
    train(sets, options, arguments)


if __name__ == "__main__":
    main()
