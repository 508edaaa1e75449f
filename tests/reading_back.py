"""Reads exported results by other programs than the ones that wrote them."""

import io
import json
import subprocess

from pypdf import PdfReader


def plain(data: bytes, form: str) -> str:
    """Give what a person would read, on one line."""
    if form == "pdf":
        return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
    return data.decode()


def rows_by_sqlite(data: bytes, folder) -> list[dict]:
    """Read a CSV by the command-line shell of SQLite, which has a reader of its own."""
    (folder / "table.csv").write_bytes(data)
    done = subprocess.run(
        ["sqlite3", "-json", ":memory:", f".import --csv {folder / 'table.csv'} t", "SELECT * FROM t"],
        capture_output=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def observations(data: bytes) -> dict[str, dict]:
    """Give the observations of a FHIR bundle by their own code."""
    entries = [entry["resource"] for entry in json.loads(data)["entry"]]
    found = [each for each in entries if each["resourceType"] == "Observation"]
    return {each["code"]["coding"][-1]["code"]: each for each in found}


def segments(message: str, kind: str) -> list[list[str]]:
    """Split a message by hand into the fields of its segments of a kind."""
    return [line.split("|") for line in message.split("\r") if line.startswith(f"{kind}|")]
