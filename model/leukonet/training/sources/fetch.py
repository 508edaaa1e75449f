"""Fetches the public sets: each file checked by its SHA-256, and none twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pooch

from leukonet.errors import DataError
from leukonet.training.sources.pins import LISTS, PINS, PinnedFile, read_pins
from leukonet.training.sources.tables import WRITERS

GITHUB = "https://raw.githubusercontent.com"
RETRIES = 4
"""Further attempts at a file; pooch waits 1 s before the first, and a second longer before each of the next."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One set that is whole."""

    folder: Path
    got: int
    """Files that came over the network, at least 0."""
    kept: int
    """Files that were there already, at least 0."""


def fetch(
    data: Path,
    names: Sequence[str] = (),
    mirror: str | None = None,
    *,
    pins: Path = PINS,
    retries: int = RETRIES,
    wrap: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Iterator[Fetched]:
    """Fetch sets one after the other, and write the tables that their reader wants once all files are there.

    Args:
        data: folder that holds the sets; made if need be.
        names: of `LISTS`; all of them if empty.
        mirror: server that has the repositories' files as GITHUB has them, instead of it.
        pins: folder of the lists of files.
        retries: further attempts at a file that fails.
        wrap: shows progress over the files of a set.

    Raises:
        DataError: an unknown set; a file that cannot be got or is not as published. Whole files stay.
    """
    unknown = [name for name in names if name not in LISTS]
    if unknown:
        raise DataError(f"no set {unknown[0]!r} can be fetched; known: {', '.join(LISTS)}")
    base = mirror or GITHUB
    if not base.startswith(("http://", "https://")):
        raise DataError(f"{base!r} is no address of a mirror; give one that begins with http:// or https://")
    pooch.get_logger().setLevel("WARNING")  # it would tell of every file
    for name in names or LISTS:
        files = read_pins(name, pins)
        keeper = _keeper(data / name, files, base, retries)
        got = sum(_get(keeper, file) for file in wrap(files))
        WRITERS[name](data / name)
        yield Fetched(data / name, got, len(files) - got)


def _keeper(folder: Path, files: Sequence[PinnedFile], base: str, retries: int) -> pooch.Pooch:
    """Pooch, told where each file comes from and goes to."""
    return pooch.Pooch(
        path=folder,
        base_url="",
        registry={file.place: file.sha256 for file in files},
        urls={file.place: f"{base.rstrip('/')}/{file.address}" for file in files},
        retry_if_failed=retries,
        allow_updates=False,  # what lies there may be a person's own, smaller copy with boxes to match
    )


def _get(keeper: pooch.Pooch, file: PinnedFile) -> bool:
    """Get one file unless it is there; whether it came over the network."""
    path = keeper.abspath / file.place
    try:
        if path.exists():
            _check(path, file)
            return False
        keeper.fetch(file.place)
        with suppress(PermissionError):  # a share of the network may forbid it
            path.chmod(0o644)  # pooch leaves it to its owner alone, and a lab shares its sets
    except ValueError as error:
        raise DataError(
            f"{keeper.get_url(file.place)}: not the published file, its SHA-256 is another; "
            "start again later, or without --mirror: what has been fetched stays"
        ) from error
    except OSError as error:  # those of the network are of this kind too
        raise DataError(
            f"{path}: could not be fetched ({error}); check network, mirror and disk, and start again: "
            "what has been fetched stays"
        ) from error
    return True


def _check(path: Path, file: PinnedFile) -> None:
    """Refuse a file that was there already and is not the published one."""
    if pooch.file_hash(str(path)) != file.sha256:
        raise DataError(
            f"{path}: not the published file, its SHA-256 is another; move it away and start again"
        )
