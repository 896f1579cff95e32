"""The documentation holds what it promises: its examples run, its generated pages are those of the program."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent


def python_blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_operator_of_the_how_to_obeys_the_law_of_the_adjoint():
    names: dict[str, object] = {}
    for block in python_blocks("docs/how-to-operator.md"):
        exec(block, names)
    operator = names["operator"]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 1, 32, 32, generator=generator, dtype=torch.float64)
    y = torch.randn(2, 1, 32, 31, generator=generator, dtype=torch.float64)
    assert torch.allclose((operator(x) * y).sum(), (x * operator.adjoint(y)).sum(), rtol=1e-12)
    assert names["likelihood"].log_prob(torch.zeros(1, 1, 32, 32)).shape == (1,)


def test_python_of_the_readme_names_things_that_exist():
    for block in python_blocks("README.md"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = __import__(node.module, fromlist=[a.name for a in node.names])
                assert all(hasattr(module, alias.name) for alias in node.names)
    import openckm

    assert callable(openckm.construct)


@pytest.mark.parametrize("page", ["cli.md", "api.md", "model-card.md", "results.md"])
def test_generated_pages_are_there(page):
    assert (ROOT / "docs" / page).read_text(encoding="utf-8").startswith("# ")


def test_generated_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation built as `make docs` does, strictly, elsewhere."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site") / "docs"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_the_site_is_whole_small_and_asks_nobody_else(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 35
    assert sum(p.stat().st_size for p in site.rglob("*") if p.is_file()) < 4_000_000
    loaded = re.compile(r"<(?:script|img|iframe|source)[^>]*?src=\"([^\"]*)\"|<link[^>]*?href=\"([^\"]*)\"")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script>[^<]", text), f"{page.name}: a script that the policy would not run"
        for found in loaded.findall(text):
            target = found[0] or found[1]
            assert not re.match(r"(?:https?:)?//", target), f"{page.name} asks {target}"
            if page.name != "404.html":
                assert (page.parent / target.split("?")[0]).exists(), f"{page.name}: no {target}"
    assert (site / "search" / "search_index.json").is_file()
