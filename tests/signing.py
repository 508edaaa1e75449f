"""Signatures of people of `reviewing` on the slide S1, an hour after its field came."""

from dataclasses import replace

from leukowatch.differential.signing import Signing, amend, sign, sign_second
from leukowatch.store import reviews
from leukowatch.store.slide_list import list_slides
from reviewing import LATER


def signed(lab, who="anna", **said):
    """Sign S1 as a person."""
    return sign(lab.engine, lab.people[who], "S1", lab.settings, Signing(**said), LATER)


def amended(lab, who="cleo", reason="a band was named", **said):
    """Amend S1 as a person."""
    return amend(lab.engine, lab.people[who], "S1", lab.settings, Signing(reason=reason, **said), LATER)


def second(lab, who="cleo", **said):
    """Sign S1 as the second person."""
    return sign_second(lab.engine, lab.people[who], "S1", lab.settings, Signing(**said), LATER)


def classify(lab, name, who="anna", key="c1"):
    """Name a cell."""
    reviews.classify(lab.engine, lab.people[who], "S1", [key], name, now=LATER)


def life(lab, now=LATER):
    """S1's life, as the list shows it."""
    return list_slides(lab.engine, lab.settings.review.idle_minutes, now).slides[0].life


def asks_for_two(lab):
    """The same laboratory, where every result needs two signatures."""
    review = lab.settings.review.model_copy(update={"second_signature": True})
    return replace(lab, settings=lab.settings.model_copy(update={"review": review}))
