"""What `deploy/` ships fits the service that it deploys."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from leukonet import __version__
from leukonet.errors import BadScores, BundleError
from leukowatch.errors import HomeInUse, RequestInvalid, SchemaMismatch, SettingsInvalid
from leukowatch.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
SYSTEMD = ROOT / "deploy" / "systemd"
EXAMPLE = SYSTEMD / "leukowatch.toml"
UNIT = SYSTEMD / "leukowatch.service"
REVIEW = SYSTEMD / "leukowatch-review.service"
NETWORK = SYSTEMD / "network.conf"

PR_SET_MDWE = 65
"""Of prctl(2): memory that was writable never becomes executable."""
KERNEL_CANNOT = 77

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Take every LEUKOWATCH_ variable away, so that defaults are defaults."""
    for name in ("LEUKOWATCH_HOME", "LEUKOWATCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def directive(name: str, unit: Path = UNIT) -> str:
    """Give the value of a directive of a unit."""
    (value,) = re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)
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


@pytest.mark.parametrize("unit", [UNIT, REVIEW], ids=["service", "review"])
def test_a_process_of_its_own_that_dies_does_not_end_a_unit(unit):
    """What decodes an image may be killed for its memory, and is ended by its own parent at a stop."""
    assert (directive("OOMPolicy", unit), directive("KillMode", unit)) == ("continue", "mixed")


@pytest.mark.parametrize("unit", [UNIT, REVIEW], ids=["service", "review"])
def test_a_unit_comes_back_after_a_failure_and_gives_up_in_the_end(unit):
    """Restarted for minutes, on its disk alone, and not at all after an error that no new start would mend."""
    tried = int(directive("RestartSec", unit)) * int(directive("StartLimitBurst", unit))
    lasting = {RequestInvalid, SettingsInvalid, SchemaMismatch}
    if unit == UNIT:
        lasting |= {HomeInUse, BundleError, BadScores}

    assert directive("Restart", unit) == "on-failure"
    assert 60 < tried < int(directive("StartLimitIntervalSec", unit))
    assert directive("RequiresMountsFor", unit) == "/var/lib/leukowatch"
    assert {int(code) for code in directive("RestartPreventExitStatus", unit).split()} == {
        error.exit_code for error in lasting
    }


@pytest.mark.parametrize("unit", [UNIT, REVIEW], ids=["service", "review"])
def test_a_unit_runs_as_the_user_that_is_made_for_it(unit):
    """A static one, so that its files keep their owner; without a shell or a right of its own."""
    (line,) = (SYSTEMD / "leukowatch.sysusers").read_text().splitlines()[-1:]

    assert line.split()[:2] == ["u", directive("User", unit)]
    assert directive("User", unit) == directive("Group", unit)
    assert (directive("CapabilityBoundingSet", unit), directive("NoNewPrivileges", unit)) == ("", "yes")
    assert directive("MemoryDenyWriteExecute", unit) == "yes"


def test_every_folder_of_the_home_is_made_with_the_group_in_mind():
    """The inbox is the group's to write; nothing is open to others."""
    lines = [line.split() for line in (SYSTEMD / "leukowatch.tmpfiles").read_text().splitlines()]
    modes = {Path(line[1]).name: line[2] for line in lines if line[:1] == ["d"]}
    home = Settings(home=Path("/var/lib/leukowatch"))
    folders = (home.home, home.archive_folder, home.quarantine_folder, home.home / "outbox")

    assert modes == {home.inbox_folder.name: "2770"} | {folder.name: "2750" for folder in folders}


def installed(folder: Path, unit: Path, *drop_ins: Path) -> Path:
    """Lay a unit out as installed, with a program that exists in place of its own; give its file."""
    copy = folder / unit.name
    copy.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", unit.read_text(), flags=re.MULTILINE)
    )
    for drop_in in drop_ins:
        (folder / f"{unit.name}.d").mkdir()
        shutil.copy(drop_in, folder / f"{unit.name}.d" / drop_in.name)
    return copy


UNITS = {"shipped": (UNIT,), "with network": (UNIT, NETWORK), "review": (REVIEW,)}


@needs_systemd
@pytest.mark.parametrize("parts", list(UNITS.values()), ids=list(UNITS))
def test_systemd_finds_nothing_to_complain_of(parts, tmp_path):
    """Checked by systemd itself: a directive that it does not know protects nobody."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", installed(tmp_path, *parts)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize(
    ("parts", "most"), list(zip(UNITS.values(), (10, 15, 15), strict=True)), ids=list(UNITS)
)
def test_the_exposure_stays_below_its_limit(parts, most, tmp_path):
    """What the service may do if an image takes it over, as systemd weighs it: in tenths, of 100."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={most}", installed(tmp_path, *parts)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shipped_unit_has_no_network():
    """Images of patients cannot leave by a service that cannot reach anybody."""
    assert directive("PrivateNetwork") == "yes"
    assert directive("RestrictAddressFamilies") == "AF_UNIX"
    assert directive("IPAddressDeny") == "any"


def test_the_networks_run_where_no_memory_can_be_made_executable():
    """What MemoryDenyWriteExecute refuses, the kernel refuses here too: LiteRT must do without."""
    program = (
        "import ctypes, mmap, os, sys\n"
        "from leukonet.bundle import load_bundle\n"
        "from leukonet.selftest import prove\n"
        f"if ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0): sys.exit(77)\n"
        "try: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "except PermissionError: prove(load_bundle())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode == KERNEL_CANNOT:
        pytest.skip("this kernel has no PR_SET_MDWE (Linux 6.3)")

    assert (done.returncode, done.stderr) == (0, "")


def test_every_pinned_package_has_its_hashes_and_no_address():
    """An install takes the very files that were tried, from wherever the machine gets its packages."""
    text = (ROOT / "requirements.lock").read_text()
    pins = re.findall(
        r"^[a-z0-9][a-z0-9._-]*==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
    )

    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
    assert not re.search(r"https?://|--(?:index|extra|find)", text)


def test_every_package_that_the_service_needs_is_pinned():
    """A dependency that was added and not pinned would be missing after an install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["review"]]
    names = {re.split(r"[\[<>=,; ]", line)[0].replace("_", "-").replace(".", "-") for line in wanted}
    pinned = re.findall(
        r"^([a-z0-9._-]+)(?:\[.*\])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )

    assert names - {name.replace(".", "-") for name in pinned} == set()


@pytest.mark.slow
def test_the_list_of_parts_names_every_pinned_package():
    """Who hears of a hole in a package must see whether it is installed, and in which version."""
    programs = Path(sys.executable).parent
    subprocess.run([ROOT / "tools" / "sbom.sh", programs], check=True, capture_output=True, timeout=1200)
    written = json.loads((ROOT / "dist" / "leukowatch.cdx.json").read_text())
    whole, parts = written["metadata"]["component"], written["components"]
    pinned = re.findall(
        r"^([a-z0-9._-]+)(?:\[.*\])?==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )

    listed = {(part["name"].lower().replace("_", "-").replace(".", "-"), part["version"]) for part in parts}
    assert {(name.replace(".", "-"), version) for name, version in pinned} <= listed
    assert "pytest" not in dict(listed)
    assert (whole["name"], whole["version"]) == ("leukowatch", __version__)
