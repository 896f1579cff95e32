"""Numbers of README and docs that come of benchmarks are those of rows, and rows are those of the cases beside them."""

from __future__ import annotations

import csv
import importlib
import json
import re
from pathlib import Path

import pytest

from openckm.evaluate.registry import table_of
from openckm.evaluate.report.cases import cases_path, read_cases

ROOT = Path(__file__).resolve().parent.parent
REPORTS = sorted((ROOT / "bench" / "results").glob("*.json"))
WITH_CASES = [p for p in REPORTS if cases_path(p).is_file()]


@pytest.fixture(scope="module", autouse=True)
def pages():
    """The modules of docs/ can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        yield importlib.import_module("results_page")


@pytest.fixture(scope="module")
def numbers(pages):
    return importlib.import_module("numbers_of_docs")


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md", "docs/goals.md"])
def test_no_result_is_written_by_hand(numbers, page):
    by_hand = numbers.typed_numbers(page)
    assert not by_hand, f"{page}: write these as <!--=BENCH METHOD TASK SPLIT METRIC--> marks: {by_hand}"


TRIPLE = re.compile(r"(\d+\.\d+) [(\[](\d+\.\d+)(?:-|–| to |, )(\d+\.\d+)[)\]]")
GATES = {"docs/decisions/0012-rays-before-networks.md": {("0.75", "0.70", "0.81")}}
"""Numbers with intervals that no report has: the gate of the rays (bench/results/rays/ray_gate.json)."""


def test_a_number_with_an_interval_that_was_typed_is_that_of_a_row(numbers):
    """A page may lag behind the rows: 0.93 was said of 1.016 (0.995-1.036) once."""
    stated = [row for path in REPORTS for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]
    ends = [(row["value"], row["ci_low"], row["ci_high"]) for row in stated]
    pages = [p for p in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if p.name != "results.md"]
    seen = 0
    for page in pages:
        name = str(page.relative_to(ROOT))
        for typed in set(TRIPLE.findall(numbers.free_text(name))) - GATES.get(name, set()):
            digits = [len(part.split(".")[1]) for part in typed]
            said = tuple(map(float, typed))
            assert any(tuple(map(round, row, digits)) == said for row in ends), f"{name}: {typed} is of no row"
            seen += 1
    assert seen > 20


TYPED = {
    line["page"]: line
    for line in csv.DictReader((ROOT / "docs" / "typed_numbers.csv").read_text(encoding="utf-8").splitlines())
}
"""Pages with numbers that were typed: the benches whose rows they are of, the others, and where those come from."""
MADE = {"README.md", *(f"docs/{name}.md" for name in ("results", "api", "cli", "protocol", "goals"))}
"""Pages whose numbers all are made from rows, which other tests say."""


@pytest.mark.parametrize("page", sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md")))
def test_a_typed_number_is_that_of_a_row_or_says_where_it_comes_from(numbers, page):
    """Decision records are of their day and are left out."""
    if page in MADE:
        return
    typed = numbers.typed_numbers(page)
    known = TYPED.get(page, {"benches": "", "others": "", "whence": ""})
    others = set(known["others"].split())
    unknown = typed - numbers.numbers_of_rows(known["benches"]) - others
    assert not unknown, f"{page}: {sorted(unknown)} are of no row: python docs/numbers_of_docs.py, and say whence"
    assert others <= typed, f"{page}: {sorted(others - typed)} are gone: python docs/numbers_of_docs.py"
    assert bool(others) == bool(known["whence"])


def test_a_changed_number_would_be_noticed(numbers):
    value = numbers.rows("mamba")["predict", "static", "alone", "rmse_db"]["value"]
    assert f"{value:.2f}" in numbers.numbers_of_rows("mamba")
    assert not {f"{value + 30:.3f}", "123.45"} & numbers.numbers_of_rows("flux mamba rays")


def test_the_pages_say_what_the_rows_say(numbers):
    pages = numbers.numbered_pages()
    assert {"README.md", "docs/goals.md", "docs/how-to-sampler.md", "docs/how-to-refresh.md"} <= set(pages)
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert numbers.filled(text) == text, f"{page}: run python docs/generate.py"


@pytest.mark.parametrize(
    ("style", "said"),
    [("", "0.98"), ("3", "0.978"), ("2i", "0.98 [0.97, 0.99]"), ("%1", "97.8"), ("+1i", "−2.2 % [−3.0, −1.4]")],
)
def test_numbers_are_said_in_the_style_that_is_asked_for(numbers, style, said):
    assert numbers.styled({"value": 0.97834, "ci_low": 0.96991, "ci_high": 0.98587}, style) == said
    assert numbers.styled({"value": 5313082.0}, "0") == "5,313,082"


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


def test_the_page_of_results_can_be_read(pages):
    """What matters, within 45 kB; whatever it leaves out is in the tables to which it links."""
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert text == pages.results_page() and len(text) < 45_000
    for path in REPORTS:
        name = path.stem
        assert f"bench/results/tables/{name}.md" in text
        assert name.endswith(pages.OLDER) or len(text.split(f"## {name}\n")[1].split("\n## ")[0]) > 300, name
        every = (ROOT / "bench" / "results" / "tables" / f"{name}.md").read_text(encoding="utf-8")
        assert every == pages.tables_page(name)
        for row in json.loads(path.read_text(encoding="utf-8"))["rows"]:
            assert row["method"] in every and pages.METRICS.get(row["metric"], row["metric"]) in every


def test_every_row_beside_classical_methods_names_the_best_of_them(pages, numbers):
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    for bench in ("duke", "heldout", "real"):
        table = text.split(f"## {bench}\n")[1].split("\n## ")[0]
        lines = [
            [cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")
        ]
        for task, split, own, rival, its, ratio, *_ in lines[2:]:
            found = {
                m: r["value"]
                for (m, t, s, x), r in numbers.rows(bench).items()
                if (t, s, x) == (task, split, "rmse_db")
            }
            rivals = {m: v for m, v in found.items() if numbers.is_classical(m)}
            best = min(rivals, key=rivals.get)
            assert rival == best.replace("_", " ") and its.startswith(f"{rivals[best]:.2f}")
            assert own.startswith(f"{found['openckm']:.2f}")
            assert float(ratio.split()[0]) == pytest.approx(found["openckm"] / rivals[best], abs=0.02)


def test_what_the_table_of_goals_shows_has_the_verdict_that_it_states():
    """A reader compares the two columns: 0.75 under a goal of 0.75 was called missed."""
    said = r"\| (<=|>=) (-?[\d.]+) \| (-?[\d.,]+) .*?\| (reached|\*\*missed\*\*)"
    lines = re.findall(said, (ROOT / "docs" / "goals.md").read_text(encoding="utf-8"))
    for sign, goal, shown, verdict in lines:
        value = float(shown.replace(",", ""))
        meets = value <= float(goal) if sign == "<=" else value >= float(goal)
        assert meets == (verdict == "reached"), (sign, goal, shown, verdict)
    assert len(lines) > 100
