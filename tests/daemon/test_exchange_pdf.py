"""PDF, read back by pypdf and drawn by poppler."""

import io
import shutil
import subprocess

import pytest
from pypdf import PdfReader

from exchanging import SEAL, result
from leukowatch.differential.result import State
from leukowatch.errors import SettingsInvalid
from leukowatch.exchange.fonts import DEJAVU
from leukowatch.exchange.printed import slides_pdf
from reading_back import plain


def test_pdf_has_a_page_a_slide_with_table_signatures_and_seals():
    """What is printed can be held against the audit trail."""
    pages = PdfReader(io.BytesIO(slides_pdf([result(), result(State.PRELIMINARY, slide="S-2")]))).pages
    first, second = (" ".join(page.extract_text().split()) for page in pages)

    assert "Final, version 1" in first
    assert f"jörg (supervisor): as the analyser says seal in the audit trail: {SEAL}" in first
    assert "Neutrophil 60 60.0 50.0 to 70.0 40-80" in first
    assert "PRELIMINARY: nobody has signed this result" in second
    assert "Signatures None." in second


@pytest.mark.skipif(not DEJAVU.is_file(), reason="fonts-dejavu-core is not installed")
def test_pdf_prints_names_of_other_scripts():
    """Cyrillic, Greek and Turkish letters are in DejaVu Sans."""
    told = plain(slides_pdf([result(slide="Препарат Ωμέγα ğışö")]), "pdf")

    assert "Препарат Ωμέγα ğışö" in told


@pytest.mark.parametrize("font", ["", "none installed"])
def test_pdf_prints_a_question_mark_for_what_the_font_has_not(monkeypatch, tmp_path, font):
    """A name in any script never stops a report, with Helvetica alone neither."""
    if font:
        monkeypatch.setattr("leukowatch.exchange.fonts.DEJAVU", tmp_path / "none.ttf")

    told = plain(slides_pdf([result(slide="玻片 7\n🩸", warnings=("⚠" * 300,))]), "pdf")

    assert "Slide: ?? 7 ?" in told


def test_pdf_refuses_a_font_that_is_none(tmp_path):
    """The setting is named."""
    (tmp_path / "font.ttf").write_bytes(b"no font")

    with pytest.raises(SettingsInvalid, match=r"exchange\.font"):
        slides_pdf([result()], str(tmp_path / "font.ttf"))


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed")
def test_pdf_is_drawn_by_another_program_without_complaint(tmp_path):
    """One page, with ink in the chart."""
    (tmp_path / "r.pdf").write_bytes(slides_pdf([result()]))

    done = subprocess.run(
        ["pdftoppm", "-gray", "-r", "40", tmp_path / "r.pdf", tmp_path / "page"],
        capture_output=True,
        check=True,
    )

    (page,) = tmp_path.glob("page*.pgm")
    assert b"" == done.stderr
    assert min(page.read_bytes()[-100_000:]) < 160
