"""What every client did and was told, and whether the log agrees: after Jepsen."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from meeple.cli.verify import verify_log
from meeple.engine.game import Game, Step, fold_all
from meeple.engine.log import Entry, EntryKind
from meeple.engine.time_controls import Fischer
from meeple.errors import MeepleError
from meeple.protocols import EngineFactory, GameLog
from meeple.services import projection
from meeple.services.projection import GameState
from meeple.services.tables import Tables


@dataclass
class Invocation:
    """One action that a client asked for; ``seq`` is what it was acked with, if it was.

    Attributes:
        refused: the code of the error that it was answered with, if it was.
    """

    game_id: str
    seat: int
    action: Any
    action_id: str
    seq: int | None = None
    refused: str | None = None


@dataclass
class LastView:
    """What a client saw last of a game."""

    game_id: str
    seat: int | None
    state: GameState


@dataclass
class History:
    """Everything that happened, as the clients saw it."""

    invocations: list[Invocation] = field(default_factory=list)
    views: list[LastView] = field(default_factory=list)

    @property
    def acked(self) -> int:
        return sum(one.seq is not None for one in self.invocations)

    async def faults(self, log: GameLog, engine_factory: EngineFactory) -> list[str]:
        """What is wrong; an empty list is what the tests want."""
        _, found = await verify_log(log, engine_factory)
        tables = Tables(engine_factory, log)
        by_game: defaultdict[str, list[Invocation]] = defaultdict(list)
        for one in self.invocations:
            by_game[one.game_id].append(one)
        for game_id, invocations in by_game.items():
            entries = await log.read(game_id)
            found += _action_faults(entries, invocations)
            found += _clock_faults(_folded(entries, tables))
        for view in self.views:
            entries = await log.read(view.game_id)
            games = [step.game for step in _folded(entries, tables)]
            found += _view_faults(view, games) if games else []
        return found


def _folded(entries: list[Entry], tables: Tables) -> list[Step]:
    """Nothing if it cannot be folded, of which `verify_log` has told."""
    try:
        return list(fold_all(entries, tables.rules))
    except MeepleError:
        return []


def _action_faults(entries: list[Entry], invocations: list[Invocation]) -> list[str]:
    """Every ack is in the log, once, and nothing is that nobody asked for."""
    found = []
    times = Counter(entry.action_id for entry in entries if entry.action_id is not None)
    asked = {}
    for one in invocations:
        key = projection.log_action_id(one.seat, one.action_id)
        asked[key] = one.action
        if times[key] > 1:
            found.append(f"{one}: {times[key]} times in the log")
        if one.refused is not None and times[key]:
            found.append(f"{one}: was refused, and is in the log")
        if one.seq is None:
            continue
        if one.seq >= len(entries):
            found.append(f"{one}: acked and lost: the log ends at {len(entries) - 1}")
        elif entries[one.seq].action_id != key:
            found.append(f"{one}: acked, and {entries[one.seq]} is there")
    for entry in entries:
        if entry.kind is not EntryKind.ACTION or entry.action_id is None:
            continue
        if entry.action_id not in asked or entry.payload["action"] != asked[entry.action_id]:
            found.append(f"{entry}: nobody asked for it")
    return found


def _clock_faults(steps: list[Step]) -> list[str]:
    """What the players have left is what a plain sum over the entries' times comes to."""
    last = steps[-1].game if steps else None
    if last is None or last.clock is None or not isinstance(last.clock.control, Fischer):
        return []
    control = last.clock.control
    assert control.first_move is None
    left = [control.initial * 1000] * len(last.players)
    since: dict[int, int] = {}
    pauses: list[tuple[int, int]] = []
    for step in steps:
        entry, payload = step.entry, step.entry.payload
        if entry.kind is EntryKind.PAUSED:
            pauses.append((payload["since"], payload["until"]))
        for seat in list(since):
            acted = entry.kind is EntryKind.ACTION and entry.seat == seat
            if acted or seat not in step.game.to_act:
                ran = entry.at - since.pop(seat)
                ran -= _paused(pauses, entry.at - ran, entry.at)
                left[seat] = max(0, left[seat] - max(0, ran - payload.get("lag", 0) * acted))
                left[seat] += control.increment * 1000 * acted
        for seat in step.game.to_act:
            since.setdefault(seat, entry.at)
    shown = [clock.bank.main for clock in last.clock.seats]
    return [] if shown == left else [f"{last.game_id}: clocks say {shown}, the entries {left}"]


def _paused(pauses: list[tuple[int, int]], start: int, end: int) -> int:
    """How many ms between these two times lie in a pause."""
    times = sorted({start, end, *(time for pause in pauses for time in pause)})
    return sum(
        after - before
        for before, after in pairwise(times)
        if start <= before
        and after <= end
        and any(since <= before and after <= until for since, until in pauses)
    )


def _view_faults(view: LastView, games: list[Game]) -> list[str]:
    """What the client saw last is the end of the log, folded."""
    where = f"{view.game_id} seat {view.seat}"
    if view.state.seq != games[-1].seq:
        return [f"{where}: the client is at {view.state.seq}, the log at {games[-1].seq}"]
    game = games[-1]
    # The last message of a game says how it ended, and leaves the rest as it was.
    seen = games[-2] if game.outcome is not None else game
    wanted = projection.state(seen, view.seat, (), 0)
    got = msgspec.structs.replace(view.state, server_time=0)
    for name in ("view", "engine", "seat"):
        if _plain(getattr(got, name)) != _plain(getattr(wanted, name)):
            return [f"{where}: {name} is {getattr(got, name)}, not {getattr(wanted, name)}"]
    if _plain(got.outcome) != _plain(game.outcome):
        return [f"{where}: outcome is {got.outcome}, not {game.outcome}"]
    if game.outcome is None and tuple(got.to_act) != tuple(game.to_act):
        return [f"{where}: to_act is {got.to_act}, not {game.to_act}"]
    return []


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
