"""The benchmarks by name; each is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol, cast

from openckm.errors import OptionError
from openckm.evaluate.report.rows import Row

__all__ = ["BENCHES", "Bench", "Progress", "bench", "bench_names"]

Progress = Callable[[str, int, int], None]
"""Called as progress(what, done, total) while a benchmark runs."""


class Bench(Protocol):
    """A benchmark: measures, and returns the rows of its table."""

    def __call__(self, quick: bool = False, progress: Progress | None = None) -> Sequence[Row]:
        """Run; `quick` means fewer seeds or maps (under 5 minutes on two cores)."""
        ...


BENCHES: dict[str, str] = {
    "active": "openckm.evaluate.benches.active",
    "calibration": "openckm.evaluate.benches.calibration",
    "duke": "openckm.evaluate.benches.duke",
    "edge": "openckm.evaluate.benches.edge",
    "heldout": "openckm.evaluate.benches.heldout",
    "imperfect": "openckm.evaluate.benches.imperfect",
    "mamba": "openckm.evaluate.benches.mamba",
    "p1": "openckm.evaluate.benches.p1",
    "samplers": "openckm.evaluate.benches.samplers",
    "sparse": "openckm.evaluate.benches.sparse",
}
"""Name of each benchmark and the module whose function `run` it is."""


def bench_names() -> tuple[str, ...]:
    """Return the names of all benchmarks."""
    return tuple(BENCHES)


def bench(name: str) -> Bench:
    """Return a benchmark by its name.

    Raises:
        OptionError: if there is none of that name.
    """
    if name not in BENCHES:
        raise OptionError(f"unknown benchmark {name!r}: wanted one of {', '.join(BENCHES)}")
    return cast(Bench, import_module(BENCHES[name]).run)
