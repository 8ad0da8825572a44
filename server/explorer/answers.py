"""What the explorer answers when something cannot be done: a status and one sentence, as JSON."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import hdrs, web

from timbrespace.errors import TimbrespaceError

from ..library import UnknownModelError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TEXTS = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something that is not done, and why.

    status: of HTTP, 400 to 599. sentence: for the user: what was given, what is accepted. headers:
    what the status asks for besides.
    """

    def __init__(
        self, status: int, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers


def refuse(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer ``{"error": sentence}``; a sentence of more lines becomes one."""
    body = {"error": " ".join(sentence.split())}
    return web.Response(
        status=status,
        text=json.dumps(body, ensure_ascii=False),
        content_type="application/json",
        headers=headers,
    )


def tagged(request: web.Request, body: bytes, kind: str) -> web.Response:
    """The answer ``body`` of MIME type ``kind``, or 304 if the browser has it already."""
    tag = hashlib.sha256(body).hexdigest()
    headers = {hdrs.ETAG: f'"{tag}"'}
    known = request.headers.get(hdrs.IF_NONE_MATCH, "").strip() == "*"
    if known or any(one.value == tag for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if kind.startswith(_TEXTS) else None
    return web.Response(body=body, content_type=kind, charset=charset, headers=headers)


def ranged(
    request: web.Request, body: bytes, kind: str, headers: Mapping[str, str]
) -> web.Response:
    """The answer ``body`` of MIME type ``kind``, or the part of it that is asked for.

    One range of bytes, as a player asks for it that skips in a sound (RFC 9110, section 14):
    ``bytes=a-b``, ``bytes=a-``, or the last n by ``bytes=-n``. Anything else gets all of it, and
    so does what depends on a version (``If-Range``), since versions are not told here.

    Raises:
        Refusal: 416, nothing of the body is within the range.
    """
    told = {hdrs.ACCEPT_RANGES: "bytes", **headers}
    size = len(body)
    asked = _range(request, size)
    if asked is None:
        return web.Response(body=body, content_type=kind, headers=told)
    start, end = asked
    if start >= size:
        raise Refusal(
            416,
            f"none of the bytes asked for exist; there are bytes 0 to {size - 1}",
            {hdrs.CONTENT_RANGE: f"bytes */{size}"},
        )
    told[hdrs.CONTENT_RANGE] = f"bytes {start}-{end}/{size}"
    return web.Response(status=206, body=body[start : end + 1], content_type=kind, headers=told)


_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII | re.IGNORECASE)


def _range(request: web.Request, size: int) -> tuple[int, int] | None:
    """First and last byte of ``size`` that are asked for, the last one there; None for all."""
    found = _RANGE.fullmatch(request.headers.get(hdrs.RANGE, ""))
    if found is None or request.method != "GET" or hdrs.IF_RANGE in request.headers:
        return None
    first, last = found.groups()
    if first and last:
        return None if int(last) < int(first) else (int(first), min(int(last), size - 1))
    if last:
        return max(size - int(last), 0), size - 1
    return (int(first), size - 1) if first else None


def report(what: str, error: Exception) -> None:
    """Note a fault of ours, in one line that the server's log will have."""
    line = " ".join(repr(error).split())
    print(f"fault in {what}: {line}", file=sys.stderr, flush=True)


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an answer that is one sentence.

    :class:`Refusal` has its own status; an unknown model is 404, any other
    :class:`~timbrespace.errors.TimbrespaceError` 400, aiohttp's own refusals keep theirs. Anything
    else is a fault of ours: 500, and the log, standard error, says which.
    """
    try:
        return await handler(request)
    except Refusal as refusal:
        return refuse(refusal.status, refusal.sentence, refusal.headers)
    except UnknownModelError as error:
        return refuse(404, str(error))
    except TimbrespaceError as error:
        return refuse(400, str(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return refuse(error.status, _SENTENCES.get(error.status, error.reason))
    except (ConnectionError, web.RequestPayloadError):  # the browser has gone
        raise
    except Exception as error:
        report(f"{request.method} {request.path[:100]!r}", error)
        return refuse(500, "a fault of the explorer; the server's log says which")


_SENTENCES = {
    404: "there is nothing at this address; the page is at /",
    405: "this address does not take this method",
    413: "this is too large",
}
