"""What do woods take off the rays that run through them? Against lengths worked out by hand and P.833's Eq. 1."""

import numpy as np
import pytest
from test_rays import CARRIER, blocks, db, place, street, town

from openckm.errors import GridError
from openckm.maps.grid import Grid
from openckm.maps.quantity import Quantity
from openckm.maps.rays import RayOptions, launcher, machine, trace_rays, walls
from openckm.maps.site import Layout, Transmitter
from openckm.maps.symmetry import apply_symmetry
from openckm.maps.trees import most_attenuation_db, specific_attenuation, wood_attenuation_db

GRID = Grid((64, 64), 2.0)
BARE = Layout(GRID, np.zeros(GRID.shape, np.float32))


def strip(first, last, height_m=15.0, grid=GRID):
    """A wood across the map, from one column up to another."""
    crown = np.zeros(grid.shape, np.float32)
    crown[:, first:last] = height_m
    return crown


def lost(layout, tx, crown, part="total", **more):
    """What woods take off [dB]."""
    bare, wooded = (trace_rays(layout.grid, layout, tx, crown_m=c, **more) for c in (None, crown))
    return db(getattr(bare, part)) - db(getattr(wooded, part)), bare, wooded


@pytest.mark.parametrize("metres", [2, 4, 8, 16, 60])
def test_so_many_metres_of_wood_take_so_many_times_what_a_metre_takes(metres):
    tx = place(GRID, 32, 4, 1.6)  # as high as the receivers: all of the line runs below the crowns
    loss, *_ = lost(BARE, tx, strip(10, 10 + metres // 2), "straight")
    col = 50
    assert loss[32, col] == pytest.approx(float(wood_attenuation_db(float(metres), CARRIER)), abs=0.1)
    assert loss[:, :10].max() < 1e-6
    if metres <= 8:  # far below the limit: by the metre
        assert loss[32, col] == pytest.approx(metres * specific_attenuation(CARRIER), rel=0.06)
    x, y = (at[:, 11 + metres // 2 :] for at in GRID.centres())
    slant = np.hypot(x - tx.x, y - tx.y) / (x - tx.x)  # askew, the way through the strip is longer
    gap = np.abs(loss[:, 11 + metres // 2 :] - wood_attenuation_db(metres * slant, CARRIER))
    assert gap[slant < 3].max() < 0.3


def test_woods_add_up_and_end_at_the_limit():
    tx = place(GRID, 32, 4, 1.6)
    one, two, both = (
        lost(BARE, tx, crown, "straight")[0][32, 50]
        for crown in (strip(10, 14), strip(30, 34), strip(10, 14) + strip(30, 34))
    )
    limit = most_attenuation_db(CARRIER)
    assert one == pytest.approx(two, abs=0.05)
    assert 1 - both / limit == pytest.approx((1 - one / limit) * (1 - two / limit), abs=0.01)  # Eq. 1, metres added
    far = Grid((64, 64), 20.0)
    deep = lost(Layout(far, BARE.height_m), place(far, 32, 4, 1.6), strip(6, 60, 40.0, far), "straight")[0][32, 62]
    assert 0.99 * limit < deep < limit


def test_only_what_runs_below_the_crowns_counts():
    grid = Grid((64, 64), 5.0)
    layout, tx = Layout(grid, np.zeros(grid.shape, np.float32)), place(grid, 32, 2, 30.0)
    loss, *_ = lost(layout, tx, strip(20, 30, 12.0, grid), "straight")
    x, _ = grid.centres()
    for col in (32, 40, 60):
        far = x[32, col] - tx.x
        begins = max(100.0 - tx.x, far * (30.0 - 12.0) / 28.5)  # where the line falls below 12 m
        metres = max(150.0 - tx.x - begins, 0.0) * np.hypot(far, 28.5) / far
        assert loss[32, col] == pytest.approx(float(wood_attenuation_db(metres, CARRIER)), abs=0.4), col
    assert lost(layout, place(grid, 32, 2, 300.0), strip(20, 30, 12.0, grid), "straight")[0][32, 60] < 1e-9


def test_a_reflection_loses_what_its_own_way_runs_through():
    layout = blocks(GRID, (110, 130, -1, 129, 40.0))  # a wall in the east
    tx = place(GRID, 32, 30, 1.6)
    loss, bare, _ = lost(layout, tx, strip(40, 44), "reflected", options=RayOptions(bounces=1))
    seen = bare.reflected > 0
    assert seen[32, 10] and seen[32, 50]
    assert loss[32, 10] == pytest.approx(float(wood_attenuation_db(16.0, CARRIER)), abs=0.3)  # there and back
    assert loss[32, 50] == pytest.approx(float(wood_attenuation_db(8.0, CARRIER)), abs=0.3)  # there alone
    direct = lost(layout, tx, strip(40, 44), "straight")[0]
    assert direct[32, 10] < 1e-9


@pytest.mark.parametrize(
    ("part", "at", "turn"),
    [
        ("corners", (20, 70), (80.0, -60.0)),
        ("eaves", (60, 70), (80.9, -20.0)),
        ("over_roofs", (60, 80), (80.0, -121.0)),
    ],
)
@pytest.mark.parametrize("first", [15, 53])
def test_what_is_bent_loses_what_lies_on_both_its_ways(part, at, turn, first):
    grid = Grid((96, 96), 2.0)
    far = [(-1.0, 200.0, -1.0, 20.0, 14.0)] if part == "eaves" else []  # both see the upper edge of this one
    tx = place(grid, 60, 10, 6.0)
    loss, bare, _ = lost(blocks(grid, (80, 100, 60, 200, 12.0), *far), tx, strip(first, first + 5, 30.0, grid), part,
        options=RayOptions(bounces=0),
    )  # fmt: skip
    assert getattr(bare, part)[at] > 0
    x, y = (float(a[at]) for a in grid.centres())
    begin, end = ((tx.x, tx.y), turn) if first == 15 else (turn, (x, y))
    slant = np.hypot(end[0] - begin[0], end[1] - begin[1]) / (end[0] - begin[0])
    assert loss[at] == pytest.approx(float(wood_attenuation_db(10.0 * slant, CARRIER)), abs=0.7)


def woody_town(seed=3):
    layout = town(seed)
    rng = np.random.default_rng(seed)
    crown = np.zeros(layout.grid.shape, np.float32)
    for _ in range(12):
        row, col = rng.integers(4, 56, 2)
        crown[row : row + 8, col : col + 6] = rng.uniform(5, 20)
    return layout, crown


def test_woods_only_take_and_leave_no_ray_uncounted():
    layout, crown = woody_town()
    tx = street(layout, 9.0)
    loss, bare, wooded = lost(layout, tx, crown)
    assert loss.min() > -1e-6 and (loss > 1.0).mean() > 0.2
    assert loss.max() <= most_attenuation_db(CARRIER) + 1e-6
    assert np.array_equal(bare.fates, wooded.fates)
    nothing, *_ = lost(layout, tx, np.zeros_like(crown))
    assert not nothing.any()
    on_roofs = np.where(layout.height_m > 0, np.float32(30.0), np.float32(0.0))
    assert not lost(layout, tx, on_roofs)[0].any()  # a wood on a building is none


def test_the_way_back_through_a_wood_is_the_way_there():
    layout, crown = woody_town(5)
    gaps = []
    for a, b in (((5, 5), (58, 40)), ((30, 8), (31, 60)), ((60, 60), (3, 30)), ((20, 50), (50, 12))):
        there, back = street(layout, 1.5, near=a), street(layout, 1.5, near=b)
        one, other = (trace_rays(layout.grid, layout, tx, crown_m=crown).total for tx in (there, back))
        cell = [layout.grid.index_of(np.array([tx.x]), np.array([tx.y])) for tx in (there, back)]
        gaps.append(float(db(one[cell[1]])[0] - db(other[cell[0]])[0]))
    assert max(map(abs, gaps)) < 1.5 and np.mean(np.abs(gaps)) < 0.6


@pytest.mark.parametrize("k", range(1, 8))
def test_a_turned_wood_takes_the_turned_power(k):
    layout, crown = woody_town(4)
    tx = street(layout, 8.0)
    east, north = tx.x - 64.0, tx.y + 64.0
    c, s = apply_symmetry(k, np.full((2, 1, 1), [[[east]], [[north]]]), [
        Quantity("e", "m", -100.0, 100.0, "east"), Quantity("n", "m", -100.0, 100.0, "north")])[:, 0, 0]  # fmt: skip
    there = Transmitter(float(c) + 64.0, float(s) - 64.0, 8.0, CARRIER)
    height, wood = apply_symmetry(k, np.stack([layout.height_m, crown]))
    one = trace_rays(layout.grid, layout, tx, crown_m=crown).total
    other = trace_rays(layout.grid, Layout(layout.grid, height), there, crown_m=wood).total
    gap = np.abs(db(apply_symmetry(k, one[None])[0]) - db(other))
    assert np.median(gap) < 1e-3 and np.quantile(gap, 0.95) < 0.1


def test_a_map_in_parts_has_its_woods_and_plain_python_the_same(monkeypatch):
    layout, crown = woody_town()
    tx = street(layout, 9.0)
    whole = trace_rays(layout.grid, layout, tx, RayOptions(azimuths=256), crown_m=crown).total
    monkeypatch.setattr(launcher, "BLOCK", 40)
    parts = trace_rays(layout.grid, layout, tx, RayOptions(azimuths=256), crown_m=crown).total
    assert np.abs(db(whole) - db(parts)).max() < 0.05
    layout = town(side=20)
    crown, tx = strip(4, 9, 12.0, layout.grid), street(layout, 7.0, near=(10, 10))
    fast = trace_rays(layout.grid, layout, tx, RayOptions(azimuths=128), crown_m=crown)
    for module in (launcher, walls):
        monkeypatch.setattr(module, "functions", machine.python_code)
    slow = trace_rays(layout.grid, layout, tx, RayOptions(azimuths=128), crown_m=crown)
    assert np.quantile(np.abs(db(slow.total) - db(fast.total)), 0.9) < 1e-4


def test_woods_on_other_cells_are_refused():
    with pytest.raises(GridError, match="woods on"):
        trace_rays(GRID, BARE, place(GRID, 32, 4, 5.0), crown_m=np.ones((4, 4), np.float32))
