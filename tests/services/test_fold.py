"""Same log, same game: what was played live is what its log folds to."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meeple.engine.game import fold, fold_all
from meeple.engine.log import Entry, EntryKind, GameStatus
from meeple.engine.rules import Rules
from meeple.errors import EngineError, IllegalAction, NotYourTurn
from meeple.services import projection
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Plain, Shelf
from tests.services.house import ANN, BEN, EVE, START, House

PLAYERS = (ANN, BEN, EVE)


def rules_of(name: str) -> Rules:
    return Rules(name, Shelf()(name))


def everything(entries: list[Entry]) -> list[bytes]:
    """All that anybody could be shown of each seq, as bytes."""
    return [
        msgspec.json.encode(
            [
                [
                    projection.state(step.game, seat, (), 0),
                    projection.messages(step.game, step.entry, (seat,), (), 0),
                    projection.log_entry(step.game, step.entry, seat),
                ]
                for seat in (None, *range(len(step.game.players)))
            ]
        )
        for step in fold_all(entries, rules_of)
    ]


@settings(max_examples=25, deadline=None)
@given(
    engine=st.sampled_from(["goofspiel", "connect-four", "dice"]),
    seats=st.integers(2, 3),
    length=st.integers(0, 50),
    chance=st.randoms(use_true_random=False),
)
async def test_a_log_folds_to_what_was_played_live(
    engine: str, seats: int, length: int, chance: Random
) -> None:
    house = House(MemoryGameLog())
    node = house.node()
    seats = seats if engine == "goofspiel" else 2
    game_id = (await node.create(engine, seats=seats)).game_id
    for player in PLAYERS[1:seats]:
        await node.sit(game_id, player)
    live: dict[int, list[bytes]] = {}

    async def look() -> None:
        states = [await node.state(game_id, player) for player in (None, *PLAYERS[:seats])]
        live[states[0].seq] = [msgspec.json.encode(state) for state in states]

    await look()
    while length and (to_act := (await node.state(game_id)).to_act):
        length -= 1
        player = PLAYERS[chance.choice(to_act)]
        legal = (await node.state(game_id, player)).legal_actions or ["throw"]
        await node.act(game_id, player, chance.choice(legal))
        await look()
    if (await node.state(game_id)).status is GameStatus.LIVE:
        await node.resign(game_id, BEN)
        await look()
    entries = await house.log.read(game_id)
    folded = {
        step.game.seq: [
            msgspec.json.encode(projection.state(step.game, seat, (), house.clock.now))
            for seat in (None, *range(seats))
        ]
        for step in fold_all(entries, rules_of)
    }
    assert {seq: folded[seq] for seq in live} == live
    assert everything(entries) == everything(entries)


async def test_the_same_seed_throws_the_same_dice_on_every_node(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table("dice")
    for turn in range(4):
        await node.act(game_id, PLAYERS[turn % 2], "throw")
    live = (await node.state(game_id)).view
    assert (await any_house.node().state(game_id)).view == live
    entries = await any_house.log.read(game_id)
    [created, *rest] = entries
    other = [replace(created, payload={**created.payload, "seed": "00" * 32}), *rest]
    views = [list(fold_all(log, rules_of))[-1].game.view(None) for log in (entries, other)]
    assert views[0] == live != views[1]


async def test_a_refused_action_changes_no_dice() -> None:
    views = []
    for tries in (0, 3):
        house = House(MemoryGameLog())
        node = house.node()
        game_id = await node.table("dice")
        for _ in range(tries):
            with pytest.raises(NotYourTurn):
                await node.act(game_id, BEN, "throw")
        await node.act(game_id, ANN, "throw")
        views.append((await node.state(game_id)).view)
    assert views[0] == views[1]


async def test_options_are_the_same_live_and_from_the_log(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table("tricks", options={"pair": [3, 4]})
    live = (await node.state(game_id)).view
    assert live == (await any_house.node().state(game_id)).view
    assert live == {"moves": ["{'pair': [3, 4], 'names': {'7': 'seven'}}"]}
    row = await any_house.log.find_game(game_id)
    assert row is not None
    [*_, last] = fold_all(await any_house.log.read(game_id), rules_of)
    assert last.game.row() == row


async def test_an_entry_that_does_not_follow_cannot_be_folded(house: House) -> None:
    game_id = await house.node().table()
    entries = await house.log.read(game_id)
    [*_, last] = fold_all(entries, rules_of)
    for seq in (0, START, START + 2):
        with pytest.raises(ValueError, match=f"entry {seq} does not follow {START}"):
            fold(last.game, replace(entries[0], seq=seq))


async def test_an_entry_that_makes_no_sense_is_an_engine_error(house: House) -> None:
    game_id = await house.node().table()
    entries = await house.log.read(game_id)
    [*_, last] = fold_all(entries, rules_of)
    for kind, payload in (
        (EntryKind.ACTION, {}),
        (EntryKind.ENDED, {"winners": "all"}),
        (EntryKind.CREATED, {}),
        (EntryKind.SEATED, {"user_id": "nobody", "name": "Ann"}),
    ):
        with pytest.raises(EngineError):
            fold(last.game, last.game.entry(kind, 0, seat=0, payload=payload))


async def test_folding_changes_no_game_that_was_there_before(house: House) -> None:
    node = house.node()
    game_id = await node.table("goofspiel")
    await node.act(game_id, ANN, 3)
    await node.act(game_id, BEN, 5)
    steps = list(fold_all(await house.log.read(game_id), rules_of))
    before = [msgspec.json.encode(projection.state(step.game, 0, (), 0)) for step in steps]
    for earlier, later in pairwise(steps):
        fold(earlier.game, later.entry)
    after = [
        msgspec.json.encode(projection.state(msgspec.structs.replace(step.game, memo={}), 0, (), 0))
        for step in steps
    ]
    assert after == before


# --- an action is exactly one of the listed JSON values ---------------------------------------

BIG = 10**30

EXACT: list[tuple[Any, list[Any], list[Any]]] = [
    # what is listed, what is it, what only looks like it
    (1, [1], [True, 1.0, "1", [1], {"1": 1}, None, 2]),
    (True, [True], [1, 1.0, "true", False]),
    (0, [0], [False, 0.0, "", None, []]),
    (1.5, [1.5], ["1.5", 1, 2]),
    (1.0, [1.0], [1, True, "1.0"]),
    (None, [None], [False, 0, "null", "", []]),
    ("a", ["a"], ["A", "a ", ["a"], b"a"]),
    ("é", ["é"], ["e\u0301", "e"]),
    ([1, 2], [[1, 2], (1, 2)], [[2, 1], [1, 2.0], [1, True], [1], [1, 2, 3], "12", {"1": 2}]),
    ([[1], [[2, "x"]]], [[[1], [[2, "x"]]]], [[[1], [2, "x"]], [[True], [[2, "x"]]], [[1]]]),
    (
        {"from": [0, 1], "to": {"x": 1, "y": 2}},
        [{"to": {"y": 2, "x": 1}, "from": [0, 1]}],
        [
            {"from": [0, 1]},
            {"from": [1, 0], "to": {"x": 1, "y": 2}},
            {"from": [0, 1], "to": {"x": 1, "y": 2}, "more": None},
            {"from": [0, True], "to": {"x": 1, "y": 2}},
            {"from": [0, 1], "to": {"x": 1.0, "y": 2}},
        ],
    ),
    ({}, [{}], [[], None, {"a": None}]),
    (BIG, [BIG], [float(BIG), BIG + 1, str(BIG), -BIG]),
    ([BIG], [[BIG]], [[float(BIG)], [BIG + 1]]),
    (2**53 + 1, [2**53 + 1], [2**53, float(2**53)]),
]


@pytest.mark.parametrize(("listed", "same", "unlike"), EXACT, ids=[repr(e[0])[:20] for e in EXACT])
async def test_only_the_very_value_that_is_listed_is_legal(
    listed: Any, same: list[Any], unlike: list[Any]
) -> None:
    house = House(MemoryGameLog(), exact=Plain([{"another": [None]}, listed, "another"]))
    node = house.node()
    game_id = await node.table("exact")
    for action in unlike:
        with pytest.raises(IllegalAction):
            await node.act(game_id, ANN, action)
    assert len(await house.seqs(game_id)) == START + 1
    for turn, action in enumerate(same):
        await node.act(game_id, PLAYERS[turn % 2], action)
    assert len(await house.seqs(game_id)) == START + 1 + len(same)
    moves = (await house.node().state(game_id)).view["moves"]
    assert msgspec.json.encode(moves, order="sorted") == msgspec.json.encode(
        [listed] * len(same), order="sorted"
    )


ANYTHING: list[Any] = [
    None,
    True,
    1,
    1.0,
    -0.0,
    "1",
    "\0\u2028\U0001f600",
    BIG,
    -BIG,
    1e300,
    [],
    {},
    [1, 1.0, True, None, [{"b": 1, "a": [2]}]],
    {"b": 1, "a": {"": []}},
    (1, (2, 3)),
    {1: 2},
    float("nan"),
    float("inf"),
]


@pytest.mark.parametrize("action", ANYTHING, ids=[repr(one) for one in ANYTHING])
async def test_where_nothing_is_listed_what_is_played_is_what_the_log_gives_back(
    any_house: House, action: Any
) -> None:
    node = any_house.node()
    game_id = await node.table("plain")
    await node.act(game_id, ANN, action)
    # repr tells True from 1, 1.0 from 1, and shows the order of keys.
    live = repr((await node.state(game_id)).view)
    assert live == repr((await any_house.node().state(game_id)).view)
    assert live == repr({"moves": [msgspec.json.decode(msgspec.json.encode(action))]})


async def test_the_log_keeps_an_action_by_the_word_that_is_listed(house: House) -> None:
    node = house.node()
    game_id = await node.table("nicknamed")
    await node.act(game_id, ANN, "top left")
    await node.act(game_id, BEN, 4)
    played = [entry.payload["action"] for entry in (await house.log.read(game_id))[-2:]]
    assert played == [0, 4]
