"""Schemathesis asks the application over WSGI, as its OpenAPI document says, with right and wrong parameters."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application

from .conftest import ONE

schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def one_connection():
    """The end of a request would close the connection whose transaction holds the test's rows."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_has_the_described_shape(case, one_connection, bench, runs):
    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/trials/", f"/api/v1/trials/{ONE}/", f"/api/v1/why/{ONE}/", "/api/v1/changes/", "/api/v1/sync-runs/",
        "/api/v1/studies/", "/api/v1/studies/900002/", "/api/v1/candidates/", "/api/v1/candidates/dexosomes/",
    ],
)  # fmt: skip
def test_a_full_answer_has_the_described_shape(one_connection, bench, runs, path):
    named = {"nct_id": ONE, "number": "900002", "slug": "dexosomes"}
    given = {name: value for name, value in named.items() if value in path}
    described = path
    for name, value in given.items():
        described = described.replace(value, f"{{{name}}}")
    operation = schema[described]["GET"]
    answer = operation.Case(path_parameters=given).call()
    assert answer.status_code == 200
    operation.validate_response(answer)
