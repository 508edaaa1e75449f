"""Several services on one PostgreSQL server: each field counted once, whoever dies in between."""

import pytest

from lab import PATIENCE, Home, wait_until

FIELDS = "SELECT count(*), count(DISTINCT sha256) FROM field"
STATES = "SELECT status, count(*) FROM arrival WHERE filed_at IS NOT NULL GROUP BY status ORDER BY status"


@pytest.fixture
def homes(tmp_path, postgresql):
    """Two homes that share a database."""
    return [
        Home(tmp_path / name, STORE__URL=postgresql.url, ANALYSIS__WORKERS="1") for name in ("east", "west")
    ]


def drop(home, data, first, last):
    """Put fields of these numbers into a home's inbox; a number is a content."""
    folder = home.inbox / "S"
    folder.mkdir(exist_ok=True)
    for number in range(first, last):
        (folder / f"f{number:03}.jpg").write_bytes(data[number % len(data)] + b"%d" % number)


def is_done(homes, files):
    """Whether each home has filed so many."""
    return all(len(home.filed()) == files for home in homes)


def test_two_services_on_one_database_count_each_field_once(homes, postgresql, phantoms):
    """Ten files in each inbox, six of them the same: fourteen fields, six duplicates, every file in its own archive."""
    drop(homes[0], phantoms, 0, 10)
    drop(homes[1], phantoms, 4, 14)
    with homes[0].service(), homes[1].service():
        wait_until(lambda: is_done(homes, 10))
        wait_until(lambda: postgresql.rows(STATES) == [("counted", 14), ("duplicate", 6)])

    assert postgresql.rows(FIELDS) == [(14, 14)]
    assert [home.left() for home in homes] == [[], []]


@pytest.mark.slow
def test_server_killed_in_between_costs_time_and_no_field(homes, postgresql, postgresql_server, phantoms):
    """The services say that they wait, go on when the server is back, and nothing is lost or counted twice."""
    with homes[0].service(), homes[1].service():
        for turn in range(2):
            drop(homes[0], phantoms, 20 * turn, 20 * turn + 20)
            drop(homes[1], phantoms, 20 * turn + 10, 20 * turn + 30)
            wait_until(lambda: sum(len(home.filed()) for home in homes) > 40 * turn + 4)  # noqa: B023  asked at once
            postgresql_server.kill()
            drop(homes[turn % 2], phantoms, 100 + turn, 101 + turn)
            wait_until(lambda: b"wait for the database" in (homes[turn % 2].folder / "log.txt").read_bytes())  # noqa: B023
            postgresql_server.start()
            wait_until(lambda: sum(len(home.filed()) for home in homes) == 40 * (turn + 1) + turn + 1)  # noqa: B023
        wait_until(lambda: postgresql.rows(STATES) == [("counted", 52), ("duplicate", 30)])

    assert postgresql.rows(FIELDS) == [(52, 52)]
    assert postgresql.rows("SELECT count(*) FROM arrival WHERE lost") == [(0,)]


@pytest.mark.slow
def test_service_killed_beside_another_finishes_its_own_moves(homes, postgresql, phantoms):
    """SIGKILL twice to one of two: the other goes on, no file of either is lost, each content counts once."""
    drop(homes[0], phantoms, 0, 40)
    drop(homes[1], phantoms, 20, 60)
    with homes[1].service():
        for count in (3, 15):
            with homes[0].service() as process:
                wait_until(lambda: len(homes[0].filed()) >= count)  # noqa: B023  asked before the next turn
                process.kill()
        with homes[0].service():
            wait_until(lambda: is_done(homes, 40))
            wait_until(lambda: postgresql.rows(STATES) == [("counted", 60), ("duplicate", 20)])

    assert postgresql.rows("SELECT count(*) FROM arrival WHERE lost") == [(0,)]


@pytest.mark.slow
def test_commands_work_on_the_server(homes, postgresql, phantoms):
    """From `db upgrade` to `requeue`: the same commands, the same answers."""
    home = homes[0]
    drop(home, phantoms, 0, 3)
    (home.inbox / "S" / "notes.jpg").write_text("no image")
    asked = [
        (["db", "upgrade"], "up to date"), (["scan"], "4 files filed"), (["slides"], "S"),
        (["report", "S", "--csv"], "neutrophil,"), (["field", "S/f000.jpg"], "Neutrophil"),
        (["db", "check"], "is sound"), (["doctor"], "ok  database"), (["requeue", "--all"], "S/notes.jpg"),
        (["reassign", "S/f000.jpg", "--to", "T", "--reason", "wrong folder"], "1 fields"),
    ]  # fmt: skip

    for arguments, told in asked:
        done = home.command(*arguments)
        assert (done.returncode, told in done.stdout) == (0, True), (arguments, done.stdout, done.stderr)
    assert homes[1].command("requeue", "--all", timeout=PATIENCE).stdout == ""
