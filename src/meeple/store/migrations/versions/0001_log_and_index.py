"""The log of every game, and the index that lobby and archive read."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

#: Of keys: ids sort by their bytes, as everywhere else in Meeple, whatever the database's language.
Key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # Clustered on its key and with no other index: the append is the one hot write.
    op.create_table(
        "entries",
        sa.Column("game_id", Key, primary_key=True, nullable=False),
        sa.Column("seq", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("seat", sa.BigInteger),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("action_id", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "games",
        sa.Column("game_id", Key, primary_key=True, nullable=False),
        sa.Column("engine", Key, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("players", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text),
        sqlite_with_rowid=False,
    )
    # Every list of games is a merge of ranges of these; see meeple.store.queries.
    op.create_index("games_by_status", "games", ["public", "status", "game_id"])
    op.create_index("games_by_engine", "games", ["engine", "public", "status", "game_id"])
    op.create_table(
        "game_players",
        sa.Column("user_id", Key, primary_key=True, nullable=False),
        sa.Column("game_id", Key, primary_key=True, nullable=False),
        sqlite_with_rowid=False,
    )
    if op.get_context().dialect.name == "postgresql":
        # SQLite's one writer remembers who sits where.
        op.create_index("game_players_by_game", "game_players", ["game_id"])
        # Room to change a row in its own page, and a map of what is old and visible to all that
        # is made as the tables grow, not once they have grown by a fifth.
        op.execute("ALTER TABLE games SET (fillfactor = 85)")
        for table in ("entries", "games", "game_players"):
            op.execute(
                f"ALTER TABLE {table} SET (autovacuum_vacuum_insert_scale_factor = 0.02,"
                " autovacuum_analyze_scale_factor = 0.02)"
            )


def downgrade() -> None:
    op.drop_table("game_players")
    op.drop_table("games")
    op.drop_table("entries")
