"""Adaptations that are killed; stdout says what each of them left at the output, and what the last one wrote.

One process imports everything and forks every adaptation, so that a kill costs no import. The prior, the site and the
options are those of the tests beside this file.
"""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from tests.edge.test_edge_adapt import GRID, QUICK, world
from tests.worlds import tiny_card, tiny_denoiser

from openckm.edge.adapt import adapt_to
from openckm.nn.arithmetic import set_arithmetic
from openckm.store.delta import Delta


def work(folder: Path) -> None:
    """Adapt, going on where an earlier one was killed, and write the delta."""
    done = adapt_to(world(), GRID, (tiny_denoiser(), tiny_card()), QUICK, folder / "work")
    done.delta.write(folder / "site.delta")


def begun(folder: Path) -> int:
    """Fork an adaptation; return its process."""
    child = os.fork()
    if child == 0:
        work(folder)
        os._exit(0)
    return child


def say(*words: object) -> None:
    """Write a line."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def main() -> None:
    """Kill adaptations at random moments, say what lies at the output, and let the last one finish."""
    set_arithmetic("fp32")  # as the tests compute
    folder, kills, longest_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    rng = np.random.default_rng(0)
    for _ in range(kills):
        child = begun(folder)
        time.sleep(float(rng.uniform(0.0, longest_s)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        say("left", Delta.read(folder / "site.delta").digest)
    _, status = os.waitpid(begun(folder), 0)
    say("last", status, Delta.read(folder / "site.delta").digest)


if __name__ == "__main__":
    main()
