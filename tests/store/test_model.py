"""Every `GameLog` against a model of a few lines, over random histories."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from meeple.engine.log import Entry, GameRow, GameStatus
from meeple.errors import DuplicateAction, SequenceConflict
from meeple.protocols import GameLog
from meeple.store.memory import MemoryGameLog
from meeple.store.sqlite import SqliteGameLog
from tests.store.making import ALICE, BOB, entry, row

GAMES = ("g", "h", "ß'\"🎲")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
action_ids = (
    st.none()
    | st.sampled_from("abcdefgh")
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)
appends = st.fixed_dictionaries(
    {
        "game_id": st.sampled_from(GAMES),
        "offset": st.sampled_from([0, 0, 0, 0, -1, 1]),
        "entries": st.lists(
            st.tuples(action_ids, st.dictionaries(st.text(), json_values, max_size=2)),
            min_size=1,
            max_size=3,
        ),
        "spoilt": st.sampled_from([False, False, False, False, True]),
        "row": st.none()
        | st.fixed_dictionaries(
            {
                "status": st.sampled_from(GameStatus),
                "public": st.booleans(),
                "players": st.tuples(*[st.sampled_from([None, ALICE, BOB])] * 2),
            }
        ),
    }
)


class Model:
    """What a log is: per game a list of entries, and a row."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {game: [] for game in GAMES}
        self.rows: dict[str, GameRow] = {}

    def append(
        self, game_id: str, expected_seq: int, new: list[Entry], row: GameRow | None, spoilt: bool
    ) -> type[Exception] | None:
        """The error that the append must raise."""
        if spoilt:
            return ValueError
        old = self.entries[game_id]
        ids = [each.action_id for each in old + new if each.action_id is not None]
        if len(ids) != len(set(ids)):
            return DuplicateAction
        if expected_seq != len(old):
            return SequenceConflict
        old += new
        if row is not None:
            self.rows[game_id] = row
        return None


class LogMachine(RuleBasedStateMachine):
    """Does the same to a log and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.log: GameLog = self.runner.run(self.open())

    async def open(self) -> GameLog:
        return MemoryGameLog()

    def teardown(self) -> None:
        self.runner.run(self.log.aclose())
        self.runner.close()

    @rule(calls=st.lists(appends, min_size=1, max_size=6))
    def append_at_once(self, calls: list[dict[str, Any]]) -> None:
        lengths = {game: len(entries) for game, entries in self.model.entries.items()}
        expected: list[type[Exception] | None] = []
        coroutines = []
        for call in calls:
            game_id = call["game_id"]
            # Each call follows those before it, as far as these succeed.
            first = lengths[game_id] + call["offset"]
            new = [
                entry(game_id, seq, action_id=action_id, payload=payload)
                for seq, (action_id, payload) in enumerate(call["entries"], first)
            ]
            if call["spoilt"]:
                new[-1] = replace(new[-1], payload={"not JSON": object()})
            game_row = None if call["row"] is None else row(game_id, **call["row"])
            expected.append(self.model.append(game_id, first, new, game_row, call["spoilt"]))
            coroutines.append(self._append(game_id, first, new, game_row))
            lengths[game_id] = len(self.model.entries[game_id])

        async def together() -> list[BaseException | None]:
            return await asyncio.gather(*coroutines, return_exceptions=True)

        results = self.runner.run(together())
        assert [None if result is None else type(result) for result in results] == expected

    async def _append(
        self, game_id: str, first: int, new: list[Entry], row: GameRow | None
    ) -> None:
        await self.log.append(game_id, first, new, row=row)

    @rule(game_id=st.sampled_from(GAMES), first=st.integers(-1, 9), limit=st.integers(0, 9))
    def read_a_part(self, game_id: str, first: int, limit: int) -> None:
        wanted = self.model.entries[game_id][max(first, 0) :][:limit]
        assert self.runner.run(self.log.read(game_id, first, limit=limit)) == wanted

    @rule(
        status=st.none() | st.sampled_from(GameStatus),
        player=st.none() | st.sampled_from([ALICE, BOB]),
        public_only=st.booleans(),
        limit=st.integers(1, 3),
    )
    def list_by_pages(
        self, status: GameStatus | None, player: Any, public_only: bool, limit: int
    ) -> None:
        wanted = [
            game
            for _, game in sorted(self.model.rows.items(), reverse=True)
            if status in (None, game.status)
            and (player is None or any(seat and seat.user_id == player for seat in game.players))
            and (game.public or not public_only)
        ]
        found: list[GameRow] = []
        cursor = None
        while True:
            page = self.runner.run(
                self.log.list_games(
                    status=status,
                    player=player,
                    public_only=public_only,
                    cursor=cursor,
                    limit=limit,
                )
            )
            found += page.games
            cursor = page.cursor
            if cursor is None:
                break
        assert found == wanted

    @invariant()
    def everything_is_there(self) -> None:
        for game_id in GAMES:
            assert self.runner.run(self.log.read(game_id)) == self.model.entries[game_id]
            assert self.runner.run(self.log.find_game(game_id)) == self.model.rows.get(game_id)


class SqliteLogMachine(LogMachine):
    """With a cache of one game, so that heads are read back all the time, and restarts."""

    cached_games: ClassVar = 1

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        super().__init__()

    async def open(self) -> GameLog:
        path = Path(self.folder.name) / "log.sqlite3"
        return await SqliteGameLog.open(path, cached_games=self.cached_games, max_batch=4)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()

    @rule()
    def restart(self) -> None:
        self.runner.run(self.log.aclose())
        self.log = self.runner.run(self.open())


LogMachine.TestCase.settings = SqliteLogMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=12, deadline=None
)
TestMemoryGameLog = LogMachine.TestCase
TestSqliteGameLog = SqliteLogMachine.TestCase
