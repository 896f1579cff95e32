"""Averages per cell: linear means, noise, censored readings, order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.errors import OptionError, OutsideGrid
from openckm.maps import Grid, Points, aggregate_cells, join_points

GRID = Grid((3, 4), 10.0, (100.0, 230.0))


def points(rows, *, unit="dBm", sigma=3.0):
    """Readings from (x, y, value, kind, low, high, device)."""
    columns = list(zip(*rows, strict=True))
    n = len(rows)
    return Points(
        x=np.array(columns[0], float), y=np.array(columns[1], float), value=np.array(columns[2], float),
        sigma=np.full(n, sigma), kind=np.array(columns[3]), low=np.array(columns[4], float),
        high=np.array(columns[5], float), device=np.array(columns[6]), row=np.arange(1, n + 1), unit=unit,
    )  # fmt: skip


def reading(value, kind="exact", *, low=-np.inf, high=np.inf, x=105.0, y=225.0, device="a"):
    return (x, y, value, kind, low, high, device)


def test_the_mean_is_linear_and_sits_at_the_cell_centre():
    cell = aggregate_cells(points([reading(-90.0, x=101.0), reading(-100.0, x=109.0, y=221.0)]), GRID)
    assert cell.value[0] == pytest.approx(10 * np.log10((1e-9 + 1e-10) / 2))
    assert (cell.x[0], cell.y[0], cell.count.tolist()) == (105.0, 225.0, [2])


def test_noise_shrinks_to_the_shadowing_that_averaging_leaves():
    four = points([reading(-90.0)] * 4)
    assert aggregate_cells(four, GRID, shadow_sigma_db=2.0).sigma[0] == pytest.approx(np.hypot(2.0, 1.5))
    assert aggregate_cells(four, GRID, shadow_sigma_db=0.0).sigma[0] == pytest.approx(1.5)


def test_dimensionless_readings_take_the_plain_mean():
    cell = aggregate_cells(points([reading(0.0), reading(1.0)], unit="1"), GRID)
    assert cell.value[0] == pytest.approx(0.5)


def test_devices_and_rows_are_kept():
    cell = aggregate_cells(points([reading(-90.0, device="b"), reading(-91.0, device="a")]), GRID)
    assert (cell.device.tolist(), cell.row.tolist()) == (["a+b"], [1])


def test_censored_readings_beside_an_exact_one_enter_at_their_limit():
    cell = aggregate_cells(points([reading(-90.0), reading(-120.0, "below")]), GRID)
    assert cell.kind[0] == "exact"
    assert cell.value[0] == pytest.approx(10 * np.log10((1e-9 + 1e-12) / 2))


@pytest.mark.parametrize(
    "loose",
    [
        reading(-60.0, "below"), reading(-118.0, "above"), reading(-80.0, "interval", low=-100.0, high=-60.0),
        reading(0.0, "interval"),
    ],
)  # fmt: skip
def test_a_limit_that_the_exact_readings_respect_does_not_move_their_average(loose):
    other = reading(-101.0, x=115.0), reading(-99.0, "below", x=115.0)  # a cell further on, whose limit is respected
    cells = aggregate_cells(points([loose, reading(-90.0), reading(-100.0), *other]), GRID)
    assert cells.value == pytest.approx([10 * np.log10((1e-9 + 1e-10) / 2), -101.0])
    assert (cells.kind.tolist(), cells.count.tolist()) == (["exact"] * 2, [2, 1])


@pytest.mark.parametrize(
    ("rows", "kind", "value", "low", "high"),
    [
        ([reading(-118.0, "below"), reading(-120.0, "below")], "below", -120.0, -np.inf, np.inf),
        ([reading(-60.0, "above"), reading(-55.0, "above")], "above", -55.0, -np.inf, np.inf),
        ([reading(-100.0, "below"), reading(-110.0, "above")], "interval", -105.0, -110.0, -100.0),
        ([reading(-110.0, "below"), reading(-100.0, "above")], "interval", -105.0, -110.0, -100.0),
        (
            [reading(-95.0, "interval", low=-97.0, high=-93.0), reading(-94.0, "interval", low=-95.0, high=-90.0)],
            "interval", -94.0, -95.0, -93.0,
        ),
        ([reading(-95.0, "interval")], "interval", -95.0, -np.inf, np.inf),
    ],
)  # fmt: skip
def test_cells_without_an_exact_reading_stay_censored(rows, kind, value, low, high):
    cell = aggregate_cells(points(rows), GRID)
    assert cell.kind.tolist() == [kind]
    assert (cell.value[0], cell.low[0], cell.high[0]) == (value, low, high)
    crossed = [r[2] for r in rows] == [-110.0, -100.0] and kind == "interval"
    assert cell.sigma[0] == (np.hypot(3.0, 10.0) if crossed else 3.0), "limits that contradict each other widen it"


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(n, random):
    rows = [
        reading(
            random.uniform(-120, -60),
            random.choice(["exact", "below"]),
            x=random.uniform(101, 139),
            y=random.uniform(201, 229),
        )
        for _ in range(n)
    ]
    table = points(rows)
    shuffled = np.array(random.sample(range(n), n))
    first, second = aggregate_cells(table, GRID), aggregate_cells(table.subset(shuffled), GRID)
    for name in ("x", "y", "value", "sigma", "kind", "row", "count"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    row, col = GRID.index_of(first.x, first.y)
    assert (np.diff(row * 4 + col) > 0).all()
    assert first.count.sum() <= n and (first.count > 0).all()  # limits that say nothing more are left out


def test_counts_survive_subset_join_and_a_second_average():
    cells = aggregate_cells(points([reading(-90.0), reading(-92.0), reading(-95.0, x=125.0)]), GRID)
    assert cells.subset(np.array([False, True])).count.tolist() == [1]
    joined = join_points([cells, points([reading(-80.0)])])
    assert joined.count.tolist() == [2, 1, 1]
    assert aggregate_cells(joined, GRID).count.tolist() == [3, 1]


def test_nothing_in_nothing_out_and_bad_arguments():
    table = points([reading(-90.0)])
    assert len(aggregate_cells(table.subset(np.array([False])), GRID)) == 0
    with pytest.raises(OptionError, match="shadow_sigma_db"):
        aggregate_cells(table, GRID, shadow_sigma_db=-1.0)
    with pytest.raises(OutsideGrid, match="1 of 1 points"):
        aggregate_cells(points([reading(-90.0, x=0.0)]), GRID)


def test_readings_that_contradict_each_other_widen_the_cell_where_devices_are_kept_apart():
    near = points([reading(-80.0, "exact"), reading(-81.0, "exact"), reading(-79.0, "exact")])
    far = points([reading(-80.0, "exact"), reading(-110.0, "exact"), reading(-60.0, "exact")])
    stated = np.sqrt(near.sigma[0] ** 2 / 3)
    assert aggregate_cells(near, GRID, shadow_sigma_db=0.0, by_device=True).sigma[0] == pytest.approx(stated)
    assert aggregate_cells(far, GRID, shadow_sigma_db=0.0).sigma[0] == pytest.approx(stated)
    widened = aggregate_cells(far, GRID, shadow_sigma_db=0.0, by_device=True).sigma[0]
    assert widened == pytest.approx(np.std(far.value, ddof=1) / np.sqrt(3))
