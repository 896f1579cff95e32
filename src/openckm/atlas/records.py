"""Answers as plain records, the same for `ckm query --json` and for HTTP; what is not said is None."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.atlas.allocation import Association, PowerSplit
from openckm.atlas.areas import AreaAnswer
from openckm.atlas.beams import Beams
from openckm.atlas.catalogue import Entry
from openckm.atlas.points import PointAnswers
from openckm.atlas.routes import RouteAnswer
from openckm.atlas.servers import Handovers, Servers


def numbers(values: NDArray[Any]) -> list[float | None]:
    """Return numbers for JSON, None where there is none."""
    return [float(v) if math.isfinite(v) else None for v in np.asarray(values, np.float64).tolist()]


def points_record(answer: PointAnswers, name: str) -> dict[str, Any]:
    """Return what a map says at places."""
    return {
        "map": name, "channel": answer.channel, "unit": answer.unit, "interval": answer.interval,
        "outage_below": answer.below, "cells": "values are averages of the cell that holds each place",
        "points": answer.rows(),
    }  # fmt: skip


def route_record(answer: RouteAnswer, name: str, samples: bool = True) -> dict[str, Any]:
    """Return what a map says along a route, with or without its samples."""
    joint = {"unbroken": answer.unbroken, "share_above": answer.share, "longest_break_m": answer.longest_break_m}
    joined = {key: None if value is None else value.record() for key, value in joint.items()}
    summary: dict[str, Any] = {
        "map": name, "unit": answer.points.unit, "above": answer.points.below,
        "length_m": float(answer.route.distance_m[-1]),
        "samples": len(answer.points), "left_out_in_buildings": answer.left_out, **joined,
    }  # fmt: skip
    if samples:
        rows = answer.points.rows()
        for row, way in zip(rows, answer.route.distance_m.tolist(), strict=True):
            row["distance_m"] = way
        summary["points"] = rows
    return summary


def area_record(answer: AreaAnswer, name: str) -> dict[str, Any]:
    """Return how much of an area lies above a threshold."""
    return {
        "map": name, "above": answer.above, "unit": answer.unit, "share": answer.share.record(),
        "square_m": answer.square_m.record(), "cells": answer.cells, "left_out_in_buildings": answer.left_out,
        "outside_the_map_square_m": answer.outside_square_m,
    }  # fmt: skip


def servers_record(found: Servers) -> dict[str, Any]:
    """Return which cell serves at places."""
    best = found.best.tolist()
    columns = {
        "margin_db": numbers(found.margin_db),
        "probability": None if found.chance is None else numbers(found.chance),
        "sinr_db": None if found.sinr_db is None else numbers(found.sinr_db),
    }
    power = [numbers(one) for one in found.power]
    points = []
    for k, server in enumerate(best):
        row: dict[str, Any] = {"server": found.names[server] if server >= 0 else None}
        row |= {name: None if values is None else values[k] for name, values in columns.items()}
        row["power"] = {name: power[c][k] for c, name in enumerate(found.names)}
        points.append(row)
    return {"cells": list(found.names), "unit": found.unit, "points": points}


def handovers_record(found: Handovers) -> dict[str, Any]:
    """Return where a route is handed over."""
    places = [{"distance_m": way, "from": a, "to": b, "probability": p} for way, a, b, p in found.places]
    return {"cells": list(found.names), "count": found.count.record(), "places": places}


def beams_record(found: Beams, name: str) -> dict[str, Any]:
    """Return the best beams at places."""
    columns = {
        "loss_db": numbers(found.loss_db),
        "probability": None if found.chance is None else numbers(found.chance),
        "azimuth_deg": numbers(found.azimuth_deg), "sharpness": numbers(found.sharpness),
    }  # fmt: skip
    array = {
        "elements": found.array.elements, "spacing_wavelengths": found.array.spacing,
        "broadside_deg": found.array.broadside_deg,
    }  # fmt: skip
    points = [
        {"beam": beam if beam >= 0 else None, **{key: None if v is None else v[k] for key, v in columns.items()}}
        for k, beam in enumerate(found.best.tolist())
    ]
    return {"map": name, "array": array, "codebook": f"DFT of {found.array.elements} beams", "points": points}


def association_record(
    found: Association, names: Sequence[str], splits: dict[str, PowerSplit] | None = None
) -> dict[str, Any]:
    """Return which cell each user takes, with the objective that was maximised, and how cells split their power."""
    cells = [names[c] if c >= 0 else None for c in found.cell.tolist()]
    split = {
        name: {"objective_bps": s.objective, "rate_bps": s.rate_bps.tolist()} for name, s in (splits or {}).items()
    }
    return {
        "rule": found.rule, "objective": found.objective,
        "objective_is": "sum of ln(rate in bit/s) of the users served",
        "users": [{"cell": c, "rate_bps": r} for c, r in zip(cells, found.rate_bps.tolist(), strict=True)],
        "users_left_out": found.left_out, "equal_power": split,
    }  # fmt: skip


def entry_record(entry: Entry) -> dict[str, Any]:
    """Return a map of a store."""
    return {
        "name": entry.name, "version": entry.version, "time": entry.time, "added": entry.added, "site": entry.site,
        "channels": list(entry.channels), "unit": entry.unit, "crs": entry.crs, "bounds": list(entry.bounds),
        "rows": entry.shape[0], "cols": entry.shape[1], "cell_m": entry.cell_m, "draws": entry.draws,
        "sha256": entry.sha256, "bytes": entry.bytes, "provenance": entry.provenance,
    }  # fmt: skip
