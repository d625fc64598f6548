"""``meeple play``: a table in the terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType

import msgspec

from meeple.cli import screen, talk
from meeple.client import Client, ConnectionLost, Refused, Rest, TableClient
from meeple.engine.base import JSON
from meeple.errors import Unavailable
from meeple.schemas.rest import BotSeat
from meeple.services.projection import GameState

#: Seconds to wait for the others.
PATIENCE = 7 * 24 * 3600


class _Left(Exception):
    """There is no more input."""


async def play(
    url: str,
    *,
    game: str | None,
    engine: str,
    name: str,
    token: str | None,
    options: Mapping[str, JSON] | None = None,
    bot: BotSeat | None = None,
) -> None:
    """Sit down at ``game``, or at a new table with these house rules, and play until it is over.

    At a new table ``bot`` takes all the other seats; if it is None, they are left to others.

    Raises:
        Unavailable: the server does not answer, or it refuses; the message says which.
        KeyboardInterrupt: there is no more input.
    """
    try:
        token = token or await _guest(url, name)
        async with Rest(url, token) as rest:
            if game is None:
                seats = None if bot is None else await _against(bot, rest, engine)
                made = await rest.create_game(engine, options=options, seats=seats)
                game = made.game_id
                if bot is None:
                    screen.console.print(f"The other player types: meeple play {game} --url {url}")
            else:
                await rest.take_seat(game)
        async with Client(url, token) as client:
            table = await client.join(game)
            try:
                with _Keyboard() as keyboard:
                    await _play(table, keyboard)
            finally:
                if table.outcome is None:
                    screen.console.print(
                        f"\nTo come back: meeple play {game} --url {url} --token {token}"
                    )
    except (Refused, ConnectionLost) as error:
        raise Unavailable(str(error)) from error
    except _Left:
        raise KeyboardInterrupt from None


async def _against(bot: BotSeat, rest: Rest, engine: str) -> list[str | BotSeat | None]:
    """The seats of the smallest table that the engine allows, the bot in all but the first."""
    offered = (await rest.engines()).engines
    seats = next((one.min_seats for one in offered if one.name == engine), 2)
    return ["me", *(bot,) * (seats - 1)]


async def _guest(url: str, name: str) -> str:
    async with Rest(url) as rest:
        return (await rest.guest(name)).token


async def _play(table: TableClient, keyboard: _Keyboard) -> None:
    shown: GameState | None = None
    heard = 0
    while True:
        state, new = table.state, table.heard - heard
        heard += new
        if shown is None or _is_news(shown, state):
            screen.show(state, shown)
        elif shown.players != state.players:
            screen.show_presence(shown, state)
        talk.show_offers(shown, state)
        if new:
            talk.show_lines(list(table.lines)[-new:], state)
        shown = state
        if state.outcome is not None:
            return
        typed = await _typed_before_news(table, state, heard, keyboard)
        if typed is not None:
            await _obey(typed, table)


def _is_news(shown: GameState, state: GameState) -> bool:
    """Whether to draw the table again: not while somebody types what is still to be answered."""
    if shown.seq == state.seq:
        return False
    if state.view != shown.view and state.to_act == shown.to_act == (state.seat,):
        return True  # something was taken back
    same = state.legal_actions is not None and state.legal_actions == shown.legal_actions
    return not same or bool(screen.new_lines(state, shown))


async def _typed_before_news(
    table: TableClient, state: GameState, heard: int, keyboard: _Keyboard
) -> str | None:
    """The line that the player types; None if the table changes first, or somebody talks."""
    typing = asyncio.ensure_future(keyboard.line())
    news = asyncio.ensure_future(
        table.wait_for(lambda one: one.state is not state or one.heard != heard, seconds=PATIENCE)
    )
    try:
        await asyncio.wait((typing, news), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (typing, news):
            task.cancel()
        await asyncio.gather(typing, news, return_exceptions=True)
    if not typing.cancelled():
        return typing.result()
    with suppress(TimeoutError):
        news.result()
    return None


async def _obey(typed: str, table: TableClient) -> None:
    try:
        if typed == "resign":
            await table.resign()
        elif typed in ("claim", "claim draw") and screen.claimable_at(table.state) is not None:
            await table.claim("draw" if typed == "claim draw" else "win")
        elif not _is_listed(typed, table) and await talk.obey(typed, table):
            return
        elif not typed or not table.my_turn:
            screen.show_what_to_do(table.state)
        else:
            await table.act(_action(typed, table.state))
    except Refused as refused:
        screen.console.print(f"No: {refused.message}", style="red")
        screen.show_what_to_do(table.state)


def _is_listed(typed: str, table: TableClient) -> bool:
    """Whether it is an action of the game's, whose words go before those of talk."""
    listed = table.state.legal_actions or [] if table.my_turn else []
    return any(screen.plain(action) == typed for action in listed)


def _action(typed: str, state: GameState) -> JSON:
    """The action that was meant: one that is listed, else what was typed as JSON, else a string.

    Where the list was shown in words, each with its number, the number stands for the action.
    """
    labels, listed = screen.labels(state), state.legal_actions or []
    if labels and typed.isdecimal() and 0 < int(typed) <= len(listed):
        return listed[int(typed) - 1]
    for action in state.legal_actions or []:
        if screen.plain(action) == typed:
            return action
    try:
        return msgspec.json.decode(typed)
    except msgspec.DecodeError:
        return typed


class _Keyboard:
    """Lines as they are typed, without a thread that would outlive the game."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._rest = b""

    def __enter__(self) -> _Keyboard:
        try:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)
        except (OSError, ValueError) as error:
            raise Unavailable("play takes its input from a terminal or a pipe") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    async def line(self) -> str:
        """The next line; raises `_Left` if there is none to come."""
        line = await self._lines.get()
        if line is None:
            raise _Left
        return line

    def _read(self) -> None:
        try:
            data = os.read(sys.stdin.fileno(), 4096)
        except OSError:  # the terminal has gone
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.put_nowait(line.decode(errors="replace").strip())
        if not data:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._lines.put_nowait(None)
