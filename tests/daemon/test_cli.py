"""The commands that a person types, each run as a process."""

import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest

from lab import Home, wait_until


@pytest.fixture(scope="module")
def scanned(tmp_path_factory, phantoms):
    """Give a home with three fields on slide A, one on slide B and a quarantined file; nobody writes to it."""
    home = Home(tmp_path_factory.mktemp("scanned") / "home")
    for slide, numbers in {"A": (0, 1, 2), "B": (3,)}.items():
        (home.inbox / slide).mkdir()
        for number in numbers:
            (home.inbox / slide / f"f{number}.jpg").write_bytes(phantoms[number])
    (home.inbox / "B" / "text.jpg").write_bytes(b"no image")
    done = home.command("scan")
    assert (done.returncode, "5 files filed") == (0, done.stdout.strip().splitlines()[-1]), done.stderr
    return home


@pytest.fixture
def counted(scanned, home):
    """Give a home of the test's own that is just like it, without a service."""
    shutil.copytree(scanned.folder, home.folder, dirs_exist_ok=True)
    return home


def test_scan_names_what_still_waits_and_ends_with_code_8(home, phantoms):
    """A file under a temporary name waits for its rename: the scan ends and says so."""
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "ready.jpg").write_bytes(phantoms[0])
    (home.inbox / "S" / "coming.jpg.part").write_bytes(phantoms[1])

    done = home.command("scan")

    assert done.returncode == 8
    assert "S/coming.jpg.part" in done.stderr
    assert home.filed() == ["S/ready.jpg"]


def test_slides_lists_each_slide_with_its_fields(counted):
    """Every slide has its row."""
    done = counted.command("slides")

    assert done.returncode == 0
    assert "A" in done.stdout
    assert "B" in done.stdout


def test_a_state_that_no_slide_can_have_is_named(counted):
    """With those that there are."""
    done = counted.command("slides", "--status", "singed")

    assert done.returncode == 2
    assert "'singed' is no state" in done.stderr
    assert "signed" in done.stderr


def test_report_gives_the_same_counts_as_the_view(counted):
    """The report's JSON and the differential view agree, class by class."""
    report = json.loads(counted.command("report", "A", "--json").stdout)

    told = {row["class"]: row["cells"] for row in report["classes"]}
    assert dict(counted.query("SELECT class, cells FROM differential WHERE slide = 'A'")) == told
    assert "research use only" in json.dumps(report).lower()


def test_report_of_an_unknown_slide_says_what_to_do(counted):
    """A wrong name is code 9 and one line, no traceback."""
    done = counted.command("report", "C")

    assert done.returncode == 9
    assert done.stderr.startswith("leukowatch: ")
    assert "leukowatch slides" in done.stderr


def test_field_shows_both_classes_of_each_cell_and_writes_the_figure(counted, tmp_path):
    """The paper's figure: in the terminal, and as a PNG of the field's size or larger."""
    done = counted.command("field", "A/f0.jpg", "--png", str(tmp_path / "figure.png"))

    [(first, second)] = counted.query(
        "SELECT first_class, second_class FROM cell_result WHERE field = 'A/f0.jpg'"
    )[:1]
    assert done.returncode == 0, done.stderr
    assert first in done.stdout.lower()
    assert second in done.stdout.lower()
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_requeued_file_is_taken_once_more(counted):
    """A quarantined file goes back to the inbox under its name; its former row says so."""
    done = counted.command("requeue", "B/text.jpg")

    assert done.returncode == 0, done.stderr
    assert counted.left() == ["B/text.jpg"]
    assert ("requeued", "not_an_image") == counted.states()["B/text.jpg"]
    counted.command("scan")
    assert counted.query(
        "SELECT status FROM field_status WHERE file = 'B/text.jpg' ORDER BY received_at"
    ) == [
        ("requeued",),
        ("quarantined",),
    ]


def test_reassigned_field_counts_on_its_new_slide_and_leaves_a_trace(counted):
    """A wrong folder is mended, with who, when and why."""
    before = dict(counted.query("SELECT slide, sum(cells) FROM differential GROUP BY slide"))
    done = counted.command("reassign", "A/f0.jpg", "--to", "B", "--reason", "wrong folder")
    after = dict(counted.query("SELECT slide, sum(cells) FROM differential GROUP BY slide"))

    assert done.returncode == 0, done.stderr
    assert sum(before.values()) == sum(after.values())
    assert counted.query("SELECT reason FROM reassignment") == [("wrong folder",)]
    assert counted.query("SELECT slide FROM field_status WHERE file = 'A/f0.jpg' AND status = 'counted'")


def test_reassign_works_beside_a_running_service(counted, phantoms):
    """Both write to one database and neither is refused."""
    with counted.service():
        done = counted.command("reassign", "B", "--to", "C", "--reason", "barcode misread")
        (counted.inbox / "D").mkdir()
        (counted.inbox / "D" / "f9.jpg").write_bytes(phantoms[9])
        wait_until(lambda: "D/f9.jpg" in counted.filed())

    assert done.returncode == 0, done.stderr
    assert "1 fields now belong to C" in done.stdout


def test_doctor_finds_nothing_wrong_with_a_sound_home(counted):
    """All checks pass on a home that works."""
    done = counted.command("doctor")

    assert done.returncode == 0, done.stdout
    assert "BAD" not in done.stdout


def test_doctor_tells_what_is_wrong_and_ends_with_code_14(counted):
    """A damaged database is named with its remedy."""
    path = counted.folder / "leukowatch.db"
    raw = bytearray(path.read_bytes())
    raw[4096 * 2 : 4096 * 6] = bytes(4096 * 4)
    path.write_bytes(raw)

    done = counted.command("doctor")

    assert done.returncode == 14
    assert "BAD database" in done.stdout


def test_settings_tell_where_each_value_comes_from(home):
    """File, environment and default are told apart."""
    (home.folder / "leukowatch.toml").write_text("[inbox]\nrescan_seconds = 7\n")

    told = home.command("settings").stdout.splitlines()

    assert f"inbox.rescan_seconds = 7.0  # {home.folder / 'leukowatch.toml'}" in told
    assert "analysis.workers = 2  # LEUKOWATCH_ANALYSIS__WORKERS" in told
    assert "service.stop_seconds = 20.0  # default" in told


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("inbox = [", "cannot be read"),
        ("[inbox]\nquiet = 1\n", "inbox.quiet"),
        ("[inbox]\nrescan_seconds = -1\n", "inbox.rescan_seconds"),
        ("[somewhere]\nx = 1\n", "somewhere"),
        ('[inbox]\nslide_pattern = "(.*)"\n', "inbox.slide_pattern"),
    ],
)
def test_wrong_setting_is_named_and_ends_with_code_3(home, toml, told):
    """A mistake in the file is one line that names the setting, before anything starts."""
    (home.folder / "leukowatch.toml").write_text(toml)

    done = home.command("run")

    assert done.returncode == 3
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_db_check_of_a_sound_database_says_so(counted):
    """The proof of schema, file and references passes."""
    done = counted.command("db", "check")

    assert (0, "the database is sound") == (done.returncode, done.stdout.strip())


def test_help_ends_with_real_invocations(home):
    """The commands that people type stand at the end of the help."""
    told = home.command("--help").stdout

    assert "leukowatch report SLIDE-17" in told


def test_papers_bundle_can_be_chosen_and_gives_one_answer_a_field(tmp_path, phantoms):
    """A bundle of kind `field`: its one cell is the whole field."""
    home = Home(tmp_path / "home", ANALYSIS__BUNDLE="paper")
    (home.inbox / "S").mkdir()
    (home.inbox / "S" / "f.jpg").write_bytes(phantoms[0])

    home.command("scan")

    assert [(0.0, 0.0, 640.0, 480.0)] == home.query("SELECT xmin, ymin, xmax, ymax FROM cell_result")
    assert [("paper", "field")] == home.query("SELECT name, kind FROM bundle")


def test_an_answer_that_goes_into_a_pipe_is_alone_on_standard_output(home):
    """A token with a log line behind it would open nothing; here another reader makes the store log."""
    home.command("db", "upgrade")
    added = home.command(
        "user", "add", "gina", "--role", "reader", "--password-stdin", stdin="correct horse battery\n"
    )
    with closing(sqlite3.connect(home.folder / "leukowatch.db")) as reader:
        reader.execute("SELECT count(*) FROM account").fetchall()
        done = home.command("token", "add", "gina", "--role", "reader", "--label", "x")

    assert added.returncode == 0, added.stderr
    assert re.fullmatch(r"lw_\S+\n", done.stdout)
