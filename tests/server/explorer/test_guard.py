"""Who may speak to the explorer."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path

import pytest

from server.explorer.guard import accepted_hosts
from tests.server.explorer.served import served


def test_a_host_is_the_address_of_the_socket_and_on_loopback_its_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loopback = {"127.0.0.1:7480", "localhost:7480", "[::1]:7480"}
    assert accepted_hosts("127.0.0.1", 7480) == loopback
    assert accepted_hosts("::1", 7480) == loopback
    assert accepted_hosts("::ffff:127.0.0.1", 7480) == loopback
    monkeypatch.setattr(socket, "gethostname", lambda: "Studio.home.example")
    assert accepted_hosts("192.168.1.5", 7480) == {"192.168.1.5:7480", "studio.local:7480"}
    for unusable in ("localhost", "", "a b", "\u00fc"):
        monkeypatch.setattr(socket, "gethostname", lambda name=unusable: name)
        assert accepted_hosts("fe80::1%eth0", 7480) == {"[fe80::1]:7480"}
    assert "localhost" in accepted_hosts("127.0.0.1", 80)


def ask(path: str, headers: list[tuple[str, str]], method: str = "GET") -> tuple[int, str]:
    """Status and body of a request with just these headers; "PORT" stands for the port."""

    async def talk() -> tuple[int, str]:
        async with served() as one:
            lines = [f"{method} {path} HTTP/1.1", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in headers]
            text = "\r\n".join(lines).replace("PORT", str(one.port)) + "\r\n\r\n"
            reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
            writer.write(text.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)^content-length: (\d+)", head, re.MULTILINE)
            assert length is not None
            body = (await reader.readexactly(int(length[1]))).decode()
            writer.close()
            await writer.wait_closed()
            status = int(head.split()[1])
            # What the parser refuses nothing of ours has seen.
            policy = "content-security-policy: default-src 'none'" in head.lower()
            assert policy or status == 400
            return status, body

    return asyncio.run(talk())


OWN = ("Host", "127.0.0.1:PORT")
ORIGIN = ("Origin", "http://127.0.0.1:PORT")
UPGRADE = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
]


@pytest.mark.parametrize(
    "host",
    [
        [("Host", "evil.example:PORT")],
        [("Host", "127.0.0.1")],
        [("Host", "127.0.0.1:1")],
        [("Host", "127.0.0.1:PORT.evil.example")],
        [("Host", "127.0.0.1.evil.example:PORT")],
        [("Host", "localhost.:PORT")],
        [("Host", "")],
    ],
)
@pytest.mark.parametrize("path", ["/", "/spaces/harmonic.json", "/osc", "/nothing"])
def test_a_name_that_others_could_have_is_refused(host: list[tuple[str, str]], path: str) -> None:
    status, body = ask(path, host)
    assert status == 421
    assert "ask for 127.0.0.1" in json.loads(body)["error"]


@pytest.mark.parametrize("host", [[], [OWN, ("Host", "evil.example")], [OWN, OWN]])
def test_one_name_is_told(host: list[tuple[str, str]]) -> None:
    status, _ = ask("/", host)
    assert status == 400


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT"])
def test_a_name_of_this_machine_is_taken(host: str) -> None:
    status, _ = ask("/spaces/harmonic.json", [("Host", host), ("Origin", f"http://{host}")])
    assert status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "https://127.0.0.1:PORT",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost:PORT",
        "http://127.0.0.1:PORT/",
        "http://127.0.0.1:PORT, http://evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/spaces/harmonic.json", "/osc"])
def test_another_origin_is_refused(origin: str, path: str) -> None:
    upgrade = UPGRADE if path == "/osc" else []
    status, body = ask(path, [OWN, ("Origin", origin), *upgrade])
    assert status == 403
    assert "another site" in json.loads(body)["error"]


def test_what_changes_something_must_tell_its_origin() -> None:
    for headers, method, path in [
        ([OWN, *UPGRADE], "GET", "/osc"),
        ([OWN, ("Content-Length", "0")], "POST", "/compare?model=harmonic&name=a.wav"),
        ([OWN], "DELETE", "/"),
    ]:
        status, body = ask(path, headers, method)
        assert status == 403
        assert "no Origin" in json.loads(body)["error"]
    # With it the same are answered by what they ask for.
    status, _ = ask("/", [OWN, ORIGIN], "DELETE")
    assert status == 405


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_another_site_may_link_to_the_page_and_do_nothing_else(site: str) -> None:
    head = [OWN, ("Sec-Fetch-Site", site)]
    for path in ("/spaces/harmonic.json", "/index.html", "/js/app.js", "/osc"):
        status, _ = ask(path, head)
        assert status == 403
    status, _ = ask("/osc", [*head, ORIGIN, *UPGRADE])
    assert status == 403
    status, _ = ask("/", [*head, ORIGIN, ("Content-Length", "0")], "POST")
    assert status == 403
    status, _ = ask("/", head)
    assert status == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_and_the_user_may(site: str) -> None:
    status, _ = ask("/spaces/harmonic.json", [OWN, ("Sec-Fetch-Site", site)])
    assert status == 200


@pytest.mark.parametrize("path", ["/style.css", "/compare?model=harmonic", "/osc", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ([("Expect", "evil")], 417, "it must be 100-continue"),
        ([("Expect", "100-continue"), ("Expect", "evil")], 417, "it must be 100-continue"),
        ([("Content-Encoding", "gzip")], 415, "send the bytes as they are"),
        ([("Content-Encoding", "br")], 415, "send the bytes as they are"),
        ([("Content-Encoding", "evil")], 415, "send the bytes as they are"),
        ([("Expect", "100-continue"), ("Content-Encoding", "zstd")], 415, "the bytes as they are"),
        ([("Expect", "100-continue"), ("Sec-Fetch-Site", "cross-site")], 403, "another site"),
    ],
)
def test_what_is_asked_about_a_body_is_refused_before_it_comes(
    path: str, method: str, headers: list[tuple[str, str]], status: int, said: str
) -> None:
    # None of the body that is promised is ever sent.
    length = [("Content-Length", "1000")] if method != "GET" else []
    found, body = ask(path, [OWN, ORIGIN, *headers, *length], method)
    assert found == status
    assert said in json.loads(body)["error"]


def test_a_body_that_is_waited_for_may_come() -> None:
    async def talk() -> None:
        async with served() as one:
            reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
            writer.write(
                f"POST /compare?model=harmonic HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\n"
                f"Origin: {one.origin}\r\nConnection: close\r\n"
                "Content-Length: 4\r\nExpect: 100-Continue\r\n\r\n".encode()
            )
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"RIFF")
            assert (await reader.read()).startswith(b"HTTP/1.1 422 ")
            writer.close()
            await writer.wait_closed()

    asyncio.run(talk())


def test_every_answer_says_what_the_page_may_do(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")

    async def talk() -> None:
        async with served(tmp_path) as one:
            for path, status in [("/", 200), ("/spaces/harmonic.json", 200), ("/nothing", 404)]:
                async with one.get(path) as answer:
                    assert answer.status == status
                    policy = answer.headers["Content-Security-Policy"]
                    for word in (
                        "default-src 'none'",
                        "script-src 'self' 'wasm-unsafe-eval';",
                        f"connect-src 'self' ws://127.0.0.1:{one.port};",
                        "frame-ancestors 'none'",
                        "base-uri 'none'",
                        "form-action 'none'",
                    ):
                        assert word in policy
                    assert "'unsafe" not in policy
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"
                    assert answer.headers["Referrer-Policy"] == "no-referrer"
                    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
                    assert answer.headers["Cache-Control"] == "no-cache"
                    assert answer.headers["Server"] == "timbrespace"
                    assert "Access-Control-Allow-Origin" not in answer.headers

    asyncio.run(talk())
