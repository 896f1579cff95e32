"""The public names are few, exist, say what they are, and stand on one page."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

from openckm._face import FACE

ROOT = Path(__file__).resolve().parent.parent
MOST = 120
NAMES = [(module, name) for modules in FACE.values() for module, names in modules.items() for name in names]


def test_there_are_at_most_120_and_each_stands_once():
    assert len(NAMES) <= MOST
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_public_name_exists_and_says_what_it_is(module, name):
    thing = getattr(importlib.import_module(module), name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing)


def test_the_page_has_them_all_and_says_that_the_rest_is_internal():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert "Everything else is internal" in page
    assert [f"`{name}`" for _, name in NAMES] == re.findall(r"^- (`\w+`):", page, flags=re.MULTILINE)


def test_what_the_docs_import_is_public():
    """A reader of the docs is not sent to internal names."""
    public = {*NAMES, *(("openckm", name) for name in ("errors",))}
    found = re.compile(r"^from (openckm[\w.]*) import ([\w, ]+)$", re.MULTILINE)
    wrong = set()
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for module, names in found.findall(page.read_text(encoding="utf-8")):
            pairs = [(module, n) for n in names.split(", ")]
            wrong |= {(page.name, *pair) for pair in pairs if pair not in public and not same(*pair)}
    assert wrong == set()


def same(module: str, name: str) -> bool:
    """Whether a name is a public one, imported from the module that defines it."""
    thing = getattr(importlib.import_module(module), name)
    return any(thing is getattr(importlib.import_module(home), one) for home, one in NAMES if one == name)
