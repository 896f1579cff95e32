"""Remedies speak the language of the command line where the user came from there."""

from __future__ import annotations

import pytest

from openckm.cli.wording import for_command_line


@pytest.mark.parametrize(
    ("library", "options"),
    [
        ("name it with columns={'rsrp': '<column>'}", "name it with --column rsrp=<column>"),
        ("say columns={'path_loss': <column>} or", "say --column path_loss=<column> or"),
        ("columns={'lon': ..., 'lat': ...} and", "--column lon=<column> --column lat=<column> and"),
        ("choose one with columns={'gain': 'power dBm'}", "choose one with --column gain='power dBm'"),
        ("say crs='EPSG:...' (the grid", "say --crs EPSG:... (the grid"),
        ("in metres with crs=...) and", "in metres with --crs EPSG:...) and"),
        ("but crs='EPSG:32617' is projected", "but --crs EPSG:32617 is projected"),
        ("columns= has the unknown key 'a'", "--column has the unknown key 'a'"),
        ("choose one with where=...", "choose one with --where COLUMN=VALUE"),
        ("choose one with where={'n': ...}", "choose one with --where n=VALUE"),
        ("or give grid=... to keep", "or give --centre LON,LAT with --size to keep"),
        ("sigma_db=-1: wanted", "--sigma -1: wanted"),
        ("nothing of the kind; columns are fine", "nothing of the kind; columns are fine"),
    ],
)
def test_keyword_arguments_read_as_options(library, options):
    assert for_command_line(library) == options
