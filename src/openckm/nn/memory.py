"""How much memory a process holds, and how what is free goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from pathlib import Path

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
