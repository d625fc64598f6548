"""A retried action is never played twice, whoever answers the retry."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meeple.errors import IllegalAction, InvalidMessage, NotYourTurn
from tests.services.house import ANN, BEN, Happened, House, gate, within


async def test_a_resend_gets_the_first_receipt_and_plays_nothing(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    first = await node.act(game_id, ANN, 4, action_id="a")
    await node.act(game_id, BEN, 0)
    await node.join("ann", game_id, ANN)
    any_house.happened.clear()
    again = await node.act(game_id, ANN, 4, action_id="a")
    assert again == first
    assert any_house.happened == [Happened("acked", 4)]
    assert await any_house.seqs(game_id) == [0, 1, 2, 3, 4, 5]


async def test_a_resend_plays_nothing_even_if_it_would_be_legal(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table("connect-four")
    first = await node.act(game_id, ANN, 3, action_id="a")
    await node.act(game_id, BEN, 3, action_id="b")
    assert await node.act(game_id, ANN, 3, action_id="a") == first
    assert len(await any_house.seqs(game_id)) == 6


async def test_resends_at_the_same_time_play_once(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table("connect-four")
    receipts = await asyncio.gather(*(node.act(game_id, ANN, 3, action_id="a") for _ in range(8)))
    assert {receipt.seq for receipt in receipts} == {4}
    assert len(await any_house.seqs(game_id)) == 5


async def test_an_action_without_an_id_is_played_each_time(house: House) -> None:
    node = house.node()
    game_id = (await node.create("solo")).game_id
    seqs = [(await node.act(game_id, ANN, "x")).seq for _ in range(2)]
    assert seqs[1] == seqs[0] + 1


async def test_the_same_id_of_another_seat_is_another_action(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    assert (await node.act(game_id, ANN, 4, action_id="1")).seq == 4
    assert (await node.act(game_id, BEN, 0, action_id="1")).seq == 5
    assert (await node.act(game_id, ANN, 4, action_id="1")).seq == 4
    assert (await node.act(game_id, BEN, 0, action_id="1")).seq == 5


async def test_a_seat_cannot_get_the_receipt_of_another_by_a_clever_id(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.act(game_id, ANN, 4, action_id="1")
    for clever in ("0:1", ":1", "1:1"):
        with pytest.raises(IllegalAction):
            await node.act(game_id, BEN, 4, action_id=clever)


async def test_a_resend_after_eviction_gets_the_first_receipt(any_house: House) -> None:
    node = any_house.node(max_live=1)
    game_id = await node.table()
    first = await node.act(game_id, ANN, 4, action_id="a")
    await node.table()
    assert await node.act(game_id, ANN, 4, action_id="a") == first
    assert any_house.log.reads[game_id] == 1


async def test_a_resend_to_a_node_that_did_not_know_the_game_gets_the_first_receipt(
    any_house: House,
) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    first = await one.act(game_id, ANN, 4, action_id="a")
    assert await other.act(game_id, ANN, 4, action_id="a") == first


async def test_a_resend_to_a_node_that_missed_the_action_gets_the_first_receipt(
    any_house: House,
) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    await other.join("ben", game_id, BEN)
    first = await one.act(game_id, ANN, 4, action_id="a")
    assert await other.act(game_id, ANN, 4, action_id="a") == first
    assert other.viewers.seqs("ben") == [3, 4]


async def test_a_resend_that_a_node_would_refuse_by_what_it_knows_gets_the_first_receipt(
    any_house: House,
) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    await other.spectate("eve", game_id)
    await one.act(game_id, ANN, 4, action_id="a")
    first = await one.act(game_id, BEN, 0, action_id="b")
    # As far as the other node knows, it is Ann's turn.
    assert await other.act(game_id, BEN, 0, action_id="b") == first
    assert other.viewers.seqs("eve") == [3, 4, 5]


async def test_a_move_that_became_legal_elsewhere_is_played(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    await other.spectate("eve", game_id)
    await one.act(game_id, ANN, 4)
    assert (await other.act(game_id, BEN, 0, seq=4)).seq == 5
    with pytest.raises(NotYourTurn):
        await other.act(game_id, BEN, 1)


async def test_resigning_again_under_the_same_id_gets_the_first_receipt(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    first = await one.resign(game_id, ANN, action_id="r")
    assert first.seq == 4
    assert await one.resign(game_id, ANN, action_id="r") == first
    assert await other.resign(game_id, ANN, action_id="r") == first
    assert len(await any_house.seqs(game_id)) == 6


async def test_a_resend_after_the_end_gets_the_first_receipt(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    first = await node.act(game_id, ANN, 4, action_id="a")
    await node.resign(game_id, BEN)
    assert await node.act(game_id, ANN, 4, action_id="a") == first
    assert await any_house.node().act(game_id, ANN, 4, action_id="a") == first


async def test_a_resend_of_the_winning_move_gets_the_seq_of_the_move(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4)):
        await node.act(game_id, player, cell)
    first = await node.act(game_id, ANN, 2, action_id="won")
    assert await node.act(game_id, ANN, 2, action_id="won") == first
    assert first.seq == 8


async def test_a_resend_that_names_the_old_seq_gets_the_first_receipt(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    first = await node.act(game_id, ANN, 4, action_id="a", seq=3)
    assert await node.act(game_id, ANN, 4, action_id="a", seq=3) == first


async def test_an_id_counts_even_if_the_seat_was_taken_a_moment_before(house: House) -> None:
    node = house.node()
    game_id = (await node.create("goofspiel")).game_id
    reached, opened, house.log.before = gate()
    sitting = asyncio.create_task(node.sit(game_id, BEN))
    await within(reached.wait())
    bidding = asyncio.create_task(node.act(game_id, BEN, 1, action_id="b"))
    opened.set()
    await within(sitting)
    first = await within(bidding)
    assert await node.act(game_id, BEN, 1, action_id="b") == first


@pytest.mark.parametrize("action_id", ["a\0b", "\ud800"])
async def test_an_id_that_no_log_can_keep_is_refused(any_house: House, action_id: str) -> None:
    node = any_house.node()
    game_id = await node.table()
    with pytest.raises(InvalidMessage):
        await node.act(game_id, ANN, 4, action_id=action_id)
    with pytest.raises(InvalidMessage):
        await node.resign(game_id, ANN, action_id=action_id)
    assert len(await any_house.seqs(game_id)) == 4


@pytest.mark.parametrize("action_id", ["1", "a:b", ":", "", "ü" * 64, "'; --"])
async def test_any_other_id_is_kept(any_house: House, action_id: Any) -> None:
    node = any_house.node()
    game_id = await node.table()
    first = await node.act(game_id, ANN, 4, action_id=action_id)
    assert await any_house.node().act(game_id, ANN, 4, action_id=action_id) == first
    [entry] = [one for one in await node.replay(game_id, ANN) if one.seq == first.seq]
    assert entry.action_id == action_id
