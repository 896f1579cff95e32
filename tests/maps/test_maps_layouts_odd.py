"""Layouts as people have them: what is no building, no height, or missing is said, or refused."""

import json

import numpy as np
import pytest
import rasterio

from openckm.errors import LayoutError
from openckm.maps import Grid, read_layout

GRID = Grid.centred(11.576, 48.137, shape=(64, 64), cell_m=4.0)
LOCAL = Grid((40, 40), 1.0, (0.0, 40.0))


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def around(west, south, east, north):
    """Corners in degrees of a box in metres from the middle of the grid."""
    x, y = (GRID.bounds[0] + GRID.bounds[2]) / 2, (GRID.bounds[1] + GRID.bounds[3]) / 2
    ring = np.array(box(west, south, east, north), dtype=float) + np.array([x, y])
    return np.column_stack(GRID.to_lonlat(ring[:, 0], ring[:, 1])).tolist()


def write(path, *buildings, crs=None):
    features = [
        {"type": "Feature", "properties": tags, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for ring, tags in buildings
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, "crs": crs}))
    return path


def local(path, *buildings):
    return read_layout(write(path, *buildings), LOCAL)


def told(layout):
    return " | ".join(layout.notes)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"building": "yes", "location": "underground"}, "underground"), ({"building": "yes", "layer": "-1"},
        "underground"),
        ({"building": "yes", "building:levels": "0"}, "without a storey"), ({"building": "roof"}, "roofs"),
        ({"building": "carport"}, "roofs"), ({"building": "yes", "min_height": "6"}, "begin above the ground"),
        ({"building": "no"}, "no buildings"), ({"landuse": "residential"}, "no buildings"),
    ],
)  # fmt: skip
def test_what_is_no_obstacle_on_the_ground_is_left_out_and_counted(tmp_path, tags, reason):
    layout = local(tmp_path / "a.geojson", (box(0, 0, 5, 5), {"building": "yes"}), (box(10, 10, 30, 30), tags))
    assert layout.building.sum() == 25
    assert f"1 that are {reason}" in told(layout) or reason in told(layout)


def test_polygons_of_land_use_alone_are_refused(tmp_path):
    path = write(
        tmp_path / "a.geojson",
        (box(0, 0, 30, 30), {"landuse": "residential"}),
        (box(1, 1, 9, 9), {"amenity": "school"}),
    )
    with pytest.raises(LayoutError, match=r"landuse=residential.*amenity=school"):
        read_layout(path, LOCAL)


def test_plain_polygons_are_buildings_but_too_many_are_worth_a_warning(tmp_path):
    assert "WARNING: buildings cover 90%" in told(local(tmp_path / "a.geojson", (box(0, 0, 40, 36), {})))
    assert not local(tmp_path / "b.geojson", (box(0, 0, 40, 20), {})).notes


@pytest.mark.parametrize(
    ("tags", "metres"),
    [
        ({"height": "41'6\""}, 12.6492), ({"height": "~12"}, 12), ({"height": "12;15"}, 15), ({"building:levels":
        "3;4"}, 12.8),
        ({"building:levels": "2-3"}, 9.6), ({"num_floors": 5}, 16), ({"measuredHeight": 7.5}, 7.5), ({"HAUTEUR":
        "9,5"}, 9.5),
        ({"height": -1.0}, 10), ({"height": "1.234,5"}, 10), ({"height": 5000}, 10), ({"height": "5000", "levels": 2},
        6.4),
    ],
)  # fmt: skip
def test_heights_in_all_their_forms(tmp_path, tags, metres):
    layout = local(tmp_path / "a.geojson", (box(0, 0, 5, 5), {"building": "yes"} | tags))
    assert layout.height_m.max() == pytest.approx(metres)
    assert layout.height_known == float(metres != 10)


def test_parts_say_the_height_inside_an_outline(tmp_path):
    layout = local(
        tmp_path / "a.geojson",
        (box(0, 0, 20, 20), {"building": "yes", "height": 40}),
        (box(0, 0, 20, 10), {"building:part": "yes", "height": 12}),
        (box(0, 0, 5, 5), {"building:part": "yes", "height": 40, "min_height": 12}),
        (box(15, 15, 20, 20), {"building:part": "yes"}),
    )
    height = layout.height_m[::-1]  # row 0 in the south
    assert (height[2, 2], height[2, 12], height[15, 2], height[17, 17]) == (40, 12, 40, 40)
    assert "4" not in told(layout) and "3 parts" in told(layout)


def test_broken_outlines_do_not_refuse_a_city(tmp_path):
    bow = [[10, 10], [14, 14], [14, 10], [10, 14], [10, 10]]
    layout = local(
        tmp_path / "a.geojson", (box(0, 0, 5, 5), {}), (bow, {}), ([[1, 1], [2, 2]], {}), (box(0, 0, 5, 5), {})
    )
    assert layout.building[::-1][:5, :5].all()
    assert "1 whose outline is broken" in told(layout) and "1 of 3 outlines cross" in told(layout)


def test_swapped_axes_are_named(tmp_path):
    ring = [[lat, lon] for lon, lat in around(0, 0, 30, 30)]
    path = write(tmp_path / "a.geojson", (ring, {"building": "yes"}), crs={"properties": {"name": "EPSG:4326"}})
    with pytest.raises(LayoutError, match=r"latitude before longitude.*swapped"):
        read_layout(path, GRID)


def test_coordinates_with_heights_are_outlines(tmp_path):
    ring = [[*corner, 512.0] for corner in box(0, 0, 5, 5)]
    assert local(tmp_path / "a.geojson", (ring, {"height": 4})).height_m.max() == 4


def test_one_feature_a_line(tmp_path):
    feature = {"type": "Feature", "properties": {"height": 8.0, "confidence": -1.0}}
    shape = {"type": "Polygon", "coordinates": [around(0, 0, 20, 20)]}
    line = json.dumps(feature | {"geometry": shape})
    for name in ("a.geojsonl", "b.geojson"):
        (tmp_path / name).write_text(line + "\n" + line + "\n")
        assert read_layout(tmp_path / name, GRID).height_m.max() == 8.0


@pytest.mark.parametrize("kind", ["geometry", "nodes"])
def test_raw_overpass(tmp_path, kind):
    def way(number, ring, tags=None):
        here = {"type": "way", "id": number} | ({"tags": tags} if tags else {})
        if kind == "geometry":
            return [here | {"geometry": [{"lon": x, "lat": y} for x, y in ring]}]
        nodes = [{"type": "node", "id": 100 * number + k, "lon": x, "lat": y} for k, (x, y) in enumerate(ring[:-1])]
        return [*nodes, here | {"nodes": [n["id"] for n in nodes] + [nodes[0]["id"]]}]

    outer, inner = around(-40, -40, 40, 40), around(-20, -20, 20, 20)
    members = [{"type": "way", "ref": 2, "role": "outer"}, {"type": "way", "ref": 3, "role": "inner"}]
    if kind == "geometry":
        for member, ring in zip(members, (outer, inner), strict=True):
            member["geometry"] = [{"lon": x, "lat": y} for x, y in ring]
    lost = {
        "type": "relation",
        "id": 8,
        "tags": {"building": "yes"},
        "members": [{"type": "way", "ref": 77, "role": "outer"}],
    }
    court = {"type": "relation", "id": 9, "tags": {"building": "yes", "height": "12"}, "members": members}
    elements = [*way(1, around(60, 60, 80, 80), {"building": "yes"}), *way(2, outer), *way(3, inner), lost, court]
    (tmp_path / "a.json").write_text(json.dumps({"version": 0.6, "elements": elements}))
    layout = read_layout(tmp_path / "a.json", GRID)
    assert layout.building.sum() == 400 - 100 + 25
    assert "1 without all of their members" in told(layout) and "OpenStreetMap" in layout.licence


def osm(path, *things):
    path.write_text(f'<osm version="0.6">{"".join(things)}</osm>')
    return path


def ring_of(number, corners):
    nodes = [
        f'<node id="{number + k}" version="1" lon="{x:.9f}" lat="{y:.9f}"/>' for k, (x, y) in enumerate(corners[:-1])
    ]
    refs = "".join(f'<nd ref="{number + k}"/>' for k in [*range(len(corners) - 1), 0])
    return nodes, f'<way id="{number}" version="1">{refs}{{}}</way>'


HOUSE = '<tag k="building" v="yes"/>'


def test_objects_out_of_order_are_sorted(tmp_path):
    (first, one), (second, two) = ring_of(500, around(0, 0, 20, 20)), ring_of(100, around(40, 40, 60, 60))
    mixed = osm(tmp_path / "a.osm", *first, one.format(HOUSE), *second, two.format(HOUSE))
    assert read_layout(mixed, GRID).building.sum() == 50


def test_relations_that_lack_a_member_are_counted(tmp_path):
    nodes, way = ring_of(100, around(0, 0, 20, 20))
    member = '<member type="way" ref="999" role="outer"/>'
    relation = f'<relation id="5" version="1">{member}<tag k="type" v="multipolygon"/>{HOUSE}</relation>'
    layout = read_layout(osm(tmp_path / "a.osm", *nodes, way.format(HOUSE), relation), GRID)
    assert layout.building.sum() == 25
    assert "1 without all of their members" in told(layout)


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".parquet", ".zip"])
def test_vector_layouts(tmp_path, suffix):
    pyogrio, shapely = pytest.importorskip("pyogrio"), pytest.importorskip("shapely")
    ring = np.array(around(0, 0, 20, 20))
    geometry = shapely.to_wkb([shapely.Polygon(ring)])
    path = tmp_path / f"city{suffix}"
    if suffix == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
        made = pa.table(
            {"height": [9.0], "is_underground": [False], "names": [{"primary": "x"}], "geometry": list(geometry)}
        )
        pq.write_table(made.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    else:
        shape = path.with_suffix(".shp") if suffix == ".zip" else path
        pyogrio.raw.write(shape, geometry, [np.array([9.0])], ["height"], geometry_type="Polygon", crs="EPSG:4326")
        if suffix == ".zip":
            import zipfile

            with zipfile.ZipFile(path, "w") as archive:
                for part in tmp_path.glob("city.*"):
                    if part != path:
                        archive.write(part, part.name)
    layout = read_layout(path, GRID)
    assert (layout.building.sum(), layout.height_m.max()) == (25, 9.0)


def test_cityjson(tmp_path):
    west, south = GRID.bounds[0] + 100, GRID.bounds[1] + 100
    corners = [(0, 0, 0), (20, 0, 0), (20, 20, 0), (0, 20, 0), (0, 0, 15), (20, 0, 15), (20, 20, 15), (0, 20, 15)]
    faces = [[[0, 1, 2, 3]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
    solid = {"type": "Solid", "lod": "1", "boundaries": [faces]}
    city = {
        "type": "CityJSON", "version": "1.1",
        "transform": {"scale": [0.5, 0.5, 0.5], "translate": [west, south, 500.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/32632"},
        "vertices": [[2 * v for v in corner] for corner in corners],
        "CityObjects": {"a": {"type": "Building", "geometry": [solid]}, "t": {"type": "TINRelief", "geometry": []}},
    }  # fmt: skip
    (tmp_path / "a.city.json").write_text(json.dumps(city))
    layout = read_layout(tmp_path / "a.city.json", GRID)
    assert (layout.building.sum(), layout.height_m.max()) == (25, 15.0)


# --- rasters


def tiff(path, values, grid=GRID, nodata=None):
    profile = {
        "driver": "GTiff",
        "dtype": str(values.dtype),
        "count": 1,
        "height": grid.shape[0],
        "width": grid.shape[1],
    }
    with rasterio.open(path, "w", **profile, crs=grid.crs, transform=grid.transform, nodata=nodata) as raster:
        raster.write(values, 1)
    return path


def town(dtype="float32"):
    values = np.zeros(GRID.shape, dtype)
    values[10:20, 10:20], values[30:40, 5:15] = 12, 20
    return values


@pytest.mark.parametrize(
    ("nothing", "dtype"),
    [(9999, "float32"), (-32768, "int16"), (255, "uint8"), (-9999, "float32"), (3.4e38, "float32")],
)
def test_nodata_without_a_tag_is_unknown_not_a_height(tmp_path, nothing, dtype):
    values = town(dtype)
    values[:, 48:] = nothing
    layout = read_layout(tiff(tmp_path / "a.tif", values), GRID)
    assert (layout.building.sum(), layout.height_m.max()) == (200, 20)
    assert layout.unknown.sum() == 64 * 16 and "25% of the map" in told(layout)


@pytest.mark.parametrize("one", [1, 255])
def test_masks_are_buildings_of_unknown_height(tmp_path, one):
    layout = read_layout(tiff(tmp_path / "a.tif", np.where(town() > 0, one, 0).astype("uint8")), GRID)
    assert (layout.building.sum(), layout.height_m.max(), layout.height_known) == (200, 10, 0)
    assert "mask" in told(layout)


@pytest.mark.parametrize("ground", [0.0, 510.0])
def test_surface_models_above_sea_level_are_refused(tmp_path, ground):
    values = np.where(town() > 0, 515 + town(), ground).astype("float32")
    with pytest.raises(LayoutError, match=r"above sea level.*subtract the terrain"):
        read_layout(tiff(tmp_path / "a.tif", values), GRID)


def test_a_raster_of_a_part_of_the_map_leaves_the_rest_unknown(tmp_path):
    half = Grid((64, 32), 4.0, GRID.origin, GRID.crs)
    layout = read_layout(tiff(tmp_path / "a.tif", town()[:, :32], half), GRID)
    assert layout.unknown[:, 32:].all() and not layout.unknown[:, :32].any()
    assert "nothing of 50% of the map" in told(layout)
