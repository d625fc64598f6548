"""The tutorial, done as it says: its files written where it says, its commands run."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.author import Author
from tests.harness import ServerProcess
from tests.wire.test_cli import MEEPLE, printed_command, terminal

TUTORIAL = (Path(__file__).parents[2] / "docs" / "write-a-game.md").read_text(encoding="utf-8")
#: Every block of code, and the file that its first line names.
FILES = re.findall(r"^```python\n# (\S+)\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)


def commands(word: str) -> list[tuple[str, str]]:
    """The commands that the page shows, of those that begin with a word, and what they print."""
    blocks = re.findall(r"^```console\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)
    shown = [one.partition("\n") for block in blocks for one in block.split("$ ")[1:]]
    return [(command, printed) for command, _, printed in shown if command.startswith(word)]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """Somebody who has read the page and done what it says, up to playing."""
    author = Author(tmp_path_factory.mktemp("newcomer"))
    [(new, printed)] = commands("meeple new")
    assert author.run(*new.split()).startswith(printed.partition("…")[0])
    author.install("nim")
    for name, code in FILES:
        (author.folder / "nim" / name).write_text(code, encoding="utf-8")
    return author


def test_every_block_of_code_says_which_file_it_is() -> None:
    assert len(FILES) == TUTORIAL.count("```python")
    assert len({name for name, _ in FILES}) == len(FILES)


def test_the_tests_of_the_tutorial_pass(newcomer: Author) -> None:
    tests = "".join(code for name, code in FILES if name.startswith("tests/"))
    code = "".join(code for _, code in FILES)
    engines = re.findall(r'^class (\w+).*:\n    """', code, re.MULTILINE)

    assert "8 passed" in newcomer.run("pytest", at="nim")
    assert len(engines) == 6
    assert all(name in tests for name in engines)


def test_the_check_prints_what_the_page_shows(newcomer: Author) -> None:
    [(check, printed)] = commands("meeple check")
    told = newcomer.run(*check.split(), at="nim")

    # How long random games are is for another version of hypothesis to say.
    assert re.sub(r"\d+ actions", "", told) == re.sub(r"\d+ actions", "", printed.strip() + "\n")


async def test_the_rules_are_changed_while_a_game_is_on(newcomer: Author, tmp_path: Path) -> None:
    [(installed, _), (tried, _)] = commands("meeple serve --dev")
    rules = newcomer.folder / "nim" / "nim" / "rules.py"
    written = rules.read_text(encoding="utf-8")
    before, after = re.findall(r"`(\(\d, \d, \d\))`", TUTORIAL)
    (newcomer.folder / "my_game.py").write_text("from nim import Nim as MyGame\n")
    options = [*installed.split()[2:], *tried.split()[3:]]
    server = ServerProcess(tmp_path, *options, python=newcomer.python, cwd=newcomer.folder)
    await server.start()
    try:
        async with aiohttp.ClientSession(f"{server.url}/api/v1/dev/") as session:

            async def ask(path: str, body: Any = None) -> Any:
                method = "GET" if body is None else "POST"
                async with session.request(method, path, json=body) as answer:
                    return await answer.json()

            assert (await ask("../dev"))["engines"] == ["my-game", "nim"]
            game_id = (await ask("games", {"engine": "nim"}))["game_id"]
            await ask(f"games/{game_id}/act", {"seat": 0, "action": [0, 3]})
            rules.write_text(written.replace(before, after), encoding="utf-8")
            async with asyncio.timeout(20):
                while (await ask("../dev"))["version"] == 0:  # noqa: ASYNC110 - over the net
                    await asyncio.sleep(0.05)
            position = (await ask(f"games/{game_id}"))["position"]
            assert position["state"] == [1, [4, 7, 7]]
    finally:
        rules.write_text(written, encoding="utf-8")
        await server.stop()


async def test_two_people_play_the_tutorials_game(newcomer: Author, tmp_path: Path) -> None:
    [(play, _)] = commands("meeple play")
    server = ServerProcess(tmp_path, python=newcomer.python)
    await server.start()
    try:
        async with terminal(MEEPLE, *play.split()[1:], "--url", server.url) as ann:
            await ann.sees("Waiting for the others to sit down")
            async with terminal(*printed_command(ann, "The other player types")) as ben:
                await ann.act("[0,3]")
                await ben.act("[1,4]")
                await ann.act("[0,1]")
                await ann.sees("No: ")
                await ann.act("[2,5]")
                await ann.sees("You won: last_stone")
                await ben.sees("Ann won: last_stone")
    finally:
        await server.stop()
