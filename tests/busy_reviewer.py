"""A reviewer who decides without rest; a process of its own finds this by name."""

from leukowatch.store import reviews
from leukowatch.store.database import close_writer, open_writer
from leukowatch.store.reviewed import review_cells
from leukowatch.store.rights import AccountRole, Actor

ACTS = 40


def decide_and_take_back(url, number, name):
    """Decide and take back, time and again, about the cells of slide A."""
    engine = open_writer(url, 30)
    try:
        actor = Actor(name, AccountRole.TECHNOLOGIST, number)
        for turn in range(ACTS):
            keys = [cell.key for cell in review_cells(engine, "A")]
            reviews.classify(engine, actor, "A", keys[: 1 + turn % 5], ("band", "monocyte")[turn % 2])
            if turn % 4 == 3:
                reviews.undo(engine, actor, "A")
    finally:
        close_writer(engine)
