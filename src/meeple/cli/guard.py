"""Ends the PostgreSQL and the Valkey that `meeple.cli.local` started, if that process is killed.

The kernel offers nothing for it that would reach them: PostgreSQL makes itself independent of who
starts it, and is another user's if root starts it. So a process of their own waits until neither
the one that started them nor any of its workers lives: those have yet to drain.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

#: Seconds before each look for services: one that was about to start shows at the second.
LOOKS = (0.0, 2.0)


class Guard:
    """The process that does it; a `meeple.cli.local_services.Service`.

    Args:
        folder: that of the services' data.
        sockets: that of their sockets.
        gone: file descriptor of a pipe that ends when the services are to.
    """

    name = "guard"

    def __init__(self, folder: Path, sockets: Path, gone: int) -> None:
        self.folder = folder
        self._sockets = sockets
        self._gone = gone
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """See `Service.start`."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "meeple", "guard", str(self.folder), str(self._sockets)],
            stdin=self._gone,
            # A Ctrl-C is for all processes of a terminal.
            start_new_session=True,
        )

    def running(self) -> bool:
        """See `Service.running`."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """See `Service.stop`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def guard(folder: Path, sockets: Path) -> None:
    """What the process does: wait until stdin ends, and end the services then."""
    sys.stdin.buffer.read()
    for pause in LOOKS:
        time.sleep(pause)
        _end_services(folder, sockets)
    shutil.rmtree(sockets, ignore_errors=True)


def _end_services(folder: Path, sockets: Path) -> None:
    """Unless the next server has the folder by now: it has ended them, and has its own there."""
    from meeple.cli.local_services import LocalPostgres, LocalValkey  # much to hold while it waits

    if not folder.exists():
        return  # the lock would make it
    try:
        with services_lock(folder).acquire(timeout=0):
            # Without waiting for its end: the next server would be refused the folder meanwhile.
            LocalPostgres(folder / "postgres", sockets / "postgres").tell_to_stop()
            LocalValkey(folder / "valkey", sockets / "valkey").stop()
    except Timeout:
        return


def services_lock(folder: Path) -> FileLock:
    """Who has it owns the services in the folder."""
    # Its default mode obeys the umask; whoever could read the file could hold its lock for ever.
    return FileLock(folder / "services.lock", mode=0o600, thread_local=False)
