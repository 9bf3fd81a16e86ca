"""The OpenAPI document tells the truth: whatever it allows is answered as it says."""

import asyncio
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import TypeAdapter
from schemathesis.checks import CHECKS, load_all_checks
from starlette.testclient import TestClient

from service import result_shapes, shapes
from service.settings import Settings
from tests.builders import ROUND, Clock, load, sqlite_url
from web.api import choice, health, results, sessions
from web.app import make_app
from web.examples import BY_SHAPE
from web.refusals import MEDIA_TYPE, URN

load_all_checks()
# A choice of the right form may still name no unit: what must not be refused is its form (below).
# Here every request is signed in, or none is; test_api tries the calls without a session.
NOT_MEANT: Any = CHECKS.get_by_names(["positive_data_acceptance", "ignored_auth"])

HOST = "http://mingci.test"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    url, clock = sqlite_url(tmp_path_factory.mktemp("openapi")), Clock()
    asyncio.run(load(url, clock))
    clock.at("09:30")
    app = make_app(Settings(database_url=url, filing_burst=10_000), clock)
    with TestClient(app, raise_server_exceptions=False, base_url=HOST) as client:
        yield client


def sign_in(client: TestClient) -> dict[str, str]:
    body = {"candidate_no": "101", "password": "code-101"}
    return {"Authorization": f"Bearer {client.post('/api/v1/sessions', json=body).json()['token']}"}


@pytest.mark.parametrize("fixed", [{}, {"round_code": ROUND, "institution": "5012"}])
@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.slow
def test_every_operation_answers_as_documented(
    client: TestClient, fixed: dict[str, str], *, signed_in: bool
):
    schema = schemathesis.openapi.from_dict(client.app.openapi())  # type: ignore[attr-defined]
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a document we made
        if operation.path == "/api/v1/live/events":
            continue  # it has no end to wait for: test_live_events asks it
        ask(client, operation, fixed, sign_in(client) if signed_in else {"Authorization": ""})


def ask(client: TestClient, operation: Any, fixed: dict[str, str], own: dict[str, str]) -> None:
    """Try one operation with whatever its documentation allows."""

    @given(operation.as_strategy())
    @settings(
        max_examples=8,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: schemathesis.Case[Any]) -> None:
        case.path_parameters.update({k: v for k, v in fixed.items() if k in case.path_parameters})
        request = case.as_transport_kwargs(base_url=HOST)
        request["headers"] = {**dict(request.get("headers") or {}), **own}
        request.pop("cookies", None)
        answer = client.request(**request)
        case.validate_response(answer, excluded_checks=NOT_MEANT)
        assert not answer.text.startswith(f'{{"type":"{URN}invalid-request"'), answer.text

    holds()


def documented(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    return [
        (path, method, one) for path, methods in paths.items() for method, one in methods.items()
    ]


def test_every_call_of_the_contract_is_documented_with_its_problems(client: TestClient):
    calls = {f"{method.upper()} {path}" for path, method, _ in documented(client)}
    rounds = "/api/v1/rounds/{round_code}"
    assert calls >= {
        "POST /api/v1/sessions", "PUT /api/v1/password", "GET /api/v1/me", "GET /api/v1/rounds",
        f"GET {rounds}/units", f"GET {rounds}/units/{{institution}}/{{track}}",
        f"GET {rounds}/unfilled", f"GET {rounds}/unfilled.csv", "POST /api/v1/results/query",
        f"GET {rounds}/statistics", f"GET {rounds}/statistics.csv", f"GET {rounds}/choice",
        f"GET {rounds}/statistics/majors.csv",
        f"PUT {rounds}/choice", f"DELETE {rounds}/choice", f"GET {rounds}/standing",
        f"GET {rounds}/what-if", f"GET {rounds}/choice/history",
        "GET /api/v1/live/events", "GET /healthz", "GET /readyz", "GET /metrics",
    }  # fmt: skip
    for path, method, operation in documented(client):
        place = f"{method} {path}"
        assert operation.get("description") or operation.get("summary"), place
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and operation["tags"] != ["operations"]:
                assert list(answer["content"]) == [MEDIA_TYPE], f"{place} {status}"


def test_every_body_and_answer_comes_with_an_example(client: TestClient):
    for path, method, operation in documented(client):
        for status, answer in operation["responses"].items():
            for media, content in answer.get("content", {}).items():
                assert "example" in content or "examples" in content, (path, method, status, media)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert "example" in content or "examples" in content, (path, method)


def test_the_examples_fit_their_schemas(client: TestClient):
    names = client.app.openapi()["components"]["schemas"]  # type: ignore[attr-defined]
    for name, example in BY_SHAPE.items():
        assert name in names
        rooms = (shapes, result_shapes, health, sessions, choice, results)
        shape = next(vars(room)[name] for room in rooms if name in vars(room))
        fits = TypeAdapter(shape)
        assert fits.dump_python(fits.validate_python(example), exclude_unset=True) == example


STRANGE = [
    "\x00",
    "\x00\ud800",
    "\u202e\u200f",
    "９",
    "𝟙",
    "'; drop table",
    "%00",
    "../" * 9,
    "e\u0301",
    "\x7f",
]


@pytest.mark.parametrize("text", STRANGE)
def test_strange_text_anywhere_is_never_a_fault_of_the_server(client: TestClient, text: str):
    path = urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="")
    headers = {**sign_in(client), "Idempotency-Key": "k", "User-Agent": "\x01 a"}
    headers["Content-Type"] = "application/json"
    base = f"/api/v1/rounds/{ROUND}"
    body = {"institution_code": text, "majors": [text], "accepts_adjustment": True, "version": 0}
    answers = [
        client.get(f"/api/v1/rounds/{path}/units", headers=headers),
        client.get(f"{base}/units?q={path}&track={path}&cursor={path}"),
        client.get(f"{base}/units/{path}/{path}?plan_nature={path}"),
        client.get(f"{base}/what-if?institution_code={path}", headers=headers),
        client.put(f"{base}/choice", headers=headers, content=json.dumps(body)),
        client.put(f"{base}/choice", headers=headers, content=b'{"version": 1' + b"0" * 5000),
        client.put(f"{base}/choice", headers=headers, content=b"[" * 50_000),
        client.put(f"{base}/choice", headers=headers, content=b"\xff\xfe"),
        client.post(
            "/api/v1/sessions", content=json.dumps({"candidate_no": text, "password": "x"})
        ),
        client.post(
            "/api/v1/sessions", content=json.dumps({"candidate_no": "1", "password": text})
        ),
        client.put(
            "/api/v1/password", headers=headers, content=json.dumps({"old": text, "new": "x"})
        ),
        client.get("/api/v1/me", headers={"Authorization": f"Bearer {path}"}),
        client.get(f"/{path}"),
    ]
    for answer in answers:
        assert answer.status_code in (200, 401, 404, 422), answer.text
        if answer.request.url.path.startswith("/api/") and answer.status_code != 200:
            assert answer.headers["content-type"] == MEDIA_TYPE


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: TestClient):
    body = b'{"institution_code": "' + b"9" * 70_000 + b'"}'
    answer = client.put(f"/api/v1/rounds/{ROUND}/choice", headers=sign_in(client), content=body)
    assert answer.status_code == 413
    assert answer.json()["type"] == URN + "too-large"
    chunks = (b"9" * 1000 for _ in range(70))
    answer = client.put(f"/api/v1/rounds/{ROUND}/choice", headers=sign_in(client), content=chunks)
    assert answer.status_code == 413
    assert answer.json()["type"] == URN + "too-large"
