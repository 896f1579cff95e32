"""Processes that put and read entries until they are killed; stdout says what was acknowledged, line by line.

Every entry is a function of its key, so that a reader can tell whether it was served what was kept.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch

from openckm.errors import StoreError
from openckm.flux.cache import Cache
from openckm.flux.entry import Entry
from openckm.flux.key import Question
from openckm.flux.start import Source
from openckm.priors.denoiser import Denoised

SPACE = "space"


def question(number: int, owner: str = "me", space: str = SPACE) -> Question:
    key = hashlib.sha256(f"{owner} {number}".encode()).hexdigest()
    vector = np.random.default_rng(number).standard_normal(64).astype(np.float32)
    return Question(key, space, owner, vector, readings=owner != "")


def entry(number: int, cells: int = 8) -> Entry:
    value = float(number % 1000) / 8
    belief = Denoised(torch.full((1, 5, cells, cells), value), torch.full((1, 5, cells, cells), 0.25))
    answer = {"mean": np.full((4, cells, cells), number, np.float32)}
    return Entry(Source(torch.full((8, 5, cells, cells), value), belief), answer, {"number": number})


def right(number: int, found: Entry) -> bool:
    value = float(number % 1000) / 8
    return (
        found.facts == {"number": number}
        and bool((found.answer["mean"] == number).all())
        and bool((found.source.draws == value).all())
    )


def work(folder: Path, first: int, out: int) -> None:
    """Put and read until killed."""
    cache = Cache(folder, 64 << 20)
    rng = np.random.default_rng(first)
    for step in range(100000):
        number = first + step
        try:
            if cache.put(question(number), entry(number), 10) is not None:
                os.write(out, f"kept {number}\n".encode())
            other = int(rng.integers(first, number + 1))
            found = cache.get(question(other))
            if found is not None and not right(other, found.entry):
                os.write(out, f"wrong {other}\n".encode())
        except StoreError as error:
            os.write(out, f"refused {error}\n".encode())
        time.sleep(0.002)


def main() -> None:
    """Fork workers on one folder, kill them now and then, and pass on what they said."""
    folder, processes, kills, seconds = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    rng = np.random.default_rng(0)

    def begin(number: int) -> int:
        child = os.fork()
        if child == 0:
            work(folder, number * 100000, 1)
            os._exit(0)
        return child

    alive = [begin(k) for k in range(processes)]
    for k in range(kills):
        time.sleep(float(rng.uniform(0.5, 1.5)) * seconds / (kills + 1))
        victim = int(rng.integers(processes))
        os.kill(alive[victim], 9)
        os.waitpid(alive[victim], 0)
        alive[victim] = begin(processes + k)
    time.sleep(seconds / (kills + 1))
    for child in alive:
        os.kill(child, 9)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
