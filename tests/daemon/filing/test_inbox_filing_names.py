"""Whatever files are called, they get a name of their own and it comes back."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filings import DATA, Home
from leukowatch.inbox import carrying
from leukowatch.inbox.naming import slide_name
from leukowatch.store.outcome import Status

names = st.binary(min_size=1, max_size=255).filter(
    lambda raw: not {0, 47} & set(raw) and raw not in {b".", b".."}
)


def test_collision_takes_the_next_name(any_home):
    """Files of one name and several contents all stay."""
    contents = [b"one", b"two", b"three"]
    paths = [any_home.file(any_home.put(b"S1/a.jpg", data=data)) for data in contents]

    assert [path.name for path in paths] == ["a.jpg", "a~1.jpg", "a~2.jpg"]
    assert sorted(any_home.files().values()) == sorted(contents)


@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_collision_at_the_last_moment_takes_the_next_name(any_home, status, monkeypatch):
    """Somebody puts a file there after the look whether the name is free: it stays, and the field comes beside it."""
    filing = any_home.put(b"S1/a.jpg", status)
    goal = (any_home.archive if status is Status.COUNTED else any_home.quarantine) / "S1"
    goal.mkdir(parents=True)
    looked = carrying._status

    def too_early(path: Path) -> os.stat_result | None:
        there = looked(path)
        if path.name == "a.jpg" and there is None:
            path.write_bytes(b"a stranger's")
        return there

    monkeypatch.setattr(carrying, "_status", too_early)
    path = any_home.file(filing)

    assert (path.name, path.read_bytes()) == ("a~1.jpg", DATA)
    assert (goal / "a.jpg").read_bytes() == b"a stranger's"


def test_file_with_the_name_of_a_folder_collides_harmlessly(home):
    """Where the archive has a file, a folder of that name becomes another one."""
    first = home.file(home.put(b"S1/a.jpg"))
    (home.inbox / "S1/a.jpg").mkdir()
    second = home.file(home.put(b"S1/a.jpg/b.jpg", data=b"other"))

    assert home.files() == {first: DATA, second: b"other"}
    assert second == home.archive / "S1/a~1.jpg/b.jpg"


def test_file_named_like_a_sidecar_is_kept_apart(home):
    """A quarantined a.jpg.json is neither overwritten by a.jpg's sidecar nor taken for it."""
    first = home.file(home.put(b"S1/a.jpg.json", Status.QUARANTINED, data=b"{}"))
    second = home.file(home.put(b"S1/a.jpg", Status.QUARANTINED))

    assert (first.read_bytes(), second.name, second.read_bytes()) == (b"{}", "a~1.jpg", DATA)
    assert len(list((home.quarantine / "S1").iterdir())) == 4


@pytest.mark.parametrize("name", [b"n" * 251 + b".jpg", b"n" * 255, "ü".encode() * 127, b"\xff" * 255])
@pytest.mark.parametrize("status", [Status.COUNTED, Status.QUARANTINED])
def test_longest_names_have_room_for_number_and_sidecar(home, name, status):
    """Names of 255 bytes are shortened only as far as needed, and never collide."""
    paths = [home.file(home.put(b"S1/" + name, status, data=b"%d" % number)) for number in range(12)]

    assert len(set(paths)) == 12
    assert sorted(home.files().values()) == sorted(b"%d" % number for number in range(12))
    assert status is Status.QUARANTINED or os.fsencode(paths[0].name) == name


@settings(max_examples=40, deadline=None)  # each waits for the disk
@given(name=names, folder=names, status=st.sampled_from([s for s in Status if s is not Status.REQUEUED]))
def test_any_names_come_through(name, folder, status):
    """Whatever bytes slide and file are called, the content arrives below the slide's folder."""
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        filing = home.put(folder + b"/" + name, status, slide_name(folder))

        path = home.file(filing)

        assert not [found for found in home.inbox.rglob("*") if found.is_file()]
        assert path.read_bytes() == DATA
        assert path.relative_to(place).parts[1] == slide_name(folder)


@settings(max_examples=40, deadline=None)  # each waits for the disk
@given(name=names, folder=names)
def test_any_names_come_back(name, folder):
    """A quarantined file returns to the raw path that it had, and its sidecar goes."""
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        relative = folder + b"/" + name
        quarantined = home.file(home.put(relative, Status.QUARANTINED, slide_name(folder)))

        back = home.filer.give_back(quarantined, relative)

        assert back == home.inbox / os.fsdecode(relative)
        assert back.read_bytes() == DATA
        assert list(quarantined.parent.iterdir()) == []
