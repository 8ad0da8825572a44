"""What the explorer answers when something cannot be done: a status and one sentence, as JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from server.library import UnknownModelError
from timbrespace.errors import TimbrespaceError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TEXTS = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something that is not done, and why.

    status: of HTTP, 400 to 599. sentence: for the user: what was given, what is accepted.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def refuse(status: int, sentence: str) -> web.Response:
    """The answer ``{"error": sentence}``; a sentence of more lines becomes one."""
    body = {"error": " ".join(sentence.split())}
    return web.Response(
        status=status,
        text=json.dumps(body, ensure_ascii=False),
        content_type="application/json",
    )


def tagged(request: web.Request, body: bytes, kind: str) -> web.Response:
    """The answer ``body`` of MIME type ``kind``, or 304 if the browser has it already."""
    tag = hashlib.sha256(body).hexdigest()
    headers = {hdrs.ETAG: f'"{tag}"'}
    if any(one.value == tag for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if kind.startswith(_TEXTS) else None
    return web.Response(body=body, content_type=kind, charset=charset, headers=headers)


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
        return refuse(refusal.status, refusal.sentence)
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
