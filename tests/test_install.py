"""`make install-service` into a system that does not run, and what `make uninstall-service` leaves of it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UNITS = {"leukowatch.service", "leukowatch-review.service"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root installs services"),
    pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd here"),
]


def make(target: str, root: Path) -> str:
    """Run a target of the Makefile on a system below `root`; give what it says."""
    done = subprocess.run(
        ["make", target, f"ROOT={root}"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def system(tmp_path_factory) -> Path:
    """Give a system into which the service was installed."""
    root = tmp_path_factory.mktemp("system")
    make("install-service", root)
    return root


def files(folder: Path) -> set[str]:
    """Names of all files below a folder."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_what_is_installed_is_enabled_and_finds_its_programs(system):
    """The unit's program is there, and its interpreter is named as it will be found after the start."""
    unit = (system / "etc/systemd/system/leukowatch.service").read_text()
    (program,) = (
        line.split("=")[1].split()[0] for line in unit.splitlines() if line.startswith("ExecStart=")
    )
    release = (system / "opt/leukowatch/current").readlink()
    first_line = (system / program.lstrip("/")).read_text().splitlines()[0]

    assert f"#!/opt/leukowatch/{release}/bin/python" in first_line
    assert (system / "etc/systemd/system/multi-user.target.wants/leukowatch.service").is_symlink()
    assert {path.name for path in (system / "etc/systemd/system").glob("*.service")} == UNITS


def test_an_upgrade_keeps_settings_and_the_release_before(system):
    """One can go back, and nobody's settings are overwritten; a third release takes the first away."""
    settings = system / "etc/leukowatch/leukowatch.toml"
    settings.write_text('[service]\nlog_level = "debug"\n')
    before = (system / "opt/leukowatch/current").readlink()
    make("install-service", system)
    now = (system / "opt/leukowatch/current").readlink()

    assert settings.read_text() == '[service]\nlog_level = "debug"\n'
    assert {path.name for path in (system / "opt/leukowatch").iterdir()} == {"current", str(before), str(now)}


def test_an_uninstall_keeps_images_database_and_settings(system):
    """What people made is theirs: programs and units go, and nothing else."""
    image = system / "var/lib/leukowatch/archive/field.jpg"
    image.write_bytes(b"a field")
    told = make("uninstall-service", system)

    assert "what is yours stays" in told
    assert image.read_bytes() == b"a field"
    assert (system / "etc/leukowatch/leukowatch.toml").exists()
    assert not (system / "opt/leukowatch").exists()
    assert files(system / "etc/systemd") | files(system / "etc/sysusers.d") == set()
