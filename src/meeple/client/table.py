"""One table, as a client sees it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, Protocol
from uuid import UUID, uuid4

import msgspec
from msgspec import UNSET

from meeple.client.errors import ConnectionLost
from meeple.engine.base import JSON, Outcome
from meeple.engine.log import GameStatus
from meeple.engine.offers import OfferKind
from meeple.services.projection import (
    ChatHistory,
    ChatLine,
    ClockView,
    GameOverMessage,
    GamePresence,
    GameRematch,
    GameState,
)

#: States that may wait for one who iterates; the oldest are dropped beyond it.
MAX_WAITING = 10_000
#: Lines of the chat that are kept.
MAX_LINES = 200


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
        server_offset: the server's time less this machine's, in ms, as near as is known.
        lines: what was said at the table, as far as this client may hear it, oldest first.
        heard: how many lines have come in all.
        rematch: the id of the game that the players went on to; None if there is none.
    """

    def __init__(
        self,
        game_id: str,
        command: Commands,
        rejoin: Callable[[TableClient], asyncio.Future[None]],
    ) -> None:
        self.game_id = game_id
        self.seat: int | None = None
        self.outcome: Outcome | None = None
        self.seq = -1
        self.server_offset = 0.0
        self.lines: deque[ChatLine] = deque(maxlen=MAX_LINES)
        self.heard = 0
        self.rematch: str | None = None
        self._state: GameState | None = None
        self._offset_known = False
        self._command = command
        self._rejoin = rejoin
        #: Set, and replaced by a new one, at every change.
        self._changed = asyncio.Event()
        self._iterators: list[deque[GameState]] = []
        self._resyncing: asyncio.Future[None] | None = None
        self._joined_at = -1
        #: The seq of the last action that was answered.
        self._acted_at = -1
        self._closed = False
        self._failure: Exception | None = None

    @property
    def state(self) -> GameState:
        """The last state that came."""
        if self._state is None:
            raise RuntimeError("the table has no state yet; await Client.join first")
        return self._state

    @property
    def my_turn(self) -> bool:
        """Whether this seat may act, as far as is known; no more once an action was answered."""
        answered = self.seq >= self._acted_at  # the state after it may still be on its way
        return answered and self.outcome is None and self.seat in self.state.to_act

    @property
    def clock(self) -> ClockView | None:
        """The clocks at the state's ``server_time``; None for a game without time control."""
        return self.state.clock

    def server_now(self) -> float:
        """The server's time now, in ms since 1970, as near as is known."""
        return time.time() * 1000 + self.server_offset

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
        return await self._do("game:action", payload)

    async def resign(self, *, action_id: str | None = None) -> int:
        """Give up; gives the seq. Raises as `act` does."""
        payload = {"game_id": self.game_id, "action_id": action_id or uuid4().hex}
        return await self._do("game:resign", payload)

    async def claim(
        self, result: Literal["win", "draw"] = "win", *, action_id: str | None = None
    ) -> int:
        """End a game whose other players are `gone <PlayerView.gone>`; gives the seq.

        Raises as `act` does; `Refused` with ``not_claimable`` if they may still come back.
        """
        payload = {
            "game_id": self.game_id,
            "result": result,
            "action_id": action_id or uuid4().hex,
        }
        return await self._do("game:claim", payload)

    async def offer(
        self,
        kind: OfferKind | str,
        *,
        seconds: int | None = None,
        action_id: str | None = None,
    ) -> int:
        """Offer a ``draw``, ``takeback``, ``rematch``, ``more_time``, or accept it; gives the seq.

        ``seconds`` is how much more time is asked for. Raises as `act` does.
        """
        payload: dict[str, Any] = {
            "game_id": self.game_id,
            "kind": str(kind),
            "action_id": action_id or uuid4().hex,
        }
        if seconds is not None:
            payload["seconds"] = seconds
        return await self._do("game:offer", payload)

    async def answer(
        self, kind: OfferKind | str, accept: bool, *, action_id: str | None = None
    ) -> int:
        """Accept or decline what is offered, or take one's own offer back; gives the seq.

        Raises as `act` does.
        """
        payload = {
            "game_id": self.game_id,
            "kind": str(kind),
            "accept": accept,
            "action_id": action_id or uuid4().hex,
        }
        return await self._do("game:answer", payload)

    async def chat(self, text: str) -> None:
        """Say something. Others may hear it twice if the line broke. Raises as `act` does."""
        await self._command("game:chat", {"game_id": self.game_id, "text": text})

    async def mute(self, user_id: UUID, muted: bool = True) -> None:
        """Hear nothing more from a user at this table; or hear them again. Raises as `act` does."""
        payload = {"game_id": self.game_id, "user_id": str(user_id), "muted": muted}
        await self._command("game:mute", payload)

    async def states(self) -> AsyncIterator[GameState]:
        """Every state from the present one on, in order.

        One that is older than an answered action of this client's says no more that this seat may
        act: so ``if state.legal_actions`` is safe, whatever else makes another state of the same
        turn (an offer, a pause, the action of another seat).

        The last one has the game's outcome. It ends earlier if this client leaves the table.

        Raises:
            Refused: the server shows this table no more, such as when the token has expired.
        """
        waiting: deque[GameState] = deque(maxlen=MAX_WAITING)
        if self._state is not None:
            waiting.append(self._state)
        self._iterators.append(waiting)
        try:
            while True:
                while waiting:
                    yield self._as_of_now(waiting.popleft())
                if self.outcome is not None:
                    return
                if self._failure is not None:
                    raise self._failure
                if self._closed:
                    return
                await self._changed.wait()
        finally:
            # By identity: two iterators may hold equal states.
            self._iterators = [one for one in self._iterators if one is not waiting]

    async def wait_for(
        self, condition: Callable[[TableClient], object], *, seconds: float = 30
    ) -> None:
        """Return once ``condition(table)`` is true.

        Raises:
            TimeoutError: it was not, for so many seconds.
            Refused: the server shows this table no more.
            ConnectionLost: this client has left the table.
        """
        async with asyncio.timeout(seconds):
            while not condition(self):
                if self._failure is not None:
                    raise self._failure
                if self._closed:
                    raise ConnectionLost(f"this client has left the table {self.game_id}")
                await self._changed.wait()

    async def _do(self, event: str, payload: dict[str, Any]) -> int:
        seq = int((await self._command(event, payload))["seq"])
        self._acted_at = max(self._acted_at, seq)
        return seq

    # --- called by the Client -----------------------------------------------------------------

    def on_state(self, data: Any) -> None:
        """Take a ``game:state``."""
        state = msgspec.convert(data, GameState)
        # Each message is late by its way, so the greatest difference is the nearest.
        offset = state.server_time - time.time() * 1000
        if not self._offset_known or offset > self.server_offset:
            self.server_offset, self._offset_known = offset, True
        if self._is_news(state.seq):
            self.seat = state.seat
            self._take(state)

    def on_over(self, data: Any) -> None:
        """Take a ``game:over``."""
        over = msgspec.convert(data, GameOverMessage)
        if self._state is not None and self._is_news(over.seq):
            self._take(
                msgspec.structs.replace(
                    self._state,
                    seq=over.seq,
                    status=GameStatus.OVER,
                    to_act=(),
                    legal_actions=None,
                    request=None,
                    outcome=over.outcome,
                    offers=UNSET,
                )
            )

    def on_presence(self, data: Any) -> None:
        """Take a ``game:presence``."""
        presence = msgspec.convert(data, GamePresence)
        if self._state is not None:
            self._state = msgspec.structs.replace(self._state, players=presence.players)
            self._notify()

    def on_rematch(self, data: Any) -> None:
        """Take a ``game:rematch``."""
        self.rematch = msgspec.convert(data, GameRematch).new_game_id
        self._notify()

    def on_chat(self, data: Any) -> None:
        """Take a ``game:chat``."""
        self.lines.append(msgspec.convert(data, ChatLine))
        self.heard += 1
        self._notify()

    def on_chats(self, data: Any) -> None:
        """Take a ``game:chats``: all that was said until now."""
        lines = msgspec.convert(data, ChatHistory).lines
        self.heard += sum(line not in self.lines for line in lines)
        self.lines.clear()
        self.lines.extend(lines)
        self._notify()

    def resync(self) -> None:
        """Join again, and be sent what was missed."""
        if self._resyncing is None or self._resyncing.done():
            self._resyncing = self._rejoin(self)

    def on_joined(self, seq: int) -> None:
        """The server will now send what was missed up to ``seq``, or the state at ``seq``."""
        self._joined_at = seq
        if seq < self.seq:
            # The log is shorter than what was seen: the server's data were restored from a backup.
            self.seq, self._acted_at = seq - 1, -1

    def close(self, failure: Exception | None = None) -> None:
        """Nothing more will come; whoever waits is told, and of the ``failure`` if it is one."""
        if not self._closed:
            self._closed = True
            self._failure = failure
            self._notify()

    def _is_news(self, seq: int) -> bool:
        if seq <= self.seq:
            return False
        if self._state is not None and seq not in (self.seq + 1, self._joined_at):
            # Something was missed; it comes with the next join, and this message again after it.
            self.resync()
            return False
        return True

    def _take(self, state: GameState) -> None:
        self.seq = state.seq
        self.outcome = state.outcome
        if state.rematch is not UNSET:
            self.rematch = state.rematch
        self._state = state
        for waiting in self._iterators:
            waiting.append(state)
        self._notify()

    def _as_of_now(self, state: GameState) -> GameState:
        if state.seq >= self._acted_at or self.seat not in state.to_act:
            return state
        to_act = tuple(seat for seat in state.to_act if seat != self.seat)
        return msgspec.structs.replace(state, to_act=to_act, legal_actions=None, request=None)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
