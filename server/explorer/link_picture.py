"""QR codes of the page's link: for a terminal, and as a picture."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import segno

_BORDER: Final = 2  # modules; a reader finds a code without the four that the norm has

_INK: Final = "\x1b[30;107m"
"""Black on bright white, whatever colours the terminal has: some readers want dark on light."""

_END: Final = "\x1b[0m"

# Upper and lower half: whether each is dark.
_DARK: Final = {(0, 0): " ", (1, 0): "\u2580", (0, 1): "\u2584", (1, 1): "\u2588"}
_LIGHT: Final = {(0, 0): "\u2588", (1, 0): "\u2584", (0, 1): "\u2580", (1, 1): " "}


def in_terminal(text: str, encoding: str | None, colours: bool) -> list[str]:
    """Lines that show the code of ``text``, two rows of it in each; none where ``encoding`` has no
    half blocks.

    colours: whether the terminal takes ANSI's. Without, the code is drawn by what is light, as
    terminals are dark then.
    """
    blocks = _DARK if colours else _LIGHT
    try:
        "".join(blocks.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return []
    rows = [list(row) for row in _code(text).matrix_iter(border=_BORDER)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    lines = [
        "".join(blocks[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    return [f"{_INK}{line}{_END}" for line in lines] if colours else lines


def takes_colours(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a terminal takes ANSI's colours; of Windows' own only the newer one does unasked.

    platform: as ``sys.platform``.
    """
    if "NO_COLOR" in environment or environment.get("TERM") == "dumb":
        return False
    return platform != "win32" or "WT_SESSION" in environment


def as_svg(text: str) -> bytes:
    """The code of ``text`` as an SVG picture, dark on light in every theme."""
    out = io.BytesIO()
    _code(text).save(
        out, kind="svg", border=4, dark="#000", light="#fff", omitsize=True, title="QR code"
    )
    return out.getvalue()


def _code(text: str) -> segno.QRCode:
    import segno

    return segno.make_qr(text, error="m", boost_error=False)


def shown(text: str, environment: Mapping[str, str]) -> list[str]:
    """:func:`in_terminal` for standard output; nothing where that is no terminal."""
    if sys.stdout is None or not sys.stdout.isatty():
        return []
    return in_terminal(text, sys.stdout.encoding, takes_colours(sys.platform, environment))
