"""Random playthroughs through a real server, each step compared with the library itself.

``python -m tests.openspiel.playthrough [--games N] [NAME …]`` plays every game, or those named.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any
from uuid import uuid4

import pyspiel
from websockets.asyncio.client import ClientConnection, connect

from meeple.client import Rest
from meeple.config import Settings
from meeple.engine.rng import GameRandom
from meeple.engines.openspiel import OpenSpiel
from meeple.engines.openspiel.registry import FIXED, SEEDED
from meeple.engines.openspiel.sight import FROM_INFORMATION_STATE
from meeple.services.tokens import TokenIssuer
from tests.harness import server_here

SECRET = "a secret that is only for the tests of OpenSpiel"
#: Playthroughs of each game in the full run, and after how many actions one is left.
PLAYTHROUGHS = 20
LONGEST = 300


class Mirror:
    """The library's own state, played beside the server's."""

    def __init__(self, name: str, seats: int, seed: bytes) -> None:
        self._seed = seed
        # created, a seat each, started
        self.seq = seats + 1
        rng = GameRandom(seed, self.seq)
        parameters = dict(FIXED.get(name, {}))
        if name in SEEDED:
            parameters["rng_seed"] = rng.getrandbits(31)
        self.state = pyspiel.load_game(name, parameters).new_initial_state()
        self._chosen: dict[int, int] = {}
        self._chance(rng)

    def text(self, seat: int) -> str:
        kind = self.state.get_game().get_type()
        if kind.provides_observation_string and kind.short_name not in FROM_INFORMATION_STATE:
            return str(self.state.observation_string(seat))
        return str(self.state.information_state_string(seat))

    def to_act(self) -> list[int]:
        if self.state.is_terminal():
            return []
        if not self.state.is_simultaneous_node():
            return [self.state.current_player()]
        return [s for s in range(self.state.num_players()) if s not in self._chosen]

    def play(self, seat: int, action: int) -> None:
        self.seq += 1
        if self.state.is_simultaneous_node():
            self._chosen[seat] = action
            if len(self._chosen) < self.state.num_players():
                return
            self.state.apply_actions([self._chosen[s] for s in sorted(self._chosen)])
            self._chosen = {}
        else:
            self.state.apply_action(action)
        self._chance(GameRandom(self._seed, self.seq))

    def _chance(self, rng: GameRandom) -> None:
        while self.state.is_chance_node():
            outcomes = self.state.chance_outcomes()
            left = rng.random() * sum(chance for _, chance in outcomes) if outcomes[1:] else 0
            for action, chance in outcomes:  # noqa: B007 - the last one is taken if none is left
                left -= chance
                if left < 0:
                    break
            self.state.apply_action(action)


class Player:
    """One user's WebSocket, speaking Engine.IO and Socket.IO."""

    def __init__(self, socket: ClientConnection, token: str) -> None:
        self.token = token
        self._socket = socket
        self._asked = 0
        self._states: dict[tuple[str, int], Any] = {}

    @classmethod
    async def arrive(cls, stack: AsyncExitStack, url: str, token: str) -> Player:
        address = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        socket = await stack.enter_async_context(connect(address, max_size=2**24))
        player = cls(socket, token)
        await player._read("0")
        await socket.send("40/game," + json.dumps({"token": token}))
        await player._read("40/game,")
        return player

    async def ask(self, event: str, payload: dict[str, Any]) -> Any:
        self._asked += 1
        await self._socket.send(f"42/game,{self._asked}" + json.dumps([event, payload]))
        prefix = f"43/game,{self._asked}["
        answer = json.loads((await self._read(prefix))[len(prefix) - 1 :])[0]
        assert answer["ok"], (event, payload, answer)
        return answer

    async def state(self, game_id: str, seq: int) -> Any:
        """The ``game:state`` (or ``game:over``) of that seq."""
        while (game_id, seq) not in self._states:
            await self._read("42/game,")
        return self._states.pop((game_id, seq))

    async def _read(self, prefix: str) -> str:
        async with asyncio.timeout(30):
            while True:
                frame = str(await self._socket.recv())
                if frame.startswith("42/game,"):
                    event, data = json.loads(frame.partition(",")[2])
                    if event in ("game:state", "game:over"):
                        self._states[data["game_id"], data["seq"]] = data
                if frame.startswith(prefix):
                    return frame


class House:
    """A server in this process, and groups of players: one for each seat that a game may have."""

    def __init__(self, url: str, groups: list[list[Player]], seeds: list[bytes]) -> None:
        self._url = url
        self._seeds = seeds
        self._making = asyncio.Lock()
        self._idle: asyncio.Queue[list[Player]] = asyncio.Queue()
        for group in groups:
            self._idle.put_nowait(group)

    async def play(self, name: str, chance: Random, longest: int) -> int:
        """One playthrough; gives its number of actions. Raises AssertionError if it differs."""
        group = await self._idle.get()
        try:
            return await self._play(name, group, chance, longest)
        finally:
            self._idle.put_nowait(group)

    async def _play(self, name: str, group: list[Player], chance: Random, longest: int) -> int:
        seats = pyspiel.load_game(name).num_players()
        players = group[:seats]
        async with self._making:
            game_id, seed = await self._table(name, players), self._seeds[-1]
        mirror = Mirror(name, seats, seed)
        for player in players:
            await player.ask("game:join", {"game_id": game_id})
        actions = 0
        while True:
            shown = [await player.state(game_id, mirror.seq) for player in players]
            for seat, state in enumerate(shown):
                compare(name, mirror, seat, state)
            to_act = mirror.to_act()
            if not to_act or actions == longest:
                break
            seat = chance.choice(to_act)
            number = chance.choice(mirror.state.legal_actions(seat))
            word = mirror.state.action_to_string(seat, number)
            action = chance.choice([word, number])
            payload = {"game_id": game_id, "action": action, "seq": mirror.seq}
            await players[seat].ask("game:action", payload)
            mirror.play(seat, number)
            actions += 1
        if to_act:
            await players[0].ask("game:resign", {"game_id": game_id})
        else:
            over = await players[0].state(game_id, mirror.seq + 1)
            assert over["outcome"]["scores"] == list(mirror.state.returns()), name
        for player in players:
            await player.ask("game:leave", {"game_id": game_id})
        return actions

    async def _table(self, name: str, players: Sequence[Player]) -> str:
        async with Rest(self._url, players[0].token) as rest:
            made = await rest.create_game(f"openspiel:{name}", seats=len(players))
        for player in players[1:]:
            async with Rest(self._url, player.token) as rest:
                await rest.take_seat(made.game_id)
        return made.game_id


def compare(name: str, mirror: Mirror, seat: int, state: Any) -> None:
    where = (name, seat, mirror.state.history())
    assert state["view"]["text"] == mirror.text(seat), where
    assert state["to_act"] == mirror.to_act(), where
    if seat in mirror.to_act():
        numbers = mirror.state.legal_actions(seat)
        words = [mirror.state.action_to_string(seat, number) for number in numbers]
        assert state["legal_actions"] == words, where


@asynccontextmanager
async def house(folder: str, groups: int = 4, seats: int = 6) -> AsyncIterator[House]:
    seeds: list[bytes] = []
    chance = Random("seeds")

    def new_seed() -> bytes:
        seeds.append(chance.randbytes(32))
        return seeds[-1]

    settings = Settings(
        data=folder,
        secret=SECRET,
        rate=1e6,
        burst=1e6,
        max_live=10,
        ping_interval=86_400,  # a player reads only while it plays, so it would miss a ping
    )
    issuer = TokenIssuer(SECRET, audience=None, issuer=None)
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(server_here(settings, new_seed=new_seed))
        tokens = [
            [issuer.issue(uuid4(), f"Seat {seat}", 86_400)[0] for seat in range(seats)]
            for _ in range(groups)
        ]
        players = [[await Player.arrive(stack, url, one) for one in group] for group in tokens]
        yield House(url, players, seeds)


async def play_all(names: Sequence[str], playthroughs: int, longest: int) -> int:
    """Play and print a line for each game; gives how many differed."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        async with house(folder) as open_house:
            for name in names:
                started = time.monotonic()
                try:
                    played = await asyncio.gather(
                        *(
                            open_house.play(name, Random(f"{name} {number}"), longest)
                            for number in range(playthroughs)
                        )
                    )
                except AssertionError as error:
                    failed += 1
                    print(f"{name}: DIFFERS: {error}", flush=True)
                    continue
                took = f"{sum(played)} actions, {time.monotonic() - started:.1f} s"
                print(f"{name}: {playthroughs} equal, {took}", flush=True)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description="Play OpenSpiel's games through a real server.")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--games", type=int, default=PLAYTHROUGHS)
    parser.add_argument("--longest", type=int, default=LONGEST)
    options = parser.parse_args()
    names = options.names or OpenSpiel().names()
    started = time.monotonic()
    failed = asyncio.run(play_all(names, options.games, options.longest))
    print(f"{len(names)} games, {failed} differ, {time.monotonic() - started:.0f} s")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
