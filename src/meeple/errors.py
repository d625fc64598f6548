"""Every error that Meeple raises on purpose: one tree, each class with a stable ``code``.

The codes are part of the protocol: the same on Socket.IO (``error.code``) and on REST, and they
never change their meaning. A class's docstring is its message when none is given.
"""

from __future__ import annotations

from typing import ClassVar


class MeepleError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal_error"
    #: The HTTP status that REST answers with.
    status: ClassVar[int] = 500
    #: True if the same request may succeed later, unchanged.
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class InternalError(MeepleError):
    """The server failed to handle this; the failure was logged."""

    code = "internal_error"


# --- who you are ------------------------------------------------------------------------------


class InvalidToken(MeepleError):
    """The token is missing, malformed or not signed by a key that this server trusts."""

    code = "invalid_token"
    status = 401


class TokenExpired(InvalidToken):
    """The token has expired; get a fresh one."""

    code = "token_expired"


class Forbidden(MeepleError):
    """Not allowed here."""

    code = "forbidden"
    status = 403


class Banned(MeepleError):
    """Your account is banned from this server."""

    code = "banned"
    status = 403


class Muted(Forbidden):
    """You may not chat on this server."""

    code = "muted"


class RateLimited(MeepleError):
    """Too many requests; slow down."""

    code = "rate_limited"
    status = 429
    retryable = True


# --- what you sent ----------------------------------------------------------------------------


class InvalidMessage(MeepleError):
    """The message does not have the form that this event asks for."""

    code = "invalid_message"
    status = 422


class UnknownEvent(MeepleError):
    """There is no such event."""

    code = "unknown_event"
    status = 404


class NotFound(MeepleError):
    """There is nothing at this address."""

    code = "not_found"
    status = 404


class NodeNotFound(MeepleError):
    """There is no such node, or no more."""

    code = "node_not_found"
    status = 404


class PayloadTooLarge(MeepleError):
    """The message is larger than this server takes."""

    code = "payload_too_large"
    status = 413


# --- the table --------------------------------------------------------------------------------


class EngineNotFound(MeepleError):
    """There is no engine of that name."""

    code = "engine_not_found"
    status = 404


class PolicyNotAvailable(MeepleError):
    """No bot can play this game in that way."""

    code = "policy_not_available"
    status = 422


class GameNotFound(MeepleError):
    """There is no such game."""

    code = "game_not_found"
    status = 404


class NotInGame(MeepleError):
    """You have no seat in this game; use game:spectate to watch."""

    code = "not_in_game"
    status = 403


class GameFull(MeepleError):
    """Every seat is taken."""

    code = "game_full"
    status = 409


class TooManyGames(MeepleError):
    """One connection can view only so many games at once; leave one first."""

    code = "too_many_games"
    status = 409


class SeatTaken(MeepleError):
    """That seat is taken."""

    code = "seat_taken"
    status = 409


class GameNotStarted(MeepleError):
    """The game has not started: seats are still empty."""

    code = "game_not_started"
    status = 409


class GameStarted(MeepleError):
    """The first move has been made; resign instead."""

    code = "game_started"
    status = 409


class OutOfTime(MeepleError):
    """Your time has run out."""

    code = "out_of_time"
    status = 409


class GameOver(MeepleError):
    """The game is over."""

    code = "game_over"
    status = 409


class NotClaimable(MeepleError):
    """Your opponent is here, or may still come back."""

    code = "not_claimable"
    status = 409


# --- the action -------------------------------------------------------------------------------


class IllegalAction(MeepleError):
    """The rules do not allow this action now."""

    code = "illegal_action"
    status = 422


class NotYourTurn(MeepleError):
    """It is not your turn."""

    code = "not_your_turn"
    status = 409


class ForcedActionRequired(MeepleError):
    """Another action must be taken first; see the state's request."""

    code = "forced_action_required"
    status = 409


class StaleSeq(MeepleError):
    """The game has moved on since the seq that you named."""

    code = "stale_seq"
    status = 409


class EngineError(MeepleError):
    """The game's rules failed on this action; nothing was played."""

    code = "engine_error"
    status = 500


# --- offers -----------------------------------------------------------------------------------


class OfferNotAllowed(MeepleError):
    """That cannot be offered at this table, or not now."""

    code = "offer_not_allowed"
    status = 409


class OfferTooSoon(MeepleError):
    """You have offered that already; play on before you offer it again."""

    code = "offer_too_soon"
    status = 409


class NoOffer(MeepleError):
    """There is no such offer to answer, or no more."""

    code = "no_offer"
    status = 409


# --- the house --------------------------------------------------------------------------------


class Unavailable(MeepleError):
    """The server cannot do this at the moment; try again."""

    code = "unavailable"
    status = 503
    retryable = True


class SequenceConflict(Unavailable):
    """Somebody else appended to this game first."""


class DuplicateAction(MeepleError):
    """An entry with this action_id is in the game's log already."""

    code = "duplicate_action"
    status = 409

    def __init__(self, seq: int) -> None:
        super().__init__()
        #: The seq of the entry that bears the action_id.
        self.seq = seq


class ConfigurationError(MeepleError):
    """The server cannot start with these settings."""

    code = "configuration_error"


class DatabaseInUse(ConfigurationError):
    """Another Meeple server owns this database file."""

    code = "database_in_use"
