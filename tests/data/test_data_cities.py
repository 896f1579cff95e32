"""Reading layouts: PLY meshes, OpenStreetMap tags and files, CityJSON."""

import io
import json
import math
import tarfile

import numpy as np
import pytest
import shapely

from openckm.data.cities import available, load_city, mesh_footprints, osm_footprints, read_ply, tagged_height
from openckm.data.split import split_of
from openckm.errors import LayoutError

BOX = np.array([[x, y, z] for z in (3.0, 13.0) for y in (0.0, 20.0) for x in (0.0, 10.0)])
ROOF = np.array([[4, 5, 7], [4, 7, 6]])
WALL = np.array([[0, 1, 5], [0, 5, 4]])


def ply(vertices, faces, kind="binary_little_endian", number="float", index="int"):
    head = f"ply\nformat {kind} 1.0\nelement vertex {len(vertices)}\n"
    head += "".join(f"property {number} {axis}\n" for axis in "xyz")
    head += f"element face {len(faces)}\nproperty list uchar {index} vertex_indices\nend_header\n"
    table = np.zeros(len(faces), np.dtype([("n", "u1"), ("v", "<i4", 3)]))
    table["n"], table["v"] = 3, faces
    return head.encode() + vertices.astype("<f4" if number == "float" else "<f8").tobytes() + table.tobytes()


def test_ply_is_read_and_other_kinds_are_refused(tmp_path):
    path = tmp_path / "a.ply"
    for number, index in (("float", "int"), ("double", "uint")):
        path.write_bytes(ply(BOX, ROOF, number=number, index=index))
        vertices, faces = read_ply(path)
        assert np.array_equal(vertices, BOX) and np.array_equal(faces, ROOF)
    path.write_bytes(ply(BOX, ROOF)[:-9])
    with pytest.raises(LayoutError, match="ends too early"):
        read_ply(path)
    path.write_bytes(ply(BOX, ROOF, "binary_big_endian"))
    with pytest.raises(LayoutError, match="little-endian"):
        read_ply(path)


def test_meshes_are_read_out_of_an_archive(tmp_path):
    raw = ply(BOX, np.r_[ROOF, WALL], number="double", index="uint")
    with tarfile.open(tmp_path / "openpathnet_la.tar.xz", "w:xz") as archive:
        for name in ("building_0.ply", "ground.ply"):
            member = tarfile.TarInfo(f"openpathnet_la/scene_33.934784_-118.168892/mesh/{name}")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    city = load_city("los_angeles_1", tmp_path)
    assert [(b.polygon.area, b.height_m) for b in city.buildings] == [(pytest.approx(200.0), pytest.approx(10.0))]
    assert "ODbL" in city.licence
    with pytest.raises(LayoutError, match="no building under"):
        load_city("los_angeles_2", tmp_path)


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_a_broken_archive_is_refused(tmp_path, content):
    (tmp_path / "openpathnet_la.tar.xz").write_bytes(content)
    with pytest.raises(LayoutError, match="not a readable archive"):
        load_city("los_angeles_3", tmp_path)


def test_a_mesh_becomes_its_roof_at_its_height_above_its_own_ground():
    ((shape, height),) = mesh_footprints([(BOX, WALL), (BOX, ROOF)])
    assert shape.area == pytest.approx(200.0) and height == pytest.approx(10.0)


def test_a_stepped_roof_becomes_levels():
    tall = BOX.copy()
    tall[:, 0] += 10
    tall[4:, 2] += 30
    levels = mesh_footprints([(BOX, np.r_[WALL, ROOF]), (tall, ROOF)])
    assert sorted(round(h) for _, h in levels) == [10, 40]


@pytest.mark.parametrize(
    "tags, height",
    [
        ({"height": "12.5 m"}, 12.5), ({"height": "7,5"}, 7.5), ({"building:levels": "3"}, 9.6), ({}, 8.0),
        ({"height": "tall", "building:levels": "2"}, 6.4), ({"height": "9999"}, 8.0),
    ],
)  # fmt: skip
def test_heights_come_from_tags(tags, height):
    assert tagged_height(tags) == pytest.approx(height)


def osm_file(path):
    """A house of about 40 m x 20 m, 12 m high, with a courtyard by a multipolygon relation."""
    lat, lon = 60.0, 24.0
    north, east = 1 / 111_412.0, 1 / (111_320.0 * math.cos(math.radians(lat)))
    ring = [(0, 0), (40, 0), (40, 20), (0, 20)]
    yard = [(10, 5), (30, 5), (30, 15), (10, 15)]
    nodes = "".join(
        f'<node id="{k + 1}" lat="{lat + y * north:.9f}" lon="{lon + x * east:.9f}" version="1"/>'
        for k, (x, y) in enumerate(ring + yard)
    )
    ways = '<way id="1" version="1">' + "".join(f'<nd ref="{k}"/>' for k in (1, 2, 3, 4, 1)) + "</way>"
    ways += '<way id="2" version="1">' + "".join(f'<nd ref="{k}"/>' for k in (5, 6, 7, 8, 5)) + "</way>"
    members = '<member type="way" ref="1" role="outer"/><member type="way" ref="2" role="inner"/>'
    tags = '<tag k="type" v="multipolygon"/><tag k="building" v="yes"/><tag k="height" v="12"/>'
    relation = f'<relation id="1" version="1">{members}{tags}</relation>'
    path.write_text(f'<osm version="0.6">{nodes}{ways}{relation}</osm>')


def test_openstreetmap_multipolygons_keep_their_courtyards(tmp_path):
    osm_file(tmp_path / "a.osm")
    ((shape, height),) = osm_footprints(tmp_path / "a.osm")
    assert height == 12.0
    assert shape.area == pytest.approx(800 - 200, rel=0.01)


def test_extracts_right_in_the_folder_are_cities_of_the_training_set(tmp_path):
    osm_file(tmp_path / "Oulu.osm")
    assert "own-oulu" in available(tmp_path) and split_of("own-oulu") == "train"
    city = load_city("own-oulu", tmp_path)
    assert [b.height_m for b in city.buildings] == [12.0] and "Oulu.osm" in city.source


def test_a_file_without_buildings_or_no_osm_at_all_is_refused(tmp_path):
    (tmp_path / "a.osm").write_text('<osm version="0.6"></osm>')
    with pytest.raises(LayoutError, match="no building"):
        osm_footprints(tmp_path / "a.osm")
    (tmp_path / "b.osm").write_text("<osm version='0.6'><node")
    with pytest.raises(LayoutError, match="cannot be read as OpenStreetMap"):
        osm_footprints(tmp_path / "b.osm")


def test_cityjson_is_read(tmp_path):
    rings = [[[0, 1, 3, 2]], [[4, 5, 7, 6]], [[0, 1, 5, 4]]]
    thing = {"type": "Building", "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": rings}]}
    scale = {"scale": [0.5, 0.5, 0.5], "translate": [1000.0, 2000.0, 0.0]}
    model = {"type": "CityJSON", "transform": scale, "vertices": (BOX / 0.5).astype(int).tolist()}
    folder = tmp_path / "cityjson"
    folder.mkdir()
    (folder / "DH_01_subs.city.json").write_text(json.dumps({**model, "CityObjects": {"a": thing}}))
    city = load_city("den_haag", tmp_path)
    assert shapely.union_all([b.polygon for b in city.buildings]).area == pytest.approx(200.0)
    assert {b.height_m for b in city.buildings} == {10.0}
    assert "den_haag" in available(tmp_path) and "duke" not in available(tmp_path)


def test_unknown_and_missing_layouts_are_named(tmp_path):
    with pytest.raises(LayoutError, match="unknown"):
        load_city("atlantis", tmp_path)
    with pytest.raises(LayoutError, match="no such layout file"):
        load_city("duke", tmp_path)
    (tmp_path / "cityjson").mkdir()
    (tmp_path / "cityjson" / "zurich_subset_lod2.json").write_text("{}")
    with pytest.raises(LayoutError, match="CityJSON"):
        load_city("zurich", tmp_path)
