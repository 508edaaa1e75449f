"""Runs a benchmark at its smallest size, as a person would."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[1] / "bench"


def printed(script: str, *arguments: str) -> list[str]:
    """Give the lines that a benchmark prints; it must end well."""
    command = [sys.executable, str(BENCH / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def imported(script: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give a benchmark's module, which imports its neighbours by their bare names; none stays among the modules."""
    monkeypatch.syspath_prepend(str(BENCH))
    module = import_module(script)
    for each in BENCH.glob("*.py"):
        sys.modules.pop(each.stem, None)
    return module


def names(lines: list[str]) -> list[str]:
    """Give the name of each row: what stands before its figures."""
    return [line.split("  ")[0].partition(":")[0] for line in lines]


def figures(line: str) -> list[float]:
    """Give the numbers of a row that has no other words than its name."""
    return [float(word) for word in line.split("  ", 1)[1].split()]
