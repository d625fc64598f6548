"""Where Node is."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def node() -> str:
    """The machine's Node, or the one that came as a wheel."""
    beside = Path(sys.executable).parent
    found = shutil.which("node", path=f"{os.environ['PATH']}{os.pathsep}{beside}")
    assert found is not None, "run `make test`, which installs it"
    return found
