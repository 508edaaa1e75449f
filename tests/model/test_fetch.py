"""Fetching the public sets, from a server of its own that serves tiny made files by tiny lists."""

import hashlib
import io
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from leukonet.errors import DataError
from leukonet.labels import LabelledCell
from leukonet.result import Box
from leukonet.training.datasets import read_dataset
from leukonet.training.sources.fetch import fetch
from leukonet.training.sources.pins import LISTS, PINS, read_names, read_pins

VOC = """<annotation><filename>BloodImage_00001.jpg</filename>
<object><name>WBC</name><bndbox><xmin>68</xmin><ymin>15</ymin><xmax>86</xmax><ymax>48</ymax></bndbox></object>
<object><name>RBC</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>
</annotation>"""
SUBTYPES = (
    ',Image,Category\r\n,0,"NEUTROPHIL,BASOPHIL"\r\n,1,NEUTROPHIL\r\n,2,EOSINOPHIL\r\n,3,BASOPHIL\r\n,4,'
)


def picture(width: int, height: int) -> bytes:
    """A small JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "pink").save(file, "JPEG")
    return file.getvalue()


PUBLISHED = {
    "bccd": {
        "LICENSE": b"do as you like",
        **{f"BCCD/JPEGImages/BloodImage_0000{n}.jpg": picture(100, 50 + n) for n in range(5)},
        **{f"BCCD/Annotations/BloodImage_0000{n}.xml": VOC.encode() for n in range(5)},
    },
    "bccd_subtypes": {"labels.csv": SUBTYPES.encode()},
    "chula": {
        "WBC_Samples/train/images/E-11_0981.jpg": picture(1440, 900),
        "WBC_Samples/train/labels/E-11_0981.txt": b"1 0.778125 0.390556 0.103472 0.167778\n"
        b"3 0.234722 0.168889 0.091667 0.160000\n",
    },
    "txl_pbc": {
        "TXL_PBC/images/train/a.jpg": picture(575, 575),
        "TXL_PBC/images/test/b.jpg": picture(640, 480),
        "TXL_PBC/labels/train/a.txt": b"1 0.175652 0.744348 0.299130 0.295652\n"
        b"0 0.460870 0.480870 0.532174 0.513043\n",
        "TXL_PBC/labels/test/b.txt": b"2 0.5 0.5 0.25 0.25\n",
    },
}


class Publisher:
    """A server of published files on the loopback, which counts what it is asked and can misbehave."""

    def __init__(self, pins: Path) -> None:
        self.pins = pins
        self.files = {
            f"/{name}/repository/c0ffee/{path}": content
            for name, files in PUBLISHED.items()
            for path, content in files.items()
        }
        self.asked: Counter[str] = Counter()
        self.failures: dict[str, int] = {}
        """How many more times a file, by the end of its path, is answered wrongly."""
        self.cut = False
        """Whether a wrong answer is half a file; else it is an error of the server."""
        for name, files in PUBLISHED.items():
            sums = [f"{path} {hashlib.sha256(content).hexdigest()}" for path, content in files.items()]
            head = f"# Made files.\n# repository: {name}/repository\n# commit: c0ffee\n# licence: none\n"
            (pins / f"{name}.txt").write_text(head + "\n".join(sums) + "\n")

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Serve one file."""
        name = request.path.rsplit("/", 1)[-1]
        self.asked[name] += 1
        content = self.files.get(request.path)
        failing = self.failures.get(name, 0) > 0
        self.failures[name] = self.failures.get(name, 0) - 1
        if content is None or (failing and not self.cut):
            request.send_error(503 if content else 404)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[: len(content) // 2] if failing else content)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A publisher at `url`, and no proxy before it."""
    monkeypatch.setenv("NO_PROXY", "*")
    (tmp_path / "pins").mkdir()
    publisher = Publisher(tmp_path / "pins")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.answer(self)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        publisher.url = f"http://127.0.0.1:{server.server_port}"
        yield publisher
        server.shutdown()


@pytest.fixture(autouse=True)
def waits(monkeypatch) -> list[int]:
    """The seconds that pooch would wait between attempts; tests do not."""
    waited: list[int] = []
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def get(published, tmp_path):
    """Fetch sets from the publisher into `tmp_path/data`."""

    def run(*names: str):
        return list(fetch(tmp_path / "data", names, published.url, pins=published.pins))

    return run


def test_bccd_is_laid_out_as_its_reader_wants_it(get, tmp_path):
    """Boxes from one repository, classes from another; what Kaggle tested on is kept from training."""
    get("bccd")
    fields = {field.path.name: field for field in read_dataset(tmp_path / "data", "bccd")}
    one = fields["BloodImage_00001.jpg"]

    assert ("test", (LabelledCell("neutrophil", Box(68, 15, 86, 48)),), (Box(1, 2, 30, 40),)) == (
        one.part,
        one.cells,
        one.others,
    )
    assert ["BloodImage_00001.jpg"] == [name for name, field in fields.items() if field.part == "test"]


def test_bccds_table_says_which_fields_kaggle_used(get, tmp_path):
    """It took fields with one cell of four classes."""
    get("bccd")

    assert [
        'BloodImage_00000.jpg,"neutrophil, basophil",',
        "BloodImage_00001.jpg,neutrophil,test",
        "BloodImage_00002.jpg,eosinophil,train",
        "BloodImage_00003.jpg,basophil,",
        "BloodImage_00004.jpg,,",
    ] == (tmp_path / "data/bccd/images.csv").read_text().splitlines()[1:]


def test_chulas_boxes_are_in_pixels_of_the_published_picture(get, tmp_path):
    """Its labels give shares of the sides."""
    get("chula")
    (field,) = read_dataset(tmp_path / "data", "chula")

    assert (
        LabelledCell("eosinophil", Box(1046, 276, 1195, 427)),
        LabelledCell("lymphocyte", Box(272, 80, 404, 224)),
    ) == field.cells


def test_txl_pbcs_parts_are_the_folders_of_its_labels(get, tmp_path):
    """A field without a white cell is a field all the same."""
    get("txl_pbc")
    test, train = read_dataset(tmp_path / "data", "txl_pbc")

    assert ("test", (), (Box(240, 180, 400, 300),)) == (test.part, test.cells, test.others)
    assert ("train", (LabelledCell(None, Box(112, 129, 418, 424)),)) == (train.part, train.cells)


def test_every_set_is_fetched_where_none_is_named(get, tmp_path):
    """With its pictures where the reader says they are."""
    done = get()

    assert sorted(LISTS) == sorted(each.folder.name for each in done)
    assert [] == [
        field.path
        for name in LISTS
        for field in read_dataset(tmp_path / "data", name)
        if not field.path.is_file()
    ]


def test_a_sets_licence_lies_beside_it(get, tmp_path):
    """Whoever passes the folder on passes it on too."""
    get("bccd")

    assert b"do as you like" == (tmp_path / "data/bccd/LICENSE").read_bytes()


def test_what_is_fetched_can_be_read_by_all(get, tmp_path):
    """A lab shares one folder of sets."""
    get("chula")

    assert {0o644} == {path.stat().st_mode & 0o777 for path in (tmp_path / "data/chula/images").iterdir()}


def test_a_set_that_is_whole_is_not_fetched_again(get, published):
    """Its sums are compared, and that is all."""
    get("txl_pbc")
    again = get("txl_pbc")

    assert ({1}, [(0, 4)]) == (set(published.asked.values()), [(done.got, done.kept) for done in again])


def test_an_interrupted_fetch_goes_on_where_it_was(published, get, tmp_path):
    """Hundreds of megabytes are not fetched twice because a cable came out."""

    def breaking(files):
        yield from files[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(fetch(tmp_path / "data", ["bccd"], published.url, pins=published.pins, wrap=breaking))
    before = published.asked.total()
    (done,) = get("bccd")

    assert (3, 3, 9) == (before, done.kept, done.got)
    assert {1} == set(published.asked.values())


def test_no_table_stands_beside_half_a_set(published, get, tmp_path):
    """What can be read is whole."""
    published.failures["a.jpg"] = 99

    with pytest.raises(DataError):
        get("txl_pbc")
    assert [] == list((tmp_path / "data").rglob("*.csv"))


def test_a_file_with_another_sum_is_refused_and_named(published, get, tmp_path):
    """Networks must not learn from what somebody put there instead."""
    address = "/chula/repository/c0ffee/WBC_Samples/train/images/E-11_0981.jpg"
    published.files[address] = picture(10, 10)

    with pytest.raises(DataError, match=rf"{re.escape(address)}: not the published file, .*start again"):
        get("chula")
    assert not list((tmp_path / "data").rglob("*.jpg"))


def test_a_file_of_ones_own_is_never_overwritten(get, published, tmp_path):
    """A smaller copy has boxes of its own beside it."""
    own = tmp_path / "data/chula/images/E-11_0981.jpg"
    own.parent.mkdir(parents=True)
    own.write_bytes(picture(720, 450))

    with pytest.raises(DataError, match=rf"{re.escape(str(own))}: not the published file, .*move it away"):
        get("chula")
    assert (picture(720, 450), 0) == (own.read_bytes(), published.asked["E-11_0981.jpg"])


@pytest.mark.parametrize("cut", [False, True])
def test_a_file_that_fails_is_asked_for_again(published, get, waits, cut):
    """By an error of the server, and by a connection that breaks in the middle; each time after a longer wait."""
    published.failures["E-11_0981.jpg"] = 2
    published.cut = cut

    (done,) = get("chula")

    assert (2, 3, [1, 2]) == (done.got, published.asked["E-11_0981.jpg"], waits)


def test_a_server_that_always_fails_is_reported(published, get, tmp_path):
    """With the file and the remedy; what has been fetched stays."""
    published.failures["E-11_0981.txt"] = 99

    with pytest.raises(DataError, match=r"E-11_0981\.txt: could not be fetched \(503.*start again"):
        get("chula")
    assert (5, ["E-11_0981.jpg"]) == (
        published.asked["E-11_0981.txt"],
        [path.name for path in (tmp_path / "data").rglob("*") if path.is_file()],
    )


def test_a_server_that_is_not_there_is_reported(published, tmp_path):
    """As where a lab has no way out."""
    with pytest.raises(
        DataError, match=r"E-11_0981\.jpg: could not be fetched .*check network, mirror and disk"
    ):
        list(fetch(tmp_path, ["chula"], "http://127.0.0.1:9", pins=published.pins, retries=0))


@pytest.mark.parametrize(
    ("name", "mirror", "words"),
    [
        ("pbc", None, "no set 'pbc' can be fetched; known: bccd, chula, txl_pbc"),
        ("bccd", "mirror.lab", "'mirror.lab' is no address of a mirror; give one that begins with http://"),
    ],
)
def test_a_wrong_request_is_told_before_anything_is_asked(tmp_path, name, mirror, words):
    """With what there is."""
    with pytest.raises(DataError, match=words):
        list(fetch(tmp_path, [name], mirror))


@pytest.mark.parametrize(("name", "pictures"), [("bccd", 364), ("chula", 343), ("txl_pbc", 500)])
def test_the_lists_that_ship_name_each_sets_pictures_and_their_labels(name, pictures):
    """Each with a SHA-256, at a pinned commit, and no two at one place."""
    pins = read_pins(name)
    images = {Path(pin.place).stem for pin in pins if pin.place.startswith("images/")}
    labels = {Path(pin.place).stem for pin in pins if pin.place.startswith("published/")}

    assert (pictures, images) == (len(images), labels - {"labels"})
    assert len(pins) == len({pin.place for pin in pins})
    assert all(re.fullmatch(r"[^/]+/[^/]+/[0-9a-f]{40}/.+", pin.address) for pin in pins)
    assert all(re.fullmatch(r"[0-9a-f]{64}", pin.sha256) for pin in pins)


def test_kaggles_test_originals_are_pictures_of_bccd():
    """All 71 of them."""
    images = {pin.place for pin in read_pins("bccd")}
    tested = read_names(PINS / "kaggle_test.txt")

    assert 71 == len(set(tested))
    assert {f"images/{name}" for name in tested} <= images


@pytest.mark.real
def test_kaggles_test_originals_are_the_test_part_of_the_real_set(real_data):
    """The list that ships and the set's own table agree."""
    fields = read_dataset(real_data, "bccd", "test")

    assert sorted(read_names(PINS / "kaggle_test.txt")) == sorted(field.path.name for field in fields)
