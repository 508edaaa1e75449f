"""The desk of a slide in a real Chromium: what a technologist does with hand and keyboard."""

import io
import subprocess
import sys

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from browsing import CHROMIUM, at_slide, cells, count, look_at_all, serious, window
from desk import CELLS, PASSWORD, SLIDE, spoil
from leukonet.phantom import field_bytes
from leukowatch.review.drawing import SIDE

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")


def test_the_gallery_shows_every_cell_of_a_slide(browser, shared_desk):
    """The smoke test: log in, and every cell has its picture; nothing is blocked or broken."""
    with window(browser, shared_desk) as page:
        at_slide(page, shared_desk, "rea")
        pictures = page.locator(".cell img")

        expect(pictures.first).to_be_visible()
        assert pictures.count() >= 3 * 3
        expect(pictures.first).to_have_js_property("naturalWidth", SIDE)


@pytest.mark.slow
def test_a_cell_is_reclassified_by_key_and_taken_back(browser, desk):
    """The differential beside it follows at once."""
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        shown = cells(page, "neutrophil").count()
        key = cells(page, "neutrophil").first.get_attribute("data-cell")

        cells(page, "neutrophil").first.press("c")
        expect(page.locator(f'.group[data-class="plasma_cell"] [data-cell="{key}"]')).to_be_visible()
        expect(count(page, "plasma_cell")).to_have_text("1")

        page.keyboard.press("Control+z")
        expect(cells(page, "neutrophil")).to_have_count(shown)
        expect(count(page, "neutrophil")).to_have_text(str(shown))


@pytest.mark.slow
def test_a_decision_is_shown_before_the_slides_cells_are_read_again(browser, desk):
    """On a slide of a thousand cells that reading takes a while; a person's next key must not wait for it."""
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        expect(page.locator("#live")).to_have_attribute("data-on", "true")
        key = cells(page, "neutrophil").first.get_attribute("data-cell")
        page.route("**/cells", lambda route: None)

        cells(page, "neutrophil").first.press("c")

        expect(page.locator(f'.group[data-class="plasma_cell"] [data-cell="{key}"]')).to_be_visible()
        expect(page.locator(f'[data-cell="{key}"]')).to_have_attribute("data-state", "decided")
        expect(count(page, "plasma_cell")).to_have_text("1")
        page.unroute_all(behavior="ignoreErrors")


@pytest.mark.slow
def test_what_others_decide_is_shown_by_itself(browser, desk):
    """Two people at one slide see the same."""
    with window(browser, desk) as page, desk.person("sam") as sam:
        at_slide(page, desk, "ada")
        expect(page.locator("#live")).to_have_attribute("data-on", "true")
        key = cells(page, "neutrophil").first.get_attribute("data-cell")

        sam.post(f"/api/v1/slides/{desk.slide()}/decisions", json={"cells": [key], "name": "plasma_cell"})

        expect(page.locator(f'.group[data-class="plasma_cell"] [data-cell="{key}"]')).to_be_visible()


@pytest.mark.slow
def test_a_cell_is_reclassified_by_drag(browser, desk):
    """Onto a class of the bar, and with it all that are selected; an artefact leaves the count."""
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        two = [cells(page, "neutrophil").nth(number) for number in (0, 1)]
        keys = [cell.get_attribute("data-cell") for cell in two]
        for cell in two:
            cell.click(modifiers=["Control"])
        before = int(page.locator("#counted").text_content())

        two[0].drag_to(page.locator('#classes [data-class="artefact"]'))

        for key in keys:
            expect(page.locator(f'.group[data-class="artefact"] [data-cell="{key}"]')).to_be_attached()
        expect(page.locator("#differential")).not_to_contain_text("null")
        expect(page.locator("#artefacts")).to_have_text("2")
        expect(page.locator("#counted")).to_have_text(str(before - 2))


@pytest.mark.slow
def test_a_missed_cell_is_added_by_drawing_its_box(browser, desk):
    """With the mouse, in the field; it is counted at once."""
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        cells(page, "neutrophil").first.click()
        field = page.locator("#field svg")
        expect(field.locator(".box").first).to_be_visible()
        page.get_by_role("button", name="Add a missed cell").click()
        box = field.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 + 90, box["y"] + box["height"] / 2 + 80, steps=4)
        page.mouse.up()
        page.locator('#field-classes [data-class="basophil"]').click()

        expect(field.locator('.box[data-class="basophil"]')).to_be_visible()
        page.keyboard.press("Escape")
        expect(count(page, "basophil")).to_have_text("1")


@pytest.mark.slow
def test_a_slide_is_refused_signed_amended_and_printed(browser, desk):
    """From the refusal in words to a printed report with both signatures."""
    with window(browser, desk) as page:
        at_slide(page, desk, "sam")
        page.locator("#sign").click()
        expect(page.locator("#refusals")).to_contain_text("seen by nobody")
        expect(page.locator("#signing-send")).to_be_disabled()
        page.locator("#signing-cancel").click()

        look_at_all(page)
        sign(page, comment="all looked at")
        expect(page.locator("#status")).to_have_attribute("data-status", "signed")

        cells(page, "neutrophil").first.press("l")
        expect(page.locator("#status")).to_have_attribute("data-status", "amendment_needed")
        sign(page, reason="one was a lymphocyte")
        expect(page.locator("#status")).to_have_attribute("data-status", "amended")

        page.get_by_role("link", name="Report").click()
        expect(page.locator(".report")).to_contain_text("Amended, version 2")
        printed = "".join(each.extract_text() for each in PdfReader(io.BytesIO(page.pdf())).pages)
        assert "one was a lymphocyte" in printed
        assert "Research use only" in printed
        assert "Log out" not in printed


@pytest.mark.slow
def test_a_supervisor_sets_a_file_in_quarantine_aside_and_signs(browser, desk):
    """The dialog names the file and why it was not counted; Enter in its field signs nothing."""
    spoil(desk)
    with window(browser, desk) as page:
        at_slide(page, desk, "sam")
        look_at_all(page)
        page.locator("#sign").click()
        expect(page.locator("#refusals")).to_contain_text("1 file is in quarantine")
        expect(page.locator("#held li")).to_contain_text(f"{SLIDE}/spoilt.jpg")
        expect(page.locator("#signing-send")).to_be_disabled()
        assert serious(page) == []

        why = page.get_by_label(f"Why the result does without {SLIDE}/spoilt.jpg")
        why.fill("cut off by the microscope")
        why.press("Enter")

        expect(page.locator("#held")).to_be_hidden()
        page.locator("#signing-send").click()
        expect(page.locator("#status")).to_have_attribute("data-status", "signed")
        expect(page.locator("#differential")).to_contain_text("set aside as unusable, not counted: 1")


def sign(page, **said):
    """Fill in the dialog and sign."""
    page.locator("#sign").click()
    for name, text in said.items():
        page.locator(f"#signing [name={name}]").fill(text)
    page.locator("#signing-send").click()
    expect(page.locator("#signing")).to_be_hidden()


@pytest.mark.slow
def test_the_keyboard_alone_suffices(browser, desk):
    """From the login to the signature, without a mouse."""
    with window(browser, desk) as page:
        page.goto("/login")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type("ada")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/slides")
        expect(page.get_by_role("link", name=SLIDE, exact=True)).to_be_visible()
        tab_to(page, f'a:text-is("{SLIDE}")')
        page.keyboard.press("Enter")
        expect(page.locator("body[data-ready=true] .cell:focus")).to_be_attached()

        press_in_field(page)
        while page.locator('.cell[data-state="waits"]').count():
            page.keyboard.press("Home")
            key = page.locator(".cell:focus").get_attribute("data-cell")
            page.keyboard.press("n")
            expect(page.locator(f'.group[data-class="neutrophil"] [data-cell="{key}"]')).to_be_attached()
        for group in page.locator(".group:not([hidden])").all():
            page.keyboard.press("Control+a")
            page.keyboard.press(".")
            expect(page.locator('.cell[aria-selected="true"]')).to_have_count(0)
            expect(page.locator('.group[data-seen="true"] .cell:focus')).to_be_attached()
            last = group.locator(".cell").last.get_attribute("data-cell")
            while page.locator(".cell:focus").get_attribute("data-cell") != last:
                page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
        tab_to(page, "#sign", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#signing-send")).to_be_enabled()
        tab_to(page, "#signing-send")
        page.keyboard.press("Enter")

        expect(page.locator("#status")).to_have_attribute("data-status", "signed")


def press_in_field(page):
    """Add a cell to a field and take it back, by keys alone."""
    page.keyboard.press("Enter")
    expect(page.locator("#field svg")).to_be_focused()
    for key in ("Insert", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "b"):
        page.keyboard.press(key)
    expect(page.locator('#field .box[data-class="basophil"]')).to_be_attached()
    page.keyboard.press("Control+z")
    expect(page.locator('#field .box[data-class="basophil"]')).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".cell:focus")).to_be_attached()


def tab_to(page, selector, key="Tab"):
    """Press until an element has the focus."""
    for _ in range(80):
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"no {key} leads to {selector}")


@pytest.mark.slow
def test_a_slide_that_is_being_read_grows_by_itself(browser, desk):
    """Nobody loads the page anew."""
    with window(browser, desk) as page:
        at_slide(page, desk, "rea")
        before = page.locator(".cell").count()
        expect(page.locator("#live")).to_have_attribute("data-on", "true")

        (desk.home / "inbox" / SLIDE).mkdir(exist_ok=True)
        (desk.home / "inbox" / SLIDE / "late.jpg").write_bytes(field_bytes(77, CELLS))
        scanning = [sys.executable, "-m", "leukowatch", "scan", "--home", str(desk.home)]
        subprocess.run(scanning, check=True, capture_output=True)

        expect(page.locator(".cell")).not_to_have_count(before)
