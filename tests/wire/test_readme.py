"""The snippets of the README work as they stand, but for the port."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.harness import server_process
from tests.node import node
from tests.wire.test_javascript_client import JS

README = Path(__file__).parent.parent.parent / "README.md"


def snippet(language: str, url: str) -> str:
    text = README.read_text()
    (code,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert "http://127.0.0.1:8000" in code
    return str(code).replace("http://127.0.0.1:8000", url)


@pytest.mark.parametrize("language", ["python", "js"])
async def test_the_snippet_plays_a_whole_game(tmp_path: Path, language: str) -> None:
    async with server_process(tmp_path) as server:
        code = snippet(language, server.url)
        command = (
            [sys.executable, "-c", code]
            if language == "python"
            else [node(), "--input-type=module", "-e", code]
        )
        process = await asyncio.create_subprocess_exec(
            *command, cwd=JS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(process.communicate(), 30)
    text = output.decode()
    assert process.returncode == 0, text
    assert text.count("winners") == 2, text
    assert text.count("line") == 2, text
