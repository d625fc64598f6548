"""The TypeScript client passes its own tests, in ``clients/js``, and its types are current."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.node import node

CLIENT = Path(__file__).parents[2] / "clients/js"


@pytest.mark.process
@pytest.mark.timeout(280)
async def test_every_test_of_the_typescript_client() -> None:
    vitest = CLIENT / "node_modules/vitest/vitest.mjs"
    assert vitest.is_file(), "run `make test`, which installs it"
    assert (CLIENT / "dist/index.js").is_file(), "run `make test`, which builds it"
    status, text = await run(node(), str(vitest), "run", "--no-color", "--reporter=default")
    assert status == 0, text
    passed = re.search(r"^ *Tests +(\d+) passed \(\1\)$", text, re.MULTILINE)
    assert passed is not None, text
    assert int(passed.group(1)) >= 60, text


async def test_its_types_are_what_the_schemas_say() -> None:
    status, text = await run(sys.executable, "generate.py", "--check")
    assert status == 0, text


async def run(*command: str) -> tuple[int | None, str]:
    """Its exit status and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=CLIENT,
        env={**os.environ, "MEEPLE_PYTHON": sys.executable},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 240)
    return process.returncode, output.decode()
