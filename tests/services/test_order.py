"""Append, then ack, then broadcast; and nothing of it if the append fails."""

from __future__ import annotations

import asyncio

import pytest

from meeple.engine.log import EntryKind
from meeple.errors import Unavailable
from meeple.store.memory import MemoryGameLog
from tests.services.house import ANN, BEN, EVE, START, Happened, House, gate, within


async def fail() -> None:
    raise Unavailable


async def test_an_action_is_appended_then_acked_then_broadcast(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    any_house.happened.clear()
    await node.act(game_id, ANN, 4)
    assert any_house.happened[:2] == [Happened("appended", 4), Happened("acked", 4)]
    assert sorted(any_house.happened[2:], key=str) == [
        Happened("sent", 4, 0),
        Happened("sent", 4, None),
    ]


async def test_the_last_action_tells_the_move_and_then_the_end(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN)
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4)):
        await node.act(game_id, player, cell)
    any_house.happened.clear()
    await node.act(game_id, ANN, 2)
    assert any_house.happened == [
        Happened("appended", 8),
        Happened("appended", 9),
        Happened("acked", 8),
        Happened("sent", 8, 0),
        Happened("sent", 9, 0),
    ]
    assert [m.event for m in node.viewers.inbox["ann"][-2:]] == ["game:state", "game:over"]


async def test_a_resignation_is_appended_then_acked_then_broadcast(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.join("ben", game_id, BEN)
    house.happened.clear()
    await node.resign(game_id, ANN)
    assert [one.what for one in house.happened] == ["appended"] * 2 + ["acked"] + ["sent"] * 2


async def test_nobody_hears_of_an_action_before_it_is_on_the_disk(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN)
    house.happened.clear()
    reached, opened, house.log.before = gate()
    playing = asyncio.create_task(node.act(game_id, ANN, 4))
    await within(reached.wait())
    assert house.happened == []
    opened.set()
    await within(playing)
    assert [one.what for one in house.happened] == ["appended", "acked", "sent"]


async def test_when_the_append_fails_nobody_is_acked_or_told(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN)
    any_house.happened.clear()
    any_house.log.before = fail
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4)
    assert any_house.happened == []
    assert await any_house.seqs(game_id) == [0, 1, 2, START]


async def test_after_a_failed_append_the_log_is_asked_before_the_next_use(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    house.log.before = fail
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4)
    reads = house.log.reads[game_id]
    assert (await node.state(game_id)).seq == START
    assert house.log.reads[game_id] == reads + 1
    assert (await node.act(game_id, ANN, 4)).seq == START + 1
    assert (await node.act(game_id, BEN, 5)).seq == START + 2
    assert house.log.reads[game_id] == reads + 1


async def test_a_table_that_could_not_be_made_does_not_exist(house: House) -> None:
    node = house.node()
    house.log.before = fail
    with pytest.raises(Unavailable):
        await node.create()
    assert (await node.games.reader.list_games()).games == []


# --- an append whose fate is unknown ----------------------------------------------------------


async def test_a_resend_gets_the_receipt_of_an_append_that_only_seemed_to_fail(
    any_house: House,
) -> None:
    node = any_house.node()
    game_id = await node.table()
    any_house.log.after = fail
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4, action_id="a")
    assert (await node.act(game_id, ANN, 4, action_id="a")).seq == START + 1
    assert await any_house.seqs(game_id) == [0, 1, 2, START, START + 1]
    assert (await node.act(game_id, BEN, 0, action_id="a")).seq == START + 2


async def test_viewers_are_told_of_an_action_whose_append_only_seemed_to_fail(
    any_house: House,
) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.join("ben", game_id, BEN)
    any_house.log.after = fail
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4, action_id="a")
    await node.act(game_id, ANN, 4, action_id="a")
    assert node.viewers.seqs("ben") == [START, START + 1]
    await node.act(game_id, BEN, 0)
    assert node.viewers.seqs("ben") == [START, START + 1, START + 2]


async def test_viewers_are_told_even_if_others_have_filled_the_memory(house: House) -> None:
    node = house.node(max_live=1)
    game_id = await node.table()
    await node.join("ben", game_id, BEN)
    house.log.after = fail
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4)
    await node.table()
    await node.table()
    assert (await node.state(game_id)).seq == START + 1
    assert node.viewers.seqs("ben") == [START, START + 1]


async def test_viewers_are_told_even_if_others_filled_the_memory_meanwhile(house: House) -> None:
    node = house.node(max_live=1)
    game_id = await node.table()
    await node.join("ben", game_id, BEN)

    async def fill_and_fail() -> None:
        await node.table()
        raise Unavailable

    house.log.after = fill_and_fail
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4)
    assert (await node.state(game_id)).seq == START + 1
    assert node.viewers.seqs("ben") == [START, START + 1]


async def test_one_who_waited_behind_a_failed_append_sees_what_became_of_it(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    reached, opened, wait = gate()

    async def wait_and_fail() -> None:
        await wait()
        raise Unavailable

    house.log.after = wait_and_fail
    playing = asyncio.create_task(node.act(game_id, ANN, 4))
    await within(reached.wait())
    joining = asyncio.create_task(node.join("ben", game_id, BEN))
    answering = asyncio.create_task(node.act(game_id, BEN, 0))
    opened.set()
    with pytest.raises(Unavailable):
        await within(playing)
    assert (await within(joining)).seq == START + 1
    assert (await within(answering)).seq == START + 2
    assert node.viewers.seqs("ben") == [START + 1, START + 2]


async def test_a_seat_whose_append_only_seemed_to_fail_is_taken(any_house: House) -> None:
    node = any_house.node()
    game_id = (await node.create()).game_id
    any_house.log.after = fail
    with pytest.raises(Unavailable):
        await node.sit(game_id, BEN)
    assert (await node.sit(game_id, BEN)).seat == 1
    assert await any_house.kinds(game_id) == [
        EntryKind.CREATED,
        EntryKind.SEATED,
        EntryKind.SEATED,
        EntryKind.STARTED,
    ]


@pytest.mark.parametrize("committed", [False, True])
async def test_after_a_cancelled_append_the_game_goes_on(any_house: House, committed: bool) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.join("ben", game_id, BEN)
    reached, _, wait = gate()
    if committed:
        any_house.log.after = wait
    else:
        any_house.log.before = wait
    playing = asyncio.create_task(node.act(game_id, ANN, 4, action_id="a"))
    await within(reached.wait())
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(playing)
    assert (await node.act(game_id, ANN, 4, action_id="a")).seq == START + 1
    assert (await node.act(game_id, BEN, 0)).seq == START + 2
    assert await any_house.seqs(game_id) == [0, 1, 2, START, START + 1, START + 2]
    assert node.viewers.seqs("ben") == [START, START + 1, START + 2]


async def test_one_who_gives_up_waiting_for_the_game_changes_nothing(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    reached, opened, house.log.before = gate()
    playing = asyncio.create_task(node.act(game_id, ANN, 4))
    await within(reached.wait())
    waiting = asyncio.create_task(node.act(game_id, BEN, 0))
    joining = asyncio.create_task(node.spectate("eve", game_id))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(waiting)
    opened.set()
    assert (await within(playing)).seq == START + 1
    assert (await within(joining)).seq == START + 1
    assert (await node.act(game_id, BEN, 0)).seq == START + 2


# --- time -------------------------------------------------------------------------------------


async def test_times_in_a_log_never_run_backwards(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    start = any_house.clock.now
    for player, cell, now in ((ANN, 4, start + 9), (BEN, 0, start - 5000), (ANN, 8, start + 10)):
        any_house.clock.now = now
        await node.act(game_id, player, cell)
    other = any_house.node()
    any_house.clock.now = 0
    await other.resign(game_id, BEN)
    times = [entry.at - start for entry in await any_house.log.read(game_id)]
    assert times == [0, 0, 0, 0, 9, 9, 10, 10, 10]


# --- presence ---------------------------------------------------------------------------------


async def test_viewers_are_told_who_is_at_the_table(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    house.room.users = {BEN.user_id}
    await node.games.viewers.announce_presence(game_id)
    for sid in ("ann", "eve"):
        last = node.viewers.inbox[sid][-1]
        assert last.event == "game:presence"
        assert [player.online for player in last.payload.players] == [False, True]


async def test_presence_of_a_game_without_viewers_reads_nothing() -> None:
    house = House(MemoryGameLog())
    node = house.node()
    game_id = await node.table()
    other = house.node()
    await other.games.viewers.announce_presence(game_id)
    await other.games.viewers.announce_presence("no such game")
    assert house.log.reads.total() == 0


async def test_one_who_left_is_told_no_more(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    node.games.viewers.leave("eve", game_id)
    await node.act(game_id, ANN, 4)
    assert node.viewers.seqs("ann") == [START, START + 1]
    assert node.viewers.seqs("eve") == [START]


async def test_the_lobby_shows_public_games_and_a_player_sees_all_own(any_house: House) -> None:
    node = any_house.node()
    shown = await node.table()
    hidden = await node.table(public=False)
    assert [row.game_id for row in (await node.games.reader.list_games()).games] == [shown]
    for player, count in ((ANN, 2), (BEN, 2), (EVE, 0)):
        page = await node.games.reader.list_games(player=player.user_id)
        assert len(page.games) == count
    await node.resign(hidden, ANN)
    over = await node.games.reader.list_games(
        player=ANN.user_id, status=(await node.state(hidden)).status
    )
    assert [row.game_id for row in over.games] == [hidden]
