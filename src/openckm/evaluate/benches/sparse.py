"""Benchmark "sparse": how the error falls as more cells are measured, 0.1 to 20 % of them, against kriging.

Maps, evidence and scores are those of "heldout" (`openckm.evaluate.benches.heldout`), at more densities and fewer maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openckm.evaluate.benches import heldout as bench_heldout
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results
from openckm.reconstructor import Reconstructor

table = bench_heldout.table

FRACTIONS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
QUICK_FRACTIONS = (0.001, 0.005, 0.02, 0.1)
MAPS, QUICK_MAPS = 32, 6


def run(
    quick: bool = False,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
    methods: Sequence[Reconstructor] | None = None,
    maps: int | None = None,
) -> Results:
    """Return the rows of the benchmark; arguments and errors as for "heldout", `quick` means 4 densities of 6 maps."""
    return bench_heldout.run(
        progress=progress, data_dir=data_dir, methods=methods, maps=maps or (QUICK_MAPS if quick else MAPS),
        fractions=QUICK_FRACTIONS if quick else FRACTIONS,
    )  # fmt: skip
