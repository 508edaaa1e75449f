"""A slide's result in the formats of exchange, and the stream of news."""

from typing import Literal
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

from leukowatch.exchange.exporting import exported
from leukowatch.review.api.slides import SlideId
from leukowatch.review.house import Housed
from leukowatch.store.archived import slide_name

Format = Literal["csv", "json", "fhir", "hl7", "pdf"]
MEDIA: dict[Format, tuple[str, str]] = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "json": ("application/json", "json"),
    "fhir": ("application/fhir+json", "json"),
    "hl7": ("x-application/hl7-v2+er7", "hl7"),
    "pdf": ("application/pdf", "pdf"),
}


def export(slide: SlideId, house: Housed, format: Format, cells: bool = False) -> Response:  # noqa: A002  the parameter's name in the address
    """A slide's result as a file: signed, or marked preliminary; `cells` for a row a cell in CSV."""
    name = slide_name(house.reader, slide)
    content = exported(house.settings, [name], format, cells=cells and format == "csv")
    media, ending = MEDIA[format]
    shown = "inline" if format == "pdf" else "attachment"
    file = quote(f"{name}.{ending}", safe="")
    return Response(
        content, media_type=media, headers={"Content-Disposition": f"{shown}; filename*=UTF-8''{file}"}
    )


async def events(house: Housed) -> StreamingResponse:
    """Server-sent events: `slides`, with the numbers of the slides that have changed."""
    return StreamingResponse(house.news.stream(), media_type="text/event-stream")
