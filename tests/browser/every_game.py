"""Plays the first actions of every game on offer through the page, against random bots.

``python -m tests.browser.every_game [NAME …]`` plays all of them, or those whose name holds a word;
it says of each how it was played, and ends with 1 if one could not be.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from playwright.async_api import Error, Page

from tests.browser.chromium import browsing
from tests.browser.person import POSSIBLE, Person
from tests.harness import server_process

ACTIONS = 4
ADDRESS = "/api/v1/games"


async def headers(person: Person) -> dict[str, str]:
    token = await person.page.evaluate("JSON.parse(localStorage['meeple.account']).token")
    return {"authorization": f"Bearer {token}"}


async def table(person: Person, engine: dict[str, Any]) -> str:
    """A table of the game, the other seats taken by bots; its id."""
    others = [{"bot": "random", "level": 1}] * (engine["min_seats"] - 1)
    answer = await person.context.request.post(
        person.url + ADDRESS,
        headers=await headers(person),
        data={"engine": engine["name"], "seats": ["me", *others], "public": False},
    )
    state = await answer.json()
    assert answer.status == 201, state
    game_id: str = state["game_id"]
    return game_id


async def act(page: Page, chance: Random) -> str:
    """Do one of the actions that the page offers; gives how: ``board``, ``cards`` or ``list``."""
    if await page.locator(".card.playable").count():
        cards = await page.locator(".card.playable").all()
        await chance.choice(cards).click()
        for _ in range(3):
            if await page.locator(".question button").count():
                await page.locator(".question button").first.click()
            elif await page.locator(".card.picked").count():
                await page.locator(".card.target").first.click()
        return "cards"
    if await page.locator(POSSIBLE).count():
        for _ in range(8):
            if await page.locator(".question button").count():
                await page.locator(".question button").first.click()
                break
            cells = await page.locator(POSSIBLE).all()
            if not cells:
                break
            cell = chance.choice(cells)
            await cell.focus()
            await cell.press("Enter")
            if not await page.locator('[aria-selected="true"], .squares .picked').count():
                break
        return "board"
    buttons = page.locator(".actions .list button")
    await buttons.nth(chance.randrange(min(8, await buttons.count()))).click()
    return "list"


async def play(person: Person, engine: dict[str, Any], actions: int = ACTIONS) -> Counter[str]:
    """Play some actions of a game; gives how many of them were played in which way."""
    chance = Random(engine["name"])
    page = person.page
    ways: Counter[str] = Counter()
    game_id = await table(person, engine)
    await page.goto(f"{person.url}/#/game/{game_id}")
    for _ in range(actions):
        await page.wait_for_selector("main.my-turn, main[data-status=over]")
        if await page.locator("main[data-status=over]").count():
            break
        await page.wait_for_selector(
            f".card.playable, {POSSIBLE}, .actions .list button, .actions.free input"
        )
        before = await person.seq()
        way = await act(page, chance)
        await person.moved(before)
        ways[way] += 1
    # One may play at so many tables with bots only.
    resigned = f"{person.url}{ADDRESS}/{game_id}/resign"
    await person.context.request.post(resigned, headers=await headers(person))
    assert ways, f"nothing was played of {engine['name']}"
    return ways


async def main(words: list[str]) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder)) as server, browsing() as browser:
            person = await Person.arrive(browser, server.url)
            await person.enter("Ann")
            await person.page.wait_for_selector(".tile:not([disabled])")
            answer = await person.context.request.get(f"{server.url}/api/v1/engines")
            for engine in (await answer.json())["engines"]:
                if words and not any(word in engine["name"] for word in words):
                    continue
                try:
                    how = dict(await play(person, engine))
                except (AssertionError, Error) as error:
                    how = f"FAILED: {str(error)[:300]}"  # type: ignore[assignment]
                    failed += 1
                print(engine["name"], how, *person.complaints, flush=True)
                failed += bool(person.complaints)
                person.complaints.clear()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
