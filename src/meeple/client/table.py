"""One table, as a client sees it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from meeple.engine.base import JSON, Outcome
from meeple.services.projection import GameOverMessage, GamePresence, GameState

#: States that may wait for one who iterates; the oldest are dropped beyond it.
MAX_WAITING = 10_000


class Commands(Protocol):
    """Sends a command until the server has answered it."""

    async def __call__(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer; raises `Refused` or `ConnectionLost`."""
        ...


class TableClient:
    """A game that this client has joined or watches.

    Attributes:
        game_id: the game.
        seat: this client's seat; None for a spectator.
        state: the last state that came.
        outcome: how the game ended; None while it is on.
        seq: the last seq that came.
    """

    def __init__(
        self, game_id: str, command: Commands, rejoin: Callable[[], Awaitable[None]]
    ) -> None:
        self.game_id = game_id
        self.seat: int | None = None
        self.outcome: Outcome | None = None
        self.seq = -1
        self._state: GameState | None = None
        self._command = command
        self._rejoin = rejoin
        self._changed = asyncio.Condition()
        self._iterators: list[deque[GameState]] = []
        self._resyncing: asyncio.Future[None] | None = None
        self._joined_at = -1

    @property
    def state(self) -> GameState:
        """The last state that came."""
        if self._state is None:
            raise RuntimeError("the table has no state yet; await Client.join first")
        return self._state

    @property
    def my_turn(self) -> bool:
        """Whether this seat may act."""
        return self.outcome is None and self.seat is not None and self.seat in self.state.to_act

    async def act(
        self, action: JSON, *, action_id: str | None = None, seq: int | None = None
    ) -> int:
        """Play ``action``, exactly once whatever happens to the line; gives its seq.

        It is resent under the same ``action_id`` until the server has answered. ``seq`` has it
        refused if the game has moved on.

        Raises:
            Refused: the server said no.
            ConnectionLost: no answer came in time; call again with the same ``action_id``.
        """
        payload: dict[str, Any] = {
            "game_id": self.game_id,
            "action": action,
            "action_id": action_id or uuid4().hex,
        }
        if seq is not None:
            payload["seq"] = seq
        reply = await self._command("game:action", payload)
        return int(reply["seq"])

    async def resign(self, *, action_id: str | None = None) -> int:
        """Give up; gives the seq. Raises as `act` does."""
        payload = {"game_id": self.game_id, "action_id": action_id or uuid4().hex}
        return int((await self._command("game:resign", payload))["seq"])

    async def states(self) -> AsyncIterator[GameState]:
        """Every state from the present one on, in order; ends when the game is over."""
        waiting: deque[GameState] = deque(maxlen=MAX_WAITING)
        if self._state is not None:
            waiting.append(self._state)
        self._iterators.append(waiting)
        try:
            while True:
                while waiting:
                    yield waiting.popleft()
                if self.outcome is not None:
                    return
                async with self._changed:
                    await self._changed.wait_for(lambda: waiting or self.outcome is not None)
        finally:
            # By identity: two iterators may hold equal states.
            self._iterators = [one for one in self._iterators if one is not waiting]

    async def wait_for(
        self, condition: Callable[[TableClient], object], *, seconds: float = 30
    ) -> None:
        """Return once ``condition(table)`` is true; raises `TimeoutError` after ``seconds``."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    # --- called by the Client -----------------------------------------------------------------

    async def on_state(self, data: Any) -> None:
        """Take a ``game:state``."""
        state = msgspec.convert(data, GameState)
        if self._is_news(state.seq):
            self._state = state
            self.seat = state.seat
            self.outcome = state.outcome
            for waiting in self._iterators:
                waiting.append(state)
            await self._notify()

    async def on_over(self, data: Any) -> None:
        """Take a ``game:over``."""
        over = msgspec.convert(data, GameOverMessage)
        if self._is_news(over.seq):
            self.outcome = over.outcome
            if self._state is not None:
                self._state = msgspec.structs.replace(
                    self._state, seq=over.seq, outcome=over.outcome, to_act=(), legal_actions=None
                )
            await self._notify()

    async def on_presence(self, data: Any) -> None:
        """Take a ``game:presence``."""
        presence = msgspec.convert(data, GamePresence)
        if self._state is not None:
            self._state = msgspec.structs.replace(self._state, players=presence.players)
            await self._notify()

    def resync(self) -> None:
        """Join again, and be sent what was missed."""
        if self._resyncing is None:
            self._resyncing = asyncio.ensure_future(self._rejoin())
            self._resyncing.add_done_callback(self._resynced)

    def close(self) -> None:
        """Stop joining again."""
        if self._resyncing is not None:
            self._resyncing.cancel()

    def on_joined(self, seq: int) -> None:
        """The server will now send what was missed up to ``seq``, or the state at ``seq``."""
        self._joined_at = seq

    def _is_news(self, seq: int) -> bool:
        if seq <= self.seq:
            return False
        if self._state is not None and seq not in (self.seq + 1, self._joined_at):
            # Something was missed; it comes with the next join, and this message again after it.
            self.resync()
            return False
        self.seq = seq
        return True

    def _resynced(self, _: object) -> None:
        self._resyncing = None

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
