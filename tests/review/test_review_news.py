"""The watch over the store, from which pages learn what has changed."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from handmade import fill
from lab import PATIENCE
from leukowatch.review import live
from leukowatch.store.database import open_reader


def test_a_stop_waits_for_a_look_that_is_under_way(tmp_path, monkeypatch):
    """A connection that is given back while a thread reads on it ends the page's service with an error."""
    fill(tmp_path / "leukowatch.db", [])
    begun, go_on, order = threading.Event(), threading.Event(), []

    class Slow(live._Counter):
        """The counter on a slow disk."""

        def version(self):
            """Read it when the test allows."""
            begun.set()
            go_on.wait(PATIENCE)
            order.append("read")
            return super().version()

        def close(self):
            """Give the connection back."""
            order.append("given back")
            super().close()

    monkeypatch.setattr(live, "_Counter", Slow)

    async def begin_and_stop(engine):
        async with live.News(engine).watching():
            await asyncio.to_thread(begun.wait, PATIENCE)
            asyncio.get_running_loop().call_later(0.1, go_on.set)

    engine = open_reader(f"sqlite:///{tmp_path / 'leukowatch.db'}", 1.0)
    with ThreadPoolExecutor(1) as apart:  # a browser's loop may run in this thread
        apart.submit(asyncio.run, begin_and_stop(engine)).result(PATIENCE)
    engine.dispose()

    assert order == ["read", "given back"]
