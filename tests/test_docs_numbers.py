"""Every number that README and protocol state is one of the rows, and every row comes from the cases beside it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from openckm.evaluate.registry import table_of
from openckm.evaluate.report.cases import cases_path, read_cases

ROOT = Path(__file__).resolve().parent.parent
REPORTS = sorted((ROOT / "bench" / "results").glob("*.json"))
WITH_CASES = [p for p in REPORTS if cases_path(p).is_file()]


@pytest.fixture(scope="module")
def numbers():
    spec = importlib.util.spec_from_file_location("numbers_of_docs", ROOT / "docs" / "numbers_of_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_text(page: str) -> str:
    """The page without what is made from the rows."""
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"<!-- (\w+):[^\n]*\n.*?<!-- /\1 -->", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--=.*?<!--/-->", "", text, flags=re.DOTALL)
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md"])
def test_no_result_is_written_by_hand(page):
    by_hand = re.findall(r"(?<![\w.,:/-])(?<!Python )\d+\.\d\d+(?![\w.])", free_text(page))
    assert by_hand == [], f"{page}: write these as <!--=BENCH METHOD TASK SPLIT METRIC--> marks"


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md"])
def test_the_pages_say_what_the_rows_say(numbers, page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert numbers.filled(text) == text


def test_a_wrong_number_is_noticed(numbers):
    """0.88 for 0.8746 stood in a page once."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text.index("<!-- results:")
    place = re.compile(r"\d\.\d\d").search(text, start)
    wrong = text[: place.start()] + "9.99" + text[place.end() :]
    assert numbers.filled(wrong) == text
    mark = "<!--=duke openckm duke random rmse_db-->9.99<!--/-->"
    value = numbers.rows("duke")["openckm", "duke", "random", "rmse_db"]["value"]
    assert f"-->{value:.2f}<!--/-->" in numbers.filled(mark)
    with pytest.raises(KeyError, match="no row"):
        numbers.filled("<!--=duke openckm duke random nothing--><!--/-->")


@pytest.mark.parametrize("path", WITH_CASES, ids=lambda p: p.stem)
def test_rows_are_those_that_the_cases_make(path):
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["cases"] == cases_path(path).name
    made = {(r.method, r.task, r.split, r.metric): r for r in table_of(report["bench"], read_cases(cases_path(path)))}
    stated = {(r["method"], r["task"], r["split"], r["metric"]): r for r in report["rows"]}
    for key, row in made.items():
        for name in ("value", "ci_low", "ci_high"):
            assert stated[key][name] == pytest.approx(getattr(row, name), rel=1e-9), (key, name)
        assert stated[key]["over"] == row.over and stated[key]["cities"] == pytest.approx(row.cities)


def test_the_headline_rows_have_cases_of_many_cities():
    assert {"duke", "heldout"} <= {p.stem for p in WITH_CASES}
    cities = {s.city for s in read_cases(ROOT / "bench" / "results" / "heldout.cases.csv.gz") if s.method == "openckm"}
    assert len({c for c in cities if not c.startswith("procedural")}) >= 10
