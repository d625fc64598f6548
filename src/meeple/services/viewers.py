"""Who watches a game on this node: arrives, is told what was missed, is there or gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from uuid import UUID

import msgspec

from meeple.engine.game import Game
from meeple.protocols import Broadcaster, Bus, Clock, GameLog, Message, Presence
from meeple.services import commands, projection
from meeple.services.absence import Absences
from meeple.services.executor import Executor, OnDone, unheard
from meeple.services.sync import Sync
from meeple.services.tables import NO_LIMIT, Table, Tables
from meeple.services.timekeeper import Timekeeper

#: One who missed more entries than this gets the state as it is now, without the way there.
MAX_MISSED = 200


class Joined(msgspec.Struct, frozen=True):
    """What a join is acked with: the seq that the game is at, and the seat (None: spectator)."""

    game_id: str
    seq: int
    seat: int | None
    ok: bool = True


class Viewers:
    """Connects those who watch with the tables that they watch.

    Args:
        tables: the live games.
        executor: brings a table up to date.
        log: where the entries that somebody missed are read.
        broadcaster: the viewers on this node.
        presence: who is at which table.
        clock: the server's time.
        keeper: knows what time is given back.
        absences: marks who is gone.
        bus: connects this node with those that share its log; None if it is the only one.
        time_limit: ends an engine that does not come back; see `TimeLimit`.
    """

    def __init__(
        self,
        tables: Tables,
        executor: Executor,
        log: GameLog,
        broadcaster: Broadcaster,
        presence: Presence,
        clock: Clock,
        keeper: Timekeeper,
        absences: Absences,
        *,
        bus: Bus | None = None,
        time_limit: AbstractContextManager[None] = NO_LIMIT,
    ) -> None:
        self._tables = tables
        self._executor = executor
        self._log = log
        self._broadcaster = broadcaster
        self._presence = presence
        self._clock = clock
        self._keeper = keeper
        self._absences = absences
        self._time_limit = time_limit
        #: Follows what other nodes do; None if this is the only one.
        self.sync: Sync | None = None
        if bus is not None:
            self.sync = Sync(bus, tables, executor, broadcaster, presence, self._announce)

    def is_current(self, game_id: str) -> bool:
        """Whether a table in memory is known to be what the log says."""
        return self.sync is None or self.sync.is_current(game_id)

    async def join(
        self,
        sid: str,
        game_id: str,
        user_id: UUID,
        *,
        last_seq: int | None = None,
        on_join: OnDone[Joined] = unheard,
    ) -> Joined:
        """The connection takes part: it gets the state, or what it missed after ``last_seq``.

        Raises:
            GameNotFound: there is no such game.
            NotInGame: the user has no seat.
        """
        async with self._arriving(game_id) as table:
            seat = commands.seat_of(table.game, user_id)
            return await self._watch(table, sid, seat, last_seq, on_join)

    async def spectate(
        self,
        sid: str,
        game_id: str,
        *,
        last_seq: int | None = None,
        on_join: OnDone[Joined] = unheard,
    ) -> Joined:
        """The connection watches: it gets what nobody hides. Raises `GameNotFound`."""
        async with self._arriving(game_id) as table:
            return await self._watch(table, sid, None, last_seq, on_join)

    def leave(self, sid: str, game_id: str) -> None:
        """The connection is no longer told about the game."""
        self._broadcaster.unwatch(sid, game_id)
        if self.sync is not None:
            self.sync.left(game_id)

    async def departed(self, game_id: str, user_id: UUID, *, closed: bool) -> None:
        """A connection of the user's to the game has gone; ``closed``: on purpose.

        If it was the last, and the game is on, the user is gone from now on. The viewers are told.
        """
        table = await self._executor.table(game_id)
        await self._absences.left(table.game, user_id, closed=closed)
        await self.announce_presence(game_id)

    async def announce_presence(self, game_id: str) -> None:
        """Tell every viewer, on all nodes, who is there and who is gone, if that has changed."""
        if self.sync is not None:
            self.sync.left(game_id)
            self.sync.tell_presence(game_id)
        await self._announce(game_id)

    async def presence_found(self, game_id: str) -> None:
        """Tell every viewer here: somebody came or went on another node, which did not say so."""
        if self.sync is not None:
            self.sync.presence_changed(game_id)
        else:
            await self._announce(game_id)

    async def _announce(self, game_id: str) -> None:
        """Tell every viewer here who is at the table now and who is gone, if that has changed."""
        audience = self._broadcaster.audience(game_id)
        if not audience:
            return
        table = await self._executor.table(game_id)
        await self._absences.note(table.game)
        present, gone = frozenset(self._presence.present(game_id)), self._presence.gone(game_id)
        news = present, {one: mark for one, mark in gone.items() if one not in present}
        if news == table.announced:
            # Viewers come and go as they please; the others need not hear of each.
            return
        table.announced = news
        message = projection.presence(table.game, *news)
        for seat in audience:
            self._broadcaster.send(game_id, seat, message)

    @asynccontextmanager
    async def _arriving(self, game_id: str) -> AsyncIterator[Table]:
        """The game's table, locked and current, for one who is about to view it."""
        if self.sync is not None:
            async with self.sync.arriving(game_id) as table:
                yield table
            return
        table = await self._tables.get(game_id)
        async with table.lock:
            await self._executor.settle(table)
            yield table

    async def _watch(
        self,
        table: Table,
        sid: str,
        seat: int | None,
        last_seq: int | None,
        on_join: OnDone[Joined],
    ) -> Joined:
        """Under the table's lock, so that no entry comes between what is sent and the watch."""
        game = table.game
        if last_seq is not None and 0 <= game.seq - last_seq <= MAX_MISSED:
            messages = await self._missed(game, seat, last_seq)
        else:
            online, gone = self._presence.present(game.game_id), self._presence.gone(game.game_id)
            with self._time_limit:
                now, outages = self._clock.now_ms(), self._keeper.outages
                messages = [projection.current(game, seat, online, now, outages, gone)]
        self._broadcaster.watch(sid, game.game_id, seat)
        if seat is not None and game.bots:
            # The node that was to think for a bot may have died: whoever comes back comes here.
            self._tables.notice(game)
        joined = Joined(game.game_id, game.seq, seat)
        on_join(joined)
        for message in messages:
            self._broadcaster.send_to(sid, message)
        return joined

    async def _missed(self, game: Game, seat: int | None, last_seq: int) -> list[Message]:
        """What the viewer would have been sent after ``last_seq``."""
        if last_seq == game.seq:
            return []
        online, gone = self._presence.present(game.game_id), self._presence.gone(game.game_id)
        now = self._clock.now_ms()
        entries = await self._log.read(game.game_id, limit=game.seq + 1)
        messages = []
        for step in await self._tables.fold(entries):
            if step.entry.seq > last_seq:
                with self._time_limit:
                    messages += projection.messages(
                        step.game, step.entry, (seat,), online, now, self._keeper.outages, gone
                    )
        return [message for _, message in messages]
