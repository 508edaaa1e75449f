"""Log lines: JSON for the journal, readable on a terminal, and never the service's end."""

import io
import json
import logging
import subprocess
import sys

import pytest
import structlog

from leukowatch.console.logs import Handover, configure_logs, is_read_along

HELLO = """
import structlog
from leukowatch.console.logs import configure_logs
configure_logs("info", {terminal})
for _ in range(3000):
    structlog.get_logger("here").info("hello", file="a.jpg")
print("alive")
"""


@pytest.fixture(autouse=True)
def _as_before():
    """Leave logging as it was."""
    yield
    structlog.reset_defaults()
    logging.getLogger("watchdog").setLevel(logging.NOTSET)
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, Handover)]:
        root.removeHandler(handler)


def lines(capsys):
    """The JSON objects written to standard error."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_journal_lines_are_json_objects(capsys):
    """Time in UTC, level, module, event and what was said with it."""
    configure_logs("info", terminal=False)
    structlog.get_logger("leukowatch.inbox.watch").warning("not taken", file="a\\xff.jpg", number=3)

    [line] = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "warning", "logger": "leukowatch.inbox.watch", "event": "not taken", "file": "a\\xff.jpg",
        "number": 3,
    }  # fmt: skip


@pytest.mark.parametrize("value", ["\udcff", "a\nb\x1b[31m", b"\xff", object()])
def test_journal_lines_are_one_line_whatever_is_logged(capsys, value):
    """Surrogates, control characters, bytes and objects are escaped."""
    configure_logs("info", terminal=False)
    structlog.get_logger().info("odd", value=value)

    [line] = lines(capsys)
    assert line["event"] == "odd"


def test_an_exception_is_part_of_its_line(capsys):
    """The traceback is a string in the object."""
    configure_logs("info", terminal=False)
    try:
        int("no such thing")
    except ValueError:
        structlog.get_logger().exception("failed")

    [line] = lines(capsys)
    assert "ValueError: invalid literal" in line["exception"]


@pytest.mark.parametrize(("level", "written"), [("debug", 3), ("info", 2), ("error", 1)])
def test_lesser_levels_are_left_out(capsys, level, written):
    """Only what is asked for is written."""
    configure_logs(level, terminal=False)
    log = structlog.get_logger()
    log.debug("a")
    log.info("b")
    log.error("c")

    assert len(lines(capsys)) == written


def test_warnings_of_libraries_are_lines_like_the_others(capsys):
    """One JSON object each, however often logging was set up; what is less than a warning is left out."""
    configure_logs("info", terminal=False)
    configure_logs("info", terminal=False)
    logging.getLogger("library").warning("%d odd\nthings", 3)
    logging.getLogger("library").info("nothing")

    [line] = lines(capsys)
    assert (line["logger"], line["level"], line["event"]) == ("library", "warning", "3 odd\nthings")


def test_watchdog_says_nothing_of_a_regular_stop(capsys):
    """Its error at every stop is none."""
    configure_logs("info", terminal=False)
    logging.getLogger("watchdog.inotify").error("called when the thread is inactive")

    assert lines(capsys) == []


def test_terminal_lines_are_for_people(capsys):
    """Level, event and values, no JSON."""
    configure_logs("info", terminal=True)
    structlog.get_logger().warning("not taken", file="a.jpg")

    told = capsys.readouterr().err
    assert "[warning  ] not taken" in told
    assert "file=a.jpg" in told
    assert "\x1b" not in told


def test_lines_follow_standard_error(monkeypatch):
    """A live view puts itself in its place after logging was set up."""
    configure_logs("info", terminal=True)
    log = structlog.get_logger()
    log.info("before")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    log.info("after")

    assert "after" in sys.stderr.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2> >(exec true)"])
def test_a_broken_standard_error_harms_nobody(terminal, redirection):
    """Full, closed, or a pipe whose reader left: the program goes on and ends well."""
    script = HELLO.format(terminal=terminal)
    done = subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {redirection}', sys.executable, script],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_a_closed_stream_harms_nobody(monkeypatch):
    """Something closed standard error behind our back."""
    closed = io.StringIO()
    closed.close()
    configure_logs("info", terminal=False)
    monkeypatch.setattr(sys, "stderr", closed)

    structlog.get_logger().info("into the void")


def test_closed_standard_error_is_no_terminal(monkeypatch):
    """Some supervisors start a service without one: nobody reads along, and nothing fails."""
    monkeypatch.setattr(sys, "stderr", None)

    assert not is_read_along()
