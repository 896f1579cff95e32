"""What geometry says of a site, against numbers known from elsewhere, and under the 8 symmetries."""

from __future__ import annotations

import numpy as np
import pytest

from openckm.maps.antenna import sector_gain_db
from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M, site_geometry
from openckm.maps.quantity import Quantity
from openckm.maps.site import Transmitter
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry
from worlds import blocks_layout, centred_grid, transmitter_near, turned

CELL = 4.0
GRAZING_DB = 6.03
"""ITU-R P.526, Figure 9: the loss where the ray grazes the edge (nu = 0)."""


def row_of_cells(count: int = 60) -> Grid:
    """Cells due east of the origin, on the line y = 0, three rows high."""
    return Grid((3, count), CELL, (0.0, 1.5 * CELL))


@pytest.mark.parametrize(("distance_m", "carrier_hz"), [(10.0, 9e8), (100.0, 3.5e9), (938.0, 28e9)])
def test_free_space_is_friis(distance_m, carrier_hz):
    grid = Grid((1, 1), 2.0, (distance_m - 1.0, 1.0))
    fields = site_geometry(grid, Transmitter(0.0, 0.0, RECEIVER_HEIGHT_M, carrier_hz))
    loss = 32.4478 + 20 * np.log10(distance_m / 1e3) + 20 * np.log10(carrier_hz / 1e6)
    assert fields.free_space_db[0, 0] == pytest.approx(-loss, abs=0.001)
    assert fields.distance_m[0, 0] == pytest.approx(distance_m, rel=1e-6)


def test_distance_is_slant_and_never_under_a_metre():
    grid = Grid((1, 1), 2.0, (-1.0, 1.0))
    high = site_geometry(grid, Transmitter(0.0, 0.0, 31.5))
    low = site_geometry(grid, Transmitter(0.0, 0.0, RECEIVER_HEIGHT_M))
    assert high.distance_m[0, 0] == pytest.approx(30.0, rel=1e-6)
    assert low.distance_m[0, 0] == 1.0
    assert np.isfinite([low.cos[0, 0], low.sin[0, 0], low.free_space_db[0, 0]]).all()


def test_sector_antenna_of_the_standard():
    assert sector_gain_db(0.0, 0.0) == pytest.approx(8.0, abs=1e-12)
    for sign in (-1, 1):
        assert sector_gain_db(sign * np.deg2rad(32.5), 0.0) == pytest.approx(5.0, abs=1e-9)
        assert sector_gain_db(0.0, sign * np.deg2rad(32.5)) == pytest.approx(5.0, abs=1e-9)
    assert sector_gain_db(np.pi, 0.0) == pytest.approx(-22.0, abs=1e-9)
    assert sector_gain_db(np.pi, np.pi / 2) == pytest.approx(-22.0, abs=1e-9)
    assert sector_gain_db(0.3 + 2 * np.pi, 0.1) == pytest.approx(float(sector_gain_db(0.3, 0.1)), abs=1e-9)


def test_pattern_points_where_the_antenna_does():
    rise, tilt = 30.0, 10.0
    distance = rise / np.tan(np.deg2rad(tilt))
    for bearing in (0.0, 90.0, 217.0):
        azimuth = np.deg2rad(90.0 - bearing)
        tx = Transmitter(0.0, 0.0, rise + RECEIVER_HEIGHT_M, bearing_deg=bearing, downtilt_deg=tilt)
        place = distance * np.array([np.cos(azimuth), np.sin(azimuth)])
        ahead = Grid((1, 1), 2.0, (place[0] - 1.0, place[1] + 1.0))
        behind = Grid((1, 1), 2.0, (-place[0] - 1.0, -place[1] + 1.0))
        assert site_geometry(ahead, tx).pattern_db[0, 0] == pytest.approx(8.0, abs=1e-3)
        assert site_geometry(behind, tx).pattern_db[0, 0] == pytest.approx(-22.0, abs=1e-3)
    omni = site_geometry(centred_grid(8), Transmitter(0.3, 0.2))
    assert (omni.pattern_db == 0).all()


@pytest.mark.parametrize("thick", [1, 3, 7])
def test_obstruction_is_the_thickness_of_the_wall(thick):
    grid = row_of_cells()
    height = np.zeros(grid.shape, np.float32)
    height[:, 20 : 20 + thick] = 50.0
    built = site_geometry(grid, Transmitter(0.1, 0.0), height).obstruction_m[1]
    assert (built[:20] == 0).all()
    np.testing.assert_allclose(built[20 + thick :], thick * CELL, atol=CELL)
    assert built[20 + thick :].mean() == pytest.approx(thick * CELL, abs=0.1 * CELL)


def test_obstruction_of_a_slanted_ray_is_longer():
    grid = centred_grid(48)
    height = np.zeros(grid.shape, np.float32)
    height[:, 20:26] = 50.0
    tx = Transmitter(grid.bounds[0] + 0.7, grid.bounds[1] + 0.9)
    fields = site_geometry(grid, tx, height)
    behind = fields.obstruction_m[:, 30:]
    np.testing.assert_allclose(behind, 6 * CELL / np.abs(fields.cos[:, 30:]), atol=1.5 * CELL)


def test_a_grazing_wall_costs_six_db_and_the_clear_costs_none():
    grid = row_of_cells()
    height = np.zeros(grid.shape, np.float32)
    height[:, 20] = RECEIVER_HEIGHT_M
    loss = site_geometry(grid, Transmitter(0.1, 0.0, RECEIVER_HEIGHT_M), height).diffraction_db[1]
    np.testing.assert_allclose(loss[22:], GRAZING_DB, atol=0.01)
    assert (loss[:20] == 0).all()


def test_a_ray_high_above_the_wall_is_clear_and_a_higher_wall_costs_more():
    grid = row_of_cells()
    losses = []
    for top in (2.0, 15.0, 40.0):
        height = np.zeros(grid.shape, np.float32)
        height[:, 2] = top
        losses.append(site_geometry(grid, Transmitter(0.1, 0.0, 30.0), height).diffraction_db[1])
    assert (losses[0][4:] == 0).all()
    assert (losses[2][8:] > losses[1][8:] + 10.0).all()
    nothing = site_geometry(grid, Transmitter(0.1, 0.0, 30.0), None)
    assert (nothing.diffraction_db == 0).all() and (nothing.obstruction_m == 0).all()


def test_the_single_edge_formula_of_a_known_wall():
    """nu = h sqrt(2 (d1 + d2) / (lambda d1 d2)), worked out here for one wall 10 m above a level ray."""
    grid = row_of_cells(40)
    height = np.zeros(grid.shape, np.float32)
    height[:, 10] = RECEIVER_HEIGHT_M + 10.0
    tx = Transmitter(0.1, 0.0, RECEIVER_HEIGHT_M, 2e9)
    got = site_geometry(grid, tx, height).diffraction_db[1, 30]
    d1, total = 10.0 * CELL, 30.5 * CELL
    nu = 10.0 * np.sqrt(2 * total / (0.149896 * d1 * (total - d1)))
    want = 6.9 + 20 * np.log10(np.sqrt((nu - 0.1) ** 2 + 1) + nu - 0.1)
    assert got == pytest.approx(want, abs=0.2)


def test_bearing_points_at_the_transmitter():
    grid = centred_grid(16)
    tx = transmitter_near(grid)
    fields = site_geometry(grid, tx)
    x, y = grid.centres()
    np.testing.assert_allclose(np.hypot(fields.cos, fields.sin), 1.0, atol=1e-5)
    flat = np.hypot(tx.x - x, tx.y - y)
    np.testing.assert_allclose(x + flat * fields.cos, tx.x, atol=1e-3)
    np.testing.assert_allclose(y + flat * fields.sin, tx.y, atol=1e-3)


@pytest.mark.parametrize("k", SYMMETRIES)
def test_equivariant_under_the_symmetries_of_the_square(k):
    grid = centred_grid(24)
    layout = blocks_layout(grid, seed=5)
    tx = transmitter_near(grid, bearing_deg=25.0)
    x, y = turned(k, tx.x, tx.y)
    east, north = turned(k, np.cos(tx.azimuth_rad), np.sin(tx.azimuth_rad))
    moved_tx = Transmitter(x, y, bearing_deg=90.0 - float(np.degrees(np.arctan2(north, east))))
    fields = site_geometry(grid, tx, layout.height_m)
    moved = site_geometry(grid, moved_tx, apply_symmetry(k, layout.height_m[None])[0])
    names = ("distance_m", "free_space_db", "pattern_db", "obstruction_m", "diffraction_db", "cos", "sin")
    kinds = ("scalar",) * 5 + ("east", "north")
    channels = [Quantity(n, "1", -np.inf, np.inf, kind) for n, kind in zip(names, kinds, strict=True)]
    want = apply_symmetry(k, np.stack([getattr(fields, n) for n in names]), channels)
    for name, values in zip(names, want, strict=True):
        np.testing.assert_allclose(getattr(moved, name), values, atol=2e-3, err_msg=name)
    assert fields.obstruction_m.max() > 5 * CELL
    assert fields.diffraction_db.max() > 10.0


@pytest.mark.parametrize(("x", "y"), [(-500.0, 30.0), (40.0, 900.0), (2000.0, -2000.0)])
def test_a_transmitter_outside_the_grid(x, y):
    grid = centred_grid(24)
    height = np.zeros(grid.shape, np.float32)
    height[8:16, 8:16] = 40.0
    fields = site_geometry(grid, Transmitter(x, y), height)
    for name in ("distance_m", "cos", "sin", "free_space_db", "pattern_db", "obstruction_m", "diffraction_db"):
        assert np.isfinite(getattr(fields, name)).all(), name
    # the side turned to the transmitter is open, the far side lies in the shadow
    near = np.unravel_index(np.argmin(fields.distance_m), grid.shape)
    inside = fields.obstruction_m[12, 12]
    assert fields.obstruction_m[near] == 0
    assert 0 < inside <= 8 * CELL * np.sqrt(2)
