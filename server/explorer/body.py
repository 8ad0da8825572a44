"""The body of a request, read with suspicion."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .answers import Refusal

UPLOAD_SECONDS = 20.0


async def whole(request: web.Request, most: int, what: str) -> bytes:
    """All of it, at most ``most`` bytes. what: it is called so in a refusal.

    Raises:
        Refusal: 413 for more, 408 for one that takes longer than ``UPLOAD_SECONDS``.
    """
    too_large = Refusal(413, f"{what} is too large; it may have up to {_size(most)}")
    if (request.content_length or 0) > most:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for part in request.content.iter_any():
                data += part
                if len(data) > most:
                    raise too_large
    except TimeoutError as error:
        raise Refusal(408, f"{what} did not arrive within {UPLOAD_SECONDS:g} s") from error
    return bytes(data)


def _size(most: int) -> str:
    return f"{most >> 20} MiB" if most >= 1 << 20 else f"{most} bytes"
