"""Chess engines: what their moves are called, and how they may fail."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from meeple.client.bots import BotFailed, Effort
from meeple.client.bots.child import Child
from meeple.client.bots.uci import UciEngine, go
from meeple.engine.rules import Rules
from meeple.engines.openspiel.uci import uci_moves
from meeple.services.engine_catalog import EngineCatalog
from tests.bots.matches import stockfish

CHESS = EngineCatalog().rules("openspiel:chess")

#: The start, the position known as Kiwipete, and others of the usual tests of move generators.
POSITIONS = {
    "start": "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
    "castling both ways": "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
    "castling of Black": "r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 0 1",
    "en passant": "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
    "promotions": "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1",
    "promotions with capture": "n1n5/PPPk4/8/8/8/8/4Kppp/5N1N w - - 0 1",
    "knights and rooks to tell apart": "R6R/8/6k1/8/2N3N1/8/2N3N1/R3K2R w - - 0 1",
    "queens to tell apart": "8/8/3k4/8/Q6Q/8/8/1K5Q w - - 0 1",
    "a pawn that is pinned en passant": "8/8/8/8/k2Pp2Q/8/8/3K4 b - d3 0 1",
    "check": "4k3/8/8/8/8/8/4r3/R3K2R w KQ - 0 1",
}


def legal(rules: Rules, fen: str) -> dict[str, str]:
    state = rules.new_game(2, {"fen": fen, "chess960": False}, Random(0))
    return uci_moves(state, rules.to_act(state, 2)[0])


async def listed_by_stockfish(positions: Sequence[str]) -> list[set[str]]:
    """The legal moves of each, as Stockfish lists them for its ``go perft 1``."""
    child = await Child.start("stockfish", shlex.split(stockfish().removeprefix("uci:")))
    listed: list[set[str]] = []
    try:
        for fen in positions:
            moves: set[str] = set()
            await child.tell(f"position fen {fen}\ngo perft 1")
            await child.hear(partial(last_of_perft, moves), 20)
            listed.append(moves)
    finally:
        await child.aclose("quit")
    return listed


def last_of_perft(moves: set[str], line: str) -> bool | None:
    """Take the move of a line, if it has one; True at the last line."""
    found = re.fullmatch(r"([a-h]\d[a-h]\d\w?): 1", line)
    if found is not None:
        moves.add(found[1])
    return line.startswith("Nodes searched") or None


async def test_moves_are_called_as_stockfish_calls_them() -> None:
    listed = await listed_by_stockfish(list(POSITIONS.values()))
    for (name, fen), moves in zip(POSITIONS.items(), listed, strict=True):
        assert legal(CHESS, fen).keys() == moves, name


@pytest.mark.parametrize(
    ("position", "called"),
    [
        ("castling both ways", {"e1g1": "O-O", "e1c1": "O-O-O"}),
        ("castling of Black", {"e8g8": "O-O", "e8c8": "O-O-O"}),
        ("en passant", {"e5f6": "exf6"}),
        (
            "promotions with capture",
            {"b7b8q": "b8=Q", "b7b8n": "b8=N", "b7a8r": "bxa8=R", "b7c8b": "bxc8=B+"},
        ),
        (
            "knights and rooks to tell apart",
            {"a1a4": "R1a4", "c4e3": "Nc4e3", "g2e3": "Ng2e3", "a8d8": "Rad8"},
        ),
    ],
)
def test_moves_get_the_words_of_the_table(position: str, called: dict[str, str]) -> None:
    moves = legal(CHESS, POSITIONS[position])
    assert {move: moves.get(move, "").rstrip("+#") for move in called} == {
        move: word.rstrip("+#") for move, word in called.items()
    }


def test_a_move_leads_to_the_same_board_by_either_name() -> None:
    """By what stands where, in random games: the move's name says what it changes."""
    rng = Random(5)
    for _ in range(4):
        state: Any = CHESS.new_game(2, {"fen": "", "chess960": False}, Random(0))
        for _ in range(60):
            if not (to_act := CHESS.to_act(state, 2)):
                break
            move, word = rng.choice(sorted(uci_moves(state, to_act[0]).items()))
            after = CHESS.apply(state, to_act[0], word, Random(0))
            before_squares, squares = squares_of(state), squares_of(after)
            assert squares[move[:2]] == "."
            moved = before_squares[move[:2]]
            promoted = move[4:].upper() if moved.isupper() else move[4:]
            assert squares[move[2:4]] == (promoted or moved)
            state = after


def squares_of(state: Any) -> dict[str, str]:
    rows = str(state.spiel).split()[0].split("/")
    signs = ["".join("." * int(sign) if sign.isdigit() else sign for sign in row) for row in rows]
    return {
        f"{'abcdefgh'[column]}{8 - row}": sign
        for row, line in enumerate(signs)
        for column, sign in enumerate(line)
    }


# --- the driver ---------------------------------------------------------------------------------


async def test_stockfish_finds_a_mate_and_is_gone_when_it_is_closed() -> None:
    engine = await UciEngine.start(stockfish().removeprefix("uci:"))
    [process] = [one for one in psutil.Process().children() if "stockfish" in str(one.cmdline())]
    try:
        await engine.new_game()
        moves = ["f2f3", "e7e5", "g2g4"]
        for effort in (Effort(movetime=50), Effort(iterations=2000), Effort(depth=3)):
            assert await engine.best_move("", moves, effort) == "d8h4"
    finally:
        await engine.aclose()
    assert not process.is_running()


def test_all_limits_are_told() -> None:
    assert go(Effort(iterations=100, movetime=50, depth=3)) == "go nodes 100 movetime 50 depth 3"


def engine_that(folder: Path, *does: str) -> str:
    """A program that gets ready as it should, and then does this at each ``go``."""
    lines = [
        "import sys, time",
        "for line in sys.stdin:",
        "    word = line.split()[0]",
        "    if word == 'uci': print('id name Odd\\nuciok', flush=True)",
        "    if word == 'isready': print('readyok', flush=True)",
        "    if word == 'quit': break",
        "    if word == 'go':",
        *(f"        {one}" for one in does),
    ]
    return program(folder, lines)


def program(folder: Path, lines: Sequence[str]) -> str:
    path = folder / "an engine.py"
    path.write_text("\n".join(lines))
    return f"{sys.executable} '{path}'"


@pytest.mark.parametrize(
    ("lines", "patience", "why"),
    [
        (["import sys", "sys.exit('no such book')"], 20, r"ended \(exit code 1\)\n  no such book"),
        (
            ["import time", "print('hello?', flush=True)", "time.sleep(60)"],
            4,
            "last said 'hello\\?'",
        ),
        (["print('x' * 3_000_000, flush=True)", "input()"], 20, "a line of more than"),
        (["while True: print('info what', flush=True)"], 1, "did not answer in"),
        (["while input() != 'uci': pass", "print('uciok')"], 20, r"ended \(exit code 0\)"),
    ],
)
async def test_one_that_does_not_get_ready_is_told(
    tmp_path: Path, lines: list[str], patience: float, why: str
) -> None:
    with pytest.raises(BotFailed, match=why):
        # Its process may need a while to start on a busy machine; one that talks has the time.
        await asyncio.wait_for(UciEngine.start(program(tmp_path, lines), patience=patience), 40)
    assert not [one for one in psutil.Process().children() if "an engine.py" in str(one.cmdline())]


@pytest.mark.parametrize("command", ["/no/such/engine", "", "'", "/etc/hostname"])
async def test_one_that_is_no_program_is_told(command: str) -> None:
    with pytest.raises(BotFailed, match=r"cannot be started|is given by its path|is no command"):
        await UciEngine.start(command)


@pytest.mark.parametrize(
    ("does", "why"),
    [
        (["sys.exit('out of memory')"], r"ended \(exit code 1\)\n  out of memory"),
        (["print('bestmoves e2e4', flush=True)"], "did not answer in 4.1 s; it last said"),
        (["time.sleep(60)"], "did not answer in 4.1 s"),
    ],
)
async def test_one_that_dies_or_says_nothing_of_use_is_told(
    tmp_path: Path, does: list[str], why: str
) -> None:
    engine = await UciEngine.start(engine_that(tmp_path, *does), patience=4)
    try:
        with pytest.raises(BotFailed, match=why):
            await engine.best_move("", [], Effort(movetime=100))
    finally:
        await engine.aclose()


async def test_one_that_complains_at_length_is_heard_all_the_same(tmp_path: Path) -> None:
    does = ("print('oh\\n' * 300_000, file=sys.stderr)", "print('bestmove e2e4', flush=True)")
    engine = await UciEngine.start(engine_that(tmp_path, *does), patience=10)
    try:
        assert await engine.best_move("", [], Effort(movetime=100)) == "e2e4"
    finally:
        await engine.aclose()


async def test_one_that_does_not_go_is_ended(tmp_path: Path) -> None:
    deaf = engine_that(tmp_path, "while True: time.sleep(1)")
    engine = await UciEngine.start(deaf, patience=4)
    with pytest.raises(BotFailed):
        await engine.best_move("", [], Effort(movetime=1))
    await engine.aclose()
    assert not [one for one in psutil.Process().children() if "an engine.py" in str(one.cmdline())]
