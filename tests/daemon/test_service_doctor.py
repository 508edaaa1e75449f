"""The doctor finds what is wrong and leaves everything as it is."""

import os
import tempfile
from pathlib import Path

import pytest

from leukowatch.errors import StoreUnavailable
from leukowatch.service import doctor
from leukowatch.service.doctor import Finding, examine
from leukowatch.service.home import LOCK, is_locked, only_one
from leukowatch.settings import Settings

NOBODY = 65534


@pytest.fixture
def shared():
    """Give a folder that every user can enter and write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.fixture
def as_nobody():
    """Make the rest of a test run as another user than root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")

    def become() -> None:
        os.seteuid(NOBODY)

    yield become
    os.seteuid(0)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    """Findings by what they are about."""
    return {finding.what: finding for finding in findings}


def test_a_home_that_is_not_there_is_told_and_not_made(tmp_path):
    """Neither the home nor a lock in it."""
    found = by_name(examine(Settings(home=tmp_path / "none")))

    assert (True, "no service runs on this home") == (found["service"].good, found["service"].told)
    assert not found["folders"].good
    assert list(tmp_path.iterdir()) == []


def test_a_home_without_a_lock_gets_none(tmp_path):
    """A look leaves no file behind."""
    assert not is_locked(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_held_is_a_running_service(tmp_path):
    """And one that was let go is none."""
    with only_one(tmp_path):
        during = is_locked(tmp_path)

    assert (True, False) == (during, is_locked(tmp_path))


def test_looking_at_the_lock_lets_it_go_at_once(tmp_path):
    """So that a service may start right after."""
    (tmp_path / LOCK).touch()
    is_locked(tmp_path)

    with only_one(tmp_path):
        assert is_locked(tmp_path)


def test_a_check_that_fails_unforeseen_is_a_finding(tmp_path, monkeypatch):
    """With the error's name, and the other checks still speak."""

    def fail(settings: Settings) -> str:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(doctor, "_disk", fail)
    found = by_name(examine(Settings(home=tmp_path)))

    assert Finding("disk", good=False, told="ZeroDivisionError: oh") == found["disk"]
    assert found["service"].good


def test_a_lock_of_another_user_is_told_with_its_owner(shared, as_nobody):
    """A service must say whom to ask."""
    (shared / LOCK).touch(mode=0o600)
    as_nobody()

    with (
        pytest.raises(StoreUnavailable, match=r"owned by root; remove it, .*or run as that user"),
        only_one(shared),
    ):
        pass
    with pytest.raises(StoreUnavailable, match="owned by root"):
        is_locked(shared)


def test_a_home_that_may_not_be_written_is_told(shared, as_nobody):
    """Where there is no lock to blame."""
    shared.chmod(0o755)
    as_nobody()

    with pytest.raises(StoreUnavailable, match="may this user write there"), only_one(shared):
        pass
