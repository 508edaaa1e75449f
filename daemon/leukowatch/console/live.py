"""The live view: keeps reading the store and the inbox, and shows them until told to stop."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from rich.console import Console, RenderableType
from rich.live import Live
from sqlalchemy import Engine

from leukowatch.console.screen import Screen
from leukowatch.console.snapshot import Snapshot, count_waiting, read_snapshot
from leukowatch.errors import LeukowatchError
from leukowatch.inbox.gate import why_shut
from leukowatch.settings import Settings
from leukowatch.store.database import open_reader
from leukowatch.store.opened import written_folders
from leukowatch.store.writing import utc

SECOND = 1.0
"""Time between two looks."""
LEISURE = 9.0
"""Rest after a look, in units of the time that it took: the view costs at most a tenth of a core."""
BUSY_SECONDS = 1.0
"""A locked database is shown as such after this time; the service itself has more patience."""


class LiveView:
    """One screen of what the service does, read from the database and the inbox alone.

    Args:
        settings: in force.
        engine: of `open_reader`.
        clock: aware time.
    """

    def __init__(self, settings: Settings, engine: Engine, clock: Callable[[], datetime] = utc) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._last: Snapshot | None = None

    def render(self) -> RenderableType:
        """Look once, and give what fits the terminal that it is printed on.

        Where the database or the inbox cannot be read, the screen says so above what was read last.
        """
        now = self._clock()
        troubles = []
        try:
            self._last = read_snapshot(self._engine, now)
        except LeukowatchError as error:
            troubles.append(str(error))
        try:
            waiting = count_waiting(self._settings.inbox_folder)
        except OSError as error:
            waiting = None
            troubles.append(f"{self._settings.inbox_folder}: cannot be listed ({error.strerror})")
        shut = why_shut(self._settings, written_folders(self._settings), now.astimezone())
        if shut:
            troubles.append(f"files wait in the inbox: {shut.told}")
        return Screen(self._settings.home, now, self._last, waiting, tuple(troubles))


def watch_live(settings: Settings, stopping: threading.Event, console: Console | None = None) -> None:
    """Show the live view until `stopping` is set or Ctrl-C is pressed.

    A database that is not there yet is waited for. Log lines of the same process scroll by above the view.

    Args:
        settings: in force.
        stopping: ends the view, within about a second.
        console: to show it on; standard output by default.
    """
    shown_on = console or Console()
    with (
        suppress(KeyboardInterrupt),
        Live(console=shown_on, auto_refresh=False, vertical_overflow="crop") as live,
    ):
        engine = _await_store(settings, stopping, live)
        if engine is not None:
            try:
                _keep_showing(LiveView(settings, engine), stopping, live)
            finally:
                engine.dispose()


def _await_store(settings: Settings, stopping: threading.Event, live: Live) -> Engine | None:
    """Open the store as soon as that can be done; None when told to stop before."""
    while not stopping.is_set():
        try:
            return open_reader(settings.database_url, min(BUSY_SECONDS, settings.store.busy_seconds))
        except LeukowatchError as error:
            told = f"waiting for the database: {error}"
            live.update(Screen(settings.home, utc(), None, None, (told,)), refresh=True)
        stopping.wait(SECOND)
    return None


def _keep_showing(view: LiveView, stopping: threading.Event, live: Live) -> None:
    size = live.console.size
    while not stopping.is_set():
        begun = time.monotonic()
        if live.console.size != size:
            size = live.console.size
            live.console.clear()  # lines that the terminal wrapped anew would stay behind
        live.update(view.render(), refresh=True)
        stopping.wait(max(SECOND, LEISURE * (time.monotonic() - begun)))
