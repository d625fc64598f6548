"""How long one may think at a table, in the index: the lobby shows it."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Plain SQL, which both databases know: no row is read or written, however many there are. Those
    # that are there say nothing until their game changes.
    op.execute("ALTER TABLE games ADD COLUMN time_control TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE games DROP COLUMN time_control")
