"""One connection's life: its token, its limits, its faults, and what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from meeple.bootstrap import Node
from meeple.client import Rest
from meeple.config import Settings
from meeple.engine import JSON, Outcome
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.tokens import TokenIssuer
from tests.harness import server_here, until
from tests.line import Line, line

SECRET = "a secret that is only for the tests of sessions"
ISSUER = TokenIssuer(SECRET, audience=None, issuer=None)


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.ms


class Brittle:
    """Raises when it is told to, shows much when it is told to, and is a coin flip otherwise."""

    seats = range(1, 3)

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> str:
        return ""

    def to_act(self, state: str) -> list[int]:
        return [0]

    def legal_actions(self, state: str, seat: int) -> None:
        return None

    def apply(self, state: str, seat: int, action: JSON, rng: Random) -> str:
        if action == "raise":
            raise RuntimeError("the engine is broken")
        return str(action)

    def view(self, state: str, seat: int | None) -> JSON:
        if state == "hide":
            raise RuntimeError("the engine cannot show this")
        return "x" * 50_000 if state == "much" else state

    def outcome(self, state: str) -> Outcome | None:
        return None


class Server(NamedTuple):
    url: str
    node: Node
    clock: Clock


@contextlib.asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Server]:
    clock = Clock()
    catalog = EngineCatalog(
        [
            EntryPoint("brittle", "tests.wire.test_session:Brittle", "meeple.engines"),
            EntryPoint("tic-tac-toe", "meeple.engines.tic_tac_toe:TicTacToe", "meeple.engines"),
        ]
    )
    chosen = Settings(data=str(folder), secret=SECRET, **settings)
    async with server_here(chosen, clock=clock, catalog=catalog) as (url, node):
        yield Server(url, node, clock)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as started:
        yield started


def token(user_id: UUID | None = None, seconds: int = 3600) -> str:
    return ISSUER.issue(user_id or uuid4(), "Ann", seconds)[0]


async def alone(server: Server, access: str) -> str:
    """A table of the brittle engine for one."""
    async with Rest(server.url, access) as rest:
        return (await rest.create_game("brittle", seats=1)).game_id


# --- tokens that expire ------------------------------------------------------------------------


async def expired(server: Server, player: Line, seconds: int) -> None:
    """Let the player's token of so many seconds expire."""
    import time

    server.clock.ms = int(time.time() + seconds + 1) * 1000
    server.node.handlers.sweep_tokens()
    assert (await player.event("auth_error"))["code"] == "token_expired"


async def test_who_sends_a_fresh_token_goes_on(server: Server) -> None:
    user_id = uuid4()
    async with line(server.url, token(user_id, 60)) as player:
        assert (await player.ask("game:heartbeat", {}))["ok"]
        await expired(server, player, 60)
        refused = await player.ask("game:heartbeat", {})
        assert refused["error"]["code"] == "token_expired"
        reply = await player.ask("auth:refresh", {"token": token(user_id, 7200)})
        assert reply["ok"]
        assert reply["expires_at"] > server.clock.ms / 1000
        assert (await player.ask("game:heartbeat", {}))["ok"]
        server.clock.ms += 60_000
        server.node.handlers.sweep_tokens()
        assert (await player.ask("game:heartbeat", {}))["ok"]


async def test_who_sends_none_is_dropped_after_the_grace(server: Server) -> None:
    async with line(server.url, token(seconds=60)) as player:
        await expired(server, player, 60)
        server.clock.ms += 29_000
        server.node.handlers.sweep_tokens()
        assert not (await player.ask("game:heartbeat", {}))["ok"]
        server.clock.ms += 2_000
        server.node.handlers.sweep_tokens()
        await asyncio.wait_for(player.gone.wait(), 5)
        await until(lambda: len(server.node.handlers) == 0)
        assert [event for event, _ in player.heard if event != "ack"] == ["auth_error"]


async def test_a_fresh_token_of_somebody_else_is_refused(server: Server) -> None:
    async with line(server.url, token(seconds=60)) as player:
        await expired(server, player, 60)
        reply = await player.ask("auth:refresh", {"token": token()})
        assert reply["error"]["code"] == "invalid_token"


@pytest.mark.parametrize(
    "auth", [{}, {"token": 7}, {"token": ""}, {"tok": "x"}, {"token": "x.y.z"}]
)
async def test_a_bad_token_gets_auth_error_and_nothing_else(server: Server, auth: Any) -> None:
    async with line(server.url, auth) as player:
        await until(lambda: player.heard)
        assert player.heard[0][0] == "auth_error"
        assert player.heard[0][1]["code"] == "invalid_token"
        assert len(player.heard) == 1
        assert len(server.node.handlers) == 0


# --- limits ------------------------------------------------------------------------------------


async def test_a_flood_of_events_is_refused_and_harms_nobody_else(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, rate=1, burst=20) as server,
        line(server.url, token()) as flood,
        line(server.url, token()) as other,
    ):
        replies = await asyncio.gather(*(flood.ask("game:heartbeat", {}) for _ in range(60)))
        refused = [reply["error"] for reply in replies if not reply["ok"]]
        assert len(refused) >= 39
        assert {error["code"] for error in refused} == {"rate_limited"}
        assert all(error["retryable"] for error in refused)
        assert (await other.ask("game:heartbeat", {}))["ok"]


@pytest.mark.parametrize("event", ["game:spectate", "game:join"])
async def test_who_asks_for_all_that_was_missed_again_and_again_must_wait(
    tmp_path: Path, event: str
) -> None:
    access = token()
    async with (
        serving(tmp_path, rate=1, burst=20) as server,
        line(server.url, access) as greedy,
        line(server.url, access) as player,
    ):
        game_id = await alone(server, access)
        asked = {"game_id": game_id, "last_seq": 10_000}
        replies = [await greedy.ask(event, asked) for _ in range(3)]
        codes = [reply.get("error", {}).get("code") for reply in replies]
        assert codes == [None, "rate_limited", "rate_limited"]
        reply = await player.ask("game:action", {"game_id": game_id, "action": "go on"})
        assert reply["ok"]


async def test_a_message_over_the_limit_ends_the_connection_that_sent_it(server: Server) -> None:
    async with (
        line(server.url, token(), transports=["websocket"]) as big,
        line(server.url, token()) as other,
    ):
        await big.tell("game:action", {"game_id": "x", "action": "x" * 100_000})
        await asyncio.wait_for(big.gone.wait(), 5)
        assert (await other.ask("game:heartbeat", {}))["ok"]


async def test_one_connection_views_only_so_many_games(server: Server) -> None:
    access = token()
    game_ids = [await alone(server, access) for _ in range(101)]
    async with line(server.url, access) as player:
        replies = [await player.ask("game:join", {"game_id": one}) for one in game_ids]
        assert [reply["ok"] for reply in replies] == [True] * 100 + [False]
        assert replies[-1]["error"]["code"] == "too_many_games"
        assert (await player.ask("game:leave", {"game_id": game_ids[0]}))["ok"]
        assert (await player.ask("game:join", {"game_id": game_ids[-1]}))["ok"]


async def test_a_slow_reader_is_dropped_and_others_go_on(tmp_path: Path) -> None:
    access = token()
    async with (
        serving(tmp_path, rate=1e6, burst=1e6) as server,
        line(server.url, access) as player,
    ):
        game_id = await alone(server, access)
        address = server.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(address[0], int(address[2]), limit=1024)
        writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        for text in (
            f'40/game,{{"token":"{token()}"}}',
            f'42/game,["game:spectate",{{"game_id":"{game_id}"}}]',
        ):
            writer.write(_frame(text))
        await until(lambda: None in server.node.broadcaster.audience(game_id))
        # From here on it reads nothing.
        sent = 0
        while None in server.node.broadcaster.audience(game_id):
            reply = await player.ask("game:action", {"game_id": game_id, "action": "much"})
            assert reply["ok"], reply
            sent += 1
            assert sent < 2000, "it was never dropped"
        assert sent > 20
        writer.close()
        await writer.wait_closed()


def _frame(text: str) -> bytes:
    """A masked WebSocket text frame, with a mask of zeros."""
    data = text.encode()
    length = (
        bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    )
    return b"\x81" + length + bytes(4) + data


# --- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["raise", "hide"])
async def test_an_engine_that_fails_harms_only_its_own_action(server: Server, fault: str) -> None:
    access = token()
    game_id = await alone(server, access)
    async with line(server.url, access) as player:
        await player.ask("game:join", {"game_id": game_id})
        reply = await player.ask("game:action", {"game_id": game_id, "action": fault})
        assert reply["error"]["code"] == "engine_error"
        assert "broken" not in str(reply)
        reply = await player.ask("game:action", {"game_id": game_id, "action": "go on"})
        assert reply == {"ok": True, "game_id": game_id, "seq": 3}
        assert (await player.state(3))["view"] == "go on"


async def test_the_ack_comes_before_the_broadcast(server: Server) -> None:
    access = token()
    game_id = await alone(server, access)
    async with line(server.url, access) as player:
        await player.ask("game:join", {"game_id": game_id})
        await player.state(2)
        for number in range(20):
            player.heard.clear()
            await player.ask("game:action", {"game_id": game_id, "action": str(number)})
            await player.state(3 + number)
            assert [event for event, _ in player.heard] == ["ack", "game:state"]


async def test_frames_of_rubbish_harm_nobody(server: Server) -> None:
    import aiohttp

    rubbish = [
        "",
        "9",
        "4",
        "42",
        "42/game,",
        "42/game,[",
        '42/game,{"a":1}',
        "42/game,[7]",
        "43/game,9[]",
    ]
    rubbish += ["45/game,1-[]", "44/game,{}", "40/game,{}", "4" * 5000, "42/game,[" + "[" * 5000]
    address = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, line(server.url, token()) as other:
        for text in rubbish:
            async with session.ws_connect(address) as socket:
                await socket.receive()
                await socket.send_str(f'40/game,{{"token":"{token()}"}}')
                await socket.receive()
                await socket.send_str(text)
                await socket.send_bytes(text.encode() or b"\x00")
        assert (await other.ask("game:heartbeat", {}))["ok"]
    await until(lambda: len(server.node.handlers) == 0)


# --- presence ----------------------------------------------------------------------------------


async def test_the_opponent_is_told_who_came_and_went(server: Server) -> None:
    access, other = token(), token()
    async with Rest(server.url, access) as rest:
        game_id = (await rest.create_game("tic-tac-toe")).game_id
    async with Rest(server.url, other) as rest:
        await rest.take_seat(game_id)
    async with line(server.url, access) as ann:
        await ann.ask("game:join", {"game_id": game_id})
        async with line(server.url, other) as ben:
            await ben.ask("game:join", {"game_id": game_id})
            await ann.event("game:presence", lambda one: one["players"][1]["online"])
            state = (await ben.event("game:state"))["players"]
            assert [player["online"] for player in state] == [True, True]
            ann.heard.clear()
        gone = await ann.event("game:presence")
        assert [player["online"] for player in gone["players"]] == [True, False]


async def test_spectators_who_come_again_and_again_are_not_announced(server: Server) -> None:
    access = token()
    game_id = await alone(server, access)
    async with line(server.url, access) as ann, line(server.url, token()) as eve:
        await ann.ask("game:join", {"game_id": game_id})
        await ann.event("game:presence")
        ann.heard.clear()
        for _ in range(20):
            assert (await eve.ask("game:spectate", {"game_id": game_id}))["ok"]
        await ann.ask("game:heartbeat", {})
        assert [event for event, _ in ann.heard] == ["ack"]


async def test_a_client_that_connects_again_and_again_is_closed(server: Server) -> None:
    import aiohttp

    address = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        for _ in range(17):
            await socket.send_str(f'40/game,{{"token":"{token()}"}}')
            await socket.send_str("41/game,")
        seen = [message.data async for message in socket]
        assert socket.close_code == 1008
        assert sum(str(frame).startswith("40/game,") for frame in seen) == 16


async def test_nothing_is_left_after_everybody_has_left(server: Server) -> None:
    access = token()
    game_id = await alone(server, access)
    async with line(server.url, access) as ann, line(server.url, token()) as eve:
        assert (await ann.ask("game:join", {"game_id": game_id}))["ok"]
        assert (await eve.ask("game:spectate", {"game_id": game_id}))["ok"]
        assert await server.node.connections.spectators_in(game_id) == 1
    await until(lambda: len(server.node.handlers) == 0)
    assert server.node.broadcaster.audience(game_id) == ()
    assert await server.node.connections.spectators_in(game_id) == 0
    assert await server.node.connections.players_in(game_id) == set()
