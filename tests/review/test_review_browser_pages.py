"""The other pages in a real Chromium, and what holds for all: nobody is shut out, and no name is markup."""

import re

import pytest
from playwright.sync_api import expect

from browsing import CHROMIUM, at_slide, cells, count, enter, serious, window
from desk import MARKUP, SLIDE

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("", "/login"), ("sam", "/slides"), ("sam", "/slides/{slide}"), ("sam", "/slides/{slide}/report"),
        ("sam", "/slides/{slide}/second-look"), ("sam", "/slides/{slide}/comparison"), ("sam", "/record"),
        ("sam", "/audit"), ("adm", "/accounts"), ("adm", "/classes"), ("sam", "/worklist"),
        ("sam", "/password"), ("sam", "/nothing"),
    ],
)  # fmt: skip
def test_no_page_has_a_serious_finding_of_accessibility(browser, shared_desk, who, path):
    """axe-core's rules, of the impacts serious and critical."""
    with window(browser, shared_desk) as page:
        place = path.format(slide=shared_desk.slide())
        enter(page, who, place) if who else page.goto(place)
        page.wait_for_load_state("load")
        if page.locator(
            "script[src*=slide], script[src*=audit], script[src*=accounts], script[src*=worklist]"
        ).count():
            expect(page.locator("body[data-ready=true]")).to_be_attached()

        assert serious(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("opened", ["#sign", ".cell", "#keys"])
def test_no_dialog_has_a_serious_finding_of_accessibility(browser, shared_desk, opened):
    """The same for what opens over a slide."""
    with window(browser, shared_desk) as page:
        at_slide(page, shared_desk, "sam")
        page.locator(opened).first.click()
        expect(page.locator("dialog[open]")).to_be_visible()

        assert serious(page) == []


@pytest.mark.slow
def test_an_administrator_changes_a_classs_key_and_hears_of_a_clash(browser, desk):
    """By keyboard; the technologist's page then has the new letter."""
    with window(browser, desk) as page:
        enter(page, "adm", "/classes")
        key = page.get_by_label("Key of Plasma cell")
        key.fill("n")
        key.press("Enter")
        expect(page.locator("#said")).to_contain_text("the key n is neutrophil's")
        key.fill("9")
        key.press("Enter")
        expect(page.locator("#said")).to_have_text("Plasma cell is saved.")
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        cells(page, "neutrophil").first.press("9")

        expect(count(page, "plasma_cell")).to_have_text("1")


@pytest.mark.slow
def test_an_administrator_adds_and_retires_a_class_on_the_page(browser, desk):
    """The technologist's page has its key while it is in use, and shows its cells afterwards."""
    with window(browser, desk) as page:
        enter(page, "adm", "/classes")
        page.get_by_label("Label").fill("Hairy cell")
        expect(page.get_by_label("Name in exports")).to_have_value("hairy_cell")
        page.get_by_label("Key", exact=True).fill("n")
        page.get_by_role("button", name="Add").click()
        expect(page.locator("#said")).to_contain_text("the key n is neutrophil's")
        page.get_by_label("Key", exact=True).fill("z")
        page.get_by_role("button", name="Add").click()
        expect(page.locator('tr[data-name="hairy_cell"]')).to_be_visible()
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        cells(page, "neutrophil").first.press("z")
        expect(count(page, "hairy_cell")).to_have_text("1")
    with window(browser, desk) as page:
        enter(page, "adm", "/classes")
        page.get_by_role("button", name="Retire Hairy cell").click()
        expect(page.locator('tr[data-name="hairy_cell"]')).to_contain_text("retired")
    with window(browser, desk) as page:
        at_slide(page, desk, "ada")
        cells(page, "neutrophil").first.press("z")

        expect(cells(page, "hairy_cell")).to_have_count(1)
        expect(page.locator('#classes [data-class="hairy_cell"]')).to_have_count(0)


@pytest.mark.slow
def test_a_supervisor_takes_a_worklist_on_the_page(browser, desk):
    """Wrong lines are told one by one; a good list is shown with its slides, and those that have none."""
    head = b"order_id,slide,age\n"
    with window(browser, desk) as page:
        enter(page, "sam", "/worklist")
        file = page.get_by_label("CSV file")
        file.set_input_files(
            {"name": "w.csv", "mimeType": "text/csv", "buffer": head + b"O-1,S1,old\nO-2,,\n"}
        )
        page.get_by_role("button", name="Take").click()
        expect(page.locator("#refused li")).to_have_text(
            ["w.csv, line 2: age 'old' is no number from 0 to 150", "w.csv, line 3: slide is empty"]
        )
        good = head + f"O-1,{SLIDE},44\nO-9,none,\n".encode()
        file.set_input_files({"name": "w.csv", "mimeType": "text/csv", "buffer": good})
        page.get_by_role("button", name="Take").click()

        expect(page.locator("#orders tbody tr")).to_contain_text(["no slide yet", SLIDE])
        expect(page.locator("#without")).to_contain_text(MARKUP)


@pytest.mark.slow
def test_a_slides_page_tells_whose_result_it_will_be(browser, desk):
    """The order, and what the list tells with it; or that no order is known, before anybody signs."""
    with window(browser, desk) as page, desk.person("sam") as sam:
        at_slide(page, desk, "rea")
        expect(page.locator("#differential .order")).to_have_text("No order is known for this slide.")
        listed = f"order_id,slide,age,sex,leucocytes\nO-1,{SLIDE},44,female,7.2\n"
        sam.post("/api/v1/worklist", content=listed, headers={"Content-Type": "text/csv"}).raise_for_status()
        page.reload()

        expect(page.locator("#differential .order")).to_contain_text(
            "Order O-1 · 44 years · female · leucocytes 7.2"
        )


@pytest.mark.slow
def test_names_that_are_markup_run_nothing(browser, shared_desk):
    """Names of slides and files in the list, the gallery and the field."""
    with window(browser, shared_desk) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a name ran: {dialog.message}"))
        enter(page, "rea")
        page.get_by_role("link", name=re.compile(re.escape(MARKUP))).click()
        expect(page.locator("h1")).to_have_text(MARKUP)
        page.locator(".cell").first.click()

        expect(page.locator("#field-name")).to_contain_text("<script>alert(1)<")
