"""Whatever cannot be done is refused by its own error, and leaves no trace in the log."""

from __future__ import annotations

from typing import Any

import pytest

from meeple.errors import (
    EngineNotFound,
    Forbidden,
    ForcedActionRequired,
    GameFull,
    GameNotFound,
    GameNotStarted,
    GameOver,
    GameStarted,
    IllegalAction,
    InvalidMessage,
    MeepleError,
    NotInGame,
    NotYourTurn,
    PayloadTooLarge,
    SeatTaken,
    StaleSeq,
)
from meeple.services.commands import MAX_ACTION_BYTES
from tests.services.house import ANN, BEN, EVE, START, House, Node


async def refused(house: House, game_id: str, error: type[MeepleError], deed: Any) -> MeepleError:
    """The deed is refused by exactly that error, and nothing is written, acked or sent."""
    seqs, happened = await house.seqs(game_id), list(house.happened)
    with pytest.raises(MeepleError) as caught:
        await deed
    assert type(caught.value) is error
    assert await house.seqs(game_id) == seqs
    assert house.happened == happened
    return caught.value


@pytest.fixture
def node(house: House) -> Node:
    return house.node()


async def test_nobody_plays_before_the_table_is_full(house: House, node: Node) -> None:
    game_id = (await node.create()).game_id
    await refused(house, game_id, GameNotStarted, node.act(game_id, ANN, 4))
    await refused(house, game_id, GameNotStarted, node.resign(game_id, ANN))


async def test_nobody_plays_after_the_end(house: House, node: Node) -> None:
    game_id = await node.table()
    await node.resign(game_id, ANN)
    for player in (ANN, BEN):
        await refused(house, game_id, GameOver, node.act(game_id, player, 4))
        await refused(house, game_id, GameOver, node.resign(game_id, player))
    await refused(house, game_id, GameOver, node.games.abort(game_id, ANN.user_id))
    await refused(house, game_id, GameOver, node.sit(game_id, EVE))


async def test_nobody_plays_out_of_turn(house: House, node: Node) -> None:
    game_id = await node.table()
    await refused(house, game_id, NotYourTurn, node.act(game_id, BEN, 4))
    await node.act(game_id, ANN, 4)
    await refused(house, game_id, NotYourTurn, node.act(game_id, ANN, 0))


@pytest.mark.parametrize("seq", [0, START - 1, START + 1, 2**53])
async def test_an_action_for_another_seq_is_stale(house: House, node: Node, seq: int) -> None:
    game_id = await node.table()
    error = await refused(house, game_id, StaleSeq, node.act(game_id, ANN, 4, seq=seq))
    assert str(seq) in error.message
    assert str(START) in error.message


async def test_an_action_for_the_present_seq_is_played(house: House, node: Node) -> None:
    game_id = await node.table()
    assert (await node.act(game_id, ANN, 4, seq=START)).seq == START + 1


@pytest.mark.parametrize("action", [9, -1, "4", None, {"cell": 4}, [4], 4.0, True])
async def test_an_action_that_the_rules_forbid_is_illegal(
    house: House, node: Node, action: Any
) -> None:
    game_id = await node.table()
    await refused(house, game_id, IllegalAction, node.act(game_id, ANN, action))


async def test_an_action_may_be_as_long_as_the_limit_and_no_longer(
    house: House, node: Node
) -> None:
    game_id = await node.table("plain")
    longest = "x" * (MAX_ACTION_BYTES - 2)
    await refused(house, game_id, PayloadTooLarge, node.act(game_id, ANN, longest + "x"))
    assert (await node.act(game_id, ANN, longest)).seq == START + 1


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("action", [object(), "\ud800", {(1, 2): 3}, {1, object()}, nested(3000)])
async def test_an_action_that_json_cannot_say_is_invalid(
    house: House, node: Node, action: Any
) -> None:
    game_id = await node.table("plain")
    await refused(house, game_id, InvalidMessage, node.act(game_id, ANN, action))


async def test_a_stranger_has_no_part_in_a_game(house: House, node: Node) -> None:
    game_id = await node.table()
    await refused(house, game_id, NotInGame, node.act(game_id, EVE, 4))
    await refused(house, game_id, NotInGame, node.act(game_id, EVE, 4, action_id="a", seq=0))
    await refused(house, game_id, NotInGame, node.resign(game_id, EVE, action_id="a"))
    await refused(house, game_id, NotInGame, node.join("eve", game_id, EVE))
    await refused(house, game_id, NotInGame, node.games.seat_of(game_id, EVE.user_id))
    assert await node.games.seat_of(game_id, BEN.user_id) == 1


async def test_a_game_that_does_not_exist_is_not_found(node: Node) -> None:
    for deed in (
        node.act("nowhere", ANN, 4, action_id="a"),
        node.resign("nowhere", ANN),
        node.games.abort("nowhere", ANN.user_id),
        node.sit("nowhere", ANN),
        node.join("ann", "nowhere", ANN),
        node.spectate("ann", "nowhere"),
        node.games.seat_of("nowhere", ANN.user_id),
        node.games.check_exists("nowhere"),
        node.state("nowhere"),
        node.replay("nowhere"),
        node.state("\ud800"),
        node.state("a\0b"),
    ):
        with pytest.raises(GameNotFound):
            await deed
    assert node.viewers.audience("nowhere") == set()


async def test_a_seat_that_is_taken_cannot_be_taken(house: House, node: Node) -> None:
    game_id = (await node.create("goofspiel", seats=3)).game_id
    await refused(house, game_id, SeatTaken, node.sit(game_id, BEN, 0))
    assert (await node.sit(game_id, BEN, 2)).seat == 2
    await refused(house, game_id, SeatTaken, node.sit(game_id, EVE, 2))


@pytest.mark.parametrize("seat", [-1, 2, 100])
async def test_a_seat_that_is_not_there_cannot_be_taken(
    house: House, node: Node, seat: int
) -> None:
    game_id = (await node.create()).game_id
    await refused(house, game_id, InvalidMessage, node.sit(game_id, BEN, seat))


async def test_a_full_table_takes_nobody(house: House, node: Node) -> None:
    game_id = await node.table()
    await refused(house, game_id, GameFull, node.sit(game_id, EVE))
    await refused(house, game_id, GameFull, node.sit(game_id, EVE, 1))


async def test_who_sits_already_stays_there(house: House, node: Node) -> None:
    game_id = (await node.create("goofspiel", seats=3)).game_id
    assert (await node.sit(game_id, ANN, 2)).seat == 0
    assert len(await house.seqs(game_id)) == 2


async def test_only_who_is_at_the_table_or_made_it_calls_it_off(house: House, node: Node) -> None:
    game_id = (await node.create(seats=[None, None])).game_id
    await refused(house, game_id, Forbidden, node.games.abort(game_id, EVE.user_id))
    assert (await node.games.abort(game_id, ANN.user_id)).seq == 1
    state = await node.state(game_id)
    assert (state.status, state.seq) == ("over", 2)
    assert state.outcome is not None
    assert (state.outcome.reason, state.outcome.winners) == ("aborted", ())
    await refused(house, game_id, Forbidden, node.games.abort(game_id, EVE.user_id))


async def test_a_player_who_did_not_make_the_table_can_call_it_off(node: Node) -> None:
    game_id = await node.table()
    assert (await node.games.abort(game_id, BEN.user_id)).seq == START + 1


async def test_after_the_first_move_nobody_calls_the_game_off(house: House, node: Node) -> None:
    game_id = await node.table()
    await node.act(game_id, ANN, 4)
    for player in (ANN, BEN):
        await refused(house, game_id, GameStarted, node.games.abort(game_id, player.user_id))
    await refused(house, game_id, Forbidden, node.games.abort(game_id, EVE.user_id))


@pytest.mark.parametrize("how", ["action", "resign", "abort"])
async def test_a_game_that_was_called_off_is_over(house: House, node: Node, how: str) -> None:
    game_id = await node.table()
    await node.games.abort(game_id, BEN.user_id)
    deeds: dict[str, Any] = {
        "action": lambda: node.act(game_id, ANN, 4),
        "resign": lambda: node.resign(game_id, ANN),
        "abort": lambda: node.games.abort(game_id, ANN.user_id),
    }
    await refused(house, game_id, GameOver, deeds[how]())


# --- making a table ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "options", "error"),
    [
        ("no such game", {}, EngineNotFound),
        ("", {}, EngineNotFound),
        ("goofspiel", {"options": {"cards": 1}}, InvalidMessage),
        ("goofspiel", {"options": {"cards": 14}}, InvalidMessage),
        ("goofspiel", {"options": {"cards": "5"}}, InvalidMessage),
        ("goofspiel", {"options": {"cards": True}}, InvalidMessage),
        ("goofspiel", {"options": {"seed": "mine"}}, InvalidMessage),
        ("tic-tac-toe", {"options": {"size": 4}}, InvalidMessage),
        ("tic-tac-toe", {"seats": 1}, InvalidMessage),
        ("tic-tac-toe", {"seats": 3}, InvalidMessage),
        ("goofspiel", {"seats": 7}, InvalidMessage),
        ("goofspiel", {"seats": -2}, InvalidMessage),
        ("tic-tac-toe", {"seats": []}, InvalidMessage),
        ("tic-tac-toe", {"seats": ["me"]}, InvalidMessage),
        ("tic-tac-toe", {"seats": ["me", "me"]}, InvalidMessage),
        ("tic-tac-toe", {"seats": ["me", "Ben"]}, InvalidMessage),
        ("tic-tac-toe", {"seats": ["me", None, None]}, InvalidMessage),
    ],
)
async def test_a_table_that_the_rules_do_not_know_is_not_made(
    house: House, node: Node, engine: str, options: dict[str, Any], error: type[MeepleError]
) -> None:
    with pytest.raises(MeepleError) as caught:
        await node.create(engine, **options)
    assert type(caught.value) is error
    assert house.log.appends == 0


@pytest.mark.parametrize(
    ("seats", "own", "number"),
    [
        (None, 0, 2),
        (4, 0, 4),
        (["me", None, None], 0, 3),
        ([None, None, "me"], 2, 3),
        ([None, None], None, 2),
    ],
)
async def test_the_creator_sits_where_the_list_says(
    node: Node, seats: Any, own: int | None, number: int
) -> None:
    state = await node.create("goofspiel", seats=seats)
    assert state.seat == own
    assert [one.seat for one in state.players] == list(range(number))
    taken = [one.seat for one in state.players if one.user_id is not None]
    assert taken == ([] if own is None else [own])


async def test_options_are_completed_with_their_defaults(house: House, node: Node) -> None:
    game_id = (await node.create("goofspiel")).game_id
    row = await house.log.find_game(game_id)
    assert row is not None
    assert row.options == {"cards": 13}


# --- forced actions ---------------------------------------------------------------------------


async def test_one_who_is_forced_is_told_so_and_may_do_nothing_else(
    house: House, node: Node
) -> None:
    game_id = await node.table("checked")
    request = (await node.state(game_id, ANN)).request
    assert request is not None
    assert (request.kind, request.forced) == ("action", None)
    await node.act(game_id, ANN, "check")
    state = await node.state(game_id, BEN)
    assert state.request is not None
    assert (state.request.kind, state.request.forced) == ("forced", {"do": "answer"})
    assert state.legal_actions == ["answer"]
    assert (await node.state(game_id, ANN)).request is None
    assert (await node.state(game_id)).request is None
    await refused(house, game_id, ForcedActionRequired, node.act(game_id, BEN, "wait"))
    await refused(house, game_id, NotYourTurn, node.act(game_id, ANN, "wait"))
    await node.act(game_id, BEN, "answer")
    await refused(house, game_id, IllegalAction, node.act(game_id, ANN, "answer"))


async def test_one_who_is_forced_may_resign(node: Node) -> None:
    game_id = await node.table("checked")
    await node.act(game_id, ANN, "check")
    await node.resign(game_id, BEN)
    outcome = (await node.state(game_id)).outcome
    assert outcome is not None
    assert (outcome.winners, outcome.reason) == ((0,), "resigned")


async def test_one_who_is_not_to_act_may_resign(node: Node) -> None:
    game_id = await node.table()
    assert (await node.resign(game_id, BEN)).seq == START + 1
    outcome = (await node.state(game_id)).outcome
    assert outcome is not None
    assert outcome.winners == (0,)


async def test_of_three_the_two_others_win_by_a_resignation(node: Node) -> None:
    game_id = (await node.create("goofspiel", seats=3)).game_id
    await node.sit(game_id, BEN)
    await node.sit(game_id, EVE)
    await node.resign(game_id, BEN)
    outcome = (await node.state(game_id)).outcome
    assert outcome is not None
    assert outcome.winners == (0, 2)


@pytest.mark.parametrize(
    ("engine", "seats", "words"),
    [("tic-tac-toe", 3, "is for 2 players"), ("goofspiel", 9, "is for 2 to 6 players")],
)
async def test_for_how_many_a_game_is_is_told(
    house: House, engine: str, seats: int, words: str
) -> None:
    with pytest.raises(InvalidMessage, match=words):
        await house.node().games.create_game(ANN, engine, seats=seats)
