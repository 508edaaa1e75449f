"""Which level of a large field shows its cells at their right size: nothing but the locator can tell."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from leukonet.locate import Located


class Rule(NamedTuple):
    """When a finer level of tiles is believed; `leukonet train levels` shows what each value costs and brings."""

    plausible: float = 0.3
    """Places below this score say nothing about the magnification."""
    doubt: float = 0.4
    """Score that a place must exceed to speak for its level."""
    smallest: float = 10.0
    """Canvas pixels that the longer side of such a place must reach."""
    largest: float = 110.0
    """Canvas pixels that it must not exceed."""
    gain: float = 2.0
    """By how much more than one that shows its cells well a finer level must be worth: a clear cell or two."""
    well_seen: float = 22.0
    """Canvas pixels from which on the usual cell is seen well."""


RULE = Rule()


class Look(NamedTuple):
    """What one level shows."""

    places: Sequence[Located]
    """In the field's pixels, the most certain first."""
    scale: float
    """Canvas pixels per field pixel."""


def best_level(looks: Iterable[Look], rule: Rule = RULE) -> Look:
    """The level at which the locator is surest.

    Args:
        looks: from coarse to fine, at least one; a level is not asked for where a coarser one has been left behind.
        rule: when a finer level is believed.
    """
    ordered = iter(looks)
    best = next(ordered)
    for finer in ordered:
        if worth(finer, rule) > worth(best, rule) + _margin(best, rule):
            best = finer
        elif worth(best, rule) > 0:
            break  # on no field that the rule was chosen on was a still finer level the best
    return best


def worth(look: Look, rule: Rule = RULE) -> float:
    """How well the cells of one level look like cells: the most at the right magnification.

    Tiles that are too fine show a wealth of lobes, platelets and red cells that the locator half believes, so each
    place must bring more than the rule's doubt; what fills the canvas brings nothing, nor does a speck on it.
    """
    believed = [place for place in look.places if place.score >= rule.plausible]
    good = sum(p.score for p in believed if rule.smallest <= p.box.longer * look.scale <= rule.largest)
    return good - rule.doubt * len(believed)


def _margin(look: Look, rule: Rule) -> float:
    """By how much a finer level must be worth more: cells that are seen well already need no closer look."""
    sides = [place.box.longer * look.scale for place in look.places if place.score >= rule.plausible]
    return rule.gain if worth(look, rule) > 0 and median(sides) >= rule.well_seen else 0.0
