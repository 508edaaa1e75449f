"""Importing PBC: a good archive becomes the layout that its reader wants, a bad one becomes nothing."""

import io
import itertools
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from leukonet.errors import DataError
from leukonet.training.datasets import read_dataset
from leukonet.training.sources.pbc import CLASSES, VAL_SHARE, import_pbc
from leukonet.training.splits import hold_out

TOP = "PBC_dataset_normal_DIB/"
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
"""How an entry's header begins, before its bytes and in the directory at the archive's end."""


def jpeg(shade: int = 200) -> bytes:
    """A picture as small as can be."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 100, 100)).save(file, "JPEG")
    return file.getvalue()


def pictures(top: str = TOP, each: int = 2) -> dict[str, bytes]:
    """Entries of every class, numbered through."""
    number = itertools.count(1)
    return {
        f"{top}{name}/{name[:2].upper()}_{next(number)}.jpg": jpeg() for name in CLASSES for _ in range(each)
    }


@pytest.fixture
def pack(tmp_path):
    """Write entries into an archive beside `data`."""

    def write(entries: dict[str, bytes]) -> Path:
        path = tmp_path / "pbc.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return path

    return write


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder of sets that is not there yet."""
    return tmp_path / "data"


def test_an_archive_becomes_what_the_reader_reads(pack, data):
    """A picture in its class's folder, and a table of class and part."""
    done = import_pbc(pack(pictures()), data)
    fields = read_dataset(data, "pbc")

    assert (16, 16) == (done.images, len(fields))
    assert {"artefact": 2, "immature_granulocyte": 2}.items() <= Counter(
        f.cells[0].name for f in fields
    ).items()
    assert {jpeg()} == {field.path.read_bytes() for field in fields}


@pytest.mark.parametrize("top", ["", "a/b/", "PBC_dataset_normal_DIB\\"])
def test_the_folders_may_lie_anywhere_in_the_archive(pack, data, top):
    """Whoever packed it again, on whatever system."""
    import_pbc(pack(pictures(top)), data)

    assert sorted(CLASSES) == sorted(path.name for path in (data / "pbc/images").iterdir())


def test_what_systems_leave_in_archives_is_passed_over(pack, data):
    """It is neither a picture nor a reason to refuse the archive."""
    junk = {f"{TOP}.DS_Store": b"x", f"{TOP}neutrophil/.DS_169665.jpg": b"x", "__MACOSX/ig/._IG_1.jpg": b"x"}
    done = import_pbc(pack({**pictures(), **junk, f"{TOP}neutrophil/Thumbs.db": b"x"}), data)

    assert 16 == done.images == sum(path.is_file() for path in (data / "pbc/images").rglob("*"))


def test_parts_are_drawn_by_name_and_the_same_everywhere(pack, data, tmp_path):
    """About the share that the command's help tells, in another place too."""
    archive = pack(pictures(each=100))
    import_pbc(archive, data)
    import_pbc(archive, tmp_path / "elsewhere")
    first, second = ((folder / "pbc/images.csv").read_text() for folder in (data, tmp_path / "elsewhere"))

    assert first == second
    assert VAL_SHARE == pytest.approx(len(read_dataset(data, "pbc", "val")) / 800, abs=0.04)


def test_training_still_finds_pictures_to_hold_out(pack, data):
    """It draws among those left to it; by the same draw as the parts there would be none."""
    import_pbc(pack(pictures(each=100)), data)
    train = read_dataset(data, "pbc", "train")

    assert 0.08 == pytest.approx(len(hold_out(train, 0.08, seed=1)[1]) / len(train), abs=0.03)


def test_a_table_of_parts_is_followed(pack, data, tmp_path):
    """By file name, with or without the folder; what it does not name is drawn."""
    names = [Path(name) for name in pictures()]
    splits = tmp_path / "splits.csv"
    splits.write_text(f"image,split\n{names[0].name},test\nneutrophil/{names[12].name},val\n")
    done = import_pbc(pack(pictures()), data, splits)

    assert 14 == done.drawn
    assert [names[0].name] == [field.path.name for field in read_dataset(data, "pbc", "test")]
    assert names[12].name in {field.path.name for field in read_dataset(data, "pbc", "val")}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("BA_1.jpg,validation\n", r"splits\.csv: line 2: no part 'validation'; known: train, val, test"),
        ("BA_1.jpg,val\nBA_1.jpg,train\n", r"line 3: BA_1\.jpg is in val already; name one part"),
        ("BA_1,val\n", r"splits\.csv: names no picture of .*pbc\.zip"),
    ],
)
def test_a_table_of_parts_that_cannot_be_meant_is_refused(pack, data, tmp_path, rows, words):
    """A silent mistake here would train on what is judged."""
    (tmp_path / "splits.csv").write_text(f"image,split\n{rows}")

    with pytest.raises(DataError, match=words):
        import_pbc(pack(pictures()), data, tmp_path / "splits.csv")
    assert not data.exists()


@pytest.mark.parametrize(
    "name",
    [
        "../../ig/IG_99.jpg",
        "/ig/IG_99.jpg",
        f"{TOP}../../../ig/IG_99.jpg",
        "..\\ig\\IG_99.jpg",
        "C:\\ig\\IG_99.jpg",
    ],
)
def test_an_entry_that_leads_out_is_refused(pack, data, tmp_path, name):
    """Nothing is written where an archive wants it."""
    archive = pack({**pictures(), name: jpeg()})

    with pytest.raises(DataError, match=r"pbc\.zip: '.*IG_99\.jpg' leads out of the archive"):
        import_pbc(archive, data)
    assert [archive] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({f"{TOP}ig/IG_99.jpg": jpeg() + bytes(5_000_000)}, r"ig/IG_99\.jpg would have 5\d+ bytes, absurd"),
        ({f"{TOP}ig/IG_99.jpg": b"GIF89a"}, r"ig/IG_99\.jpg is no JPEG picture; download"),
        ({f"{TOP}blast/BL_1.jpg": jpeg()}, r"blast/BL_1\.jpg is in none of the folders basophil, eosinophil"),
        ({"other/ig/IG_7.jpg": jpeg()}, r"ig/IG_7\.jpg is there twice; pack each picture once"),
    ],
)
def test_an_archive_with_what_is_no_picture_of_pbc_is_refused(pack, data, extra, words):
    """With the entry's name, and nothing is left half imported."""
    with pytest.raises(DataError, match=words):
        import_pbc(pack({**pictures(), **extra}), data)
    assert not data.exists() or [] == list(data.iterdir())


def test_an_archive_that_lacks_a_class_is_refused(pack, data):
    """So is the publisher's outer archive, which holds this one."""
    lacking = {name: content for name, content in pictures().items() if "/ig/" not in name}

    with pytest.raises(DataError, match=r"no folder 'ig' with JPEG pictures; give PBC's whole archive"):
        import_pbc(pack(lacking), data)


def test_a_file_in_the_archive_twice_is_refused(pack, data):
    """Which of the two was meant?"""
    archive = pack(pictures())
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(archive, "a") as opened,
    ):
        opened.writestr(f"{TOP}ig/IG_7.jpg", jpeg(7))

    with pytest.raises(DataError, match=r"pbc\.zip: holds a file twice"):
        import_pbc(archive, data)


def encrypted(archive: bytes) -> bytes:
    """Mark the first entry as encrypted."""
    directory = archive.index(CENTRAL)
    return archive[:6] + b"\x01" + archive[7 : directory + 8] + b"\x01" + archive[directory + 9 :]


def understated(archive: bytes) -> bytes:
    """Have the first entry say that it unpacks to three bytes."""
    at = archive.index(CENTRAL) + 24
    return archive[:at] + (3).to_bytes(4, "little") + archive[at + 4 :]


def damaged(archive: bytes) -> bytes:
    """Change one byte of the first picture."""
    at = archive.index(LOCAL, 4) - 20
    return archive[:at] + bytes([archive[at] ^ 0xFF]) + archive[at + 1 :]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (encrypted, r"basophil/BA_1\.jpg is encrypted; give an archive without a password"),
        (understated, r"basophil/BA_1\.jpg cannot be unpacked \(.*\); download the archive again"),
        (damaged, r"basophil/BA_1\.jpg cannot be unpacked \(.*\); download the archive again"),
        (lambda archive: archive[:-100], r"pbc\.zip: no whole zip archive \(.*\); download it again"),
        (lambda archive: b"", r"pbc\.zip: no whole zip archive"),
    ],
)
def test_a_spoilt_archive_is_refused_and_leaves_nothing(pack, data, spoil, words):
    """As a broken download does."""
    archive = pack(pictures())
    archive.write_bytes(spoil(archive.read_bytes()))

    with pytest.raises(DataError, match=words):
        import_pbc(archive, data)
    assert not data.exists() or [] == list(data.iterdir())


def test_an_interrupted_import_leaves_nothing(pack, data):
    """The next one finds no half of a set."""

    def breaking(items):
        yield next(iter(items))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_pbc(pack(pictures()), data, wrap=breaking)
    assert [] == list(data.iterdir())


def test_a_full_disk_is_told_and_leaves_nothing(pack, data, monkeypatch):
    """With the folder and the remedy."""

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(DataError, match=r"pbc: cannot be written \(.*No space left.*make room"):
        import_pbc(Path(pack(pictures())), data)
    assert [] == list(data.iterdir())


def test_a_set_that_is_there_is_left_alone(pack, data):
    """It may be another selection, with parts of its own."""
    (data / "pbc").mkdir(parents=True)

    with pytest.raises(DataError, match=r"pbc: is there already; move it away"):
        import_pbc(pack(pictures()), data)
    assert [] == list((data / "pbc").iterdir())
