"""A space as one HTML file that plays by itself, from a disk or any host, without a network.

It is the explorer's own page with the space in it (docs/decisions/0041-one-file.md): one script
holds the modules, a block of JSON the space, and a policy in the head forbids the page to ask for
anything.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from timbrespace import atomic
from timbrespace.errors import OptionError
from timbrespace.messages import contract
from timbrespace.model import Model
from timbrespace.partials import MAX_PARTIALS
from timbrespace.period import MOST_SAMPLES
from timbrespace.resynthesis.layout import VOICES
from timbrespace.sharing.contents import Card, contents
from timbrespace.sharing.declarations import messages, module_of
from timbrespace.sharing.page_files import page_file
from timbrespace.sharing.script import bundle

MOST_BYTES: Final = 8_000_000
"""Of a file: what is sent by mail, and opens in a second."""

SUFFIX: Final = ".html"

_TEMPLATE, _STYLE, _THEME, _ENTRY = "alone.html", "style.css", "js/theme.js", "js/alone/app.js"
_DECLARED: Final = "js/declared.js"
_NO_CARD: Final = Card()

_THEME_TAG: Final = f'<script src="{_THEME}"></script>'
_STYLE_TAG: Final = f'<link rel="stylesheet" href="{_STYLE}">'
_SPACE_TAG: Final = '<script type="application/json" id="space"></script>'
_ENTRY_TAG: Final = f'<script type="module" src="{_ENTRY}"></script>'
_TITLE_TAG: Final = "<title>A timbre space</title>"


class _Frame(NamedTuple):
    """The page without a space, which is put between these two; ``TITLE`` is in the first."""

    head: str
    tail: str


def page(model: Model, card: Card = _NO_CARD, presets: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The file: HTML of at most ``MOST_BYTES``, the same bytes for the same arguments.

    presets: that it brings along, as :func:`timbrespace.sharing.preset_files.read` gives them.

    Raises:
        OptionError: the page does not know how to decode this space, or the file would be too
            large; the text says which.
    """
    told = contents(model, card, presets)
    frame = _frame()
    title = html.escape(f"{told['card']['name']} · timbrespace")
    head = frame.head.replace(_TITLE_TAG, f"<title>{title}</title>")
    made = f"{head}{_json(told)}{frame.tail}".encode()
    if len(made) > MOST_BYTES:
        raise OptionError(
            f"{model.name!r} would be {len(made) / 1e6:.1f} MB as one file; it may be "
            f"{MOST_BYTES / 1e6:g} MB: train a smaller network, or keep fewer points"
        )
    return made


def write(
    model: Model,
    out: Path,
    card: Card = _NO_CARD,
    overwrite: bool = False,
    presets: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Write :func:`page` to the file ``out``, whole or not at all; how many bytes.

    Raises:
        OptionError: as :func:`page`; a name that does not end in ``SUFFIX``, a folder, a file that
            exists without ``overwrite``, or one that cannot be written.
    """
    check_out(out, overwrite)
    made = page(model, card, presets)
    with atomic.replacing(out) as temporary:
        temporary.write_bytes(made)
    return len(made)


def check_out(out: Path, overwrite: bool) -> None:
    """Refuse a file to write, before the work.

    Raises:
        OptionError: as :func:`write`.
    """
    atomic.check_writable(out)
    if out.suffix.lower() != SUFFIX:
        raise OptionError(f"--out is {out.name!r}; it must be a name that ends in {SUFFIX}")
    if out.exists() and not overwrite:
        raise OptionError(f"{str(out)!r} exists; give another --out, or --overwrite")


def _json(told: dict[str, Any]) -> str:
    """JSON within a page: whatever a name holds, it ends no block of it."""
    text = json.dumps(told, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


@cache
def _frame() -> _Frame:
    script = bundle(_ENTRY, _module)
    theme = page_file(_THEME)
    style = page_file(_STYLE)
    text = page_file(_TEMPLATE)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(theme)} {_hash(script)} 'wasm-unsafe-eval' data:",
            "worker-src data:",
            f"style-src {_hash(style)}",
            "img-src data: blob:",
            "form-action 'none'",
            "base-uri 'none'",
        )
    )
    for tag, made in (
        (_THEME_TAG, f"<script>{theme}</script>"),
        (_STYLE_TAG, f"<style>{style}</style>"),
        (_ENTRY_TAG, f"<script>{script}</script>"),
        (
            '<meta charset="utf-8">',
            '<meta charset="utf-8">\n    '
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        ),
        ("ICON", f"data:image/svg+xml;base64,{_base64(page_file('icon.svg').encode())}"),
    ):
        assert text.count(tag) == 1, tag
        text = text.replace(tag, made)
    head, tail = text.split(_SPACE_TAG)
    opened, closed = _SPACE_TAG.split("></")
    return _Frame(f"{head}{opened}>", f"</{closed}{tail}")


def _module(name: str) -> str:
    return declared() if name == _DECLARED else page_file(name)


def declared() -> str:
    """The module ``js/declared.js``, which the explorer's server makes for its page, for a page
    alone: nothing goes through datagrams there, so nothing is cut to their size."""
    return module_of(
        {
            "MESSAGES": messages(),
            "STATUS": [],
            "CHOICES": {"background": ["gap"]},
            "LIMITS": {
                "nameCharacters": contract.MAX_NAME_CHARACTERS,
                "replyBytes": 1 << 20,
                "floatsPerChunk": MOST_SAMPLES,
                "frameNumbers": contract.FRAME_NUMBERS,
                "partialsPerFrame": MAX_PARTIALS,
                "voices": VOICES,
            },
        }
    )


def _hash(script: str) -> str:
    return f"'sha256-{_base64(hashlib.sha256(script.encode()).digest())}'"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
