"""The commands themselves: help, version, benchmarks, map generation, and every command that the documents show."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import openckm
from openckm.cli.main import app
from openckm.cli.options import lon_lat, pairs, split_name
from openckm.data.tracer_probe import require_tracer
from openckm.errors import OptionError
from openckm.evaluate.registry import BENCHES, bench_names
from openckm.evaluate.report.rows import Row

ROOT = Path(__file__).resolve().parents[2]


def tree_of_commands(command, path=()):
    """Yield (path, command) of every command below."""
    for name, child in getattr(command, "commands", {}).items():
        yield (*path, name), child
        yield from tree_of_commands(child, (*path, name))


def parse(words: list[str]) -> list[str]:
    """Parse a command without running it and return the path of commands; raises what the parser raises."""
    command, context, path, rest = get_command(app), None, [], words[1:]
    while True:
        context = command.make_context(words[0], list(rest), parent=context)
        if not hasattr(command, "resolve_command"):
            return path
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        path.append(name)


def documented() -> list[tuple[str, str]]:
    """Return (page, command) of every line in a fenced block of README and docs that starts with `ckm `."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        blocks = re.findall(
            r"^ *```[a-z]*\n(.*?)^ *```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
        for block in blocks:
            lines = re.sub(r"\\\n\s*", " ", block).splitlines()
            found += [(page.name, line.strip()) for line in lines if line.strip().startswith("ckm ")]
    return found


COMMANDS = dict(tree_of_commands(get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_names_and_explains_every_option(path):
    done = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "120"})
    assert done.exit_code == 0
    words = re.findall(r"[\w-]+", done.output)
    for parameter in COMMANDS[path].params:
        if parameter.param_type_name == "option":
            assert {*parameter.opts, *parameter.secondary_opts} <= set(words)
            assert parameter.help, parameter.opts


def test_root_help_and_version(ckm):
    done = ckm("--help")
    assert done.status == 0
    assert all(name in done.out for name in ("construct", "demo", "bench", "data", "--version"))
    done = ckm("--version")
    assert (done.status, done.out, done.err) == (0, f"ckm {openckm.__version__}\n", "")


def test_unknown_benchmark_lists_the_names(ckm, tmp_path):
    done = ckm("bench", "nosuch", "--json", tmp_path / "rows.json")
    assert done.status == 2
    assert "'nosuch'" in done.complaint
    assert all(name in done.complaint for name in bench_names())
    assert not list(tmp_path.iterdir())


@pytest.fixture
def tiny_bench(monkeypatch):
    """Register a benchmark of one row and return the list of its calls."""
    calls: list[bool] = []

    def run(quick=False, progress=None):
        calls.append(quick)
        progress("counting", 1, 2)
        return [Row("stub", "cell A", "block", "rmse_db", 6.125, 5.5, 6.75, 40, 1, 0.5, 100.0)]

    module = ModuleType("tiny_bench")
    module.run = run
    monkeypatch.setitem(sys.modules, "tiny_bench", module)
    monkeypatch.setitem(BENCHES, "tiny", "tiny_bench")
    return calls


def test_benchmark_prints_its_table_and_writes_its_rows(ckm, tmp_path, tiny_bench):
    done = ckm("bench", "tiny", "--quick", "--json", tmp_path / "rows.json")
    assert done.status == 0
    assert tiny_bench == [True]
    assert "stub" in done.out
    assert "6.12 [5.5, 6.75]" in done.out
    report = json.loads((tmp_path / "rows.json").read_text())
    assert report["bench"] == "tiny"
    assert [row["value"] for row in report["rows"]] == [6.125]
    assert ckm("bench", "tiny").status == 0
    assert tiny_bench == [True, False]


def test_benchmark_is_not_run_for_a_report_without_a_folder(ckm, tmp_path, tiny_bench):
    done = ckm("bench", "tiny", "--json", tmp_path / "none" / "rows.json")
    assert done.status == 2
    assert "make it first" in done.complaint
    assert tiny_bench == []


def test_generation_without_the_ray_tracer(ckm, tmp_path, monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    require_tracer.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", version)
    done = ckm("data", "generate", tmp_path / "maps", "--maps", 1)
    assert done.status == 2
    assert "sionna-rt is not installed" in done.complaint
    assert "pip install 'openckm[raytrace]'" in done.complaint
    assert not (tmp_path / "maps").exists()


@pytest.mark.parametrize("option", [("--split", "nosuch"), ("--cell", "nan"), ("--cell", "40")])
def test_generation_refuses_what_it_cannot_make(ckm, tmp_path, option):
    done = ckm("data", "generate", tmp_path / "maps", *option)
    assert done.status == 2
    assert option[1] in done.complaint
    assert not (tmp_path / "maps").exists()


def test_demo_needs_a_folder(ckm, tmp_path):
    (tmp_path / "out").write_text("mine")
    done = ckm("demo", "--out", tmp_path / "out")
    assert done.status == 2
    assert "choose another with --out" in done.complaint
    assert (tmp_path / "out").read_text() == "mine"


def test_texts_of_options():
    assert lon_lat("-78.5, 36") == (-78.5, 36.0)
    assert pairs(["a=b=c", "d = e"]) == {"a": "b=c", "d": "e"}
    assert pairs(None) == pairs([]) == {}
    assert split_name("test") == "test"
    for bad in ("=b", "a=", "a"):
        with pytest.raises(OptionError, match="NAME=VALUE"):
            pairs([bad])


@pytest.mark.parametrize("page, line", documented() or [pytest.param("", "", marks=pytest.mark.skip("none shown"))])
def test_documented_command_parses(page, line):
    words = shlex.split(line, comments=True)
    assert tuple(parse(words)) in COMMANDS
    for option, value in pairwise(words):
        if option == "--bs":
            lon_lat(value)


@pytest.mark.parametrize(
    "line", ["ckm construct a.csv --bs 1,2", "ckm bench duke --slow", "ckm nosuch", "ckm demo out"]
)
def test_a_wrong_command_would_not_parse(line):
    with pytest.raises(Exception, match=r"Missing parameter|No such|unexpected extra argument"):
        parse(shlex.split(line))


def test_an_arithmetic_that_is_none_is_refused(ckm, tmp_path):
    done = ckm("construct", "drive.csv", "--bs", "0,0", "-o", tmp_path / "a.tif", "--arithmetic", "half")
    assert done.status == 2 and "wanted one of auto, fp32, bf16" in done.complaint
