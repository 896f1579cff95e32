"""Makes P1's Figs 7-10: each of its tasks on one held-out window, gain above and sine of the direction below.

python docs/p1_figures.py MAPS            MAPS are shards of held-out maps, as `bench/make_data.py` makes them
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image

from openckm.evaluate.benches.p1 import BenchOptions
from openckm.evaluate.p1.methods import reference
from openckm.evaluate.p1.tasks import FACTOR, TASKS, P1Case
from openckm.evaluate.p1.windows import cases_of, held_windows
from openckm.evaluate.samplers.methods import CaseMethod, Estimated, Ours
from openckm.maps.quantity import AOA_SIN, GAIN
from openckm.priors.pretrained import embedded_prior

FIGURES = Path(__file__).resolve().parent / "figures"
NAMES = {"ipbox": "hidden box", "iprandom": "hidden cells", "sr2": "averages of 2 x 2", "jtqr": "truncated, 24 sectors"}
STEPS = 250


@dataclass(frozen=True)
class Column:
    """A column of the figure: its title, and gain and sine in latent code (2, rows, cols)."""

    title: str
    maps: np.ndarray


def columns(case: P1Case, methods: list[tuple[str, CaseMethod]]) -> list[Column]:
    """Return truth, readings, and what each method makes of them."""
    readings = np.where(case.readings.read, case.readings.y, np.nan)
    step = FACTOR if case.task == "sr2" else 1
    found = [Column("truth", case.truth[[0, 2]]), Column("readings", readings.repeat(step, 1).repeat(step, 2))]
    for title, method in methods:
        if method.answers(case.task):
            maps = method.draw(case, 0, method.strength)[0].numpy().mean(0)[[0, 2]]
            seen = np.where(case.readings.scored | ~case.readings.known, maps, case.truth[[0, 2]])
            found.append(Column(title, seen))
    return found


def figure(cases: list[P1Case], path: Path) -> None:
    """Draw two rows a task."""
    prior, zeta = embedded_prior()[0], dict(BenchOptions().zeta)
    made, axes = plt.subplots(2 * len(cases), 6, figsize=(9.6, 13.0), layout="constrained")
    for k, case in enumerate(cases):
        rival = reference("nearest" if case.task == "jtqr" else "kriging")
        chain = Ours(prior, "dps", STEPS, 1, strength=zeta[case.task])
        methods = [(rival.name, rival), ("OpenCKM", Estimated(prior)), ("8 chains", Estimated(prior, 8, method="jfs")),
                   (f"Algorithm 2, {STEPS} steps", chain)]  # fmt: skip
        for axis, column in zip(axes[2 * k : 2 * k + 2].T, columns(case, methods), strict=False):
            shown = [GAIN.decode(column.maps[0]), AOA_SIN.decode(column.maps[1])]
            for one, values, (low, high) in zip(axis, shown, ((-150, -65), (-1, 1)), strict=True):
                one.imshow(np.where(case.readings.known, values, np.nan), vmin=low, vmax=high,
                           cmap="viridis" if low < -1 else "coolwarm")  # fmt: skip
                one.imshow(np.where(case.readings.building, 0.6, np.nan), cmap="Greys", vmin=0, vmax=1)
                one.set(xticks=[], yticks=[])
            axis[0].set_title(column.title, fontsize=9)
        axes[2 * k, 0].set_ylabel(f"{NAMES[case.task]}\ngain", fontsize=9)
        axes[2 * k + 1, 0].set_ylabel("sine of the\ndirection", fontsize=9)
    made.savefig(path, dpi=80)
    plt.close(made)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128).save(path, optimize=True)


def main() -> None:
    """Draw the tasks on the middle one of nine windows."""
    places = held_windows(Path(sys.argv[1]), BenchOptions.size, 9)
    figure([cases_of(places[4:5], task)[0] for task in TASKS], FIGURES / "p1_tasks.png")


if __name__ == "__main__":
    main()
