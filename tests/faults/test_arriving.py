"""However a file comes into the inbox, and whoever writes to it meanwhile: whole contents count, each once."""

import os
import time

import pytest

from faults.accounts import Account, account, at, counted, gated, settled
from lab import wait_until

SETTINGS = {"INBOX__TRUNCATED_SECONDS": "20"}
PAUSE = 0.5
"""Seconds of a writer's rest: longer than the service's delay (0.2 s) and shorter than it waits for an end."""


def append(path, data):
    """Open, write and close, as a copying program does that was interrupted."""
    with path.open("ab") as file:
        file.write(data)


def test_partial_write_that_is_resumed_counts_once_it_is_whole(running, slide, phantoms):
    """A copy broken off in the middle and taken up again is one field, and was never called truncated."""
    append(slide / "a.jpg", phantoms[0][:5000])
    time.sleep(PAUSE)
    append(slide / "a.jpg", phantoms[0][5000:])

    assert counted("a.jpg") == settled(running, slide.name, 1)
    assert phantoms[0] == (running.archive / slide.name / "a.jpg").read_bytes()


def test_writer_slower_than_the_delay_is_waited_for(running, slide, phantoms):
    """A microscope that saves in bits, with rests longer than the delay, is not cut short."""
    step = len(phantoms[1]) // 4
    with (slide / "a.jpg").open("wb", buffering=0) as file:
        for start in range(0, len(phantoms[1]), step):
            file.write(phantoms[1][start : start + step])
            time.sleep(PAUSE)

    assert counted("a.jpg") == settled(running, slide.name, 1)
    assert phantoms[1] == (running.archive / slide.name / "a.jpg").read_bytes()


def test_several_open_and_close_cycles_are_one_field(running, slide, phantoms):
    """Each close says that a writer is done; only the last one tells the truth."""
    for start in range(0, len(phantoms[2]), 2000):
        append(slide / "a.jpg", phantoms[2][start : start + 2000])

    assert counted("a.jpg") == settled(running, slide.name, 1)


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "bmp"])
def test_preallocated_zero_tail_is_not_taken_for_the_image(running, slide, phantoms, pictures, kind):
    """A file of the final size whose end is still zeros waits until its content has come, and counts once."""
    data = phantoms[3] if kind == "jpg" else pictures[kind]
    descriptor = os.open(slide / f"a.{kind}", os.O_WRONLY | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, len(data))
    os.write(descriptor, data[: len(data) // 2])
    os.close(descriptor)
    (slide / "other.jpg").write_bytes(phantoms[4] + kind.encode())
    settled(running, slide.name, 1)
    time.sleep(PAUSE)
    untaken = account(running, slide.name)
    with (slide / f"a.{kind}").open("r+b") as file:
        file.write(data)

    assert Account({"other.jpg": ["counted"]}, [f"a.{kind}"], ["other.jpg"], fields=1) == untaken
    assert counted("other.jpg", f"a.{kind}") == settled(running, slide.name, 2)


def test_rename_from_outside_counts(running, slide, phantoms):
    """A file, and a folder with files, moved in whole by a rename that gives no event of writing."""
    outside = running.folder / "outside"
    (outside / "left").mkdir(parents=True)
    (outside / "a.jpg").write_bytes(phantoms[4])
    (outside / "left" / "b.jpg").write_bytes(phantoms[5])
    (outside / "a.jpg").rename(slide / "a.jpg")
    (outside / "left").rename(slide / "left")

    assert counted("a.jpg", "left/b.jpg") == settled(running, slide.name, 2)


def test_temporary_name_is_left_alone_until_its_rename(running, slide, phantoms):
    """A whole image under a temporary name is nobody's until its writer says so."""
    (slide / "a.jpg.part").write_bytes(phantoms[6])
    (slide / "other.jpg").write_bytes(phantoms[7])
    before = settled(running, slide.name, 1)
    (slide / "a.jpg.part").rename(slide / "a.jpg")

    assert ["a.jpg.part"] == before.inbox
    assert counted("a.jpg", "other.jpg") == settled(running, slide.name, 2)


def test_hard_links_are_one_field(running, slide, phantoms):
    """Names of one file are a field and its duplicates, each kept; the name outside the inbox stays as it was."""
    outside = running.folder / "original.jpg"
    outside.write_bytes(phantoms[8])
    for number, name in enumerate(("a.jpg", "b.jpg", "b.jpg"), 1):
        (slide / name).hardlink_to(outside)
        found = settled(running, slide.name, number)

    rows = {"a.jpg": ["counted"], "b.jpg": ["duplicate", "duplicate"]}
    assert Account(rows, archive=["a.jpg", "duplicates/b.jpg", "duplicates/b~1.jpg"], fields=1) == found
    assert phantoms[8] == outside.read_bytes()


def test_other_content_under_the_same_name_is_another_field(running, slide, phantoms):
    """Microscopes count their files anew each day: both fields count and both files are kept."""
    for number in (9, 10):
        (slide / "a.jpg").write_bytes(phantoms[number])
        found = settled(running, slide.name, number - 8)

    kept = [(running.archive / slide.name / name).read_bytes() for name in ("a.jpg", "a~1.jpg")]
    assert Account({"a.jpg": ["counted", "counted"]}, archive=["a.jpg", "a~1.jpg"], fields=2) == found
    assert phantoms[9:11] == kept


def test_two_identical_files_in_parallel_workers_count_once(running, slide, phantoms, gate):
    """Neither is known when the other is taken: the ledger decides, in one transaction."""
    data = gated(phantoms[11], gate)
    for name in ("a.jpg", "b.jpg"):
        (slide / name).write_bytes(data)
    wait_until(lambda: at(gate) == 2)
    gate.touch()
    found = settled(running, slide.name, 2)

    assert [["counted"], ["duplicate"]] == sorted(found.rows.values())
    assert (1, []) == (found.fields, found.inbox)
    assert len(found.archive) == 2


@pytest.mark.parametrize("way", ["renamed over", "written over"])
def test_file_changed_during_inference_is_two_fields(running, slide, phantoms, gate, way):
    """What was looked at is counted and said to be lost; what came in its place is a field of its own."""
    first, second = gated(phantoms[0], gate), phantoms[1] + way.encode()
    (slide / "a.jpg").write_bytes(first)
    wait_until(lambda: at(gate))
    if way == "renamed over":
        (slide / "new.part").write_bytes(second)
        (slide / "new.part").rename(slide / "a.jpg")
    else:
        (slide / "a.jpg").write_bytes(second)
    gate.touch()
    found = settled(running, slide.name, 2)

    assert Account({"a.jpg": ["counted and lost", "counted"]}, archive=["a.jpg"], fields=2) == found
    assert second == (running.archive / slide.name / "a.jpg").read_bytes()


def test_file_deleted_during_inference_is_counted_and_said_to_be_lost(running, slide, phantoms, gate):
    """The count stands on a content that was whole; that its file is gone is a row, not a secret."""
    (slide / "a.jpg").write_bytes(gated(phantoms[2], gate))
    wait_until(lambda: at(gate))
    (slide / "a.jpg").unlink()
    gate.touch()

    assert Account({"a.jpg": ["counted and lost"]}, fields=1) == settled(running, slide.name, 1)


@pytest.mark.slow
def test_file_replaced_between_look_and_opening_is_judged_anew(home, phantoms, tmp_path):
    """A half-written file that takes a whole one's name in that moment waits for its end, and is not truncated."""
    half = tmp_path / "half.jpg"
    half.write_bytes(phantoms[1][:5000])
    (home.inbox / "S").mkdir()
    home._variables |= {"SABOTAGE_SWAP": str(half), "LEUKOWATCH_INBOX__TRUNCATED_SECONDS": "20"}
    with home.service():
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        wait_until(lambda: not half.exists())
        append(home.inbox / "S" / "a.jpg", phantoms[1][5000:])
        found = settled(home, "S", 1)

    assert counted("a.jpg") == found
    assert phantoms[1] == (home.archive / "S" / "a.jpg").read_bytes()


@pytest.mark.slow
def test_file_deleted_between_look_and_opening_leaves_no_trace(home, phantoms, tmp_path):
    """Whole when it was looked at and gone when it is opened: no row, and the next one counts."""
    nothing = tmp_path / "nothing"
    nothing.touch()
    (home.inbox / "S").mkdir()
    home._variables["SABOTAGE_SWAP"] = str(nothing)
    with home.service():
        (home.inbox / "S" / "a.jpg").write_bytes(phantoms[0])
        wait_until(lambda: not nothing.exists())
        (home.inbox / "S" / "b.jpg").write_bytes(phantoms[1])
        found = settled(home, "S", 1)

    assert counted("b.jpg") == found
