"""The bodies that only a server in dev mode takes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from meeple.schemas.rest import Body


class DevNewGame(Body, frozen=True):
    """``POST /dev/games``: a practice table with somebody in every seat; as few as may play."""

    engine: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    options: dict[str, Any] | None = None
    seats: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None


class DevAct(Body, frozen=True):
    """``POST /dev/games/{id}/act``: play for a seat; ``seq`` refuses it at any later position."""

    seat: Annotated[int, msgspec.Meta(ge=0, le=100)]
    action: Any
    seq: Annotated[int, msgspec.Meta(ge=0)] | None = None


class DevBranch(Body, frozen=True):
    """``POST /dev/games/{id}/branch``: a practice table that begins like this game."""

    seq: Annotated[int, msgspec.Meta(ge=0)]
