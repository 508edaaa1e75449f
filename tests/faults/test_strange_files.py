"""What is no image, only half of one, or more than a machine can hold: each ends in one place with its reason."""

import socket
import struct
from hashlib import sha256

import pytest

from faults.accounts import Account, card, counted, settled
from lab import wait_until

SETTINGS = {"INBOX__TRUNCATED_SECONDS": "0.6"}


def tiff_of_lies() -> bytes:
    """Give a TIFF of 60,000 x 60,000 pixels whose table claims more strips than there are bytes."""
    entries = [
        (256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 0xFFFFFFFF, 8), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 0xFFFFFFFF, 8),
    ]  # fmt: skip
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + struct.pack("<I", 8)
    )  # and it leads to itself


def bomb(width: int, height: int) -> bytes:
    """Give a whole TIFF header of so many pixels, with a strip of a few bytes."""
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 4),
    ]  # fmt: skip
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 12) + b"\0" * 4 + struct.pack("<H", len(entries)) + table + bytes(4)


BAD = {
    "a huge and corrupt TIFF": (tiff_of_lies(), {"truncated", "damaged", "too_large"}),
    "a TIFF that decodes to gigabytes": (bomb(60_000, 60_000), {"too_large"}),
    "a PNG with one wrong byte": (b"", {"damaged"}),
    "a text with the name of an image": (b"no image, though it ends in .tif", {"not_an_image"}),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_read_is_quarantined_and_stops_no_other(running, slide, phantoms, pictures, what):
    """One bad file beside a good one: the bad one lies in quarantine untouched, with its reason beside it."""
    data, reasons = BAD[what]
    data = data or pictures["png"][:9000] + bytes([pictures["png"][9000] ^ 0xFF]) + pictures["png"][9001:]
    (slide / "bad.tif").write_bytes(data)
    (slide / "good.jpg").write_bytes(phantoms[1] + what.encode())
    found = settled(running, slide.name, 2)
    held = running.quarantine / slide.name / "bad.tif"
    reason = card(held)["reason"]

    assert reason in reasons
    assert sha256(data).hexdigest() == card(held)["sha256"]
    rows = {"bad.tif": [f"quarantined: {reason}"], "good.jpg": ["counted"]}
    assert Account(rows, archive=["good.jpg"], quarantine=["bad.tif"], fields=1) == found
    assert data == held.read_bytes()


def test_wrong_extension_is_judged_by_its_content(running, slide, phantoms, pictures):
    """A PNG called .jpg, a JPEG called .tif and one without an ending are the fields that they are."""
    for name, data in (("png.jpg", pictures["png"]), ("jpg.tif", phantoms[2]), ("none", phantoms[4])):
        (slide / name).write_bytes(data)
    found = settled(running, slide.name, 3)

    assert counted("png.jpg", "jpg.tif", "none") == found


def test_a_socket_is_left_alone(running, slide, phantoms):
    """It cannot be opened, and stops nobody."""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(slide / "s.jpg"))
        (slide / "a.jpg").write_bytes(phantoms[5])
        found = settled(running, slide.name, 1)

    assert Account({"a.jpg": ["counted"]}, ["s.jpg"], ["a.jpg"], fields=1) == found


def test_a_folder_that_leads_out_of_the_inbox_is_not_entered(running, slide, phantoms, tmp_path):
    """A link to a folder elsewhere, with an image in it: nothing there is read, moved or counted."""
    (tmp_path / "secret.jpg").write_bytes(phantoms[6])
    (slide / "way.out").symlink_to(tmp_path)
    (slide / "a.jpg").write_bytes(phantoms[7])
    found = settled(running, slide.name, 1)

    assert Account({"a.jpg": ["counted"]}, ["way.out"], ["a.jpg"], fields=1) == found
    assert phantoms[6] == (tmp_path / "secret.jpg").read_bytes()


def test_names_that_collide_in_quarantine_are_both_kept(running, slide):
    """Of the same name, from two folders and twice from one: three files, each with its own reason beside it."""
    (slide / "left").mkdir()
    for path, data in (("a.jpg", b"first"), ("left/a.jpg", b"second"), ("a.jpg", b"third")):
        (slide / path).write_bytes(data)
        wait_until(lambda: not (slide / path).exists())  # noqa: B023  asked before the next turn
    found = settled(running, slide.name, 3)
    held = [running.quarantine / slide.name / name for name in found.quarantine]
    kept = [place.read_bytes() for place in held]

    assert {
        "a.jpg": ["quarantined: not_an_image"] * 2,
        "left/a.jpg": ["quarantined: not_an_image"],
    } == found.rows
    assert ["a.jpg", "a~1.jpg", "a~2.jpg"] == found.quarantine
    assert [b"first", b"second", b"third"] == kept
    assert [sha256(data).hexdigest() for data in kept] == [card(place)["sha256"] for place in held]
    origins = [f"{slide.name}/{name}" for name in ("a.jpg", "left/a.jpg", "a.jpg")]
    assert origins == [card(place)["original"] for place in held]


def test_writer_that_resumes_too_late_finds_its_file_in_quarantine_whole(running, slide, phantoms):
    """What was given up on goes on growing where it lies; put back, it counts, and it is one field."""
    with (slide / "a.jpg").open("wb", buffering=0) as file:
        file.write(phantoms[8][:5000])
        given_up = settled(running, slide.name, 1)
        file.write(phantoms[8][5000:])
    back = running.command("requeue", f"{slide.name}/a.jpg")
    found = settled(running, slide.name, 2)

    assert {"a.jpg": ["quarantined: truncated"]} == given_up.rows
    assert 0 == back.returncode
    assert Account({"a.jpg": ["requeued", "counted"]}, archive=["a.jpg"], fields=1) == found
