"""The one way in which a game changes.

Under the game's lock, a command is decided (by folding the new entries on the game in memory, which
validates them), appended to the log, acked, and only then broadcast. If another node was faster,
the log says so: this node catches up and decides again. Before it refuses anything it looks there
too, and after an append of which it does not know whether it was written.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET

from meeple.engine.game import Game, Step
from meeple.engine.log import Entry, EntryKind
from meeple.errors import (
    DuplicateAction,
    InvalidMessage,
    MeepleError,
    SequenceConflict,
    Unavailable,
)
from meeple.protocols import Appended, Broadcaster, Bus, Clock, GameLog, Message, Presence
from meeple.services import projection
from meeple.services.tables import Table, Tables
from meeple.services.timekeeper import Timekeeper
from meeple.stats import Histogram

#: How often an append that lost a race is decided again before the client is asked to retry.
ATTEMPTS = 5
#: The ranges of `Executor.engine_seconds`.
SECONDS = (0.001, 0.01, 0.1, 1.0)
#: What no log can keep in an id: NUL and lone surrogates.
UNKEPT = re.compile("[\0\ud800-\udfff]")


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What an accepted command is acked with: the game and the seq of the command's entry."""

    game_id: str
    seq: int
    ok: bool = True


#: What a command comes to: from the game, the time in ms, the user's seat (None: none) and the name
#: under which the game's log keeps the command (None: none), the entries to append; or why not.
#: Nothing, if nothing is to do.
Decide = Callable[[Game, int, int | None, str | None], list[Step]]
#: Looks up, under the table's lock, what a command depends on beside the game.
Look = Callable[[Game], Awaitable[None]]
_Ack = TypeVar("_Ack")
#: Called once a command's entry is on the disk, before anybody else hears of it.
OnDone = Callable[[_Ack], None]


def unheard(ack: object) -> None:
    """For callers whose ack is the return value."""


class Executor:
    """Decides, appends, acks and broadcasts, in this order and no other.

    Args:
        tables: the live games.
        log: where entries are appended.
        clock: the server's time.
        broadcaster: the viewers on this node.
        presence: who is at which table.
        time_limit: ends an engine that does not come back.
        keeper: knows what time is given back.
        bus: carries what is appended to the other nodes; None if there are none.
        is_current: says whether a table need not be compared with the log before it is shown.
    """

    def __init__(
        self,
        tables: Tables,
        log: GameLog,
        clock: Clock,
        broadcaster: Broadcaster,
        presence: Presence,
        time_limit: AbstractContextManager[None],
        keeper: Timekeeper,
        bus: Bus | None = None,
        is_current: Callable[[str], bool] = lambda game_id: True,
    ) -> None:
        self._tables = tables
        self._log = log
        self._clock = clock
        self._broadcaster = broadcaster
        self._presence = presence
        self._time_limit = time_limit
        #: How long engines took for a command, views included, by the engine's name.
        self.engine_seconds: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))
        self._keeper = keeper
        self._bus = bus
        self._is_current = is_current

    async def execute(
        self,
        game_id: str,
        decide: Decide,
        user_id: UUID,
        action_id: str | None = None,
        on_commit: OnDone[Receipt] = unheard,
        look: Look | None = None,
    ) -> Receipt:
        """Carry out a command; gives what it was acked with.

        Args:
            game_id: the game.
            decide: what the command comes to.
            user_id: whose command it is.
            action_id: the name that the user gave it: what the log holds already under this name is
                acked again, and not carried out.
            on_commit: the ack.
            look: what has to be looked up each time before it is decided; it may raise too.

        Raises:
            MeepleError: what ``decide`` raised.
            GameNotFound: there is no such game.
            InvalidMessage: no log can keep the ``action_id``.
            EngineError: the engine cannot show what it did; nothing was appended.
            Unavailable: the command may or may not have been carried out.
        """
        if action_id is not None and UNKEPT.search(action_id):
            raise InvalidMessage("action_id: it holds a character that no log can keep")
        came, table = None, self._tables.find(game_id)
        if table is None:
            came, table = self._clock.now_ms(), await self._tables.get(game_id)
        arrived = None if table.game.clock is None else came or self._clock.now_ms()
        await table.lock.acquire()
        try:
            if table.unsure:
                await self.catch_up(table)
            if arrived is not None and not self._keeper.fresh:
                await self._keeper.beat()
            for _ in range(ATTEMPTS):
                game = table.game
                seat, key = game.seat_of(user_id), None
                if action_id is not None and seat is not None:
                    key = projection.log_action_id(seat, action_id)
                    if key in table.action_ids:
                        receipt = Receipt(game_id, table.action_ids[key])
                        on_commit(receipt)
                        return receipt
                try:
                    if look is not None:
                        await look(game)
                    now = self._clock.now_ms()
                    started = time.perf_counter()
                    with self._time_limit:
                        # What came in time is not late because it had to wait here.
                        steps = decide(game, now if arrived is None else arrived, seat, key)
                        # Made before the append: an engine that cannot show it has failed on it.
                        messages = self._messages(steps, now)
                    self.engine_seconds[game.rules.name].note(time.perf_counter() - started)
                except MeepleError:
                    # Refused by what this node knows; another may have played meanwhile.
                    if not await self.catch_up(table):
                        raise
                    continue
                if steps and not await self._append(table, steps):
                    continue
                own = 0 if game.clock is None else _own(steps)
                receipt = Receipt(game_id, game.seq + 1 + own)
                on_commit(receipt)
                self._broadcast(game_id, messages)
                if self._bus is not None and steps:
                    self._bus.publish(Appended(game_id, [step.entry for step in steps]))
                return receipt
        finally:
            table.lock.release()
        raise Unavailable("the game is changing too fast; try again")

    async def _append(self, table: Table, steps: list[Step]) -> bool:
        """Append to the log and to the table; False if the log has moved on, which is told."""
        before, after = table.game, steps[-1].game
        listed = before.status is not after.status or before.players != after.players
        try:
            await self._log.append(
                before.game_id,
                before.seq + 1,
                [step.entry for step in steps],
                row=after.row() if listed else None,
                due_at=UNSET if after.clock is None else after.clock.due_at(),
            )
        except (SequenceConflict, DuplicateAction):
            await self.catch_up(table)
            return False
        except BaseException:
            # Whether it was written is not known: the log is asked before the next use.
            self._tables.doubt(table)
            raise
        if after.rematch is not None:
            await self._follow_up(table, after)
        table.advance(steps)
        if after.bots or after.clock is not None:
            self._tables.notice(after)
        return True

    async def _follow_up(self, table: Table, after: Game) -> None:
        """The rematch is made before its agreement is acked and told."""
        try:
            await self._tables.follow_up(after)
        except BaseException:
            # With the agreement, which is in the log, whoever catches up makes the rematch.
            self._tables.doubt(table)
            raise

    async def table(self, game_id: str) -> Table:
        """The table of that game, knowing all that is in the log."""
        table = await self._tables.get(game_id)
        if table.unsure or not self._is_current(game_id):
            async with table.lock:
                await self.settle(table)
        return table

    async def refresh(self, game_id: str) -> Game:
        """The game as the log has it now, whoever appended to it."""
        table = await self._tables.get(game_id)
        async with table.lock:
            await self.catch_up(table)
            return table.game

    async def settle(self, table: Table) -> None:
        """Find out what this node may not know: what became of its append, or of others'."""
        if table.unsure or not self._is_current(table.game.game_id):
            await self.catch_up(table)

    async def receive(self, table: Table, entries: Sequence[Entry]) -> bool:
        """Fold what another node has appended, and tell it. Needs the lock.

        False if it did not follow what this node knows: it is older, or the log was read instead.
        """
        fresh = [entry for entry in entries if entry.seq > table.game.seq]
        if not fresh:
            return False
        if table.unsure or fresh[0].seq != table.game.seq + 1:
            await self.catch_up(table)
            return False
        self._tell(table, await self._tables.follow(table, fresh), elsewhere=True)
        return True

    async def catch_up(self, table: Table) -> bool:
        """Read what is new in the log, and tell it; False if nothing is. Needs the lock."""
        unsure = table.unsure
        missed = await self._tables.catch_up(table)
        # What an append of which nothing was known has written is this node's own.
        self._tell(table, missed, elsewhere=not unsure)
        if unsure and missed and self._bus is not None:
            # Some of it may be this node's own, of which nobody has heard.
            self._bus.publish(Appended(table.game.game_id, [step.entry for step in missed]))
        return bool(missed)

    def _tell(self, table: Table, steps: Sequence[Step], *, elsewhere: bool) -> None:
        """Tell the viewers here, the house's bots and the clocks of entries that were found."""
        if steps and (table.game.bots or table.game.clock is not None):
            self._tables.notice(table.game, elsewhere=elsewhere)
        with self._time_limit:
            messages = self._messages(steps, self._clock.now_ms())
        self._broadcast(table.game.game_id, messages)

    def _messages(self, steps: Sequence[Step], now: int) -> list[tuple[int | None, Message]]:
        """What the viewers here are told of each step."""
        if not steps:
            return []
        game_id = steps[-1].game.game_id
        audience = self._broadcaster.audience(game_id)
        online, gone = self._presence.present(game_id), self._presence.gone(game_id)
        messages: list[tuple[int | None, Message]] = []
        for step in steps:
            messages += projection.messages(
                step.game, step.entry, audience, online, now, self._keeper.outages, gone
            )
        return messages

    def _broadcast(self, game_id: str, messages: Collection[tuple[int | None, Message]]) -> None:
        for seat, message in messages:
            self._broadcaster.send(game_id, seat, message)


def _own(steps: Sequence[Step]) -> int:
    """Where the command's own entry is: after the pauses that were given first."""
    kinds = [step.entry.kind for step in steps]
    return next((at for at, kind in enumerate(kinds) if kind is not EntryKind.PAUSED), 0)
