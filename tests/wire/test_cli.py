"""The command line, as the processes that a person starts: what it prints and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import shlex
import socket
import sqlite3
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

import meeple
from meeple.client import Refused, Rest
from tests.harness import ServerProcess, server_process, until

# One server, and so one event loop, for everybody who plays.
pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

MEEPLE = str(Path(sys.executable).with_name("meeple"))
#: Runs a command with its standard input as the terminal that Ctrl-C goes to.
IN_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
PROMPT = "Your action (or resign): "
CTRL_C, CTRL_D = "\x03", "\x04"
#: What styles the text on a terminal.
STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line on stderr of a command that could not do what it was told."""
        assert (self.code, self.out) == (1, ""), self
        [line] = self.err.splitlines()
        assert line.startswith("meeple: ")
        return line


async def run(*arguments: str, folder: Path | None = None, **settings: str) -> Ended:
    """A command that is expected to end by itself; it is run in ``folder``, its data folder too."""
    own = {"MEEPLE_DATA": str(folder)} if folder else {}
    if folder is not None:
        os.makedirs(folder, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        MEEPLE,
        *arguments,
        cwd=folder,
        env={**os.environ, **own, **{f"MEEPLE_{key.upper()}": settings[key] for key in settings}},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


# --- what it offers -----------------------------------------------------------------------------


async def test_it_tells_its_version() -> None:
    assert await run("--version") == Ended(0, f"meeple {meeple.__version__}\n", "")


async def test_it_lists_the_games_on_offer_for_people_and_for_programs() -> None:
    listed, as_json = await asyncio.gather(run("engines"), run("engines", "--json"))
    for name in ("tic-tac-toe", "connect-four", "goofspiel"):
        assert re.search(rf"^ *{name} +2", listed.out, re.MULTILINE), listed.out
    games = {one["name"]: one for one in json.loads(as_json.out)}
    assert {"tic-tac-toe", "connect-four", "goofspiel"} <= games.keys()
    assert games["goofspiel"]["seats"] == [2, 6]
    assert "cards" in json.dumps(games["goofspiel"]["options"])
    assert games["tic-tac-toe"]["summary"].startswith("Three in a row")


# --- tokens -------------------------------------------------------------------------------------


async def test_a_token_is_good_on_the_server_of_the_same_folder_only(
    server: ServerProcess, tmp_path: Path
) -> None:
    user_id = uuid4()
    own, other = await asyncio.gather(
        run("token", "Ann", "--user", str(user_id), folder=server.folder),
        # Where no server has run yet, it makes a secret.
        run("token", "Ann", folder=tmp_path),
    )
    async with Rest(server.url, own.out.strip()) as rest:
        state = await rest.create_game("tic-tac-toe")
    assert (state.players[0].user_id, state.players[0].name) == (user_id, "Ann")
    async with Rest(server.url, other.out.strip()) as stranger:
        with pytest.raises(Refused, match="invalid_token"):
            await stranger.my_games()


async def test_a_token_is_an_admins_if_it_is_asked_for(server: ServerProcess) -> None:
    for options, status in (((), 403), (("--admin",), 200)):
        token = (await run("token", "Root", *options, folder=server.folder)).out.strip()
        url, headers = f"{server.url}/api/v1/admin/audit", {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
            assert answer.status == status


async def test_there_is_no_token_to_be_had_where_others_sign_them(tmp_path: Path) -> None:
    made = await run("token", folder=tmp_path, jwks_url="http://127.0.0.1:9/keys")
    assert "MEEPLE_SECRET" in made.refusal


# --- engines of one's own -----------------------------------------------------------------------

FAULTY = """
import random
from meeple.engines.tic_tac_toe import TicTacToe

class Faulty(TicTacToe):
    def apply(self, state, seat, action, rng):
        random.random()
        return super().apply(state, seat, action, rng)
"""


async def test_an_engine_that_keeps_to_the_rules_passes_the_check() -> None:
    checked = await run("check", "tic-tac-toe", "--games", "5")
    assert checked == Ended(0, checked.out, "")
    assert checked.out.startswith("TicTacToe passed: 5 games")


async def test_a_pattern_checks_every_engine_of_a_family_that_fits() -> None:
    checked = await run("check", "openspiel:matrix_*p*", "--games", "2")
    assert checked.code == 0
    names = [line.partition(" passed")[0] for line in checked.out.splitlines()]
    assert names[:2] == ["openspiel:matrix_brps", "openspiel:matrix_mp"]
    assert len(names) == len([name for name in names if name.startswith("openspiel:matrix_")])


async def test_a_faulty_engine_fails_the_check_and_is_told_what_to_mend(tmp_path: Path) -> None:
    (tmp_path / "my_game.py").write_text(FAULTY)
    checked = await run("check", "my_game:Faulty", "--games", "5", folder=tmp_path)
    assert checked == Ended(1, checked.out, "")
    assert checked.out.startswith("Faulty failed: 1 problem in ")
    assert "[global_random]" in checked.out
    assert "rng" in checked.out


async def test_a_game_of_the_check_is_played_alone_by_what_the_report_says(tmp_path: Path) -> None:
    one = ("--games", "1", "--seats", "3", "--options", '{"cards": 2}')
    alone, cut, *wrong = await asyncio.gather(
        run("check", "goofspiel", "--seed", "7", *one),
        run("check", "goofspiel", "--seed", "7", *one, "--max-actions", "4"),
        run("check", "goofspiel", "--options", "[2]"),
        run("check", "goofspiel", "--skip", "json"),
    )
    assert alone.out == "Goofspiel passed: 1 games, 6 actions, no problem found.\n"
    assert "[termination] (seed 7, 3 seats, after 4 actions, options {'cards': 2})" in cut.out
    assert "The game is not over after 4 actions" in cut.out
    assert [ended.code for ended in wrong] == [2, 2]
    assert "no JSON object" in wrong[0].err
    assert "can be skipped" in wrong[1].err


async def test_what_is_not_there_cannot_be_checked(tmp_path: Path) -> None:
    names = ("no_such_module:Engine", "meeple.engines.tic_tac_toe:NoSuch", "no-such-engine")
    for name, ended in zip(
        names,
        await asyncio.gather(*(run("check", name, folder=tmp_path) for name in names)),
        strict=True,
    ):
        assert name in ended.refusal


# --- verify -------------------------------------------------------------------------------------


async def play_two_games(server: ServerProcess) -> str:
    """One game that is over and one that is on; gives the first."""
    async with Rest(server.url) as rest:
        ann, ben = await rest.guest("Ann"), await rest.guest("Ben")
    async with Rest(server.url, ann.token) as one, Rest(server.url, ben.token) as other:
        games = [(await one.create_game(name)).game_id for name in ("goofspiel", "tic-tac-toe")]
        for game_id in games:
            await other.take_seat(game_id)
        await one.resign(games[0])
    return games[0]


async def test_verify_reads_a_stopped_servers_games_and_finds_what_is_wrong(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        game_id = await play_two_games(server)
        refused = await run("verify", folder=tmp_path)
        assert "in use by another Meeple server" in refused.refusal

    assert await run("verify", folder=tmp_path) == Ended(0, "2 games, 0 faults\n", "")

    database = sqlite3.connect(tmp_path / "meeple.sqlite3")
    with contextlib.closing(database), database:
        changed = database.execute(
            "UPDATE games SET status = 'live' WHERE game_id = ?", (game_id,)
        ).rowcount
    assert changed == 1
    found = await run("verify", folder=tmp_path)
    assert found.code == 1
    assert found.out.splitlines() == [
        f"{game_id}: the index says something else than its log",
        "2 games, 1 faults",
    ]


async def test_games_move_from_one_database_to_another(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        await play_two_games(server)
        refused = await run("export", "-", folder=tmp_path)
        assert "in use by another Meeple server" in refused.refusal
    file, copy = tmp_path / "games.jsonl", tmp_path / "copy"
    assert (await run("export", str(file), folder=tmp_path)).code == 0
    assert file.stat().st_mode & 0o077 == 0
    imported = await run("import", str(file), folder=copy)
    assert imported.err.splitlines()[-1].startswith("2 games, ")
    assert imported.err.splitlines()[-1].endswith(" entries, 0 faults")
    assert await run("verify", folder=copy) == Ended(0, "2 games, 0 faults\n", "")
    assert (await run("export", "-", folder=copy)).out == file.read_text()
    missing = await run("import", str(tmp_path / "nothing"), folder=copy)
    assert missing.code == 2


# --- a server that cannot start -----------------------------------------------------------------


async def test_a_server_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run("serve", "--port", str(port), folder=tmp_path)
    assert f"cannot listen on 127.0.0.1:{port}" in ended.refusal


async def test_a_server_does_not_start_with_a_setting_that_is_wrong(tmp_path: Path) -> None:
    wrong = {
        "port": ("abc", "port"),
        "secret": ("too short", "at least 32 bytes"),
        "database": ("mysql://localhost/meeple", "mysql is no file"),
        "log_level": ("loud", "log_level"),
    }
    answers = await asyncio.gather(
        *(
            run("serve", folder=tmp_path / name, **({"port": "0"} | {name: value}))
            for name, (value, _) in wrong.items()
        )
    )
    for ended, (_, word) in zip(answers, wrong.values(), strict=True):
        assert word in ended.refusal


async def test_a_misspelt_setting_is_warned_of_by_a_server_that_starts(tmp_path: Path) -> None:
    async with server_process(tmp_path, gests="false") as server:
        [line] = [line for line in server.lines if "unknown setting" in line]
    assert re.search("warning .* meant=MEEPLE_GUESTS .*variable=MEEPLE_GESTS", line)


# --- play ---------------------------------------------------------------------------------------


class Terminal:
    """A person at a terminal in which a command runs."""

    def __init__(self) -> None:
        self._written = b""
        self._process: asyncio.subprocess.Process
        self._keyboard = -1

    @property
    def screen(self) -> str:
        return STYLE.sub("", self._written.decode(errors="ignore")).replace("\r\n", "\n")

    async def start(self, *command: str) -> None:
        self._keyboard, inner = os.openpty()
        # Narrow, so that what is to be copied would be broken if it could be.
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        asyncio.get_running_loop().add_reader(self._keyboard, self._read)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                IN_TERMINAL,
                *command,
                env={**os.environ, "TERM": "xterm"},
                stdin=inner,
                stdout=inner,
                stderr=inner,
            )
        finally:
            os.close(inner)

    def _read(self) -> None:
        try:
            data = os.read(self._keyboard, 65536)
        except OSError:  # the last one who had it open has gone
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._keyboard)
        self._written += data

    @property
    def pid(self) -> int:
        return self._process.pid

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    async def sees(self, text: str, times: int = 1) -> None:
        try:
            await until(lambda: self.screen.count(text) >= times)
        except TimeoutError:
            pytest.fail(f"{text!r} did not come {times} times:\n{self.screen}")

    async def act(self, action: str) -> None:
        """Answer the prompt."""
        try:
            await until(lambda: self.screen.endswith(PROMPT))
        except TimeoutError:
            pytest.fail(f"{action} was not asked for:\n{self.screen}")
        self.type(f"{action}\n")

    async def ends(self) -> int:
        return await asyncio.wait_for(self._process.wait(), 10)

    def found(self, pattern: str) -> str:
        match = re.search(pattern, self.screen, re.MULTILINE)
        assert match is not None, self.screen
        return match.group(1)

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        asyncio.get_running_loop().remove_reader(self._keyboard)
        os.close(self._keyboard)


@contextlib.asynccontextmanager
async def terminal(*command: str) -> AsyncIterator[Terminal]:
    opened = Terminal()
    await opened.start(*command)
    try:
        yield opened
    finally:
        await opened.close()


def printed_command(screen: Terminal, introduction: str) -> list[str]:
    """A command that the screen tells to type, as a shell would take it."""
    command, *arguments = shlex.split(screen.found(f"^{introduction}: (.*)$"))
    assert command == "meeple"
    return [MEEPLE, *arguments]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with server_process(tmp_path_factory.mktemp("server")) as started:
        yield started


@contextlib.asynccontextmanager
async def table_for_two(
    server: ServerProcess, *options: str
) -> AsyncIterator[tuple[Terminal, Terminal]]:
    """Ann makes a table, and Ben types what her screen tells."""
    async with AsyncExitStack() as stack:
        ann = await stack.enter_async_context(
            terminal(MEEPLE, "play", "--url", server.url, "--name", "Ann", *options)
        )
        await ann.sees("Waiting for the others to sit down")
        join = printed_command(ann, "The other player types")
        ben = await stack.enter_async_context(terminal(*join, "--name", "Ben"))
        yield ann, ben


async def test_two_people_play_in_two_terminals_until_one_wins(server: ServerProcess) -> None:
    async with table_for_two(server) as (ann, ben):
        game_id = printed_command(ann, "The other player types")[2]
        for one, other in ((0, 3), (1, 4)):
            await ann.act(str(one))
            await ben.act(str(other))
        await ann.act("2")
        assert (await ann.ends(), await ben.ends()) == (0, 0)
        await ann.sees("You won: line")
        await ben.sees("Ann won: line")
        for screen in (ann, ben):
            assert f"tic-tac-toe {game_id}" in screen.screen
            assert "  X X X\n  O O 5\n  6 7 8\n" in screen.screen
            assert "To come back" not in screen.screen
        assert "X: Ann (you)" in ann.screen
        assert "→ X: Ann" in ben.screen


async def test_one_person_plays_against_a_bot_of_the_house(server: ServerProcess) -> None:
    command = (MEEPLE, "play", "--url", server.url, "--bot", "mcts", "--level", "2")
    async with terminal(*command) as screen:
        await screen.sees("mcts bot, level 2")
        assert "The other player types" not in screen.screen
        await screen.act("4")
        await screen.act("resign")
        assert await screen.ends() == 0
        await screen.sees("mcts bot, level 2 won: resigned")
    asked = await run("play", "some-game", "--bot", "mcts", "--url", server.url)
    assert asked.code == 2
    assert "give no game" in asked.err
    refused = await run("play", "--bot", "stockfish", "--url", server.url)
    assert "policy_not_available" in refused.err


async def test_two_people_play_duel_by_numbers_and_see_what_they_must_do(
    server: ServerProcess,
) -> None:
    rules = ["--option", "hand_size=5", "--option", "turn_limit=10"]
    async with table_for_two(server, "--engine", "duel", *rules) as (ann, ben):
        for screen, deck in ((ann, "1"), (ben, "4")):
            await screen.sees("You must: Choose the deck that you play.")
            await screen.sees("   4  play the deck pond (slippery:")
            await screen.act(deck)
            await screen.sees("You must: Choose the creature of your hand that you begin with.")
            await screen.act("1")
        # Who only ends turns soon has too many cards.
        forced, other = await until_one_must_discard(ann, ben)
        name = "Ann" if forced is ann else "Ben"
        # Who waits is told what was done, and is not shown the whole table again.
        await other.sees(f"\n\nThey ended the turn\nWaiting for {name} … (or resign)\n")
        await forced.act('{"type": "end"}')
        await forced.sees("No: Another action must be taken first")
        await forced.act("1")
        await other.sees("They discarded ")
        await ann.act("resign") if ann.screen.endswith(PROMPT) else ann.type("resign\n")
        await ben.sees("You won: resigned")


async def shows_whole(screen: Terminal, turns_ended: int) -> None:
    """Everything that is shown after so many ends of turns, down to what there is to do."""
    await screen.sees("You ended the turn", turns_ended)
    await until(lambda: "(or resign)" in screen.screen.rpartition("You ended the turn")[2])


async def until_one_must_discard(ann: Terminal, ben: Terminal) -> tuple[Terminal, Terminal]:
    """Whoever is asked ends the turn; gives the one who is forced, and the other."""
    for turn in range(1, 10):
        for screen in (ann, ben):
            await screen.sees(f"began turn {turn} and drew a card")
        await until(lambda: ann.screen.endswith(PROMPT) or ben.screen.endswith(PROMPT))
        asked, other = (ann, ben) if ann.screen.endswith(PROMPT) else (ben, ann)
        number = asked.found(r"(?s).*^ +(\d+)  end the turn without an attack$")
        ended = asked.screen.count("You ended the turn")
        asked.type(f"{number}\n")
        await shows_whole(asked, ended + 1)
        if "You must: Discard until you have 5" in asked.screen:
            return asked, other
    raise AssertionError(f"nobody had to discard:\n{ann.screen}")


async def test_a_house_rule_that_is_none_is_told() -> None:
    asked = await run("play", "--option", "points")
    assert asked.code == 2
    assert "NAME=VALUE" in asked.err


async def test_rubbish_is_told_and_the_player_may_try_again(server: ServerProcess) -> None:
    refused = "No: The rules do not allow this action now."
    async with table_for_two(server) as (ann, ben):
        await ann.act("rubbish")
        await ann.sees(refused)
        await ann.act("[/red] {")
        await ann.sees(refused, 2)
        await ann.act("4")
        await ben.act("4")
        await ben.sees(refused)
        await ben.act("0")
        await ann.sees("  O 1 2\n  3 X 5\n  6 7 8\n")


async def test_whose_turn_it_is_not_can_only_resign(server: ServerProcess) -> None:
    async with table_for_two(server) as (ann, ben):
        await ann.sees(PROMPT)
        waiting = "Waiting for Ann … (or resign)"
        await ben.sees(waiting)
        so_far = ben.screen.count(waiting)
        ben.type("0\n")
        await ben.sees(waiting, so_far + 1)
        assert "  O 1 2\n" not in ben.screen
        ben.type("resign\n")
        assert (await ann.ends(), await ben.ends()) == (0, 0)
        await ann.sees("You won: resigned")
        await ben.sees("Ann won: resigned")


async def test_players_offer_accept_and_decline_and_talk(server: ServerProcess) -> None:
    async with table_for_two(server) as (ann, ben):
        await ben.sees("Waiting for Ann")
        ben.type("say good luck, Ann\n")
        await ann.sees("Ben: good luck, Ann")
        await ann.act("4")
        await ben.sees(PROMPT)
        ann.type("takeback\n")
        await ben.sees("Ann offers to take the last action back: accept or decline.")
        await ann.sees("You offer to take the last action back.")
        ben.type("accept\n")
        await ann.act("0")
        await ben.sees("  X 1 2\n  3 4 5\n  6 7 8\n")
        ann.type("draw\n")
        await ben.sees("Ann offers a draw: accept or decline.")
        ben.type("decline\n")
        await ann.sees("The offer of a draw is closed.")
        ann.type("draw\n")
        await ann.sees("No: you have offered that lately; play 10 more actions first")
        ann.type("accept\n")
        await ann.sees("Nothing is offered.")
        ben.type("draw\n")
        await ann.sees("Ben offers a draw")
        ann.type("accept\n")
        assert (await ann.ends(), await ben.ends()) == (0, 0)
        for one in (ann, ben):
            await one.sees("Nobody won: draw_agreed")


async def test_who_leaves_can_come_back_as_told(server: ServerProcess) -> None:
    async with table_for_two(server) as (ann, ben):
        await ann.act("4")
        await ben.sees(PROMPT)
        await ann.sees("Waiting for Ben")
        for person, key in ((ann, CTRL_C), (ben, CTRL_D)):
            person.type(key)
            assert await person.ends() == 0
            await person.sees("You left the table")
            assert "Traceback" not in person.screen
        await ben.sees("Ann is gone.")
        await ben.sees("you may end the game: claim (you win), or claim draw")
        async with (
            terminal(*printed_command(ann, "To come back")) as ann_again,
            terminal(*printed_command(ben, "To come back")) as ben_again,
        ):
            await ann_again.sees("X: Ann (you)")
            await ben_again.act("0")
            await ann_again.act("1")
            await ben_again.sees("  O X 2\n  3 X 5\n  6 7 8\n")


async def test_who_stays_is_told_from_when_on_to_claim(server: ServerProcess) -> None:
    async with table_for_two(server) as (ann, ben):
        await ann.sees(PROMPT)
        await ann.sees("Ben is here.")
        ben.type(CTRL_C)
        await ann.sees("Ben is gone.")
        await ann.sees("you may end the game: claim (you win), or claim draw")
        await ann.act("claim")
        await ann.sees("No: Ben may still come back: claim in")


async def test_what_play_cannot_do_is_one_clear_line(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    lonely, *unknown, elsewhere, nobody_types = await asyncio.gather(
        run("play", "--url", nobody),
        run("play", "no-such-game", "--url", server.url),
        run("play", "../guests", "--url", server.url),
        run("play", "--engine", "go", "--url", server.url),
        run("play", "--url", server.url),
    )
    assert nobody in lonely.refusal
    assert all("not_found" in ended.refusal for ended in unknown)
    assert "engine_not_found" in elsewhere.refusal
    assert "terminal" in nobody_types.err
    assert (nobody_types.code, "Traceback" in nobody_types.err) == (1, False)
