"""What every `GameLog` promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from meeple.engine.base import Outcome
from meeple.engine.log import Entry, EntryKind, GameRow, GameStatus
from meeple.engine.time_controls import Correspondence, Fischer, TimeControl
from meeple.errors import DuplicateAction, InvalidMessage, SequenceConflict, Unavailable
from meeple.protocols import OUTAGES_KEPT_MS, GameLog, Outage
from meeple.store.memory import MemoryGameLog
from meeple.store.postgres import PostgresGameLog
from meeple.store.sqlite import SqliteGameLog
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.store.making import ALICE, BOB, entries, entry, row


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GameLog]:
    if request.param == "memory":
        yield MemoryGameLog()
        return
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        async with postgres.database() as url:
            shared = await PostgresGameLog.open(url)
            yield shared
            await shared.aclose()
        return
    sqlite = await SqliteGameLog.open(tmp_path / "log.sqlite3")
    yield sqlite
    await sqlite.aclose()


# --- append and read --------------------------------------------------------------------------


async def test_what_was_appended_is_read_back_in_order(log: GameLog) -> None:
    first = [
        entry("g", 0, kind=EntryKind.CREATED, seat=None, payload={"options": {"size": 3}}, at=5),
        entry("g", 1, kind=EntryKind.SEATED, seat=0, payload={"name": "Ada"}, at=6),
    ]
    second = [entry("g", 2, seat=1, payload={"cell": [1, 2.5, None, True]}, action_id="a", at=6)]
    await log.append("g", 0, first)
    await log.append("g", 2, second)
    assert await log.read("g") == first + second


async def test_kinds_are_read_back_as_kinds(log: GameLog) -> None:
    every = [entry("g", seq, kind=kind) for seq, kind in enumerate(EntryKind)]
    await log.append("g", 0, every)
    assert [found.kind for found in await log.read("g")] == list(EntryKind)
    assert all(type(found.kind) is EntryKind for found in await log.read("g"))


async def test_a_read_begins_at_from_seq_and_stops_at_limit(log: GameLog) -> None:
    written = entries("g", 0, 10)
    await log.append("g", 0, written)
    assert await log.read("g", 4) == written[4:]
    assert await log.read("g", 4, limit=3) == written[4:7]
    assert await log.read("g", limit=2) == written[:2]
    assert await log.read("g", 8, limit=99) == written[8:]
    assert await log.read("g", limit=0) == []
    assert await log.read("g", 10) == []
    assert await log.read("g", -3, limit=1) == written[:1]
    assert await log.read("g", 10**30) == []
    assert await log.read("g", limit=10**30) == written
    with pytest.raises(ValueError, match="limit"):
        await log.read("g", limit=-1)


async def test_a_game_that_is_not_there_has_no_entries(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1))
    assert await log.read("h") == []
    assert await log.read("\ud800") == []


async def test_games_do_not_see_each_other(log: GameLog) -> None:
    await log.append("g", 0, [entry("g", 0, action_id="a")])
    await log.append("h", 0, [entry("h", 0, action_id="a")])
    assert [found.game_id for found in await log.read("g")] == ["g"]
    assert [found.game_id for found in await log.read("h")] == ["h"]


@pytest.mark.parametrize(
    "payload",
    [
        {"text": "ß 漢字 🎲 \x00 \" \\ \u2028 '"},
        {"big": "x" * 1_000_000},
        {"deep": [[[[{"a": [{}]}]]]]},
        {"ints": [2**63 - 1, -(2**63), 2**64 - 1, 0]},
        {"floats": [0.1, 1e300, -0.0, 5e-324]},
        {"": {"": ""}},
        {},
    ],
    ids=["unicode", "big", "deep", "ints", "floats", "empty keys", "empty"],
)
async def test_payloads_survive(log: GameLog, payload: dict[str, Any]) -> None:
    await log.append("g", 0, [entry("g", 0, payload=payload)])
    assert (await log.read("g"))[0].payload == payload


async def test_a_payload_is_kept_as_it_was_when_it_was_appended(log: GameLog) -> None:
    payload: dict[str, Any] = {"hand": [1, 2]}
    await log.append("g", 0, [entry("g", 0, payload=payload)])
    payload["hand"].append(3)
    (await log.read("g"))[0].payload["hand"].append(4)
    assert (await log.read("g"))[0].payload == {"hand": [1, 2]}


@pytest.mark.parametrize("at", [2**63 - 1, -(2**63), 0])
async def test_times_have_64_bits(log: GameLog, at: int) -> None:
    await log.append("g", 0, [entry("g", 0, at=at)])
    assert (await log.read("g"))[0].at == at


async def test_many_entries_can_go_together(log: GameLog) -> None:
    written = entries("g", 0, 1_000)
    await log.append("g", 0, written)
    assert await log.read("g") == written


# --- what is refused --------------------------------------------------------------------------


async def test_an_append_must_begin_where_the_log_ends(log: GameLog) -> None:
    with pytest.raises(SequenceConflict):
        await log.append("g", 1, entries("g", 1, 1))
    await log.append("g", 0, entries("g", 0, 2))
    for seq in (-1, 0, 1, 3, 2**80):
        with pytest.raises(SequenceConflict):
            await log.append("g", seq, entries("g", seq, 1))
    assert await log.read("g") == entries("g", 0, 2)
    await log.append("g", 2, entries("g", 2, 1))
    assert await log.read("g") == entries("g", 0, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [entry("g", 0), entry("g", 2)],
        [entry("g", 0), entry("g", 0)],
        [entry("g", 1)],
        [entry("h", 0)],
        [entry("g", 0), entry("h", 1)],
        [entry("g", 0), entry("g", 1, payload={"x": object()})],
        [entry("g", 0, payload={"x": "\ud800"})],
        [entry("g", 0, payload={"x": {(): 1}})],
        [entry("g", 0, at=2**63)],
        [entry("g", 0, at=-(2**63) - 1)],
        [entry("g", 0, seat=2**63)],
        [entry("g", 0, action_id="\ud800")],
        [entry("g", 0, action_id="nul \0")],
    ],
    ids=lambda wrong: ascii([(e.game_id, e.seq) for e in wrong])[:40],
)
async def test_entries_that_do_not_fit_are_a_value_error(log: GameLog, wrong: list[Entry]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        await log.append("g", 0, wrong, row=row("g"))
    assert await log.read("g") == []
    assert await log.find_game("g") is None
    await log.append("g", 0, entries("g", 0, 1))


@pytest.mark.parametrize("game_id", ["\ud800", "nul \0"], ids=ascii)
async def test_a_game_id_that_cannot_be_stored_is_a_value_error(log: GameLog, game_id: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        await log.append(game_id, 0, entries(game_id, 0, 1))
    assert await log.find_game(game_id) is None


@pytest.mark.parametrize(
    "wrong",
    [
        row("h"),
        row("g", options={"x": object()}),
        row("g", engine="\ud800"),
        row("g", engine="nul \0"),
        GameRow(
            game_id="g",
            engine="e",
            options={},
            status=GameStatus.OPEN,
            public=True,
            players=(),
            created_at=2**63,
            updated_at=0,
        ),
    ],
    ids=["other game", "options", "surrogate", "nul", "time"],
)
async def test_a_row_that_cannot_be_stored_takes_its_entries_with_it(
    log: GameLog, wrong: GameRow
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        await log.append("g", 0, entries("g", 0, 1), row=wrong)
    assert await log.read("g") == []
    assert await log.find_game("g") is None


@pytest.mark.parametrize(
    "control", [None, Fischer(initial=300, increment=3), Correspondence(days=3)], ids=str
)
async def test_a_row_says_how_long_one_may_think(log: GameLog, control: TimeControl | None) -> None:
    await log.append("g", 0, entries("g", 0, 1), row=row("g", time_control=control))
    assert await log.find_game("g") == row("g", time_control=control)
    assert (await log.list_games()).games == [row("g", time_control=control)]


# --- idempotence ------------------------------------------------------------------------------


async def test_an_action_id_is_taken_once_a_game(log: GameLog) -> None:
    await log.append("g", 0, [entry("g", 0), entry("g", 1, action_id="a")])
    with pytest.raises(DuplicateAction) as caught:
        await log.append("g", 2, [entry("g", 2, action_id="a")])
    assert caught.value.seq == 1
    assert len(await log.read("g")) == 2


async def test_a_duplicate_is_told_before_a_conflict(log: GameLog) -> None:
    await log.append("g", 0, [entry("g", 0, action_id="a")])
    for expected in (0, 7):
        with pytest.raises(DuplicateAction) as caught:
            await log.append("g", expected, [entry("g", expected, action_id="a")])
        assert caught.value.seq == 0


async def test_an_action_id_twice_in_one_append_is_a_duplicate(log: GameLog) -> None:
    twice = [entry("g", 0), entry("g", 1, action_id="a"), entry("g", 2, action_id="a")]
    with pytest.raises(DuplicateAction) as caught:
        await log.append("g", 0, twice)
    assert caught.value.seq == 1
    assert await log.read("g") == []
    await log.append("g", 0, [entry("g", 0, action_id="a")])  # it was never taken


async def test_a_refused_append_takes_no_action_ids(log: GameLog) -> None:
    with pytest.raises(SequenceConflict):
        await log.append("g", 5, [entry("g", 5, action_id="a")])
    await log.append("g", 0, [entry("g", 0, action_id="b")])
    with pytest.raises(DuplicateAction):
        await log.append("g", 1, [entry("g", 1, action_id="c"), entry("g", 2, action_id="b")])
    await log.append("g", 1, [entry("g", 1, action_id="a"), entry("g", 2, action_id="c")])
    assert [found.action_id for found in await log.read("g")] == ["b", "a", "c"]


async def test_an_empty_action_id_is_one_like_any_other(log: GameLog) -> None:
    await log.append("g", 0, [entry("g", 0, action_id=""), entry("g", 1, action_id=None)])
    with pytest.raises(DuplicateAction):
        await log.append("g", 2, [entry("g", 2, action_id="")])


# --- many at once -----------------------------------------------------------------------------


async def test_of_many_who_append_the_same_seq_exactly_one_wins(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1))
    racers = [
        log.append("g", 1, [entry("g", 1, action_id=f"racer {n}", payload={"n": n})])
        for n in range(100)
    ]
    results = await asyncio.gather(*racers, return_exceptions=True)
    winners = [n for n, result in enumerate(results) if result is None]
    assert len(winners) == 1
    assert sum(isinstance(result, SequenceConflict) for result in results) == 99
    assert [found.payload for found in (await log.read("g"))[1:]] == [{"n": winners[0]}]


async def test_racers_who_catch_up_and_try_again_all_get_in_once(log: GameLog) -> None:
    async def racer(name: int) -> None:
        seq = 0
        for turn in range(5):
            while True:
                try:
                    await log.append("g", seq, [entry("g", seq, action_id=f"{name}/{turn}")])
                    break
                except SequenceConflict:
                    seq = len(await log.read("g"))

    await asyncio.gather(*(racer(name) for name in range(8)))
    found = await log.read("g")
    assert [each.seq for each in found] == list(range(40))
    assert {each.action_id for each in found} == {f"{n}/{t}" for n in range(8) for t in range(5)}


async def test_of_many_resends_at_once_one_is_played(log: GameLog) -> None:
    resends = [log.append("g", 0, [entry("g", 0, action_id="a")]) for _ in range(20)]
    results = await asyncio.gather(*resends, return_exceptions=True)
    refusals = [result for result in results if result is not None]
    assert [type(refusal) for refusal in refusals] == [DuplicateAction] * 19
    assert len(await log.read("g")) == 1


async def test_a_fault_in_one_append_harms_no_other(log: GameLog) -> None:
    await log.append("old", 0, [entry("old", 0, action_id="a")])
    results = await asyncio.gather(
        log.append("g0", 0, entries("g0", 0, 1)),
        log.append("old", 0, entries("old", 0, 1)),
        log.append("g1", 0, entries("g1", 0, 2), row=row("g1")),
        log.append("bad", 0, [entry("bad", 0, payload={"x": {1, object()}})]),
        log.append("old", 1, [entry("old", 1, action_id="a")]),
        log.append("g2", 0, entries("g2", 0, 1)),
        log.append("gap", 3, entries("gap", 3, 1), row=row("gap")),
        log.append("old", 1, entries("old", 1, 1)),
        log.append("g0", 1, entries("g0", 1, 1)),
        return_exceptions=True,
    )
    kinds = [None if result is None else type(result) for result in results]
    assert kinds == [
        None,
        SequenceConflict,
        None,
        ValueError,
        DuplicateAction,
        None,
        SequenceConflict,
        None,
        None,
    ]
    lengths = {game: len(await log.read(game)) for game in ("g0", "g1", "g2", "old", "bad", "gap")}
    assert lengths == {"g0": 2, "g1": 2, "g2": 1, "old": 2, "bad": 0, "gap": 0}
    assert await log.find_game("g1") == row("g1")
    assert await log.find_game("gap") is None


async def test_an_append_whose_caller_is_cancelled_is_there_whole_or_not_at_all(
    log: GameLog,
) -> None:
    tasks = [
        asyncio.ensure_future(log.append(f"g{n}", 0, entries(f"g{n}", 0, 3), row=row(f"g{n}")))
        for n in range(60)
    ]
    await asyncio.sleep(0)  # all of them are on their way
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for n, task in enumerate(tasks):
        found = await log.read(f"g{n}")
        game = await log.find_game(f"g{n}")
        assert (len(found), game is None) in ((3, False), (0, True))
        if n % 2:
            assert task.exception() is None
            assert len(found) == 3
    end = len(await log.read("g0"))
    await log.append("g0", end, entries("g0", end, 1))


# --- the index --------------------------------------------------------------------------------


async def test_a_row_is_written_with_its_entries(log: GameLog) -> None:
    assert await log.find_game("g") is None
    created = row("g", options={"size": 3, "names": ["ä"]})
    await log.append("g", 0, entries("g", 0, 1), row=created)
    assert await log.find_game("g") == created
    ended = row(
        "g",
        status=GameStatus.OVER,
        players=(ALICE, BOB),
        outcome=Outcome((1,), "line", (0.0, 1.5)),
    )
    await log.append("g", 1, entries("g", 1, 1), row=ended)
    assert await log.find_game("g") == ended
    await log.append("g", 2, entries("g", 2, 1))
    assert await log.find_game("g") == ended


async def test_a_refused_append_leaves_the_row_as_it_was(log: GameLog) -> None:
    await log.append("g", 0, [entry("g", 0, action_id="a")], row=row("g"))
    changed = row("g", status=GameStatus.OVER, players=(BOB, None))
    with pytest.raises(SequenceConflict):
        await log.append("g", 0, entries("g", 0, 1), row=changed)
    with pytest.raises(DuplicateAction):
        await log.append("g", 1, [entry("g", 1, action_id="a")], row=changed)
    assert await log.find_game("g") == row("g")
    assert (await log.list_games(player=BOB)).games == []


async def fill_lobby(log: GameLog) -> list[GameRow]:
    """Games of every status, engine, privacy and player, oldest first."""
    games = [
        row(
            f"game-{n:03d}",
            status=list(GameStatus)[n % 3],
            engine=("chess", "go")[n // 3 % 2],
            public=n % 5 != 0,
            players=((ALICE, BOB), (BOB, None), (None, None), (ALICE, ALICE))[n % 4],
        )
        for n in range(60)
    ]
    await asyncio.gather(
        *(log.append(game.game_id, 0, entries(game.game_id, 0, 1), row=game) for game in games)
    )
    return games


@pytest.mark.parametrize("public_only", [True, False])
@pytest.mark.parametrize("player", [None, ALICE])
@pytest.mark.parametrize("engine", [None, "go"])
@pytest.mark.parametrize("status", [None, *GameStatus])
async def test_lists_are_filtered_and_newest_first(
    log: GameLog, status: GameStatus | None, engine: str | None, player: Any, public_only: bool
) -> None:
    wanted = [
        game
        for game in reversed(await fill_lobby(log))
        if status in (None, game.status)
        and engine in (None, game.engine)
        and (player is None or any(p and p.user_id == player for p in game.players))
        and (game.public or not public_only)
    ]
    assert wanted
    filters: dict[str, Any] = {
        "status": status,
        "engine": engine,
        "player": player,
        "public_only": public_only,
    }
    everything = await log.list_games(**filters, limit=60)
    assert everything.games == wanted
    assert everything.cursor is None

    paged: list[GameRow] = []
    cursor = None
    while True:
        page = await log.list_games(**filters, cursor=cursor, limit=3)
        paged += page.games
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.games) == 3
    assert paged == wanted


async def test_a_page_that_is_just_full_has_no_cursor(log: GameLog) -> None:
    for n in range(4):
        await log.append(f"g{n}", 0, entries(f"g{n}", 0, 1), row=row(f"g{n}"))
    assert (await log.list_games(limit=4)).cursor is None
    assert (await log.list_games(limit=3)).cursor is not None
    assert (await log.list_games(limit=10**30)).cursor is None


async def test_pages_are_stable_while_games_are_added_and_changed(log: GameLog) -> None:
    for n in range(10):
        await log.append(f"g{n}", 0, entries(f"g{n}", 0, 1), row=row(f"g{n}"))
    seen: list[str] = []
    cursor = None
    for turn in range(20):
        page = await log.list_games(cursor=cursor, limit=3)
        seen += [game.game_id for game in page.games]
        cursor = page.cursor
        if cursor is None:
            break
        new = f"h{turn}"
        await log.append(new, 0, entries(new, 0, 1), row=row(new))
        live = row("g1", status=GameStatus.LIVE)
        await log.append("g1", 1 + turn, entries("g1", 1 + turn, 1), row=live)
    assert seen == [f"g{n}" for n in reversed(range(10))]


@pytest.mark.parametrize("game_id", ["g", "ß 漢 🎲", "a/b?c&d", "x" * 300])
async def test_a_cursor_is_plain_text_for_any_game_id(log: GameLog, game_id: str) -> None:
    for name in (game_id, game_id + "!"):
        await log.append(name, 0, entries(name, 0, 1), row=row(name))
    first = await log.list_games(limit=1)
    assert first.cursor is not None
    assert first.cursor.replace("-", "").replace("_", "").isalnum()
    assert first.cursor.isascii()
    second = await log.list_games(cursor=first.cursor, limit=1)
    assert [game.game_id for game in second.games] == [game_id]


@pytest.mark.parametrize("cursor", ["", "g1", "nonsense!", "é", "Z", "Zzzzz", "ZzE6__", "eDpn"])
async def test_a_malformed_cursor_is_an_invalid_message(log: GameLog, cursor: str) -> None:
    with pytest.raises(InvalidMessage):
        await log.list_games(cursor=cursor)
    with pytest.raises(InvalidMessage):
        await log.list_games(cursor=cursor, player=ALICE)


async def test_a_page_has_at_least_one_game(log: GameLog) -> None:
    for limit in (0, -1):
        with pytest.raises(ValueError, match="limit"):
            await log.list_games(limit=limit)


async def test_who_leaves_a_seat_leaves_the_list(log: GameLog) -> None:
    async def games_of(user: Any) -> list[str]:
        return [game.game_id for game in (await log.list_games(player=user)).games]

    await log.append("g", 0, entries("g", 0, 1), row=row("g", players=(ALICE, None)))
    await log.append("g", 1, entries("g", 1, 1), row=row("g", players=(ALICE, BOB)))
    assert (await games_of(ALICE), await games_of(BOB)) == (["g"], ["g"])
    await log.append("g", 2, entries("g", 2, 1), row=row("g", players=(None, BOB)))
    assert (await games_of(ALICE), await games_of(BOB)) == ([], ["g"])
    await asyncio.gather(  # in one go: comes back, and the other leaves and comes back
        log.append("g", 3, entries("g", 3, 1), row=row("g", players=(ALICE, None))),
        log.append("g", 4, entries("g", 4, 1), row=row("g", players=(ALICE, BOB))),
        log.append("h", 0, entries("h", 0, 1), row=row("h", players=(BOB, None))),
        log.append("h", 1, entries("h", 1, 1), row=row("h", players=(None, None))),
    )
    assert (await games_of(ALICE), await games_of(BOB)) == (["g"], ["g"])


# --- deadlines and outages --------------------------------------------------------------------


async def test_games_are_due_earliest_first(log: GameLog) -> None:
    for game_id, due_at in (("late", 30), ("soon", 10), ("next", 20), ("never", None)):
        await log.append(game_id, 0, entries(game_id, 0, 1), due_at=due_at)
    await log.append("untimed", 0, entries("untimed", 0, 1))
    assert await log.due_games(9) == []
    assert await log.due_games(20) == ["soon", "next"]
    assert await log.due_games(10**30) == ["soon", "next", "late"]
    assert await log.due_games(10**30, limit=2) == ["soon", "next"]


async def test_a_deadline_is_moved_kept_and_removed(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    await log.append("g", 1, entries("g", 1, 1), due_at=30)
    assert (await log.due_games(29), await log.due_games(30)) == ([], ["g"])
    await log.append("g", 2, entries("g", 2, 1))
    assert await log.due_games(30) == ["g"]
    await log.append("g", 3, entries("g", 3, 1), due_at=None)
    assert await log.due_games(10**15) == []


async def test_a_refused_append_leaves_the_deadline_as_it_was(log: GameLog) -> None:
    await log.append("g", 0, [entry("g", 0, action_id="a")], due_at=10)
    with pytest.raises(SequenceConflict):
        await log.append("g", 0, entries("g", 0, 1), due_at=99)
    with pytest.raises(DuplicateAction):
        await log.append("g", 1, [entry("g", 1, action_id="a")], due_at=None)
    with pytest.raises(ValueError, match="64 bits"):
        await log.append("g", 1, entries("g", 1, 1), due_at=2**63)
    assert await log.due_games(10) == ["g"]


async def test_deadlines_of_many_games_go_together(log: GameLog) -> None:
    await asyncio.gather(
        *(log.append(f"g{n}", 0, entries(f"g{n}", 0, 1), due_at=n) for n in range(300)),
        *(log.append(f"h{n}", 0, entries(f"h{n}", 0, 1), due_at=None) for n in range(20)),
    )
    assert await log.due_games(1000, limit=1000) == [f"g{n}" for n in range(300)]


async def test_servers_that_live_have_no_outages(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    assert [await log.beat(at, 3000) for at in (1000, 2000, 5000, 8000)] == [[]] * 4


async def test_a_long_silence_is_an_outage_and_is_remembered(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    await log.beat(1000, 3000)
    assert await log.beat(4001, 3000) == [Outage(1000, 4001)]
    assert await log.beat(5000, 3000) == [Outage(1000, 4001)]
    assert await log.beat(9000, 3000) == [Outage(1000, 4001), Outage(5000, 9000)]


async def test_a_beat_of_a_clock_that_runs_behind_changes_nothing(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    await log.beat(10_000, 3000)
    assert await log.beat(1000, 3000) == []
    assert await log.beat(12_000, 3000) == []


async def test_nobody_misses_a_server_without_deadlines(log: GameLog) -> None:
    assert await log.beat(1000, 3000) == []
    assert await log.beat(100_000, 3000) == []
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    assert await log.beat(103_000, 3000) == []
    assert await log.beat(110_000, 3000) == [Outage(103_000, 110_000)]


async def test_an_outage_is_forgotten_when_no_player_can_have_lost_by_it(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    await log.beat(0, 3000)
    assert await log.beat(10_000, 3000) == [Outage(0, 10_000)]
    later = 10_000 + OUTAGES_KEPT_MS
    assert await log.beat(later, 10**15) == []


# --- the end ----------------------------------------------------------------------------------


async def test_a_log_that_is_open_answers(log: GameLog) -> None:
    await log.check()


async def test_a_closed_log_is_unavailable(log: GameLog) -> None:
    await log.append("g", 0, entries("g", 0, 1), row=row("g"))
    await log.aclose()
    await log.aclose()
    for call in (
        log.append("g", 1, entries("g", 1, 1)),
        log.read("g"),
        log.find_game("g"),
        log.list_games(),
        log.due_games(1),
        log.beat(1, 1),
        log.check(),
    ):
        with pytest.raises(Unavailable):
            await call


async def test_closing_writes_what_is_pending(log: GameLog) -> None:
    tasks = [
        asyncio.ensure_future(log.append(f"g{n}", 0, entries(f"g{n}", 0, 1))) for n in range(50)
    ]
    await asyncio.sleep(0)  # all of them are on their way
    await asyncio.gather(log.aclose(), log.aclose())
    assert [task.exception() for task in tasks if task.done()] == [None] * 50
