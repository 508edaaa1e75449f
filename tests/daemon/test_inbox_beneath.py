"""A field's own file, whoever reads it: the page, the console, a further bundle, a cluster's worker."""

import hashlib
import os

import pytest

from leukowatch.inbox.beneath import own_content

CONTENT = b"an image"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def archive(tmp_path):
    """An archive with one slide of one file."""
    folder = tmp_path / "archive"
    (folder / "S1").mkdir(parents=True)
    (folder / "S1/a.jpg").write_bytes(CONTENT)
    return folder


def linked_file(archive):
    """Put a link to the same content in the file's place."""
    (archive / "S1/a.jpg").rename(archive / "elsewhere.jpg")
    (archive / "S1/a.jpg").symlink_to(archive / "elsewhere.jpg")


def linked_folder(archive):
    """Put a link to another folder in the slide's place."""
    (archive / "S1").rename(archive.parent / "S1")
    (archive / "S1").symlink_to(archive.parent / "S1")


def pipe(archive):
    """Put a pipe in the file's place, which nobody writes to."""
    (archive / "S1/a.jpg").unlink()
    os.mkfifo(archive / "S1/a.jpg")


def test_a_fields_own_content_is_read(archive, tmp_path):
    """Also where the archive itself is a link, as to a larger disk."""
    (tmp_path / "linked").symlink_to(archive)

    assert own_content(archive, b"S1/a.jpg", SHA256) == CONTENT
    assert own_content(tmp_path / "linked", b"S1/a.jpg", SHA256) == CONTENT


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (linked_file, "symbolic links"),
        (linked_folder, "Not a directory"),
        (pipe, "no file in its place"),
        (lambda archive: (archive / "S1/a.jpg").write_bytes(b"another"), "other content"),
        (lambda archive: (archive / "S1/a.jpg").unlink(), "No such file"),
    ],
    ids=["linked file", "linked folder", "pipe", "other content", "gone"],
)
def test_what_is_not_the_fields_own_file_is_refused_with_its_reason(archive, spoil, told):
    """Nobody judges a cell by another picture, and no pipe makes a reader wait."""
    spoil(archive)

    with pytest.raises(OSError, match=told):
        own_content(archive, b"S1/a.jpg", SHA256)


def test_no_path_leads_out_of_the_archive(archive):
    """The raw path comes from a row."""
    (archive.parent / "secret").write_bytes(CONTENT)

    with pytest.raises(OSError, match="not a path below"):
        own_content(archive, b"S1/../../secret", SHA256)
