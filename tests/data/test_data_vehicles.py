"""Vehicles: apart, clear of buildings, along facades, of real sizes, a function of the random generator."""

import numpy as np
import pytest
import shapely

from openckm.data.prisms import Prism
from openckm.data.vehicles import CLEAR_M, KINDS, draw_vehicles

# A street 20 m wide, 30 degrees off east, between two long blocks.
TURN = 30.0
BLOCKS = [
    Prism(shapely.affinity.rotate(shapely.box(-90, low, 90, low + 40), TURN, origin=(0, 0)), 15.0) for low in (-50, 10)
]


def drawn(seed, buildings=BLOCKS, **options):
    return draw_vehicles(np.random.default_rng(seed), buildings, 64.0, **options)


def sides(vehicle):
    corners = shapely.get_coordinates(vehicle.polygon)[:4]
    lengths = np.hypot(*np.diff(np.r_[corners, corners[:1]], axis=0).T)
    heading = np.degrees(np.arctan2(*(corners[1] - corners[0])[::-1]))
    return lengths.max(), lengths.min(), heading


def test_vehicles_are_apart_and_clear_of_buildings():
    for seed in range(6):
        shapes = [v.polygon for v in drawn(seed)]
        assert len(shapes) > 3
        tree = shapely.STRtree(shapes)
        pairs = tree.query(shapes, predicate="dwithin", distance=0.99 * CLEAR_M).T
        assert all(a == b for a, b in pairs)
        assert min(s.distance(b.polygon) for s in shapes for b in BLOCKS) > 0.9 * CLEAR_M
        assert all(s.is_valid and s.within(shapely.box(-66, -66, 66, 66)) for s in shapes)


def test_sizes_are_those_of_the_kinds():
    for vehicle in (v for seed in range(6) for v in drawn(seed)):
        length, width, _ = sides(vehicle)
        assert any(
            k.length_m[0] - 1e-6 <= length <= k.length_m[1] + 1e-6
            and k.width_m[0] - 1e-6 <= width <= k.width_m[1] + 1e-6
            and k.height_m[0] <= vehicle.height_m <= k.height_m[1]
            for k in KINDS
        )
    assert any(v.height_m > 3.0 for seed in range(12) for v in drawn(seed))


def test_vehicles_in_a_street_lie_along_it():
    street = shapely.affinity.rotate(shapely.box(-50, -9, 50, 9), TURN, origin=(0, 0))
    headings = [sides(v)[2] for seed in range(8) for v in drawn(seed) if v.polygon.within(street)]
    off = np.abs((np.array(headings) - TURN + 90) % 180 - 90)
    assert len(off) > 20 and off.max() < 5.0


def test_courtyards_and_alleys_stay_empty():
    yard = shapely.box(-60, -60, 60, 60).difference(shapely.box(-20, -20, 20, 20))
    assert all(
        not v.polygon.within(shapely.box(-20, -20, 20, 20)) for k in range(5) for v in drawn(k, [Prism(yard, 9.0)])
    )
    alley = [Prism(shapely.box(-64, -64, -2.5, 64), 9.0), Prism(shapely.box(2.5, -64, 64, 64), 9.0)]
    assert drawn(1, alley) == ()


def test_the_number_is_bounded_and_the_draw_repeats():
    assert len(drawn(2, most=5)) == 5
    assert [v.polygon.wkb for v in drawn(3)] == [v.polygon.wkb for v in drawn(3)]
    assert [v.polygon.wkb for v in drawn(3)] != [v.polygon.wkb for v in drawn(4)]
    assert drawn(0, []) == ()


@pytest.mark.parametrize("shares", ["parked", "moving"])
def test_shares_sum_to_one(shares):
    assert sum(getattr(k, shares) for k in KINDS) == pytest.approx(1.0)
