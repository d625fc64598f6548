"""``meeple new``: a package with a game that works, to be changed into another."""

from __future__ import annotations

import keyword
import re
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from meeple.errors import ConfigurationError
from meeple.services.engine_catalog import FAMILY_GROUP, GROUP

#: What a game may be called: it is the name of the package and of the entry point, too.
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40
#: The files to write, and the templates that they are made of.
FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
    "${module}/__init__.py": "init.py.txt",
    "${module}/rules.py": "rules.py.txt",
    "tests/test_${module}.py": "test.py.txt",
}
#: What the rules call other things by.
TAKEN = frozenset({"Annotated", "Any", "Mapping", "Meta", "Outcome", "State"})


def new(name: str, parent: Path) -> Path:
    """Write the package of a game into a folder of its own; gives the folder.

    Raises:
        ConfigurationError: the name will not do, or the folder cannot be written.
    """
    module = _module(name)
    folder = parent / name
    engine = "".join(part.capitalize() for part in name.split("-"))
    words = {
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "module": module,
        "engine": f"{engine}Game" if engine in TAKEN else engine,
    }
    templates = files("meeple.cli") / "template"
    try:
        folder.mkdir()
        for path, template in FILES.items():
            file = folder / Template(path).substitute(words)
            file.parent.mkdir(exist_ok=True)
            text = (templates / template).read_text(encoding="utf-8")
            file.write_text(Template(text).substitute(words), encoding="utf-8")
    except FileExistsError as error:
        raise ConfigurationError(f"there is a {folder} already; it is left as it is") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder}: {error.strerror}") from error
    return folder


def _module(name: str) -> str:
    """The name of the game's Python package."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise ConfigurationError(
            f"{name[:80]!r} will not do as a name: use lower-case letters, digits and single"
            f" hyphens, at most {LONGEST}, a letter first; such as {_suggestion(name)}"
        )
    if name in entry_points(group=GROUP).names:
        raise ConfigurationError(f"there is a game {name!r} already; see `meeple engines`")
    if name in entry_points(group=FAMILY_GROUP).names:
        raise ConfigurationError(
            f"there is a family of games {name!r} already; see `meeple engines`"
        )
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names | {"tests"}:
        raise ConfigurationError(f"{module!r} is a word that Python needs; take another name")
    if find_spec(module) is not None:
        raise ConfigurationError(
            f"a Python package {module!r} is installed already; take another name"
        )
    with suppress(PackageNotFoundError):
        # What pip would take for another version of the game.
        project = distribution(name).name
        raise ConfigurationError(f"{project!r} is installed already; take another name")
    return module


def _suggestion(name: str) -> str:
    near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:LONGEST].strip("-")
    return near if name.isascii() and NAME.fullmatch(near) else "my-game"
