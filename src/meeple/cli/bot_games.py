"""The games of ``meeple bot``, one after the other."""

from __future__ import annotations

import asyncio
import shlex
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from meeple.cli.screen import console
from meeple.client import Client, ConnectionLost, Refused, Rest
from meeple.client.bots import Bot, BotFailed, Effort, Lobby, open_bot, play
from meeple.client.bots.lobby import PATIENCE
from meeple.engine.base import JSON, Outcome
from meeple.errors import Unavailable
from meeple.services.engine_catalog import EngineCatalog


@dataclass(frozen=True, kw_only=True)
class BotGames:
    """What a bot was told to play, in the words of the command line."""

    url: str
    engine: str
    policy: str
    effort: Effort
    game: str | None = None
    any_table: bool = False
    games: int = 1
    options: Mapping[str, JSON] = field(default_factory=dict)
    seats: int | None = None
    name: str = "Bot"
    seed: int | None = None
    token: str | None = None

    def run(self) -> None:
        """Play until all is played.

        Raises:
            MeepleError: it cannot be played, or not to the end; the message says why.
            KeyboardInterrupt: Ctrl-C, or SIGTERM.
        """
        asyncio.run(self._run_until_told())

    async def _run_until_told(self) -> None:
        """As Ctrl-C does, SIGTERM ends the bot and what it thinks with."""
        playing = asyncio.current_task()
        assert playing is not None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, playing.cancel)
        try:
            await self._run()
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        except (BotFailed, ConnectionLost, Refused) as error:
            raise Unavailable(str(error)) from error
        finally:
            loop.remove_signal_handler(signal.SIGTERM)

    async def _run(self) -> None:
        token = self.token or await self._guest()
        async with Rest(self.url, token) as rest:
            # Without patience: if the address or the token is wrong, that is told at once.
            await rest.my_games(limit="1")
            lobby = Lobby(rest)
            engine, options, seats = self.engine, self.options, self.seats
            if self.game is not None:
                made = (await rest.log(self.game)).entries[0].payload or {}
                engine, options, seats = made["engine"], made["options"], made["seats"]
            async with (
                open_bot(
                    self.policy,
                    engine,
                    lobby.log,
                    catalog=EngineCatalog(),
                    options=options,
                    seats=seats,
                    effort=self.effort,
                    rng=Random(self.seed),
                ) as bot,
                Client(self.url, token, patience=PATIENCE) as client,
            ):
                await self._play_all(lobby, client, bot, token)

    async def _guest(self) -> str:
        async with Rest(self.url) as rest:
            return (await rest.guest(self.name)).token

    async def _play_all(self, lobby: Lobby, client: Client, bot: Bot, token: str) -> None:
        results: Counter[str] = Counter(won=0, drawn=0, lost=0)
        while not self.games or results.total() < self.games:
            game_id = await self._sit_down(lobby)
            results[await self._play(game_id, client, bot, token)] += 1
        counted = ", ".join(f"{number} {result}" for result, number in results.items())
        console.print(f"{results.total()} games: {counted}.")

    async def _sit_down(self, lobby: Lobby) -> str:
        if self.game is not None:
            await lobby.sit(self.game)
            return self.game
        if self.any_table:
            console.print(f"Waiting for an open table of {self.engine} …")
            return await lobby.find(self.engine)
        game_id = await lobby.make(self.engine, self.options, self.seats)
        console.print(f"The other player types: meeple play {game_id} --url {self.url}")
        return game_id

    async def _play(self, game_id: str, client: Client, bot: Bot, token: str) -> str:
        """Play one game; gives "won", "drawn" or "lost"."""
        table = await client.join(game_id)
        try:
            console.print(f"Playing {table.state.engine} {game_id} in seat {table.seat}.")
            outcome = await play(table, bot)
        finally:
            if table.outcome is None:
                console.print(
                    f"\nTo come back: meeple bot {self.url} --game {game_id}"
                    f" --policy {shlex.quote(self.policy)} --token {token}"
                )
        await client.leave(game_id)
        result = _result(outcome, table.seat)
        console.print(f"{game_id}: {result} ({outcome.reason}).")
        return result


def _result(outcome: Outcome, seat: int | None) -> str:
    if not outcome.winners:
        return "drawn"
    return "won" if seat in outcome.winners else "lost"
