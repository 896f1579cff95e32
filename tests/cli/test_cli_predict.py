"""`ckm predict`: its files and its record, and every way in which a site can be impossible."""

import json

import numpy as np
import pytest
import rasterio
import torch
from drive_files import BS, BS_TEXT, BUILDING, SIDE, lonlat, square, write_layout

from openckm.cli.predict import place_and_height
from openckm.errors import OptionError
from openckm.predict.networks import build_network
from openckm.predict.pretrained import save_network
from openckm.predict.spread import Spread
from worlds import CARD

TX = f"{BS_TEXT},20"


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    torch.manual_seed(0)
    described = {k: v for k, v in CARD.items() if k != "name"}
    spread = Spread((10.0, 100.0), (3.0, 3.0), (7.0, 7.0), 2, ("florence",))
    folder = tmp_path_factory.mktemp("net") / "net"
    one_pass = build_network("unet-small").train(False)
    one_pass.network.head.reset_parameters()  # not the untrained network's, which would answer free space
    save_network(folder, one_pass, "unet-small", spread, **described)
    return folder


def read(path):
    with rasterio.open(path) as file:
        return file.read(), file.crs.to_epsg(), file.descriptions


def test_a_georeferenced_map_from_layout_and_transmitter(ckm, tmp_path, tiny_prior):
    layout, output = write_layout(tmp_path / "city.geojson"), tmp_path / "map.tif"
    quick = ("--size", SIDE, "--cell", 4, "--prior", tiny_prior, "--by", "prior")
    done = ckm("predict", "--layout", layout, "--tx", TX, *quick, "-o", output, "--png", tmp_path / "map.png",
               "--outage-threshold", -120)  # fmt: skip
    assert (done.status, done.err) == (0, "")
    assert "city.geojson: buildings cover" in done.out
    assert "tiny 0.0.1, 1 network evaluations" in done.out
    bands, epsg, _ = read(output)
    assert bands.shape == (6, SIDE, SIDE)
    assert epsg == 32632
    assert (tmp_path / "map.png").stat().st_size > 1000
    assert np.isnan(bands[0]).sum() < 0.1 * SIDE**2


def test_the_summary_says_how_many_rays_the_default_prior_saw(ckm, tmp_path):
    layout = write_layout(tmp_path / "city.geojson")
    done = ckm("predict", "--layout", layout, "--tx", TX, "--size", SIDE, "--cell", 4, "--by", "prior",
               "-o", tmp_path / "map.tif")  # fmt: skip
    assert done.status == 0 and "rays     used: 8192 azimuths, all elevations, up to 5 walls" in done.out


def test_the_weights_of_a_one_pass_network(ckm, tmp_path, tiny_prior, network):
    layout = write_layout(tmp_path / "city.geojson")
    cars = write_layout(tmp_path / "cars.geojson", 20.0, -24.0)
    quick = ("--layout", layout, "--tx", TX, "--size", SIDE, "--cell", 4, "--prior", tiny_prior, "--weights", network)
    assert ckm("predict", *quick, "-o", tmp_path / "a.tif").status == 0
    assert (
        ckm("predict", *quick, "-o", tmp_path / "b.tif", "--vehicles", cars, "--zarr", tmp_path / "b.zarr").status == 0
    )
    plain, busy = read(tmp_path / "a.tif")[0][0], read(tmp_path / "b.tif")[0][0]
    assert np.nanmax(np.abs(plain - busy)) > 1e-4
    lon, lat = (float(v[0]) for v in lonlat([30.0], [0.0]))
    assert ckm("predict", *quick, "-o", tmp_path / "c.tif", "--centre", f"{lon},{lat}").status == 0
    assert not np.array_equal(plain, read(tmp_path / "c.tif")[0][0])


def at(dx, dy):
    lon, lat = (float(v[0]) for v in lonlat([dx], [dy]))
    return f"{lon:.7f},{lat:.7f}"


BAD = {
    "in a building": (["--tx", f"{at(*BUILDING)},5"], ["inside a building 12 m high", "above the roof"]),
    "outside": (["--centre", at(900.0, 0.0)], ["misses the", "city.geojson"]),
    "outside but covered": (["--centre", at(-100.0, 0.0)], ["outside the map"]),
    "layout elsewhere": (["--tx", f"{BS[0] + 1},{BS[1]},20"], ["city.geojson"]),
    "no height": (["--tx", BS_TEXT], ["wanted LON,LAT,HEIGHT"]),
    "swapped": (["--tx", "48.1,-111.5,20"], ["longitude"]),
    "below ground": (["--tx", f"{BS_TEXT},-3"], ["--tx HEIGHT -3"]),
    "carrier": (["--carrier", 3500], ["--carrier 3500", "GHz"]),
    "vehicles for the prior": (["--vehicles", "cars.geojson", "--by", "prior"], ["knows no vehicles"]),
    "no such weights": (["--weights", "nowhere"], ["nowhere", "no model card"]),
    "output": (["-o", "map.csv"], ["ends in .tif"]),
}


@pytest.mark.parametrize("case", BAD)
def test_impossible_sites_end_with_one_line(case, ckm, tmp_path, tiny_prior):
    arguments, words = BAD[case]
    layout = write_layout(tmp_path / "city.geojson")
    given = [
        "--layout",
        layout,
        "--tx",
        TX,
        "--size",
        SIDE,
        "--cell",
        4,
        "--prior",
        tiny_prior,
        "-o",
        tmp_path / "m.tif",
    ]
    done = ckm("predict", *given, *arguments)
    assert done.status == 2
    assert all(word in done.complaint for word in words), done.complaint
    assert sorted(p.name for p in tmp_path.iterdir()) == ["city.geojson"]


LAYOUTS = {
    "empty": ({"type": "FeatureCollection", "features": []}, ["layout.geojson"]),
    "metres without crs": (
        {"type": "Polygon", "coordinates": [[[691e3, 5.3e6], [691e3 + 9, 5.3e6], [691e3, 5.3e6 + 9], [691e3, 5.3e6]]]},
        ["layout.geojson", "crs"],
    ),
    "wrong crs": (
        {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:32617"}}, "features": [
            {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [
                [[691e3, 5.3e6], [691e3 + 9, 5.3e6], [691e3, 5.3e6 + 9], [691e3, 5.3e6]]]}}]},
        ["layout.geojson"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_bad_layouts_end_with_one_line(case, ckm, tmp_path, tiny_prior):
    content, words = LAYOUTS[case]
    if content["type"] == "Polygon":
        content = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {}, "geometry": content}],
        }
    layout = tmp_path / "layout.geojson"
    layout.write_text(json.dumps(content))
    done = ckm(
        "predict", "--layout", layout, "--tx", TX, "--size", SIDE, "--prior", tiny_prior, "-o", tmp_path / "m.tif"
    )
    assert done.status == 2
    assert all(word.lower() in done.complaint.lower() for word in words), done.complaint
    assert not (tmp_path / "m.tif").exists()


def test_places_with_heights():
    assert place_and_height("11.5, 48.1, 25") == ((11.5, 48.1), 25.0)
    for wrong in ("11.5,48.1", "11.5,48.1,x", "1,2,3,4", "", "11.5,48.1,nan"):
        with pytest.raises(OptionError, match="LON,LAT,HEIGHT"):
            place_and_height(wrong)


def test_the_building_of_these_tests_is_where_they_say():
    ring = np.array(square(*BUILDING))
    assert ring[:, 0].max() < BS[0]
