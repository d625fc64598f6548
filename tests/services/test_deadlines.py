"""Deadlines happen in time, exactly once, whichever node sees to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meeple.engine.clocks import LAG_QUOTA
from meeple.engine.log import EntryKind, GameStatus
from meeple.errors import GameOver, MeepleError, OutOfTime, Unavailable
from meeple.services.deadlines import AT_ONCE, BATCH
from meeple.services.timing import COMING_BACK
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Plain, Shelf
from tests.services.house import ANN, BEN, START, House, Node, gate, within

SHORT = {"kind": "per_action", "seconds": 5, "first_move": None}
LIMIT = 5_000 + LAG_QUOTA


async def timeouts(house: House, game_id: str) -> int:
    return (await house.kinds(game_id)).count(EntryKind.TIMED_OUT)


async def test_the_deadline_is_in_the_log_with_what_may_still_be_forgiven(
    any_house: House,
) -> None:
    node = any_house.node()
    game_id = await node.table(time_control=SHORT)
    due_at = any_house.clock.now + LIMIT
    assert await any_house.log.due_games(due_at - 1) == []
    assert await any_house.log.due_games(due_at) == [game_id]
    any_house.clock.now += 1_000
    await node.act(game_id, ANN, 4)
    assert await any_house.log.due_games(due_at) == []
    await node.resign(game_id, BEN)
    assert await any_house.log.due_games(2**53) == []


async def test_the_timer_of_the_node_that_plays_is_exact(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=SHORT)
    await house.pass_time(LIMIT - 1)
    assert await timeouts(house, game_id) == 0
    house.clock.now += 1
    await node.deadlines.tick()
    assert (await house.log.read(game_id))[-1].at == house.clock.now
    assert await timeouts(house, game_id) == 1


async def test_another_node_sees_to_the_games_of_one_that_died(any_house: House) -> None:
    dead, alive = any_house.node(), any_house.node()
    games = [await dead.table(time_control=SHORT) for _ in range(3)]
    await any_house.pass_time(LIMIT, alive)
    for game_id in games:
        assert await timeouts(any_house, game_id) == 1
        # The time until then is all that it could take.
        assert (await any_house.log.read(game_id))[-1].at == any_house.clock.now


async def test_a_sweep_sees_to_more_games_than_it_looks_for_at_once(house: House) -> None:
    dead, alive = house.node(), house.node()
    games = [await dead.table(time_control=SHORT) for _ in range(BATCH + AT_ONCE)]
    await house.pass_time(LIMIT, alive)
    assert [await timeouts(house, game_id) for game_id in games] == [1] * len(games)


async def test_two_nodes_that_see_the_same_deadline_time_out_once(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table(time_control=SHORT)
    await one.spectate("here", game_id)
    await other.spectate("there", game_id)
    await any_house.pass_time(LIMIT - 1)
    any_house.clock.now += 1
    await asyncio.gather(
        one.deadlines.tick(), other.deadlines.sweep(), other.deadlines.tick(), one.deadlines.sweep()
    )
    assert await timeouts(any_house, game_id) == 1
    assert await any_house.seqs(game_id) == list(range(START + 3))
    for node, sid in ((one, "here"), (other, "there")):
        assert node.viewers.seqs(sid) == [START, START + 1, START + 2]


async def test_of_a_timeout_and_an_action_in_the_last_moment_one_wins(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    one.round_trips = {"ann": LAG_QUOTA}
    game_id = await one.table(time_control=SHORT)
    await other.state(game_id)
    await any_house.pass_time(LIMIT - 1)
    # The action was in time where it came in, and the log is slow; the other node is faster.
    reached, opened, hook = gate()
    any_house.log.before = hook
    acting = asyncio.create_task(one.act(game_id, ANN, 4, sid="ann"))
    await within(reached.wait())
    any_house.clock.now += 1
    await other.games.run_out(game_id)
    opened.set()
    with pytest.raises(GameOver):
        await within(acting)
    assert await timeouts(any_house, game_id) == 1
    assert EntryKind.ACTION not in await any_house.kinds(game_id)


async def test_of_an_action_and_a_timeout_in_the_last_moment_one_wins(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    one.round_trips = {"ann": LAG_QUOTA}
    game_id = await one.table(time_control=SHORT)
    await other.state(game_id)
    await any_house.pass_time(LIMIT - 1)
    # The other way round: it is written that time has run out, and the action was there before.
    await one.act(game_id, ANN, 4, sid="ann")
    any_house.clock.now += 1
    await other.deadlines.tick()
    await other.deadlines.sweep()
    assert await timeouts(any_house, game_id) == 0
    assert (await any_house.kinds(game_id))[-1] is EntryKind.ACTION


@pytest.mark.parametrize("late", [-1, 0])
async def test_actions_and_timeouts_at_the_same_time_have_one_winner(
    any_house: House, late: int
) -> None:
    one, other = any_house.node(), any_house.node()
    one.round_trips = {"ann": LAG_QUOTA}
    game_id = await one.table(time_control=SHORT)
    await other.state(game_id)
    await any_house.pass_time(LIMIT - 1)
    any_house.clock.now += 1 + late
    results = await asyncio.gather(
        one.act(game_id, ANN, 4, sid="ann"), other.games.run_out(game_id), return_exceptions=True
    )
    assert sum(isinstance(result, MeepleError) for result in results) == 1
    kinds = await any_house.kinds(game_id)
    assert (EntryKind.ACTION in kinds) != (EntryKind.TIMED_OUT in kinds)


async def test_an_action_that_had_to_wait_for_the_table_was_in_time_when_it_came(
    house: House,
) -> None:
    node = house.node()
    game_id = await node.table("goofspiel", time_control=SHORT)
    reached, opened, hook = gate()
    house.log.before = hook
    first = asyncio.create_task(node.act(game_id, ANN, 1))
    await within(reached.wait())
    came = house.clock.now
    second = asyncio.create_task(node.act(game_id, BEN, 1))
    await asyncio.sleep(0)
    house.clock.now += 4_900
    opened.set()
    await within(asyncio.gather(first, second))
    assert (await house.log.read(game_id))[-1].at == came


async def test_a_timeout_that_may_have_been_written_is_looked_up_first(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=SHORT)
    await house.pass_time(LIMIT - 1)

    async def lost() -> None:
        raise Unavailable

    house.log.after = lost
    await house.pass_time(1)
    await house.pass_time(1_000)
    assert await timeouts(house, game_id) == 1
    assert (await node.state(game_id)).status is GameStatus.OVER


async def test_a_log_that_fails_only_delays_a_timeout(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=SHORT)
    await house.pass_time(LIMIT - 1)

    async def down() -> None:
        raise Unavailable

    house.log.before = down
    house.clock.now += 1
    await node.deadlines.tick()
    assert await timeouts(house, game_id) == 0
    await house.pass_time(1_000)
    assert await timeouts(house, game_id) == 1


async def test_a_game_that_cannot_be_folded_is_put_off_and_holds_up_nobody() -> None:
    log = MemoryGameLog()
    house = House(log, odd=Plain())
    dead = house.node()
    odd = [await dead.table("odd", time_control=SHORT) for _ in range(BATCH + 1)]
    game_id = await dead.table(time_control=SHORT)
    alive = house.node(shelf=Shelf())
    await house.pass_time(LIMIT + 2_000, alive)
    assert await timeouts(house, game_id) == 1
    house.log.reads.clear()
    await house.pass_time(60_000, alive)
    # Ever more rarely: after 1, 2, 4 … seconds.
    assert 0 < house.log.reads[odd[0]] < 10


async def test_a_deadline_that_is_none_is_put_off(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control={**SHORT, "seconds": 100})
    row = (await house.log.read(game_id))[-1]
    entry = {"since": 0, "until": 0, "reason": "drill"}
    paused = type(row)(game_id, START + 1, EntryKind.PAUSED, None, entry, None, row.at)
    await house.log.append(game_id, START + 1, [paused], due_at=house.clock.now)
    house.log.reads.clear()
    await house.pass_time(30_000)
    assert 0 < house.log.reads[game_id] < 10
    assert await timeouts(house, game_id) == 0
    # What happens next corrects it.
    await node.act(game_id, ANN, 4)
    assert await house.log.due_games(house.clock.now + 99_000) == []


async def test_who_has_little_time_left_is_warned_once(house: House) -> None:
    node = house.node()
    control = {"kind": "fischer", "initial": 60, "increment": 0, "first_move": None}
    game_id = await node.table(time_control=control)
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    due_at = house.clock.now + 60_000
    await house.pass_time(59_000)
    for sid in ("ann", "eve"):
        [warning] = warnings(node, sid)
        assert (warning.game_id, warning.seat, warning.due_at) == (game_id, 0, due_at)
        assert warning.remaining == 10_000
    await node.act(game_id, ANN, 4)
    await house.pass_time(49_000)
    await node.act(game_id, BEN, 0)
    assert len(warnings(node, "ann")) == 1
    await house.pass_time(500)
    # Ann came back to one second.
    assert len(warnings(node, "ann")) == 1
    await node.act(game_id, ANN, 8)
    await house.pass_time(2_000)
    assert [one.seat for one in warnings(node, "eve")] == [0, 1]


def warnings(node: Node, sid: str) -> list[Any]:
    return [one.payload for one in node.viewers.inbox[sid] if one.event == "game:warning"]


async def test_clocks_of_many_actions_leave_nothing_behind(house: House) -> None:
    node = house.node()
    game_id = await node.table("goofspiel", time_control=SHORT)
    for _ in range(13):
        for player in (ANN, BEN):
            legal = (await node.state(game_id, player)).legal_actions
            await house.pass_time(100)
            await node.act(game_id, player, (legal or [0])[0])
        assert len(node.deadlines) <= 2
    assert (await node.state(game_id)).status is GameStatus.OVER
    await house.pass_time(LIMIT)
    assert len(node.deadlines) == 0


async def test_days_are_left_to_the_sweep(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control={"kind": "correspondence", "days": 1})
    assert len(node.deadlines) == 0
    due_at = house.clock.now + 24 * 3_600_000 + LAG_QUOTA
    assert await house.log.due_games(due_at - 1) == []
    assert await house.log.due_games(due_at) == [game_id]
    # Nobody was there all day, and the sweep says so in the log.
    house.clock.now = due_at
    await house.pass_time(0)
    assert (await house.kinds(game_id))[-1] is EntryKind.PAUSED
    # A whole day more, from when the players may be expected back.
    later = due_at + COMING_BACK + 24 * 3_600_000 + LAG_QUOTA
    assert await house.log.due_games(later - 1) == []
    assert await house.log.due_games(later) == [game_id]


async def test_a_node_that_runs_by_itself_times_out(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control=SHORT)
    await node.spectate("eve", game_id)
    await node.keeper.beat()
    running = asyncio.create_task(node.deadlines.run())
    try:
        for _ in range(6):
            house.clock.now += 1_000
            await node.keeper.beat()
        async with asyncio.timeout(10):
            while node.viewers.inbox["eve"][-1].event != "game:over":  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.005)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    with pytest.raises((GameOver, OutOfTime)):
        await node.act(game_id, ANN, 4)
