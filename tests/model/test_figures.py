"""Figures are drawn from parts and trainings by one command, and pictures of real cells stay out of git."""

# ruff: noqa: PLC0415  matplotlib takes long to import: whoever collects this file does not wait for it.

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from canned import BOX, answer
from leukonet.errors import DataError
from leukonet.result import Cell
from leukonet.training.benchmark.record import Part
from leukonet.training.benchmark.store import Written, read_part, write_part
from leukonet.training.evaluate import Answer

SETS = ("first on phantoms", "second on phantoms")


@pytest.fixture(scope="module")
def data(tmp_path_factory, phantoms) -> Path:
    """Two phantom fields below a data folder."""
    folder = tmp_path_factory.mktemp("data")
    for index in range(2):
        (folder / f"{index}.jpg").write_bytes(phantoms[index])
    return folder


@pytest.fixture(scope="module")
def answers(data) -> list[Answer]:
    """Right, wrong and missed, on two fields and from two sources."""
    return [
        answer(0.9, path=data / "0.jpg", group="one/0"),
        answer(0.8, right=False, path=data / "1.jpg", group="one/1"),
        answer(0.99, right=False, truth="basophil", path=data / "1.jpg", group="two/1"),
        answer(None, truth="immature_granulocyte", path=data / "0.jpg", group="one/0"),
        answer(None, truth="artefact", path=data / "0.jpg", group="one/0"),
    ]


@pytest.fixture(scope="module")
def part(answers, data, tmp_path_factory) -> Path:
    """The same as two sets of a part, on disk."""
    path = tmp_path_factory.mktemp("parts") / "smears.json"
    write_part(Part([], dict.fromkeys(SETS, answers)), path, command="c", seed=1, seconds=1, data=data)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A training's folder, three epochs old."""
    folder = tmp_path_factory.mktemp("runs") / "classifier"
    folder.mkdir()
    rows = ["epoch,accuracy,loss,val_accuracy,val_loss", "0,.5,2,.4,2.1", "1,.7,1,.6,1.2", "2,.8,.7,.7,1.1"]
    (folder / "history.csv").write_text("\n".join([*rows, ""]))
    return folder


@pytest.fixture(scope="module")
def drawn(part, run, data, tmp_path_factory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """What one run of the command prints and leaves."""
    folder = tmp_path_factory.mktemp("drawn")
    arguments = ["figures", part, "--run", run, "--out", "out", "--gallery", "cells", "--data", data]
    command = [sys.executable, "-m", "leukonet", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder)
    return done, folder


def written(answers: list[Answer]) -> Written:
    """Give a part as read back."""
    return Written("smears", Part([], {"one": answers}), "c", 1, 1.0, 2)


def inked(path: Path) -> float:
    """Part of a picture's pixels that are not white."""
    with Image.open(path) as image:
        return float((np.asarray(image.convert("L")) < 250).mean())


def texts(figure) -> list[str]:
    """Every word that stands in a figure."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


def test_one_command_draws_everything(drawn):
    """Nobody should have to remember ten of them for one report."""
    done, folder = drawn
    each = [f"smears-{name.replace(' ', '-')}" for name in SETS]
    curves = ["training-classifier", "smears-risk-coverage"]
    curves += [f"{name}-{kind}" for name in each for kind in ("confusion", "reliability")]
    cells = [f"{name}-{kind}" for name in each for kind in ("cells", "errors-one", "errors-two")]

    assert (0, "") == (done.returncode, done.stderr)
    assert {f"{name}.png" for name in curves} == {path.name for path in (folder / "out").iterdir()}
    assert {f"{name}.png" for name in cells} == {path.name for path in (folder / "cells").glob("*.png")}
    assert len(done.stdout.splitlines()) == len(curves) + len(cells)


def test_every_figure_is_a_png_of_sane_size_with_something_on_it(drawn):
    """A blank page is found when it is published, unless it is found here."""
    _, folder = drawn
    for path in folder.glob("*/*.png"):
        with Image.open(path) as image:
            kind, (width, height) = image.format, image.size

        assert ("PNG", 1200) == (kind, width)
        assert 400 < height < 3000
        assert 0.01 < inked(path) < 0.9


def test_git_ignores_every_picture_of_a_cell(drawn):
    """Real cells are never committed, whatever folder was named for them."""
    _, folder = drawn
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    status = ["git", "-C", folder, "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(status, check=True, capture_output=True, text=True).stdout

    assert "out/training-classifier.png" in seen
    assert "cells/" not in seen


def test_without_the_images_the_curves_are_drawn_and_the_lack_is_told(tmp_path, monkeypatch):
    """Whoever has the parts alone can draw what may be published."""
    from typer.testing import CliRunner

    from leukonet.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEUKOWATCH_DATA", raising=False)
    write_part(
        Part([], {"one": [answer(0.9)]}), Path("smears.json"), command="c", seed=1, seconds=1, data=Path()
    )
    done = CliRunner().invoke(app, ["figures", "smears.json"])

    assert 0 == done.exit_code
    assert "no galleries: no image of these parts is below data; set --data" in done.stderr
    assert {"figures", "smears.json"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to draw"),
        (["--run", "nowhere"], r"nowhere/history\.csv: no history of a training"),
        (["PART", "--out", "cells/figures", "--gallery", "cells"], "git ignores all of cells"),
        (["PART", "--gallery", "used", "--data", "DATA"], "used: holds other things than galleries"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(part, data, tmp_path, monkeypatch, arguments, words):
    """And a folder with other things in it is not handed to git's ignorance."""
    from typer.testing import CliRunner

    from leukonet.cli import app

    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.txt").write_text("years of work")
    monkeypatch.chdir(tmp_path)
    given = [{"PART": str(part), "DATA": str(data)}.get(word, word) for word in arguments]
    done = CliRunner().invoke(app, ["figures", *given])

    assert isinstance(done.exception, DataError)
    assert re.search(words, str(done.exception))
    assert ["thesis.txt"] == [path.name for path in (tmp_path / "used").iterdir()]


def test_every_figure_says_what_it_is_for(answers, run):
    """A figure travels without the page that it stood on."""
    from leukonet.training.figures import curves
    from leukonet.training.figures.confusion import confusion
    from leukonet.training.figures.gallery import gallery
    from leukonet.training.history import read_history

    figures = [
        curves.training(read_history(run), "t"),
        curves.reliability_diagram(answers, "t"),
        curves.risk_coverage_curve({"one": answers}, "t"),
        confusion(answers, "t"),
        gallery(answers, "t"),
    ]

    assert all("Leukowatch - research use only" in texts(figure) for figure in figures)


def test_the_confusion_tells_counts_and_shares_and_what_was_missed(answers):
    """Of two neutrophils one is right; missed cells stand in a column of their own."""
    from leukonet.training.figures.confusion import confusion

    told = texts(confusion(answers, "smear-1"))

    assert {"1\n50.0%", "1\n100.0%", "Missed", "Immature\ngranulocyte"} <= set(told)
    assert "smear-1\n2 of 5 cells right (40.0%)" in told


def test_a_gallery_shows_truth_and_both_probabilities(answers):
    """As the paper's Figs. 4 to 6; and a mark beside the colour says what is wrong."""
    from leukonet.training.figures.gallery import gallery

    told = set(texts(gallery(answers, "t")))

    assert {"✓ neutrophil", "neutrophil 90.0%\nmonocyte 5.0%"} <= told
    assert {"✗ basophil", "neutrophil 99.0%\nbasophil 0.5%", "not located:\nthe whole field"} <= told


def test_the_worst_errors_are_the_confident_ones_of_each_source(answers):
    """Those would be counted without anybody looking; what was missed comes last."""
    from leukonet.training.figures.gallery import worst_errors

    errors = worst_errors(answers)

    assert [answers[1], answers[3]] == errors["one"]
    assert [answers[2]] == errors["two"]


def test_examples_are_drawn_blindly_from_every_class():
    """A gallery of chosen successes would be an advertisement."""
    from leukonet.training.figures.gallery import examples

    pool = [answer(0.5 + index / 100, right=bool(index % 4), truth=name) for name in ("basophil", "neutrophil")
            for index in range(20)]  # fmt: skip
    chosen = examples([*pool, answer(None)], seed=1, count=3)

    assert ["neutrophil"] * 3 + ["basophil"] * 3 == [each.truth for each in chosen]
    assert chosen == examples([*pool, answer(None)], seed=1, count=3)
    assert chosen != examples([*pool, answer(None)], seed=2, count=3)


def test_a_cell_is_shown_as_the_network_saw_it(answers):
    """Cut and coloured alike: an error is only understood from what was looked at."""
    from leukonet.decode import decode
    from leukonet.training.figures.gallery import SIDE, gallery
    from leukonet.views import crop, on_canvas, pixels

    image = decode(answers[0].path.read_bytes())
    (axes,) = gallery(answers[:1], "t").axes

    assert np.array_equal(
        pixels(crop(image, BOX, on_canvas(image).light, SIDE)), np.asarray(axes.images[0].get_array())
    )


def test_a_field_bundles_answer_is_shown_as_the_whole_field(data):
    """Its box is the image; the context around it would be empty."""
    from leukonet.result import Box
    from leukonet.training.figures.gallery import gallery

    with Image.open(data / "0.jpg") as image:
        whole = Box(0, 0, *image.size)
    cell = Cell(whole, 1.0, "monocyte", 0.4, "neutrophil", 0.3, unclassified=True, counts=False)
    pictures = [gallery([Answer(data / "0.jpg", "one/0", "monocyte", found)], "t").axes[0].images[0].get_array()
                for found in (cell, None)]  # fmt: skip

    assert np.array_equal(*pictures)


def test_an_image_that_does_not_decode_is_named(tmp_path):
    """With what is wrong with it."""
    from leukonet.training.figures.gallery import gallery

    (tmp_path / "a.jpg").write_text("text")

    with pytest.raises(DataError, match=r"a\.jpg: neither JPEG"):
        gallery([answer(0.9, path=tmp_path / "a.jpg")], "t")


def test_series_are_told_apart_without_their_colour():
    """On a grey print, and by who cannot tell red from green."""
    from leukonet.training.figures.sheet import MARKS

    assert len(MARKS) == len({mark.line for mark in MARKS}) == len({mark.marker for mark in MARKS})


def test_more_curves_than_marks_go_on_in_another_figure(tmp_path):
    """A seventh curve would look like the first."""
    from leukonet.training.figures.draw import _draw_risk
    from leukonet.training.figures.sheet import Folder

    folder = Folder(tmp_path)
    _draw_risk("smears", {f"set {index}": [answer(0.9)] for index in range(7)}, folder)

    assert ["smears-risk-coverage.png", "smears-risk-coverage-2.png"] == [
        path.name for path in folder.written
    ]


def test_a_set_where_nothing_was_located_has_no_confidence_to_draw(tmp_path):
    """An expected calibration error of nought would praise what found nothing; the misses are drawn."""
    from leukonet.training.figures.draw import draw_figures

    paths = draw_figures([written([answer(None)])], [], tmp_path)

    assert ["smears-one-confusion.png", "smears-risk-coverage.png"] == [path.name for path in paths]


def test_sets_without_answers_are_left_out(tmp_path):
    """There is nothing to divide by."""
    from leukonet.training.figures.draw import draw_figures

    assert [] == draw_figures([written([])], [], tmp_path)


def test_a_training_without_accuracy_has_its_loss_drawn(tmp_path):
    """The locator's has none."""
    from leukonet.training.figures.curves import training
    from leukonet.training.history import read_history

    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n0,3,4\n")

    assert ["loss"] == [axes.get_ylabel() for axes in training(read_history(tmp_path), "t").axes]


def test_drawing_leaves_no_figure_behind_in_the_process(part):
    """A long run that draws often must not keep every figure: pyplot would."""
    code = (
        "import sys; from pathlib import Path; from leukonet.training.figures.confusion import confusion\n"
        "from leukonet.training.benchmark.store import read_part\n"
        "confusion(read_part(Path(sys.argv[1])).part.answers['first on phantoms'], 't')\n"
        "print('matplotlib.pyplot' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, part], capture_output=True, text=True, check=True)

    assert "False False\n" == done.stdout


def test_parts_read_for_drawing_lead_to_their_images(part, data):
    """Galleries are cut from them."""
    assert all(each.path.is_file() for each in read_part(part, data).part.answers[SETS[0]])
