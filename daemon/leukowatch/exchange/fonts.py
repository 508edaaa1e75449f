"""The type of the printed report: names of people and slides are of any script."""

from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from fpdf import FPDF
from fpdf.fonts import TTFFont

from leukowatch.errors import SettingsInvalid

DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
"""Of Debian's package fonts-dejavu-core: Latin, Greek, Cyrillic, Armenian, Georgian, Arabic, Hebrew and more."""
_UNKNOWN = "?"


class Typeface:
    """The one font of a document, in two weights."""

    def __init__(self, pdf: FPDF, font: str = "") -> None:
        """Load a font into a document.

        Args:
            pdf: the document.
            font: path of a TrueType font; its bold is looked for beside it as NAME-Bold. Empty for DejaVu Sans
                where it is installed, else PDF's own Helvetica, which has only the characters of Latin-1.

        Raises:
            SettingsInvalid: there is no such font.
        """
        self._pdf = pdf
        self._family = "helvetica"
        path = Path(font) if font else DEJAVU
        if font or path.is_file():
            _require(path)
            self._family = "report"
            bold = path.with_stem(f"{path.stem}-Bold")
            pdf.add_font(self._family, "", path)
            pdf.add_font(self._family, "B", bold if bold.is_file() else path)
        self.use(9)

    def use(self, size: float, *, bold: bool = False) -> None:
        """Write on in this size, in points."""
        self._pdf.set_font(self._family, "B" if bold else "", size)

    def shown(self, text: str) -> str:
        """Give the text with a question mark for each character that the font has not, and on one line."""
        font = self._pdf.current_font
        if isinstance(font, TTFFont):
            return "".join(char if ord(char) in font.cmap else _UNKNOWN for char in " ".join(text.split()))
        return " ".join(text.split()).encode("latin-1", "replace").decode("latin-1")


def _require(path: Path) -> None:
    """Refuse what is no font, which fpdf2 would leave open."""
    try:
        with path.open("rb") as file, TTFont(file) as font:
            font.getBestCmap()
    except (OSError, TTLibError, KeyError, AssertionError) as error:
        raise SettingsInvalid(
            f"exchange.font: {path} is no TrueType font that can be read ({error})"
        ) from error
