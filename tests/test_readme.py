"""The README tells the truth: its commands exist, its queries give the answers that stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = re.compile(r"```sql\n(?P<query>.*?)```\n\n```text\n(?P<answer>.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """Give the database of the phantoms that the README names, counted by the bundle that ships."""
    from lab import Home  # noqa: PLC0415  with the fixture that needs it

    folder = tmp_path_factory.mktemp("readme")
    home = Home(folder / "home")
    home.inbox.rmdir()
    made = [
        sys.executable,
        "-m",
        "leukonet",
        "phantom",
        str(home.inbox),
        "--fields",
        "12",
        "--slides",
        "2",
        "--seed",
        "5",
    ]
    subprocess.run(made, check=True, capture_output=True)
    for extra in home.inbox.glob("*.*"):
        extra.unlink()
    (home.inbox / "phantom-slide-1" / "notes.jpg").write_text("not an image")
    assert home.command("scan").returncode == 0
    return home.folder / "leukowatch.db"


def answer(database: Path, query: str) -> str:
    """Give what the sqlite3 program prints in columns."""
    asked = ["sqlite3", "-readonly", "-header", "-column", str(database), query]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout


def test_queries_give_the_answers_that_stand_there(counted):
    """Every query of the README, run by sqlite3; `LEUKOWATCH_WRITE_README=1` puts the answers in."""
    text = README.read_text()
    found = EXAMPLE.sub(
        lambda example: f"```sql\n{example['query']}```\n\n```text\n{answer(counted, example['query'])}```",
        text,
    )
    if os.environ.get("LEUKOWATCH_WRITE_README"):
        README.write_text(found)

    assert len(EXAMPLE.findall(text)) == 5
    assert found == README.read_text()


def test_every_command_of_the_table_exists(home):
    """The table of commands and the program agree, both ways."""
    table = README.read_text().partition("## The commands")[2].partition("\n## ")[0]
    named = set(re.findall(r"`leukowatch ([a-z][a-z-]+)", table))
    told = home.command("--help").stdout
    offered = set(re.findall(r"^│ ([a-z][a-z-]+) ", told, re.MULTILINE))

    assert offered == named


def test_every_exit_code_stands_there():
    """No error leaves the program with a code that the README does not explain."""
    from leukonet import errors as networks  # noqa: PLC0415  beside its use
    from leukowatch import errors as service  # noqa: PLC0415

    text = README.read_text().partition("Exit codes:")[2].partition("\n\n")[0]
    explained = {int(number) for number in re.findall(r"\b(\d+) ", text)}
    codes = {error.exit_code for module in (networks, service) for error in vars(module).values()
             if isinstance(error, type) and hasattr(error, "exit_code")}  # fmt: skip

    assert codes <= explained
