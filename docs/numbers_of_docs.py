"""Numbers of README and docs, made from the rows in bench/results, which come from the cases beside them.

    <!--=BENCH METHOD TASK SPLIT METRIC|STYLE-->...<!--/-->    one number of a row, with "_" for spaces in a field
    <!-- results: ... --> ... <!-- /results -->                README's table
    <!-- goals: ... --> ... <!-- /goals -->                    the table of goals and misses of docs/protocol.md

STYLE is how many decimals there are (2, or 0 with thousands apart), after "%" for a percentage or "+" for what a ratio
is over 1 in per cent, and before "i" for the interval in brackets. A BENCH with "/" is a list of scores in a folder of
bench/results (`ranked`). `filled` replaces what stands between the marks; docs/generate.py writes it or checks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
SPLITS = {
    ("duke", "random"): "real LTE cells, 200 cells given at random",
    ("duke", "block"): "real LTE cells, half of the 64 m blocks hidden",
    **{("gain", f"{p}%"): f"held-out cities, {p} % of the cells, site known" for p in ("0.5", "2.0", "10.0")},
    **{("gain_points", f"{p}%"): f"held-out cities, {p} % of the cells, nothing else" for p in ("0.5", "2.0", "10.0")},
}
CLASSICAL = ("kriging", "trees", "nearest", "inverse_distance", "log_distance")
WITHOUT_CASES = ("flux",)
"""Benchmarks of this version whose reports hold no cases: `n` of their ratios is the number of places."""
Row = dict


class Goal(NamedTuple):
    """A goal: which row, and what its value is to be.

    Attributes:
        bench: benchmark.
        row: method, task, split and metric.
        goal: the number.
        sign: "<=" or ">=".
        what: in words.
    """

    bench: str
    row: tuple[str, str, str, str]
    goal: float
    sign: str
    what: str


def _sparse(percent: str, site: bool) -> Goal:
    task = "gain" if site else "gain_points"
    what = (
        f"RMSE over the best classical method's, {percent} % of the cells, {'site known' if site else 'readings alone'}"
    )
    return Goal("heldout", ("openckm", task, f"{percent}%", "rmse_ratio"), 0.9 if site else 0.95, "<=", what)


_UNET = "reversible U-Net, 8 blocks a level, 12 maps of 128 x 128"
GOALS = (
    Goal("duke", ("openckm", "duke", "random", "rmse_db"), 5.0, "<=", "real cells, 200 cells given, RMSE [dB]"),
    Goal("duke", ("openckm", "duke", "block", "rmse_db"), 6.0, "<=", "real cells, blocks hidden, RMSE [dB]"),
    Goal("duke", ("openckm", "duke", "random", "rmse_ratio"), 1.0, "<=", "over the best classical method's"),
    Goal("duke", ("openckm", "duke", "block", "rmse_ratio"), 1.0, "<=", "over the best classical method's"),
    *(_sparse(percent, True) for percent in ("0.1", "0.5", "2.0", "5.0", "10.0")),
    *(_sparse(percent, False) for percent in ("0.1", "0.5", "2.0", "5.0", "10.0")),
    *(
        Goal(bench, ("openckm", task, split, "coverage_90"), least, ">=", f"intervals hold, {task}, {split}")
        for bench, task, split, least in (("heldout", "gain", "0.5%", 0.88), ("heldout", "gain", "2.0%", 0.88),
                                          ("duke", "duke", "random", 0.85), ("duke", "duke", "block", 0.85))
    ),
    *(
        Goal("duke" if task == "duke" else "heldout", ("openckm", task, split, "crps_ratio"), 0.9, "<=",
             f"CRPS over the best classical method's, {task}, {split}")
        for task, split in (("gain", "0.5%"), ("gain", "2.0%"), ("duke", "random"), ("duke", "block"))
    ),
    *(
        Goal("p1", ("dps", task, "over single_task_tuned", "gain_ratio"), 1.15 if task == "sr2" else 1.0, "<=",
             f"P1's Algorithm 2 over `single_task_tuned`, {task}")
        for task in ("ipbox", "iprandom", "sr2", "jtqr")
    ),
    *(
        Goal("p1", ("openckm", task, "over single_task_tuned", "gain_ratio"), 1.0, "<=",
             f"OpenCKM over `single_task_tuned`, {task}")
        for task in ("ipbox", "iprandom", "sr2", "jtqr")
    ),
    *(
        Goal("p1", ("jfs_mean8", task, "over dps", "gain_ratio"), 0.85, "<=", f"8 chains over Algorithm 2, {task}")
        for task in ("ipbox", "iprandom", "sr2", "jtqr")
    ),
    Goal("mamba", ("shipped", "static", "measured 1%", "rmse_db over kriging"), 0.65, "<=",
         "prediction and 1 % of the cells over kriging"),
    Goal("active", ("greedy", "RMSE of 128 random measurements", "site known", "saved_percent"), 30.0, ">=",
         "measurements saved by choosing where [%]"),
    *(
        Goal("memory", ("reversible", "stack", "32 blocks, 4 maps of 64 x 64, fp32", metric), most, "<=", what)
        for metric, most, what in (
            ("peak over none", 0.11, "peak of a step, 32 reversible blocks over everything kept"),
            ("peak over block", 0.55, "the same over a checkpoint per block"),
            ("seconds_ratio", 1.45, "time of a step over that with everything kept"),
            ("gradient_error", 0.0, "largest relative difference of a gradient"),
            ("inverse_error", 0.0, "largest difference of the state after running back"),
        )
    ),
    Goal("memory", ("reversible", "stack", "8 to 64 blocks, 4 maps of 64 x 64, fp32, computed", "mib_per_block"), 0.05,
         "<=", "growth of the peak [MiB a block]"),
    *(
        Goal("memory", ("reversible", "unet", f"{_UNET}, fp32, computed", f"peak over {base}"), most, "<=",
             f"peak of U-Net s over {base}")
        for base, most in (("none", 0.2), ("block", 1.0))
    ),
    *(
        Goal("invdiff", ("float_twin over reversible", "gain", split, "psnr_gain_db"), 0.1, "<=",
             f"the twin in ordinary arithmetic is better by [dB PSNR], {split} read")
        for split in ("1%", "3%", "10%")
    ),
    *(
        Goal("invdiff", ("chain_3 over chain_1", "gain", split, "psnr_gain_db"), -0.01, ">=",
             f"chain of 3 calls over one call [dB PSNR], {split} read")
        for split in ("1%", "3%", "10%")
    ),
    Goal("adapt", ("network+delta", "duke", "block", "rmse_ratio"), 0.9, "<=", "a delta over the prior, one call"),
    Goal("adapt", ("openckm+delta", "duke", "block", "rmse_ratio"), 0.97, "<=", "a kept delta, all of construct"),
    *(
        Goal("adapt", ("network+delta", "forgetting", split, "rmse_ratio"), 1.01, "<=",
             f"a taught network on other cities, {split} read (the product asks the prior there)")
        for split in ("1%", "10%")
    ),
    *(
        Goal("flux", ("centred_0", change, "frame 1", f"{metric} over cold"), 1.03, "<=",
             f"an ensemble carried over in one call over the best cold sampler, {label}, {metric.removesuffix('_db')}")
        for change, label in (("vehicles", "vehicles drive"), ("move_2", "moved 2 m"), ("move_4", "moved 4 m"),
                              ("move_10", "moved 10 m"), ("move_20", "moved 20 m"), ("house", "a house is missing"))
        for metric in ("crps_db", "energy_score_db")
    ),
    Goal("flux", ("rule", "random found", "by either", "share"), 0.95, ">=", "other cities' ensembles refused"),
)  # fmt: skip


@cache
def report(bench: str) -> dict | None:
    """Return a committed report, or None where there is none."""
    path = RESULTS / f"{bench}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


@cache
def rows(bench: str) -> dict[tuple[str, str, str, str], Row]:
    """Return the rows of a report by method, task, split and metric."""
    found = report(bench) or {"rows": []}
    if "/" in bench:
        return ranked(found["rows"])
    return {(r["method"], r["task"], r["split"], r["metric"]): r for r in found["rows"]}


def ranked(entries: list[Row]) -> dict[tuple[str, str, str, str], Row]:
    """Return scores of priors as rows: by method, heights, share read and score; ratios have an interval."""
    found = {}
    for e in entries:
        for score, value in e.items():
            if isinstance(value, float) and score != "share" and not score.endswith((" low", " high")):
                ends = {"ci_low": e.get(f"{score} low", value), "ci_high": e.get(f"{score} high", value)}
                found[e["method"], e["heights"], str(e["share"]), score] = {"value": value, **ends}
    return found


def is_classical(method: str) -> bool:
    """Return whether a method is one of the classical rivals."""
    return any(part in method for part in CLASSICAL)


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
    kind, digits, interval = re.fullmatch(r"([%+]?)(\d?)(i?)", style).groups()

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
    best = min((m for m in methods if is_classical(m)), key=lambda m: methods[m]["value"])
    rival = methods[best]["value"]
    ratio = rows(bench).get(("openckm", *where, "rmse_ratio"))
    said = "–" if ratio is None else f"{ratio['value']:.2f} ({ratio['ci_low']:.2f} to {ratio['ci_high']:.2f})"
    shown = [f"**{v:.2f}**" if v == min(own, rival) else f"{v:.2f}" for v in (own, rival)]
    return (
        f"| {label} | {shown[0]} | {shown[1]}, {best.replace('_', ' ')} | {said} | {methods['kriging']['value']:.2f} |"
    )


def goals_table() -> list[str]:
    """Return the table of goals: what was measured, over what, and whether the goal was reached."""
    lines = ["| benchmark | what | goal | measured, 95 % interval | over | cases | |", "|---|---|---|---|---|---|---|"]
    for goal in GOALS:
        row = rows(goal.bench).get(goal.row)
        if row is None:
            lines.append(f"| `{goal.bench}` | {goal.what} | {goal.sign} {goal.goal:g} | not measured | | | |")
            continue
        reached = row["value"] <= goal.goal if goal.sign == "<=" else row["value"] >= goal.goal
        old = "cases" not in (report(goal.bench) or {}) and goal.bench not in WITHOUT_CASES
        cases = "version 0.1.0" if old else row["cases"] or row["n"]
        over = row.get("over", "").replace("_", " ")
        value = f"{row['value']:.2f} ({row['ci_low']:.2f} to {row['ci_high']:.2f})"
        verdict = "reached" if reached else "**missed**"
        lines.append(
            f"| `{goal.bench}` | {goal.what} | {goal.sign} {goal.goal:g} | {value} | {over} | {cases} | {verdict} |"
        )
    return lines


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


def filled(text: str) -> str:
    """Return a page with its tables and numbers made anew from the rows."""
    for name, make in BLOCKS.items():
        pattern = rf"(<!-- {name}:[^\n]*\n).*?(<!-- /{name} -->)"
        text = re.sub(pattern, lambda m, make=make: m[1] + "\n".join(make()) + "\n" + m[2], text, flags=re.DOTALL)
    return re.sub(r"(<!--=(.*?)-->).*?(<!--/-->)", lambda m: m[1] + number(m[2]) + m[3], text, flags=re.DOTALL)
