"""What leaves for a viewer is what that viewer may see."""

from __future__ import annotations

import msgspec
import pytest

from meeple.engine.log import EntryKind, GameStatus
from meeple.engines.duel import Duel
from meeple.services.projection import LogEntry
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Moves, Plain
from tests.services.house import ANN, BEN, EVE, START, House, Node

HIDDEN, OPEN = "goofspiel", "connect-four"


async def with_actions(node: Node, engine: str) -> str:
    game_id = await node.table(engine)
    await node.act(game_id, ANN, 3, action_id="of Ann")
    await node.act(game_id, BEN, 5, action_id="of Ben")
    return game_id


def actions(entries: list[LogEntry]) -> list[tuple[object, str | None]]:
    """Of each action, what was done (None: hidden) and its id."""
    return [
        (None if entry.payload is None else entry.payload["action"], entry.action_id)
        for entry in entries
        if entry.kind is EntryKind.ACTION
    ]


@pytest.mark.parametrize(
    ("engine", "player", "seen"),
    [
        (HIDDEN, ANN, [(3, "of Ann"), (None, None)]),
        (HIDDEN, BEN, [(None, None), (5, "of Ben")]),
        (HIDDEN, EVE, [(None, None), (None, None)]),
        (HIDDEN, None, [(None, None), (None, None)]),
        (OPEN, ANN, [(3, "of Ann"), (5, None)]),
        (OPEN, BEN, [(3, None), (5, "of Ben")]),
        (OPEN, EVE, [(3, None), (5, None)]),
        (OPEN, None, [(3, None), (5, None)]),
    ],
)
async def test_while_a_game_is_on_a_replay_hides_what_others_did_if_the_game_hides_it(
    any_house: House, engine: str, player: object, seen: object
) -> None:
    node = any_house.node()
    game_id = await with_actions(node, engine)
    assert actions(await node.replay(game_id, player)) == seen  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", [HIDDEN, OPEN])
@pytest.mark.parametrize("player", [ANN, BEN, EVE, None])
async def test_once_the_game_is_over_everybody_may_see_all_of_it(
    house: House, engine: str, player: object
) -> None:
    node = house.node()
    game_id = await with_actions(node, engine)
    await node.resign(game_id, ANN, action_id="gave up")
    entries = await node.replay(game_id, player)  # type: ignore[arg-type]
    assert actions(entries) == [(3, "of Ann"), (5, "of Ben")]
    assert [entry.seq for entry in entries] == list(range(START + 5))
    assert entries[START + 3].action_id == "gave up"
    assert entries[-1].payload == {"winners": [1], "reason": "resigned", "scores": None}


@pytest.mark.parametrize("player", [ANN, EVE, None])
@pytest.mark.parametrize("over", [False, True])
async def test_the_first_entry_is_shown_without_its_seed_for_ever(
    any_house: House, player: object, over: bool
) -> None:
    node = any_house.node()
    game_id = await with_actions(node, HIDDEN)
    if over:
        await node.resign(game_id, ANN)
    created = (await node.replay(game_id, player))[0]  # type: ignore[arg-type]
    [stored, *_] = await any_house.log.read(game_id)
    assert stored.payload["seed"] == any_house.seeds[0].hex()
    assert created.payload == {key: value for key, value in stored.payload.items() if key != "seed"}


async def test_the_watch_over_seeds_sees_all_that_left_and_would_notice_one(house: House) -> None:
    node = house.node()
    game_id = await with_actions(node, HIDDEN)
    await node.join("ann", game_id, ANN)
    await node.replay(game_id)
    left = house.all_that_left()
    for word in (game_id, '"hand_sizes"', '"created"', "Ben"):
        assert word in left
    # The log does hold it, in the very form that is looked for.
    entries = await house.log.read(game_id)
    assert house.seeds[0].hex() in msgspec.json.encode(entries).decode()


async def test_each_viewer_of_a_hidden_game_has_a_view_of_its_own(house: House) -> None:
    node = house.node()
    game_id = await node.table(HIDDEN)
    await node.act(game_id, ANN, 13)
    own, other, spectators = [await node.state(game_id, one) for one in (ANN, BEN, None)]
    assert own.view["bid"] == 13
    assert other.view["bid"] is None
    assert len(other.view["hand"]) == 13
    assert "hand" not in spectators.view
    assert [state.seat for state in (own, other, spectators)] == [0, 1, None]


class Counting(Plain):
    def __init__(self, perfect_information: bool) -> None:
        super().__init__()
        self.perfect_information = perfect_information
        self.asked: list[int | None] = []

    def view(self, state: Moves, seat: int | None) -> object:
        self.asked.append(seat)
        return super().view(state, seat)


@pytest.mark.parametrize(("is_open", "asked"), [(True, [None]), (False, [None, 0, 1])])
async def test_a_view_is_made_once_for_all_who_may_see_the_same(
    is_open: bool, asked: list[int | None]
) -> None:
    engine = Counting(is_open)
    house = House(MemoryGameLog(), counting=engine)
    node = house.node()
    game_id = await node.table("counting")
    for sid, player in (("ann", ANN), ("ann's phone", ANN), ("ben", BEN)):
        await node.join(sid, game_id, player)
    for sid in ("eve", "another"):
        await node.spectate(sid, game_id)
    engine.asked.clear()
    await node.act(game_id, ANN, "x")
    await node.state(game_id, EVE)
    assert sorted(engine.asked, key=str) == sorted(asked, key=str)
    assert all(node.viewers.seqs(sid)[-1] == START + 1 for sid in node.viewers.inbox)


async def test_only_who_is_to_act_is_asked_to(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    own, other, stranger = [await node.state(game_id, one) for one in (ANN, BEN, EVE)]
    assert own.to_act == other.to_act == stranger.to_act == (0,)
    assert own.legal_actions == list(range(9))
    assert own.request is not None
    assert own.request.kind == "action"
    for state in (other, stranger):
        assert state.legal_actions is None
        assert state.request is None


async def test_actions_are_said_in_words_if_the_engine_can_say_them() -> None:
    node = House(MemoryGameLog(), duel=Duel()).node()
    game_id = await node.table("duel")
    request = (await node.state(game_id, ANN)).request
    assert request is not None
    assert isinstance(request.labels, list)
    assert request.labels[0].startswith("play the deck hearth")
    assert b'"labels":[' in msgspec.json.encode(request)
    silent = (await node.state(await node.table(), ANN)).request
    assert msgspec.json.encode(silent) == b'{"kind":"action","forced":null}'


async def test_actions_that_are_too_many_to_list_are_not_listed(house: House) -> None:
    node = house.node()
    state = await node.state(await node.table("plain"), ANN)
    assert state.legal_actions is None
    assert state.request is not None


async def test_before_the_start_there_is_nothing_to_see_or_do(house: House) -> None:
    node = house.node()
    state = await node.create()
    assert (state.status, state.view, state.to_act) == (GameStatus.OPEN, None, ())
    assert (state.legal_actions, state.request, state.outcome) == (None, None, None)
    assert [(one.name, one.user_id) for one in state.players] == [
        ("Ann", ANN.user_id),
        (None, None),
    ]


async def test_after_the_end_there_is_something_to_see_and_nothing_to_do(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    await node.act(game_id, ANN, 4)
    await node.resign(game_id, BEN)
    state = await node.state(game_id, BEN)
    assert state.view["board"][4] == 0
    assert (state.status, state.to_act) == (GameStatus.OVER, ())
    assert (state.legal_actions, state.request) == (None, None)


async def test_players_are_shown_as_online_by_their_presence(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    house.room.users = {BEN.user_id, EVE.user_id}
    assert [one.online for one in (await node.state(game_id)).players] == [False, True]


async def test_a_state_bears_the_servers_time(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    house.clock.now = 42
    assert (await node.state(game_id)).server_time == 42
