"""Laws of invented cities and of prisms: disjoint, within bounds, a function of the seed, turned exactly."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.data.prisms import City, Prism, clip, heights_at, tidy, turn
from openckm.data.procedural import KINDS, procedural_city
from openckm.errors import LayoutError, OptionError


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 17])
def test_buildings_are_disjoint_valid_and_within_bounds(kind, seed):
    city = procedural_city(seed, kind, size_m=360.0)
    polygons = [b.polygon for b in city.buildings]
    assert len(polygons) > 5
    assert all(p.is_valid and p.area > 0 for p in polygons)
    assert sum(p.area for p in polygons) == pytest.approx(shapely.union_all(polygons).area, rel=1e-3)
    assert all(abs(v) <= 180.0 + 0.02 for v in city.bounds)
    assert all(2.0 <= b.height_m < 400.0 for b in city.buildings)


@pytest.mark.parametrize("kind", KINDS)
def test_a_city_is_a_function_of_its_seed(kind):
    first, again, other = (procedural_city(s, kind, size_m=300.0) for s in (3, 3, 4))
    assert [b.polygon.wkb for b in first.buildings] == [b.polygon.wkb for b in again.buildings]
    assert [b.height_m for b in first.buildings] == [b.height_m for b in again.buildings]
    assert [b.polygon.wkb for b in first.buildings] != [b.polygon.wkb for b in other.buildings]


def test_cities_are_not_aligned_with_the_axes_and_hold_courtyards():
    buildings = procedural_city(1, "grid", size_m=500.0).buildings
    edges = np.concatenate([np.diff(shapely.get_coordinates(b.polygon), axis=0) for b in buildings])
    slope = np.degrees(np.arctan2(edges[:, 1], edges[:, 0])) % 90
    assert np.mean((slope > 1) & (slope < 89)) > 0.5
    whole = shapely.union_all([b.polygon.buffer(0.05) for b in buildings])
    assert any(len(p.interiors) for p in getattr(whole, "geoms", [whole]))


def test_bad_requests_are_refused():
    for arguments in ((1, "castle"), (-1, "grid")):
        with pytest.raises(OptionError):
            procedural_city(*arguments)
    with pytest.raises(OptionError):
        procedural_city(1, "grid", size_m=10.0)


def test_the_taller_of_two_overlapping_footprints_wins():
    low, tall = shapely.box(0, 0, 20, 20), shapely.box(10, 0, 30, 20)
    buildings = tidy([(low, 10.0), (tall, 30.0)])
    x, y = np.array([5.0, 15.0, 25.0, 40.0]), np.full(4, 10.0)
    assert heights_at(buildings, x, y).tolist() == [10.0, 30.0, 30.0, 0.0]
    assert sum(b.polygon.area for b in buildings) == pytest.approx(600.0)
    assert tidy([(low, float("nan")), (shapely.box(0, 0, 1, 1), 9.0), (low, 0.5)]) == ()


def test_a_city_without_buildings_has_no_bounds():
    with pytest.raises(LayoutError, match="no buildings"):
        _ = City("empty", (), "", "").bounds


@settings(max_examples=25, deadline=None)
@given(st.floats(-720, 720), st.floats(-50, 50), st.floats(-50, 50))
def test_turning_is_exact(angle, x, y):
    prism = Prism(shapely.Polygon([(0, 0), (12, 1), (9, 14), (-3, 6)]), 7.0)
    (turned,) = turn([prism], angle, (x, y))
    assert turned.polygon.area == pytest.approx(prism.polygon.area, rel=1e-12)
    z = shapely.get_coordinates(prism.polygon) @ [1, 1j] - complex(x, y)
    expected = z * np.exp(1j * np.deg2rad(angle))
    assert np.allclose(shapely.get_coordinates(turned.polygon) @ [1, 1j], expected, atol=1e-9)


def test_clipping_keeps_what_lies_in_the_square():
    kept = clip([Prism(shapely.box(-5, -5, 50, 5), 9.0), Prism(shapely.box(40, 40, 50, 50), 9.0)], 20.0)
    assert [b.polygon.bounds for b in kept] == [(-5.0, -5.0, 20.0, 5.0)]
