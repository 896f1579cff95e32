"""Factors on a spread: against normal draws whose true spread is known, and in one place only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import openckm
from openckm.errors import InputError
from openckm.infer.spread.normal import Z_90, factor_90, shrunk


def test_a_spread_stated_half_as_wide_asks_for_twice_as_much():
    error = np.random.default_rng(0).standard_normal(100_000)
    assert factor_90(np.abs(error)) == pytest.approx(1.0, abs=0.01)
    assert factor_90(np.abs(error) / 0.5) == pytest.approx(2.0, abs=0.02)


def test_a_new_score_is_inside_as_often_as_said():
    """With n scores the factor for one more covers 90 %; the factor for these covers less."""
    rng, inside = np.random.default_rng(1), {True: 0, False: 0}
    for _ in range(4000):
        scores = np.abs(rng.standard_normal(21))
        for new in inside:
            inside[new] += scores[0] <= factor_90(scores[1:], new=new) * Z_90
    assert inside[True] / 4000 == pytest.approx(0.9, abs=0.015)  # the 19th of 20
    assert inside[False] < 0.88 * 4000  # the 18th


def test_weights_count_as_repeats():
    scores, times = np.array([0.5, 1.0, 2.0]), np.array([7, 1, 2])
    assert factor_90(scores, times) == factor_90(np.repeat(scores, times))


def test_few_scores_say_little():
    assert shrunk(2.0, 0, 30.0) == pytest.approx(1.0) and shrunk(2.0, 30, 30.0) == pytest.approx(2.0**0.5)
    assert shrunk(2.0, 10**6, 30.0) == pytest.approx(2.0, rel=1e-3)
    assert shrunk(2.0, 4, 4.0, towards=0.5) == pytest.approx(1.0)


@pytest.mark.parametrize("bad", [[], [-1.0], [np.nan]])
def test_what_are_no_scores_is_refused(bad):
    with pytest.raises(InputError):
        factor_90(bad)


def test_the_quantile_is_written_once():
    folder = Path(openckm.__file__).parent
    holding = [p.relative_to(folder).as_posix() for p in folder.rglob("*.py") if "1.6448" in p.read_text("utf-8")]
    assert holding == ["infer/spread/normal.py"]
