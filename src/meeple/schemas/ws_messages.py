"""The messages of the ``/game`` namespace, protocol 1: closed unions, parsed once at the edge.

A client's event is one name of `CLIENT_EVENTS` with one JSON object; `parse` gives its Struct. What
the server sends are the Structs of `SERVER_EVENTS`, and as the ack of an event `Failed`, `Ok`,
the `Receipt` of a command or the `Joined` of a join.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from meeple.engine.offers import OfferKind
from meeple.errors import InvalidMessage, MeepleError, UnknownEvent
from meeple.protocols import Unread
from meeple.services.projection import (
    ChatHistory,
    ChatLine,
    GameOverMessage,
    GamePresence,
    GameRematch,
    GameState,
    GameWarning,
)

#: The Socket.IO namespace of everything in this module.
NAMESPACE = "/game"

GameId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ActionId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class ClientMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a client sends."""


class Join(ClientMessage, frozen=True):
    """``game:join``: take part, or come back; ``last_seq`` asks only for what came after it."""

    game_id: GameId
    last_seq: Seq | None = None


class Spectate(ClientMessage, frozen=True):
    """``game:spectate``: watch a game."""

    game_id: GameId
    last_seq: Seq | None = None


class Leave(ClientMessage, frozen=True):
    """``game:leave``: be told no more about a game."""

    game_id: GameId


class Act(ClientMessage, frozen=True):
    """``game:action``: play; a resend under the same ``action_id`` plays nothing.

    ``seq`` refuses the action unless the game is at that seq.
    """

    game_id: GameId
    action: Any
    action_id: ActionId | None = None
    seq: Seq | None = None


class Resign(ClientMessage, frozen=True):
    """``game:resign``: give up."""

    game_id: GameId
    action_id: ActionId | None = None


class Claim(ClientMessage, frozen=True):
    """``game:claim``: end a game whose other players are gone."""

    game_id: GameId
    result: Literal["win", "draw"] = "win"
    action_id: ActionId | None = None


class Offer(ClientMessage, frozen=True):
    """``game:offer``: offer the others something, or accept what they offer.

    ``seconds`` is how much more time is asked for.
    """

    game_id: GameId
    kind: OfferKind
    seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] | None = None
    action_id: ActionId | None = None


class Answer(ClientMessage, frozen=True):
    """``game:answer``: accept or decline what is offered; decline one's own to take it back."""

    game_id: GameId
    kind: OfferKind
    accept: bool
    action_id: ActionId | None = None


class Say(ClientMessage, frozen=True):
    """``game:chat``: say something at the table."""

    game_id: GameId
    text: str


class Mute(ClientMessage, frozen=True):
    """``game:mute``: hear nothing more from a user at this table; or hear them again."""

    game_id: GameId
    user_id: UUID
    muted: bool


class Heartbeat(ClientMessage, frozen=True):
    """``game:heartbeat``: keep presence alive, and ask for the server's time."""


class RefreshToken(ClientMessage, frozen=True):
    """``auth:refresh``: go on with a fresh token of the same user."""

    token: str


#: Every event that a client may send. The names are part of the protocol.
CLIENT_EVENTS: dict[str, type[ClientMessage]] = {
    "game:join": Join,
    "game:spectate": Spectate,
    "game:leave": Leave,
    "game:action": Act,
    "game:resign": Resign,
    "game:claim": Claim,
    "game:offer": Offer,
    "game:answer": Answer,
    "game:chat": Say,
    "game:mute": Mute,
    "game:heartbeat": Heartbeat,
    "auth:refresh": RefreshToken,
}


class ErrorBody(msgspec.Struct, frozen=True):
    """What went wrong: a stable ``code``, words for people, and whether to try again."""

    code: str
    message: str
    retryable: bool


class Failed(msgspec.Struct, frozen=True):
    """The ack of an event that was refused."""

    error: ErrorBody
    ok: bool = False


class Ok(msgspec.Struct, frozen=True, omit_defaults=True):
    """The ack of an event that was carried out, with the fields that the event asks for."""

    # Its true value is no default, lest omit_defaults leave it out.
    ok: bool
    game_id: str | None = None
    server_time: int | None = None
    expires_at: int | None = None


class GameErrorMessage(msgspec.Struct, frozen=True):
    """``game:error``: the failure of an event for which the client asked no ack."""

    event: str
    code: str
    message: str
    retryable: bool


class AuthErrorMessage(msgspec.Struct, frozen=True):
    """``auth_error``: the token is bad, or it has expired; a disconnect follows."""

    code: str
    message: str


class ServerDraining(msgspec.Struct, frozen=True):
    """``server:draining``: the node is going away and ends the connection soon; connect again."""


#: Every event that the server may send.
SERVER_EVENTS: dict[str, type[msgspec.Struct]] = {
    "auth_error": AuthErrorMessage,
    "game:state": GameState,
    "game:over": GameOverMessage,
    "game:presence": GamePresence,
    "game:warning": GameWarning,
    "game:rematch": GameRematch,
    "game:chat": ChatLine,
    "game:chats": ChatHistory,
    "game:error": GameErrorMessage,
    "server:draining": ServerDraining,
}


def parse(event: Any, args: Sequence[Any]) -> ClientMessage:
    """The message of a client's event.

    Raises:
        UnknownEvent: there is no event of that name.
        InvalidMessage: its name is no string, or its argument not one object of the right form.
    """
    if not isinstance(event, str):
        raise InvalidMessage("an event's name is a string")
    message_type = CLIENT_EVENTS.get(event)
    if message_type is None:
        raise UnknownEvent(f"there is no event {event[:64]!r}")
    if len(args) > 1:
        raise InvalidMessage("an event has one argument, a JSON object")
    payload = args[0] if args else {}
    if not isinstance(payload, dict):
        if isinstance(payload, Unread):
            raise InvalidMessage(str(payload))
        raise InvalidMessage("an event's argument is a JSON object")
    try:
        return msgspec.convert(payload, message_type)
    except msgspec.ValidationError as error:
        raise InvalidMessage(str(error)) from error


def error_body(error: MeepleError) -> ErrorBody:
    """An error as it is told to a client, on the socket and on REST alike."""
    return ErrorBody(error.code, error.message, error.retryable)
