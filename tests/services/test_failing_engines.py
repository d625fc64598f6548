"""What an engine raises is the trouble of one action, and of no other game."""

from __future__ import annotations

from typing import Any

import pytest

from meeple.errors import EngineError, IllegalAction
from tests.services.house import ANN, BEN, EVE, START, House

FAILURES = [
    "apply",
    "view",
    "to_act",
    "outcome",
    "legal_actions",
    "nobody",
    "rubbish outcome",
    "outcome that JSON cannot say",
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_an_engine_that_fails_on_an_action_has_not_played_it(
    any_house: House, failure: str
) -> None:
    node = any_house.node()
    game_id = await node.table("broken")
    other = await node.table()
    for sid, player in (("ann", ANN), ("ben", BEN)):
        await node.join(sid, game_id, player)
    await node.spectate("eve", game_id)
    any_house.happened.clear()
    for _ in range(2):
        with pytest.raises(EngineError):
            await node.act(game_id, ANN, failure, action_id=f"{failure}")
    assert any_house.happened == []
    assert await any_house.seqs(game_id) == list(range(START + 1))
    assert (await node.act(other, ANN, 4)).seq == START + 1
    assert (await node.act(game_id, ANN, "sound", action_id=failure)).seq == START + 1
    assert (await any_house.node().state(game_id, BEN)).view == {"moves": ["", "sound"]}
    for sid in ("ann", "ben", "eve"):
        assert node.viewers.seqs(sid) == [START, START + 1]


@pytest.mark.parametrize("failure", ["new_game", *FAILURES[1:]])
@pytest.mark.parametrize("viewed", [True, False])
async def test_an_engine_that_fails_at_the_start_leaves_the_last_seat_empty(
    house: House, failure: str, viewed: bool
) -> None:
    node = house.node()
    game_id = (await node.create("broken", seats=2, options={"start": failure})).game_id
    if viewed:
        await node.join("ann", game_id, ANN)
        await node.spectate("eve", game_id)
    with pytest.raises(EngineError):
        # Seat 0 acts first, so whoever starts the game by sitting there is shown what to do.
        await node.sit(game_id, BEN)
    assert await house.seqs(game_id) == [0, 1]
    assert (await house.node().state(game_id)).players[1].user_id is None
    assert (await node.games.abort(game_id, ANN.user_id)).seq == 2


@pytest.mark.parametrize("failure", ["new_game", *FAILURES[1:]])
async def test_an_engine_that_fails_as_soon_as_the_table_is_made_makes_none(
    house: House, failure: str
) -> None:
    node = house.node()
    with pytest.raises(EngineError):
        await node.create("broken", seats=1, options={"start": failure})
    assert (await node.games.reader.list_games()).games == []


async def test_the_traceback_of_the_engine_is_kept_as_the_cause(house: House) -> None:
    node = house.node()
    game_id = await node.table("broken")
    with pytest.raises(EngineError) as caught:
        await node.act(game_id, ANN, "apply")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert "broken" not in caught.value.message


async def test_an_engine_says_itself_why_an_action_is_illegal(house: House) -> None:
    node = house.node()
    game_id = await node.table("broken")
    with pytest.raises(IllegalAction, match="not that"):
        await node.act(game_id, ANN, "illegal")


async def test_one_who_only_looks_at_a_game_that_cannot_be_shown_is_told_so(house: House) -> None:
    node = house.node()
    # Nobody views it, so nobody notices that it cannot be shown.
    game_id = await node.table("broken")
    await node.act(game_id, ANN, "view")
    for deed in (node.state(game_id, EVE), node.spectate("eve", game_id)):
        with pytest.raises(EngineError):
            await deed
    assert node.viewers.audience(game_id) == set()
    assert (await node.resign(game_id, BEN)).seq == START + 2


async def test_an_engine_that_ends_in_its_own_way_ends_the_game(house: House) -> None:
    node = house.node()
    game_id: Any = await node.table("plain")
    for turn in range(10):
        await node.act(game_id, (ANN, BEN)[turn % 2], turn)
    outcome = (await node.state(game_id)).outcome
    assert outcome is not None
    assert outcome.reason == "done"
