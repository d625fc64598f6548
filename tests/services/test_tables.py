"""The games in memory: bounded, loaded once, and never two of one."""

from __future__ import annotations

import asyncio

import pytest

from meeple.engine.game import Step
from meeple.errors import EngineNotFound, GameNotFound, Unavailable
from meeple.protocols import GameLog
from meeple.services.tables import Tables
from tests.services.house import ANN, BEN, EVE, START, House, gate, within

PLAYERS = (ANN, BEN, EVE)


async def test_more_games_than_fit_in_memory_can_all_be_played(any_house: House) -> None:
    node = any_house.node(max_live=2)
    games = [await node.table() for _ in range(6)]
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4), (ANN, 2)):
        for game_id in games:
            await node.act(game_id, player, cell)
    for game_id in games:
        outcome = (await node.state(game_id)).outcome
        assert outcome is not None
        assert outcome.winners == (0,)


async def test_a_game_in_memory_is_played_without_reading(house: House) -> None:
    node = house.node(max_live=2)
    game_id = await node.table()
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4), (ANN, 2)):
        await node.act(game_id, player, cell)
    assert house.log.reads.total() == 0


async def test_no_more_tables_than_the_limit_are_kept_and_the_latest_stay(house: House) -> None:
    node = house.node()
    games = [await node.table() for _ in range(5)]
    tables = Tables(house.shelf, house.log, limit=2)
    for game_id in games:
        await tables.get(game_id)
    assert len(tables) == 2
    house.log.reads.clear()
    await tables.get(games[3])
    await tables.get(games[0])
    await tables.get(games[3])
    assert house.log.reads == {games[0]: 1}


async def test_tables_that_are_unsure_are_kept_until_they_are_sure(house: House) -> None:
    node = house.node()
    games = [await node.table() for _ in range(4)]
    tables = Tables(house.shelf, house.log, limit=1)
    for game_id in games[:3]:
        tables.doubt(await tables.get(game_id))
    assert len(tables) == 3
    for game_id in games[:3]:
        table = await tables.get(game_id)
        async with table.lock:
            await tables.catch_up(table)
        del table
    assert len(tables) == 3
    await tables.get(games[3])
    assert len(tables) == 1


async def test_those_who_ask_at_once_share_one_reading(house: House) -> None:
    game_id = await house.node().table()
    tables = Tables(house.shelf, house.log)
    _, opened, house.log.before_read = gate()

    async def open_it() -> None:
        opened.set()

    *found, _ = await within(asyncio.gather(*(tables.get(game_id) for _ in range(20)), open_it()))
    assert len({id(table) for table in found}) == 1
    assert house.log.reads[game_id] == 1


async def test_one_who_gives_up_does_not_take_the_reading_from_the_others(house: House) -> None:
    game_id = await house.node().table()
    tables = Tables(house.shelf, house.log)
    reached, opened, house.log.before_read = gate()
    first = asyncio.create_task(tables.get(game_id))
    second = asyncio.create_task(tables.get(game_id))
    await within(reached.wait())
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    opened.set()
    assert (await within(second)).game.seq == START
    assert house.log.reads[game_id] == 1


async def test_a_reading_that_failed_is_tried_again(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    other = house.node()

    async def fail() -> None:
        raise Unavailable

    house.log.before_read = fail
    with pytest.raises(Unavailable):
        await other.state(game_id)
    house.log.before_read = None
    assert (await other.state(game_id)).seq == START


async def test_a_game_that_is_not_in_the_log_is_asked_for_each_time(house: House) -> None:
    node = house.node()
    for _ in range(2):
        with pytest.raises(GameNotFound):
            await node.state("nowhere")
    assert house.log.reads["nowhere"] == 2


async def test_a_game_whose_engine_is_gone_is_no_other_games_trouble(house: House) -> None:
    game_id = await house.node().table("plain")
    fine = await house.node().table()
    del house.shelf.engines["plain"]
    node = house.node()
    with pytest.raises(EngineNotFound):
        await node.state(game_id)
    assert (await node.act(fine, ANN, 4)).seq == START + 1


async def test_while_a_table_is_in_use_nobody_gets_another_of_the_same_game(house: House) -> None:
    node = house.node()
    games = [await node.table() for _ in range(3)]
    tables = Tables(house.shelf, house.log, limit=1)
    in_use = await tables.get(games[0])
    for game_id in games[1:]:
        await tables.get(game_id)
    assert len(tables) == 1
    assert await tables.get(games[0]) is in_use


async def test_a_crowd_in_a_small_memory_hears_every_seq_once(log: GameLog) -> None:
    house = House(log)
    node = house.node(max_live=1)
    games = []
    for _ in range(3):
        game_id = (await node.create("goofspiel", seats=3, options={"cards": 4})).game_id
        for player in PLAYERS[1:]:
            await node.sit(game_id, player)
        games.append(game_id)
        for player in PLAYERS:
            await node.join(f"{player.name} at {game_id}", game_id, player)

    for card in range(1, 5):
        bids = (node.act(game_id, player, card) for player in PLAYERS for game_id in games)
        await within(asyncio.gather(*bids))
    for game_id in games:
        end = (await house.seqs(game_id))[-1]
        for player in PLAYERS:
            assert node.viewers.seqs(f"{player.name} at {game_id}") == list(range(4, end + 1))


async def test_a_table_knows_every_action_id_of_its_log(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.act(game_id, ANN, 4, action_id="x")
    await node.act(game_id, BEN, 0)
    await node.act(game_id, ANN, 8, action_id="y")
    table = await Tables(house.shelf, house.log).get(game_id)
    assert sorted(table.action_ids.values()) == [START + 1, START + 3]


async def test_catching_up_gives_what_is_new(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    tables = Tables(house.shelf, house.log)
    table = await tables.get(game_id)
    assert await tables.catch_up(table) == []
    await node.act(game_id, ANN, 4, action_id="x")
    await node.act(game_id, BEN, 0)
    steps: list[Step] = await tables.catch_up(table)
    assert [step.entry.seq for step in steps] == [START + 1, START + 2]
    assert table.game.seq == START + 2
    assert list(table.action_ids.values()) == [START + 1]
