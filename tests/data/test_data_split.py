"""The split by city is fixed: it does not change unnoticed, and no city is in two sets."""

import pytest

from openckm.data import split
from openckm.data.cities import FILES, SIONNA_SCENES
from openckm.errors import OptionError


def test_the_split_is_the_one_that_was_fixed():
    assert split.split_digest() == split.SPLIT_SHA256


def test_a_changed_split_changes_the_digest(monkeypatch):
    monkeypatch.setattr(split, "TEST_CITIES", ("rotterdam", "munich"))
    assert split.split_digest() != split.SPLIT_SHA256


def test_every_city_is_in_exactly_one_set():
    sets = (split.TEST_CITIES, split.VALIDATION_CITIES, split.TRAIN_CITIES)
    assert sorted(c for s in sets for c in s) == sorted({*SIONNA_SCENES, *FILES})
    assert split.split_of("san_francisco") == split.split_of("rotterdam") == "test"
    assert split.split_of("florence") == "validation"
    assert split.split_of("munich") == "train"


def test_procedural_cities_are_split_by_seed():
    for name in ("train", "validation", "test"):
        first, beyond = split.seed_range(name)
        assert {split.split_of("procedural-grid", s) for s in (first, beyond - 1)} == {name}


@pytest.mark.parametrize("city, seed", [("atlantis", None), ("procedural-grid", None), ("procedural", -1)])
def test_what_is_in_no_set_is_refused(city, seed):
    with pytest.raises(OptionError, match="in no set"):
        split.split_of(city, seed)


def test_ten_real_cities_are_for_tests_and_three_for_validation():
    assert len(split.TEST_CITIES) >= 10 and len(split.VALIDATION_CITIES) >= 3
    assert {"san_francisco", "rotterdam"} == set(split.FIRST_TEST_CITIES) < set(split.TEST_CITIES)
    assert not {*split.HELD_OUT, *split.NEIGHBOURS} & set(split.TRAIN_CITIES)


@pytest.mark.parametrize("name", ["own-heidelberg", "own-chisinau", "own-san_francisco"])
def test_a_users_own_extract_does_not_bring_a_held_out_city_into_training(name):
    with pytest.raises(OptionError, match="held out"):
        split.split_of(name)


def test_a_held_out_city_is_known_under_every_name_that_shards_give_it():
    assert all(split.is_held_out(n) for n in ("florence", "sionna_florence", "own-florence", "new_york"))
    assert not any(split.is_held_out(n) for n in ("munich", "osm_duke", "procedural-grid", "florenceville"))
    assert not split.is_held_out("florence", split.TEST_CITIES)
