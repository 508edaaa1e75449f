"""The wheel is whole: installed into an empty environment it works without this repository."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, in an environment free of this repository's settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("LEUKOWATCH_", "PYTHON"))}
    words = [str(word) for word in command]
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=1200, env=clean, cwd=cwd
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel from the repository as it stands."""
    out = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("leukowatch-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory) -> Path:
    """Install the wheel into an empty environment, and give the folder of its commands."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=True)
    done = run(home / "bin" / "python", "-m", "pip", "install", "--quiet", wheel)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "bin"


def test_the_wheel_holds_every_migration(wheel):
    """A schema can be brought up to date where there is no repository."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("leukowatch/migrations/")}
    sources = [path for path in (ROOT / "migrations").rglob("*") if path.suffix in {".py", ".mako"}]

    assert {
        f"leukowatch/migrations/{path.relative_to(ROOT / 'migrations').as_posix()}" for path in sources
    } <= packed
    assert any("/versions/" in name for name in packed)


def test_the_wheel_holds_every_file_of_the_bundles(wheel):
    """A bundle that lacks a file is refused, so each one must be there."""
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    model = ROOT / "model"
    shipped = [path for path in (model / "leukonet" / "bundles").rglob("*") if path.is_file()]
    files = {path.relative_to(model).as_posix() for path in shipped if "__pycache__" not in path.parts}

    assert any(name.endswith("/manifest.json") for name in files)
    assert files <= packed


def test_the_wheel_holds_the_lists_of_what_is_fetched(wheel):
    """Without them `leukonet data fetch` knows nothing to fetch."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {Path(name).name for name in archive.namelist() if "/training/sources/" in name}
    lists = {path.name for path in (ROOT / "model/leukonet/training/sources").glob("*.txt")}

    assert lists
    assert lists <= packed


def test_the_wheel_holds_what_the_review_page_is_made_of(wheel):
    """Templates, styles and scripts: the page loads nothing from elsewhere."""
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    daemon = ROOT / "daemon"
    folders = [daemon / "leukowatch" / "review" / name for name in ("static", "templates")]
    files = {
        path.relative_to(daemon).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }

    assert any(name.endswith(".js") for name in files)
    assert any(name.endswith(".html") for name in files)
    assert files <= packed


@pytest.mark.parametrize("program", ["leukowatch", "leukonet"])
def test_the_commands_answer_from_anywhere(programs, tmp_path, program):
    """Installed, they need neither this repository nor a special folder."""
    done = run(programs / program, "--help", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


def test_training_tools_are_not_installed_with_the_service(programs, tmp_path):
    """TensorFlow belongs to the `train` extra."""
    done = run(programs / "python", "-c", "import leukonet, tensorflow", cwd=tmp_path)

    assert "No module named 'tensorflow'" in done.stderr


def test_a_fresh_home_gets_its_database_and_passes_every_check(programs, tmp_path):
    """The migrations inside the wheel are the ones that run, and nothing is then found wrong."""
    upgrade = run(programs / "leukowatch", "db", "upgrade", cwd=tmp_path)
    check = run(programs / "leukowatch", "db", "check", cwd=tmp_path)
    doctor = run(programs / "leukowatch", "doctor", cwd=tmp_path)

    assert upgrade.returncode == 0, upgrade.stdout + upgrade.stderr
    assert check.returncode == 0, check.stdout + check.stderr
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert (tmp_path / "leukowatch-home" / "leukowatch.db").is_file()
