"""The pages of results: docs/results.md with what matters of each benchmark, bench/results/tables with every row.

A benchmark with classical methods has a table of OpenCKM beside the best of them, by name, on every task and split; the
others have the tables of HEADLINES, whose rows are methods and whose columns are tasks and splits. What a table leaves
out stands in the file of tables to which it links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from numbers_of_docs import RESULTS, Row, best_classical, cities_table, is_old, report, rows

FIGURES = Path(__file__).resolve().parent / "figures"
METRICS = {
    "rmse_db": "RMSE [dB]", "coverage_90": "90 % coverage", "crps_db": "CRPS [dB]", "gain_rmse_db": "gain RMSE [dB]",
    "sine_rmse": "sine RMSE", "angle_deg": "direction error [deg]", "saturated_rmse_db": "saturated cells, RMSE [dB]",
    "wall_s": "wall time [s]", "a_second": "a second",
}  # fmt: skip
INTRODUCTION = """What matters of each benchmark ([protocol](protocol.md)); every row is in the file of tables that it
links to, every case in the compressed table beside it. Generated from `bench/results` by `docs/generate.py`. Intervals
are 95 %, over cities.
"""
OLDER = "_first"
"""Ending of the reports of version 0.1.0 that a later report of the same benchmark follows."""
STANDS = {
    "imperfect_first": "six trainings on up to 1,536 maps, where the present ones have 120",
    "mamba_first": "eight trainings at equal budgets, and maps with vehicles, of which the present test set has none",
    "p1_first": "53 minutes of training, and two hours of chains of 1,000 steps",
    "refresh": "prior 0.5.0 has learnt from Helsinki itself: a new region wants some 150 traced maps and two trainings",
    "samplers": "chains of up to 2,000 steps with constants tuned for each, and azula's: hours",
}
"""Why rows of version 0.1.0 still stand in a table: what it would take to measure them anew."""


@dataclass(frozen=True)
class Headline:
    """A table of a benchmark's page: methods by tasks and splits, of one metric or more.

    Attributes:
        metric: expression for the metrics, each a row of its own.
        task: expression for the tasks.
        split: expression for the splits.
        method: expression for the methods.
        of: report whose rows they are, where it is not the one of the page's part.
    """

    metric: str
    task: str = ".*"
    split: str = ".*"
    method: str = ".*"
    of: str = ""


HEADLINES: dict[str, tuple[Headline, ...]] = {
    "active": (Headline("rmse_db"), Headline("saved_percent|measurements_ratio")),
    "adapt": (Headline("rmse_db", "duke"), Headline("rmse_ratio")),
    "curves": (Headline("rmse_db"),),
    "city": (
        Headline("coverage_90|width", "share.*"), Headline("cpu_s|gain|gain_over_bare|peak_of_all_processes_mb"),
        Headline("rmse_ratio|ratio_over_one_window", "seams.*", "windows"),
    ),
    "edge": (
        Headline("seconds|bytes", "fp32|bf16|int8"), Headline("rmse_db|rmse_ratio", "gain"),
        Headline("seconds", "cold start"), Headline("requests_per_s|latency_p95_s", split="1 clients|8 clients"),
    ),
    "fleet": (Headline("bytes", "one edge"), Headline(".*_per_.*", split="int8")),
    "flux": (
        Headline("crps_db over cold|energy_score_db over cold", split="frame 1",
                 method="carried_0|belief_.*|cold_1_o1"),
        Headline("share", "random found"), Headline("calls_over_cold|fallback_share", "requests.*"),
    ),
    "imperfect": (Headline("rmse_db"), Headline("rmse_ratio"), Headline("rmse_ratio", of="imperfect_first")),
    "invdiff": (
        Headline("psnr_db", method="(?!.* at ).*|reversible at .*"),
        Headline("psnr_gain_db", method="(?!.* at ).*"),
    ),
    "mamba": (
        Headline("rmse_db", "static|dynamic"), Headline("rmse_ratio|rmse_db over alone", "static", "measured 1%"),
        Headline("rmse_db", "static|dynamic", of="mamba_first"), Headline("residual_std_db", "duke"),
        Headline("latency_ms", "cost"),
        Headline("parameters_m", "cost", "256 x 256"), Headline("speed_up", "scan"),
    ),
    "maps_http": (Headline(".*"),),
    "memory": (
        Headline("seconds_ratio|gradient_error|inverse_error", "stack", "32 .*"),
        Headline("peak over none|peak over block", "stack|chain", r".*[24] maps of 64 x 64, fp32", "reversible"),
        Headline("peak over none|peak over block", "unet", r".*12 maps.*", "reversible"),
        Headline("peak over the shortest", method="reversible"),
    ),
    "p1": (
        Headline("gain_rmse_db", split="corrected"), Headline("gain_ratio", split="over kriging"),
        Headline("gain_ratio", split="over dps", method="kriging|openckm.*|jfs.*|single_task_tuned", of="p1_first"),
        Headline("gain_ratio", split="over single_task_tuned", method="kriging|openckm.*|jfs.*|dps|multi_task_tuned",
                 of="p1_first"),
    ),
    "page": (Headline("wall_s"), Headline("ms")),
    "rays": (
        Headline("rmse_db", "prior", method=r"0\.\d\.0( 0.7/0.3)?|rays alone"),
        Headline("rmse_db over .*|deep_db over .*|direction_deg over .*", "prior",
                                               method=r"0.5.0(, no rays| 0.7/0.3)?|rays alone"),
        Headline("rmse_db|rmse_db over .*|coverage_90", "predict"), Headline("rmse_db|rmse_db over .*", "construct"),
    ),
    "refresh": (Headline("rmse_db_ratio", split="overall"), Headline("published|weight")),
    "samplers": (
        Headline("gain_rmse_db", r"\w+", "one call"), Headline("gain_rmse_db", r"\w+", "mean of 8"),
        Headline("seconds", ".*128 x 128"),
    ),
    "samplers_field": (Headline(".*"),),
    "samplers_product": (Headline(".*"),),
}  # fmt: skip
"""What docs/results.md shows of each report without classical methods on every row."""


def results_page() -> str:
    """Return what matters of every committed benchmark result, as Markdown."""
    parts = ["# Results\n", INTRODUCTION]
    names = [path.stem for path in reports()]
    for name in (n for n in names if not n.endswith(OLDER)):
        parts += [f"## {name}\n", _source(name, "../bench/results/")]
        parts += list(_against_classical(name)) or [_matrix(name, one) for one in HEADLINES.get(name, ())]
        figure = FIGURES / f"{name}.png"
        if figure.exists():
            parts.append(f"![{name}](figures/{figure.name})\n")
    older = (f"[`{n}`](../bench/results/tables/{n}.md)" for n in names if n.endswith(OLDER))
    parts += ["## Version 0.1.0\n", "The first version's rows on its own test maps: " + ", ".join(older) + ".\n"]
    return "\n".join(part for part in parts if part)


def reports() -> list[Path]:
    """Return the committed reports with rows."""
    return sorted(RESULTS.glob("*.json"))


def table_pages() -> dict[str, Callable[[], str]]:
    """Return the files of all rows, by their name from the root, and what makes each."""
    return {f"bench/results/tables/{p.stem}.md": partial(tables_page, p.stem) for p in reports()}


def tables_page(name: str) -> str:
    """Return every row of a report, and one column per city, as Markdown."""
    found = rows(name)
    parts = [f"# {name}: every row\n", _source(name, "../")]
    parts += [_table(part) for part in _kinds(list(found.values()))]
    for place in dict.fromkeys((row["task"], row["split"]) for row in found.values()):
        lines = cities_table(name, *place)
        parts += [f"RMSE [dB] by city, {', '.join(place)}:\n\n" + "\n".join(lines) + "\n"] if lines else []
    return "\n".join(parts)


def _source(name: str, results: str) -> str:
    """Return when, where and of what the rows of a report are."""
    of = report(name)
    links = [f"[rows]({results}{name}.json)"]
    links += [f"[cases]({results}{of['cases']})"] if "cases" in of else ["no cases kept"]
    links += [] if results == "../" else [f"[all tables]({results}tables/{name}.md)"]
    old = f", version 0.1.0 ({STANDS[name]})" if name in STANDS else ", version 0.1.0" if is_old(name) else ""
    return f"{of['date'][:10]}{old}, commit `{of['commit'][:10]}`, {of['machine']}: {', '.join(links)}.\n"


def _against_classical(name: str) -> Iterator[str]:
    """Yield the table of OpenCKM beside the best classical method of each row, where all of a report has one."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for (method, task, split, metric), row in rows(name).items():
        if metric == "rmse_db":
            found.setdefault((task, split), {})[method] = row
    places = {w: m for w, m in found.items() if "openckm" in m and best_classical(m)}
    if name in HEADLINES or not places:
        return
    lines = [
        "| task | split | OpenCKM, RMSE [dB] | best classical method | | RMSE over it | 90 % coverage"
        " | CRPS over it | maps |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (task, split), methods in places.items():
        best, own = best_classical(methods), methods["openckm"]
        further = [rows(name).get(("openckm", task, split, m)) for m in ("rmse_ratio", "coverage_90", "crps_ratio")]
        shown = [task, split, _cell(own), best.replace("_", " "), _cell(methods[best]), *map(_cell, further)]
        lines.append("| " + " | ".join([*shown, str(own["cases"])]) + " |")
    yield "\n".join(lines) + "\n"


def _matrix(name: str, headline: Headline) -> str:
    """Return a table of methods by tasks and splits; nothing where no row is asked for."""
    wanted = (headline.method, headline.task, headline.split, headline.metric)
    chosen = {
        k: r
        for k, r in rows(headline.of or name).items()
        if all(re.fullmatch(w, part) for w, part in zip(wanted, k, strict=True))
    }
    if not chosen:
        return ""
    columns = list(dict.fromkeys(k[1:3] for k in chosen))
    metrics = list(dict.fromkeys(k[3] for k in chosen))
    lines = list(dict.fromkeys((k[0], k[3]) for k in chosen))
    varying = [len({c[k] for c in columns}) > 1 or k == 0 for k in (0, 1)]
    heads = [", ".join(part for part, kept in zip(c, varying, strict=True) if kept) for c in columns]
    what = METRICS.get(metrics[0], metrics[0]) if len(metrics) == 1 else "metric"
    fixed = "" if varying[1] else f", {columns[0][1]}"
    fixed += f", version 0.1.0: {STANDS[headline.of]}" if headline.of.endswith(OLDER) else ""
    table = [[f"{what}{fixed}", *heads]] if len(metrics) == 1 else [["method", f"{what}{fixed}", *heads]]
    for method, metric in lines:
        cells = [_cell(chosen.get((method, *c, metric))) for c in columns]
        over = {r["over"] for k, r in chosen.items() if (k[0], k[3]) == (method, metric) and r.get("over")}
        named = METRICS.get(metric, metric) + (
            f" ({', '.join(sorted(over))})" if over and " over " not in metric else ""
        )
        table.append([method, *cells] if len(metrics) == 1 else [method, named, *cells])
    return _markdown(table if len(columns) < 9 else [list(line) for line in zip(*table, strict=True)])


def _markdown(table: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(line) + " |" for line in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]]) + "\n"


def _kinds(found: list[Row]) -> list[list[Row]]:
    """Return the rows in parts whose splits state the same metrics, so that no table is mostly empty."""
    stated: dict[str, set[str]] = {}
    for row in found:
        stated.setdefault(row["split"], set()).add(row["metric"])
    parts: dict[frozenset[str], list[Row]] = {}
    for row in found:
        parts.setdefault(frozenset(stated[row["split"]]), []).append(row)
    return list(parts.values())


def _table(found: list[Row]) -> str:
    metrics = list(dict.fromkeys(row["metric"] for row in found))
    groups: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in found:
        groups.setdefault((row["task"], row["split"], row["method"]), {})[row["metric"]] = row
    table = [["task", "split", "method", *(METRICS.get(m, m) for m in metrics), "n", "network calls", "seconds"]]
    for key, values in groups.items():
        first = next(iter(values.values()))
        cost = [str(first["n"]), str(first["network_evaluations"]), f"{first['seconds']:.2f}"]
        table.append([*key, *(_cell(values.get(metric)) for metric in metrics), *cost])
    return _markdown(table)


def _cell(row: Row | None) -> str:
    """Return a value with its interval, where it has one."""
    if row is None:
        return ""
    value, low, high = (_said(row[k]) for k in ("value", "ci_low", "ci_high"))
    return value if row["ci_low"] == row["ci_high"] else f"{value} [{low}, {high}]"


def _said(value: float) -> str:
    if abs(value) >= 1000 or (abs(value) >= 10 and value == round(value)):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"
