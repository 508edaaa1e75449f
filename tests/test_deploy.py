"""What `deploy/` ships fits the service that it deploys."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from leukowatch.settings import Settings, load_settings

SYSTEMD = Path(__file__).resolve().parents[1] / "deploy" / "systemd"
EXAMPLE = SYSTEMD / "leukowatch.toml"
UNIT = SYSTEMD / "leukowatch.service"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Take every LEUKOWATCH_ variable away, so that defaults are defaults."""
    for name in ("LEUKOWATCH_HOME", "LEUKOWATCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def directive(name: str) -> str:
    """Give the value of a directive of the unit."""
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    return value


def test_the_example_settings_name_every_setting_with_its_default():
    """Each key as a comment: taking all the comments away changes nothing."""
    uncommented = re.sub(r"^#(?=\w+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)

    assert Settings().model_dump(mode="json") == tomllib.loads(uncommented)


def test_the_example_settings_as_shipped_are_the_defaults(tmp_path, monkeypatch):
    """Installed untouched, they load and set nothing."""
    monkeypatch.setenv("LEUKOWATCH_CONFIG", str(EXAMPLE))

    assert load_settings(tmp_path) == Settings().model_copy(update={"home": tmp_path})


def test_the_unit_waits_longer_than_the_service_takes_to_stop():
    """Otherwise systemd kills what would have been committed."""
    assert Settings().service.stop_seconds < float(directive("TimeoutStopSec"))


def test_the_unit_lets_the_daemon_stop_its_own_workers():
    """SIGTERM goes to the daemon alone, and readiness and life are told by it."""
    assert (directive("Type"), directive("KillMode"), directive("WatchdogSec")) == ("notify", "mixed", "60")


def test_every_folder_of_the_home_is_made_with_the_group_in_mind():
    """The inbox is the group's to write; nothing is open to others."""
    lines = [line.split() for line in (SYSTEMD / "leukowatch.tmpfiles").read_text().splitlines()]
    modes = {Path(line[1]).name: line[2] for line in lines if line[:1] == ["d"]}
    home = Settings(home=Path("/var/lib/leukowatch"))
    folders = (home.home, home.inbox_folder, home.archive_folder, home.quarantine_folder)

    assert modes == dict(zip((f.name for f in folders), ("2750", "2770", "2750", "2750"), strict=True))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_nothing_to_complain_of(tmp_path):
    """Checked by systemd itself, with a program that exists in place of the installed one."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text().replace(directive("ExecStart").split()[0], shutil.which("true") or "")
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
