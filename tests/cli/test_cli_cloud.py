"""`ckm cloud`: maps in, a suite, scores, a refresh; exit statuses say what was refused and what is not done yet."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cloud"))
from regions import shard_of, write

from openckm.cloud.gate import Comparison, Verdict
from openckm.cloud.refresh import RefreshReport
from openckm.evaluate.scores.bootstrap import Interval
from worlds import save_tiny

ORIGIN = ("--contributor", "a town", "--licence", "CC-BY-4.0", "--source", "made by code")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cloud")
    write(folder / "old.npz", shard_of(list(range(12)), city="oldtown"))
    write(folder / "new.npz", shard_of(list(range(100, 112)), city="newtown", loss_db=2.0))
    save_tiny(folder / "v1")
    return folder


def test_from_shards_to_scores(ckm, place):
    store, suite = place / "store", place / "suite"
    done = ckm("cloud", "ingest", place / "old.npz", place / "new.npz", "--store", store, *ORIGIN)
    assert done.status == 0 and "24 maps accepted, 0 known already, 0 quarantined" in done.out
    done = ckm(
        "cloud", "suite", suite, "--store", store, "--region", "oldtown=1", "--region", "newtown=0.7", "--most", 3
    )
    assert done.status == 0 and "newtown: " in done.out
    done = ckm("cloud", "evaluate", place / "v1", "--suite", suite, "--json", place / "rows.json")
    assert done.status == 0
    rows = json.loads((place / "rows.json").read_text())["rows"]
    assert {row["task"] for row in rows} == {"oldtown", "newtown"}


RATIO = Comparison("oldtown", False, "rmse_db", 5.0, 5.01, Interval(1.002, 0.998, 1.006), 9, 9)
REPORT = RefreshReport("published", "0.0.1", "0.1.0", 7, 3, 4, "c" * 64, 0.5, (), Verdict(True, (), (RATIO,)))


@pytest.mark.parametrize(
    ("report", "status", "shown"),
    [
        (REPORT, 0, "0.1.0 written to"),
        (
            replace(REPORT, status="refused", verdict=Verdict(False, ("oldtown forgets",), (RATIO,))),
            3,
            "oldtown forgets",
        ),
        (replace(REPORT, status="unfinished", weight=None, verdict=None), 4, "step 7 of 9; the same command goes on"),
    ],
    ids=["published", "refused", "unfinished"],
)
def test_a_refresh_says_how_it_ended(ckm, tmp_path, monkeypatch, report, status, shown):
    called = {}

    def refresh(*arguments, **options):
        called.update(options, arguments=arguments)
        return report

    monkeypatch.setattr("openckm.cloud.refresh.refresh", refresh)
    monkeypatch.setattr("openckm.cloud.suite.Suite.read", lambda folder: folder)
    done = ckm(
        "cloud", "refresh", "v1", "-o", tmp_path / "v2", "--store", tmp_path, "--suite", "s", "--new", "a",
        "--new", "b", "--steps", 9, "--replay", 0.3, "--minutes", 2, "--weight", 0.5, "--weight", 1,
    )  # fmt: skip
    assert done.status == status and shown in done.out
    parent, target, _, suite, new, work = called["arguments"]
    assert (str(parent), target, str(suite), new) == ("v1", tmp_path / "v2", "s", ["a", "b"])
    assert (work, called["seconds"]) == (tmp_path / "v2.work", 120.0)
    assert (called["options"].steps, called["options"].replay, called["options"].weights) == (9, 0.3, (0.5, 1.0))
    if status == 3:
        assert done.complaint == "ckm: the gate refused version 0.1.0; nothing was published"


def test_quarantine_has_its_own_exit_status(ckm, tmp_path):
    arrays = shard_of([1, 2])
    arrays["carrier_hz"] = np.array([3.5e9, 3.5])
    done = ckm("cloud", "ingest", write(tmp_path / "a.npz", arrays), "--store", tmp_path / "store", *ORIGIN)
    assert done.status == 3
    assert "quarantined a.npz, map 1: a carrier of 3.5 Hz, looks like GHz or MHz" in done.out
    assert "1 maps accepted" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ingest", "none.npz", "--store", "s", *ORIGIN), "no shards to ingest: none.npz"),
        (("ingest", "x", "--store", "s", *ORIGIN[:3], "NC", *ORIGIN[4:]), "licence 'NC'"),
        (("suite", "out", "--store", "s", "--region", "oslo"), "has no map of oslo"),
        (("suite", "out", "--store", "s", "--region", "oslo=many"), "wanted REGION or REGION=SHARE"),
        (("evaluate", "model", "--suite", "s"), "not a readable suite"),
        (("refresh", "m", "-o", "o", "--store", "s", "--suite", "s", "--new", "oslo"), "not a readable suite"),
    ],
)
def test_bad_input_is_one_line(ckm, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = ckm("cloud", *arguments)
    assert done.status == 2 and message in done.complaint
