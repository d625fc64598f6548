"""``meeple play``: a table in the terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from types import TracebackType

import msgspec
from rich.console import Console

from meeple.client import Client, ConnectionLost, Refused, Rest, TableClient
from meeple.engine.base import JSON
from meeple.engine.log import GameStatus
from meeple.errors import Unavailable
from meeple.services.projection import GameState

#: Seconds to wait for the others.
PATIENCE = 7 * 24 * 3600
#: How the seats of a game for two are drawn on a board.
MARKS = "XO"

# What is shown comes from others: it is shown as it is, and lines are left whole, to be copied.
console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


class _Left(Exception):
    """There is no more input."""


async def play(url: str, *, game: str | None, engine: str, name: str, token: str | None) -> None:
    """Sit down at ``game``, or at a new table, and play until it is over.

    Raises:
        Unavailable: the server does not answer, or it refuses; the message says which.
        KeyboardInterrupt: there is no more input.
    """
    try:
        token = token or await _guest(url, name)
        async with Rest(url, token) as rest:
            if game is None:
                game = (await rest.create_game(engine)).game_id
                console.print(f"The other player types: meeple play {game} --url {url}")
            else:
                await rest.take_seat(game)
        async with Client(url, token) as client:
            table = await client.join(game)
            try:
                with _Keyboard() as keyboard:
                    await _play(table, keyboard)
            finally:
                if table.outcome is None:
                    console.print(f"\nTo come back: meeple play {game} --url {url} --token {token}")
    except (Refused, ConnectionLost) as error:
        raise Unavailable(str(error)) from error
    except _Left:
        raise KeyboardInterrupt from None


async def _guest(url: str, name: str) -> str:
    async with Rest(url) as rest:
        return (await rest.guest(name)).token


async def _play(table: TableClient, keyboard: _Keyboard) -> None:
    shown: GameState | None = None
    while True:
        state = table.state
        if shown is None or _is_news(shown, state):
            _show(state)
        elif shown.players != state.players:
            _show_presence(shown, state)
        shown = state
        if state.outcome is not None:
            return
        typed = await _typed_before_news(table, state, keyboard)
        if typed is not None:
            await _obey(typed, table)


def _is_news(shown: GameState, state: GameState) -> bool:
    """Whether to draw the table again: not while somebody types what is still to be answered."""
    if shown.seq == state.seq:
        return False
    return state.legal_actions is None or state.legal_actions != shown.legal_actions


async def _typed_before_news(
    table: TableClient, state: GameState, keyboard: _Keyboard
) -> str | None:
    """The line that the player types; None if the table changes first."""
    typing = asyncio.ensure_future(keyboard.line())
    news = asyncio.ensure_future(
        table.wait_for(lambda one: one.state is not state, seconds=PATIENCE)
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
        elif not typed or not table.my_turn:
            _show_what_to_do(table.state)
        else:
            await table.act(_action(typed, table.state))
    except Refused as refused:
        console.print(f"No: {refused.message}", style="red")
        _show_what_to_do(table.state)


def _action(typed: str, state: GameState) -> JSON:
    """The action that was meant: one that is listed, else what was typed as JSON, else a string."""
    for action in state.legal_actions or []:
        if _plain(action) == typed:
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


def _show(state: GameState) -> None:
    console.print()
    console.rule(f"{state.engine} {state.game_id}")
    on_board = _is_board_for_two(state)
    for player in state.players:
        turn = "→" if player.seat in state.to_act else " "
        seat = MARKS[player.seat] if on_board else player.seat
        name = player.name or "(empty)"
        away = "" if player.online or player.name is None else " · away"
        you = " (you)" if player.seat == state.seat else away
        console.print(f"{turn} {seat}: {name}{you}")
    view = state.view if isinstance(state.view, dict) else {"view": state.view}
    for key, value in view.items() if state.view is not None else ():
        # A board that is for a page to draw says no more than the text beside it.
        if not (key == "board" and "text" in view):
            _show_value(key, value, on_board)
    _show_what_to_do(state)


def _show_what_to_do(state: GameState) -> None:
    if state.outcome is not None:
        _show_outcome(state)
    elif state.status is GameStatus.OPEN:
        console.print("Waiting for the others to sit down …")
    elif state.seat not in state.to_act:
        names = [state.players[seat].name or str(seat) for seat in state.to_act]
        console.print(f"Waiting for {' and '.join(names)} … (or resign)")
    else:
        if state.request is not None and state.request.kind == "forced":
            console.print(f"You must: {_plain(state.request.forced)}")
        if state.legal_actions is not None:
            actions = [_plain(action) for action in state.legal_actions]
            between = ", " if any(" " in action for action in actions) else " "
            console.print(f"You may play: {between.join(actions)}")
        console.print("Your action (or resign): ", end="")


def _show_outcome(state: GameState) -> None:
    assert state.outcome is not None
    names = [
        "You" if seat == state.seat else state.players[seat].name or str(seat)
        for seat in state.outcome.winners
    ]
    result = f"{' and '.join(names)} won" if names else "Nobody won"
    scores = "" if state.outcome.scores is None else f" {_plain(state.outcome.scores)}"
    console.print(f"{result}: {state.outcome.reason}{scores}", style="bold")


def _show_presence(shown: GameState, state: GameState) -> None:
    changed = [
        player
        for before, player in zip(shown.players, state.players, strict=True)
        if player.online != before.online and player.seat != state.seat
    ]
    for player in changed:
        console.print(f"\n{player.name} is {'here' if player.online else 'away'}.")
    if changed:
        _show_what_to_do(state)


def _is_board_for_two(state: GameState) -> bool:
    """Whether the view shows cells that are empty or bear the mark of one of two seats."""
    board = state.view.get("board") if isinstance(state.view, dict) else None
    return (
        isinstance(board, list)
        and len(board) == 9
        and len(state.players) == len(MARKS)
        and all(cell in (None, 0, 1) for cell in board)
    )


def _show_value(key: str, value: JSON, on_board: bool) -> None:
    rows = value
    if on_board and key == "board":
        # An empty cell shows the number by which it is played.
        cells = [at if cell is None else MARKS[cell] for at, cell in enumerate(value)]
        rows = [cells[at : at + 3] for at in (0, 3, 6)]
    if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        console.print(f"{key}:")
        for row in rows:
            console.print("  " + " ".join(_cell(cell) for cell in row))
    elif isinstance(value, str) and "\n" in value:
        console.print(f"{key}:\n{value.rstrip()}")
    else:
        console.print(f"{key}: {_plain(value)}")


def _cell(value: JSON) -> str:
    return "." if value is None else _plain(value)


def _plain(value: JSON) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
