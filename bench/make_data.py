"""Ray-traces the maps that the benchmarks are measured on; a run that stopped goes on where it was.

    python bench/make_data.py OUT --layouts LAYOUTS [--rounds 8]

    OUT/test/        held-out real cities, one transmitter a map, `--rounds` maps of each city, and procedural cities
    OUT/validation/  the three cities that constants are chosen on
    OUT/first/       the test maps of the first releases: San Francisco, Rotterdam and procedural cities of seed 3

Every map has 128 x 128 cells of 1, 2 or 4 m and is averaged over seeds of the tracer until its own noise is below 1 dB.
About 25 CPU seconds a map: 80 test maps and 24 of validation take 45 minutes of one core, the 123 first ones an hour.
Round k makes map k of every city, so that a run that is stopped leaves all cities with equally many maps.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from openckm.data.averaging import Averaging
from openckm.data.generate import generate
from openckm.data.scenes import GenerateOptions
from openckm.data.split import FIRST_TEST_CITIES, TEST_CITIES, VALIDATION_CITIES, Split

SEED = 40
"""Seed of the first city's maps; the next cities have the next seeds, and procedural ones PROCEDURAL_SEED."""
PROCEDURAL_SEED = 90
CELLS_M = (1.0, 2.0, 2.0, 4.0)
EXCERPTS = ("rotterdam",)
"""Layouts of a few houses, which fill windows of 128 m alone."""
log = logging.getLogger("make_data")


@dataclass(frozen=True)
class Part:
    """Maps of one city, or of procedural cities where `city` is empty."""

    folder: str
    split: Split
    seed: int
    city: str = ""

    def options(self, maps: int, layouts: Path, processes: int) -> GenerateOptions:
        """Return what is traced for the first `maps` maps."""
        return GenerateOptions(
            maps=maps, split=self.split, seed=self.seed, transmitters=1, real_share=1.0 if self.city else 0.0,
            cell_sizes_m=(1.0,) if self.city in EXCERPTS else CELLS_M, cities=(self.city,) if self.city else (),
            averaging=Averaging(1, 1.0, 400), layouts_dir=layouts, processes=processes,
        )  # fmt: skip


def parts() -> list[Part]:
    """Return the cities in the order in which each round visits them."""
    names = (*TEST_CITIES, *VALIDATION_CITIES)
    cities = [
        Part("test" if name in TEST_CITIES else "validation", "test" if name in TEST_CITIES else "validation", k, name)
        for k, name in enumerate(sorted(names), start=SEED)
    ]
    return [*cities, Part("test", "test", PROCEDURAL_SEED), Part("validation", "validation", PROCEDURAL_SEED)]


def first_options(layouts: Path, processes: int) -> GenerateOptions:
    """Return what the test maps of the first releases were traced with."""
    return GenerateOptions(
        maps=123, split="test", seed=3, cell_sizes_m=CELLS_M, real_share=0.65, averaging=Averaging(1, 1.0, 400),
        cities=tuple(reversed(FIRST_TEST_CITIES)), layouts_dir=layouts, processes=processes,
    )  # fmt: skip


def main() -> None:
    """Trace what is missing."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description="Trace the maps of the benchmarks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--layouts", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--first", action="store_true", help="make the test maps of the first releases, too")
    arguments = parser.parse_args()
    for k in range(1, arguments.rounds + 1):
        for part in parts():
            folder = arguments.out / part.folder
            folder.mkdir(parents=True, exist_ok=True)
            report = generate(part.options(k, arguments.layouts, arguments.processes), folder)
            log.info("round %d, %s: %d made", k, part.city or f"procedural {part.split}", report.made)
    if arguments.first:
        (arguments.out / "first").mkdir(parents=True, exist_ok=True)
        generate(first_options(arguments.layouts, arguments.processes), arguments.out / "first")


if __name__ == "__main__":
    main()
