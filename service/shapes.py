"""What the outside is answered, as typed JSON values. CONTRACT.md 3 and 4 fix the names.

Scores are numbers with at most three decimals; moments are RFC 3339 texts with offset.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

Score = int | float
StatusName = Literal["inside", "straddling", "outside_plan", "outside"]
VerdictName = Literal["safe", "out", "open"]
LockState = Literal["open", "modify_only", "locked"]
RoundState = Literal[
    "draft",
    "published",
    "paused",
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
    draw_seed: str
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
    """A major's row of the public table.

    `projected_lowest` is the lowest filing score it would admit if filing closed at the moment of
    the publication; null where it would admit nobody. A live message has none.
    """

    code: str
    name: str
    plan: int
    projected_lowest: NotRequired[Score | None]
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


class LadderStep(TypedDict):
    """A range of filing scores, from `low` up to the range above, and how many apply in it."""

    low: Score
    count: int


class PublishedRow(StatisticsRow):
    """A unit's row of a publication: what a live row says, and more.

    `entered` and `left` count the moves in and out since the publication before. The ladder is of
    `ladder_as_of`, which is earlier where a new one would tell too much; `left_since_ladder` is how
    many have left since then.
    """

    entered: int
    left: int
    ladder: list[LadderStep]
    ladder_as_of: str
    left_since_ladder: int


class StatisticsView(TypedDict):
    """The public table as of one publication; moves are counted after `since_seq`."""

    round: str
    number: int
    seq: int
    as_of: str
    since_seq: int
    since: str | None
    next_at: str | None
    items: list[PublishedRow]


class PublicationView(TypedDict):
    """One publication: its number, the log's seq, its time and the SHA-256 of its JSON."""

    number: int
    seq: int
    published_at: str
    digest: str


class PublicationList(TypedDict):
    """A round's publications, newest first, and where the next page begins."""

    items: list[PublicationView]
    next: str | None


ChangeName = Literal[
    "segment", "state", "quota", "seats", "plan_text", "ratio", "round", "candidates"
]


class Change(TypedDict):
    """One thing that a correction changed.

    `where` names the segment's lowest score, or institution/track/plan_nature(/major) of a quota
    or ratio, with the field of a plan's text after it, or the key of a round file; `before` and `after` are texts, null where there is nothing to say.
    """

    what: ChangeName
    where: str
    before: str | None
    after: str | None


class Correction(TypedDict):
    """A change of what was public already, done by two people with a reason."""

    id: int
    kind: str
    at: str
    seq: int
    reason: str
    changes: list[Change]


class CorrectionList(TypedDict):
    """A round's corrections, newest first."""

    items: list[Correction]
    next: None


class SessionView(TypedDict):
    """An opened session."""

    token: str
    expires_at: str
    must_change_password: bool


class ErratumField(TypedDict):
    """What one column of a plan's row was, and what it is."""

    name: str
    before: str
    after: str


class Erratum(UnitRef):
    """A major whose row differs from the edition before; `fields` only where it is changed."""

    kind: Literal["added", "removed", "changed"]
    major_code: str
    major_name: str
    quota: int
    fields: list[ErratumField]


class PlanBook(TypedDict):
    """One track of an edition of the plan. An edition is an import that changed something."""

    round: str
    track: str
    edition: int
    previous: int | None
    seq: int
    imported_at: str
    digest: str
    majors: int
    seats: int
    seats_before: int
    units: list[UnitView]
    errata: list[Erratum]
