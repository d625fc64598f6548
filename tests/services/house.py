"""A house to test in: game services over a log, with viewers whose letters are kept."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.base import GameEngine
from meeple.engine.log import Entry, EntryKind, GameRow, GameStatus, Player
from meeple.engine.offers import OfferKind
from meeple.protocols import Bus, GameLog, GamePage, Gone, Message, Outage, Presence
from meeple.services.deadlines import Deadlines
from meeple.services.executor import Receipt
from meeple.services.game_service import GameService
from meeple.services.projection import GameState, LogEntry
from meeple.services.timekeeper import Timekeeper
from meeple.services.viewers import Joined
from tests.services.engines import Shelf

ANN = Player(UUID(int=0xA), "Ann")
BEN = Player(UUID(int=0xB), "Ben")
EVE = Player(UUID(int=0xE), "Eve")

#: The seq of a table of two when it has just started: created, seated, seated, started.
START = 3

Hook = Callable[[], Awaitable[None]]


class Happened(NamedTuple):
    """One thing that was seen from outside: ``appended``, ``acked`` or ``sent``."""

    what: str
    seq: int
    to: int | str | None = None


class SetClock:
    """Shows what it was set to."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


class Room:
    """A `Presence`: who was said to be there."""

    def __init__(self) -> None:
        self.users: set[UUID] = set()
        self.marks: dict[UUID, Gone] = {}
        #: Whether it can be asked.
        self.open = True

    def present(self, game_id: str) -> Collection[UUID]:
        return self.users

    def gone(self, game_id: str) -> Mapping[UUID, Gone]:
        return self.marks

    async def mark_gone(
        self, game_id: str, users: Collection[UUID], since: int, *, closed: bool = False
    ) -> Mapping[UUID, Gone] | None:
        missing = set(users) - self.users
        return (
            {user: self.marks[user] for user in missing & self.marks.keys()} if self.open else None
        )

    async def players_in(self, game_id: str) -> Collection[UUID]:
        return self.users


class Viewers:
    """A `Broadcaster` that keeps what each connection was sent."""

    def __init__(self, happened: list[Happened]) -> None:
        self.inbox: defaultdict[str, list[Message]] = defaultdict(list)
        self._happened = happened
        self._watching: dict[tuple[str, str], int | None] = {}

    def watch(self, sid: str, game_id: str, seat: int | None) -> None:
        self._watching[game_id, sid] = seat

    def unwatch(self, sid: str, game_id: str) -> None:
        self._watching.pop((game_id, sid), None)

    def audience(self, game_id: str) -> Collection[int | None]:
        return {seat for (game, _), seat in self._watching.items() if game == game_id}

    def send(self, game_id: str, seat: int | None, message: Message) -> None:
        for (game, sid), own in self._watching.items():
            if game == game_id and own == seat:
                self._deliver(sid, seat, message)

    def send_to(self, sid: str, message: Message) -> None:
        self._deliver(sid, sid, message)

    def _deliver(self, sid: str, to: int | str | None, message: Message) -> None:
        self.inbox[sid].append(message)
        self._happened.append(Happened("sent", getattr(message.payload, "seq", -1), to))

    def seqs(self, sid: str) -> list[int]:
        """The seqs of the states that a connection was sent, in order."""
        return [m.payload.seq for m in self.inbox[sid] if m.event in ("game:state", "game:over")]


class SteeredLog:
    """A `GameLog` that hands everything on, counts the reads, and lets a test step in.

    ``before`` and ``after`` run once each, before and after the next append.
    """

    def __init__(self, log: GameLog, happened: list[Happened] | None = None) -> None:
        self.log = log
        self.reads: Counter[str] = Counter()
        self.appends = 0
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.before_read: Hook | None = None
        self._happened = happened

    async def append(
        self,
        game_id: str,
        expected_seq: int,
        entries: Sequence[Entry],
        *,
        row: GameRow | None = None,
        due_at: int | UnsetType | None = UNSET,
    ) -> None:
        self.appends += 1
        before, self.before = self.before, None
        after, self.after = self.after, None
        if before is not None:
            await before()
        await self.log.append(game_id, expected_seq, entries, row=row, due_at=due_at)
        if after is not None:
            await after()
        if self._happened is not None:
            self._happened += [Happened("appended", entry.seq) for entry in entries]

    async def read(
        self, game_id: str, from_seq: int = 0, *, limit: int | None = None
    ) -> list[Entry]:
        self.reads[game_id] += 1
        if self.before_read is not None:
            await self.before_read()
        return await self.log.read(game_id, from_seq, limit=limit)

    async def find_game(self, game_id: str) -> GameRow | None:
        return await self.log.find_game(game_id)

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
        return await self.log.list_games(
            status=status,
            engine=engine,
            player=player,
            public_only=public_only,
            cursor=cursor,
            limit=limit,
        )

    async def due_games(self, until: int, limit: int = 100) -> list[str]:
        return await self.log.due_games(until, limit)

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        return await self.log.beat(at, longest_gap)

    async def check(self) -> None:
        await self.log.check()

    async def aclose(self) -> None:
        await self.log.aclose()


class Node:
    """One `GameService` with its viewers; what it gives is kept by the house."""

    def __init__(
        self,
        house: House,
        log: GameLog,
        shelf: Shelf,
        max_live: int,
        presence: Presence,
        bus: Bus | None,
    ) -> None:
        self.house = house
        self.viewers = Viewers(house.happened)
        #: What was measured of each connection, in ms.
        self.round_trips: dict[str, int] = {}
        self.keeper = Timekeeper(log, house.clock, lambda sid: self.round_trips.get(sid, 0))
        self.deadlines = Deadlines(log, house.clock, self.keeper, self.viewers)
        self.games = GameService(
            shelf,
            log,
            house.clock,
            self.viewers,
            presence,
            watch=self.deadlines,
            keeper=self.keeper,
            bus=bus,
            max_live=max_live,
            new_game_id=house.new_game_id,
            new_seed=house.new_seed,
        )
        self.deadlines.serve(self.games)

    async def create(self, engine: str = "tic-tac-toe", **options: Any) -> GameState:
        state = await self.games.create_game(ANN, engine, **options)
        self.house.projected.append(state)
        return state

    async def table(self, engine: str = "tic-tac-toe", **options: Any) -> str:
        """A game of Ann (seat 0) against Ben (seat 1) that has started."""
        state = await self.create(engine, **{"seats": 2, **options})
        await self.sit(state.game_id, BEN)
        return state.game_id

    async def sit(self, game_id: str, player: Player, seat: int | None = None) -> GameState:
        state = await self.games.take_seat(game_id, player, seat)
        self.house.projected.append(state)
        return state

    async def act(self, game_id: str, player: Player, action: Any, **options: Any) -> Receipt:
        return await self.games.execute_action(
            game_id, player.user_id, action, on_commit=self.house.acked, **options
        )

    async def resign(self, game_id: str, player: Player, **options: Any) -> Receipt:
        return await self.games.resign(
            game_id, player.user_id, on_commit=self.house.acked, **options
        )

    async def claim(self, game_id: str, player: Player, **options: Any) -> Receipt:
        return await self.games.claim(
            game_id, player.user_id, on_commit=self.house.acked, **options
        )

    async def offer(self, game_id: str, player: Player, kind: OfferKind, **options: Any) -> Receipt:
        return await self.games.offer(
            game_id, player.user_id, kind, on_commit=self.house.acked, **options
        )

    async def answer(
        self, game_id: str, player: Player, kind: OfferKind, accept: bool, **options: Any
    ) -> Receipt:
        return await self.games.answer(
            game_id, player.user_id, kind, accept, on_commit=self.house.acked, **options
        )

    async def join(self, sid: str, game_id: str, player: Player, **options: Any) -> Joined:
        return await self.games.viewers.join(sid, game_id, player.user_id, **options)

    async def spectate(self, sid: str, game_id: str, **options: Any) -> Joined:
        return await self.games.viewers.spectate(sid, game_id, **options)

    async def state(self, game_id: str, player: Player | None = None) -> GameState:
        user_id = None if player is None else player.user_id
        state = await self.games.reader.game_state(game_id, user_id)
        self.house.projected.append(state)
        return state

    async def replay(self, game_id: str, player: Player | None = None) -> list[LogEntry]:
        user_id = None if player is None else player.user_id
        entries = await self.games.reader.replay(game_id, user_id)
        self.house.projected += entries
        return entries


class House:
    """Everything that is shared by the nodes over one log."""

    def __init__(self, log: GameLog, **engines: GameEngine[Any, Any]) -> None:
        self.happened: list[Happened] = []
        self.log = SteeredLog(log, self.happened)
        self.clock = SetClock()
        self.room = Room()
        self.shelf = Shelf(**engines)
        self.seeds: list[bytes] = []
        self.ids = 0
        self.projected: list[Any] = []
        self.nodes: list[Node] = []

    def node(
        self,
        *,
        shelf: Shelf | None = None,
        max_live: int = 1000,
        presence: Presence | None = None,
        bus: Bus | None = None,
    ) -> Node:
        node = Node(self, self.log, shelf or self.shelf, max_live, presence or self.room, bus)
        self.nodes.append(node)
        return node

    async def pass_time(self, ms: int, *nodes: Node) -> None:
        """Time goes by on these nodes (all, if none is named), which do what they do meanwhile."""
        end = self.clock.now + ms
        while True:
            for node in nodes or self.nodes:
                await node.keeper.beat()
                await node.deadlines.tick()
                await node.deadlines.sweep()
            if self.clock.now == end:
                return
            self.clock.now = min(end, self.clock.now + 1000)

    def new_game_id(self, now_ms: int) -> str:
        self.ids += 1
        return f"game{self.ids - 1:04}"

    def new_seed(self) -> bytes:
        self.seeds.append(sha256(b"%d" % len(self.seeds)).digest())
        return self.seeds[-1]

    def acked(self, receipt: Receipt) -> None:
        self.happened.append(Happened("acked", receipt.seq))

    async def seqs(self, game_id: str) -> list[int]:
        return [entry.seq for entry in await self.log.log.read(game_id)]

    async def kinds(self, game_id: str) -> list[EntryKind]:
        return [entry.kind for entry in await self.log.log.read(game_id)]

    def all_that_left(self) -> str:
        """Every projected value of the test, as it would be written on the wire."""
        sent = [list(box) for node in self.nodes for box in node.viewers.inbox.values()]
        return msgspec.json.encode([self.projected, sent]).decode()


def plain(message: Message) -> dict[str, Any]:
    """A message as a client has it, but for what may differ from one moment to another."""
    payload = msgspec.to_builtins(message.payload)
    payload.pop("server_time", None)
    for player in payload.get("players", ()):
        player.pop("online")
    return {"event": message.event, **payload}


def gate() -> tuple[asyncio.Event, asyncio.Event, Hook]:
    """A hook that says that it was reached, and then waits: ``reached, opened, hook``."""
    reached, opened = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        reached.set()
        await opened.wait()

    return reached, opened, wait


async def within(awaitable: Awaitable[Any], seconds: float = 10) -> Any:
    async with asyncio.timeout(seconds):
        return await awaitable
