"""The Python client against a real server, which dies, comes back, and is cut off in between."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from importlib.metadata import EntryPoint
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from meeple.client import Client, ConnectionLost, GameState, Refused, Rest, TableClient
from meeple.config import Settings
from meeple.engine import JSON, Outcome
from meeple.engine.log import EntryKind, GameStatus
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.tokens import TokenIssuer
from tests.harness import ServerProcess, server_here, server_process, until

# One server, and so one event loop, for all tests that leave it alone.
pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

SECRET = "a secret that is only for the tests of the client"
ISSUER = TokenIssuer(SECRET)
TRANSPORTS = [None, ["polling"], ["websocket"]]


def token(seconds: int = 3600, *, name: str = "Ann", user_id: UUID | None = None) -> str:
    return ISSUER.issue(user_id or uuid4(), name, seconds)[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    async with server_process(folder, secret=SECRET, expiry_grace="2") as started:
        yield started


@pytest.fixture
def tokens() -> list[str]:
    return [token(name="Ann"), token(name="Ben")]


async def test_a_guest_renews_a_token_with_the_token(server: ServerProcess) -> None:
    async with Rest(server.url) as rest:
        ann = await rest.guest("Ann")
    async with Rest(server.url, ann.token) as rest:
        again = await rest.renew()
    assert (again.user_id, again.name) == (ann.user_id, ann.name)


async def new_game(
    url: str, tokens: list[str], engine: str = "tic-tac-toe", **options: JSON
) -> str:
    """A game in which each token's user has a seat."""
    async with Rest(url, tokens[0]) as rest:
        game_id = (await rest.create_game(engine, options=options, seats=len(tokens))).game_id
    for other in tokens[1:]:
        async with Rest(url, other) as rest:
            await rest.take_seat(game_id)
    return game_id


class Watch:
    """Everything that ``states()`` gives, from now on."""

    def __init__(self, table: TableClient) -> None:
        self.states: list[GameState] = []
        self.task = asyncio.create_task(self._run(table))

    @property
    def seqs(self) -> list[int]:
        return [state.seq for state in self.states]

    async def _run(self, table: TableClient) -> None:
        async for state in table.states():
            self.states.append(state)

    async def end(self) -> list[GameState]:
        """What came, once ``states()`` has ended."""
        await asyncio.wait_for(self.task, 20)
        return self.states

    async def whole(self, last: int) -> None:
        """Return when the last seq has come; every one before it must have come before it."""
        await until(lambda: self.seqs and self.seqs[-1] >= last)
        assert self.seqs == list(range(self.seqs[0], last + 1))


async def play_out(seats: list[TableClient]) -> int:
    """Play until the game is over, everybody the first action that is legal; gives the last seq."""

    async def play(table: TableClient) -> None:
        while table.outcome is None:
            await table.wait_for(lambda one: one.my_turn or one.outcome is not None)
            if table.my_turn:
                assert table.state.legal_actions
                await table.act(table.state.legal_actions[0])

    await asyncio.gather(*map(play, seats))
    return seats[0].seq


# --- whole games --------------------------------------------------------------------------------


@pytest.mark.parametrize("transports", TRANSPORTS, ids=str)
@pytest.mark.parametrize(
    ("engine", "options"), [("tic-tac-toe", {}), ("goofspiel", {"cards": 4})], ids=["ttt", "gops"]
)
async def test_two_clients_and_a_spectator_see_every_seq_of_a_whole_game(
    server: ServerProcess,
    tokens: list[str],
    engine: str,
    options: dict[str, JSON],
    transports: list[str] | None,
) -> None:
    game_id = await new_game(server.url, tokens, engine, **options)
    async with (
        Client(server.url, tokens[0], transports=transports) as ann,
        Client(server.url, tokens[1], transports=transports) as ben,
        Client(server.url, token(), transports=transports) as eve,
    ):
        seats = [await ann.join(game_id), await ben.join(game_id)]
        audience = await eve.spectate(game_id)
        assert [table.seat for table in (*seats, audience)] == [0, 1, None]
        assert not audience.my_turn
        watches = [Watch(table) for table in (*seats, audience)]
        await play_out(seats)
        for watch in watches:
            await watch.end()
    async with Rest(server.url, tokens[0]) as rest:
        entries = (await rest.log(game_id)).entries
        outcome = (await rest.game(game_id)).outcome
    assert outcome is not None
    for watch in watches:
        assert watch.seqs == list(range(3, len(entries)))
        assert [state.outcome for state in watch.states[:-1]] == [None] * (len(entries) - 4)
        last = watch.states[-1]
        assert (last.outcome, last.status) == (outcome, GameStatus.OVER)
        assert (last.to_act, last.legal_actions, last.request) == ((), None, None)


async def test_one_who_comes_after_the_end_is_told_how_it_ended(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as ann, Client(server.url, tokens[1]) as ben:
        seats = [await ann.join(game_id), await ben.join(game_id)]
        seq = await seats[0].resign()
        await seats[1].wait_for(lambda table: table.outcome is not None)
        async with Client(server.url, token()) as eve:
            late = await eve.spectate(game_id)
            assert await Watch(late).end() == [late.state]
        assert late.seq == seats[1].seq == seq + 1
        assert late.outcome == seats[1].outcome == Outcome(winners=(1,), reason="resigned")


async def test_two_who_iterate_over_one_table_get_every_state_each(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as ann, Client(server.url, tokens[1]) as ben:
        seats = [await ann.join(game_id), await ben.join(game_id)]
        whole = Watch(seats[0])
        async for first in seats[0].states():
            assert first.seq == 3
            break
        await seats[0].act(4)
        await whole.whole(4)
        late = Watch(seats[0])
        last = await play_out(seats)
        assert [state.seq for state in await whole.end()] == list(range(3, last + 1))
        assert [state.seq for state in await late.end()] == list(range(4, last + 1))


async def test_it_is_no_longer_my_turn_once_my_action_was_answered(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens, "goofspiel", cards=5)
    async with Client(server.url, tokens[0]) as ann:
        table = await ann.join(game_id)
        assert table.my_turn
        await table.act(1)
        assert not table.my_turn


# --- refusals -----------------------------------------------------------------------------------


async def test_who_acts_on_every_state_with_legal_actions_acts_once_a_turn(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as one, Client(server.url, tokens[1]) as other:
        ann, ben = await one.join(game_id), await other.join(game_id)
        states = ann.states()
        first = await anext(states)
        # Another state of the same turn, which waits behind the one that Ann acts on.
        offered = await ben.offer("draw")
        await ann.wait_for(lambda table: table.seq == offered, seconds=10)
        acted = await ann.act(first.legal_actions[0] if first.legal_actions else None)
        stale = await anext(states)
        assert (stale.seq, stale.legal_actions, stale.request, stale.to_act) == (
            offered,
            None,
            None,
            (),
        )
        assert stale.offers
        assert (await anext(states)).seq == acted


@pytest.mark.parametrize("transports", TRANSPORTS, ids=str)
@pytest.mark.parametrize("bad", ["", "x", token(-10)], ids=["none", "rubbish", "expired"])
async def test_a_bad_token_is_refused_promptly(
    server: ServerProcess, bad: str, transports: list[str] | None
) -> None:
    code = "token_expired" if bad.count(".") == 2 else "invalid_token"
    async with asyncio.timeout(5):
        with pytest.raises(Refused) as refused:
            async with Client(server.url, bad, transports=transports):
                pytest.fail("it connected")
    assert refused.value.code == code


async def test_what_the_server_refuses_is_told_and_the_client_goes_on(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as ann, Client(server.url, token()) as eve:
        for coming, code in (
            (ann.join("no-such-game"), "game_not_found"),
            (ann.spectate("no-such-game"), "game_not_found"),
            (eve.join(game_id), "not_in_game"),
        ):
            with pytest.raises(Refused) as refused:
                await coming
            assert refused.value.code == code
        table = await ann.join(game_id)
        audience = await eve.spectate(game_id)
        for playing, code in (
            (table.act(9), "illegal_action"),
            (table.act(0, seq=0), "stale_seq"),
            (audience.act(0), "not_in_game"),
            (audience.resign(), "not_in_game"),
        ):
            with pytest.raises(Refused) as refused:
                await playing
            assert refused.value.code == code
        assert await table.act(0, seq=3) == 4
        await audience.wait_for(lambda one: one.seq == 4)


async def test_an_action_that_no_server_takes_is_refused_at_once_and_the_client_goes_on(
    server: ServerProcess, tokens: list[str]
) -> None:
    deep: Any = 0
    for _ in range(64):
        deep = [deep]
    actions = {
        "invalid_message": [deep, float("nan"), "\ud800"],
        "payload_too_large": ["x" * 70_000, "é" * 12_000, "x" * 9_000],
    }
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as client:
        table = await client.join(game_id)
        for code, values in actions.items():
            for value in values:
                with pytest.raises(Refused) as refused:
                    await table.act(value)
                assert refused.value.code == code
        seq = table.seq
        assert await table.act(4) == seq + 1


async def test_a_join_that_is_refused_leaves_the_table_that_is_watched(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as ann, Client(server.url, token()) as eve:
        watch = Watch(await eve.spectate(game_id))
        with pytest.raises(Refused, match="not_in_game"):
            await eve.join(game_id)
        await (await ann.join(game_id)).act(0)
        await watch.whole(4)
        watch.task.cancel()


# --- presence and time --------------------------------------------------------------------------


async def test_who_comes_and_goes_shows_in_the_players(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)

    def online(table: TableClient) -> list[bool]:
        return [player.online for player in table.state.players]

    async with Client(server.url, tokens[0]) as ann:
        table = await ann.join(game_id)
        await table.wait_for(lambda one: online(one) == [True, False])
        async with Client(server.url, tokens[1]) as ben:
            await ben.join(game_id)
            await table.wait_for(lambda one: online(one) == [True, True])
            await ben.leave(game_id)
            await table.wait_for(lambda one: online(one) == [True, False])
            await ben.join(game_id)
            await table.wait_for(lambda one: online(one) == [True, True])
        await table.wait_for(lambda one: online(one) == [True, False])
        assert table.seq == 3


async def test_waiting_has_a_limit(server: ServerProcess, tokens: list[str]) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as ann:
        table = await ann.join(game_id)
        with pytest.raises(TimeoutError):
            await table.wait_for(lambda one: one.seq > 3, seconds=0.05)
        await table.act(0)
        await table.wait_for(lambda one: one.seq > 3)


async def test_whoever_waits_at_a_table_is_told_when_the_client_leaves(
    server: ServerProcess, tokens: list[str]
) -> None:
    games = [await new_game(server.url, tokens) for _ in range(2)]
    async with Client(server.url, tokens[0]) as ann:
        tables = [await ann.join(game_id) for game_id in games]
        watches = [Watch(table) for table in tables]
        waiting = [asyncio.create_task(table.wait_for(lambda _: False)) for table in tables]
        await until(lambda: all(watch.seqs == [3] for watch in watches))
        await ann.leave(games[0])
        await watches[0].end()
        assert not watches[1].task.done()
    await watches[1].end()
    for task in waiting:
        with pytest.raises(ConnectionLost):
            await task


# --- a server that dies -------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_game_goes_on_after_the_server_was_started_again(
    tmp_path: Path, tokens: list[str], how: signal.Signals
) -> None:
    server = ServerProcess(tmp_path, settings={"secret": SECRET})
    await server.start()
    game_id = await new_game(server.url, tokens)
    async with (
        Client(server.url, tokens[0]) as ann,
        Client(server.url, tokens[1], transports=["polling"]) as ben,
        Client(server.url, token()) as eve,
    ):
        seats = [await ann.join(game_id), await ben.join(game_id)]
        watches = [Watch(table) for table in (*seats, await eve.spectate(game_id))]
        await seats[0].act(4)
        for watch in watches:
            await watch.whole(4)
        await server.stop(how)
        pending = asyncio.create_task(seats[1].act(0, action_id="while it was down"))
        joining = asyncio.create_task(eve.spectate(game_id))
        await server.start()
        assert await pending == 5
        for watch in watches[:2]:
            await watch.whole(5)
        watches.append(Watch(await joining))
        # Who spectates again has left the table as it was before.
        await watches[2].end()
        last = await play_out(seats)
        for watch in (watches[0], watches[1], watches[3]):
            await watch.end()
            await watch.whole(last)
    async with Rest(server.url, tokens[1]) as rest:
        entries = (await rest.log(game_id)).entries
    assert len(entries) == last + 1
    assert [one.seq for one in entries if one.action_id == "while it was down"] == [5]
    await server.stop()


# --- a line that is cut -------------------------------------------------------------------------


class Proxy:
    """A line to the server that can be cut, and that can lose what the server sends.

    Attributes:
        cut_at: the line is cut before the next bytes that hold this.
        lose: the next bytes that hold this are lost.
        caught: how often either has happened.
    """

    def __init__(self, url: str) -> None:
        self.url = ""
        self.cut_at: bytes | None = None
        self.lose: bytes | None = None
        self.caught = 0
        self.is_open = True
        self._host, self._port = url.removeprefix("http://").split(":")
        self._lines: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Cut every line as it is."""
        for line in self._lines:
            line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._lines.add(writer)
        if not self.is_open:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._host, int(self._port))
        self._lines.add(back)
        await asyncio.gather(self._carry(reader, back, {}), self._carry(there, writer, {"in": 1}))

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, inward: Mapping[str, Any]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if inward and self.cut_at is not None and self.cut_at in data:
                    self.cut_at = None
                    self.caught += 1
                    self.cut()
                    return
                if inward and self.lose is not None and self.lose in data:
                    self.lose = None
                    self.caught += 1
                    continue
                sink.write(data)
                await sink.drain()
        sink.transport.abort()


async def test_an_action_whose_ack_was_lost_is_played_once_and_its_seq_is_returned(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with (
        Proxy(server.url) as proxy,
        Client(proxy.url, tokens[0], transports=["websocket"]) as ann,
    ):
        table = await ann.join(game_id)
        watch = Watch(table)
        proxy.cut_at = b"43/game,"  # the next ack
        assert await table.act(4, action_id="unheard") == 4
        assert proxy.caught == 1
        await watch.whole(4)
        watch.task.cancel()
    async with Rest(server.url, tokens[0]) as rest:
        entries = (await rest.log(game_id)).entries
    assert [(one.kind, one.action_id) for one in entries[4:]] == [(EntryKind.ACTION, "unheard")]


async def test_a_state_that_was_lost_on_the_way_is_asked_for(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with (
        Proxy(server.url) as proxy,
        Client(proxy.url, token(), transports=["websocket"]) as eve,
        Client(server.url, tokens[0]) as ann,
        Client(server.url, tokens[1]) as ben,
    ):
        seats = [await ann.join(game_id), await ben.join(game_id)]
        watch = Watch(await eve.spectate(game_id))
        proxy.lose = b'"game:state"'
        await seats[0].act(0)
        await until(lambda: proxy.caught)
        assert watch.seqs == [3]
        await seats[1].wait_for(lambda table: table.my_turn)
        await seats[1].act(1)
        await watch.whole(5)
        watch.task.cancel()


async def test_a_table_whose_log_is_shorter_after_a_restore_goes_on_from_there(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    async with Client(server.url, tokens[0]) as ann, Client(server.url, tokens[1]) as ben:
        table, other = await ann.join(game_id), await ben.join(game_id)
        before = msgspec.to_builtins(table.state)
        await table.act(0)
        await other.wait_for(lambda one: one.my_turn)
        await other.act(1)
        await table.wait_for(lambda one: one.my_turn)
        # What a server says whose data are of before the actions.
        table.on_joined(before["seq"])
        table.on_state(before)
        assert (table.seq, table.my_turn) == (before["seq"], True)
        assert table.state.view == before["view"]


class Endless:
    """Goes on for as long as somebody acts."""

    seats = range(1, 2)

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> int:
        return 0

    def to_act(self, state: int) -> list[int]:
        return [0]

    def legal_actions(self, state: int, seat: int) -> None:
        return None

    def apply(self, state: int, seat: int, action: JSON, rng: Random) -> int:
        return state + 1

    def view(self, state: int, seat: int | None) -> int:
        return state

    def outcome(self, state: int) -> Outcome | None:
        return None


async def test_one_who_missed_too_much_goes_on_from_the_present_state(tmp_path: Path) -> None:
    catalog = EngineCatalog(
        [EntryPoint("endless", "tests.wire.test_client:Endless", "meeple.engines")]
    )
    own = token()
    async with AsyncExitStack() as stack:
        settings = Settings(data=str(tmp_path), secret=SECRET)
        url, _ = await stack.enter_async_context(server_here(settings, catalog=catalog))
        game_id = await new_game(url, [own], "endless")
        proxy = await stack.enter_async_context(Proxy(url))
        player = await stack.enter_async_context(Client(url, own))
        eve = await stack.enter_async_context(Client(proxy.url, token()))
        table, audience = await player.join(game_id), await eve.spectate(game_id)
        watch = Watch(audience)
        first = audience.seq
        await until(lambda: watch.seqs == [first])
        proxy.is_open = False
        proxy.cut()
        for _ in range(3):
            last = max(await asyncio.gather(*(table.act(None) for _ in range(67))))
        proxy.is_open = True
        await until(lambda: audience.seq == last)
        assert audience.state.view == 201
        await table.act(None)
        await until(lambda: audience.seq == last + 1)
        assert watch.seqs == [first, last, last + 1]
        watch.task.cancel()


# --- tokens -------------------------------------------------------------------------------------


class Wallet:
    """Gives one token after the other, the last one for ever, and counts."""

    def __init__(self, *tokens: str | Exception) -> None:
        self.asked = 0
        self._tokens = tokens

    async def __call__(self) -> str:
        self.asked += 1
        given = self._tokens[min(self.asked, len(self._tokens)) - 1]
        if isinstance(given, Exception):
            raise given
        return given


async def test_a_fresh_token_is_asked_for_whenever_the_line_was_cut(
    server: ServerProcess, tokens: list[str]
) -> None:
    game_id = await new_game(server.url, tokens)
    wallet = Wallet(tokens[0])
    async with Proxy(server.url) as proxy, Client(proxy.url, wallet) as ann:
        table = await ann.join(game_id)
        assert wallet.asked == 1
        proxy.cut()
        assert await table.act(0) == 4
        await until(lambda: wallet.asked == 2)


async def test_a_token_that_expires_in_mid_game_is_replaced_unnoticed(
    server: ServerProcess,
) -> None:
    user_id = uuid4()
    players = [token(user_id=user_id), token()]
    game_id = await new_game(server.url, players)
    wallet = Wallet(token(2, user_id=user_id), token(user_id=user_id))
    async with Client(server.url, wallet) as ann, Client(server.url, players[1]) as ben:
        seats = [await ann.join(game_id), await ben.join(game_id)]
        watch = Watch(seats[0])
        ben_saw = Watch(seats[1])
        await until(lambda: wallet.asked == 2)
        assert await seats[0].act(0) == 4
        last = await play_out(seats)
        await watch.end()
        await watch.whole(last)
        # The line has held: nobody saw Ann go.
        assert all(state.players[0].online for state in (await ben_saw.end())[1:])
        assert wallet.asked == 2


async def test_without_a_fresh_token_everybody_who_waits_is_told(server: ServerProcess) -> None:
    user_id = uuid4()
    game_id = await new_game(server.url, [token(user_id=user_id), token()])
    async with Client(server.url, token(2, user_id=user_id)) as ann:
        table = await ann.join(game_id)
        watch = Watch(table)
        with pytest.raises(Refused, match="token_expired"):
            await table.wait_for(lambda _: False)
        with pytest.raises(Refused, match="token_expired"):
            await watch.end()
        for command in (table.act(0), ann.join(game_id)):
            with pytest.raises(Refused, match="token_expired"):
                await command


async def test_a_token_that_comes_only_at_the_second_time_of_asking_will_do(
    server: ServerProcess,
) -> None:
    for failure in (token(-10), OSError("the identity provider is down")):
        wallet = Wallet(failure, token())
        async with Client(server.url, wallet) as ann:
            with pytest.raises(Refused, match="game_not_found"):
                await ann.join("no-such-game")
        assert 2 <= wallet.asked <= 3


async def test_where_there_is_no_token_to_be_had_the_reason_is_told(server: ServerProcess) -> None:
    wallet = Wallet(OSError("the identity provider is down"))
    with pytest.raises(ConnectionLost, match="the identity provider is down"):
        await Client(server.url, wallet, patience=0.5).__aenter__()
    assert 2 <= wallet.asked <= 5


# --- nobody there -------------------------------------------------------------------------------


async def test_a_server_that_is_not_there_is_given_up_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # Here it takes connections and answers nothing; afterwards it takes none.
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionLost):
                await Client(url, "x", patience=0.3).__aenter__()
    async with asyncio.timeout(5):
        with pytest.raises(ConnectionLost, match=url):
            await Client(url, "x", patience=0.3).__aenter__()
        with pytest.raises(ConnectionLost, match=url):
            await Client.guest(url, "Ann")


async def test_what_is_no_meeple_server_is_told_apart() -> None:
    page = b"<!doctype html><title>Welcome</title>"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        for transports in TRANSPORTS:
            with pytest.raises(ConnectionLost):
                await Client(url, "x", transports=transports, patience=0.3).__aenter__()
        async with Rest(url) as rest:
            with pytest.raises(Refused, match="not a Meeple server's answer"):
                await rest.engines()


async def test_closing_leaves_nothing_behind(server: ServerProcess, tokens: list[str]) -> None:
    before = asyncio.all_tasks()
    game_id = await new_game(server.url, tokens)
    async with Proxy(server.url) as proxy:
        inside = asyncio.all_tasks()
        for transports in TRANSPORTS:
            ann = Client(proxy.url, tokens[0], transports=transports)
            async with ann:
                table = await ann.join(game_id)
                watch = Watch(table)
                proxy.is_open = False
                proxy.cut()
                pending = asyncio.create_task(table.act("while nobody hears it"))
                await asyncio.sleep(0)
            with pytest.raises(ConnectionLost):
                await pending
            await watch.end()
            with pytest.raises(ConnectionLost):
                await table.act(0)
            await ann.aclose()
            proxy.is_open = True
            await until(lambda: asyncio.all_tasks() <= inside | proxy._tasks)
    await until(lambda: asyncio.all_tasks() <= before)


async def test_one_who_gives_up_while_it_connects_leaves_nothing_behind(
    server: ServerProcess, tokens: list[str]
) -> None:
    before = asyncio.all_tasks()
    for transports in TRANSPORTS:
        for steps in range(0, 200, 8):
            client = Client(server.url, tokens[0], transports=transports)
            connecting = asyncio.ensure_future(client.__aenter__())
            for _ in range(steps):
                await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.wait([connecting], timeout=5)
            assert connecting.done(), f"it hangs, cancelled after {steps} steps"
            await client.aclose()
    await until(lambda: asyncio.all_tasks() <= before)


QUIET = """
import asyncio, gc, sys
from meeple.client import Client, Rest

async def main(url):
    # A busy machine is no fault of the client's.
    asyncio.get_running_loop().slow_callback_duration = 60
    for transports in (None, ["polling"], ["websocket"]):
        async with await Client.guest(url, "Ann", transports=transports) as ann:
            async with Rest(url, ann._token) as rest:
                game_id = (await rest.create_game("tic-tac-toe")).game_id
            await ann.join(game_id)
    assert asyncio.all_tasks() == {asyncio.current_task()}, asyncio.all_tasks()

asyncio.run(main(sys.argv[1]))
gc.collect()
"""


async def test_a_client_that_was_closed_warns_of_nothing(server: ServerProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", QUIET, server.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, output.decode()) == (0, "")
