"""The documentation holds what it promises: its examples run, its generated pages are those of the program."""

from __future__ import annotations

import ast
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
