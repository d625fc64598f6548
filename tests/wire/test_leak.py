"""No byte that leaves for a viewer depends on what that viewer may not see.

Two games are played that differ only in a secret, and every frame of the socket and every body of
REST that a viewer got is compared, byte for byte.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect

from meeple.config import Settings
from meeple.engine.rng import GameRandom
from meeple.engines.goofspiel import Goofspiel
from meeple.services.tokens import TokenIssuer
from tests.harness import server_here

SECRET = "a secret that is only for the tests of leaks"
NAMES = ("Ann", "Ben", "Eve")
CARDS = 4


class StoppedClock:
    def now_ms(self) -> int:
        return 1_700_000_000_000


class Viewer:
    """A raw WebSocket speaking Engine.IO and Socket.IO, so that every byte that came is kept."""

    def __init__(self, url: str, socket: ClientConnection, token: str) -> None:
        self.url = url
        self.frames: list[str] = []
        self.bodies: list[bytes] = []
        self._socket = socket
        self._token = token
        self._acks = itertools.count()

    @classmethod
    async def arrive(cls, stack: AsyncExitStack, url: str, token: str) -> Viewer:
        address = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        socket = await stack.enter_async_context(connect(address))
        viewer = cls(url, socket, token)
        await viewer._receive("0")
        await socket.send("40/game," + json.dumps({"token": token}))
        await viewer._receive("40/game,")
        # The ids of the two connections are random, and tell nothing of any game.
        viewer.frames.clear()
        return viewer

    async def ask(self, event: str, payload: Any) -> Any:
        """Send an event and wait for its ack."""
        number = next(self._acks)
        await self._socket.send(f"42/game,{number}" + json.dumps([event, payload]))
        ack = await self._receive(f"43/game,{number}[")
        return json.loads(ack.partition(",")[2].removeprefix(str(number)))[0]

    async def settle(self) -> None:
        """Return once everything that was sent before has come."""
        await self.ask("game:heartbeat", {})

    async def get(self, path: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.url}/api/v1{path}") as answer,
        ):
            self.bodies.append(await answer.read())

    async def _receive(self, prefix: str) -> str:
        async with asyncio.timeout(10):
            while True:
                frame = str(await self._socket.recv())
                self.frames.append(frame)
                if frame.startswith(prefix):
                    return frame


async def play(
    folder: Path, seed: bytes, bids: list[tuple[int, int]], *, secret: int
) -> dict[str, Any]:
    """Play ``bids`` (of Ann, of Ben) openly; then Ben bids ``secret``, and everybody pries.

    Gives every byte that each viewer was sent, but what was sent to Ben after his secret bid.
    """
    issuer = TokenIssuer(SECRET, audience=None, issuer=None)
    tokens = [issuer.issue(UUID(int=n + 1), name, 3600)[0] for n, name in enumerate(NAMES)]
    settings = Settings(data=str(folder), secret=SECRET)
    ids = itertools.count(1)
    async with AsyncExitStack() as stack:
        url, node = await stack.enter_async_context(
            server_here(
                settings,
                clock=StoppedClock(),
                new_game_id=lambda _: f"game{next(ids)}",
                new_seed=lambda: seed,
            )
        )
        game_id = await new_table(url, tokens)
        ann, ben, eve = [await Viewer.arrive(stack, url, token) for token in tokens]
        for viewer, event in ((ann, "game:join"), (ben, "game:join"), (eve, "game:spectate")):
            assert (await viewer.ask(event, {"game_id": game_id}))["ok"]
        for own, other in bids:
            for viewer, bid in ((ann, own), (ben, other)):
                action = {"game_id": game_id, "action": bid, "action_id": f"bid{bid}"}
                assert (await viewer.ask("game:action", action))["ok"]
        # After each round everybody has heard the same, in whatever order it was sent.
        for viewer in (ann, ben, eve):
            await viewer.settle()
        before_secret = list(ben.frames)
        reply = await ben.ask(
            "game:action", {"game_id": game_id, "action": secret, "action_id": "s"}
        )
        assert reply["ok"], reply
        for viewer in (ann, eve):
            await pry(viewer, game_id)
        assert len(node.games._tables) == 1
    return {
        "Ann": (ann.frames, ann.bodies),
        "Eve": (eve.frames, eve.bodies),
        "Ben before his bid": before_secret,
    }


async def new_table(url: str, tokens: list[str]) -> str:
    async with aiohttp.ClientSession() as session:

        async def post(path: str, token: str, body: Any) -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post(f"{url}/api/v1{path}", json=body, headers=headers) as answer:
                assert answer.status < 300, await answer.text()
                return await answer.json()

        body = {"engine": "goofspiel", "options": {"cards": CARDS}}
        game_id: str = (await post("/games", tokens[0], body))["game_id"]
        await post(f"/games/{game_id}/seats", tokens[1], {})
        return game_id


async def pry(viewer: Viewer, game_id: str) -> None:
    """Everything that might tell: acks, errors, rejoins, replays, REST."""
    await viewer.settle()
    for event, payload in (
        ("game:action", {"game_id": game_id, "action": 99}),
        ("game:action", {"game_id": game_id, "action": 1, "seq": 0}),
        ("game:action", {"game_id": game_id, "action": None, "action_id": "s"}),
        ("game:join", {"game_id": game_id}),
        ("game:join", {"game_id": game_id, "last_seq": 0}),
        ("game:spectate", {"game_id": game_id}),
        ("game:spectate", {"game_id": game_id, "last_seq": 1}),
    ):
        await viewer.ask(event, payload)
        await viewer.settle()
    for path in (f"/games/{game_id}", f"/games/{game_id}/log", "/games", "/me/games"):
        await viewer.get(path)


def prizes(seed: bytes) -> tuple[int, ...]:
    """The order of the prizes that a game with this seed has; it starts with its entry 3."""
    state = Goofspiel().new_game(2, {"cards": CARDS}, GameRandom(seed, 3))
    return tuple(state.prizes)


def seeds_alike_at_first() -> tuple[bytes, bytes]:
    """Two seeds whose first two prizes are the same, and whose last two are not."""
    first = bytes(32)
    for number in range(1, 10_000):
        other = number.to_bytes(32, "big")
        if prizes(other)[:2] == prizes(first)[:2] and prizes(other) != prizes(first):
            return first, other
    raise AssertionError("no such seeds")


async def test_a_secret_bid_changes_no_byte_that_others_get(tmp_path: Path) -> None:
    one = await play(tmp_path / "1", bytes(32), [(1, 2)], secret=1)
    other = await play(tmp_path / "2", bytes(32), [(1, 2)], secret=4)
    assert one == other
    assert any("game:state" in frame for frame in one["Ann"][0])


async def test_the_order_of_the_prizes_to_come_changes_no_byte(tmp_path: Path) -> None:
    first, second = seeds_alike_at_first()
    one = await play(tmp_path / "1", first, [(1, 2)], secret=3)
    other = await play(tmp_path / "2", second, [(1, 2)], secret=3)
    assert one == other


async def test_the_comparison_notices_what_may_be_seen(tmp_path: Path) -> None:
    one = await play(tmp_path / "1", bytes(32), [(1, 2)], secret=1)
    other = await play(tmp_path / "2", bytes(32), [(1, 3)], secret=1)
    assert one["Ann"] != other["Ann"]
    assert one["Eve"] != other["Eve"]


@pytest.mark.parametrize("word", ["seed", bytes(32).hex()])
async def test_the_seed_is_in_nothing_that_leaves(tmp_path: Path, word: str) -> None:
    sent = await play(tmp_path, bytes(32), [(1, 2)], secret=1)
    assert word not in repr(sent)
