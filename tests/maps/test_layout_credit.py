"""Is OpenStreetMap's credit found in the layouts that people export, and does it reach pictures and files?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from openckm.atlas import MapStore
from openckm.edge.construction import construct
from openckm.maps import Grid, Observations, RadioMap, render_png
from openckm.maps.buildings.credit import OSM, credit_of, said_credit
from openckm.maps.buildings.kept import decode_layout, encode_layout
from openckm.maps.geotiff import read_geotiff, write_geotiff
from openckm.maps.layouts import read_layout
from openckm.maps.png import draw_credit
from openckm.maps.site import Layout
from openckm.maps.site_plan import SitePlan
from openckm.service.page.demos import demo_of

GRID = Grid((12, 16), 5.0, (0.0, 60.0))
RING = [[5, 5], [30, 5], [30, 30], [5, 30], [5, 5]]


def written(path, properties=None, **document):
    feature = {
        "type": "Feature",
        "properties": properties or {},
        "geometry": {"type": "Polygon", "coordinates": [RING]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], "crs": None} | document))
    return path


@pytest.mark.parametrize(
    ("properties", "document", "wanted"),
    [
        ({"@id": "way/27458925", "building": "yes"}, {}, OSM),  # overpass turbo
        ({"osm_id": "27458925", "building": "yes"}, {}, OSM),  # Geofabrik's shapes, QuickOSM
        ({"type": "way", "id": 27458925, "tags": {"building": "yes"}}, {}, OSM),  # osmtogeojson
        ({"element": "way", "id": 27458925, "building": "yes"}, {}, OSM),  # OSMnx
        ({"sources": [{"dataset": "OpenStreetMap", "record_id": "w27458925@3"}]}, {}, OSM),  # Overture
        ({}, {"copyright": "The data included in this document is from www.openstreetmap.org. It is ODbL."}, OSM),
        ({}, {"attribution": f"{OSM}, cut by us"}, f"{OSM}, cut by us"),
        ({}, {"attribution": "City of Espoo", "license": "CC BY 4.0"}, "City of Espoo; CC BY 4.0"),
        ({"id": 7, "type": "house", "height": 9}, {}, ""),
        ({"sources": [{"dataset": "Microsoft ML Buildings"}]}, {"attribution": 7}, ""),
    ],
)  # fmt: skip
def test_the_credit_of_a_layout_is_that_of_its_file_or_of_its_marks(tmp_path, properties, document, wanted):
    assert read_layout(written(tmp_path / "a.geojson", properties, **document), GRID).licence == wanted


def test_a_long_credit_and_one_of_lines_is_one_short_line():
    said = said_credit({"attribution": "a\n b " * 200})
    assert "\n" not in said and len(said) == 200 and said.endswith("…")
    assert said_credit(["attribution"]) == "" == credit_of([])


def test_the_credit_of_a_raster_is_its_tag(tmp_path):
    height = np.zeros(GRID.shape, np.float32)
    height[2:6, 3:8] = 9.0
    layout = Layout(GRID, height, source="town.osm", licence=OSM)
    path = tmp_path / "layout.tif"
    path.write_bytes(encode_layout(layout))
    assert read_layout(path, GRID).licence == OSM == decode_layout(path.read_bytes(), GRID).licence


@pytest.mark.parametrize("name", ["duke", "city"])
def test_both_demos_say_whose_buildings_they_are(tmp_path, name):
    demo = demo_of(name)
    path = tmp_path / demo.layout[0]
    path.write_bytes(demo.layout[1])
    lon, lat = demo.site["place"] if name == "duke" else (0.0, 0.0)
    grid = Grid.centred(lon, lat, shape=(32, 32), cell_m=4.0) if name == "duke" else Grid((32, 32), 4.0, (-60.0, 60.0))
    assert "OpenStreetMap contributors" in read_layout(path, grid).licence


def drive(path):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1, 79, 40), rng.uniform(1, 59, 40)
    path.write_text("x,y,rsrp\n" + "".join(f"{a:.2f},{b:.2f},{-90 - a / 9:.0f}\n" for a, b in zip(x, y, strict=True)))
    return path


def test_a_map_and_what_is_made_of_it_name_whose_buildings_they_are(tmp_path):
    """Through `construct` into the GeoTIFF, the store of kept maps and the picture."""
    layout = written(tmp_path / "town.geojson", {"@id": "way/1"})
    site = SitePlan(place=(40.0, 30.0), layout=layout, cell_m=5.0, size=16)
    from openckm.edge.reading import ReadingOptions

    made = construct([drive(tmp_path / "d.csv")], site, reading=ReadingOptions(crs="local"), draws=0, check=False)
    write_geotiff(made.radiomap, tmp_path / "m.tif")
    kept = MapStore(tmp_path / "store", create=True)
    kept.add(made.radiomap, "m")
    for facts in (made.radiomap.provenance, read_geotiff(tmp_path / "m.tif").provenance, kept.open("m").provenance):
        assert facts["layout_credit"] == OSM
    figure = Figure()
    draw_credit(figure, made.radiomap)
    assert figure.get_supxlabel() == f"Buildings: {OSM}"


def test_a_picture_shows_the_credit_of_its_layout_and_none_without(radiomap):
    layout = Layout(radiomap.grid, np.zeros(radiomap.grid.shape, np.float32), licence=OSM)
    plain = render_png(radiomap, dpi=40)
    assert render_png(radiomap, observations=Observations(layout=layout), dpi=40) != plain
    silent = RadioMap(radiomap.dataset, radiomap.grid, {**radiomap.provenance, "layout_credit": ""})
    assert render_png(silent, dpi=40) == plain
