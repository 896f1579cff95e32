"""Rows, reports, tables and the registry."""

import io
import json
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from openckm.errors import InputError, OptionError
from openckm.evaluate.registry import bench, bench_names
from openckm.evaluate.report import rows as rows_module
from openckm.evaluate.report.rows import Row, commit_id, machine, peak_mb, write_report
from openckm.evaluate.report.table import as_table

ROW = Row("kriging", "duke", "random", "rmse_db", 5.7, 5.2, 6.1, 3655, 0, 0.3, 210.0)


def test_a_report_holds_exactly_what_its_schema_says(tmp_path):
    path = tmp_path / "duke.json"
    write_report(path, "duke", [ROW])
    report = json.loads(path.read_text())
    assert list(report) == ["bench", "commit", "machine", "date", "rows"]
    assert report["bench"] == "duke"
    assert report["rows"] == [asdict(ROW)]
    assert list(report["rows"][0]) == [
        "method", "task", "split", "metric", "value", "ci_low", "ci_high", "n", "network_evaluations", "seconds",
        "peak_mb",
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "duke.json"
    write_report(path, "duke", [ROW])
    before = path.read_bytes()
    with pytest.raises(OptionError, match="no rows"):
        write_report(path, "duke", [])
    assert path.read_bytes() == before
    with pytest.raises(InputError):
        write_report(tmp_path / "missing" / "duke.json", "duke", [ROW])


def test_rows_refuse_numbers_that_are_not_finite():
    with pytest.raises(OptionError, match="kriging/duke/random/rmse_db: value"):
        replace(ROW, value=float("nan"))


def test_commit_falls_back_to_the_version(monkeypatch):
    def no_git(*_):
        raise FileNotFoundError("git")

    monkeypatch.setattr(rows_module, "_git", no_git)
    assert commit_id().startswith("openckm ")
    answers = {"rev-parse": "abc123", "status": " M file"}
    monkeypatch.setattr(rows_module, "_git", lambda folder, verb, *rest: answers[verb])
    assert commit_id() == "abc123+changes"


def test_the_machine_is_described():
    assert "cores" in machine()
    assert "GiB" in machine()
    assert peak_mb() > 10


def test_the_table_shows_values_with_intervals():
    table = as_table([ROW, replace(ROW, metric="coverage_90", value=0.9, ci_low=0.88, ci_high=0.93)], "Duke")
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table)
    text = console.export_text()
    assert "5.7 [5.2, 6.1]" in text
    assert "0.9 [0.88, 0.93]" in text
    assert text.count("kriging") == 1


def test_the_registry_knows_its_benches_and_refuses_others():
    for name in bench_names():
        assert callable(bench(name))
    with pytest.raises(OptionError, match="duke, edge, heldout"):
        bench("speed")
