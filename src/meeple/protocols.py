"""What the services need of the outside world, as small Protocols.

Each has one contract suite in ``tests/contracts``, run over every implementation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.base import GameEngine
from meeple.engine.game import Game
from meeple.engine.log import Entry, GameRow, GameStatus, Player
from meeple.engine.rules import Rules

#: Gives the engine of that name, or raises `EngineNotFound`.
EngineFactory = Callable[[str], GameEngine[Any, Any]]


class Clock(Protocol):
    """The server's time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...


class GamePage(NamedTuple):
    """Some games, newest first, and the cursor that the next page starts from (None: no more)."""

    games: list[GameRow]
    cursor: str | None


#: How long an outage is remembered: longer than any player may think about one action, in ms.
OUTAGES_KEPT_MS = 60 * 24 * 3600 * 1000


class Outage(NamedTuple):
    """A time in which no server was there, from ``since`` to ``until`` (server time in ms)."""

    since: int
    until: int


class GameLog(Protocol):
    """The log of every game: the only truth that Meeple has.

    After `aclose`, every method raises `Unavailable`.
    """

    def append(
        self,
        game_id: str,
        expected_seq: int,
        entries: Sequence[Entry],
        *,
        row: GameRow | None = None,
        due_at: int | UnsetType | None = UNSET,
    ) -> Awaitable[None]:
        """Append ``entries`` (seq ``expected_seq`` and up) if the log ends just before them.

        Once it has been awaited, they are committed and on the disk, all of them, together with
        ``row``, the new index row of the game, if one is given, and with ``due_at``, the server
        time in ms at which the game will need attention (None: never; left out: as before).

        Raises (when it is awaited):
            SequenceConflict: the log does not end at ``expected_seq - 1``; nothing was written.
            DuplicateAction: an ``action_id`` is in the game's log already, or twice in
                ``entries``; nothing was written. This is checked before the sequence.
            Unavailable: it could not be written; whether it was can be learned by reading.
            ValueError: ``entries`` are empty, not contiguous, or not all of ``game_id``, or
                something in them cannot be stored: what is not JSON, a lone surrogate or NUL in
                an id, a time beyond 64 bits.
        """
        ...

    async def read(
        self, game_id: str, from_seq: int = 0, *, limit: int | None = None
    ) -> list[Entry]:
        """The entries from ``from_seq`` on, in order, at most ``limit``."""
        ...

    async def find_game(self, game_id: str) -> GameRow | None:
        """The index row of a game; None if there is no such game."""
        ...

    async def list_games(
        self,
        *,
        status: GameStatus | None = None,
        engine: str | None = None,
        player: UUID | None = None,
        public_only: bool = True,
        cursor: str | None = None,
        limit: int = 50,
    ) -> GamePage:
        """One page of the index, newest game first.

        Args:
            status: only games of that status.
            engine: only games of that engine.
            player: only games in which this user has a seat.
            public_only: leave out games that are not public.
            cursor: where the page before ended.
            limit: games a page, at least 1.

        Raises:
            InvalidMessage: the cursor is none of ours.
            ValueError: ``limit`` is less than 1.
        """
        ...

    async def due_games(self, until: int, limit: int = 100) -> list[str]:
        """The games whose ``due_at`` is ``until`` (ms) or earlier, earliest first."""
        ...

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """Note that the servers live at ``at`` (ms); gives the outages of late, oldest first.

        If none has said so for more than ``longest_gap`` ms while a game had a ``due_at``, that was
        an outage, which is noted together with the beat: of several nodes that come back, one
        finds it. Without such a game nothing is written. What is older than `OUTAGES_KEPT_MS` is
        forgotten.
        """
        ...

    async def check(self) -> None:
        """Returns if the log answers now; raises `Unavailable` if not."""
        ...

    async def aclose(self) -> None:
        """Write what is pending and let go of the files."""
        ...


class Gone(NamedTuple):
    """Since when (ms since 1970) a player is gone from a game, and whether it left on purpose."""

    since: int
    closed: bool


class Presence(Protocol):
    """Who is at which table, as far as this node knows.

    Soft state: nothing depends on it but a claim, which asks anew.
    """

    def present(self, game_id: str) -> Collection[UUID]:
        """The users with a seat who are connected to the game now, on any node, as last heard."""
        ...

    async def players_in(self, game_id: str) -> Collection[UUID]:
        """The same after looking again."""
        ...

    def gone(self, game_id: str) -> Mapping[UUID, Gone]:
        """Who was marked as gone from the game; one who is present is not, whatever this says."""
        ...

    async def mark_gone(
        self, game_id: str, users: Collection[UUID], since: int, *, closed: bool = False
    ) -> Mapping[UUID, Gone] | None:
        """Mark those of ``users`` who are at the game on no node, and are not marked, as gone.

        Args:
            game_id: the game.
            users: who is looked for.
            since: from when on they are gone, in ms since 1970.
            closed: whether they left on purpose, which counts more than an earlier mark without.

        Returns:
            Those of ``users`` who are gone now; None if that cannot be known.
        """
        ...


class Message(msgspec.Struct, frozen=True, gc=False):
    """An event to a client: its name, its payload (a Struct), and ``[event, payload]`` as JSON."""

    event: str
    payload: Any
    data: bytes


class BotHouse(Protocol):
    """The bots that sit at tables for the house; they play from outside of every request."""

    def admit(
        self, game_id: str, creator: UUID, seats: Sequence[Player | None], rules: Rules
    ) -> None:
        """A table with bots is about to be made: who sits where, None for an empty seat.

        Raises:
            InvalidMessage: there is no such level.
            PolicyNotAvailable: there is no such bot for this game.
            RateLimited: the creator has enough tables with bots.
            Unavailable: the house has.
        """
        ...

    def notice(self, game: Game, *, elsewhere: bool = False) -> None:
        """A game with bots has changed, or was loaded; returns at once.

        Args:
            game: the game.
            elsewhere: another node changed it, whose house has been told.
        """
        ...


class ClockWatch(Protocol):
    """Sees to it that what a clock demands happens in time."""

    def notice(self, game: Game) -> None:
        """A game with clocks has changed, or was loaded; returns at once."""
        ...


class Broadcaster(Protocol):
    """Hands messages to the viewers that are connected to this node.

    No method waits for a client, and messages to one viewer leave in the order of the calls.
    """

    def watch(self, sid: str, game_id: str, seat: int | None) -> None:
        """From now on, the connection is a viewer of the game: in ``seat``, or a spectator."""
        ...

    def unwatch(self, sid: str, game_id: str) -> None:
        """The connection is no longer a viewer of the game."""
        ...

    def audience(self, game_id: str) -> Collection[int | None]:
        """The seats that have a viewer here; None stands for the spectators."""
        ...

    def send(self, game_id: str, seat: int | None, message: Message) -> None:
        """Send to every viewer of the game in that seat (None: to every spectator)."""
        ...

    def send_to(self, sid: str, message: Message) -> None:
        """Send to one connection."""
        ...


class Unread(str):
    """Stands for the arguments of a client's event that could not be read, and says why."""

    __slots__ = ()


#: Why a client is disconnected that said goodbye: it left, or its page was closed.
LEFT = "client disconnect"
#: Answers one event of a client's; never waits for the client.
Ack = Callable[..., None]


class SocketHandlers(Protocol):
    """What a Socket.IO server calls for the connections of one namespace."""

    async def on_connect(self, sid: str, auth: Any) -> bool:
        """A client has connected; False refuses it, after what was emitted to it."""
        ...

    async def on_event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        """A client has sent an event; ``ack`` is None if it asked for no answer.

        It may run outside of any task: what needs one (a time limit, say) it puts into its own.
        """
        ...

    async def on_disconnect(self, sid: str, reason: str) -> None:
        """A client that was accepted has gone; ``reason`` is `LEFT` if it did so on purpose."""
        ...


class SocketServer(Protocol):
    """What Meeple uses of a Socket.IO server, for one namespace.

    The events of one connection are handled one after the other, those of different connections
    side by side. What goes out to one connection keeps the order of the calls, acks included. A
    connection that does not read what it is sent is dropped, never waited for.
    """

    def serve(self, handlers: SocketHandlers) -> None:
        """Hand every connection to ``handlers``; called once, before the first connection."""
        ...

    def emit(self, event: str, payload: Any, to: Collection[str]) -> None:
        """Send an event to the connections ``to``, encoded once; unknown ones are passed over."""
        ...

    def emit_encoded(self, event: bytes, to: Collection[str]) -> None:
        """The same for an event that is JSON already: the array of its name and its payload."""
        ...

    def round_trip(self, sid: str) -> int:
        """How many ms it takes to the client and back, as far as was measured; 0: unknown.

        A client can make it more, never less: who relies on it bounds it.
        """
        ...

    def disconnect(self, sid: str) -> None:
        """Disconnect a client, after what was sent to it before."""
        ...

    async def save_session(
        self, sid: str, session: Mapping[str, Any], namespace: str | None = None
    ) -> None:
        """Keep ``session`` with the connection."""
        ...


class Appended(msgspec.Struct, frozen=True, gc=False, tag="appended"):
    """Entries that are in a game's log now: contiguous, in order."""

    game_id: str
    entries: list[Entry]


class PresenceChanged(msgspec.Struct, frozen=True, gc=False, tag="presence"):
    """Who is at a game has changed; who it is now is in presence itself."""

    game_id: str


class Said(msgspec.Struct, frozen=True, gc=False, tag="said"):
    """One line of a table's talk, which is in no log.

    Attributes:
        seat: the seat of the one who said it; None for a spectator.
        user_id, name: who said it.
        at: server time in milliseconds since 1970.
        room: who hears it, ``players`` or ``spectators``.
    """

    game_id: str
    seat: int | None
    user_id: UUID
    name: str
    text: str
    at: int
    room: Literal["players", "spectators"]


#: What a node tells the others. A closed union: whoever adds to it adds to `services.sync` too.
Note = Appended | PresenceChanged | Said


class BusListener(Protocol):
    """Whom a bus tells what it hears. No method waits or raises."""

    def hear(self, note: Note) -> None:
        """Another node has published this; notes of one game come in each node's own order."""
        ...

    def connected(self) -> None:
        """The bus is up. What was published before this node's games are `heard` is lost."""
        ...

    def disconnected(self) -> None:
        """The bus is down: nothing is heard until it is up again."""
        ...


class Bus(Protocol):
    """Carries notes between the nodes that are subscribed to a game.

    It may lose notes, most of all while it is down, and deliver one twice; it never waits for
    anybody. A node does not hear itself.
    """

    @property
    def up(self) -> bool:
        """True while it is connected."""
        ...

    def serve(self, listener: BusListener) -> None:
        """Tell ``listener``; called once, before `run`."""
        ...

    def publish(self, note: Note) -> None:
        """Tell all other nodes that are subscribed to the note's game; returns at once."""
        ...

    async def subscribe(self, game_id: str) -> bool:
        """From now on, hear what is published about the game; until `unsubscribe`, come what may.

        Waits, but not for long, until that is so, and gives `heard`.
        """
        ...

    def unsubscribe(self, game_id: str) -> None:
        """Hear no more about the game."""
        ...

    def heard(self, game_id: str) -> bool:
        """True while every note about the game that reaches the bus reaches this node."""
        ...

    async def run(self) -> None:
        """Connect, and connect again whenever that is needed, until it is cancelled."""
        ...


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin did, as the audit log keeps it for ever.

    Attributes:
        id: its name; ids sort by time.
        at: server time in milliseconds since 1970.
        admin_id, admin_name: who did it.
        what: such as ``ban`` or ``abort``.
        target: on whom or on what: the id of a user, a game or a node.
        why: the reason that was given; may be empty.
        details: what else there is to know, a JSON object.
    """

    id: str
    at: int
    admin_id: UUID
    admin_name: str
    what: str
    target: str
    why: str = ""
    details: dict[str, Any] = {}


class ActPage(NamedTuple):
    """Some acts, newest first, and the cursor that the next page starts from (None: no more)."""

    acts: list[Act]
    cursor: str | None


class SanctionKind(StrEnum):
    """What a user may not do: be here at all, or chat."""

    BAN = "ban"
    MUTE = "mute"


class Sanction(msgspec.Struct, frozen=True, kw_only=True):
    """A ban or a mute.

    Attributes:
        user_id: whose it is; a user has one of each kind at most.
        kind: what it forbids.
        since, until: server time in milliseconds since 1970; without ``until``, for good.
        why: the reason that was given.
        admin_id, admin_name: who imposed it.
    """

    user_id: UUID
    kind: SanctionKind
    since: int
    until: int | None
    why: str
    admin_id: UUID
    admin_name: str


class AdminLog(Protocol):
    """The audit log: what admins did. Nothing in it is ever changed."""

    async def append_act(self, act: Act) -> None:
        """Append; once it has been awaited, the act is on the disk. The same again changes nothing.

        Raises:
            Unavailable: it may have been written or not.
            ValueError: something in it cannot be stored: what is not JSON, a lone surrogate or NUL
                in a text, a time beyond 64 bits.
        """
        ...

    async def acts(
        self, *, target: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ActPage:
        """One page, newest first; with ``target``, only what was done to it.

        Raises:
            InvalidMessage: the cursor is none of ours.
            ValueError: ``limit`` is less than 1.
            Unavailable: it cannot be read now.
        """
        ...


class ModerationStore(Protocol):
    """The bans and mutes that were imposed, as all nodes see them."""

    async def impose(self, sanction: Sanction) -> None:
        """From now on it holds, instead of one of its kind that the user had; raises as `acts`."""
        ...

    async def lift(self, user_id: UUID, kind: SanctionKind) -> None:
        """The user has none of that kind any more, whether or not there was one."""
        ...

    async def sanctions(self, now: int) -> list[Sanction]:
        """Those that hold at ``now`` (ms), in the order in which they were imposed."""
        ...


class AdminStore(AdminLog, ModerationStore, Protocol):
    """Both; in one database with the games. It belongs to the log, and is closed with it."""
