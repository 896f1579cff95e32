"""The sequences of `ckm bench flux`: places of held-out cities that change little by little, ray-traced.

    python bench/flux_sequences.py FOLDER --layouts LAYOUTS                     12 places of 8 test cities
    python bench/flux_sequences.py FOLDER --layouts LAYOUTS --split validation  6 places, on which constants are fitted

A quarter of the places each lie in San Francisco and in Rotterdam, the others in invented cities of seeds that no
training map comes from; of the validation set half lie in Florence. 64 x 64 cells of 2 m, 500,000 rays a seed, as many
seeds as bring the noise below 1 dB (at most 40). It goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from openckm.data.averaging import Averaging
from openckm.data.raytrace import single_thread
from openckm.data.scenes import GenerateOptions
from openckm.data.sequences import SequenceOptions, make_sequence
from openckm.data.split import Split

PLACES: dict[Split, tuple[str, ...]] = {
    "test": ("san_francisco", "rotterdam", "", "") * 3,
    "validation": ("florence", "") * 3,
}
"""The city of each place; empty = an invented one."""


def options_of(split: Split, city: str, layouts: Path) -> SequenceOptions:
    """Return how a place of this set and city is drawn and traced."""
    scenes = GenerateOptions(
        maps=1, split=split, seed=19, cells=64, cell_sizes_m=(2.0,), rays=500_000, transmitters=1,
        layouts_dir=layouts, cities=(city,) if city else (), real_share=1.0 if city else 0.0,
    )  # fmt: skip
    return SequenceOptions(scenes, Averaging(2, 1.0, 40))


def main() -> None:
    """Trace what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layouts", type=Path, required=True, help="folder of city layouts")
    parser.add_argument("--split", choices=tuple(PLACES), default="test")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with single_thread():
        for number, city in enumerate(PLACES[given.split]):
            began = time.process_time()
            path = given.folder / f"{number:03d}.npz"
            made = make_sequence(options_of(given.split, city, given.layouts), number, path)
            seconds = time.process_time() - began
            print(number, city or "invented", "traced" if made else "kept", f"{seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
