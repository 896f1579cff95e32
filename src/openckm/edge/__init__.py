"""The main job at a site takes a drive test and a layout, and returns a map with its uncertainty and a self-check."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openckm.edge.construction import Construction as Construction
    from openckm.edge.construction import construct as construct
    from openckm.edge.selfcheck import Score as Score
    from openckm.edge.selfcheck import SelfCheck as SelfCheck
    from openckm.edge.selfcheck import self_check as self_check

__all__ = ["Construction", "self_check", "SelfCheck"]

_HOME = {
    "Construction": "construction", "construct": "construction",
    "Score": "selfcheck", "SelfCheck": "selfcheck", "self_check": "selfcheck",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a name on first use, so that a command that constructs nothing loads no network."""
    if name in _HOME:
        return getattr(import_module(f"openckm.edge.{_HOME[name]}"), name)
    raise AttributeError(f"module 'openckm.edge' has no attribute {name!r}")
