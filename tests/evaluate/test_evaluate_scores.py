"""Metrics against numerical integration, the bootstrap against its promise, the splits against theirs."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from openckm.errors import OptionError
from openckm.evaluate.scores.bootstrap import mean_interval, ratio_interval
from openckm.evaluate.scores.metrics import (
    coverage,
    crps_draws,
    crps_gaussian,
    interval_width,
    rmse,
    widened,
)
from openckm.evaluate.scores.scoring import (
    Score,
    Truth,
    best_rival,
    case_of,
    city_of,
    ratio_rows,
    score_map,
    summary_rows,
)
from openckm.evaluate.worlds.splits import block_split, random_split, split_cells
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap


@pytest.mark.parametrize(("mean", "std", "truth"), [(0.0, 1.0, 0.3), (-90.0, 7.0, -71.0), (2.0, 0.1, 2.0)])
def test_gaussian_crps_is_the_integral_of_its_definition(mean, std, truth):
    below = quad(lambda t: norm.cdf(t, mean, std) ** 2, mean - 12 * std, truth)[0]
    above = quad(lambda t: (1 - norm.cdf(t, mean, std)) ** 2, truth, max(truth, mean) + 12 * std)[0]
    assert crps_gaussian([mean], [std], [truth]) == pytest.approx(below + above, rel=1e-5)


def test_fair_crps_of_draws_is_unbiased_for_the_gaussian_one():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 40_000)
    for k in (2, 5):
        found = crps_draws(rng.normal(0.4, 1.5, (k, truth.size)), truth)
        exact = crps_gaussian(np.full(truth.size, 0.4), np.full(truth.size, 1.5), truth)
        assert found == pytest.approx(exact, abs=0.02)


def test_crps_of_draws_is_the_double_sum():
    rng = np.random.default_rng(1)
    x, v = rng.normal(size=(6, 3)), rng.normal(size=3)
    pairs = np.abs(x[:, None] - x[None]).sum((0, 1)) / (2 * 6 * 5)
    assert crps_draws(x, v) == pytest.approx(np.mean(np.abs(x - v).mean(0) - pairs))


def test_errors_and_intervals_by_hand():
    assert rmse([0.0, 3.0], [0.0, 0.0]) == pytest.approx(np.sqrt(4.5))
    assert coverage([0, 0, 0, 0], [1, 1, 1, 1], [0.5, 1.0, 1.5, -0.1]) == pytest.approx(0.5)
    assert interval_width([0, 0], [1, 3]) == pytest.approx(2.0)


def test_widened_intervals_of_a_normal_belief_cover_noisy_truths():
    rng = np.random.default_rng(2)
    mean, n = rng.normal(size=20_000), 20_000
    low, high = widened(mean, mean - 1.6449 * 2, mean + 1.6449 * 2, np.full(n, 3.0))
    truth = mean + rng.normal(0, 2, n) + rng.normal(0, 3, n)
    assert coverage(low, high, truth) == pytest.approx(0.9, abs=0.01)
    assert coverage(mean - 3.29, mean + 3.29, truth) < 0.75  # without widening it would not


@pytest.mark.parametrize("call", [
    lambda: rmse([1.0], [1.0, 2.0]), lambda: rmse([], []), lambda: rmse([np.nan], [0.0]),
    lambda: crps_gaussian([0.0], [0.0], [0.0]), lambda: crps_draws([[1.0]], [1.0]),
])  # fmt: skip
def test_what_cannot_be_scored_is_refused(call):
    with pytest.raises(OptionError):
        call()


def simulated_scores(rng):
    shift = np.repeat(rng.normal(0, 1.0, 30), 4)  # 30 clusters of 4 maps that share a shift
    return 5.0 + shift + rng.normal(0, 0.3, 120), np.repeat(np.arange(30), 4)


def test_the_cluster_bootstrap_covers_the_truth_and_the_plain_one_does_not():
    rng = np.random.default_rng(3)
    hits = {"cluster": 0, "plain": 0}
    for k in range(200):
        values, clusters = simulated_scores(rng)
        for name, unit in (("cluster", clusters), ("plain", np.arange(120))):
            found = mean_interval(values, unit, seed=k, resamples=400)
            hits[name] += found.low <= 5.0 <= found.high
    assert hits["cluster"] > 0.87 * 200
    assert hits["plain"] < 0.80 * 200


def test_paired_ratios_are_narrower_than_what_the_maps_differ_by():
    rng = np.random.default_rng(4)
    difficulty = rng.uniform(2, 12, 60)
    found = ratio_interval(0.8 * difficulty * rng.uniform(0.97, 1.03, 60), difficulty, np.arange(60))
    assert found.value == pytest.approx(0.8, abs=0.02)
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.02


def test_the_bootstrap_is_repeatable_and_refuses_bad_input():
    values, clusters = simulated_scores(np.random.default_rng(5))
    assert mean_interval(values, clusters, seed=1) == mean_interval(values, clusters, seed=1)
    assert mean_interval(values, clusters, seed=1) != mean_interval(values, clusters, seed=2)
    single = mean_interval([1.0, 2.0, 3.0], ["a", "a", "a"])
    assert single.low < 2.0 < single.high
    with pytest.raises(OptionError):
        mean_interval([1.0], [1, 2])
    with pytest.raises(OptionError):
        ratio_interval([1.0], [0.0], [1])


def test_random_split_gives_200_cells_and_repeats():
    mask = random_split(1000, seed=1)
    assert mask.sum() == 200
    np.testing.assert_array_equal(mask, random_split(1000, seed=1))
    assert not np.array_equal(mask, random_split(1000, seed=2))
    with pytest.raises(OptionError):
        random_split(200, seed=0)


def test_block_split_never_cuts_a_block_and_hides_half_of_them():
    rng = np.random.default_rng(0)
    row, col = rng.integers(0, 128, 900), rng.integers(0, 128, 900)
    mask = block_split(row, col, 4.0, seed=3)
    label = (row // 16) * 8 + col // 16
    per_block = {b: set(mask[label == b].tolist()) for b in np.unique(label)}
    assert all(len(kinds) == 1 for kinds in per_block.values())
    assert sum(True in kinds for kinds in per_block.values()) == len(per_block) // 2
    np.testing.assert_array_equal(mask, split_cells("block", row, col, 4.0, 3))
    assert not np.array_equal(mask, block_split(row, col, 4.0, seed=4))


def test_splits_that_cannot_be_are_refused():
    with pytest.raises(OptionError, match="unknown split 'stripes'"):
        split_cells("stripes", np.arange(9), np.arange(9), 4.0, 0)
    with pytest.raises(OptionError, match="one block"):
        block_split(np.zeros(5, int), np.arange(5), 4.0, 0)


def test_no_two_blocks_share_their_fate():
    """Blocks whose labels collided would always be given or hidden together."""
    row, col = (a.ravel() for a in np.mgrid[0:16:4, 0:48:4])  # 4 x 12 blocks of one cell each
    given = np.array([block_split(row, col, 16.0, seed=k) for k in range(60)])
    together = (given[:, :, None] == given[:, None]).all(0)
    np.testing.assert_array_equal(together, np.eye(len(row), dtype=bool))
    np.testing.assert_array_equal(given.sum(1), len(row) // 2)


def normal_belief(noise, cells=90):
    """A map whose belief is right, its truth read with noise, and that truth."""
    rng = np.random.default_rng(6)
    std = np.exp(rng.uniform(0.0, 1.5, (cells, cells)))
    mean = rng.normal(-100, 8, std.shape)
    truth = mean + std * rng.standard_normal(std.shape) + noise * rng.standard_normal(std.shape)
    answer = RadioMap.from_gaussian(
        Grid(std.shape, 2.0), mean[None].astype(np.float32), std[None].astype(np.float32), ["gain_db"]
    )
    row, col = np.divmod(np.arange(truth.size), cells)
    return answer, Truth(row, col, truth.ravel(), np.full(truth.size, noise)), std


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_the_scores_of_a_map_take_90_percent_and_the_noise_of_the_truth_at_their_word(noise):
    answer, truth, std = normal_belief(noise)
    found = score_map(answer, truth)
    whole = np.hypot(std, noise)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.01)
    assert found["width_90_db"] == pytest.approx(2 * 1.645 * whole.mean(), rel=0.01)
    assert found["rmse_db"] == pytest.approx(np.sqrt((whole**2).mean()), rel=0.03)
    assert found["crps_db"] == pytest.approx(whole.mean() / np.sqrt(np.pi), rel=0.03)  # of a right normal belief


def score(method, case, value, city="x", **more):
    return Score(method, "gain", "2.0%", case, city, {"rmse_db": value}, 9, 1, 0.1, **more)


def test_ratios_are_of_the_same_maps_whatever_the_order_and_whoever_lacks_some():
    """A scene holds an easy map and a hard one; one method answered the easy one alone."""
    scores = [score("kriging", "s#0", 4.0), score("kriging", "s#1", 20.0), score("net", "s#0", 2.0)]
    (row,) = ratio_rows(scores)
    assert (row.value, row.cases, row.over) == (pytest.approx(0.5), 1, "kriging")
    (row,) = ratio_rows([*scores[::-1], score("net", "s#1", 30.0)])
    assert row.value == pytest.approx(32 / 24) and row.cases == 2


def test_two_scores_of_one_case_are_an_error_and_no_silent_choice():
    twice = [score("net", "s#0", 2.0), score("net", "s#0", 3.0)]
    for made in (summary_rows, lambda s: ratio_rows([*s, score("kriging", "s#0", 4.0)])):
        with pytest.raises(OptionError, match="scored twice"):
            made(twice)
    assert summary_rows([score("net", "s#0", 2.0), score("net", "s#0", 3.0, seed=1)])[0].cases == 2


def test_the_rival_is_the_best_of_all_classical_ones_on_its_row():
    values = {"net": 3.0, "kriging": 9.0, "boosted_trees": 5.0, "dps": 1.0}
    scores = [score(method, "a", value) for method, value in values.items()]
    assert best_rival(scores, ("kriging", "boosted_trees", "nearest")) == "boosted_trees"
    rows = {r.method: r for r in ratio_rows(scores)}
    assert set(rows) == {"net", "dps"} and rows["net"].over == "boosted_trees"
    assert rows["net"].value == pytest.approx(0.6)
    assert ratio_rows([score("net", "a", 3.0)]) == []


def test_intervals_are_over_cities_and_every_city_is_a_column():
    rng = np.random.default_rng(0)
    level = {"rome": 4.0, "oslo": 8.0, "lima": 12.0}
    scores = [score("net", f"{c}#{k}", v + rng.normal(0, 0.1), c) for c, v in level.items() for k in range(30)]
    (row,) = summary_rows(scores, ("rmse_db",))
    assert row.cities == {c: pytest.approx(v, abs=0.1) for c, v in level.items()}
    assert row.ci_high - row.ci_low > 5.0, "90 maps of three cities are three draws, not 90"
    made = [score("net", f"p#{k}", 5.0, f"procedural-grid/s{k}") for k in range(3)]
    assert summary_rows(made, ("rmse_db",))[0].cities == {"procedural": 5.0}


def test_maps_of_a_scene_have_names_of_their_own_and_procedural_scenes_are_cities():
    class Map:
        scene, city = "s7", "procedural-grid"

    assert case_of(Map, 1) != case_of(Map, 2)
    assert city_of(Map) == "procedural-grid/s7"
    Map.city = "rome"
    assert city_of(Map) == "rome"


def test_a_ratio_with_one_denominator_of_nothing_is_refused():
    from openckm.errors import OptionError
    from openckm.evaluate.scores.bootstrap import ratio_interval

    assert ratio_interval([1.0, 3.0], [2.0, 2.0], ["a", "b"]).value == pytest.approx(1.0)
    with pytest.raises(OptionError, match="positive"):
        ratio_interval([1.0, 3.0], [2.0, 0.0], ["a", "b"])


def test_free_space_on_the_duke_cells_is_what_geodesy_says():
    """Distances by pyproj's ellipsoid, not by the grid."""
    from pyproj import Geod

    from openckm.evaluate.scores.unmeasured_duke import unmeasured_scores
    from openckm.evaluate.worlds.duke import duke_cell
    from openckm.maps.cells import aggregate_cells

    found = {s.city: next(iter(s.values.values())) for s in unmeasured_scores({})}
    for name in ("A", "C"):
        cell = duke_cell(name)
        means = aggregate_cells(cell.points, cell.grid, shadow_sigma_db=0.0)
        lon, lat = cell.grid.to_lonlat(means.x, means.y)
        home = cell.grid.to_lonlat(cell.transmitter.x, cell.transmitter.y)
        flat = Geod(ellps="WGS84").inv(np.full_like(lon, home[0]), np.full_like(lat, home[1]), lon, lat)[2]
        loss = 20 * np.log10(np.hypot(flat, cell.transmitter.height_m))
        assert found[name] == pytest.approx(float(np.std(means.value + loss)), abs=0.03)


def test_draws_are_scored_in_the_cells_of_the_truth():
    """Draws on either side of each cell's own level: its rank among them is 1, that of another cell's is 0 or 2."""
    grid = Grid((4, 6), 1.0)
    row, col = np.indices(grid.shape)
    level = (10.0 * row + col).astype(np.float32)
    spread = np.full((1, *grid.shape), 1.0, np.float32)
    draws = np.stack([level + step for step in (-1.0, 1.0)])[:, None].astype(np.float32)
    answer = RadioMap.from_gaussian(grid, level[None], spread, ["gain_db"], draws=draws)
    at = np.array([0, 3, 2]), np.array([5, 1, 4])
    truth = Truth(*at, level[at].astype(np.float64), np.zeros(3))
    assert score_map(answer, truth)["rank_unevenness"] == pytest.approx(2.0 / 3.0)  # (2/3 + 1/3 + 1/3) / 2


def test_a_single_value_can_be_scored():
    from openckm.evaluate.scores.ensemble import brier

    assert brier([0.25], [True]) == pytest.approx(0.75**2)
