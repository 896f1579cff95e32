"""Sites from a file: what is stated is used, what is not is the default, and what cannot be is refused by line."""

import pytest

from openckm.errors import InputError
from openckm.maps.site_plan import SitePlan
from openckm.maps.sites_csv import read_sites

WHOLE = """name,lon,lat,height,azimuth,downtilt,carrier_ghz,power_dbm,pattern,PCI
east,24.94,60.17,30,90,4,2.6,46,east.msi,101
west,24.93,60.18,,,,,,,102
"""


def test_fields_and_defaults(tmp_path):
    (tmp_path / "sites.csv").write_text(WHOLE)
    east, west = read_sites(tmp_path / "sites.csv", SitePlan(cell_m=2.0, layout="city.osm"))
    assert east == SitePlan(
        place=(24.94, 60.17), height_m=30, azimuth_deg=90, downtilt_deg=4, carrier_hz=2.6e9, power_dbm=46, name="east",
        pattern=tmp_path / "east.msi", cells={"PCI": "101"}, cell_m=2.0, layout="city.osm",
    )  # fmt: skip
    assert west == SitePlan(place=(24.93, 60.18), name="west", cells={"PCI": "102"}, cell_m=2.0, layout="city.osm")


def test_semicolons_a_byte_order_mark_and_an_empty_line(tmp_path):
    (tmp_path / "sites.csv").write_text("\ufeffSite;Longitude;Latitude\na;24.9;60.1\n\n", encoding="utf-8")
    (site,) = read_sites(tmp_path / "sites.csv")
    assert site.place == (24.9, 60.1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no site"),
        ("name,lon,lat\n", "holds no site"),
        ("lon,lat\n24.9,60\n", "lacks the columns name"),
        ("name,lon,lat\na,24.9,60\na,25,60\n", "line 3: two sites are called 'a'"),
        ("name,lon,lat\n,24.9,60\n", "line 2: a site without a name"),
        ("name,lon,lat\na,,60\n", "has no place"),
        ("name,lon,lat\na,60.1,124.9\n", "swapped"),
        ("name,lon,lat\na,24.9\n", "as many fields"),
        ("name,lon,lat\na,24.9,60,7\n", "as many fields"),
        ("name,lon,lat,height\na,24.9,60,tall\n", "height_m 'tall': wanted a number of metres"),
        ("name,lon,lat,carrier_ghz\na,24.9,60,3500\n", "carrier_ghz '3500'"),
        ("name,lon,lat,power\na,24.9,60,nan\n", "power_dbm 'nan'"),
    ],
)
def test_what_cannot_be(tmp_path, content, words):
    (tmp_path / "sites.csv").write_text(content)
    with pytest.raises(InputError, match=words):
        read_sites(tmp_path / "sites.csv")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_sites(tmp_path / "none.csv")


@pytest.mark.parametrize(("lat", "lon"), [(90.5, 24.9), (-91.0, 24.9), (60.0, 181.0)])
def test_a_site_off_the_globe_is_refused(tmp_path, lat, lon):
    path = tmp_path / "sites.csv"
    path.write_text(f"name,lon,lat\nmast,{lon},{lat}\n")
    with pytest.raises(InputError, match=r"mast|row|line"):
        read_sites(path)
