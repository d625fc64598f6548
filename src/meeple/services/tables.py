"""The live games of this node, in memory: loaded from the log, bounded, least recently used out."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from uuid import UUID
from weakref import WeakValueDictionary

import structlog
from msgspec import UNSET

from meeple.engine.game import Game, Step, fold_all
from meeple.engine.log import Entry
from meeple.engine.rules import Rules
from meeple.errors import GameNotFound, MeepleError, SequenceConflict, Unavailable
from meeple.protocols import BotHouse, Clock, ClockWatch, EngineFactory, GameLog, Gone
from meeple.services.clock import SystemClock
from meeple.services.rematch import rematch_steps

log = structlog.get_logger(__name__)

#: For engines that are trusted to come back.
NO_LIMIT = nullcontext()
SYSTEM_CLOCK = SystemClock()
#: Seconds of folding after which others get their turn.
TURN = 0.02


class Table:
    """A game in memory: where its log ends, as far as this node has seen, and what is there.

    Attributes:
        game: the game after the last entry that this node knows.
        lock: held while the game is decided, appended to and broadcast; gives order in this node.
        action_ids: every action_id of the log, with the seq of its entry.
        announced: who was at the table, and who was gone, when its viewers were last told; None:
            never.
        unsure: True if an append may have been written or not; `Tables.catch_up` finds out.
    """

    __slots__ = ("__weakref__", "action_ids", "announced", "game", "lock", "unsure")

    def __init__(self, steps: Iterable[Step]) -> None:
        self.lock = asyncio.Lock()
        self.action_ids: dict[str, int] = {}
        self.announced: tuple[frozenset[UUID], dict[UUID, Gone]] | None = None
        self.unsure = False
        self.game: Game
        self.advance(steps)

    def advance(self, steps: Iterable[Step]) -> None:
        """Take note of entries that are in the log now, in order."""
        for step in steps:
            if step.entry.action_id is not None:
                self.action_ids[step.entry.action_id] = step.entry.seq
            self.game = step.game


class Tables:
    """The tables in memory: at most ``limit``, and those that are in use or unsure.

    Args:
        engine_factory: gives the engine of a name.
        log: where a table that is not in memory is read from.
        house: is told of tables with bots; None if no bots play here.
        watch: is told of tables with clocks; None if nobody watches them.
        limit: tables to keep.
        time_limit: ends an engine that does not come back, at each entry.
        clock: the server's time.
    """

    def __init__(
        self,
        engine_factory: EngineFactory,
        log: GameLog,
        *,
        house: BotHouse | None = None,
        watch: ClockWatch | None = None,
        limit: int = 10_000,
        time_limit: AbstractContextManager[None] = NO_LIMIT,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._engine_factory = engine_factory
        self._log = log
        self._house = house
        self._watch = watch
        self._limit = limit
        self._time_limit = time_limit
        self._clock = clock
        self._tables: OrderedDict[str, Table] = OrderedDict()
        # Whoever uses a table that was dropped meanwhile shares it with whoever asks for it: a
        # second one of the same game would break the order in this node.
        self._in_use: WeakValueDictionary[str, Table] = WeakValueDictionary()
        self._loading: dict[str, asyncio.Task[Table]] = {}
        self._rules: dict[str, Rules] = {}

    def __len__(self) -> int:
        return len(self._tables)

    def rules(self, engine: str) -> Rules:
        """The rules of that name; raises `EngineNotFound`."""
        if engine not in self._rules:
            self._rules[engine] = Rules(engine, self._engine_factory(engine))
        return self._rules[engine]

    async def change_rules(self, rules: Rules) -> dict[str, MeepleError]:
        """From now on, the engine of that name has these rules; for authors, while they write them.

        Tables in memory are folded anew. One whose log these rules cannot fold goes on with those
        that it had; gives why not, by its id.
        """
        self._rules[rules.name] = rules
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        failed: dict[str, MeepleError] = {}
        for table in list(self._in_use.values()):
            if table.game.rules.name != rules.name:
                continue
            async with table.lock:
                game = table.game
                try:
                    entries = await self._log.read(game.game_id, limit=game.seq + 1)
                    table.advance(await self.fold(entries))
                except MeepleError as error:
                    failed[game.game_id] = error
        return failed

    def add(self, table: Table) -> None:
        """Keep a table that was just made, or is used again."""
        self._in_use[table.game.game_id] = table
        self._tables[table.game.game_id] = table
        self._evict()
        self.notice(table.game)

    def notice(self, game: Game, *, elsewhere: bool = False) -> None:
        """Tell who is to know that a game with bots or with clocks has changed.

        ``elsewhere``: by another node.
        """
        if game.bots and self._house is not None:
            self._house.notice(game, elsewhere=elsewhere)
        if game.clock is not None and self._watch is not None:
            self._watch.notice(game)

    def peek(self, game_id: str) -> Table | None:
        """The table of that game, if it is in memory, which does not count as a use."""
        return self._tables.get(game_id)

    def __iter__(self) -> Iterator[Table]:
        return iter(tuple(self._tables.values()))

    def doubt(self, table: Table) -> None:
        """An append to the table may have been written or not: keep it until that is known."""
        table.unsure = True
        self.add(table)

    def find(self, game_id: str) -> Table | None:
        """The table of that game, if it is in memory."""
        table = self._tables.get(game_id)
        if table is not None:
            self._tables.move_to_end(game_id)
        return table

    async def get(self, game_id: str) -> Table:
        """The table of that game.

        Raises:
            GameNotFound: the log has no such game.
            EngineNotFound, EngineError: its log cannot be folded on this server.
            Unavailable: the log does not answer.
        """
        table = self.find(game_id)
        if table is not None:
            return table
        table = self._in_use.get(game_id)
        if table is not None:
            self.add(table)
            return table
        # One read serves everybody who waits for it; one who gives up does not take it from them.
        loading = self._loading.get(game_id)
        if loading is None:
            loading = asyncio.create_task(self._load(game_id))
            self._loading[game_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(game_id, None))
        return await asyncio.shield(loading)

    async def _load(self, game_id: str) -> Table:
        entries = await self._log.read(game_id)
        if not entries:
            raise GameNotFound
        table = Table(await self.fold(entries))
        await self.follow_up(table.game)
        self.add(table)
        return table

    async def catch_up(self, table: Table) -> list[Step]:
        """Fold what the table's log holds beyond it; gives what was new. Needs the table's lock."""
        entries = await self._log.read(table.game.game_id, table.game.seq + 1)
        steps = await self.follow(table, entries)
        table.unsure = False
        return steps

    async def follow(self, table: Table, entries: Iterable[Entry]) -> list[Step]:
        """Fold entries that are in the log next after the table. Needs the table's lock."""
        steps = await self.fold(entries, table.game)
        if steps:
            await self.follow_up(steps[-1].game)
        table.advance(steps)
        return steps

    async def follow_up(self, game: Game) -> None:
        """See to it that the rematch which the players of ``game`` have agreed to is there.

        Whoever learns that they have does it before anybody is told: the one who appended the
        agreement may have died since.

        Raises:
            Unavailable: the log does not answer; the rematch may be there or not.
        """
        if game.rematch is None or await self._log.find_game(game.rematch) is not None:
            return
        [created] = await self._log.read(game.game_id, limit=1)
        try:
            with self._time_limit:
                steps = rematch_steps(created, game, max(self._clock.now_ms(), game.at))
            entries = [step.entry for step in steps]
            new = steps[-1].game
            due_at = UNSET if new.clock is None else new.clock.due_at()
            await self._log.append(game.rematch, 0, entries, row=new.row(), due_at=due_at)
        except SequenceConflict:
            return  # another node was faster
        except Unavailable:
            raise
        except MeepleError:
            # The game that is over is sound, and its players can make another table.
            log.exception("the rematch cannot be made", game_id=game.game_id)
            return
        self.add(Table(steps))

    async def fold(self, entries: Iterable[Entry], game: Game | None = None) -> list[Step]:
        """Every entry with the game after it; others get their turn while a long log is folded.

        Raises:
            EngineNotFound, EngineError: it cannot be folded on this server.
        """
        steps: list[Step] = []
        folding = fold_all(entries, self.rules, game)
        until = time.monotonic() + TURN
        while True:
            with self._time_limit:
                step = next(folding, None)
            if step is None:
                return steps
            steps.append(step)
            if time.monotonic() > until:
                await asyncio.sleep(0)
                until = time.monotonic() + TURN

    def _evict(self) -> None:
        excess = len(self._tables) - self._limit
        if excess > 0:
            # One that is unsure stays: its viewers are still to be told what became of the append.
            sure = (game_id for game_id, table in self._tables.items() if not table.unsure)
            for game_id in list(islice(sure, excess)):
                del self._tables[game_id]
