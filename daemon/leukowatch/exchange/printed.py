"""Results as PDF: a page for each slide, made to be printed and signed beside."""

from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import TableBordersLayout

from leukowatch.differential.result import ClassResult, SlideResult, State
from leukowatch.exchange.bars import draw_bars
from leukowatch.exchange.fonts import Typeface
from leukowatch.exchange.wording import APART, NOTE, SOFTWARE, heading, limits, remarks, usual

MARGIN = 15.0
"""Millimetres, on every side."""
BODY, SMALL, TITLE = 9.0, 7.5, 15.0
"""Sizes of type, points."""
_LINE = 4.6
_HEAD = ("Class", "Cells", "%", "95% limits", "Reference", "Flag", "10^9/L")
_WIDTHS = (34, 10, 12, 20, 18, 9, 13)


def slides_pdf(results: Sequence[SlideResult], font: str = "") -> bytes:
    """Give a PDF with a page for each slide.

    Args:
        results: one at least.
        font: path of a TrueType font; empty for the system's DejaVu Sans, else Helvetica. A character that the font
            has not is printed as a question mark.

    Raises:
        SettingsInvalid: the font cannot be read.
    """
    pdf = FPDF(format="A4")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    pdf.set_title("Leucocyte differential")
    pdf.set_creator(SOFTWARE)
    pdf.set_creation_date(max(result.made_at for result in results))
    face = Typeface(pdf, font)
    for result in results:
        pdf.add_page()
        _page(pdf, face, result)
    return bytes(pdf.output())


def _page(pdf: FPDF, face: Typeface, result: SlideResult) -> None:
    face.use(TITLE, bold=True)
    _write(pdf, face, "Leucocyte differential", 8)
    face.use(BODY)
    _write(pdf, face, NOTE)
    _banner(pdf, face, result)
    for line in _about(result):
        _write(pdf, face, line)
    pdf.ln(2)
    _table(pdf, face, result.classes)
    pdf.ln(3)
    draw_bars(pdf, face, [each for each in result.classes if each.role != APART])
    face.use(BODY, bold=True)
    _write(pdf, face, "Remarks", 6)
    face.use(SMALL)
    for sentence in remarks(result)[2:]:
        _write(pdf, face, sentence, 3.8)
    _signatures(pdf, face, result)


def _banner(pdf: FPDF, face: Typeface, result: SlideResult) -> None:
    """Say in a frame how far the result is answered for: words, not a colour, tell it."""
    pdf.ln(1)
    face.use(BODY + 2, bold=True)
    pdf.set_line_width(0.5 if result.state is State.PRELIMINARY else 0.2)
    pdf.cell(pdf.epw, 8, face.shown(heading(result)), border=1, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_line_width(0.2)
    face.use(BODY)
    pdf.ln(1.5)


def _about(result: SlideResult) -> list[str]:
    lines = [f"Slide: {result.slide}", f"Of: {result.made_at:%Y-%m-%d %H:%M} UTC"]
    order = result.order
    if order is None:
        return [*lines, "Order: none; no worklist names this slide"]
    age = "unknown" if order.age_years is None else f"{order.age_years:g} years"
    lines.append(f"Order: {order.order_id}, age: {age}, sex: {order.sex or 'unknown'}")
    if order.leucocytes is not None:
        corrected = result.corrected_leucocytes
        less = "" if corrected is None else f", less erythroblasts {corrected:.2f}"
        lines.append(f"External leucocyte count, 10^9/L: {order.leucocytes:.2f}{less}")
    return lines


def _table(pdf: FPDF, face: Typeface, classes: Sequence[ClassResult]) -> None:
    """Print every class, those without cells too; shares per 100 leucocytes are marked."""
    aligned = ("LEFT", *["RIGHT"] * 6)
    with pdf.table(
        width=round(pdf.epw), col_widths=_WIDTHS, text_align=aligned, line_height=_LINE,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
    ) as table:  # fmt: skip
        table.row(_HEAD)
        for each in classes:
            table.row([face.shown(text) for text in _cells(each)])
    face.use(SMALL)
    _write(pdf, face, "* counted apart: per 100 leucocytes, outside the per cents.", 4)
    face.use(BODY)


def _cells(each: ClassResult) -> tuple[str, ...]:
    share = "-" if each.percent is None else f"{each.percent:.1f}"
    absolute = "" if each.absolute is None else f"{each.absolute:.2f}"
    label = f"{each.label} *" if each.role == APART else each.label
    return label, str(each.count), share, limits(each), usual(each), each.flag, absolute


def _signatures(pdf: FPDF, face: Typeface, result: SlideResult) -> None:
    face.use(BODY, bold=True)
    _write(pdf, face, "Signatures", 6)
    face.use(SMALL)
    for each in result.signatures:
        said = f": {each.comment}" if each.comment else ""
        _write(pdf, face, f"{each.at:%Y-%m-%d %H:%M} UTC  {each.kind}  {each.who} ({each.role}){said}", 3.8)
        _write(pdf, face, f"    seal in the audit trail: {each.seal}", 3.8)
    if not result.signatures:
        _write(pdf, face, "None.", 3.8)


def _write(pdf: FPDF, face: Typeface, text: str, height: float = _LINE) -> None:
    """Write a paragraph over the whole width."""
    pdf.multi_cell(pdf.epw, height, face.shown(text), align="L", new_x="LMARGIN", new_y="NEXT")
