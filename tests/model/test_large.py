"""Large fields: camera frames of 20 megapixels and scanners' TIFF files, read rightly and within bounded memory."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from leukonet.decode import decode
from leukonet.errors import ImageError, ImageTooLarge

LEVELS = np.random.default_rng(1).integers(0, 256, (300, 400, 3)).astype(np.uint8)
LARGE = (5472, 3648)
"""Width and height of a common camera's 20-megapixel frame."""
MOST_MEGABYTES = 300
"""Of memory, above what the process has after a small field: the frame itself is 80 in Pillow's four bytes a pixel."""
LOOK = """
import json, resource, sys
from pathlib import Path
from leukonet import analyse, load_bundle
from leukonet.phantom import field_bytes
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
bundle = load_bundle()
analyse(field_bytes(1), bundle)
data, before = Path(sys.argv[1]).read_bytes(), peak()
found = analyse(data, bundle)
print(json.dumps([[found.width, found.height], [list(cell.box) for cell in found.cells], peak() - before]))
"""


def tiff(levels, **options):
    """A TIFF file as a scanner writes it."""
    file = io.BytesIO()
    tifffile.imwrite(file, levels, photometric="rgb", **options)
    return file.getvalue()


@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planes", [False, True], ids=["pixels", "planes"])
@pytest.mark.parametrize("packing", [None, "deflate"])
def test_every_tiled_tiff_gives_its_levels(big, order, bits, planes, packing):
    """Whatever the layout: a mixed-up plane would be another stain, and nobody would be told."""
    levels = LEVELS if bits == 8 else LEVELS.astype(np.uint16) * 257
    kept = {"planarconfig": "separate"} if planes else {}
    stored = np.moveaxis(levels, -1, 0) if planes else levels
    data = tiff(stored, tile=(128, 128), bigtiff=big, byteorder=order, compression=packing, **kept)

    assert np.array_equal(LEVELS, np.asarray(decode(data)))


def test_a_scanners_tiff_with_too_many_pixels_is_refused_undecoded():
    """The limit holds for what tifffile reads too."""
    with pytest.raises(ImageTooLarge, match="400 x 300"):
        decode(tiff(LEVELS, bigtiff=True, byteorder=">"), max_pixels=100_000)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_scanners_tiff_that_is_cut_is_an_error(share):
    """Not a field with black tiles."""
    data = tiff(LEVELS, tile=(128, 128), bigtiff=True, byteorder=">")

    with pytest.raises(ImageError):
        decode(data[: int(len(data) * share)])


@pytest.fixture(scope="module")
def frame(request):
    """Twelve phantom fields over and over, as one frame of 20 megapixels; their cells lie across many tiles' seams."""
    from leukonet.phantom import field_bytes  # noqa: PLC0415  slow tests alone need them

    tiles = [np.asarray(Image.open(io.BytesIO(field_bytes(seed)))) for seed in range(12)]
    rows = [np.concatenate([tiles[(9 * y + x) % 12] for x in range(9)], axis=1) for y in range(8)]
    return np.concatenate(rows)[: LARGE[1], : LARGE[0]]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["JPEG", "tiled TIFF", "BigTIFF planes of 16 bits"])
def test_a_frame_of_20_megapixels_is_read_within_bounds_and_each_cell_once(frame, tmp_path, form):
    """In a process of its own: the peak of its memory, the cells that it finds, and none of them twice."""
    path = tmp_path / "frame"
    if form == "JPEG":
        Image.fromarray(frame).save(path, "JPEG", quality=95)
    elif form == "tiled TIFF":
        path.write_bytes(tiff(frame, tile=(256, 256), compression="deflate"))
    else:
        planes = np.moveaxis(frame.astype(np.uint16) * 257, -1, 0)
        path.write_bytes(tiff(planes, tile=(256, 256), bigtiff=True, planarconfig="separate", byteorder=">"))

    told = subprocess.run([sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True)
    size, boxes, megabytes = json.loads(told.stdout)

    assert size == list(LARGE)
    assert 40 <= len(boxes) <= 80  # 64 cells are whole in it
    centres = np.array([((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes])
    apart = np.linalg.norm(centres[:, None] - centres, axis=2) + np.eye(len(boxes)) * 1e9
    assert apart.min() > 40  # half a cell
    assert megabytes < MOST_MEGABYTES
