"""Routes, areas, servers, handovers, beams and allocation, each against an answer worked out the slow way."""

import json
import math

import numpy as np
import pytest
import shapely
from atlas_worlds import ORIGIN, UTM, make_map, smooth
from shapely.geometry import LineString, box, shape

from openckm.atlas import (
    HandoverRule,
    LinearArray,
    MapView,
    Radio,
    Route,
    ask_area,
    ask_beams,
    ask_handovers,
    ask_points,
    ask_route,
    ask_servers,
    associate,
    contours,
    coverage,
    equal_power,
)
from openckm.atlas.beams import beam_gains
from openckm.atlas.joint import chance_of, spread_of
from openckm.atlas.servers import handovers, sinr_db
from openckm.errors import InputError, OptionError, OutsideGrid, UnitError
from openckm.maps import Grid, RadioMap

# --- joint statements


def test_the_interval_of_draws_holds_what_it_claims():
    """The truth is one more draw: over many repetitions the interval covers it as often as it claims."""
    rng = np.random.default_rng(0)
    for count in (4, 8, 16, 40):
        values = rng.normal(size=(4000, count + 1)) + 3 * rng.normal(size=(4000, 1))
        spreads = [spread_of(one[1:]) for one in values]
        covered = np.mean([s.low <= one[0] <= s.high for s, one in zip(spreads, values, strict=True)])
        claimed = min(0.9, (count - 1) / (count + 1))
        assert spreads[0].level == pytest.approx(claimed)
        assert abs(covered - claimed) < 4 * math.sqrt(claimed * (1 - claimed) / 4000)


def test_a_chance_is_never_certain():
    assert chance_of(np.ones(16, bool)).value == pytest.approx(16.5 / 17)
    assert chance_of(np.zeros(16, bool)).low == 0
    assert 0 < chance_of(np.arange(16) < 8).low < 0.5 < chance_of(np.arange(16) < 8).high < 1


# --- routes


def street(view, seed=3, count=40):
    rng = np.random.default_rng(seed)
    west, south, east, north = view.grid.bounds
    line = LineString(np.c_[np.linspace(west + 5, east - 5, count), rng.uniform(south + 5, north - 5, count)])
    return Route.of(line, view.grid, spacing_m=3.0, crs=None)


def test_a_route_draw_by_draw(radiomap, view):
    route = street(view)
    answer = ask_route(view, route, above=-98.0)
    row, col = radiomap.grid.index_of(route.x, route.y)
    said = radiomap.valid[row, col]
    weights = np.zeros(len(row))
    for k in range(len(row) - 1):
        half = (route.distance_m[k + 1] - route.distance_m[k]) / 2
        weights[k] += half
        weights[k + 1] += half
    shares, whole, longest = [], 0, []
    for draw in radiomap.draws():
        ok = draw[row, col][said] >= -98.0
        shares.append((weights[said] * ok).sum() / weights[said].sum())
        whole += bool(ok.all())
        run = best = 0.0
        for good, weight in zip(ok, weights[said], strict=True):
            run = 0.0 if good else run + weight
            best = max(best, run)
        longest.append(best)
    assert answer.left_out == int((~said).sum()) > 0
    assert answer.unbroken.held == whole
    assert answer.share.mean == pytest.approx(np.mean(shares))
    assert answer.longest_break_m.mean == pytest.approx(np.mean(longest))
    assert answer.share.level == pytest.approx(15 / 17)
    np.testing.assert_allclose(answer.points.mean[said], radiomap.mean()[row, col][said])


def test_cells_are_no_independent_coins():
    """All cells of a draw go up and down together: the route is served in half of the draws, a product says never."""
    grid = Grid((4, 200), 1.0, (0.0, 4.0))
    level = np.where(np.arange(20) % 2, -80, -100).astype(np.float32)
    radiomap = RadioMap.from_draws(
        grid, np.broadcast_to(level[:, None, None, None], (20, 1, 4, 200)).copy(), ["gain_db"]
    )
    route = Route.of(LineString([(0.5, 2), (199.5, 2)]), grid, spacing_m=1.0, crs=None)
    answer = ask_route(MapView.of(radiomap), route, above=-90.0)
    assert answer.unbroken.value == pytest.approx(0.5)
    assert np.prod(1 - answer.points.outage) < 1e-50


def test_statements_on_many_cells_want_draws():
    grid = Grid((8, 8), 2.0, (0.0, 16.0))
    flat = np.full((1, 8, 8), -90, np.float32)
    view = MapView.of(RadioMap.from_gaussian(grid, flat, flat * 0 + 4, ["gain_db"]))
    route = Route.of(LineString([(1, 1), (15, 15)]), grid, crs=None)
    assert ask_route(view, route).unbroken is None
    for ask in (
        lambda: ask_route(view, route, above=-95.0),
        lambda: ask_area(view, box(0, 0, 16, 16), -95.0, crs=None),
        lambda: ask_handovers([view], route),
    ):
        with pytest.raises(OptionError, match=r"holds no draws.*--draws 16 --zarr"):
            ask()


# --- areas


def test_a_share_of_an_area_draw_by_draw(radiomap, view):
    west, south, _, _ = view.grid.bounds
    area = box(west + 11.3, south + 21.3, west + 81.3, south + 91.3).difference(
        box(west + 30.3, south + 40.3, west + 50.3, south + 60.3)
    )
    answer = ask_area(view, area, -92.0, crs=None)
    x, y = radiomap.grid.centres()
    inside = shapely.contains_xy(area, x, y)
    said = inside & radiomap.valid
    shares = np.array([(draw[said] >= -92.0).mean() for draw in radiomap.draws()])
    assert answer.cells == said.sum()
    assert answer.left_out == (inside & ~radiomap.valid).sum()
    assert answer.share.mean == pytest.approx(shares.mean())
    assert answer.square_m.mean == pytest.approx(shares.mean() * said.sum() * 4)
    assert answer.outside_square_m == 0
    beyond = ask_area(view, box(west - 100, south - 100, west + 40, south + 40), -92.0, crs=None)
    assert beyond.outside_square_m == pytest.approx(140**2 - 40**2)


def test_areas_that_cannot_be_asked(view):
    west, south, _, _ = view.grid.bounds
    with pytest.raises(OutsideGrid, match="no cell of map"):
        ask_area(view, box(0, 0, 1, 1), -92.0, crs=None)
    with pytest.raises(UnitError, match="means nothing"):
        ask_area(view, box(west, south, west + 9, south + 9), -92.0, unit="dB", crs=None)
    with pytest.raises(InputError, match="encloses no area"):
        ask_area(view, shapely.Polygon([(west, south), (west + 9, south), (west + 5, south)]), -92.0, crs=None)


@pytest.mark.parametrize("width", [1.2, 3.0, 10.0])
def test_coverage_is_the_cells_without_buildings_and_crosses_nothing(width):
    rng = np.random.default_rng(8)
    shape_ = (200, 260)
    mean = (-90 + smooth(rng, shape_, width))[None].astype(np.float32)
    valid = smooth(rng, shape_, 3.0, 1.0) < 1.0
    grid = Grid(shape_, 2.0, ORIGIN, UTM)
    view = MapView.of(RadioMap.from_gaussian(grid, mean, mean * 0 + 4, ["gain_db"], valid=valid))
    feature = coverage(view, -92.0)
    polygons = shape(feature["geometry"])
    lon, lat = np.array(feature["geometry"]["coordinates"][0][0]).T
    assert (np.abs(lon + 78.9) < 0.2).all()
    assert (np.abs(lat - 36) < 0.2).all()
    covered = valid & (mean[0] >= -92)
    assert feature["properties"]["square_m"] == pytest.approx(covered.sum() * 4, rel=0.005)
    assert polygons.is_valid
    assert any(part.interiors for part in polygons.geoms)
    x, y = grid.to_lonlat(*grid.centres())
    deep = covered & _like_neighbours(covered)
    free = ~covered & _like_neighbours(~covered)
    inside = shapely.contains_xy(polygons, x, y)
    assert inside[deep].all()
    assert not inside[free].any()
    exact = shape(coverage(view, -92.0, tolerance=0)["geometry"])
    assert shapely.get_num_coordinates(polygons) < shapely.get_num_coordinates(exact)


def _like_neighbours(cells):
    """Cells whose eight neighbours are alike: outlines may move by half a cell elsewhere."""
    padded = np.pad(cells, 1, constant_values=False)
    rows, cols = cells.shape
    return np.all([padded[i : i + rows, j : j + cols] for i in range(3) for j in range(3)], axis=0)


def test_nothing_covered_is_no_polygon(view):
    feature = coverage(view, -1.0)
    assert len(feature["geometry"]["coordinates"]) == 0
    json.dumps(feature)


def test_contours_lie_where_the_map_has_the_level():
    grid = Grid((101, 101), 2.0, (0.0, 202.0))
    x, y = grid.centres()
    radius = np.hypot(x - 101, y - 101)
    mean = (-radius)[None].astype(np.float32)
    view = MapView.of(RadioMap.from_gaussian(grid, mean, mean * 0 + 4, ["gain_db"], valid=x < 150))
    found = contours(view, [-40.0, -80.0])
    for feature, level in zip(found["features"], (40, 80), strict=True):
        points = np.concatenate([np.array(line) for line in feature["geometry"]["coordinates"]])
        assert (np.abs(np.hypot(points[:, 0] - 101, points[:, 1] - 101) - level) < 1.0).all()
        assert points[:, 0].max() < 150
    with pytest.raises(UnitError):
        contours(view, [900.0])


# --- servers


def test_the_server_is_the_strongest_and_the_margin_its_lead():
    one, two = make_map(1, name="a"), make_map(2, name="b")
    views = [MapView.of(one, "a"), MapView.of(two, "b")]
    rng = np.random.default_rng(0)
    west, south, east, north = one.grid.bounds
    x, y = rng.uniform(west, east, 200), rng.uniform(south + 1e-6, north, 200)
    found = ask_servers(views, x, y, crs=None, radio=Radio(bandwidth_hz=10e6, noise_figure_db=5, load=0.3))
    row, col = one.grid.index_of(x, y)
    noise = -174 + 70 + 5
    for k in range(200):
        power = [m.mean()[row[k], col[k]] if m.valid[row[k], col[k]] else -np.inf for m in (one, two)]
        if max(power) == -np.inf:
            assert found.best[k] == -1
            assert np.isnan(found.sinr_db[k])
            continue
        best = int(np.argmax(power))
        assert found.best[k] == best
        assert found.margin_db[k] == pytest.approx(max(power) - min(power), rel=1e-5)
        linear = 10 ** (max(power) / 10) / (10 ** (noise / 10) + 0.3 * 10 ** (min(power) / 10))
        assert found.sinr_db[k] == pytest.approx(10 * math.log10(linear), abs=1e-4)
        if min(power) > -np.inf:
            drawn = [m.draws()[:, row[k], col[k]] for m in (one, two)]
            assert found.chance[k] == pytest.approx(np.mean(drawn[best] > drawn[1 - best]))


def test_maps_that_cannot_be_compared():
    west, south, _, _ = make_map(1).grid.bounds
    at = ([west + 1], [south + 1])
    a, b = MapView.of(make_map(1), "a"), MapView.of(make_map(2, unit="dB"), "b")
    with pytest.raises(UnitError, match="a in dBm, b in dB"):
        ask_servers([a, b], *at, crs=None)
    with pytest.raises(OptionError, match="two maps are called a"):
        ask_servers([a, a], *at, crs=None)
    with pytest.raises(OptionError, match="no map to ask"):
        ask_servers([], *at, crs=None)
    old = MapView.of(make_map(1, time="2024-05-01T10:00:00+00:00"), "old")
    new = MapView.of(make_map(2, time="2026-05-01T10:00:00+00:00"), "new")
    with pytest.raises(OptionError, match=r"2024-05-01.*2026-05-01.*different times"):
        ask_servers([old, new], *at, crs=None)
    assert ask_servers([old, new], *at, crs=None, any_time=True).names == ("old", "new")
    with pytest.raises(OutsideGrid, match="1 of 1 places lie outside every map"):
        ask_servers([a], [0.0], [0.0], crs=None)
    with pytest.raises(OptionError, match="bandwidth"):
        Radio(bandwidth_hz=-1)


def test_sinr_of_a_silent_neighbour_is_that_of_noise():
    power = np.array([[-80.0], [np.nan]])
    assert sinr_db(power, np.array([0]), Radio(20e6, 7, 1.0))[0] == pytest.approx(-80 - (-174 + 73.0103 + 7), abs=1e-3)
    assert np.isnan(sinr_db(power, np.array([1]), Radio())[0])


def walk(power, distance, rule):
    """Event A3 along a line, one draw, written as 3GPP says it."""
    serving, candidate, since, out = None, None, 0.0, []
    for k in range(power.shape[1]):
        here = power[:, k]
        if serving is None or here[serving] == -np.inf:
            serving = int(np.argmax(here)) if here.max() > -np.inf else serving
            candidate = None
        else:
            if candidate is not None and here[candidate] + rule.hysteresis_db < here[serving] + rule.offset_db:
                candidate = None
            best = int(np.argmax(here))
            if best != candidate and here[best] - rule.hysteresis_db > here[serving] + rule.offset_db:
                candidate, since = best, distance[k]
            if candidate is not None and distance[k] - since >= rule.trigger_m:
                serving, candidate = candidate, None
        out.append(-1 if serving is None else serving)
    return out


@pytest.mark.parametrize(
    "rule", [HandoverRule(), HandoverRule(0, 0, 0), HandoverRule(1, 3, 40), HandoverRule(-2, 2, 5)]
)
def test_handovers_follow_the_rule_word_for_word(rule):
    rng = np.random.default_rng(4)
    distance = np.cumsum(rng.uniform(0.5, 4, 500))
    power = np.stack([[smooth(rng, (500,), 12.0, 6.0) for _ in range(4)] for _ in range(5)])
    power[0, 2, 100:180] = np.nan
    power[1, :, 50:60] = np.nan
    power[2, :, :5] = np.nan
    got = handovers(power, distance, rule)
    filled = np.where(np.isnan(power), -np.inf, power)
    for draw in range(5):
        assert got[draw].tolist() == walk(filled[draw], distance, rule)
    assert (np.diff(got[3]) != 0).any()


def test_a_crossing_of_two_cells_is_one_handover_beyond_the_middle():
    grid = Grid((4, 400), 1.0, (0.0, 4.0))
    x = grid.centres()[0]
    maps = []
    for mean in (-60 - 0.1 * x, -100 + 0.1 * x):
        draws = np.stack([mean + 0.01 * k for k in range(10)])[:, None].astype(np.float32)
        maps.append(RadioMap.from_draws(grid, draws, ["gain_db"], provenance={"unit": "dBm"}))
    views = [MapView.of(m, n) for m, n in zip(maps, ("west", "east"), strict=True)]
    route = Route.of(LineString([(0.5, 2), (399.5, 2)]), grid, spacing_m=1.0, crs=None)
    found = ask_handovers(views, route, HandoverRule(3.0, 1.0, 10.0))
    assert found.count.mean == 1
    ((where, source, target, chance),) = found.places
    assert (source, target, chance) == ("west", "east", 1.0)
    # The powers meet at 200 m; the east is 4 dB stronger 20 m later, and stays so over 10 m.
    assert where == pytest.approx(230, abs=1.5)


# --- beams


def test_gains_are_those_of_the_steering_vectors():
    """P1's Eq. 25, element by element."""
    array = LinearArray(elements=8, spacing=0.5, broadside_deg=90.0)
    angle = np.linspace(-np.pi, np.pi, 41)
    sine = array.sine(np.cos(angle), np.sin(angle))
    np.testing.assert_allclose(sine, np.sin(angle), atol=1e-12)  # broadside east: the map's own sine
    gains = beam_gains(array, sine)
    for k, s in enumerate(sine):
        a = np.exp(2j * np.pi * 0.5 * s * np.arange(8))
        for m in range(8):
            w = np.exp(2j * np.pi * m / 8 * np.arange(8)) / np.sqrt(8)
            assert gains[m, k] == pytest.approx(abs(np.vdot(w, a)) ** 2, abs=1e-9)
    assert gains.max() <= 8 + 1e-9


def test_an_array_that_is_turned_with_the_world_chooses_the_same_beam():
    for turn in (0.0, 30.0, 200.0):
        array = LinearArray(16, 0.5, 40.0 + turn)
        direction = math.radians(90 - (65.0 + turn))  # 25 degrees clockwise of the broadside, from east
        assert array.sine(math.cos(direction), math.sin(direction)) == pytest.approx(-math.sin(math.radians(25)))


def test_beams_of_a_map():
    radiomap = make_map(5, direction=True)
    view = MapView.of(radiomap)
    array = LinearArray(8, 0.5, 10.0)
    x, y = radiomap.grid.centres()
    found = ask_beams(view, array, x.ravel(), y.ravel(), crs=None)
    east, north = radiomap.mean("aoa_cos").ravel(), radiomap.mean("aoa_sin").ravel()
    for k in range(0, x.size, 97):
        if not radiomap.valid.ravel()[k] or math.hypot(east[k], north[k]) <= 0.1:
            assert found.best[k] == -1
            continue
        unit = np.array([east[k], north[k]]) / math.hypot(east[k], north[k])
        gains = beam_gains(array, array.sine(*unit))
        assert found.best[k] == np.argmax(gains)
        assert found.loss_db[k] == pytest.approx(10 * math.log10(8 / gains.max()), abs=1e-4)
        assert 0 <= found.loss_db[k] < 4  # half way between two beams a DFT codebook loses 3.9 dB
        row, col = divmod(k, radiomap.grid.shape[1])
        drawn = radiomap.draws("aoa_cos")[:, row, col], radiomap.draws("aoa_sin")[:, row, col]
        right = [np.argmax(beam_gains(array, array.sine(c, s))) == found.best[k] for c, s in zip(*drawn, strict=True)]
        assert found.chance[k] == pytest.approx(np.mean(right))
        assert found.azimuth_deg[k] == pytest.approx(math.degrees(math.atan2(*unit)) % 360, abs=1e-4)
    with pytest.raises(OptionError, match="has no direction of arrival"):
        ask_beams(MapView.of(make_map()), array, [x[0, 0]], [y[0, 0]], crs=None)
    with pytest.raises(OptionError, match="elements"):
        LinearArray(elements=0)


# --- allocation


def test_association_against_all_there_are():
    """Two cells and six users: the best of all 64 associations."""
    rng = np.random.default_rng(2)
    radio = Radio(20e6, 7, 0.5)
    power = rng.uniform(-100, -60, (2, 6))
    power[0] += 12
    rates = 20e6 * np.log2(1 + 10 ** (np.stack([sinr_db(power, np.full(6, c), radio) for c in (0, 1)]) / 10))

    def objective(cell):
        load = np.bincount(cell, minlength=2)
        return np.log(rates[cell, np.arange(6)] / load[cell]).sum()

    every = [np.array(list(np.binary_repr(k, 6)), int) for k in range(64)]
    best = max(objective(cell) for cell in every)
    found = associate(power, radio)
    assert found.objective == pytest.approx(objective(found.cell))
    assert found.objective == pytest.approx(best, rel=1e-9)
    plain = associate(power, radio, "strongest")
    assert plain.objective <= found.objective
    assert plain.cell.tolist() == rates.argmax(0).tolist()
    with pytest.raises(OptionError, match="wanted 'strongest'"):
        associate(power, radio, "random")


def test_users_whom_nobody_reaches_are_counted():
    power = np.array([[-80.0, np.nan], [-90.0, np.nan]])
    found = associate(power, Radio())
    assert found.cell.tolist() == [0, -1]
    assert found.left_out == 1
    assert found.rate_bps[1] == 0


def test_equal_power_splits_band_and_power():
    found = equal_power(np.array([10.0, 20.0]), Radio(bandwidth_hz=20e6))
    assert found.share.tolist() == [0.5, 0.5]
    assert found.rate_bps.tolist() == pytest.approx([1e7 * math.log2(11), 1e7 * math.log2(101)])
    assert found.objective == pytest.approx(found.rate_bps.sum())


def test_questions_of_a_lazy_map_are_those_of_one_in_memory(tmp_path):
    from openckm.atlas import open_map
    from openckm.maps import write_zarr

    radiomap = make_map(6, shape=(300, 400), direction=True)
    write_zarr(radiomap, tmp_path / "a.zarr")
    memory, lazy = MapView.of(radiomap), open_map(tmp_path / "a.zarr")
    route = street(memory)
    assert ask_route(memory, route, above=-95.0).share == ask_route(lazy, route, above=-95.0).share
    west, south, _, _ = memory.grid.bounds
    area = box(west + 100, south + 100, west + 500, south + 500)
    assert ask_area(memory, area, -95.0, crs=None) == ask_area(lazy, area, -95.0, crs=None)
    beams = [ask_beams(v, LinearArray(), route.x, route.y, crs=None).best for v in (memory, lazy)]
    np.testing.assert_array_equal(*beams)
    assert ask_points(lazy, route.x, route.y, crs=None).unit == "dBm"
