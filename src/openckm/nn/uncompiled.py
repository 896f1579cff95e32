"""Training without torch's compiler in memory.

Optimisers, checkpoints and dispatch modes load `torch._dynamo` at their first use, only to keep it away from
themselves: 800 modules, half of them of sympy, which nothing here ever calls. Where memory counts, a stand-in that
answers these three questions takes its place while a block runs. A process that has loaded it already keeps it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

_NAME = "torch._dynamo"


@contextmanager
def without_compiler() -> Iterator[None]:
    """Do not load torch's compiler inside a `with` block; nothing there may call `torch.compile`."""
    if _NAME in sys.modules:
        yield
        return
    stand_in: Any = ModuleType(_NAME)
    stand_in.disable = _as_it_is
    stand_in.graph_break = lambda *_: None
    stand_in.config = SimpleNamespace(error_on_nested_fx_trace=True)
    sys.modules[_NAME] = stand_in
    setattr(torch, "_dynamo", stand_in)  # noqa: B010
    try:
        yield
    finally:
        del sys.modules[_NAME]
        delattr(torch, "_dynamo")


def _as_it_is(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
    """Return a function as it is: what is not compiled needs no protection from the compiler."""
    return function
