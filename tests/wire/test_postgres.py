"""Two server processes on one PostgreSQL, as `meeple serve --database postgresql://…` runs them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from meeple.client import Rest
from tests.harness import ServerProcess
from tests.line import line
from tests.postgres import postgres as postgres
from tests.postgres import postgres_url as postgres_url

pytestmark = pytest.mark.process


async def verified(url: str, folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "meeple", "verify", "--database", url),
        env={**os.environ, "MEEPLE_DATA": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    return out.decode()


async def test_a_game_goes_on_at_another_node_when_one_is_killed(
    postgres_url: str, tmp_path: Path
) -> None:
    # The server trusts whoever comes; the password is there to be found where it must not be.
    url = postgres_url.replace("postgres:@", "postgres:hush@")
    assert url != postgres_url
    first, second = (ServerProcess(tmp_path, settings={"database": url}) for _ in range(2))
    await asyncio.gather(first.start(), second.start())
    try:
        acks = await play(first, second)
    finally:
        await second.stop()
    assert [ack.get("seq") for ack in acks] == [4, 5, 5, 6], acks
    for server in (first, second):
        assert "hush" not in server.output
        assert "postgresql://" in server.output
    assert "1 games, 0 faults" in await verified(url, tmp_path)


async def play(first: ServerProcess, second: ServerProcess) -> list[dict[str, Any]]:
    """Two moves at the first node, which then is killed; what was the second is sent again."""
    async with Rest(first.url) as rest:
        ann, ben = [await rest.guest(name) for name in ("Ann", "Ben")]
    async with Rest(first.url, ann.token) as rest:
        game: dict[str, Any] = {"game_id": (await rest.create_game("tic-tac-toe")).game_id}
    async with Rest(second.url, ben.token) as rest:
        await rest.take_seat(game["game_id"])
    moves = [game | {"action": cell, "action_id": str(uuid4())} for cell in (4, 0, 8)]
    async with line(first.url, ann.token) as anns, line(first.url, ben.token) as bens:
        for viewer in (anns, bens):
            await viewer.ask("game:join", game)
        acks = [await anns.ask("game:action", moves[0]), await bens.ask("game:action", moves[1])]
        await first.kill()
    async with line(second.url, ben.token) as bens:
        await bens.ask("game:join", game)
        acks.append(await bens.ask("game:action", moves[1]))
    async with line(second.url, ann.token) as anns:
        await anns.ask("game:join", game)
        acks.append(await anns.ask("game:action", moves[2]))
    return acks
