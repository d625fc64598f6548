"""What a viewer may see: the own hand, what lies open, and how many cards lie hidden."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from meeple.engine import JSON
from meeple.engines.duel import actions, legal
from meeple.engines.duel.actions import Choose, Energize, Grow, Play, Retreat, Tie
from meeple.engines.duel.choices import choice
from meeple.engines.duel.effects import Peek
from meeple.engines.duel.state import Creature, Player, State, card, hit_points, what
from meeple.engines.duel.text import card_note, card_text


def view(state: State, seat: int | None) -> dict[str, JSON]:
    """The table as ``seat``, or a spectator (None), sees it.

    While the set-up is on, a player sees nothing of what the other one has done.
    """
    begun = state.turn > 0
    return {
        "turn": state.turn,
        "turn_of": state.seat if begun else None,
        "turn_limit": state.rules.turn_limit,
        "points_to_win": state.rules.points,
        "points": [player.points for player in state.players],
        "energy_to_give": state.players[state.seat].energy if begun else None,
        "decks": [
            player.deck_name if begun or owner == seat else ""
            for owner, player in enumerate(state.players)
        ],
        "own_decks": [_own_deck(state, side) for side in (0, 1)],
        "text": _text(state, seat),
        "board": _board(state, seat),
        "log": {
            "first": state.logged - len(state.log),
            "lines": [f"{_who(one.seat, seat)} {one.text}" for one in state.log],
        },
    }


def _own_deck(state: State, side: int) -> dict[str, int] | None:
    """The cards of a deck that is not ready-made, for both to see once the game begins."""
    if state.turn == 0 or state.players[side].deck_name != "own":
        return None
    size = state.rules.deck_size
    return dict(Counter(sorted(state.names[side * size : (side + 1) * size])))


def _text(state: State, seat: int | None) -> list[str]:
    """Turn and points in words."""
    if state.turn == 0:
        return ["The set-up: choose in secret; it is shown when both are ready."]
    points = ", ".join(
        f"{_who(side, seat)}: {player.points} ({player.deck_name} deck)"
        for side, player in enumerate(state.players)
    )
    return [
        f"Turn {state.turn} of {state.rules.turn_limit}. Energy still to give in it:"
        f" {state.players[state.seat].energy}.",
        f"Points ({state.rules.points} win): {points}.",
    ]


def _who(actor: int | None, viewer: int | None) -> str:
    if viewer is None:
        return f"Seat {actor}"
    return "You" if actor == viewer else "They"


def _board(state: State, seat: int | None) -> dict[str, JSON]:
    # The viewer's own side comes last, that is nearest.
    sides = (1 - seat, seat) if seat is not None else (0, 1)
    upper, lower = (_side(state, side, seat) for side in sides)
    place = [] if state.place is None else [_card(state, state.place)]
    between = _zone("place", None, "row", place)
    board: dict[str, JSON] = {"kind": "cards", "zones": [*upper, between, *reversed(lower)]}
    if seat is not None:
        listed = legal.legal_actions(state, seat)
        moves = ((one, _cards_of(one)) for one in listed)
        board["moves"] = {_key(one): cards for one, cards in moves if cards}
    return board


def _side(state: State, side: int, viewer: int | None) -> list[dict[str, JSON]]:
    player = state.players[side]
    if state.turn == 0 and side != viewer:
        # Even how far the other one is with the set-up is nobody's business.
        player = Player()
    own = side == viewer
    in_play = [] if player.active is None else [_creature(state, player.active)]
    zones = [
        _zone("hand", side, "fan", [_card(state, one) if own else None for one in player.hand]),
        _zone("deck", side, "pile", [], len(player.deck)),
        _zone("discard", side, "pile", [_card(state, one) for one in player.discard]),
        _zone("bench", side, "row", [_creature(state, one) for one in player.bench]),
        _zone("active", side, "row", in_play),
    ]
    seen = peeked(state, side) if own else 0
    if seen:
        zones.insert(
            0, _zone("peek", side, "row", [_card(state, one) for one in player.deck[:seen]])
        )
    return zones


def peeked(state: State, seat: int) -> int:
    """How many cards of the own deck the seat is looking at."""
    if not state.queue or not isinstance(state.queue[0].do, Peek):
        return 0
    asked = choice(state, state.queue[0])
    return len(asked.cards) if asked is not None and asked.seat == seat else 0


def _zone(
    name: str, seat: int | None, layout: str, cards: list[Any], count: int | None = None
) -> dict[str, JSON]:
    number = len(cards) if count is None else count
    return {"name": name, "seat": seat, "layout": layout, "cards": cards, "count": number}


def _card(state: State, number: int) -> dict[str, JSON]:
    shown = card(state, number)
    return {
        "id": number,
        "name": shown.name,
        "note": card_note(shown),
        "text": card_text(shown),
    }


def _creature(state: State, creature: Creature) -> dict[str, JSON]:
    shown, full = what(state, creature), hit_points(state, creature)
    made: dict[str, JSON] = {
        "id": creature.id,
        "name": shown.name,
        "note": _state_note(state, creature),
        "text": card_text(shown),
        "element": shown.element,
        "hp": full,
        "left": max(0, full - creature.damage),
        "energy": creature.energy,
        "retreat": legal.retreat_cost(state, creature),
        "prize": shown.prize,
    }
    if creature.condition is not None:
        made["condition"] = creature.condition
    if creature.charm is not None:
        made["charm"] = state.names[creature.charm]
    if creature.shield:
        made["shield"] = creature.shield
    return made


def _state_note(state: State, creature: Creature) -> str:
    full = hit_points(state, creature)
    notes = [
        what(state, creature).element,
        f"{max(0, full - creature.damage)} of {full} hp",
        f"{creature.energy} energy",
    ]
    if creature.condition is not None:
        notes.append(creature.condition)
    if creature.charm is not None:
        notes.append(f"wears {state.names[creature.charm]}")
    if creature.shield:
        notes.append(f"attacks do {creature.shield} less")
    return ", ".join(notes)


def _key(action: actions.AnyAction) -> str:
    return msgspec.json.encode(action).decode()


def _cards_of(action: actions.AnyAction) -> list[int]:
    """The cards that a player points at to do this."""
    match action:
        case Grow(number, on) | Tie(number, on):
            return [number, on]
        case Energize(number) | Retreat(number):
            return [number]
        case Play(number) | Choose(number) | actions.Begin(number):
            return [number]
    return []
