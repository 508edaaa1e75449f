"""Training fields of several white cells: real cells of a set pasted into its real fields.

The sets hold hardly a field of more than one cell; a locator that never saw cells side by side misses most of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from leukonet.labels import LabelledField
from leukonet.training.mosaics import Scene, donors, pasted, scene

MOST_OF_A_SET = 350
"""Crowded fields made of one set: as many as the larger sets have fields of their own."""


def crowded(fields: Sequence[LabelledField], seed: int) -> Iterator[tuple[str, Scene]]:
    """Make crowded fields of every set that boxes its cells.

    Args:
        fields: to train on; cells and fields are mixed within a set alone, so that their light and size agree.
        seed: of every choice.

    Yields:
        The set's name and a field of two to eight cells.
    """
    random = np.random.default_rng(seed)
    sets: dict[str, list[LabelledField]] = defaultdict(list)
    for field in fields:
        if field.cells and all(cell.box for cell in field.cells):
            sets[field.source].append(field)
    for name, members in sets.items():
        chosen = random.permutation(len(members))[:MOST_OF_A_SET]
        grounds = [scene(members[index]) for index in chosen]
        cells = donors(grounds)
        for ground in grounds if cells else ():
            yield name, pasted(ground, cells, random)
