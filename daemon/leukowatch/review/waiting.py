"""Files of a slide that still lie in the inbox: what nobody has counted yet stands against a signature."""

from datetime import UTC, datetime

from leukowatch.inbox.listing import UNLISTABLE, list_files
from leukowatch.inbox.naming import slide_name, slide_of
from leukowatch.settings import Settings


def waiting_files(settings: Settings, slide: str) -> int | None:
    """Count them, by the rules by which the daemon names slides; None where they cannot be listed.

    Folders of other slides are not looked into: a backlog costs little.
    """
    pattern, today = settings.inbox.slide_pattern, datetime.now(UTC).date()
    odd: list[str] = []

    def mine(relative: bytes) -> bool:
        return slide_of(relative, pattern, today)[0] == slide

    def among(name: bytes) -> bool:
        return slide_name(name) == slide or mine(name)

    try:
        found = list_files(settings.inbox_folder, lambda _path, kind: odd.append(kind), among=among)
        waiting = sum(mine(listed.relative) for listed in found)
    except OSError:
        return None
    return None if UNLISTABLE in odd else waiting
