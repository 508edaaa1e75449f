"""Tells the pages which slides have changed: one look at the database for all of them, twice a second."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine, text

from leukowatch.errors import StoreUnavailable
from leukowatch.store.news import Mark, mark, slides_since

LOOK_SECONDS = 0.5
BEAT_SECONDS = 15.0
"""A silent stream says that it lives, so that proxies keep it and pages that are gone are noticed."""
STREAM_SECONDS = 600.0
"""A stream ends after this time; the browser opens another, and is asked again who it is."""
WAITING = 100
"""News that a page may leave unread; then its stream ends, and it reads everything anew."""
Found = TypeVar("Found")
_log = structlog.get_logger(__name__)


class News:
    """Watches the store and passes on what changes.

    Args:
        engine: to read from.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._readers: set[asyncio.Queue[str]] = set()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look in the background while the block runs."""
        task = asyncio.create_task(self._watch(), name="news")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def stream(self) -> AsyncIterator[str]:
        """Give events as `text/event-stream` has them: `slides`, whose data is a list of numbers."""
        queue: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._readers.add(queue)
        try:
            yield "retry: 2000\n\n"
            async with asyncio.timeout(STREAM_SECONDS):
                while queue in self._readers:
                    try:
                        yield await asyncio.wait_for(queue.get(), BEAT_SECONDS)
                    except TimeoutError:
                        yield ": still here\n\n"
        except TimeoutError:
            return
        finally:
            self._readers.discard(queue)

    async def _watch(self) -> None:
        """Look at the cheap counter of changes; only where it moved, look what they are."""
        while True:
            try:
                with closing(_Counter(self._engine)) as counter:
                    await self._look_on(counter)
            except StoreUnavailable as error:
                _log.warning("news cannot be read", because=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_on(self, counter: "_Counter") -> None:
        seen = await _to_its_end(mark, self._engine)
        version = None
        while True:
            found = await _to_its_end(counter.version)
            if found is None or found != version:
                version, seen = found, await self._tell(seen)
            await asyncio.sleep(LOOK_SECONDS)

    async def _tell(self, before: Mark) -> Mark:
        now = await _to_its_end(mark, self._engine)
        if now != before:
            slides = await _to_its_end(slides_since, self._engine, before, now)
            if slides:
                self._pass_on(f"event: slides\ndata: {json.dumps(sorted(slides))}\n\n")
        return now

    def _pass_on(self, event: str) -> None:
        for queue in tuple(self._readers):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._readers.discard(queue)


async def _to_its_end(look: Callable[..., Found], *given: object) -> Found:
    """Run in a thread, and wait for its end even where the waiter is told to stop: a connection may be in use by it."""
    looking = asyncio.create_task(asyncio.to_thread(look, *given))
    try:
        return await asyncio.shield(looking)
    except asyncio.CancelledError:
        await asyncio.wait([looking])
        raise


class _Counter:
    """SQLite's count of other connections' commits, over a connection kept for it; none elsewhere."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    def version(self) -> int | None:
        """Give the counter; None where there is no such thing."""
        if self._engine.dialect.name != "sqlite":
            return None
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            return int(self._connection.execute(text("PRAGMA data_version")).scalar_one())
        finally:
            self._connection.rollback()
