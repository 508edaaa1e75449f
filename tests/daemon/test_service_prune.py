"""Old images of signed slides leave the archive, and nothing else does."""

import multiprocessing
import os
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from handmade import NOON, cell, fill, ledger_at, outcome, seen
from leukowatch.console.field import show_field
from leukowatch.differential.signing import Signing, sign
from leukowatch.errors import FilingFailed, NotFound, RequestInvalid
from leukowatch.service import prune as pruning
from leukowatch.settings import Settings
from leukowatch.store.reassign import reassign
from reviewing import LATER, lab_at

DAY = 86_400.0
SIGNED, UNSIGNED = "archive/S1/1.jpg", "archive/S2/2.jpg"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Two slides of a field each, S1 signed, both filed in the archive; it is a hundred days later."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        lab.arrive("S2", 2, "monocyte")
        lab.see_all()
        sign(lab.engine, lab.people["anna"], "S1", lab.settings, Signing(), now=LATER)
        put(lab, {1: SIGNED, 2: UNSIGNED})
        later = NOON.timestamp() + 100 * DAY

        class Later(pruning.datetime):
            """The day on which the tests prune."""

            @classmethod
            def now(cls, tz=None):
                """Tell the time, later at each call."""
                return cls.fromtimestamp(later + time.monotonic() % 1000, tz)

        monkeypatch.setattr(pruning, "datetime", Later)
        yield lab


def put(lab, places):
    """Put files where the books will have them, of the size and time that a file has in this store."""
    for place in places.values():
        path = lab.path.parent / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"9 bytes..")
        os.utime(path, ns=(1, 1))
    with ledger_at(lab.path) as ledger:
        ledger.mark_filed([(number, place.encode()) for number, place in places.items()])


def prune(lab, *slides, days=90, really=True):
    """What the command says."""
    return list(pruning.prune(lab.settings, f"{days}d", slides, really=really))


def left(lab):
    """Images in the archive, by their path below the home."""
    home = lab.path.parent
    return sorted(str(path.relative_to(home)) for path in (home / "archive").rglob("*") if path.is_file())


def pruned(lab):
    """Files whose rows say that they were deleted."""
    return [name for (name,) in ask(lab, "SELECT printable FROM arrival WHERE pruned_at IS NOT NULL")]


def ask(lab, sql):
    """Rows of a query, as a person with sqlite3 would read them."""
    with closing(sqlite3.connect(lab.path)) as connection:
        return connection.execute(sql).fetchall()


def test_only_images_of_signed_slides_are_deleted(lab):
    """What a person has not yet answered for can still be looked at."""
    told = prune(lab)

    assert left(lab) == [UNSIGNED]
    assert pruned(lab) == ["S1/1.jpg"]
    assert told == [
        "1 images (0.0 MB) of signed slides were taken before 2031-05-14",
        "  S1: 1",
        "1 images (0.0 MB) are as old and stay, as their slides are not signed",
        "1 images (0.0 MB) were deleted; rows, cells and counts stay",
    ]


def test_counts_and_rows_stay(lab):
    """The differential of a slide without images is what it was."""
    count = "SELECT * FROM differential ORDER BY slide, class"
    before = ask(lab, count), ask(lab, "SELECT * FROM cell_result"), ask(lab, "SELECT * FROM field")

    prune(lab)

    assert (ask(lab, count), ask(lab, "SELECT * FROM cell_result"), ask(lab, "SELECT * FROM field")) == before


def test_without_yes_nothing_is_deleted(lab):
    """The default tells, and changes neither file nor row."""
    told = prune(lab, really=False)

    assert told[-1] == "nothing was deleted: --yes does it"
    assert (left(lab), pruned(lab)) == ([SIGNED, UNSIGNED], [])


def test_younger_images_stay(lab):
    """By the day on which they were taken."""
    prune(lab, days=101)

    assert left(lab) == [SIGNED, UNSIGNED]


def test_a_signed_slide_that_changed_since_is_not_settled(lab):
    """A further field came: the result is to be amended, and the images are needed for it."""
    lab.arrive("S1", 3, "basophil")

    prune(lab)

    assert left(lab) == [SIGNED, UNSIGNED]


def test_a_slide_that_changes_after_the_listing_keeps_its_images(lab, monkeypatch):
    """A field came in between: whether the slide is signed is asked again in the transaction that marks."""
    listing = pruning.old_images

    def then_a_field_comes(*given):
        found = listing(*given)
        lab.arrive("S1", 3, "basophil")
        return found

    monkeypatch.setattr(pruning, "old_images", then_a_field_comes)
    prune(lab)

    assert left(lab) == [SIGNED, UNSIGNED]
    assert pruned(lab) == []


def test_a_field_moved_to_an_unsigned_slide_stays(lab):
    """It is that slide's now, wherever its file lies."""
    with ledger_at(lab.path) as ledger:
        reassign(ledger.engine, "S1/1.jpg", "S2", "wrong folder", "anna")

    prune(lab)

    assert left(lab) == [SIGNED, UNSIGNED]


def test_only_the_slides_that_were_named(lab):
    """And one that there is not is an error, not nothing."""
    prune(lab, "S2")
    assert left(lab) == [SIGNED, UNSIGNED]

    prune(lab, "S1")
    assert left(lab) == [UNSIGNED]

    with pytest.raises(NotFound, match="S77"):
        prune(lab, "S77")


def test_another_file_in_its_place_is_not_deleted(lab):
    """Somebody put something else there: it is told, and the row says nothing of a deletion."""
    (lab.path.parent / SIGNED).write_bytes(b"quite another file")

    with pytest.raises(FilingFailed, match=r"S1/1\.jpg \(another file has its place\)"):
        prune(lab)

    assert (left(lab), pruned(lab)) == ([SIGNED, UNSIGNED], [])


def test_a_link_is_never_followed(lab, tmp_path_factory):
    """What lies outside the archive is nobody's to delete."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "1.jpg").write_bytes(b"9 bytes..")
    os.utime(outside / "1.jpg", ns=(1, 1))
    folder = lab.path.parent / "archive" / "S1"
    (folder / "1.jpg").unlink()
    folder.rmdir()
    folder.symlink_to(outside)

    with pytest.raises(FilingFailed):
        prune(lab)

    assert [each.name for each in outside.iterdir()] == ["1.jpg"]


def test_a_later_image_of_the_same_name_stays(lab):
    """The place of a deleted image is free: what is filed there since is another's."""
    prune(lab)
    fill(lab.path, [outcome("S1", "1.jpg", 4, seen(cell("monocyte")))])
    put(lab, {3: SIGNED})

    prune(lab)

    assert left(lab) == [SIGNED, UNSIGNED]


@pytest.mark.parametrize("text", ["90", "0d", "-1d", "3 months", ""])
def test_an_age_that_is_no_number_of_days_is_refused(tmp_path, text):
    """Nobody deletes by a misreading."""
    with pytest.raises(RequestInvalid, match="as 90d"):
        list(pruning.prune(Settings(home=tmp_path), text, [], really=True))


def _killed_in_child(lab, moment):
    def kill(*arguments, **named):
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(pruning, moment, kill)
    prune(lab)


@pytest.mark.parametrize("moment", ["mark_pruned", "_delete_one", "sync_folder"])
def test_a_prune_that_is_killed_is_finished_by_the_next(lab, moment):
    """Before the row is marked, between row and file, and after the file."""
    child = multiprocessing.get_context("fork").Process(target=_killed_in_child, args=(lab, moment))
    child.start()
    child.join(60)

    prune(lab)

    assert child.exitcode == -signal.SIGKILL
    assert (left(lab), pruned(lab)) == ([UNSIGNED], ["S1/1.jpg"])


def test_a_pruned_field_says_so_when_somebody_wants_to_see_it(lab):
    """Not that its file was lost."""
    prune(lab)

    with pytest.raises(NotFound, match=r"pruned on 2031-08-12; its cells are kept"):
        show_field(Settings(home=lab.path.parent), "S1/1.jpg", None)
