"""The report of the test bed: what happened when, as a picture and as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLOURS = {"": "#d0d0d0", "old": "#4477aa", "new": "#228833"}
ALARMS = {"cloud_unreachable": "#ccbb44", "repository_attack": "#cc3311", "storage": "#bbbbbb"}


def draw(bed: Any, path: Path, edges: Mapping[str, tuple[str, str]]) -> None:
    """Draw a line per edge: version in use, alarms above it, answers as ticks below, and events across."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Patch

    versions = sorted({row[1] for rows in bed.states.values() for row in rows} - {""})
    colour = {"": COLOURS[""], **dict(zip(versions, (COLOURS["old"], COLOURS["new"], "#aa3377"), strict=False))}
    figure, axes = pyplot.subplots(figsize=(11, 5.5), layout="constrained")
    upwards = list(reversed(list(edges)))
    for k, edge in enumerate(upwards):
        rows = bed.states.get(edge, [])
        for (begin, version, alarm), (end, _, _) in zip(rows, [*rows[1:], rows[-1]] if rows else [], strict=True):
            axes.barh(k, end - begin, left=begin, height=0.4, color=colour.get(version, "black"))
            if alarm:
                axes.barh(k + 0.28, end - begin, left=begin, height=0.14, color=ALARMS.get(alarm, "black"))
        ticks = [row[0] for row in bed.answers.get(edge, [])]
        axes.plot(ticks, [k - 0.3] * len(ticks), "|", color="#555555", markersize=5)
    told = [(when, what) for when, what in bed.events if what.startswith(("cloud", "the line", "somebody", "merge:"))]
    last = max((when for when, _ in told), default=1.0)
    for n, (when, what) in enumerate(told):
        axes.axvline(when, color="#999999", linewidth=0.8, linestyle=":")
        label, side = re.split(r"[,(:]", what)[0].strip(), "left" if when < 0.6 * last else "right"
        axes.text(when, len(edges) - 0.45 + 0.22 * (n % 5), f" {label} ", fontsize=7, ha=side)
    axes.set_yticks(range(len(edges)), [f"{edge}\n{edges[edge][0]}, {edges[edge][1]}" for edge in upwards])
    axes.set_ylim(-0.6, len(edges) + 0.7)
    axes.set_xlim(left=0.0)
    axes.set_xlabel("time [s]")
    handles = [Patch(color=colour[v], label=f"runs {v or 'nothing'}") for v in ("", *versions)]
    handles += [Patch(color=c, label=name) for name, c in ALARMS.items()]
    figure.legend(handles=handles, loc="outside lower center", fontsize=7, ncols=len(handles))
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def write_report(bed: Any, path: Path, edges: Mapping[str, tuple[str, str]], tasks: Mapping[str, str]) -> None:
    """Write what was checked, what happened, and what each edge did."""
    failed = sum(not holds for _, holds, _ in bed.checks)
    lines = ["# One cloud, five edges\n", f"{len(bed.checks) - failed} of {len(bed.checks)} checks hold.\n"]
    lines += [
        "![what each edge ran, and when](report.png)\n",
        "## Checks\n",
        "| | what must hold | seen |",
        "|---|---|---|",
    ]
    lines += [f"| {'ok' if holds else '**NOT**'} | {what} | {seen} |" for what, holds, seen in bed.checks]
    lines += ["\n## Edges\n", "| edge | task | answers | median seconds | RMSE [dB] | bytes fetched | requests |",
              "|---|---|---|---|---|---|---|"]  # fmt: skip
    for edge, (task, precision) in edges.items():
        rows = bed.answers.get(edge, [])
        took = sorted(row[2] for row in rows)
        middle = f"{took[len(took) // 2]:.2f}" if took else ""
        error = f"{rows[0][3].rmse_db:.2f}" if rows else ""
        lines.append(
            f"| {edge} ({precision}) | {task}: {tasks[task]} | {len(rows)} | {middle} | {error} |"
            f" {bed.cloud.bytes[edge]:,} | {bed.cloud.requests[edge]} |"
        )
    lines += ["\nThe maps are made by code and show the system, not the accuracy of the prior.\n", "## What happened\n"]
    lines += [f"- {when:.1f} s: {what}" for when, what in bed.events]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
