"""The fleet of the bench: what it counts is what was asked for, neither lost nor counted twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from fleet import DAY_S, EDGES, LINE_MBIT_S, POLL_S, Cost, measured, played
from store_worlds import save_model

POLL, UPDATE = Cost(2, 1_000), Cost(30, 5_000_000)
POLLS = EDGES * DAY_S / POLL_S


def test_a_quiet_day_is_polls_and_nothing_else():
    day = played(POLL, UPDATE, release=False, together=False)
    assert day["gb_per_day"] == pytest.approx(POLLS * 1_000 / 1e9)
    assert day["requests_per_s"] == pytest.approx(2 * EDGES / POLL_S)


def test_a_release_adds_one_update_per_edge():
    quiet, busy = (played(POLL, UPDATE, release=r, together=False) for r in (False, True))
    assert (busy["gb_per_day"] - quiet["gb_per_day"]) * 1e9 == pytest.approx(EDGES * (5_000_000 - 1_000))
    assert (busy["requests_per_s"] - quiet["requests_per_s"]) * DAY_S == pytest.approx(EDGES * 28)


def test_all_at_once_is_the_same_traffic_in_a_higher_peak():
    apart, together = (played(POLL, UPDATE, release=True, together=t) for t in (False, True))
    assert apart["gb_per_day"] == pytest.approx(together["gb_per_day"])
    assert together["peak_requests_per_s"] >= 2 * EDGES
    assert together["peak_mbit_per_s"] > 20 * apart["peak_mbit_per_s"]
    assert together["peak_mbit_per_s"] <= EDGES * (LINE_MBIT_S + 0.01) + EDGES * 0.01


def test_downloading_daily_needs_no_polls():
    day = played(POLL, UPDATE, release=True, together=False, polling=False)
    assert day["gb_per_day"] == pytest.approx(EDGES * 5_000_000 / 1e9)


def test_costs_are_measured_over_http(tmp_path, small_chunks):
    found = measured(save_model(tmp_path / "a", "1.0.0"), save_model(tmp_path / "b", "1.1.0"))
    for precision in ("fp32", "bf16", "int8"):
        poll, update, whole = (found[what, precision] for what in ("poll", "update", "whole"))
        assert poll.requests == 2 and 300 < poll.bytes < 2_000
        assert poll.bytes < update.bytes < whole.bytes
