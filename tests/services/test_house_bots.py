"""Bots that sit at tables for the house: who gets them, what the log says, what is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from meeple.engine.log import Bot, Entry, EntryKind, GameStatus, Player, bot_user_id
from meeple.errors import (
    Forbidden,
    GameStarted,
    InvalidMessage,
    PolicyNotAvailable,
    RateLimited,
    Unavailable,
)
from meeple.services import bot_tables
from meeple.services.bot_process import BotFailed, BotProcess
from meeple.services.bot_worker import Task, Thinker
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.game_service import GameService
from meeple.services.house_bots import NICENESS, OVERDUE, HouseBots
from meeple.services.tokens import JwtVerifier, TokenIssuer
from meeple.store.memory import MemoryGameLog
from tests.harness import until
from tests.services.house import ANN, BEN, EVE, Room, SetClock, Viewers

MCTS = Bot("mcts", 1)
CATALOG = EngineCatalog()


class Here(BotProcess):
    """Thinks in this process, as the other one would; or as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.thinker = Thinker(CATALOG)
        self.thoughts = 0
        self.tasks: list[Task] = []
        self.says: Any = None

    async def think(self, task: Task) -> Any:
        self.thoughts += 1
        self.tasks.append(task)
        return self.answer(task)

    def answer(self, task: Task) -> Any:
        if self.says is not None:
            return self.says
        answer = self.thinker.answer(task)
        if answer.failed is not None:
            raise BotFailed(answer.failed)
        return answer.action


class Stuck(Here):
    """Thinks once its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def think(self, task: Task) -> Any:
        self.thoughts += 1
        self.tasks.append(task)
        await self.gate.wait()
        return self.answer(task)


class Place:
    """A service over a log, and its house: tables with people have one process, the others one."""

    def __init__(
        self, log: MemoryGameLog, process: BotProcess, search: float | None, bots_only: BotProcess
    ) -> None:
        self.log = log
        self.clock = SetClock()
        self.house = HouseBots(
            log,
            workers=1,
            seconds=5,
            clock=self.clock,
            search=search,
            new_process=lambda niceness: process if niceness == NICENESS else bots_only,
        )
        self.viewers = Viewers([])
        self.games = GameService(CATALOG, log, self.clock, self.viewers, Room(), house=self.house)
        self.house.serve(self.games)

    async def make(
        self, *seats: str | Bot | None, engine: str = "tic-tac-toe", creator: Player = ANN
    ) -> str:
        return (await self.games.create_game(creator, engine, seats=seats)).game_id

    async def actions(self, game_id: str) -> list[Entry]:
        return [one for one in await self.log.read(game_id) if one.kind is EntryKind.ACTION]

    async def turn_of(self, game_id: str, player: Player) -> list[Any]:
        """Once it is the player's turn: what is legal; nothing if the game is over."""
        async with asyncio.timeout(10):
            while True:
                state = await self.games.reader.game_state(game_id, player.user_id)
                if state.status is GameStatus.OVER or state.seat in state.to_act:
                    return state.legal_actions or []
                await asyncio.sleep(0)


@asynccontextmanager
async def place(
    log: MemoryGameLog | None = None,
    process: BotProcess | None = None,
    *,
    search: float | None = None,
    bots_only: BotProcess | None = None,
) -> AsyncIterator[Place]:
    made = Place(log or MemoryGameLog(), process or Here(), search, bots_only or Here())
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
        state = await here.games.reader.game_state(game_id, ANN.user_id)
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
        assert (await here.games.reader.game_state(game_id, None)).status is GameStatus.OPEN
        await here.games.take_seat(game_id, BEN)
        assert (await here.games.reader.game_state(game_id, None)).status is GameStatus.LIVE
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
    log, thinking = MemoryGameLog(), Stuck()
    async with place(log, thinking) as before:
        game_id = await before.make("me", MCTS)
        await before.games.execute_action(game_id, ANN.user_id, 4)
        await until(lambda: thinking.thoughts)
    async with place(log) as after:
        assert await after.turn_of(game_id, ANN)
        assert len(await after.actions(game_id)) == 2


async def test_two_nodes_that_think_of_the_same_turn_play_it_once() -> None:
    log, one, other = MemoryGameLog(), Stuck(), Stuck()
    async with place(log, one) as first:
        game_id = await first.make("me", MCTS)
        await first.games.execute_action(game_id, ANN.user_id, 4)
        async with place(log, other) as second:
            await until(lambda: one.thoughts and other.thoughts)
            one.gate.set()
            other.gate.set()
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
    async with place(process=Stuck()) as here:
        for _ in range(bot_tables.USER_TABLES):
            await here.make("me", MCTS)
        with pytest.raises(RateLimited):
            await here.make("me", MCTS)
        await here.make("me", None)
        await here.games.create_game(BEN, "tic-tac-toe", seats=["me", MCTS])


async def test_at_tables_of_bots_alone_one_has_fewer_and_so_have_all() -> None:
    async with place(bots_only=Stuck()) as here:
        made = [here.make(MCTS, MCTS) for _ in range(bot_tables.USER_BOTS_ONLY + 3)]
        refused = [one for one in await asyncio.gather(*made, return_exceptions=True) if one]
        assert sum(isinstance(one, RateLimited) for one in refused) == 3
        await here.make("me", MCTS)
        for number in range(bot_tables.ALL_BOTS_ONLY - bot_tables.USER_BOTS_ONLY):
            await here.make(MCTS, MCTS, creator=Player(UUID(int=1000 + number), "Guest"))
        with pytest.raises(Unavailable):
            await here.make(MCTS, MCTS, creator=BEN)
        await here.make("me", MCTS, creator=BEN)


async def test_bots_that_play_each_other_keep_nobody_waiting() -> None:
    alone = Stuck()
    async with place(bots_only=alone) as here:
        for _ in range(bot_tables.USER_BOTS_ONLY):
            await here.make(Bot("mcts", 10), Bot("mcts", 10))
        await until(lambda: alone.thoughts)
        game_id = await here.make(MCTS, "me")
        assert await here.turn_of(game_id, ANN)
        assert alone.thoughts == 1


async def test_each_creator_is_served_in_turn_and_who_asks_for_little_first() -> None:
    process = Stuck()
    async with place(process=process) as here:
        dear = Bot("mcts", 10)
        first = await here.make(dear, "me")
        await until(lambda: process.tasks)
        many = [await here.make(dear, "me") for _ in range(3)]
        other = await here.make(dear, "me", creator=EVE)
        cheap = await here.make(MCTS, "me", creator=BEN)
        process.gate.set()
        await until(lambda: len(process.tasks) == 6)
        asked = [task.entries[0].game_id for task in process.tasks]
        assert asked[:2] == [first, cheap]
        assert set(asked[2:4]) == {many[0], other}
        assert asked[4:] == many[1:]


async def test_the_more_wait_the_less_long_each_bot_thinks() -> None:
    process = Stuck()
    async with place(process=process) as here:
        await here.make(MCTS, "me")
        await until(lambda: process.tasks)
        for creator in (ANN, BEN, EVE):
            await here.make(MCTS, "me", creator=creator)
        process.gate.set()
        await until(lambda: len(process.tasks) == 4)
        assert [round(task.seconds, 2) for task in process.tasks] == [5, 1.67, 2.5, 5]
        assert {task.limit for task in process.tasks} == {10}


async def test_who_made_a_table_of_bots_alone_can_abort_it_at_any_time() -> None:
    process = Stuck()
    async with place(bots_only=process) as here:
        game_id = await here.make(MCTS, MCTS)
        await until(lambda: process.tasks)
        first = Thinker(CATALOG).answer(process.tasks[0]).action
        await here.games.execute_action(game_id, bot_user_id(0), first)
        with pytest.raises(Forbidden):
            await here.games.abort(game_id, BEN.user_id)
        await here.games.abort(game_id, ANN.user_id)
        state = await here.games.reader.game_state(game_id, None)
        assert state.outcome is not None
        assert state.outcome.reason == "aborted"
        process.gate.set()
        await until(lambda: not here.house._thinking)
        assert len(await here.actions(game_id)) == 1


async def test_a_game_that_people_play_cannot_be_aborted_after_its_first_action() -> None:
    async with place() as here:
        game_id = await here.make("me", MCTS)
        await here.games.execute_action(game_id, ANN.user_id, 4)
        with pytest.raises(GameStarted):
            await here.games.abort(game_id, ANN.user_id)


async def test_another_node_takes_over_from_one_that_died() -> None:
    log, process = MemoryGameLog(), Here()
    async with place(log, process, search=0.01) as living:
        async with place(log, Stuck()) as dying:
            game_id = await dying.make("me", MCTS)
            # The living node has seen the table, before it was for a bot to act there.
            await until(lambda: game_id in living.house._tables)
            await dying.games.execute_action(game_id, ANN.user_id, 4)
        living.clock.now += int(1000 * OVERDUE) + 1
        await until(lambda: process.thoughts)
        assert await living.turn_of(game_id, ANN)
        assert [one.seat for one in await living.actions(game_id)] == [0, 1]


async def test_a_bot_is_left_to_the_node_whose_turn_it_is_to_think() -> None:
    log, process = MemoryGameLog(), Here()
    async with place(log, Stuck()) as thinking, place(log, process, search=0.01) as other:
        game_id = await thinking.make("me", MCTS)
        await until(lambda: game_id in other.house._tables)
        await thinking.games.execute_action(game_id, ANN.user_id, 4)
        other.clock.now += int(1000 * OVERDUE)
        game = await other.games.refresh(game_id)
        assert game.to_act == (1,)
        for _ in range(5):
            await other.games.refresh(game_id)
            await asyncio.sleep(0.01)
        assert process.thoughts == 0


async def test_who_comes_back_on_another_node_has_the_bot_move_there_at_once() -> None:
    log = MemoryGameLog()
    async with place(log) as other:
        async with place(log, Stuck()) as dying:
            game_id = await dying.make("me", MCTS)
            await other.games.viewers.spectate("a", game_id)
            await dying.games.execute_action(game_id, ANN.user_id, 4)
            await other.games.refresh(game_id)
        await other.games.viewers.join("b", game_id, ANN.user_id)
        assert await other.turn_of(game_id, ANN)


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
        assert [(task.seconds, task.limit) for task in process.tasks] == [seconds]
