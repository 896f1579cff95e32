"""The benchmark of the edge asks what an edge takes, and loses no request in silence."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from openckm.errors import ComputationError, InputError
from openckm.evaluate.benches import edge as bench_edge
from openckm.evaluate.benches.edge import METHODS, PRECISIONS, EdgeOptions
from openckm.evaluate.scores.scoring import Score
from openckm.service.config import Limits
from openckm.service.requests import EvidenceRequest, parse
from openckm.store import KeyFolder, Repository
from worlds import save_tiny


@pytest.mark.parametrize("method", METHODS)
def test_an_edge_takes_the_requests(method):
    limits = Limits()
    request = parse(json.dumps(bench_edge.node_request(method, 32, 1)).encode(), limits)
    grid = request.grid.build(limits)
    if isinstance(request, EvidenceRequest):
        assert request.build(limits, grid).domain.shape == (32, 32)
    else:
        assert len(request.observations(limits, grid).gain_points()) == 60
    assert bench_edge.node_request(method, 32, 1) == bench_edge.node_request(method, 32, 1)
    assert bench_edge.node_request(method, 32, 1) != bench_edge.node_request(method, 32, 2)


def test_every_method_that_a_request_may_name_is_timed():
    """`auto` is one of the others, and `conditioned` is what a site request is answered by."""
    named = set(get_args(EvidenceRequest.model_fields["method"].annotation)) - {"auto", "conditioned"}
    assert named == set(METHODS) - {"site", "site_1"}


def test_a_refresh_is_fetched_by_every_precision_and_costs_less_than_the_whole(tmp_path):
    repository = Repository.create(str(tmp_path / "repository"), KeyFolder(tmp_path / "keys"))
    repository.publish(save_tiny(tmp_path / "a"), "stable", precisions=PRECISIONS)
    rows, _ = bench_edge._updates(tmp_path, repository.trust_root)
    old = {row.task: row.value for row in rows if (row.split, row.metric) == ("first", "bytes")}
    refreshed = tmp_path / "b"
    refreshed.mkdir()
    card = json.loads((tmp_path / "a" / "card.json").read_text()) | {"version": "9.9.9"}
    (refreshed / "card.json").write_text(json.dumps(card))
    (refreshed / "weights.safetensors").write_bytes((tmp_path / "a" / "weights.safetensors").read_bytes())
    rows = bench_edge._refresh(tmp_path, repository, refreshed)
    new = {row.task: row.value for row in rows if (row.split, row.metric) == ("refresh", "bytes")}
    assert set(old) == set(new) == set(PRECISIONS)
    assert all(0 < new[precision] < old[precision] for precision in PRECISIONS)


class Fake:
    def __init__(self, broken: int = -1) -> None:
        self.asked, self.broken = [], broken

    def ask(self, request):
        self.asked.append(request["seed"])
        if request["seed"] == self.broken:
            raise OSError("gone")
        return {}


def test_every_client_sends_requests_of_its_own_and_a_lost_one_is_told():
    client = Fake()
    waits, seconds = bench_edge._load(client, "mean", 3, EdgeOptions(requests=2, least=1))
    assert (len(waits), sorted(client.asked)) == (6, list(range(6)))
    assert seconds > 0
    with pytest.raises(ComputationError, match="1 of 6 requests were lost"):
        bench_edge._load(Fake(broken=3), "mean", 3, EdgeOptions(requests=2, least=1))


def test_without_held_out_maps_it_says_how_to_make_some(tmp_path):
    with pytest.raises(InputError, match="no held-out maps"):
        bench_edge._accuracy({}, tmp_path / "none", 4)


def test_what_a_precision_loses_is_paired_by_map_with_fp32():
    scores = [
        Score(method, "openckm", "2.0%", case, case, {"rmse_db": value}, 9, 3, 0.1)
        for method, values in (("fp32", (4.0, 8.0)), ("int8", (4.4, 8.8)))
        for case, value in zip("ab", values, strict=True)
    ]
    found = {(r.method, r.metric): r for r in bench_edge.table(scores)}
    assert found["int8", "rmse_ratio"].value == pytest.approx(1.1) and found["int8", "rmse_ratio"].over == "fp32"
    assert ("fp32", "rmse_ratio") not in found and found["fp32", "rmse_db"].value == pytest.approx(6.0)
