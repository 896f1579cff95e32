"""The records of `ckm query` as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Place = tuple[float, float]


def lines_of(found: dict[str, Any], places: Sequence[Place]) -> list[str]:
    """Return the lines of all answers.

    Args:
        found: records by kind, as `ckm query --json` prints them.
        places: the places that were asked, (longitude, latitude) [degrees].
    """
    lines: list[str] = []
    for answer in found.get("points", []):
        lines += _points(answer, places)
    for answer in found.get("routes", []):
        lines += _route(answer)
    if "handovers" in found:
        lines += _handovers(found["handovers"])
    if "servers" in found:
        lines += _servers(found["servers"], places)
    if "users" in found:
        lines += _users(found["users"], places)
    for answer in found.get("beams", []):
        lines += _beams(answer, places)
    for answer in found.get("areas", []):
        lines += _area(answer)
    return lines


def _points(answer: dict[str, Any], places: Sequence[Place]) -> Iterator[str]:
    unit = answer["unit"]
    yield f"{answer['map']}: {answer['channel']} of the cell that holds each place; 90 % interval: {answer['interval']}"
    for (lon, lat), row in zip(places, answer["points"], strict=True):
        if not row["said"]:
            yield f"  {lon:.6f},{lat:.6f}  nothing: a building, or outside the map"
            continue
        outage = "" if "outage" not in row else f", P(below {answer['outage_below']:g}) {row['outage']:.3f}"
        yield (
            f"  {lon:.6f},{lat:.6f}  {row['mean']:.1f} {unit} ± {row['std']:.1f},"
            f" 90 % within [{row['low_90']:.1f}, {row['high_90']:.1f}]{outage}"
        )


def _route(answer: dict[str, Any]) -> Iterator[str]:
    rows = [row for row in answer["points"] if row["said"]]
    low, high = min(r["mean"] for r in rows), max(r["mean"] for r in rows)
    yield (
        f"{answer['map']}: {answer['length_m']:.0f} m in {answer['samples']} samples, {answer['left_out_in_buildings']}"
        f" left out in buildings; mean from {low:.1f} to {high:.1f} {answer['unit']}"
    )
    if answer["unbroken"] is None:
        return
    chance, share, gap = answer["unbroken"], answer["share_above"], answer["longest_break_m"]
    yield (
        f"  above {answer['above']:g} {answer['unit']} without a break: probability {chance['probability']:.2f}"
        f" ({chance['held']} of {chance['draws']} draws; {chance['low']:.2f} to {chance['high']:.2f})"
    )
    level = f"{share['level']:.0%} interval of {share['draws']} draws"
    yield f"  share above: {share['mean']:.1%} ({share['low']:.1%} to {share['high']:.1%}, {level})"
    yield f"  longest break: {gap['mean']:.0f} m ({gap['low']:.0f} to {gap['high']:.0f} m)"


def _handovers(answer: dict[str, Any]) -> Iterator[str]:
    count = answer["count"]
    yield f"handovers: {count['mean']:.1f} ({count['low']:.0f} to {count['high']:.0f} over {count['draws']} draws)"
    for place in answer["places"]:
        chance = f"probability {place['probability']:.2f}"
        yield f"  at {place['distance_m']:.0f} m  {place['from']} -> {place['to']}  {chance}"


def _servers(answer: dict[str, Any], places: Sequence[Place]) -> Iterator[str]:
    yield f"server by the means of {len(answer['cells'])} maps [{answer['unit']}]"
    for (lon, lat), row in zip(places, answer["points"], strict=True):
        if row["server"] is None:
            yield f"  {lon:.6f},{lat:.6f}  none: a building on every map"
            continue
        margin = "alone" if row["margin_db"] is None else f"{row['margin_db']:.1f} dB ahead"
        chance = "" if row["probability"] is None else f", strongest with probability {row['probability']:.2f}"
        sinr = "" if row["sinr_db"] is None else f", SINR {row['sinr_db']:.1f} dB"
        yield f"  {lon:.6f},{lat:.6f}  {row['server']}, {margin}{chance}{sinr}"


def _users(answer: dict[str, Any], places: Sequence[Place]) -> Iterator[str]:
    yield f"association, {answer['rule']}: objective {answer['objective']:.3f} ({answer['objective_is']})"
    for (lon, lat), row in zip(places, answer["users"], strict=True):
        yield f"  {lon:.6f},{lat:.6f}  {row['cell'] or 'no cell'}, {row['rate_bps'] / 1e6:.2f} Mbit/s"
    for name, split in answer["equal_power"].items():
        yield f"  {name} with equal power and band: sum of rates {split['objective_bps'] / 1e6:.2f} Mbit/s"


def _beams(answer: dict[str, Any], places: Sequence[Place]) -> Iterator[str]:
    array = answer["array"]
    yield f"{answer['map']}: {answer['codebook']}, array facing {array['broadside_deg']:g}°"
    for (lon, lat), row in zip(places, answer["points"], strict=True):
        if row["beam"] is None:
            yield f"  {lon:.6f},{lat:.6f}  none: the direction is not known there"
            continue
        chance = "" if row["probability"] is None else f", best with probability {row['probability']:.2f}"
        yield (
            f"  {lon:.6f},{lat:.6f}  beam {row['beam']}, {row['loss_db']:.1f} dB below the ideal{chance};"
            f" strongest path from {row['azimuth_deg']:.0f}° (sharpness {row['sharpness']:.2f})"
        )


def _area(answer: dict[str, Any]) -> Iterator[str]:
    share, square = answer["share"], answer["square_m"]
    yield (
        f"{answer['map']}: above {answer['above']:g} {answer['unit']} on {share['mean']:.1%} of the area"
        f" ({share['low']:.1%} to {share['high']:.1%}, {share['level']:.0%} interval of {share['draws']} draws),"
        f" {square['mean']:.0f} m²"
    )
    yield (
        f"  {answer['cells']} cells asked, {answer['left_out_in_buildings']} left out in buildings,"
        f" {answer['outside_the_map_square_m']:.0f} m² outside the map"
    )
