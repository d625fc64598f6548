"""Where Chromium is: Debian's, or the one that came with npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.node import node

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: With this, the package from npm unpacks the libraries too that a bare machine lacks.
BARE = {"AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}


def chromium() -> tuple[str, dict[str, str]]:
    """The path of a Chromium, and what it needs in its environment."""
    for name in NAMES:
        if found := shutil.which(name):
            return found, {}
    assert (HERE / "node_modules").is_dir(), "run `make test`, which installs a Chromium"
    command = [node(), str(HERE / "path.js")]
    path = subprocess.run(
        command, check=True, text=True, capture_output=True, timeout=120, env=os.environ | BARE
    ).stdout.strip()
    return path, {"LD_LIBRARY_PATH": str(Path(path).parent / "al2023/lib")}


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A Chromium without a window."""
    path, needs = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path,
            # Tests may run as root, where there is no sandbox.
            args=["--no-sandbox"],
            env={**os.environ, **needs},
        )
        try:
            yield browser
        finally:
            await browser.close()
