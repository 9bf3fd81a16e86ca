"""The office: staff, acts of two people with their reviews, uploads; drafts, pauses, extensions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the office's tables, and what a round says of being a draft or paused."""
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("disabled_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
        comment="totp_step: the newest time step whose code was used; never accepted again",
    )
    op.create_table(
        "staff_role",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "role IN ('importer', 'reviewer', 'publisher', 'auditor', 'security_admin')",
            name=op.f("ck_staff_role_role"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_role_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("staff_id", "role", name=op.f("pk_staff_role")),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Integer(), nullable=False),
        sa.Column("uploaded_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["staff.id"], name=op.f("fk_upload_uploaded_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        comment="a file at the office's desk; its bytes go once it is applied or refused",
    )
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("publication", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'proposed') = (ended_by IS NULL)", name=op.f("ck_act_ended")),
        sa.CheckConstraint(
            "state <> 'approved' OR ended_by <> proposed_by", name=op.f("ck_act_two_persons")
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR ended_by = proposed_by", name=op.f("ck_act_own_withdrawal")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused', 'withdrawn')", name=op.f("ck_act_state")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_act_reason")),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_act_ended_by_staff")),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.id"], name=op.f("fk_act_proposed_by_staff")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_act_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
        sa.UniqueConstraint(
            "id", "proposed_by", "publication", name=op.f("uq_act_id_proposed_by_publication")
        ),
        comment="what one person proposes and another approves; never deleted",
    )
    op.create_index(op.f("ix_act_round_id"), "act", ["round_id"], unique=False)
    op.create_index(op.f("ix_act_state"), "act", ["state"], unique=False)
    op.create_table(
        "extension",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("gate", sa.String(length=64), nullable=False),
        sa.Column("closes_ms", sa.BigInteger(), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=op.f("fk_extension_act_id_act")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_extension_round_id_round")
        ),
        sa.PrimaryKeyConstraint("round_id", "gate", name=op.f("pk_extension")),
        comment="outage extensions: a segment's later close, over what the round file says",
    )
    op.create_table(
        "review",
        sa.Column("act_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Boolean(), nullable=False),
        sa.Column("reviewed_by", sa.Integer(), nullable=False),
        sa.Column("reviewed_ms", sa.BigInteger(), nullable=False),
        sa.Column("state_secret", sa.Boolean(), nullable=False),
        sa.Column("trade_secret", sa.Boolean(), nullable=False),
        sa.Column("personal_data", sa.Boolean(), nullable=False),
        sa.Column("safety", sa.Boolean(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "decision = 'withhold' OR NOT (state_secret OR trade_secret OR personal_data OR safety)",
            name=op.f("ck_review_nothing_secret"),
        ),
        sa.CheckConstraint("decision IN ('publish', 'withhold')", name=op.f("ck_review_decision")),
        sa.CheckConstraint("length(basis) > 0", name=op.f("ck_review_basis")),
        sa.CheckConstraint("reviewed_by <> proposed_by", name=op.f("ck_review_two_persons")),
        sa.ForeignKeyConstraint(
            ["act_id", "proposed_by", "publication"],
            ["act.id", "act.proposed_by", "act.publication"],
            name=op.f("fk_review_act_id_act"),
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["staff.id"], name=op.f("fk_review_reviewed_by_staff")
        ),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_review")),
        sa.UniqueConstraint("act_id", "decision", name=op.f("uq_review_act_id_decision")),
        comment="the confidentiality review of a publication: what was found, decision, legal basis",
    )
    op.create_table(
        "approval",
        sa.Column("act_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Boolean(), nullable=False),
        sa.Column("review_decision", sa.String(length=16), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=False),
        sa.Column("approved_ms", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "NOT publication OR (review_decision IS NOT NULL AND review_decision = 'publish')",
            name=op.f("ck_approval_reviewed"),
        ),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_approval_two_persons")),
        sa.ForeignKeyConstraint(
            ["act_id", "proposed_by", "publication"],
            ["act.id", "act.proposed_by", "act.publication"],
            name=op.f("fk_approval_act_id_act"),
        ),
        sa.ForeignKeyConstraint(
            ["act_id", "review_decision"],
            ["review.act_id", "review.decision"],
            name=op.f("fk_approval_act_id_review"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["staff.id"], name=op.f("fk_approval_approved_by_staff")
        ),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_approval")),
        sa.UniqueConstraint("seq", name=op.f("uq_approval_seq")),
        comment="seq: its act_approved in the log; what it did is logged up to last_seq",
    )
    op.add_column(
        "round", sa.Column("draft", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("round", sa.Column("paused_ms", sa.BigInteger(), nullable=True))
