"""The web page is served beside the API, and never in its way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI
from yarl import URL

from meeple.api.page import mount_page
from tests.harness import until

SCRIPT = "console.log('meeple');\n" * 200
ASSET = "/assets/index-1a2b3c.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Meeple</title>")
    (tmp_path / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "assets" / "index-1a2b3c.js").write_text(SCRIPT)
    return tmp_path


def application() -> FastAPI:
    app = FastAPI(docs_url="/api/docs", redoc_url=None, openapi_url="/api/openapi.json")

    @app.get("/api/v1/engines")
    async def engines() -> list[str]:
        return ["tic-tac-toe"]

    return app


@contextlib.asynccontextmanager
async def browsing(app: FastAPI) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the application, on a real port."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with aiohttp.ClientSession(url, auto_decompress=False) as session:
                yield session
        finally:
            server.should_exit = True
            await serving


async def test_the_page_is_served_under_a_strict_policy_and_asked_for_every_time(
    built: Path,
) -> None:
    app = application()
    assert mount_page(app, built) is True
    async with browsing(app) as client:
        page = await client.get("/")
        assert page.status == 200
        assert page.content_type == "text/html"
        assert "Meeple" in await page.text()
        assert page.headers["Cache-Control"] == "no-cache"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy

        unchanged = {"If-None-Match": page.headers["ETag"]}
        again = await client.get("/", headers=unchanged)
        assert again.status == 304
        assert again.headers["Cache-Control"] == "no-cache"

        icon = await client.get("/favicon.svg")
        assert icon.content_type == "image/svg+xml"
        assert icon.headers["Content-Security-Policy"] == policy


async def test_the_page_of_admins_has_an_address_and_the_same_policy(built: Path) -> None:
    (built / "admin.html").write_text("<!doctype html><title>Administration</title>")
    app = application()
    mount_page(app, built)
    async with browsing(app) as client:
        page = await client.get("/admin")
        assert "Administration" in await page.text()
        policy = (await client.get("/")).headers["Content-Security-Policy"]
        assert page.headers["Content-Security-Policy"] == policy
        assert page.headers["Cache-Control"] == "no-cache"


async def test_a_page_that_is_built_anew_is_served_at_once(built: Path) -> None:
    app = application()
    mount_page(app, built)
    async with browsing(app) as client:
        (built / "index.html").write_text("<!doctype html><title>Another</title>")
        assert "Another" in await (await client.get("/")).text()


async def test_assets_are_kept_for_ever_and_sent_compressed(built: Path) -> None:
    app = application()
    mount_page(app, built)
    async with browsing(app) as client:
        asset = await client.get(ASSET, headers={"Accept-Encoding": "gzip"})
        assert asset.status == 200
        assert asset.content_type == "text/javascript"
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["X-Content-Type-Options"] == "nosniff"
        assert asset.headers["Content-Encoding"] == "gzip"
        assert len(await asset.read()) < len(SCRIPT) / 10

        plain = await client.get(ASSET, headers={"Accept-Encoding": "identity"})
        assert await plain.text() == SCRIPT


@pytest.mark.parametrize("path", ["/../page.py", "/assets/../../page.py", "/assets/%2e%2e/x"])
async def test_nothing_outside_the_folder_is_served(built: Path, path: str) -> None:
    (built.parent / "page.py").write_text("secret")
    app = application()
    mount_page(app, built)
    async with browsing(app) as client:
        answer = await client.get(path)
        assert answer.status == 404
        assert "secret" not in await answer.text()


ELSEWHERE = (
    ("GET", "/api/v1/engines"),
    ("GET", "/api/v1/engines/"),
    ("POST", "/api/v1/engines"),
    ("GET", "/api/v1/nothing"),
    ("GET", "/api/openapi.json"),
    ("GET", "/health/live"),
    ("GET", "/socket.io/?EIO=4&transport=polling"),
    ("GET", "/metrics"),
    ("GET", "/nothing"),
)


async def test_every_other_address_answers_as_without_the_page(built: Path) -> None:
    without = await answers_elsewhere(application())
    for folder in (built, built / "not-built"):
        app = application()
        mount_page(app, folder)
        assert await answers_elsewhere(app) == without


async def answers_elsewhere(app: FastAPI) -> list[tuple[int, str, bytes]]:
    """Status, path of a redirect and body of each."""
    # A route that comes after the page has to be found as well.
    app.add_api_route("/health/live", lambda: {"status": "ok"})
    answers = []
    async with browsing(app) as client:
        for method, path in ELSEWHERE:
            answer = await client.request(method, path, allow_redirects=False)
            redirect = URL(answer.headers.get("Location", "")).path
            answers.append((answer.status, redirect, await answer.read()))
    return answers


async def test_a_server_without_a_built_page_says_so_and_how_to_build_it(tmp_path: Path) -> None:
    app = application()
    assert mount_page(app, tmp_path) is False
    async with browsing(app) as client:
        answer = await client.get("/")
        assert answer.status == 404
        assert answer.content_type == "text/plain"
        text = await answer.text()
        assert "not built" in text
        assert "npm --prefix web run build" in text
        assert "/api/docs" in text
        assert (await client.get("/api/docs")).status == 200


async def test_the_page_is_not_part_of_the_documented_api(built: Path) -> None:
    app = application()
    mount_page(app, built)
    assert list(app.openapi()["paths"]) == ["/api/v1/engines"]
