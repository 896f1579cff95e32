"""The soak finds wrong answers and growing memory; it is run where $OPENCKM_SOAK_S says for how long [s]."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
from node_worlds import tiny_model

SCRIPT = Path(__file__).parents[2] / "bench" / "edge_soak.py"
SECONDS = float(os.environ.get("OPENCKM_SOAK_S", "0"))


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("edge_soak", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["edge_soak"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["edge_soak"]


def test_a_changed_digit_and_another_version_are_wrong_answers(script, tmp_path):
    book = script.Book({v: tiny_model(tmp_path / v, v, seed) for seed, v in enumerate(("1.0.0", "2.0.0"))})
    request = next(r for r in script.requests() if r.get("method") == "mean")
    answer = json.loads(script.library_answer(request, book.models["1.0.0"], draws=True))
    assert book.check(request, answer | {"provenance": answer["provenance"] | {"seconds": 3.0}})
    assert not book.check(request, answer | {"provenance": answer["provenance"] | {"version": "2.0.0"}})
    answer["channels"]["gain_db"]["mean"][0][0] += 1e-5
    assert not book.check(request, answer)
    assert (len(book.wrong), book.seen["version 1.0.0"]) == (2, 2)


def test_memory_that_grows_is_told(script):
    steady, growing = script.Book(memory=[(k, 100) for k in range(30)]), script.Book()
    growing.memory = [(k, 100 + 2 * k) for k in range(30)]
    assert steady.flat() == (True, 1.0)
    assert not growing.flat()[0]
    assert not script.Book().flat()[0]


@pytest.mark.skipif(SECONDS <= 0, reason="set OPENCKM_SOAK_S=30 for a load with updates and restarts of 30 s")
def test_no_answer_is_lost_or_wrong_under_load(script, tmp_path):
    book = script.soak(SECONDS, 4, tmp_path)
    assert (book.wrong, book.lost) == ([], [])
    assert book.seen["restarts"] >= 1
    assert sum(name.startswith("version") for name in book.seen) >= 2
    assert book.flat()[0] or SECONDS < 300, book.flat()  # until then much is used for the first time
