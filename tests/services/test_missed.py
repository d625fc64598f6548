"""Who comes back gets exactly what was missed, as it was sent to those who were there."""

from __future__ import annotations

from typing import Any

import pytest

from meeple.engine.log import GameStatus
from meeple.services.viewers import MAX_MISSED, Joined
from tests.services.house import ANN, BEN, START, House, Node, plain


async def goofspiel(node: Node) -> str:
    """A whole game with everybody watching from the start, from Ann's seat, Ben's, and none."""
    game_id = (await node.create("goofspiel", options={"cards": 4})).game_id
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    await node.sit(game_id, BEN)
    await node.join("ben", game_id, BEN)
    for own, other in ((1, 2), (4, 3), (3, 4), (2, 1)):
        await node.act(game_id, BEN, other)
        await node.act(game_id, ANN, own)
    return game_id


async def heard_after(node: Node, sid: str, last_seq: int) -> list[dict[str, Any]]:
    messages = (plain(message) for message in node.viewers.inbox[sid])
    return [message for message in messages if message["seq"] > last_seq]


async def test_everybody_hears_every_seq_once_and_in_order(any_house: House) -> None:
    node = any_house.node()
    game_id = await goofspiel(node)
    end = (await any_house.seqs(game_id))[-1]
    assert node.viewers.seqs("ann") == node.viewers.seqs("eve") == list(range(1, end + 1))
    assert node.viewers.seqs("ben") == list(range(START, end + 1))
    assert [m.event for m in node.viewers.inbox["ben"]].count("game:over") == 1


async def test_a_player_gets_what_was_missed_as_it_was_sent(any_house: House) -> None:
    node = any_house.node()
    game_id = await goofspiel(node)
    end = (await any_house.seqs(game_id))[-1]
    other = any_house.node()
    for player, sid, first in ((ANN, "ann", 1), (BEN, "ben", START)):
        for last_seq in range(first, end + 1):
            again = f"{sid} back from {last_seq}"
            joined = await other.join(again, game_id, player, last_seq=last_seq)
            assert joined.seq == end
            got = [plain(message) for message in other.viewers.inbox[again]]
            assert got == await heard_after(node, sid, last_seq)
            assert len(got) == end - last_seq


async def test_a_spectator_gets_what_was_missed_as_it_was_sent(any_house: House) -> None:
    node = any_house.node()
    game_id = await goofspiel(node)
    end = (await any_house.seqs(game_id))[-1]
    for last_seq in range(1, end + 1):
        again = f"eve back from {last_seq}"
        await node.spectate(again, game_id, last_seq=last_seq)
        got = [plain(message) for message in node.viewers.inbox[again]]
        assert got == await heard_after(node, "eve", last_seq)
        assert len(got) == end - last_seq


async def test_who_missed_nothing_gets_nothing_and_hears_what_follows(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    joined: list[Joined] = []
    await node.join("ann", game_id, ANN, last_seq=START, on_join=joined.append)
    assert joined == [Joined(game_id, START, 0)]
    assert node.viewers.inbox["ann"] == []
    await node.act(game_id, ANN, 4)
    assert node.viewers.seqs("ann") == [START + 1]


@pytest.mark.parametrize("last_seq", [None, START + 1, 2**53])
async def test_who_names_no_seq_or_one_to_come_gets_the_present_state(
    house: House, last_seq: int | None
) -> None:
    node = house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN, last_seq=last_seq)
    assert node.viewers.seqs("ann") == [START]


async def test_who_missed_everything_gets_every_entry_but_the_first(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.join("ann", game_id, ANN, last_seq=0)
    assert node.viewers.seqs("ann") == [1, 2, START]
    views = [message.payload.view for message in node.viewers.inbox["ann"]]
    assert views == [None, None, {"board": [None] * 9}]


async def test_who_missed_too_many_gets_the_present_state(house: House) -> None:
    node = house.node()
    house.shelf.engines["plain"].length = MAX_MISSED + 50  # type: ignore[attr-defined]
    game_id = await node.table("plain")
    for turn in range(MAX_MISSED + 1):
        await node.act(game_id, (ANN, BEN)[turn % 2], 0)
    end = START + MAX_MISSED + 1
    await node.join("much", game_id, ANN, last_seq=START)
    assert node.viewers.seqs("much") == [end]
    await node.join("just not", game_id, ANN, last_seq=START + 1)
    assert node.viewers.seqs("just not") == list(range(START + 2, end + 1))


async def test_the_ack_of_a_join_comes_before_what_was_missed(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    heard: list[int] = []

    def note(joined: Joined) -> None:
        heard.append(len(node.viewers.inbox["ann"]))

    await node.join("ann", game_id, ANN, last_seq=0, on_join=note)
    await node.join("ann", game_id, ANN, on_join=note)
    await node.spectate("ann", game_id, on_join=note)
    assert heard == [0, 3, 4]


async def test_one_who_missed_secret_bids_does_not_learn_them_late(house: House) -> None:
    node = house.node()
    game_id = await node.table("goofspiel")
    await node.act(game_id, ANN, 13)
    await node.join("ben", game_id, BEN, last_seq=START)
    await node.spectate("eve", game_id, last_seq=START)
    for sid in ("ben", "eve"):
        [message] = node.viewers.inbox[sid]
        assert message.payload.view.get("bid") is None
        assert message.payload.view["hand_sizes"] == [12, 13]


async def test_a_game_for_one_starts_as_it_is_made_and_can_be_come_back_to(
    any_house: House,
) -> None:
    node = any_house.node()
    state = await node.create("solo")
    assert (state.status, state.seat, state.seq) == (GameStatus.LIVE, 0, 2)
    await node.join("ann", state.game_id, ANN)
    for action in "abc":
        await node.act(state.game_id, ANN, action)
    assert node.viewers.seqs("ann") == [2, 3, 4, 5, 6]
    await node.join("again", state.game_id, ANN, last_seq=2)
    assert [plain(m) for m in node.viewers.inbox["again"]] == await heard_after(node, "ann", 2)


async def test_a_game_that_is_decided_at_its_start_is_over_at_once(any_house: House) -> None:
    node = any_house.node()
    game_id = (await node.create("decided")).game_id
    await node.join("ann", game_id, ANN)
    state = await node.sit(game_id, BEN)
    assert (state.status, state.seq) == (GameStatus.OVER, START + 1)
    assert state.outcome is not None
    assert state.outcome.reason == "done"
    assert node.viewers.seqs("ann") == [1, 2, START, START + 1]
    assert [m.event for m in node.viewers.inbox["ann"]] == ["game:state"] * 3 + ["game:over"]
    await node.join("again", game_id, ANN, last_seq=1)
    assert [plain(m) for m in node.viewers.inbox["again"]] == await heard_after(node, "ann", 1)
    row = await any_house.log.find_game(game_id)
    assert row is not None
    assert row.outcome == state.outcome
