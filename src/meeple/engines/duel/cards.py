"""Every card of Duel, as data: the small spirits of a house and its garden by night."""

from __future__ import annotations

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
    Flip,
    Gain,
    Heal,
    Hit,
    Passive,
    Peek,
    PlaceCard,
    Recover,
    Renew,
    Shield,
    Switch,
    TrickCard,
)

HEARTH = (
    CreatureCard(
        name="Sootling",
        element="hearth",
        hp=50,
        attacks=(Attack("Ember Nip", 1, 20),),
    ),
    CreatureCard(
        name="Cinder Cat",
        element="hearth",
        hp=80,
        grows_from="Sootling",
        attacks=(
            Attack("Hot Paws", 1, 20, effects=(Flip(heads=(Afflict("scorched"),)),)),
            Attack("Hearthrug Pounce", 2, 40),
        ),
    ),
    CreatureCard(
        name="Chimney Lion",
        element="hearth",
        hp=120,
        grows_from="Cinder Cat",
        retreat=2,
        prize=2,
        attacks=(
            Attack("Shower of Sparks", 2, 40, effects=(Hit(10, "bench"),)),
            Attack("Blaze Up", 3, 100, effects=(Drain(2, "self"),)),
        ),
    ),
    CreatureCard(
        name="Kettle Imp",
        element="hearth",
        hp=50,
        attacks=(
            Attack("Shrill Whistle", 1, 10, effects=(Afflict("dizzy"),)),
            Attack("Boil Over", 2, 40, effects=(Hit(10, "self"),)),
        ),
    ),
    CreatureCard(
        name="Copper Ogre",
        element="hearth",
        hp=100,
        grows_from="Kettle Imp",
        retreat=2,
        attacks=(
            Attack("Lid Slam", 2, 40),
            Attack("Scalding Steam", 3, 60, effects=(Afflict("scorched"),)),
        ),
    ),
    CreatureCard(
        name="Match Sprite",
        element="hearth",
        hp=40,
        retreat=0,
        attacks=(
            Attack("Strike a Light", 0, effects=(Gain(1, "one"),)),
            Attack("Flare", 1, 10, Bonus(20, "heads", coins=1)),
        ),
    ),
    CreatureCard(
        name="Toast Hound",
        element="hearth",
        hp=60,
        attacks=(
            Attack("Fetch Crumbs", 1, 10, effects=(Draw(1),)),
            Attack("Crusty Bite", 2, 30),
        ),
    ),
    CreatureCard(
        name="Poker Knight",
        element="hearth",
        hp=70,
        retreat=2,
        attacks=(Attack("Prod the Embers", 2, 30, Bonus(20, "afflicted")),),
    ),
)

ATTIC = (
    CreatureCard(
        name="Dustling",
        element="attic",
        hp=50,
        attacks=(Attack("Sneeze", 1, 20, effects=(Flip(heads=(Afflict("dizzy"),)),)),),
    ),
    CreatureCard(
        name="Cobweb Weaver",
        element="attic",
        hp=80,
        grows_from="Dustling",
        attacks=(
            Attack("Sticky Thread", 1, 20, effects=(Afflict("tangled"),)),
            Attack("Eight Kicks", 2, 20, Bonus(30, "heads", coins=2)),
        ),
    ),
    CreatureCard(
        name="Rafter Queen",
        element="attic",
        hp=120,
        grows_from="Cobweb Weaver",
        retreat=2,
        prize=2,
        attacks=(
            Attack("Drop from Above", 2, effects=(Hit(50, "any"),)),
            Attack("Great Web", 3, 70, effects=(Afflict("tangled"),)),
        ),
    ),
    CreatureCard(
        name="Tin Mouse",
        element="attic",
        hp=50,
        retreat=0,
        attacks=(Attack("Wind Up", 1, 20, Bonus(10, "spare")),),
    ),
    CreatureCard(
        name="Clockwork Owl",
        element="attic",
        hp=100,
        grows_from="Tin Mouse",
        attacks=(
            Attack("Night Watch", 1, 20, effects=(Peek(3),)),
            Attack("Unspring", 2, 40, Bonus(20, "spare")),
        ),
    ),
    CreatureCard(
        name="Lampmoth",
        element="attic",
        hp=50,
        retreat=0,
        attacks=(
            Attack("Flutter By", 1, 20, effects=(Switch("you", "you"),)),
            Attack("Powder Wings", 2, 20, effects=(Afflict("drowsy"),)),
        ),
    ),
    CreatureCard(
        name="Music Box",
        element="attic",
        hp=70,
        attacks=(
            Attack("Lullaby", 1, 20, effects=(Flip(heads=(Afflict("drowsy"),)),)),
            Attack("Out of Tune", 2, 30),
        ),
    ),
    CreatureCard(
        name="Rocking Horse",
        element="attic",
        hp=90,
        retreat=2,
        attacks=(Attack("Tip Over", 2, 20, Bonus(20, "heads", coins=3)),),
    ),
)

HEDGE = (
    CreatureCard(
        name="Thornling",
        element="hedge",
        hp=50,
        attacks=(Attack("Prickle", 1, 10, effects=(Flip(heads=(Afflict("tangled"),)),)),),
    ),
    CreatureCard(
        name="Bramble Boar",
        element="hedge",
        hp=70,
        grows_from="Thornling",
        retreat=2,
        attacks=(
            Attack("Root About", 1, 20, effects=(Heal(10),)),
            Attack("Angry Charge", 2, 30, Bonus(20, "hurt")),
        ),
    ),
    CreatureCard(
        name="Old Hawthorn",
        element="hedge",
        hp=120,
        grows_from="Bramble Boar",
        retreat=3,
        prize=2,
        attacks=(
            Attack("Deep Roots", 2, 40, effects=(Heal(20, "all"),)),
            Attack("Storm of Thorns", 3, 80, effects=(Hit(10, "bench"),)),
        ),
    ),
    CreatureCard(
        name="Moss Mouse",
        element="hedge",
        hp=50,
        attacks=(Attack("Nibble", 1, 10, Bonus(10, "bench")),),
    ),
    CreatureCard(
        name="Moss Badger",
        element="hedge",
        hp=90,
        grows_from="Moss Mouse",
        retreat=2,
        attacks=(
            Attack("Dig In", 1, 20, effects=(Shield(20),)),
            Attack("Call the Sett", 3, 40, Bonus(10, "bench")),
        ),
    ),
    CreatureCard(
        name="Snail Porter",
        element="hedge",
        hp=70,
        retreat=2,
        attacks=(
            Attack("Slow Delivery", 1, effects=(Gain(2, "bench"),)),
            Attack("Shell Bump", 2, 30),
        ),
    ),
    CreatureCard(
        name="Nettle Wisp",
        element="hedge",
        hp=50,
        retreat=0,
        attacks=(Attack("Sting", 1, 20, effects=(Flip(heads=(Drain(1, "foe"),)),)),),
    ),
    CreatureCard(
        name="Hedgehog Squire",
        element="hedge",
        hp=60,
        attacks=(
            Attack("Curl Up", 1, 10, effects=(Shield(30),)),
            Attack("Bristle", 2, 30),
        ),
    ),
)

POND = (
    CreatureCard(
        name="Wrigglet",
        element="pond",
        hp=40,
        attacks=(Attack("Splash", 1, 20),),
    ),
    CreatureCard(
        name="Reed Frog",
        element="pond",
        hp=70,
        grows_from="Wrigglet",
        attacks=(
            Attack("Tongue Tug", 1, 20, effects=(Switch("foe", "you"),)),
            Attack("Long Leap", 2, 40),
        ),
    ),
    CreatureCard(
        name="Moon Toad",
        element="pond",
        hp=120,
        grows_from="Reed Frog",
        retreat=3,
        prize=2,
        attacks=(
            Attack("Night Song", 2, 40, effects=(Afflict("drowsy"),)),
            Attack("Great Gulp", 3, 70, effects=(Heal(30),)),
        ),
    ),
    CreatureCard(
        name="Newt Novice",
        element="pond",
        hp=50,
        attacks=(
            Attack("Study", 0, effects=(Peek(2),)),
            Attack("Cold Spit", 1, 20),
        ),
    ),
    CreatureCard(
        name="Newt Magister",
        element="pond",
        hp=90,
        grows_from="Newt Novice",
        attacks=(
            Attack("Undertow", 1, 30, effects=(Switch("foe", "foe"),)),
            Attack("Whirlpool", 3, 60, effects=(Drain(1, "foe"),)),
        ),
    ),
    CreatureCard(
        name="Puddle Sprite",
        element="pond",
        hp=40,
        retreat=0,
        attacks=(Attack("Patter", 1, 0, Bonus(20, "heads", coins=2)),),
    ),
    CreatureCard(
        name="Heron Guard",
        element="pond",
        hp=70,
        attacks=(
            Attack("Long Beak", 2, effects=(Hit(30, "any"),)),
            Attack("Stand Tall", 3, 50),
        ),
    ),
    CreatureCard(
        name="Mud Turtle",
        element="pond",
        hp=80,
        retreat=2,
        attacks=(
            Attack("Sink In", 1, effects=(Shield(20), Heal(20))),
            Attack("Slow Snap", 3, 50),
        ),
    ),
)

TRICKS = (
    TrickCard(name="Biscuit Tin", effects=(Draw(2),)),
    TrickCard(name="Honey Spoon", effects=(Heal(40, "one", cure=True),), needs="damage"),
    TrickCard(name="Spare Candle", effects=(Flip(heads=(Gain(2, "one"),), tails=(Draw(1),)),)),
    TrickCard(name="Knock at the Door", effects=(Switch("foe", "foe"),), needs="foe_bench"),
    TrickCard(
        name="Fishing Line",
        effects=(Flip(heads=(Switch("foe", "you"),), tails=(Draw(1),)),),
        needs="foe_bench",
    ),
    TrickCard(name="Back Stairs", effects=(Switch("you", "you"),), needs="bench"),
    TrickCard(name="Lost and Found", effects=(Recover(),), needs="fallen"),
    TrickCard(name="Keyhole", effects=(Peek(4),)),
    TrickCard(name="Cat in the Pantry", effects=(Discard(4),)),
    TrickCard(name="Spring Cleaning", effects=(Renew(4),)),
)

CHARMS = (
    CharmCard(name="Thimble Helmet", passive=Passive("armor", 10)),
    CharmCard(name="Sewing Needle", passive=Passive("attack", 10)),
    CharmCard(name="Acorn Lunch", passive=Passive("hp", 20)),
    CharmCard(name="Silver Bell", passive=Passive("rest", 10)),
)

PLACES = (
    PlaceCard(name="Warm Stove", passive=Passive("attack", 10, "hearth")),
    PlaceCard(name="Open Skylight", passive=Passive("retreat", 1)),
    PlaceCard(name="Overgrown Path", passive=Passive("armor", 10, "hedge")),
    PlaceCard(name="Rain Barrel", passive=Passive("rest", 10, "pond")),
)

ALL: tuple[Card, ...] = (*HEARTH, *ATTIC, *HEDGE, *POND, *TRICKS, *CHARMS, *PLACES)
#: Every card by its name.
CARDS: dict[str, Card] = {card.name: card for card in ALL}
