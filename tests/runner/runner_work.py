"""Work that other processes can import."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from openckm.errors import InputError


def square(x):
    return x * x


def slow_first(x):
    time.sleep(0.4 if x == 0 else 0.0)
    return x


def refuse(x):
    if x == 3:
        raise InputError("three is no number for me")
    return x


class DiesOften:
    """Dies at item 2, so often in all; a folder counts."""

    def __init__(self, folder, times):
        self.folder, self.times = folder, times

    def __call__(self, x):
        if x == 2 and len(list(Path(self.folder).iterdir())) < self.times:
            (Path(self.folder) / str(time.monotonic_ns())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return x


def environment(_):
    return os.environ["OMP_NUM_THREADS"], os.getpid()


def wait_long(x):
    Path(x).write_text(str(os.getpid()))
    time.sleep(60)


def array(x):
    return np.full(10, x)
