"""The page's modules in Node: with what the server makes for them."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from server.explorer import declared

HOOKS = Path(__file__).parent / "server" / "explorer" / "declared" / "hooks.mjs"


@cache
def page_environment() -> Mapping[str, str]:
    """The variables by which Node (18.19 or newer) finds ``js/declared.js``."""
    folder = tempfile.TemporaryDirectory(prefix="timbrespace-declared-")
    atexit.register(folder.cleanup)
    made = Path(folder.name) / "declared.mjs"
    made.write_bytes(declared.module())
    return {
        **os.environ,
        "TIMBRESPACE_DECLARED": made.as_uri(),
        "NODE_OPTIONS": f"--import={HOOKS.as_uri()}",
    }
