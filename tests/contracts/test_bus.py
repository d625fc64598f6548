"""The bus between nodes: on one Valkey, behind Sentinels, and on a cluster, it does the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from meeple.bus.redis_bus import PREFIX, RedisBus
from meeple.engine.log import Entry, EntryKind
from meeple.errors import ConfigurationError
from meeple.protocols import Appended, Bus, Note, PresenceChanged, Said
from meeple.services.clock import SystemClock
from tests.valkey import Cluster, Sentinel, Valkey, running_valkey
from tests.valkey import valkey_cluster as valkey_cluster
from tests.valkey import valkey_sentinel as valkey_sentinel
from tests.valkey import valkey_server as valkey_server


class Ear:
    """A `BusListener` that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.states: list[bool] = []
        self._news = asyncio.Event()

    def hear(self, note: Note) -> None:
        self.notes.append(note)
        self._news.set()

    def connected(self) -> None:
        self.states.append(True)
        self._news.set()

    def disconnected(self) -> None:
        self.states.append(False)
        self._news.set()

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def hears(self, *notes: Note) -> None:
        await self.until(lambda: len(self.notes) >= len(notes))
        assert self.notes == list(notes)


class Nodes:
    """Buses that share one Redis."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._running: list[asyncio.Task[None]] = []

    def make(self, **options: int) -> tuple[RedisBus, Ear]:
        bus, ear = RedisBus(self.url, SystemClock(), **options), Ear()  # type: ignore[arg-type]
        bus.serve(ear)
        return bus, ear

    def run(self, bus: Bus) -> None:
        self._running.append(asyncio.create_task(bus.run()))

    async def connect(self) -> tuple[RedisBus, Ear]:
        bus, ear = self.make()
        self.run(bus)
        await ear.until(lambda: bus.up)
        return bus, ear

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


@pytest.fixture(params=["single", "sentinel", "cluster"])
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Nodes]:
    fixture = {"single": "valkey_server"}.get(request.param, f"valkey_{request.param}")
    server: Valkey | Sentinel | Cluster = request.getfixturevalue(fixture)
    nodes = Nodes(server.url)
    yield nodes
    await nodes.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Nodes]:
    nodes = Nodes(url)
    try:
        yield nodes
    finally:
        await nodes.close()


def move(game_id: str, seq: int = 4) -> Appended:
    payload = {"action": {"to": [1, 2.5, None, "é\u2028"]}}
    return Appended(game_id, [Entry(game_id, seq, EntryKind.ACTION, 1, payload, "1:a", 1_700_000)])


GAMES = [f"game{n}" for n in range(12)]


async def test_every_kind_of_note_arrives_as_it_was(nodes: Nodes) -> None:
    (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
    assert await there.subscribe("g")
    notes: list[Note] = [
        move("g"),
        PresenceChanged("g"),
        Said("g", None, UUID(int=7), "Ann", "hi", 1, "spectators"),
    ]
    for note in notes:
        here.publish(note)
    await ear.hears(*notes)
    assert there.stats.received == here.stats.published == 3
    assert 0 <= there.stats.lag_ms < 5000


async def test_notes_of_a_game_keep_their_order(nodes: Nodes) -> None:
    (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
    await asyncio.gather(*(there.subscribe(game) for game in GAMES))
    for seq in range(50):
        for game in GAMES:
            here.publish(move(game, seq))
    await ear.until(lambda: len(ear.notes) == 50 * len(GAMES))
    for game in GAMES:
        own = [note for note in ear.notes if note.game_id == game]
        assert own == [move(game, seq) for seq in range(50)]


async def test_a_node_hears_only_what_it_asked_for_and_never_itself(nodes: Nodes) -> None:
    (here, near), (there, ear) = await nodes.connect(), await nodes.connect()
    await here.subscribe("g")
    await there.subscribe("g")
    there.publish(move("g", 1))
    here.publish(move("other"))
    here.publish(move("g", 2))
    await ear.hears(move("g", 2))
    await near.hears(move("g", 1))
    assert there.heard("g")
    assert not there.heard("other")


async def test_what_is_no_longer_subscribed_is_not_heard(nodes: Nodes) -> None:
    (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
    await asyncio.gather(there.subscribe("g"), there.subscribe("h"))
    there.unsubscribe("g")
    there.unsubscribe("never")
    assert not there.heard("g")
    here.publish(move("g"))
    here.publish(move("h"))
    await ear.hears(move("h"))


async def test_one_who_changes_its_mind_is_subscribed(nodes: Nodes) -> None:
    (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
    for _ in range(5):
        asking = asyncio.create_task(there.subscribe("g"))
        await asyncio.sleep(0)
        there.unsubscribe("g")
        asking.cancel()
    assert await there.subscribe("g")
    here.publish(move("g"))
    await ear.hears(move("g"))


async def test_what_is_published_too_early_waits_and_the_oldest_goes(nodes: Nodes) -> None:
    there, ear = await nodes.connect()
    await there.subscribe("g")
    here, near = nodes.make(queue=3)
    assert not here.up
    assert await here.subscribe("g") is False
    for seq in range(5):
        here.publish(move("g", seq))
    nodes.run(here)
    await ear.hears(*(move("g", seq) for seq in (2, 3, 4)))
    assert here.stats.dropped == 2
    # What it wanted before there was a connection, it hears now.
    assert await here.subscribe("g")
    there.publish(move("g", 9))
    await near.hears(move("g", 9))


async def test_a_bus_that_is_drained_has_sent_everything(nodes: Nodes) -> None:
    (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
    await there.subscribe("g")
    for seq in range(300):
        here.publish(move("g", seq))
    await here.drain()
    assert here.stats.published == 300
    await ear.until(lambda: len(ear.notes) == 300)


async def test_whoever_stopped_says_that_it_is_down(nodes: Nodes) -> None:
    bus, ear = await nodes.connect()
    await bus.subscribe("g")
    await nodes.close()
    assert ear.states == [True, False]
    assert not bus.up
    assert not bus.heard("g")


# --- what only one of them does ---------------------------------------------------------------


async def test_what_is_no_note_is_passed_over(valkey_server: Valkey) -> None:
    async with opened(valkey_server.url) as nodes, Redis.from_url(valkey_server.url) as raw:
        (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
        await there.subscribe("g")
        for data in (b"", b"\xff", b"{}", b'["x",1,{"type":"of the future","game_id":"g"}]'):
            await raw.publish(f"{PREFIX}g", data)
        here.publish(move("g"))
        await ear.hears(move("g"))
        assert there.stats.unread == 4


async def test_what_cannot_be_written_holds_nothing_else_up(valkey_server: Valkey) -> None:
    async with opened(valkey_server.url) as nodes:
        (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
        await there.subscribe("g")
        entry = Entry("g", 4, EntryKind.ACTION, 1, {"action": object()}, None, 1)
        here.publish(Appended("g", [entry]))
        here.publish(move("g"))
        await ear.hears(move("g"))
        assert here.stats.dropped == 1


async def test_a_valkey_that_was_killed_is_found_again() -> None:
    with running_valkey() as server:
        async with opened(server.url) as nodes:
            (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
            await there.subscribe("g")
            server.stop()
            await ear.until(lambda: not there.up)
            assert not there.heard("g")
            assert await there.subscribe("h") is False
            server.start()
            await ear.until(lambda: there.up)
            assert await there.subscribe("g")
            assert await there.subscribe("h")
            here.publish(move("g"))
            await ear.hears(move("g"))
            assert there.stats.connects == 2
            assert ear.states == [True, False, True]


async def test_a_valkey_that_hangs_is_down_within_two_seconds() -> None:
    with running_valkey() as server:
        async with opened(server.url) as nodes:
            (here, near), (there, ear) = await nodes.connect(), await nodes.connect()
            await there.subscribe("g")
            with server.paused():
                await ear.until(lambda: not there.up, 2)
                await near.until(lambda: not here.up, 2)
            await ear.until(lambda: there.up)
            assert await there.subscribe("g")
            here.publish(move("g", 5))
            await ear.until(lambda: move("g", 5) in ear.notes)


async def test_a_redis_that_is_not_there_is_waited_for() -> None:
    with running_valkey() as server:
        server.stop()
        async with opened(server.url) as nodes:
            bus, ear = nodes.make()
            nodes.run(bus)
            assert await bus.subscribe("g") is False
            server.start()
            await ear.until(lambda: bus.up)
            assert await bus.subscribe("g")


async def test_a_slot_that_moves_takes_its_games_along(valkey_cluster: Cluster) -> None:
    async with opened(valkey_cluster.url) as nodes:
        (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
        await asyncio.gather(*(there.subscribe(game) for game in GAMES))
        await asyncio.to_thread(valkey_cluster.move, key_slot(f"{PREFIX}{GAMES[0]}".encode()))
        await ear.until(lambda: False in ear.states and there.up)
        assert all(await asyncio.gather(*(there.subscribe(game) for game in GAMES)))
        for game in GAMES:
            here.publish(move(game))
        await ear.until(lambda: {note.game_id for note in ear.notes} == set(GAMES))


async def test_a_new_master_is_followed(valkey_sentinel: Sentinel) -> None:
    async with opened(valkey_sentinel.url) as nodes:
        (here, _), (there, ear) = await nodes.connect(), await nodes.connect()
        await there.subscribe("g")
        await asyncio.to_thread(valkey_sentinel.fail_over)
        async with asyncio.timeout(10):
            while move("g") not in ear.notes:
                await there.subscribe("g")
                here.publish(move("g"))
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "http://here",
        "redis+sentinel://here:26379",
        "redis+cluster://",
        "redis+cluster://here:no",
        "redis://here?socket_timeout=soon",
    ],
)
def test_a_url_that_names_no_redis_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="redis:"):
        RedisBus(url, SystemClock())
