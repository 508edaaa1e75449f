"""How fluid the gallery of a slide of 1,000 phantom cells is in a real Chromium: frames, keys, the browser's work.

Run: `python bench/gallery.py [--cells 1000] [--keep FOLDER]`; needs the `review` and `dev` extras and Chromium. With
`--keep` the counted phantoms stay in the folder, and are counted once; what is decided goes to a copy.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from leukonet.phantom import field_bytes
from review import served

KINDS = (
    "neutrophil",
    "lymphocyte",
    "monocyte",
    "eosinophil",
    "neutrophil",
    "neutrophil",
    "lymphocyte",
    "neutrophil",
)
KEYS = 40
SCROLL = """async () => {
  const times = [];
  const end = document.documentElement.scrollHeight - innerHeight;
  let last = performance.now();
  for (let at = 0; at < end; at += 60) {
    scrollTo(0, at);
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  return times;
}"""
"""Scrolls through the whole page, 60 pixels a frame; gives each frame's milliseconds."""
RECLASSIFY = """async (key) => {
  const cell = document.querySelector('.group[data-class="neutrophil"] .cell, .group[data-class="lymphocyte"] .cell');
  const was = cell.closest(".group");
  cell.focus();
  const begun = performance.now();
  cell.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  while (cell.closest(".group") === was) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
"""Gives a cell another class by key; gives the milliseconds until it stands there, the answer included."""
STEP = """async () => {
  const begun = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


def scan(home: Path, cells: int) -> None:
    """Have phantoms with so many cells counted, as one slide."""
    folder = home / "inbox" / "SLIDE-1"
    folder.mkdir(parents=True)
    for number in range(-(-cells // len(KINDS))):
        (folder / f"{number:04}.jpg").write_bytes(field_bytes(number, KINDS))
    environment = os.environ | {"LEUKOWATCH_INBOX__QUIET_SECONDS": "0.2"}
    command = [sys.executable, "-m", "leukowatch", "scan", "--home", str(home)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def work(session: CDPSession) -> dict[str, float]:
    """Seconds of processor time that the page's main thread has spent so far, by kind."""
    found: dict[str, Any] = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    return {name: found[f"{name}Duration"] for name in ("Script", "Layout", "RecalcStyle", "Task")}


def told(what: str, times: list[float], session: CDPSession, before: dict[str, float]) -> None:
    """Print milliseconds, and the browser's own work of each."""
    high = statistics.quantiles(times, n=20, method="inclusive")[-1]
    spent = [1000 * (value - before[name]) / len(times) for name, value in work(session).items()]
    numbers = [statistics.median(times), high, max(times), *spent]
    print(f"{what:30}" + "".join(f"{number:9.1f}" for number in numbers), flush=True)


def measured(what: str, session: CDPSession, doing: Callable[[], list[float]]) -> None:
    """Do something, and print how long it took."""
    before = work(session)
    told(what, doing(), session, before)


def look(page: Page, session: CDPSession) -> None:
    """Open the slide, scroll through it, step and reclassify."""
    before = work(session)
    page.goto("/slides/1")
    page.locator("body[data-ready=true]").wait_for(state="attached")
    opened = page.evaluate("performance.now()")
    count = page.locator(".cell").count()
    print(f"{count} cells; ready {opened:.0f} ms after the click")
    print(f"{'ms':30}{'median':>9}{'95%':>9}{'longest':>9}{'script':>9}{'layout':>9}{'style':>9}{'all':>9}")
    told("opening", [opened, opened], session, before)
    measured("a frame of scrolling", session, lambda: page.evaluate(SCROLL))
    page.locator(".cell").first.focus()
    measured("an arrow", session, lambda: [page.evaluate(STEP) for _ in range(KEYS)])
    measured("a class by key", session, lambda: [page.evaluate(RECLASSIFY, "m") for _ in range(KEYS)])


def main() -> None:
    """Scan, serve, look, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        counted = asked.keep or Path(folder) / "counted"
        if not counted.exists():
            scan(counted, asked.cells)
        shutil.copytree(counted, home)
        with served(home) as service, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            address = str(service.client.base_url)
            context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
            context.add_cookies(
                [
                    {"name": name, "value": value, "url": address}
                    for name, value in service.client.cookies.items()
                ]
            )
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            look(page, session)
            browser.close()


if __name__ == "__main__":
    main()
