"""Images decoded for people to look at, in processes that are confined as workers are."""

import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from leukonet.errors import DamagedImage, ImageTooLarge
from leukowatch.analysis.limits import confine
from leukowatch.analysis.trial import end_pool, given

T = TypeVar("T")


class Confined:
    """Processes that run functions on the bytes of images; what a decoder does to one costs that image alone.

    They start at once; used as a context manager, they end with the block.

    Args:
        processes: how many run at once; further calls wait.
        memory_megabytes: address space of each, in units of 2**20 bytes.
        seconds: that one call may take, waiting included.
    """

    def __init__(self, processes: int, memory_megabytes: int, seconds: float) -> None:
        self._processes = processes
        self._memory_megabytes = memory_megabytes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._awaited: set[Future[Any]] = set()
        self._pool = self._made()

    def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a function there.

        Args:
            function: of a module's top level; arguments and result travel between processes.
            arguments: its own.

        Raises:
            DamagedImage: it ended its process, or gave no answer in time.
            ImageTooLarge: it needs more memory than its process may have.
            Exception: whatever the function raises.
        """
        with self._lock:
            answer: Future[T] | None
            while (answer := given(self._pool, function, *arguments)) is None:
                self._end()  # a process that ends at rest takes its pool along
                self._pool = self._made()
            self._awaited.add(answer)
        try:
            result: T = answer.result(self._seconds)
        except TimeoutError as error:
            answer.cancel()
            raise DamagedImage(f"it does not decode within {self._seconds:g} s: look at the file") from error
        except (ProcessExpired, BrokenProcessPool, CancelledError) as error:
            raise DamagedImage("the process that decoded it ended: try again, or look at the file") from error
        except MemoryError as error:
            raise ImageTooLarge(
                "it needs more than analysis.memory_megabytes: raise that to see it"
            ) from error
        finally:
            self._awaited.discard(answer)
        return result

    def close(self) -> None:
        """End the processes, whatever they do; who waits for an answer gets an error."""
        with self._lock:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _made(self) -> ProcessPool:
        pool = ProcessPool(
            max_workers=self._processes,
            context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(self._memory_megabytes,),
        )
        pool.schedule(int)  # it starts its processes with the first call
        return pool

    def _end(self) -> None:
        for answer in self._awaited.copy():  # a pool that is stopped leaves them without one
            answer.cancel()
        end_pool(self._pool)


def _begin(memory_megabytes: int) -> None:
    """Leave Ctrl-C to the parent, end at once when told to, and give up what decoding does not need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    confine(memory_megabytes)
