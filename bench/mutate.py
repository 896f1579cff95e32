"""Mutation testing: what part of small, drawn changes to the code do a package's tests notice?

    python bench/mutate.py OUT --seed 18 --count 400 [--package infer ...] [--limit 120] [--minutes 60]

Mutants are drawn by the seed alone, evenly over the packages, from every place in their modules where one of these
changes can be made: a comparison turned or shifted, an arithmetic operator exchanged, a number changed, a condition
negated, `min` and `max` exchanged, a minus taken away. Each mutant is run against the tests of its own package in a
copy of the tree, the test files that name its module first (with --near those alone, so that a survivor may yet be
killed by others); it is killed by a failing test or by running longer than LIMIT. OUT is a table of the mutants and
what became of each, in the order in which they were drawn; a run that stopped goes on where it was, so the first n of
them are a random sample at any time.
"""

from __future__ import annotations

import argparse
import ast
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "infer": ("src/openckm/infer", "tests/infer"),
    "observe": ("src/openckm/observe", "tests/observe"),
    "maps": ("src/openckm/maps", "tests/maps"),
    "scores": ("src/openckm/evaluate/scores", "tests/evaluate"),
}
"""Sources and tests of each package."""
FIELDS = ("number", "package", "file", "line", "change", "outcome", "seconds")
COMPARE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
EXCHANGED = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True)
class Mutant:
    """A change to one place.

    Attributes:
        package: one of PACKAGES.
        file: path from the root.
        place: which of the file's places.
    """

    package: str
    file: str
    place: int


class Changer(ast.NodeTransformer):
    """Counts the places of a module that can be changed, and changes one of them."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted, self.seen, self.line, self.change = wanted, 0, 0, ""

    def _here(self, node: ast.AST, change: str) -> bool:
        self.seen += 1
        if self.seen - 1 != self.wanted:
            return False
        self.line, self.change = getattr(node, "lineno", 0), change
        return True

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Turn or shift the first comparison."""
        self.generic_visit(node)
        kind = type(node.ops[0])
        if kind in COMPARE and self._here(node, f"{kind.__name__} -> {COMPARE[kind].__name__}"):
            node.ops[0] = COMPARE[kind]()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Exchange an arithmetic operator; annotations and strings are left alone."""
        self.generic_visit(node)
        kind = type(node.op)
        if (
            kind in ARITHMETIC
            and not _is_text(node)
            and self._here(node, f"{kind.__name__} -> {ARITHMETIC[kind].__name__}")
        ):
            node.op = ARITHMETIC[kind]()
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Change a number."""
        if type(node.value) in (int, float) and self._here(node, f"{node.value} -> changed"):
            return ast.copy_location(
                ast.Constant(node.value + 1 if type(node.value) is int else node.value * 1.1 + 0.01), node
            )
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """Negate a condition."""
        self.generic_visit(node)
        if self._here(node, "if negated"):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Take a minus or a tilde away."""
        self.generic_visit(node)
        if isinstance(node.op, ast.USub | ast.Invert) and self._here(node, f"{type(node.op).__name__} taken away"):
            return node.operand
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Exchange min and max, any and all."""
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in EXCHANGED and self._here(node, f"{name} -> {EXCHANGED[name]}"):
            if isinstance(node.func, ast.Name):
                node.func.id = EXCHANGED[name]
            elif isinstance(node.func, ast.Attribute):
                node.func.attr = EXCHANGED[name]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Go into the body alone: not into annotations, defaults of types, or decorators."""
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Go into the body alone."""
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Go into the value alone."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str)
        for side in (node.left, node.right)
    )


def places(path: Path) -> int:
    """Return how many places of a module can be changed."""
    changer = Changer()
    changer.visit(ast.parse(path.read_text(encoding="utf-8")))
    return changer.seen


def changed(path: Path, place: int) -> tuple[str, int, str]:
    """Return a module with one place changed, the line and what was changed."""
    changer = Changer(place)
    tree = ast.fix_missing_locations(changer.visit(ast.parse(path.read_text(encoding="utf-8"))))
    return ast.unparse(tree), changer.line, changer.change


def drawn(seed: int, count: int, packages: list[str]) -> list[Mutant]:
    """Return `count` different mutants, equally many of each package, in random order."""
    rng = random.Random(seed)
    found: list[Mutant] = []
    for name in packages:
        folder = ROOT / PACKAGES[name][0]
        every = [
            Mutant(name, str(p.relative_to(ROOT)), k) for p in sorted(folder.rglob("*.py")) for k in range(places(p))
        ]
        found += rng.sample(every, min(len(every), count // len(packages)))
    rng.shuffle(found)
    return found


def tests_of(mutant: Mutant) -> list[str]:
    """Return the test files of the package, those that name the module first."""
    module = Path(mutant.file).stem
    files = sorted((ROOT / PACKAGES[mutant.package][1]).rglob("test_*.py"))
    naming = [f for f in files if module in f.read_text(encoding="utf-8")]
    return [str(f.relative_to(ROOT)) for f in [*naming, *(f for f in files if f not in naming)]]


def run_tests(tree: Path, files: list[str], limit_s: float) -> tuple[bool, float]:
    """Return whether the tests pass in a tree, and the seconds."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *files]
    begun = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return False, time.perf_counter() - begun
    return done.returncode == 0, time.perf_counter() - begun


def main() -> None:
    """Run what is not yet in the table."""
    parser = argparse.ArgumentParser(description="Mutation testing by a stated seed.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--package", action="append", choices=sorted(PACKAGES))
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a mutant counts as killed")
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--near", action="store_true", help="only the test files that name the module")
    arguments = parser.parse_args()
    mutants = drawn(arguments.seed, arguments.count, arguments.package or list(PACKAGES))
    done = list(csv.DictReader(arguments.out.open())) if arguments.out.is_file() else []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        tree = Path(name) / "tree"
        shutil.copytree(
            ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", "runs", "out", ".mypy_cache", "__pycache__")
        )
        for number, mutant in list(enumerate(mutants))[len(done) :]:
            if time.monotonic() - begun > 60 * arguments.minutes:
                return
            done.append(judged(tree, number, mutant, arguments.limit, arguments.near))
            with arguments.out.open("w", newline="") as file:
                table = csv.DictWriter(file, FIELDS, lineterminator="\n")
                table.writeheader()
                table.writerows(done)
            print(*done[-1].values(), flush=True)


def judged(tree: Path, number: int, mutant: Mutant, limit_s: float, near: bool) -> dict[str, object]:
    """Return the line of one mutant: whether the tests of its package notice it."""
    path = tree / mutant.file
    kept = path.read_text(encoding="utf-8")
    text, line, change = changed(path, mutant.place)
    files = tests_of(mutant)
    if near:
        files = [f for f in files if Path(mutant.file).stem in (ROOT / f).read_text(encoding="utf-8")]
    path.write_text(text, encoding="utf-8")
    try:
        passed, seconds = run_tests(tree, files, limit_s) if files else (True, 0.0)
    finally:
        path.write_text(kept, encoding="utf-8")
    outcome = "survived" if passed else "killed"
    row = (number, mutant.package, mutant.file, line, change, outcome, round(seconds, 1))
    return dict(zip(FIELDS, row, strict=True))


if __name__ == "__main__":
    main()
