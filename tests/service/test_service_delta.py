"""A node with `[adapt] delta` serves the taught prior and says so; one that does not fit is left out, and said why."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from node_worlds import Still, answer, auth, client_of, config, save_tiny, site_request

from openckm.priors.adapter import LowRank
from openckm.priors.pretrained import load_prior
from openckm.service.config import EdgeConfig
from openckm.service.model_keeper import Model
from openckm.service.node import Node
from openckm.store.delta import Delta

FOLDS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model") / "1.0.0")


def taught(folder: Path, path: Path) -> Delta:
    """Write a delta of a prior: the same factors in every fold."""
    net, card = load_prior(folder)
    model = LowRank(net, 2, 0)
    for up in model.ups:
        up.data.normal_(std=0.1)
    factors = {
        name: np.concatenate([value] * FOLDS, axis=1 if name.endswith(":up") else 0)
        for name, value in model.factors().items()
    }
    blocks = np.array([[0, 0, 0], [1, 0, 1], [0, 1, 2]], np.int16)
    found = Delta(
        card.name, card.version, card.sha256, "a small town", "", 70, 64.0, 9.0, 8.0, 0.9, 0.95, "by hand", FOLDS,
        blocks, factors,
    )  # fmt: skip
    found.write(path)
    return found


def node(folder: Path, delta: Path | None) -> Node:
    loaded = Model.load(folder, delta)
    return Node(config(), Still(Model(loaded.denoiser, loaded.card, None, loaded.delta)))


def test_the_node_names_the_delta_and_its_maps_are_the_taught_prior_s(folder, tmp_path):
    delta = taught(folder, tmp_path / "site.delta")
    means = []
    for path in (None, tmp_path / "site.delta"):
        with client_of(node(folder, path)) as client:
            said = client.get("/v1/model", headers=auth()).json()["delta"]
            found = answer(client, site_request())
        means.append(np.array(found["channels"]["gain_db"]["mean"]))
        assert (said is None) == (path is None)
        assert found["provenance"].get("delta") == (None if path is None else delta.digest)
    assert said["place"] == "a small town" and said["readings"] == 70
    assert not np.allclose(means[0], means[1])


def test_a_delta_of_another_parent_is_left_out_and_the_node_says_why(folder, tmp_path, caplog):
    other = save_tiny(tmp_path / "other" / "2.0.0", "2.0.0", seed=1)
    taught(other, tmp_path / "site.delta")
    with caplog.at_level(logging.WARNING):
        served = node(folder, tmp_path / "site.delta")
    assert "delta left out" in caplog.text
    with client_of(served) as client:
        said = client.get("/v1/model", headers=auth()).json()["delta"]
        found = answer(client, site_request())
    assert "taught on tiny 2.0.0" in said["refused"]
    assert "delta" not in found["provenance"] and np.isfinite(found["channels"]["gain_db"]["mean"]).all()


def test_a_delta_is_named_in_the_configuration(tmp_path):
    told = EdgeConfig.of({"adapt": {"delta": "site.delta"}}, tmp_path)
    assert told.adapt.delta == tmp_path / "site.delta"
    assert EdgeConfig.of({}, tmp_path).adapt.delta is None
