"""The printed report's chart: each class's share as a bar, over its reference range."""

from collections.abc import Sequence

from fpdf import FPDF

from leukowatch.differential.result import ClassResult
from leukowatch.exchange.fonts import Typeface

LABELS = 38.0
"""Millimetres left of the bars."""
VALUES = 24.0
"""Millimetres right of them."""
_HEIGHT = 5.0
_DARK, _RANGE = 130, 215
"""Shades of grey, 0 black to 255: the page is told apart without colour."""


def draw_bars(pdf: FPDF, face: Typeface, classes: Sequence[ClassResult]) -> None:
    """Draw a bar a class from 0 to 100%, its 95% limits as a line and its reference range as a pale band behind."""
    face.use(7.5)
    width = pdf.epw - LABELS - VALUES
    left = pdf.l_margin + LABELS
    if pdf.get_y() + _HEIGHT * (len(classes) + 2) > pdf.page_break_trigger:
        pdf.add_page()
    for each in classes:
        _bar(pdf, face, each, left, width)
    _scale(pdf, left, width)


def _bar(pdf: FPDF, face: Typeface, each: ClassResult, left: float, width: float) -> None:
    top = pdf.get_y()
    middle = top + _HEIGHT / 2
    per_cent = width / 100
    pdf.set_xy(pdf.l_margin, top)
    pdf.cell(LABELS, _HEIGHT, face.shown(each.label), align="L")
    if each.reference:
        pdf.set_fill_color(_RANGE)
        high = min(100.0, each.reference.high)
        pdf.rect(
            left + each.reference.low * per_cent, top + 0.3, (high - each.reference.low) * per_cent, _HEIGHT - 0.6, "F"
        )  # fmt: skip
    if each.percent:
        pdf.set_fill_color(_DARK)
        pdf.rect(left, top + 1.4, each.percent * per_cent, _HEIGHT - 2.8, "F")
    if each.low is not None and each.high is not None:
        pdf.line(left + each.low * per_cent, middle, left + each.high * per_cent, middle)
        for end in (each.low, each.high):
            pdf.line(left + end * per_cent, middle - 0.8, left + end * per_cent, middle + 0.8)
    pdf.set_xy(left + width + 2, top)
    told = "-" if each.percent is None else f"{each.percent:.1f}% {each.flag}"
    pdf.cell(VALUES - 2, _HEIGHT, told, new_x="LMARGIN", new_y="NEXT")


def _scale(pdf: FPDF, left: float, width: float) -> None:
    """Draw the axis with its marks, and say what the chart shows."""
    top = pdf.get_y()
    pdf.line(left, top, left + width, top)
    for mark in range(0, 101, 20):
        pdf.line(left + mark * width / 100, top, left + mark * width / 100, top + 1)
        pdf.set_xy(left + mark * width / 100 - 5, top + 1)
        pdf.cell(10, 3.5, str(mark), align="C")
    pdf.set_xy(pdf.l_margin, top + 4.5)
    said = "Bar: per cent of counted leucocytes. Line: exact 95% limits. Pale band: reference range."
    pdf.cell(pdf.epw, 4, said, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(1.5)
