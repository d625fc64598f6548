# ruff: noqa: E501 - what a card says is one line
"""What every card says, and what it does.

The examples are played on the tables of `laid` and `tricked`, and every coin falls heads.
"""

from __future__ import annotations

import pytest

from meeple.engine import IllegalAction
from meeple.engines.duel.actions import AnyAction, Play, UseAttack
from meeple.engines.duel.cards import ALL, CARDS
from meeple.engines.duel.decks import READY_MADE, checked, is_basic, ready_made
from meeple.engines.duel.effects import CharmCard, CreatureCard, PlaceCard, TrickCard
from meeple.engines.duel.state import State
from meeple.engines.duel.text import attack_text, card_text
from tests.engines.duel.tables import ENGINE, Coins, happened, in_hand, on, side, table

#: A tough creature of each element, to be attacked by its like: nobody is strong against it.
TOUGH = {
    "hearth": "Chimney Lion",
    "attic": "Rafter Queen",
    "hedge": "Old Hawthorn",
    "pond": "Moon Toad",
}


def laid(attacker: str, number: int) -> State:
    """The creature, a bit hurt and with one energy more than it needs, before a tough one."""
    card = CARDS[attacker]
    assert isinstance(card, CreatureCard)
    energy = card.attacks[number].cost + 1
    own = side(on(attacker, energy=energy, damage=20), "Sootling", "Newt Novice")
    return table(own, side(on(TOUGH[card.element], energy=1), "Nettle Wisp", "Puddle Sprite"))


def tricked(name: str) -> State:
    """A table on which every trick can do something."""
    own = side(
        on("Sootling", damage=30, condition="dizzy"),
        on("Tin Mouse", damage=10),
        hand=(name, "Keyhole"),
        discard=("Thornling", "Keyhole", "Lampmoth"),
        deck=("Wrigglet", "Mud Turtle", "Reed Frog", "Biscuit Tin", "Moon Toad"),
    )
    foe = side("Moss Mouse", "Nettle Wisp", "Puddle Sprite", hand=("Keyhole",) * 5)
    return table(own, foe)


#: Each attack: what it says, and what then happens.
ATTACKS = """
Ember Nip [1]: 20 damage.
  foe took 20 damage on Chimney Lion (100 left)
Hot Paws [1]: 20 damage. Flip a coin. Heads: Your opponent's active creature becomes scorched.
  foe took 20 damage on Chimney Lion (100 left)
  own flipped a coin: heads
  foe had Chimney Lion made scorched
  foe flipped a coin for scorched Chimney Lion: heads
  foe took 10 damage on Chimney Lion: it is scorched
Hearthrug Pounce [2]: 40 damage.
  foe took 40 damage on Chimney Lion (80 left)
Shower of Sparks [2]: 40 damage. Each creature on your opponent's bench takes 10 damage.
  foe took 40 damage on Chimney Lion (80 left)
  foe took 10 damage on Nettle Wisp (40 left)
  foe took 10 damage on Puddle Sprite (30 left)
Blaze Up [3]: 100 damage. Take 2 energy off your active creature.
  foe took 100 damage on Chimney Lion (20 left)
  own lost 2 energy of Chimney Lion
Shrill Whistle [1]: 10 damage. Your opponent's active creature becomes dizzy.
  foe took 10 damage on Chimney Lion (110 left)
  foe had Chimney Lion made dizzy
Boil Over [2]: 40 damage. Your active creature takes 10 damage.
  foe took 40 damage on Chimney Lion (80 left)
  own took 10 damage on Kettle Imp (20 left)
Lid Slam [2]: 40 damage.
  foe took 40 damage on Chimney Lion (80 left)
Scalding Steam [3]: 60 damage. Your opponent's active creature becomes scorched.
  foe took 60 damage on Chimney Lion (60 left)
  foe had Chimney Lion made scorched
  foe flipped a coin for scorched Chimney Lion: heads
  foe took 10 damage on Chimney Lion: it is scorched
Strike a Light [0]: Give 1 energy to a creature of yours that you choose.
  own must: Choose the creature of yours that gets 1 energy.
Flare [1]: 10 damage. 20 more damage if a coin falls heads.
  own flipped a coin: heads
  foe took 30 damage on Chimney Lion (90 left)
Fetch Crumbs [1]: 10 damage. Draw a card.
  foe took 10 damage on Chimney Lion (110 left)
  own drew 1 card
Crusty Bite [2]: 30 damage.
  foe took 30 damage on Chimney Lion (90 left)
Prod the Embers [2]: 30 damage. 20 more damage if your opponent's active creature has a condition.
  foe took 30 damage on Chimney Lion (90 left)
Sneeze [1]: 20 damage. Flip a coin. Heads: Your opponent's active creature becomes dizzy.
  foe took 20 damage on Rafter Queen (100 left)
  own flipped a coin: heads
  foe had Rafter Queen made dizzy
Sticky Thread [1]: 20 damage. Your opponent's active creature becomes tangled.
  foe took 20 damage on Rafter Queen (100 left)
  foe had Rafter Queen made tangled
Eight Kicks [2]: 20 damage. 30 more damage for each heads of 2 coins.
  own flipped a coin: heads
  own flipped a coin: heads
  foe took 80 damage on Rafter Queen (40 left)
Drop from Above [2]: 50 damage to a creature of your opponent that you choose.
  own must: Choose the creature of your opponent that takes 50 damage.
Great Web [3]: 70 damage. Your opponent's active creature becomes tangled.
  foe took 70 damage on Rafter Queen (50 left)
  foe had Rafter Queen made tangled
Wind Up [1]: 20 damage. 10 more damage for each energy beyond the cost.
  foe took 30 damage on Rafter Queen (90 left)
Night Watch [1]: 20 damage. Look at the top 3 cards of your deck, take one, shuffle the rest back.
  foe took 20 damage on Rafter Queen (100 left)
  own must: Choose the card that you take; the others are shuffled back.
Unspring [2]: 40 damage. 20 more damage for each energy beyond the cost.
  foe took 60 damage on Rafter Queen (60 left)
Flutter By [1]: 20 damage. Switch your active creature with one of your bench.
  foe took 20 damage on Rafter Queen (100 left)
  own must: Your active creature goes to the bench: choose the one that comes for it.
Powder Wings [2]: 20 damage. Your opponent's active creature becomes drowsy.
  foe took 20 damage on Rafter Queen (100 left)
  foe had Rafter Queen made drowsy
  foe flipped a coin for drowsy Rafter Queen: heads
Lullaby [1]: 20 damage. Flip a coin. Heads: Your opponent's active creature becomes drowsy.
  foe took 20 damage on Rafter Queen (100 left)
  own flipped a coin: heads
  foe had Rafter Queen made drowsy
  foe flipped a coin for drowsy Rafter Queen: heads
Out of Tune [2]: 30 damage.
  foe took 30 damage on Rafter Queen (90 left)
Tip Over [2]: 20 damage. 20 more damage for each heads of 3 coins.
  own flipped a coin: heads
  own flipped a coin: heads
  own flipped a coin: heads
  foe took 80 damage on Rafter Queen (40 left)
Prickle [1]: 10 damage. Flip a coin. Heads: Your opponent's active creature becomes tangled.
  foe took 10 damage on Old Hawthorn (110 left)
  own flipped a coin: heads
  foe had Old Hawthorn made tangled
Root About [1]: 20 damage. Take 10 damage off your active creature.
  foe took 20 damage on Old Hawthorn (100 left)
  own healed 10 damage of Bramble Boar
Angry Charge [2]: 30 damage. 20 more damage if this creature is damaged.
  foe took 50 damage on Old Hawthorn (70 left)
Deep Roots [2]: 40 damage. Take 20 damage off each of your creatures.
  foe took 40 damage on Old Hawthorn (80 left)
  own healed 20 damage of Old Hawthorn
Storm of Thorns [3]: 80 damage. Each creature on your opponent's bench takes 10 damage.
  foe took 80 damage on Old Hawthorn (40 left)
  foe took 10 damage on Nettle Wisp (40 left)
  foe took 10 damage on Puddle Sprite (30 left)
Nibble [1]: 10 damage. 10 more damage for each creature on your bench.
  foe took 30 damage on Old Hawthorn (90 left)
Dig In [1]: 20 damage. Until your next turn, attacks do 20 less to your active creature.
  foe took 20 damage on Old Hawthorn (100 left)
  own took cover: attacks do 20 less
Call the Sett [3]: 40 damage. 10 more damage for each creature on your bench.
  foe took 60 damage on Old Hawthorn (60 left)
Slow Delivery [1]: Give 2 energy to a creature of your bench that you choose.
  own must: Choose the creature of yours that gets 2 energy.
Shell Bump [2]: 30 damage.
  foe took 30 damage on Old Hawthorn (90 left)
Sting [1]: 20 damage. Flip a coin. Heads: Take 1 energy off your opponent's active creature.
  foe took 20 damage on Old Hawthorn (100 left)
  own flipped a coin: heads
  foe lost 1 energy of Old Hawthorn
Curl Up [1]: 10 damage. Until your next turn, attacks do 30 less to your active creature.
  foe took 10 damage on Old Hawthorn (110 left)
  own took cover: attacks do 30 less
Bristle [2]: 30 damage.
  foe took 30 damage on Old Hawthorn (90 left)
Splash [1]: 20 damage.
  foe took 20 damage on Moon Toad (100 left)
Tongue Tug [1]: 20 damage. Your opponent's active creature goes to the bench; you choose who comes for it.
  foe took 20 damage on Moon Toad (100 left)
  own must: Choose your opponent's next active creature.
Long Leap [2]: 40 damage.
  foe took 40 damage on Moon Toad (80 left)
Night Song [2]: 40 damage. Your opponent's active creature becomes drowsy.
  foe took 40 damage on Moon Toad (80 left)
  foe had Moon Toad made drowsy
  foe flipped a coin for drowsy Moon Toad: heads
Great Gulp [3]: 70 damage. Take 30 damage off your active creature.
  foe took 70 damage on Moon Toad (50 left)
  own healed 20 damage of Moon Toad
Study [0]: Look at the top 2 cards of your deck, take one, shuffle the rest back.
  own must: Choose the card that you take; the others are shuffled back.
Cold Spit [1]: 20 damage.
  foe took 20 damage on Moon Toad (100 left)
Undertow [1]: 30 damage. Your opponent switches the active creature with one of the bench.
  foe took 30 damage on Moon Toad (90 left)
  foe must: Your active creature goes to the bench: choose the one that comes for it.
Whirlpool [3]: 60 damage. Take 1 energy off your opponent's active creature.
  foe took 60 damage on Moon Toad (60 left)
  foe lost 1 energy of Moon Toad
Patter [1]: 20 damage for each heads of 2 coins.
  own flipped a coin: heads
  own flipped a coin: heads
  foe took 40 damage on Moon Toad (80 left)
Long Beak [2]: 30 damage to a creature of your opponent that you choose.
  own must: Choose the creature of your opponent that takes 30 damage.
Stand Tall [3]: 50 damage.
  foe took 50 damage on Moon Toad (70 left)
Sink In [1]: Until your next turn, attacks do 20 less to your active creature. Take 20 damage off your active creature.
  own took cover: attacks do 20 less
  own healed 20 damage of Mud Turtle
Slow Snap [3]: 50 damage.
  foe took 50 damage on Moon Toad (70 left)
"""

#: Each trick: what it says, and what then happens.
TRICKS = """
Biscuit Tin: Draw 2 cards.
  own drew 2 cards
Honey Spoon: Take 40 damage and its condition off a creature of yours that you choose.
  own must: Choose the creature of yours that loses 40 damage and its condition.
Spare Candle: Flip a coin. Heads: Give 2 energy to a creature of yours that you choose. Tails: Draw a card.
  own flipped a coin: heads
  own must: Choose the creature of yours that gets 2 energy.
Knock at the Door: Your opponent switches the active creature with one of the bench.
  foe must: Your active creature goes to the bench: choose the one that comes for it.
Fishing Line: Flip a coin. Heads: Your opponent's active creature goes to the bench; you choose who comes for it. Tails: Draw a card.
  own flipped a coin: heads
  own must: Choose your opponent's next active creature.
Back Stairs: Switch your active creature with one of your bench.
  own brought Tin Mouse forward
Lost and Found: Take a creature card from your discard pile into your hand.
  own must: Choose the creature that you take back from your discard pile.
Keyhole: Look at the top 4 cards of your deck, take one, shuffle the rest back.
  own must: Choose the card that you take; the others are shuffled back.
Cat in the Pantry: Your opponent discards down to 4 cards.
  foe must: Discard until you have 4 cards: choose the next one.
Spring Cleaning: Both players shuffle their hands into their decks and draw 4 cards.
  own got a new hand of 4 cards
  foe got a new hand of 4 cards
"""

#: Charms and places, which always hold: what they do is shown by the tests of turns.
LASTING = """
Thimble Helmet: The creature that wears it takes 10 less damage from attacks.
Sewing Needle: The creature that wears it does 10 more damage with attacks.
Acorn Lunch: The creature that wears it has 20 more hit points.
Silver Bell: The creature that wears it loses 10 damage at the end of each turn.
Warm Stove: Every hearth creature does 10 more damage with attacks.
Open Skylight: Every creature pays 1 less to retreat.
Overgrown Path: Every hedge creature takes 10 less damage from attacks.
Rain Barrel: Every pond creature loses 10 damage at the end of each turn.
"""


def examples(text: str) -> dict[str, list[str]]:
    """What is written above: what follows from each line that is not indented."""
    found: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        if line.startswith("  "):
            found[[*found][-1]].append(line.strip())
        else:
            found[line] = []
    return found


def follows(state: State, action: AnyAction) -> list[str]:
    """What happens, and what somebody must do next."""
    after = ENGINE.apply(state, 0, action, Coins("H" * 10))
    # The first line says what is played, and what comes after the night is no longer the card's.
    lines = [line for line in happened(state, after)[1:] if "began turn" not in line]
    seat = ENGINE.to_act(after)[0]
    forced = ENGINE.forced(after, seat)
    who = "own" if seat == 0 else "foe"
    return lines if forced is None else [*lines, f"{who} must: {forced['text']}"]


def every_attack() -> list[tuple[str, int]]:
    creatures = [card for card in ALL if isinstance(card, CreatureCard)]
    return [(card.name, number) for card in creatures for number in range(len(card.attacks))]


@pytest.mark.parametrize(("creature", "number"), every_attack())
def test_an_attack_does_what_it_says(creature: str, number: int) -> None:
    card = CARDS[creature]
    assert isinstance(card, CreatureCard)
    expected = examples(ATTACKS)[attack_text(card.attacks[number])]
    assert follows(laid(creature, number), UseAttack(number)) == expected


@pytest.mark.parametrize("name", [card.name for card in ALL if isinstance(card, TrickCard)])
def test_a_trick_does_what_it_says(name: str) -> None:
    state = tricked(name)
    expected = examples(TRICKS)[f"{name}: {card_text(CARDS[name])}"]
    assert follows(state, Play(in_hand(state, name))) == expected


def test_charms_and_places_say_what_they_do() -> None:
    lasting = [card for card in ALL if isinstance(card, CharmCard | PlaceCard)]
    assert [f"{card.name}: {card_text(card)}" for card in lasting] == [*examples(LASTING)]


# --- the cards as a whole -----------------------------------------------------------------------


def test_there_are_fifty_cards_of_different_names() -> None:
    assert len(ALL) == len(CARDS) == 50


def test_every_creature_that_grows_has_one_to_grow_from_of_its_element() -> None:
    for card in ALL:
        if isinstance(card, CreatureCard) and card.grows_from is not None:
            younger = CARDS[card.grows_from]
            assert isinstance(younger, CreatureCard)
            assert younger.element == card.element
            assert younger.hp < card.hp


@pytest.mark.parametrize("size", [20, 30, 40])
@pytest.mark.parametrize("name", READY_MADE)
def test_a_ready_made_deck_is_a_deck_of_every_size(name: str, size: int) -> None:
    names = ready_made(name, size)
    assert checked(names, size) == names


@pytest.mark.parametrize("name", READY_MADE)
def test_nothing_in_a_ready_made_deck_lacks_what_it_grows_from(name: str) -> None:
    for size in range(20, 41):
        names = ready_made(name, size)
        for card in map(CARDS.__getitem__, names):
            assert not isinstance(card, CreatureCard) or card.grows_from in (None, *names)


DECK = ready_made("pond", 30)


@pytest.mark.parametrize(
    ("cards", "why"),
    [
        (DECK[:-1], "A deck has 30 cards; this one has 29."),
        ((*DECK[:-1], "Dragon"), "There is no card 'Dragon'."),
        ((*DECK[:-1], "Wrigglet"), "A deck has at most 3 of a card: Wrigglet is in it 4×."),
        (
            tuple(card.name for card in ALL if not is_basic(card))[:30],
            "A deck needs 6 basic creatures or more; this one has 0.",
        ),
    ],
)
def test_what_is_no_deck_is_refused_with_the_reason(cards: tuple[str, ...], why: str) -> None:
    with pytest.raises(IllegalAction) as refused:
        checked(cards, 30)
    assert refused.value.message == why
