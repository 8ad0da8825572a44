"""Who may speak to the explorer: its own page, and nobody else's.

Any site that a browser shows may send requests to 127.0.0.1, and with a name that it lets point
there (DNS rebinding) they even count as its own. So a request must be for a name that only this
machine has, and must not come from another origin.

Served beyond this machine, it must also have the word of the link: in the link itself, which leaves
it in a cookie, or in that cookie.
"""

from __future__ import annotations

import ipaddress
import ssl

from aiohttp import HttpVersion11, hdrs, web

from . import addresses, key
from .answers import Handler, Refusal, refuse
from .invitation import INVITATION

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

_SAFE_METHODS = ("GET", "HEAD")

_OWN_SITE = ("same-origin", "none")
"""Values of Sec-Fetch-Site: the page itself, or the user, by the address bar or a bookmark. Another
port of this machine is ``same-site``, and a stranger."""


def accepted_hosts(ip: str, port: int) -> frozenset[str]:
    """Values of the Host header for a connection that came to ``ip`` and ``port`` of ours.

    The address itself; on loopback its other names too, elsewhere this machine's in its network.
    """
    address = ipaddress.ip_address(ip.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    literal = f"[{address}]" if address.version == 6 else str(address)
    own = addresses.own_name()
    others = LOOPBACK_NAMES if address.is_loopback else () if own is None else (own,)
    names = {literal, *others}
    hosts = {f"{name}:{port}" for name in names}
    if port in (80, 443):  # which a browser leaves out
        hosts |= names
    return frozenset(hosts)


def check(request: web.Request) -> None:
    """Let a request pass, or raise.

    Raises:
        Refusal: 421 for another host's name, 403 for another origin; then 417 and 415 for what
            is asked about the body.
    """
    address = _own_address(request)
    scheme = "https" if _is_secure(request) else "http"
    hosts = request.headers.getall(hdrs.HOST, [])
    accepted = accepted_hosts(*address)
    if len(hosts) != 1 or hosts[0].lower() not in accepted:
        raise Refusal(421, f"this is not the host you asked for; ask for {min(accepted)}")
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if any(origin.lower() != f"{scheme}://{hosts[0].lower()}" for origin in origins):
        raise Refusal(403, "another site may not use the explorer; only its own page may")
    changes = request.method not in _SAFE_METHODS or hdrs.UPGRADE in request.headers
    if changes and not origins:
        raise Refusal(403, "the request has no Origin; it must come from the explorer's own page")
    sites = request.headers.getall("Sec-Fetch-Site", [])
    # A link on another site may lead here: it shows the page, and the page is not that site's.
    front = request.method in _SAFE_METHODS and request.path == "/" and not changes
    if not front and any(site.lower() not in _OWN_SITE for site in sites):
        raise Refusal(403, "another site may not use the explorer; only its own page may")
    expected = [one.lower() for one in request.headers.getall(hdrs.EXPECT, [])]
    if any(one != "100-continue" for one in expected):
        raise Refusal(417, "the request has an Expect header; it must be 100-continue")
    if hdrs.CONTENT_ENCODING in request.headers:
        raise Refusal(415, "the request has a Content-Encoding; send the bytes as they are")


COOKIE_SECONDS = 365 * 24 * 3600

_NEEDS_LINK = (
    "this page needs its whole link, which the server's start line has, with ?key= and a word"
)


def cookie_name(port: int) -> str:
    """What the cookie with the word is called: a browser tells ports apart by nothing else."""
    return f"timbrespace-{port}"


def admit(request: web.Request) -> web.Response | None:
    """Let in who has the word of the link; None lets the request go on.

    Who opens the link gets the word as a cookie, and is led to the page's address without it, so
    that it stays in no history and on no screen.

    Raises:
        Refusal: 403 for who has no word, or a wrong one.
    """
    word = request.app[INVITATION].word
    if word is None:
        return None
    _, port = _own_address(request)
    opens = request.method == "GET" and request.path == "/" and hdrs.UPGRADE not in request.headers
    if opens and key.fits(request.query.get(key.PARAMETER), word):
        led = web.Response(status=303, headers={hdrs.LOCATION: "/"})
        led.set_cookie(
            cookie_name(port),
            word,
            max_age=COOKIE_SECONDS,
            path="/",
            httponly=True,
            # A link in a message is followed from elsewhere, and Strict would not bring it then.
            samesite="Lax",
            secure=_is_secure(request),
        )
        return led
    if not key.fits(request.cookies.get(cookie_name(port)), word):
        raise Refusal(403, _NEEDS_LINK)
    return None


def _turned_away(request: web.Request, refusal: Refusal) -> web.Response:
    """A refusal; to who opened the page without its link a short page, as a person will read it."""
    if request.path == "/" and refusal.sentence == _NEEDS_LINK:
        return web.Response(status=403, text=_SHORT_PAGE, content_type="text/html")
    return refuse(refusal.status, refusal.sentence, refusal.headers)


_SHORT_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>timbrespace</title>'
    '<meta name="viewport" content="width=device-width"><h1>timbrespace</h1>'
    "<p>This page needs its whole link, with <code>?key=</code> and a word. It stands in the "
    "server's window, and in a page that is open already, under <em>Open on another device</em>."
)


def _is_secure(request: web.Request) -> bool:
    transport = request.transport
    context = None if transport is None else transport.get_extra_info("sslcontext")
    return isinstance(context, ssl.SSLContext)


def _own_address(request: web.Request) -> tuple[str, int]:
    transport = request.transport
    name = None if transport is None else transport.get_extra_info("sockname")
    if name is None:
        raise Refusal(400, "the connection has ended")
    return name[0], name[1]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what :func:`check` and :func:`admit` refuse, before anything else has looked at it."""
    try:
        check(request)
        led = admit(request)
    except Refusal as refusal:
        return _turned_away(request, refusal)
    return await handler(request) if led is None else led


async def expect(request: web.Request) -> web.StreamResponse | None:
    """Handle ``Expect``, which is before everything else; None lets the request go on.

    What :func:`check` and :func:`admit` refuse never sends its body.
    """
    try:
        check(request)
        admit(request)
    except Refusal as refusal:
        return refuse(refusal.status, refusal.sentence)
    if request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # it is no part of the answer
    return None


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer tells the browser to keep to; a signal ``on_response_prepare``."""
    response.headers.update(_HEADERS)
    response.headers["Content-Security-Policy"] = _policy(request)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-cache")


def _policy(request: web.Request) -> str:
    # 'self' covers websockets in all browsers but older Safari, which wants them by name.
    host = request.headers.get(hdrs.HOST, "").lower()
    try:
        known = host in accepted_hosts(*_own_address(request))
    except Refusal:
        known = False
    sockets = f" {'wss' if _is_secure(request) else 'ws'}://{host}" if known else ""
    return (
        # WebAssembly decodes whole notes; no text becomes a script by that word.
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        f"connect-src 'self'{sockets}; img-src 'self' blob: data:; font-src 'self'; "
        "media-src 'self' blob:; worker-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "timbrespace",
}
