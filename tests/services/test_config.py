from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meeple import backends
from meeple.config import Settings, load, unknown
from meeple.errors import ConfigurationError


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load({}) == Settings()


def test_a_variable_of_the_environment_is_a_setting() -> None:
    settings = load(
        {
            "MEEPLE_PORT": "0",
            "MEEPLE_GUESTS": "false",
            "MEEPLE_PRESENCE_TTL": "1.5",
            "MEEPLE_LOG_FORMAT": "json",
            "MEEPLE_MAX_LIVE": "1",
            "MEEPLE_SECRET": "0123",
            "MEEPLE_NO_SUCH_SETTING": "?",
            "HOST": "elsewhere",
            "PORT": "1",
        }
    )
    assert settings == Settings(
        port=0, guests=False, presence_ttl=1.5, log_format="json", max_live=1, secret="0123"
    )


def test_a_variable_that_is_no_setting_is_told_with_the_one_that_may_be_meant() -> None:
    environment = {"MEEPLE_PORT": "0", "PORT": "1", "HOME": "/"}
    assert unknown(environment) == {}
    wrong = {"MEEPLE_PROT": "1", "MEEPLE_DATABSE": "x", "MEEPLE_XYZZY": "", "meeple_port": "2"}
    assert unknown(environment | wrong) == {
        "MEEPLE_DATABSE": "MEEPLE_DATABASE",
        "MEEPLE_PROT": "MEEPLE_PORT",
        "MEEPLE_XYZZY": None,
    }


def test_what_is_given_comes_before_the_environment_and_none_is_not_given() -> None:
    environment = {"MEEPLE_PORT": "1", "MEEPLE_HOST": "a"}
    settings = load(environment, port=2, host=None)
    assert (settings.port, settings.host) == (2, "a")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "http"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", ""),
        ("guests", "perhaps"),
        ("rate", "0"),
        ("burst", "-1"),
        ("presence_ttl", "soon"),
        ("max_live", "0"),
        ("log_level", "loud"),
        ("log_format", "xml"),
    ],
)
def test_a_value_that_is_none_is_refused_by_the_name_of_its_setting(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load({f"MEEPLE_{name.upper()}": value})
    with pytest.raises(ConfigurationError, match=name):
        load({}, **{name: value})


def test_a_setting_that_is_not_there_cannot_be_given() -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        load({}, colour="red")


def test_a_refusal_does_not_repeat_the_secret() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({"MEEPLE_SECRET": "do not tell", "MEEPLE_PORT": "do not tell"})
    assert "do not tell" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"data": "/d"}, "/d/meeple.sqlite3"),
        ({"data": "/d", "database": "/e/f"}, "/e/f"),
        ({"data": "/d", "database": "sqlite:////e/f"}, "/e/f"),
        ({"data": "/d", "database": "sqlite:///f"}, "f"),
        ({"data": "/d", "database": "sqlite:///"}, "/d/meeple.sqlite3"),
    ],
)
def test_the_database_is_a_file_of_the_data_folder_unless_named(
    given: dict[str, Any], path: str
) -> None:
    assert Settings(**given).database_path == Path(path)


def test_a_database_that_is_no_file_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError, match="postgresql") as caught:
        _ = Settings(database="postgresql://meeple:hush@host/db").database_path
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_postgresql_database_is_shown_without_its_password(scheme: str) -> None:
    settings = Settings(database=f"{scheme}://meeple:hush@host:5433/db?sslpassword=hush")
    assert settings.postgres_url == settings.database
    assert backends.log_label(settings) == f"{scheme}://host:5433/db"


def test_a_file_is_shown_by_its_path() -> None:
    assert Settings().postgres_url is None
    assert backends.log_label(Settings(data="/d")) == "/d/meeple.sqlite3"


def test_a_tilde_is_the_users_home() -> None:
    assert Settings(data="~/x").data_folder == Path.home() / "x"
    assert Settings(database="~/y").database_path == Path.home() / "y"


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ["*"]),
        ("https://a", ["https://a"]),
        (" https://a , ,b,", ["https://a", "b"]),
        ("", []),
    ],
)
def test_origins_are_separated_by_commas(text: str, origins: list[str]) -> None:
    assert Settings(cors_origins=text).origins == origins
