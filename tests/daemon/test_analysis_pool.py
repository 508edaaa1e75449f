"""The worker pool: answers, refusals, and workers that die or hang."""

import multiprocessing
import os
import queue
import resource
import signal
import time
from pathlib import Path

import pytest
from pebble import ProcessPool

from lab import PATIENCE, slow_image, wait_until
from leukonet.bundle import DEFAULT, load_bundle
from leukonet.result import FieldResult
from leukowatch.analysis.answers import Refused, Returned
from leukowatch.analysis.pool import LocalPool
from leukowatch.analysis.worker import taken

YEAR = 365 * 24 * 3600.0
LIMITED = ("AS", "NOFILE", "FSIZE", "CORE")


@pytest.fixture
def made():
    """Give a maker of pools of the shipped bundle, with one worker unless told otherwise; stop them at the end."""
    pools = []

    def make(**options):
        defaults = {
            "workers": 1,
            "deadline": 30.0,
            "attempts": 3,
            "max_pixels": 200_000_000,
            "memory_megabytes": 2500,
        }
        pools.append(LocalPool(load_bundle(), DEFAULT, **(defaults | options)))
        return pools[-1]

    yield make
    for pool in pools:
        pool.stop(0.1)


@pytest.fixture
def answers():
    """Give a queue that a pool's answers are put into."""
    return queue.SimpleQueue()


def workers(pool: LocalPool) -> list[int]:
    """Process ids of a pool's workers."""
    return list(pool._pool._pool_manager.worker_manager.workers)


def breaking(pool: LocalPool, monkeypatch) -> ProcessPool:
    """Let a pool's only worker, at rest, be killed in the moment in which the pool is given something next."""
    inner = pool._pool
    give = inner.schedule

    def break_and_give(*arguments, **named):
        for worker in workers(pool):
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not inner.active)
        return give(*arguments, **named)

    monkeypatch.setattr(inner, "schedule", break_and_give)
    return inner


def is_decoding(pid: int) -> bool:
    """Whether a worker holds the slow image's pixels, or a good part of them, in memory."""
    try:
        with Path(f"/proc/{pid}/status").open(encoding="ascii") as status:
            resident = next((line for line in status if line.startswith("VmRSS")), "VmRSS: 0 kB")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(resident.split()[1]) > 200_000


def test_field_is_answered_with_its_cells(made, phantoms, answers):
    """A field goes in as bytes, its result comes out."""
    pool = made()
    pool.submit(phantoms[0], answers.put)
    answer = answers.get(timeout=PATIENCE)

    assert isinstance(answer, FieldResult)
    assert (640, 480) == (answer.width, answer.height)


def test_bytes_that_are_no_image_are_refused_with_the_reason(made, answers):
    """A refusal names its reason, and the pool goes on."""
    pool = made()
    pool.submit(b"no image", answers.put)
    answer = answers.get(timeout=PATIENCE)

    assert isinstance(answer, Refused)
    assert answer.reason == "not_an_image"


def test_field_whose_worker_is_killed_is_answered_by_another(made, phantoms, answers):
    """A worker killed at work costs time, no field; the others' fields are not lost either."""
    pool = made()
    pool.submit(phantoms[0], answers.put)
    answers.get(timeout=PATIENCE)
    pool.submit(slow_image(), answers.put)
    pool.submit(phantoms[1], answers.put)
    [worker] = workers(pool)
    wait_until(lambda: is_decoding(worker))
    os.kill(worker, signal.SIGKILL)
    results = [answers.get(timeout=PATIENCE), answers.get(timeout=PATIENCE)]

    assert all(isinstance(result, FieldResult) for result in results)


def test_field_that_kills_every_worker_is_refused_after_the_attempts(made, answers):
    """A poisoned image is given up on, so that it cannot stop the others."""
    pool = made(attempts=2)
    pool.submit(slow_image(), answers.put)
    killed = set()
    while answers.empty():
        for worker in set(workers(pool)) - killed:
            if is_decoding(worker):
                os.kill(worker, signal.SIGKILL)
                killed.add(worker)
    answer = answers.get(timeout=PATIENCE)

    assert isinstance(answer, Refused)
    assert answer.reason == "worker_lost"
    assert "2 tries" in str(answer)


def test_fields_that_wait_for_a_worker_are_given_back_by_a_stop(made, phantoms, answers):
    """More of them than fit into the pipe to the workers: its end must not pass for a fault of the one within it."""
    pool = made()
    pool.prove()
    pool.submit(slow_image(), answers.put)
    [worker] = workers(pool)
    wait_until(lambda: is_decoding(worker))
    os.kill(worker, signal.SIGSTOP)
    for number in range(4):
        pool.submit(phantoms[number] + bytes(1_000_000), answers.put)
    pool.stop(0.5)

    given = [answers.get(timeout=PATIENCE) for _ in range(5)]
    assert [Returned] * 5 == [type(answer) for answer in given]


def test_field_that_hangs_is_refused_and_the_next_is_answered(made, phantoms, answers):
    """A worker past its deadline is ended; the pool goes on with a new one."""
    pool = made(attempts=1, deadline=2.0)
    pool.submit(phantoms[0], answers.put)
    answers.get(timeout=PATIENCE)
    pool.submit(slow_image(), answers.put)
    [worker] = workers(pool)
    wait_until(lambda: is_decoding(worker))
    os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: pool.check() or not answers.empty())
    hung = answers.get()
    pool.submit(phantoms[2], answers.put)
    after = answers.get(timeout=PATIENCE)

    assert isinstance(hung, Refused)
    assert hung.reason == "timed_out"
    assert isinstance(after, FieldResult)


def test_worker_that_hangs_before_it_takes_a_field_costs_time_and_no_field(made, phantoms, answers):
    """Nothing heard for two deadlines: the workers are made anew and the field is looked at again."""
    now = [0.0]
    pool = made(clock=lambda: now[0])
    pool.submit(phantoms[0], answers.put)
    answers.get(timeout=PATIENCE)
    [worker] = workers(pool)
    os.kill(worker, signal.SIGSTOP)
    pool.submit(phantoms[1], answers.put)
    now[0] = 61.0
    pool.check()

    assert isinstance(answers.get(timeout=PATIENCE), FieldResult)


@pytest.mark.parametrize("years", [10, -10])
def test_deadline_of_a_field_is_kept_whatever_the_wall_clock_says(made, answers, monkeypatch, years):
    """A clock that is set neither ends a look before its time nor lets one that hangs go on."""
    now, true_time = [0.0], time.time
    pool = made(attempts=1, clock=lambda: now[0])
    pool.submit(slow_image(), answers.put)
    [worker] = workers(pool)
    wait_until(lambda: is_decoding(worker))
    os.kill(worker, signal.SIGSTOP)
    monkeypatch.setattr(time, "time", lambda: true_time() + years * YEAR)
    pool.check()
    now[0] = 29.0
    pool.check()
    early = answers.empty() and is_decoding(worker)
    now[0] = 31.0
    pool.check()

    assert early
    assert "timed_out" == answers.get(timeout=PATIENCE).reason


def test_fields_in_hand_of_a_pool_that_broke_are_looked_at_by_the_next(made, phantoms, answers):
    """Workers that are killed while they get ready leave fields of which their pool knows nothing yet."""
    pool = made(workers=2)
    for worker in workers(pool):
        os.kill(worker, signal.SIGKILL)
    pool.submit(phantoms[0], answers.put)
    wait_until(lambda: pool.check() or not answers.empty())

    assert isinstance(answers.get(), FieldResult)


def test_field_given_in_the_moment_in_which_the_pool_breaks_is_looked_at_by_the_next(
    made, phantoms, answers, monkeypatch
):
    """A pool that was seen to work may be broken when it is given a field: a worker at rest was killed."""
    pool = made()
    pool.prove()
    broken = breaking(pool, monkeypatch)
    pool.submit(phantoms[0], answers.put)

    assert isinstance(answers.get(timeout=PATIENCE), FieldResult)
    assert broken is not pool._pool


def test_stop_gives_back_what_is_not_done_in_time(made, phantoms, answers):
    """A field that takes longer than the stop allows goes back to the inbox."""
    pool = made()
    pool.submit(phantoms[0], answers.put)
    answers.get(timeout=PATIENCE)
    [worker] = workers(pool)
    os.kill(worker, signal.SIGSTOP)
    pool.submit(phantoms[1], answers.put)
    pool.stop(0.5)

    assert isinstance(answers.get(timeout=PATIENCE), Returned)


def test_worker_killed_before_it_takes_a_field_loses_none_of_those_in_hand(made, phantoms, answers):
    """The pool breaks where no worker is at work: every field goes to a new one."""
    pool = made(workers=2)
    for data in phantoms[:6]:
        pool.submit(data, answers.put)
    os.kill(workers(pool)[0], signal.SIGKILL)
    got = [answers.get(timeout=PATIENCE) for _ in range(6)]

    assert [FieldResult] * 6 == [type(answer) for answer in got]


def test_image_that_needs_more_memory_than_a_worker_has_is_refused_and_the_worker_lives_on(
    made, phantoms, answers
):
    """A decompression bomb below the pixel limit costs itself, neither the machine's memory nor the others."""
    pool = made(memory_megabytes=500)
    pool.submit(phantoms[0], answers.put)
    answers.get(timeout=PATIENCE)
    before = workers(pool)
    pool.submit(slow_image(12_000), answers.put)
    bomb = answers.get(timeout=PATIENCE)
    pool.submit(phantoms[1], answers.put)
    after = answers.get(timeout=PATIENCE)

    assert isinstance(bomb, Refused)
    assert (bomb.reason, "analysis.memory_megabytes" in str(bomb)) == ("too_large", True)
    assert isinstance(after, FieldResult)
    assert before == workers(pool)


def test_worker_may_neither_write_files_nor_leave_its_memory_in_one(made, phantoms, answers):
    """What a hostile image makes of a decoder, the kernel lets it write nothing."""
    pool = made(memory_megabytes=700)
    pool.submit(phantoms[0], answers.put)
    answers.get(timeout=PATIENCE)
    [worker] = workers(pool)
    limits = {kind: resource.prlimit(worker, getattr(resource, f"RLIMIT_{kind}")) for kind in LIMITED}

    assert {"AS": (700 << 20,) * 2, "NOFILE": (64, 64), "FSIZE": (0, 0), "CORE": (0, 0)} == limits


def test_proof_whose_worker_is_killed_from_outside_is_made_by_another(made):
    """The kernel may kill a worker at the start for want of memory: that says nothing about the bundle."""
    pool = made()
    pool.prove()
    pool._proof = pool._pool.schedule(signal.raise_signal, args=(signal.SIGKILL,))

    assert pool.prove() is None


def test_proof_is_made_by_another_pool_where_a_worker_is_killed_while_it_gets_ready(made):
    """A worker that ends with nothing to do breaks the pool, and a start must not end by that."""
    pool = made(workers=2)
    for worker in workers(pool):
        os.kill(worker, signal.SIGKILL)

    assert pool.prove() is None


def test_proof_asked_for_in_the_moment_in_which_the_pool_breaks_is_made_by_the_next(made, monkeypatch):
    """A start must not end by a worker that is killed just then."""
    pool = made()
    pool.prove()
    broken = breaking(pool, monkeypatch)
    pool._proof = pool._proof_begun()

    assert pool.prove() is None
    assert broken is not pool._pool


def test_one_worker_gets_ready_first_and_two_after_it():
    """The service is ready with the first, which others would take the cores from."""
    turns = multiprocessing.get_context("spawn").Semaphore(1)
    with taken(turns):
        assert not turns.acquire(block=False)

    assert [turns.acquire(block=False) for _ in range(3)] == [True, True, False]


def test_a_worker_goes_on_where_the_one_before_it_was_killed_in_its_turn(monkeypatch):
    """Its turn never ends."""
    monkeypatch.setattr("leukowatch.analysis.worker.TURN_SECONDS", 0)
    turns = multiprocessing.get_context("spawn").Semaphore(0)

    with taken(turns):
        assert not turns.acquire(block=False)
    assert turns.acquire(block=False)
