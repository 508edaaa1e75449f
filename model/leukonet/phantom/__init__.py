"""Synthetic smear fields with known truth: a test object for software, never a picture of blood.

Drawn from random numbers alone, so that tests, benchmarks and a first look need no patient's image.
What a bundle scores on phantoms says nothing about smears.
"""

from leukonet.phantom.field import PhantomField, render_field
from leukonet.phantom.files import LABEL, field_bytes, write_phantoms
from leukonet.phantom.look import Look, draw_look

__all__ = ["LABEL", "Look", "PhantomField", "draw_look", "field_bytes", "render_field", "write_phantoms"]
