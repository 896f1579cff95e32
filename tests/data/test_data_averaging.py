"""The noise of an average over seeds: against its exact value, against the truth, and as a reason to stop."""

import numpy as np
import pytest

from openckm.data.averaging import ALONE_DB, LOOKED, SCOUTS, Averaging, average, floor_db
from openckm.data.guidance import BINS, Guide, Pairs
from openckm.data.raytrace import TracedField
from openckm.errors import OptionError

SHAPE = (64, 64)
HEARD = np.ones(SHAPE, np.bool_)


def noisy(seed, sigma_db=1.0, truth=1e-9):
    return truth * 10.0 ** (sigma_db * np.random.default_rng(seed).standard_normal(SHAPE) / 10.0)


def field(gain):
    spectrum = np.zeros((72, *SHAPE), np.float32)
    spectrum[10] = gain
    return TracedField(gain, spectrum, np.zeros_like(spectrum))


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_floor_is_the_error_of_the_mean(n):
    gains = [noisy(k) for k in range(n)]
    level = 10.0 * np.log10(np.mean(gains, axis=0))
    actual = np.std(level)  # all cells have the same truth
    # 4096 cells: the RMS is known to 1 / sqrt(2 * 4096 * (n - 1)), about 1 %; linearisation costs a few per cent
    assert floor_db(gains, HEARD) == pytest.approx(actual, rel=0.06)
    assert floor_db(gains, HEARD) == pytest.approx(1.0 / np.sqrt(n), rel=0.08)


def test_two_seeds_give_half_their_difference():
    a, b = noisy(1), noisy(2)
    expected = np.sqrt(np.mean((5.0 * np.log10(a / b)) ** 2))
    assert floor_db([a, b], HEARD) == pytest.approx(expected, rel=1e-9)


def test_cells_that_one_seed_alone_has_found_count_as_unknown_to_their_whole_power():
    a, b = noisy(1), noisy(1)
    b[:, :32] = 0.0
    assert floor_db([a, b], HEARD) == pytest.approx(ALONE_DB / np.sqrt(2.0))


def test_only_heard_cells_count_and_one_seed_tells_nothing():
    a, b = noisy(1), noisy(2)
    b[:32] *= 100.0
    assert floor_db([a, b], np.arange(64)[:, None] * np.ones(64) >= 32) < 1.0 < floor_db([a, b], HEARD)
    assert np.isnan(floor_db([a], HEARD)) and np.isnan(floor_db([a, b], ~HEARD))


def test_seeds_are_added_until_the_floor_is_reached_or_the_cap():
    asked = []

    def trace(seed, guide):
        asked.append(seed)
        return field(noisy(seed, 3.0))

    mean, floor, seeds = average(trace, Averaging(floor_db=1.2, most=50), lambda g: g > 0)
    assert asked == list(range(seeds)) and floor <= 1.2 and 5 <= seeds <= 9
    assert np.allclose(mean.gain, np.mean([noisy(k, 3.0) for k in asked], axis=0))
    assert np.allclose(mean.spectrum.sum(0), mean.gain, rtol=1e-5)
    _, floor, seeds = average(trace, Averaging(floor_db=0.1, most=3), lambda g: g > 0)
    assert seeds == 3 and floor > 1.0


class Guided:
    """A tracer that answers questions, and is less noisy where it is told to look."""

    def __init__(self, guided_db, even_db=3.0):
        self.asked, self.even_db, self.guided_db = [], even_db, guided_db

    def __call__(self, seed, guide):
        self.asked.append(guide)
        sigma = self.guided_db if guide.table is not None else self.even_db
        made = field(noisy(seed, sigma))
        if guide.expected is None:
            return made
        pairs = Pairs(np.array([0, seed]), np.array([5, 6]))
        return TracedField(made.gain, made.spectrum, made.offset, Guide((pairs, None), np.full(BINS, float(seed))))


def test_scouts_tell_the_further_seeds_where_to_look_and_those_alone_are_averaged():
    trace = Guided(0.5)
    mean, floor, seeds = average(trace, Averaging(floor_db=0.4, most=50), lambda g: g > 1.2e-9)
    kinds = ["even" if g.expected is None and g.table is None else "asked" if g.table is None else "told"
             for g in trace.asked]  # fmt: skip
    assert kinds == ["even"] * 2 + ["asked"] * SCOUTS + ["told"] * LOOKED and seeds == LOOKED and floor < 0.4
    begin = 2 + SCOUTS
    assert np.allclose(mean.gain, np.mean([noisy(k, 0.5) for k in range(begin, begin + LOOKED)], axis=0))
    so_far = np.mean([noisy(k, 3.0) for k in range(2)], axis=0)
    assert np.array_equal(trace.asked[2].expected, np.where(so_far > 1.2e-9, so_far, np.inf))
    told = trace.asked[-1]
    assert np.all(told.table == 2.5) and told.pairs[1] is None
    assert told.pairs[0].edge.tolist() == [0, 2, 3] and told.pairs[0].cell.tolist() == [5, 6, 6]


def test_guidance_that_makes_it_worse_is_not_followed_to_the_end():
    trace = Guided(30.0)
    _, floor, seeds = average(trace, Averaging(floor_db=0.5, most=12), lambda g: g > 0)
    assert len(trace.asked) == 12 and seeds == 2 + SCOUTS and floor < 2.5


@pytest.mark.parametrize("most", [2, 3, 4, 5])
def test_no_more_seeds_than_allowed_are_traced(most):
    trace = Guided(0.5)
    _, floor, seeds = average(trace, Averaging(floor_db=0.01, most=most), lambda g: g > 0)
    assert len(trace.asked) == most and np.isfinite(floor) and seeds == min(most, 2 + SCOUTS)


def test_a_map_that_is_good_enough_costs_two_seeds():
    trace = Guided(0.5, even_db=0.2)
    assert average(trace, Averaging(floor_db=0.4, most=50), lambda g: g > 0)[2] == 2 == len(trace.asked)


def test_without_a_goal_the_number_of_seeds_is_fixed():
    _, floor, seeds = average(lambda k, _: field(noisy(k)), Averaging(), lambda g: g > 0)
    assert seeds == 1 and np.isnan(floor)
    _, floor, seeds = average(lambda k, _: field(noisy(k)), Averaging(4), lambda g: g > 0)
    assert seeds == 4 and 0.4 < floor < 0.6


@pytest.mark.parametrize(
    "bad", [{"seeds": 0}, {"floor_db": 0.0}, {"floor_db": 1.0, "most": 1}, {"floor_db": 1.0, "seeds": 20}]
)
def test_bad_options_are_refused(bad):
    with pytest.raises(OptionError):
        Averaging(**bad)
