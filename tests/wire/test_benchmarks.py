"""The benchmark still speaks to Meeple and tells what it measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the load polls with epoll", allow_module_level=True)

from benchmarks import report, websocket
from benchmarks.adapters import ADAPTERS
from benchmarks.measure import Plan, measure, medians

SMALL = Plan(matches=(2,), actions=18, seconds=1, warm_up=9, paced=2, paced_actions=18, idle=5)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
def test_frames_of_every_length_are_masked_whole(length: int) -> None:
    payload = bytes(range(256)) * (length // 256 + 1)
    made = websocket.frame(payload[:length])
    masked = made[-length:] if length else b""
    head = len(made) - length
    assert head == (6 if length < 126 else 8 if length < 1 << 16 else 14)
    assert made[head - 4 : head] == websocket.MASK
    assert bytes(b ^ websocket.MASK[i % 4] for i, b in enumerate(masked)) == payload[:length]


@pytest.mark.process
def test_meeple_is_measured_and_reported(tmp_path: Path) -> None:
    meeple = ADAPTERS[0]
    result = medians([measure(meeple, SMALL, "", None, tmp_path)])
    assert result.throughput[2].cpu_us > 0
    assert result.paced is not None
    assert 0 < result.paced.p50 <= result.paced.p99
    text = report.render({"meeple": result}, [meeple], SMALL, 1, ["here"], {"meeple": "now"}, [])
    assert "| Meeple |" in text


@pytest.mark.process
def test_the_processor_time_of_a_database_is_told_apart(tmp_path: Path) -> None:
    [on_postgres] = [adapter for adapter in ADAPTERS if adapter.name == "meeple-postgres"]
    plan = SMALL._replace(paced=0, idle=0)
    result = measure(on_postgres, plan, "", None, tmp_path)
    assert result.throughput[2].cpu_us > 0
    assert result.throughput[2].database_us > 0
    names = {on_postgres.name: result}
    text = report.render(names, [on_postgres], plan, 1, ["here"], {on_postgres.name: "now"}, [])
    assert "its database's µs per action, 2" in text
