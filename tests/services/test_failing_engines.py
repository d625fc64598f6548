"""What an engine raises is the trouble of one action, and of no other game."""

from __future__ import annotations

from typing import Any

import pytest

from meeple.engine.log import EntryKind, GameStatus
from meeple.errors import EngineError, GameNotFound, GameOver, IllegalAction
from meeple.services.commands import CALLED_OFF
from tests.services.engines import Plain, Shelf
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


class Sour(Plain):
    """Knows no more what it took before; or it is only its views that fail."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = ""

    def apply(self, state: Any, seat: int, action: Any, rng: Any) -> Any:
        if self.failing == "apply":
            raise RuntimeError("it was changed")
        return super().apply(state, seat, action, rng)

    def view(self, state: Any, seat: int | None) -> Any:
        if self.failing == "view":
            raise RuntimeError("it was changed")
        return super().view(state, seat)


@pytest.mark.parametrize("failing", ["apply", "view", "gone"])
async def test_a_game_that_its_engine_cannot_fold_or_show_any_more_can_be_called_off(
    any_house: House, failing: str
) -> None:
    node = any_house.node()
    game_id = await node.table("plain", time_control={"kind": "fischer", "initial": 60})
    await node.act(game_id, ANN, "sound")
    sour = Sour()
    shelf = Shelf(plain=sour)
    other = any_house.node(shelf=shelf)
    if failing == "view":
        await other.join("ann", game_id, ANN)
    elif failing == "gone":
        del shelf.engines["plain"]
    sour.failing = failing
    receipt = await other.games.call_off(game_id)
    assert receipt.seq == START + 2
    assert (await any_house.kinds(game_id))[-2:] == [EntryKind.ABORTED, EntryKind.ENDED]
    row = await any_house.log.find_game(game_id)
    assert row is not None
    assert (row.status, row.outcome) == (GameStatus.OVER, CALLED_OFF)
    assert await any_house.log.due_games(2**60) == []
    with pytest.raises(GameOver):
        await other.games.call_off(game_id)
    # Where the engine is as it was, the log folds to the end.
    assert (await any_house.node().state(game_id, ANN)).outcome == CALLED_OFF
    with pytest.raises(GameNotFound):
        await other.games.call_off("none")
