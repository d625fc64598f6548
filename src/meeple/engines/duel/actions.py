"""What a player can do, as clients write it: ``{"type": "attack", "attack": 0}``."""

from __future__ import annotations

from typing import TypeAlias, get_args

import msgspec

from meeple.engine import JSON, IllegalAction


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """Base of the actions; a card is its number, a creature in play is its ``id``."""


class ChooseDeck(Action, frozen=True, tag="deck"):
    """Set-up: play a ready-made deck."""

    deck: str


class BringDeck(Action, frozen=True, tag="own_deck"):
    """Set-up, if the house rules allow it: play a deck of these cards, by name."""

    cards: tuple[str, ...]


class Begin(Action, frozen=True, tag="begin"):
    """Set-up: the basic creature that will be active."""

    card: int


class Play(Action, frozen=True, tag="play"):
    """Play a basic creature to the bench, a trick or a place."""

    card: int


class Grow(Action, frozen=True, tag="grow"):
    """Lay a creature card on the creature that it grows from."""

    card: int
    on: int


class Tie(Action, frozen=True, tag="charm"):
    """Tie a charm to a creature."""

    card: int
    on: int


class Energize(Action, frozen=True, tag="energy"):
    """Give a creature one energy."""

    on: int


class Retreat(Action, frozen=True, tag="retreat"):
    """Pay for the active creature's retreat; one from the bench comes for it."""

    to: int


class UseAttack(Action, frozen=True, tag="attack"):
    """Attack; that ends the turn."""

    attack: int


class EndTurn(Action, frozen=True, tag="end"):
    """End the turn without an attack."""


class Choose(Action, frozen=True, tag="choose"):
    """A forced action: choose one of the cards that are asked for."""

    card: int


AnyAction: TypeAlias = (
    ChooseDeck
    | BringDeck
    | Begin
    | Play
    | Grow
    | Tie
    | Energize
    | Retreat
    | UseAttack
    | EndTurn
    | Choose
)


def encode(action: AnyAction) -> JSON:
    """The action as JSON."""
    return msgspec.to_builtins(action)


#: The actions by the word in their ``type``.
ACTION_TYPES: dict[str, type[AnyAction]] = {
    str(one.__struct_config__.tag): one for one in get_args(AnyAction)
}


def decode(data: JSON) -> AnyAction:
    """The action that the JSON stands for; raises `IllegalAction` if none."""
    kind = data.get("type") if isinstance(data, dict) else None
    found = ACTION_TYPES.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise IllegalAction(
            f'An action of Duel is an object with a "type": {", ".join(ACTION_TYPES)}.'
        )
    try:
        # One type, not their union: msgspec keeps what it has worked out of a class.
        return msgspec.convert(data, found)
    except msgspec.ValidationError as error:
        raise IllegalAction(f"That is no action of Duel: {error}") from error
