"""The set-up: both players choose a deck and a first creature, in secret and at the same time."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from meeple.engines.duel.decks import is_basic
from meeple.engines.duel.state import (
    OPENING_HAND,
    Creature,
    HouseRules,
    Player,
    State,
    card,
    change,
    draw,
    say,
)
from meeple.engines.duel.turn import begin_turn

#: Opening hands without a basic creature, at most; then one is looked for in the deck.
MULLIGANS = 5


def new_table(rules: HouseRules) -> State:
    """Nobody has chosen anything yet."""
    return State(rules=rules, names=("",) * (2 * rules.deck_size), players=(Player(), Player()))


def take_deck(state: State, seat: int, name: str, cards: tuple[str, ...], rng: Random) -> State:
    """The player's deck is shuffled and the opening hand drawn, again if it must be."""
    size = state.rules.deck_size
    names = cards + state.names[size:] if seat == 0 else state.names[:size] + cards
    state = change(replace(state, names=names), seat, deck_name=name)
    numbers = list(range(seat * size, (seat + 1) * size))
    mulligans = 0
    rng.shuffle(numbers)
    while not any(is_basic(card(state, one)) for one in numbers[:OPENING_HAND]):
        if mulligans == MULLIGANS:
            numbers.sort(key=lambda one: not is_basic(card(state, one)))
            break
        mulligans += 1
        rng.shuffle(numbers)
    state = change(state, seat, deck=tuple(numbers), mulligans=mulligans)
    return draw(state, seat, OPENING_HAND)


def begin(state: State, seat: int, number: int, rng: Random) -> State:
    """The player's first creature lies face down; when both lie there, the game begins."""
    hand = tuple(one for one in state.players[seat].hand if one != number)
    state = change(state, seat, hand=hand, active=Creature(cards=(number,), arrived=0))
    return state if any(player.active is None for player in state.players) else _reveal(state, rng)


def _reveal(state: State, rng: Random) -> State:
    for seat in (0, 1):
        player, foe = state.players[seat], state.players[1 - seat]
        if player.mulligans:
            again = "once" if player.mulligans == 1 else f"{player.mulligans} times"
            state = say(state, seat, f"drew a new opening hand {again}")
        more = foe.mulligans - player.mulligans
        if more > 0:
            state = say(draw(state, seat, more), seat, f"drew {more} more for it")
    first = rng.randrange(2)
    state = say(state, first, "won the toss, and may not attack in the first turn")
    return begin_turn(replace(state, turn=1), first)
