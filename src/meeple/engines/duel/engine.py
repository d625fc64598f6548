"""Duel as an engine: see docs/games/duel.md for the rules, and `cards` for the cards."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec

from meeple.engine import JSON, IllegalAction, Outcome
from meeple.engines.duel import actions, labels, legal, redeal, view
from meeple.engines.duel.actions import AnyAction, BringDeck, Choose
from meeple.engines.duel.choices import choice
from meeple.engines.duel.decks import READY_MADE, by_chance
from meeple.engines.duel.moves import carry_out
from meeple.engines.duel.setup import new_table
from meeple.engines.duel.state import HouseRules, State


class Duel:
    """A card game for two: creatures of house and garden grow, attack and knock each other out."""

    Options = HouseRules

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> State:
        """An empty table; chance comes in when decks are chosen."""
        return new_table(HouseRules(**options))

    def to_act(self, state: State) -> list[int]:
        """Both in the set-up, then whose turn it is or who is forced to choose."""
        return legal.to_act(state)

    def legal_actions(self, state: State, seat: int) -> list[AnyAction] | None:
        """All of them; None where a player may bring a deck of any cards."""
        return None if _brings_deck(state, seat) else legal.legal_actions(state, seat)

    def apply(self, state: State, seat: int, action: AnyAction, rng: Random) -> State:
        """Do the action, and all that follows up to the next choice."""
        brings = isinstance(action, BringDeck) and _brings_deck(state, seat)
        if not brings and action not in legal.legal_actions(state, seat):
            raise IllegalAction(_what_to_do(state, seat))
        return carry_out(state, seat, action, rng)

    def view(self, state: State, seat: int | None) -> dict[str, JSON]:
        """The own hand, what lies open, and the number of what is hidden."""
        return view.view(state, seat)

    def outcome(self, state: State) -> Outcome | None:
        """Points, no creature left, no card to draw, or too many turns."""
        if not state.ended:
            return None
        scores = tuple(player.points for player in state.players)
        return Outcome(winners=state.winners, reason=state.ended, scores=scores)

    # --- optional powers ------------------------------------------------------------------------

    def forced(self, state: State, seat: int) -> JSON:
        """The choice that the seat must make before anything else."""
        if seat not in legal.to_act(state):
            return None
        if state.turn == 0:
            return {"type": "set_up", "text": _what_to_do(state, seat)}
        asked = choice(state, state.queue[0]) if state.queue else None
        if asked is None:
            return None
        cards = [one.card for one in legal.legal_actions(state, seat) if isinstance(one, Choose)]
        return {"type": asked.kind, "cards": cards, "text": asked.text}

    def describe_action(self, state: State, seat: int, action: AnyAction) -> str:
        """The action in words."""
        return labels.label(state, action)

    def encode_action(self, action: AnyAction) -> JSON:
        """An object with a ``type``."""
        return actions.encode(action)

    def decode_action(self, data: JSON) -> AnyAction:
        """The action that the object stands for."""
        return actions.decode(data)

    def encode_state(self, state: State) -> JSON:
        """Everything, as plain values."""
        return msgspec.to_builtins(state)

    def decode_state(self, data: JSON) -> State:
        """The state again."""
        return msgspec.convert(data, State)

    def redeal(self, state: State, seat: int | None, rng: Random) -> State:
        """The same table with what is hidden from the seat dealt anew."""
        return redeal.redeal(state, seat, rng)

    def sample_action(self, state: State, seat: int, rng: Random) -> AnyAction:
        """One that is listed, or a deck of any cards."""
        if _brings_deck(state, seat) and rng.random() < 0.5:
            return BringDeck(by_chance(state.rules.deck_size, rng))
        return rng.choice(legal.legal_actions(state, seat))


def _brings_deck(state: State, seat: int) -> bool:
    return state.rules.own_decks and state.turn == 0 and not state.players[seat].deck_name


def _what_to_do(state: State, seat: int) -> str:
    if seat not in legal.to_act(state):
        return "It is not your turn."
    if state.turn == 0:
        if state.players[seat].deck_name:
            return "Choose the creature of your hand that you begin with."
        if state.rules.own_decks:
            size = state.rules.deck_size
            ready = f'{{"type": "deck", "deck": "{"|".join(READY_MADE)}"}}'
            own = f'{{"type": "own_deck", "cards": [{size} names]}}'
            return f"Choose a ready-made deck, {ready}, or bring one of your own, {own}."
        return "Choose the deck that you play."
    asked = choice(state, state.queue[0]) if state.queue else None
    if asked is not None:
        return asked.text
    return "That cannot be done now: do something that is listed, attack, or end the turn."
