"""`AdminStore` in the file of a `SqliteGameLog`, by its threads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from meeple.protocols import Act, ActPage, Sanction, SanctionKind
from meeple.store import admin_records as records
from meeple.store.records import checked_limit, decode_cursor
from meeple.store.sqlite import SqliteGameLog


class SqliteAdminStore:
    """What admins did, beside the games; closed with them.

    Args:
        log: owns the file.
    """

    def __init__(self, log: SqliteGameLog) -> None:
        self._log = log

    async def append_act(self, act: Act) -> None:
        """See `AdminLog.append_act`."""
        await self._write(records.APPEND_ACT, records.encode_act(act))

    async def acts(
        self, *, target: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ActPage:
        """See `AdminLog.acts`."""
        limit = checked_limit(limit, 1)
        before = None if cursor is None else decode_cursor(cursor)
        query, parameters = records.page_of_acts(target, before, limit + 1)
        rows = await self._log.fetch(_marked(query), parameters)
        return records.act_page(rows, limit)

    async def impose(self, sanction: Sanction) -> None:
        """See `ModerationStore.impose`."""
        await self._write(records.IMPOSE, records.encode_sanction(sanction))

    async def lift(self, user_id: UUID, kind: SanctionKind) -> None:
        """See `ModerationStore.lift`."""
        await self._write(records.LIFT, (str(user_id), kind.value))

    async def sanctions(self, now: int) -> list[Sanction]:
        """See `ModerationStore.sanctions`."""
        rows = await self._log.fetch(_marked(records.SANCTIONS), (now,))
        return [records.decode_sanction(row) for row in rows]

    async def _write(self, statement: str, parameters: tuple[Any, ...]) -> None:
        await self._log.execute(_marked(statement), parameters)


def _marked(statement: str) -> str:
    return statement.replace("{}", "?")
