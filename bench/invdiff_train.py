"""Train the arms of `ckm bench invdiff` one after the other, resuming each where it stopped.

    OPENCKM_TRAIN_DATA=maps python bench/invdiff_train.py KEEP reversible:1 plain:1 chain_3:1 ...

`ckm bench invdiff` with OPENCKM_BENCH_KEEP=KEEP scores what was trained.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from openckm.evaluate.benches.invdiff import InvdiffOptions, train_arm, training_maps
from openckm.evaluate.worlds.folders import data_folder
from openckm.training.samples import TrainingSet


def main() -> None:
    """Train the arms named on the command line as ARM:SEED."""
    torch.set_num_threads(1)
    options = InvdiffOptions()
    seen = training_maps(data_folder("train"))
    maps = TrainingSet(seen, options.samples())
    print(f"{len(seen)} training maps", flush=True)
    for job in sys.argv[2:]:
        arm, seed = job.split(":")
        begun = time.process_time()
        train_arm(arm, int(seed), maps, Path(sys.argv[1]) / "invdiff", options)
        print(f"{job}: {time.process_time() - begun:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
