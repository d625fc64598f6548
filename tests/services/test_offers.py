"""What players offer each other, as the log keeps it and as every node folds it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from meeple.engine import takeback
from meeple.engine.base import Outcome
from meeple.engine.game import Game, fold, fold_all
from meeple.engine.log import EntryKind, GameStatus
from meeple.engine.offers import WAITS, OfferKind
from meeple.engine.rules import Rules
from meeple.errors import (
    EngineError,
    GameNotStarted,
    GameOver,
    InvalidMessage,
    MeepleError,
    NoOffer,
    NotInGame,
    OfferNotAllowed,
    OfferTooSoon,
    StaleSeq,
)
from meeple.services import commands, offer_commands
from meeple.services.projection import GameState
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Dice, Moves, Plain, Shelf
from tests.services.house import ANN, BEN, EVE, START, House, Node

DRAW, TAKEBACK = OfferKind.DRAW, OfferKind.TAKEBACK
REMATCH, MORE_TIME = OfferKind.REMATCH, OfferKind.MORE_TIME


class Long(Plain):
    """A game of many actions, which can be taken back; each throws a die that is not shown."""

    length = 5_000
    takebacks = True

    def apply(self, state: Moves, seat: int, action: Any, rng: Any) -> Moves:
        return (*state, (action, rng.randint(1, 10**9)))


class ForThree(Long):
    """A game for three."""

    seats = range(3, 4)

    def to_act(self, state: Moves) -> list[int]:
        return [len(state) % 3]


class Decisive(Plain):
    """Nobody may agree to a draw."""

    def draw_offers(self, options: Any) -> bool:
        return False


@pytest.fixture
def tables() -> House:
    return House(MemoryGameLog(), long=Long(), three=ForThree(), decisive=Decisive())


async def for_three(node: Node) -> str:
    state = await node.create("three", seats=3)
    for player in (BEN, EVE):
        await node.sit(state.game_id, player)
    return state.game_id


async def both(house: House, node: Node, game_id: str) -> GameState:
    """The state, which a node that only has the log must show as well."""
    live, folded = await node.state(game_id, ANN), await house.node().state(game_id, ANN)
    assert msgspec.json.encode(live) == msgspec.json.encode(folded)
    return live


def open_offers(state: GameState) -> list[tuple[str, int]]:
    return [] if state.offers is UNSET else [(one.kind, one.seat) for one in state.offers]


# --- draw ---------------------------------------------------------------------------------------


async def test_a_draw_that_is_accepted_ends_the_game(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.spectate("eve", game_id)
    offered = await node.offer(game_id, BEN, DRAW)
    state = await both(any_house, node, game_id)
    assert open_offers(state) == [("draw", 1)]
    assert state.offers is not UNSET
    assert (state.offers[0].since_seq, state.to_act) == (offered.seq, (0,))
    await node.answer(game_id, ANN, DRAW, True)
    state = await both(any_house, node, game_id)
    assert state.outcome == Outcome((), "draw_agreed")
    assert state.offers is UNSET
    assert (await any_house.kinds(game_id))[-3:] == ["offered", "answered", "ended"]
    assert node.viewers.seqs("eve") == [START, START + 1, START + 2, START + 3]
    row = await any_house.log.find_game(game_id)
    assert row is not None
    assert row.status is GameStatus.OVER


async def test_a_draw_that_is_declined_leaves_the_game_as_it_was(tables: House) -> None:
    node = tables.node()
    game_id = await node.table()
    before = await node.state(game_id, ANN)
    await node.offer(game_id, ANN, DRAW)
    await node.answer(game_id, BEN, DRAW, False)
    after = await both(tables, node, game_id)
    assert after == msgspec.structs.replace(before, seq=START + 2)


async def test_who_offers_what_is_offered_accepts_it(tables: House) -> None:
    node = tables.node()
    game_id = await node.table()
    await node.offer(game_id, ANN, DRAW)
    await node.offer(game_id, BEN, DRAW)
    assert (await both(tables, node, game_id)).outcome == Outcome((), "draw_agreed")


async def test_an_own_offer_is_taken_back_by_declining_it_and_cannot_be_accepted(
    tables: House,
) -> None:
    node = tables.node()
    game_id = await node.table()
    await node.offer(game_id, ANN, DRAW)
    with pytest.raises(NoOffer):
        await node.answer(game_id, ANN, DRAW, True)
    await node.answer(game_id, ANN, DRAW, False)
    assert open_offers(await both(tables, node, game_id)) == []
    with pytest.raises(NoOffer):
        await node.answer(game_id, BEN, DRAW, True)


@pytest.mark.parametrize("mover", [ANN, BEN])
async def test_an_action_closes_every_offer_whoever_plays_it(tables: House, mover: Any) -> None:
    node = tables.node()
    game_id = await node.table()
    if mover is BEN:
        await node.act(game_id, ANN, 0)
    await node.offer(game_id, ANN, DRAW)
    await node.act(game_id, mover, 4)
    assert open_offers(await both(tables, node, game_id)) == []
    with pytest.raises(NoOffer):
        await node.answer(game_id, BEN, DRAW, True)


async def test_the_end_closes_every_offer(tables: House) -> None:
    node = tables.node()
    game_id = await node.table()
    await node.offer(game_id, ANN, DRAW)
    await node.resign(game_id, ANN)
    assert (await both(tables, node, game_id)).offers is UNSET
    with pytest.raises(NoOffer):
        await node.answer(game_id, BEN, DRAW, True)


async def test_the_same_is_offered_again_only_after_ten_own_actions(tables: House) -> None:
    node = tables.node()
    game_id = await node.table("long")
    await node.offer(game_id, ANN, DRAW)
    await node.answer(game_id, BEN, DRAW, False)
    # The other one may; and another offer is no nagging.
    await node.offer(game_id, BEN, DRAW)
    await node.answer(game_id, ANN, DRAW, False)
    for left in range(WAITS[DRAW], 0, -1):
        with pytest.raises(OfferTooSoon, match="one more" if left == 1 else str(left)):
            await tables.node().offer(game_id, ANN, DRAW)
        await node.act(game_id, ANN, "a")
        await node.act(game_id, BEN, "b")
    await node.offer(game_id, ANN, DRAW)
    await node.act(game_id, ANN, "a")
    with pytest.raises(OfferTooSoon, match="9 more"):
        await node.offer(game_id, ANN, DRAW)


async def test_an_engine_may_forbid_that_a_draw_is_agreed(tables: House) -> None:
    node = tables.node()
    with pytest.raises(OfferNotAllowed):
        await node.offer(await node.table("decisive"), ANN, DRAW)
    solo = (await node.create("solo", seats=1)).game_id
    with pytest.raises(OfferNotAllowed):
        await node.offer(solo, ANN, DRAW)


async def test_at_a_table_of_three_everybody_else_must_accept(tables: House) -> None:
    node = tables.node()
    game_id = await for_three(node)
    await node.offer(game_id, EVE, DRAW)
    await node.answer(game_id, ANN, DRAW, True)
    state = await both(tables, node, game_id)
    assert state.outcome is None
    assert state.offers is not UNSET
    assert state.offers[0].accepted == (0,)
    for player in (ANN, EVE):
        with pytest.raises(NoOffer):
            await node.answer(game_id, player, DRAW, True)
    with pytest.raises(NoOffer):
        await node.offer(game_id, ANN, DRAW)
    await node.answer(game_id, BEN, DRAW, True)
    assert (await both(tables, node, game_id)).outcome == Outcome((), "draw_agreed")


async def test_one_of_three_who_declines_closes_the_offer(tables: House) -> None:
    node = tables.node()
    game_id = await for_three(node)
    await node.offer(game_id, EVE, DRAW)
    await node.answer(game_id, ANN, DRAW, True)
    await node.answer(game_id, BEN, DRAW, False)
    assert open_offers(await both(tables, node, game_id)) == []


# --- takeback -----------------------------------------------------------------------------------


async def test_a_takeback_goes_back_to_before_the_own_last_action(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    await node.act(game_id, ANN, 4)
    before = await node.state(game_id, BEN)
    await node.act(game_id, BEN, 0)
    await node.act(game_id, ANN, 1)
    await node.offer(game_id, BEN, TAKEBACK)
    await node.answer(game_id, ANN, TAKEBACK, True)
    after = await node.state(game_id, BEN)
    await both(any_house, node, game_id)
    assert after == msgspec.structs.replace(before, seq=START + 5)
    # It goes on from there, at rising seqs.
    assert (await node.act(game_id, BEN, 8, seq=after.seq)).seq == START + 6
    [*_, entry] = await node.replay(game_id)
    assert entry.kind is EntryKind.ACTION
    board = (await both(any_house, node, game_id)).view["board"]
    assert board == [None, None, None, None, 0, None, None, None, 1]


async def test_takebacks_go_back_to_the_start_one_after_the_other(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    start = await node.state(game_id, ANN)
    for player, cell in ((ANN, 4), (BEN, 0), (ANN, 8), (BEN, 2)):
        await node.act(game_id, player, cell)
    for _ in range(2):
        # Granted, so the next may be asked for at once.
        await node.offer(game_id, ANN, TAKEBACK)
        await node.answer(game_id, BEN, TAKEBACK, True)
        await both(any_house, node, game_id)
    state = await node.state(game_id, ANN)
    assert state == msgspec.structs.replace(start, seq=state.seq)
    with pytest.raises(OfferNotAllowed, match="no action"):
        await node.offer(game_id, ANN, TAKEBACK)
    await node.act(game_id, ANN, 0)
    await node.offer(game_id, ANN, TAKEBACK)
    await node.answer(game_id, BEN, TAKEBACK, True)
    assert (await both(any_house, node, game_id)).view == start.view


async def test_actions_that_stand_keep_the_chance_that_they_drew(tables: House) -> None:
    node = tables.node()
    game_id = await node.table("long")
    for player in (ANN, BEN, ANN, BEN):
        await node.act(game_id, player, "x")
    before = (await node.state(game_id)).view["moves"]
    await node.offer(game_id, BEN, TAKEBACK)
    await node.answer(game_id, ANN, TAKEBACK, True)
    assert (await both(tables, node, game_id)).view["moves"] == before[:3]


async def test_an_action_id_stays_used_when_its_action_was_taken_back(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    first = await node.act(game_id, ANN, 4, action_id="one")
    await node.offer(game_id, ANN, TAKEBACK, action_id="back")
    accepted = await node.answer(game_id, BEN, TAKEBACK, True, action_id="yes")
    for again in (node, any_house.node()):
        assert await again.act(game_id, ANN, 4, action_id="one") == first
        assert (await again.answer(game_id, BEN, TAKEBACK, True, action_id="yes")) == accepted
        assert (await again.offer(game_id, ANN, TAKEBACK, action_id="back")).seq == first.seq + 1
    assert (await both(any_house, node, game_id)).view == {"board": [None] * 9}
    with pytest.raises(StaleSeq):
        await node.act(game_id, ANN, 4, seq=first.seq)


async def test_a_takeback_at_a_table_of_three_goes_back_as_far_as_needed(tables: House) -> None:
    node = tables.node()
    game_id = await for_three(node)
    for player in (ANN, BEN, EVE):
        await node.act(game_id, player, "x")
    await node.offer(game_id, BEN, TAKEBACK)
    for player in (ANN, EVE):
        await node.answer(game_id, player, TAKEBACK, True)
    state = await both(tables, node, game_id)
    assert (len(state.view["moves"]), state.to_act) == (1, (1,))


async def test_where_the_engine_does_not_say_so_nothing_is_taken_back(tables: House) -> None:
    node = tables.node()
    for engine in ("goofspiel", "dice", "plain"):
        game_id = await node.table(engine)
        with pytest.raises(OfferNotAllowed, match="nothing is taken back"):
            await node.offer(game_id, ANN, TAKEBACK)
    assert not hasattr(Dice(), "takebacks")


async def test_a_takeback_that_was_declined_may_be_asked_again_after_three_own_actions(
    tables: House,
) -> None:
    node = tables.node()
    game_id = await node.table("long")
    await node.act(game_id, ANN, "x")
    await node.offer(game_id, ANN, TAKEBACK)
    await node.answer(game_id, BEN, TAKEBACK, False)
    for _ in range(WAITS[TAKEBACK]):
        with pytest.raises(OfferTooSoon):
            await node.offer(game_id, ANN, TAKEBACK)
        await node.act(game_id, BEN, "y")
        await node.act(game_id, ANN, "x")
    await node.offer(game_id, ANN, TAKEBACK)


async def test_a_game_that_is_over_or_too_long_keeps_no_past() -> None:
    rules = Rules("long", Long())
    game = _started(rules)
    chains = []
    for number in range(takeback.MAX_ACTIONS + 1):
        entry = game.entry(EntryKind.ACTION, 0, number % 2, {"action": number})
        game = fold(game, entry)
        chains.append(game.past)
    assert takeback.distance(chains[-2], 0) == 2
    assert chains[-1] is None
    assert takeback.distance(game.past, 0) is None


def _started(rules: Rules) -> Game:
    steps = [commands.make("g", rules, {}, 2, bytes(32), creator=ANN.user_id, public=True, at=0)]
    for seat, player in enumerate((ANN, BEN)):
        steps += commands.sit(steps[-1].game, player, seat, 0)
    return steps[-1].game


async def test_a_long_chain_of_actions_is_given_back_without_recursion() -> None:
    past: takeback.Past | None = (None, 0, None, None)
    for number in range(200_000):
        past = (past, number, 0, None)
    assert takeback.distance(past, 1) is None
    del past


async def test_an_agreement_to_go_back_beyond_the_start_is_an_engine_error(tables: House) -> None:
    node = tables.node()
    game_id = await node.table()
    await node.act(game_id, ANN, 4)
    await node.offer(game_id, ANN, TAKEBACK)
    [*_, last] = fold_all(await tables.log.read(game_id), lambda name: Rules(name, Shelf()(name)))
    payload = {"kind": "takeback", "accept": True, "settled": True, "actions": 3}
    with pytest.raises(EngineError):
        fold(last.game, last.game.entry(EntryKind.ANSWERED, 0, 1, payload))


async def test_seconds_go_with_more_time_only(tables: House) -> None:
    node = tables.node()
    with pytest.raises(InvalidMessage, match="seconds"):
        await node.offer(await node.table(), ANN, DRAW, seconds=15)


# --- more time, and what is never possible -----------------------------------------------------


async def test_more_time_needs_a_clock(tables: House) -> None:
    node = tables.node()
    with pytest.raises(OfferNotAllowed, match="no clock"):
        await node.offer(await node.table(), ANN, MORE_TIME)


async def test_more_time_that_is_granted_is_in_the_log_with_whose_and_how_much(
    tables: House,
) -> None:
    node = tables.node()
    game_id = await node.table(time_control={"kind": "fischer", "initial": 60})
    game = await node.games.game(game_id)
    assert game.clock is not None
    more: dict[str, Any] = {"kind": MORE_TIME, "new_game_id": tables.new_game_id}
    for seconds, granted in ((None, 15), (60, 60)):
        [offered] = offer_commands.offer(game, 0, 0, None, seconds=seconds, **more)
        assert offered.game.offers[0].seconds == granted
        [answered] = offer_commands.answer(offered.game, 0, 1, None, accept=True, **more)
        assert answered.entry.payload == {
            "kind": "more_time",
            "accept": True,
            "settled": True,
            "seat": 0,
            "seconds": granted,
            "kept": True,
        }
        assert answered.game.clock is not None
        assert answered.game.clock.seats[0].bank.main == 60_000 + granted * 1000
        assert answered.game.clock.seats[1] == game.clock.seats[1]
        assert (answered.game.offers, answered.game.waits) == ((), ())


@pytest.mark.parametrize("kind", list(OfferKind))
async def test_offers_are_for_players_of_a_game_that_is_on_or_over(
    tables: House, kind: OfferKind
) -> None:
    node = tables.node()
    waiting = (await node.create()).game_id
    game_id = await node.table()
    with pytest.raises(NotInGame):
        await node.offer(game_id, EVE, kind)
    with pytest.raises(NotInGame):
        await node.answer(game_id, EVE, kind, True)
    with pytest.raises(NoOffer):
        await node.answer(game_id, ANN, kind, True)
    with pytest.raises(OfferNotAllowed if kind is REMATCH else GameNotStarted):
        await node.offer(waiting, ANN, kind)
    await node.resign(game_id, ANN)
    if kind is not REMATCH:
        with pytest.raises(GameOver):
            await node.offer(game_id, ANN, kind)
    assert "offered" not in await tables.kinds(game_id)


async def test_a_resend_of_an_offer_gets_the_first_ack_on_any_node(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table()
    first = await node.offer(game_id, ANN, DRAW, action_id="d")
    assert await node.offer(game_id, ANN, DRAW, action_id="d") == first
    assert await any_house.node().offer(game_id, ANN, DRAW, action_id="d") == first
    assert (await any_house.kinds(game_id)).count(EntryKind.OFFERED) == 1


async def test_two_nodes_that_accept_and_decline_at_once_settle_on_one(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table()
    await one.offer(game_id, ANN, DRAW)
    await other.state(game_id)
    await one.answer(game_id, BEN, DRAW, False)
    with pytest.raises(NoOffer):
        await other.answer(game_id, BEN, DRAW, True)
    assert (await other.state(game_id)).outcome is None


# --- whatever comes -----------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("act"), st.integers(0, 1), st.integers(0, 8)),
    st.tuples(st.just("offer"), st.integers(0, 1), st.sampled_from(list(OfferKind))),
    st.tuples(
        st.sampled_from(["accept", "decline"]), st.integers(0, 1), st.sampled_from(list(OfferKind))
    ),
)


@settings(max_examples=60, deadline=None)
@given(engine=st.sampled_from(["long", "tic-tac-toe"]), moves=st.lists(MOVES, max_size=40))
async def test_whatever_is_offered_a_log_folds_to_what_was_played_live(
    engine: str, moves: list[tuple[str, int, Any]]
) -> None:
    house = House(MemoryGameLog(), long=Long())
    nodes = [house.node(), house.node()]
    game_id = await nodes[0].table(engine)
    for number, (what, seat, value) in enumerate(moves):
        node, player = nodes[number % 2], (ANN, BEN)[seat]
        with suppress(MeepleError):
            if what == "act":
                await node.act(game_id, player, value, action_id=str(number))
            elif what == "offer":
                await node.offer(game_id, player, value, action_id=str(number))
            else:
                await node.answer(game_id, player, value, what == "accept")
        live = await node.games.game(game_id)
        folded = await house.node().games.game(game_id)
        assert replace(live, rules=folded.rules, memo={}) == replace(folded, memo={})
        # The actions that stand are those of the chain, and no offer is open without a wait.
        assert live.past is None or live.actions == _length(live.past)
        assert {(one.kind, one.seat) for one in live.offers} <= {
            (one.kind, one.seat) for one in live.waits
        }


def _length(past: takeback.Past) -> int:
    count = -1  # the first link is the start
    link: takeback.Past | None = past
    while link is not None:
        count, link = count + 1, link[0]
    return count


@pytest.mark.parametrize("control", ["per_action", "correspondence"])
async def test_more_time_is_for_this_action_where_each_has_its_own(
    tables: House, control: str
) -> None:
    node = tables.node()
    time = {"seconds": 60} if control == "per_action" else {"days": 1}
    game_id = await node.table(time_control={"kind": control, "first_move": None, **time})
    before = (await node.games.game(game_id)).clock
    await node.offer(game_id, ANN, MORE_TIME, seconds=30)
    await node.answer(game_id, BEN, MORE_TIME, True)
    after = (await node.games.game(game_id)).clock
    assert before is not None
    assert after is not None
    assert (after.deadline(0) or 0) - (before.deadline(0) or 0) == 30_000
    assert after.due_at() == (before.due_at() or 0) + 30_000
    await node.act(game_id, ANN, 0)
    ended = (await node.games.game(game_id)).clock
    assert ended is not None
    assert ended.seats[0].bank == before.seats[0].bank


@pytest.mark.parametrize("control", ["per_action", "correspondence"])
async def test_more_time_for_a_clock_that_stands_is_there_when_its_turn_comes(
    tables: House, control: str
) -> None:
    node = tables.node()
    time = {"seconds": 60} if control == "per_action" else {"days": 1}
    game_id = await node.table(time_control={"kind": control, "first_move": None, **time})
    await node.offer(game_id, BEN, MORE_TIME, seconds=30)
    await node.answer(game_id, ANN, MORE_TIME, True)
    shown = (await node.state(game_id)).clock
    assert shown is not None
    whole = shown.remaining[0]
    assert shown.remaining == (whole, whole + 30_000)
    await node.act(game_id, ANN, 0)
    told = (await node.state(game_id)).clock
    assert told is not None
    assert told.due_at == tables.clock.now + whole + 30_000
    await node.act(game_id, BEN, 1)
    await node.act(game_id, ANN, 2)
    after = (await node.state(game_id)).clock
    assert after is not None
    assert after.due_at == tables.clock.now + whole  # it was for one action


async def test_a_log_from_before_folds_more_time_as_it_was_played(tables: House) -> None:
    node = tables.node()
    control = {"kind": "per_action", "seconds": 60, "first_move": None}
    game_id = await node.table(time_control=control)
    game = await node.games.game(game_id)
    more: dict[str, Any] = {"kind": MORE_TIME, "new_game_id": tables.new_game_id}
    [offered] = offer_commands.offer(game, 0, 1, None, seconds=30, **more)
    [answered] = offer_commands.answer(offered.game, 0, 0, None, accept=True, **more)
    payload = {key: value for key, value in answered.entry.payload.items() if key != "kept"}
    before = fold(offered.game, replace(answered.entry, payload=payload))
    assert before.clock is not None
    assert before.clock.turn((1,), 1_000, 0).deadline(1) == 61_000


async def test_a_takeback_puts_the_clock_of_who_is_to_act_again_on(tables: House) -> None:
    node = tables.node()
    control = {"kind": "fischer", "initial": 60, "first_move": None}
    game_id = await node.table(time_control=control)
    await node.act(game_id, ANN, 0)
    tables.clock.now += 5_000
    await node.offer(game_id, ANN, TAKEBACK)
    await node.answer(game_id, BEN, TAKEBACK, True)
    clock = (await node.games.game(game_id)).clock
    assert clock is not None
    assert clock.running == (0,)
    assert [seat.bank.main for seat in clock.seats] == [60_000, 55_000]


async def test_an_outage_is_given_back_before_a_takeback_is_agreed(tables: House) -> None:
    node = tables.node()
    control = {"kind": "fischer", "initial": 60, "first_move": None}
    game_id = await node.table(time_control=control)
    await node.act(game_id, ANN, 0)
    await node.offer(game_id, ANN, TAKEBACK)
    await tables.pass_time(5_000)
    tables.clock.now += 30_000
    await node.answer(game_id, BEN, TAKEBACK, True)
    shown = (await node.state(game_id)).clock
    assert shown is not None
    assert (shown.remaining, shown.running) == ((60_000, 55_000), (0,))


async def test_an_outage_is_given_back_before_more_time_is_agreed(tables: House) -> None:
    node = tables.node()
    control = {"kind": "byo_yomi", "main": 1, "periods": 3, "period": 30, "first_move": None}
    game_id = await node.table(time_control=control)
    await node.offer(game_id, ANN, MORE_TIME, seconds=30)
    await tables.pass_time(11_000)
    before = (await node.state(game_id)).clock
    assert before is not None
    tables.clock.now += 65_000
    await node.answer(game_id, BEN, MORE_TIME, True)
    after = (await node.state(game_id)).clock
    assert after is not None
    assert after.periods == before.periods == (3, 3)
    assert after.due_at is not None
    assert after.due_at - tables.clock.now >= before.remaining[0] + 30_000
