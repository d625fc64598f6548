"""What may be looked at without watching: states, replays and lists of games."""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import UUID

from meeple.engine.game import Game
from meeple.engine.log import GameStatus
from meeple.protocols import Clock, GameLog, GamePage, Presence
from meeple.services import projection
from meeple.services.executor import Executor
from meeple.services.tables import NO_LIMIT, Tables
from meeple.services.timekeeper import Timekeeper


class Reader:
    """Reads games for those who ask once.

    Args:
        tables: the live games.
        executor: brings a table up to date.
        log: where entries are read.
        presence: who is at which table.
        clock: the server's time.
        keeper: knows what time is given back.
        time_limit: ends an engine that does not come back; see `TimeLimit`.
    """

    def __init__(
        self,
        tables: Tables,
        executor: Executor,
        log: GameLog,
        presence: Presence,
        clock: Clock,
        keeper: Timekeeper,
        *,
        time_limit: AbstractContextManager[None] = NO_LIMIT,
    ) -> None:
        self._tables = tables
        self._executor = executor
        self._log = log
        self._presence = presence
        self._clock = clock
        self._keeper = keeper
        self._time_limit = time_limit

    async def game_state(self, game_id: str, user_id: UUID | None) -> projection.GameState:
        """The game as this user (None: a stranger) may see it. Raises `GameNotFound`."""
        game = (await self._executor.table(game_id)).game
        return self.shown(game, None if user_id is None else game.seat_of(user_id))

    async def replay(
        self, game_id: str, user_id: UUID | None, first: int = 0, limit: int | None = None
    ) -> list[projection.LogEntry]:
        """At most ``limit`` entries of the log from seq ``first`` on, as this user may see them.

        Raises `GameNotFound`.
        """
        game = (await self._executor.table(game_id)).game
        seat = None if user_id is None else game.seat_of(user_id)
        # What is in the log and not in the game yet, nobody has been told.
        known = max(0, game.seq + 1 - first)
        most = known if limit is None else min(known, limit)
        entries = await self._log.read(game_id, first, limit=most) if most else []
        return [projection.log_entry(game, entry, seat) for entry in entries]

    async def states(
        self, game_id: str, user_id: UUID | None, first: int, limit: int
    ) -> list[projection.GameState]:
        """At most ``limit`` states from seq ``first`` on, as this user might have been sent them.

        The ``server_time`` of each is the time of its entry.

        Raises:
            GameNotFound: there is no such game.
            EngineNotFound, EngineError: its log cannot be folded here.
        """
        game = (await self._executor.table(game_id)).game
        seat = None if user_id is None else game.seat_of(user_id)
        online = self._presence.present(game_id)
        entries = await self._log.read(game_id, limit=min(game.seq + 1, first + limit))
        shown = []
        for step in (await self._tables.fold(entries))[first:]:
            with self._time_limit:
                shown.append(projection.state(step.game, seat, online, step.entry.at))
        return shown

    async def list_games(
        self,
        *,
        status: GameStatus | None = None,
        engine: str | None = None,
        player: UUID | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> GamePage:
        """A page of the public games, or of the games of ``player``, newest first."""
        return await self._log.list_games(
            status=status,
            engine=engine,
            player=player,
            public_only=player is None,
            cursor=cursor,
            limit=limit,
        )

    def shown(self, game: Game, seat: int | None) -> projection.GameState:
        """The state of a game as that seat (None: a spectator) may see it."""
        online, gone = self._presence.present(game.game_id), self._presence.gone(game.game_id)
        with self._time_limit:
            now, outages = self._clock.now_ms(), self._keeper.outages
            return projection.state(game, seat, online, now, outages, gone)
