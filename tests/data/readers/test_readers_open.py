"""Opening data sets by name, and what all of them share: a lazy sequence, slices, options, missing files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from openckm.data.readers import DATASETS, dataset_names, open_dataset
from openckm.data.readers.seer import SeerKey
from openckm.errors import InputError, OptionError


def test_every_name_leads_to_a_reader(seer, seer3d, ckm, radio3d, bands):
    opened = {
        "ckmimagenet": open_dataset("ckmimagenet", ckm, cell_m=1.0),
        "radiomapseer": open_dataset("radiomapseer", seer),
        "radiomap3dseer": open_dataset("radiomap3dseer", str(seer3d)),
        "urbanradio3d": open_dataset("urbanradio3d", radio3d, kinds=("azimuth",)),
        "bratlab": open_dataset("bratlab", bands, cell_m=5.0),
    }
    assert set(opened) == set(dataset_names()) == set(DATASETS)
    assert {name: len(data) for name, data in opened.items()} == {
        "ckmimagenet": 3, "radiomapseer": 6, "radiomap3dseer": 1, "urbanradio3d": 1, "bratlab": 5
    }  # fmt: skip
    for name, data in opened.items():
        assert type(data).__name__ == DATASETS[name].reader
        assert isinstance(data, Sequence) and data[0].grid == data[-1].grid


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("radiomapseeer", {}, ("radiomapseeer", "ckmimagenet, radiomapseer")),
        ("radiomapseer", {"scael": 1}, ("unknown options scael", "scale")),
        ("bratlab", {}, ("missing options cell_m",)),
        ("ckmimagenet", {"cell_m": -1.0}, ("cell_m=-1.0",)),
        ("ckmimagenet", {"cell_m": 1.0, "part": "test"}, ("part='test'", "'eval'")),
        ("ckmimagenet", {"cell_m": 1.0, "building_pixel": 0.5}, ("building_pixel=0.5",)),
        ("radiomapseer", {"simulation": "IRT3"}, ("simulation='IRT3'", "'IRT4'")),
        ("radiomapseer", {"threshold": 20}, ("threshold=20", "0.2")),
        ("radiomapseer", {"building_height_m": 0.0}, ("building_height_m=0.0",)),
        ("radiomapseer", {"missing": "ignore"}, ("missing='ignore'", "'skip'")),
        ("radiomap3dseer", {"split": "val"}, ("split='val'", "'validation'")),
        ("urbanradio3d", {}, ("scale=GreyScale", "not documented")),
        ("urbanradio3d", {"kinds": ("azimuth", "pathloss")}, ("exchanged", "kinds=('pathloss',)")),
        ("urbanradio3d", {"kinds": ()}, ("kinds=()",)),
        ("urbanradio3d", {"kinds": ("azi",)}, ("kinds='azi'", "'azimuth'")),
        ("bratlab", {"cell_m": 1.0, "bands_mhz": (1800,)}, ("bands_mhz=1800", "1750")),
        ("bratlab", {"cell_m": 1.0, "transmit_power_dbm": float("nan")}, ("transmit_power_dbm=nan",)),
    ],
)
def test_wrong_names_and_options_are_refused_before_a_file_is_looked_for(name, options, words):
    with pytest.raises(OptionError) as caught:
        open_dataset(name, "/nowhere", **options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["ckmimagenet", "radiomapseer", "radiomap3dseer", "urbanradio3d", "bratlab"])
def test_a_folder_that_is_missing_empty_or_a_file_is_told_apart(tmp_path, name):
    options = {"ckmimagenet": {"cell_m": 1.0}, "bratlab": {"cell_m": 1.0}, "urbanradio3d": {"kinds": ("delay",)}}
    file = tmp_path / "archive.zip"
    file.write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    for path, word in ((tmp_path / "gone", "does not exist"), (file, "not a folder"), (tmp_path / "empty", "empty")):
        with pytest.raises(InputError, match=word) as caught:
            open_dataset(name, path, **options.get(name, {}))
        assert str(path) in str(caught.value)


def test_a_data_set_is_a_sequence_and_slices_share_the_listing(seer):
    data = open_dataset("radiomapseer", seer)
    assert [k.number for k in data.keys] == [1, 1, 2, 2, 3, 3]
    assert all(a < b for a, b in pairwise(data.keys))
    odd = data[1::2]
    assert type(odd) is type(data) and odd.keys == data.keys[1::2] and len(data) == 6
    assert odd[-1].scene == "radiomapseer_3"
    assert len(list(data)) == len(list(iter(data))) == 6
    assert data.where(lambda key: key.number == 2).keys == (SeerKey(2, 0), SeerKey(2, 1))
    with pytest.raises(IndexError):
        data[6]


def test_nothing_is_decoded_before_it_is_asked_for(seer):
    for path in (seer / "gain/DPM").glob("2_*.png"):
        path.write_bytes(b"")
    data = open_dataset("radiomapseer", seer)
    assert len(data) == 6
    assert data[0].scene == "radiomapseer_1"
    with pytest.raises(InputError, match=r"2_0\.png"):
        data[2]


def delete(root: Path, *names: str) -> None:
    for name in names:
        (root / name).unlink()


def test_missing_pictures_stop_the_reader_or_are_listed(seer):
    delete(seer, "png/antennas/1_1.png", "png/buildings_complete/3.png")
    with pytest.raises(InputError) as caught:
        open_dataset("radiomapseer", seer)
    text = str(caught.value)
    assert "2 files are missing" in text and "missing='skip'" in text
    assert str(seer / "png/antennas/1_1.png") in text and "3.png (buildings)" in text
    data = open_dataset("radiomapseer", seer, missing="skip")
    assert data.keys == (SeerKey(1, 0), SeerKey(2, 0), SeerKey(2, 1))
    assert len(data.left_out) == 2 and data[:1].left_out == data.left_out
    delete(seer, "png/buildings_complete/1.png", "png/buildings_complete/2.png")
    with pytest.raises(InputError, match=r"holds no \.png file"):
        open_dataset("radiomapseer", seer, missing="skip")


def test_many_missing_pictures_are_counted_and_a_set_without_any_pair_is_refused(seer):
    for path in (seer / "png/antennas").iterdir():
        path.rename(path.with_name(f"9{path.name}"))
    with pytest.raises(InputError, match=r"6 files are missing.* and 1 more"):
        open_dataset("radiomapseer", seer, missing="skip")
