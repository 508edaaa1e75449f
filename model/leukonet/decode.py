"""Bytes of an image become an upright RGB image, or a clear error."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from leukonet.errors import DamagedImage, EmptyImage, ImageError, ImageTooLarge, TruncatedImage, UnknownFormat
from leukonet.tiff import BIG_ENDIAN_BIGTIFF, needs_tifffile, read_tiff

FORMATS = ("JPEG", "PNG", "BMP", "TIFF")
MAX_PIXELS = 100_000_000
"""Larger images are refused before they are decoded, unless the caller allows more."""
MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
"""How a file of each format begins; two letters, as BMP has them, say too little."""


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode the first page of a JPEG, PNG, BMP or TIFF.

    Args:
        data: the whole file. Grey, palette, CMYK, alpha (laid on white) and 16 bits a channel are brought
            to 8-bit RGB; the EXIF orientation is applied.
        max_pixels: width times height above this is refused; so is anything above the 178,956,970 that
            Pillow takes for an attack.

    Returns:
        A loaded image of mode RGB.

    Raises:
        ImageError: one of its leaves; the message says what is wrong and what to do.
    """
    if not data:
        raise EmptyImage("the file is empty: have the microscope export it again")
    with _pillow_errors(data):
        if data.startswith(BIG_ENDIAN_BIGTIFF):
            return read_tiff(data, max_pixels)
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > max_pixels:
            raise ImageTooLarge(
                f"{image.width} x {image.height} pixels exceed the limit of {max_pixels}: export a smaller field"
            )
        if needs_tifffile(image):
            return read_tiff(data, max_pixels)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)  # each copy of 20 megapixels is 80 MB
        return _as_rgb(image)


@contextmanager
def _pillow_errors(data: bytes) -> Iterator[None]:
    """Turn what Pillow raises on bad bytes into our own errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # also of large images: the limit is ours
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"too many pixels to decode safely ({error}): export a smaller field") from error
    except MemoryError as error:
        raise ImageTooLarge(
            "its pixels need more memory than this process may use (of a service: analysis.memory_megabytes): "
            "export a smaller field"
        ) from error
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except Exception as error:  # a decoder may raise anything on hostile bytes
        if "truncated" in str(error).lower():
            raise TruncatedImage(f"the image's end is missing ({error}): copy the file again") from error
        raise DamagedImage(f"the image does not decode ({error}): copy or export the file again") from error


def _unidentified(data: bytes) -> ImageError:
    """The error for bytes of which Pillow makes nothing: another format, or one of ours with its head damaged."""
    found = next((name for magic, name in MAGIC.items() if data.startswith(magic)), "")
    if not found:
        return UnknownFormat("neither JPEG, PNG, BMP nor TIFF: export the field in one of these formats")
    directory = int.from_bytes(data[4:8], "little" if data.startswith(b"II") else "big")
    if found == "TIFF" and directory >= len(data):  # most writers put it last
        return TruncatedImage("the image's end is missing (the TIFF directory): copy the file again")
    return DamagedImage(f"it begins as {found}, and its head does not decode: copy or export the file again")


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(grey: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Scale grey levels of 10, 12, 16 or 32 bits by the power of two that their maximum needs."""
    if not np.isfinite(grey).all():
        raise DamagedImage("the image holds levels that are no numbers: export it as 8 or 16 bit")
    bits = max(8, int(grey.max()).bit_length())
    scaled: npt.NDArray[np.uint8] = np.clip(grey / 2 ** (bits - 8), 0, 255).astype(np.uint8)
    return scaled
