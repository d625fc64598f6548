"""SIGKILL right after an ack, again and again: what was acked is there, nothing is there twice.

    MEEPLE_CHAOS_KILLS=100 python -m pytest tests/durability/test_kill.py

kills as often as the promise is meant (`make chaos`); `make test` kills less often.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from meeple.client import Rest
from meeple.schemas.rest import Guest
from tests.harness import ServerProcess
from tests.line import Dropped, Line, line

KILLS = int(os.environ.get("MEEPLE_CHAOS_KILLS", "15"))
GAMES = 6


class Recorder:
    """What was sent and what was acked: action ids with their game, and the seq of the ack."""

    def __init__(self) -> None:
        self.sent: dict[str, dict[str, Any]] = {}
        self.acked: dict[str, int] = {}
        self.kill_at = 0
        self.enough = asyncio.Event()

    async def play(self, player: Line, game_id: str, action: int, action_id: str) -> int:
        payload = {"game_id": game_id, "action": action, "action_id": action_id}
        self.sent[action_id] = payload
        reply = await player.ask("game:action", payload)
        assert reply["ok"], reply
        self.acked[action_id] = reply["seq"]
        if len(self.acked) >= self.kill_at:
            self.enough.set()
        return int(reply["seq"])


@asynccontextmanager
async def two_lines(server: ServerProcess, players: list[Guest]) -> AsyncIterator[list[Line]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                line(server.url, player.token, transports=["websocket"])
            )
            for player in players
        ]


async def play_game(recorder: Recorder, lines: list[Line], game_id: str, tag: str) -> None:
    """Whole columns of connect four, from left to right: long enough to be killed in."""
    try:
        for move in range(12):
            seat = move % 2
            await recorder.play(lines[seat], game_id, move // 6, f"{tag}-{move}")
    except Dropped:
        return


async def logs(server: ServerProcess, players: list[Guest], games: list[str]) -> dict[str, int]:
    """Where each action id is in the logs, checking that no seq has a gap and no id comes twice."""
    found: Counter[str] = Counter()
    where: dict[str, int] = {}
    for game_id in games:
        for player in players:
            async with Rest(server.url, player.token) as rest:
                entries = (await rest.log(game_id)).entries
            assert [entry.seq for entry in entries] == list(range(len(entries)))
            for entry in entries:
                if entry.action_id is not None:
                    found[entry.action_id] += 1
                    where[entry.action_id] = entry.seq
    assert set(found.values()) <= {1}
    return where


@pytest.mark.process
@pytest.mark.timeout(120 + 10 * KILLS)
async def test_no_acked_action_is_lost_and_none_is_played_twice(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    await server.start()
    async with Rest(server.url) as rest:
        players = [await rest.guest("Ann"), await rest.guest("Ben")]
    in_flight_when_killed = 0
    for kill in range(KILLS):
        games = await new_games(server, players)
        recorder = Recorder()
        recorder.kill_at = random.Random(kill).randint(1, 40)
        async with two_lines(server, players) as lines:
            playing = [
                asyncio.create_task(play_game(recorder, lines, game_id, f"{kill}-{number}"))
                for number, game_id in enumerate(games)
            ]
            await asyncio.wait_for(recorder.enough.wait(), 20)
            await server.kill()
            await asyncio.gather(*playing)
        await server.start()
        in_flight_when_killed += len(recorder.sent) - len(recorder.acked)
        await check(server, players, games, recorder)
    await server.stop()
    assert in_flight_when_killed > KILLS, "the kills came when nothing was under way"


async def new_games(server: ServerProcess, players: list[Guest]) -> list[str]:
    games = []
    async with (
        Rest(server.url, players[0].token) as one,
        Rest(server.url, players[1].token) as other,
    ):
        for _ in range(GAMES):
            games.append((await one.create_game("connect-four")).game_id)
            await other.take_seat(games[-1])
    return games


async def check(
    server: ServerProcess, players: list[Guest], games: list[str], recorder: Recorder
) -> None:
    before = await logs(server, players, games)
    for action_id, seq in recorder.acked.items():
        assert before.get(action_id) == seq, f"{action_id} was acked with {seq}, then lost"
    async with two_lines(server, players) as lines:
        for action_id, payload in recorder.sent.items():
            seat = int(action_id.rpartition("-")[2]) % 2
            reply = await lines[seat].ask("game:action", payload)
            assert reply["ok"], reply
            assert reply["seq"] == before.get(action_id, reply["seq"])
    after = await logs(server, players, games)
    assert set(after) == set(recorder.sent)
    assert {one: after[one] for one in before} == before
