"""The logs name nobody: no name, number, ID number, phone, code or token, whatever happens."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from service import logs
from tests.builders import Clock, load, served, sqlite_url

PERSON = {
    "candidate_no": "26150107777",
    "name": "欧阳修竹",
    "track": "理科",
    "exam_score": "601.5",
    "id_number": "152101200801017777",
    "phone": "13904717777",
    "initial_code": "geheim7777",
}
CANDIDATES = ",".join(PERSON) + "\n" + ",".join(PERSON.values()) + "\n"


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    """What a test does to logging ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()


@pytest.mark.usefixtures("_logging_restored")
async def test_import_sign_in_filing_and_faults_leave_no_trace_of_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    logs.set_up("DEBUG")
    monkeypatch.setattr(logging.getLogger("httpx2"), "disabled", True)  # the client, not ours
    url, clock = sqlite_url(tmp_path), Clock()
    await load(url, clock, candidates=CANDIDATES)
    number, code = PERSON["candidate_no"], PERSON["initial_code"]
    async with served(url, clock) as service:
        answers = [
            await service.client.post(
                "/api/v1/sessions", json={"candidate_no": number, "password": password}
            )
            for password in ("wrong-secret", code)
        ]
        service.tokens[number] = answers[1].json()["token"]
        assert (await service.file(number, "5012")).status_code == 200
        assert (await service.file(number, "5012\x00", version=1)).status_code == 422
        await service.client.get(f"/my?candidate_no={number}")
        await service.client.get(f"/api/v1/rounds/{number}/choice")

        async def broken(*_: object, **__: object) -> None:
            raise OperationalError(
                "SELECT … WHERE candidate_no = ?", (number, PERSON["name"]), Exception("disk I/O")
            )

        monkeypatch.setattr("service.views.own_choice", broken)
        monkeypatch.setattr("service.accounts.people.find_credential", broken)
        answer = await service.call(number, "GET", "/choice")
        assert answer.status_code == 503
        answer = await service.client.post(
            "/api/v1/sessions", json={"candidate_no": number, "password": code}
        )
        assert answer.status_code == 503
        assert PERSON["name"] not in answer.text
        secrets = [service.tokens[number], "wrong-secret", *PERSON.values()]

    told = capsys.readouterr().err
    lines = [json.loads(line) for line in told.splitlines()]
    assert "database_failed" in {line["event"] for line in lines}
    for secret in secrets:
        if secret not in ("理科", "601.5"):
            assert secret not in told
