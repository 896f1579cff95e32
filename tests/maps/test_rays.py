"""Do the rays keep the laws that rays obey? Each law against an exact answer or an independent slow way."""

import importlib.util
import re
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from openckm.errors import GridError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.propagation import SPEED_OF_LIGHT
from openckm.maps.quantity import Quantity
from openckm.maps.rays import RayOptions, launcher, machine, trace_rays, walls
from openckm.maps.rays.materials import material, permittivity, reflectance
from openckm.maps.rays.walls import fit_walls
from openckm.maps.site import Layout, Transmitter
from openckm.maps.symmetry import apply_symmetry

CARRIER = 3.5e9
WAVELENGTH = SPEED_OF_LIGHT / CARRIER


def db(power):
    return 10.0 * np.log10(np.maximum(power, 1e-30))


def place(grid, row, col, height_m, **more):
    """A transmitter at a cell's centre."""
    x, y = grid.centres()
    return Transmitter(float(x[row, col]), float(y[row, col]), height_m, CARRIER, **more)


def distances(grid, tx, receiver_m=1.5, at=None):
    x, y = grid.centres()
    tx_x, tx_y = (tx.x, tx.y) if at is None else at
    return np.sqrt((x - tx_x) ** 2 + (y - tx_y) ** 2 + (tx.height_m - receiver_m) ** 2)


def blocks(grid, *boxes):
    """Layout of boxes (x0, x1, y0, y1, height) in metres, y downwards from the north."""
    height = np.zeros(grid.shape, np.float32)
    x, y = grid.centres()
    for x0, x1, y0, y1, h in boxes:
        height[(x > x0) & (x < x1) & (-y > y0) & (-y < y1)] = h
    return Layout(grid, height)


def tilted_wall(grid, degrees, offset, height_m):
    """Everything beyond a line is built; returns its unit normal (east, north) towards the free side."""
    x, y = grid.centres()
    n = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    return Layout(grid, np.where(n[0] * x + n[1] * y < offset, np.float32(height_m), np.float32(0.0))), n


GRID = Grid((64, 64), 2.0)


@pytest.mark.parametrize("cell_m", [1.0, 4.0])
@pytest.mark.parametrize("height_m", [5.0, 24.0])
def test_an_empty_field_has_the_power_of_free_space(cell_m, height_m):
    grid = Grid((64, 64), cell_m)
    tx = Transmitter(21.3 * cell_m, -40.7 * cell_m, height_m, CARRIER)
    field = trace_rays(grid, Layout(grid, np.zeros(grid.shape, np.float32)), tx)
    d = distances(grid, tx)
    far = d > 3 * cell_m + height_m * 0.5  # where the mean over a cell is the value at its centre
    assert np.abs(db(field.straight) - 20 * np.log10(WAVELENGTH / (4 * np.pi * d)))[far].max() < 0.2
    assert not field.reflected.any() and not field.over_roofs.any() and not field.eaves.any()


def test_the_ground_adds_its_image():
    tx = place(GRID, 30, 20, 12.0)
    field = trace_rays(GRID, Layout(GRID, np.zeros(GRID.shape, np.float32)), tx)
    flat = np.hypot(*(a - b for a, b in zip(GRID.centres(), (tx.x, tx.y), strict=True)))
    d = np.hypot(flat, 13.5)
    share = reflectance(13.5 / d, permittivity("ground", CARRIER), np.inf)[1]
    wanted = db(share) + 20 * np.log10(WAVELENGTH / (4 * np.pi * d))
    far = (flat > 20) & (share > 0.02)  # not beside Brewster's angle, where the power vanishes
    assert np.abs(db(field.ground) - wanted)[far].max() < 0.5


@pytest.mark.parametrize("degrees", [0.0, 17.0, 45.0, 128.0])
def test_a_wall_is_a_mirror(degrees):
    grid = Grid((96, 96), 2.0, (-96.0, 96.0))
    layout, n = tilted_wall(grid, degrees, -46.0, 60.0)
    tx = Transmitter(n[0] * 5.0 - n[1] * 3.0, n[1] * 5.0 + n[0] * 3.0, 15.0, CARRIER)
    field = trace_rays(grid, layout, tx, RayOptions(bounces=1))
    x, y = grid.centres()
    reach = n[0] * tx.x + n[1] * tx.y + 46.0
    image = tx.x - 2 * reach * n[0], tx.y - 2 * reach * n[1]
    d = distances(grid, tx, at=image)
    cosine = (n[0] * (x - image[0]) + n[1] * (y - image[1])) / d
    elevation = np.arctan2(-13.5, np.hypot(x - image[0], y - image[1]))
    te, tm = reflectance(np.maximum(cosine, 1e-3), permittivity("concrete", CARRIER), 0.3 / WAVELENGTH)
    k = np.stack([(x - image[0]) / d, (y - image[1]) / d, np.sin(elevation)])
    s = np.cross(k, np.array([n[0], n[1], 0.0])[:, None, None], axis=0)
    upwards = np.array([0.0, 0.0, 1.0])[:, None, None]
    field_vector = upwards - k * np.sin(elevation)  # vertical polarisation, across the direction
    along = (s * field_vector).sum(0) ** 2 / np.maximum((s**2).sum(0) * (field_vector**2).sum(0), 1e-12)
    wanted = db(along * te + (1 - along) * tm) + 20 * np.log10(WAVELENGTH / (4 * np.pi * d))
    ground = distances(grid, Transmitter(tx.x, tx.y, 16.5), 0.0, at=image)
    below = (
        db(reflectance(16.5 / ground, permittivity("ground", CARRIER), np.inf)[1]) + wanted + 20 * np.log10(d / ground)
    )
    wanted = db(10 ** (wanted / 10) + 10 ** (below / 10))
    inner = (layout.height_m == 0) & (n[0] * x + n[1] * y > -35) & (np.hypot(x, y) < 60)  # the wall fills the view
    # cells of 2 m: stripes of steps average out over a neighbourhood; each cell is the image's within half a decibel
    error = np.abs(db(field.reflected) - wanted)[inner]
    assert np.median(error) < 0.1
    assert np.quantile(error, 0.99) < 0.5
    assert np.hypot(field.sum_cos, field.sum_sin)[inner].max() <= 1.0 + 1e-9


def town(seed=3, side=64):
    """Turned blocks of several heights around free streets."""
    grid = Grid((side, side), 2.0)
    rng = np.random.default_rng(seed)
    x, y = grid.centres()
    height = np.zeros(grid.shape, np.float32)
    for _ in range(14):
        cx, cy, turn = rng.uniform(10, 2 * side - 10), -rng.uniform(10, 2 * side - 10), rng.uniform(0, np.pi)
        u, v = np.cos(turn) * (x - cx) + np.sin(turn) * (y - cy), -np.sin(turn) * (x - cx) + np.cos(turn) * (y - cy)
        height[(np.abs(u) < rng.uniform(5, 14)) & (np.abs(v) < rng.uniform(4, 9))] = rng.uniform(6, 25)
    return Layout(grid, height)


def street(layout, height_m, near=(32, 32), **more):
    """A transmitter at the free cell nearest to a place."""
    rows, cols = np.nonzero(layout.height_m == 0)
    k = int(np.argmin((rows - near[0]) ** 2 + (cols - near[1]) ** 2))
    return place(layout.grid, rows[k], cols[k], height_m, **more)


def test_no_ray_is_lost_or_made():
    layout = town()
    for height_m, steepest in ((6.0, 0.0), (30.0, 0.0)):
        field = trace_rays(layout.grid, layout, street(layout, height_m))
        launched = 2 * np.pi * (np.sin(np.arctan(1e4)) - steepest)  # all slopes downwards
        assert field.fates.sum() == pytest.approx(launched, rel=1e-6)
        assert field.fates[3] < 0.01 * launched


def test_walls_only_take():
    layout = town()
    tx = street(layout, 6.0)
    real, ideal = (trace_rays(layout.grid, layout, tx, RayOptions(lossless=v)) for v in (False, True))
    assert (real.reflected <= ideal.reflected * (1 + 1e-9)).all()
    assert (real.ground <= ideal.ground * (1 + 1e-9)).all()
    np.testing.assert_array_equal(real.straight, ideal.straight)
    assert real.reflected.sum() < 0.8 * ideal.reflected.sum()  # the bound can fail


def test_the_way_there_is_the_way_back():
    """Power from A to B is that from B to A, by walls, ground and eaves, where a cell is much smaller than a stripe."""
    grid = Grid((128, 128), 1.0)
    layout = blocks(grid, (10, 30, 10, 100, 25), (60, 110, 20, 40, 18), (60, 110, 80, 110, 30))
    one = (60, 45)
    tx = place(grid, *one, 10.0)
    there = trace_rays(grid, layout, tx, receiver_m=3.0)
    gaps = []
    for row, col in ((15, 40), (60, 100), (112, 50), (50, 50), (70, 120), (115, 100), (118, 20)):
        back = trace_rays(grid, layout, place(grid, row, col, 3.0), receiver_m=10.0)
        # means over a block, as stripes end between cells
        near = slice(row - 1, row + 2), slice(col - 1, col + 2)
        home = slice(one[0] - 1, one[0] + 2), slice(one[1] - 1, one[1] + 2)
        gaps.append(db(there.total[near].mean()) - db(back.total[home].mean()))
    assert np.abs(gaps).max() < 1.0, gaps
    assert np.abs(gaps).mean() < 0.4, gaps


EAST, NORTH = Quantity("east", "1", -1.0, 1.0, "east"), Quantity("north", "1", -1.0, 1.0, "north")
PLAIN = Quantity("plain", "1", -np.inf, np.inf)


@pytest.mark.parametrize(("k", "seed"), [*((k, 3) for k in range(1, 8)), (4, 4), (6, 5), (1, 5)])
def test_a_turned_or_mirrored_town_has_the_turned_field(k, seed):
    layout = town(seed)
    tx = street(layout, 9.0)
    still = trace_rays(layout.grid, layout, tx)
    turned = Layout(layout.grid, apply_symmetry(k, layout.height_m[None], (PLAIN,))[0])
    spot = np.zeros(layout.grid.shape, np.float32)
    spot[layout.grid.index_of(np.array([tx.x]), np.array([tx.y]))] = 1.0
    row, col = np.unravel_index(int(apply_symmetry(k, spot[None], (PLAIN,))[0].argmax()), spot.shape)
    moved = trace_rays(layout.grid, turned, place(layout.grid, row, col, 9.0))
    fields = np.stack([still.total, still.strongest_cos, still.strongest_sin])
    wanted = apply_symmetry(k, fields, (PLAIN, EAST, NORTH))
    free = (turned.height_m == 0) & (wanted[0] > 1e-15)
    gap = np.abs(db(moved.total) - db(wanted[0]))[free]
    assert np.median(gap) < 1e-5 and np.quantile(gap, 0.95) < 0.01
    agrees = moved.strongest_cos * wanted[1] + moved.strongest_sin * wanted[2]
    assert np.mean(agrees[free] > 0.98) > 0.98


def test_the_same_site_gives_the_same_bits():
    layout = town()
    one, other = (trace_rays(layout.grid, layout, street(layout, 9.0)) for _ in range(2))
    for name in ("total", "strongest_cos", "roof_loss_db", "fates"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_the_antenna_is_heard_where_it_looks():
    grid = Grid((64, 64), 2.0)
    empty = Layout(grid, np.zeros(grid.shape, np.float32))
    tx = place(grid, 32, 32, 2.5, bearing_deg=90.0, downtilt_deg=0.0)  # eastwards
    level = db(trace_rays(grid, empty, tx).straight) - db(trace_rays(grid, empty, place(grid, 32, 32, 2.5)).straight)
    assert level[32, 60] == pytest.approx(8.0, abs=0.1)
    assert level[32, 4] < -15.0
    assert level[10, 60] == pytest.approx(level[54, 60], abs=0.3)


def test_strongest_arrivals_point_to_the_antenna_and_to_the_wall():
    grid = Grid((64, 64), 2.0)
    layout = blocks(grid, (30, 126, 2, 6, 400), (40, 44, 50, 126, 400))  # a long wall in the north, a screen
    tx = place(grid, 50, 10, 10.0)
    field = trace_rays(grid, layout, tx)
    assert field.strongest_cos[55, 15] < -0.5  # seen: from the antenna in the west
    shaded = (field.straight == 0) & (layout.height_m == 0) & (field.reflected > 3 * (field.eaves + field.corners))
    x, _ = grid.centres()
    behind = shaded & (x > 50)
    assert behind.any() and np.median(field.strongest_sin[behind]) > 0.5  # by the wall in the north


def knife(nu):
    return 6.9 + 20 * np.log10(np.sqrt((nu - 0.1) ** 2 + 1) + nu - 0.1)


def test_one_thin_screen_is_one_knife_edge():
    grid = Grid((32, 256), 2.0)
    layout = blocks(grid, (200, 202, -1, 100, 20))
    tx = place(grid, 16, 20, 12.0)
    field = trace_rays(grid, layout, tx, RayOptions(azimuths=64, bounces=0))
    x, _ = grid.centres()
    d1, d2 = 201 - tx.x, x[16, 180] - 201
    line = 12 + (1.5 - 12) * d1 / (d1 + d2)
    wanted = knife((20 - line) * np.sqrt(2 * (d1 + d2) / (WAVELENGTH * d1 * d2)))
    assert field.roof_loss_db[16, 180] == pytest.approx(wanted, abs=0.3)
    d = np.sqrt((d1 + d2) ** 2 + 10.5**2)
    got = db(field.eaves + field.over_roofs)[16, 180] - 20 * np.log10(WAVELENGTH / (4 * np.pi * d))
    assert got == pytest.approx(-wanted, abs=0.7)


def test_three_screens_are_three_edges():
    grid = Grid((8, 400), 2.0)
    tops = {200.0: 20.0, 350.0: 34.0, 600.0: 22.0}
    layout = blocks(grid, *((at, at + 2, -1, 100, h) for at, h in tops.items()))
    tx = place(grid, 4, 5, 15.0)
    field = trace_rays(grid, layout, tx, RayOptions(azimuths=64, bounces=0))
    x, _ = grid.centres()
    end = float(x[4, 390])

    def nu(a, b, at, za, zb, z):
        line = za + (zb - za) * (at - a) / (b - a)
        return (z - line) * np.sqrt(2 * (b - a) / (WAVELENGTH * (at - a) * (b - at)))

    one, two, three = (at + 1 for at in tops)
    loss = (
        knife(nu(tx.x, end, two, 15, 1.5, 34))
        + knife(nu(tx.x, two, one, 15, 34, 20)) * (nu(tx.x, two, one, 15, 34, 20) > -0.78)
        + knife(nu(two, end, three, 34, 1.5, 22))
    )
    assert field.roof_loss_db[4, 390] == pytest.approx(loss, abs=0.5)


def test_a_street_corner_bends_what_gets_around_it():
    grid = Grid((96, 96), 1.0)
    layout = blocks(grid, (0, 60, 0, 40, 300.0))  # a tower whose south-east corner is at (60, 40)
    tx = place(grid, 50, 20, 5.0)
    field = trace_rays(grid, layout, tx, RayOptions(bounces=0))
    x, y = grid.centres()
    row, col = 12, 70
    s1, s2 = np.hypot(60 - tx.x, 40 + tx.y), np.hypot(x[row, col] - 60, -y[row, col] - 40)
    theta = np.arctan2(-y[row, col] - 40, x[row, col] - 60) - np.arctan2(40 + tx.y, 60 - tx.x)
    loss = knife(abs(theta) * np.sqrt(2 * s1 * s2 / (WAVELENGTH * (s1 + s2))))
    got = db(field.corners[row, col]) - 20 * np.log10(WAVELENGTH / (4 * np.pi * np.hypot(s1 + s2, 3.5)))
    assert field.straight[row, col] == 0
    assert got == pytest.approx(-loss, abs=1.0)


def test_walls_beyond_the_map_reflect_into_it():
    around = Grid((96, 96), 2.0, (-32.0, 32.0))
    grid = Grid((64, 64), 2.0)
    x, _ = around.centres()
    wide = Layout(around, np.where(x > 140, np.float32(30.0), np.float32(0.0)))
    tx = place(grid, 30, 20, 10.0)
    field = trace_rays(grid, wide, tx)
    assert field.total.shape == grid.shape
    assert (field.reflected[:, 40:] > 0).mean() > 0.9
    assert not trace_rays(grid, Layout(grid, np.zeros(grid.shape, np.float32)), tx).reflected.any()


def test_plain_python_gives_what_machine_code_gives(monkeypatch):
    layout = town(side=20)
    tx = street(layout, 7.0, near=(10, 10))
    options = RayOptions(azimuths=128)
    fast = trace_rays(layout.grid, layout, tx, options)
    for module in (launcher, walls):
        monkeypatch.setattr(module, "functions", machine.python_code)
    slow = trace_rays(layout.grid, layout, tx, options)
    gap = np.abs(db(slow.total) - db(fast.total))  # a last digit decides which of two walls a ray meets
    assert np.quantile(gap, 0.9) < 1e-4 and gap.max() < 3.0
    assert np.quantile(np.abs(slow.roof_loss_db - fast.roof_loss_db), 0.9) < 1e-6


def python(text):
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_who_launches_no_rays_loads_no_compiler():
    said = "import sys, openckm.infer.construct; print('llvmlite' in sys.modules, 'numba' in sys.modules)"
    assert python(said) == ["False False"]


def test_the_first_rays_ever_wait_for_no_compiler(tmp_path):
    """A new process, nothing kept on the disk: the machine code is there in a moment, and numba is not needed."""
    seconds, numba = python(
        "import sys, time, numpy as np\n"
        "from openckm.maps import Grid, Layout, Transmitter\n"
        "from openckm.maps.rays import trace_rays\n"
        "sys.modules['numba'] = None\n"
        "grid = Grid((32, 32), 2.0)\n"
        "begun = time.process_time()\n"
        "trace_rays(grid, Layout(grid, np.zeros(grid.shape, np.float32)), Transmitter(30.0, -30.0))\n"
        "print(time.process_time() - begun)\n"
        "print(sys.modules['numba'])"
    )
    assert float(seconds) < 2.0 and numba == "None"


SCRIPT = Path(__file__).parents[2] / "packaging" / "ray_code.py"


def checksum():
    spec = importlib.util.spec_from_file_location("ray_code", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.checksum()


def test_the_machine_code_is_that_of_the_text():
    """Whoever changes a loop makes its code anew: `python packaging/ray_code.py`."""
    code = (files("openckm.assets") / "code" / "rays.ll").read_text()
    assert checksum() in code.splitlines()[0]
    assert not re.search(r"target |x86|NRT_|Py[A-Z]|numba", code), "it names no machine and nothing of numba's"


@pytest.mark.slow
def test_the_machine_code_is_made_anew_to_the_letter(tmp_path):
    made = tmp_path / "rays.ll"
    subprocess.run([sys.executable, SCRIPT, made], check=True)
    assert made.read_text() == (files("openckm.assets") / "code" / "rays.ll").read_text()


def test_machine_code_refuses_what_it_would_misread():
    cut = machine.machine_code()["cut"]
    points, begins, room = np.zeros((4, 2)), np.zeros(5, np.int64), np.zeros((2, 5), np.int64)
    for wrong in (points.astype(np.float32), points[:, :1], points[:, ::-1]):
        with pytest.raises(TypeError, match="wanted d2"):
            cut(wrong, 0, begins, room)
    with pytest.raises(TypeError, match="3 arguments, wanted 4"):
        cut(points, begins, room)


def test_a_map_in_parts_is_the_map(monkeypatch):
    layout = town()
    tx = street(layout, 7.0)
    whole = trace_rays(layout.grid, layout, tx)
    monkeypatch.setattr(launcher, "BLOCK", 24)
    parts = trace_rays(layout.grid, layout, tx)
    for name in ("total", "strongest_cos", "roof_loss_db", "sum_sin", "fates"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_a_map_takes_less_than_a_second_of_processor_time():
    layout = town(side=128)
    tx = street(layout, 12.0, near=(64, 64))
    trace_rays(layout.grid, layout, tx)  # compiles
    begun = time.process_time()
    trace_rays(layout.grid, layout, tx)
    assert time.process_time() - begun < 1.0


def test_a_slanted_wall_has_one_normal():
    layout, n = tilted_wall(Grid((64, 64), 1.0), 20.0, 25.0, 10.0)
    fitted = fit_walls(layout.height_m)
    normal = fitted.lines[fitted.wall, :2]
    steps = (fitted.wall >= 0) & (np.abs(normal @ np.array([n[0], -n[1]])) > 0.5)
    inside = np.zeros(steps.shape, bool)
    inside[4:-4, 4:-4] = steps[4:-4, 4:-4]
    angles = np.rad2deg(np.arctan2(-normal[inside][:, 1], normal[inside][:, 0]))
    assert np.abs(angles - 20.0).max() < 2.0


def test_a_surface_model_of_many_heights_still_has_walls():
    rng = np.random.default_rng(0)
    height = np.zeros((100, 100), np.float32)
    height[10:90, 10:90] = rng.uniform(5, 30, (80, 80))
    fitted = fit_walls(height)
    assert (fitted.wall >= 0).any() and np.isfinite(fitted.lines).all()


def test_what_cannot_be_traced_is_refused():
    grid = Grid((16, 16), 2.0)
    layout = Layout(grid, np.zeros(grid.shape, np.float32))
    tx = place(grid, 8, 8, 10.0)
    with pytest.raises(GridError, match="wanted the cells of the map"):
        trace_rays(Grid((16, 16), 2.0, (1.0, 0.0)), layout, tx)
    with pytest.raises(GridError, match="wanted the cells of the map"):
        trace_rays(Grid((32, 32), 2.0), layout, tx)
    with pytest.raises(OptionError, match="0 to 8 bounces"):
        RayOptions(bounces=9)
    with pytest.raises(OptionError, match=r"0\.4-100 GHz"):
        trace_rays(grid, layout, Transmitter(10.0, -10.0, 10.0, 2e8))
    with pytest.raises(OptionError, match="cheese"):
        material("cheese", 1e9)


HOUSE = """
.........##....
........#####..
.......########
.......#######.
......########.
......#######..
.....########..
.....#######...
....########...
..#########....
..########.....
.#########.....
.########......
.########......
########.......
..######.......
.....##........
"""


def test_a_house_whose_short_wall_vanishes_has_whole_walls_all_around():
    """Two corners of this outline settle in one place; the wall between them was the mean of nothing."""
    rows = HOUSE.split()
    height = np.zeros((len(rows) + 4, len(rows[0]) + 4))
    height[2:-2, 2:-2] = [[10.0 if cell == "#" else 0.0 for cell in row] for row in rows]
    found = fit_walls(height)  # an empty wall warned, and warnings are errors here
    assert np.isfinite(found.lines).all()
    assert np.allclose(np.linalg.norm(found.lines[:, :2], axis=-1), 1.0)
    assert 4 <= len(set(found.wall[found.wall >= 0])) <= 6
