"""The benchmarks by name; each is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from openckm.errors import OptionError
from openckm.evaluate.report.rows import Results, Row

if TYPE_CHECKING:
    from openckm.evaluate.scores.scoring import Score

Progress = Callable[[str, int, int], None]
"""Called as progress(what, done, total) while a benchmark runs."""


class Bench(Protocol):
    """A benchmark: measures, and returns the rows of its table with the scores of the cases that they come from."""

    def __call__(self, quick: bool = False, progress: Progress | None = None, **further: Any) -> Results:
        """Run; `quick` means fewer seeds or maps, `further` folders of data that it can use, or `workers` of SWEEPS."""
        ...


BENCHES: dict[str, str] = {
    "active": "openckm.evaluate.benches.active",
    "adapt": "openckm.evaluate.benches.adapt",
    "city": "openckm.evaluate.benches.city",
    "duke": "openckm.evaluate.benches.duke",
    "edge": "openckm.evaluate.benches.edge",
    "flux": "openckm.evaluate.benches.flux",
    "heldout": "openckm.evaluate.benches.heldout",
    "imperfect": "openckm.evaluate.benches.imperfect",
    "invdiff": "openckm.evaluate.benches.invdiff",
    "memory": "openckm.evaluate.benches.memory",
    "mamba": "openckm.evaluate.benches.mamba",
    "p1": "openckm.evaluate.benches.p1",
    "rays": "openckm.evaluate.benches.rays",
    "real": "openckm.evaluate.benches.real",
    "samplers": "openckm.evaluate.benches.samplers",
}
"""Name of each benchmark and the module whose function `run` it is."""


_TABLES: dict[str, str] = {"curves": "openckm.evaluate.report.curves", "page": "openckm.evaluate.report.medians"}
"""Reports of scripts in bench/ that keep cases, and the module whose function `table` makes their rows of them."""


OWN_DATA = {"flux": "OPENCKM_FLUX_DATA", "real": "OPENCKM_REAL_DATA"}
"""Benchmarks whose data no clone holds and `make bench-data` does not make, and the variable that says where it is."""


SWEEPS = ("duke", "heldout", "real")
"""Benchmarks of independent cases, which take `workers` (`openckm.evaluate.sweep`)."""


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


def table_of(name: str, scores: Sequence[Score]) -> list[Row]:
    """Return the rows that a benchmark makes from the scores of its cases, without running it.

    Raises:
        OptionError: if there is no benchmark of that name, or its rows are of no cases.
    """
    modules = BENCHES | _TABLES
    if name not in modules:
        raise OptionError(f"unknown benchmark {name!r}: wanted one of {', '.join(modules)}")
    table = getattr(import_module(modules[name]), "table", None)
    if table is None:
        raise OptionError(f"the rows of benchmark {name!r} are of no cases; run it")
    return cast(list[Row], table(scores))
