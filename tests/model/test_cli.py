"""The `leukonet` command as programs call it: one JSON object, or one line of error and its code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leukonet.phantom import write_phantoms


def leukonet(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-c", "from leukonet.cli import main; main()", *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if name != "LEUKOWATCH_DATA"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**kept, **environment}
    )


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    """Four synthetic fields and their truth."""
    out = tmp_path_factory.mktemp("phantoms") / "out"
    write_phantoms(out, fields=4, seed=3)
    return out


def test_evaluate_prints_one_json_object_and_nothing_else(phantoms):
    """So that its output can be piped; what people watch goes to standard error."""
    done = leukonet("evaluate", "--images", phantoms, "--labels", phantoms / "truth.csv", "--json")
    figures = json.loads(done.stdout)

    assert (0, 1) == (done.returncode, done.stdout.count("\n"))
    assert figures["n"] == len((phantoms / "truth.csv").read_text().splitlines()) - 1
    assert figures["n"] == figures["located"] + figures["missed"]


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["evaluate"], "name either --images and --labels, or --dataset", 13),
        (["evaluate", "--dataset", "unicorn"], "no data set 'unicorn'; known: bccd", 13),
        (["evaluate", "--dataset", "bccd", "--data", "nowhere"], "set --data or LEUKOWATCH_DATA", 13),
        (["evaluate", "--images", "HERE", "--labels", "none.csv"], "none.csv: cannot be read", 13),
        (
            ["evaluate", "--images", "nowhere", "--labels", "HERE/truth.csv"],
            "is not in nowhere (",
            13,
        ),
        (
            ["evaluate", "--images", "HERE", "--labels", "HERE/truth.csv", "--bundle", "unicorn"],
            "no bundle 'unicorn'",
            11,
        ),
        (["phantom", "HERE/out", "--fields", "1", "--slides", "2"], "2 slides need", 13),
        (["phantom", "HERE"], "not empty", 13),
        (["data", "fetch", "--set", "unicorn"], "no set 'unicorn' can be fetched; known: bccd", 13),
        (["benchmark", "smears", "--report", "HERE/none/report.md"], "none: no such folder for --report", 13),
        (["train", "threshold", "--bundle", "paper"], "bundle paper is of kind field", 13),
        (["pack", "HERE/out", "--locator", "paper"], "bundle paper is of kind field", 13),
        (["pack", "HERE/out", "--classifier", "paper"], "bundle paper is of kind field", 13),
        (["data", "import", "pbc", "none.zip", "--data", "HERE"], "none.zip: no whole zip archive", 13),
    ],
)
def test_an_error_is_one_line_that_names_thing_and_remedy(phantoms, arguments, words, code):
    """And each kind has its exit code; nothing is on standard output."""
    done = leukonet(*(argument.replace("HERE", str(phantoms)) for argument in arguments))

    assert (code, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("leukonet: ")
    assert words in done.stderr
    assert 1 == done.stderr.count("\n")


def test_a_broken_image_among_the_labels_is_named(tmp_path):
    """With what is wrong with it."""
    (tmp_path / "a.jpg").write_text("text")
    (tmp_path / "labels.csv").write_text("image,class\na.jpg,neutrophil\n")
    done = leukonet("evaluate", "--images", tmp_path, "--labels", tmp_path / "labels.csv")

    assert 13 == done.returncode
    assert f"{tmp_path / 'a.jpg'}: neither JPEG" in done.stderr


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("keras", ["train", "classifier"]),
        ("keras", ["pack", "bundle"]),
        ("keras", ["benchmark", "smears"]),
        ("matplotlib", ["figures", "smears.json"]),
        ("pooch", ["data", "fetch"]),
    ],
)
def test_without_the_extra_a_command_says_what_to_install(package, arguments):
    """Who installed only what the service needs has no TensorFlow."""
    script = f"import sys; sys.modules[{package!r}] = None; from leukonet.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )

    assert (13, "") == (done.returncode, done.stdout)
    assert f"leukonet: {package} is not installed: `pip install leukowatch[train]`\n" == done.stderr


def test_a_seed_is_no_negative_number(tmp_path):
    """NumPy takes none: refused as what is typed wrong, and nothing is drawn."""
    done = leukonet("phantom", tmp_path / "out", "--seed", "-1")

    assert (2, False) == (done.returncode, (tmp_path / "out").exists())


def test_an_unknown_option_is_a_usage_error():
    """With the code that shells expect."""
    assert 2 == leukonet("evaluate", "--nonsense").returncode


def test_help_shows_real_invocations():
    """The commands that people type."""
    done = leukonet("--help", COLUMNS="200")

    assert "leukonet evaluate --images DIR --labels labels.csv --json" in done.stdout


def test_the_command_does_not_import_tensorflow():
    """Evaluation and phantoms work without the `train` extra."""
    code = "import sys, leukonet.cli, leukonet.training.evaluate; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False\n" == done.stdout
