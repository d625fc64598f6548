"""Forced actions: who must choose, from what, and that nothing else is allowed meanwhile."""

from __future__ import annotations

from tests.engines.duel.tables import (
    ENGINE,
    asked,
    attack,
    choose,
    do,
    kinds,
    names,
    on,
    play,
    side,
    table,
)


def test_one_who_must_choose_may_do_nothing_else() -> None:
    state = table(
        side(on("Newt Magister", energy=1)),
        side("Moon Toad", "Wrigglet", "Reed Frog", hand=("Keyhole",)),
    )
    state = attack(state)
    assert ENGINE.to_act(state) == [1], "on the other player's turn"
    assert state.seat == 0
    assert kinds(state) == {"choose"}
    assert ENGINE.forced(state, 0) is None
    assert ENGINE.forced(state, 1) == {
        "type": "replace",
        "cards": [one.id for one in state.players[1].bench],
        "text": "Your active creature goes to the bench: choose the one that comes for it.",
    }
    state = choose(state, "Reed Frog")
    assert names(state, [one.id for one in state.players[1].creatures]) == [
        "Reed Frog",
        "Wrigglet",
        "Moon Toad",
    ]


def test_a_choice_between_one_is_made_by_itself() -> None:
    state = table(side(on("Newt Magister", energy=1)), side("Moon Toad", "Wrigglet"))
    after = attack(state)
    assert not asked(after)
    assert names(after, [after.players[1].creatures[0].id]) == ["Wrigglet"]


def test_a_choice_between_none_is_passed_over() -> None:
    state = table(side(on("Newt Magister", energy=1)), side("Moon Toad"))
    assert attack(state).seat == 1


def test_a_target_may_be_chosen_among_all_of_the_foes_creatures() -> None:
    state = table(side(on("Heron Guard", energy=2)), side("Moon Toad", "Wrigglet"))
    state = attack(state)
    assert set(asked(state)) == {"Moon Toad", "Wrigglet"}
    state = choose(state, "Wrigglet")
    assert [one.damage for one in state.players[1].creatures] == [0, 30]


def test_one_with_too_many_cards_discards_at_the_end_of_the_turn_one_by_one() -> None:
    state = table(
        side("Sootling", hand=("Tin Mouse",) * 7 + ("Keyhole", "Wrigglet")), side("Wrigglet")
    )
    state = do(state, "end")
    assert asked(state).keys() == {"Tin Mouse", "Keyhole", "Wrigglet"}
    state = choose(state, "Keyhole")
    assert ENGINE.to_act(state) == [0]
    state = choose(state, "Wrigglet")
    assert state.seat == 1
    assert names(state, state.players[0].discard) == ["Keyhole", "Wrigglet"]


def test_equal_cards_are_listed_once() -> None:
    state = table(side("Sootling", hand=("Tin Mouse",) * 8), side("Wrigglet"))
    state = do(state, "end")
    assert len(ENGINE.legal_actions(state, 0) or ()) == 1, "but it is a choice that was asked for"


def test_the_cat_has_the_foe_discard_on_this_turn() -> None:
    hand = ("Cat in the Pantry", "Keyhole")
    state = table(
        side("Sootling", hand=hand), side("Wrigglet", hand=("Tin Mouse",) * 5 + ("Lampmoth",))
    )
    state = play(state, "Cat in the Pantry")
    assert ENGINE.to_act(state) == [1]
    state = choose(state, "Lampmoth")
    state = choose(state, "Tin Mouse")
    assert len(state.players[1].hand) == 4
    assert ENGINE.to_act(state) == [0]
    assert "play" in kinds(state), "the turn goes on"


def test_one_who_peeks_sees_the_cards_takes_one_and_hides_the_others() -> None:
    deck = ("Wrigglet", "Reed Frog", "Biscuit Tin", "Lampmoth", "Moon Toad")
    state = play(table(side("Sootling", hand=("Keyhole",), deck=deck), side("Wrigglet")), "Keyhole")
    zones = ENGINE.view(state, 0)["board"]["zones"]
    peek = next(zone for zone in zones if zone["name"] == "peek")
    assert [card["name"] for card in peek["cards"]] == list(deck[:4])
    assert "Reed Frog" not in str(ENGINE.view(state, 1))
    state = choose(state, "Reed Frog")
    assert names(state, state.players[0].hand) == ["Reed Frog"]
    assert sorted(names(state, state.players[0].deck)) == sorted({*deck} - {"Reed Frog"})


def test_a_knocked_out_creature_waits_for_the_choice_before_it() -> None:
    """A queue: the target first, then the knocked-out creature, then the next turn."""
    own = side(on("Rafter Queen", energy=2))
    foe = side(on("Moon Toad", damage=80), "Wrigglet", "Reed Frog")
    state = choose(attack(table(own, foe)), "Moon Toad")
    assert ENGINE.to_act(state) == [1]
    assert ENGINE.forced(state, 1)["type"] == "replace"
    assert state.players[0].points == 2
    assert choose(state, "Reed Frog").turn == 6
