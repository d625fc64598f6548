"""Games with clocks, at a table: what counts, what is given back, and how time ends a game."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meeple.cli.verify import verify_log
from meeple.engine.base import Outcome
from meeple.engine.clocks import LAG_QUOTA, MAX_ABSENT
from meeple.engine.game import fold_all
from meeple.engine.log import EntryKind, GameStatus
from meeple.engine.time_controls import Fischer
from meeple.errors import InvalidMessage, NotYourTurn, OutOfTime, StaleSeq
from meeple.protocols import Outage
from meeple.services.projection import ClockView
from meeple.services.timing import COMING_BACK
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Plain, Shelf
from tests.services.house import ANN, BEN, START, House, Node

BLITZ = {"kind": "fischer", "initial": 60, "increment": 2}
#: The same, with clocks that run from the start.
RUNNING = {**BLITZ, "first_move": None}
PLAYERS = (ANN, BEN)


async def clock_of(node: Node, game_id: str) -> ClockView:
    clock = (await node.state(game_id)).clock
    assert clock is not None
    return clock


async def outcome_of(node: Node, game_id: str) -> Outcome:
    outcome = (await node.state(game_id)).outcome
    assert outcome is not None
    return outcome


async def test_a_game_without_time_control_has_no_clock_and_no_deadline(any_house: House) -> None:
    node = any_house.node()
    for control in (None, {"kind": "none"}):
        game_id = await node.table(time_control=control)
        assert (await node.state(game_id)).clock is None
        assert "time_control" not in (await any_house.log.read(game_id))[0].payload
    assert await any_house.log.due_games(2**53) == []


async def test_the_log_keeps_the_whole_time_control(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=BLITZ)
    wanted = {**BLITZ, "first_move": 30}
    assert (await house.log.read(game_id))[0].payload["time_control"] == wanted
    clock = await clock_of(node, game_id)
    assert msgspec.to_builtins(clock)["control"] == wanted


async def test_the_lobby_shows_the_time_control_from_the_start_to_the_end(any_house: House) -> None:
    node = any_house.node()
    control = {"kind": "fischer", "initial": 300, "increment": 3}
    game_id = (await node.create(time_control=control)).game_id
    wanted = Fischer(initial=300, increment=3)
    assert [one.time_control for one in (await node.games.reader.list_games()).games] == [wanted]
    await node.sit(game_id, BEN)
    await node.resign(game_id, ANN)
    assert [one.time_control for one in (await node.games.reader.list_games()).games] == [wanted]


async def test_a_time_control_out_of_bounds_makes_no_table(house: House) -> None:
    with pytest.raises(InvalidMessage, match="initial"):
        await house.node().create(time_control={"kind": "fischer", "initial": -1})


async def test_clocks_stand_until_the_game_starts(house: House) -> None:
    node = house.node()
    state = await node.create(seats=2, time_control=RUNNING)
    house.clock.now += 50_000
    clock = await clock_of(node, state.game_id)
    assert clock == ClockView(clock.control, (), (60_000, 60_000), (), None)


async def test_both_sides_see_what_is_left_at_the_time_of_every_message(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=RUNNING)
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    await house.pass_time(3_000)
    await node.act(game_id, ANN, 4)
    await house.pass_time(4_000)
    await node.act(game_id, BEN, 0)
    for sid in ("ann", "eve"):
        states = [message.payload for message in node.viewers.inbox[sid]]
        assert [one.clock.remaining for one in states] == [
            (60_000, 60_000),
            (59_000, 60_000),
            (59_000, 58_000),
        ]
        assert [one.clock.running for one in states] == [(0,), (1,), (0,)]
        assert [one.clock.due_at - one.server_time for one in states] == [60_000, 60_000, 59_000]
    house.clock.now += 9_000
    clock = await clock_of(node, game_id)
    assert clock.remaining == (50_000, 58_000)


async def test_the_first_action_is_free_and_says_so(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=BLITZ)
    house.clock.now += 20_000
    clock = await clock_of(node, game_id)
    assert clock.first_move == (0,)
    assert clock.remaining == (60_000, 60_000)
    assert clock.due_at == house.clock.now + 10_000
    await node.act(game_id, ANN, 4)
    await node.act(game_id, BEN, 0)
    clock = await clock_of(node, game_id)
    assert (clock.remaining, clock.first_move) == ((60_000, 60_000), ())


@pytest.mark.parametrize(
    ("control", "extra"),
    [
        ({"kind": "delay", "initial": 60, "delay": 5}, {"delay": (3_000, 0)}),
        (
            {"kind": "byo_yomi", "main": 1, "periods": 3, "period": 30},
            {"periods": (3, 3), "in_period": (True, False)},
        ),
    ],
)
async def test_a_clock_shows_what_its_control_has_beside_the_time(
    house: House, control: dict[str, Any], extra: dict[str, Any]
) -> None:
    node = house.node()
    game_id = await node.table(time_control={**control, "first_move": None})
    house.clock.now += 2_000
    clock = await clock_of(node, game_id)
    fields = ("delay", "periods", "in_period")
    shown = {name: getattr(clock, name) for name in fields}
    assert {name: value for name, value in shown.items() if value is not msgspec.UNSET} == extra


async def test_who_does_not_make_the_first_move_ends_the_game_and_nobody_loses(
    any_house: House,
) -> None:
    node = any_house.node()
    game_id = await node.table(time_control=BLITZ)
    await node.act(game_id, ANN, 4)
    await any_house.pass_time(30_000 + LAG_QUOTA)
    kinds = await any_house.kinds(game_id)
    assert kinds[START + 2 :] == [EntryKind.ABORTED, EntryKind.ENDED]
    assert await outcome_of(node, game_id) == Outcome((), "no_show")
    assert (await any_house.log.read(game_id))[-2].seat == 1


async def test_who_runs_out_of_time_loses(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table(time_control=RUNNING)
    await node.spectate("eve", game_id)
    await any_house.pass_time(60_000 + LAG_QUOTA - 1)
    assert (await node.state(game_id)).status is GameStatus.LIVE
    await any_house.pass_time(1)
    assert (await any_house.kinds(game_id))[-2:] == [EntryKind.TIMED_OUT, EntryKind.ENDED]
    assert await outcome_of(node, game_id) == Outcome((1,), "timeout")
    assert node.viewers.inbox["eve"][-1].event == "game:over"
    assert node.viewers.inbox["eve"][-2].payload.to_act == ()
    clock = await clock_of(node, game_id)
    assert (clock.remaining, clock.running) == ((0, 60_000), ())
    assert await any_house.log.due_games(2**53) == []
    assert await verify_log(any_house.log.log, Shelf()) == (1, [])


async def test_an_action_after_the_deadline_is_refused(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=RUNNING)
    await house.pass_time(59_999)
    with pytest.raises(NotYourTurn):
        await node.act(game_id, BEN, 4)
    house.clock.now += 1
    with pytest.raises(OutOfTime):
        await node.act(game_id, ANN, 4)
    await house.pass_time(LAG_QUOTA)
    assert (await outcome_of(node, game_id)).winners == (1,)


async def test_who_is_out_of_time_at_a_game_for_all_at_once_loses_to_the_others(
    house: House,
) -> None:
    house.shelf.engines["both"] = Both()
    node = house.node()
    game_id = await node.table("both", time_control={"kind": "per_action", "seconds": 5})
    for player in PLAYERS:
        await node.act(game_id, player, "x")
    await house.pass_time(5_000 + LAG_QUOTA)
    # Neither acted, so neither wins.
    assert await outcome_of(node, game_id) == Outcome((), "timeout")


class Both(Plain):
    """Both seats are always to act."""

    def to_act(self, state: Any) -> Any:
        return [0, 1]


# --- the absent -----------------------------------------------------------------------------------


async def test_an_engine_may_act_for_the_absent_until_it_has_been_enough(any_house: House) -> None:
    node = any_house.node()
    control = {"kind": "per_action", "seconds": 5, "first_move": None}
    game_id = await node.table("goofspiel", time_control=control)
    rounds = 0
    while (await node.state(game_id)).status is GameStatus.LIVE:
        await node.act(game_id, ANN, (await node.state(game_id, ANN)).legal_actions[0])  # type: ignore[index]
        await any_house.pass_time(5_000 + LAG_QUOTA, node)
        rounds += 1
        assert rounds <= MAX_ABSENT + 1
    assert rounds == MAX_ABSENT + 1
    assert await outcome_of(node, game_id) == Outcome((0,), "timeout")
    entries = await any_house.log.read(game_id)
    kinds = [entry.kind for entry in entries[START + 1 :]]
    once = [EntryKind.ACTION, EntryKind.TIMED_OUT, EntryKind.ACTION]
    assert kinds == once * MAX_ABSENT + [
        EntryKind.ACTION,
        EntryKind.TIMED_OUT,
        EntryKind.ENDED,
    ]
    assert [e.seat for e in entries if e.payload.get("auto")] == [1] * MAX_ABSENT
    assert await verify_log(any_house.log.log, Shelf()) == (1, [])


async def test_who_comes_back_is_not_counted_as_absent_any_more(house: House) -> None:
    node = house.node()
    control = {"kind": "per_action", "seconds": 5, "first_move": None}
    game_id = await node.table("goofspiel", time_control=control)
    for _ in range(MAX_ABSENT + 2):
        for player in PLAYERS:
            await node.act(game_id, player, (await node.state(game_id, player)).legal_actions[0])  # type: ignore[index]
        await node.act(game_id, ANN, (await node.state(game_id, ANN)).legal_actions[0])  # type: ignore[index]
        await house.pass_time(5_000 + LAG_QUOTA)
    assert (await node.state(game_id)).status is GameStatus.LIVE


# --- lag ------------------------------------------------------------------------------------------


async def test_the_way_over_the_net_is_not_the_players_time(house: House) -> None:
    node = house.node()
    node.round_trips = {"ann": 80, "liar": 60_000}
    game_id = await node.table(time_control=RUNNING)
    house.clock.now += 1_000
    await node.act(game_id, ANN, 4, sid="ann")
    assert (await house.log.read(game_id))[-1].payload == {"action": 4, "lag": 80}
    house.clock.now += 1_000
    await node.act(game_id, BEN, 0, sid="liar")
    assert (await house.log.read(game_id))[-1].payload["lag"] == LAG_QUOTA
    clock = await clock_of(node, game_id)
    assert clock.remaining == (61_080, 61_000 + LAG_QUOTA)


async def test_an_action_that_was_on_its_way_at_the_deadline_is_in_time(house: House) -> None:
    node = house.node()
    node.round_trips = {"ann": 200}
    game_id = await node.table(time_control=RUNNING)
    await house.pass_time(60_199)
    await node.act(game_id, ANN, 4, sid="ann")
    assert (await clock_of(node, game_id)).remaining == (2_001, 60_000)


async def test_an_action_that_came_in_time_is_not_late_because_its_table_had_to_be_read(
    house: House,
) -> None:
    async def slowly() -> None:
        house.clock.now += 2_000

    game_id = await house.node().table(time_control=RUNNING)
    fresh = house.node()
    await house.pass_time(59_000)
    house.log.before_read = slowly
    await fresh.act(game_id, ANN, 4)
    assert (await clock_of(fresh, game_id)).remaining[0] == 3_000


# --- outages --------------------------------------------------------------------------------------


async def test_downtime_is_given_back_before_the_next_action(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table(time_control=RUNNING)
    await any_house.pass_time(10_000)
    down = any_house.clock.now
    any_house.clock.now += 3_600_000
    back = any_house.clock.now
    fresh = any_house.node()
    await fresh.spectate("eve", game_id)
    receipt = await fresh.act(game_id, ANN, 4, action_id="a", seq=START)
    kinds = await any_house.kinds(game_id)
    assert kinds[START + 1 :] == [EntryKind.PAUSED, EntryKind.ACTION]
    assert receipt.seq == START + 2
    assert (await fresh.act(game_id, ANN, 4, action_id="a", seq=START)).seq == START + 2
    pause = (await any_house.log.read(game_id))[START + 1]
    assert pause.payload == {"since": down, "until": back + COMING_BACK, "reason": "downtime"}
    clock = await clock_of(fresh, game_id)
    assert clock.remaining == (52_000, 60_000)
    assert clock.paused_until == back + COMING_BACK
    assert fresh.viewers.seqs("eve") == [START, START + 1, START + 2]
    await fresh.act(game_id, BEN, 0)
    assert (await any_house.kinds(game_id)).count(EntryKind.PAUSED) == 1
    assert await verify_log(any_house.log.log, Shelf()) == (1, [])


async def test_a_quick_restart_is_an_outage_too(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=RUNNING)
    await house.pass_time(5_000)
    house.clock.now += 2_000
    fresh = house.node()
    await fresh.act(game_id, ANN, 4)
    assert (await clock_of(fresh, game_id)).remaining == (57_000, 60_000)


async def test_downtime_is_given_back_instead_of_a_timeout(any_house: House) -> None:
    node = any_house.node()
    game_id = await node.table(time_control=RUNNING)
    await any_house.pass_time(50_000)
    any_house.clock.now += 3_600_000
    back = any_house.clock.now
    fresh = any_house.node()
    await any_house.pass_time(COMING_BACK, fresh)
    assert (await any_house.kinds(game_id))[-1] is EntryKind.PAUSED
    clock = await clock_of(fresh, game_id)
    assert (clock.remaining, clock.due_at) == ((10_000, 60_000), back + COMING_BACK + 10_000)
    await any_house.pass_time(10_000 + LAG_QUOTA, fresh)
    assert (await outcome_of(fresh, game_id)).reason == "timeout"


async def test_who_comes_back_sees_the_clock_as_it_will_be_before_anything_is_written(
    house: House,
) -> None:
    node = house.node()
    game_id = await node.table(time_control=RUNNING)
    await house.pass_time(10_000)
    house.clock.now += 30_000
    fresh = house.node()
    await fresh.keeper.beat()
    clock = await clock_of(fresh, game_id)
    assert (clock.remaining, clock.paused_until) == (
        (50_000, 60_000),
        house.clock.now + COMING_BACK,
    )
    assert await house.seqs(game_id) == list(range(START + 1))


async def test_a_node_that_was_stopped_asks_for_outages_before_it_judges_a_clock(
    house: House,
) -> None:
    node = house.node()
    game_id = await node.table(time_control=RUNNING)
    await house.pass_time(1_000)
    house.clock.now += 59_500
    # It has not beaten since; its own timer comes first.
    await node.deadlines.tick()
    await node.act(game_id, ANN, 4)
    assert (await clock_of(node, game_id)).remaining == (61_000, 60_000)


async def test_an_outage_before_the_turn_gives_nothing(house: House) -> None:
    node = house.node()
    other = await node.table(time_control=RUNNING)
    await house.pass_time(1_000)
    house.clock.now += 30_000
    await house.pass_time(1_000)
    assert node.keeper.outages == [Outage(house.clock.now - 31_000, house.clock.now - 1_000)]
    game_id = await node.table(time_control=RUNNING)
    house.clock.now += 1_000
    await node.act(game_id, ANN, 4)
    assert EntryKind.PAUSED not in await house.kinds(game_id)
    await node.act(other, ANN, 4)
    assert EntryKind.PAUSED in await house.kinds(other)


# --- planned restarts -----------------------------------------------------------------------------


async def test_clocks_stand_for_a_planned_restart_and_viewers_are_told(any_house: House) -> None:
    node = any_house.node()
    seen = await node.table(time_control=RUNNING)
    alone = await node.table(time_control=RUNNING)
    untimed = await node.table()
    await node.spectate("eve", seen)
    await node.spectate("eve", untimed)
    any_house.clock.now += 5_000
    assert await node.games.pause_clocks(seconds=20) == []
    last = (await any_house.log.read(seen))[-1]
    now = any_house.clock.now
    assert last.payload == {"since": now, "until": now + 20_000, "reason": "restart"}
    assert node.viewers.seqs("eve") == [START, START, START + 1]
    assert (await any_house.kinds(alone))[-1] is EntryKind.STARTED
    assert (await any_house.kinds(untimed))[-1] is EntryKind.STARTED
    await node.games.pause_clocks([alone], seconds=1, reason="drill")
    assert (await any_house.log.read(alone))[-1].payload["reason"] == "drill"
    any_house.clock.now += 20_000
    assert (await clock_of(node, seen)).remaining == (55_000, 60_000)


async def test_an_outage_is_given_back_before_the_clocks_stand_for_a_restart(
    any_house: House,
) -> None:
    node = any_house.node()
    game_id = await node.table(time_control=RUNNING)
    await any_house.pass_time(10_000)
    any_house.clock.now += 30_000
    assert await node.games.pause_clocks([game_id], seconds=20) == []
    reasons = [one.payload.get("reason") for one in await any_house.log.read(game_id)]
    assert reasons[START + 1 :] == ["downtime", "restart"]
    assert (await clock_of(node, game_id)).remaining == (50_000, 60_000)
    any_house.clock.now += 20_000
    assert (await clock_of(node, game_id)).remaining == (50_000, 60_000)


async def test_nothing_is_written_where_no_time_has_run_out(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=RUNNING)
    with pytest.raises(StaleSeq):
        await node.games.run_out(game_id)
    with pytest.raises(StaleSeq):
        await node.games.run_out(await node.table())
    assert await house.seqs(game_id) == list(range(START + 1))


# --- any game -------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    control=st.sampled_from(
        [
            {"kind": "per_action", "seconds": 3, "first_move": None},
            {"kind": "fischer", "initial": 6, "increment": 1, "first_move": None},
            {"kind": "byo_yomi", "main": 3, "periods": 2, "period": 2, "first_move": 5},
        ]
    ),
    happenings=st.lists(
        st.tuples(st.sampled_from(["act", "wait", "outage"]), st.integers(0, 1), st.integers(0, 9)),
        max_size=25,
    ),
)
async def test_whatever_happens_a_log_folds_to_the_same_clocks_and_nobody_pays_for_an_outage(
    control: dict[str, Any], happenings: list[tuple[str, int, int]]
) -> None:
    house = House(MemoryGameLog())
    node = house.node()
    game_id = await node.table("goofspiel", time_control=control)
    outages: list[tuple[int, int]] = []
    for what, seat, number in happenings:
        if what == "wait":
            await house.pass_time(number * 300)
        elif what == "outage":
            await house.pass_time(0)
            outages.append((house.clock.now, house.clock.now + 6_000 + number * 1_000))
            house.clock.now = outages[-1][1]
        else:
            legal = (await node.state(game_id, PLAYERS[seat])).legal_actions
            if legal:
                with suppress(OutOfTime):
                    await node.act(game_id, PLAYERS[seat], legal[number % len(legal)])
    await house.pass_time(0)
    game, entries = await node.games.position(game_id)
    games = [step.game for step in fold_all(entries, lambda name: game.rules)]
    assert games[-1].clock == game.clock
    assert await verify_log(house.log.log, Shelf()) == (1, [])
    for before, entry in zip(games, entries[1:], strict=False):
        if entry.kind is not EntryKind.TIMED_OUT or entry.seat is None:
            continue
        # By another way: the moments since the seat came to act in which a server was there.
        began = next(
            entries[number].at
            for number in range(before.seq, 0, -1)
            if entry.seat not in games[number - 1].to_act or entries[number].seat == entry.seat
        )
        served = (entry.at - began) - sum(
            max(0, min(until, entry.at) - max(since, began)) for since, until in outages
        )
        assert before.clock is not None
        assert served >= before.clock.budget(before.clock.seats[entry.seat])
