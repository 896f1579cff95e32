"""Further layouts as offices and mappers publish them: cells and heights are right, or the report says what is odd."""

import json

import numpy as np
import pytest
import rasterio
from test_maps_layouts_odd import GRID, LOCAL, around, box, local, tiff, told, town

from openckm.errors import LayoutError
from openckm.maps import read_layout

YES = (box(0, 0, 5, 5), {"building": "yes", "height": "10"})
NOISE = np.random.default_rng(0)


def raster(tmp_path, values, nodata=None, **tags):
    path = tiff(tmp_path / "a.tif", np.asarray(values), nodata=nodata)
    with rasterio.open(path, "r+") as file:
        for name, value in tags.items():
            setattr(file, name, (value,))
    return read_layout(path, GRID)


EAST = np.arange(64) > 47


@pytest.mark.parametrize(
    ("values", "tags", "cells", "highest", "unknown", "words"),
    [
        (town() + NOISE.normal(0, 0.2, GRID.shape).astype("f4"), {}, 200, 20.4, 0, "lower than 2 m"),
        (np.where(EAST, 999, town()), {}, 200, 20, 1024, "999"),
        (np.where(EAST, -1, town()), {}, 200, 20, 1024, "the value -1"),
        (np.where(EAST, 127, town()).astype("i1"), {}, 200, 20, 1024, "the value 127"),
        (np.where(town() > 0, 1, 0).astype("u1"), {"nodata": 0}, 200, 10, 0, "mask"),
        (np.where(town() > 0, 100, 0).astype("u1"), {}, 200, 10, 0, "mask"),
        (np.where(town() > 0, 0, 255).astype("u1"), {}, 3896, 10, 0, "WARNING: buildings cover 95%"),
        (np.where(town() > 0, town() / 5, 0).astype("u1"), {}, 200, 4, 0, "classes of land use"),
        ((town() * 10).astype("u2"), {"scales": 0.1}, 200, 20, 0, "scale 0.1"),
        ((town() / 0.3048).astype("f4"), {"units": "ft"}, 200, 20, 0, "feet"),
        (np.zeros(GRID.shape, "f4"), {}, 0, 0, 0, "no building on this map"),
    ],
)  # fmt: skip
def test_rasters_are_read_right_and_say_what_is_odd(tmp_path, values, tags, cells, highest, unknown, words):
    layout = raster(tmp_path, values, **tags)
    assert layout.building.sum() == cells and layout.height_m.max() == pytest.approx(highest, abs=0.1)
    assert (0 if layout.unknown is None else layout.unknown.sum()) == unknown
    assert words in told(layout)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (town() + NOISE.normal(-1, 0.8, GRID.shape).astype("f4"), "below 0 m"),
        (np.where(np.arange(64) > 40, 0, town() + 30), "above sea level"),
        (town() + NOISE.uniform(5, 9, GRID.shape).astype("f4"), "above sea level"),
        ((town() * 100).astype("u2"), "2000"), ((town() * 10).astype("u2"), "200"),
    ],
)  # fmt: skip
def test_rasters_of_something_else_are_refused_with_numbers(tmp_path, values, words):
    with pytest.raises(LayoutError, match=words):
        raster(tmp_path, values)


def test_pictures_are_no_heights_and_several_bands_are_named(tmp_path):
    profile = {"driver": "GTiff", "height": 64, "width": 64, "crs": GRID.crs, "transform": GRID.transform}
    with rasterio.open(tmp_path / "rgb.tif", "w", **profile, dtype="uint8", count=3) as file:
        file.write(NOISE.integers(0, 200, (3, 64, 64)).astype("uint8"))
    with pytest.raises(LayoutError, match="picture in colours"):
        read_layout(tmp_path / "rgb.tif", GRID)
    with rasterio.open(tmp_path / "two.tif", "w", **profile, dtype="float32", count=2) as file:
        file.write(np.stack([town(), town() * 0 + 3]))
    assert "band 1 of 2" in told(read_layout(tmp_path / "two.tif", GRID))


@pytest.mark.parametrize(
    ("said", "metres"),
    [
        ("41'6\"", 12.6492), ("41 ft 6 in", 12.6492), ("40 feet", 12.192), ("12 metros", 12), ("h=12", 12), ("~12", 12),
        ("12;15", 15), ("12,5 m", 12.5), ("3 storeys", 9.6), ("12 M", 12), ("ca. 12 m", 12), ("12.0 m (est)", 12),
        ("12-15", 15), ("10 m to 12 m", 12), (12, 12),
    ],
)  # fmt: skip
def test_heights_are_read_in_their_many_forms(tmp_path, said, metres):
    layout = local(tmp_path / "a.geojson", (box(0, 0, 5, 5), {"building": "yes", "height": said}))
    assert layout.height_m.max() == pytest.approx(metres, abs=1e-3) and layout.height_known == 1


@pytest.mark.parametrize(
    ("said", "storeys"),
    [("2-3", 3), ("3;4", 4), ("2+1", 3), ("G+3", 4), ("R+2", 3), ("EG+2", 3), ("3+DG", 4), ("3 floors", 3), ("III", 3),
     ("2,5", 2.5)],
)  # fmt: skip
def test_storeys_are_read_in_their_many_forms(tmp_path, said, storeys):
    layout = local(tmp_path / "a.geojson", (box(0, 0, 5, 5), {"building": "yes", "building:levels": said}))
    assert layout.height_m.max() == pytest.approx(3.2 * storeys) and layout.height_known == 1


@pytest.mark.parametrize("tags", [{"height": "high"}, {"height": "1,200"}, {"building:levels": "1000"}])
def test_heights_that_cannot_be_read_are_counted(tmp_path, tags):
    layout = local(tmp_path / "a.geojson", (box(0, 0, 5, 5), {"building": "yes", **tags}))
    assert layout.height_known == 0 and "1 stated heights could not be read" in told(layout)
    assert next(iter(tags.values())) in told(layout)


def test_heights_beyond_all_towers_are_a_warning(tmp_path):
    layout = local(tmp_path / "a.geojson", (box(0, 0, 5, 5), {"building": "yes", "height": 850}))
    assert "WARNING: 1 buildings are higher than 300 m, up to 850 m" in told(layout)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"fclass": "residential"}, "no buildings"), ({"BUILDING": "no"}, "no buildings"),
        ({"building": "yes", "other_tags": '"location"=>"underground"'}, "underground"),
        ({"building": "yes", "other_tags": '"layer"=>"-1","height"=>"4"'}, "underground"),
        ({"building": "yes", "class": "roof"}, "roofs"), ({"building": "yes", "min_floor": 2}, "begin above"),
        ({"demolished:building": "yes"}, "no buildings"), ({"building": None, "landuse": "grass"}, "no buildings"),
    ],
)  # fmt: skip
def test_what_is_no_obstacle_is_counted_however_it_is_tagged(tmp_path, tags, reason):
    layout = local(tmp_path / "a.geojson", YES, (box(10, 10, 30, 30), tags))
    assert layout.building.sum() == 25 and reason in told(layout)


def test_polygons_of_land_use_by_their_class_are_refused(tmp_path):
    areas = [(box(0, 0, 30, 30), {"fclass": "residential"}), (box(0, 0, 30, 30), {"fclass": "forest"})]
    with pytest.raises(LayoutError, match="1 that are residential, not buildings"):
        local(tmp_path / "a.geojson", *areas)


def test_large_polygons_without_heights_are_a_warning(tmp_path):
    path = tmp_path / "a.geojson"
    features = [{"type": "Feature", "properties": {"CODE_18": "112"},
                 "geometry": {"type": "Polygon", "coordinates": [around(-90, -90, 90, 30)]}}]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert "large on average; are they buildings?" in told(read_layout(path, GRID))


def test_tags_that_gdal_packed_say_the_height(tmp_path):
    tags = {"building": "yes", "other_tags": '"building:levels"=>"9","height"=>"33"'}
    assert local(tmp_path / "a.geojson", (box(0, 0, 5, 5), tags)).height_m.max() == 33


def test_a_part_that_begins_above_the_ground_counts_only_over_a_building(tmp_path):
    house, bridge = {"building": "yes", "height": 8}, {"building:part": "yes", "height": 20, "min_height": 10}
    layout = local(tmp_path / "a.geojson", (box(0, 0, 10, 10), house), (box(2, 2, 20, 6), bridge))
    assert layout.building.sum() == 100 and (layout.height_m == 20).sum() == 32


def test_lines_are_counted_and_collections_are_outlines(tmp_path):
    yes = {"building": "yes"}
    collection = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [box(20, 0, 25, 5)]}]}
    shapes = [{"type": "LineString", "coordinates": box(0, 0, 5, 5)}, None, collection,
              {"type": "Polygon", "coordinates": [box(10, 0, 15, 5)]}]  # fmt: skip
    features = [{"type": "Feature", "properties": yes, "geometry": shape} for shape in shapes]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features, "crs": None}))
    layout = read_layout(tmp_path / "a.geojson", LOCAL)
    assert layout.building.sum() == 50 and "2 that are points, lines or nothing" in told(layout)


def test_the_layer_of_buildings_is_taken_and_named(tmp_path):
    pyogrio, shapely = pytest.importorskip("pyogrio"), pytest.importorskip("shapely")
    path = tmp_path / "a.gpkg"
    for layer, ring, name, value in (
        ("a_landuse", around(-100, -100, 100, 100), "landuse", np.array(["forest"], dtype=object)),
        ("buildings", around(-20, -20, 0, 0), "height", np.array([12.0])),
    ):
        shape = shapely.to_wkb(np.array([shapely.Polygon(ring)]))
        pyogrio.raw.write(path, shape, [value], [name], geometry_type="Polygon", crs="EPSG:4326", layer=layer,
                          append=path.exists())  # fmt: skip
    layout = read_layout(path, GRID)
    assert (layout.building.sum(), layout.height_m.max()) == (25, 12) and "layer 'buildings'; a_landuse" in told(layout)


def test_names_that_a_shapefile_cut_say_the_storeys(tmp_path):
    pyogrio, shapely = pytest.importorskip("pyogrio"), pytest.importorskip("shapely")
    shape = shapely.to_wkb(np.array([shapely.Polygon(around(-20, -20, 0, 0))]))
    fields = [np.array(["5"], dtype=object), np.array(["yes"], dtype=object)]
    pyogrio.raw.write(tmp_path / "a.shp", shape, fields, ["building_l", "building"], geometry_type="Polygon",
                      crs="EPSG:4326")  # fmt: skip
    assert read_layout(tmp_path / "a.shp", GRID).height_m.max() == 16


def test_one_swapped_outline_among_others_is_counted(tmp_path):
    rings = [around(-20, -20, 0, 0), [[b, a] for a, b in around(10, 10, 30, 30)]]
    features = [{"type": "Feature", "properties": {"building": "yes", "height": 9},
                 "geometry": {"type": "Polygon", "coordinates": [ring]}} for ring in rings]  # fmt: skip
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    layout = read_layout(tmp_path / "a.geojson", GRID)
    assert layout.building.sum() == 25 and "WARNING: 1 outlines lie on the map only once" in told(layout)
