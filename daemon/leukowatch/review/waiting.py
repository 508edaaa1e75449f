"""Files of a slide that still lie in the inbox: what nobody has counted yet stands against a signature."""

from datetime import UTC, datetime

from leukowatch.inbox.listing import list_files
from leukowatch.inbox.naming import slide_of
from leukowatch.settings import Settings


def waiting_files(settings: Settings, slide: str) -> int | None:
    """Count them, by the rules by which the daemon names slides; None where the inbox cannot be listed."""
    pattern, today = settings.inbox.slide_pattern, datetime.now(UTC).date()
    try:
        return sum(
            slide_of(listed.relative, pattern, today)[0] == slide
            for listed in list_files(settings.inbox_folder, lambda _path, _kind: None)
        )
    except OSError:
        return None
