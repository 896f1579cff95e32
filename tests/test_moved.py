"""An import written for version 0.1.0 works, and is told where its module went."""

from __future__ import annotations

import importlib
import sys

import pytest

from openckm._moved import MOVED


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_an_old_import_gives_the_module_in_its_new_place(old, new):
    here = importlib.import_module(f"openckm.{new}")
    sys.modules.pop(f"openckm.{old}", None)
    with pytest.warns(FutureWarning, match=rf"openckm\.{old} has moved: import openckm\.{new} instead"):
        assert importlib.import_module(f"openckm.{old}") is here
    assert here.__spec__.name == here.__name__ == f"openckm.{new}"


def test_names_that_never_were_are_not_found():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("openckm.infer.never_was")
