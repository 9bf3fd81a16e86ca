"""The hot call goes past the framework, and nobody can tell by the answer."""

import json

import pytest

from tests.builders import Running
from tests.web.answers import ROUND_PATH, bearer, slug
from web.api.plain_choice import PlainChoice

GOOD = {"institution_code": "5012", "majors": ["01"], "accepts_adjustment": True, "version": 0}
ORDINARY = {"Content-Type": "application/json; charset=utf-8"}
"""What makes a request unusual without changing what it says."""


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bodies that the plain way has taken."""
    bodies: list[str] = []
    handle = PlainChoice.handle

    async def noted(self, scope, receive, send):
        await handle(self, scope, receive, send)
        bodies.append("ordinary" if "mingci.ordinary" in scope else "plain")

    monkeypatch.setattr(PlainChoice, "handle", noted)
    return bodies


async def put(service: Running, body: object, key: str = "k", **headers: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    everything = {
        **await bearer(service, "101"),
        "Idempotency-Key": key,
        "Content-Type": "application/json",
        **headers,
    }
    return await service.client.put(f"{ROUND_PATH}/choice", content=content, headers=everything)


async def test_both_ways_answer_the_same_bytes(service: Running, taken: list[str]):
    for n, wish in enumerate([GOOD, {**GOOD, "majors": [], "version": 1, "plan_nature": ""}]):
        plain = await put(service, wish, f"k{n}")
        ordinary = await put(service, wish, f"k{n}", **ORDINARY)
        assert plain.status_code == ordinary.status_code == 200
        assert plain.content == ordinary.content
        assert dict(plain.headers) == dict(ordinary.headers)
    assert taken == ["plain", "plain"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"version": 0.5}, "invalid-request"),
        ({"version": 2**31}, "invalid-request"),
        ({"version": True}, "invalid-request"),
        ({"majors": ["x" * 65]}, "invalid-request"),
        ({"majors": ["0"] * 201}, "invalid-request"),
        ({"institution_code": ""}, "invalid-request"),
        ({"institution_code": "号" * 33}, "invalid-request"),
        ({"plan_nature": "x" * 65}, "invalid-request"),
        ({"accepts_adjustment": 1}, "invalid-request"),
        ({"institution_code": "9999"}, "unknown-unit"),
        ({"majors": ["99"]}, "unknown-major"),
        ({"version": 3}, "version-conflict"),
    ],
)
async def test_both_ways_refuse_the_same_things_in_the_same_words(
    service: Running, change: dict[str, object], expected: str
):
    plain = await put(service, GOOD | change)
    ordinary = await put(service, GOOD | change, **ORDINARY)
    assert slug(plain) == slug(ordinary) == expected
    assert plain.content == ordinary.content
    assert dict(plain.headers) == dict(ordinary.headers)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"version": 1' + b"0" * 50 + b"}"])
async def test_what_is_no_plain_body_is_handed_on_as_it_came(
    service: Running, taken: list[str], body: bytes
):
    answer = await put(service, body)
    assert slug(answer) == "invalid-request"
    assert taken == ["ordinary"]
    assert answer.content == (await put(service, body, **ORDINARY)).content


async def test_a_whole_number_is_a_version_however_it_is_written(service: Running):
    body = json.dumps(GOOD).replace('"version": 0', '"version": 0.0').encode()
    assert (await put(service, body)).json()["receipt"]["version"] == 1


async def test_what_the_head_lacks_is_told_the_ordinary_way(service: Running, taken: list[str]):
    assert slug(await put(service, GOOD, **{"Idempotency-Key": ""})) == "invalid-request"
    assert slug(await put(service, GOOD, **{"Idempotency-Key": "a b"})) == "invalid-request"
    assert slug(await put(service, GOOD, Authorization="")) == "not-signed-in"
    assert slug(await put(service, GOOD, Authorization="Basic x")) == "not-signed-in"
    assert taken == []
    assert slug(await put(service, GOOD, Authorization="Bearer nobody")) == "not-signed-in"
    assert taken == []  # refused on the plain way, which ended by raising


async def test_the_device_of_a_plain_choice_is_kept(service: Running):
    await put(service, GOOD, **{"User-Agent": "a\x7fb" + "x" * 300})
    (item,) = (await service.call("101", "GET", "/choice/history")).json()["items"]
    assert item["device"] == "ab" + "x" * 198


async def test_a_plain_choice_is_counted_by_its_template(service: Running):
    await put(service, GOOD)
    counted = (await service.client.get("/metrics")).text
    assert (
        'mingci_requests_total{method="PUT",route="/api/v1/rounds/{round_code}/choice",status="200"} 1.0'
        in counted
    )


async def test_too_many_in_a_row_are_told_when_to_come_again(service: Running):
    answers = [await put(service, GOOD, "same") for _ in range(22)]
    assert {one.status_code for one in answers[:20]} == {200}
    late = answers[-1]
    assert slug(late) == "too-many-attempts"
    assert 1 <= int(late.headers["retry-after"]) <= 4
    assert (await service.file("102", "5012")).status_code == 200
