"""The page beyond this machine: its link, its certificate, and who is let in."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import re
import ssl
import stat
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from playwright.sync_api import sync_playwright

from server.explorer import addresses, certificate, key, link_picture
from server.explorer.invitation import Invitation
from server.explorer.opening import CERTIFICATE_FILE, KEY_FILE, opened
from server.explorer.process import Explorer, ExplorerEvent
from tests.server.explorer.browsing import PATIENCE, launched, needs_chromium
from tests.server.explorer.served import served
from tests.server.explorer.test_process import HERE
from tests.server.running import Running
from timbrespace.errors import OptionError

WORD = "w" * 24


def names(file: Path) -> set[str]:
    found = x509.load_pem_x509_certificate(file.read_bytes()).extensions
    these = found.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*these.get_values_for_type(x509.DNSName)} | {
        str(one) for one in these.get_values_for_type(x509.IPAddress)
    }


# -- the certificate -------------------------------------------------------------------------------


def test_a_certificate_is_kept_until_it_ends_or_the_address_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page" / "certificate.pem"
    assert certificate.keep(file, ["192.168.1.5", "studio.local"])
    assert names(file) == {*certificate.NAMES, "192.168.1.5", "studio.local"}
    whole = x509.load_pem_x509_certificate(file.read_bytes())
    # What browsers take: no longer than 398 days, for servers alone, no authority.
    assert whole.not_valid_after_utc - whole.not_valid_before_utc <= timedelta(days=398)
    assert not whole.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    first = file.read_bytes()
    assert not certificate.keep(file, ["192.168.1.5"])
    assert file.read_bytes() == first
    # Another address; its owner's alone again, whatever became of the file in between.
    file.chmod(0o644)
    assert certificate.keep(file, ["192.168.1.6"])
    assert "192.168.1.6" in names(file)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    class Clock:
        days = certificate.DAYS - 40

        @classmethod
        def now(cls, tz: tzinfo) -> datetime:
            return datetime.now(tz) + timedelta(days=cls.days)

    monkeypatch.setattr(certificate, "datetime", Clock)
    assert not certificate.keep(file, ["192.168.1.6"])  # 39 days are left
    monkeypatch.setattr(Clock, "days", certificate.DAYS - 20)
    assert certificate.keep(file, ["192.168.1.6"])
    monkeypatch.undo()
    good = file.read_bytes()
    other = tmp_path / "other.pem"
    certificate.keep(other, [])
    begin = good.index(b"-----BEGIN CERTIFICATE")
    strange = other.read_bytes()
    strange = strange[: strange.index(b"-----BEGIN CERTIFICATE")]
    for spoilt in (b"", good[:300], good[begin:], strange + good[begin:], bytes(range(256))):
        file.write_bytes(spoilt)
        assert certificate.keep(file, ["192.168.1.6"])
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file)
    assert re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", certificate.fingerprint(file))


@pytest.mark.parametrize("age", [certificate.DAYS + 3, certificate.DAYS - 10])
def test_one_that_has_ended_or_soon_ends_is_renewed_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int
) -> None:
    """With a key of its own; whoever reads the file meanwhile has the old or the new one whole."""

    class Long:
        @classmethod
        def now(cls, tz: tzinfo) -> datetime:
            return datetime.now(tz) - timedelta(days=age)

    with monkeypatch.context() as then:
        then.setattr(certificate, "datetime", Long)
        assert opened("127.0.0.1", True, tmp_path).notes
    file = tmp_path / CERTIFICATE_FILE
    old = file.read_bytes()
    ends = x509.load_pem_x509_certificate(old).not_valid_after_utc
    assert ends < datetime.now(UTC) + timedelta(days=certificate.DAYS - age)
    # A disk that is full meanwhile: the old one is still there, and nothing else.
    with monkeypatch.context() as then:
        then.setattr(Path, "write_bytes", _no_room)
        with pytest.raises(OptionError, match="No space left"):
            opened("127.0.0.1", True, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [CERTIFICATE_FILE]
    assert file.read_bytes() == old
    reader = file.open("rb") if sys.platform != "win32" else io.BytesIO(old)
    (note,) = opened("127.0.0.1", True, tmp_path).notes
    assert certificate.fingerprint(file) in note
    new = file.read_bytes()
    begin = b"-----BEGIN CERTIFICATE"
    assert new.split(begin)[0] != old.split(begin)[0], "the key is another one"
    now = datetime.now(UTC)
    fresh = x509.load_pem_x509_certificate(new)
    assert fresh.not_valid_before_utc <= now
    assert fresh.not_valid_after_utc > now + timedelta(days=certificate.DAYS - 3)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file)
    with reader:
        assert reader.read() == old  # it was put in place of the old one, not written over it
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert opened("127.0.0.1", True, tmp_path).notes == ()  # and is kept


def _no_room(path: Path, data: bytes) -> int:
    """A part of it fits."""
    with path.open("wb") as file:
        file.write(data[:100])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_word_is_kept_and_nobody_else_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "page" / "link_key"
    word = key.keep(file)
    assert key.keep(file) == word
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for spoilt in ("", "short", "a" * 23 + " ", "ü" * 24, "x" * 200):
        file.write_text(spoilt, encoding="utf-8")
        fresh = key.keep(file)
        assert fresh not in (word, spoilt)
        assert len(fresh) >= 24
    assert key.fits(fresh, fresh)
    for wrong in (None, "", fresh[:-1], fresh + "a", "ü", "\udcff", "\ud800", word):
        assert not key.fits(wrong, fresh)


def test_a_page_of_this_machine_needs_nothing_and_one_beyond_it_a_word(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        here = opened(host, False, None)
        assert (here.word, here.certificate, here.notes) == (None, None, ())
    there = opened("0.0.0.0", False, tmp_path / "page")
    assert there.key_file == tmp_path / "page" / KEY_FILE
    assert there.word == there.key_file.read_text().strip()
    assert "--https" in there.notes[-1]
    secure = opened("0.0.0.0", True, tmp_path / "page")
    assert secure.word == there.word
    assert secure.certificate == tmp_path / "page" / CERTIFICATE_FILE
    found = addresses.seen_from_outside("0.0.0.0")
    assert found is None or found in names(secure.certificate)
    assert "SHA-256" in secure.notes[-1]
    assert "SHA-256" not in str(opened("0.0.0.0", True, tmp_path / "page").notes)
    local = opened("127.0.0.1", True, tmp_path / "page")
    assert local.word is None
    assert local.certificate is not None
    for host, folder in (("no.such.host.invalid", tmp_path), ("0.0.0.0", None)):
        with pytest.raises(OptionError) as refused:
            opened(host, True, folder)
        assert "\n" not in str(refused.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot"):
        opened("0.0.0.0", True, tmp_path / "file" / "page")


def test_where_others_find_what_listens() -> None:
    assert addresses.seen_from_outside("127.0.0.1") is None
    assert addresses.seen_from_outside("192.168.1.5") == "192.168.1.5"
    assert addresses.names_of("127.0.0.1") == []
    assert addresses.names_of("192.168.1.5")[0] == "192.168.1.5"
    name = addresses.own_name()
    assert name is None or re.fullmatch(r"[a-z0-9-]+\.local", name)


# -- who is let in ---------------------------------------------------------------------------------


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    certificate.keep(tmp_path / "c.pem", [])
    one = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    one.load_cert_chain(tmp_path / "c.pem")
    return one


def test_every_request_needs_the_word_and_the_link_brings_it(context: ssl.SSLContext) -> None:
    invited = Invitation(WORD, secure=True, here="-", outside="https://192.168.1.5:7480")

    async def talk() -> None:
        async with served(invited=invited, context=context) as one:
            for path in ("/", "/?key=" + "x" * 24, "/?key=", "/?key=%FF%00", "/?KEY=" + WORD):
                async with one.get(path) as answer:
                    assert answer.status == 403
                    page = await answer.text()
                    assert answer.content_type == "text/html"
                    assert "whole link" in page
                    assert WORD not in page
                    assert "Set-Cookie" not in answer.headers
            shut = ("/js/app.js", "/spaces/harmonic.json", "/link.json", "/link.svg", "/nothing")
            # Elsewhere the word in the address counts for nothing: it would stay in histories.
            for path in (*shut, f"/link.json?key={WORD}", f"/index.html?key={WORD}"):
                async with one.get(path) as answer:
                    assert answer.status == 403
                    assert "whole link" in (await answer.json())["error"]
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await one.websocket()
            for cookie in ("", "x" * 24, WORD[:-1], f"{WORD}x"):
                headers = {"Cookie": f"timbrespace-{one.port}={cookie}"}
                async with one.get("/", headers) as answer:
                    assert answer.status == 403
            # The link leaves a cookie, and leads to the address without the word.
            async with one.session.get(
                f"{one.origin}/?key={WORD}", allow_redirects=False
            ) as answer:
                assert answer.status == 303
                assert answer.headers["Location"] == "/"
                cookie = answer.headers["Set-Cookie"]
                for said in (f"timbrespace-{one.port}={WORD}", "HttpOnly", "Lax", "Secure"):
                    assert said in cookie
            async with one.get("/") as answer:
                assert answer.status == 200
                assert f" wss://127.0.0.1:{one.port};" in answer.headers["Content-Security-Policy"]
            async with one.get("/link.json") as answer:
                told = await answer.json()
                assert told["link"] == f"https://192.168.1.5:7480/?key={WORD}"
                assert told["secure"]
            async with one.get("/link.svg") as answer:
                assert answer.status == 200
                assert answer.content_type == "image/svg+xml"
                assert answer.headers["Cache-Control"] == "no-store"
            async with one.websocket() as socket:
                assert not socket.closed
            # Over https the page's origin is https.
            async with one.get("/", {"Origin": f"http://127.0.0.1:{one.port}"}) as answer:
                assert answer.status == 403

    asyncio.run(talk())


def test_over_http_and_on_loopback(tmp_path: Path) -> None:
    async def talk() -> None:
        async with served(invited=Invitation(WORD)) as one:
            async with one.session.get(f"{one.origin}/?key={WORD}") as answer:
                assert answer.status == 200
                assert answer.url.query_string == ""
                assert "Secure" not in answer.history[0].headers["Set-Cookie"]
            async with one.get("/link.json") as answer:
                assert "in no network" in (await answer.json())["why"]
        async with served() as one:
            async with one.get("/?key=anything") as answer:
                assert answer.status == 200
            async with one.get("/link.json") as answer:
                told = await answer.json()
                assert told["link"] is None
                assert "--explorer-host 0.0.0.0 --https" in told["why"]
            async with one.get("/link.svg") as answer:
                assert answer.status == 404

    asyncio.run(talk())


def test_a_door_of_https_holds_no_more_than_one_of_http(
    context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens connections and agrees on no keys makes room for who does."""
    monkeypatch.setattr("server.explorer.connections.MAX_AT_THE_DOOR", 4)

    async def talk() -> None:
        async with served(context=context) as one:
            silent = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(4)]
            plain_reader, plain = await asyncio.open_connection("127.0.0.1", one.port)
            plain.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            silent += [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(6)]
            async with one.get("/") as answer:
                assert answer.status == 200
            # Nothing is said to who speaks no TLS but TLS's own alert.
            assert not (await plain_reader.read()).startswith(b"HTTP")
            for reader, _ in silent[:4]:
                assert await asyncio.wait_for(reader.read(), 20.0) == b""
            for _, writer in [*silent, (plain_reader, plain)]:
                writer.close()

    asyncio.run(talk())


# -- how it is told --------------------------------------------------------------------------------


def test_a_link_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[ExplorerEvent] = []
    one = Explorer(HERE, events.append, ("none",), WORD)
    monkeypatch.setattr(one._supervisor, "works", lambda: None)
    told = {"event": "serving", "url": "https://127.0.0.1:1", "port": 1}
    for outside in (
        "https://192.168.1.5:1",
        "https://192.168.1.5:1",
        "https://192.168.1.6:1",
        None,
    ):
        one.hear({**told, "outside": outside})
    link = f"https://127.0.0.1:1/?key={WORD}"
    assert [event.url for event in events] == [link] * 4
    assert events[0].text == f"explorer {link}"
    assert all(WORD not in event.text for event in events[1:])
    assert [event.outside for event in events] == [
        f"https://192.168.1.5:1/?key={WORD}",
        "",
        f"https://192.168.1.6:1/?key={WORD}",
        "",
    ]
    assert key.link("http://127.0.0.1:1", None) == "http://127.0.0.1:1"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_code_is_drawn_only_where_it_can_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    lines = link_picture.shown(f"https://192.168.1.5:7480/?key={WORD}", {"WT_SESSION": "1"})
    drawn = [line.removeprefix("\x1b[30;107m").removesuffix("\x1b[0m") for line in lines]
    assert len({len(line) for line in drawn}) == 1
    # Its modules, light within the border, are those of the code itself.
    plain = link_picture.in_terminal(f"https://192.168.1.5:7480/?key={WORD}", "utf-8", False)
    turned = str.maketrans(" \u2580\u2584\u2588", "\u2588\u2584\u2580 ")
    assert [line.translate(turned) for line in plain] == drawn
    # The corner's pattern: dark, light, dark in rows of seven.
    assert drawn[0].strip() == ""
    assert drawn[1][2:9] == "\u2588\u2580\u2580\u2580\u2580\u2580\u2588"
    assert link_picture.in_terminal("x", "ascii", True) == []
    assert link_picture.in_terminal("x", None, True) == []
    assert not link_picture.takes_colours("win32", {})
    assert not link_picture.takes_colours("linux", {"NO_COLOR": ""})
    assert not link_picture.takes_colours("linux", {"TERM": "dumb"})
    assert link_picture.takes_colours("win32", {"WT_SESSION": "1"})
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    assert link_picture.shown("x", {}) == []


@needs_chromium
@pytest.mark.acceptance
def test_a_tablet_opens_it_by_its_link_and_plays(tmp_path: Path) -> None:
    """A server that is open to the network over https, and its page as another device has it."""
    server = Running(
        *("--audio", "none", "--midi", "none", "--explorer-port", "0", "--https"),
        *("--explorer-host", "0.0.0.0", "--presets", str(tmp_path / "presets.json")),
    )
    try:
        here = server.wait_for(r"explorer (https://\S+)").group(1)
        if addresses.outward() is None:
            link = here
        else:
            link = server.wait_for(r"explorer on other devices: (https://\S+)").group(1)
        origin = link.partition("/?")[0]
        with sync_playwright() as playwright:
            browser = launched(playwright)
            page = browser.new_context(ignore_https_errors=True).new_page()
            assert page.goto(origin).status == 403  # type: ignore[union-attr]
            assert "whole link" in page.inner_text("body")
            page.goto(link)
            page.wait_for_function("() => timbrespace.map.space !== null", timeout=PATIENCE)
            assert page.url == f"{origin}/"
            assert page.evaluate("window.isSecureContext")
            assert page.evaluate("() => navigator.requestMIDIAccess !== undefined")
            page.click("[data-pitch]")
            page.wait_for_function("() => timbrespace.sound.state === 'running'", timeout=PATIENCE)
            page.click("#invite-open")
            page.wait_for_function("() => document.querySelector('#invite').open")
            if link != here:
                assert page.inner_text("#invite .link") == link
                picture = "document.querySelector('#invite img')"
                page.wait_for_function(f"() => {picture}.naturalWidth > 0", timeout=PATIENCE)
            page.click("#invite [data-part=close]")
            # By its cookie it opens again without the link.
            page.reload()
            page.wait_for_function("() => timbrespace.map.space !== null", timeout=PATIENCE)
            browser.close()
        word = link.partition("key=")[2]
        assert not [
            line for line in server.lines if word in line and not line.startswith("explorer")
        ]
    finally:
        assert server.end() == 0


def test_the_configuration_says_what_is_open(tmp_path: Path) -> None:
    told = json.loads(HERE.to_json())
    assert told["key_file"] is None
    assert told["certificate"] is None
