"""The stock JavaScript client plays on a real server; the scenes are in ``tests/js``."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from tests.harness import server_process
from tests.node import node

JS = Path(__file__).parent.parent / "js"


async def test_every_scene_of_the_stock_javascript_client(tmp_path: Path) -> None:
    assert (JS / "node_modules/socket.io-client").is_dir(), "run `make test`, which installs it"
    async with server_process(tmp_path) as server:
        process = await asyncio.create_subprocess_exec(
            node(),
            "--test",
            "--test-reporter=tap",
            "play.test.js",
            cwd=JS,
            env={**os.environ, "MEEPLE_URL": server.url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 40)
    text = output.decode()
    assert process.returncode == 0, text + server.output
    passed = re.search(r"^# pass (\d+)$", text, re.MULTILINE)
    assert passed is not None, text
    assert int(passed.group(1)) >= 13, text
    assert "# skipped 0" in text
    assert "Traceback" not in server.output
