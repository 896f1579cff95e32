"""Cards that state a lineage: read back, refused by name when wrong, and no news to cards without one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from openckm.errors import ModelError
from openckm.store.card import ModelCard
from openckm.store.lineage import Lineage
from worlds import tiny_card

LINEAGE = Lineage(
    "0.1.0", "a" * 64, ("helsinki",), ("florence", "munich"), 9000, 0.75, "b" * 64, {"florence/rmse_db": 1.002}
)  # fmt: skip


def test_round_trip():
    card = replace(tiny_card(), lineage=LINEAGE, schema=0)
    assert card.schema == 2
    assert ModelCard.from_json(card.to_json().encode(), "card.json") == card


def test_a_card_without_lineage_is_what_older_programs_read():
    raw = json.loads(tiny_card().to_json())
    assert raw["schema"] == 1 and "lineage" not in raw


def test_a_card_with_lineage_has_a_key_and_a_schema_that_older_programs_refuse():
    raw = json.loads(replace(tiny_card(), lineage=LINEAGE, schema=0).to_json())
    assert raw["schema"] == 2 and "lineage" in raw


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"parent": "1"}, "parent version '1' is not of the form"),
        ({"parent_sha256": "x"}, "parent_sha256 must be 64 hexadecimal"),
        ({"suite": "A" * 64}, "suite must be 64 hexadecimal"),
        ({"regions": []}, "there must be a region"),
        ({"samples": -1}, "wanted a count and a share"),
        ({"samples": 1.5}, "wanted a count and a share"),
        ({"weight": 1.1}, "wanted a count and a share"),
        ({"gate": {"a/b": float("nan")}}, "not a ratio"),
        ({"colour": "red"}, r"unknown keys \['colour'\]"),
        ({"regions": 3}, "wrong type"),
        ({"gate": 3}, "wrong type"),
        ({"parent": 1}, "wrong type"),
    ],
)
def test_a_lineage_that_cannot_be_is_refused_with_the_card(changed, message):
    raw = json.loads(replace(tiny_card(), lineage=LINEAGE, schema=0).to_json())
    raw["lineage"] |= changed
    with pytest.raises(ModelError, match=message) as caught:
        ModelCard.from_json(json.dumps(raw).encode(), "here/card.json")
    assert "here/card.json" in str(caught.value)


def test_schema_and_lineage_go_together():
    raw = json.loads(replace(tiny_card(), lineage=LINEAGE, schema=0).to_json())
    with pytest.raises(ModelError, match="has schema 1 with a lineage, wanted 2"):
        ModelCard.from_json(json.dumps(raw | {"schema": 1}).encode(), "card.json")
    with pytest.raises(ModelError, match="missing keys"):
        ModelCard.from_json(json.dumps(raw | {"lineage": {}}).encode(), "card.json")
