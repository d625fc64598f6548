"""``meeple play``: a table in the terminal."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import msgspec
from rich.console import Console

from meeple.client import Client, ConnectionLost, Refused, Rest, TableClient
from meeple.engine.base import JSON, Outcome
from meeple.errors import Unavailable
from meeple.services.projection import GameState

#: Seconds to wait for the others.
PATIENCE = 7 * 24 * 3600

console = Console(highlight=False)


async def play(url: str, *, game: str | None, engine: str, name: str, token: str | None) -> None:
    """Sit down at ``game``, or at a new table, and play until it is over.

    Raises:
        Unavailable: the server does not answer, or it refuses; the message says which.
    """
    try:
        token = token or await _guest(url, name)
        async with Rest(url, token) as rest:
            if game is None:
                game = (await rest.create_game(engine)).game_id
                console.print(f"The other player types: [bold]meeple play {game}[/] --url {url}")
            else:
                await rest.take_seat(game)
        async with Client(url, token) as client:
            await _play(await client.join(game))
    except (Refused, ConnectionLost) as error:
        raise Unavailable(str(error)) from error


async def _guest(url: str, name: str) -> str:
    async with Rest(url) as rest:
        return (await rest.guest(name)).token


async def _play(table: TableClient) -> None:
    while table.outcome is None:
        state = table.state
        _show(state)
        if table.my_turn:
            await _take_turn(table)
        if table.outcome is None:
            await _news_since(table, state.seq)
    _show(table.state)
    _show_outcome(table.state, table.outcome)


async def _news_since(table: TableClient, seq: int) -> None:
    await table.wait_for(lambda one: one.seq != seq, seconds=PATIENCE)


async def _take_turn(table: TableClient) -> None:
    """Ask until an action was taken, or the table has moved on without it."""
    seq = table.state.seq
    while table.outcome is None and table.state.seq == seq:
        typed = await _ask(table, _prompt(table.state))
        if typed is None:
            return
        if typed == "resign":
            await table.resign()
            return
        try:
            await table.act(_action(typed, table.state))
            return
        except Refused as refused:
            console.print(f"[red]{refused.message}[/]")


def _prompt(state: GameState) -> str:
    lines = []
    if state.request is not None and state.request.kind == "forced":
        lines.append(f"You must: {_plain(state.request.forced)}")
    if state.legal_actions is not None:
        actions = " ".join(_plain(action) for action in state.legal_actions)
        lines.append(f"You may play: {actions}")
    return "\n".join([*lines, "Your action (or resign): "])


async def _ask(table: TableClient, prompt: str) -> str | None:
    """What the player types; None if the game ended meanwhile."""
    console.print(prompt, end="", markup=False)
    reading = asyncio.ensure_future(_read_line())
    over = asyncio.ensure_future(
        table.wait_for(lambda one: one.outcome is not None, seconds=PATIENCE)
    )
    done, _ = await asyncio.wait((reading, over), return_when=asyncio.FIRST_COMPLETED)
    for task in (reading, over):
        if task not in done:
            task.cancel()
    await asyncio.gather(reading, over, return_exceptions=True)
    return reading.result() if reading in done else None


async def _read_line() -> str:
    """A line from the terminal, without a thread that would outlive the game."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def ready() -> None:
        if not line.done():
            line.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin, ready)
    try:
        text = await line
    finally:
        loop.remove_reader(sys.stdin)
    if not text:
        raise KeyboardInterrupt
    return text.strip()


def _action(typed: str, state: GameState) -> JSON:
    """The action that was meant: one that is listed, else what was typed as JSON, else a string."""
    for action in state.legal_actions or []:
        if _plain(action) == typed:
            return action
    try:
        return msgspec.json.decode(typed)
    except msgspec.DecodeError:
        return typed


def _show(state: GameState) -> None:
    console.rule(f"{state.engine} {state.game_id}")
    for player in state.players:
        mark = "→" if player.seat in state.to_act else " "
        name = player.name or "(empty)"
        you = " (you)" if player.seat == state.seat else ""
        away = "" if player.online or player.name is None else " · away"
        console.print(f"{mark} {player.seat}: {name}{you}{away}", markup=False)
    if state.view is None:
        console.print("Waiting for the others to sit down …")
        return
    for key, value in _items(state.view):
        _show_value(key, value)


def _items(view: JSON) -> list[tuple[str, Any]]:
    return list(view.items()) if isinstance(view, dict) else [("view", view)]


def _show_value(key: str, value: JSON) -> None:
    rows = value if isinstance(value, list) and value else None
    if rows and len(rows) == 9 and key == "board" and not isinstance(rows[0], list):
        rows = [rows[at : at + 3] for at in (0, 3, 6)]
    if rows and all(isinstance(row, list) for row in rows):
        console.print(f"{key}:", markup=False)
        for row in rows:
            console.print("  " + " ".join(_cell(cell) for cell in row), markup=False)
    else:
        console.print(f"{key}: {_plain(value)}", markup=False)


def _cell(value: JSON) -> str:
    return "." if value is None else _plain(value)


def _plain(value: JSON) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _show_outcome(state: GameState, outcome: Outcome | None) -> None:
    if outcome is None:
        return
    names = [state.players[seat].name or str(seat) for seat in outcome.winners]
    result = f"{' and '.join(names)} won" if names else "Nobody won"
    scores = "" if outcome.scores is None else f" {_plain(outcome.scores)}"
    console.print(f"{result}: {outcome.reason}{scores}", style="bold", markup=False)
