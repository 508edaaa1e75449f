"""A window of a real Chromium on the review page, and what tests look for in it."""

import shutil
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from desk import PASSWORD
from lab import PATIENCE

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
PATIENTLY = 1000 * PATIENCE


@contextmanager
def window(browser, desk):
    """Open a window on the page; whatever its console complains of fails the test."""
    context = browser.new_context(base_url=desk.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENTLY)
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    yield page
    context.close()
    assert [each for each in complaints if "status of 4" not in each] == []


def enter(page, name, path="/slides"):
    """Log in and go to a page."""
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/slides")
    page.goto(path)


def at_slide(page, desk, name):
    """Log in and open the slide."""
    enter(page, name, f"/slides/{desk.slide()}")
    expect(page.locator("body[data-ready=true]")).to_be_attached()


def cells(page, of):
    """The cells that are shown in a class."""
    return page.locator(f'.group[data-class="{of}"] .cell')


def count(page, of):
    """A class's cells in the table beside the gallery, as text."""
    return page.locator(f'#differential tr[data-class="{of}"] .count')


def look_at_all(page):
    """Confirm every cell, naming those that are unclassified."""
    while page.locator('.cell[data-state="waits"]').count():
        waiting = page.locator('.cell[data-state="waits"]').first
        key = waiting.get_attribute("data-cell")
        waiting.press("m")
        expect(page.locator(f'.group[data-class="monocyte"] [data-cell="{key}"]')).to_be_attached()
    while page.locator('.group[data-seen="false"]:not([hidden]) .confirm').count():
        group = page.locator('.group[data-seen="false"]:not([hidden])').first
        name = group.get_attribute("data-class")
        group.locator(".confirm").click()
        expect(page.locator(f'.group[data-class="{name}"]')).to_have_attribute("data-seen", "true")


def serious(page):
    """Name the findings that matter, with the elements."""
    found = Axe().run(page).response["violations"]
    return [
        (each["id"], node["html"][:120])
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
