"""A server process: how it starts, stops, and guards its file."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from meeple.client import Rest
from tests.harness import ServerProcess, server_process, until
from tests.line import line

pytestmark = pytest.mark.process


async def run(*arguments: str, folder: Path) -> tuple[int, str]:
    """A command that is expected to end by itself: its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "meeple",
        *arguments,
        env={**os.environ, "MEEPLE_DATA": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_it_says_where_it_listens_and_keeps_its_games(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert "meeple.sqlite3" in server.output
    assert "stopped" in server.output


async def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    async with server_process(folder):
        assert folder.stat().st_mode & 0o077 == 0
        for name in ("secret", "meeple.sqlite3"):
            assert (folder / name).stat().st_mode & 0o077 == 0


async def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        code, output = await run("serve", "--port", "0", folder=tmp_path)
        assert code == 1
        assert "meeple.sqlite3" in output
        assert "Traceback" not in output
        assert "listening" not in output
        async with Rest(server.url) as rest:
            assert (await rest.guest("Ann")).token


async def test_sigterm_stops_cleanly_with_players_connected(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    await server.start()
    async with Rest(server.url) as rest:
        account = await rest.guest("Ann")
    async with (
        line(server.url, account.token) as ann,
        line(server.url, account.token, transports=["polling"]) as tab,
    ):
        assert (await ann.ask("game:heartbeat", {}))["ok"]
        assert (await tab.ask("game:heartbeat", {}))["ok"]
        started = time.monotonic()
        assert await server.stop() == 0
        assert time.monotonic() - started < 10
        await asyncio.wait_for(ann.gone.wait(), 5)
        for one in (ann, tab):
            assert ("server:draining", {}) in one.heard
    assert "stopped" in server.output
    assert "Traceback" not in server.output


async def test_a_second_signal_ends_all_connections_at_once(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, settings={"drain_seconds": "60"})
    await server.start()
    async with Rest(server.url) as rest:
        account = await rest.guest("Ann")
    async with line(server.url, account.token) as ann, line(server.url, account.token) as tab:
        await ann.ask("game:heartbeat", {})
        started = time.monotonic()
        stopping = asyncio.create_task(server.stop())
        await until(lambda: ("server:draining", {}) in tab.heard)
        os.kill(server.pid, signal.SIGINT)
        assert await stopping == 0
        assert time.monotonic() - started < 20


async def test_ctrl_c_stops_it_as_well(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    await server.start()
    assert await server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.output


async def test_tokens_and_games_outlive_a_restart(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, Rest(server.url) as rest:
        account = await rest.guest("Ann")
        async with Rest(server.url, account.token) as ann:
            made = await ann.create_game("connect-four")
    async with server_process(tmp_path) as server, Rest(server.url, account.token) as ann:
        assert (await ann.game(made.game_id)).seat == 0
        assert [game.game_id for game in (await ann.my_games()).games] == [made.game_id]


async def test_two_tabs_that_race_a_move_play_it_once(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, Rest(server.url) as rest:
        one, other = await rest.guest("Ann"), await rest.guest("Ben")
        async with Rest(server.url, one.token) as ann, Rest(server.url, other.token) as ben:
            game_id = (await ann.create_game("tic-tac-toe")).game_id
            await ben.take_seat(game_id)
        async with line(server.url, one.token) as tab, line(server.url, one.token) as second:
            replies = await asyncio.gather(
                *(
                    tab_.ask("game:action", {"game_id": game_id, "action": action, "seq": 3})
                    for tab_, action in ((tab, 0), (second, 8))
                )
            )
        refusals = [reply["error"]["code"] for reply in replies if not reply["ok"]]
        assert refusals == ["stale_seq"]
        entries = (await rest.log(game_id)).entries
        assert [entry.seq for entry in entries] == [0, 1, 2, 3, 4]
