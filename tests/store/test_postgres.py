"""What `PostgresGameLog` promises beyond the contract: many nodes, one database, a bad network."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from meeple.errors import ConfigurationError, DuplicateAction, SequenceConflict, Unavailable
from meeple.protocols import Outage
from meeple.store.postgres import PostgresGameLog
from meeple.store.postgres_line import Limits, Line
from tests.postgres import Postgres, running_postgres
from tests.postgres import postgres as postgres
from tests.postgres import postgres_url as postgres_url
from tests.proxy import Proxy, proxy
from tests.store.making import ALICE, BOB, entries, entry, row

SHORT = Limits(connect=0.5, statement=0.5, lock=0.4, idle=0.4, patience=1.0)
#: What ends every request of a client's.
SYNC = b"S\0\0\0\4"


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[PostgresGameLog]:
    log = await PostgresGameLog.open(url, **settings)
    try:
        yield log
    finally:
        await log.aclose()


@pytest.fixture
async def log(postgres_url: str) -> AsyncIterator[PostgresGameLog]:
    async with opened(postgres_url) as log:
        yield log


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[PostgresGameLog]:
    """Another node's log, on the same database."""
    async with opened(postgres_url) as log:
        yield log


@pytest.fixture
async def between(postgres: Postgres) -> AsyncIterator[Proxy]:
    async with proxy(postgres.socket) as between:
        yield between


def through(between: Proxy, url: str) -> str:
    """The URL of the same place by way of the proxy."""
    place = urlsplit(url).query.partition("search_path=")[2]
    return f"postgresql://postgres@127.0.0.1:{between.port}/postgres?search_path={place}"


@pytest.fixture
async def far(postgres_url: str, between: Proxy) -> AsyncIterator[PostgresGameLog]:
    """A log whose every connection goes through the proxy."""
    async with opened(through(between, postgres_url), limits=SHORT) as log:
        # Its statements are prepared: one request is one answer.
        await log.append("first", 0, entries("first", 0, 1))
        await log.append("first", 1, entries("first", 1, 2), row=row("first"), due_at=None)
        await log.read("first")
        yield log


async def until_there(log: PostgresGameLog, game_id: str, count: int) -> None:
    async with asyncio.timeout(10):
        while len(await log.read(game_id)) < count:  # noqa: ASYNC110 - another server's state
            await asyncio.sleep(0.01)


async def until_waiting(postgres: Postgres, count: int) -> None:
    """Until so many statements wait for a lock."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(10):
        while (await postgres.execute(query))[0][0] < count:  # noqa: ASYNC110 - another's state
            await asyncio.sleep(0.01)


async def until_back(log: PostgresGameLog) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                return await log.check()
            except Unavailable:
                await asyncio.sleep(0.05)


# --- two nodes --------------------------------------------------------------------------------


async def test_of_two_nodes_that_append_the_same_seq_one_wins(
    log: PostgresGameLog, other: PostgresGameLog
) -> None:
    games = [f"g{n:02}" for n in range(60)]
    for seq in range(5):

        def racer(node: PostgresGameLog, name: int, game_id: str, seq: int = seq) -> Any:
            written = [entry(game_id, seq, payload={"by": name}, action_id=f"{name}/{seq}")]
            return node.append(game_id, seq, written, row=row(game_id), due_at=seq)

        results = await asyncio.gather(
            *(racer(log, 0, game_id) for game_id in games),
            *(racer(other, 1, game_id) for game_id in reversed(games)),
            return_exceptions=True,
        )
        for n in range(60):
            assert {type(results[n]), type(results[119 - n])} == {type(None), SequenceConflict}
    for n, game_id in enumerate(games):
        found = await log.read(game_id)
        assert [each.seq for each in found] == list(range(5))
        assert found[4].payload == {"by": 0 if results[n] is None else 1}


async def test_what_loses_leaves_nothing_behind(
    log: PostgresGameLog, other: PostgresGameLog
) -> None:
    await log.append("g", 0, entries("g", 0, 1), row=row("g"), due_at=5)
    # Its second entry would fit, were it not for the first.
    with pytest.raises(SequenceConflict):
        await other.append("g", 0, entries("g", 0, 3), row=row("g", players=(BOB,)), due_at=9)
    assert len(await log.read("g")) == 1
    assert await log.find_game("g") == row("g")
    assert (await log.list_games(player=BOB)).games == []
    assert await log.due_games(5) == ["g"]


async def test_a_node_appends_after_what_another_appended(
    log: PostgresGameLog, other: PostgresGameLog
) -> None:
    for seq in range(20):
        await (log, other)[seq % 2].append("g", seq, [entry("g", seq, action_id=f"a{seq}")])
    for node in (log, other):
        with pytest.raises(DuplicateAction) as caught:
            await node.append("g", 20, [entry("g", 20, action_id="a7")])
        assert caught.value.seq == 7


async def test_an_action_id_that_another_node_wrote_is_a_duplicate(
    log: PostgresGameLog, other: PostgresGameLog
) -> None:
    await log.append("g", 0, entries("g", 0, 1))
    await other.append("g", 1, [entry("g", 1, action_id="a")])
    for seq in (1, 2, 9):
        with pytest.raises(DuplicateAction) as caught:
            await log.append("g", seq, [entry("g", seq, action_id="a")])
        assert caught.value.seq == 1


async def test_a_batch_in_which_a_game_is_lost_is_one_request(
    far: PostgresGameLog, other: PostgresGameLog, between: Proxy
) -> None:
    async def batch(seq: int) -> list[Any]:
        return await asyncio.gather(
            *(far.append(f"g{n}", seq, entries(f"g{n}", seq, 2)) for n in range(40)),
            return_exceptions=True,
        )

    await batch(0)
    await batch(2)
    await other.append("g7", 4, entries("g7", 4, 1))
    # The first connection brought the schema, the second appends.
    before = between.received[1].count(SYNC)
    results = await batch(4)
    assert [n for n, result in enumerate(results) if result is not None] == [7]
    assert isinstance(results[7], SequenceConflict)
    assert between.received[1].count(SYNC) - before == 1


async def test_two_nodes_that_beat_find_one_outage(
    log: PostgresGameLog, other: PostgresGameLog
) -> None:
    await log.append("g", 0, entries("g", 0, 1), due_at=5)
    await log.beat(1000, 3000)
    found = await asyncio.gather(*(node.beat(60_000, 3000) for node in (log, other, log, other)))
    assert found == [[Outage(1000, 60_000)]] * 4
    assert await other.beat(61_000, 3000) == [Outage(1000, 60_000)]


async def test_a_node_that_stands_still_in_a_transaction_is_cut(
    log: PostgresGameLog, postgres_url: str
) -> None:
    zombie = await Line(postgres_url, SHORT).connect()
    await zombie.execute("BEGIN; INSERT INTO entries VALUES ('g', 0, 'action', 0, '{}', null, 1)")
    started = time.monotonic()
    await asyncio.gather(
        log.append("g", 0, entries("g", 0, 1)), log.append("h", 0, entries("h", 0, 1))
    )
    assert time.monotonic() - started < 5
    assert await log.read("g") == entries("g", 0, 1)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await zombie.execute("COMMIT")
    zombie.terminate()


# --- faults of one append ---------------------------------------------------------------------


async def test_what_the_database_refuses_harms_no_other(log: PostgresGameLog) -> None:
    name = secrets.token_hex(4000)  # more than an index can hold, and it cannot be compressed
    results = await asyncio.gather(
        log.append("g", 0, entries("g", 0, 1)),
        log.append(name, 0, entries(name, 0, 1)),
        log.append("h", 0, entries("h", 0, 2), row=row("h")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    assert (len(await log.read("g")), len(await log.read("h"))) == (1, 2)


# --- a bad network ----------------------------------------------------------------------------


async def test_an_append_whose_answer_was_lost_is_there_once(
    far: PostgresGameLog, other: PostgresGameLog, between: Proxy
) -> None:
    await far.append("g", 0, entries("g", 0, 1))
    between.answers.clear()
    written = [entry("g", 1, action_id="a"), entry("g", 2)]
    append = asyncio.ensure_future(far.append("g", 1, written, row=row("g"), due_at=7))
    await until_there(other, "g", 3)
    await other.append("g", 3, entries("g", 3, 1))  # somebody goes on from there
    between.cut()
    between.heal()
    await append
    assert [each.seq for each in await other.read("g")] == [0, 1, 2, 3]
    with pytest.raises(DuplicateAction):
        await far.append("g", 4, [entry("g", 4, action_id="a")])


async def test_an_append_that_never_arrived_is_sent_again(
    far: PostgresGameLog, other: PostgresGameLog, between: Proxy
) -> None:
    await far.append("g", 0, entries("g", 0, 1))
    between.requests.clear()
    append = asyncio.ensure_future(far.append("g", 1, entries("g", 1, 2)))
    await asyncio.sleep(0.05)  # it is on its way
    between.cut()
    between.heal()
    await append
    assert await other.read("g") == entries("g", 0, 3)


async def test_an_append_that_is_still_under_way_when_it_is_sent_again_is_there_once(
    postgres: Postgres, postgres_url: str, between: Proxy
) -> None:
    limits = Limits(statement=9, lock=9, idle=9)
    async with opened(through(between, postgres_url), limits=limits) as far:
        await far.append("g", 0, entries("g", 0, 1))
        blocker = await asyncpg.connect(postgres_url)
        for seq in range(1, 7):  # whichever of the two goes first
            await blocker.execute(
                f"BEGIN; INSERT INTO entries VALUES ('g', {seq}, 'action', 0, '{{}}', null, 1)"
            )
            append = asyncio.ensure_future(
                far.append("g", seq, [entry("g", seq, action_id=f"{seq}")])
            )
            for waiting in (1, 2):
                await until_waiting(postgres, waiting)
                if waiting == 1:
                    between.cut()
            await blocker.execute("ROLLBACK")
            await append
        await blocker.close()
        assert [each.action_id for each in await far.read("g", 1)] == [str(n) for n in range(1, 7)]


async def test_an_append_that_another_overtook_meanwhile_is_a_conflict(
    far: PostgresGameLog, other: PostgresGameLog, between: Proxy
) -> None:
    await far.append("g", 0, entries("g", 0, 1))
    between.requests.clear()
    append = asyncio.ensure_future(far.append("g", 1, [entry("g", 1, payload={"by": "far"})]))
    await other.append("g", 1, [entry("g", 1, payload={"by": "other"})])
    between.cut()
    between.heal()
    with pytest.raises(SequenceConflict):
        await append
    assert (await other.read("g", 1))[0].payload == {"by": "other"}


async def test_a_black_hole_makes_the_log_unavailable_and_then_it_comes_back(
    far: PostgresGameLog, other: PostgresGameLog, between: Proxy
) -> None:
    await far.append("g", 0, entries("g", 0, 1))
    await far.check()
    between.black_hole()
    started = time.monotonic()
    results = await asyncio.gather(
        far.append("g", 1, entries("g", 1, 1)),
        far.append("h", 0, entries("h", 0, 1)),
        far.read("g"),
        far.check(),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Unavailable] * 4
    assert time.monotonic() - started < 10
    started = time.monotonic()
    with pytest.raises(Unavailable):  # at once: it is known that nobody answers
        await far.append("i", 0, entries("i", 0, 1))
    assert time.monotonic() - started < 2
    between.cut()
    between.heal()
    await until_back(far)
    end = len(await far.read("g"))
    await far.append("g", end, entries("g", end, 1))
    assert [each.seq for each in await other.read("g")] == list(range(end + 1))


async def test_a_log_can_be_closed_in_a_black_hole(far: PostgresGameLog, between: Proxy) -> None:
    await far.append("g", 0, entries("g", 0, 1))
    between.black_hole()
    async with asyncio.timeout(8):
        await far.aclose()


# --- a server that dies -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A server of its own."""
    with running_postgres() as server:
        yield server


class Players:
    """Writers that append to games of their own for as long as they are let, and keep count."""

    def __init__(self, log: PostgresGameLog, count: int) -> None:
        self.log = log
        self.acked = [0] * count
        self.unavailable = 0
        self.stop = False

    async def play(self, n: int) -> None:
        game_id, seq, turn = f"g{n}", 0, 0
        while not self.stop:
            turn += 1
            try:
                await self.log.append(game_id, seq, [entry(game_id, seq, action_id=f"{turn}")])
            except Unavailable:
                self.unavailable += 1
                try:
                    found = await self.log.read(game_id)
                except Unavailable:
                    await asyncio.sleep(0.05)
                    continue
                assert len(found) in (seq, seq + 1)
                seq = len(found)
            else:
                self.acked[n] += 1
                seq += 1

    async def more(self, count: int) -> None:
        """Returns when so many more appends were acked."""
        goal = sum(self.acked) + count
        async with asyncio.timeout(30):
            while sum(self.acked) < goal:  # noqa: ASYNC110 - what it waits for has no event
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["restarted", "crashed", "killed"])
async def test_nothing_is_lost_or_doubled_when_the_server_dies(mortal: Postgres, how: str) -> None:
    async with mortal.database() as url, opened(url) as log:
        players = Players(log, 20)
        tasks = [asyncio.ensure_future(players.play(n)) for n in range(20)]
        await players.more(500)
        if how == "killed":
            await asyncio.to_thread(mortal.kill)
        else:
            await asyncio.to_thread(mortal.stop, "fast" if how == "restarted" else "immediate")
        await asyncio.to_thread(mortal.start)
        await players.more(500)
        players.stop = True
        await asyncio.gather(*tasks)
        for n, acked in enumerate(players.acked):
            found = await log.read(f"g{n}")
            assert [each.seq for each in found] == list(range(len(found)))
            assert len({each.action_id for each in found}) == len(found)
            # An append whose fate stayed unknown may be there, never acked.
            assert acked <= len(found) <= acked + players.unavailable


async def test_a_server_that_is_gone_is_unavailable_and_comes_back(mortal: Postgres) -> None:
    async with mortal.database() as url, opened(url, limits=SHORT) as log:
        await log.append("g", 0, entries("g", 0, 1))
        await asyncio.to_thread(mortal.stop)
        try:
            for call in (log.append("g", 1, entries("g", 1, 1)), log.read("g"), log.check()):
                with pytest.raises(Unavailable):
                    await call
        finally:
            await asyncio.to_thread(mortal.start)
        await until_back(log)
        await log.append("g", 1, entries("g", 1, 1))
        assert await log.read("g") == entries("g", 0, 2)


# --- the start --------------------------------------------------------------------------------


async def test_nodes_that_start_together_make_the_schema_once(postgres_url: str) -> None:
    logs = await asyncio.gather(*(PostgresGameLog.open(postgres_url) for _ in range(5)))
    await logs[0].append("g", 0, entries("g", 0, 1))
    assert await logs[4].read("g") == entries("g", 0, 1)
    await asyncio.gather(*(log.aclose() for log in logs))


async def test_a_newer_schema_is_refused(postgres_url: str) -> None:
    async with opened(postgres_url):
        pass
    await run(postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer Meeple"):
        await PostgresGameLog.open(postgres_url)


async def test_tables_of_somebody_else_are_refused(postgres_url: str) -> None:
    await run(postgres_url, "CREATE TABLE games (name text)")
    with pytest.raises(ConfigurationError, match="not Meeple's"):
        await PostgresGameLog.open(postgres_url)


async def test_an_older_schema_is_brought_up_to_date(postgres_url: str) -> None:
    async with opened(postgres_url) as log:
        await log.append("g", 0, entries("g", 0, 1))
    await run(
        postgres_url,
        "DROP TABLE deadlines; DROP TABLE beats; DROP TABLE outages; DROP TABLE acts;"
        " DROP TABLE sanctions; ALTER TABLE games DROP COLUMN time_control;"
        " UPDATE alembic_version SET version_num = '0001'",
    )
    async with opened(postgres_url) as log:
        await log.append("g", 1, entries("g", 1, 1), due_at=5)
        assert await log.read("g") == entries("g", 0, 2)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://meeple:hush@127.0.0.1:1/db",
        "postgresql://meeple:hush@127.0.0.1:port/db",
        "postgresql://meeple@127.0.0.1:1/db?password=hush",
        "postgresql://meeple:hush@[::1/db",
        "mysql://meeple:hush@host/db",
    ],
)
async def test_a_database_that_cannot_be_had_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await PostgresGameLog.open(url, start_seconds=0)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_an_answer_is_on_the_disk_whatever_the_server_is_set_to(
    postgres_url: str,
) -> None:
    for setting, used in (("off", "on"), ("remote_apply", "remote_apply")):
        connection = await Line(f"{postgres_url}&synchronous_commit={setting}", SHORT).connect()
        assert await connection.fetchval("SHOW synchronous_commit") == used
        await connection.close()


async def run(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(script)
    await connection.close()


async def test_who_sits_where_survives_another_nodes_changes(
    log: PostgresGameLog, other: PostgresGameLog
) -> None:
    await log.append("g", 0, entries("g", 0, 1), row=row("g", players=(ALICE, None)))
    await other.append("g", 1, entries("g", 1, 1), row=row("g", players=(ALICE, BOB)))
    await log.append("g", 2, entries("g", 2, 1), row=row("g", players=(None, BOB)))
    assert (await other.list_games(player=ALICE)).games == []
    assert [game.game_id for game in (await other.list_games(player=BOB)).games] == ["g"]
