"""Deals anew what a seat cannot see: for the search for leaks, and for bots that must guess."""

from __future__ import annotations

from random import Random

from meeple.engines.duel.decks import READY_MADE, is_basic, ready_made
from meeple.engines.duel.setup import take_deck
from meeple.engines.duel.state import Creature, State, card, change
from meeple.engines.duel.view import peeked


def redeal(state: State, seat: int | None, rng: Random) -> State:
    """A random state that ``seat`` (None: a spectator) cannot tell from this one.

    A foe's hand and deck are shuffled together, and so is the own deck, but for what the seat is
    looking at. The decks are public from the end of the set-up on; before it, a foe's choice is
    made anew.
    """
    for side in (0, 1):
        if side == seat:
            state = _shuffle_own(state, side, rng)
        elif state.turn == 0:
            state = _choose_anew(state, side, rng)
        else:
            state = _shuffle_foe(state, side, rng)
    return state


def _shuffle_own(state: State, side: int, rng: Random) -> State:
    deck = state.players[side].deck
    seen = peeked(state, side)
    hidden = sorted(deck[seen:])  # the true order may not show in the new one
    rng.shuffle(hidden)
    return change(state, side, deck=(*deck[:seen], *hidden))


def _shuffle_foe(state: State, side: int, rng: Random) -> State:
    player = state.players[side]
    hidden = sorted((*player.hand, *player.deck))
    rng.shuffle(hidden)
    count = len(player.hand)
    return change(state, side, hand=tuple(hidden[:count]), deck=tuple(hidden[count:]))


def _choose_anew(state: State, side: int, rng: Random) -> State:
    player = state.players[side]
    if not player.deck_name:
        return state
    name = rng.choice(list(READY_MADE))
    cards = ready_made(name, state.rules.deck_size)
    state = take_deck(change(state, side, hand=(), active=None), side, name, cards, rng)
    if player.active is None:
        return state
    hand = list(state.players[side].hand)
    number = rng.choice([one for one in hand if is_basic(card(state, one))])
    hand.remove(number)
    first = Creature(cards=(number,), arrived=0)
    return change(state, side, hand=tuple(hand), active=first)
