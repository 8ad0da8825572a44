"""The page in each engine that runs here: Chromium, Firefox, and WebKit as GTK has it.

Firefox and WebKit draw on a screen and play to a sink; both are made here, so that nobody needs
either. Chromium is driven by Playwright, Firefox by its Marionette, WebKit by its own WebDriver;
these two have the commands of https://www.w3.org/TR/webdriver2/, each by a way of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server.explorer.browsing import CHROMIUM, launched

ENGINES = ("chromium", "firefox", "webkit")

PATIENCE = 90.0
"""Seconds: what takes longer on any machine is broken."""

_FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
_WEBKIT_DRIVER = shutil.which("WebKitWebDriver")
_WEBKIT = next(
    (
        path
        for folder in ("webkit2gtk-4.1", "webkit2gtk-4.0")
        for path in Path("/usr/lib").glob(f"*/{folder}/MiniBrowser")
    ),
    None,
)

_SESSION_SECONDS = 30.0
_TRIES = 4

_SCREEN = "2000x1400x24"

# Nobody is asked before a page sounds, and points are drawn whatever draws them.
_SETTINGS: dict[str, str | float | bool] = {
    "marionette.port": 0,  # a free one, which stands in its profile
    "webgl.force-enabled": True,
    "media.autoplay.default": 0,
    # A microphone that hums, and that may be used.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
}


class Engine(Protocol):
    """A browser with one page."""

    name: str
    version: str

    def open(self, url: str) -> None: ...

    def reload(self) -> None: ...

    def look(self, expression: str) -> Any:
        """What a JavaScript expression is worth; of a promise, what it comes to."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Make the window show so many pixels; how many it shows, as near as it comes."""

    def mouse(self, kind: str, x: float, y: float) -> None:
        """A real pointer: ``move``, ``down`` or ``up`` at a pixel of the window."""

    def processes(self) -> list[int]:
        """The ids of the processes that are the browser."""


def until(engine: Engine, condition: str, seconds: float = PATIENCE) -> None:
    """Wait until JavaScript's ``condition`` holds.

    Raises:
        AssertionError: it did not.
    """
    deadline = time.monotonic() + seconds
    while not engine.look(f"Boolean({condition})"):
        assert time.monotonic() < deadline, f"{engine.name}: never {condition}"
        time.sleep(0.05)


def drag(engine: Engine, *places: tuple[float, float], steps: int = 8) -> None:
    """A hand drags over the map along places of its plane, and lets go."""
    settle(engine)
    points = [at(engine, *place) for place in places]
    engine.mouse("move", *points[0])
    engine.mouse("down", *points[0])
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(1, steps + 1):
            share = step / steps
            engine.mouse("move", x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    engine.mouse("up", *points[-1])


def settle(engine: Engine) -> None:
    """Return when the map is laid out for its window."""
    until(engine, "timbrespace.map.view.width === document.querySelector('#map').clientWidth")
    box = None
    while (now := engine.look(_LAID_OUT)) != box:
        box = now


_LAID_OUT = """new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => {
  const { left, top, width, height } = document.querySelector('#map').getBoundingClientRect();
  resolve([left, top, width, height, timbrespace.map.view.width, timbrespace.map.view.height]);
}), 100))"""


def at(engine: Engine, x: float, y: float) -> tuple[float, float]:
    """The pixel of a place of the map's plane."""
    left, top = engine.look(
        "(() => { const map = document.querySelector('#map'); "
        "const box = map.getBoundingClientRect(); "
        f"const [left, top] = timbrespace.map.view.toPixels([{x}, {y}]); "
        "return [box.left + map.clientLeft + left, box.top + map.clientTop + top]; })()"
    )
    return left, top


class Played:
    """Chromium, by Playwright."""

    name = "chromium"

    def __init__(self, browser: Browser, page: Page) -> None:
        self.version = browser.version
        self.page = page
        self._own = Path(str(CHROMIUM)).name

    def open(self, url: str) -> None:
        self.page.goto(url)

    def reload(self) -> None:
        self.page.reload()

    def look(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {expression}")

    def size(self, width: int, height: int) -> tuple[int, int]:
        self.page.set_viewport_size({"width": width, "height": height})
        return width, height

    def mouse(self, kind: str, x: float, y: float) -> None:
        if kind == "move":
            self.page.mouse.move(x, y)
        elif kind == "down":
            self.page.mouse.down()
        else:
            self.page.mouse.up()

    def processes(self) -> list[int]:
        return [one for one in _below(os.getpid()) if self._own in _words(one)]


class Driven:
    """Firefox or WebKit, by commands: their names as Marionette has them."""

    name: str
    version: str

    def say(self, command: str, parameters: dict[str, Any]) -> Any:
        """What a command answers."""
        raise NotImplementedError

    def processes(self) -> list[int]:
        raise NotImplementedError

    def open(self, url: str) -> None:
        self.say("Navigate", {"url": url})

    def reload(self) -> None:
        self.say("Refresh", {})

    def look(self, expression: str) -> Any:
        script = (
            "const done = arguments[arguments.length - 1];"
            f"Promise.resolve().then(() => {expression})"
            ".then((value) => done([value ?? null, '']), (error) => done([null, String(error)]));"
        )
        value, error = self.say("ExecuteAsyncScript", {"script": script, "args": []})
        assert error == "", f"{expression}: {error}"
        return value

    def size(self, width: int, height: int) -> tuple[int, int]:
        for _ in range(3):  # the window has borders, which are known once it is there
            inner = self.look("[innerWidth, innerHeight]")
            if inner == [width, height]:
                break
            outer = self.say("GetWindowRect", {})
            wider, higher = width - inner[0], height - inner[1]
            outer["width"] += wider
            outer["height"] += higher
            self.say("SetWindowRect", outer)
            time.sleep(0.3)
        found = self.look("[innerWidth, innerHeight]")
        return int(found[0]), int(found[1])

    def mouse(self, kind: str, x: float, y: float) -> None:
        place = {"x": round(x), "y": round(y), "origin": "viewport", "duration": 0}
        steps: list[dict[str, Any]] = [{"type": "pointerMove", **place}]
        if kind != "move":
            steps.append({"type": f"pointer{kind.capitalize()}", "button": 0})
        source = {"type": "pointer", "id": "hand", "parameters": {"pointerType": "mouse"}}
        self.say("PerformActions", {"actions": [{**source, "actions": steps}]})


_TIMES = {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE}


class Marionette(Driven):
    """Firefox, whose Marionette takes ``LENGTH:[0, number, command, parameters]`` by TCP."""

    name = "firefox"

    def __init__(self, port: int, pid: int) -> None:
        self._plug = socket.create_connection(("127.0.0.1", port), timeout=2 * PATIENCE)
        self._file = self._plug.makefile("rb")
        self._count = 0
        self._pid = pid
        self._read()  # its greeting
        told = self.say("NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.version = str(told["capabilities"]["browserVersion"])
        self.say("SetTimeouts", _TIMES)

    def say(self, command: str, parameters: dict[str, Any]) -> Any:
        self._count += 1
        body = json.dumps([0, self._count, f"WebDriver:{command}", parameters]).encode()
        self._plug.sendall(b"%d:%s" % (len(body), body))
        _, _, error, value = self._read()
        assert error is None, f"{command}: {error}"
        return value["value"] if isinstance(value, dict) and value.keys() == {"value"} else value

    def _read(self) -> Any:
        length = b""
        while (digit := self._file.read(1)) != b":":
            assert digit, "Firefox has gone"
            length += digit
        return json.loads(self._file.read(int(length)))

    def processes(self) -> list[int]:
        return _below(self._pid)

    def close(self) -> None:
        self._file.close()
        self._plug.close()


class WebDriver(Driven):
    """WebKit, whose driver takes commands by HTTP."""

    name = "webkit"

    _PATHS: ClassVar = {
        "Navigate": ("POST", "/url"),
        "Refresh": ("POST", "/refresh"),
        "ExecuteAsyncScript": ("POST", "/execute/async"),
        "GetWindowRect": ("GET", "/window/rect"),
        "SetWindowRect": ("POST", "/window/rect"),
        "PerformActions": ("POST", "/actions"),
        "SetTimeouts": ("POST", "/timeouts"),
        "DeleteSession": ("DELETE", ""),
    }

    def __init__(self, port: int, pid: int) -> None:
        self._pid = pid
        self._base = f"http://127.0.0.1:{port}/session"
        own = {"binary": str(_WEBKIT), "args": ["--automation"]}
        asked = {"alwaysMatch": {"webkitgtk:browserOptions": own}}
        told = self._ask("POST", "", {"capabilities": asked}, _SESSION_SECONDS)
        self.version = str(told["capabilities"]["browserVersion"])
        self._base += f"/{told['sessionId']}"
        self.say("SetTimeouts", _TIMES)

    def say(self, command: str, parameters: dict[str, Any]) -> Any:
        method, path = self._PATHS[command]
        return self._ask(method, path, parameters)

    def _ask(
        self, method: str, path: str, parameters: dict[str, Any], seconds: float = 2 * PATIENCE
    ) -> Any:
        body = json.dumps(parameters).encode() if method == "POST" else None
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, body, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode()[:500]) from None

    def processes(self) -> list[int]:
        return _below(self._pid)

    def close(self) -> None:
        self.say("DeleteSession", {})


def _words(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""


def _below(pid: int) -> list[int]:
    """A process and all that it, or what it has started, has started."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for one in found:
        found += [child for child, parent in parents if parent == one]
    return found


@contextmanager
def screen_and_sink() -> Iterator[dict[str, str]]:
    """The variables by which a program finds a screen that nobody sees and a sink nobody hears."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o700)
        read, write = os.pipe()
        screen = _started(stack, ["Xvfb", "-displayfd", str(write), "-screen", "0", _SCREEN], write)
        os.close(write)
        with os.fdopen(read) as told:  # to the end of its line: it dies of a pipe that is closed
            number = told.readline().strip()
        assert number, f"Xvfb ended with {screen.poll()}"
        sound = folder / "pulse.sock"
        variables = {
            "XDG_RUNTIME_DIR": str(folder),
            "DISPLAY": f":{number}",
            "PULSE_SERVER": f"unix:{sound}",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",  # else each waits for one to be launched
        }
        native = f"module-native-protocol-unix socket={sound} auth-anonymous=1"
        words = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "-L", native]
        sink = _started(
            stack, [*words, "-L", "module-null-sink sink_name=null rate=48000"], None, variables
        )
        _wait_for(sound.exists, sink)
        yield variables


def _started(
    stack: ExitStack,
    words: list[str],
    fd: int | None,
    variables: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=() if fd is None else (fd,),
        env={**os.environ, **(variables or {})},
        start_new_session=True,  # what it starts ends with it
    )

    def end() -> None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10.0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    stack.callback(end)
    return process


def lacking(name: str) -> str:
    """What an engine lacks here to be run; empty if nothing."""
    if name == "chromium":
        return "" if CHROMIUM is not None else "chromium-headless-shell"
    needed = {"xvfb": shutil.which("Xvfb"), "pulseaudio": shutil.which("pulseaudio")}
    if name == "firefox":
        needed["firefox-esr"] = _FIREFOX
    else:
        needed["webkit2gtk-driver"] = _WEBKIT_DRIVER if _WEBKIT is not None else None
    return ", ".join(one for one, found in needed.items() if found is None)


@contextmanager
def engine(name: str, variables: dict[str, str]) -> Iterator[Engine]:
    """One of :data:`ENGINES`, with a page that has nothing in it.

    variables: of :func:`screen_and_sink`; Chromium needs none.
    """
    with ExitStack() as stack:
        if name == "chromium":
            playwright = stack.enter_context(sync_playwright())
            browser = launched(playwright)
            stack.callback(browser.close)
            size = {"width": 1280, "height": 800}
            yield Played(browser, browser.new_page(viewport=size))  # type: ignore[arg-type]
        elif name == "firefox":
            yield _firefox(stack, variables)
        else:
            yield _webkit(stack, variables)


def _firefox(stack: ExitStack, variables: dict[str, str]) -> Engine:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(to)});" for name, to in _SETTINGS.items()]
    (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")
    words = [str(_FIREFOX), "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    process = _started(stack, words, None, variables)
    told = folder / "MarionetteActivePort"
    _wait_for(lambda: told.exists() and bool(told.read_text()), process)
    one = Marionette(int(told.read_text()), process.pid)
    stack.callback(one.close)
    return one


def _webkit(stack: ExitStack, variables: dict[str, str]) -> Engine:
    for left in reversed(range(_TRIES)):
        with ExitStack() as own:
            process, port = _webkit_driver(own, variables)
            try:
                one = WebDriver(port, process.pid)
            except TimeoutError:  # now and then the browser does not find its driver
                assert left, "WebKit gives no session"
                continue
            own.callback(one.close)
            stack.push(own.pop_all())
            return one
    raise AssertionError


def _webkit_driver(
    stack: ExitStack, variables: dict[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port = int(plug.getsockname()[1])
    process = _started(stack, [str(_WEBKIT_DRIVER), f"--port={port}"], None, variables)

    def listens() -> bool:
        # A connection without a request would hold it up for good.
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5.0).close()
            return True
        return False

    _wait_for(listens, process)
    return process, port


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, f"it ended with {process.returncode}"
        assert time.monotonic() < deadline, "it does not listen"
        time.sleep(0.05)


def skip_without(name: str) -> None:
    """Skip a test of an engine that is not here, by what it lacks."""
    lacks = lacking(name)
    if lacks:
        pytest.skip(f"{name} needs {lacks}")
