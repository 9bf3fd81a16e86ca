"""What is answered about a round after its close: results of candidates, and the seats left."""

from typing import Literal

from typing_extensions import TypedDict

from service.shapes import Score


class UnfilledRow(TypedDict):
    """A major's account after admission: its plan, who was admitted, the seats left."""

    track: str
    institution_code: str
    institution_name: str
    plan_nature: str
    major_code: str
    major_name: str
    quota: int
    admitted: int
    unfilled: int
    tuition: str
    duration: str
    notes: str


class UnfilledView(TypedDict):
    """The unfilled quotas of one round as published: every major, filled ones too."""

    round: str
    name: str
    published_at: str
    majors: int
    seats_left: int
    items: list[UnfilledRow]
    next: None


class ResultMajor(TypedDict):
    """The major admitted to."""

    code: str
    name: str


class ResultReason(TypedDict):
    """Why it came out so, in words; `code` is stable."""

    code: str
    zh: str
    en: str


class TieKey(TypedDict):
    """A subject that decides between equal scores, and one's marks in it."""

    subject: str
    score: Score


class Compared(TypedDict):
    """What was compared: the score that counted, and the lines at the close."""

    score: Score
    by: Literal["filing", "exam"]
    filing_score: Score
    tie_keys: list[TieKey]
    line_filing: Score | None
    line_plan: Score | None
    lowest_admitted: Score | None
    line_at: str


class ResultStep(TypedDict):
    """A step and its moment; null: at the release."""

    step: Literal["chosen", "filed", "under_review", "not_filed", "admitted", "rejected"]
    at: str | None


class ResultView(TypedDict):
    """What became of a candidate in one round."""

    round: str
    round_name: str
    outcome: Literal["admitted", "rejected", "not_filed"]
    institution_code: str | None
    institution_name: str | None
    track: str
    plan_nature: str | None
    major: ResultMajor | None
    major_position: int | Literal["adjusted"] | None
    on_behalf: bool
    reason: ResultReason
    compared: Compared
    steps: list[ResultStep]


class ReleasedResult(TypedDict):
    """One round's result and when it was let out."""

    released_at: str
    result: ResultView


class Viewed(TypedDict):
    """How often this result was looked at, this time included, and when before this."""

    times: int
    last_at: str | None


class ResultAnswer(TypedDict):
    """Everything that has been released about a candidate, the newest round first."""

    candidate_no: str
    name: str
    viewed: Viewed
    items: list[ReleasedResult]


class Challenge(TypedDict):
    """A proof of work to be done, as ALTCHA writes it."""

    algorithm: Literal["SHA-256"]
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class UnfilledPublication(TypedDict):
    """That the seats left of a round were published, and when."""

    round: str
    name: str
    published_at: str
