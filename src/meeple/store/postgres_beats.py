"""The beats of all nodes, kept in one place of the database."""

from __future__ import annotations

from meeple.protocols import OUTAGES_KEPT_MS, Outage
from meeple.store import postgres_queries as queries
from meeple.store.lives import Lives
from meeple.store.postgres_reader import PostgresReader
from meeple.store.records import MAX_INT64, MIN_INT64

#: One node at a time notes its beat; the number is arbitrary, and Meeple's in this database.
LOCK = 0x6D656570_6C650001


class Beats:
    """Notes that this node lives, and finds the times when none did.

    Args:
        reader: runs the statements; none of it goes with an append.
    """

    def __init__(self, reader: PostgresReader) -> None:
        self._reader = reader
        self._lives = Lives()

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """See `GameLog.beat`."""
        at, longest_gap = (max(MIN_INT64, min(one, MAX_INT64)) for one in (at, longest_gap))
        [(written, watched)] = await self._reader.fetch(queries.LAST_BEAT)
        last = self._lives.last
        if watched:
            await self._reader.execute(_note(at, longest_gap, last))
        # What it finds by itself is what the statements have found, or another node before.
        self._lives.beat(at, longest_gap, watched=watched, written=written)
        rows = await self._reader.fetch(queries.OUTAGES, at - OUTAGES_KEPT_MS)
        return [Outage(since, until) for since, until in rows]


def _note(at: int, longest_gap: int, last: int | None) -> str:
    """The statements, sent as one text: a transaction that never waits for this node.

    They look again under the lock, for another node may have been first.
    """
    known = "NULL" if last is None else f"{last:d}"
    return f"""
        SELECT pg_advisory_xact_lock({LOCK});
        INSERT INTO outages (since, until)
        SELECT before, {at:d}
          FROM (SELECT greatest(max(at), {known}) AS before FROM beats) AS beat
         WHERE {at:d} - before > {longest_gap:d}
            ON CONFLICT DO NOTHING;
        DELETE FROM outages WHERE until <= {at - OUTAGES_KEPT_MS:d};
        UPDATE beats SET at = greatest(at, {at:d}, {known});
        INSERT INTO beats (at)
        SELECT greatest({at:d}, {known}) WHERE NOT EXISTS (SELECT FROM beats);
    """
