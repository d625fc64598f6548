from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meeple.engine import IllegalAction, Outcome
from meeple.engine.rng import GameRandom
from meeple.engines.goofspiel import Goofspiel, State
from tests.engines.tables import SEED, Unshuffled, draw, play, start

ENGINE = Goofspiel()


def table(seats: int = 2, cards: int = 3) -> State:
    """A new game in which the prizes come in the order 1, 2, 3, …"""
    state: State = start(ENGINE, seats, {"cards": cards}, Unshuffled())
    return state


def test_a_worked_game() -> None:
    state = play(ENGINE, table(), [1, 2])  # for prize 1: seat 1 takes it
    assert state.scores == (0, 1)
    state = play(ENGINE, state, [3, 1])  # for prize 2: seat 0 takes it
    assert state.scores == (2, 1)
    assert ENGINE.outcome(state) is None

    state = play(ENGINE, state, [2, 3])  # for prize 3: seat 1 takes it

    assert ENGINE.to_act(state) == []
    assert ENGINE.outcome(state) == Outcome(winners=(1,), reason="scores", scores=(2, 4))
    assert ENGINE.view(state, None)["rounds"] == [
        {"prize": 1, "bids": [1, 2], "winner": 1},
        {"prize": 2, "bids": [3, 1], "winner": 0},
        {"prize": 3, "bids": [2, 3], "winner": 1},
    ]


def test_everybody_bids_at_once_in_any_order() -> None:
    state = table(seats=3)
    assert ENGINE.to_act(state) == [0, 1, 2]

    for seat, bid, left in [(2, 3, [0, 1]), (0, 1, [1])]:
        state = ENGINE.apply(state, seat, bid, GameRandom(SEED, 1))
        assert ENGINE.to_act(state) == left

    state = ENGINE.apply(state, 1, 2, GameRandom(SEED, 3))
    assert ENGINE.to_act(state) == [0, 1, 2]
    assert state.scores == (0, 0, 1)


def test_the_prize_of_a_tied_round_is_carried_over() -> None:
    state = play(ENGINE, table(), [2, 2])
    assert state.scores == (0, 0)
    assert ENGINE.view(state, None)["carried"] == [1]

    state = play(ENGINE, state, [3, 1])

    assert state.scores == (1 + 2, 0)
    assert ENGINE.view(state, None)["carried"] == []


def test_prizes_of_several_tied_rounds_add_up() -> None:
    state = play(ENGINE, table(), [2, 2, 3, 3])

    assert state.carried == (1, 2)
    assert ENGINE.view(state, 0)["prize"] == 3


def test_only_a_tie_of_the_highest_bid_counts() -> None:
    state = play(ENGINE, table(seats=3), [1, 1, 2])

    assert state.scores == (0, 0, 1)


def test_a_tie_of_the_highest_bid_keeps_the_prize_from_a_lower_bid_too() -> None:
    state = play(ENGINE, table(seats=3), [3, 3, 2])

    assert state.scores == (0, 0, 0)
    assert state.carried == (1,)


def test_what_is_at_stake_in_a_tied_last_round_goes_to_nobody() -> None:
    state = play(ENGINE, table(), [1, 2, 2, 1, 3, 3])

    assert state.carried == ()
    assert ENGINE.outcome(state) == Outcome(winners=(0,), reason="scores", scores=(2, 1))


def test_the_leaders_share_the_win() -> None:
    # Seat 1 takes 1 and 3, seat 2 takes 2, seat 0 takes 4.
    state = play(ENGINE, table(seats=3, cards=4), [1, 3, 1, 2, 1, 4, 3, 4, 2, 4, 2, 3])

    assert ENGINE.outcome(state) == Outcome(winners=(0, 1), reason="scores", scores=(4, 4, 2))


def test_if_all_are_level_it_is_a_draw() -> None:
    state = play(ENGINE, table(), [1, 1, 2, 2, 3, 3])

    assert ENGINE.outcome(state) == Outcome(winners=(), reason="scores", scores=(0, 0))


def test_a_bid_is_seen_by_the_bidder_alone_until_all_have_bid() -> None:
    low = play(ENGINE, table(seats=3), [1])
    high = play(ENGINE, table(seats=3), [3])

    for viewer in (1, 2, None):
        assert msgspec.json.encode(ENGINE.view(low, viewer)) == msgspec.json.encode(
            ENGINE.view(high, viewer)
        )
    assert ENGINE.view(low, 0)["bid"] == 1
    assert ENGINE.view(low, 0)["hand"] == [2, 3]
    assert ENGINE.view(low, 1)["bid"] is None


def test_of_other_hands_only_the_size_is_shown() -> None:
    state = play(ENGINE, table(seats=3), [1])

    assert ENGINE.view(state, None)["hand_sizes"] == [2, 3, 3]
    assert "hand" not in ENGINE.view(state, None)
    assert "bid" not in ENGINE.view(state, None)


def test_the_order_of_the_prizes_to_come_is_seen_by_nobody() -> None:
    one, other = (
        msgspec.structs.replace(table(cards=4), prizes=prizes)
        for prizes in [(1, 2, 3, 4), (1, 4, 3, 2)]
    )

    assert [ENGINE.view(one, viewer) for viewer in (0, 1, None)] == [
        ENGINE.view(other, viewer) for viewer in (0, 1, None)
    ]


def test_the_prizes_are_shuffled_by_the_seed() -> None:
    orders = {
        start(ENGINE, 2, None, GameRandom(bytes([number] * 32), 0)).prizes for number in range(20)
    }

    assert len(orders) == 20
    assert all(sorted(order) == list(range(1, 14)) for order in orders)
    assert start(ENGINE).prizes == start(ENGINE).prizes


@pytest.mark.parametrize("action", [True, 1.0, "1", None, [1], {"bid": 1}, 0, 4, -1, 10**30])
def test_anything_but_a_card_of_the_hand_is_refused(action: Any) -> None:
    with pytest.raises(IllegalAction):
        ENGINE.apply(table(), 0, action, GameRandom(SEED, 1))


def test_a_card_can_be_bid_once() -> None:
    state = play(ENGINE, table(), [1, 2])

    with pytest.raises(IllegalAction):
        ENGINE.apply(state, 0, 1, GameRandom(SEED, 3))


def test_a_bid_cannot_be_changed() -> None:
    state = play(ENGINE, table(), [1])

    with pytest.raises(IllegalAction):
        ENGINE.apply(state, 0, 2, GameRandom(SEED, 2))


@pytest.mark.parametrize("cards", [1, 14, "5", None])
def test_other_numbers_of_cards_are_refused(cards: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"cards": cards}, Goofspiel.Options)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), seats=st.integers(2, 6), cards=st.integers(2, 13))
def test_no_point_is_lost_or_made(data: st.DataObject, seats: int, cards: int) -> None:
    states: list[State] = [start(ENGINE, seats, {"cards": cards})]
    while ENGINE.outcome(states[-1]) is None:
        states.append(draw(data, ENGINE, states[-1]))

    assert len(states) == seats * cards + 1
    for state in states[:-1]:
        turned = state.prizes[: len(state.rounds)]
        assert sum(state.scores) + sum(state.carried) == sum(turned)
    last = states[-1]
    final_stake = sum(states[-2].carried) + last.prizes[-1]
    discarded = final_stake if last.rounds[-1].winner is None else 0
    assert sum(last.scores) == sum(range(1, cards + 1)) - discarded
    assert all(
        one <= other
        for before, after in pairwise(states)
        for one, other in zip(before.scores, after.scores, strict=True)
    )
    for seat in range(seats):
        assert sorted(past.bids[seat] for past in last.rounds) == list(range(1, cards + 1))
