"""Laws: grid indices and centres undo each other; the 8 symmetries are a group that turns directions with the map."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openckm.errors import GridError, OptionError, OutsideGrid
from openckm.maps import SYMMETRIES, Grid, apply_symmetry, inverse_symmetry, quantity, utm_crs

DIRECTION = [quantity("gain_db"), quantity("aoa_cos"), quantity("aoa_sin")]
grids = st.builds(
    Grid,
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.sampled_from([0.25, 0.7, 1.0, 2.0, 4.0, 33.3]),
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e7, 1e7)),
)
share = st.floats(0.0, 1.0, exclude_max=True)


@given(grids)
def test_every_centre_lies_in_its_cell(grid):
    row, col = grid.index_of(*grid.centres())
    np.testing.assert_array_equal(row, np.arange(grid.shape[0])[:, None] * np.ones(grid.shape, int))
    np.testing.assert_array_equal(col, np.arange(grid.shape[1])[None] * np.ones(grid.shape, int))


@given(grids, share, share)
def test_a_point_lies_within_half_a_cell_of_its_centre(grid, u, v):
    west, south, east, north = grid.bounds
    x, y = west + u * (east - west), north - v * (north - south)
    if not grid.contains(x, y):  # rounding may push a point at the far edge out
        assert u > 0.999 or v > 0.999
        return
    row, col = grid.index_of(x, y)
    assert abs(grid.x[col] - x) <= grid.cell_m / 2 * (1 + 1e-6)
    assert abs(grid.y[row] - y) <= grid.cell_m / 2 * (1 + 1e-6)


@given(grids, st.floats(0.01, 1e3), st.sampled_from(["west", "south", "east", "north"]))
def test_points_beyond_an_edge_are_outside(grid, distance, side):
    west, south, east, north = grid.bounds
    x, y = (west + east) / 2, (south + north) / 2
    x, y = {"west": (west - distance, y), "east": (east + distance, y),
            "south": (x, south - distance), "north": (x, north + distance)}[side]  # fmt: skip
    assert not grid.contains(x, y)
    with pytest.raises(OutsideGrid, match="1 of 1 points lie outside"):
        grid.index_of(x, y)


def test_north_and_west_edges_belong_to_the_grid():
    grid = Grid((2, 3), 10.0, (100.0, 200.0))
    assert grid.contains(100.0, 200.0)
    assert not grid.contains(130.0, 190.0)
    assert not grid.contains(110.0, 180.0)
    assert not grid.contains(np.nan, 190.0)


@given(st.floats(-179, 179), st.floats(-79, 79))
def test_degrees_and_metres_undo_each_other(lon, lat):
    grid = Grid.centred(lon, lat, shape=(4, 6), cell_m=5.0)
    back = grid.to_lonlat(*grid.from_lonlat(lon, lat))
    np.testing.assert_allclose(back, (lon, lat), atol=1e-7)
    assert grid.contains(*grid.from_lonlat(lon, lat))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (((0, 4), 1.0), "positive whole"),
        (((2, 2.5), 1.0), "positive whole"),
        (((2, 2), 0.0), "cell size"),
        (((2, 2), float("nan")), "cell size"),
        (((2, 2), 1.0, (float("inf"), 0.0)), "origin"),
        (((2, 2), 1.0, (0.0, 0.0), "EPSG:4326"), "projected CRS in metres"),
        (((2, 2), 1.0, (0.0, 0.0), "EPSG:2264"), "metres"),
        (((2, 2), 1.0, (0.0, 0.0), "EPSG:0"), "unknown CRS"),
    ],
)
def test_malformed_grids_are_refused(arguments, word):
    with pytest.raises(GridError, match=word):
        Grid(*arguments)


def test_swapped_or_impossible_degrees_have_no_utm_zone():
    assert utm_crs(-78.9, 36.0) == "EPSG:32617"
    assert utm_crs(151.2, -33.9) == "EPSG:32756"
    with pytest.raises(GridError, match="swapped"):
        utm_crs(36.0, 118.9)


# --- symmetries


def world(n, row, col):
    """A line-of-sight map: gain falls with distance; every cell's direction points at the transmitter's cell."""
    rows, cols = np.mgrid[0:n, 0:n]
    east, north = col - cols, rows - row  # rows grow to the south
    distance = np.hypot(east, north)
    safe = np.where(distance == 0, 1.0, distance)
    return np.stack([-40 - 20 * np.log10(distance + 1), east / safe, north / safe])


@pytest.mark.parametrize("k", SYMMETRIES)
@given(st.integers(2, 9), share, share)
def test_the_direction_points_at_the_transmitter_after_every_symmetry(k, n, u, v):
    row, col = int(u * n), int(v * n)
    moved = apply_symmetry(k, world(n, row, col), DIRECTION)
    at = np.unravel_index(np.argmax(moved[0]), (n, n))
    np.testing.assert_allclose(moved, world(n, *at), atol=1e-12)


def test_a_wrong_sign_would_be_caught():
    moved = apply_symmetry(1, world(5, 0, 3))  # as scalars: the vectors are not turned
    at = np.unravel_index(np.argmax(moved[0]), (5, 5))
    assert np.abs(moved - world(5, *at)).max() > 0.5


@pytest.mark.parametrize("k", SYMMETRIES)
def test_the_inverse_undoes(k):
    maps = np.random.default_rng(k).normal(size=(2, 3, 5, 5))
    moved = apply_symmetry(k, maps, DIRECTION)
    np.testing.assert_array_equal(apply_symmetry(inverse_symmetry(k), moved, DIRECTION), maps)


def test_the_eight_form_a_group():
    maps = np.random.default_rng(0).normal(size=(3, 4, 4))
    moved = [apply_symmetry(k, maps, DIRECTION) for k in SYMMETRIES]
    np.testing.assert_array_equal(moved[0], maps)
    for a, b in itertools.combinations(SYMMETRIES, 2):
        assert not np.array_equal(moved[a], moved[b])
    table = {}
    for a, b in itertools.product(SYMMETRIES, repeat=2):
        after = apply_symmetry(b, moved[a], DIRECTION)
        same = [c for c in SYMMETRIES if np.array_equal(after, moved[c])]
        assert len(same) == 1
        table[a, b] = same[0]
    for a, b, c in itertools.product(SYMMETRIES, repeat=3):
        assert table[table[a, b], c] == table[a, table[b, c]]
    assert all(table[k, inverse_symmetry(k)] == 0 for k in SYMMETRIES)


def test_signs_of_the_convention():
    """A quarter turn counter-clockwise sends (c, s) to (-s, c), a left-right mirror to (-c, s)."""
    maps = np.broadcast_to(np.array([-90.0, 0.6, 0.8])[:, None, None], (3, 2, 2))
    assert apply_symmetry(1, maps, DIRECTION)[:, 0, 0].tolist() == [-90.0, -0.8, 0.6]
    assert apply_symmetry(4, maps, DIRECTION)[:, 0, 0].tolist() == [-90.0, -0.6, 0.8]


def test_symmetries_refuse_half_a_direction_and_other_numbers():
    with pytest.raises(OptionError, match="both components"):
        apply_symmetry(1, np.zeros((1, 2, 2)), [quantity("aoa_sin")])
    for k in (8, -1):
        with pytest.raises(OptionError, match="0-7"):
            apply_symmetry(k, np.zeros((1, 2, 2)))
        with pytest.raises(OptionError, match="0-7"):
            inverse_symmetry(k)


# --- imports


def test_importing_maps_loads_nothing_heavy():
    heavy = ("rasterio", "pandas", "matplotlib", "osmium", "xarray", "pyproj", "shapely", "torch", "scipy", "zarr")
    code = f"""
import sys, time
start = time.perf_counter()
import openckm
first = time.perf_counter() - start
import openckm.maps
print(first, time.perf_counter() - start, *(name for name in {heavy!r} if name in sys.modules))
"""
    best = (9.0, 9.0)
    for _ in range(3):  # the machine may be busy: the best of three counts
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        only, both, *loaded = done.stdout.split()
        assert loaded == []
        best = (min(best[0], float(only)), min(best[1], float(both)))
    assert best[0] < 0.3
    assert best[1] < 0.5


def test_every_public_name_can_be_loaded():
    import openckm.maps

    for name in openckm.maps.__all__:
        assert getattr(openckm.maps, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = openckm.maps.nonsense


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [(3.1, 0.0, "EPSG:32631"), (3.1, 0.4, "EPSG:32631"), (3.1, -0.4, "EPSG:32731"), (180.0, 1.5, "EPSG:32660"),
     (-180.0, 1.5, "EPSG:32601"), (5.999, 50.0, "EPSG:32631"), (6.001, 50.0, "EPSG:32632")],
)  # fmt: skip
def test_a_zone_ends_where_utm_says(lon, lat, crs):
    assert utm_crs(lon, lat) == crs
