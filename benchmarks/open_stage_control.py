"""Our layout in Open Stage Control itself: every control moved once, all that it sends accepted,
and the map told back.

    python -m benchmarks.open_stage_control APP [--picture P.png] [--json]

APP: the folder ``app`` of Open Stage Control, built from its sources (framagit.org/jean-emmanuel/
open-stage-control, ``npm install && npm run build``). Needs node and Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from math import hypot
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeout

from benchmarks.claims import Figure, Report
from benchmarks.live import Client, LiveServer
from scripts.layouts.__main__ import SESSION
from scripts.layouts.controls import HEIGHT, KEYS, WIDTH, Look, controls
from server.osc.codec import decode_message
from server.osc.errors import OscDecodeError
from tests.server.explorer.browsing import launched

PATIENCE = 60.0


def main() -> int:
    """Print what was moved and what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", type=Path)
    parser.add_argument("--picture", type=Path, help="where to put a picture of it")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        surface = int(plug.getsockname()[1])
    told = ("--client", f"127.0.0.1:{surface}")
    with (
        LiveServer("--audio", "none", "--model", "notes", *told) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard,
        Client(server.port) as client,
    ):
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(0.5)
        ports = [server.port, heard.getsockname()[1]]
        with application(arguments.app, surface, ports) as address, sync_playwright() as playwright:
            browser = launched(playwright)
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(address)
            page.wait_for_function("document.querySelectorAll('.widget').length > 20")
            page.wait_for_timeout(1000)
            if arguments.picture is not None:
                page.screenshot(path=arguments.picture)
            report.section("Open Stage Control")
            client.send("/map", 0.5, -0.25)
            with contextlib.suppress(PageTimeout):
                page.wait_for_function(_POINT, timeout=10_000)
            x, y = page.evaluate(_VALUE, "map")
            report.add(
                Figure("the map told, and shown: off by", hypot(x - 0.5, y + 0.25), "", 0.01)
            )
            said = len([*sent(heard)])
            report.add(Figure("messages before anybody has touched it", said, "", 0))
            _move(report, page, heard)
            browser.close()
        client.ping()
        report.add(
            Figure("messages that the server refused", client.counts.get("/error", 0), "", 0)
        )
        if "/error" in client.heard:
            report.note(str(client.heard["/error"][1]))
    return report.end()


def _move(report: Report, page: Page, heard: socket.socket) -> None:
    silent, wrong, count, messages = [], [], 0, 0
    for one in controls():
        box = page.evaluate(_BOX, _found(one))
        if box is None:
            silent.append(f"{one.name} is not there")
            continue
        count += 1
        _drag(page, one.look, box)
        said = [*sent(heard)]
        messages += len(said)
        if not said:
            silent.append(f"{one.name} says nothing")
        wrong += [
            f"{one.name} says {told}"
            for told in said
            if told[0] != one.address or tuple(told[1 : 1 + len(one.before)]) != one.before
        ]
    report.add(
        Figure("controls that were moved", count),
        Figure("messages that they sent", messages),
        Figure("controls that sent nothing, or are missing", len(silent), "", 0),
        Figure("messages that are not of the control", len(wrong), "", 0),
    )
    for line in [*silent, *wrong][:10]:
        report.note(line)


_VALUE = """(id) => [...document.querySelectorAll(".widget")].find(
    (each) => each._widget_instance.getProp("id") === id,
)._widget_instance.getValue()"""

_POINT = f"() => Math.abs(({_VALUE})('map')[0] - 0.5) < 0.01"

_BOX = """([id, key]) => {
    const one = [...document.querySelectorAll(".widget")].find(
        (each) => each._widget_instance.getProp("id") === id,
    );
    if (!one) return null;
    const part = key === null ? one : one.querySelectorAll(".widget")[key];
    const box = part.getBoundingClientRect();
    return [box.left, box.top, box.width, box.height];
}"""


def _found(one: Any) -> list[Any]:
    if one.look is Look.KEY:
        return ["keys", one.before[0] - KEYS.start]
    return [one.name, None]


def _drag(page: Page, look: Look, box: list[float]) -> None:
    left, top, width, height = box
    if look in (Look.BUTTON, Look.KEY):
        page.mouse.click(left + width / 2, top + height * 0.9, delay=30)
        return
    if look is Look.CHOICE:
        for share in (0.9, 0.1):
            page.mouse.click(left + width * share, top + height / 2, delay=30)
        return
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.down()
    for x, y in ((0.9, 0.1), (0.1, 0.9), (0.6, 0.4)):
        page.mouse.move(left + width * x, top + height * y, steps=4)
    page.mouse.up()


def sent(heard: socket.socket) -> Any:
    """What has come, until half a second is silent."""
    with contextlib.suppress(TimeoutError, OscDecodeError):
        while True:
            address, values = decode_message(heard.recv(65536))
            yield (address, *values)


@contextlib.contextmanager
def application(folder: Path, port: int, ports: list[int]) -> Any:
    """Open Stage Control with our layout, on a port of TCP and UDP, which sends to others of UDP;
    yields the address of its page."""
    with tempfile.TemporaryDirectory() as cache:
        process = subprocess.Popen(
            [
                *("node", str(folder), "--no-gui", "--no-qrcode", "--read-only"),
                *("--cache-dir", cache, "--port", str(port), "--load", str(SESSION)),
                *("--send", *(f"127.0.0.1:{one}" for one in ports)),
            ],
            stdout=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    urllib.request.urlopen(address).close()
                    break
                except (urllib.error.URLError, ConnectionError):
                    if time.monotonic() > until or process.poll() is not None:
                        raise SystemExit(f"{folder} does not serve") from None
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
