"""A part of the benchmark outlives the process that measured it, whole, and tells nothing of the machine's folders."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canned import answer
from leukonet.cells import CLASS_NAMES
from leukonet.errors import DataError
from leukonet.result import Box, Cell
from leukonet.training.benchmark.record import Part, Table
from leukonet.training.benchmark.store import Written, read_part, write_part
from leukonet.training.evaluate import Answer

DATA = Path("data")
numbers = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
classes = st.sampled_from(CLASS_NAMES)
cells = st.builds(
    Cell,
    st.builds(Box, numbers, numbers, numbers, numbers),
    shares,
    classes,
    shares,
    classes,
    shares,
    st.booleans(),
    st.booleans(),
)
names = st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in {".", ".."}
)
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: DATA.joinpath(*parts))
answers = st.builds(Answer, paths, st.text(), classes, st.none() | cells)
values = st.none() | st.booleans() | st.integers() | numbers | st.text()
tables = st.builds(
    Table,
    st.text(),
    st.lists(st.dictionaries(st.text(), values), max_size=3),
    st.lists(st.text(), max_size=2),
)
parts = st.builds(
    Part, st.lists(tables, max_size=2), st.dictionaries(st.text(), st.lists(answers, max_size=2), max_size=2)
)


def stored(part: Part, path: Path, data: Path = DATA) -> Path:
    """Write a part of seed 7 that took 12.3 seconds."""
    write_part(part, path, command="leukonet benchmark thing", seed=7, seconds=12.34, data=data)
    return path


@settings(max_examples=40, deadline=None)  # each writes a file
@given(part=parts)
def test_a_part_survives_writing_and_reading(part, tmp_path_factory):
    """Whatever the names and numbers: the figures are drawn from the file, hours after the measuring."""
    path = stored(part, tmp_path_factory.getbasetemp() / "thing.json")

    assert part == read_part(path, DATA).part


def test_how_a_part_was_made_is_kept(tmp_path):
    """The report says it beside the figures, so that anybody can make them again."""
    written = read_part(stored(Part([]), tmp_path / "new" / "thing.json"))

    assert ("thing", "leukonet benchmark thing", 7, 12.3) == (
        written.name,
        written.command,
        written.seed,
        written.seconds,
    )
    assert written.processors > 0


@pytest.mark.parametrize(
    ("path", "told"), [("data/set/a.jpg", "set/a.jpg"), ("elsewhere/b.jpg", "b.jpg"), ("data", ".")]
)
def test_no_folder_of_the_machine_is_told(tmp_path, path, told):
    """Parts are published: images are named from the data folder on, or by their bare names."""
    part = Part([], {"one": [answer(0.9, path=tmp_path / path)]})
    text = stored(part, tmp_path / "thing.json", tmp_path / "data").read_text()

    assert told == json.loads(text)["answers"]["one"][0]["path"]
    assert str(tmp_path) not in text


def test_images_are_found_again_below_any_data_folder(tmp_path):
    """Who draws the galleries keeps the images elsewhere than who measured."""
    path = stored(Part([], {"one": [answer(0.9, path=DATA / "set" / "a.jpg")]}), tmp_path / "thing.json")

    (found,) = read_part(path, tmp_path).part.answers["one"]

    assert tmp_path / "set" / "a.jpg" == found.path


def test_a_missed_cell_is_null(tmp_path):
    """Other programs read the file too."""
    text = stored(Part([], {"one": [answer(None)]}), tmp_path / "thing.json").read_text()

    assert json.loads(text)["answers"]["one"][0]["cell"] is None


def test_numbers_of_numpy_are_written_as_any_others(tmp_path):
    """They come out of most measurements, and JSON knows none of them."""
    table = Table("t", [{"cells": np.int64(3), "accuracy": np.float32(0.5), "all": np.bool_(True)}])
    path = stored(Part([table]), tmp_path / "thing.json")

    assert [{"cells": 3, "accuracy": 0.5, "all": True}] == read_part(path).part.tables[0].rows


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    """Half a part would be taken for a whole one; the last whole one is worth keeping."""
    path = stored(Part([]), tmp_path / "thing.json")
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(DataError, match="No space left on device"):
        stored(Part([Table("t", [])]), path)

    assert ([path], before) == (list(tmp_path.iterdir()), path.read_bytes())


def test_a_folder_that_is_none_is_named(tmp_path):
    """With what is wrong, as every error here."""
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match="cannot be written"):
        stored(Part([]), tmp_path / "file" / "thing.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("text", "no part of the benchmark"),
        ("[1]", "no part of the benchmark"),
        ("{}", "no part of the benchmark"),
        ('{"format": 99}', "of format 99, not 1"),
        ('{"format": 1, "tables": [], "answers": {"one": [{}]}}', "no part of the benchmark"),
        ('{"format": 1, "tables": {}, "answers": []}', "no part of the benchmark"),
    ],
)
def test_what_is_no_part_is_refused_by_name(tmp_path, content, words):
    """Rather than drawn or reported in pieces."""
    path = tmp_path / "thing.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(DataError, match=rf"thing\.json.*{words}"):
        read_part(path)


def test_a_part_read_back_is_frozen(tmp_path):
    """What was measured is not changed on its way into the report."""
    written = read_part(stored(Part([]), tmp_path / "thing.json"))

    assert isinstance(written, Written)
    with pytest.raises(AttributeError):
        written.seed = 8
