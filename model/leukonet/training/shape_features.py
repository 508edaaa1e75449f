"""Measures a segmented cell: shape of its nucleus, colour and texture of nucleus and cytoplasm."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage import color, feature, measure

from leukonet.colour import Pixels
from leukonet.training.nucleus import Mask, Segments, segment

Features = dict[str, float]
"""By name; the same names in the same order for every cell."""

GREYS = 16
"""Levels of grey between which textures are told apart."""
APART = 4
"""Two lobes' thickest places are at least this many pixels apart."""
THICK = 0.45
"""A lobe is at least this thick, as a share of the nucleus' greatest thickness."""
ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
TEXTURES = ("contrast", "homogeneity", "energy", "correlation")


def measure_cell(view: Pixels) -> Features:
    """Everything that is measured of one cell; finite also where there is no nucleus or no cytoplasm.

    Input shape:
        `view` is `(side, side, 3)`, a classifier's crop.
    """
    parts = segment(view)
    lab = color.rgb2lab(view)
    found = _shape(parts) | _texture("nucleus", view, parts.nucleus)
    found |= _texture("cytoplasm", view, parts.cytoplasm)
    return found | _colours("nucleus", lab, parts.nucleus) | _colours("cytoplasm", lab, parts.cytoplasm)


def _shape(parts: Segments) -> Features:
    """Lengths in sides of the crop, which is as many times the cell's box as every other crop."""
    side = parts.nucleus.shape[0]
    nucleus, cell = _region(parts.nucleus), _region(parts.cell)
    shape = {f"nucleus_{name}": value for name, value in nucleus.items()}
    shape |= {f"cell_{name}": cell[name] for name in ("area", "perimeter", "roundness")}
    shape["nucleus_cell_ratio"] = nucleus["area"] / cell["area"] if cell["area"] else 0.0
    shape["nucleus_pieces"] = float(ndimage.label(parts.nucleus)[1])
    shape["nucleus_lobes"] = float(_lobes(parts.nucleus))
    shape["nucleus_off_centre"] = _between(parts.nucleus, parts.cell) / side
    return shape


def _region(mask: Mask) -> Features:
    """Area, perimeter and form of a mask, whose pieces count as one."""
    names = ("area", "perimeter", "eccentricity", "solidity", "roundness")
    if not mask.any():
        return dict.fromkeys(names, 0.0)
    (region,) = measure.regionprops(mask.astype(np.uint8))
    perimeter = max(float(region.perimeter), 1.0)
    form = (float(region.eccentricity), float(region.solidity), 4 * np.pi * float(region.area) / perimeter**2)
    values = (float(region.area) / mask.size, perimeter / mask.shape[0], *form)
    return dict(zip(names, values, strict=True))


def _lobes(nucleus: Mask) -> int:
    """Places where the nucleus is thickest, a bridge between them."""
    thickness = ndimage.gaussian_filter(ndimage.distance_transform_edt(nucleus), 1)
    peaks = feature.peak_local_max(
        thickness, min_distance=APART, threshold_rel=THICK, exclude_border=False, labels=nucleus.astype(int)
    )
    return len(peaks)


def _between(first: Mask, second: Mask) -> float:
    """Distance in pixels between the middles of two masks."""
    if not (first.any() and second.any()):
        return 0.0
    return float(np.hypot(*np.subtract(ndimage.center_of_mass(first), ndimage.center_of_mass(second))))


def _colours(part: str, lab: npt.NDArray[np.float64], mask: Mask) -> Features:
    """Mean, spread and skew of lightness, green to red and blue to yellow (CIELAB)."""
    moments = ("mean", "spread", "skew")
    names = [f"{part}_{axis}_{moment}" for axis in ("lightness", "red", "yellow") for moment in moments]
    if not mask.any():
        return dict.fromkeys(names, 0.0)
    mean, spread = lab[mask].mean(axis=0), lab[mask].std(axis=0)
    skew = ((lab[mask] - mean) ** 3).mean(axis=0) / np.maximum(spread, 1e-3) ** 3
    table = np.stack([mean, spread, skew], axis=1)
    return dict(zip(names, table.ravel().tolist(), strict=True))


def _texture(part: str, view: Pixels, mask: Mask) -> Features:
    """Haralick's figures of neighbouring greys (IEEE SMC-3, 1973) of the green channel within a mask."""
    greys = np.where(mask, view[..., 1] // (256 // GREYS) + 1, 0).astype(np.uint8)
    pairs = feature.graycomatrix(greys, [1], ANGLES, GREYS + 1, symmetric=True)[1:, 1:]
    return {f"{part}_{name}": float(feature.graycoprops(pairs, name).mean()) for name in TEXTURES}
