"""Mutation testing: what part of small, drawn changes to the code do a package's tests notice?

    python bench/mutate.py OUT --seed 18 --count 400 [--package infer ...] [--budget 120] [--again]

Mutants are drawn by the seed alone, evenly over the packages, from every place in their modules where one of these
changes can be made: a comparison turned or shifted, an arithmetic operator exchanged, a number changed, a condition
negated, `min` and `max` exchanged, a minus taken away.

First the packages' tests run once under `coverage`, on the unchanged code: this says how long each test takes and which
lines it runs, and leaves out tests that do not pass here. Then each mutant is judged in a copy of the tree by the tests
of its own package that run its line, the fastest first, and after them by the other tests of the same files, up to
BUDGET seconds of tests. It is killed by the first failing test, or by running three times as long as it should. A line
that no test runs (or that runs as the module loads) is judged by the tests that run its module.

All tests are loaded once. A change within a function is made in a fork of that process, which puts the changed code
into the functions that are there; any other change is judged by a process that loads the changed module anew.

OUT is a table of the mutants and what became of each, by their number in the draw; a run that stopped goes on where it
was, and `--again` judges those that survived again, by today's tests. The trace is kept in OUT.trace.json.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import gc
import importlib
import json
import math
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "infer": ("src/openckm/infer", "tests/infer"),
    "observe": ("src/openckm/observe", "tests/observe"),
    "maps": ("src/openckm/maps", "tests/maps"),
    "scores": ("src/openckm/evaluate/scores", "tests/evaluate"),
}
"""Sources and tests of each package."""
SHARED = "tests/test_small_changes.py"
"""Tests of all four packages, which earlier mutants asked for."""
FIELDS = ("number", "package", "file", "line", "change", "outcome", "tests", "left", "seconds", "killer")
"""Columns: `tests` ran (or were to run, of a killed one), `left` covering tests did not for want of budget."""
START_S, SLACK = 40.0, 3.0
"""A child has this long to load, and this many times the measured length of its tests [s]."""
BROKEN = 70
"""Exit status of a child whose own work failed: it says nothing of a mutant."""
PRELOADED = (
    "torch", "scipy.optimize", "scipy.interpolate", "scipy.spatial", "scipy.sparse.linalg", "scipy.ndimage", "pandas",
    "xarray", "rasterio", "pyproj", "shapely", "pykrige.ok", "hypothesis", "matplotlib.pyplot", "numba", "pytest",
    "safetensors.torch", "rich.progress", "pyogrio", "openpyxl",
)  # fmt: skip
"""Loaded once, before the processes of the mutants fork."""
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
        self.depth, self.inside = 0, False

    def _here(self, node: ast.AST, change: str) -> bool:
        self.seen += 1
        if self.seen - 1 != self.wanted:
            return False
        self.line, self.change, self.inside = getattr(node, "lineno", 0), change, self.depth > 0
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
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return node
        if self._here(node, f"{value!r} -> changed"):
            return ast.copy_location(ast.Constant(value + 1 if isinstance(value, int) else value * 1.1 + 0.01), node)
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
        self.depth += 1
        node.body = [self.visit(statement) for statement in node.body]
        self.depth -= 1
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


def changed(path: Path, place: int) -> tuple[ast.Module, Changer]:
    """Return a module with one place changed, and what was changed where."""
    changer = Changer(place)
    tree = ast.fix_missing_locations(changer.visit(ast.parse(path.read_text(encoding="utf-8"))))
    return tree, changer


def put_into_functions(tree: ast.Module, path: Path) -> None:
    """Give the functions of a loaded module the code of a changed text of it, in this process."""
    found: dict[tuple[str, int], CodeType] = {}
    pending = [compile(tree, str(path), "exec")]
    while pending:
        for code in (c for c in pending.pop().co_consts if isinstance(c, CodeType)):
            found[code.co_qualname, code.co_firstlineno] = code
            pending.append(code)
    for one in [f for f in gc.get_objects() if type(f) is FunctionType]:
        code = one.__code__
        if code.co_filename == str(path) and (new := found.get((code.co_qualname, code.co_firstlineno))):
            one.__code__ = new


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


@dataclass
class Trace:
    """What the tests do on the unchanged code.

    Attributes:
        seconds: how long each passing test takes [s], by its id.
        lines: the tests that run each line, by file and line.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def tests_of(self, mutant: Mutant, line: int) -> tuple[list[str], int]:
        """Return the tests that judge a mutant, the best first, and how many of them run its line or module."""
        folder = PACKAGES[mutant.package][1] + "/"
        of_file = self.lines.get(mutant.file, {})
        own = {test for test in self.seconds if test.startswith((folder, SHARED))}
        near = own.intersection(of_file.get(str(line), ())) or own & set().union(*of_file.values())
        files = {test.split("::")[0] for test in near}
        rest = {test for test in self.seconds if test.split("::")[0] in files} - near
        length = self.seconds.__getitem__
        return [*sorted(near, key=length), *sorted(rest, key=length)], len(near)


class Recorder:
    """A plugin of pytest: how long each test took, which passed, the first that failed; and whose turn it is."""

    def __init__(self, switch: Callable[[str], object] = lambda _: None) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.switch = switch

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say whose turn it is."""
        self.switch(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add up the three parts of a test."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed or (report.skipped and report.when != "teardown"):
            (self.failed if report.failed else []).append(report.nodeid)
            self.seconds[report.nodeid] = math.nan

    def pytest_collectreport(self, report: Any) -> None:
        """A module that cannot be loaded fails, too."""
        if report.failed:
            self.failed.append(report.nodeid)


def enter(tree: Path) -> None:
    """Let this process run the tests of a tree."""
    os.chdir(tree)
    os.environ.update(PYTHONPATH=str(tree / "src"), OMP_NUM_THREADS="1", MPLBACKEND="Agg")
    sys.path[:0] = [str(tree / "src"), str(tree)]
    import hypothesis

    hypothesis.settings.register_profile("mutants", deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutants")


def tested(arguments: list[str], plugin: object) -> int:
    """Run tests within this process."""
    import pytest

    options = ["-q", "-m", "not slow", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *arguments], plugins=[plugin]))


def traced(tree: Path, folders: list[str], out: Path) -> int:
    """Run all tests of some folders under coverage and write the trace; the exit status of that is 0."""
    import coverage

    enter(tree)
    source = [str(tree / PACKAGES[name][0]) for name in PACKAGES]
    cover = coverage.Coverage(data_file=None, include=[f"{folder}/*" for folder in source], config_file=False)
    cover.start()
    recorder = Recorder(cover.switch_context)
    tested(folders, recorder)
    cover.stop()
    data = cover.get_data()
    lines = {
        str(Path(file).relative_to(tree)): {
            str(line): sorted(c for c in contexts if c) for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    seconds = {test: s for test, s in recorder.seconds.items() if math.isfinite(s)}
    out.write_text(json.dumps({"seconds": seconds, "lines": lines}), encoding="utf-8")
    return 0


def in_child(work: Callable[[], int], limit_s: float, log: Path) -> int | None:
    """Return the exit status of some work in a process of its own, None if it takes too long."""
    child = os.fork()
    if child == 0:
        status = BROKEN
        try:
            os.setsid()
            with log.open("w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                status = work()
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def chosen_tests(mutant: Mutant, line: int, trace: Trace, budget_s: float) -> tuple[list[str], int, float]:
    """Return the tests that judge a mutant, how many that run it are left out, and how long the tests take [s]."""
    every, near = trace.tests_of(mutant, line)
    tests, length = list[str](), 0.0
    for test in every:
        if tests and length + trace.seconds[test] > budget_s:
            break
        tests.append(test)
        length += trace.seconds[test]
    return tests, max(near - len(tests), 0), length


class Judge:
    """Says of mutants whether the tests of their packages notice them.

    Args:
        tree: copy of the sources.
        trace: of the unchanged code.
        budget_s: how long the tests of a mutant may take [s].
        done: called with the line of each mutant.
    """

    def __init__(self, tree: Path, trace: Trace, budget_s: float, done: Callable[[dict[str, object]], None]) -> None:
        self.tree, self.trace, self.budget_s, self.done = tree, trace, budget_s, done
        self.mutants: Sequence[tuple[int, Mutant]] = ()
        self.killers: set[str] = set()

    def among_loaded(self, mutants: Sequence[tuple[int, Mutant]], folders: list[str]) -> None:
        """Judge changes within functions: load all tests once, and fork for each mutant."""
        self.mutants = mutants

        def work() -> int:
            enter(self.tree)
            return tested(folders, self)

        in_child(work, 1e6, self.tree / "loaded.log")
        print((self.tree / "control.txt").read_text(encoding="utf-8"))

    def pytest_runtestloop(self, session: Any) -> bool:
        """Instead of all tests: each mutant's."""
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        for number, mutant in self.mutants:
            path = self.tree / mutant.file
            changed_tree, change = changed(path, mutant.place)
            tests, left, length = chosen_tests(mutant, change.line, self.trace, self.budget_s)
            asked = [test for test in items if test.startswith(SHARED)]  # all of them, those that are new, too
            tests = [test for test in dict.fromkeys([*tests, *asked]) if test in items]

            def work() -> int:
                recorder = Recorder()
                session.config.pluginmanager.register(recorder)
                put_into_functions(changed_tree, path)  # noqa: B023
                chosen = [items[test] for test in tests]  # noqa: B023
                for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                    session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                    if recorder.failed:
                        break
                self.said.write_text("".join(recorder.failed[:1]), encoding="utf-8")
                return int(bool(recorder.failed))

            self._judged(number, mutant, change, tests, left, length, work)
        self._control(session, items)
        return True

    def _control(self, session: Any, items: dict[str, Any]) -> None:
        """Run every test that killed a mutant on the unchanged code, in one process: none may fail there."""
        chosen = [items[test] for test in sorted(self.killers) if test in items]

        def work() -> int:
            recorder = Recorder()
            session.config.pluginmanager.register(recorder)
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            self.said.write_text("\n".join(recorder.failed), encoding="utf-8")
            return 0

        in_child(work, 1e6, self.tree / "child.log")
        said = f"control: {len(chosen)} tests on unchanged code, failed: {self.said.read_text() or 'none'}"
        (self.tree / "control.txt").write_text(said, encoding="utf-8")

    def anew(self, number: int, mutant: Mutant) -> None:
        """Judge a change to what a module does as it loads."""
        path = self.tree / mutant.file
        kept, stamp = path.read_text(encoding="utf-8"), path.stat().st_mtime
        changed_tree, change = changed(path, mutant.place)
        tests, left, length = chosen_tests(mutant, change.line, self.trace, self.budget_s)

        def work() -> int:
            enter(self.tree)
            recorder = Recorder()
            status = tested(["-x", *(test for test in tests if not test.startswith(SHARED)), SHARED], recorder)
            self.said.write_text("".join(recorder.failed[:1]), encoding="utf-8")
            return status

        path.write_text(ast.unparse(changed_tree), encoding="utf-8")
        os.utime(path, (stamp + 2 * number + 2,) * 2)  # byte code is kept by this time
        try:
            self._judged(number, mutant, change, tests, left, length, work)
        finally:
            path.write_text(kept, encoding="utf-8")
            os.utime(path, (stamp, stamp))

    @property
    def said(self) -> Path:
        """Where a child writes which test failed."""
        return self.tree / "killer.txt"

    def _judged(
        self, number: int, mutant: Mutant, change: Changer, tests: list[str], left: int, length: float,
        work: Callable[[], int],
    ) -> None:  # fmt: skip
        self.said.unlink(missing_ok=True)
        begun = time.perf_counter()
        status = in_child(work, START_S + SLACK * length, self.tree / "child.log") if tests else 0
        if status == BROKEN:
            raise RuntimeError(f"mutant {number} could not be judged: {(self.tree / 'child.log').read_text()[-2000:]}")
        outcome = "survived" if status == 0 else "timeout" if status is None else "killed"
        killer = self.said.read_text(encoding="utf-8") if self.said.is_file() else ""
        self.killers |= {killer} - {""}
        row = (
            number, mutant.package, mutant.file, change.line, change.change, outcome, len(tests), left,
            round(time.perf_counter() - begun, 1), killer,
        )  # fmt: skip
        self.done(dict(zip(FIELDS, row, strict=True)))


def share(rows: list[dict[str, Any]]) -> str:
    """Return the killed share in words, with Wilson's 95 % interval."""
    n = len(rows)
    p, z = sum(row["outcome"] != "survived" for row in rows) / n, 1.96
    middle, half = (p + z * z / (2 * n)), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return f"{sum(row['outcome'] != 'survived' for row in rows)} of {n} killed: {p:.1%} [{low:.1%}, {high:.1%}]"


def main() -> None:
    """Run what is not yet in the table."""
    parser = argparse.ArgumentParser(description="Mutation testing by a stated seed.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--package", action="append", choices=sorted(PACKAGES))
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of tests for a mutant")
    parser.add_argument("--again", action="store_true", help="judge those that survived again")
    arguments = parser.parse_args()
    out, names = arguments.out.resolve(), arguments.package or list(PACKAGES)
    table: dict[int, dict[str, Any]] = {}
    if out.is_file():
        table = {int(row["number"]): row for row in csv.DictReader(out.open())}
    judged = {n for n, row in table.items() if not (arguments.again and row["outcome"] == "survived")}
    todo = [(n, m) for n, m in enumerate(drawn(arguments.seed, arguments.count, names)) if n not in judged]

    def done(row: dict[str, Any]) -> None:
        known = {int(r["number"]): r for r in csv.DictReader(out.open())} if out.is_file() else {}
        known[row["number"]] = row
        with out.open("w", newline="") as file:
            lines = csv.DictWriter(file, FIELDS, lineterminator="\n")
            lines.writeheader()
            lines.writerows(known[n] for n in sorted(known))
        with out.with_suffix(".log").open("a") as log:
            print(*row.values(), file=log, flush=True)

    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        left_out = (".git", ".venv", "runs", "out", ".mypy_cache", "__pycache__", "node_modules")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*left_out))
        kept, folders = out.with_suffix(".trace.json"), [*(PACKAGES[name][1] for name in names), SHARED]
        if not kept.is_file():
            in_child(lambda: traced(tree, folders, kept), 1e6, out.with_suffix(".trace.log"))
        judge = Judge(tree, Trace(**json.loads(kept.read_text(encoding="utf-8"))), arguments.budget, done)
        inside = {n: changed(tree / m.file, m.place)[1].inside for n, m in todo}
        judge.among_loaded([(n, m) for n, m in todo if inside[n]], folders)
        for n, m in todo:
            if not inside[n]:
                judge.anew(n, m)
    rows = list(csv.DictReader(out.open()))
    for name in names:
        if of := [row for row in rows if row["package"] == name]:
            print(f"{name}: {share(of)}")
    print(f"all: {share(rows)}")


if __name__ == "__main__":
    main()
