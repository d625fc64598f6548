"""What a card says, made from what it does."""

from __future__ import annotations

from collections.abc import Iterator

from meeple.engines.duel.effects import (
    Afflict,
    Attack,
    Bonus,
    Card,
    CharmCard,
    CreatureCard,
    Discard,
    Drain,
    Draw,
    Effect,
    Flip,
    Gain,
    Heal,
    Hit,
    Passive,
    Peek,
    PlaceCard,
    Renew,
    Shield,
    Switch,
    TrickCard,
)


def card_text(one: Card) -> str:
    """What the card does, in words."""
    match one:
        case CreatureCard(attacks=attacks):
            return " / ".join(attack_text(attack) for attack in attacks)
        case TrickCard(effects=effects):
            return " ".join(effect_text(effect) for effect in effects)
        case CharmCard(passive=passive):
            return f"The creature that wears it {_passive_text(passive)}."
        case PlaceCard(passive=passive):
            kind = (
                "Every creature" if passive.element is None else f"Every {passive.element} creature"
            )
            return f"{kind} {_passive_text(passive)}."
    raise AssertionError(f"no text for {one}")


def card_note(one: Card) -> str:
    """What kind of card it is, in a few words."""
    match one:
        case CreatureCard(element=element, hp=hp, grows_from=younger):
            grows = "" if younger is None else f", grows from {younger}"
            return f"{element}, {hp} hp{grows}"
        case TrickCard():
            return "trick"
        case CharmCard():
            return "charm"
    return "place"


def attack_text(attack: Attack) -> str:
    """Name, cost, damage and what else it does."""
    parts = [*_damage(attack), *(effect_text(effect) for effect in attack.effects)]
    return f"{attack.name} [{attack.cost}]: {' '.join(parts)}"


def effect_text(effect: Effect) -> str:
    """One part, as a sentence; "you" is who plays it."""
    match effect:
        case Hit(amount, "self"):
            return f"Your active creature takes {amount} damage."
        case Hit(amount, "bench"):
            return f"Each creature on your opponent's bench takes {amount} damage."
        case Hit(amount):
            return f"{amount} damage to a creature of your opponent that you choose."
        case Heal(amount, target, cure):
            cured = " and its condition" if cure else ""
            return f"Take {amount} damage{cured} off {_OWN[target]}."
        case Afflict(condition):
            return f"Your opponent's active creature becomes {condition}."
        case Shield(amount):
            return f"Until your next turn, attacks do {amount} less to your active creature."
        case Gain(energy, target):
            return f"Give {energy} energy to {_OWN[target]}."
        case Drain(energy, target):
            whose = "your" if target == "self" else "your opponent's"
            return f"Take {energy} energy off {whose} active creature."
        case Draw(cards):
            return f"Draw {_cards(cards)}."
        case Peek(cards):
            return f"Look at the top {cards} cards of your deck, take one, shuffle the rest back."
        case Discard(down_to, who):
            whose = "You discard" if who == "you" else "Your opponent discards"
            return f"{whose} down to {_cards(down_to)}."
        case Renew(cards):
            return f"Both players shuffle their hands into their decks and draw {_cards(cards)}."
        case Switch("you"):
            return "Switch your active creature with one of your bench."
        case Switch("foe", "you"):
            return "Your opponent's active creature goes to the bench; you choose who comes for it."
        case Switch("foe"):
            return "Your opponent switches the active creature with one of the bench."
        case Flip(heads, tails):
            sides = (("Heads", heads), ("Tails", tails))
            said = (f"{side}: {' '.join(map(effect_text, one))}" for side, one in sides if one)
            return f"Flip a coin. {' '.join(said)}"
    return "Take a creature card from your discard pile into your hand."


_OWN = {
    "self": "your active creature",
    "one": "a creature of yours that you choose",
    "bench": "a creature of your bench that you choose",
    "all": "each of your creatures",
}


def _damage(attack: Attack) -> Iterator[str]:
    if attack.damage:
        yield f"{attack.damage} damage."
    if attack.bonus is not None:
        more = "more " if attack.damage else ""
        yield f"{attack.bonus.amount} {more}damage {_bonus_text(attack.bonus)}."


def _bonus_text(bonus: Bonus) -> str:
    match bonus.per:
        case "heads":
            one = bonus.coins == 1
            return "if a coin falls heads" if one else f"for each heads of {bonus.coins} coins"
        case "afflicted":
            return "if your opponent's active creature has a condition"
        case "hurt":
            return "if this creature is damaged"
        case "bench":
            return "for each creature on your bench"
        case "spare":
            return "for each energy beyond the cost"


def _passive_text(passive: Passive) -> str:
    match passive.stat:
        case "attack":
            return f"does {passive.amount} more damage with attacks"
        case "armor":
            return f"takes {passive.amount} less damage from attacks"
        case "hp":
            return f"has {passive.amount} more hit points"
        case "retreat":
            return f"pays {passive.amount} less to retreat"
        case "rest":
            return f"loses {passive.amount} damage at the end of each turn"


def _cards(number: int) -> str:
    return "a card" if number == 1 else f"{number} cards"
