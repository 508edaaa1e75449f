"""Files that are cut, false or no files, and names of any bytes: each ends where it belongs, and stops no other."""

import io
import os
import struct
import zlib
from hashlib import sha256

import pytest
from PIL import Image

from faults.accounts import Account, account, card, counted, settled

SETTINGS = {"INBOX__TRUNCATED_SECONDS": "0.6"}


def huge_png() -> bytes:
    """Give a whole PNG that claims 30,000 x 30,000 pixels and has a few bytes of data."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def bad_files(phantoms, pictures) -> dict[str, tuple[bytes, str]]:
    """Give content and reason by file name, of all that must end in quarantine."""
    jpeg, png, tiff = phantoms[0], pictures["png"], pictures["tif"]
    return {
        "zero.jpg": (b"", "empty"),
        "text.jpg": (b"this is a text, not an image\n", "not_an_image"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "cut.png": (png[: len(png) // 2], "truncated"),
        "cut.tif": (tiff[: len(tiff) // 2], "truncated"),
        "tail.jpg": (jpeg[:-5000] + bytes(5000), "truncated"),
        "huge.png": (huge_png(), "too_large"),
    }


def test_each_bad_file_is_quarantined_with_its_reason_and_the_good_one_counted(
    running, slide, phantoms, pictures
):
    """Every refused file lies in quarantine as it was, with a JSON that says why; the field beside them counts."""
    bad = bad_files(phantoms, pictures)
    for name, (data, _) in bad.items():
        (slide / name).write_bytes(data)
    (slide / "good.jpg").write_bytes(phantoms[1])
    found = settled(running, slide.name, len(bad) + 1)
    held = {name: running.quarantine / slide.name / name for name in bad}

    rows = {name: [f"quarantined: {reason}"] for name, (_, reason) in bad.items()} | {"good.jpg": ["counted"]}
    assert Account(rows, archive=["good.jpg"], quarantine=sorted(bad), fields=1) == found
    assert {name: data for name, (data, _) in bad.items()} == {
        name: place.read_bytes() for name, place in held.items()
    }
    assert {name: (reason, sha256(data).hexdigest()) for name, (data, reason) in bad.items()} == {
        name: (card(place)["reason"], card(place)["sha256"]) for name, place in held.items()
    }


def test_what_is_no_regular_file_is_left_alone(running, slide, phantoms, tmp_path):
    """A folder named like an image, a pipe and links to an image elsewhere and to nothing stay, and stop nobody."""
    (tmp_path / "secret.jpg").write_bytes(phantoms[2])
    (slide / "folder.jpg").mkdir()
    os.mkfifo(slide / "pipe.jpg")
    (slide / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (slide / "nowhere.jpg").symlink_to("nothing")
    (slide / "good.jpg").write_bytes(phantoms[3])
    settled(running, slide.name, 1)
    (slide / "second.jpg").write_bytes(phantoms[4])  # by its turn the others have had theirs
    found = settled(running, slide.name, 2)

    assert {"folder.jpg", "pipe.jpg", "link.jpg", "nowhere.jpg"} == {path.name for path in slide.iterdir()}
    assert counted("good.jpg", "second.jpg").rows == found.rows
    assert (["good.jpg", "second.jpg"], [], 2) == (found.archive, found.quarantine, found.fields)
    assert phantoms[2] == (tmp_path / "secret.jpg").read_bytes()


NAMES = {
    "new\\x0aline.jpg": b"new\nline.jpg",
    "caf\\xe9.jpg": b"caf\xe9.jpg",
    "x" * 251 + ".jpg": b"x" * 251 + b".jpg",
}
"""A newline, a byte that is no UTF-8 and 255 bytes, by what the rows show of them."""


def test_fields_under_names_of_any_bytes_are_counted_and_keep_them(running, slide, phantoms):
    """A strange name is no reason to lose a field."""
    contents = {os.fsdecode(name): phantoms[5 + number] for number, name in enumerate(NAMES.values())}
    for name, data in contents.items():
        (slide / name).write_bytes(data)
    found = settled(running, slide.name, len(NAMES))

    assert (
        Account({name: ["counted"] for name in NAMES}, archive=sorted(contents), fields=len(NAMES)) == found
    )
    assert contents == {name: (running.archive / slide.name / name).read_bytes() for name in found.archive}


def test_bad_files_under_names_of_any_bytes_have_their_reasons_beside_them(running, slide):
    """The JSON of a name that leaves no room for its ending lies beside it too, and tells the name's own bytes."""
    contents = {name: b"no image %d" % number for number, name in enumerate(NAMES.values())}
    for name, data in contents.items():
        (slide / os.fsdecode(name)).write_bytes(data)
    found = settled(running, slide.name, len(NAMES))
    held = [running.quarantine / slide.name / name for name in found.quarantine]
    originals = {bytes.fromhex(card(place)["original_hex"]).rpartition(b"/")[2]: place for place in held}

    assert (
        Account({name: ["quarantined: not_an_image"] for name in NAMES}, quarantine=found.quarantine) == found
    )
    assert contents == {name: place.read_bytes() for name, place in originals.items()}


def test_same_content_again_is_filed_as_a_duplicate_of_the_first(running, slide, phantoms):
    """A field counts once, under whatever name it comes again; each file is kept, and another slide is told."""
    other = running.inbox / f"{slide.name}-other"
    other.mkdir()
    (slide / "first.jpg").write_bytes(phantoms[8])
    first = settled(running, slide.name, 1)
    (slide / "again.jpg").write_bytes(phantoms[8])
    (other / "again.jpg").write_bytes(phantoms[8])
    found, elsewhere = settled(running, slide.name, 2), settled(running, other.name, 1)

    rows = {"first.jpg": ["counted"], "again.jpg": ["duplicate"]}
    assert counted("first.jpg") == first
    assert Account(rows, archive=["duplicates/again.jpg", "first.jpg"], fields=1) == found
    assert Account({"again.jpg": ["duplicate"]}, archive=["duplicates/again.jpg"]) == elsewhere
    assert ("duplicate", f"same content as {slide.name}/first.jpg") == running.states()[
        f"{other.name}/again.jpg"
    ]
    assert [(slide.name,), (other.name,)] == running.query(
        "SELECT s.name FROM flag f JOIN slide s ON s.id = f.slide_id WHERE f.kind = 'duplicate_elsewhere' ORDER BY 1"
    )


def test_file_deleted_between_event_and_opening_leaves_no_row(running, slide, phantoms):
    """A file that is gone again was never taken; the next one is."""
    for _ in range(20):
        (slide / "brief.bmp").write_bytes(b"BM")
        (slide / "brief.bmp").unlink()
    (slide / "good.jpg").write_bytes(phantoms[9])

    assert counted("good.jpg") == settled(running, slide.name, 1)


def test_an_image_above_the_limit_of_pixels_is_quarantined_as_too_large(home, phantoms, pictures):
    """The setting reaches the workers: what has one pixel more is not decoded, what has just as many is counted."""
    home._variables["LEUKOWATCH_INBOX__MAX_PIXELS"] = str(640 * 480)
    (home.inbox / "S").mkdir()
    with Image.open(io.BytesIO(pictures["png"])) as image:
        image.resize((640, 481)).save(home.inbox / "S" / "large.png")
    (home.inbox / "S" / "good.jpg").write_bytes(phantoms[1])
    done = home.command("scan")

    rows = {"large.png": ["quarantined: too_large"], "good.jpg": ["counted"]}
    assert 0 == done.returncode
    assert Account(rows, archive=["good.jpg"], quarantine=["large.png"], fields=1) == account(home, "S")


@pytest.mark.skipif(os.geteuid() != 0, reason="as another user than root, modes hold without ado")
def test_unreadable_file_waits_and_counts_once_it_can_be_read(home, phantoms):
    """A file that the service may not read stays, is named with code 8, and stops nobody."""
    (home.inbox / "S").mkdir()
    for name, data in (("secret.jpg", phantoms[0]), ("open.jpg", phantoms[1])):
        (home.inbox / "S" / name).write_bytes(data)
    (home.inbox / "S" / "secret.jpg").chmod(0)
    refused = home.command("scan", before=("setpriv", "--bounding-set=-dac_override,-dac_read_search"))
    left = account(home, "S")
    (home.inbox / "S" / "secret.jpg").chmod(0o644)
    done = home.command("scan")

    assert (8, 0) == (refused.returncode, done.returncode)
    assert "S/secret.jpg" in refused.stderr
    assert Account({"open.jpg": ["counted"]}, ["secret.jpg"], ["open.jpg"], fields=1) == left
    assert counted("open.jpg", "secret.jpg") == account(home, "S")
