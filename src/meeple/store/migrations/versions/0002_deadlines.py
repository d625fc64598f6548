"""When games need attention, and when no server was there to give it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # Apart from the index of games: it changes with every action of a game with a clock.
    op.create_table(
        "deadlines",
        sa.Column("game_id", Key, primary_key=True, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("deadlines_by_time", "deadlines", ["due_at", "game_id"])
    if op.get_context().dialect.name == "postgresql":
        # Few rows, and each is replaced with every action: swept early, and always in memory.
        op.execute(
            "ALTER TABLE deadlines SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05,"
            " autovacuum_vacuum_cost_delay = 0)"
        )
    # One row, if any.
    op.create_table("beats", sa.Column("at", sa.BigInteger, nullable=False))
    op.create_table(
        "outages",
        sa.Column("since", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("outages")
    op.drop_table("beats")
    op.drop_table("deadlines")
