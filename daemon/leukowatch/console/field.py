"""`leukowatch field`: one field of the store, with its figure in the terminal and as a PNG."""

from pathlib import Path

from PIL.PngImagePlugin import PngInfo
from rich.console import Console
from rich.text import Text
from sqlalchemy import Engine

from leukonet.decode import decode
from leukowatch.analysis.confined import Confined
from leukowatch.console.crops import terminal_figure
from leukowatch.console.figure import annotate, cell_of
from leukowatch.console.shares import RESEARCH
from leukowatch.errors import ImagePruned, NotFound, OutputFailed, RequestInvalid
from leukowatch.inbox.beneath import own_content
from leukowatch.settings import Settings
from leukowatch.store.archived import ARCHIVE
from leukowatch.store.opened import reader
from leukowatch.store.queries import NAMED, cells_of_field, find_fields
from leukowatch.store.rows import FieldRow


def show_field(settings: Settings, what: str, png: Path | None, console: Console | None = None) -> None:
    """Show a field's cells, and write them as a picture.

    Args:
        settings: in force.
        what: path below the inbox, file name, path below the home, or first digits of the SHA-256.
        png: where to write the annotated field; None for nowhere.
        console: to show it on; standard output by default.

    Raises:
        NotFound: no field, or more than one, is called so; or its file is not where it was filed.
        StoreUnavailable: the database cannot be read.
        ImageError: the file does not decode any more.
        OutputFailed: the picture cannot be written.
        RequestInvalid: it would be among the images of the home.
    """
    if png is not None:
        _refuse_among_images(settings, png)
    with reader(settings) as engine:
        field = find_field(engine, what)
        cells = [cell_of(row) for row in cells_of_field(engine, field.id)]
    content, analysis = _content(settings.archive_folder, field), settings.analysis
    with Confined(1, analysis.memory_megabytes, analysis.deadline_seconds) as apart:
        image = apart.run(decode, content, settings.inbox.max_pixels)
    shown_on = console or Console()
    shown_on.print(_head(field))
    shown_on.print(terminal_figure(image, cells))
    if png is not None:
        about = PngInfo()
        about.add_text("Description", f"{field.file}, annotated by {field.bundle}; {RESEARCH}")
        try:
            annotate(image, cells).save(png, "PNG", pnginfo=about)
        except OSError as error:
            raise OutputFailed(
                f"{png}: the picture cannot be written ({error.strerror}); name another place"
            ) from error


def find_field(engine: Engine, what: str) -> FieldRow:
    """Find the one field that is called so.

    Raises:
        NotFound: there is none, or more than one; the message then names the first of them.
    """
    found = find_fields(engine, what)
    if len(found) > 1:
        named = ", ".join(each.file for each in found[:NAMED])
        raise NotFound(f"{what}: {len(found)} fields are called so; name one by its whole path: {named}")
    return found[0]


def _refuse_among_images(settings: Settings, png: Path) -> None:
    """Keep pictures out of the folders that only the service writes to or takes from."""
    for folder in (settings.inbox_folder, settings.archive_folder, settings.quarantine_folder):
        if png.resolve().is_relative_to(folder.resolve()):
            raise RequestInvalid(f"{png}: no picture is written below {folder}; name a place outside of it")


def _content(archive: Path, field: FieldRow) -> bytes:
    if field.destination is None:
        raise NotFound(f"{field.file}: it is recorded and not in the archive yet; try again in a moment")
    if field.pruned_at is not None:
        raise ImagePruned(
            f"{field.file}: its image was pruned on {field.pruned_at:%Y-%m-%d}; its cells are kept"
        )
    try:
        return own_content(archive, field.destination.removeprefix(ARCHIVE), field.sha256)
    except OSError as error:
        raise NotFound(
            f"{field.file}: its file cannot be read ({error.strerror}); put its own back into the archive"
        ) from error


def _head(field: FieldRow) -> Text:
    told = f"slide {field.slide}, {field.width} x {field.height} pixels, bundle {field.bundle}; {RESEARCH}"
    lines = [field.file, told]
    if not field.assessable:
        lines.append(f"not assessable: {field.reason}")
    return Text("\n".join(lines))
