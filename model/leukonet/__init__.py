"""The networks that find white cells in a smear field and name them; usable without the daemon.

`analyse(data, bundle)` is the one entry: bytes of an image in, a `FieldResult` out.
"""

from leukonet.analyse import analyse
from leukonet.bundle import Bundle, load_bundle
from leukonet.result import Box, Cell, FieldResult

__version__ = "0.1.0"
__all__ = ["Box", "Bundle", "Cell", "FieldResult", "analyse", "load_bundle"]
