"""Whole games by chance: they end, they fold to the same states twice, they are fair."""

from __future__ import annotations

import statistics
from hashlib import blake2b
from random import Random
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from benchmarks.duel_balance import Measured, greedy, measure
from meeple.engine.conformance import assert_engine
from meeple.engine.game import Game, create, fold, fold_all
from meeple.engine.log import Entry, EntryKind
from meeple.engine.rules import Rules
from meeple.engines.duel import Duel
from meeple.engines.duel.decks import READY_MADE
from tests.engines.duel.tables import ENGINE

RULES = Rules("duel", ENGINE)
GAMES = 1000


def test_duel_passes_the_check() -> None:
    assert_engine(ENGINE, games=6)


def test_duel_with_decks_of_ones_own_passes_the_check() -> None:
    assert_engine(ENGINE, games=3, options={"own_decks": True, "turn_limit": 10})


def started(seed: int) -> list[Entry]:
    secret = blake2b(str(seed).encode(), digest_size=32).hexdigest()
    payload = {
        "engine": "duel",
        "options": RULES.options({}),
        "seed": secret,
        "creator": str(UUID(int=1)),
        "public": True,
        "seats": 2,
    }
    return [
        Entry("game", 0, EntryKind.CREATED, None, payload, None, 0),
        Entry("game", 1, EntryKind.STARTED, None, {}, None, 0),
    ]


def play_live(log: list[Entry], chance: Random) -> Game:
    """A game by chance, as the service plays it; the log grows by what is done."""
    game = fold(create(log[0], lambda name: RULES), log[1])
    while game.to_act:
        seat = chance.choice(game.to_act)
        legal = game.legal_actions(seat)
        assert legal
        payload = {"action": chance.choice(legal)}
        entry = game.entry(EntryKind.ACTION, 0, seat=seat, payload=payload)
        game = fold(game, entry)
        log.append(entry)
    return game


def test_a_thousand_games_fold_to_the_same_states_twice() -> None:
    chance = Random(4)
    lengths = []
    for seed in range(GAMES):
        log = started(seed)
        live = play_live(log, chance)
        lengths.append(live.actions)
        # As they come from a database: through JSON.
        payloads = msgspec.json.decode(msgspec.json.encode([one.payload for one in log]))
        read = [replace(one, payload=made) for one, made in zip(log, payloads, strict=True)]
        *_, last = fold_all(read, lambda name: RULES)
        assert last.game.state == live.state
        assert last.game.verdict() == live.verdict()
    assert 30 <= statistics.median(lengths) <= 90, "both players' actions together"


def test_every_state_of_a_game_folds_the_same_and_survives_being_written_down() -> None:
    log = started(7)
    play_live(log, Random(7))
    twice = zip(fold_all(log, lambda name: RULES), fold_all(log, lambda name: RULES), strict=True)
    for one, other in twice:
        state = one.game.state
        assert state == other.game.state
        if state is not None:
            assert (
                ENGINE.decode_state(
                    msgspec.json.decode(msgspec.json.encode(ENGINE.encode_state(state)))
                )
                == state
            )


def test_every_action_of_a_game_is_said_in_words() -> None:
    log = started(8)
    play_live(log, Random(8))
    for step in fold_all(log, lambda name: RULES):
        for seat in step.game.to_act:
            labels, legal = step.game.labels(seat), step.game.legal_actions(seat)
            assert labels is not None
            assert legal is not None
            assert len(labels) == len(legal) < 60
            assert all(labels)


@pytest.fixture(scope="module")
def greedy_games() -> Measured:
    return measure(greedy, games=300)


@pytest.mark.parametrize("who", ["first", "second"])
def test_neither_the_first_nor_the_second_wins_too_often(greedy_games: Measured, who: str) -> None:
    assert greedy_games.won[who] / greedy_games.games < 0.6


def test_games_between_players_who_try_end_by_points(greedy_games: Measured) -> None:
    assert greedy_games.reasons["points"] / greedy_games.games > 0.8
    assert 30 <= statistics.median(greedy_games.actions) <= 80, "both players' together"


@pytest.mark.parametrize("deck", READY_MADE)
def test_no_ready_made_deck_is_hopeless(greedy_games: Measured, deck: str) -> None:
    games, won = greedy_games.decks[deck]
    assert 0.3 < won / games < 0.7


def test_the_engine_holds_no_state() -> None:
    assert not vars(Duel())
