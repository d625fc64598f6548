"""Imports engines anew when their files change, while their author writes them; only in dev mode.

An import that fails changes nothing: the old code goes on, and the author is told why. So does a
table whose log the new code cannot fold.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from meeple.engine.rules import Rules
from meeple.errors import MeepleError
from meeple.protocols import Clock
from meeple.services.dev_failures import DevFailure, DevFailures, failure_of
from meeple.services.engine_catalog import EngineCatalog

log = structlog.get_logger(__name__)

#: Seconds between two looks at the files.
EVERY = 0.5
#: Packages that are Meeple's own: a server cannot import itself anew.
OWN = "meeple"

#: For each file, when it was changed (ns) and how large it is.
Stamp = dict[str, tuple[int, int]]


class ReloadableGames(Protocol):
    """What a reload needs of the `GameService`."""

    async def change_rules(self, rules: Rules) -> dict[str, MeepleError]:
        """Fold the tables of that engine anew; gives those that could not be, with why."""
        ...


class DevReload(msgspec.Struct, frozen=True):
    """What came of the last change of an engine's files.

    Attributes:
        at: server time in milliseconds since 1970.
        package: what was imported anew.
        engines: the engines that are in it.
        failure: why the old code goes on; null if the new one does.
        left: tables that go on with old code, because the new cannot fold their logs.
    """

    at: int
    package: str
    engines: list[str]
    failure: DevFailure | None
    left: list[str]


class EngineReloader:
    """Watches the files of every engine that is not of Meeple itself.

    Args:
        catalog: the engines; it is given the new ones.
        games: whose tables are folded anew.
        failures: what goes wrong is noted there.
        clock: the server's time.
        every: seconds between two looks.
    """

    def __init__(
        self,
        catalog: EngineCatalog,
        games: ReloadableGames,
        failures: DevFailures,
        clock: Clock,
        *,
        every: float = EVERY,
    ) -> None:
        self._catalog = catalog
        self._games = games
        self._failures = failures
        self._clock = clock
        self._every = every
        #: Grows whenever an engine was imported anew.
        self.version = 0
        self.last: DevReload | None = None
        #: Of each engine, the tables that go on with old code, and why.
        self._left: dict[str, dict[str, DevFailure]] = {}
        self._packages: defaultdict[str, list[str]] = defaultdict(list)
        for name, point in catalog.points().items():
            package = point.module.partition(".")[0]
            if package != OWN:
                self._packages[package].append(name)
        #: Of each package, the files of the modules that its last import has brought.
        self._brought: dict[str, set[Path]] = {}
        self._stamps: dict[str, Stamp] = {}

    @property
    def engines(self) -> list[str]:
        """The engines that are imported anew when their files change."""
        return sorted(name for names in self._packages.values() for name in names)

    def left(self, game_id: str) -> DevFailure | None:
        """Why that table goes on with old code; None if it does not."""
        found = (left[game_id] for left in self._left.values() if game_id in left)
        return next(found, None)

    def load(self) -> None:
        """Import every watched engine now, so that its author is told if that fails."""
        for package, names in self._packages.items():
            try:
                for rules in self._import_anew(package, names):
                    self._catalog.replace(rules)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
                self._failures.note(error, "import")
            self._stamps[package] = _stamp(self._files(package))

    async def run(self) -> None:
        """Look, and import anew what has changed, until it is cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.look()

    async def look(self) -> None:
        """Import anew what has changed since the last look."""
        for package in self._packages:
            stamp = await asyncio.to_thread(_stamp, self._files(package))
            if stamp != self._stamps[package]:
                await self._reload(package)
                # What was imported may be in other files than before.
                files = await asyncio.to_thread(_stamp, self._files(package))
                self._stamps[package] = {file: stamp.get(file, now) for file, now in files.items()}

    async def _reload(self, package: str) -> None:
        names = self._packages[package]
        try:
            changed = self._import_anew(package, names)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
            failure = self._failures.note(error, "import")
            where = f"{failure.file}:{failure.line}"
            log.warning("engine not reloaded", package=package, error=failure.message, at=where)
            self.last = DevReload(self._clock.now_ms(), package, names, failure, [])
            return
        for rules in changed:
            self._catalog.replace(rules)
            now = self._clock.now_ms()
            failed = await self._games.change_rules(rules)
            self._left[rules.name] = {
                game_id: failure_of(error, "fold", now) for game_id, error in failed.items()
            }
        left = [game_id for name in names for game_id in self._left[name]]
        # Now, and not before: whoever sees the new version finds every table by the new rules.
        self.version += 1
        self.last = DevReload(self._clock.now_ms(), package, names, None, left)
        log.info("engine reloaded", package=package, engines=names, tables_left=len(left))

    def _import_anew(self, package: str, names: Iterable[str]) -> list[Rules]:
        """The engines with the code that is in the files now; whatever goes wrong is raised."""
        points = self._catalog.points()
        old = {name: sys.modules.pop(name) for name in _modules(package)}
        importlib.invalidate_caches()
        done = False
        try:
            with _no_bytecode():
                changed = [Rules(name, points[name].load()()) for name in names]
            for rules in changed:
                # What a lobby asks for: if it fails, it is to fail now.
                _ = rules.options_schema, rules.summary
            done = True
        finally:
            brought = _modules(package)
            files = (getattr(sys.modules[name], "__file__", None) for name in brought)
            self._brought[package] = {Path(file) for file in files if file is not None}
            for name in brought if not done else ():
                del sys.modules[name]
            # Modules beside it that it does not need, too.
            sys.modules.update({name: one for name, one in old.items() if name not in sys.modules})
        return changed

    def _files(self, package: str) -> set[Path]:
        """The source files of which a change is a change of the package."""
        spec = _spec(package)
        if spec is not None and spec.submodule_search_locations:
            folders = map(Path, spec.submodule_search_locations)
            return {file for folder in folders for file in folder.rglob("*.py")}
        origin = {Path(spec.origin)} if spec is not None and spec.origin is not None else set()
        return origin | self._brought.get(package, set())


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Bytecode is found by its source's second: two changes within one would look the same."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _modules(package: str) -> list[str]:
    """The loaded modules of a package; of a module that is one file, those beside it too."""
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    spec = _spec(package)
    if spec is None or spec.submodule_search_locations or spec.origin is None:
        return names
    folder = Path(spec.origin).parent
    if folder.name in ("site-packages", "dist-packages"):
        return names
    beside = (
        name
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None)) is not None and Path(file).parent == folder
    )
    return [*names, *(name for name in beside if name not in ("__main__", *names))]


def _spec(package: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return find_spec(package)
    except (ImportError, ValueError):
        return None


def _stamp(files: Iterable[Path]) -> Stamp:
    stamp = {}
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            continue  # an editor replaces it just now
        stamp[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return stamp
