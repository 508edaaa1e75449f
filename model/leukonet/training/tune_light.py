"""Shows what it brings to take one colour for the light of a field whose surface few tiles lie on: a person chooses.

Judged on close-ups of cells that may be trained on, where one colour helps, and on their whole fields, where it costs.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from leukonet.analysis import open_networks
from leukonet.assess import why_not_assessable
from leukonet.bundle import Bundle
from leukonet.classify import name_at
from leukonet.labels import LabelledField
from leukonet.light import measure_light
from leukonet.result import Cell
from leukonet.tiles import locate_field
from leukonet.training.close_ups import CloseUp, close_ups, judge, whole_fields
from leukonet.training.left_out import left_out_fields
from leukonet.views import on_canvas

LEAST = (0.0, 0.5, 0.55, 0.6, 1.01)
"""Shares of the tiles that must lie on the surface: with the first it is always taken, with the last never."""
SHARES = (0.5, 0.7, 0.9)
"""Of the side of a close-up that the cell takes."""
EVERY = {"bccd": 2, "chula": 3, "pbc": 4, "txl_pbc": 3}
"""Of a set's fields every so many are looked at; a bundle that left none of the sets out is judged on all of them."""


def tune(data: Path, bundle: Bundle) -> Iterator[str]:
    """Judge a bundle under each light.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Yields:
        A head, then a line a set, picture and share of the tiles. What a set tests with is left out.

    Raises:
        DataError: data are missing.
    """
    yield (
        f"{'set':<9}{'pictures':>13}{'on surface':>12}{'cells':>7}{'refused':>9}{'missed':>8}{'right':>7}{'several':>9}"
    )
    for name, fields in left_out_fields(data, bundle.provenance["left_out"] or tuple(EVERY)).items():
        yield from _lines(name, fields[:: EVERY[name]], bundle)


def _lines(name: str, fields: Sequence[LabelledField], bundle: Bundle) -> Iterator[str]:
    for share in (None, *SHARES):
        pictures = list(close_ups(fields, share) if share else whole_fields(fields))
        told = f"{name:<9}{f'cell {share:.0%}' if share else 'whole fields':>13}"
        for least in LEAST:
            yield told + _line(pictures, bundle, least)


def _line(pictures: Iterable[CloseUp], bundle: Bundle, least: float) -> str:
    locator, classifier = open_networks(bundle)
    light = partial(measure_light, least_on_surface=least)

    def look(image: Image.Image) -> list[Cell] | None:
        canvas = on_canvas(image, light=light)
        if why_not_assessable(canvas, image.size):
            return None
        places = locate_field(locator, canvas, image, bundle.cell_threshold)
        return [name_at(bundle, classifier, image, canvas.light, place.box, place.score) for place in places]

    judged = judge(pictures, look)
    return (
        f"{least:>12.2f}{judged.pictures:>7}{judged.refused:>9}{judged.missed:>8}"
        f"{judged.right / max(1, judged.pictures):>7.1%}{judged.several:>9}"
    )
