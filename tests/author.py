"""An author of games: an environment of its own, in which Meeple is installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


class Author:
    """Works in ``folder``, beside an environment that knows what ours knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = folder / "environment"
        venv.create(environment, symlinks=True)
        self.python = str(environment / "bin" / "python")
        [packages] = environment.glob("lib/*/site-packages")
        ours = sysconfig.get_path("purelib")
        (packages / "meeple.pth").write_text(f"import site; site.addsitedir({ours!r})\n")

    def run(self, *command: str, at: str = "", code: int = 0) -> str:
        """Run ``python -m`` a command; gives what it printed."""
        ended = subprocess.run(
            [self.python, "-m", *command],
            cwd=self.folder / at,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == code, ended.stdout
        return ended.stdout

    def install(self, at: str) -> None:
        """``pip install -e .`` of a package, with what is here already and no network."""
        offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", *offline]
        subprocess.run([*pip, "-e", "."], cwd=self.folder / at, check=True, timeout=60)
