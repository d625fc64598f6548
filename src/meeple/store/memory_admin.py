"""An `AdminStore` in memory, for tests and examples: gone with the process."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from meeple.protocols import Act, ActPage, Sanction, SanctionKind
from meeple.store import admin_records as records
from meeple.store.records import checked_limit, decode_cursor


class MemoryAdminStore:
    """`AdminStore` in dictionaries; what a database would refuse is refused here."""

    def __init__(self) -> None:
        self._acts: dict[str, tuple[Any, ...]] = {}
        self._sanctions: dict[tuple[UUID, SanctionKind], Sanction] = {}

    async def append_act(self, act: Act) -> None:
        """See `AdminLog.append_act`."""
        self._acts.setdefault(act.id, records.encode_act(act))

    async def acts(
        self, *, target: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ActPage:
        """See `AdminLog.acts`."""
        limit = checked_limit(limit, 1)
        before = None if cursor is None else decode_cursor(cursor)
        column = records.ACT_COLUMNS.index("target")
        rows = [
            row
            for act_id, row in sorted(self._acts.items(), reverse=True)
            if (before is None or act_id < before) and target in (None, row[column])
        ]
        return records.act_page(rows[: limit + 1], limit)

    async def impose(self, sanction: Sanction) -> None:
        """See `ModerationStore.impose`."""
        records.encode_sanction(sanction)
        self._sanctions[sanction.user_id, sanction.kind] = sanction

    async def lift(self, user_id: UUID, kind: SanctionKind) -> None:
        """See `ModerationStore.lift`."""
        self._sanctions.pop((user_id, kind), None)

    async def sanctions(self, now: int) -> list[Sanction]:
        """See `ModerationStore.sanctions`."""
        held = (one for one in self._sanctions.values() if one.until is None or one.until > now)
        return sorted(held, key=lambda one: (one.since, str(one.user_id), one.kind))
