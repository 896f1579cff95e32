"""How a model is kept and travels: card, weights, and a signed repository that edges update from. No torch here.

Publishing and updating need `openckm[store]`; they are loaded on first use, so that reading a model needs neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openckm.store.card import ModelCard
from openckm.store.weights import read_weights as read_weights
from openckm.store.weights import write_weights as write_weights

if TYPE_CHECKING:
    from openckm.store.keys import KeyFolder as KeyFolder
    from openckm.store.keys import SplitKeys as SplitKeys
    from openckm.store.publish import Repository as Repository
    from openckm.store.trust import Policy as Policy
    from openckm.store.trust import RolePolicy as RolePolicy
    from openckm.store.update import UpdateOptions as UpdateOptions
    from openckm.store.update import Updater as Updater

__all__ = ["KeyFolder", "ModelCard", "Policy", "Repository", "RolePolicy", "UpdateOptions", "Updater"]

_LATE = {
    "KeyFolder": "keys", "Policy": "trust", "Repository": "publish", "RolePolicy": "trust", "SplitKeys": "keys",
    "UpdateOptions": "update", "Updater": "update",
}  # fmt: skip
_EXTRA = {"cryptography", "filelock", "fsspec", "securesystemslib", "tuf", "urllib3", "zstandard"}


def __getattr__(name: str) -> Any:
    """Load what publishes and updates on first use.

    Raises:
        AttributeError: if there is no such name.
        StoreError: if the packages for it are not installed.
    """
    if name not in _LATE:
        raise AttributeError(f"module 'openckm.store' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"openckm.store.{_LATE[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        from openckm.errors import StoreError

        raise StoreError(f"{name} needs the package {error.name}: pip install 'openckm[store]'") from error
