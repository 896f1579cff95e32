"""How much memory a process holds, and how what is free goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_MMAP_THRESHOLD, _LARGEST_KEPT = -3, 32 * 2**20
"""glibc's M_MMAP_THRESHOLD, and the value that it comes to by itself at most."""
_STATUS, _CLEAR = "/proc/{}/status", Path("/proc/self/clear_refs")


def peak_mb() -> float:
    """Return the largest resident memory of this process so far [MiB]; NaN where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return float("nan")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 2**20 if sys.platform == "darwin" else used / 2**10


def resident_mb(field: str, process: int | None = None) -> float:
    """Return a line of a process's status [MiB], "VmRSS" (now) or "VmHWM" (at most).

    Args:
        field: the name of the line.
        process: the number of the process, None for this one. Where the system does not tell, this one is answered by
            the most so far, and another one by 0.
    """
    try:
        text = Path(_STATUS.format("self" if process is None else process)).read_text("ascii", errors="replace")
    except OSError:  # another system, or the process has just ended
        text = ""
    found = re.search(rf"{field}:\s+(\d+) kB", text)
    if found is not None:
        return float(found[1]) / 1024.0
    return peak_mb() if process is None else 0.0


def forget_peak() -> None:
    """Let the largest resident memory of this process begin anew, where the system can."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5", encoding="ascii")


def give_back() -> None:
    """Give freed memory back to the system, where the C library keeps it for later and can be asked to (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def straight_from_system() -> Iterator[None]:
    """Within it, blocks of a megabyte and more come straight from the system and go back as they are freed (glibc).

    The C library else keeps what is freed for later, and takes more and more to be large enough to keep.
    """
    _large_blocks(2**20)
    try:
        yield
    finally:
        _large_blocks(_LARGEST_KEPT)


def _large_blocks(size: int) -> None:
    """Say which blocks the C library takes straight from the system."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, size)
