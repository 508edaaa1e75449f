"""People and the daemon at one database: real processes, under load."""

import multiprocessing
import sqlite3
from contextlib import closing

import pytest

from busy_reviewer import ACTS, decide_and_take_back
from lab import wait_until
from leukonet.phantom import field_bytes
from leukowatch.store.accounts import add_account
from leukowatch.store.database import close_writer, open_reader, open_writer
from leukowatch.store.rights import AccountRole, operator
from leukowatch.store.trail import verify

FIELDS = 60
PEOPLE = ("anna", "bert", "cleo")


@pytest.mark.slow
def test_reviewers_and_the_daemon_write_beside_each_other(home, tmp_path):
    """Nothing is lost, nothing counted twice, nobody is turned away, and the trail is whole."""
    for slide, count in (("A", 4), ("B", FIELDS)):
        (tmp_path / slide).mkdir()
        for seed in range(count):
            (tmp_path / slide / f"{seed}.jpg").write_bytes(field_bytes(seed + 1000 * (slide == "B")))
    (tmp_path / "A").rename(home.inbox / "A")
    assert home.command("scan").returncode == 0
    url = f"sqlite:///{home.folder / 'leukowatch.db'}"
    engine = open_writer(url)
    numbers = [
        add_account(engine, operator("root"), name, AccountRole.TECHNOLOGIST, "correct horse battery")
        for name in PEOPLE
    ]
    close_writer(engine)

    with home.service() as process:
        (tmp_path / "B").rename(home.inbox / "B")
        spawn = multiprocessing.get_context("spawn")
        reviewers = [
            spawn.Process(target=decide_and_take_back, args=(url, *who))
            for who in zip(numbers, PEOPLE, strict=True)
        ]
        for reviewer in reviewers:
            reviewer.start()
        for reviewer in reviewers:
            reviewer.join(300)
        wait_until(lambda: len(home.filed()) == FIELDS + 4, 300)
        wait_until(lambda: home.query("SELECT count(*) FROM arrival WHERE filed_at IS NULL") == [(0,)])
        assert home.stop(process) == 0

    assert [reviewer.exitcode for reviewer in reviewers] == [0, 0, 0]
    assert home.query("SELECT count(*) FROM field") == [(FIELDS + 4,)]
    acts = len(PEOPLE) * (ACTS + ACTS // 4)
    assert home.query("SELECT count(DISTINCT audit_id) FROM decision") == [(acts,)]
    reader = open_reader(url)
    proof = verify(reader)
    reader.dispose()
    assert (proof.findings, proof.rows) == ((), acts + len(PEOPLE))
    with closing(sqlite3.connect(home.folder / "leukowatch.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_done_file_is_noted_and_left_where_it_is(home, phantoms):
    """It is no image: neither taken nor quarantined; the slide is to be reviewed without any wait."""
    (home.inbox / "S1").mkdir()
    (home.inbox / "S1" / "f.jpg").write_bytes(phantoms[0])
    (home.inbox / "S1" / "scan.DONE").touch()
    (home.inbox / "stray.done").touch()

    assert home.command("scan").returncode == 0

    assert home.left() == ["S1/scan.DONE", "stray.done"]
    assert home.query("SELECT slide FROM slide_end") == [("S1",)]
    assert home.query("SELECT DISTINCT status FROM field_status") == [("counted",)]
    kept = home.query(
        "SELECT count(*) FROM bundle_class JOIN cell_class ON id = class_id WHERE name = 'basophil'"
    )
    assert kept == [(1,)]
