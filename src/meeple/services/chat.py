"""Table chat: what players say to each other, and spectators among themselves.

Soft state of this node, in memory: nothing of it is in a log. Another node's lines come in by
`Chat.receive`, and this node's go out by ``publish``.
"""

from __future__ import annotations

import time
import unicodedata
from collections import OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable, Collection
from operator import itemgetter
from typing import Protocol
from uuid import UUID

import structlog

from meeple.engine.game import Game
from meeple.errors import Forbidden, InvalidMessage, Muted, RateLimited, Unavailable
from meeple.protocols import Clock, Message
from meeple.services import projection
from meeple.services.names import is_seen
from meeple.services.projection import ChatLine
from meeple.services.rate_limit import RateLimiter

log = structlog.get_logger(__name__)

#: Characters of a line.
MAX_TEXT = 280
#: Lines that a table remembers of each of its two rooms, and tables that are remembered.
MAX_LINES, MAX_TABLES = 50, 10_000
#: Lines that a user may say at once, at all tables together, and in a second in the long run.
BURST, RATE = 5, 0.5
#: Users whom one may mute at a table, and users who may mute somebody there.
MAX_MUTED, MAX_MUTING = 100, 1_000
#: Characters that would turn around what stands beside them.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Controls, lone surrogates, what Unicode has not assigned or leaves to others, and ends of lines.
UNSAID = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})


class Listeners(Protocol):
    """The connections that view games from this node."""

    def viewers(self, game_id: str) -> Collection[str]:
        """Those that view a game, in a seat or not."""
        ...

    def games_of(self, sid: str) -> Collection[str]:
        """The games that a connection views."""
        ...

    def send_to(self, sid: str, message: Message) -> None:
        """Send to one connection."""
        ...


class _Talk:
    """What was said at one table, and who does not want to hear whom."""

    __slots__ = ("_count", "_rooms", "muted")

    def __init__(self) -> None:
        #: Each with a number of its own, so that neither room pushes out the other's lines.
        self._rooms: defaultdict[str, deque[tuple[int, ChatLine]]] = defaultdict(
            lambda: deque(maxlen=MAX_LINES)
        )
        self._count = 0
        #: Viewer -> those whom that viewer has muted; never empty.
        self.muted: dict[UUID, set[UUID]] = {}

    def add(self, line: ChatLine) -> None:
        self._count += 1
        self._rooms[line.room].append((self._count, line))

    def lines(self) -> list[ChatLine]:
        """All that is remembered, in the order in which it came."""
        numbered = (one for room in self._rooms.values() for one in room)
        return [line for _, line in sorted(numbered, key=itemgetter(0))]

    def hears(self, listener: UUID, speaker: UUID) -> bool:
        """Whether the listener wants to hear the speaker."""
        return speaker not in self.muted.get(listener, ())


def unpublished(line: ChatLine) -> None:
    """For a node that is alone."""


def everybody(user_id: UUID) -> bool:
    """Nobody is kept from talking."""
    return True


class Chat:
    """Takes what users say and hands it to those who may hear it.

    Args:
        game_of: gives a game; raises `GameNotFound`.
        listeners: the connections of this node.
        user_of: whose connection it is; None if it has gone.
        clock: the server's time.
        publish: is handed every line that was said here, for the other nodes.
        may_chat: whether a user may talk at all.
        seconds: a clock that never runs backwards, for the limits.
    """

    def __init__(
        self,
        game_of: Callable[[str], Awaitable[Game]],
        listeners: Listeners,
        user_of: Callable[[str], UUID | None],
        clock: Clock,
        *,
        publish: Callable[[ChatLine], None] = unpublished,
        may_chat: Callable[[UUID], bool] = everybody,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._game_of = game_of
        self._listeners = listeners
        self._user_of = user_of
        self._clock = clock
        self._publish = publish
        self._may_chat = may_chat
        self._seconds = seconds
        self._limiter = RateLimiter(RATE, BURST)
        #: Least recently used first.
        self._talks: OrderedDict[str, _Talk] = OrderedDict()

    async def say(
        self,
        sid: str,
        game_id: str,
        user_id: UUID,
        name: str,
        text: str,
        on_heard: Callable[[], None],
    ) -> None:
        """The user of the connection says something; ``on_heard`` acks it before it is sent.

        Players talk in the players' room, whoever has no seat in the spectators'.

        Raises:
            GameNotFound: there is no such game.
            Forbidden: the user does not view it, or nobody may talk there.
            Muted: the user may not talk at all.
            InvalidMessage: there is nothing in it, or too much, or what is no text.
            RateLimited: the user talks too much.
        """
        text = _checked(text)
        game = await self._game_of(game_id)
        self._check_views(sid, game_id)
        if not game.chat:
            raise Forbidden("this table has no chat")
        if not self._may_chat(user_id):
            raise Muted
        if not self._limiter.take(user_id, self._seconds()):
            raise RateLimited(f"at most {BURST} lines in {BURST / RATE:.0f} seconds; wait a moment")
        seat = game.seat_of(user_id)
        player = None if seat is None else game.players[seat]
        line = ChatLine(
            game_id=game_id,
            seat=seat,
            user_id=user_id,
            name=name if player is None else player.name,
            text=text,
            at=self._clock.now_ms(),
            room="spectators" if seat is None else "players",
        )
        on_heard()
        self._hand_on(game, line)
        self._publish(line)

    async def receive(self, line: ChatLine) -> None:
        """Hand on what was said on another node. Raises `GameNotFound` and `Unavailable`."""
        self._hand_on(await self._game_of(line.game_id), line)

    async def welcome(self, sid: str, game_id: str, user_id: UUID) -> None:
        """Tell one who has just come what was said before, if anything was."""
        talk = self._talks.get(game_id)
        said = [] if talk is None else talk.lines()
        if talk is None or not said:
            return
        try:
            game = await self._game_of(game_id)
        except Unavailable:
            # It has come, and was told so; what was said is a courtesy.
            log.warning("what was said could not be shown", game_id=game_id)
            return
        lines = [line for line in said if talk.hears(user_id, line.user_id)]
        self._listeners.send_to(sid, projection.chats(game, user_id, lines))

    async def mute(self, sid: str, game_id: str, user_id: UUID, other: UUID, muted: bool) -> None:
        """From now on, the user hears (or hears again) nothing from the other at this table.

        Raises:
            Forbidden: the user does not view the game, or has muted too many.
        """
        self._check_views(sid, game_id)
        talk = self._talk(game_id)
        if not muted:
            talk.muted.get(user_id, set()).discard(other)
            if not talk.muted.get(user_id, True):
                del talk.muted[user_id]
            return
        if user_id not in talk.muted and len(talk.muted) >= MAX_MUTING:
            raise Forbidden("too many at this table have muted somebody")
        of_user = talk.muted.setdefault(user_id, set())
        if len(of_user) >= MAX_MUTED:
            raise Forbidden(f"you can mute {MAX_MUTED} users at a table")
        of_user.add(other)

    def _check_views(self, sid: str, game_id: str) -> None:
        if game_id not in self._listeners.games_of(sid):
            raise Forbidden("join or watch the game first")

    def _hand_on(self, game: Game, line: ChatLine) -> None:
        talk = self._talk(game.game_id)
        talk.add(line)
        message = projection.chat(line)
        for sid in list(self._listeners.viewers(game.game_id)):
            user_id = self._user_of(sid)
            if (
                user_id is not None
                and projection.may_hear(game, user_id, line)
                and talk.hears(user_id, line.user_id)
            ):
                self._listeners.send_to(sid, message)

    def _talk(self, game_id: str) -> _Talk:
        talk = self._talks.get(game_id)
        if talk is None:
            talk = self._talks[game_id] = _Talk()
            if len(self._talks) > MAX_TABLES:
                self._talks.popitem(last=False)
        self._talks.move_to_end(game_id)
        return talk


def _checked(text: str) -> str:
    """The text without space around it; raises `InvalidMessage` if it cannot be said."""
    text = text.strip()
    if not any(map(is_seen, text)):
        raise InvalidMessage("text: there is nothing in it")
    if len(text) > MAX_TEXT:
        raise InvalidMessage(f"text: it has {len(text)} characters, at most {MAX_TEXT} are allowed")
    if any(unicodedata.category(one) in UNSAID or one in TURNING for one in text):
        raise InvalidMessage("text: it holds a character that is not for people to read")
    return text
