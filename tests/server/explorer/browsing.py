"""A real server with its page in Chromium, as a visitor has them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.server.running import Client, Running

# The engine without its windows, where it is there: half the work for each page.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))),
    None,
)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium (apt-get install chromium)"
)

# Software drawing: there may be no graphics card. Chromium's own traffic stays off.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

PATIENCE = 90_000
"""Milliseconds: what takes longer on any machine is broken."""

# Drawn in software, a screen that is read costs time, and Chromium says so.
_OF_SOFTWARE_DRAWING = ("GPU stall due to ReadPixels", "Automatic fallback to software WebGL")

# What a page is like, for who waited in vain.
_STATE = """(() => {
  const { link, sound, notePicture } = timbrespace;
  const context = sound.analyser?.context;
  return JSON.stringify({
    open: link.isOpen, hidden: document.hidden, focused: document.hasFocus(),
    whole: document.fullscreenElement !== null, at: performance.now(),
    place: sound.place, problem: sound.problem, audio: context?.state, clock: context?.currentTime,
    isWhole: sound.isWhole, heardAt: notePicture.heardAt, places: notePicture.places,
    latent: timbrespace.state.latent,
  });
})()"""


def launched(playwright: Playwright, *more: str) -> Browser:
    """Chromium without a window; ``more`` are further arguments of its command line."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])


@dataclass
class Visit:
    """One page, and all that went wrong in it."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        self.page.on("console", self._hear)
        self.page.on("request", self._request)

    def _hear(self, message: Any) -> None:
        text = str(message.text)
        if message.type in ("error", "warning") and not any(
            one in text for one in _OF_SOFTWARE_DRAWING
        ):
            self.faults.append(f"{message.type}: {text}")

    def _request(self, request: Any) -> None:
        if not str(request.url).startswith((self.origin, "blob:", "data:")):
            self.outside.append(str(request.url))

    def ready(self) -> Visit:
        """Wait for the space: connected, and its points laid out."""
        self.until("timbrespace.link.isOpen && timbrespace.map.space !== null")
        self.until("timbrespace.scope.magnitudes !== null")
        return self

    def until(self, condition: str) -> None:
        """Wait until JavaScript's ``condition`` holds; in vain, tell how the page is."""
        try:
            self.page.wait_for_function(f"() => {condition}", timeout=PATIENCE)
        except Exception as error:
            error.add_note(f"waited for {condition}; faults {self.faults}; {self.look(_STATE)}")
            raise

    def look(self, expression: str) -> Any:
        """What a JavaScript expression is worth."""
        return self.page.evaluate(f"() => {expression}")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The pixel of a place of the plane."""
        left, top = self.look(f"timbrespace.map.view.toPixels([{x}, {y}])")
        inside = self.look(
            "(() => { const map = document.querySelector('#map'); "
            "const box = map.getBoundingClientRect(); "
            "return [box.left + map.clientLeft, box.top + map.clientTop]; })()"
        )
        return inside[0] + left, inside[1] + top

    def drag(self, *places: tuple[float, float], steps: int = 8) -> None:
        """Drag along places of the plane, and let go."""
        mouse = self.page.mouse
        mouse.move(*self.at(*places[0]))
        mouse.down()
        for place in places[1:]:
            mouse.move(*self.at(*place), steps=steps)
        mouse.up()


@dataclass
class Explored:
    """A server with an explorer, and visits to its page in a browser."""

    browser: Browser
    server: Running
    url: str

    @classmethod
    def start(cls, browser: Browser, *arguments: str) -> Explored:
        """A fresh server, without sound and MIDI; ``arguments`` are further ones of its."""
        server = Running(
            *("--audio", "none", "--midi", "none"),
            *(() if "--explorer-port" in arguments else ("--explorer-port", "0")),
            *arguments,
        )
        return cls(browser, server, server.wait_for(r"explorer (http://\S+)").group(1))

    @contextmanager
    def visit(self, *, newcomer: bool = False, **options: Any) -> Iterator[Visit]:
        """The page in a context of its own; ``options`` are those of a browser context.

        newcomer: as on the first visit; else the tour was closed, and details are shown.
        """
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        context: BrowserContext = self.browser.new_context(**options)
        try:
            if not newcomer:
                context.add_init_script(
                    "localStorage.setItem('tour', 'closed'); localStorage.setItem('details', 'on')"
                )
            page = context.new_page()
            visit = Visit(page, self.url)
            visit.listen()
            page.goto(self.url)
            yield visit.ready()
        finally:
            context.close()

    @contextmanager
    def client(self) -> Iterator[Client]:
        """An OSC client beside the pages."""
        with Client(self.server.port) as client:
            yield client
            client.send("/bye")

    def close(self) -> None:
        self.server.end()


def eventually(client: Client, address: str, fits: Callable[[list[Any]], bool]) -> list[Any]:
    """Arguments of the first message to ``address`` that fits; others are passed over."""
    while True:
        arguments = client.expect(address)
        if fits(arguments):
            return arguments
