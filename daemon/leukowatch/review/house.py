"""What the page works with: the store, the settings, the pictures and the news."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Engine

from leukowatch.analysis.confined import Confined
from leukowatch.review.live import News
from leukowatch.review.pictures import DRAWN_AT_ONCE, Gallery
from leukowatch.settings import Settings
from leukowatch.store.opened import reader, writer


@dataclass(frozen=True, slots=True)
class House:
    """Everything that a route may need."""

    settings: Settings
    reader: Engine
    """Only reads."""
    writer: Engine
    """Appends what people decide."""
    pictures: Gallery
    news: News

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)


@asynccontextmanager
async def furnished(settings: Settings) -> AsyncIterator[House]:
    """Open the store and watch it while the block runs.

    Raises:
        StoreUnavailable, SchemaMismatch: as `open_reader` and `open_writer`.
    """
    analysis = settings.analysis
    with (
        reader(settings) as reads,
        writer(settings) as writes,
        Confined(DRAWN_AT_ONCE, analysis.memory_megabytes, analysis.deadline_seconds) as apart,
    ):
        pictures = Gallery(settings.archive_folder, settings.inbox.max_pixels, apart)
        news = News(reads)
        async with news.watching():
            yield House(settings, reads, writes, pictures, news)


def _house(request: Request) -> House:
    return cast("House", request.app.state.house)


Housed = Annotated[House, Depends(_house)]
"""A route's parameter that gets the house."""
