"""Machine code for inner loops by numba, where the extra `fast` is installed; the same text in plain Python elsewhere.

numba compiles a function at its first call (some seconds) and keeps the code on disk for the next process.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def can_compile() -> bool:
    """Say whether machine code can be made here: whether numba is installed."""
    return find_spec("numba") is not None


def machine_code(*, reorder: bool) -> Callable[[Function], Function]:
    """Make machine code of a function, where numba is there; `reorder` lets sums be taken in another order."""

    def make(function: Function) -> Function:
        try:
            numba = import_module("numba")
        except ImportError:
            return function
        fast = {"contract", "nsz"} | ({"reassoc"} if reorder else set())
        options = {"nogil": True, "error_model": "numpy", "fastmath": fast}
        try:
            return numba.njit(cache=True, **options)(function)  # type: ignore[no-any-return]
        except RuntimeError:  # nowhere to keep the code: every process makes its own
            return numba.njit(**options)(function)  # type: ignore[no-any-return]

    return make
