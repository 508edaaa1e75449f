"""Shapes of nuclei, each a chain of capsules in units of the cell's radius."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from leukonet.phantom.shapes import Capsule

Nucleus = Callable[[np.random.Generator], Sequence[Capsule]]
"""Draws one nucleus; no two come out alike."""


def lobed(least: int, most: int, ring: float, radius: float, arc: tuple[float, float]) -> Nucleus:
    """String lobes: `least` to `most` of them on a ring, spread over an arc given in turns."""

    def draw(rng: np.random.Generator) -> list[Capsule]:
        lobes = int(rng.integers(least, most + 1))
        angles = rng.uniform(0, 2 * pi) + np.linspace(0, 2 * pi * rng.uniform(*arc), lobes)
        capsules: list[Capsule] = []
        for angle in angles + rng.normal(0, 0.1, lobes):
            reach, lean = ring * rng.uniform(0.85, 1.15), angle + pi / 2 + rng.normal(0, 0.4)
            x, y, half = reach * cos(angle), reach * sin(angle), radius * rng.uniform(0.25, 0.6)
            if capsules:
                before = capsules[-1]
                bridge = ((before.x0 + before.x1) / 2, (before.y0 + before.y1) / 2, x, y, radius * 0.4)
                capsules.insert(0, Capsule(*bridge))
            thick = radius * rng.uniform(0.85, 1.1)
            dx, dy = half * cos(lean), half * sin(lean)
            capsules.append(Capsule(x - dx, y - dy, x + dx, y + dy, thick))
        return capsules

    return draw


def rounded(radius: float, stretch: float, shift: float) -> Nucleus:
    """Draw one body, `stretch` radii longer than wide, up to `shift` radii off the centre."""

    def draw(rng: np.random.Generator) -> list[Capsule]:
        angle, lean = rng.uniform(0, 2 * pi, 2)
        off, half = rng.uniform(0, shift), stretch / 2 * rng.uniform(0.6, 1)
        x, y = off * cos(angle), off * sin(angle)
        dx, dy = half * cos(lean), half * sin(lean)
        return [Capsule(x - dx, y - dy, x + dx, y + dy, radius * rng.uniform(0.94, 1.04))]

    return draw


def kidney(rng: np.random.Generator) -> list[Capsule]:
    """Bend a thick band around a dent."""
    first, bend = rng.uniform(0, 2 * pi), 2 * pi * rng.uniform(0.38, 0.6)
    ring, thick = rng.uniform(0.34, 0.42), rng.uniform(0.28, 0.34)
    points = [(ring * cos(a), ring * sin(a)) for a in first + np.linspace(0, bend, 6)]
    return [Capsule(*start, *end, thick) for start, end in pairwise(points)]


def absent(_: np.random.Generator) -> list[Capsule]:
    """Leave the cell without a nucleus."""
    return []
