"""Players who go and come back, over real sockets: what their opponents are told and may claim."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect

from meeple.bootstrap import Node
from meeple.client import Client, Refused, Rest
from meeple.config import Settings
from meeple.engine.log import EntryKind
from meeple.schemas.rest import BotSeat
from meeple.services.projection import GoneView
from meeple.services.tokens import TokenIssuer
from meeple.socketio.server import MAX_GAMES
from tests.harness import server_here, until
from tests.line import Line, line
from tests.valkey import Valkey, running_valkey

SECRET = "a secret that is only for the tests of who is gone"
ISSUER = TokenIssuer(SECRET)


#: When the tests begin, before any token was made, so that none expires.
BEGIN = 1_700_000_000_000


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.ms = BEGIN

    def now_ms(self) -> int:
        return self.ms


class Server(NamedTuple):
    url: str
    node: Node
    clock: Clock


@contextlib.asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Server]:
    clock = Clock()
    chosen = Settings(data=str(folder), secret=SECRET, **{"bot_workers": 0, **settings})
    async with server_here(chosen, clock=clock) as (url, node):
        yield Server(url, node, clock)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as started:
        yield started


def token(name: str = "Ann", user_id: UUID | None = None) -> str:
    return ISSUER.issue(user_id or uuid4(), name, 3600)[0]


class Game(NamedTuple):
    """A live game of Ann (seat 0) and Ben, with Ann at the table."""

    server: Server
    game_id: str
    ann: Line
    bens: str

    @contextlib.asynccontextmanager
    async def ben(self) -> AsyncIterator[Line]:
        """One more connection of Ben's, which has joined, and Ann was told."""
        async with line(self.server.url, self.bens, transports=["websocket"]) as player:
            assert (await player.ask("game:join", {"game_id": self.game_id}))["ok"]
            await self.told(lambda ben: ben["online"])
            yield player

    async def told(self, test: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """What Ann was told last of Ben, as soon as it passes the test."""

        def last() -> dict[str, Any] | None:
            heard = [said for name, said in self.ann.heard if name == "game:presence"]
            return heard[-1]["players"][1] if heard else None

        def passes() -> bool:
            ben = last()
            return ben is not None and bool(test(ben))

        await until(passes)
        ben = last()
        assert ben is not None
        return ben

    async def claim(self, **more: Any) -> Any:
        return await self.ann.ask("game:claim", {"game_id": self.game_id, **more})


@contextlib.asynccontextmanager
async def playing(server: Server, **options: Any) -> AsyncIterator[Game]:
    anns, bens = token("Ann"), token("Ben")
    async with Rest(server.url, anns) as rest:
        game_id = (await rest.create_game("tic-tac-toe", **options)).game_id
    async with Rest(server.url, bens) as rest:
        await rest.take_seat(game_id)
    async with line(server.url, anns, transports=["websocket"]) as ann:
        await ann.ask("game:join", {"game_id": game_id})
        yield Game(server, game_id, ann, bens)


@contextlib.asynccontextmanager
async def socket_of(game: Game) -> AsyncIterator[ClientConnection]:
    """Ben on a bare WebSocket, at the table."""
    address = game.server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with connect(address) as websocket:
        await websocket.send("40/game," + json.dumps({"token": game.bens}))
        await websocket.send('42/game,1["game:join",' + json.dumps({"game_id": game.game_id}) + "]")
        await game.told(lambda ben: ben["online"])
        yield websocket


@pytest.mark.parametrize(
    ("how", "closed"),
    [
        ("disconnects", True),
        ("leaves the table", True),
        ("leaves the page", True),
        ("closes", True),
        ("closes strangely", False),
        ("breaks", False),
    ],
)
async def test_how_a_player_went_says_how_long_the_opponent_waits(
    server: Server, how: str, closed: bool
) -> None:
    async with playing(server) as game:
        went_at = server.clock.ms = server.clock.ms + 5_000
        if how in ("disconnects", "leaves the table"):
            async with game.ben() as ben:
                if how == "leaves the table":
                    await ben.ask("game:leave", {"game_id": game.game_id})
                    await game.told(lambda seen: "gone" in seen)
        else:
            async with socket_of(game) as websocket:
                if how == "breaks":
                    websocket.transport.abort()
                else:
                    code = {"closes": 1000, "leaves the page": 1001}.get(how, 4000)
                    await websocket.close(code)
        seen = await game.told(lambda ben: not ben["online"])
        seconds = 10 if closed else 120
        due = went_at + seconds * 1000
        assert seen["gone"] == {"since": went_at, "claimable_at": due, "closed": closed}
        state = await server.node.games.reader.game_state(game.game_id, None)
        assert state.players[1].gone == GoneView(went_at, due, closed)
        server.clock.ms = due - 1
        refused = (await game.claim())["error"]
        assert (refused["code"], refused["retryable"]) == ("not_claimable", False)
        assert str(due) in refused["message"]
        server.clock.ms = due
        assert (await game.claim())["ok"]
        over = await game.ann.event("game:over")
        assert over["outcome"] == {"winners": [0], "reason": "abandoned", "scores": None}


async def test_a_client_that_is_not_heard_of_any_more_has_broken_its_line(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, ping_interval=0.2, ping_timeout=0.2) as server,
        playing(server) as game,
        socket_of(game),  # it answers no ping
    ):
        seen = await game.told(lambda ben: not ben["online"])
        assert seen["gone"]["closed"] is False


async def test_one_who_comes_back_is_not_gone_and_cannot_be_claimed_over(server: Server) -> None:
    async with playing(server) as game:
        async with game.ben():
            pass
        await game.told(lambda ben: "gone" in ben)
        server.clock.ms += 3_600_000
        async with game.ben():
            assert "gone" not in await game.told(lambda ben: ben["online"])
            assert (await game.claim())["error"]["code"] == "not_claimable"
        # The time counts anew.
        went = await game.told(lambda ben: "gone" in ben)
        assert went["gone"]["since"] == server.clock.ms


async def test_an_old_connection_that_goes_late_makes_nobody_gone(server: Server) -> None:
    async with playing(server) as game:
        async with game.ben() as old, game.ben():
            await old.close()
            await until(lambda: len(server.node.handlers) == 2)
            server.clock.ms += 3_600_000
            assert (await game.claim())["error"]["message"] == "Ben is here"
            assert "gone" not in await game.told(lambda ben: ben["online"])
        await game.told(lambda ben: "gone" in ben)


async def test_who_acts_without_having_joined_is_there_until_the_line_goes(server: Server) -> None:
    async with playing(server) as game:
        async with line(server.url, game.bens, transports=["websocket"]) as ben:
            for action, player in ((4, game.ann), (0, ben)):
                acted = await player.ask("game:action", {"game_id": game.game_id, "action": action})
                assert acted["ok"]
            assert "gone" not in await game.told(lambda seen: seen["online"])
            server.clock.ms += 3_600_000
            assert (await game.claim())["error"]["message"] == "Ben is here"
        went = await game.told(lambda seen: "gone" in seen)
        assert went["gone"] == {
            "since": server.clock.ms,
            "claimable_at": server.clock.ms + 10_000,
            "closed": True,
        }


async def test_a_player_who_only_watches_is_there(server: Server) -> None:
    async with playing(server) as game:
        async with line(server.url, game.bens, transports=["websocket"]) as ben:
            watched = await ben.ask("game:spectate", {"game_id": game.game_id})
            assert (watched["ok"], watched["seat"]) == (True, None)
            server.clock.ms += 3_600_000
            assert "gone" not in await game.told(lambda seen: seen["online"])
            assert (await game.claim())["error"]["message"] == "Ben is here"
        await game.told(lambda seen: "gone" in seen)


async def test_a_connection_is_there_in_the_last_games_in_which_it_acted_unjoined(
    server: Server,
) -> None:
    user_id = uuid4()
    anns, bens = token("Ann", user_id), token("Ben")
    async with Rest(server.url, anns) as ann, Rest(server.url, bens) as ben:
        games = [(await ann.create_game("tic-tac-toe")).game_id for _ in range(MAX_GAMES + 1)]
        for game_id in games:
            await ben.take_seat(game_id)
    async with line(server.url, anns, transports=["websocket"]) as player:
        for game_id in games:
            await player.ask("game:action", {"game_id": game_id, "action": 4})
        [sid] = server.node.connections.sids_here(user_id)
        assert server.node.connections.games_of(sid) == games[1:]


async def test_a_claim_race_with_a_return_has_one_winner(server: Server) -> None:
    async with playing(server) as game:
        async with game.ben():
            pass
        await game.told(lambda ben: "gone" in ben)
        server.clock.ms += 3_600_000
        async with line(server.url, game.bens, transports=["websocket"]) as ben:
            claimed, joined = await asyncio.gather(
                game.claim(), ben.ask("game:join", {"game_id": game.game_id})
            )
            assert joined["ok"]
            played = await game.ann.ask("game:action", {"game_id": game.game_id, "action": 4})
            assert played["ok"] is not claimed["ok"]
            if claimed["ok"]:
                assert played["error"]["code"] == "game_over"
                await until(lambda: any("outcome" in said for _, said in ben.heard))
            else:
                assert claimed["error"]["code"] == "not_claimable"


async def test_a_spectator_cannot_claim(server: Server) -> None:
    async with playing(server) as game, line(server.url, token("Eve")) as eve:
        await eve.ask("game:spectate", {"game_id": game.game_id})
        server.clock.ms += 3_600_000
        refused = await eve.ask("game:claim", {"game_id": game.game_id})
        assert refused["error"]["code"] == "not_in_game"


async def test_one_who_never_came_counts_from_the_start(server: Server) -> None:
    async with playing(server) as game:
        started_at = server.clock.ms
        state = await game.ann.event("game:state")
        assert state["players"][1]["gone"]["since"] == started_at
        assert "gone" not in state["players"][0]


async def test_a_claim_that_is_sent_again_has_the_first_ack(server: Server) -> None:
    async with playing(server, claim_after=30) as game:
        server.clock.ms += 30_000
        first = await game.claim(result="draw", action_id="c")
        assert first["ok"]
        assert await game.claim(result="draw", action_id="c") == first
        async with Rest(server.url, token()) as rest:
            entries = (await rest.log(game.game_id)).entries
        assert [one.kind for one in entries[-2:]] == [EntryKind.ABANDONED, EntryKind.ENDED]
        assert (entries[-2].seq, entries[-2].action_id) == (first["seq"], "c")
        assert entries[0].payload is not None
        assert entries[0].payload["claim_after"] == 30


@pytest.mark.parametrize("bad", [{"result": "loss"}, {"claim": 1}, {"action_id": ""}])
async def test_a_claim_of_the_wrong_form_is_refused(server: Server, bad: dict[str, Any]) -> None:
    async with playing(server) as game:
        assert (await game.claim(**bad))["error"]["code"] == "invalid_message"


async def test_a_table_without_claims_shows_nobody_as_gone(server: Server) -> None:
    async with playing(server, claim_after=None) as game:
        async with game.ben():
            pass
        assert "gone" not in await game.told(lambda ben: not ben["online"])
        server.clock.ms += 3_600_000
        assert (await game.claim())["error"]["code"] == "not_claimable"


async def test_a_bot_of_the_house_is_never_gone(tmp_path: Path) -> None:
    async with serving(tmp_path, bot_workers=1) as server:
        anns = token()
        async with Rest(server.url, anns) as rest:
            seats: list[str | BotSeat | None] = ["me", BotSeat("random")]
            game_id = (await rest.create_game("tic-tac-toe", seats=seats)).game_id
        server.clock.ms += 3_600_000
        async with line(server.url, anns) as ann:
            await ann.ask("game:join", {"game_id": game_id})
            state = await ann.event("game:state")
            assert not any("gone" in player for player in state["players"])
            refused = await ann.ask("game:claim", {"game_id": game_id})
            assert refused["error"]["code"] == "not_claimable"


async def test_the_python_client_claims(server: Server) -> None:
    anns, bens = token("Ann"), token("Ben")
    async with Rest(server.url, anns) as rest:
        game_id = (await rest.create_game("tic-tac-toe")).game_id
    async with Rest(server.url, bens) as rest:
        await rest.take_seat(game_id)
    async with Client(server.url, anns) as ann:
        table = await ann.join(game_id)
        async with Client(server.url, bens) as ben:
            await ben.join(game_id)
            await table.wait_for(lambda one: one.state.players[1].online)
        await table.wait_for(lambda one: isinstance(one.state.players[1].gone, GoneView))
        with pytest.raises(Refused) as refused:
            await table.claim()
        assert refused.value.code == "not_claimable"
        server.clock.ms += 10_000
        seq = await table.claim("draw", action_id="c")
        assert await table.claim("draw", action_id="c") == seq
        await table.wait_for(lambda one: one.outcome is not None)
        assert table.outcome is not None
        assert table.outcome.reason == "draw_claimed"


# --- Redis ---------------------------------------------------------------------------------------


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """One of its own, which may be stopped."""
    with running_valkey() as started:
        yield started


async def test_while_redis_is_down_nothing_is_claimed_and_when_it_is_back_it_counts_anew(
    tmp_path: Path, valkey: Valkey
) -> None:
    async with serving(tmp_path, redis=valkey.url) as server, playing(server) as game:
        server.clock.ms += 3_600_000
        valkey.stop()
        refused = (await game.claim())["error"]
        assert (refused["code"], refused["retryable"]) == ("unavailable", True)
        assert server.node.connections.degraded
        valkey.start()
        for game_id in await server.node.connections.refresh():
            await server.node.games.viewers.announce_presence(game_id)
        seen = await game.told(lambda ben: "gone" in ben and ben["gone"]["since"] > BEGIN)
        assert seen["gone"]["since"] == server.clock.ms
        assert (await game.claim())["error"]["code"] == "not_claimable"
        server.clock.ms += 120_000
        assert (await game.claim())["ok"]
