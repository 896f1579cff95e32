"""A small model, a service around it, and requests to it, for the tests of the edge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from fastapi.testclient import TestClient

from openckm.priors.denoiser import MapDenoiser, MapDenoiserOptions
from openckm.priors.pretrained import save_prior
from openckm.service.app import create_app
from openckm.service.config import EdgeConfig, token_hash
from openckm.service.model_keeper import Model, ModelKeeper
from openckm.service.node import Node

CARD = {
    "name": "tiny", "cell_m": (1.0, 8.0), "carrier_hz": (1e9, 6e9), "training_data": "none", "recipe": "tests",
    "metrics": {"rmse_db": 1.0}, "licence": "Apache-2.0", "credits": "nobody",
}  # fmt: skip
PLANNER, OTHER, WATCHER = "planner-token", "other-token", "watcher-token"


def save_tiny(folder: Path, version: str = "1.0.0", seed: int = 0, **changes: Any) -> Path:
    """Write an untrained prior of a few thousand parameters."""
    torch.manual_seed(seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    save_prior(folder, MapDenoiser(MapDenoiserOptions((8, 8), 1)), version=version, **(CARD | changes))
    return folder


def tiny_model(folder: Path, version: str = "1.0.0", seed: int = 0) -> Model:
    """Return such a prior, loaded, with a white spectrum."""
    loaded = Model.load(save_tiny(folder, version, seed))
    return Model(loaded.denoiser, loaded.card, None)


class Still(ModelKeeper):
    """Serves what it is given, and updates when a test says so."""

    def __init__(self, model: Model | None) -> None:
        super().__init__(EdgeConfig(), updater=_Nothing())  # type: ignore[arg-type]
        self.model = model

    def start(self) -> None:
        """Nothing to do."""


class _Nothing:
    def held(self) -> tuple[Path, ...]:
        return ()


def config(limits: dict[str, Any] | None = None) -> EdgeConfig:
    """Return a configuration with three tokens."""
    tokens = [
        {"name": name, "sha256": token_hash(word), "scopes": scopes}
        for name, word, scopes in (
            ("planner", PLANNER, ["jobs", "model"]), ("other", OTHER, ["jobs"]), ("watcher", WATCHER, ["metrics"]),
        )
    ]  # fmt: skip
    return EdgeConfig.of({"token": tokens, "limits": limits or {}}, Path("/"))


def auth(token: str = PLANNER) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


def client_of(service: Node) -> TestClient:
    """Return a client that starts and ends the service; failures of the server are answers."""
    return TestClient(create_app(service), raise_server_exceptions=False)


def site_request(**more: Any) -> dict[str, Any]:
    """Return a request with a dozen readings on 16 x 16 cells of 4 m."""
    told = {
        "kind": "site", "grid": {"rows": 16, "cols": 16, "cell_m": 4.0}, "draws": 1, "symmetrise": False,
        "points": [{"x": [2.0 + 5.0 * k for k in range(12)], "y": [-3.0 - 4.0 * k for k in range(12)],
                    "value": [-80.0 - 2.0 * k for k in range(12)], "sigma": 2.0, "unit": "dB"}],
        "transmitter": {"x": 32.0, "y": -32.0},
    }  # fmt: skip
    return told | more


def evidence_request(**more: Any) -> dict[str, Any]:
    """Return a request with block means of the gain on 16 x 16 cells."""
    steps = [{"type": "select", "channels": ["gain_db"]}, {"type": "downsample", "factor": 8, "kernel": "mean"}]
    operator = {"type": "chain", "steps": steps}
    told = {
        "kind": "evidence", "grid": {"rows": 16, "cols": 16, "cell_m": 4.0}, "draws": 2, "steps": 2,
        "likelihood": {"type": "gaussian", "operator": operator, "y": [[-90.0, -95.0], [-100.0, -105.0]],
                       "sigma": 1.0, "unit": "physical"},
    }  # fmt: skip
    return told | more


def answer(client: TestClient, request: dict[str, Any], token: str = PLANNER, **how: Any) -> dict[str, Any]:
    """Return the map of a request, as JSON."""
    sent = client.post("/v1/jobs", json=request, headers=auth(token))
    assert sent.status_code == 202, sent.text
    place = sent.headers["Location"]
    state = client.get(place, params={"wait_s": 30}, headers=auth(token)).json()
    assert state["state"] == "done", state
    found: dict[str, Any] = client.get(f"{place}/result", params=how, headers=auth(token)).json()
    return found


Make = Callable[..., TestClient]
