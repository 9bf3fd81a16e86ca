"""Filing, outcomes, results, views of them, unfilled quotas, and the key of proofs of work."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADMITTED = sa.text("outcome = 'admitted' AND (decision IS NULL OR decision = 'admitted')")


def upgrade() -> None:
    """Create the tables and the key."""
    op.create_table(
        "filing",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal_seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("filed_ms", sa.BigInteger(), nullable=False),
        sa.Column("checked_digest", sa.String(length=64), nullable=True),
        sa.Column("checked_ms", sa.BigInteger(), nullable=True),
        sa.Column("released_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_filing_round_id_round")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_filing")),
        comment="a filing applied: digest of both offline files; checked_digest: of the outcomes as they "
        "stood when the independent check agreed",
    )
    op.create_table(
        "filing_draft",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("admissions", sa.LargeBinary(), nullable=False),
        sa.Column("unfilled", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_filing_draft_round_id_round")
        ),
        sa.PrimaryKeyConstraint("round_id", "number", name=op.f("pk_filing_draft")),
        comment="dry runs, newest two of each round: deflated CSV",
    )
    op.create_table(
        "outcome",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("candidate_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("major_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decision_reason", sa.String(length=32), nullable=True),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_outcome_round_id_round")),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_outcome_candidate_id_candidate")
        ),
        sa.PrimaryKeyConstraint("round_id", "candidate_id", name=op.f("pk_outcome")),
        comment="position: 0 adjusted; decision: the institution's, null: by score on its behalf",
    )
    op.create_index(
        "uq_outcome_candidate_id_admitted",
        "outcome",
        ["candidate_id"],
        unique=True,
        sqlite_where=ADMITTED,
        postgresql_where=ADMITTED,
    )
    op.create_table(
        "result",
        sa.Column("candidate_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_result_candidate_id_candidate")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_result_round_id_round")),
        sa.PrimaryKeyConstraint("candidate_id", "round_id", name=op.f("pk_result")),
        comment="what a candidate is answered after the release, as JSON",
    )
    op.create_table(
        "viewing",
        sa.Column("candidate_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_viewing_candidate_id_candidate")
        ),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_viewing")),
        comment="how often a result was looked at, and when last",
    )
    op.create_table(
        "unfilled",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_unfilled_round_id_round")
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_unfilled")),
        comment="seats left of each round as published, never changed and never summed: deflated JSON",
    )
    key = op.create_table(
        "secret",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
        comment="keys that every worker shares, random since the migration that made them",
    )
    op.bulk_insert(key, [{"name": "proof_of_work", "value": secrets.token_bytes(32)}])
