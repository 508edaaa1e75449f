"""Takes the pictures of `docs/images` anew: every page of a real service over phantom slides, in a real Chromium.

Run: `python tests/pictures.py`; needs the extras `review` and `dev` and Chromium. Look at each afterwards.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from desk import PASSWORD, Desk, served
from leukonet.phantom import field_bytes
from leukowatch.settings import Settings
from leukowatch.store.accounts import add_account
from leukowatch.store.opened import writer
from leukowatch.store.rights import AccountRole, operator

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PEOPLE = {
    "ada": AccountRole.TECHNOLOGIST, "ben": AccountRole.TECHNOLOGIST, "sam": AccountRole.SUPERVISOR,
    "adm": AccountRole.ADMINISTRATOR,
}  # fmt: skip
KINDS = ("neutrophil", "neutrophil", "lymphocyte", "neutrophil", "monocyte", "eosinophil", "lymphocyte")
WORKLIST = (
    b"order_id,slide,age,sex,leucocytes\nO-4711,SLIDE-16,44,female,7.2\nO-4712,SLIDE-17,61,male,11.8\n"
    b"O-4713,SLIDE-99,,,\n"
)
WRONG = b"order_id,slide,age\nO-4711,SLIDE-16,old\nO-4712,,\n"
WIDE, HIGH = 1440, 900
SHOWN = 1080
"""Pixels of a picture's width."""
DRAWN = """() => [...document.images].every((image) => {
  const { top, bottom } = image.getBoundingClientRect();
  return bottom < 0 || top > innerHeight || image.complete && image.naturalWidth;
})"""
"""Whether every picture that is seen is there."""


def scan(home: Path) -> None:
    """Have three phantom slides read, one of them with a file that is cut off; and add people."""
    for slide, fields in (("SLIDE-16", 16), ("SLIDE-17", 7), ("SLIDE-18", 5)):
        folder = home / "inbox" / slide
        folder.mkdir(parents=True)
        for number in range(fields):
            seed = 100 * fields + number
            (folder / f"field-{number:03}.jpg").write_bytes(field_bytes(seed, KINDS))
    spoilt = home / "inbox" / "SLIDE-17" / "field-007.jpg"
    spoilt.write_bytes(field_bytes(7, KINDS)[:9000])
    quick = {"LEUKOWATCH_INBOX__QUIET_SECONDS": "0.2", "LEUKOWATCH_INBOX__TRUNCATED_SECONDS": "0.6"}
    command = [sys.executable, "-m", "leukowatch", "scan", "--home", str(home)]
    subprocess.run(command, check=True, env=os.environ | quick, stdout=subprocess.DEVNULL)
    with writer(Settings(home=home)) as engine:
        for name, role in PEOPLE.items():
            add_account(engine, operator("docs"), name, role, PASSWORD)


def decide(person: httpx.Client, path: str, *, second_look: bool = False, doubt: int = 0) -> None:
    """Look at every cell: name those without a class, and `doubt` others; confirm the rest."""
    cells = person.get(f"{path}/cells?second_look={str(second_look).lower()}").json()["cells"]
    sure = sorted((cell for cell in cells if cell["name"]), key=lambda cell: cell["first_probability"] or 0)
    waiting = [cell["key"] for cell in cells if not cell["name"]] + [cell["key"] for cell in sure[:doubt]]
    if waiting:
        asked = {"cells": waiting, "name": "lymphocyte", "second_look": second_look}
        person.post(f"{path}/decisions", json=asked).raise_for_status()
    seen = {"cells": [cell["key"] for cell in sure[doubt:]], "kind": "seen", "second_look": second_look}
    person.post(f"{path}/decisions", json=seen).raise_for_status()


def work(desk: Desk) -> dict[str, int]:
    """Do what people do in a morning; give the slides' numbers."""
    with desk.person("adm") as adm, desk.person("ada") as ada, desk.person("ben") as ben:
        slides = {each["name"]: each["id"] for each in ada.get("/api/v1/slides").json()["slides"]}
        hairy = {"name": "hairy_cell", "label": "Hairy cell", "key": "z", "role": "counted", "code": "HAIRY"}
        adm.post("/api/v1/classes", json=hairy).raise_for_status()
        adm.post("/api/v1/classes/smudge", json={"retired": True}).raise_for_status()
        adm.post(
            "/api/v1/worklist", content=WORKLIST, headers={"Content-Type": "text/csv"}
        ).raise_for_status()
        first, last = (f"/api/v1/slides/{slides[name]}" for name in ("SLIDE-16", "SLIDE-18"))
        decide(ada, first)
        decide(ben, first, second_look=True, doubt=6)
        ada.post(f"{first}/signature", json={"comment": "platelets look enough"}).raise_for_status()
        decide(ada, last)
        keys = [cell["key"] for cell in ada.get(f"{last}/cells").json()["cells"]]
        ada.post(f"{last}/decisions", json={"cells": keys[:1], "name": "blast"}).raise_for_status()
        ada.post(f"{last}/signature", json={}).raise_for_status()
    return slides


@contextmanager
def window(browser: Browser, desk: Desk, name: str = "", high: int = HIGH) -> Iterator[Page]:
    """A window of somebody who has logged in."""
    context = browser.new_context(base_url=desk.url, viewport={"width": WIDE, "height": high})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto("/login")
    if name:
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/slides")
    yield page
    context.close()


def keep(page: Page, name: str) -> None:
    """Keep what is seen, small."""
    page.wait_for_timeout(3000)
    page.wait_for_function(DRAWN)
    whole = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = whole.resize((SHOWN, SHOWN * whole.height // whole.width), Image.Resampling.LANCZOS)
    few = small.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(IMAGES / f"review-{name}.png", optimize=True)


def take(browser: Browser, desk: Desk, slides: dict[str, int]) -> None:
    """Go from page to page."""
    open_, signed = (f"/slides/{slides[name]}" for name in ("SLIDE-17", "SLIDE-16"))
    with window(browser, desk) as page:
        keep(page, "login")
    with window(browser, desk, "sam") as page:
        keep(page, "slides")
        for name, path in (
            ("slide", open_), ("second-look", f"{open_}/second-look"), ("comparison", f"{signed}/comparison"),
            ("record", "/record"), ("audit", "/audit"),
        ):  # fmt: skip
            page.goto(path)
            keep(page, name)
        page.goto(open_)
        for name, opened in (("sign", "#sign"), ("keys", "#keys"), ("field", ".cell")):
            page.locator("body[data-ready=true]").wait_for(state="attached")
            page.locator(opened).first.click()
            keep(page, name)
            page.keyboard.press("Escape")
        page.goto("/worklist")
        wrong = {"name": "worklist.csv", "mimeType": "text/csv", "buffer": WRONG}
        page.get_by_label("CSV file").set_input_files(wrong)  # type: ignore[arg-type]  a dict does
        page.get_by_role("button", name="Take").click()
        keep(page, "worklist")
    with window(browser, desk, "sam", high=1488) as page:
        page.goto(f"{signed}/report")
        keep(page, "report")
    with window(browser, desk, "adm", high=1240) as page:
        page.goto("/accounts")
        keep(page, "accounts")
        page.goto("/classes")
        keep(page, "classes")


def main() -> None:
    """Scan, work, take pictures."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        scan(home)
        with served(home) as desk, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            take(browser, desk, work(desk))
            browser.close()


if __name__ == "__main__":
    main()
