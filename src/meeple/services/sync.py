"""Keeps the tables that are viewed on this node in step with what other nodes append.

The bus brings entries as they are appended, and the log is what is true: it is read wherever the
bus may have missed something. Only games with a viewer here are followed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from itertools import islice
from uuid import UUID

import structlog

from meeple.errors import MeepleError
from meeple.protocols import (
    Appended,
    Broadcaster,
    Bus,
    Gone,
    Note,
    Presence,
    PresenceChanged,
    Said,
)
from meeple.services.executor import Executor
from meeple.services.followed import Followed, SyncStats
from meeple.services.tables import Table, Tables

log = structlog.get_logger(__name__)

#: Seconds between two looks at the log for a game that the bus does not bring.
LOOK_EVERY = 1.0
#: Games looked at side by side.
LOOKERS = 8
#: Seconds that one look may take; the next one comes anyway.
LOOK_SECONDS = 2.0
#: Games looked at each time although the bus brings them: what it lost without a sign, if a node
#: could append and not publish, say.
SWEEP = 20
#: Notes of a game that wait while it is busy; if there are more, the log is read instead.
MAX_NOTES = 100

_Known = tuple[frozenset[UUID], dict[UUID, Gone]]
_NOBODY: _Known = (frozenset(), {})


class Sync:
    """Follows, by the bus and by the log, the games that have viewers here; a `BusListener`.

    Args:
        bus: what connects this node with the others.
        tables: the live games.
        executor: folds what was heard, and tells the viewers.
        broadcaster: the viewers on this node.
        presence: who is at which table.
        announce: tells the viewers here who is at a table, if that has changed.
    """

    def __init__(
        self,
        bus: Bus,
        tables: Tables,
        executor: Executor,
        broadcaster: Broadcaster,
        presence: Presence,
        announce: Callable[[str], Awaitable[None]],
    ) -> None:
        self.stats = SyncStats()
        self._bus = bus
        self._tables = tables
        self._executor = executor
        self._broadcaster = broadcaster
        self._presence = presence
        self._announce = announce
        self._receive: Callable[[Said], Awaitable[None]] = _unheard
        self._followed: OrderedDict[str, Followed] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        # Who was at a table, and who was gone, when the other nodes last heard; nobody is not kept.
        self._told: dict[str, _Known] = {}
        self._lapses = 0  # how often the bus went down
        self._look_now = asyncio.Event()
        bus.serve(self)

    def talk(self, receive: Callable[[Said], Awaitable[None]]) -> None:
        """From now on, ``receive`` gets what is said on other nodes at tables viewed here."""
        self._receive = receive

    def __len__(self) -> int:
        """How many games are followed."""
        return len(self._followed)

    # --- viewers come and go ------------------------------------------------------------------

    @asynccontextmanager
    async def arriving(self, game_id: str) -> AsyncIterator[Table]:
        """The game's table, locked and current, for one who is about to view it.

        The bus is listened to before the log is read, so nothing falls between.

        Raises:
            GameNotFound, Unavailable: it cannot be read.
        """
        followed = self._followed.get(game_id)
        if followed is None:
            followed = self._followed[game_id] = Followed(game_id)
        followed.coming += 1
        try:
            if not followed.current:
                await self._bus.subscribe(game_id)
            table = followed.table = await self._tables.get(game_id)
            async with table.lock:
                if not followed.current:
                    await self._look_at(followed, table)
                else:
                    await self._executor.settle(table)
                yield table
        finally:
            followed.coming -= 1
            self.left(game_id)

    def left(self, game_id: str) -> None:
        """Somebody may have left: without viewers, the game is no longer followed."""
        followed = self._followed.get(game_id)
        if followed is None or followed.coming or self._broadcaster.audience(game_id):
            return
        del self._followed[game_id]
        followed.notes.clear()
        self._bus.unsubscribe(game_id)

    def is_current(self, game_id: str) -> bool:
        """True if the table of the game need not be compared with the log before it is shown."""
        followed = self._followed.get(game_id)
        return followed is not None and followed.current

    # --- presence -----------------------------------------------------------------------------

    def tell_presence(self, game_id: str) -> None:
        """Have the other nodes look who is at the game, if that has changed."""
        if self._note_presence(game_id):
            self._bus.publish(PresenceChanged(game_id))

    def _note_presence(self, game_id: str) -> bool:
        known = frozenset(self._presence.present(game_id)), dict(self._presence.gone(game_id))
        if known == self._told.get(game_id, _NOBODY):
            return False
        if known == _NOBODY:
            del self._told[game_id]
        else:
            self._told[game_id] = known
        return True

    # --- what the bus says --------------------------------------------------------------------

    def connected(self) -> None:
        """Find out at once what was missed."""
        self._look_now.set()

    def disconnected(self) -> None:
        """From now on, the log is looked at until the bus is back."""
        self._lapses += 1
        for followed in self._followed.values():
            followed.current = False
        self._look_now.set()

    def hear(self, note: Note) -> None:
        """Another node has published this."""
        self._take(note)

    def presence_changed(self, game_id: str) -> None:
        """Somebody came or went on another node, as this one has found by itself."""
        self._take(PresenceChanged(game_id))

    def _take(self, note: Note) -> None:
        followed = self._followed.get(note.game_id)
        if followed is None:
            return
        if len(followed.notes) >= MAX_NOTES:
            followed.notes.clear()
            followed.current = False
            self._look_now.set()
        followed.notes.append(note)
        if followed.task is None:
            followed.task = asyncio.create_task(self._work(followed))
            self._tasks.add(followed.task)
            followed.task.add_done_callback(self._tasks.discard)

    async def _work(self, followed: Followed) -> None:
        """Look at what was heard of one game, in order."""
        try:
            while followed.notes:
                await self._heed(followed, followed.notes.popleft())
        finally:
            followed.task = None

    async def _heed(self, followed: Followed, note: Note) -> None:
        try:
            if isinstance(note, Appended):
                await self._fold(followed, note)
            elif isinstance(note, Said):
                await self._receive(note)
            elif note not in followed.notes:
                await self._presence.players_in(note.game_id)
                self._note_presence(note.game_id)  # whoever told us told everybody
                await self._announce(note.game_id)
        except MeepleError as error:
            self._fell_behind(followed, error)
        except Exception:
            followed.current = False
            log.exception("sync failed", game_id=followed.game_id)

    async def _fold(self, followed: Followed, note: Appended) -> None:
        table = followed.table
        if table is None:
            return  # a join is under way, which reads the log
        async with table.lock:
            before = table.game.seq
            if await self._executor.receive(table, note.entries):
                self.stats.folded += table.game.seq - before
            elif table.game.seq > before:
                self.stats.gaps += 1

    # --- what the log says --------------------------------------------------------------------

    async def run(self) -> None:
        """Look at the log wherever the bus may have missed something, until it is cancelled."""
        try:
            while True:
                behind = [one for one in self._followed.values() if not one.current]
                await self._look([*behind, *self._next_to_sweep()])
                try:
                    await asyncio.wait_for(self._look_now.wait(), LOOK_EVERY)
                except TimeoutError:
                    continue
                self._look_now.clear()
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _next_to_sweep(self) -> list[Followed]:
        games = [one for one in islice(self._followed.values(), SWEEP) if one.current]
        for game_id in list(islice(self._followed, SWEEP)):
            self._followed.move_to_end(game_id)
        return games

    async def _look(self, games: Collection[Followed]) -> None:
        rest = iter(games)

        async def look() -> None:
            for followed in rest:
                await self._try(followed)

        await asyncio.gather(*(look() for _ in range(min(LOOKERS, len(games)))))

    async def _try(self, followed: Followed) -> None:
        table = followed.table
        if table is None:
            return  # a join is under way, which does it
        try:
            async with asyncio.timeout(LOOK_SECONDS), table.lock:
                await self._look_at(followed, table)
        except (MeepleError, TimeoutError) as error:
            self._fell_behind(followed, error)
        except Exception:
            log.exception("sync failed", game_id=followed.game_id)

    async def _look_at(self, followed: Followed, table: Table) -> None:
        """Read what is new in the log, and tell it. Needs the table's lock."""
        lapses, heard = self._lapses, self._bus.heard(followed.game_id)
        self.stats.looks += 1
        if await self._executor.catch_up(table):
            self.stats.found += 1
        followed.current = heard and lapses == self._lapses

    def _fell_behind(self, followed: Followed, error: Exception) -> None:
        """Looked at again in a second."""
        if followed.current:
            log.warning("cannot follow a game", game_id=followed.game_id, error=repr(error))
        followed.current = False


async def _unheard(line: Said) -> None:
    """For a node on which nobody takes part in the talk."""
