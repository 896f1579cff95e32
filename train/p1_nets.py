"""Recipe of the end-to-end networks that `ckm bench p1` compares the prior with.

    python train/p1_nets.py --data START --data MORE --validation FLORENCE --out ~/.cache/openckm/p1_nets

Ten networks of the prior's size: one per task and one for all tasks, given the picture of the readings as P1's and
trained from nothing, and the same five as the prior itself (--prior, the shipped one by default) trained further. Each
sees --samples windows of 64 x 64 cells of 2 m (10,000 by default: about 5 minutes on one CPU core in bf16).

Resumes where it stopped; a checkpoint every minute. Florence is held out for validation, San Francisco and Rotterdam
are never read. Each network's card, beside its weights, says what it scored on validation windows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from openckm.data.shards import TracedMap, read_shards
from openckm.data.split import HELD_OUT, VALIDATION_CITIES, is_held_out
from openckm.errors import LayoutError
from openckm.evaluate.p1.nets import KINDS, default_nets_dir
from openckm.evaluate.p1.tasks import TASKS, P1Case, p1_case, windows_of
from openckm.evaluate.p1.training import NetOptions, WindowSet, train_net
from openckm.priors.pretrained import embedded_prior, load_prior

CELL_M = 2.0


def maps_of(folders: Sequence[Path], cities: tuple[str, ...], held: bool) -> Iterator[TracedMap]:
    """Yield the maps with 2 m cells in folders of shards that are, or are not, of some cities."""
    for traced in read_shards([path for folder in folders for path in sorted(folder.glob("*.npz"))]):
        if traced.grid.cell_m == CELL_M and is_held_out(traced.city, cities) == held:
            yield traced


def validation_cases(maps: Sequence[TracedMap], size: int, count: int) -> dict[str, list[P1Case]]:
    """Return up to `count` cases per task."""
    found: dict[str, list[P1Case]] = {task: [] for task in TASKS}
    for traced in maps:
        for window in windows_of(traced, size):
            for task, cases in found.items():
                try:
                    cases += [p1_case(traced, task, 0, window)] if len(cases) < count else []
                except LayoutError:  # no box fits in this window
                    continue
    return found


def main() -> None:
    """Train the networks that are asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=default_nets_dir())
    parser.add_argument("--net", choices=KINDS, action="append", help="may be repeated; all by default")
    parser.add_argument("--samples", type=int, default=NetOptions.samples)
    parser.add_argument("--batch", type=int, default=NetOptions.batch)
    parser.add_argument("--size", type=int, default=NetOptions.size)
    parser.add_argument("--learning-rate", type=float, default=NetOptions.learning_rate)
    parser.add_argument("--prior", type=Path, help="model folder that tuned networks begin as")
    parser.add_argument("--widths", type=int, nargs="+", default=list(NetOptions.widths))
    parser.add_argument("--minutes", type=float, default=600.0, help="in all; run again to go on")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    begun = time.monotonic()
    windows = WindowSet(maps_of(arguments.data, HELD_OUT, False))
    held = list(maps_of([arguments.validation], VALIDATION_CITIES, True))
    cases = validation_cases(held, arguments.size, 32)
    options = NetOptions(
        samples=arguments.samples, batch=arguments.batch, size=arguments.size, widths=tuple(arguments.widths),
        learning_rate=arguments.learning_rate,
    )  # fmt: skip
    print(f"{len(windows)} training maps, {len(held)} validation maps", flush=True)
    data = f"windows of {len(windows)} ray-traced maps with {CELL_M:g} m cells; Florence held out"
    prior = load_prior(arguments.prior) if arguments.prior else embedded_prior()
    for kind in arguments.net or KINDS:
        left = 60.0 * arguments.minutes - (time.monotonic() - begun)
        card = train_net(kind, windows, options, arguments.out, prior=prior, validation=cases, data=data, seconds=left)
        print(f"{kind}: {'stopped before the end' if card is None else card.validation}", flush=True)


if __name__ == "__main__":
    main()
