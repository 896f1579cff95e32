"""How much memory this process holds, and how what is free goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_mb() -> float:
    """Return the largest resident memory of this process so far [MiB]; NaN where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return float("nan")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 2**20 if sys.platform == "darwin" else used / 2**10


def resident_mb(field: str) -> float:
    """Return a line of /proc/self/status [MiB], "VmRSS" (now) or "VmHWM" (at most); elsewhere, the most so far."""
    if not _STATUS.is_file():
        return peak_mb()
    found = re.search(rf"{field}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii", errors="replace"))
    return peak_mb() if found is None else float(found[1]) / 1024.0


def forget_peak() -> None:
    """Let the largest resident memory of this process begin anew, where the system can."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5", encoding="ascii")


def give_back() -> None:
    """Give freed memory back to the system, where the C library keeps it for later and can be asked to (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
