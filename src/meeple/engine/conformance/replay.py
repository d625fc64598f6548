"""Plays a game again from its log, the way that a server does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from meeple.engine.conformance.position import Position, observe
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.setting import Setting
from meeple.engine.game import Game, create, fold
from meeple.engine.log import Entry, EntryKind
from meeple.engine.rules import Rules
from meeple.errors import MeepleError

_NOBODY = str(UUID(int=0))


class Turn(NamedTuple):
    """One recorded action, as JSON."""

    seat: int
    data: bytes


class Record(NamedTuple):
    """A game that was played: its actions, and the digest of every position in it."""

    setting: Setting
    turns: tuple[Turn, ...]
    trail: tuple[bytes, ...]


def replay(probe: Probe, record: Record, fault: str) -> None:
    """Fold the game's log, and compare every position with the one in live play.

    Raises:
        GameStopped: they differ, which is noted as ``fault``.
    """
    for step, position in enumerate(positions(probe, record)):
        if position.digest != record.trail[step]:
            message = f"From here on {fault}. A game must be a function of its seed and its log."
            probe.note("determinism", "replay", message)
            raise GameStopped


def positions(probe: Probe, record: Record) -> Iterator[Position]:
    """The positions from the start to the end, every state written down if the engine can do that.

    Raises:
        GameStopped: the log cannot be folded, which is noted.
    """
    probe.begin(record.setting)
    rules = Rules("checked", probe.engine)
    game: Game | None = None
    for entry in log_of(record):
        probe.step = max(0, entry.seq - record.setting.start)
        try:
            game = create(entry, lambda _: rules) if game is None else fold(game, entry)
        except MeepleError as error:
            message = f"The game's own log cannot be played again: {error.__cause__ or error!r}."
            probe.note("determinism", "replay", message)
            raise GameStopped from error
        probe.expect_global_chance()
        if entry.seq >= record.setting.start:
            game = replace(game, state=_rewritten(probe, game.state))
            yield observe(probe, game.state)


def log_of(record: Record) -> Iterator[Entry]:
    """The entries that a server would keep of the game, read again from their JSON."""
    setting = record.setting
    table = {
        "engine": "checked",
        "options": setting.options,
        "seats": setting.seats,
        "seed": setting.seed.hex(),
        "public": False,
        "creator": _NOBODY,
    }
    yield _entry(0, EntryKind.CREATED, None, table)
    for seat in range(setting.seats):
        yield _entry(seat + 1, EntryKind.SEATED, seat, {"user_id": _NOBODY, "name": str(seat)})
    yield _entry(setting.start, EntryKind.STARTED, None, {})
    for seq, turn in enumerate(record.turns, setting.start + 1):
        yield _entry(seq, EntryKind.ACTION, turn.seat, {"action": msgspec.Raw(turn.data)})


def _entry(seq: int, kind: EntryKind, seat: int | None, payload: dict[str, Any]) -> Entry:
    read = msgspec.json.decode(msgspec.json.encode(payload))
    return Entry("checked", seq, kind, seat, read, None, seq)


def _rewritten(probe: Probe, state: Any) -> Any:
    if not probe.has_state_codec:
        return state
    written = msgspec.json.encode(probe.ask("encode_state", state))
    return probe.ask("decode_state", msgspec.json.decode(written))
