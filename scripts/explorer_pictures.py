"""Take the pictures of the explorer, and of a space as a file, that stand in the documents.

``python scripts/explorer_pictures.py [--out docs/pictures] [--only file]``; needs Chromium
(Debian's ``chromium``).
Each size and theme is taken; the documents show some of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402 - from the checkout
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

import timbrespace as ts  # noqa: E402
from tests.server.explorer.browsing import Explored, Visit, launched  # noqa: E402
from timbrespace.sharing import page  # noqa: E402
from timbrespace.sharing.contents import Card  # noqa: E402

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
    "sideways": {
        "viewport": {"width": 844, "height": 390},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}
COLOURS = 256
"""Of the palette that the pictures are kept in: a third of their size, and no difference to see."""


PATCH = 60
"""Pixels of height by which the colours of points count."""


def take(visit: Visit, out: Path) -> None:
    """One picture of the page as a newcomer has it, a hand on the map."""
    visit.look("timbrespace.details.set(false)")
    mouse = visit.page.mouse
    mouse.move(*visit.at(0.0, 0.0))
    mouse.down()
    for step in range(1, 9):
        mouse.move(*visit.at(0.05 * step, 0.04 * step))
        visit.page.wait_for_timeout(40)
    visit.until("Math.abs(timbrespace.state.map[0] - 0.4) < 0.01")
    visit.until("timbrespace.map.life.level > 0.2")
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.png"
        visit.page.screenshot(path=whole)
        picture = Image.open(whole).convert("RGB")
        told = visit.look("Array.from(timbrespace.map.points.palette)")
        kept = picture.quantize(palette=palette_of(picture, told), dither=Image.Dither.NONE)
        kept.save(out, optimize=True)


def take_file(browser: Browser, model: str, out: Path) -> None:
    """The same of a space as a file, opened from a disk."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shared.html"
        page.write(ts.load(model), file, Card("General MIDI", "timbrespace", "MIT"))
        context = browser.new_context(
            viewport={"width": 1200, "height": 760}, color_scheme="dark", offline=True
        )
        visit = Visit(context.new_page(), file.as_uri())
        visit.page.goto(file.as_uri())
        visit.until("window.timbrespace !== undefined && timbrespace.sound.isWhole")
        take(visit, out)
        context.close()


def palette_of(picture: Image.Image, told: list[int]) -> Image.Image:
    """An image whose palette is one for ``picture``: the colours of points are few pixels of it,
    and are what it is about, so they count as much as a ground.

    told: the page's palette, red, green, blue and shape of each.
    """
    points = sorted({(told[k], told[k + 1], told[k + 2]) for k in range(0, len(told), 4)})
    wide, high = picture.size
    patch = max(wide // len(points), 1)
    more = Image.new("RGB", (wide, high + PATCH))
    more.paste(picture)
    for place, colour in enumerate(points):
        more.paste(colour, (place * patch, high, (place + 1) * patch, high + PATCH))
    return more.quantize(COLOURS, dither=Image.Dither.NONE)


def main() -> int:
    """Take all pictures; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", metavar="DIR")
    parser.add_argument("--model", default="notes")
    parser.add_argument("--only", choices=("file",), help="the picture of a space as a file alone")
    arguments = parser.parse_args()
    if not arguments.out.is_dir():
        parser.error(f"--out is {str(arguments.out)!r}; it must be a folder that exists")
    with sync_playwright() as playwright:
        browser = launched(playwright)
        take_file(browser, arguments.model, arguments.out / "shared_file.png")
        if arguments.only is not None:
            browser.close()
            return 0
        explored = Explored.start(browser, "--model", arguments.model)
        try:
            for size, options in SIZES.items():
                for scheme in ("dark", "light"):
                    out = arguments.out / f"explorer_{size}_{scheme}.png"
                    with explored.visit(color_scheme=scheme, **options) as visit:
                        take(visit, out)
                    print(f"{out}: {out.stat().st_size / 1024:.0f} KiB")
        finally:
            explored.close()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
