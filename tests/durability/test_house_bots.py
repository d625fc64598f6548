"""The house's bots in a real server: killed and started again, they play on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from meeple.client import Client, Rest
from meeple.client.table import TableClient
from meeple.engine.log import GameStatus
from meeple.schemas.rest import BotSeat
from meeple.services.bot_tables import USER_BOTS_ONLY
from tests.harness import ServerProcess, server_process, until

pytestmark = pytest.mark.process


def thinkers(server: ServerProcess) -> list[psutil.Process]:
    """The processes in which its bots think."""
    children = psutil.Process(server.pid).children()
    return [one for one in children if "meeple.services.bot_worker" in one.cmdline()]


def gone(process: psutil.Process) -> bool:
    return not process.is_running()


async def my_turn(table: TableClient) -> bool:
    """Wait for this player's turn; False if the game is over."""
    await table.wait_for(lambda one: one.outcome is not None or one.my_turn)
    return table.outcome is None


@asynccontextmanager
async def at_table(server: ServerProcess, engine: str, bot: BotSeat) -> AsyncIterator[TableClient]:
    """Ann, who has joined a new table against the bot."""
    async with Rest(server.url) as rest:
        ann = await rest.guest("Ann")
    async with Rest(server.url, ann.token) as rest, Client(server.url, ann.token) as client:
        made = await rest.create_game(engine, seats=["me", bot])
        yield await client.join(made.game_id)


async def first_legal(table: TableClient) -> None:
    assert table.state.legal_actions
    await table.act(table.state.legal_actions[0])


async def test_a_bot_plays_on_after_the_server_was_killed_in_mid_game(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    await server.start()
    async with Rest(server.url) as rest:
        ann = await rest.guest("Ann")
    async with Rest(server.url, ann.token) as rest:
        made = await rest.create_game("connect-four", seats=["me", BotSeat("mcts", 4)])
        game_id = made.game_id
        async with Client(server.url, ann.token) as client:
            table = await client.join(game_id)
            for _ in range(2):
                assert await my_turn(table)
                await first_legal(table)
                # While the bot thinks, or right after.
                left_behind = thinkers(server)
                await server.kill()
                await server.start()
            while await my_turn(table):
                await first_legal(table)
        entries = (await rest.log(game_id)).entries
        await until(lambda: not any(one.is_running() for one in left_behind))
    await server.stop()
    assert [entry.seq for entry in entries] == list(range(len(entries)))
    moves = [entry.seat for entry in entries if entry.kind == "action"]
    assert moves == [number % 2 for number in range(len(moves))]
    named = [entry.action_id for entry in entries if entry.kind == "action" and entry.seat == 1]
    assert len(set(named)) == len(named)


async def test_a_thinker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    async with server_process(tmp_path, bot_workers="1") as server:
        assert thinkers(server) == [], "one is started before it is needed"
        async with at_table(server, "connect-four", BotSeat("mcts", 1)) as table:
            for _ in range(3):
                await first_legal(table)
                assert await my_turn(table)
                (thinker,) = thinkers(server)
                assert thinker.nice() > psutil.Process(server.pid).nice()
                os.kill(thinker.pid, signal.SIGKILL)
                # The server has seen it die: one that dies over a thought has chance play.
                await until(partial(gone, thinker))


async def test_a_thought_that_takes_too_long_is_ended_and_chance_plays(tmp_path: Path) -> None:
    # Each simulated game of hive takes ten milliseconds, and its bot cannot be stopped.
    async with server_process(tmp_path, bot_workers="1", bot_seconds="0.02") as server:
        async with at_table(server, "openspiel:hive", BotSeat("mcts", 10)) as table:
            await first_legal(table)
            assert await my_turn(table)
        assert "it took more than" in server.output


async def test_a_server_without_bots_says_so(tmp_path: Path) -> None:
    async with server_process(tmp_path, bot_workers="0") as server, Rest(server.url) as rest:
        ann = await rest.guest("Ann")
        async with Rest(server.url, ann.token) as rest:
            with pytest.raises(Exception, match="no bots") as refused:
                await rest.create_game("tic-tac-toe", seats=["me", BotSeat("mcts")])
            assert getattr(refused.value, "code", None) == "policy_not_available"


async def test_it_stops_at_once_while_bots_think_and_leaves_no_process(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    await server.start()
    async with Rest(server.url) as rest:
        ann = await rest.guest("Ann")
    async with Rest(server.url, ann.token) as rest:
        bot = BotSeat("mcts", 10)
        made = await rest.create_game("openspiel:othello", seats=[bot, bot])
        assert made.status is GameStatus.LIVE
        assert made.seat is None
    await until(lambda: thinkers(server))
    left = thinkers(server)
    assert await asyncio.wait_for(server.stop(), 10) == 0
    assert not any(one.is_running() for one in left)
    assert "Traceback" not in server.output


async def test_a_crowd_that_lets_bots_play_each_other_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with server_process(tmp_path, bot_workers="1") as server:
        bot = BotSeat("mcts", 10)
        for number in range(5):
            async with Rest(server.url) as rest:
                guest = await rest.guest(f"Guest {number}")
            async with Rest(server.url, guest.token) as rest:
                for _ in range(USER_BOTS_ONLY):
                    await rest.create_game("openspiel:othello", seats=[bot, bot])
        await until(lambda: thinkers(server))
        async with at_table(server, "tic-tac-toe", BotSeat("mcts", 3)) as table:
            async with asyncio.timeout(4):  # less than one thought of each of those would take
                while await my_turn(table):
                    await first_legal(table)
