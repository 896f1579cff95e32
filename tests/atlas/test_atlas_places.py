"""Points, lines and polygons in WKT, GeoJSON and CSV; what cannot be a place is refused with its reason."""

import json

import numpy as np
import pytest

from openckm.atlas.places import Route, as_geojson, geometry, read_geometry, read_points
from openckm.errors import InputError, OptionError
from openckm.maps import Grid

GRID = Grid((100, 100), 2.0, (690_000.0, 3_986_000.0), "EPSG:32617")
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("POINT(24.9", "point", "neither WKT nor GeoJSON"),
        ("hello", "line", "neither WKT nor GeoJSON"),
        ("{]", "line", "cannot be read as GeoJSON"),
        ('{"type": "Feature"}', "line", "cannot be read as GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "line", "holds 0 features"),
        ("POINT(24.9 60)", "line", "is a Point: wanted a LineString"),
        ("LINESTRING(24.9 60, 24.9 60)", "line", "a line of one point"),
        ("LINESTRING EMPTY", "line", "empty"),
        ("POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))", "polygon", "Self-intersection"),
        ("POLYGON EMPTY", "polygon", "empty"),
        ("LINESTRING(24.9 60)", "line", "WKT"),
    ],
)
def test_geometries_that_cannot_be(text, kind, words):
    with pytest.raises(InputError, match=words):
        geometry(text, kind)


def test_features_and_collections_of_one_are_read():
    for wrapped in (
        SQUARE,
        {"type": "Feature", "properties": {}, "geometry": SQUARE},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": SQUARE}]},
    ):
        assert geometry(json.dumps(wrapped), "polygon").area == 1.0


def test_a_route_has_samples_of_equal_spacing_and_its_end():
    x0, y0 = 690_010.0, 3_985_900.0
    line = geometry(f"LINESTRING({x0} {y0}, {x0 + 30} {y0}, {x0 + 30} {y0 + 41})", "line")
    route = Route.of(line, GRID, spacing_m=10.0, crs=None)
    np.testing.assert_allclose(route.distance_m, [0, 10, 20, 30, 40, 50, 60, 70, 71])
    np.testing.assert_allclose(route.x - x0, [0, 10, 20, 30, 30, 30, 30, 30, 30])
    np.testing.assert_allclose(route.y - y0, [0, 0, 0, 0, 10, 20, 30, 40, 41])
    np.testing.assert_allclose(Route.of(line, GRID, crs=None).distance_m, [0, 30, 71])
    for spacing, words in ((0.0, "positive"), (float("nan"), "positive"), (1e-6, "more than 2,000,000")):
        with pytest.raises(OptionError, match=words):
            Route.of(line, GRID, spacing_m=spacing, crs=None)


def test_a_route_in_degrees_lies_where_the_plane_says():
    lon, lat = GRID.to_lonlat(np.array([690_010.0, 690_110.0]), np.array([3_985_900.0, 3_985_900.0]))
    line = geometry(f"LINESTRING({lon[0]} {lat[0]}, {lon[1]} {lat[1]})", "line")
    route = Route.of(line, GRID, spacing_m=25.0)
    np.testing.assert_allclose(route.x, 690_010 + np.array([0, 25, 50, 75, 100]), atol=1e-5)
    back = as_geojson(geometry("LINESTRING(690010 3985900, 690110 3985900)", "line"), GRID)
    np.testing.assert_allclose(np.array(back["coordinates"])[:, 0], lon)


def test_files_of_points_and_lines(tmp_path):
    (tmp_path / "a.csv").write_text("Name,LON,Lat\na,24.9,60.1\nb,24.95,60.2\n")
    lon, lat = read_points(tmp_path / "a.csv")
    assert (lon.tolist(), lat.tolist()) == ([24.9, 24.95], [60.1, 60.2])
    assert read_geometry(tmp_path / "a.csv", "line").length > 0
    (tmp_path / "b.geojson").write_text(json.dumps({"type": "MultiPoint", "coordinates": [[24.9, 60.1], [25, 60]]}))
    assert read_points(tmp_path / "b.geojson")[1].tolist() == [60.1, 60]
    (tmp_path / "c.wkt").write_text("LINESTRING(24.9 60.1, 25 60)")
    assert read_geometry(tmp_path / "c.wkt", "line").length > 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x,y\n1,2\n", "wanted lon and lat"),
        ("lon,lat\n24.9,60\n24.9,n/a\n", "1 of 2 rows.* line 3"),
        ("lon,lat\n24.9,60\n24.9,nan\n", "1 of 2 rows.* line 3"),
        ("lon,lat\n60.1,224.9\n", "within"),
        ("", "cannot be read as CSV"),
    ],
)
def test_files_of_points_that_cannot_be(tmp_path, content, words):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InputError, match=words):
        read_points(tmp_path / "a.csv")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_points(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_geometry(tmp_path / "none.geojson", "line")
    (tmp_path / "one.csv").write_text("lon,lat\n24,60\n")
    with pytest.raises(InputError, match="wants at least two"):
        read_geometry(tmp_path / "one.csv", "line")
