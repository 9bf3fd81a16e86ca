"""What answers of the API look like, for the tests that read them."""

from typing import Any

from tests.builders import ROUND, Running

ROUND_PATH = f"/api/v1/rounds/{ROUND}"
STANDING = {
    "round", "seq", "as_of", "unit", "rank", "rank_last", "tied", "applicants", "plan", "due",
    "line_filing", "line_plan", "status", "first_major", "first_major_hidden", "certainty", "lock",
}  # fmt: skip
RECEIPT = {
    "id", "seq", "received_at", "candidate_no", "round", "institution_code", "majors",
    "accepts_adjustment", "version", "fingerprint",
}  # fmt: skip


def slug(answer: Any) -> str:
    """The problem's slug, having seen that the answer is a problem at all."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    assert body["type"].startswith("urn:mingci:problem:")
    return str(body["type"]).removeprefix("urn:mingci:problem:")


async def bearer(service: Running, candidate_no: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {await service.token(candidate_no)}"}
