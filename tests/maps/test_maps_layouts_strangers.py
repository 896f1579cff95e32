# ruff: noqa: E501
"""Layouts by strangers: heights under other names and in other units, bands, no-data, and forms of CityJSON and Esri."""

import json

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import Affine
from test_maps_layouts_odd import GRID, around, told, town

from openckm.errors import LayoutError
from openckm.maps import read_layout

HOUSES = ((-20, -20, 0, 0), (20, 20, 40, 32))
HEIGHTS = (12.0, 20.0)


def houses(tmp_path, *tags):
    features = [{"type": "Feature", "properties": t, "geometry": {"type": "Polygon", "coordinates": [around(*box)]}}
                for box, t in zip(HOUSES, tags, strict=True)]  # fmt: skip
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return read_layout(tmp_path / "a.geojson", GRID)


@pytest.mark.parametrize(
    ("name", "unit_m"),
    [("bldg_heigh", 1), ("BLDG_HT", 1), ("building_height", 1), ("h", 1), ("GEBHOEHE", 1), ("heightroof", 1),
     ("max_height", 1), ("render_height", 1), ("RelHMax", 1), ("Hoogte", 1), ("roof_height", 1), ("AVGHT_M", 1),
     ("height_ft", 0.3048), ("HGT_FT", 0.3048), ("height_cm", 0.01), ("Height (dm)", 0.1)],
)  # fmt: skip
def test_heights_under_other_names_are_taken_and_named(tmp_path, name, unit_m):
    layout = houses(tmp_path, *({name: round(h / unit_m, 2)} for h in HEIGHTS))
    assert layout.height_m.max() == pytest.approx(20, abs=0.01) and layout.height_known == 1
    assert f"from the property {name!r}" in told(layout)


@pytest.mark.parametrize("name", ["stories", "NUMFLOORS", "pisos", "etagen", "anzGeschosse"])
def test_storeys_under_other_names_are_taken_and_named(tmp_path, name):
    layout = houses(tmp_path, {name: 4}, {name: 6})
    assert layout.height_m.max() == pytest.approx(19.2) and f"from the property {name!r}" in told(layout)


@pytest.mark.parametrize(
    ("roof", "ground"), [("roof_z", "ground_z"), ("b3_h_dak_max", "b3_h_maaiveld"), ("z_max", "z_min"),
                         ("ROOF_ELEV", "BASE_ELEV")],
)  # fmt: skip
def test_the_elevation_of_a_roof_is_less_that_of_the_ground(tmp_path, roof, ground):
    layout = houses(tmp_path, *({roof: 510 + h, ground: 510.0} for h in HEIGHTS))
    assert layout.height_m.max() == 20 and f"{roof!r} less {ground!r}" in told(layout)


def test_elevations_alone_are_no_heights_and_are_named(tmp_path):
    layout = houses(tmp_path, *({"ROOF_Z": 510 + h} for h in HEIGHTS))
    assert layout.height_known == 0 and "'ROOF_Z' look like elevations" in told(layout)


@pytest.mark.parametrize("factor", [10.0, 1 / 0.3048])
def test_towns_of_towers_are_a_warning(tmp_path, factor):
    assert "WARNING: every other building is higher" in told(
        houses(tmp_path, *({"height": h * factor} for h in HEIGHTS))
    )


@pytest.mark.parametrize("tags", [{"height": 9, "natural": "tree"}, {"height": 9, "status": "demolished"},
                                  {"height": 9, "landuse": "forest"}])  # fmt: skip
def test_trees_and_what_is_gone_are_no_buildings_though_they_state_a_height(tmp_path, tags):
    layout = houses(tmp_path, {"height": 12}, tags)
    assert layout.building.sum() == 25 and "left out: 1" in told(layout)


def tiff(path, values, transform=GRID.transform, nodata=None, **tags):
    values = np.asarray(values)
    bands = values[None] if values.ndim == 2 else values
    profile = {"driver": "GTiff", "height": bands.shape[1], "width": bands.shape[2], "count": len(bands)}
    with rasterio.open(
        path, "w", **profile, dtype=bands.dtype, crs=GRID.crs, transform=transform, nodata=nodata
    ) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(bands)
    return read_layout(path, GRID)


TOWN = town()
EAST = np.arange(64) > 47


@pytest.mark.parametrize(("unit", "factor"), [("cm", 100), ("dm", 10), ("mm", 1000), ("ft", 1 / 0.3048)])
def test_the_unit_of_a_band_is_applied(tmp_path, unit, factor):
    layout = tiff(tmp_path / "a.tif", (TOWN * factor).astype("f4"), units=(unit,))
    assert layout.building.sum() == 200 and layout.height_m.max() == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize("names", [("terrain", "building height"), ("mask", "height"), ("DTM", "nDSM")])
def test_the_band_whose_name_says_heights_is_taken(tmp_path, names):
    layout = tiff(tmp_path / "a.tif", np.stack([np.full((64, 64), 5, "f4"), TOWN]), descriptions=names)
    assert layout.height_m.max() == 20 and f"band 2 of 2 ({names[1]})" in told(layout)


def test_no_data_beside_free_cells_is_unknown_and_without_them_free(tmp_path):
    part = tiff(tmp_path / "a.tif", np.where(EAST, -9999, TOWN).astype("f4"), nodata=-9999)
    assert part.unknown[:, EAST].all() and part.unknown.sum() == 1024 and "25% of the map" in told(part)
    houses_alone = tiff(tmp_path / "b.tif", np.where(TOWN > 0, TOWN, np.nan).astype("f4"))
    assert houses_alone.unknown is None and houses_alone.building.sum() == 200


def test_what_is_transparent_is_unknown(tmp_path):
    alpha = np.where(EAST[None], 0, 255).repeat(64, 0).astype("u1")
    layout = tiff(
        tmp_path / "a.tif", np.stack([TOWN.astype("u1"), alpha]), colorinterp=(ColorInterp.gray, ColorInterp.alpha)
    )
    assert layout.unknown.sum() == 1024


@pytest.mark.filterwarnings("ignore:Use `@` matmul")  # of rasterio, about itself
def test_rasters_turned_and_upside_down_lie_where_they_belong(tmp_path):
    upside = tiff(tmp_path / "a.tif", TOWN[::-1], Affine(4, 0, GRID.bounds[0], 0, 4, GRID.bounds[1]))
    np.testing.assert_array_equal(upside.height_m, TOWN)
    west, north = GRID.bounds[0], GRID.bounds[3]
    turned = Affine.translation(west + 128, north - 128) @ Affine.rotation(20)
    turned = turned @ Affine.translation(-200, 200) @ Affine.scale(2, -2)
    col, row = np.meshgrid(np.arange(200) + 0.5, np.arange(200) + 0.5)
    x = turned.a * col + turned.b * row + turned.c
    y = turned.d * col + turned.e * row + turned.f
    r, c = np.floor((north - y) / 4).astype(int), np.floor((x - west) / 4).astype(int)
    inside = (r >= 0) & (r < 64) & (c >= 0) & (c < 64)
    values = np.where(inside, TOWN[np.clip(r, 0, 63), np.clip(c, 0, 63)], 0).astype("f4")
    found = tiff(tmp_path / "b.tif", values, turned)
    assert (found.building == (TOWN > 0)).mean() > 0.99 and found.building.sum() == pytest.approx(200, abs=12)


def test_coarse_rasters_trees_and_storeys_are_a_warning(tmp_path):
    coarse = tiff(
        tmp_path / "a.tif", TOWN.reshape(8, 8, 8, 8).max((1, 3)), Affine(32, 0, GRID.bounds[0], 0, -32, GRID.bounds[3])
    )
    assert "cells are 32 m wide" in told(coarse)
    trees = np.where((np.random.default_rng(0).random(TOWN.shape) < 0.03) & (TOWN == 0), 11, TOWN)
    assert "have no neighbour" in told(tiff(tmp_path / "b.tif", trees.astype("f4")))
    assert "storeys" in told(tiff(tmp_path / "c.tif", np.round(TOWN / 3).astype("u1")))
    noise = TOWN + np.random.default_rng(0).integers(-1, 2, TOWN.shape)
    assert tiff(tmp_path / "d.tif", noise.astype("i2")).unknown is None


def test_decimetres_without_a_unit_are_refused_with_the_remedy(tmp_path):
    with pytest.raises(LayoutError, match="decimetres or centimetres"):
        tiff(tmp_path / "a.tif", (TOWN * 10).astype("i2"))


def test_cityjson_by_lines_and_esri_json(tmp_path):
    corners = np.array(around(-20, -20, 0, 0))
    x, y = GRID.from_lonlat(corners[:, 0], corners[:, 1])
    head = {"type": "CityJSON", "version": "2.0", "transform": {"scale": [0.001] * 3, "translate": [x[0], y[0], 510.0]},
            "metadata": {"referenceSystem": f"https://www.opengis.net/def/crs/EPSG/0/{GRID.crs[5:]}"}, "CityObjects": {},
            "vertices": []}  # fmt: skip
    house = {"type": "Building", "attributes": {"measuredHeight": 12},
             "geometry": [{"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 2, 3]]]}]}  # fmt: skip
    vertices = [[round((a - x[0]) * 1000), round((b - y[0]) * 1000), 0] for a, b in zip(x[:4], y[:4], strict=True)]
    feature = {"type": "CityJSONFeature", "id": "b", "CityObjects": {"b": house}, "vertices": vertices}
    (tmp_path / "a.city.jsonl").write_text(json.dumps(head) + "\n" + json.dumps(feature))
    esri = {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326},
            "features": [{"attributes": {"height": 12}, "geometry": {"rings": [corners.tolist()]}}]}  # fmt: skip
    (tmp_path / "esri.json").write_text(json.dumps(esri))
    pytest.importorskip("pyogrio")
    for name in ("a.city.jsonl", "esri.json"):
        layout = read_layout(tmp_path / name, GRID)
        assert (layout.building.sum(), layout.height_m.max()) == (25, 12)
