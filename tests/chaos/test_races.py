"""Two nodes want different things of one game at the same moment: one of them gets its way.

Ann and Ben each have a connection to either node. Afterwards all four have seen what is in the log.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio

from meeple import backends
from meeple.client import Refused, Rest
from meeple.config import Settings
from meeple.engine.log import Entry, EntryKind
from meeple.protocols import GameLog
from meeple.services.clock import SystemClock
from meeple.services.tokens import TokenIssuer
from tests.chaos.cluster import SECRET, Cluster, cluster
from tests.harness import until
from tests.line import Line, line

#: How often each race is run.
TIMES = 15
SECONDS = {"kind": "per_action", "seconds": 2, "first_move": None}
ISSUER = TokenIssuer(SECRET)

RNG = random.Random(7)
T = TypeVar("T")
#: What names a game in every event.
Game = dict[str, Any]

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]


class Player:
    """A user with a line, and one for REST, to each node."""

    def __init__(self, name: str) -> None:
        self.token = ISSUER.issue(uuid4(), name, 3600)[0]
        self.lines: list[Line] = []
        self.rests: list[Rest] = []

    async def connect(self, whole: Cluster, stack: AsyncExitStack) -> None:
        for url in whole.urls:
            self.lines.append(await stack.enter_async_context(line(url, self.token)))
            self.rests.append(await stack.enter_async_context(Rest(url, self.token)))


class Arena:
    """Two nodes, their log, and two players who are at both."""

    def __init__(self, whole: Cluster, log: GameLog) -> None:
        self.whole = whole
        self.log = log
        self.ann, self.ben = Player("Ann"), Player("Ben")

    @property
    def lines(self) -> list[Line]:
        return [*self.ann.lines, *self.ben.lines]

    async def begin(self, **table: Any) -> Game:
        game_id = (await self.ann.rests[0].create_game("tic-tac-toe", **table)).game_id
        await self.ben.rests[1].take_seat(game_id)
        return {"game_id": game_id}

    async def games_of(self, player: Player) -> set[str]:
        return {one.game_id for one in (await player.rests[0].my_games(limit="100")).games}

    async def begin_and_join(self, **table: Any) -> Game:
        game = await self.begin(**table)
        for one in self.lines:
            assert (await one.ask("game:join", game))["ok"]
        return game

    async def agreed(self, game: Game) -> list[Entry]:
        """The game's log, once everybody has seen all of it, without a gap or a doublet."""
        entries = await self.log.read(game["game_id"])
        seqs = list(range(3, len(entries)))
        for one in self.lines:
            await until(lambda one=one: seqs_of(one, game)[-1:] == seqs[-1:])  # type: ignore[misc]
            assert seqs_of(one, game) == seqs
        # Both nodes hold it for the same game: Ann is shown the same by either.
        shown = [await rest.game(game["game_id"]) for rest in self.ann.rests]
        assert shown[0].seq == shown[1].seq == seqs[-1]
        assert shown[0].view == shown[1].view
        assert shown[0].outcome == shown[1].outcome
        return entries


def shown_to(one: Line, game: Game) -> list[Any]:
    """The states of one game that a line was sent, and its end."""
    return [
        payload
        for name, payload in one.heard
        if name in ("game:state", "game:over") and payload["game_id"] == game["game_id"]
    ]


def seqs_of(one: Line, game: Game) -> list[int]:
    """Their seqs; a game that is joined begins with seq 3."""
    return [payload["seq"] for payload in shown_to(one, game)]


async def soon(do: Callable[[], Awaitable[T]], later: float = 0) -> T:
    """Within some ms, so that it is not always the same who comes first."""
    await asyncio.sleep(later + RNG.random() * 0.006)
    return await do()


async def told(one: Line, event: str, game: Game) -> Any:
    """The first such event of that game."""
    return await one.event(event, lambda said: said["game_id"] == game["game_id"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arena(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(
            cluster(tmp_path_factory.mktemp("races"), 2, random.Random(5))
        )
        log = await stack.enter_async_context(backends.open_log(Settings(database=whole.database)))
        arena = Arena(whole, log)
        for player in (arena.ann, arena.ben):
            await player.connect(whole, stack)
        yield arena


async def test_of_two_who_want_the_same_seat_one_gets_it(arena: Arena) -> None:
    cas = Player("Cas")
    async with AsyncExitStack() as stack:
        await cas.connect(arena.whole, stack)
        winners = []
        for _ in range(TIMES):
            game_id = (await arena.ann.rests[0].create_game("tic-tac-toe")).game_id
            sat = await asyncio.gather(
                soon(lambda: arena.ben.rests[0].take_seat(game_id)),  # noqa: B023 - it is awaited
                soon(lambda: cas.rests[1].take_seat(game_id)),  # noqa: B023
                return_exceptions=True,
            )
            [refused] = [one for one in sat if isinstance(one, Refused)]
            assert refused.code == "game_full"
            winners.append("Cas" if refused is sat[0] else "Ben")
            for rest in arena.ann.rests:
                players = (await rest.game(game_id)).players
                assert [one.name for one in players if one is not None] == ["Ann", winners[-1]]
            kinds = [entry.kind for entry in await arena.log.read(game_id)]
            assert kinds.count(EntryKind.SEATED) == 2
            assert kinds.count(EntryKind.STARTED) == 1
    print(f"{winners.count('Ben')} times Ben, {winners.count('Cas')} times Cas")


async def test_the_same_action_sent_to_both_nodes_is_played_once(arena: Arena) -> None:
    for number in range(TIMES):
        game = await arena.begin_and_join()
        # The same name, and every second time not even the same action.
        cells = (4, 4 + number % 2)
        acks = await asyncio.gather(
            *(
                one.ask("game:action", {**game, "action": cell, "action_id": "mine"})
                for one, cell in zip(arena.ann.lines, cells, strict=True)
            )
        )
        assert acks == [{"ok": True, **game, "seq": 4}] * 2
        entries = await arena.agreed(game)
        assert len(entries) == 5
        assert entries[-1].payload["action"] in cells


async def test_what_comes_in_the_last_moment_and_the_timeout_are_not_both(arena: Arena) -> None:
    games = [await arena.begin_and_join(time_control=SECONDS) for _ in range(2 * TIMES)]

    async def race(game: Game, number: int) -> bool:
        begun = (await arena.log.read(game["game_id"]))[3]
        # An action counts within the two seconds. The game is over when no lag could be forgiven
        # any more, and until then one may resign.
        acts = bool(number % 2)
        last = begun.at + (2_000 if acts else 2_500)
        await asyncio.sleep((last + 10 - 2 * number - SystemClock().now_ms()) / 1000)
        # Both nodes have the game, and each has a timer for it.
        one = arena.ann.lines[number // 2 % 2]
        if acts:
            ack = await one.ask("game:action", {**game, "action": 4})
        else:
            ack = await one.ask("game:resign", game)
        if not ack["ok"]:
            assert ack["error"]["code"] in ("out_of_time", "game_over")
        # Ben does not answer, so that each game ends.
        await told(arena.ben.lines[1], "game:over", game)
        entries = await arena.agreed(game)
        kinds = [entry.kind for entry in entries[4:]]
        timeout = [EntryKind.TIMED_OUT, EntryKind.ENDED]
        if not ack["ok"]:
            assert kinds == timeout
            assert entries[4].at >= begun.at + 2_500
        elif acts:
            assert kinds == [EntryKind.ACTION, *timeout]
            assert entries[4].at <= begun.at + 2_000 + entries[4].payload.get("lag", 0)
            assert entries[5].at >= entries[4].at + 2_000
        else:
            assert kinds == [EntryKind.RESIGNED, EntryKind.ENDED]
        return bool(ack["ok"])

    in_time = await asyncio.gather(*map(race, games, range(2 * TIMES)))
    print(f"{sum(in_time)} of {len(in_time)} were in time")


async def test_a_claim_and_a_return_are_not_both(arena: Arena) -> None:
    games = [await arena.begin() for _ in range(TIMES)]
    for game in games:
        for one in arena.lines:
            assert (await one.ask("game:join", game))["ok"]
    # Ben goes from all of them, and each is raced for as soon as it may be claimed.
    for game in games:
        for one in arena.ben.lines:
            assert (await one.ask("game:leave", game))["ok"]

    async def race(game: Game, number: int) -> bool:
        async def gone() -> int | None:
            [_, ben] = (await arena.ann.rests[0].game(game["game_id"])).players
            return None if ben is None or not ben.gone else ben.gone.claimable_at

        async with asyncio.timeout(5):
            while (at := await gone()) is None:  # noqa: ASYNC110 - Ann is told, on one line
                await asyncio.sleep(0.1)
        await asyncio.sleep((at + 20 - SystemClock().now_ms()) / 1000)
        claim, back = await asyncio.gather(
            soon(lambda: arena.ann.lines[0].ask("game:claim", game)),
            soon(lambda: arena.ben.lines[1].ask("game:join", game), number * 0.003),
        )
        assert back["ok"]
        entries = await arena.log.read(game["game_id"])
        if claim["ok"]:
            assert entries[-1].kind is EntryKind.ENDED
            # Whichever he came to: the end, or a game that was over.
            ben = arena.ben.lines[1]
            await until(lambda: shown_to(ben, game)[-1]["outcome"])
            assert shown_to(ben, game)[-1]["outcome"]["winners"] == [0]
        else:
            assert claim["error"]["code"] == "not_claimable"
            assert entries[-1].kind is EntryKind.STARTED
            # He is there, and goes on.
            ack = await arena.ann.lines[0].ask("game:action", {**game, "action": 4})
            assert ack["ok"]
            await arena.ben.lines[1].event(
                "game:state", lambda one: (one["game_id"], one["seq"]) == (game["game_id"], 4)
            )
        return bool(claim["ok"])

    claimed = await asyncio.gather(*map(race, games, range(TIMES)))
    print(f"{sum(claimed)} of {len(claimed)} claims came first")


async def test_a_rematch_that_is_agreed_to_on_both_nodes_is_one_game(arena: Arena) -> None:
    for number in range(TIMES):
        game = await arena.begin_and_join()
        assert (await arena.ann.lines[0].ask("game:resign", game))["ok"]
        for one in arena.lines:
            await told(one, "game:over", game)
        before = await arena.games_of(arena.ben)
        wanted = {**game, "kind": "rematch"}
        if number % 2:
            # Both offer it, which is to agree to it.
            asked = [
                arena.ann.lines[0].ask("game:offer", wanted),
                arena.ben.lines[1].ask("game:offer", wanted),
            ]
        else:
            # One offers it, and the other accepts on both of his screens.
            assert (await arena.ann.lines[0].ask("game:offer", wanted))["ok"]
            asked = [one.ask("game:answer", {**wanted, "accept": True}) for one in arena.ben.lines]
        acks = await asyncio.gather(*asked)
        assert any(ack["ok"] for ack in acks), acks
        heard = [await told(one, "game:rematch", game) for one in arena.lines]
        [new_game_id] = {said["new_game_id"] for said in heard}
        states = [await rest.game(new_game_id) for rest in arena.ann.rests]
        assert [state.seat for state in states] == [1, 1]
        kinds = [entry.kind for entry in await arena.log.read(game["game_id"])]
        assert kinds[-2:] == [EntryKind.OFFERED, EntryKind.ANSWERED]
        assert kinds.count(EntryKind.ANSWERED) == 1
        assert await arena.games_of(arena.ben) - before == {new_game_id}
