"""Where log lines go and how they look: JSON for the journal, readable lines on a terminal.

Libraries log through the standard library; their warnings take the same way.
"""

import logging
import sys
from contextlib import suppress

import structlog
from structlog.typing import Processor


class StandardError:
    """Writes each line to whatever standard error is at that moment, and survives when it cannot.

    A live view on the same terminal puts itself in the place of standard error; a full disk or a closed
    pipe behind it must never stop the service.

    Args:
        name: of the module that logs.
    """

    def __init__(self, name: str = "leukowatch") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        """Write one line, or give it up."""
        stream = sys.stderr
        if stream is not None:
            with suppress(OSError, ValueError):  # full, closed behind us, or closed by us
                stream.write(f"{line}\n")
                stream.flush()

    debug = info = warning = error = critical = msg


class Handover(logging.Handler):
    """Gives the records of libraries to structlog, so that all lines look alike."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it under its own name."""
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info)


def configure_logs(level: str, terminal: bool) -> None:
    """Set up logging for this process; the last call wins.

    Args:
        level: the least that is written: `debug`, `info`, `warning` or `error`.
        terminal: whether a person reads along; else each line is one JSON object with `timestamp` (UTC),
            `level`, `logger`, `event` and what was logged with it.
    """
    structlog.configure(
        processors=_readable() if terminal else _journal(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=StandardError,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for earlier in [handler for handler in root.handlers if isinstance(handler, Handover)]:
        root.removeHandler(earlier)
    root.addHandler(Handover(logging.WARNING))
    # It calls every regular stop an error of its own; that it is deaf, the watch finds out by itself.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)


def is_read_along() -> bool:
    """Whether standard error is a terminal; some supervisors close it."""
    return sys.stderr is not None and sys.stderr.isatty()


def _journal() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]


def _readable() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(
            colors=is_read_along(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]
