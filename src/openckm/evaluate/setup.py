"""What benchmarks are told in the same way: how much is run, where maps and networks lie, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec

from openckm.evaluate.registry import Bench, Progress
from openckm.evaluate.report.rows import Results
from openckm.evaluate.worlds.folders import data_folder

if TYPE_CHECKING:
    from openckm.priors.denoiser import MapDenoiser
    from openckm.store.card import ModelCard

Further = ParamSpec("Further")


@dataclass(frozen=True)
class Setup:
    """How a benchmark is run.

    Attributes:
        quick: fewer seeds, maps or steps, as the benchmark says.
        progress: called as progress(what, done, total).
        data_dir: folder of the maps that the benchmark is about; None: that of `openckm.evaluate.worlds.folders`.
        validation_dir: folder of the maps that constants are chosen on; None: as above.
        test_dir: folder of the maps that a benchmark scores on whose other maps are for training; None: as above.
        prior: model folder; None means the prior shipped in the package.
        keep: folder for what is finished, from which an interrupted run goes on; None: $OPENCKM_BENCH_KEEP, if set.
        workers: processes for the cases of a benchmark (`openckm.evaluate.sweep.sweep`).
    """

    quick: bool = False
    progress: Progress | None = None
    data_dir: Path | None = None
    validation_dir: Path | None = None
    test_dir: Path | None = None
    prior: Path | None = None
    keep: Path | None = None
    workers: int = 0

    def maps(self, name: Literal["test", "train"] = "test") -> Path:
        """Return the folder of the maps that the benchmark is about, which are those of a set unless it is told."""
        return self.data_dir or data_folder(name, self.quick)

    def validation(self) -> Path:
        """Return the folder of the maps that constants are chosen on."""
        return self.validation_dir or data_folder("validation", self.quick)

    def network(self) -> tuple[MapDenoiser, ModelCard]:
        """Return the prior and its card.

        Raises:
            ModelError: if it cannot be loaded.
        """
        from openckm.priors.pretrained import embedded_prior, load_prior

        return embedded_prior() if self.prior is None else load_prior(self.prior)

    def tell(self, what: str, done: int, total: int) -> None:
        """Tell whoever hears of progress."""
        if self.progress is not None:
            self.progress(what, done, total)


def benchmark(*uses: str) -> Callable[[Callable[Concatenate[Setup, Further], Results]], Bench]:
    """Make a benchmark of a function: it is called with fields of its setup and the function's own arguments, by name.

    Args:
        uses: the fields that it makes something of, besides `quick` and `progress`; any other is an unknown argument.
    """

    def of(work: Callable[Concatenate[Setup, Further], Results]) -> Bench:
        @wraps(work)
        def run(quick: bool = False, progress: Progress | None = None, **further: Any) -> Results:
            setup = Setup(quick, progress, **{name: further.pop(name) for name in uses if name in further})
            return work(setup, **further)  # type: ignore[call-arg]

        return run

    return of
