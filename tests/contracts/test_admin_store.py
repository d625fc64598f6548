"""What every `AdminStore` promises."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from meeple.errors import InvalidMessage, Unavailable
from meeple.protocols import Act, AdminStore, Sanction, SanctionKind
from meeple.store.memory_admin import MemoryAdminStore
from meeple.store.postgres import PostgresGameLog
from meeple.store.postgres_admin import PostgresAdminStore
from meeple.store.sqlite import SqliteGameLog
from meeple.store.sqlite_admin import SqliteAdminStore
from tests.postgres import Postgres
from tests.postgres import postgres as postgres

ADMIN, ANN, BEN = (UUID(int=number) for number in (1, 2, 3))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AdminStore]:
    if request.param == "memory":
        yield MemoryAdminStore()
        return
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        async with postgres.database() as url:
            shared = await PostgresGameLog.open(url)
            yield PostgresAdminStore(shared)
            await shared.aclose()
        return
    sqlite = await SqliteGameLog.open(tmp_path / "log.sqlite3")
    yield SqliteAdminStore(sqlite)
    await sqlite.aclose()


def act(number: int, **fields: Any) -> Act:
    given: dict[str, Any] = {
        "id": f"{number:04}",
        "at": 1000 + number,
        "admin_id": ADMIN,
        "admin_name": "Root",
        "what": "abort",
        "target": "g",
    }
    return Act(**given | fields)


def sanction(user_id: UUID, kind: SanctionKind = SanctionKind.BAN, **fields: Any) -> Sanction:
    given: dict[str, Any] = {
        "user_id": user_id,
        "kind": kind,
        "since": 100,
        "until": None,
        "why": "rude",
        "admin_id": ADMIN,
        "admin_name": "Root",
    }
    return Sanction(**given | fields)


# --- the audit log ----------------------------------------------------------------------------


async def test_what_was_done_is_read_back_newest_first(store: AdminStore) -> None:
    acts = [
        act(1, why='ß 漢字 🎲 " \\ \u2028 {} ? $1', details={"until": None, "deep": [{"a": 1.5}]}),
        act(2, what="ban", target=str(ANN), at=2**63 - 1),
        act(3, admin_name="", target=""),
    ]
    for one in acts:
        await store.append_act(one)
    assert await store.acts() == (acts[::-1], None)


async def test_the_same_act_again_changes_nothing(store: AdminStore) -> None:
    await store.append_act(act(1, why="first"))
    await store.append_act(act(1, why="second"))
    assert [one.why for one in (await store.acts()).acts] == ["first"]


async def test_pages_follow_each_other_to_the_end(store: AdminStore) -> None:
    for number in range(7):
        await store.append_act(act(number))
    pages, cursor = [], None
    for _ in range(4):
        page = await store.acts(cursor=cursor, limit=2)
        pages.append([one.id for one in page.acts])
        cursor = page.cursor
    assert pages == [["0006", "0005"], ["0004", "0003"], ["0002", "0001"], ["0000"]]
    assert cursor is None


async def test_a_full_last_page_has_no_cursor(store: AdminStore) -> None:
    await store.append_act(act(1))
    await store.append_act(act(2))
    assert (await store.acts(limit=2)).cursor is None


async def test_acts_are_found_by_what_they_were_done_to(store: AdminStore) -> None:
    for number in range(6):
        await store.append_act(act(number, target="ab"[number % 2]))
    page = await store.acts(target="b", limit=2)
    assert [one.id for one in page.acts] == ["0005", "0003"]
    page = await store.acts(target="b", limit=2, cursor=page.cursor)
    assert ([one.id for one in page.acts], page.cursor) == (["0001"], None)
    for nobody in ("c", "\0", "\ud800"):
        assert await store.acts(target=nobody) == ([], None)


async def test_what_is_no_cursor_or_no_limit_is_refused(store: AdminStore) -> None:
    for cursor in ("", "x", "ä", "0001"):
        with pytest.raises(InvalidMessage):
            await store.acts(cursor=cursor)
    with pytest.raises(ValueError, match="limit"):
        await store.acts(limit=0)


@pytest.mark.parametrize(
    "fields",
    [{"why": "\0"}, {"target": "\ud800"}, {"details": {"a": {1, object()}}}, {"at": 2**63}],
    ids=["NUL", "surrogate", "no JSON", "time"],
)
async def test_what_cannot_be_stored_is_refused(store: AdminStore, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        await store.append_act(act(1, **fields))
    await store.append_act(act(2))
    assert [one.id for one in (await store.acts()).acts] == ["0002"]


# --- bans and mutes ---------------------------------------------------------------------------


async def test_a_sanction_holds_until_it_ends(store: AdminStore) -> None:
    await store.impose(sanction(ANN, until=200))
    assert await store.sanctions(199) == [sanction(ANN, until=200)]
    assert await store.sanctions(200) == []


async def test_a_sanction_without_an_end_holds_for_good(store: AdminStore) -> None:
    await store.impose(sanction(ANN))
    assert await store.sanctions(2**62) == [sanction(ANN)]


async def test_the_last_of_a_kind_holds_beside_those_of_other_kinds_and_users(
    store: AdminStore,
) -> None:
    await store.impose(sanction(ANN, since=1, until=200))
    await store.impose(sanction(ANN, SanctionKind.MUTE, since=2))
    await store.impose(sanction(BEN, since=3))
    await store.impose(sanction(ANN, since=4, until=None, why="again"))
    assert await store.sanctions(1000) == [
        sanction(ANN, SanctionKind.MUTE, since=2),
        sanction(BEN, since=3),
        sanction(ANN, since=4, why="again"),
    ]


async def test_what_is_lifted_holds_no_more_and_lifting_it_again_does_nothing(
    store: AdminStore,
) -> None:
    await store.impose(sanction(ANN))
    await store.impose(sanction(ANN, SanctionKind.MUTE))
    await store.lift(ANN, SanctionKind.BAN)
    await store.lift(ANN, SanctionKind.BAN)
    await store.lift(BEN, SanctionKind.MUTE)
    assert await store.sanctions(1000) == [sanction(ANN, SanctionKind.MUTE)]


async def test_a_reason_that_cannot_be_stored_is_refused(store: AdminStore) -> None:
    with pytest.raises(ValueError, match="text"):
        await store.impose(sanction(ANN, why="\0"))
    assert await store.sanctions(0) == []


# --- where it is kept -------------------------------------------------------------------------


async def test_it_is_there_after_a_restart_and_gone_with_the_log(tmp_path: Path) -> None:
    log = await SqliteGameLog.open(tmp_path / "log.sqlite3")
    await SqliteAdminStore(log).append_act(act(1))
    await SqliteAdminStore(log).impose(sanction(ANN))
    await log.aclose()
    with pytest.raises(Unavailable):
        await SqliteAdminStore(log).append_act(act(2))
    log = await SqliteGameLog.open(tmp_path / "log.sqlite3")
    assert (await SqliteAdminStore(log).acts()).acts == [act(1)]
    assert await SqliteAdminStore(log).sanctions(1000) == [sanction(ANN)]
    await log.aclose()


async def test_nodes_that_share_a_database_share_it(postgres: Postgres) -> None:
    async with postgres.database() as url:
        one, other = await PostgresGameLog.open(url), await PostgresGameLog.open(url)
        await PostgresAdminStore(one).append_act(act(1))
        await PostgresAdminStore(one).impose(sanction(ANN))
        assert (await PostgresAdminStore(other).acts()).acts == [act(1)]
        assert await PostgresAdminStore(other).sanctions(1000) == [sanction(ANN)]
        await one.aclose()
        await other.aclose()
