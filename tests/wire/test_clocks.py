"""Clocks over real sockets, with a short real clock."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from meeple.cli.verify import verify
from meeple.client import Client, Refused, Rest, TableClient
from meeple.config import Settings
from meeple.engine.log import EntryKind, GameStatus
from meeple.engine.time_controls import Fischer
from tests.harness import server_here
from tests.wire.test_metrics import metrics

SECOND = {"kind": "per_action", "seconds": 1, "first_move": None}


@pytest.fixture
def server_settings(tmp_path: Path) -> Settings:
    return Settings(data=str(tmp_path), bot_workers=0)


@pytest.fixture
async def url(server_settings: Settings) -> AsyncIterator[str]:
    async with server_here(server_settings) as (url, _):
        yield url


async def two_at_a_table(
    stack: AsyncExitStack, url: str, engine: str = "tic-tac-toe", **game: Any
) -> tuple[TableClient, TableClient, str]:
    tokens = []
    for name in ("Ann", "Ben"):
        async with Rest(url) as rest:
            tokens.append((await rest.guest(name)).token)
    async with Rest(url, tokens[0]) as rest:
        game_id = (await rest.create_game(engine, **game)).game_id
    async with Rest(url, tokens[1]) as rest:
        await rest.take_seat(game_id)
    clients = [await stack.enter_async_context(Client(url, token)) for token in tokens]
    ann, ben = [await client.join(game_id) for client in clients]
    return ann, ben, game_id


async def test_a_game_whose_player_does_nothing_is_over_on_time(
    url: str, server_settings: Settings
) -> None:
    async with AsyncExitStack() as stack:
        ann, ben, game_id = await two_at_a_table(stack, url, time_control=SECOND)
        await ann.act(4)
        for table in (ann, ben):
            await table.wait_for(lambda one: one.outcome is not None, seconds=10)
            assert table.outcome is not None
            assert (table.outcome.winners, table.outcome.reason) == ((0,), "timeout")
        async with Rest(url) as rest:
            entries = (await rest.log(game_id)).entries
        assert [entry.kind for entry in entries[-3:]] == [
            EntryKind.ACTION,
            EntryKind.TIMED_OUT,
            EntryKind.ENDED,
        ]
        # After the second and what may be forgiven of it; then at most one more.
        assert 1_500 <= entries[-1].at - entries[-3].at < 2_500
        with pytest.raises(Refused, match="game_over"):
            await ben.act(0)


async def test_the_deadlines_that_were_seen_to_are_counted(server_settings: Settings) -> None:
    async with server_here(server_settings) as (url, _), AsyncExitStack() as stack:
        ann, _, _ = await two_at_a_table(stack, url, time_control=SECOND)
        await ann.wait_for(lambda one: one.outcome is not None, seconds=10)
        assert (await metrics(url))["meeple_deadlines_total", "done"] == 1


async def test_meeple_verify_takes_games_that_ended_on_time(server_settings: Settings) -> None:
    async with server_here(server_settings) as (url, _), AsyncExitStack() as stack:
        ann, _, _ = await two_at_a_table(stack, url, time_control=SECOND)
        await ann.wait_for(lambda one: one.outcome is not None, seconds=10)
    assert await verify(server_settings) == (1, [])


async def test_a_client_knows_the_clocks_and_the_servers_time(url: str) -> None:
    async with AsyncExitStack() as stack:
        control = Fischer(initial=60, increment=3)
        ann, ben, _ = await two_at_a_table(stack, url, time_control=control)
        for table in (ann, ben):
            assert table.clock is not None
            assert table.clock.control == control
            assert (table.clock.running, table.clock.first_move) == ((0,), (0,))
            # This machine's time is the server's.
            assert abs(table.server_now() - time.time() * 1000) < 2_000
        await ann.act(4)
        await ben.wait_for(lambda one: one.my_turn)
        assert ben.clock is not None
        assert ben.clock.remaining == (60_000, 60_000)
        assert ben.clock.due_at is not None
        # It runs from the entry on, and the state is made a moment later.
        assert 29_000 < ben.clock.due_at - ben.state.server_time <= 30_000


async def test_a_server_that_was_away_gives_back_the_time_of_its_absence(
    tmp_path: Path,
) -> None:
    """Its clock is set, so that nobody has to wait; the socket, the file and the fold are real."""
    clock = Ahead()
    server_settings = Settings(data=str(tmp_path), bot_workers=0)
    async with server_here(server_settings, clock=clock) as (url, _), AsyncExitStack() as stack:
        control = {**SECOND, "seconds": 30}
        _, _, game_id = await two_at_a_table(stack, url, time_control=control)
    clock.ahead += 3_600_000
    async with server_here(server_settings, clock=clock) as (url, _), Rest(url) as rest:
        shown = await rest.game(game_id)
    assert shown.status is GameStatus.LIVE
    assert shown.clock is not None
    assert shown.clock.remaining[0] > 20_000
    assert shown.clock.due_at is not None
    assert shown.clock.due_at > shown.server_time + 20_000


class Ahead:
    """The machine's clock, and what it is set ahead by."""

    def __init__(self) -> None:
        self.ahead = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


async def test_rest_shows_clocks_and_names_what_is_wrong_with_a_time_control(url: str) -> None:
    async with Rest(url) as rest, aiohttp.ClientSession() as http:
        token = (await rest.guest("Ann")).token
        head = {"Authorization": f"Bearer {token}"}

        async def make(control: Any) -> tuple[int, Any]:
            body = {"engine": "tic-tac-toe", "time_control": control}
            async with http.post(f"{url}/api/v1/games", json=body, headers=head) as answer:
                return answer.status, await answer.json()

        status, state = await make({"kind": "byo_yomi", "main": 60, "periods": 3, "period": 20})
        assert status == 201
        assert state["clock"] == {
            "control": {
                "kind": "byo_yomi",
                "main": 60,
                "periods": 3,
                "period": 20,
                "first_move": 30,
            },
            "running": [],
            "remaining": [60_000, 60_000],
            "first_move": [],
            "due_at": None,
            "periods": [3, 3],
            "in_period": [False, False],
        }
        assert (await make({"kind": "none"}))[1]["clock"] is None
        for wrong in ({"kind": "hourglass"}, {"kind": "delay", "initial": 60, "delay": 9999}, 5):
            status, answer = await make(wrong)
            assert (status, answer["error"]["code"]) == (422, "invalid_message")
            assert "time_control" in answer["error"]["message"]
