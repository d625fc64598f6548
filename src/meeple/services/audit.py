"""The audit log: whatever an admin does is written there first."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from meeple.errors import InvalidMessage, MeepleError
from meeple.protocols import Act, ActPage, AdminLog, Clock
from meeple.services.executor import UNKEPT
from meeple.services.tokens import Identity

log = structlog.get_logger(__name__)


class Audit:
    """Notes what admins do.

    Args:
        store: where it is kept.
        clock: the server's time.
    """

    def __init__(self, store: AdminLog, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last = (0, 0)

    @asynccontextmanager
    async def act(
        self, admin: Identity, what: str, target: str, why: str = "", **details: Any
    ) -> AsyncIterator[int]:
        """What is done inside is done after it was noted; if it fails, that is noted too.

        Gives the time of the act, in ms.

        Raises:
            InvalidMessage: no log can keep the reason.
            Unavailable: it could not be noted, so it was not done; or what the doing raised.
        """
        if UNKEPT.search(why):
            raise InvalidMessage("reason: it holds a character that no log can keep")
        at = await self._note(admin, what, target, why, details)
        try:
            yield at
        except MeepleError as error:
            await self._note(admin, f"{what} failed", target, why, {"code": error.code})
            raise

    async def acts(
        self, *, target: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ActPage:
        """See `AdminLog.acts`."""
        return await self._store.acts(target=target, cursor=cursor, limit=limit)

    async def _note(
        self, admin: Identity, what: str, target: str, why: str, details: dict[str, Any]
    ) -> int:
        at, act_id = self._stamp()
        await self._store.append_act(
            Act(
                id=act_id,
                at=at,
                admin_id=admin.user_id,
                admin_name=admin.name,
                what=what,
                target=target,
                why=why,
                details=details,
            )
        )
        log.info("admin acts", what=what, target=target, admin_id=str(admin.user_id))
        return at

    def _stamp(self) -> tuple[int, str]:
        """Now, and an id that sorts after every one before it on this node."""
        at, number = self._last
        now = self._clock.now_ms()
        self._last = at, number = (now, 0) if now > at else (at, number + 1)
        return at, f"{at:012x}{number:04x}{secrets.token_hex(4)}"
