"""What admins did, and whom they banned or muted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("id", Key, primary_key=True, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("admin_name", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("target", Key, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("acts_by_target", "acts", ["target", "id"])
    op.create_table(
        "sanctions",
        sa.Column("user_id", Key, primary_key=True, nullable=False),
        sa.Column("kind", Key, primary_key=True, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("admin_id", Key, nullable=False),
        sa.Column("admin_name", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("sanctions")
    op.drop_table("acts")
