"""What the tests of the review page share: a home of phantoms, scanned once, and pages served over copies of it."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from browsing import ARGUMENTS, CHROMIUM, PATIENTLY
from desk import scan_phantoms, served


@pytest.fixture(scope="session")
def scanned(tmp_path_factory):
    """Give the folder of a home of scanned phantoms; nobody writes to it."""
    return scan_phantoms(tmp_path_factory.mktemp("review") / "home").folder


@pytest.fixture(scope="session")
def shared_desk(scanned, tmp_path_factory):
    """Serve a page for quick tests, none of which counts on what others leave."""
    folder = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(scanned, folder)
    with served(folder) as desk:
        yield desk


@pytest.fixture
def desk(scanned, tmp_path):
    """Serve a page over a home of the test's own."""
    folder = tmp_path / "home"
    shutil.copytree(scanned, folder)
    with served(folder) as desk:
        yield desk


@pytest.fixture(scope="session")
def browser():
    """Start Chromium once."""
    expect.set_options(timeout=PATIENTLY)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENTLY)
        yield browser
        browser.close()
