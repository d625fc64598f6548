"""Several nodes over one log and one Valkey: players of one game sit on different nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import aiohttp
import pytest
from redis.asyncio import Redis

from meeple import bootstrap
from meeple.client import Rest
from meeple.config import Settings
from meeple.services.connection_manager import ConnectionManager
from meeple.services.tokens import TokenIssuer
from meeple.store.sqlite import SqliteGameLog
from tests.harness import server_here, until
from tests.line import Line, line
from tests.valkey import Valkey, running_valkey

SECRET = "a secret that is only for the tests of nodes"
ISSUER = TokenIssuer(SECRET)
#: Seconds that a busy machine may need for anything.
BUSY = 3.0
#: Seconds that viewers on other nodes may be behind, whatever Redis does.
BEHIND = 2.0
#: Seconds until a dead node's users are seen offline.
TTL = 2.0


class Server(NamedTuple):
    url: str
    node: bootstrap.Node


class Player:
    """A user, and the line to a node."""

    def __init__(self, name: str) -> None:
        self.user_id = uuid4()
        self.token = ISSUER.issue(self.user_id, name, 3600)[0]
        self.line: Line


class Town:
    """Nodes that share a log and a Valkey, and a game of Ann's against Ben on the first two."""

    def __init__(self, valkey: Valkey, folder: Path, stack: AsyncExitStack) -> None:
        self.valkey = valkey
        self.ann, self.ben = Player("Ann"), Player("Ben")
        self.game_id = ""
        self.seq = 3
        self._folder = folder
        self._stack = stack
        self._log: SqliteGameLog

    async def open(self) -> None:
        self._log = await SqliteGameLog.open(self._folder / "shared.sqlite3")
        self._stack.push_async_callback(self._log.aclose)
        self.one, self.two = await self.node(), await self.node()

    async def node(self, redis: str | None = None) -> Server:
        settings = Settings(
            data=str(self._folder),
            secret=SECRET,
            presence_ttl=TTL,
            redis=self.valkey.url if redis is None else redis,
            bot_workers=0,
        )
        serving = server_here(settings, log=self._log)
        server = Server(*await self._stack.enter_async_context(serving))
        if server.node.bus is not None:
            bus = server.node.bus
            await until(lambda: bus.up)
        return server

    async def come(self, player: Player, server: Server, event: str = "game:join") -> None:
        player.line = await self._stack.enter_async_context(line(server.url, player.token))
        assert (await player.line.ask(event, {"game_id": self.game_id}))["ok"]

    async def begin(self) -> None:
        """Ann sits down on the first node and Ben on the second."""
        async with Rest(self.one.url, self.ann.token) as rest:
            self.game_id = (await rest.create_game("tic-tac-toe")).game_id
        async with Rest(self.two.url, self.ben.token) as rest:
            await rest.take_seat(self.game_id)
        await self.come(self.ann, self.one)
        await self.come(self.ben, self.two)

    async def move(self, player: Player, cell: int) -> float:
        """Play; gives the seconds until the other one sees it."""
        action = {"game_id": self.game_id, "action": cell}
        assert (await player.line.ask("game:action", action))["ok"]
        acked = time.monotonic()
        self.seq += 1
        await (self.ben if player is self.ann else self.ann).line.state(self.seq)
        return time.monotonic() - acked

    def viewed_without_a_gap(self) -> bool:
        return all(
            player.line.seqs() == list(range(3, self.seq + 1)) for player in (self.ann, self.ben)
        )

    async def seen_online(self, viewer: Player, *users: UUID) -> None:
        """The last that the viewer was told of presence is that these are at the table."""

        def told() -> set[str]:
            tables = [said["players"] for _, said in viewer.line.heard if "players" in (said or ())]
            return {one["user_id"] for table in tables[-1:] for one in table if one["online"]}

        await until(lambda: told() == {str(user) for user in users})


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    with running_valkey() as valkey:
        async with AsyncExitStack() as stack:
            town = Town(valkey, tmp_path, stack)
            await town.open()
            await town.begin()
            yield town


async def health(server: Server) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/health/ready") as answer,
    ):
        assert answer.status == 200
        return await answer.json()


# --- entries ----------------------------------------------------------------------------------


async def test_players_on_different_nodes_play_and_the_log_is_not_asked(town: Town) -> None:
    sync = town.two.node.games.viewers.sync
    assert sync is not None
    found = sync.stats.found
    for player, cell in ((town.ann, 0), (town.ben, 3), (town.ann, 1), (town.ben, 4)):
        assert await town.move(player, cell) < 1
    assert town.viewed_without_a_gap()
    assert sync.stats.gaps == 0
    # A look that comes in the very moment may find one of the two before the bus brings it.
    assert sync.stats.folded + sync.stats.found - found == 2
    assert sync.stats.folded > 0


async def test_only_nodes_with_viewers_of_the_game_hear_of_it(town: Town) -> None:
    third = await town.node()
    eve = Player("Eve")
    await town.move(town.ann, 0)
    assert third.node.bus is not None
    assert third.node.bus.stats.received == 0
    await town.come(eve, third, "game:spectate")
    await town.move(town.ben, 1)
    await eve.line.state(town.seq)
    received = third.node.bus.stats.received
    assert received > 0
    await eve.line.ask("game:leave", {"game_id": town.game_id})
    assert third.node.games.viewers.sync is not None
    assert len(third.node.games.viewers.sync) == 0
    async with Redis.from_url(town.valkey.url) as raw:

        async def listeners() -> int:
            [(_, number)] = await raw.pubsub_numsub(f"meeple:bus:{town.game_id}")
            return int(number)

        async with asyncio.timeout(5):
            while await listeners() > 2:  # noqa: ASYNC110 - Valkey tells nobody
                await asyncio.sleep(0.01)
    await town.move(town.ann, 2)
    assert third.node.bus.stats.received == received


async def test_what_a_node_could_not_publish_is_found_in_the_log(town: Town) -> None:
    mute = await town.node("memory://")
    assert mute.node.bus is None
    # Nobody says a word of this one, and the sweep finds it.
    await mute.node.games.execute_action(town.game_id, town.ann.user_id, 0)
    acked = time.monotonic()
    town.seq += 1
    await town.ann.line.state(town.seq)
    await town.ben.line.state(town.seq)
    assert time.monotonic() - acked < BEHIND
    assert town.viewed_without_a_gap()


async def test_a_gap_is_read_from_the_log(town: Town) -> None:
    mute = await town.node("memory://")
    sync = town.two.node.games.viewers.sync
    assert sync is not None
    await mute.node.games.execute_action(town.game_id, town.ann.user_id, 0)
    assert (await town.ann.line.ask("game:resign", {"game_id": town.game_id}))["ok"]
    await town.ben.line.event("game:over")
    assert town.ben.line.seqs() == [3, 4, 5, 6]
    assert sync.stats.gaps + sync.stats.found > 0  # whichever came first


async def test_a_node_without_viewers_reads_what_is_true(town: Town) -> None:
    third = await town.node()
    async with Rest(third.url, town.ann.token) as rest:
        assert (await rest.game(town.game_id)).seq == 3
        await town.move(town.ann, 0)
        assert (await rest.game(town.game_id)).seq == 4
        await town.move(town.ben, 1)
        assert len((await rest.log(town.game_id)).entries) == 6


# --- Valkey comes and goes --------------------------------------------------------------------


async def test_a_flushed_valkey_stops_nothing_and_presence_returns(town: Town) -> None:
    async with Redis.from_url(town.valkey.url) as raw:
        await raw.flushall()
        assert await town.move(town.ann, 0) < BEHIND
        async with asyncio.timeout(TTL + BUSY):
            while len(await raw.keys("meeple:user:*")) < 2:  # noqa: ASYNC110 - nor here
                await asyncio.sleep(0.01)
    eve = Player("Eve")
    await town.come(eve, town.one, "game:spectate")
    await town.seen_online(eve, town.ann.user_id, town.ben.user_id)
    assert await town.move(town.ben, 3) < BEHIND


async def test_while_valkey_is_gone_viewers_are_two_seconds_behind_at_most(town: Town) -> None:
    assert await health(town.two) == {
        "status": "ok",
        "parts": {"log": "ok", "presence": "ok", "bus": "ok"},
    }
    town.valkey.stop()
    assert await town.move(town.ann, 0) < BEHIND
    assert await town.move(town.ben, 3) < BEHIND
    degraded = await health(town.two)
    assert degraded["status"] == "degraded"
    assert degraded["parts"]["log"] == "ok"
    assert "ok" not in (degraded["parts"]["bus"], degraded["parts"]["presence"])
    eve = Player("Eve")
    await town.come(eve, town.one, "game:spectate")
    await eve.line.state(town.seq)

    town.valkey.start()
    for server in (town.one, town.two):
        bus = server.node.bus
        assert bus is not None
        await until(lambda bus=bus: bus.heard(town.game_id))  # type: ignore[misc]
    assert await town.move(town.ann, 1) < BEHIND
    assert await town.move(town.ben, 4) < BEHIND
    assert town.viewed_without_a_gap()
    await until(lambda: not town.one.node.connections.degraded)
    await until(lambda: not town.two.node.connections.degraded)
    await town.seen_online(eve, town.ann.user_id, town.ben.user_id)


async def test_while_valkey_hangs_viewers_are_two_seconds_behind_at_most(town: Town) -> None:
    with town.valkey.paused():
        assert await town.move(town.ann, 0) < BEHIND
        assert await town.move(town.ben, 3) < BEHIND
        assert await town.move(town.ann, 1) < BEHIND
    assert await town.move(town.ben, 4) < BEHIND
    for server in (town.one, town.two):
        bus = server.node.bus
        assert bus is not None
        await until(lambda bus=bus: bus.heard(town.game_id))  # type: ignore[misc]
    assert town.viewed_without_a_gap()


# --- presence ---------------------------------------------------------------------------------


async def test_who_comes_and_goes_is_seen_on_the_other_node(town: Town) -> None:
    await town.seen_online(town.ann, town.ann.user_id, town.ben.user_id)
    await town.ben.line.ask("game:leave", {"game_id": town.game_id})
    await town.seen_online(town.ann, town.ann.user_id)
    await town.ben.line.ask("game:join", {"game_id": town.game_id})
    await town.seen_online(town.ann, town.ann.user_id, town.ben.user_id)
    await town.ben.line.close()
    await town.seen_online(town.ann, town.ann.user_id)


async def test_the_users_of_a_dead_node_are_seen_offline_within_its_ttl(town: Town) -> None:
    await town.ben.line.close()
    await town.seen_online(town.ann, town.ann.user_id)
    # A node's presence without its life: nobody renews what it said.
    dead = ConnectionManager(lambda: Redis.from_url(town.valkey.url), ttl=TTL)
    await dead.register_connection("sid", town.ben.user_id)
    await dead.join_game("sid", town.game_id)
    died = time.monotonic()
    await town.seen_online(town.ann, town.ann.user_id, town.ben.user_id)
    await town.seen_online(town.ann, town.ann.user_id)
    assert time.monotonic() - died < TTL + 1 + BUSY  # whoever looks, looks every second
    await dead.aclose()
