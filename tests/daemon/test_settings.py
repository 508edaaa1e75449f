"""Settings from file and environment: what is wrong is told, and so is where each value came from."""

import os
from pathlib import Path

import pytest

from leukowatch.errors import SettingsInvalid, StoreUnavailable
from leukowatch.settings import DEFAULT_HOME, Settings, config_file, load_settings, origins
from leukowatch.store.engines import reader_engine, writer_engine


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """Work in an empty folder without any variable of ours."""
    for name in [name for name in os.environ if name.upper().startswith("LEUKOWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(home: Path, toml: str) -> Path:
    """Put a settings file into a home."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "leukowatch.toml"
    path.write_text(toml)
    return path


def told(settings: Settings, key: str) -> tuple[str, str]:
    """Give value and origin of one setting."""
    return {name: (value, origin) for name, value, origin in origins(settings)}[key]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("LEUKOWATCH_INBOX__SLIDE_PATTERN", "(", "inbox.slide_pattern: .*no regular expression"),
        ("LEUKOWATCH_INBOX__SLIDE_PATTERN", "a{99999999999}", "inbox.slide_pattern: .*no regular expression"),
        ("LEUKOWATCH_INBOX__SLIDE_PATTERN", "(.*)", "inbox.slide_pattern: .*named group"),
        ("LEUKOWATCH_INBOX", "{", "inbox.*a table is JSON"),
        ("LEUKOWATCH_INBOX", "3", "inbox"),
        ("LEUKOWATCH_HOME", "~nobody-of-that-name/home", "~nobody-of-that-name/home: no such user"),
        ("LEUKOWATCH_STORE__URL", "garbage", "store.url: .*sqlite:///PATH"),
        ("LEUKOWATCH_STORE__URL", "sqlite://", "store.url: .*sqlite:///PATH"),
        ("LEUKOWATCH_STORE__URL", "sqlite:///", "store.url: .*sqlite:///PATH"),
        ("LEUKOWATCH_STORE__URL", "sqlite:///:memory:", "store.url: .*sqlite:///PATH"),
        ("LEUKOWATCH_STORE__URL", "mysql://x/y", "store.url: .*sqlite:///PATH"),
    ],
)
def test_a_wrong_value_is_named_with_its_setting(monkeypatch, variable, value, words):
    """One line for a person, with code 3."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsInvalid, match=f"(?s){words}"):
        load_settings()


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5000], ids=["brackets", "digits"])
def test_a_file_that_goes_on_without_end_is_told(here, value):
    """A parser that gives up is no traceback: one line for a person, with code 3."""
    write(here / "home", f"inbox = {value}")

    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_settings(here / "home")


@pytest.mark.parametrize(
    "name",
    [
        "LEUKOWATCH_QUIET",
        "LEUKOWATCH_INBX__QUIET_SECONDS",
        "LEUKOWATCH_INBOX__QUIET",
        "LEUKOWATCH_INBOX__QUEUE__MORE",
        "leukowatch_config",
    ],
)
def test_a_variable_that_sets_nothing_is_refused(monkeypatch, name):
    """It is misspelt, and would be ignored."""
    monkeypatch.setenv(name, "1")

    with pytest.raises(SettingsInvalid, match=f"{name}: .*inbox, analysis, store, service"):
        load_settings()


def test_variables_of_the_tools_are_let_be(monkeypatch):
    """The training's and the tests' own."""
    monkeypatch.setenv("LEUKOWATCH_DATA", "data")
    monkeypatch.setenv("LEUKOWATCH_WRITE_README", "1")

    assert load_settings() == Settings(home=DEFAULT_HOME.absolute())


@pytest.mark.parametrize("url", ["sqlite:///a.db", "sqlite+pysqlite:////a/b.db", "postgresql://x/y"])
def test_urls_of_both_databases_are_accepted(monkeypatch, url):
    """SQLite files and PostgreSQL servers."""
    monkeypatch.setenv("LEUKOWATCH_STORE__URL", url)

    assert url == load_settings().database_url


@pytest.mark.parametrize("make", [writer_engine, reader_engine])
def test_a_driver_that_is_not_installed_is_told_with_its_remedy(monkeypatch, make):
    """The extra `cluster` brings it."""
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(StoreUnavailable, match=r"pip install leukowatch\[cluster\]"):
        make("postgresql://x/y")


@pytest.mark.parametrize("url", ["postgresql+nonsense://x/y", "postgresql://x:port/y"])
def test_a_server_url_that_cannot_be_read_is_told(url):
    """By its setting."""
    with pytest.raises(StoreUnavailable, match=r"store\.url cannot be read"):
        writer_engine(url)


@pytest.mark.parametrize("name", ["LEUKOWATCH_HOME", "LEUKOWATCH_CONFIG"])
def test_an_empty_home_or_file_counts_as_unset(monkeypatch, here, name):
    """As a unit or a compose file leaves it."""
    monkeypatch.setenv(name, "")

    assert (here / DEFAULT_HOME, DEFAULT_HOME / "leukowatch.toml") == (load_settings().home, config_file())


def test_an_empty_variable_otherwise_overrides_the_file(monkeypatch):
    """To take a pattern away."""
    write(DEFAULT_HOME, '[inbox]\nslide_pattern = "(?P<slide>.*)"\n')
    monkeypatch.setenv("LEUKOWATCH_INBOX__SLIDE_PATTERN", "")

    assert load_settings().inbox.slide_pattern == ""


def test_a_tilde_in_the_home_is_the_users_folder(monkeypatch, here):
    """In the variable, in the option and in the file."""
    monkeypatch.setenv("HOME", str(here / "me"))
    by_option = load_settings(Path("~/lab")).home
    write(DEFAULT_HOME, 'home = "~/lab"\n')
    by_file = load_settings().home
    monkeypatch.setenv("LEUKOWATCH_HOME", "~/lab")

    assert {here / "me" / "lab"} == {by_option, by_file, load_settings().home}


def test_a_home_named_by_the_file_has_the_file_as_its_origin(here):
    """And the file told is the one that was read, not one in that home."""
    path = write(DEFAULT_HOME, 'home = "elsewhere"\n[inbox]\nqueue = 5\n')
    write(here / "elsewhere", "[inbox]\nqueue = 6\n")
    found = load_settings()

    assert path == found.provenance.file
    assert (str(here / "elsewhere"), str(path)) == told(found, "home")
    assert ("5", str(path)) == told(found, "inbox.queue")


def test_the_variable_wins_over_the_file_of_its_home(monkeypatch, here):
    """The environment is the stronger."""
    write(here / "lab", 'home = "elsewhere"\n')
    monkeypatch.setenv("LEUKOWATCH_HOME", str(here / "lab"))

    assert (str(here / "lab"), "LEUKOWATCH_HOME") == told(load_settings(), "home")


def test_the_option_is_the_homes_origin_where_it_is_given(monkeypatch, here):
    """Stronger than variable and file."""
    path = write(here / "lab", 'home = "elsewhere"\n')
    monkeypatch.setenv("LEUKOWATCH_HOME", "another")
    found = load_settings(here / "lab")

    assert ((str(here / "lab"), "--home"), path) == (told(found, "home"), found.provenance.file)


def test_json_and_lower_case_variables_are_origins(monkeypatch):
    """As they are spelt in the environment; what a table's JSON does not name keeps its origin."""
    monkeypatch.setenv("LEUKOWATCH_INBOX", '{"quiet_seconds": 3}')
    monkeypatch.setenv("leukowatch_analysis__workers", "2")
    found = load_settings()

    assert ("3.0", "LEUKOWATCH_INBOX") == told(found, "inbox.quiet_seconds")
    assert ("2", "leukowatch_analysis__workers") == told(found, "analysis.workers")
    assert ("10000", "default") == told(found, "inbox.queue")
