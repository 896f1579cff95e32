"""Arrows go down the table of the design only; imports are light; every public name exists and says what it is."""

from __future__ import annotations

import ast
import importlib
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

import openckm
from openckm._face import FACE

ROOT = Path(openckm.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
LINES = 500
IMPORT_S = 0.3

BASE = {"errors", "shapes", "side_by_side", "_moved", "_face", "_compiled"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "side_by_side": set(),
    "_moved": set(),
    "_face": set(),
    "_compiled": set(),
    "shapes": set(),
    "assets": set(),
    "maps": set(),
    "reconstructor": {"maps"},
    "observe": {"maps"},
    "nn": set(),
    "store": set(),
    "priors": {"nn", "maps"},
    "infer": {"priors", "observe", "reconstructor"},
    "predict": {"infer", "nn"},
    "flux": {"nn", "store", "priors", "infer"},
    "baselines": {"observe", "maps", "reconstructor"},
    "data": {"maps", "observe", "runner"},
    "training": {"priors", "data"},
    "atlas": {"maps"},
    "evaluate": {"city", "infer", "predict", "flux", "atlas", "baselines", "data", "store", "training"},
    "cloud": {"evaluate", "store"},
    "edge": {"infer", "predict", "flux", "atlas", "baselines", "data", "store", "training"},
    "city": {"edge", "runner"},
    "runner": set(),
    "service": {"edge"},
    "cli": {"edge", "atlas"},
    "__main__": {"cli"},
}
"""The table of the design; what an imported package may import is open too, and so are errors and shapes to all."""
LAZY = {"cli": {"cloud", "service", "city"}, "service": {"cloud"}}
"""What may be imported inside functions only: commands that start a server, train or benchmark."""
ALLOWED = {
    ("priors", "store"): "pretrained.py turns a card and weights into a denoiser, so that infer need not know files",
    ("predict", "store"): "pretrained.py turns a card and weights into a one-pass network, as priors do",
    ("evaluate", "edge"): "`ckm bench adapt` measures the job at one site that teaches the prior",
    ("cli", "evaluate"): "`ckm demo` scores its map on the held-out Duke readings, `ckm bench` runs the benchmarks",
}
"""Departures from the table, each with its reason."""


@lru_cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def package_of(module: str) -> str | None:
    """The package of a dotted name: "maps" of "openckm.maps.grid"; None for other software and for the root."""
    parts = module.split(".")
    return parts[1] if parts[0] == "openckm" and len(parts) > 1 else None


def packages_imported(node: ast.AST) -> set[str]:
    """Packages of openckm that one statement imports; names taken from the root count as where they live."""
    if isinstance(node, ast.Import):
        return {p for p in (package_of(alias.name) for alias in node.names) if p}
    if isinstance(node, ast.ImportFrom) and node.module == "openckm":
        homes = (openckm._PUBLIC.get(alias.name, f"openckm.{alias.name}") for alias in node.names)
        return {p for p in (package_of(home) for home in homes) if p} - {"__version__"}
    if isinstance(node, ast.ImportFrom):
        return {p for p in (package_of(node.module or ""),) if p}
    return set()


def arrows(package: str, tree: ast.Module) -> Iterator[tuple[str, bool, int]]:
    """Yield (imported package, is it loaded late, line) of a module in `package`: in a function, or for types alone."""
    inside = {
        child
        for late in ast.walk(tree)
        if isinstance(late, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(late, ast.If) and "TYPE_CHECKING" in ast.dump(late.test))
        for child in ast.walk(late)
    }
    for node in ast.walk(tree):
        for target in packages_imported(node) - {package}:
            yield target, node in inside, node.lineno  # type: ignore[attr-defined]


def reachable(package: str) -> set[str]:
    found, front = set(BASE), [package]
    while front:
        for target in MAY_IMPORT[front.pop()] - found:
            found.add(target)
            front.append(target)
    return found


def upward(package: str, tree: ast.Module) -> list[str]:
    """Return the arrows of a module that the table, LAZY and ALLOWED do not cover."""
    return [
        f"line {line}: {package} -> {target}"
        for target, lazy, line in arrows(package, tree)
        if target not in reachable(package)
        and (package, target) not in ALLOWED
        and not (lazy and target in LAZY.get(package, set()))
    ]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def home_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [p for p in MODULES if p != ROOT / "__init__.py"], ids=name_of)
def test_no_upward_arrow(path):
    assert home_of(path) in MAY_IMPORT, f"{home_of(path)} is not in the table of the design"
    assert upward(home_of(path), tree_of(path)) == []


@pytest.mark.parametrize(
    ("package", "source", "count"),
    [
        ("maps", "from openckm.observe.operators import Mask", 1),
        ("maps", "def f():\n    import openckm.infer.construct", 1),
        ("maps", "from openckm import OpenCKM" if "OpenCKM" in openckm._PUBLIC else "import openckm.infer", 1),
        ("maps", "if TYPE_CHECKING:\n    from openckm.priors import x", 1),
        ("cli", "def f():\n    import openckm.cloud", 0),
        ("cli", "import openckm.cloud", 1),
        ("edge", "def f():\n    import openckm.cloud", 1),
        ("edge", "import openckm.evaluate", 1),
        ("infer", "from openckm.maps import Grid\nfrom openckm import __version__\nimport torch", 0),
    ],
)
def test_the_check_for_arrows_can_fail(package, source, count):
    assert len(upward(package, ast.parse(source))) == count


def test_the_table_has_no_circle_and_every_departure_is_in_use():
    for package in MAY_IMPORT:
        for target in MAY_IMPORT[package]:
            assert package not in reachable(target), f"{package} and {target} import each other"
    used = {(home_of(p), target) for p in MODULES for target, _, _ in arrows(home_of(p), tree_of(p))}
    assert set(ALLOWED) <= used, "remove departures that are no more"
    for package, target in ALLOWED:
        assert package not in reachable(target), f"{target} must not lead back to {package}"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_is_fast_and_loads_no_torch():
    code = (
        "import time; a = time.process_time(); import openckm; b = time.process_time(); import sys;"
        "assert 'torch' not in sys.modules and 'xarray' not in sys.modules; print(b - a)"
    )
    assert statistics.median(float(run(code)) for _ in range(3)) < IMPORT_S


def test_maps_load_no_torch():
    code = "import sys, openckm.maps; openckm.Layout; print([m for m in ('torch', 'rasterio') if m in sys.modules])"
    assert run(code) == "[]"


def test_edge_loads_neither_cloud_nor_evaluate():
    code = (
        "import sys, openckm.edge.construction;"
        "print([m for m in sys.modules if m.startswith(('openckm.cloud', 'openckm.evaluate', 'openckm.cli'))])"
    )
    assert run(code) == "[]"


def test_help_loads_nothing_heavy():
    heavy = ("torch", "scipy", "pandas", "xarray", "rasterio", "matplotlib", "pydantic", "fastapi", "numba")
    code = f"import sys, openckm.cli.main; print([m for m in {heavy} if m in sys.modules])"
    assert run(code) == "[]"


def bound_names(tree: ast.Module) -> set[str]:
    """Names that a module binds at its top level, the branches of `if` and `try` included."""
    names: set[str] = set()
    front: list[ast.stmt] = list(tree.body)
    while front:
        node = front.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        elif isinstance(node, ast.If | ast.Try):
            front += node.body + node.orelse
    return names


def public_names(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return [e.value for e in ast.walk(node.value) if isinstance(e, ast.Constant)]
    return None


def face_of(path: Path) -> list[str]:
    """Public names of a module, by the table of the public face."""
    module = ".".join(("openckm", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    return [name for modules in FACE.values() for home, names in modules.items() if home == module for name in names]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_modules_alone_say_all_and_mean_the_public_names(path):
    tree = tree_of(path)
    names, public = public_names(tree), face_of(path)
    if home_of(path) in {"errors", "_face"} or path == ROOT / "__init__.py":
        return  # the tree of errors is public as a whole; the root loads its names late
    if not public:
        assert names is None, "an internal module has no __all__; a public name belongs into openckm._face"
        return
    assert names is not None and len(names) == len(set(names))
    assert set(names) == set(public)
    missing = set(names) - bound_names(tree)
    if "__getattr__" in bound_names(tree):
        module = importlib.import_module(".".join(("openckm", *path.relative_to(ROOT).parent.parts)))
        missing = {name for name in missing if not hasattr(module, name)}
        assert not hasattr(module, "no_such_name")
    assert missing == set()


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield functions and classes without underscore, and methods of such classes, that say nothing."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield node.name
            for method in node.body if isinstance(node, ast.ClassDef) else []:
                public = isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
                if public and not ast.get_docstring(method):
                    yield f"{node.name}.{method.name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_short_and_documented(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < LINES
    assert ast.get_docstring(tree_of(path)), "wanted a docstring of the module"
    assert list(undocumented(tree_of(path))) == []


def test_the_check_for_docstrings_can_fail():
    found = undocumented(ast.parse("def f(): ...\nclass A:\n    'Doc.'\n    def g(self): ...\ndef _h(): ..."))
    assert list(found) == ["f", "A.g"]
