"""One of two processes of a training, as `torchrun` would start it; writes what it saw as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import torch
from gaussian_toy import SpectralDenoiser, batches, options, weights

from openckm.errors import OpenCKMError
from openckm.training.parallel import Processes, joined
from openckm.training.trainer import Batch, Trainer

STEPS = 8


def small(number: int) -> Batch:
    """A batch of 32 maps."""
    batch = batches(number)
    condition = batch.condition.select(slice(0, 32))
    return Batch(batch.clean[:32], condition, batch.weight[:32])


def settings(**changes):
    return options(steps=STEPS, log_every=1, snapshot_every=4, **changes)


def failing(number: int) -> Batch:
    if number == 5:
        raise OSError("shard 5 is damaged")
    return small(number)


def dying(number: int) -> Batch:
    if number == 7:
        os._exit(9)
    return small(number)


def attempt(make, folder: Path, processes: Processes) -> dict[str, object]:
    """Train; return how it ended."""
    torch.manual_seed(processes.rank)  # process 0's weights must win
    started = time.monotonic()
    trainer = Trainer(SpectralDenoiser(), make, settings(), folder, processes=processes)
    try:
        trainer.run()
        ended = "done"
    except (OpenCKMError, OSError) as error:
        ended = f"{type(error).__name__}: {error}"
    found = weights(trainer.denoiser).tolist()
    return {"ended": ended, "seconds": time.monotonic() - started, "step": trainer.step, "weights": found}


def main() -> None:
    home, rank = Path(sys.argv[1]), os.environ["RANK"]
    seen = {}
    with joined(timeout_s=20.0) as processes:
        for name, make in (("good", small), ("failing", failing), ("dying", dying)):
            seen[name] = attempt(make, home / f"{name}{rank}", processes)
            (home / f"seen{rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main()
