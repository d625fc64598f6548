"""``meeple bot``, as the process that a person starts."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from meeple.cli.commands import app
from meeple.client import Client, Rest, TableClient
from tests.harness import ServerProcess, server_process
from tests.wire.test_cli import CTRL_C, MEEPLE, Ended, printed_command, run, terminal

# One server, and so one event loop, for all tests that leave it alone.
pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

GAME = r"Playing \S+ (\S+) in seat (\d)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with server_process(tmp_path_factory.mktemp("server")) as started:
        yield started


async def bot(url: str, *arguments: str) -> Ended:
    return await run("bot", url, *arguments)


async def guest(url: str, name: str = "Ann") -> str:
    async with Rest(url) as rest:
        return (await rest.guest(name)).token


async def play_first_legal(table: TableClient, *, until_seq: int | None = None) -> None:
    """Play what is listed first, to the end or up to a seq."""
    async for state in table.states():
        if until_seq is not None and state.seq >= until_seq:
            return
        if state.legal_actions:
            await table.act(state.legal_actions[0])


async def test_two_bots_play_several_games_one_after_the_other(server: ServerProcess) -> None:
    how = ("--engine", "connect-four", "--games", "3")
    host, guest = await asyncio.gather(
        bot(server.url, *how, "--name", "Host", "--seed", "1"),
        bot(server.url, *how, "--any", "--seed", "2"),
    )
    assert (host.code, host.err, guest.code, guest.err) == (0, "", 0, "")
    assert [found[1] for found in re.findall(GAME, host.out)] == ["0", "0", "0"]
    assert re.findall(GAME, guest.out) == [(game, "1") for game, _ in re.findall(GAME, host.out)]
    counts = [
        re.findall(r"^3 games: (\d) won, (\d) drawn, (\d) lost\.$", ended.out, re.MULTILINE)[0]
        for ended in (host, guest)
    ]
    assert counts[0] == tuple(reversed(counts[1]))


async def test_the_invitation_brings_an_opponent(server: ServerProcess) -> None:
    async with terminal(MEEPLE, "bot", server.url, "--policy", "mcts", "--level", "1") as host:
        await host.sees("The other player types: meeple play ")
        async with terminal(*printed_command(host, "The other player types")) as person:
            await person.act("4" if "4" in person.screen else "8")
            person.type("resign\n")
            assert await host.ends() == 0
        await host.sees("1 games: 1 won, 0 drawn, 0 lost.")


async def test_ctrl_c_leaves_a_game_that_can_be_gone_on_with(server: ServerProcess) -> None:
    token = await guest(server.url)
    async with Rest(server.url, token) as rest, Client(server.url, token) as client:
        game_id = (await rest.create_game("tic-tac-toe")).game_id
        table = await client.join(game_id)
        how = ("--game", game_id, "--policy", "mcts")
        async with terminal(MEEPLE, "bot", server.url, *how) as left:
            await play_first_legal(table, until_seq=5)
            [thinker] = psutil.Process(left.pid).children()
            left.type(CTRL_C)
            assert await left.ends() == 130
            await left.sees("The bot left.")
            assert "Traceback" not in left.screen
            assert not thinker.is_running()
            assert table.outcome is None
            async with terminal(*printed_command(left, "To come back")) as again:
                await play_first_legal(table)
                assert await again.ends() == 0
                await again.sees("1 games: ")
    assert table.outcome is not None
    assert table.outcome.reason in ("line", "board_full")


async def test_sigterm_ends_a_chess_engine_too(server: ServerProcess, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.py"
    deaf.write_text(
        "for line in __import__('sys').stdin:\n"
        "    print({'uci': 'uciok', 'isready': 'readyok'}.get(line.strip(), ''), flush=True)\n"
    )
    policy = f"uci:{sys.executable} {deaf}"
    async with terminal(
        MEEPLE, "bot", server.url, "--engine", "openspiel:chess", "--policy", policy
    ) as left:
        await left.sees("The other player types")
        [engine] = psutil.Process(left.pid).children()
        psutil.Process(left.pid).send_signal(signal.SIGTERM)
        assert await left.ends() == 130
        assert not engine.is_running()


async def test_a_bot_outlives_a_server_that_is_killed_in_mid_game(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    await server.start()
    try:
        token = await guest(server.url)
        async with Rest(server.url, token) as rest, Client(server.url, token) as client:
            game_id = (await rest.create_game("connect-four")).game_id
            table = await client.join(game_id)
            how = ("--game", game_id, "--policy", "mcts", "--level", "1", "--seed", "1")
            playing = asyncio.ensure_future(bot(server.url, *how))
            await play_first_legal(table, until_seq=7)
            await server.kill()
            await server.start()
            await play_first_legal(table)
            ended = await playing
            log = (await rest.log(game_id)).entries
    finally:
        await server.stop()
    assert (ended.code, ended.err) == (0, "")
    assert table.outcome is not None
    assert table.outcome.reason in ("line", "board_full")
    assert [entry.seq for entry in log] == list(range(len(log)))


async def test_what_a_bot_cannot_do_is_one_clear_line(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    lonely, unknown, elsewhere, hidden, engineless, stranger = await asyncio.gather(
        bot(nobody),
        bot(server.url, "--game", "no-such-game"),
        bot(server.url, "--engine", "go"),
        bot(server.url, "--engine", "duel", "--policy", "mcts"),
        bot(server.url, "--engine", "openspiel:chess", "--policy", "uci:/no/such/engine"),
        bot(server.url, "--token", "forged"),
    )
    assert nobody in lonely.refusal
    assert "game_not_found" in unknown.refusal
    assert "house bot" in hidden.refusal
    assert "/no/such/engine cannot be started" in engineless.refusal
    assert "invalid_token" in stranger.refusal
    assert "engine_not_found" in elsewhere.refusal


async def test_random_says_what_it_cannot_choose(server: ServerProcess) -> None:
    how = ("--engine", "duel", "--option", "own_decks=true")
    token = await guest(server.url)
    async with terminal(MEEPLE, "bot", server.url, *how) as host:
        await host.sees("The other player types: ")
        game_id = host.found(r"meeple play (\S+)")
        async with Rest(server.url, token) as rest:
            await rest.take_seat(game_id)
        assert await host.ends() == 1
        await host.sees("meeple: random cannot play on: duel has too many actions here to list")
        assert f"To come back: meeple bot {server.url} --game {game_id}" in host.screen
        assert "Traceback" not in host.screen


@pytest.mark.parametrize(
    "arguments",
    [
        ("--level", "3", "--movetime", "100"),
        ("--level", "11"),
        ("--game", "one", "--any"),
        ("--game", "one", "--games", "2"),
        ("--any", "--option", "cards=3"),
        ("--option", "cards"),
    ],
)
async def test_what_makes_no_sense_together_is_refused_at_once(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["bot", *arguments]).exit_code == 2
