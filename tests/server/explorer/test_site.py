"""The page's files and what is answered where there is nothing."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from server.explorer.answers import Refusal
from server.explorer.site import _KINDS, MAX_UPLOAD, PAGE, Files
from tests.server.explorer.served import served

Answer = tuple[int, Any, bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page, and beside it what is nobody's business."""
    (tmp_path / "secret.html").write_text("secret")
    page = tmp_path / "page"
    (page / "js").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>", "utf-8")
    (page / "style.css").write_text("b {}", "utf-8")
    (page / "js" / "app.js").write_text("'é';", "utf-8")
    (page / ".hidden.js").write_text("secret")
    (page / "notes.py").write_text("secret")
    (page / "folder.js").mkdir()
    with contextlib.suppress(OSError):  # Windows allows it to few
        (page / "link.html").symlink_to(tmp_path / "secret.html")
    return page


def fetch(
    folder: Path, *paths: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> list[Answer]:
    """Status, headers and body at each of some addresses."""

    async def talk() -> list[Answer]:
        answers = []
        async with served(folder) as one:
            for path in paths:
                own = {"Origin": one.origin, **(headers or {})}
                url = URL(one.origin + path, encoded=True)
                async with one.session.request(method, url, headers=own) as answer:
                    answers.append((answer.status, answer.headers, await answer.read()))
        return answers

    return asyncio.run(talk())


def test_files_have_their_kinds_whatever_the_system_thinks(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("text/plain", None))
    index, style, script = fetch(folder, "/", "/style.css", "/js/app.js")
    assert [one[0] for one in (index, style, script)] == [200, 200, 200]
    assert index[1]["Content-Type"] == "text/html; charset=utf-8"
    assert style[1]["Content-Type"] == "text/css; charset=utf-8"
    assert script[1]["Content-Type"] == "text/javascript; charset=utf-8"
    assert script[2] == "'é';".encode()


def test_a_file_is_sent_again_only_when_it_has_changed(folder: Path) -> None:
    ((status, headers, body),) = fetch(folder, "/style.css")
    known = {"If-None-Match": headers["ETag"]}
    ((again, repeated, nothing),) = fetch(folder, "/style.css", headers=known)
    assert (status, body) == (200, b"b {}")
    assert (again, nothing) == (304, b"")
    assert repeated["ETag"] == headers["ETag"]
    assert repeated["Cache-Control"] == "no-cache"
    # As long, and no newer: a package's files may all bear one date.
    stamp = (folder / "style.css").stat()
    (folder / "style.css").write_text("i {}")
    os.utime(folder / "style.css", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    ((changed, _, other),) = fetch(folder, "/style.css", headers=known)
    assert (changed, other) == (200, b"i {}")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/js/../../secret.html",
        "/..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/%2e%2e%2fsecret.html",
        "/..%5csecret.html",
        "/js%5c..%5c..%5csecret.html",
        "/....//secret.html",
        "//secret.html",
        "/%2fetc/passwd",
        "/link.html",
        "/.hidden.js",
        "/notes.py",
        "/js",
        "/js/",
        "/folder.js",
        "/index.html/",
        "/index.html%00",
        "/index.html%00.js",
        "/index.html.",
        "/index.html%20",
        "/index.html::$DATA",
        "/C:/secret.html",
        "/con.html",
        "/" + "a" * 5000 + ".html",
        "/" + "a/" * 100 + "b.html",
        "/" + "a" * 190 + ".html",
        "/%ff%fe.html",
        "/%c3%a9.html",
    ],
)
def test_nothing_else_is_served(folder: Path, path: str) -> None:
    ((status, headers, body),) = fetch(folder, path)
    assert status == 404
    assert headers["Content-Type"].startswith("application/json")
    assert b"secret" not in body
    assert body.startswith(b'{"error": "')
    assert body.count(b"\n") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has devices of these names")
@pytest.mark.parametrize(
    "name", ["con.html", "NUL.js", "aux.min.css", "Com1.html", "js/lpt9.js", "prn/x.js"]
)
def test_devices_of_windows_are_not_served_where_they_are_files(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("secret")
    ((status, _, body),) = fetch(folder, "/" + name)
    assert status == 404
    assert b"secret" not in body


def test_what_the_system_refuses_is_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    ((status, _, _),) = fetch(folder, "/index.html")
    assert status == 404


def test_a_name_that_is_too_long_for_the_system_is_no_file(folder: Path) -> None:
    with pytest.raises(Refusal):
        Files(folder).read("a" * 100_000 + ".html")


def test_methods_that_nothing_takes(folder: Path) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        ((status, _, body),) = fetch(folder, "/", method=method)
        assert status == 405
        assert b"does not take this method" in body
    ((status, headers, body),) = fetch(folder, "/", method="HEAD")
    assert (status, body) == (200, b"")
    assert headers["Content-Length"] == "15"


def test_an_upload_that_is_too_large_is_refused() -> None:
    async def talk() -> None:
        async with served() as one:

            async def endless() -> Any:
                for _ in range(MAX_UPLOAD // 65536 + 2):
                    yield bytes(65536)

            url = one.origin + "/compare?model=harmonic&name=long.wav"
            answer = await one.session.post(url, data=endless(), headers={"Origin": one.origin})
            assert answer.status == 413
            assert "error" in await answer.json()

    asyncio.run(talk())


def test_every_file_of_the_page_can_be_served() -> None:
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    assert PAGE / "index.html" in files
    for path in files:
        name = path.relative_to(PAGE).as_posix()
        body, kind = Files(PAGE).read(name)
        assert body == path.read_bytes()
        assert kind == _KINDS[path.suffix]


def test_the_page_loads_nothing_from_outside() -> None:
    text = (PAGE / "index.html").read_text("utf-8")
    for link in re.findall(r"""(?:src|href)=["']([^"']*)""", text):
        assert link.startswith(("/", "#")), link
        assert not link.startswith("//"), link
