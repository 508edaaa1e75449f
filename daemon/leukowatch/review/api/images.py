"""Pictures of fields and cells, of archived fields alone."""

from typing import Annotated

from fastapi import Path, Request, Response

from leukonet.result import Box
from leukowatch.review.api.texts import CELL_KEY
from leukowatch.review.house import House, Housed
from leukowatch.review.pictures import tag_of
from leukowatch.store.archived import ArchivedField, archived_field
from leukowatch.store.reviewed import review_cells

FieldId = Annotated[int, Path(alias="field", ge=1, lt=2**63)]
KEPT = "private, max-age=600"
"""A browser asks again after ten minutes, and is told by the tag that nothing has changed."""


def image(field: FieldId, request: Request, house: Housed) -> Response:
    """A whole field, upright, as JPEG."""
    found = archived_field(house.reader, field)
    tag = tag_of(found, "field")
    if _has(request, tag):
        return _unchanged(tag)
    return _jpeg(house.pictures.field(found), tag)


def crop(
    field: FieldId,
    cell: Annotated[str, Path(pattern=CELL_KEY)],
    request: Request,
    house: Housed,
) -> Response:
    """One cell in its surroundings, as JPEG."""
    found = archived_field(house.reader, field)
    tag = tag_of(found, cell)
    if _has(request, tag):
        return _unchanged(tag)
    boxes = {} if house.pictures.holds(found, cell) else _boxes(house, found)
    return _jpeg(house.pictures.crop(found, cell, boxes), tag)


def _boxes(house: House, field: ArchivedField) -> dict[str, Box]:
    cells = review_cells(house.reader, field.slide, field_id=field.id)
    return {each.key: Box(each.xmin, each.ymin, each.xmax, each.ymax) for each in cells}


def _has(request: Request, tag: str) -> bool:
    return tag in request.headers.get("If-None-Match", "")


def _unchanged(tag: str) -> Response:
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": KEPT})


def _jpeg(content: bytes, tag: str) -> Response:
    return Response(content, media_type="image/jpeg", headers={"ETag": tag, "Cache-Control": KEPT})
