"""The checker finds what it is there to find."""

from __future__ import annotations

from msgspec.structs import replace

from meeple.engine.log import EntryKind
from meeple.services import projection
from meeple.store.memory import MemoryGameLog
from tests.chaos.history import History, Invocation, LastView
from tests.services.engines import Shelf
from tests.services.house import ANN, BEN, House, Node


async def played(log: MemoryGameLog) -> tuple[Node, str, History]:
    """Two actions, both acked, and what Ann saw last."""
    node = House(log).node()
    game_id = await node.table()
    history = History()
    for seat, player, cell in ((0, ANN, 0), (1, BEN, 3)):
        receipt = await node.act(game_id, player, cell, action_id=f"a{cell}")
        one = Invocation(game_id, seat, cell, f"a{cell}", seq=receipt.seq)
        history.invocations.append(one)
    state = projection.state((await node.games.game(game_id)), 0, (), 0)
    history.views.append(LastView(game_id, 0, state))
    return node, game_id, history


async def found(history: History, log: MemoryGameLog) -> str:
    return "\n".join(await history.faults(log, Shelf()))


async def test_a_sound_history_has_no_faults() -> None:
    log = MemoryGameLog()
    _, _, history = await played(log)
    assert await found(history, log) == ""


async def test_an_ack_that_is_not_in_the_log_is_found() -> None:
    log = MemoryGameLog()
    _, game_id, history = await played(log)
    history.invocations.append(Invocation(game_id, 0, 1, "lost", seq=9))
    assert "acked and lost" in await found(history, log)


async def test_an_ack_of_another_entry_is_found() -> None:
    log = MemoryGameLog()
    _, _, history = await played(log)
    first, second = history.invocations
    first.seq, second.seq = second.seq, first.seq
    assert "acked, and Entry" in await found(history, log)


async def test_an_action_that_was_refused_and_played_is_found() -> None:
    log = MemoryGameLog()
    _, _, history = await played(log)
    history.invocations[0].seq, history.invocations[0].refused = None, "not_your_turn"
    assert "was refused, and is in the log" in await found(history, log)


async def test_an_action_that_nobody_asked_for_is_found() -> None:
    log = MemoryGameLog()
    _, _, history = await played(log)
    del history.invocations[0]
    assert "nobody asked for it" in await found(history, log)


async def test_an_action_that_was_played_twice_is_found() -> None:
    log = MemoryGameLog()
    _, game_id, history = await played(log)
    # No log takes the same id twice, so the log is told another one, and then spoilt.
    entries = await log.read(game_id)
    again = replace(entries[-1], seq=len(entries), kind=EntryKind.OFFERED, action_id="spoilt")
    await log.append(game_id, len(entries), [again])
    history.views.clear()  # what cannot be folded has no view
    values = log._entries[game_id]
    values[-1] = (*values[-1][:5], entries[-1].action_id, values[-1][6])
    assert "2 times in the log" in await found(history, log)


async def test_a_client_that_saw_less_or_other_than_the_log_is_found() -> None:
    log = MemoryGameLog()
    node, game_id, history = await played(log)
    view = history.views[0]
    view.state = replace(view.state, view={"board": "another"})
    assert "view is" in await found(history, log)
    await node.act(game_id, ANN, 1, action_id="a1")
    history.invocations.append(Invocation(game_id, 0, 1, "a1", seq=6))
    assert "the client is at" in await found(history, log)
