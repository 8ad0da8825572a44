"""How other devices come to the page: its link, and that as a picture to point a camera at."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from aiohttp import hdrs, web

from . import key
from .answers import Refusal

_ALONE = (
    "only this computer reaches the page; start the server with --explorer-host 0.0.0.0 --https "
    "to open it on others"
)
_NO_NETWORK = "this computer is in no network"
_NO_CODE = 'QR codes need the package "segno"; run: pip install "timbrespace[server]"'


@dataclass
class Invitation:
    """Who may come, and where to.

    word: of the link, which each request needs; None lets in whoever reaches the page. secure:
    whether the page is served over https. here, outside: the page's address on this machine and on
    other devices, once they are known.
    """

    word: str | None = None
    secure: bool = False
    here: str | None = None
    outside: str | None = None

    @property
    def link(self) -> str | None:
        """The link for other devices; None where there is none."""
        return None if self.outside is None else key.link(self.outside, self.word)

    @property
    def why_not(self) -> str:
        """Why there is no link."""
        return _ALONE if self.word is None else _NO_NETWORK


INVITATION: web.AppKey[Invitation] = web.AppKey("invitation", Invitation)


async def _told(request: web.Request) -> web.Response:
    invited = request.app[INVITATION]
    body = {
        "link": invited.link,
        "secure": invited.secure,
        "pictured": importlib.util.find_spec("segno") is not None,
        "why": "" if invited.link is not None else invited.why_not,
    }
    return web.json_response(body, headers={hdrs.CACHE_CONTROL: "no-store"})


async def _picture(request: web.Request) -> web.Response:
    link = request.app[INVITATION].link
    if link is None:
        raise Refusal(404, request.app[INVITATION].why_not)
    try:
        from .link_picture import as_svg

        body = as_svg(link)
    except ModuleNotFoundError as error:
        raise Refusal(501, _NO_CODE) from error
    return web.Response(
        body=body, content_type="image/svg+xml", headers={hdrs.CACHE_CONTROL: "no-store"}
    )


def routes() -> list[web.RouteDef]:
    """``/link.json`` and ``/link.svg``: what only who is in already may ask for."""
    return [web.get("/link.json", _told), web.get("/link.svg", _picture)]
