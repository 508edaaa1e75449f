"""Fields on a Dask cluster: a real scheduler and real workers, and what happens when they die."""

import queue
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from distributed import Client

from cluster import SLOW, Cluster
from lab import Home, slow_image, wait_until
from leukonet.analysis import analyse
from leukonet.bundle import DEFAULT, load_bundle
from leukonet.result import FieldResult
from leukowatch.analysis.answers import Refused, Returned
from leukowatch.analysis.choice import chosen_pool
from leukowatch.analysis.offering import offer
from leukowatch.analysis.remote import NotShared, Order, OtherBundle, Place, look
from leukowatch.errors import SettingsInvalid
from leukowatch.service.running import running
from leukowatch.service.taking import AHEAD
from leukowatch.settings import load_settings


@pytest.fixture
def cluster(tmp_path):
    """A scheduler of its own, without workers."""
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.remove()


@pytest.fixture
def answers():
    """Give a queue that a pool's answers are put into."""
    return queue.SimpleQueue()


@pytest.fixture
def made(cluster, tmp_path, monkeypatch):
    """Give a maker of pools on the cluster; stop them at the end."""
    pools = []

    def make(**settings):
        monkeypatch.setenv("LEUKOWATCH_ANALYSIS__POOL", "dask")
        monkeypatch.setenv("LEUKOWATCH_ANALYSIS__SCHEDULER", cluster.address)
        for key, value in settings.items():
            monkeypatch.setenv(f"LEUKOWATCH_ANALYSIS__{key.upper()}", str(value))
        pools.append(chosen_pool(load_bundle(), load_settings(tmp_path)))
        return pools[-1]

    yield make
    for pool in pools:
        pool.stop(0.1)


def got(answers, number):
    """Wait for so many answers."""
    return [answers.get(timeout=SLOW) for _ in range(number)]


def test_a_field_is_answered_as_here(cluster, made, phantoms, answers, tmp_path):
    """Sent as bytes, a field comes back with the cells that this machine finds; what is no image is refused."""
    cluster.start_workers()
    pool = made()
    pool.submit(phantoms[0], answers.put, tmp_path / "f.jpg")
    [result] = got(answers, 1)
    pool.submit(b"no image", answers.put, tmp_path / "f.jpg")
    [refused] = got(answers, 1)

    here = analyse(phantoms[0], load_bundle())
    assert replace(here, timings={}) == replace(result, timings={})
    assert (refused.reason, pool.workers) == ("not_an_image", 1)


def test_a_worker_with_another_bundle_looks_at_nothing(phantoms):
    """Even where a field reaches it, by a resource that somebody named wrongly."""
    with pytest.raises(OtherBundle, match="install the same"):
        look(Order("paper", load_bundle().sha256, 10**8, 60.0), phantoms[0])


def test_a_path_that_holds_something_else_is_not_looked_at(phantoms, tmp_path):
    """A share that shows an older file, or another folder, must not be counted under the field's name."""
    path = tmp_path / "f.jpg"
    path.write_bytes(phantoms[1])

    with pytest.raises(NotShared, match="other content"):
        look(Order(DEFAULT, load_bundle().sha256, 10**8, 60.0), Place(bytes(path), "0" * 64))


def test_a_cluster_without_scheduler_is_a_setting_to_mend(tmp_path, monkeypatch):
    """The message names the key and shows its form."""
    monkeypatch.setenv("LEUKOWATCH_ANALYSIS__POOL", "dask")

    with pytest.raises(SettingsInvalid, match=r"analysis\.scheduler.*tcp://"):
        chosen_pool(load_bundle(), load_settings(tmp_path))


def test_without_dask_the_extra_is_named(tmp_path):
    """Where it is not installed, the message says how to install it."""
    home = Home(tmp_path / "home", ANALYSIS__POOL="dask", ANALYSIS__SCHEDULER="tcp://127.0.0.1:1")
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "from leukowatch.cli import main; sys.argv[1:] = ['scan']; main()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env=home.environment(), capture_output=True, text=True, check=False
    )

    assert told.returncode == 3
    assert "pip install leukowatch[cluster]" in told.stderr


def test_a_worker_without_a_schedulers_address_is_refused(tmp_path):
    """At once, with the form of an address, and not by a process that is started again and again."""
    told = Home(tmp_path / "home").command("worker", "scheduler.example")

    assert (told.returncode, "tcp://HOST:8786" in told.stderr) == (3, True)


def test_a_worker_without_dask_names_the_extra(monkeypatch):
    """The same: nothing is started that cannot run."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(SettingsInvalid, match=r"pip install leukowatch\[cluster\]"):
        offer("tcp://127.0.0.1:1", DEFAULT, 1, 2500, threading.Event())


@pytest.mark.slow
def test_the_limit_of_pixels_goes_with_the_fields(cluster, made, phantoms, answers, tmp_path, monkeypatch):
    """A worker has settings of its own; the daemon's hold for the daemon's fields."""
    cluster.start_workers()
    monkeypatch.setenv("LEUKOWATCH_INBOX__MAX_PIXELS", str(640 * 480 - 1))
    made().submit(phantoms[0], answers.put, tmp_path / "f.jpg")
    [refused] = got(answers, 1)

    assert isinstance(refused, Refused)
    assert refused.reason == "too_large"


@pytest.mark.slow
def test_fields_travel_by_path_and_as_bytes_where_they_must(cluster, made, phantoms, answers, tmp_path):
    """A worker reads the shared file; where it has none, the bytes are sent after all."""
    cluster.start_workers()
    pool = made(travel="path")
    (tmp_path / "shared.jpg").write_bytes(phantoms[0])
    pool.submit(phantoms[0], answers.put, tmp_path / "shared.jpg")
    pool.submit(phantoms[1], answers.put, tmp_path / "nowhere.jpg")

    assert [FieldResult] * 2 == [type(answer) for answer in got(answers, 2)]


@pytest.mark.slow
def test_workers_with_another_bundle_get_no_field(cluster, made, phantoms, answers, tmp_path):
    """A worker of another bundle is there first; the field waits for one that has the daemon's."""
    cluster.start_workers(bundle="paper")
    pool = made()
    wait_until(lambda: (client := pool._line.client()) and client.scheduler_info()["workers"], SLOW)
    pool.submit(phantoms[0], answers.put, tmp_path / "f.jpg")
    cluster.start_workers()
    [answer] = got(answers, 1)

    assert answer.bundle_sha256 == load_bundle().sha256


@pytest.mark.slow
def test_worker_and_scheduler_killed_cost_time_and_no_field(cluster, made, phantoms, answers, tmp_path):
    """SIGKILL to a worker with fields in hand, then to the scheduler with all the others: every field is answered."""
    command = cluster.start_workers(2)
    pool = made()
    for number in range(30):
        pool.submit(phantoms[number % 12], answers.put, tmp_path / "f.jpg")
    early = got(answers, 4)
    cluster.kill_worker(command)
    early += got(answers, 8)
    cluster.kill_scheduler()
    cluster.start_scheduler()
    all_of_them = early + got(answers, 18)

    assert [FieldResult] * 30 == [type(answer) for answer in all_of_them]
    assert answers.empty()


@pytest.mark.slow
def test_an_answer_that_the_scheduler_takes_along_is_asked_for_again(
    cluster, made, phantoms, answers, tmp_path, monkeypatch
):
    """It dies when a field is done and its result not fetched yet: that says nothing against the image."""
    fetch = Client._gather_remote

    async def cut(client, *arguments):
        monkeypatch.undo()
        cluster.kill_scheduler()
        return await fetch(client, *arguments)

    cluster.start_workers()
    pool = made()
    monkeypatch.setattr(Client, "_gather_remote", cut)
    pool.submit(phantoms[0], answers.put, tmp_path / "f.jpg")
    wait_until(lambda: Client._gather_remote is fetch, SLOW)
    cluster.start_scheduler()

    assert isinstance(*got(answers, 1), FieldResult)


@pytest.mark.slow
def test_a_field_that_takes_too_long_is_refused_and_the_others_are_not(
    cluster, made, phantoms, answers, tmp_path
):
    """The worker ends itself at the deadline; after the attempts the image is given up, its neighbours are counted."""
    cluster.start_workers()
    hasty, patient = made(deadline_seconds=0.05, attempts=2), made(deadline_seconds=60, attempts=3)
    hasty.submit(slow_image(), answers.put, tmp_path / "f.jpg")
    neighbours = queue.SimpleQueue()
    for data in phantoms[:6]:
        patient.submit(data, neighbours.put, tmp_path / "f.jpg")
    [refused] = got(answers, 1)

    assert isinstance(refused, Refused)
    assert refused.reason == "worker_lost"
    assert [FieldResult] * 6 == [type(answer) for answer in got(neighbours, 6)]


@pytest.mark.slow
def test_waiting_for_a_cluster_is_no_standing_still(cluster, made, phantoms, answers, tmp_path):
    """Without workers, then without scheduler, the pool moves: a restart here brings neither back."""
    pool = made()
    pool.submit(phantoms[0], answers.put, tmp_path / "f.jpg")
    wait_until(lambda: pool.answered >= 2)
    cluster.kill_scheduler()
    moved = wait_until(lambda: pool._line._client is None and pool.answered)
    wait_until(lambda: pool.answered >= moved + 2)

    assert (pool.in_hand(), answers.empty()) == (1, True)


@pytest.mark.slow
def test_a_cluster_is_given_no_more_than_its_workers_can_use(cluster, tmp_path, monkeypatch, phantoms):
    """A backlog stays in the inbox: few fields wait for a cluster without workers, and as many more as workers come."""
    home = Home(tmp_path / "home", ANALYSIS__POOL="dask", ANALYSIS__SCHEDULER=cluster.address)
    for key, value in home.environment().items():
        monkeypatch.setenv(key, value)
    (home.inbox / "S").mkdir()
    for number in range(40):
        (home.inbox / "S" / f"f{number:02}.jpg").write_bytes(phantoms[number % 12] + b"%d" % number)
    with running(load_settings()) as daemon:
        pool, seen = daemon._pool, []

        def filed():
            """Run one round, and note how many fields the cluster has, and for how many workers."""
            before = pool.workers
            daemon.round()
            seen.append((pool.in_hand(), max(before, pool.workers)))
            return daemon.taker.filed

        wait_until(lambda: filed() or pool.in_hand() == AHEAD)
        for _ in range(20):
            filed()
        alone = (len(home.left()), max(seen))
        cluster.start_workers(2)
        # Workers are counted now and then: the first alone could file everything before the second is seen.
        wait_until(lambda: pool.workers == 2, SLOW)
        wait_until(lambda: filed() == 40, SLOW)

    assert alone == (40, (AHEAD, 1))
    assert max(seen) == (2 * AHEAD, 2)
    assert all(fields <= AHEAD * workers for fields, workers in seen)


@pytest.mark.slow
def test_stop_gives_back_what_the_cluster_did_not_do(made, phantoms, answers, tmp_path):
    """Without any worker the fields go back to the inbox."""
    pool = made()
    for data in phantoms[:3]:
        pool.submit(data, answers.put, tmp_path / "f.jpg")
    pool.stop(0.5)

    assert [Returned] * 3 == [type(answer) for answer in got(answers, 3)]


@pytest.mark.slow
def test_a_service_counts_each_field_once_on_a_cluster_that_dies(cluster, tmp_path, phantoms):
    """Worker and scheduler are killed while a service reads its inbox: no file lost, none counted twice."""
    home = Home(tmp_path / "home", ANALYSIS__POOL="dask", ANALYSIS__SCHEDULER=cluster.address)
    (home.inbox / "S").mkdir()
    for number in range(40):
        (home.inbox / "S" / f"f{number:02}.jpg").write_bytes(phantoms[number % 12] + b"%d" % number)
    command = cluster.start_workers(1)
    with home.service():
        wait_until(lambda: len(home.filed()) >= 3, SLOW)
        cluster.kill_worker(command)
        wait_until(lambda: len(home.filed()) >= 12, SLOW)
        cluster.kill_scheduler()
        cluster.start_scheduler()
        wait_until(lambda: not home.left(), SLOW)

    assert {"counted"} == {status for status, _ in home.states().values()}
    assert home.query("SELECT count(*), count(DISTINCT sha256) FROM field") == [(40, 40)]
