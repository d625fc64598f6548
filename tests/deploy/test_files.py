"""What is written to be built elsewhere: that it is well formed, and names what there is."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import yaml

from meeple.config import Settings

ROOT = Path(__file__).parents[2]
#: Files that are built in an earlier stage, or on the way.
BUILT = {"src/meeple/web"}


def services() -> dict[str, Any]:
    """Those of compose.yaml, by their names."""
    with (ROOT / "compose.yaml").open() as file:
        found: dict[str, Any] = yaml.safe_load(file)["services"]
    return found


def test_compose_has_two_nodes_on_one_database_and_one_valkey_behind_nginx() -> None:
    found = services()
    assert found.keys() == {"node1", "node2", "nginx", "postgres", "valkey"}
    for node in (found["node1"], found["node2"]):
        assert node["build"] == "."
        assert "@postgres/" in node["environment"]["MEEPLE_DATABASE"]
        assert node["environment"]["MEEPLE_REDIS"] == "redis://valkey:6379"
        assert set(node["depends_on"]) <= found.keys()
    for one in found.values():
        assert "image" in one or "build" in one


def test_compose_sets_only_settings_that_there_are() -> None:
    known = {f"MEEPLE_{name.upper()}" for name in Settings.__struct_fields__}
    for one in services().values():
        given = {name for name in one.get("environment", {}) if name.startswith("MEEPLE_")}
        assert given <= known


def test_composes_nginx_gets_the_nodes_addresses() -> None:
    command = " ".join(services()["nginx"]["command"])
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    changes = re.findall(r"s/([^/]+)/([^/]+)/", command)
    assert len(changes) == 2
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    assert "127.0.0.1:80" not in text
    [volume] = services()["nginx"]["volumes"]
    assert (ROOT / volume.partition(":")[0]).is_file()


def test_the_dockerfile_copies_only_what_there_is() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE)
    copies = re.findall(r"^COPY (?:--from=(\w+) )?(.+) \S+$", text, re.MULTILINE)
    assert len(copies) == 7
    for stage, sources in copies:
        if stage:
            assert stage in stages
            continue
        for source in sources.split():
            assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not {name for _, sources in copies for name in sources.split()} & set(ignored) - BUILT


def test_the_unit_starts_meeple_with_options_that_there_are() -> None:
    # Its keys may stand there several times, and keep their case.
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "meeple.service")
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    program, command, *options = unit["Service"]["ExecStart"].split()
    assert (program.rpartition("/")[2], command) == ("meeple", "serve")
    for option in options[::2]:
        assert option.removeprefix("--") in Settings.__struct_fields__
    for word in unit["Service"]["Environment"].split():
        assert word.partition("=")[0].removeprefix("MEEPLE_").lower() in Settings.__struct_fields__
