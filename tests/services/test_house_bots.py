"""Bots that sit at tables for the house: who gets them, what the log says, what is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from meeple.engine.log import Bot, Entry, EntryKind, GameStatus, Player, bot_user_id
from meeple.errors import InvalidMessage, PolicyNotAvailable, RateLimited
from meeple.services import house_bots
from meeple.services.bot_process import BotFailed, BotProcess
from meeple.services.bot_worker import Task, Thinker
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.game_service import GameService
from meeple.services.house_bots import HouseBots
from meeple.services.tokens import JwtVerifier, TokenIssuer
from meeple.store.memory import MemoryGameLog
from tests.harness import until
from tests.services.house import ANN, BEN, Room, SetClock, Viewers

MCTS = Bot("mcts", 1)
CATALOG = EngineCatalog()


class Here(BotProcess):
    """Thinks in this process, as the other one would; or as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.thinker = Thinker(CATALOG)
        self.thoughts = 0
        self.seconds: list[tuple[float, float]] = []
        self.says: Any = None
        self.gate: asyncio.Event | None = None

    async def think(self, task: Task, seconds: float) -> Any:
        self.thoughts += 1
        self.seconds.append((task.seconds, seconds))
        if self.gate is not None:
            await self.gate.wait()
        if self.says is not None:
            return self.says
        answer = self.thinker.answer(task)
        if answer.failed is not None:
            raise BotFailed(answer.failed)
        return answer.action


class Place:
    """A service over a log, and its house."""

    def __init__(self, log: MemoryGameLog, process: BotProcess) -> None:
        self.log = log
        self.house = HouseBots(
            log, workers=1, seconds=5, new_process=lambda: process, clock=SetClock()
        )
        self.viewers = Viewers([])
        self.games = GameService(CATALOG, log, SetClock(), self.viewers, Room(), house=self.house)
        self.house.serve(self.games)

    async def make(self, *seats: str | Bot | None, engine: str = "tic-tac-toe") -> str:
        return (await self.games.create_game(ANN, engine, seats=seats)).game_id

    async def actions(self, game_id: str) -> list[Entry]:
        return [one for one in await self.log.read(game_id) if one.kind is EntryKind.ACTION]

    async def turn_of(self, game_id: str, player: Player) -> list[Any]:
        """Once it is the player's turn: what is legal; nothing if the game is over."""
        async with asyncio.timeout(10):
            while True:
                state = await self.games.game_state(game_id, player.user_id)
                if state.status is GameStatus.OVER or state.seat in state.to_act:
                    return state.legal_actions or []
                await asyncio.sleep(0)


@asynccontextmanager
async def place(
    log: MemoryGameLog | None = None, process: BotProcess | None = None
) -> AsyncIterator[Place]:
    made = Place(log or MemoryGameLog(), process or Here())
    running = asyncio.create_task(made.house.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_table_with_a_bot_starts_at_once_and_the_log_says_who_it_is() -> None:
    async with place() as here:
        game_id = await here.make("me", MCTS)
        entries = await here.log.read(game_id)
        seated = [one.payload for one in entries if one.kind is EntryKind.SEATED]
        assert seated[0] == {"user_id": str(ANN.user_id), "name": "Ann"}
        assert seated[1]["bot"] == {"policy": "mcts", "level": 1}
        state = await here.games.game_state(game_id, ANN.user_id)
        assert state.status is GameStatus.LIVE
        assert state.players[1].bot == MCTS
        assert state.players[1].online
        assert b'"bot"' not in msgspec.json.encode(state.players[0])
        row = await here.log.find_game(game_id)
        assert row is not None
        assert row.players[1] == Player(bot_user_id(1), "mcts bot, level 1", MCTS)


async def test_it_starts_when_the_last_person_has_sat_down() -> None:
    async with place() as here:
        game_id = await here.make("me", MCTS, None, engine="goofspiel")
        assert (await here.games.game_state(game_id, None)).status is GameStatus.OPEN
        await here.games.take_seat(game_id, BEN)
        assert (await here.games.game_state(game_id, None)).status is GameStatus.LIVE
        await until(lambda: (game_id, 4) not in here.house._thinking)


@pytest.mark.parametrize("engine", ["tic-tac-toe", "goofspiel", "duel", "openspiel:leduc_poker"])
async def test_a_person_plays_a_whole_game_against_a_bot(engine: str) -> None:
    async with place() as here:
        game_id = await here.make("me", MCTS, engine=engine)
        while legal := await here.turn_of(game_id, ANN):
            await here.games.execute_action(game_id, ANN.user_id, legal[-1])
        played = await here.actions(game_id)
        assert {one.seat for one in played} == {0, 1}
        named = [one.action_id for one in played if one.seat == 1]
        assert all(one is not None and one.startswith("1:house-") for one in named)
        assert len(set(named)) == len(named)


async def test_bots_play_each_other_while_their_maker_watches() -> None:
    async with place() as here:
        game_id = await here.make(MCTS, Bot("random", 1))
        table = here.games._tables.find(game_id)
        assert table is not None
        await until(lambda: table.game.status is GameStatus.OVER)
        assert {one.seat for one in await here.actions(game_id)} == {0, 1}


async def test_a_bot_that_was_to_act_does_so_after_a_restart() -> None:
    log, stuck = MemoryGameLog(), Here()
    stuck.gate = asyncio.Event()
    async with place(log, stuck) as before:
        game_id = await before.make("me", MCTS)
        await before.games.execute_action(game_id, ANN.user_id, 4)
        await until(lambda: stuck.thoughts)
    async with place(log) as after:
        assert await after.turn_of(game_id, ANN)
        assert len(await after.actions(game_id)) == 2


async def test_two_nodes_that_think_of_the_same_turn_play_it_once() -> None:
    log, one, other = MemoryGameLog(), Here(), Here()
    one.gate = other.gate = asyncio.Event()
    async with place(log, one) as first:
        game_id = await first.make("me", MCTS)
        await first.games.execute_action(game_id, ANN.user_id, 4)
        async with place(log, other) as second:
            await until(lambda: one.thoughts and other.thoughts)
            one.gate.set()
            for node in (first, second):
                assert await node.turn_of(game_id, ANN)
            await until(lambda: not first.house._thinking and not second.house._thinking)
            assert [entry.seat for entry in await first.actions(game_id)] == [0, 1]


async def test_what_is_not_legal_is_replaced_by_chance() -> None:
    process = Here()
    process.says = "nonsense"
    async with place(process=process) as here:
        game_id = await here.make(MCTS, "me")
        assert await here.turn_of(game_id, ANN)


async def test_who_has_enough_tables_with_bots_gets_no_more() -> None:
    stuck = Here()
    stuck.gate = asyncio.Event()
    async with place(process=stuck) as here:
        for _ in range(house_bots.USER_TABLES):
            await here.make("me", MCTS)
        with pytest.raises(RateLimited):
            await here.make("me", MCTS)
        await here.make("me", None)
        await here.games.create_game(BEN, "tic-tac-toe", seats=["me", MCTS])


@pytest.mark.parametrize(
    ("engine", "bot", "error"),
    [
        ("tic-tac-toe", Bot("stockfish", 1), PolicyNotAvailable),
        ("openspiel:hearts", Bot("mcts", 1), PolicyNotAvailable),
        ("tic-tac-toe", Bot("mcts", 11), InvalidMessage),
        ("tic-tac-toe", Bot("mcts", 0), InvalidMessage),
    ],
)
async def test_a_bot_that_cannot_play_honestly_is_refused(
    engine: str, bot: Bot, error: type[Exception]
) -> None:
    async with place() as here:
        seats: list[str | Bot | None] = ["me", *(bot,) * (3 if "hearts" in engine else 1)]
        with pytest.raises(error):
            await here.make(*seats, engine=engine)


async def test_no_token_makes_anybody_a_bot_of_the_house() -> None:
    secret = "a secret that is long enough to sign tokens"
    token, _ = TokenIssuer(secret).issue(bot_user_id(1), "Eve", 60)
    with pytest.raises(Exception, match="bot of the house"):
        await JwtVerifier(secret)(token)
    other, _ = TokenIssuer(secret).issue(uuid4(), "Eve", 60)
    assert (await JwtVerifier(secret)(other)).name == "Eve"


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        (None, (5, 10)),
        ({"kind": "fischer", "initial": 3600, "first_move": None}, (5, 10)),
        # A twentieth of what is left.
        ({"kind": "fischer", "initial": 20, "first_move": None}, (1, 2.5)),
        ({"kind": "fischer", "initial": 60, "first_move": 10}, (0.5, 1.5)),
    ],
)
async def test_a_bot_thinks_for_a_share_of_its_time(
    control: Any, seconds: tuple[float, float]
) -> None:
    process = Here()
    async with place(process=process) as here:
        state = await here.games.create_game(
            ANN, "tic-tac-toe", seats=[Bot("random", 1), "me"], time_control=control
        )
        assert await here.turn_of(state.game_id, ANN)
        assert process.seconds == [seconds]
