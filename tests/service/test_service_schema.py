"""What the description of the interface allows, and what it does not, never makes the node fail.

OPENCKM_FUZZ says how many requests of each kind and operation are sent (8 unless told).
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from node_worlds import Still, answer, auth, client_of, config, site_request, tiny_model
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from openckm.service.app import create_app
from openckm.service.config import EdgeConfig
from openckm.service.node import Node

LIMITS = {"cells": 256, "draws": 2, "steps": 4, "deadline_s": 2.0, "queue": 4, "queue_per_token": 4}
REQUESTS = int(os.environ.get("OPENCKM_FUZZ", "8"))


@asynccontextmanager
async def already(_):
    """The service runs already: the client would start and end it with every request."""
    yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")


@pytest.fixture(scope="module")
def schema(model):
    service = Node(config(LIMITS), Still(model))
    app = create_app(service)
    app.router.lifespan_context = already
    service.queue.start()
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    service.queue.stop()


def statuses(operation, mode: GenerationMode) -> list[int]:
    """Send requests that the description of an operation allows, or forbids, and return how they were answered."""
    seen = []

    @settings(
        max_examples=REQUESTS, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def fuzz(case):
        reply = case.call(headers=auth())
        seen.append(reply.status_code)
        case.validate_response(
            reply, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
        )

    fuzz()
    return seen


def operations(schema) -> dict[tuple[str, str], object]:
    return {(one.method.upper(), one.path): one for one in (found.ok() for found in schema.get_all_operations())}


def test_no_request_makes_the_node_fail(schema):
    found = operations(schema)
    assert {("POST", "/v1/jobs"), ("GET", "/v1/jobs/{job_id}/result")} <= set(found)
    assert all(statuses(operation, GenerationMode.POSITIVE) for operation in found.values())


@pytest.mark.parametrize("route", [("POST", "/v1/jobs"), ("GET", "/v1/jobs/{job_id}"),
                                   ("GET", "/v1/jobs/{job_id}/result"), ("DELETE", "/v1/jobs/{job_id}")])  # fmt: skip
def test_no_malformed_request_makes_the_node_fail_or_is_taken(schema, route):
    seen = statuses(operations(schema)[route], GenerationMode.NEGATIVE)
    assert seen
    assert all(400 <= status < 500 for status in seen), seen


def test_the_description_names_the_token_of_every_guarded_route(model):
    with client_of(Node(config(LIMITS), Still(model))) as client:
        told = client.get("/openapi.json").json()
        assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        routes = [(method, path, one) for path, ways in told["paths"].items() for method, one in ways.items()]
        guarded = {(method, path) for method, path, one in routes if one.get("security") == [{"token": []}]}
        for method, path, _ in routes:
            status = client.request(method, path.format(job_id="x"), headers={"Content-Type": "application/json"})
            assert (status.status_code == 401) is ((method, path) in guarded), (method, path)
        assert {path for _, path, _ in routes} - {path for _, path in guarded} == {"/health", "/ready"}
    with client_of(Node(EdgeConfig(), Still(model))) as client:
        assert "securitySchemes" not in client.get("/openapi.json").json()["components"]


def test_the_description_holds_both_kinds_of_requests(model):
    with client_of(Node(config(LIMITS), Still(model))) as client:
        shelf = client.get("/openapi.json").json()["components"]["schemas"]
        assert {"SiteRequest", "EvidenceRequest", "AreaIn", "PointsIn", "GridIn", "ErrorAnswer"} <= set(shelf)
        assert answer(client, site_request(draws=0))["provenance"]["version"] == "1.0.0"
