"""The rules of a turn, each as an example."""

from __future__ import annotations

from random import Random

import pytest

from meeple.engine import IllegalAction, Outcome
from meeple.engines.duel.state import State
from tests.engines.duel.tables import (
    ENGINE,
    Coins,
    attack,
    choose,
    do,
    happened,
    in_hand,
    kinds,
    may,
    names,
    on,
    play,
    side,
    table,
)


def active_of(state: State, seat: int) -> tuple[str, int, int]:
    """Name, damage and energy of a seat's active creature."""
    creature = state.players[seat].active
    assert creature is not None
    return state.names[creature.cards[-1]], creature.damage, creature.energy


# --- what a player may do -----------------------------------------------------------------------


def test_a_turn_begins_with_a_card_and_with_energy_to_give() -> None:
    state = table(side("Sootling"), side("Wrigglet", energy=0), energy_per_turn=2)
    after = do(state, "end")
    assert (after.turn, after.seat) == (6, 1)
    assert names(after, after.players[1].hand) == ["Mud Turtle"]
    assert after.players[1].energy == 2


def test_energy_is_given_once_a_turn_to_any_own_creature() -> None:
    state = table(side("Sootling", "Tin Mouse"), side("Wrigglet"))
    mouse = state.players[0].bench[0].id
    after = do(state, "energy", on=mouse)
    assert after.players[0].bench[0].energy == 1
    assert "energy" not in kinds(after)
    assert not may(state, "energy", on=state.players[1].creatures[0].id)


def test_basic_creatures_come_to_the_bench_until_it_is_full() -> None:
    state = table(
        side("Sootling", "Tin Mouse", "Wrigglet", hand=("Lampmoth", "Toast Hound", "Cinder Cat")),
        side("Wrigglet"),
    )
    assert not may(state, "play", card=in_hand(state, "Cinder Cat")), "it must grow"
    after = play(state, "Lampmoth")
    assert names(after, [one.id for one in after.players[0].bench])[-1] == "Lampmoth"
    assert not may(after, "play", card=in_hand(after, "Toast Hound"))


def test_a_creature_grows_and_keeps_what_it_has_but_its_condition() -> None:
    cat = on("Sootling", damage=20, energy=2, condition="dizzy", charm="Silver Bell")
    state = table(side(cat, hand=("Cinder Cat",)), side("Wrigglet"))
    sootling = state.players[0].creatures[0]
    after = do(state, "grow", card=in_hand(state, "Cinder Cat"), on=sootling.id)
    grown = after.players[0].creatures[0]
    assert active_of(after, 0) == ("Cinder Cat", 20, 2)
    assert (grown.condition, grown.charm, grown.id) == (None, sootling.charm, sootling.id)


def test_a_creature_does_not_grow_in_the_turn_in_which_it_came_or_grew() -> None:
    hand = ("Sootling", "Cinder Cat", "Chimney Lion")
    state = table(side("Sootling", hand=hand), side("Wrigglet"))
    first = state.players[0].creatures[0].id
    state = play(state, "Sootling")
    second = state.players[0].bench[0].id
    cat = in_hand(state, "Cinder Cat")
    assert may(state, "grow", card=cat, on=first)
    assert not may(state, "grow", card=cat, on=second)
    state = do(state, "grow", card=cat, on=first)
    assert not may(state, "grow", card=in_hand(state, "Chimney Lion"), on=first)


@pytest.mark.parametrize(("turn", "grows"), [(1, False), (2, False), (3, True)])
def test_nothing_grows_in_a_players_first_turn(turn: int, grows: bool) -> None:
    state = table(side("Sootling", hand=("Cinder Cat",)), side("Wrigglet"), turn=turn)
    assert ("grow" in kinds(state)) is grows


def test_a_creature_wears_one_charm() -> None:
    hand = ("Thimble Helmet", "Silver Bell")
    state = table(side("Sootling", hand=hand), side("Wrigglet"))
    sootling = state.players[0].creatures[0].id
    state = do(state, "charm", card=in_hand(state, "Thimble Helmet"), on=sootling)
    assert "charm" not in kinds(state)


def test_a_place_lies_between_the_players_until_another_comes() -> None:
    state = table(side("Sootling", hand=("Rain Barrel", "Warm Stove")), side("Wrigglet"))
    state = play(state, "Warm Stove")
    assert state.place is not None
    state = play(state, "Rain Barrel")
    assert names(state, [state.place or 0]) == ["Rain Barrel"]
    assert names(state, state.players[0].discard) == ["Warm Stove"]


def test_the_place_that_lies_there_is_not_played_again() -> None:
    state = table(side("Sootling", hand=("Rain Barrel",)), side("Wrigglet"), place="Rain Barrel")
    assert "play" not in kinds(state)


def test_a_retreat_costs_energy_cures_and_is_allowed_once_a_turn() -> None:
    knight = on("Poker Knight", energy=3, condition="dizzy")
    state = table(side(knight, "Match Sprite"), side("Wrigglet"))
    sprite = state.players[0].bench[0].id
    after = do(state, "retreat", to=sprite)
    assert active_of(after, 0)[0] == "Match Sprite"
    assert (after.players[0].bench[0].energy, after.players[0].bench[0].condition) == (1, None)
    assert "retreat" not in kinds(after)


@pytest.mark.parametrize("condition", ["drowsy", "tangled"])
def test_one_who_is_drowsy_or_tangled_cannot_retreat(condition: str) -> None:
    held = on("Match Sprite", condition=condition)
    assert "retreat" not in kinds(table(side(held, "Sootling"), side("Wrigglet")))


def test_an_open_skylight_makes_retreats_cheaper() -> None:
    state = table(side("Sootling", "Wrigglet"), side("Wrigglet"))
    assert "retreat" not in kinds(state)
    state = table(side("Sootling", "Wrigglet"), side("Wrigglet"), place="Open Skylight")
    assert "retreat" in kinds(state)


@pytest.mark.parametrize(
    ("trick", "nothing_to_do"),
    [
        ("Honey Spoon", "nobody is hurt"),
        ("Back Stairs", "there is no bench"),
        ("Knock at the Door", "the foe has no bench"),
        ("Lost and Found", "no creature has fallen"),
    ],
)
def test_a_trick_that_could_do_nothing_is_not_played(trick: str, nothing_to_do: str) -> None:
    state = table(side("Sootling", hand=(trick,)), side("Wrigglet"))
    assert "play" not in kinds(state), nothing_to_do


# --- attacks ------------------------------------------------------------------------------------


def test_an_attack_needs_its_energy_keeps_it_and_ends_the_turn() -> None:
    state = table(side(on("Cinder Cat", energy=1)), side("Mud Turtle"))
    assert may(state, "attack", attack=0)
    assert not may(state, "attack", attack=1)
    after = attack(state, coins="T")
    assert active_of(after, 0) == ("Cinder Cat", 0, 1)
    assert after.seat == 1


def test_nobody_attacks_in_the_first_turn_of_the_game() -> None:
    assert "attack" not in kinds(table(side("Match Sprite"), side("Wrigglet"), turn=1))
    assert "attack" in kinds(table(side("Match Sprite"), side("Wrigglet"), turn=2))


@pytest.mark.parametrize(
    ("attacker", "defender"),
    [
        ("Toast Hound", "Rafter Queen"),
        ("Music Box", "Old Hawthorn"),
        ("Hedgehog Squire", "Moon Toad"),
        ("Mud Turtle", "Chimney Lion"),
    ],
)
def test_an_element_does_ten_more_to_the_one_it_is_strong_against(
    attacker: str, defender: str
) -> None:
    state = table(side(on(attacker, energy=3)), side(defender))
    equal = table(side(on(attacker, energy=3)), side(attacker))
    assert active_of(attack(state, 1), 1)[1] == active_of(attack(equal, 1), 1)[1] + 10


@pytest.mark.parametrize(
    ("attacker", "defender", "place", "damage"),
    [
        (on("Sootling", energy=1), on("Toast Hound"), None, 20),
        (on("Sootling", energy=1, charm="Sewing Needle"), on("Toast Hound"), None, 30),
        (on("Sootling", energy=1), on("Toast Hound", charm="Thimble Helmet"), None, 10),
        (on("Sootling", energy=1), on("Toast Hound"), "Warm Stove", 30),
        (on("Wrigglet", energy=1), on("Newt Novice"), "Warm Stove", 20),
        (on("Sootling", energy=1), on("Moss Mouse"), "Overgrown Path", 10),
        (on("Sootling", energy=1), on("Toast Hound", shield=30), None, 0),
    ],
)
def test_charms_places_and_shields_change_the_damage(
    attacker: object, defender: object, place: str | None, damage: int
) -> None:
    state = table(side(attacker), side(defender), place=place)  # type: ignore[arg-type]
    assert active_of(attack(state), 1)[1] == damage


def test_a_bonus_counts_only_if_there_is_what_it_asks_for() -> None:
    fresh = table(side(on("Bramble Boar", energy=2)), side("Old Hawthorn"))
    assert active_of(attack(fresh, 1), 1)[1] == 30
    against_dizzy = table(
        side(on("Poker Knight", energy=2)), side(on("Chimney Lion", condition="dizzy"))
    )
    assert active_of(attack(against_dizzy), 1)[1] == 50
    tails = table(side(on("Puddle Sprite", energy=1)), side("Moon Toad"))
    assert active_of(attack(tails, coins="TT"), 1)[1] == 0


def test_a_coin_that_falls_tails_spares_the_defender() -> None:
    state = table(side(on("Cinder Cat", energy=1)), side("Chimney Lion"))
    after = attack(state, coins="T")
    assert after.players[1].creatures[0].condition is None


def test_a_shield_lasts_until_the_owners_next_turn() -> None:
    state = table(side(on("Hedgehog Squire", energy=1)), side(on("Bramble Boar", energy=1)))
    state = attack(state)
    state = attack(state)
    assert active_of(state, 0)[1] == 0
    assert state.players[0].creatures[0].shield == 0


# --- conditions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("coin", "still"), [("H", None), ("T", "scorched")])
def test_one_who_is_scorched_takes_damage_every_night_until_heads(
    coin: str, still: str | None
) -> None:
    state = table(side("Sootling"), side(on("Moon Toad", condition="scorched")))
    after = do(state, "end", coins=coin)
    assert active_of(after, 1)[1] == 10
    assert after.players[1].creatures[0].condition == still


@pytest.mark.parametrize(("coin", "still"), [("H", None), ("T", "drowsy")])
def test_one_who_is_drowsy_cannot_attack_and_may_wake_at_night(
    coin: str, still: str | None
) -> None:
    state = table(side(on("Sootling", energy=1, condition="drowsy")), side("Moon Toad"))
    assert "attack" not in kinds(state)
    after = do(state, "end", coins=coin)
    assert after.players[0].creatures[0].condition == still


def test_one_who_is_tangled_is_free_after_the_own_turn() -> None:
    state = table(side("Sootling"), side(on("Moon Toad", condition="tangled")))
    state = do(state, "end")
    assert state.players[1].creatures[0].condition == "tangled"
    state = do(state, "end")
    assert state.players[1].creatures[0].condition is None


def test_one_who_is_dizzy_may_miss_and_hurt_itself() -> None:
    state = table(side(on("Sootling", energy=1, condition="dizzy")), side("Moon Toad"))
    hit, missed = attack(state, coins="H"), attack(state, coins="T")
    assert (active_of(hit, 0)[1], active_of(hit, 1)[1]) == (0, 20)
    assert (active_of(missed, 0)[1], active_of(missed, 1)[1]) == (20, 0)
    assert "own missed: it was dizzy" in happened(state, missed)


def test_a_silver_bell_and_a_rain_barrel_heal_at_night() -> None:
    belled = side(on("Sootling", damage=30, charm="Silver Bell"))
    frog = side(on("Reed Frog", damage=30), on("Wrigglet", damage=10))
    after = do(table(belled, frog, place="Rain Barrel"), "end")
    assert active_of(after, 0)[1] == 20
    assert [one.damage for one in after.players[1].creatures] == [20, 0]


# --- knocked out --------------------------------------------------------------------------------


def test_one_who_is_knocked_out_is_discarded_with_everything_and_gives_its_points() -> None:
    lion = on("Sootling", "Cinder Cat", "Chimney Lion", damage=110, charm="Silver Bell")
    state = table(side(on("Sootling", energy=1)), side(lion, "Wrigglet", "Newt Novice"))
    after = choose(attack(state), "Newt Novice")
    assert names(after, after.players[1].discard) == [
        "Sootling",
        "Cinder Cat",
        "Chimney Lion",
        "Silver Bell",
    ]
    assert after.players[0].points == 2
    assert active_of(after, 1)[0] == "Newt Novice"
    assert after.seat == 1, "the turn goes on where it was"


def test_an_acorn_lunch_keeps_a_creature_on_its_feet() -> None:
    foe = side(on("Sootling", damage=40, charm="Acorn Lunch"), "Wrigglet")
    after = attack(table(side(on("Sootling", energy=1)), foe))
    assert active_of(after, 1) == ("Sootling", 60, 0)


def test_points_win() -> None:
    own = side(on("Sootling", energy=1), points=2)
    foe = side(on("Wrigglet", damage=30), "Wrigglet")
    state = attack(table(own, foe))
    assert ENGINE.outcome(state) == Outcome((0,), "points", (3, 0))
    assert ENGINE.to_act(state) == []


def test_one_who_has_no_creature_left_loses() -> None:
    state = attack(table(side(on("Sootling", energy=1)), side(on("Wrigglet", damage=30))))
    assert ENGINE.outcome(state) == Outcome((0,), "no_creatures", (1, 0))


def test_if_both_have_as_many_reasons_to_win_nobody_does() -> None:
    own = side(on("Kettle Imp", energy=2, damage=40), "Sootling", points=2)
    foe = side(on("Wrigglet", damage=10), "Sootling", points=2)
    state = attack(table(own, foe), 1)
    assert ENGINE.outcome(state) == Outcome((), "points", (3, 3))


def test_both_replace_and_the_one_who_was_attacked_does_so_first() -> None:
    own = side(on("Kettle Imp", energy=2, damage=40), "Sootling", "Tin Mouse")
    foe = side(on("Wrigglet", damage=10), "Lampmoth", "Thornling")
    state = attack(table(own, foe), 1)
    assert ENGINE.to_act(state) == [1]
    state = choose(state, "Lampmoth")
    assert ENGINE.to_act(state) == [0]
    state = choose(state, "Tin Mouse")
    assert (active_of(state, 0)[0], active_of(state, 1)[0]) == ("Tin Mouse", "Lampmoth")
    assert state.seat == 1


def test_one_who_cannot_draw_loses() -> None:
    state = do(table(side("Sootling"), side("Wrigglet", deck=())), "end")
    assert ENGINE.outcome(state) == Outcome((0,), "deck_out", (0, 0))


@pytest.mark.parametrize(
    ("own", "foe", "winners"),
    [
        (side("Sootling", points=1), side("Wrigglet"), (0,)),
        (side("Sootling"), side("Wrigglet", points=2), (1,)),
        (side(on("Sootling", damage=20)), side("Wrigglet"), (1,)),
        (side("Sootling"), side("Wrigglet"), ()),
    ],
)
def test_at_dawn_points_decide_and_then_damage(
    own: object, foe: object, winners: tuple[int, ...]
) -> None:
    state = do(table(own, foe, turn=24), "end")  # type: ignore[arg-type]
    outcome = ENGINE.outcome(state)
    assert outcome is not None
    assert (outcome.winners, outcome.reason) == (winners, "turn_limit")


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    [
        None,
        "end",
        {"type": "fly"},
        {"type": "attack"},
        {"type": "attack", "attack": "0"},
        {"type": "attack", "attack": True},
        {"type": "attack", "attack": 0, "twice": True},
    ],
)
def test_what_is_no_action_is_refused(action: object) -> None:
    with pytest.raises(IllegalAction, match="action of Duel"):
        ENGINE.decode_action(action)


def test_what_is_not_listed_is_refused_and_says_what_to_do() -> None:
    state = table(side("Sootling"), side("Wrigglet"))
    attack_action = ENGINE.decode_action({"type": "attack", "attack": 0})
    with pytest.raises(IllegalAction, match="attack, or end the turn"):
        ENGINE.apply(state, 0, attack_action, Coins())
    with pytest.raises(IllegalAction, match="not your turn"):
        ENGINE.apply(state, 1, ENGINE.decode_action({"type": "end"}), Random(0))
