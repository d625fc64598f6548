"""A `GameLog` in memory, for tests and examples: gone with the process."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET, UnsetType

from meeple.engine.log import Entry, GameRow, GameStatus
from meeple.errors import Unavailable
from meeple.protocols import OUTAGES_KEPT_MS, GamePage, Outage
from meeple.store.heads import Head
from meeple.store.lives import Lives
from meeple.store.records import (
    EntryValues,
    RowValues,
    checked_limit,
    decode_cursor,
    decode_entry,
    decode_row,
    encode_append,
    encode_cursor,
)


class MemoryGameLog:
    """`GameLog` in dictionaries.

    Payloads are kept as JSON, so that what is read is never what was appended but a copy, and
    what SQLite would refuse is refused here.
    """

    def __init__(self) -> None:
        self._heads: dict[str, Head] = {}
        self._entries: dict[str, list[EntryValues]] = {}
        self._rows: dict[str, RowValues] = {}
        self._deadlines: dict[str, int] = {}
        self._lives = Lives()
        self._outages: list[Outage] = []
        self._closed = False

    async def append(
        self,
        game_id: str,
        expected_seq: int,
        entries: Sequence[Entry],
        *,
        row: GameRow | None = None,
        due_at: int | UnsetType | None = UNSET,
    ) -> None:
        """See `GameLog.append`."""
        self._check_open()
        append = encode_append(game_id, expected_seq, entries, row, due_at)
        head = self._heads.get(game_id) or Head()
        head.admit(expected_seq, append.entries)
        self._heads[game_id] = head
        self._entries.setdefault(game_id, []).extend(append.entries)
        if append.row is not None:
            self._rows[game_id] = append.row
        if due_at is None:
            self._deadlines.pop(game_id, None)
        elif due_at is not UNSET:
            self._deadlines[game_id] = due_at

    async def read(
        self, game_id: str, from_seq: int = 0, *, limit: int | None = None
    ) -> list[Entry]:
        """See `GameLog.read`."""
        self._check_open()
        found = self._entries.get(game_id, [])[max(from_seq, 0) :]
        if limit is not None:
            found = found[: checked_limit(limit, 0)]
        return [decode_entry(values) for values in found]

    async def find_game(self, game_id: str) -> GameRow | None:
        """See `GameLog.find_game`."""
        self._check_open()
        values = self._rows.get(game_id)
        return None if values is None else decode_row(values)

    async def list_games(
        self,
        *,
        status: GameStatus | None = None,
        engine: str | None = None,
        player: UUID | None = None,
        public_only: bool = True,
        cursor: str | None = None,
        limit: int = 50,
    ) -> GamePage:
        """See `GameLog.list_games`."""
        self._check_open()
        before = None if cursor is None else decode_cursor(cursor)
        limit = checked_limit(limit, 1)
        games: list[GameRow] = []
        for game_id in sorted(self._rows, reverse=True):
            game = decode_row(self._rows[game_id])
            if (
                (before is not None and game_id >= before)
                or (status is not None and game.status != status)
                or (engine is not None and game.engine != engine)
                or (public_only and not game.public)
                or (player is not None and not _seated(player, game))
            ):
                continue
            if len(games) == limit:
                return GamePage(games, encode_cursor(games[-1].game_id))
            games.append(game)
        return GamePage(games, None)

    async def due_games(self, until: int, limit: int = 100) -> list[str]:
        """See `GameLog.due_games`."""
        self._check_open()
        due = sorted((at, game_id) for game_id, at in self._deadlines.items() if at <= until)
        return [game_id for _, game_id in due[: checked_limit(limit, 1)]]

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """See `GameLog.beat`."""
        self._check_open()
        outage = self._lives.beat(at, longest_gap, watched=bool(self._deadlines))
        if outage is not None:
            self._outages.append(outage)
        return [one for one in self._outages if one.until > at - OUTAGES_KEPT_MS]

    async def check(self) -> None:
        """See `GameLog.check`."""
        self._check_open()

    async def aclose(self) -> None:
        """See `GameLog.aclose`."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The log is closed.")


def _seated(user: UUID, game: GameRow) -> bool:
    return any(player is not None and player.user_id == user for player in game.players)
