"""`make bench`: what differs from the committed rows is said, what does not is not."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from openckm.errors import InputError
from openckm.evaluate.report.rows import Results, Row

PATH = Path(__file__).resolve().parents[2] / "bench" / "run_all.py"


@pytest.fixture(scope="module")
def run_all():
    spec = importlib.util.spec_from_file_location("run_all", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(value, half, metric="rmse_db"):
    return Row("openckm", "gain", "2.0%", metric, value, value - half, value + half, 9, 1, 0.1, 100.0)


def test_only_rows_whose_intervals_do_not_meet_differ(run_all, tmp_path, monkeypatch, capsys):
    committed = {"rows": [vars(row(8.0, 0.5)), vars(row(0.9, 0.02, "coverage_90")), vars(row(5.0, 0.0, "seconds"))]}
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "heldout.json").write_text(json.dumps(committed))
    found = [row(8.9, 0.5), row(0.8, 0.05, "coverage_90"), row(50.0, 0.0, "seconds"), row(1.0, 0.1, "new")]
    monkeypatch.setattr(run_all, "bench", lambda name: lambda quick: Results(found))
    monkeypatch.setattr("sys.argv", ["run_all.py", str(tmp_path / "out"), "--bench", "heldout", "--against",
                                     str(tmp_path / "old")])  # fmt: skip
    assert run_all.main() == 0
    said = capsys.readouterr().out
    assert "coverage_90: 0.8 [0.75, 0.85], committed 0.9 [0.88, 0.92]" in said
    assert said.count("differs") == 1
    assert (tmp_path / "out" / "heldout.json").is_file()


def test_what_cannot_be_compared_is_not_called_a_difference(run_all):
    """Over few cities a bootstrap is too sure, and a ratio over another rival is another number."""

    def rows(value, half, **further):
        one = vars(replace(row(value, half, further.pop("metric", "rmse_db")), cases=9, **further))
        return {("openckm", "gain", "2.0%", one["metric"]): one}

    old = rows(8.0, 0.5)
    many, few, single = ({f"city {k}": 9.0 for k in range(n)} for n in (12, 3, 1))
    assert all(run_all.compared(rows(9.0, 0.4, cities=many), old).values()), "apart, and surely so"
    assert list(run_all.compared(rows(9.0, 0.4, cities=few), old).values()) == [""]
    assert all(run_all.compared(rows(11.0, 0.4, cities=few), old).values()), "so far apart they differ all the same"
    for cannot in (rows(11.0, 0.4, cities=single), rows(11.0, 0.4, over="kriging"), rows(9.0, 0.1, metric="cpu_s")):
        assert run_all.compared(cannot, old | rows(1.0, 0.1, metric="cpu_s")) == {}


def test_a_benchmark_that_fails_is_said_and_the_others_go_on(run_all, tmp_path, monkeypatch, capsys):
    def bench(name):
        def run(quick):
            if name == "heldout":
                raise InputError("no maps")
            return Results([row(8.0, 0.5)])

        return run

    monkeypatch.setattr(run_all, "bench", bench)
    monkeypatch.setattr("sys.argv", ["run_all.py", str(tmp_path), "--bench", "heldout", "--bench", "duke",
                                     "--against", str(tmp_path / "none")])  # fmt: skip
    assert run_all.main() == 1
    said = capsys.readouterr().out
    assert "heldout: failed: no maps" in said and "duke: 1 rows" in said and "no committed rows" in said


def test_what_no_clone_has_the_data_of_is_left_out_and_said(run_all, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_all, "bench", lambda name: lambda quick: Results([row(8.0, 0.5)]))
    monkeypatch.delenv("OPENCKM_REAL_DATA", raising=False)
    monkeypatch.setattr("sys.argv", ["run_all.py", str(tmp_path), "--bench", "real", "--bench", "duke"])
    assert run_all.main() == 0
    said = capsys.readouterr().out
    assert "real: left out, OPENCKM_REAL_DATA names no folder" in said and not (tmp_path / "real.json").exists()
    monkeypatch.setenv("OPENCKM_REAL_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["run_all.py", str(tmp_path), "--bench", "real"])
    assert run_all.main() == 0 and (tmp_path / "real.json").exists()
