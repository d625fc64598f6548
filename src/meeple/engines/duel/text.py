"""Duel in words: what a card says is made from what it does."""

from __future__ import annotations

from collections.abc import Iterator

from meeple.engines.duel.actions import (
    AnyAction,
    Begin,
    BringDeck,
    Choose,
    ChooseDeck,
    Energize,
    Grow,
    Play,
    Retreat,
    Tie,
    UseAttack,
)
from meeple.engines.duel.cards import ALL
from meeple.engines.duel.choices import choice
from meeple.engines.duel.decks import READY_MADE, ready_made
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
from meeple.engines.duel.legal import retreat_cost
from meeple.engines.duel.state import State, active, card, find, hit_points, owner, what

#: What each ready-made deck is like.
DECKS = {
    "hearth": "quick and hot: hard attacks that burn, and sometimes burn you",
    "attic": "sly: webs, coins and clockwork that stores energy",
    "hedge": "patient: tough creatures that heal and grow huge",
    "pond": "slippery: pulls and pushes creatures from bench to front",
}


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


def action_text(state: State, action: AnyAction) -> str:
    """What the action means, for a person who may do it."""
    match action:
        case ChooseDeck(deck):
            return f"play the deck {deck} ({DECKS[deck]})"
        case BringDeck(cards):
            return f"play a deck of your own: {', '.join(cards)}"
        case Begin(number):
            return f"begin with {state.names[number]}"
        case Play(number):
            played = card(state, number)
            if isinstance(played, CreatureCard):
                return f"put {played.name} on the bench"
            return f"play {played.name}: {card_text(played)}"
        case Grow(number, on):
            return f"grow {_called(state, on)} into {state.names[number]}"
        case Tie(number, on):
            return f"tie {state.names[number]} to {_called(state, on)}"
        case Energize(on):
            return f"give 1 energy to {_called(state, on)}"
        case Retreat(to):
            cost = retreat_cost(state, active(state, state.seat))
            return f"retreat for {cost} energy and bring {_called(state, to)}"
        case UseAttack(number):
            attack = what(state, active(state, state.seat)).attacks[number]
            return f"attack with {attack_text(attack)}"
        case Choose(number):
            return _chosen(state, number)
    return "end the turn without an attack"


def _chosen(state: State, number: int) -> str:
    asked = choice(state, state.queue[0])
    assert asked is not None
    in_play = any(one.id == number for player in state.players for one in player.creatures)
    return _called(state, number) if in_play else state.names[number]


def _called(state: State, number: int) -> str:
    """A creature in play with what tells it from its like."""
    creature = find(state, number)
    left = hit_points(state, creature) - creature.damage
    where = "bench" if creature in state.players[owner(state, number)].bench else "active"
    return f"{what(state, creature).name} ({where}, {left} hp, {creature.energy} energy)"


def card_list() -> str:
    """Every card and every ready-made deck, in Markdown, for the rules."""
    return "\n".join([*_creature_tables(), *_other_tables(), *_deck_table()])


def _creature_tables() -> Iterator[str]:
    for element in ("hearth", "attic", "hedge", "pond"):
        yield from (f"### {element.capitalize()}", "")
        yield "| Creature | Grows from | HP | Retreat | Points | Attacks [energy needed] |"
        yield "|---|---|---|---|---|---|"
        for one in ALL:
            if isinstance(one, CreatureCard) and one.element == element:
                attacks = "<br>".join(map(attack_text, one.attacks))
                row = (one.name, one.grows_from or "", one.hp, one.retreat, one.prize, attacks)
                yield f"| {' | '.join(map(str, row))} |"
        yield ""


def _other_tables() -> Iterator[str]:
    for title, kind in (("Tricks", TrickCard), ("Charms", CharmCard), ("Places", PlaceCard)):
        yield from (f"### {title}", "", "| Card | What it does |", "|---|---|")
        for one in ALL:
            if isinstance(one, kind):
                yield f"| {one.name} | {card_text(one)} |"
        yield ""


def _deck_table() -> Iterator[str]:
    yield from (
        "### Ready-made decks",
        "",
        "| Deck | What it is like | Its 30 cards |",
        "|---|---|---|",
    )
    for name in READY_MADE:
        names = ready_made(name, 30)
        counts = ", ".join(f"{names.count(one)} {one}" for one in dict.fromkeys(names))
        yield f"| {name} | {DECKS[name]} | {counts} |"
    yield ""
