"""Decoding for people to look at: confined, bounded in time and memory, and never the end of who asked."""

import os
import resource
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import PATIENCE, wait_until
from leukonet.errors import DamagedImage, ImageTooLarge, TruncatedImage
from leukonet.phantom import field_bytes
from leukowatch.analysis.confined import Confined
from leukowatch.analysis.limits import OPEN_FILES
from leukowatch.review.drawing import draw_field

MEMORY = 1500
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def apart():
    """Give one process that decodes."""
    with Confined(1, MEMORY, PATIENCE) as apart:
        yield apart


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (resource.RLIMIT_AS, MEMORY * MEGABYTE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ],
    ids=["memory", "descriptors", "files written", "core"],
)
def test_its_process_has_the_limits_of_a_worker(apart, kind, limit):
    """What a hostile image makes of a decoder has little to work with."""
    assert (limit, limit) == apart.run(resource.getrlimit, kind)


def test_a_decoder_that_dies_is_an_error_and_the_next_image_is_drawn(apart):
    """A segmentation fault in a library ends neither the page nor the next picture."""
    with pytest.raises(DamagedImage, match="the process that decoded it ended"):
        apart.run(os.abort)

    assert apart.run(draw_field, field_bytes(1), 10**7)[""].startswith(b"\xff\xd8")


def test_a_decoder_that_hangs_is_ended():
    """Whoever waits for the picture is told; the process is there for the next one."""
    with Confined(1, MEMORY, PATIENCE) as apart:
        first = apart.run(os.getpid)
        apart._seconds = 1.0  # its start took longer
        with pytest.raises(DamagedImage, match="does not decode within 1 s"):
            apart.run(time.sleep, 3600)
        apart._seconds = PATIENCE

        assert first != apart.run(os.getpid)
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)


def test_a_process_that_was_killed_at_rest_is_replaced():
    """As by the kernel, for want of memory: the page goes on without a restart."""
    with Confined(1, MEMORY, PATIENCE) as apart:
        killed = apart.run(os.getpid)
        os.kill(killed, signal.SIGKILL)

        assert killed != wait_until(lambda: another(apart, killed))


def test_a_process_that_is_killed_in_the_moment_of_asking_is_replaced(monkeypatch):
    """Seen to work a moment ago, its pool takes nothing: the next one does."""
    with Confined(1, MEMORY, PATIENCE) as apart:
        inner, killed = apart._pool, apart.run(os.getpid)
        give = inner.schedule

        def kill_and_give(*arguments, **named):
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: not inner.active)
            return give(*arguments, **named)

        monkeypatch.setattr(inner, "schedule", kill_and_give)

        assert killed != apart.run(os.getpid)


def test_what_is_in_hand_ends_with_the_block():
    """A page that stops does not wait for an image that hangs."""
    with ThreadPoolExecutor(1) as asking, Confined(1, MEMORY, PATIENCE) as apart:
        apart.run(int)
        hanging = asking.submit(apart.run, time.sleep, 3600)
        wait_until(hanging.running)
        apart.close()
        begun = time.monotonic()

        with pytest.raises(DamagedImage):
            hanging.result(PATIENCE)
        assert time.monotonic() - begun < PATIENCE / 2


def another(apart, before):
    """Give the id of a process that is not the one before, or nothing while that one's end is being noticed."""
    try:
        now = apart.run(os.getpid)
    except DamagedImage:
        return None
    return now if now != before else None


def test_what_needs_more_memory_than_allowed_is_too_large(apart):
    """The error of the image, not the end of the service."""
    with pytest.raises(ImageTooLarge, match=r"analysis\.memory_megabytes"):
        apart.run(bytearray, MEMORY * MEGABYTE)


def test_an_error_of_the_image_is_told_as_it_is(apart):
    """With its own words."""
    with pytest.raises(TruncatedImage):
        apart.run(draw_field, field_bytes(1)[:9000], 10**7)
