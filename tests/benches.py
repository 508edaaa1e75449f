"""Runs a benchmark at its smallest size, as a person would."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "bench"


def printed(script: str, *arguments: str) -> list[str]:
    """Give the lines that a benchmark prints; it must end well."""
    command = [sys.executable, str(BENCH / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def names(lines: list[str]) -> list[str]:
    """Give the name of each row: what stands before its figures."""
    return [line.split("  ")[0].partition(":")[0] for line in lines]


def figures(line: str) -> list[float]:
    """Give the numbers of a row that has no other words than its name."""
    return [float(word) for word in line.split("  ", 1)[1].split()]
