"""A practice table that begins as another game did: pure, from a log to the log of a new game."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec

from meeple.engine.log import Entry, EntryKind, Player


def practice_player(seat: int, name: str | None = None) -> Player:
    """Somebody who is nobody: the author of a game acts for all seats."""
    return Player(uuid4(), name or f"Seat {seat}")


def branch(entries: Sequence[Entry], game_id: str, now: int) -> list[Entry]:
    """The log of a new game that begins with ``entries``, the first of another one's.

    It has the same seed, so chance repeats; practice players in place of the others' and of bots;
    and times such that its last entry is of ``now``, so that clocks go on from where they were.
    """
    shift = now - entries[-1].at
    creator = uuid4()
    return [
        Entry(
            game_id,
            one.seq,
            one.kind,
            one.seat,
            _payload(one, shift, creator, entries[-1].seq),
            one.action_id,
            one.at + shift,
        )
        for one in entries
    ]


def _payload(entry: Entry, shift: int, creator: UUID, seq: int) -> dict[str, Any]:
    payload = entry.payload
    if entry.kind is EntryKind.CREATED:
        origin = {"game_id": entry.game_id, "seq": seq}
        return payload | {"creator": str(creator), "public": False, "branch_of": origin}
    if entry.kind is EntryKind.SEATED:
        player = practice_player(entry.seat or 0, payload["name"])
        return dict(msgspec.to_builtins(player))
    if entry.kind is EntryKind.PAUSED:
        return payload | {key: payload[key] + shift for key in ("since", "until")}
    return payload
