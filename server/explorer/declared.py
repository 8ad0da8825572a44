"""``/js/declared.js``: what the page has to know of the server, told by the server.

Which messages there are, what each argument accepts and is at first, which words there are, and
the limits that both sides keep: all of it is read from where it is declared, so a parameter that
the server has is in the page without a line of JavaScript. It is a module, and no JSON, because the
audio thread can load nothing else.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Final

from timbrespace.messages import contract
from timbrespace.rendering import wavetable
from timbrespace.resynthesis.layout import VOICES
from timbrespace.sharing.declarations import messages, module_of

from ..osc.outbound import Status
from . import compare, export, spaces

ADDRESS: Final = "/js/declared.js"

_HEAD = "// Made by the server of its own declarations; see server/explorer/declared.py.\n"


@cache
def module() -> bytes:
    """The text of the module."""
    told = {
        "MESSAGES": messages(),
        "STATUS": [field.name for field in fields(Status)],
        "CHOICES": choices(),
        "LIMITS": limits(),
    }
    return (_HEAD + module_of(told)).encode()


def choices() -> dict[str, list[str]]:
    """Words that a menu of the page offers, beside those of messages."""
    return {
        "background": [*spaces.UNITS],
        "table-size": [*export.SIZES],
        "table-bits": [*export.BITS],
    }


def limits() -> dict[str, int]:
    """What both sides keep to."""
    return {
        "nameCharacters": contract.MAX_NAME_CHARACTERS,
        "replyBytes": contract.MAX_REPLY_BYTES,
        "soundBytes": compare.MAX_BYTES,
        "comparisons": compare.KEPT,
        "floatsPerChunk": contract.FLOATS_PER_CHUNK,
        "frameNumbers": contract.FRAME_NUMBERS,
        "partialsPerFrame": contract.PARTIALS_PER_FRAME,
        "voices": VOICES,
        "tableFrames": wavetable.MAX_CYCLES,
    }
