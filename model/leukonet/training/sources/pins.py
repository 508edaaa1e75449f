"""The files of each set that can be fetched: where they are published, what they must hold, where they go."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PINS = Path(__file__).parent
"""The lists that come with the package, a file a repository, in pooch's registry style."""
LISTS = {"bccd": ("bccd", "bccd_subtypes"), "chula": ("chula",), "txl_pbc": ("txl_pbc",)}
"""The lists that make up each set; BCCD's boxes and its classes come from two repositories."""
IMAGES, PUBLISHED = "images", "published"
"""Subfolders of a set: its pictures, and its labels in the form and under the path of their repository."""


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file of a public repository, at one commit."""

    address: str
    """Below the server that holds the repositories: repository, commit and path."""
    sha256: str
    """Of the published bytes, hexadecimal."""
    place: str
    """Where it goes below the set's folder, with slashes."""


def read_pins(name: str, pins: Path = PINS) -> list[PinnedFile]:
    """Every file of one set.

    Args:
        name: one of `LISTS`.
        pins: folder of the lists.
    """
    return [pinned for listed in LISTS[name] for pinned in _read_list(pins / f"{listed}.txt")]


def read_names(path: Path) -> list[str]:
    """The lines of a list that are neither empty nor a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _read_list(path: Path) -> list[PinnedFile]:
    head = _read_head(path)
    base = f"{head['repository']}/{head['commit']}"
    pairs = [line.split() for line in read_names(path)]
    return [PinnedFile(f"{base}/{published}", sha256, _place(published)) for published, sha256 in pairs]


def _read_head(path: Path) -> dict[str, str]:
    """What the comments of a list say of it: `# repository: OWNER/NAME`, `# commit: SUM`, `# licence: NAME`."""
    comments = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    told = [comment.removeprefix("# ").partition(": ") for comment in comments]
    return {key: value for key, _, value in told}


def _place(published: str) -> str:
    """Pictures go together whatever their folder, a licence to the top, labels below a folder of their own."""
    path = PurePosixPath(published)
    if path.suffix == ".jpg":
        return f"{IMAGES}/{path.name}"
    return path.name if path.stem == "LICENSE" else f"{PUBLISHED}/{published}"
