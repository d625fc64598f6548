"""`AdminStore` in the database of a `PostgresGameLog`, by its readers' connections."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

from meeple.errors import InvalidMessage
from meeple.protocols import Act, ActPage, Sanction, SanctionKind
from meeple.store import admin_records as records
from meeple.store.postgres import PostgresGameLog
from meeple.store.records import checked_limit, decode_cursor


class PostgresAdminStore:
    """What admins did, for all nodes that share the database; closed with the log.

    Args:
        log: has the connections. None of this goes with an append.
    """

    def __init__(self, log: PostgresGameLog) -> None:
        self._log = log

    async def append_act(self, act: Act) -> None:
        """See `AdminLog.append_act`."""
        await self._run(records.APPEND_ACT, records.encode_act(act))

    async def acts(
        self, *, target: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ActPage:
        """See `AdminLog.acts`."""
        limit = checked_limit(limit, 1)
        before = None if cursor is None else decode_cursor(cursor)
        if before is not None and not records.storable(before):
            raise InvalidMessage("The cursor is not one that this server gave.")
        query, parameters = records.page_of_acts(target, before, limit + 1)
        return records.act_page(await self._run(query, parameters), limit)

    async def impose(self, sanction: Sanction) -> None:
        """See `ModerationStore.impose`."""
        await self._run(records.IMPOSE, records.encode_sanction(sanction))

    async def lift(self, user_id: UUID, kind: SanctionKind) -> None:
        """See `ModerationStore.lift`."""
        await self._run(records.LIFT, (str(user_id), kind.value))

    async def sanctions(self, now: int) -> list[Sanction]:
        """See `ModerationStore.sanctions`."""
        rows = await self._run(records.SANCTIONS, (now,))
        return [records.decode_sanction(row) for row in rows]

    async def _run(self, statement: str, parameters: Any) -> list[Any]:
        return await self._log.fetch(_numbered(statement), *parameters)


def _numbered(statement: str) -> str:
    numbers = count(1)
    first, *others = statement.split("{}")
    return first + "".join(f"${next(numbers)}{part}" for part in others)
