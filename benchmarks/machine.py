"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import psutil


def describe(base: Path) -> list[str]:
    """The machine, a line each; ``base`` is where the servers keep their files."""
    kind = file_system(base)
    release = platform.release().partition("-")[0]
    sync = sync_ms(base)
    return [
        f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        f"{platform.system()} {release}, Python {platform.python_version()}",
        f"files on {kind}, where a synced write of 4 KiB takes {sync[49]:.2f} ms"
        f" (p99 {sync[98]:.2f} ms)",
        f"load average when it began: {os.getloadavg()[0]:.1f}",
    ]


def file_system(base: Path) -> str:
    """The kind of file system that it is on."""
    mounts = [
        part
        for part in psutil.disk_partitions(all=True)
        if base.resolve().is_relative_to(part.mountpoint)
    ]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "unknown"


def sync_ms(base: Path) -> list[float]:
    """The 99 percentiles of the milliseconds that a small write takes to be on the disk."""
    taken = []
    with tempfile.TemporaryFile(dir=base) as file:
        for _ in range(1000):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    return [seconds * 1e3 for seconds in statistics.quantiles(taken, n=100)]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
