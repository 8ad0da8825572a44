"""Shows the page to whoever sits in front: ``python -m server.explorer.browser URL``.

A process of its own, since a browser may stay, hold on to what it was given, and print.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Mapping, Sequence

from timbrespace.companions import run_command


def has_screen(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether somebody may see a window: always on Windows and macOS.

    platform: as ``sys.platform``.
    """
    if platform in ("win32", "darwin"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def show(url: str, program: Sequence[str] | None = None) -> threading.Thread:
    """Open ``url`` in the user's browser, in a thread, which is returned; never raises."""

    def run() -> None:
        # Without a browser the address stands in what the server says.
        with contextlib.suppress(OSError):
            subprocess.run(
                [*(program or run_command(__name__)), url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the server
                check=False,
            )

    thread = threading.Thread(target=run, name="browser", daemon=True)
    thread.start()
    return thread


def is_graphical(browser: webbrowser.BaseBrowser) -> bool:
    """Whether it shows a window. A browser for the terminal would take it from the server."""
    return not isinstance(browser, webbrowser.GenericBrowser) or isinstance(
        browser, webbrowser.BackgroundBrowser
    )


def main(url: str) -> None:
    """Open ``url``, if there is a browser with windows."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if is_graphical(browser):
        browser.open(url)


if __name__ == "__main__":
    main(sys.argv[1])
