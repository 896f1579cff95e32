"""An edge follows its channel, tells two alarms apart, and keeps the last good version whatever happens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from node_worlds import CARD, answer, auth, client_of, config, evidence_request, save_tiny, site_request

from openckm.errors import ModelError
from openckm.observe import spec
from openckm.observe.operators import Domain, LinearOperator
from openckm.priors.denoiser import MapDenoiser, MapDenoiserOptions
from openckm.priors.pretrained import save_prior
from openckm.service.config import EdgeConfig
from openckm.service.model_keeper import Model, ModelKeeper
from openckm.service.node import Node
from openckm.store import KeyFolder, Repository


class Cloud:
    """A repository in a folder, and the configuration of an edge of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, folder / "repository"
        self.repository = Repository.create(str(self.place), KeyFolder(folder / "keys"))
        (folder / "root.json").write_bytes(self.repository.trust_root)
        self.publish("1.0.0")

    def publish(self, version: str, seed: int = 0) -> None:
        self.repository.publish(save_tiny(self.folder / version, version, seed), "stable", precisions=("bf16",))

    def keeper(self, name: str = "edge") -> ModelKeeper:
        raw = {"url": str(self.place), "trust_root": "root.json", "cache": name}
        return ModelKeeper(EdgeConfig.of({"repository": raw}, self.folder))


@pytest.fixture
def cloud(tmp_path):
    return Cloud(tmp_path)


def kinds(keeper: ModelKeeper) -> list[str]:
    return [alarm.kind for alarm in keeper.alarms]


def test_an_edge_follows_its_channel_and_starts_from_its_cache(cloud):
    keeper = cloud.keeper()
    assert keeper.model is None
    assert keeper.update()
    assert keeper.model.card.version == "1.0.0"
    cloud.publish("1.0.1", 1)
    assert keeper.update()
    assert (keeper.model.card.version, keeper.updates, keeper.alarms) == ("1.0.1", 1, ())
    shutil.rmtree(cloud.place)
    assert cloud.keeper().model.card.version == "1.0.1"


def test_cloud_unreachable_keeps_serving_the_last_good_version_and_says_so(cloud):
    keeper = cloud.keeper()
    keeper.update()
    cloud.place.rename(cloud.folder / "away")
    assert not keeper.update()
    since = keeper.alarms[0].since
    with client_of(Node(config(), keeper)) as client:
        assert answer(client, site_request())["provenance"]["version"] == "1.0.0"
        assert client.get("/health").json()["alarms"] == ["cloud_unreachable"]
        told = client.get("/v1/model", headers=auth()).json()["alarms"][0]
        assert (told["kind"], told["since"]) == ("cloud_unreachable", since)
        (cloud.folder / "away").rename(cloud.place)
        assert keeper.update()
        assert client.get("/health").json()["alarms"] == []


def test_a_model_in_memory_outlives_its_cached_file_while_the_cloud_is_away(cloud):
    keeper = cloud.keeper()
    keeper.update()
    (weights,) = (cloud.folder / "edge").rglob("weights.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    cloud.place.rename(cloud.folder / "away")
    assert not keeper.update()
    assert keeper.model.card.version == "1.0.0"
    assert sorted(kinds(keeper)) == ["cloud_unreachable", "storage"]
    (cloud.folder / "away").rename(cloud.place)
    assert keeper.update()
    assert weights.read_bytes() == whole


def test_repository_attack_is_refused_and_is_another_alarm(cloud):
    keeper = cloud.keeper()
    keeper.update()
    path = cloud.place / "metadata" / "timestamp.json"
    document = json.loads(path.read_text())
    document["signed"]["version"] += 1
    path.write_text(json.dumps(document))
    assert not keeper.update()
    assert kinds(keeper) == ["repository_attack"]
    assert keeper.model.card.version == "1.0.0"


def test_a_card_that_this_edge_cannot_run_is_refused_with_a_reason(cloud):
    keeper = cloud.keeper()
    keeper.update()
    folder = save_tiny(cloud.folder / "2.0.0", "2.0.0")
    card = json.loads((folder / "card.json").read_text())
    card["architecture"]["class"] = "Transformer"
    (folder / "card.json").write_text(json.dumps(card))
    cloud.repository.publish(folder, "stable", precisions=("bf16",))
    assert not keeper.update()
    assert kinds(keeper) == ["model_refused"]
    assert "Transformer" in keeper.alarms[0].detail
    assert keeper.model.card.version == "1.0.0"


def broken(folder: Path, version: str) -> Path:
    """Write a model whose weights are finite and whose passes are not."""
    torch.manual_seed(0)
    denoiser = MapDenoiser(MapDenoiserOptions((8, 8), 1))
    for parameter in denoiser.parameters():
        parameter.data *= 1e30
    save_prior(folder, denoiser, version=version, **CARD)
    return folder


def test_a_model_whose_first_pass_fails_is_refused_and_the_last_good_one_outlives_restarts(cloud, caplog):
    keeper = cloud.keeper()
    keeper.update()
    cloud.repository.publish(broken(cloud.folder / "2.0.0", "2.0.0"), "stable", precisions=("bf16",))
    for _ in range(2):
        assert not keeper.update()
        assert kinds(keeper) == ["model_refused"]
        assert "first pass" in keeper.alarms[0].detail
        assert keeper.model.card.version == "1.0.0"
    again = cloud.keeper()
    assert again.model.card.version == "1.0.0", "the cache lists what was tried, only"
    assert not again.update()
    assert again.model.card.version == "1.0.0"
    cloud.publish("2.0.1", 1)
    assert again.update()
    assert (again.model.card.version, kinds(again)) == ("2.0.1", [])


def test_a_cached_model_that_does_not_run_is_told_at_start_and_the_one_before_serves(cloud, monkeypatch, caplog):
    keeper = cloud.keeper()
    keeper.update()
    cloud.publish("1.0.1", 1)
    keeper.update()
    whole = Model.load

    def picky(folder, *more):
        model = whole(folder, *more)
        if model.card.version == "1.0.1":
            raise ModelError("tiny 1.0.1: this program runs it no more")
        return model

    monkeypatch.setattr(Model, "load", picky)
    again = cloud.keeper()
    assert again.model.card.version == "1.0.0"
    with client_of(Node(config(), again)) as client:
        assert client.get("/health").json()["alarms"] == ["model_refused"]
    assert "alarm model_refused: tiny 1.0.1: this program runs it no more" in caplog.text
    monkeypatch.setattr(Model, "load", lambda folder, *more: whole(folder / "none"))
    nothing = cloud.keeper()
    assert nothing.model is None
    with client_of(Node(config(), nothing)) as client:
        assert client.get("/health").json()["alarms"] == ["model_refused"]
        assert client.get("/ready").status_code == 503


def test_a_revoked_version_is_served_no_more(cloud):
    keeper = cloud.keeper()
    keeper.update()
    cloud.publish("1.0.1", 1)
    keeper.update()
    cloud.repository.revoke("1.0.1")
    keeper.update()
    assert keeper.model is None or keeper.model.card.version == "1.0.0"


def test_requests_during_updates_are_all_answered_by_one_version_each(cloud):
    keeper = cloud.keeper()
    keeper.update()
    seen = []
    with client_of(Node(config(), keeper)) as client:
        for k in range(1, 4):
            places = [client.post("/v1/jobs", json=evidence_request(), headers=auth()).headers["Location"]
                      for _ in range(3)]  # fmt: skip
            cloud.publish(f"1.0.{k}", k)
            assert keeper.update()
            states = [client.get(place, params={"wait_s": 30}, headers=auth()).json() for place in places]
            assert [state["state"] for state in states] == ["done"] * 3
            seen += [state["version"] for state in states]
        assert answer(client, evidence_request())["provenance"]["version"] == "1.0.3"
    assert set(seen) <= {"1.0.0", "1.0.1", "1.0.2", "1.0.3"}
    assert seen == sorted(seen)


class EveryOther(LinearOperator):
    """A scanner that reads every other column: a sensor that did not exist when the model was trained."""

    def __init__(self, domain: Domain) -> None:
        rows, cols = domain.shape
        self.domain, self.range = domain, Domain(domain.channels, domain.scale, (rows, cols // 2))

    def apply(self, x):
        return x[..., ::2]

    def apply_adjoint(self, y):
        x = y.new_zeros((*y.shape[:-1], 2 * y.shape[-1]))
        x[..., ::2] = y
        return x


def test_a_brand_new_operator_needs_no_new_model(cloud, monkeypatch):
    keeper = cloud.keeper()
    keeper.update()
    steps = [{"type": "select", "channels": ["gain_db"]}, {"type": "every_other"}]
    request = evidence_request(method="mean", draws=0)
    request["likelihood"] |= {"operator": {"type": "chain", "steps": steps}, "y": [[-90.0] * 8] * 16}
    with client_of(Node(config(), keeper)) as client:
        refused = client.post("/v1/jobs", json=request, headers=auth())
        assert (refused.status_code, "every_other" in refused.json()["error"]["message"]) == (422, True)
        monkeypatch.setattr(spec, "_CODECS", dict(spec._CODECS))
        codec = spec.OperatorCodec(EveryOther, lambda fields, domain: EveryOther(domain), lambda operator: {})
        spec.register_operator("every_other", codec)
        found = answer(client, request)
    columns = [row[::2] for row in found["channels"]["gain_db"]["mean"]]
    assert max(abs(value + 90.0) for row in columns for value in row) < 3.0
    assert found["provenance"]["weights_sha256"] == keeper.model.card.sha256
