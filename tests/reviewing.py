"""A store with slides, people and their decisions, for tests of the review."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, insert

from handmade import NOON, cell, fill, outcome, seen
from leukowatch.settings import Settings
from leukowatch.store import reviews
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.people_tables import Account
from leukowatch.store.reviewed import review_cells
from leukowatch.store.rights import AccountRole, Actor
from leukowatch.store.writing import writing

LATER = NOON + timedelta(hours=1)
"""When every slide has long been idle."""
ROLES = {
    "anna": AccountRole.TECHNOLOGIST, "bert": AccountRole.TECHNOLOGIST, "cleo": AccountRole.SUPERVISOR,
    "dora": AccountRole.SUPERVISOR, "emil": AccountRole.READER, "fine": AccountRole.ADMINISTRATOR,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lab:
    """A store with people; who may log in is another test's affair."""

    path: Path
    engine: Engine
    people: dict[str, Actor]
    settings: Settings

    def keys(self, slide: str = "S1") -> list[str]:
        """Keys of a slide's cells, in order."""
        return [each.key for each in review_cells(self.engine, slide)]

    def see_all(self, slide: str = "S1", who: str = "anna") -> None:
        """Have a person confirm every cell."""
        reviews.mark_seen(self.engine, self.people[who], slide, self.keys(slide), now=LATER)

    def arrive(self, slide: str, number: int, *classes: str) -> None:
        """Let a further field come, with these cells."""
        fill(self.path, [outcome(slide, f"{number}.jpg", number, seen(*map(cell, classes)))])


@lru_cache(1)
def _empty_store() -> Path:
    """Make a store once; copying it is much quicker than migrating."""
    folder = tempfile.mkdtemp(prefix="leukowatch-test-")
    atexit.register(shutil.rmtree, folder)
    fill(Path(folder) / "empty.db", [])
    return Path(folder) / "empty.db"


@contextmanager
def lab_at(path: Path, classes: Sequence[str]) -> Iterator[Lab]:
    """Open a store at `path` with a slide S1, whose one field has cells of these classes."""
    shutil.copyfile(_empty_store(), path)
    fill(path, [outcome("S1", "1.jpg", 1, seen(*map(cell, classes)))])
    engine = open_writer(f"sqlite:///{path}", 5)
    try:
        with writing(engine) as connection:
            rows = [
                {"id": number, "name": name, "role": role.value, "password_hash": "none", "active": True,
                 "created_at": NOON}
                for number, (name, role) in enumerate(ROLES.items(), 1)
            ]  # fmt: skip
            connection.execute(insert(Account), rows)
        people = {name: Actor(name, role, number) for number, (name, role) in enumerate(ROLES.items(), 1)}
        yield Lab(path, engine, people, Settings(home=path.parent))
    finally:
        close_writer(engine)
