"""Conformal risk control: exact on small cases, holds over maps, and what a quantile over cells would miss."""

from __future__ import annotations

import numpy as np
import pytest

from openckm.errors import OptionError
from openckm.infer.spread.conformal import fewest_maps, risk_control


def slow(scores, alpha):
    """The definition, by trying every score from small to large."""
    n = len(scores)
    for trial in np.sort(np.concatenate([np.ravel(s) for s in scores])):
        risk = np.mean([np.mean(np.ravel(s) > trial) for s in scores])
        if n / (n + 1) * risk + 1 / (n + 1) <= alpha + 1e-12:
            return trial, risk
    raise AssertionError


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.1, 0.25])
def test_it_is_the_definition(seed, alpha):
    rng = np.random.default_rng(seed)
    scores = [np.round(rng.exponential(size=rng.integers(1, 9)), 1) for _ in range(12)]
    found = risk_control(scores, alpha)
    assert (found.half_width, found.risk) == pytest.approx(slow(scores, alpha))
    assert (found.maps, found.alpha) == (12, alpha)


def test_nine_maps_of_one_cell_give_the_largest_score():
    assert risk_control([[float(k)] for k in range(9)]).half_width == 8.0
    assert fewest_maps(0.1) == 9
    assert risk_control([[float(k)] for k in range(19)]).half_width == 17.0


def exchangeable(rng, maps, cells=40):
    """Scores of maps: a scale of the map's own, on which the cells' are strung closely together."""
    return np.exp(rng.standard_normal((maps, 1))) * rng.uniform(0.9, 1.1, (maps, cells))


def missed(choose, trials=3000, maps=12):
    """Mean share of a new map's cells that is missed, and its standard error."""
    rng = np.random.default_rng(1)
    shares = np.empty(trials)
    for k in range(trials):
        scores = exchangeable(rng, maps + 1)
        shares[k] = np.mean(scores[-1] > choose(scores[:-1]))
    return shares.mean(), shares.std() / np.sqrt(trials)


def test_a_new_map_is_missed_on_at_most_alpha_of_its_cells():
    share, error = missed(lambda scores: risk_control(scores).half_width)
    assert share < 0.1 + 2 * error
    assert share > 0.1 - 1.2 / 13 - 4 * error, "and not by being needlessly wide"


def test_a_quantile_over_pooled_cells_misses_more():
    count = 12 * 40
    level = np.ceil(0.9 * (count + 1)) / count  # split-conformal, taking cells for exchangeable
    share, error = missed(lambda scores: np.quantile(scores, level, method="higher"))
    assert share > 0.1 + 4 * error


@pytest.mark.parametrize(
    ("scores", "alpha", "said"),
    [
        ([[1.0]] * 8, 0.1, "at least 9"),
        ([[1.0]] * 20, 0.0, "between 0 and 1"),
        ([[1.0]] * 20, 1.0, "between 0 and 1"),
        ([[1.0]] * 9 + [[]], 0.1, "at least one score"),
        ([[1.0]] * 9 + [[np.nan]], 0.1, "finite"),
        ([[1.0]] * 9 + [[-1.0]], 0.1, "0 or more"),
    ],
)
def test_what_cannot_be_is_refused(scores, alpha, said):
    with pytest.raises(OptionError, match=said):
        risk_control(scores, alpha)
