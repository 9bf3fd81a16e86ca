"""What the outside is answered, as typed JSON values. CONTRACT.md 3 and 4 fix the names.

Scores are numbers with at most three decimals; moments are RFC 3339 texts with offset.
"""

from typing import Literal

from typing_extensions import TypedDict

Score = int | float
StatusName = Literal["inside", "straddling", "outside_plan", "outside"]
VerdictName = Literal["safe", "out", "open"]
LockState = Literal["open", "modify_only", "locked"]
RoundState = Literal[
    "published",
    "open",
    "delete_locked",
    "create_locked",
    "closing",
    "closed",
    "filed",
    "deciding",
    "results",
    "unfilled_published",
]


class UnitRef(TypedDict):
    """Which unit is spoken of."""

    institution_code: str
    institution_name: str
    track: str
    plan_nature: str


class Place(TypedDict):
    """A place in one list, and how many share it, oneself included."""

    rank: int
    tied: int


class FirstMajor(TypedDict):
    """The standing in the first major, among those inside the filing line."""

    code: str
    name: str
    quota: int
    by_filing: Place
    by_exam: Place


class Certainty(TypedDict):
    """The interval the final rank lies in while plan and ratio stay. RULES.md 3."""

    verdict: VerdictName
    best: int
    worst: int
    locked_above: int
    open_above: int


class LockView(TypedDict):
    """What the candidate may still do, and until when."""

    state: LockState
    closes_at: str | None


class StandingView(TypedDict):
    """A candidate's live position; everything is null while no choice is held."""

    round: str
    seq: int
    as_of: str
    unit: UnitRef | None
    rank: int | None
    rank_last: int | None
    tied: int | None
    applicants: int | None
    plan: int | None
    due: int | None
    line_filing: Score | None
    line_plan: Score | None
    status: StatusName | None
    first_major: FirstMajor | None
    first_major_hidden: Literal["outside_line"] | None
    certainty: Certainty | None
    lock: LockView


class SegmentView(TypedDict):
    """A band of filing scores and its own deadline; `max_score` null: no upper bound."""

    min_score: Score | None
    max_score: Score | None
    closes: str
    sealed: bool


class ScheduleView(TypedDict):
    """A round's gates."""

    opens: str
    delete_lock: str | None
    create_lock: str | None
    closes: str
    statistics_every_s: int
    segments: list[SegmentView]


class RoundView(TypedDict):
    """A round as the public sees it."""

    code: str
    name: str
    season: str
    batch: str
    state: RoundState
    regime: str
    ratio: str
    majors_per_choice: int
    tracks: list[str]
    schedule: ScheduleView | None


class RoundList(TypedDict):
    """Rounds, and where the next page begins."""

    items: list[RoundView]
    next: str | None


class MajorView(TypedDict):
    """A row of a unit's plan."""

    code: str
    name: str
    quota: int
    tuition: str
    duration: str
    notes: str


class UnitView(UnitRef):
    """A unit of the public plan."""

    plan: int
    ratio: str
    majors: list[MajorView]


class UnitList(TypedDict):
    """Units, and where the next page begins."""

    items: list[UnitView]
    next: str | None


class ReceiptView(TypedDict):
    """What is kept of an accepted choice; `institution_code` null: a withdrawal."""

    id: str
    seq: int
    received_at: str
    candidate_no: str
    round: str
    institution_code: str | None
    institution_name: str | None
    plan_nature: str | None
    majors: list[str]
    accepts_adjustment: bool | None
    version: int
    replaces: str | None
    fingerprint: str


class ChoiceView(TypedDict):
    """The choice held: version 0 and the rest null where there is none."""

    version: int
    institution_code: str | None
    institution_name: str | None
    plan_nature: str | None
    majors: list[str] | None
    accepts_adjustment: bool | None
    receipt: ReceiptView | None


class HistoryItem(TypedDict):
    """One version of a choice."""

    device: str
    receipt: ReceiptView


class History(TypedDict):
    """Every version, oldest first."""

    items: list[HistoryItem]
    next: None


class Filed(TypedDict):
    """The answer to an accepted choice or withdrawal."""

    receipt: ReceiptView
    standing: StandingView


class StandingList(TypedDict):
    """What-if: the standings one would have, all from one state."""

    items: list[StandingView]
    next: None


class OwnRound(TypedDict):
    """A round as it concerns one candidate."""

    code: str
    name: str
    state: RoundState
    gates: ScheduleView | None
    closes_at: str | None
    lock: LockState


class Me(TypedDict):
    """The signed-in candidate."""

    candidate_no: str
    name: str
    track: str
    exam_score: Score
    bonus: Score
    filing_score: Score
    rounds: list[OwnRound]


class StatisticsMajor(TypedDict):
    """A major's row of the public table."""

    code: str
    name: str
    plan: int
    first_choice_inside: int
    tuition: str
    notes: str


class StatisticsRow(UnitRef):
    """A unit's row of the public table."""

    plan: int
    line_plan: Score | None
    ratio: str
    line_filing: Score | None
    due: int
    applicants: int
    missing: int
    majors: list[StatisticsMajor]


class StatisticsView(TypedDict):
    """The public table as of one publication; without a number and next in a live message."""

    round: str
    number: int
    seq: int
    as_of: str
    next_at: str | None
    items: list[StatisticsRow]


class SessionView(TypedDict):
    """An opened session."""

    token: str
    expires_at: str
    must_change_password: bool


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
