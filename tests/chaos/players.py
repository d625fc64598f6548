"""Players who play at random for as long as they are asked to, whatever happens to the servers."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

from meeple.client import Client, ConnectionLost, Refused, Rest
from meeple.client.table import TableClient
from meeple.services.tokens import TokenIssuer
from tests.chaos.history import History, Invocation, LastView

#: Seconds until a player gives a command up; the faults of a test must heal faster.
PATIENCE = 60.0
#: What a client is refused with that was overtaken, or that only seemed to be its turn.
OVERTAKEN = {
    "not_your_turn",
    "game_over",
    "illegal_action",
    "stale_seq",
    "forced_action_required",
    "out_of_time",
}


class Match:
    """Two players who play one game after the other.

    Args:
        url: where they connect.
        secret: signs their tokens.
        engines: what they play, in turn.
        history: where they write down what they do.
        rng: chooses their actions.
        pause: seconds between two actions of one player, at most.
        table: more fields of ``POST /games``.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        engines: list[str],
        history: History,
        rng: random.Random,
        *,
        pause: float = 0.1,
        **table: Any,
    ) -> None:
        self._url = url
        self._engines = engines
        self._history = history
        self._rng = rng
        self._pause = pause
        self._table = table
        issuer = TokenIssuer(secret)
        self._tokens = [issuer.issue(uuid4(), name, 3600)[0] for name in ("Ann", "Ben")]
        self.games = 0

    async def play(self, until: asyncio.Event) -> None:
        """Play until then, and see the last game to where it stands."""
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(
                    Client(self._url, token, answer_timeout=3, patience=PATIENCE)
                )
                for token in self._tokens
            ]
            while not until.is_set():
                game_id = await self._new_game()
                tables = [await client.join(game_id) for client in clients]
                await asyncio.gather(
                    *(self._sit(table, seat, until) for seat, table in enumerate(tables))
                )
                self.games += 1
                await self._settle(tables)
                for client in clients:
                    await client.leave(game_id)

    async def _new_game(self) -> str:
        engine = self._engines[self.games % len(self._engines)]
        while True:
            try:
                async with Rest(self._url, self._tokens[0]) as ann:
                    game_id = (await ann.create_game(engine, **self._table)).game_id
                break
            except (ConnectionLost, Refused) as error:
                await self._after(error)
        while True:
            try:
                async with Rest(self._url, self._tokens[1]) as ben:
                    await ben.take_seat(game_id)
                return game_id
            except (ConnectionLost, Refused) as error:
                await self._after(error)

    async def _after(self, error: Exception) -> None:
        """A moment, if it may pass."""
        if isinstance(error, Refused) and not error.retryable:
            raise error
        await asyncio.sleep(0.1 + 0.2 * self._rng.random())

    async def _sit(self, table: TableClient, seat: int, until: asyncio.Event) -> None:
        stopped = asyncio.create_task(until.wait())
        try:
            while not until.is_set() and table.outcome is None:
                turn = asyncio.create_task(
                    table.wait_for(lambda one: one.my_turn or one.outcome is not None, seconds=600)
                )
                await asyncio.wait((turn, stopped), return_when=asyncio.FIRST_COMPLETED)
                if not turn.done():
                    turn.cancel()
                    return
                turn.result()
                if table.outcome is None and table.state.legal_actions:
                    await self._act(table, seat)
                    await asyncio.sleep(self._rng.random() * self._pause)
        finally:
            stopped.cancel()

    async def _act(self, table: TableClient, seat: int) -> None:
        assert table.state.legal_actions is not None
        action = self._rng.choice(table.state.legal_actions)
        one = Invocation(table.game_id, seat, action, uuid4().hex)
        self._history.invocations.append(one)
        try:
            one.seq = await table.act(action, action_id=one.action_id)
        except Refused as refused:
            one.refused = refused.code
            if refused.code not in OVERTAKEN:
                raise

    async def _settle(self, tables: list[TableClient]) -> None:
        """Once everything that was acked has been seen by all, that is what they saw."""
        [game_id] = {table.game_id for table in tables}
        acked = [
            one.seq
            for one in self._history.invocations
            if one.game_id == game_id and one.seq is not None
        ]
        last = max(acked, default=0)
        for table in tables:
            await table.wait_for(lambda one: one.seq >= last, seconds=PATIENCE)
        async with asyncio.timeout(PATIENCE):
            # An action that was never answered may have ended the game.
            while len({table.seq for table in tables}) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        for seat, table in enumerate(tables):
            self._history.views.append(LastView(game_id, seat, table.state))
