"""Two nodes over one log: the log decides, and whoever lost catches up and decides again."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from meeple.errors import (
    DuplicateAction,
    EngineError,
    GameFull,
    GameOver,
    IllegalAction,
    NotYourTurn,
    SeatTaken,
    SequenceConflict,
    StaleSeq,
    Unavailable,
)
from tests.services.engines import Moves, Plain, Shelf
from tests.services.house import ANN, BEN, EVE, START, House


async def test_of_two_nodes_that_play_the_same_move_one_wins(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    await one.spectate("here", game_id)
    await other.spectate("there", game_id)
    won = await one.act(game_id, ANN, 4)
    with pytest.raises(NotYourTurn):
        await other.act(game_id, ANN, 4)
    assert won.seq == START + 1
    assert await any_house.seqs(game_id) == list(range(START + 2))
    assert one.viewers.seqs("here") == other.viewers.seqs("there") == [START, START + 1]


async def test_moves_at_the_same_time_on_two_nodes_play_one(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    await other.spectate("there", game_id)
    results = await asyncio.gather(
        one.act(game_id, ANN, 4), other.act(game_id, ANN, 0), return_exceptions=True
    )
    assert sum(isinstance(result, NotYourTurn) for result in results) == 1
    assert len(await any_house.seqs(game_id)) == START + 2
    await other.act(game_id, BEN, 8)
    assert other.viewers.seqs("there") == [START, START + 1, START + 2]


async def test_bids_at_the_same_time_on_two_nodes_all_count(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table("goofspiel", options={"cards": 5})
    await one.join("ann", game_id, ANN)
    await other.join("ben", game_id, BEN)
    for card in range(1, 6):
        await asyncio.gather(one.act(game_id, ANN, card), other.act(game_id, BEN, card))
    assert await any_house.seqs(game_id) == list(range(START + 1 + 10 + 1))
    for node, sid in ((one, "ann"), (other, "ben")):
        heard = node.viewers.seqs(sid)
        assert heard == list(range(START, START + len(heard)))
        assert len(heard) > 9


async def test_the_loser_decides_again_on_what_it_learned(house: House) -> None:
    one, other = house.node(), house.node()
    game_id = await one.table("goofspiel")
    await other.spectate("there", game_id)
    await one.act(game_id, ANN, 5)
    await one.act(game_id, BEN, 7)
    # Not refused, and not played in the round that is over.
    assert (await other.act(game_id, ANN, 6)).seq == START + 3
    with pytest.raises(IllegalAction):
        await other.act(game_id, BEN, 7)
    assert other.viewers.seqs("there") == [START, START + 1, START + 2, START + 3]


async def test_a_named_seq_is_stale_if_the_other_node_was_faster(house: House) -> None:
    one, other = house.node(), house.node()
    game_id = await one.table("goofspiel")
    await other.state(game_id)
    await one.act(game_id, ANN, 5)
    with pytest.raises(StaleSeq):
        await other.act(game_id, BEN, 5, seq=START)


async def test_the_last_seat_goes_to_one_of_two(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = (await one.create()).game_id
    await other.state(game_id)
    results = await asyncio.gather(
        one.sit(game_id, BEN), other.sit(game_id, EVE), return_exceptions=True
    )
    assert sum(isinstance(result, GameFull) for result in results) == 1
    assert len(await any_house.seqs(game_id)) == START + 1
    assert (await one.state(game_id)).players == (await other.state(game_id)).players


async def test_one_seat_goes_to_one_of_two(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = (await one.create("goofspiel", seats=3)).game_id
    await other.state(game_id)
    await one.sit(game_id, BEN, 2)
    with pytest.raises(SeatTaken):
        await other.sit(game_id, EVE, 2)
    assert (await other.sit(game_id, EVE)).seat == 1


async def test_one_who_sits_down_on_two_nodes_has_one_seat(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = (await one.create("goofspiel", seats=4)).game_id
    await other.state(game_id)
    states = await asyncio.gather(one.sit(game_id, BEN), other.sit(game_id, BEN))
    assert {state.seat for state in states} == {1}
    assert len(await any_house.seqs(game_id)) == 3


async def test_a_resignation_and_a_winning_move_give_one_outcome(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4)):
        await one.act(game_id, player, cell)
    await other.state(game_id)
    await one.act(game_id, ANN, 2)
    with pytest.raises(GameOver):
        await other.resign(game_id, ANN)
    outcome = (await other.state(game_id)).outcome
    assert outcome is not None
    assert outcome.winners == (0,)


@pytest.mark.parametrize("conflict", [SequenceConflict(), DuplicateAction(0)])
async def test_a_game_that_changes_too_fast_is_unavailable(
    house: House, conflict: Exception
) -> None:
    node = house.node()
    game_id = await node.table()
    log = house.log

    async def conflicts() -> None:
        log.before = conflicts
        raise conflict

    log.before = conflicts
    with pytest.raises(Unavailable):
        await node.act(game_id, ANN, 4)
    log.before = None
    assert log.appends < 20
    assert (await node.act(game_id, ANN, 4)).seq == START + 1


class Older(Plain):
    """An earlier version of the rules, which does not know what a later one allows."""

    def apply(self, state: Moves, seat: int, action: Any, rng: Random) -> Moves:
        if action == "new":
            raise IllegalAction
        return super().apply(state, seat, action, rng)


async def test_a_log_that_the_rules_refuse_is_an_engine_error(house: House) -> None:
    one, other = house.node(), house.node(shelf=Shelf(plain=Older()))
    game_id = await one.table("plain")
    await other.state(game_id)
    await one.act(game_id, ANN, "new")
    with pytest.raises(EngineError):
        await other.act(game_id, ANN, "old")
    with pytest.raises(EngineError):
        await house.node(shelf=Shelf(plain=Older())).state(game_id)
    assert (await one.act(game_id, BEN, "new")).seq == START + 2
