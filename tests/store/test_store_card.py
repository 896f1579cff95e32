"""Model cards: strict on the way in, complete on the way out, and every refusal names the file."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path
from typing import Any

import pytest

from openckm.errors import ModelError
from openckm.store import ModelCard
from openckm.store.card import SCHEMA
from worlds import tiny_card


def write(folder: Path, **changed: Any) -> Path:
    path = folder / "card.json"
    raw = {**asdict(tiny_card()), **changed}
    path.write_text(json.dumps({k: v for k, v in raw.items() if v != "LEFT OUT"}))
    return path


def test_round_trip(tmp_path):
    card = tiny_card()
    path = tmp_path / "card.json"
    path.write_text(card.to_json())
    assert ModelCard.read(path) == card
    assert card.to_json().endswith("\n")
    with pytest.raises(FrozenInstanceError):
        card.version = "9.9.9"


def test_schema_may_be_left_out(tmp_path):
    assert ModelCard.read(write(tmp_path, schema="LEFT OUT")).schema == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"colour": "red"}, r"unknown keys \['colour'\].*does not fit this version"),
        ({"licence": "LEFT OUT"}, r"missing keys \['licence'\]"),
        ({"schema": SCHEMA + 1}, "has schema 3, this program reads schemas 1 to 2: update OpenCKM"),
        ({"schema": 2}, "has schema 2 without a lineage, wanted 1"),
        ({"version": "1.0"}, r"version '1\.0' is not of the form 1\.2\.3; fetch"),
        ({"version": "1.0.0\n"}, "version .* is not of the form"),
        ({"version": 3}, "wrong type.*fetch the model again"),
        ({"sha256": "xyz"}, "sha256 must be 64 hexadecimal digits; fetch"),
        ({"sha256": "A" * 64}, "sha256 must be 64 hexadecimal digits"),
        ({"channels": None}, "wrong type.*fetch the model again"),
        ({"ranges": [1, 2]}, "wrong type.*fetch the model again"),
        ({"ranges": {"gain_db": 3}}, "wrong type.*fetch the model again"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_by_name(tmp_path, changed, message):
    path = write(tmp_path, **changed)
    with pytest.raises(ModelError, match=message) as caught:
        ModelCard.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"3", b"\xff\xfe\x00"])
def test_what_is_no_card_is_refused_by_name(tmp_path, content):
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        ModelCard.read(path)
    assert str(path) in str(caught.value)


def test_a_missing_card_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match="no model card there; give the folder of a model, or reinstall OpenCKM"):
        ModelCard.read(tmp_path / "card.json")
    with pytest.raises(ModelError, match="not a readable model card"):
        ModelCard.read(tmp_path)
