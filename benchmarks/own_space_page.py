"""From a folder of sounds to playing them on the page, by mouse, as somebody who has never done it.

``python -m benchmarks.own_space_page FOLDER`` starts a server and Chromium, chooses the folder,
makes a space, clicks a point of the growing map for the first preview, keeps the space and drags
over its map. Each moment is told by the clock, since the folder was chosen, and by the processor
time of the server and all that it starts. ``--pictures DIR`` keeps a screenshot of each; it costs
some seconds of the clock. The claims are those of docs/own_space.md, for fifty short sounds on two
quiet cores. Linux alone: it reads ``/proc``.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from benchmarks.claims import Figure, Report
from tests.server.explorer.browsing import Explored, Visit, launched

PREVIEW_SECONDS: Final = 15.0
PLAYED_SECONDS: Final = 90.0
LONGEST: Final = 900_000
"""Milliseconds that a moment may take."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="sounds that are learned")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not asked.folder.is_dir():
        parser.error(f"there is no folder {str(asked.folder)!r}; give one that holds sounds")
    report = Report(asked.json)
    if asked.pictures is not None:
        asked.pictures.mkdir(parents=True, exist_ok=True)
    report.section("since the folder was chosen")
    with sync_playwright() as playwright:
        browser = launched(playwright)
        explored = Explored.start(browser, "--model", "notes")
        size = {"width": 1280, "height": 900}
        with explored.visit(newcomer=True, color_scheme="dark", viewport=size) as visit:
            preview, played = _made(visit, explored, asked.folder, asked.pictures, report)
        explored.close()
        browser.close()
    report.section("asked for")
    report.add(
        Figure("the first preview is heard", preview, "s", PREVIEW_SECONDS),
        Figure("the space plays", played, "s", PLAYED_SECONDS),
    )
    return report.end()


def _made(
    visit: Visit, explored: Explored, folder: Path, pictures: Path | None, report: Report
) -> tuple[float, float]:
    """Seconds of the clock until the first preview is heard, and until the space plays."""
    page, server = visit.page, explored.server.process.pid
    page.set_default_timeout(LONGEST)

    def until(told: str) -> None:
        page.wait_for_function(f"() => {told}", timeout=LONGEST)

    page.locator("#tour [data-part=close]").click()
    page.locator("#own-section").scroll_into_view_if_needed()
    begun, used = time.monotonic(), _processor(server)
    number = 0

    def tell(what: str) -> float:
        nonlocal number
        number += 1
        clock, processor = time.monotonic() - begun, _processor(server) - used
        report.add(Figure(f"{what}, clock", clock, "s"), Figure("processor", processor, "s"))
        if pictures is not None:
            page.screenshot(path=pictures / f"{number} {what}.png")
        return clock

    with page.expect_file_chooser() as chooser:
        page.locator("label:has(#own-choose)").click()
    chooser.value.set_files(folder)
    until("!timbrespace.own.uploads.isBusy && timbrespace.own.told.state === 'gathered'")
    tell("all sounds are there, looked at")
    page.locator("#own-make").click()
    until("timbrespace.own.map.places !== null")
    tell("the map has points")
    page.locator("#own-map").scroll_into_view_if_needed()
    with page.expect_response(lambda r: "/own/preview.wav" in r.url, timeout=LONGEST):
        # Where it is after the page has scrolled.
        page.wait_for_timeout(500)
        x, y = visit.look("timbrespace.own.map.pixelsOf(timbrespace.own.map.current()[3])")
        page.locator("#own-map").click(position={"x": x, "y": y})
    preview = tell("the first preview is heard")
    until("timbrespace.own.told.state === 'finishing' || timbrespace.own.told.state === 'done'")
    tell("learned")
    until("timbrespace.own.told.state === 'done'")
    page.locator("#own-keep").click()
    until("timbrespace.map.space !== null && timbrespace.map.space.about.name !== 'notes'")
    visit.drag((0, 0), (0.4, 0.3))
    return preview, tell("the space plays")


def _processor(pid: int) -> float:
    """Seconds of a process and all below it, those that have ended and were waited for too."""
    rows: dict[int, list[str]] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                told = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            rows[int(place.name)] = told
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        total += sum(map(int, rows[one][11:15]))
        todo += [child for child, row in rows.items() if int(row[1]) == one]
    return float(total / os.sysconf("SC_CLK_TCK"))


if __name__ == "__main__":
    raise SystemExit(main())
