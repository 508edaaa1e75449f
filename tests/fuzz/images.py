"""Mutated images, through the walk of their structure and the worker's own entry."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import tifffile
from PIL import Image

from fuzz.mutating import mutated
from leukonet.bundle import load_bundle
from leukonet.cells import BY_NAME
from leukonet.errors import LeukonetError
from leukonet.phantom import field_bytes
from leukowatch.analysis import worker
from leukowatch.inbox.whole import structure
from leukowatch.setting_tables import AnalysisSettings, InboxSettings
from leukowatch.store.outcome import Outcome, Received
from leukowatch.store.soundness import storable

SIZE = (120, 90)
"""Of most originals, in pixels: small, so that many cases fit into an hour."""
PICTURES = 6


class Images:
    """Originals of each format, made of real fields where there are any, else of phantoms.

    Args:
        home: not used: an image is bytes by then.
    """

    def __init__(self, home: Path) -> None:
        del home
        self._originals = originals()
        self._names = sorted(self._originals)
        analysis, inbox = AnalysisSettings(), InboxSettings()
        sha256 = load_bundle(analysis.bundle).sha256
        worker.begin(analysis.bundle, sha256, inbox.max_pixels, analysis.memory_megabytes)

    def __call__(self, rng: Random) -> str:
        """One mutated image; its result must be storable."""
        data = mutated(rng, rng.choice(self._originals[rng.choice(self._names)]), self._originals["jpeg"])
        structure(io.BytesIO(data), len(data))
        try:
            result = worker.look(data)
        except LeukonetError as error:
            return error.reason
        outcome = Outcome(_received(len(data)), result)
        assert storable(outcome, BY_NAME) is outcome, f"not storable: {result}"
        return "counted" if result.assessable else "not assessable"


def originals() -> dict[str, list[bytes]]:
    """Whole images by format."""
    pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data in _fields()]
    small = [picture.resize(SIZE) for picture in pictures]
    clear = small[0].convert("RGBA")
    clear.putalpha(128)
    return {
        "jpeg": [_saved(picture, "JPEG") for picture in small] + _fields()[:1],
        "odd jpeg": [
            _saved(small[0], "JPEG", progressive=True),
            _saved(small[1].convert("CMYK"), "JPEG"),
            _saved(small[2].convert("L"), "JPEG", exif=_turned()),
        ],
        "png": [_saved(picture, "PNG") for picture in small],
        "odd png": [
            _saved(clear, "PNG"),
            _saved(small[0].quantize(64), "PNG"),
            _saved(Image.fromarray(_deep(small[1])), "PNG"),
        ],
        "bmp": [
            _saved(small[0], "BMP"),
            _saved(small[1].quantize(16), "BMP"),
            _saved(small[2].convert("1"), "BMP"),
        ],
        "tiff": [
            _saved(small[0], "TIFF"),
            *(
                _saved(small[1], "TIFF", compression=how)
                for how in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")
            ),
            _saved(Image.fromarray(_deep(small[2])), "TIFF"),
        ],
        "tiled tiff": [
            _tiled(small[0]),
            _tiled(small[1], compression="zlib"),
            _tiled(small[2], bigtiff=True),
        ],
    }


def _fields() -> list[bytes]:
    """Real fields where `LEUKOWATCH_DATA` has some, else phantoms."""
    folder = Path(os.environ.get("LEUKOWATCH_DATA") or "data") / "bccd"
    real = sorted(folder.rglob("*.jpg"))[:: max(1, len(list(folder.rglob("*.jpg"))) // PICTURES)][:PICTURES]
    return [path.read_bytes() for path in real] or [field_bytes(seed) for seed in range(PICTURES)]


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def _deep(image: Image.Image) -> np.ndarray:
    """Grey levels of 12 bits."""
    return np.asarray(image.convert("L"), np.uint16) * 16


def _tiled(image: Image.Image, *, bigtiff: bool = False, **options: object) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as writer:
        writer.write(np.asarray(image), tile=(32, 32), photometric="rgb", **options)
    return file.getvalue()


def _received(size: int) -> Received:
    return Received(b"S/f", "S/f", "S", False, "0" * 64, size, 1, 1, 1, datetime.now(UTC))
