"""The house's shape: imports run one way, files stay one concept long, starting costs little."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"leukowatch": ROOT / "daemon", "leukonet": ROOT / "model"}
LONGEST = 350

EVERYWHERE = {"durable", "errors", "settings", "setting_tables"}
MAY_IMPORT = {
    "store": set(),
    "inbox": {"store.outcome"},
    "analysis": {"inbox.beneath"},
    "differential": {"store"},
    "console": {"analysis.confined", "differential", "store", "inbox.beneath", "inbox.listing", "inbox.gate"},
    "review": {
        "analysis.confined",
        "differential",
        "store",
        "exchange",
        "inbox.beneath",
        "inbox.listing",
        "inbox.naming",
    },
    "exchange": {"differential", "store"},
    "service": {"inbox", "analysis", "store", "differential", "console"},
    "commands": {"inbox", "analysis", "store", "differential", "console", "review", "exchange", "service"},
}
"""Which other rooms (or single modules of one) a room of the service may know."""

HEAVY = (
    "tensorflow",
    "keras",
    "matplotlib",
    "sklearn",
    "skimage",
    "scipy.stats",
    "alembic",
    "fhir",
    "fpdf",
    "hl7",
)
"""Seconds and hundreds of megabytes, in a service that should be ready at once."""


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Give each module's dotted name and file."""
    source = SOURCES[package]
    for path in sorted((source / package).rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path, *, everywhere: bool = True) -> set[str]:
    """Collect the dotted names that a file imports, in functions too or at its top alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the full name"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def below(name: str, package: str) -> bool:
    """Whether a dotted name is the package or inside it."""
    return name == package or name.startswith(f"{package}.")


def room(name: str) -> str:
    """Name the room of a module of the service: the first part below the package."""
    return name.partition(".")[2].partition(".")[0]


def trespasses(name: str, path: Path) -> list[str]:
    """List the imports of a module of the service that its room may not have."""
    allowed = {room(name)} | EVERYWHERE | MAY_IMPORT[room(name)]
    inside = {found.partition(".")[2] for found in imports(path) if found.startswith("leukowatch.")}
    return sorted(found for found in inside if not any(below(found, other) for other in allowed))


def test_the_networks_never_import_the_service():
    """`leukonet` is usable without the daemon."""
    found = [f"{name}: {target}" for name, path in modules("leukonet") for target in imports(path)]

    assert [line for line in found if below(line.partition(": ")[2], "leukowatch")] == []


def test_the_runtime_never_imports_the_training_room():
    """The commands alone know both, and open the training room in the function that needs it."""
    runtime = [(name, path) for name, path in modules("leukonet") if not below(name, "leukonet.training")]
    found = [
        f"{name}: {target}"
        for name, path in runtime
        for target in imports(path, everywhere=not below(name, "leukonet.commands"))
        if below(target, "leukonet.training")
    ]

    assert found == []


def test_the_service_never_imports_tensorflow_or_the_training_room():
    """It runs where neither is installed."""
    barred = ("tensorflow", "keras", "leukonet.training")
    found = [f"{name}: {target}" for name, path in modules("leukowatch") for target in imports(path)]

    assert [line for line in found if any(below(line.partition(": ")[2], b) for b in barred)] == []


def test_rooms_of_the_service_know_only_the_rooms_below_them():
    """As service → (inbox, analysis, store), and console, review, exchange → differential → store.queries."""
    inner = [(name, path) for name, path in modules("leukowatch") if room(name) in MAY_IMPORT]

    assert {name: found for name, path in inner if (found := trespasses(name, path))} == {}


def test_every_room_has_its_rule():
    """A new room is entered in `MAY_IMPORT`, so that the rule above speaks of it."""
    package = SOURCES["leukowatch"] / "leukowatch"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}

    assert set() == rooms - MAY_IMPORT.keys()


@pytest.mark.parametrize("package", SOURCES)
def test_no_module_is_longer_than_one_concept(package):
    """A file that grows past the limit is two."""
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules(package)}

    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("module", ["leukowatch.cli", "leukonet", "leukonet.cli"])
def test_importing_the_front_door_loads_nothing_heavy(module):
    """Measured in a fresh interpreter, where nobody has loaded it before."""
    script = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_a_spawned_worker_imports_no_command():
    """It imports the program that spawned it: with all commands in it, that was 0.3 s and 10 MB a worker."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = project["project"]["scripts"]["leukowatch"].partition(":")
    script = f"import sys; from {module} import {function}; print('typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, "False")
