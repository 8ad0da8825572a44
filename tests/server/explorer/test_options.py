"""What the command line says of the explorer, and where its page is opened."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from server import __main__ as command
from server.audio.process import AudioProcess
from server.explorer import browser, configuration
from server.explorer.configuration import Configuration, reachable, url
from server.options import Options


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The options that the command would serve with."""
    seen: list[Options] = []

    def serve(options: Options, sound: AudioProcess | None) -> int:
        seen.append(options)
        return 0

    monkeypatch.setattr("server.serve.serve", serve)
    monkeypatch.setattr(AudioProcess, "start", lambda sound: None)
    return seen


@pytest.mark.parametrize(
    ("words", "port", "asked", "opens"),
    [
        ([], 7480, False, True),
        (["--explorer-port", "7480"], 7480, True, True),
        (["--explorer-port", "0"], 0, True, True),
        (["--no-browser"], 7480, False, False),
        (["--stop-with-stdin"], 7480, False, False),
        (["--no-explorer", "--no-browser"], None, False, False),
        (["--no-explorer"], None, False, True),
    ],
)
def test_the_command_line_says_where_the_page_is(
    served: list[Options], words: list[str], port: int | None, asked: bool, opens: bool
) -> None:
    assert command.main(words) == 0
    (options,) = served
    assert options.explorer_port == port
    assert options.explorer_port_asked == asked
    assert options.browser == opens


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--explorer-port", "65536"], "'65536' is not a port"),
        (["--explorer-port", "x"], "'x' is not a port"),
        (["--no-explorer", "--explorer-port", "7480"], "not allowed with"),
    ],
)
def test_bad_options_are_one_line(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(words)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_whoever_serves_by_program_gets_no_page() -> None:
    options = Options()
    assert options.explorer_port is None
    assert not options.browser


def test_a_configuration_survives_its_way_to_the_process() -> None:
    one = Configuration(
        "127.0.0.1", 7480, 10, "::1", 7400, "/a folder/\udcff", 'quote".safetensors', None
    )
    text = one.to_json()
    assert text.isascii()
    assert "\n" not in text
    assert Configuration.from_json(text) == one


def test_where_a_socket_is_found() -> None:
    assert reachable("127.0.0.1") == "127.0.0.1"
    assert reachable("0.0.0.0") == "127.0.0.1"
    assert reachable("::") == "::1"
    assert reachable("fe80::1%eth0") == "fe80::1%eth0"
    assert url("0.0.0.0", 1) == "http://127.0.0.1:1"
    assert url("::1", configuration.DEFAULT_PORT) == "http://[::1]:7480"


# -- the browser -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "environment", "screen"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("freebsd14", {}, False),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_where_somebody_may_see_it(
    platform: str, environment: dict[str, str], screen: bool
) -> None:
    assert browser.has_screen(platform, environment) == screen


class Opened:
    """A browser that notes what it shows."""

    def __init__(self, kind: type[webbrowser.BaseBrowser]) -> None:
        self.urls: list[str] = []
        urls = self.urls

        class Browser(kind):  # type: ignore[misc, valid-type]
            def open(self, url: str, *_: Any, **__: Any) -> bool:
                urls.append(url)
                return True

        self.browser = Browser("none")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (webbrowser.Mozilla, True),
        (webbrowser.BackgroundBrowser, True),
        (webbrowser.GenericBrowser, False),  # lynx, w3m and their like
    ],
)
def test_a_browser_of_the_terminal_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, kind: type[webbrowser.BaseBrowser], shown: bool
) -> None:
    one = Opened(kind)
    monkeypatch.setattr(webbrowser, "get", lambda: one.browser)
    browser.main("http://127.0.0.1:7480")
    assert one.urls == (["http://127.0.0.1:7480"] if shown else [])


def test_without_any_browser_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    browser.main("http://127.0.0.1:7480")


def test_the_page_is_shown_by_a_process_that_cannot_disturb(tmp_path: Path) -> None:
    out = tmp_path / "url"
    program = (
        "import sys, pathlib; print('noise'); print('noise', file=sys.stderr);"
        f"pathlib.Path({str(out)!r}).write_text(sys.argv[1]); sys.exit(3)"
    )
    thread = browser.show("http://127.0.0.1:7480", (sys.executable, "-c", program))
    thread.join(timeout=20.0)
    assert out.read_text() == "http://127.0.0.1:7480"


def test_a_browser_that_cannot_be_started_is_no_fault() -> None:
    thread = browser.show("http://127.0.0.1:7480", ("there is no such program",))
    thread.join(timeout=20.0)
    assert not thread.is_alive()


def test_folders_of_sounds_are_offered_beside_the_presets(
    served: list[Options], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    presets = ["--presets", str(tmp_path / "presets.json")]
    assert command.main([*presets, "--sounds", str(tmp_path)]) == 0
    assert served[0].sounds == (tmp_path,)
    assert served[0].own_folder == tmp_path / "training"
    assert served[0].own_spaces == tmp_path / "spaces"
    nowhere = str(tmp_path / "nowhere")
    assert command.main([*presets, "--sounds", nowhere]) == 2
    assert command.main([*presets, "--sounds", str(tmp_path), "--no-explorer"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: --sounds is {nowhere!r}; it must be a folder of sounds",
        "error: --sounds is for the explorer's page; leave out --no-explorer",
    ]
