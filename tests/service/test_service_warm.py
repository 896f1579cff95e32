"""A node that remembers: exact repeats, streams, two tokens that cannot see each other, and what metrics say."""

from pathlib import Path

import numpy as np
import pytest
from node_worlds import (
    OTHER,
    PLANNER,
    WATCHER,
    Still,
    answer,
    auth,
    client_of,
    evidence_request,
    site_request,
    tiny_model,
)

from openckm.errors import OptionError, StoreError
from openckm.service.config import EdgeConfig, token_hash
from openckm.service.node import Node


def config(folder: Path | None, **more) -> EdgeConfig:
    words = (("planner", PLANNER, ["jobs"]), ("other", OTHER, ["jobs"]), ("watcher", WATCHER, ["metrics"]))
    tokens = [{"name": n, "sha256": token_hash(w), "scopes": s} for n, w, s in words]
    flux = {} if folder is None else {"flux": {"folder": str(folder), "bytes": 1 << 26, **more}}
    return EdgeConfig.of({"token": tokens, **flux}, Path("/"))


@pytest.fixture
def model(tmp_path):
    return tiny_model(tmp_path / "model")


def node(model, folder, **more) -> Node:
    return Node(config(folder, **more), Still(model))


def how(found) -> str | None:
    return found["provenance"].get("warm", {}).get("how")


def values(found) -> dict:
    return {k: v for k, v in found.items() if k != "provenance"}


@pytest.mark.parametrize("request_of", [site_request, evidence_request])
def test_the_same_request_again_is_answered_with_the_same_numbers(model, tmp_path, request_of):
    with client_of(node(model, tmp_path / "kept")) as client:
        plain = answer(client, request_of(draws=2), draws=True)
        first = answer(client, request_of(draws=2, warm=True), draws=True)
        again = answer(client, request_of(draws=2, warm=True), draws=True)
        assert (how(plain), how(first), how(again)) == (None, "miss", "exact")
        assert values(again) == values(first)
        assert again["provenance"]["network_evaluations"] == 0
        other = answer(client, request_of(draws=2, warm=True, seed=1))
        assert how(other) == "miss"
        text = client.get("/metrics", headers=auth(WATCHER)).text
        assert "ckm_flux_exact_total 1.0" in text and "ckm_flux_miss_total 2.0" in text
        assert "ckm_flux_bytes 0.0" not in text and "ckm_flux_calls_saved_total" in text


def test_two_tokens_asking_the_same_never_meet(model, tmp_path):
    with client_of(node(model, tmp_path / "kept", share_static=True)) as client:
        mine = site_request(draws=2, warm=True)
        assert how(answer(client, mine)) == "miss"
        assert how(answer(client, mine, OTHER)) == "miss", "an answer with another token's readings was found"
        assert how(answer(client, mine, OTHER)) == "exact"
    with client_of(node(model, tmp_path / "shared", share_static=True)) as client:
        site = site_request(draws=2, warm=True, points=[])
        assert how(answer(client, site)) == "miss"
        assert how(answer(client, site, OTHER)) == "exact", "sites are shared where that was asked for"
    with client_of(node(model, tmp_path / "apart")) as client:
        assert [how(answer(client, site, token)) for token in (PLANNER, OTHER)] == ["miss", "miss"]


def test_a_stream_is_of_one_token_and_one_grid(model, tmp_path):
    with client_of(node(model, tmp_path / "kept")) as client:
        frame = site_request(draws=2, stream="north")
        unknown = client.post("/v1/jobs", json=frame, headers=auth())
        assert unknown.status_code == 404 and unknown.json()["error"]["code"] == "not_found"
        first = answer(client, frame | {"warm": True})
        second = answer(client, frame)
        assert (how(first), second["provenance"]["warm"]["stream_frame"]) == ("miss", 2)
        theirs = client.post("/v1/jobs", json=frame, headers=auth(OTHER))
        assert theirs.status_code == 404, "a stream of another token can be told from one that is not there"
        assert theirs.json() == unknown.json()
        larger = client.post("/v1/jobs", json=frame | {"grid": {"rows": 32, "cols": 16, "cell_m": 4.0}}, headers=auth())
        assert larger.status_code == 422 and "begin another stream" in larger.json()["error"]["message"]
        sampled = client.post("/v1/jobs", json=evidence_request(stream="e", warm=True, method="jfs"), headers=auth())
        assert sampled.status_code == 422 and "want 'auto'" in sampled.json()["error"]["message"]
        for k in range(9):
            answer(client, site_request(draws=2, stream=f"s{k}", warm=True))
        assert client.post("/v1/jobs", json=frame, headers=auth()).status_code == 404, "streams must be bounded"
        bad = client.post("/v1/jobs", json=frame | {"stream": "../x"}, headers=auth())
        assert bad.status_code == 422


def test_a_stream_carries_an_ensemble_over_to_new_evidence_of_any_instrument(model, tmp_path):
    """Block means move by 10 dB from frame to frame: the map is that of a cold request, and its draws obey what is read
    now, not what was read before."""
    with client_of(node(model, tmp_path / "kept")) as client:
        for frame, shift in enumerate((0.0, 10.0, -10.0)):
            read = np.array([[-90.0, -95.0], [-100.0, -105.0]]) + shift
            asked = evidence_request(draws=4, stream="north", warm=frame == 0)
            asked["likelihood"]["y"] = read.tolist()
            found = answer(client, asked, draws=True)
            cold = answer(client, {k: v for k, v in asked.items() if k not in ("stream", "warm")})
            assert how(found) == ("similar" if frame else "miss")
            for layer in ("mean", "std"):
                assert np.allclose(*(np.array(m["channels"]["gain_db"][layer]) for m in (found, cold)), atol=1e-3)
            drawn = np.array(found["channels"]["gain_db"]["draws"]).reshape(4, 2, 8, 2, 8).mean(axis=(2, 4))
            assert np.abs(drawn - read).max() < 4.0, "sigma is 1 dB"


def test_a_node_without_a_folder_says_so_and_streams_all_the_same(model):
    with client_of(node(model, None)) as client:
        refused = client.post("/v1/jobs", json=site_request(warm=True), headers=auth())
        assert refused.status_code == 422 and "[flux]" in refused.json()["error"]["message"]
        assert how(answer(client, site_request(draws=2, warm=True, stream="a"))) == "miss"


def test_a_folder_that_cannot_be_used_stops_the_node_before_it_serves(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        node(model, tmp_path / "file")
    with pytest.raises(OptionError, match="flux"):
        EdgeConfig.of({"flux": {"folder": "x", "bytes": 5}}, tmp_path)
    with pytest.raises(OptionError, match="size"):
        EdgeConfig.of({"flux": {"folder": "x", "size": 5}}, tmp_path)
    assert EdgeConfig.of({"flux": {"folder": "x"}}, tmp_path).flux.folder == tmp_path / "x"
