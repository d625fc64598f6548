"""Bans and mutes: what this node knows of them, and how it holds users to them.

They are imposed in the database that all nodes share. A node holds what it imposed itself at once,
and learns of the others' within `REFRESH_EVERY` seconds.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import structlog

from meeple.errors import Banned, Unavailable
from meeple.protocols import Clock, ModerationStore, Sanction, SanctionKind
from meeple.services.tokens import Identity, TokenVerifier

log = structlog.get_logger(__name__)

#: Seconds between two looks at what other nodes have imposed.
REFRESH_EVERY = 5.0


class Moderation:
    """Who may not be here, and who may not chat.

    Args:
        store: where bans and mutes are kept.
        clock: the server's time.
    """

    def __init__(self, store: ModerationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[tuple[UUID, SanctionKind], Sanction] = {}
        #: How often something was imposed or lifted here: what was read before is older than it.
        self._changes = 0
        self._drop: Callable[[UUID, Banned], None] | None = None

    def serve(self, drop: Callable[[UUID, Banned], None]) -> None:
        """``drop`` ends a user's connections to this node; called once, before `run`."""
        self._drop = drop

    def of(self, user_id: UUID) -> list[Sanction]:
        """What holds for the user now."""
        found = (self._find(user_id, kind) for kind in SanctionKind)
        return [one for one in found if one is not None]

    def all(self) -> list[Sanction]:
        """What holds now, the newest first."""
        now = self._clock.now_ms()
        return [one for one in reversed(self._held.values()) if _holds(one, now)]

    def may_chat(self, user_id: UUID) -> bool:
        """Whether nobody has muted the user for all tables."""
        return self._find(user_id, SanctionKind.MUTE) is None

    def check(self, user_id: UUID) -> None:
        """Raises `Banned` if the user is."""
        ban = self._find(user_id, SanctionKind.BAN)
        if ban is not None:
            raise _banned(ban)

    def verifier(self, verify: TokenVerifier) -> TokenVerifier:
        """A verifier that takes what ``verify`` takes, and raises `Banned` for who is."""

        async def verified(token: str) -> UUID | Identity | None:
            verdict = verify(token)
            if inspect.isawaitable(verdict):
                verdict = await verdict
            if verdict is not None:
                self.check(verdict.user_id if isinstance(verdict, Identity) else verdict)
            return verdict

        return verified

    async def impose(self, sanction: Sanction) -> None:
        """From now on it holds, here; a banned user's connections are ended.

        Raises:
            Unavailable: it may hold or not.
        """
        await self._store.impose(sanction)
        self._changes += 1
        self._held.pop((sanction.user_id, sanction.kind), None)
        self._held[sanction.user_id, sanction.kind] = sanction
        self._enforce()

    async def lift(self, user_id: UUID, kind: SanctionKind) -> None:
        """It holds no more, here; nothing happens if there was none. Raises `Unavailable`."""
        await self._store.lift(user_id, kind)
        self._changes += 1
        self._held.pop((user_id, kind), None)

    async def refresh(self) -> None:
        """Learn what was imposed and lifted on other nodes. Raises `Unavailable`."""
        before = self._changes
        held = await self._store.sanctions(self._clock.now_ms())
        if before == self._changes:
            self._held = {(one.user_id, one.kind): one for one in held}
        self._enforce()

    async def run(self) -> None:
        """Refresh again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            try:
                await self.refresh()
            except Unavailable as error:
                log.warning("bans and mutes not read", error=error.message)

    def _find(self, user_id: UUID, kind: SanctionKind) -> Sanction | None:
        found = self._held.get((user_id, kind))
        return found if found is not None and _holds(found, self._clock.now_ms()) else None

    def _enforce(self) -> None:
        """Each time for all: one may have come in while its ban was on the way."""
        if self._drop is None:
            return
        now = self._clock.now_ms()
        for one in list(self._held.values()):
            if one.kind is SanctionKind.BAN and _holds(one, now):
                self._drop(one.user_id, _banned(one))


def _holds(sanction: Sanction, now: int) -> bool:
    return sanction.until is None or sanction.until > now


def _banned(ban: Sanction) -> Banned:
    # Why is between admins; until when is what the user can do something with.
    if ban.until is None:
        return Banned()
    until = datetime.fromtimestamp(ban.until / 1000, UTC)
    return Banned(f"Your account is banned from this server until {until:%Y-%m-%d %H:%M} UTC.")
