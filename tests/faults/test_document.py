"""`docs/reliability.md` tells the truth: each test that it names is there, and no promise or fault lacks one."""

import ast
import re
from functools import lru_cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
DOCUMENT = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
PROMISED = DOCUMENT[DOCUMENT.index("## Promises") : DOCUMENT.index("## How the faults are injected")]
ROWS = [line for line in PROMISED.splitlines() if line.startswith("| ")]
RULED = {"| promise ", "| fault "}


@lru_cache
def names_in(file: str) -> set[str]:
    """Names of a file's tests; none where there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return set()
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if is_test(node)}


def is_test(node: ast.stmt) -> bool:
    """Whether a statement is a test."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def test_each_test_that_is_named_is_there():
    """A promise that rests on a test that was renamed or removed rests on nothing."""
    assert [] == [f"{file}::{name}" for file, name in NAMED.findall(DOCUMENT) if name not in names_in(file)]


def test_every_promise_and_every_fault_names_a_test():
    """A row without one is a wish."""
    told = [row for row in ROWS if not any(row.startswith(head) for head in RULED)]

    assert len(told) > 50
    assert [] == [row for row in told if not NAMED.search(row)]


def test_every_test_of_faults_is_told_of():
    """Who looks for a fault finds it in the document."""
    files = [
        f"faults/{path.name}" for path in TESTS.glob("faults/test_*.py") if path.name != "test_document.py"
    ]
    named = {name for _, name in NAMED.findall(DOCUMENT)}

    assert set() == {name for file in files for name in names_in(file)} - named
