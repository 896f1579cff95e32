"""What each package may import when it is loaded, and that each extra alone, and none, is enough for what it is for."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest

import openckm

ROOT = Path(openckm.__file__).parent
PROJECT = Path(__file__).parents[1] / "pyproject.toml"
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if path.name != "__main__.py"
)

LIGHT = {"numpy", "jaxtyping", "shapely", "pyproj", "safetensors"}
"""What any module may load at once; all else waits until it is needed."""
HEAVY = {
    "baselines": {"torch", "scipy"}, "cli": {"rich", "typer"}, "cloud": {"torch"}, "city": {"torch"},
    "data": {"scipy"}, "edge": {"torch"}, "evaluate": {"torch", "scipy"}, "flux": {"torch", "scipy"},
    "infer": {"torch", "scipy"}, "nn": {"torch"}, "observe": {"torch", "scipy"}, "predict": {"torch"},
    "priors": {"torch", "scipy"}, "training": {"torch", "rich"},
    "service": {
        "torch", "fastapi", "starlette", "pydantic", "prometheus_client", "uvicorn", "h11", "covjson_pydantic",
        "edr_pydantic",
    },
    "store": {"tuf", "securesystemslib", "cryptography", "urllib3"},
    "atlas": {"scipy"},
}  # fmt: skip
"""What each package may load at once beside LIGHT."""
NEED = {
    "store": (
        "openckm.store.client", "openckm.store.contributors", "openckm.store.draft", "openckm.store.fetch",
        "openckm.store.keys", "openckm.store.ledger", "openckm.store.publish", "openckm.store.roles",
        "openckm.store.update", "openckm.cloud.publish", "openckm.evaluate.benches.edge",
    ),
    "edge": ("openckm.service",),
    "raytrace": ("openckm.data.sionna_",),
}  # fmt: skip
"""Modules, or packages of them, that cannot be loaded without an extra, and say so where a user asks for them."""
WITH = {"edge": {"store"}, "raytrace": {"city"}}
"""Extras that bring others along."""


def third_party(path: Path) -> set[str]:
    """Return the packages of others that a module imports when it is loaded: not in functions, not for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        for child in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in late:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return {name for name in found if name not in sys.stdlib_module_names and name not in ("openckm", "__future__")}


def test_modules_load_at_once_what_the_table_says():
    wrong = {}
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        package = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if any(module.startswith(need) for need in NEED["raytrace"]):
            continue
        more = third_party(path) - LIGHT - HEAVY.get(package, set())
        if more:
            wrong[module] = sorted(more)
    assert wrong == {}, "import it where it is needed, or say in the table why it is wanted at once"


def requirements(extra: str | None) -> list[str]:
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return project["dependencies"] if extra is None else project["optional-dependencies"][extra]


def name_of(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def closure(roots: Iterator[str]) -> set[str]:
    """Return the distributions that some requirements bring along, as far as they are installed here."""
    found: set[str] = set()
    front = [name_of(root) for root in roots if name_of(root) != "openckm"]
    while front:
        name = front.pop()
        if name in found:
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        front += [name_of(need) for need in needs if "extra ==" not in need or "crypto" in need]
    return found


LOADER = """
import importlib, json, sys, warnings
blocked, modules = json.loads(sys.stdin.read())
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])
sys.meta_path.insert(0, Absent())
warnings.simplefilter("ignore")
failed = {}
for module in modules:
    try:
        importlib.import_module(module)
    except Exception as error:
        failed[module] = f"{type(error).__name__}: {error}"
print(json.dumps(failed))
"""
EXTRAS = [None, *sorted(set(tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]) - {"dev"})]


def allowed(extra: str | None) -> set[str]:
    names = [None, *([] if extra is None else [extra, *WITH.get(extra, ())])]
    return closure(requirement for name in names for requirement in requirements(name))


def without_others(extra: str | None) -> list[str]:
    """Return the importable names of everything that is installed here and that this extra does not bring."""
    kept = allowed(extra)
    return sorted(
        top for top, owners in packages_distributions().items()
        if not {o.lower().replace("_", "-") for o in owners} & kept and top not in ("openckm", "pip", "setuptools")
    )  # fmt: skip


def run(code: str, told: object, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, timeout=300, env=environment, check=True
    )


@pytest.mark.parametrize(
    "extra", [e if e in (None, "edge") else pytest.param(e, marks=pytest.mark.slow) for e in EXTRAS]
)
def test_every_extra_alone_and_none_is_enough_for_what_it_is_for(extra):
    """Everything else that is installed here is hidden; what needs another extra is named in the table."""
    here = {extra, *WITH.get(extra or "", ())}
    lacking = tuple(m for need, modules in NEED.items() if need not in here for m in modules)
    if extra == "raytrace" and "sionna-rt" not in allowed(extra):
        pytest.skip("the ray tracer is not installed here")
    modules = [m for m in MODULES if not m.startswith(lacking)]
    done = run(LOADER, [without_others(extra), modules])
    assert json.loads(done.stdout.splitlines()[-1]) == {}


def test_what_is_hidden_is_hidden():
    done = run(LOADER, [without_others(None), ["fastapi", "tuf", "openckm.service.app"]])
    assert set(json.loads(done.stdout.splitlines()[-1])) == {"fastapi", "tuf", "openckm.service.app"}


ASK = (
    LOADER
    + """
from openckm.cli.main import main
sys.argv = ["ckm", *sys.argv[1:]]
main()
"""
)


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("edge", "run", "--config", "edge.toml"), "edge"),
        (("cloud", "status", "--repository", "r", "--trust-root", str(PROJECT)), "store"),
    ],
)  # fmt: skip
def test_a_command_without_its_extra_says_which_one_to_install(arguments, extra, tmp_path):
    (tmp_path / "edge.toml").write_text("")
    told = [without_others(None), []]
    command = [sys.executable, "-c", ASK, *arguments]
    done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 2
    assert f"pip install 'openckm[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_python_m_openckm_is_ckm():
    done = subprocess.run([sys.executable, "-m", "openckm", "--version"], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == f"ckm {openckm.__version__}"
