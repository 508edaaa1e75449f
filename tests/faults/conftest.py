"""What tests of faults share: a home whose service has faults built in, and slides of their own."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from faults.mounts import LITTLE_SPACE, Mount, mounting
from lab import Home

SABOTEUR = Path(__file__).with_name("saboteur.py")


def sabotaged(folder: Path, **settings: str) -> Home:
    """Give a home whose service is run by `saboteur.py`."""
    home = Home(folder, **LITTLE_SPACE, **settings)
    home.program = [str(SABOTEUR)]
    return home


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Home]:
    """Give a home with a running service that the tests of a module share.

    The module's `SETTINGS` add to those of a test's home; the service must be alive at the end.
    """
    home = sabotaged(tmp_path_factory.mktemp("faults") / "home", **getattr(request.module, "SETTINGS", {}))
    with home.service() as process:
        yield home
        assert process.poll() is None


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a home of its own, without a service; its service has the faults that the test asks for."""
    return sabotaged(tmp_path / "home")


@pytest.fixture
def slide(running: Home, request: pytest.FixtureRequest) -> Path:
    """Give the test's own slide folder in the inbox of `running`."""
    folder = running.inbox / request.node.name.replace("[", "-").replace("]", "").replace(" ", "-")
    folder.mkdir()
    return folder


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Give the path of a gate: workers wait at images that end in `gated(gate)` until it exists."""
    return tmp_path / "gate"


@pytest.fixture(scope="session")
def pictures(phantoms: list[bytes]) -> dict[str, bytes]:
    """Give one phantom field as PNG, TIFF and BMP, by ending."""
    made = {}
    with Image.open(io.BytesIO(phantoms[3])) as image:
        for ending, form in (("png", "PNG"), ("tif", "TIFF"), ("bmp", "BMP")):
            buffer = io.BytesIO()
            image.save(buffer, form)
            made[ending] = buffer.getvalue()
    return made


@pytest.fixture
def tmpfs() -> Iterator[Mount]:
    """Give a function that mounts a small file system on a folder until the test ends; skip where that is barred."""
    with mounting() as mount:
        yield mount
