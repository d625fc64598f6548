"""What ``meeple play`` shows: a table as one player sees it, and what there is to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType
from rich.console import Console

from meeple.cli import boards
from meeple.engine.base import JSON
from meeple.engine.log import GameStatus
from meeple.services.projection import GameState, GoneView, PlayerView

#: How the seats of a game for two are drawn on a board.
MARKS = "XO"


# What is shown comes from others: it is shown as it is, and lines are left whole, to be copied.
console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def show(state: GameState, before: GameState | None = None) -> None:
    """The whole table, and what to do; to one who waits, only what others did since ``before``."""
    news = new_lines(state, before)
    console.print()
    if before is not None and news and state.outcome is None and state.seat not in state.to_act:
        # Others play on: what they did is enough.
        _print_all(news)
        show_what_to_do(state)
        return
    console.rule(f"{state.engine} {state.game_id}")
    on_board = _is_board_for_two(state)
    for player in state.players:
        turn = "→" if player.seat in state.to_act else " "
        seat = MARKS[player.seat] if on_board else player.seat
        name = player.name or "(empty)"
        away = "" if player.online or player.name is None else f" · {_away(player)}"
        you = " (you)" if player.seat == state.seat else away
        console.print(f"{turn} {seat}: {name}{you}")
    view = state.view if isinstance(state.view, dict) else {"view": state.view}
    said = view.get("text")
    if isinstance(said, str):
        # The text is the whole table, drawn by the engine for a terminal: the board is for pages.
        view = {key: value for key, value in view.items() if key != "board"}
    drawn = boards.lines(view.get("board"), _names(state))
    if isinstance(said, list):
        # The engine says it in words: `text` is for people, the other fields are for programs.
        view = {"board": view["board"]} if "board" in view else {}
        _print_all(map(plain, said))
    for key, value in view.items() if state.view is not None else ():
        if key != "log" and not (key == "board" and drawn is not None):
            _show_value(key, value, on_board)
    _print_all([*(drawn or ()), *news])
    show_what_to_do(state)


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line)


def _names(state: GameState) -> list[str]:
    """What to call each seat: this player's own one is "you"."""
    return [
        "you" if player.seat == state.seat else player.name or f"seat {player.seat}"
        for player in state.players
    ]


def new_lines(state: GameState, before: GameState | None) -> list[str]:
    """The lines of the view's log that were not there before."""
    first, lines = _log(state)
    seen_first, seen = (0, []) if before is None else _log(before)
    return lines[max(0, seen_first + len(seen) - first) :]


def _log(state: GameState) -> tuple[int, list[str]]:
    """The number of the log's first line, and its lines."""
    log = state.view.get("log") if isinstance(state.view, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("lines"), list):
        return 0, []
    return log.get("first", 0), [plain(line) for line in log["lines"]]


def show_what_to_do(state: GameState) -> None:
    """What this player may or must do, or who is waited for, or how it ended."""
    if state.outcome is not None:
        _show_outcome(state)
    elif state.status is GameStatus.OPEN:
        console.print("Waiting for the others to sit down …")
    else:
        _show_claim(state)
        _show_turn(state)


def _show_turn(state: GameState) -> None:
    if state.seat not in state.to_act:
        names = [state.players[seat].name or str(seat) for seat in state.to_act]
        console.print(f"Waiting for {' and '.join(names)} … (or resign)")
    else:
        if state.request is not None and state.request.kind == "forced":
            console.print(f"You must: {_in_words(state.request.forced)}", style="bold yellow")
        words = labels(state)
        if words:
            console.print("You may:")
            for number, label in enumerate(words, 1):
                console.print(f"{number:>4}  {label}")
        elif state.legal_actions is not None:
            actions = " ".join(plain(action) for action in state.legal_actions)
            console.print(f"You may play: {actions}")
        console.print("Your action (or resign): ", end="")


def claimable_at(state: GameState) -> int | None:
    """From when on (ms) this player may claim, if nobody comes back; None: not all are gone."""
    others = [one for one in state.players if one.seat != state.seat and one.bot is UNSET]
    gone = [one.gone for one in others if isinstance(one.gone, GoneView)]
    if state.seat is None or not gone or len(gone) < len(others):
        return None
    return max(one.claimable_at for one in gone)


def _show_claim(state: GameState) -> None:
    at = claimable_at(state)
    if at is not None:
        clock = datetime.fromtimestamp(at / 1000).strftime("%H:%M:%S")
        console.print(f"From {clock} on you may end the game: claim (you win), or claim draw")


def _away(player: PlayerView) -> str:
    if not isinstance(player.gone, GoneView):
        return "away"
    return "gone" if player.gone.closed else "gone, the line broke"


def labels(state: GameState) -> list[str]:
    """The legal actions in words; empty if there are none."""
    words = state.request.labels if state.request is not None else UNSET
    return [] if isinstance(words, UnsetType) else words


def _in_words(forced: JSON) -> str:
    text = forced.get("text") if isinstance(forced, dict) else None
    return text if isinstance(text, str) else plain(forced)


def _show_outcome(state: GameState) -> None:
    assert state.outcome is not None
    names = [
        "You" if seat == state.seat else state.players[seat].name or str(seat)
        for seat in state.outcome.winners
    ]
    result = f"{' and '.join(names)} won" if names else "Nobody won"
    # Whole numbers come as floats: a score may be a half.
    scores = "".join(f" {score:g}" for score in state.outcome.scores or ())
    console.print(f"{result}: {state.outcome.reason}{scores}", style="bold")


def show_presence(shown: GameState, state: GameState) -> None:
    """Who came or went since what was shown last."""
    changed = [
        player
        for before, player in zip(shown.players, state.players, strict=True)
        if player.seat != state.seat
        and (player.online, player.gone) != (before.online, before.gone)
    ]
    for player in changed:
        console.print(f"\n{player.name} is {'here' if player.online else _away(player)}.")
    if changed:
        show_what_to_do(state)


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
    else:
        console.print(f"{key}: {plain(value)}")


def _cell(value: JSON) -> str:
    return "." if value is None else plain(value)


def plain(value: JSON) -> str:
    """JSON as a person types it: a string without its quotes."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
