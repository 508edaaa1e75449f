"""The one entry: bytes of an image in, its cells out."""

from functools import lru_cache
from time import perf_counter

from PIL import Image

from leukonet.assess import why_not_assessable
from leukonet.bundle import Bundle, Kind
from leukonet.classify import name_at, open_classifier
from leukonet.decode import MAX_PIXELS, decode
from leukonet.field import answer, open_field
from leukonet.locate import Locator
from leukonet.network import Network
from leukonet.result import Cell, FieldResult
from leukonet.tiles import locate_field, middle
from leukonet.views import Canvas, on_canvas


def analyse(data: bytes, bundle: Bundle, max_pixels: int = MAX_PIXELS) -> FieldResult:
    """Look at one field.

    Args:
        data: a whole JPEG, PNG, BMP or TIFF file.
        bundle: from `load_bundle`; its networks are opened at first use and kept by the process.
        max_pixels: larger images are refused.

    Raises:
        ImageError: the bytes are no image that can be decoded.
        BundleDamaged: a network does not run or has another shape.
        BadScores: a network gave a score that is no number.
    """
    started = perf_counter()
    image = decode(data, max_pixels)
    canvas = on_canvas(image)
    decoded = perf_counter()
    reason = _why_not_assessable(image, canvas)
    cells, located = ((), decoded) if reason else _cells(image, canvas, bundle)
    return FieldResult(
        width=image.width,
        height=image.height,
        assessable=not reason,
        reason=reason,
        cells=tuple(sorted(cells, key=lambda cell: (cell.box.ymin, cell.box.xmin))),
        bundle=bundle.name,
        bundle_sha256=bundle.sha256,
        timings={
            "decode": (decoded - started) * 1000,
            "locate": (located - decoded) * 1000,
            "classify": (perf_counter() - located) * 1000,
        },
    )


def _why_not_assessable(image: Image.Image, canvas: Canvas) -> str:
    """Judge a field whole, and a large one that fails by its middle too: small cells look like noise from afar."""
    reason = why_not_assessable(canvas, image.size)
    closer = middle(image) if reason else image
    return reason if closer is image else why_not_assessable(on_canvas(closer), closer.size)


def _cells(image: Image.Image, canvas: Canvas, bundle: Bundle) -> tuple[tuple[Cell, ...], float]:
    """The cells, and the moment at which the locator was done."""
    networks = open_networks(bundle)
    if bundle.kind is Kind.FIELD:
        return (answer(networks[0], image, bundle),), perf_counter()
    locator, classifier = networks
    places = locate_field(locator, canvas, image, bundle.cell_threshold)
    located = perf_counter()
    cells = [name_at(bundle, classifier, image, canvas.light, place.box, place.score) for place in places]
    return tuple(cells), located


def open_networks(bundle: Bundle) -> tuple[Network, ...]:
    """Open a bundle's networks; once a process, so that the first field need not wait.

    Raises:
        BundleDamaged: a network does not run or has another shape.
    """
    return _open_files(bundle.kind, tuple(bundle.networks.values()), len(bundle.classes), bundle.raised)


@lru_cache(maxsize=4)
def _open_files(kind: Kind, contents: tuple[bytes, ...], classes: int, raised: float) -> tuple[Network, ...]:
    """Interpreters of a bundle, made once a process."""
    if kind is Kind.FIELD:
        return (open_field(contents[0], classes),)
    return Locator(contents[0], raised), open_classifier(contents[1], classes)
