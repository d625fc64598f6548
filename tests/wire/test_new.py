"""`meeple new`, as its author uses it: write, install, test, check, serve and play."""

from __future__ import annotations

from pathlib import Path

import pytest

from meeple.cli.new import new
from meeple.errors import ConfigurationError
from tests.author import Author
from tests.harness import ServerProcess
from tests.wire.test_cli import MEEPLE, PROMPT, printed_command, run, terminal


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """An author who has written a new game and installed it."""
    author = Author(tmp_path_factory.mktemp("author"))
    told = author.run("meeple", "new", "take-away")
    assert "meeple play --engine take-away" in told
    author.install("take-away")
    return author


def test_the_new_games_own_tests_pass(author: Author) -> None:
    assert "3 passed" in author.run("pytest", at="take-away")


def test_the_new_game_is_on_offer(author: Author) -> None:
    (line,) = [line for line in author.run("meeple", "engines").splitlines() if "take-away" in line]

    assert line.split()[:2] == ["take-away", "2-4"]
    assert "Take one to three stones" in line


def test_the_new_game_passes_the_check_by_its_name_and_by_its_class(author: Author) -> None:
    by_name, by_class = (
        author.run("meeple", "check", name, "--games", "10", at="take-away")
        for name in ("take-away", "take_away:TakeAway")
    )
    assert by_name.startswith("TakeAway passed: 10 games, ")
    assert by_class == by_name


def test_a_fault_that_its_author_makes_is_told_by_its_test(author: Author) -> None:
    rules = author.folder / "take-away" / "take_away" / "rules.py"
    sound = rules.read_text()
    rules.write_text(sound.replace('{"stones": state.stones}', "{state.stones}"))
    try:
        told = author.run("pytest", "--tb=short", at="take-away", code=1)
    finally:
        rules.write_text(sound)
    assert "a seat's view is a set: its order differs" in told


async def test_two_people_play_the_new_game(author: Author, tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, python=author.python)
    await server.start()
    url = ("--url", server.url)
    try:
        async with terminal(MEEPLE, "play", "--engine", "take-away", "--name", "Ann", *url) as ann:
            await ann.sees("Waiting for the others to sit down")
            async with terminal(*printed_command(ann, "The other player types")) as ben:
                for number in range(1, 5):
                    mover = ann if number % 2 else ben
                    await mover.act("3")
                await ben.sees("You won: last_stone")
                await ann.sees("Player won: last_stone")
                assert "You may play: 1 2 3" in ann.screen
                assert PROMPT in ben.screen
    finally:
        await server.stop()


# --- what it refuses ----------------------------------------------------------------------------

REFUSED = {
    "My Game": "such as my-game",
    "my_game": "such as my-game",
    "2048": "letter first; such as my-game",
    "été": "such as my-game",
    "a--b": "such as a-b",
    "../up": "such as up",
    "x" * 41: f"at most 40, a letter first; such as {'x' * 40}",
    "": "such as my-game",
    "if": "is a word that Python needs",
    "random": "is a word that Python needs",
    "tests": "is a word that Python needs",
    "meeple": "is installed already",
    "open-spiel": "is installed already",
    "pyjwt": "'PyJWT' is installed already",
    "tic-tac-toe": "there is a game 'tic-tac-toe' already",
    "openspiel": "there is a family of games 'openspiel' already",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_will_not_do_is_refused_and_writes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        new(name, tmp_path)

    assert REFUSED[name] in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "my-game").write_text("mine")

    with pytest.raises(ConfigurationError, match="already; it is left as it is"):
        new("my-game", tmp_path)

    assert (tmp_path / "my-game").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="my-game: No such file"):
        new("my-game", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["state", "outcome", "any"])
def test_a_game_may_be_called_what_its_rules_call_something_else(name: str, tmp_path: Path) -> None:
    rules = (new(name, tmp_path) / name / "rules.py").read_text()

    assert f"class {name.capitalize()}Game:" in rules
    compile(rules, "rules.py", "exec")


async def test_the_command_says_what_to_do_next_or_why_not(tmp_path: Path) -> None:
    made = await run("new", "my-game", folder=tmp_path)
    again = await run("new", "my-game", folder=tmp_path)

    assert (made.code, made.err) == (0, "")
    assert "  cd my-game\n  pip install -e .\n  meeple serve\n" in made.out
    assert "there is a my-game already" in again.refusal
