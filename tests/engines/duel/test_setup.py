"""The set-up, the house rules and what is hidden."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from meeple.engine import IllegalAction
from meeple.engine.rng import GameRandom
from meeple.engine.rules import Rules
from meeple.engines.duel import Duel
from meeple.engines.duel.actions import BringDeck
from meeple.engines.duel.cards import CARDS
from meeple.engines.duel.decks import READY_MADE, by_chance, checked, is_basic, ready_made
from meeple.engines.duel.state import HouseRules, State
from meeple.errors import InvalidMessage
from tests.engines.duel.tables import ENGINE, Coins, names
from tests.engines.tables import SEED

RULES = Rules("duel", Duel())


def new(**options: Any) -> State:
    return ENGINE.new_game(2, msgspec.to_builtins(HouseRules(**options)), Random(0))


def deck(state: State, seat: int, name: str, chance: Random | None = None) -> State:
    action = ENGINE.decode_action({"type": "deck", "deck": name})
    return ENGINE.apply(state, seat, action, chance or GameRandom(SEED, seat))


def begin(state: State, seat: int) -> State:
    legal = ENGINE.legal_actions(state, seat)
    assert legal is not None
    return ENGINE.apply(state, seat, legal[0], GameRandom(SEED, 9))


# --- the set-up ---------------------------------------------------------------------------------


def test_both_choose_at_once_a_deck_and_a_creature_in_any_order() -> None:
    state = new()
    assert ENGINE.to_act(state) == [0, 1]
    state = begin(deck(state, 1, "pond"), 1)
    assert ENGINE.to_act(state) == [0]
    state = begin(deck(state, 0, "hedge"), 0)
    assert state.turn == 1
    assert ENGINE.to_act(state) == [state.seat]
    first, second = state.players[state.seat], state.players[1 - state.seat]
    assert (len(first.hand), len(second.hand)) == (5, 4), "the first turn begins with a card"


def test_the_other_one_sees_nothing_of_the_set_up() -> None:
    before = ENGINE.view(new(), 1)
    chosen = deck(new(), 0, "attic")
    assert ENGINE.view(chosen, 1) == before
    assert ENGINE.view(begin(chosen, 0), 1) == before
    assert ENGINE.view(begin(chosen, 0), None) == ENGINE.view(new(), None)


class Stacked(Coins):
    """The first shuffles leave no basic creature on top."""

    def __init__(self, bad: int) -> None:
        super().__init__()
        self.bad = bad

    def shuffle(self, x: Any) -> None:
        x.sort(reverse=self.bad > 0)
        self.bad -= 1


@pytest.mark.parametrize(("bad", "mulligans"), [(0, 0), (1, 1), (2, 2), (99, 5)])
def test_a_hand_without_a_basic_creature_is_drawn_again(bad: int, mulligans: int) -> None:
    state = deck(new(), 0, "hearth", Stacked(bad))
    assert any(is_basic(CARDS[name]) for name in names(state, state.players[0].hand))
    assert state.players[0].mulligans == mulligans


def test_one_draws_a_card_for_each_new_hand_of_the_other() -> None:
    state = begin(deck(new(), 0, "hearth", Stacked(2)), 0)
    state = begin(deck(state, 1, "pond"), 1)
    assert len(state.players[1].hand) == 4 + 2 + (state.seat == 1)
    assert [line.text for line in state.log[:2]] == [
        "drew a new opening hand 2 times",
        "drew 2 more for it",
    ]


# --- decks of one's own -------------------------------------------------------------------------


def test_without_the_house_rule_only_ready_made_decks_are_taken() -> None:
    state = new()
    listed = [ENGINE.encode_action(one)["deck"] for one in ENGINE.legal_actions(state, 0) or ()]
    assert listed == list(READY_MADE)
    with pytest.raises(IllegalAction, match="Choose the deck"):
        ENGINE.apply(state, 0, BringDeck(ready_made("pond", 30)), Random(0))


def test_with_the_house_rule_players_bring_decks_of_their_own() -> None:
    state = new(own_decks=True)
    assert ENGINE.legal_actions(state, 0) is None
    assert "own_deck" in ENGINE.forced(state, 0)["text"]
    own = by_chance(30, Random(4))
    action = ENGINE.decode_action({"type": "own_deck", "cards": list(own)})
    state = ENGINE.apply(state, 0, action, Random(0))
    assert sorted(state.names[:30]) == sorted(own)
    assert state.players[0].deck_name == "own"
    both = deck(state, 1, "pond")
    assert both.players[1].deck_name == "pond"
    assert ENGINE.view(both, 1)["own_decks"] == [None, None]
    shown = ENGINE.view(begin(begin(both, 0), 1), 1)["own_decks"]
    assert shown == [{name: own.count(name) for name in own}, None]
    with pytest.raises(IllegalAction, match="A deck has 30 cards"):
        ENGINE.apply(state, 1, BringDeck(own[:29]), Random(0))


@pytest.mark.parametrize("size", [20, 30, 40])
def test_a_deck_by_chance_is_a_deck(size: int) -> None:
    for seed in range(20):
        cards = by_chance(size, Random(seed))
        assert checked(cards, size) == cards


# --- house rules --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "least", "most"),
    [
        ("deck_size", 20, 40),
        ("points", 1, 6),
        ("energy_per_turn", 1, 3),
        ("hand_size", 5, 10),
        ("turn_limit", 10, 200),
    ],
)
def test_house_rules_have_bounds(option: str, least: int, most: int) -> None:
    for value in (least, most):
        assert RULES.options({option: value})[option] == value
    wrong: list[Any] = [least - 1, most + 1, str(least), None]
    for given in wrong:
        with pytest.raises(InvalidMessage, match=option):
            RULES.options({option: given})


def test_the_house_rules_of_a_game_are_thirty_cards_and_three_points() -> None:
    assert RULES.options({}) == {
        "deck_size": 30,
        "points": 3,
        "energy_per_turn": 1,
        "hand_size": 7,
        "turn_limit": 24,
        "own_decks": False,
    }


@pytest.mark.parametrize("size", [20, 40])
def test_decks_have_the_size_of_the_house_rules(size: int) -> None:
    player = deck(new(deck_size=size), 0, "attic").players[0]
    assert len(player.deck) + len(player.hand) == size


# --- what is hidden -----------------------------------------------------------------------------


def under_way(seed: int, actions: int) -> State:
    chance = Random(seed)
    state = new()
    for _ in range(actions):
        seat = chance.choice(ENGINE.to_act(state) or [0])
        legal = ENGINE.legal_actions(state, seat)
        if legal:
            state = ENGINE.apply(state, seat, chance.choice(legal), chance)
    return state


@pytest.mark.parametrize("seed", range(5))
def test_a_view_holds_no_card_that_lies_hidden(seed: int) -> None:
    state = under_way(seed, 30)
    for viewer in (0, 1, None):
        cards = [
            card["id"]
            for zone in ENGINE.view(state, viewer)["board"]["zones"]
            for card in zone["cards"]
            if card is not None
        ]
        for seat, player in enumerate(state.players):
            hidden = {*player.deck, *(player.hand if seat != viewer else ())}
            assert hidden.isdisjoint(cards)
        if viewer is not None and state.turn:
            assert set(state.players[viewer].hand) <= set(cards)


@pytest.mark.parametrize("seed", range(5))
def test_a_seat_is_told_the_same_whatever_is_hidden(seed: int) -> None:
    state = under_way(seed, 25)
    for viewer in (0, 1, None):
        other = ENGINE.redeal(state, viewer, Random(seed))
        assert other != state
        assert ENGINE.view(other, viewer) == ENGINE.view(state, viewer)
        if viewer is not None:
            assert ENGINE.legal_actions(other, viewer) == ENGINE.legal_actions(state, viewer)


def test_the_log_calls_the_viewer_you() -> None:
    state = under_way(1, 12)
    own, spectator = ENGINE.view(state, 0)["log"], ENGINE.view(state, None)["log"]
    for line, same in zip(own["lines"], spectator["lines"], strict=True):
        who = "You" if same.startswith("Seat 0 ") else "They"
        assert line == who + same[len("Seat 0") :]
