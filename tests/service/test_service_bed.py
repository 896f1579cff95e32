"""The test bed of a cloud and five edges: its tasks can be asked, its network does what it is told."""

from __future__ import annotations

import http.client
import json
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from node_worlds import save_tiny

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from cloud_edge import EDGES, Bed, check_traffic
from cloud_edge_report import draw, write_report
from cloud_edge_tasks import TASKS, Answer, reference, request
from cloud_edge_world import StaticCloud, shard, write

from openckm.data.shards import read_shard


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    return next(read_shard(write(tmp_path_factory.mktemp("shard") / "site.npz", shard(range(5000, 5001), "x", 0.8))))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model") / "1.0.0")


def test_five_edges_have_five_tasks_and_two_precisions():
    assert sorted(task for task, _ in EDGES.values()) == sorted(TASKS)
    assert {precision for _, precision in EDGES.values()} == {"bf16", "int8"}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_answered_and_its_answer_is_a_function_of_the_seed(traced, model, task):
    assert json.dumps(request(traced, task, 0)) == json.dumps(request(traced, task, 0))
    first, other = (reference(model, traced, task, seed) for seed in (0, 1))
    assert first.version == "1.0.0"
    assert (first.digest != other.digest) is (task != "site alone")
    assert first.rmse_db > 0


@pytest.fixture
def cloud(tmp_path):
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "file").write_bytes(b"twelve bytes")
    (tmp_path / "secret").write_bytes(b"elsewhere")
    cloud = StaticCloud(tmp_path / "repository")
    yield cloud
    cloud.close()


def fetched(cloud: StaticCloud, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(cloud.url("").split("/")[2], timeout=20)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_what_is_done_to_the_network_of_one_edge_is_done_to_no_other(cloud):
    cloud.cut.add("cut")
    cloud.tampered.add("attacked")
    assert fetched(cloud, "/well/file") == (200, b"twelve bytes")
    with pytest.raises((http.client.HTTPException, OSError)):
        fetched(cloud, "/cut/file")
    status, content = fetched(cloud, "/attacked/file")
    flipped = [a ^ b for a, b in zip(content, b"twelve bytes", strict=True)]
    assert (status, sum(bit.bit_count() for bit in flipped)) == (200, 1)
    assert fetched(cloud, "/well/../secret")[0] == 404
    assert cloud.other_methods == 0
    assert fetched(cloud, "/well/file", "POST")[0] == 405
    assert cloud.other_methods == 1
    assert cloud.requests == {"well": 2, "cut": 1, "attacked": 1}


def bed_of(tmp_path: Path, *answers: tuple[str, int, str]) -> Bed:
    """Return what a run saw: at 'north', answers of (version, seed, digest)."""
    quiet = SimpleNamespace(other_methods=0, requests=Counter(north=7), bytes=Counter(north=9000))
    bed = Bed(tmp_path, quiet, {"north": 1})
    bed.answers["north"] = [
        (float(k), seed, 0.5, Answer(version, digest, 9.0, "")) for k, (version, seed, digest) in enumerate(answers)
    ]
    bed.states["north"] = [(0.0, "", ""), (1.0, "1.0.0", ""), (2.0, "2.0.0", "cloud_unreachable")]
    bed.events.append((1.0, "cloud publishes 1.0.0"))
    return bed


def failures(bed: Bed) -> list[str]:
    check_traffic(bed, "1.0.0", "2.0.0")
    return [what for what, holds, _ in bed.checks if not holds]


def test_lost_unknown_and_contradicting_answers_are_told(tmp_path):
    good = [("1.0.0", 0, "a"), ("1.0.0", 0, "a"), ("2.0.0", 0, "b"), ("2.0.0", 1, "c")]
    twice = "the same question to the same version has one answer"
    assert failures(bed_of(tmp_path, *good)) == []
    assert failures(bed_of(tmp_path, *good, ("1.0.0", 0, "z"))) == [twice]
    assert failures(bed_of(tmp_path, *good, ("3.0.0", 0, "z"))) == ["every answer is of v1 or v2"]
    lossy, sending = bed_of(tmp_path, *good), bed_of(tmp_path, *good)
    lossy.lost.append("north at 3.0 s: gone")
    assert failures(lossy) == ["no request was lost"]
    sending.cloud.other_methods = 1
    assert failures(sending) == ["edges only ever asked the cloud for files"]


def test_the_report_says_what_failed_and_what_each_edge_did(tmp_path):
    bed = bed_of(tmp_path, ("1.0.0", 0, "a"))
    bed.check("water is wet", True, "yes")
    bed.check("pigs fly", False, "none of 3")
    write_report(bed, tmp_path / "report.md", EDGES, TASKS)
    text = (tmp_path / "report.md").read_text()
    assert "1 of 2 checks hold" in text
    assert "| **NOT** | pigs fly | none of 3 |" in text
    assert all(f"| {edge} ({precision}) | {task}" in text for edge, (task, precision) in EDGES.items())
    assert "| 1 | 0.50 | 9.00 | 9,000 | 7 |" in text
    assert "- 1.0 s: cloud publishes 1.0.0" in text
    draw(bed, tmp_path / "report.png", EDGES)
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
