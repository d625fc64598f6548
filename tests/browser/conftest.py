"""One server and one Chromium for all tests of the page; everybody has a browser context alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import browsing
from tests.browser.person import Person
from tests.harness import ServerProcess, server_process

Arrive = Callable[..., Awaitable[Person]]


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def server(tmp_path_factory: Any) -> AsyncIterator[ServerProcess]:
    async with server_process(tmp_path_factory.mktemp("server")) as process:
        yield process


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="package")
async def arrive(server: ServerProcess, browser: Browser) -> AsyncIterator[Arrive]:
    """Makes people; when the test is over, none of their pages may have had a complaint."""
    people: list[Person] = []

    async def arriving(**options: Any) -> Person:
        people.append(await Person.arrive(browser, server.url, **options))
        return people[-1]

    yield arriving
    for person in people:
        await person.leave()
