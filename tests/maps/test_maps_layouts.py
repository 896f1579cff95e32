"""Building layouts: rasterised by hand-made worlds, and every way a layout can be wrong."""

import json

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from openckm.errors import LayoutError, OptionError
from openckm.maps import Grid, read_layout
from openckm.maps.buildings.tags import parse_height

LOCAL = Grid((6, 8), 1.0, (0.0, 6.0))  # x 0..8, y 0..6
PLANE = Grid((6, 8), 1.0, (10.0, 26.0))


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def geojson(path, *buildings, **more):
    """Write (rings, properties) as a GeoJSON file of a local plane."""
    features = [
        {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}}
        for rings, properties in buildings
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, "crs": None} | more))
    return path


def lonlat_box(grid, west, south, east, north):
    """Corners of a box given in metres from the grid's south-west corner, in degrees."""
    x0, y0 = grid.bounds[:2]
    ring = np.array(box(west, south, east, north)) + np.array([x0, y0])
    return np.column_stack(grid.to_lonlat(ring[:, 0], ring[:, 1]))


def height_tiff(path, grid, height, crs="same", **more):
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "height": grid.shape[0], "width": grid.shape[1]}
    profile |= {"crs": grid.crs if crs == "same" else crs, "transform": grid.transform} | more
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(height.astype(np.float32), 1)
    return path


def osm_xml(path, grid):
    """Write a house by a way (two storeys), a court with a hole by a relation (12 m), a road and a non-building."""
    nodes, ways = [], []

    def way(number, ring, tags):
        refs = []
        for lon, lat in ring[:-1]:
            nodes.append(f'<node id="{len(nodes) + 1}" version="1" lat="{lat:.9f}" lon="{lon:.9f}"/>')
            refs.append(len(nodes))
        refs.append(refs[0])
        body = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        body += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        ways.append(f'<way id="{number}" version="1">{body}</way>')

    way(1, lonlat_box(grid, 0, 0, 20, 20), {"building": "yes", "building:levels": "2"})
    way(2, lonlat_box(grid, 30, 10, 70, 50), {})
    way(3, lonlat_box(grid, 40, 20, 60, 40), {})
    way(4, lonlat_box(grid, 0, 40, 20, 55), {"highway": "residential"})
    way(5, lonlat_box(grid, 0, 40, 20, 55), {"building": "no"})
    members = '<member type="way" ref="2" role="outer"/><member type="way" ref="3" role="inner"/>'
    tags = '<tag k="type" v="multipolygon"/><tag k="building" v="yes"/><tag k="height" v="12 m"/>'
    relation = f'<relation id="9" version="1">{members}{tags}</relation>'
    path.write_text(f'<osm version="0.6">{"".join(nodes)}{"".join(ways)}{relation}</osm>')
    return path


# --- what is read


def test_a_cell_is_built_over_when_its_centre_is_inside(tmp_path):
    path = geojson(tmp_path / "a.geojson", ([box(1.4, 1.4, 3.6, 2.6)], {"height": 7}))
    layout = read_layout(path, LOCAL)
    expected = np.zeros(LOCAL.shape, np.float32)
    expected[3:5, 1:4] = 7  # centres y 1.5, 2.5 are rows 4, 3; x 1.5, 2.5, 3.5 are columns 1-3
    np.testing.assert_array_equal(layout.height_m, expected)
    assert (layout.height_known, layout.source) == (1.0, "a.geojson")


def test_holes_stay_open_and_the_taller_building_wins(tmp_path):
    path = geojson(
        tmp_path / "a.geojson",
        ([box(0, 0, 6, 6), box(2, 2, 4, 4)], {"height": "12 m"}),
        ([box(0, 0, 3, 1)], {"building:levels": 10}),
        ([box(3, 0, 6, 1)], {"building:levels": "1"}),
    )
    height = read_layout(path, LOCAL).height_m
    assert (height[2:4, 2:4] == 0).all()
    assert (height[0, :6] == 12).all()
    np.testing.assert_allclose(height[5, :6], [32, 32, 32, 12, 12, 12])


def test_heights_that_nobody_stated_take_the_default_and_are_counted(tmp_path):
    buildings = [([box(i, 0, i + 1, 1)], {"roof": h}) for i, h in enumerate((4, "tall", None, -3))]
    path = geojson(tmp_path / "a.geojson", *buildings)
    layout = read_layout(path, LOCAL, height_column="roof", default_height_m=8.0)
    np.testing.assert_array_equal(layout.height_m[5, :4], [4, 8, 8, 8])
    assert layout.height_known == 0.25
    np.testing.assert_array_equal(layout.assumed[5, :4], [False, True, True, True])
    assert layout.assumed.sum() == 3, "nothing is assumed where no building stands"
    assert read_layout(path, LOCAL).height_known == 0.0


def test_only_buildings_count_where_the_file_tells_them(tmp_path):
    path = geojson(
        tmp_path / "a.geojson",
        ([box(0, 0, 1, 1)], {"building": "yes"}),
        ([box(1, 0, 2, 1)], {"landuse": "grass"}),
        ([box(2, 0, 3, 1)], {"building": "no"}),
    )
    assert np.flatnonzero(read_layout(path, LOCAL).building[5]).tolist() == [0]


def test_self_intersecting_outlines_are_repaired(tmp_path):
    bow_tie = [[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]
    layout = read_layout(geojson(tmp_path / "a.geojson", ([bow_tie], {})), LOCAL)
    assert layout.building.sum() >= 4
    assert not layout.building[5, 2]  # x 2.5, y 0.5 lies between the wings


@pytest.mark.parametrize("kind", ["degrees", "utm", "multi", "geometry"])
def test_geojson_in_degrees_and_metres(tmp_path, grid, kind):
    ring = lonlat_box(grid, 10, 10, 30, 25).tolist()
    path = tmp_path / "a.json"
    if kind == "utm":
        x0, y0 = grid.bounds[:2]
        named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32617"}}
        geojson(path, ([box(x0 + 10, y0 + 10, x0 + 30, y0 + 25)], {}), crs=named)
    elif kind == "degrees":
        named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        geojson(path, ([ring], {}), crs=named)
    elif kind == "multi":
        path.write_text(json.dumps({"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]}}))
    else:
        path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    building = read_layout(path, grid).building
    assert building.sum() == 4 * 3
    assert building[7:10, 2:6].all()


def test_openstreetmap_ways_and_relations(tmp_path, grid):
    layout = read_layout(osm_xml(tmp_path / "a.osm", grid), grid)
    expected = np.zeros(grid.shape, np.float32)
    expected[8:12, 0:4] = 6.4
    expected[2:10, 6:14] = 12.0
    expected[4:8, 8:12] = 0.0
    np.testing.assert_allclose(layout.height_m, expected)
    assert layout.height_known == 1.0
    assert "OpenStreetMap" in layout.licence


def test_openstreetmap_pbf_gives_the_same(tmp_path, grid):
    import osmium

    xml = osm_xml(tmp_path / "a.osm", grid)
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for entity in osmium.FileProcessor(str(xml)):
            writer.add(entity)
    first, second = read_layout(xml, grid), read_layout(tmp_path / "a.osm.pbf", grid)
    np.testing.assert_array_equal(first.height_m, second.height_m)


def test_height_rasters_are_sampled_at_cell_centres(tmp_path, grid):
    x0, _, _, y1 = grid.bounds
    fine = Grid((120, 160), 0.5, (x0, y1), grid.crs)
    height = np.zeros(fine.shape)
    height[:50, :80] = 9.0
    height[60:, 100:] = -2.0
    layout = read_layout(height_tiff(tmp_path / "h.tif", fine, height), grid)
    assert layout.building[:5, :8].all()
    assert layout.building.sum() == 40
    assert layout.height_m.max() == 9.0


def test_height_rasters_are_reprojected_and_nodata_is_open(tmp_path, grid):
    geographic = {"crs": "EPSG:4326"}
    lon, lat = grid.to_lonlat(*grid.centres())
    step = 5e-6
    transform = rasterio.Affine(step, 0, lon.min() - 50 * step, 0, -step, lat.max() + 50 * step)
    shape = (int(np.ptp(lat) / step) + 100, int(np.ptp(lon) / step) + 100)
    height = np.full(shape, -9999.0)
    height[:, : shape[1] // 2] = 15.0
    raster = height_tiff(
        tmp_path / "h.tif", Grid(shape, 1.0), height, transform=transform, nodata=-9999.0, **geographic
    )
    building = read_layout(raster, grid).building
    assert building[:, :7].all()
    assert not building[:, 9:].any()


def test_height_rasters_of_a_local_plane(tmp_path):
    height = np.zeros(PLANE.shape)
    height[0, 0] = 5
    np.testing.assert_array_equal(read_layout(height_tiff(tmp_path / "h.tif", PLANE, height), PLANE).height_m, height)


def test_npz_height_maps_of_both_kinds(tmp_path, grid):
    height = np.zeros((6, 8), np.float32)
    height[0, :] = 5  # the southmost row of a mesh scene
    np.savez(tmp_path / "a.npz", height_m=height, origin_xy_m=np.array([0.0, 0.0]), resolution_m=1.0)
    assert read_layout(tmp_path / "a.npz", LOCAL).building[5].all()
    lon, lat = grid.to_lonlat(*grid.centres())
    placed = {
        "minlat": lat.min(), "maxlat": lat.max(), "minlon": lon.min(), "maxlon": lon.max(), "metres_per_deg_lat": 111e3,
        "metres_per_deg_lon": 90e3, "resolution_m": 1.0,
    }  # fmt: skip
    height = np.zeros((60, 80), np.float32)
    height[:30] = 7  # the north half
    np.savez(tmp_path / "b.npz", height_m=height, **placed)
    building = read_layout(tmp_path / "b.npz", grid).building
    assert building[2:5, 2:-2].all()
    assert not building[8:].any()


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("12", 12),
        (12.5, 12.5),
        ("12 m", 12),
        ("12,5m", 12.5),
        ("40 ft", 12.192),
        ("10'", 3.048),
        ("3 metres", 3),
        ("41'6\"", 12.6492),
        ("~12", 12),
        ("12;15", 15),
        ("10-12 m", 12),
    ],
)
def test_heights_in_the_wild(text, metres):
    assert parse_height(text) == pytest.approx(metres)


@pytest.mark.parametrize("text", ["", "tall", None, 0, "-4", True, float("nan"), "1e3", "12;tall", "1.234,5", "5000"])
def test_heights_that_say_nothing(text):
    assert np.isnan(parse_height(text))


# --- errors


def refused(words, path, grid, error=LayoutError, **options):
    with pytest.raises(error) as info:
        read_layout(path, grid, **options)
    for word in (path.name, *words):
        assert word in str(info.value), f"{word!r} is not in {info.value}"


def test_a_layout_that_misses_the_area_names_both_boxes(tmp_path, grid):
    far = Grid.centred(24.95, 60.17, shape=(12, 16), cell_m=5.0)
    words = ["misses the area", "24.9", "60.1", "-78.9", "35.9", "none of its 2 buildings"]
    refused(words, osm_xml(tmp_path / "a.osm", far), grid)
    refused(["misses the area", "(20.00000, 0.00000)", "(8.00000, 6.00000)"],
            geojson(tmp_path / "a.geojson", ([box(20, 0, 21, 1)], {})), LOCAL)  # fmt: skip
    refused(["misses the area"], height_tiff(tmp_path / "h.tif", far, np.zeros(far.shape)), grid)
    np.savez(tmp_path / "a.npz", height_m=np.zeros((2, 2)), origin_xy_m=np.array([90.0, 90.0]), resolution_m=1.0)
    refused(["misses the area", "(90.0, 90.0, 92.0, 92.0)"], tmp_path / "a.npz", LOCAL)


def test_outlines_and_files_without_content_name_a_remedy(tmp_path, grid):
    empty = geojson(tmp_path / "a.geojson", ([], {}))
    refused(["outline", "export"], empty, grid)
    (tmp_path / "b.npz").write_bytes(b"no archive")
    refused(["as .npz arrays", "numpy.savez"], tmp_path / "b.npz", LOCAL)


def test_missing_crs_on_either_side(tmp_path, grid):
    metres = geojson(tmp_path / "a.geojson", ([box(680000, 3980000, 680010, 3980010)], {}))
    refused(["has no CRS", "export the layout"], metres, grid)
    document = json.loads(metres.read_text())
    del document["crs"]
    metres.write_text(json.dumps(document))
    refused(["has no CRS", "680000", "EPSG:..."], metres, grid)
    refused(["grid has no CRS", "Grid.centred"], osm_xml(tmp_path / "a.osm", grid), LOCAL)
    refused(["has no CRS", "gdal_edit"], height_tiff(tmp_path / "h.tif", PLANE, np.zeros(LOCAL.shape)), grid)
    refused(["grid has no CRS"], height_tiff(tmp_path / "g.tif", grid, np.zeros(grid.shape)), LOCAL)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{broken", "is not JSON"),
        ("[1, 2]", "not GeoJSON"),
        ('{"type": "Topology"}', "'Topology'"),
        ('{"type": "FeatureCollection"}', "without a list of features"),
        ('{"type": "FeatureCollection", "features": []}', "no building outline"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1]]]}', "building 1 cannot be read"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]], "crs": null}', "building 1 cannot be read"),
        ('{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]], "crs": "what"}', "unknown crs 'what'"),
    ],
)
def test_broken_geojson(tmp_path, grid, text, word):
    (tmp_path / "a.geojson").write_text(text)
    refused([word], tmp_path / "a.geojson", grid)


def test_broken_files_of_the_other_kinds(tmp_path, grid):
    wanted = {"a.osm": "OpenStreetMap", "a.osm.pbf": "OpenStreetMap", "a.tif": "GeoTIFF", "a.npz": "npz"}
    for name, word in wanted.items():
        (tmp_path / name).write_bytes(b"nothing of that kind")
        refused(["cannot", word], tmp_path / name, grid)
    (tmp_path / "b.osm").write_text('<osm version="0.6"></osm>')
    refused(["holds no building"], tmp_path / "b.osm", grid)
    np.savez(tmp_path / "b.npz", height=np.zeros((2, 2)))
    refused(["the arrays height", "wanted height_m"], tmp_path / "b.npz", grid)


def test_unknown_suffixes_and_missing_files(tmp_path, grid):
    refused([".geojson", ".osm.pbf", ".tif", ".npz"], tmp_path / "city.dwg", grid)
    refused(["no such file"], tmp_path / "city.osm", grid)


def test_height_column_and_default_must_make_sense(tmp_path, grid):
    path = geojson(tmp_path / "a.geojson", ([box(0, 0, 1, 1)], {"h": 3, "name": "x"}))
    refused(["'roof'", "h, name"], path, LOCAL, height_column="roof")
    with pytest.raises(OptionError, match="default_height_m"):
        read_layout(path, LOCAL, default_height_m=0.0)
    tiff = height_tiff(tmp_path / "h.tif", LOCAL, np.zeros(LOCAL.shape))
    refused(["has no columns"], tiff, LOCAL, OptionError, height_column="h")


def test_a_raster_without_a_place_is_told(tmp_path):
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "height": 6, "width": 8}
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(tmp_path / "h.tif", "w", **profile) as raster:
        raster.write(np.zeros((1, 6, 8), np.float32))
    refused(["does not say where", "gdal_translate"], tmp_path / "h.tif", LOCAL)


def test_elevation_above_sea_level_is_told(tmp_path, grid):
    refused(["above sea level", "subtract"], height_tiff(tmp_path / "h.tif", grid, np.full(grid.shape, 80.0)), grid)
