"""Terrain and woods: the Recommendations by a slow hand, profiles with known answers, and files as people have them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import rasterio

from openckm.errors import LayoutError, OptionError
from openckm.maps import Grid
from openckm.maps.buildings.woods import read_woods
from openckm.maps.propagation import knife_edge_db, site_geometry
from openckm.maps.site import Layout, Transmitter
from openckm.maps.site_plan import SitePlan
from openckm.maps.terrain import Terrain, read_terrain, terrain_loss_db
from openckm.maps.trees import tree_loss_db, wood_attenuation_db
from openckm.priors.losses import site_loss

GRID = Grid((64, 64), 25.0, (0.0, 1600.0), "EPSG:25832")
TX = Transmitter(62.5, 812.5, height_m=30.0, carrier_hz=9e8)


def bullington(heights, d_km, start, end, mhz):
    """ITU-R P.526-15, 4.5.1, line by line, for one profile: heights [m] at the points d_km, ends included."""
    d, ce, wave = d_km[-1], 1 / 8500.0, 299.792458 / mhz
    inner = range(1, len(d_km) - 1)
    bulge = [heights[i] + 500 * ce * d_km[i] * (d - d_km[i]) for i in range(len(d_km))]
    stim = max((bulge[i] - start) / d_km[i] for i in inner)
    direct = (end - start) / d

    def nu(height, at):
        line = (start * (d - at) + end * at) / d
        return (height - line) * math.sqrt(0.002 * d / (wave * at * (d - at)))

    def edge(v):
        return 6.9 + 20 * math.log10(math.sqrt((v - 0.1) ** 2 + 1) + v - 0.1) if v > -0.78 else 0.0

    if stim < direct:
        loss = edge(max(nu(bulge[i], d_km[i]) for i in inner))
    else:
        srim = max((bulge[i] - end) / (d - d_km[i]) for i in inner)
        at = (end - start + srim * d) / (stim + srim)
        loss = edge(nu(start + stim * at, at))
    return loss + (1 - math.exp(-loss / 6)) * (10 + 0.02 * d)


def hills(seed):
    """Smooth hills of some 40 m on a grid that is larger than the map."""
    wide = Grid((80, 80), 25.0, (-200.0, 1800.0), "EPSG:25832")
    x, y = wide.centres()
    rng = np.random.default_rng(seed)
    waves = [
        (rng.uniform(0.002, 0.008), rng.uniform(0.002, 0.008), rng.uniform(0, 6), rng.uniform(5, 25)) for _ in range(5)
    ]
    return Terrain(wide, sum(a * np.sin(u * x + v * y + p) for u, v, p, a in waves).astype(np.float32) + 300)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_over_a_profile_is_that_of_the_recommendation(seed):
    terrain = hills(seed)
    found = terrain_loss_db(terrain, TX, GRID)
    x, y = GRID.centres()
    rng = np.random.default_rng(seed)
    for _ in range(12):
        row, col = int(rng.integers(0, 64)), int(rng.integers(20, 64))
        at = (np.arange(128) + 0.5) / 128
        t = np.concatenate([[0.0], at, [1.0]])
        place = TX.x + t * (x[row, col] - TX.x), TX.y + t * (y[row, col] - TX.y)
        heights = terrain.at(*place)
        d = t * np.hypot(x[row, col] - TX.x, y[row, col] - TX.y) / 1000
        rough = bullington(heights, d, heights[0] + 30.0, heights[-1] + 1.5, 900.0)
        flat = bullington(np.zeros(130), d, 30.0, 1.5, 900.0)
        assert found[row, col] == pytest.approx(max(rough - flat, 0.0), abs=0.05)
    assert found.max() > 10.0


def test_flat_ground_and_a_slope_take_nothing_off():
    wide = hills(0).grid
    x, _ = wide.centres()
    assert terrain_loss_db(Terrain(wide, np.full(wide.shape, 700.0, np.float32)), TX, GRID).max() == 0
    assert terrain_loss_db(Terrain(wide, (0.05 * x).astype(np.float32)), TX, GRID).max() < 0.3


def test_a_ridge_shadows_what_lies_behind_it_by_its_edge():
    wide = hills(0).grid
    x, _ = wide.centres()
    ridge = np.where(np.abs(x - 812.5) < 13, 90.0, 0.0).astype(np.float32)
    loss = terrain_loss_db(Terrain(wide, ridge), TX, GRID)
    assert loss[:, :28].max() < 0.5
    cx, _ = GRID.centres()
    row, col = GRID.index_of(1562.5, 812.5)
    d, d1 = cx[row, col] - TX.x, 812.5 - TX.x
    nu = (90 - (30 + d1 / d * (1.5 - 30))) * math.sqrt(2 * d / (299792458 / 9e8 * d1 * (d - d1)))
    single = float(knife_edge_db(np.array(nu)))
    flat = bullington(np.zeros(130), np.linspace(0, float(d) / 1000, 130), 30.0, 1.5, 900.0)
    wanted = single + (1 - math.exp(-single / 6)) * (10 + 0.02 * d / 1000) - flat
    assert loss[row, col] == pytest.approx(wanted, abs=3.5)  # the top of a ridge of one cell lies between two samples


def test_a_house_on_a_hill_stands_in_the_way_and_one_in_a_dip_does_not():
    height = np.zeros(GRID.shape, np.float32)
    height[:, 30] = 15.0
    x, _ = GRID.centres()
    hill = (40.0 * np.exp(-(((x - x[0, 30]) / 100.0) ** 2))).astype(np.float32)
    flat, up, down = (site_geometry(GRID, TX, height, ground_m=g).diffraction_db[32, 60] for g in (None, hill, -hill))
    assert up > flat + 5 and down < flat
    level = site_geometry(GRID, TX, height, ground_m=np.full(GRID.shape, 123.0, np.float32))
    np.testing.assert_allclose(level.diffraction_db, site_geometry(GRID, TX, height).diffraction_db, atol=1e-3)


# --- files of elevations


def dem(path, values, nodata=None, crs="EPSG:25832", units=None, dtype="float32"):
    profile = {"driver": "GTiff", "dtype": dtype, "count": 1, "height": values.shape[0], "width": values.shape[1]}
    wide = Grid(values.shape, 25.0, (-200.0, 1800.0))
    with rasterio.open(path, "w", **profile, crs=crs, transform=wide.transform, nodata=nodata) as raster:
        raster.write(values.astype(dtype), 1)
        if units:
            raster.units = (units,)
    return path


def test_a_raster_of_elevations_is_read_where_it_lies(tmp_path):
    true = hills(1)
    found = read_terrain(dem(tmp_path / "a.tif", true.elevation_m), GRID, TX)
    x, y = GRID.centres()
    np.testing.assert_allclose(found.at(x, y), true.at(x, y), atol=0.05)
    feet = read_terrain(dem(tmp_path / "b.tif", true.elevation_m / 0.3048, units="ft"), GRID, TX)
    np.testing.assert_allclose(feet.at(x, y), true.at(x, y), atol=0.05)
    assert "feet" in " ".join(feet.notes)


@pytest.mark.parametrize(("nothing", "tagged"), [(-9999, True), (-32768, False), (3.4e38, False)])
def test_gaps_are_filled_and_said_and_too_many_are_refused(tmp_path, nothing, tagged):
    values = hills(1).elevation_m.copy()
    values[20:24, 20:24] = nothing
    found = read_terrain(dem(tmp_path / "a.tif", values, nodata=nothing if tagged else None), GRID, TX)
    assert found.elevation_m.min() > 200 and "took its neighbours'" in " ".join(found.notes)
    values[:40] = nothing
    with pytest.raises(LayoutError, match="says nothing of 5"):
        read_terrain(dem(tmp_path / "b.tif", values, nodata=nothing if tagged else None), GRID, TX)


def test_terrain_elsewhere_without_a_crs_or_a_base_station_is_refused(tmp_path):
    file = dem(tmp_path / "a.tif", hills(1).elevation_m)
    with pytest.raises(LayoutError, match="says nothing of 100%"):
        read_terrain(file, Grid((64, 64), 25.0, (50_000.0, 1600.0), "EPSG:25832"))
    with pytest.raises(LayoutError, match="no CRS"):
        read_terrain(dem(tmp_path / "b.tif", hills(1).elevation_m, crs=None), GRID, TX)
    with pytest.raises(LayoutError, match="cannot read"):
        read_terrain(tmp_path / "none.tif", GRID)
    with pytest.raises(OptionError, match="base station"):
        site_loss(SitePlan(terrain=file), None, GRID)


# --- woods


@pytest.mark.parametrize(("mhz", "gamma", "most"), [(949.0, 0.17, 26.5), (2117.5, 0.34, 34.1), (466.475, 0.12, 18.0)])
def test_a_wood_attenuates_as_the_recommendation_says(mhz, gamma, most):
    for metres in (1.0, 30.0, 200.0, 5000.0):
        wanted = most * (1 - math.exp(-metres * gamma / most))
        assert float(wood_attenuation_db(metres, mhz * 1e6)) == pytest.approx(wanted, rel=1e-6)
    assert float(wood_attenuation_db(0.0, mhz * 1e6)) == 0


def test_higher_carriers_lose_more_without_a_jump():
    at = [float(wood_attenuation_db(50.0, f)) for f in (5e7, 1e8, 1.06e8, 9e8, 2.1e9, 2.12e9, 3.5e9, 2.8e10)]
    assert at == sorted(at) and at[5] - at[4] < 0.2


def test_only_what_runs_below_the_crowns_counts():
    crown = np.zeros(GRID.shape, np.float32)
    crown[:, 40:44] = 15.0  # 100 m of wood, 1000 m away
    loss = tree_loss_db(Layout(GRID, crown), TX, GRID)
    row = 32
    assert loss[row, :40].max() == 0
    x, _ = GRID.centres()
    for col in (44, 50, 60):  # the line falls below 15 m before it enters the wood, or on its way through it
        d = x[row, col] - TX.x
        begins = max(1000.0 - TX.x, d * (30 - 15) / (30 - 1.5))
        metres = max(1100.0 - TX.x - begins, 0.0) * math.hypot(d, 28.5) / d
        assert loss[row, col] == pytest.approx(float(wood_attenuation_db(metres, 9e8)), abs=0.8)
    high = tree_loss_db(Layout(GRID, crown), Transmitter(TX.x, TX.y, 300.0, 9e8), GRID)
    assert high[row, 60] == 0


def geojson(path, *areas):
    features = []
    for (west, south, east, north), tags in areas:
        x, y = np.array([west, east, east, west, west], float), np.array([south, south, north, north, south], float)
        ring = np.column_stack(GRID.to_lonlat(x, y)).tolist()
        features.append({"type": "Feature", "properties": tags, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


HOUSE = ((300, 300, 400, 400), {"building": "yes", "height": 12})


@pytest.mark.parametrize(
    "tags", [{"natural": "wood"}, {"landuse": "forest"}, {"landcover": "trees"}, {"fclass": "forest"},
             {"other_tags": '"natural"=>"wood"'}],
)  # fmt: skip
def test_woods_are_found_beside_buildings(tmp_path, tags):
    file = geojson(tmp_path / "a.geojson", HOUSE, ((800, 0, 1000, 1600), tags), ((0, 0, 50, 50), {"natural": "water"}))
    woods, notes = read_woods(file, GRID)
    crown = woods.height_m
    assert (crown > 0).sum() == 8 * 64 and crown.max() == 15 and "12% of the map" in notes[0]
    lost = site_loss(SitePlan(layout=file), TX, GRID)
    assert lost.loss_db[32, 60] > 5 and lost.loss_db[32, :30].max() == 0
    assert "--no-trees" in lost.notes[0] and "P.833" in lost.notes[0]
    assert site_loss(SitePlan(layout=file, trees=False), TX, GRID).loss_db is None
    assert "not used" in site_loss(SitePlan(layout=file), None, GRID).notes[0]


def test_layouts_without_woods_say_nothing(tmp_path):
    assert site_loss(SitePlan(layout=geojson(tmp_path / "a.geojson", HOUSE)), TX, GRID).notes == ()
    assert (
        read_woods(geojson(tmp_path / "b.geojson", ((9000, 0, 9100, 90), {"natural": "wood"})), GRID)[0].height_m.max()
        == 0
    )


def test_woods_of_openstreetmap_and_geopackage(tmp_path):
    pyogrio, shapely = pytest.importorskip("pyogrio"), pytest.importorskip("shapely")
    corners = np.column_stack(GRID.to_lonlat(np.array([800.0, 1000, 1000, 800]), np.array([0.0, 0, 1600, 1600])))
    nodes = "".join(f'<node id="{k + 1}" version="1" lon="{a:.8f}" lat="{b:.8f}"/>' for k, (a, b) in enumerate(corners))
    refs = "".join(f'<nd ref="{k}"/>' for k in (1, 2, 3, 4, 1))
    way = f'<way id="1" version="1">{refs}<tag k="landuse" v="forest"/><tag k="height" v="20"/></way>'
    (tmp_path / "a.osm").write_text(f'<osm version="0.6">{nodes}{way}</osm>')
    assert read_woods(tmp_path / "a.osm", GRID)[0].height_m.max() == 20
    wood = shapely.to_wkb(np.array([shapely.Polygon(corners)]))
    pyogrio.raw.write(tmp_path / "a.gpkg",
    wood, [np.array(["forest"], dtype=object)], ["landuse"], geometry_type="Polygon",
                      crs="EPSG:4326", layer="land")  # fmt: skip
    assert (read_woods(tmp_path / "a.gpkg", GRID)[0].height_m > 0).sum() == 8 * 64


def test_a_reflection_beside_a_wood_keeps_what_the_direct_path_loses(tmp_path):
    from openckm.maps.layouts import read_layout
    from openckm.priors import ray_planes

    grid = Grid((64, 64), 2.0, (500_000.0, 5_000_128.0), "EPSG:32632")

    def corners(west, south, east, north):
        x, y = (
            5e5 + np.array([west, east, east, west, west], float),
            5e6 + np.array([south, south, north, north, south]),
        )
        return [np.column_stack(grid.to_lonlat(x, y)).tolist()]

    areas = [((2, 120, 126, 126), {"building": "yes", "height": 30}), ((60, 20, 80, 80), {"natural": "wood"})]
    file = tmp_path / "a.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": tags, "geometry": {"type": "Polygon", "coordinates": corners(*box)}}
        for box, tags in areas]}))  # fmt: skip
    tx, plan = Transmitter(500_010.0, 5_000_040.0, 6.0, 3.5e9), SitePlan(layout=file)
    layout = read_layout(file, grid)
    direct, by_rays = site_loss(plan, tx, grid), site_loss(plan, tx, grid, layout=layout)
    assert "off what rays bring" in by_rays.notes[0] and "off the direct path" in direct.notes[0]
    row, col = grid.index_of(500_100.0, 5_000_040.0)  # behind the wood; the wall in the north is seen beside it
    assert direct.loss_db[row, col] > 8 and 1 < by_rays.loss_db[row, col] < direct.loss_db[row, col] - 0.5
    near = grid.index_of(
        500_050.0, 5_000_040.0
    )  # before it: what the wood takes there is off a reflection, if anything
    assert direct.loss_db[near] == 0 and by_rays.loss_db[near] < 0.3
    planes = ray_planes.site_rays(grid, layout, tx)
    assert not np.array_equal(planes, ray_planes.site_rays(grid, layout, tx, woods=read_woods(file, grid)[0]))
    assert planes is ray_planes.site_rays(grid, layout, tx)  # the networks' rays are those of a layout without woods
    above = site_loss(plan, tx, grid, 40.0, layout)  # a receiver above the crowns, and the rays to it
    assert above.loss_db is None or above.loss_db[row, col] < 1.0


# --- what is not known of a layout


def test_cells_that_a_layout_does_not_tell_are_neither_built_nor_free():
    from openckm.infer.scene import prepare_scene
    from openckm.maps.observations import Observations
    from openckm.priors.conditioning import site_planes

    unknown = np.zeros(GRID.shape, bool)
    unknown[:, 32:] = True
    layout = Layout(GRID, np.where(GRID.centres()[0] < 200, 12, 0).astype("f4"), unknown=unknown)
    planes = site_planes(GRID, layout, TX)
    assert not planes[:4, :, 32:].any() and (planes[1, :, :32] == 1).all() and (planes[0, :, 10:32] == -0.5).all()
    scene = prepare_scene(Observations(layout=layout, transmitter=TX, crs=GRID.crs), GRID, 48)
    assert scene.grid.shape == (96, 96)
    site = scene.condition.site[0].numpy()
    assert not site[:4, :, 32:].any() and not site[:4, 64:].any() and (site[1, :64, :32] == 1).all()
