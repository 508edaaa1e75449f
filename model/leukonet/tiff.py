"""Reads the TIFF files of scanners that Pillow reads wrongly, or not at all."""

import io

import numpy as np
from PIL import Image

from leukonet.errors import ImageTooLarge, UnknownFormat

BIG_ENDIAN_BIGTIFF = b"MM\0+"
"""How files begin that Pillow does not know."""
_BITS, _PLANES = 258, 284
_SEPARATE = 2
_COLOURS = 3


def needs_tifffile(image: Image.Image) -> bool:
    """Whether Pillow would mix up the planes: one for each colour, of more than 8 bits a level."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_PLANES) == _SEPARATE and max(tags.get(_BITS, (8,))) > 8  # noqa: PLR2004  bits of a byte


def read_tiff(data: bytes, max_pixels: int) -> Image.Image:
    """Decode the first page.

    Args:
        data: the whole file: grey or RGB, 8 or 16 bits a level, in strips, tiles or planes.
        max_pixels: larger images are refused before they are decoded.

    Raises:
        ImageTooLarge: it has more pixels.
        UnknownFormat: it holds something else than grey or RGB levels.
        Exception: whatever tifffile raises on damaged files.
    """
    import tifffile  # noqa: PLC0415  a fifth of a second that few files need

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        if page.imagewidth * page.imagelength > max_pixels:
            size = f"{page.imagewidth} x {page.imagelength}"
            raise ImageTooLarge(f"{size} pixels exceed the limit of {max_pixels}: export a smaller field")
        levels = page.asarray()
        if page.planarconfig == _SEPARATE and levels.ndim == _COLOURS:
            levels = np.moveaxis(levels, 0, -1)
    if levels.dtype == np.uint16:
        levels = (levels >> 8).astype(np.uint8)
    if levels.dtype != np.uint8 or levels.shape[2:] not in {(), (_COLOURS,)}:
        raise UnknownFormat("a TIFF with other levels than grey or RGB: export the field as 8-bit RGB")
    return Image.fromarray(np.ascontiguousarray(levels)).convert("RGB")
