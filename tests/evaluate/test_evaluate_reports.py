"""Rows, reports, tables and the registry."""

import io
import json
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from openckm.errors import InputError, OptionError
from openckm.evaluate.registry import BENCHES, bench, bench_names, table_of
from openckm.evaluate.report import curves
from openckm.evaluate.report import rows as rows_module
from openckm.evaluate.report.cases import cases_path, read_cases, write_cases
from openckm.evaluate.report.rows import Results, Row, commit_id, cpu_flags, machine, peak_mb, write_report
from openckm.evaluate.report.table import as_table
from openckm.evaluate.scores.scoring import Score

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
        "peak_mb", "cases", "over", "cities",
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
    with pytest.raises(OptionError, match="duke, edge, flux, heldout"):
        bench("speed")


SCORES = [
    Score(method, "gain", "2.0%", f"s#{k}", city, {"rmse_db": value + k, "crps_db": value / 3.0}, 90, calls, 0.25, 2)
    for method, value, calls in (("kriging", 8.0, 0), ("openckm", 6.4, 9))
    for k, city in enumerate(("rome", "oslo", "procedural-grid/s2"))
] + [Score("tracer_floor", "gain", "all", "s#0", "rome", {"rmse_db": 0.7}, 1, 0, 0.0)]


def test_cases_lie_beside_the_report_and_make_its_rows_again(tmp_path):
    path = tmp_path / "heldout.json"
    write_report(path, "heldout", Results(table_of("heldout", SCORES), SCORES))
    report = json.loads(path.read_text())
    assert report["cases"] == "heldout.cases.csv.gz"
    kept = read_cases(cases_path(path))
    assert kept == SCORES
    again = [replace(row, peak_mb=0.0) for row in table_of(report["bench"], kept)]
    assert [asdict(row) for row in again] == [{**row, "peak_mb": 0.0} for row in report["rows"]]


def test_the_same_scores_are_the_same_file(tmp_path):
    for name in ("a", "b"):
        write_cases(tmp_path / name, SCORES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("spoil", [lambda b: b[:-9], lambda b: b"", lambda b: b"no gzip", None])
def test_a_table_of_cases_that_is_none_is_refused(tmp_path, spoil):
    path = tmp_path / "x.cases.csv.gz"
    if spoil is not None:
        write_cases(path, SCORES)
        path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InputError, match="not a readable table of cases"):
        read_cases(path)


def test_rows_without_cases_cannot_be_made_again(monkeypatch):
    monkeypatch.setitem(BENCHES, "bare", "openckm.evaluate.registry")
    with pytest.raises(OptionError, match="of no cases"):
        table_of("bare", SCORES)
    with pytest.raises(OptionError, match="unknown benchmark"):
        table_of("speed", SCORES)


def test_runs_of_a_script_become_medians_with_their_ends():
    runs = [
        Score("page", "a map", "drawn", f"run {k}", "", {"wall_s": s}, 1, 0, 0.0, k) for k, s in enumerate((3, 1, 9))
    ]
    (row,) = table_of("page", runs)
    assert (row.value, row.ci_low, row.ci_high, row.cases) == (3.0, 1.0, 9.0, 3)


def test_a_report_says_by_what_else_it_was_measured(tmp_path):
    write_report(tmp_path / "page.json", "page", table_of("page", SCORES[:1]), by="Chromium 156")
    assert json.loads((tmp_path / "page.json").read_text())["machine"].endswith(", Chromium 156")


def test_the_machine_states_its_arithmetic():
    assert machine().endswith(("networks in fp32", "networks in bf16"))
    assert all(flag in machine() for flag in cpu_flags())


def test_a_learning_curve_is_continued_by_its_own_law():
    """On an exact power law the larger network's row is the law's value, and every city alone would say the same."""
    scores = [
        Score(name, "validation", "1,000 samples", f"map {k}", f"city {k // 2}",
              {"rmse_db": (8.0 + k) * weights**-0.1, "parameters_m": weights, "cpu_minutes": 1.0}, 9, 1, 0.1)
        for name, weights in (("tiny", 0.2), ("middle", 0.64), ("small", 1.44))
        for k in range(6)
    ]  # fmt: skip
    rows = {(r.method, r.metric): r for r in curves.table(scores)}
    large = rows[curves.LARGE, "rmse_db"]
    assert large.value == pytest.approx(10.5 * 8.6**-0.1, rel=1e-5)
    assert large.ci_low < large.value < large.ci_high
    doubled = rows[curves.LARGE, "rmse_db, weights doubled"]
    assert (doubled.value, doubled.ci_low, doubled.ci_high) == pytest.approx((2**-0.1,) * 3, rel=1e-5)
    assert rows["small", "parameters_m"].value == pytest.approx(1.44)
    two = [s for s in scores if s.method != "tiny"]
    assert all(row.method != curves.LARGE for row in curves.table(two)), "two sizes say nothing of a line"
