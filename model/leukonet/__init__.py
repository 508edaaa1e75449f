"""The networks that find white cells in a smear field and name them; usable without the daemon.

`analyse(data, bundle)` is the one entry: bytes of an image in, a `FieldResult` out.
"""

from typing import TYPE_CHECKING, Any

from leukonet.bundle import Bundle, load_bundle
from leukonet.result import Box, Cell, FieldResult

if TYPE_CHECKING:
    from leukonet.analysis import analyse

__version__ = "0.1.0"
__all__ = ["Box", "Bundle", "Cell", "FieldResult", "analyse", "load_bundle"]


def __getattr__(name: str) -> Any:
    """Import NumPy, Pillow and LiteRT for those who look at fields, not for all who need a class or an error."""
    if name != "analyse":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from leukonet.analysis import analyse  # noqa: PLC0415  a quarter of a second

    return analyse
