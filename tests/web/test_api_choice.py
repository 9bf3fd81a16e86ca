"""The own choice over HTTP: filing, changing, withdrawing, and what one would stand at. CONTRACT.md 3."""

from pathlib import Path

import pytest

from tests.builders import ROUND, Clock, Running, running, sqlite_url
from tests.web.answers import RECEIPT, STANDING, slug


async def test_without_a_choice_the_version_is_0_and_the_rest_null(service: Running):
    choice = (await service.call("101", "GET", "/choice")).json()
    assert choice.pop("version") == 0
    assert set(choice.values()) == {None}
    standing = (await service.call("101", "GET", "/standing")).json()
    assert set(standing) == STANDING
    assert standing["unit"] is None
    assert standing["lock"] == {"state": "open", "closes_at": "2026-08-01T11:00:00.000+08:00"}


async def test_a_filed_choice_is_answered_with_receipt_and_standing(service: Running):
    answer = await service.file("102", "5012", ("01", "02"))
    assert answer.status_code == 200
    receipt, standing = answer.json()["receipt"], answer.json()["standing"]
    assert set(receipt) >= RECEIPT
    assert (receipt["candidate_no"], receipt["round"]) == ("102", ROUND)
    assert (receipt["majors"], receipt["version"]) == (["01", "02"], 1)
    assert set(standing) == STANDING
    assert standing["seq"] >= receipt["seq"]
    assert (standing["rank"], standing["rank_last"], standing["tied"]) == (1, 1, 1)
    assert standing["first_major"]["by_filing"] == {"rank": 1, "tied": 1}
    assert set(standing["certainty"]) == {"verdict", "best", "worst", "locked_above", "open_above"}
    assert (await service.call("102", "GET", "/standing")).json()["rank"] == 1
    choice = (await service.call("102", "GET", "/choice")).json()
    assert (choice["institution_code"], choice["version"]) == ("5012", 1)
    assert choice["receipt"] == receipt


async def test_outside_the_line_the_first_major_is_hidden(service: Running):
    await service.file("103", "00", ("A1",))
    standing = (await service.file("105", "00", ("A1",))).json()["standing"]
    assert standing["status"] == "outside"
    assert standing["first_major"] is None
    assert standing["first_major_hidden"] == "outside_line"


async def test_the_same_key_gets_the_same_receipt_and_another_body_is_refused(service: Running):
    first = await service.file("101", "5012", key="k-1")
    assert (await service.file("101", "5012", key="k-1")).json()["receipt"] == (
        first.json()["receipt"]
    )
    assert slug(await service.file("101", "5037", key="k-1")) == "idempotency-mismatch"


async def test_a_stale_version_is_answered_with_the_choice_held(service: Running):
    await service.file("101", "5012")
    answer = await service.file("101", "5037")
    assert answer.status_code == 409
    assert slug(answer) == "version-conflict"
    held = (await service.call("101", "GET", "/choice")).json()
    assert answer.json()["current"] == held


@pytest.mark.parametrize(
    ("institution", "majors", "expected"),
    [
        ("nope", ("01",), "unknown-unit"),
        ("5012", ("99",), "unknown-major"),
        ("5012", ("01", "01"), "duplicate-major"),
        ("5012", ("01", "02", "03", "04", "05", "06", "07"), "too-many-majors"),
        ("5012\x00", ("01",), "unknown-unit"),
    ],
)
async def test_a_choice_that_cannot_be_right_names_what_is_wrong(
    service: Running, institution: str, majors: tuple[str, ...], expected: str
):
    answer = await service.file("101", institution, majors, key="k")
    assert answer.status_code == 422
    assert slug(answer) == expected
    assert (await service.call("101", "GET", "/choice")).json()["version"] == 0


async def test_another_tracks_unit_is_refused(service: Running):
    assert slug(await service.file("201", "5037")) == "wrong-track"


@pytest.mark.parametrize(
    ("time", "candidate", "expected"),
    [("07:59", "101", "not-open"), ("10:30", "105", "create-locked"), ("11:00", "101", "segment-closed")],
)  # fmt: skip
async def test_a_closed_gate_refuses_and_names_itself(
    tmp_path: Path, time: str, candidate: str, expected: str
):
    clock = Clock()
    clock.at(time)
    async with running(sqlite_url(tmp_path), clock) as service:
        answer = await service.file(candidate, "5012")
        assert answer.status_code == 409
        assert slug(answer) == expected


async def test_a_withdrawn_choice_is_in_the_history_and_not_in_the_standing(service: Running):
    await service.file("101", "5012")
    answer = await service.call(
        "101", "DELETE", "/choice?version=1", headers={"Idempotency-Key": "away"}
    )
    assert answer.status_code == 200
    assert answer.json()["receipt"]["institution_code"] is None
    assert answer.json()["standing"]["unit"] is None
    assert (await service.call("101", "GET", "/choice")).json()["version"] == 0
    history = (await service.call("101", "GET", "/choice/history")).json()
    assert [(i["receipt"]["version"], i["receipt"]["institution_code"]) for i in history["items"]] == [
        (1, "5012"), (2, None),
    ]  # fmt: skip
    assert all(set(item) >= {"device", "receipt"} for item in history["items"])
    assert history["next"] is None
    assert slug(await service.call("101", "DELETE", "/choice")) == "no-choice"
    service.clock.at("10:00")
    await service.file("104", "5012")
    assert slug(await service.call("104", "DELETE", "/choice")) == "delete-locked"


async def test_a_whole_choice_needs_its_key_and_types(service: Running):
    good = {
        "institution_code": "5012", "majors": ["01"], "accepts_adjustment": True, "version": 0,
    }  # fmt: skip
    assert slug(await service.call("101", "PUT", "/choice", json=good)) == "invalid-request"
    for wrong in ({"version": 2**31}, {"version": "0"}, {"version": True}, {"version": 0.5}, {"majors": "01"}, {"majors": [""]},
                  {"accepts_adjustment": 1}, {"institution_code": 5012}):  # fmt: skip
        answer = await service.call(
            "101", "PUT", "/choice", json=good | wrong, headers={"Idempotency-Key": "k"}
        )
        assert slug(answer) == "invalid-request", wrong
        assert answer.json()["errors"][0]["place"].startswith("body/")


async def test_what_if_answers_up_to_four_units_and_changes_nothing(service: Running):
    for candidate in ("101", "102"):
        await service.file(candidate, "5012")
    codes = ["5012", "5037", "00", "E87"]
    answer = await service.call("104", "GET", "/what-if", params={"institution_code": codes})
    items = answer.json()["items"]
    assert [item["unit"]["institution_code"] for item in items] == [*codes, "E87"]
    assert [item["unit"]["plan_nature"] for item in items[3:]] == ["", "国家专项"]
    assert (items[0]["rank"], items[0]["tied"]) == (2, 2)
    assert all(set(item) == STANDING for item in items)
    assert (await service.call("104", "GET", "/choice")).json()["version"] == 0
    five = await service.call(
        "104", "GET", "/what-if", params={"institution_code": [*codes, "5012"]}
    )
    assert slug(five) == "invalid-request"
    assert slug(await service.call("104", "GET", "/what-if")) == "invalid-request"
