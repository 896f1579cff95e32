"""What the description of the interface allows, and what it does not, never makes the node fail."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
import schemathesis
from edge_worlds import Still, answer, auth, client_of, config, site_request, tiny_model
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from openckm.edge.app import create_app
from openckm.edge.config import EdgeConfig
from openckm.edge.service import Service

LIMITS = {"cells": 256, "draws": 2, "steps": 4, "deadline_s": 2.0, "queue": 4, "queue_per_token": 4}


@asynccontextmanager
async def already(_):
    """The service runs already: the client would start and end it with every request."""
    yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")


@pytest.fixture(scope="module")
def schema(model):
    service = Service(config(LIMITS), Still(model))
    app = create_app(service)
    app.router.lifespan_context = already
    service.queue.start()
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    service.queue.stop()


def statuses(operation) -> list[int]:
    """Send requests that the description of an operation gives rise to, and return how they were answered."""
    seen = []

    @settings(
        max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def fuzz(case):
        reply = case.call(headers=auth())
        seen.append(reply.status_code)
        case.validate_response(
            reply, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
        )

    fuzz()
    return seen


def test_no_request_makes_the_node_fail(schema):
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {("POST", "/v1/jobs"), ("GET", "/v1/jobs/{job_id}/result")} <= {
        (one.method.upper(), one.path) for one in operations
    }
    assert all(statuses(operation) for operation in operations)


def test_the_description_names_the_token_of_every_guarded_route(model):
    with client_of(Service(config(LIMITS), Still(model))) as client:
        told = client.get("/openapi.json").json()
        assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        routes = [(method, path, one) for path, ways in told["paths"].items() for method, one in ways.items()]
        guarded = {(method, path) for method, path, one in routes if one.get("security") == [{"token": []}]}
        for method, path, _ in routes:
            status = client.request(method, path.format(job_id="x"), headers={"Content-Type": "application/json"})
            assert (status.status_code == 401) is ((method, path) in guarded), (method, path)
        assert {path for _, path, _ in routes} - {path for _, path in guarded} == {"/health", "/ready"}
    with client_of(Service(EdgeConfig(), Still(model))) as client:
        assert "securitySchemes" not in client.get("/openapi.json").json()["components"]


def test_the_description_holds_both_kinds_of_requests(model):
    with client_of(Service(config(LIMITS), Still(model))) as client:
        shelf = client.get("/openapi.json").json()["components"]["schemas"]
        assert {"SiteRequest", "EvidenceRequest", "AreaIn", "PointsIn", "GridIn", "ErrorAnswer"} <= set(shelf)
        assert answer(client, site_request(draws=0))["provenance"]["version"] == "1.0.0"
