"""Numbers of README and docs, made from the rows in bench/results, which come from the cases beside them.

    <!--=BENCH METHOD TASK SPLIT METRIC|STYLE-->...<!--/-->    one number of a row, with "_" for spaces in a field
    <!-- results: ... --> ... <!-- /results -->                README's table
    <!-- goals: ... --> ... <!-- /goals -->                    the table of goals (docs/goals.csv)

STYLE is how many decimals there are (2, or 0 with thousands apart), after "%" for a percentage or "+" for what a ratio
is over 1 in per cent, and before "i" for the interval in brackets. `filled` replaces what stands between the marks;
docs/generate.py writes it or checks it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
SPLITS = {
    ("duke", "random"): "real LTE cells, 200 cells given at random",
    ("duke", "block"): "real LTE cells, half of the 64 m blocks hidden",
    **{("gain", f"{p}%"): f"held-out cities, {p} % of the cells, site known" for p in ("0.1", "0.5", "2.0", "10.0")},
    **{("gain_points", f"{p}%"): f"held-out cities, {p} % of the cells, nothing else" for p in ("0.5", "2.0", "10.0")},
}
CELLS = "ABCD"
CLASSICAL = ("kriging", "trees", "nearest", "inverse_distance", "log_distance", "rays_alone")
Row = dict[str, Any]


@cache
def report(bench: str) -> dict[str, Any]:
    """Return a committed report; where there is none, one without rows of no machine."""
    path = RESULTS / f"{bench}.json"
    found: dict[str, Any] = {"rows": [], "machine": ""}
    return found | json.loads(path.read_text(encoding="utf-8")) if path.is_file() else found


@cache
def rows(bench: str) -> dict[tuple[str, str, str, str], Row]:
    """Return the rows of a report by method, task, split and metric."""
    return {(r["method"], r["task"], r["split"], r["metric"]): r for r in report(bench)["rows"]}


def is_old(bench: str) -> bool:
    """Return whether a report is of version 0.1.0, which did not note what the processor's arithmetic is."""
    return "avx" not in str(report(bench)["machine"])


def is_classical(method: str) -> bool:
    """Return whether a method is one of the classical rivals."""
    return any(part in method for part in CLASSICAL)


def best_classical(methods: dict[str, Row]) -> str:
    """Return the classical method of the least value, "" where there is none."""
    return min((m for m in methods if is_classical(m)), key=lambda m: float(methods[m]["value"]), default="")


def number(mark: str) -> str:
    """Return the number that a mark asks for, in its style.

    Raises:
        KeyError: if no row has it.
    """
    what, _, style = mark.partition("|")
    bench, *wanted = what.split()
    for key, row in rows(bench).items():
        if [field.replace(" ", "_") for field in key] == wanted:
            return styled(row, style)
    raise KeyError(f"no row of bench/results/{bench}.json is {wanted}")


def styled(row: Row, style: str) -> str:
    """Return a row's value in a style: see the top of this module."""
    asked = re.fullmatch(r"([%+]?)(\d?)(i?)", style)
    if asked is None:
        raise KeyError(f"style {style!r}: wanted % or +, a digit, i")
    kind, digits, interval = asked.groups()

    def one(value: float) -> str:
        shown = {"": value, "%": 100.0 * value, "+": 100.0 * (value - 1.0)}[kind]
        text = f"{shown:+.{digits or 2}f}" if kind == "+" else f"{shown:,.{digits or 2}f}"
        return text.replace("-", "−")

    text = one(row["value"]) + (" %" if kind == "+" else "")
    return f"{text} [{one(row['ci_low'])}, {one(row['ci_high'])}]" if interval else text


def headline_table() -> list[str]:
    """Return README's table: OpenCKM, the best classical method of each row with its name, and their ratio."""
    lines = [
        "| RMSE [dB] | OpenCKM | best classical method | ratio, 95 % interval | kriging |",
        "|---|---|---|---|---|",
    ]
    for bench in ("duke", "heldout"):
        found: dict[tuple[str, str], dict[str, Row]] = {}
        for (method, task, split, metric), row in rows(bench).items():
            if metric == "rmse_db":
                found.setdefault((task, split), {})[method] = row
        for where, label in SPLITS.items():
            if where in found and "openckm" in found[where]:
                lines.append(_headline(bench, where, label, found[where]))
    return lines


def _headline(bench: str, where: tuple[str, str], label: str, methods: dict[str, Row]) -> str:
    own = methods["openckm"]["value"]
    best = best_classical(methods)
    rival = methods[best]["value"]
    ratio = rows(bench).get(("openckm", *where, "rmse_ratio"))
    said = "–" if ratio is None else f"{ratio['value']:.2f} ({ratio['ci_low']:.2f} to {ratio['ci_high']:.2f})"
    shown = [f"**{v:.2f}**" if v == min(own, rival) else f"{v:.2f}" for v in (own, rival)]
    return (
        f"| {label} | {shown[0]} | {shown[1]}, {best.replace('_', ' ')} | {said} | {methods['kriging']['value']:.2f} |"
    )


def goals_table() -> list[str]:
    """Return the table of goals in docs/goals.csv: what was measured, of which rows, and whether a goal was reached.

    Goals that no row answers state what was measured, and where, themselves.
    """
    lines = ["| part | what | goal | measured, 95 % interval | over | | of |", "|---|---|---|---|---|---|---|"]
    with (ROOT / "docs" / "goals.csv").open(newline="", encoding="utf-8") as file:
        for goal in csv.DictReader(file):
            lines.append(f"| {goal['part']} | {goal['what']} | {goal['sign']} {goal['goal']} | {_measured(goal)} |")
    return lines


def _measured(goal: dict[str, str]) -> str:
    """Return the last four cells of a goal's line."""
    if not goal["bench"]:
        return f"{goal['measured']} | | {_verdict(goal, goal['verdict'] == 'reached')} | "
    row = rows(goal["bench"]).get((goal["method"], goal["task"], goal["split"], goal["metric"]))
    if row is None:
        return f"not measured | | | `{goal['bench']}`"
    reached, digits = _meets(row["value"], goal), digits_of(row["value"], goal)
    ends = row["ci_low"], row["ci_high"]
    value = f"{row['value']:.{digits}f}"
    value += f" ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})" if ends[0] < ends[1] else ""
    old = ", version 0.1.0" if is_old(goal["bench"]) else ""
    return f"{value} | {row.get('over', '').replace('_', ' ')} | {_verdict(goal, reached)} | `{goal['bench']}`{old}"


def _meets(value: float, goal: dict[str, str]) -> bool:
    return value <= float(goal["goal"]) if goal["sign"] == "<=" else value >= float(goal["goal"])


def digits_of(value: float, goal: dict[str, str]) -> int:
    """Return after how many digits what was measured can be cut: what is shown keeps its verdict, and is not 0."""
    fewest = 0 if abs(value) >= 100 else 2
    shown = ((digits, round(value, digits)) for digits in range(fewest, 6))
    right = (digits for digits, cut in shown if _meets(cut, goal) == _meets(value, goal) and (cut != 0 or value == 0))
    return next(right, 6)


def _verdict(goal: dict[str, str], reached: bool) -> str:
    return "reached" if reached else "**missed**" + (f": {goal['why']}" if goal["why"] else "")


def cities_table(bench: str, task: str, split: str) -> list[str]:
    """Return the RMSE of every method of a row by city, one column per city; nothing without cases."""
    found = {m: r for (m, t, s, metric), r in rows(bench).items() if (t, s, metric) == (task, split, "rmse_db")}
    cities = sorted({city for row in found.values() for city in row.get("cities", {})})
    if not cities:
        return []
    lines = ["| method | " + " | ".join(c.replace("_", " ") for c in cities) + " |", "|---" * (len(cities) + 1) + "|"]
    for method, row in found.items():
        values = (row["cities"].get(city) for city in cities)
        lines.append(f"| {method} | " + " | ".join("" if v is None else f"{v:.2f}" for v in values) + " |")
    return lines


def numbered_pages() -> list[str]:
    """Return the pages that hold numbers made from the rows."""
    made = {"docs/results.md", "docs/cli.md", "docs/api.md", "docs/model-card.md"}
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    marked = (p for p in pages if re.search(r"<!--=|<!-- (results|goals):", p.read_text(encoding="utf-8")))
    return [name for p in marked if (name := str(p.relative_to(ROOT))) not in made]


BLOCKS: dict[str, Callable[[], Iterable[str]]] = {"results": headline_table, "goals": goals_table}


def _between(made: str, found: re.Match[str]) -> str:
    return f"{found[1]}{made}\n{found[2]}"


def filled(text: str) -> str:
    """Return a page with its tables and numbers made anew from the rows."""
    for name, make in BLOCKS.items():
        pattern = rf"(<!-- {name}:[^\n]*\n).*?(<!-- /{name} -->)"
        if re.search(pattern, text, flags=re.DOTALL):
            made = "\n".join(make())
            text = re.sub(pattern, partial(_between, made), text, flags=re.DOTALL)
    return re.sub(r"(<!--=(.*?)-->).*?(<!--/-->)", lambda m: m[1] + number(m[2]) + m[3], text, flags=re.DOTALL)


TYPED = ROOT / "docs" / "typed_numbers.csv"
"""Pages with typed numbers: the benches whose rows they are of, the numbers of no row, and whence those come."""


def free_text(page: str) -> str:
    """Return a page without what is made from the rows, and without code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for pattern in (r"<!-- (\w+):[^\n]*\n.*?<!-- /\1 -->", r"<!--=.*?<!--/-->", r"```.*?```"):
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    return text


def typed_numbers(page: str) -> set[str]:
    """Return the numbers of two decimals or more that were typed on a page."""
    return set(re.findall(r"(?<![\w.,:/-])(?<!Python )\d+\.\d\d+(?![\w.])", free_text(page)))


def numbers_of_rows(benches: str) -> set[str]:
    """Return what rows of some benches say, to two to four decimals, as it is and in per cent; of Duke's cells, too."""
    found = [row for name in benches.split() for row in report(name)["rows"]]
    values = [row[end] for row in found for end in ("value", "ci_low", "ci_high")]
    values += [value for row in found for cell, value in row.get("cities", {}).items() if cell in CELLS]
    return {f"{scale * abs(value):.{digits}f}" for value in values for scale in (1, 100) for digits in (2, 3, 4)}


def refresh_typed() -> None:
    """Write anew which typed numbers are of no row; read what changed before you commit it."""
    with TYPED.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        others = typed_numbers(line["page"]) - numbers_of_rows(line["benches"])
        line["others"] = " ".join(sorted(others, key=float))
    with TYPED.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(lines)


if __name__ == "__main__":
    refresh_typed()
