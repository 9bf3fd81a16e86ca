"""The tables. The database is the truth; the log is its spine.

Moments are whole milliseconds since 1970 in UTC (`…_ms`), scores whole thousandths of a point.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("epoch", String(32), nullable=False),
    comment="one row: the last seq given out, taken under lock; epoch changes on a restore",
)

log = Table(
    "log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("round_id", Integer),
    Column("candidate_id", Integer),
    Column("unit_id", Integer),
    Column("first_major_id", Integer),
    Column("body", Text),
)

season = Table(
    "season",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("candidates_digest", String(64)),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("season_id", ForeignKey("season.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    UniqueConstraint("season_id", "code"),
)

round_ = Table(
    "round",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batch.id"), nullable=False),
    Column("code", String(64), nullable=False, unique=True),
    Column("file", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("plan_digest", String(64)),
    Column("draft", Boolean, nullable=False, server_default=false()),
    Column("paused_ms", BigInteger),
    comment="file: the round file's text; revision: the seq of the last import that touched it",
)

gate = Table(
    "gate",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    comment="gates that have passed and segments that are sealed; only an extension reopens one",
)

unit = Table(
    "unit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("round_id", ForeignKey("round.id"), nullable=False),
    Column("institution_code", String(32), nullable=False),
    Column("institution_name", String(128), nullable=False),
    Column("track", String(32), nullable=False),
    Column("plan_nature", String(64), nullable=False),
    UniqueConstraint("round_id", "institution_code", "track", "plan_nature"),
)

major = Table(
    "major",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit_id", ForeignKey("unit.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("code", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("quota", Integer, nullable=False),
    Column("tuition", Text, nullable=False),
    Column("duration", Text, nullable=False),
    Column("notes", Text, nullable=False),
    UniqueConstraint("unit_id", "code"),
)

candidate = Table(
    "candidate",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("season_id", ForeignKey("season.id"), nullable=False),
    Column("candidate_no", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("track", String(32), nullable=False),
    Column("exam_score", Integer, nullable=False),
    Column("bonus", Integer, nullable=False),
    Column("subjects", Text, nullable=False),
    Column("id_number", Text, nullable=False),
    Column("phone", Text, nullable=False),
    UniqueConstraint("season_id", "candidate_no"),
    Index("ix_candidate_candidate_no", "candidate_no"),
)

credential = Table(
    "credential",
    metadata,
    Column("candidate_id", ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("secret", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("candidate_id", ForeignKey("candidate.id"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("device", Text, nullable=False),
)

choice = Table(
    "choice",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True),
    Column("candidate_id", ForeignKey("candidate.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("unit_id", ForeignKey("unit.id")),
    Column("first_major_id", Integer),
    Column("seq", BigInteger, nullable=False),
    comment="the newest version of each; unit_id is null after a withdrawal",
)

receipt = Table(
    "receipt",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("round_id", Integer, nullable=False),
    Column("candidate_id", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("device", Text, nullable=False),
    Index("ix_receipt_candidate_id_round_id", "candidate_id", "round_id"),
)

answered = Table(
    "answered",
    metadata,
    Column("candidate_id", Integer, primary_key=True, autoincrement=False),
    Column("key", String(128), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("receipt_seq", BigInteger, nullable=False),
    comment="idempotency: which receipt a key was answered with",
)

statistics = Table(
    "statistics",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("published_ms", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    comment="published tables, never changed: deflated JSON",
)

extension = Table(
    "extension",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True),
    Column("gate", String(64), primary_key=True),
    Column("closes_ms", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    comment="outage extensions: a segment's later close, over what the round file says",
)

staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("secret", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("totp_secret", String(64), nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
    comment="totp_step: the newest time step whose code was used; never accepted again",
)

staff_role = Table(
    "staff_role",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
    CheckConstraint(
        "role IN ('importer', 'reviewer', 'publisher', 'auditor', 'security_admin')", name="role"
    ),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)

act = Table(
    "act",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("round_id", ForeignKey("round.id"), index=True),
    Column("body", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("publication", Boolean, nullable=False),
    Column("proposed_by", ForeignKey("staff.id"), nullable=False),
    Column("proposed_ms", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("ended_by", ForeignKey("staff.id")),
    Column("ended_ms", BigInteger),
    UniqueConstraint("id", "proposed_by", "publication"),
    CheckConstraint("state IN ('proposed', 'approved', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'proposed') = (ended_by IS NULL)", name="ended"),
    CheckConstraint("state <> 'approved' OR ended_by <> proposed_by", name="two_persons"),
    CheckConstraint("state <> 'withdrawn' OR ended_by = proposed_by", name="own_withdrawal"),
    CheckConstraint("length(reason) > 0", name="reason"),
    comment="what one person proposes and another approves; never deleted",
)

review = Table(
    "review",
    metadata,
    Column("act_id", Integer, primary_key=True, autoincrement=False),
    Column("proposed_by", Integer, nullable=False),
    Column("publication", Boolean, nullable=False),
    Column("reviewed_by", ForeignKey("staff.id"), nullable=False),
    Column("reviewed_ms", BigInteger, nullable=False),
    Column("state_secret", Boolean, nullable=False),
    Column("trade_secret", Boolean, nullable=False),
    Column("personal_data", Boolean, nullable=False),
    Column("safety", Boolean, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("basis", Text, nullable=False),
    ForeignKeyConstraint(
        ["act_id", "proposed_by", "publication"], ["act.id", "act.proposed_by", "act.publication"]
    ),
    UniqueConstraint("act_id", "decision"),
    CheckConstraint("reviewed_by <> proposed_by", name="two_persons"),
    CheckConstraint("decision IN ('publish', 'withhold')", name="decision"),
    CheckConstraint(
        "decision = 'withhold' OR NOT (state_secret OR trade_secret OR personal_data OR safety)",
        name="nothing_secret",
    ),
    CheckConstraint("length(basis) > 0", name="basis"),
    comment="the confidentiality review of a publication: what was found, decision, legal basis",
)

approval = Table(
    "approval",
    metadata,
    Column("act_id", Integer, primary_key=True, autoincrement=False),
    Column("proposed_by", Integer, nullable=False),
    Column("publication", Boolean, nullable=False),
    Column("review_decision", String(16)),
    Column("approved_by", ForeignKey("staff.id"), nullable=False),
    Column("approved_ms", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("last_seq", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["act_id", "proposed_by", "publication"], ["act.id", "act.proposed_by", "act.publication"]
    ),
    ForeignKeyConstraint(["act_id", "review_decision"], ["review.act_id", "review.decision"]),
    CheckConstraint("approved_by <> proposed_by", name="two_persons"),
    CheckConstraint(
        "NOT publication OR (review_decision IS NOT NULL AND review_decision = 'publish')",
        name="reviewed",
    ),
    comment="seq: its act_approved in the log; what it did is logged up to last_seq",
)

upload = Table(
    "upload",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("what", String(16), nullable=False),
    Column("target", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("summary", Text, nullable=False),
    Column("uploaded_by", ForeignKey("staff.id"), nullable=False),
    Column("uploaded_ms", BigInteger, nullable=False),
    comment="a file at the office's desk; its bytes go once it is applied or refused",
)

plan_edition = Table(
    "plan_edition",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("imported_ms", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    comment="plans as imported, never changed: deflated CSV, and its SHA-256",
)

filing = Table(
    "filing",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True, autoincrement=False),
    Column("seal_seq", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("filed_ms", BigInteger, nullable=False),
    Column("checked_digest", String(64)),
    Column("checked_ms", BigInteger),
    Column("released_ms", BigInteger),
    comment="a filing applied: digest of both offline files; checked_digest: of the outcomes as they "
    "stood when the independent check agreed",
)

filing_draft = Table(
    "filing_draft",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("admissions", LargeBinary, nullable=False),
    Column("unfilled", LargeBinary, nullable=False),
    comment="dry runs, newest two of each round: deflated CSV",
)

outcome = Table(
    "outcome",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True, autoincrement=False),
    Column("candidate_id", ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("unit_id", Integer),
    Column("major_id", Integer),
    Column("position", Integer),
    Column("decision", String(16)),
    Column("decision_reason", String(32)),
    Column("decided_ms", BigInteger),
    comment="position: 0 adjusted; decision: the institution's, null: by score on its behalf",
)

ADMITTED = (outcome.c.outcome == "admitted") & (
    outcome.c.decision.is_(None) | (outcome.c.decision == "admitted")
)
"""Who has a seat in the end: placed, and not rejected by the institution."""

Index(
    "uq_outcome_candidate_id_admitted",
    outcome.c.candidate_id,
    unique=True,
    sqlite_where=ADMITTED,
    postgresql_where=ADMITTED,
)

result = Table(
    "result",
    metadata,
    Column("candidate_id", ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("round_id", ForeignKey("round.id"), primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    comment="what a candidate is answered after the release, as JSON",
)

viewing = Table(
    "viewing",
    metadata,
    Column("candidate_id", ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("times", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    comment="how often a result was looked at, and when last",
)

unfilled = Table(
    "unfilled",
    metadata,
    Column("round_id", ForeignKey("round.id"), primary_key=True, autoincrement=False),
    Column("published_ms", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    comment="seats left of each round as published, never changed and never summed: deflated JSON",
)

secret = Table(
    "secret",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    comment="keys that every worker shares, random since the migration that made them",
)
