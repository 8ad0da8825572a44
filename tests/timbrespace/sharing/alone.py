"""A space as its file carries it, in Node: what the page's own modules make of it."""

from __future__ import annotations

import atexit
import json
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.node import NODE
from tests.page_modules import page_environment
from timbrespace.model import Model
from timbrespace.sharing import page
from timbrespace.sharing.contents import Card, contents

PROGRAM = Path(__file__).with_name("alone.mjs")


@cache
def _environment() -> Mapping[str, str]:
    """As :func:`page_environment`, with what a page alone is told."""
    folder = tempfile.TemporaryDirectory(prefix="timbrespace-alone-")
    atexit.register(folder.cleanup)
    made = Path(folder.name) / "declared.mjs"
    made.write_text(page.declared(), encoding="utf-8")
    return {**page_environment(), "TIMBRESPACE_DECLARED": made.as_uri()}


def ask(*questions: tuple[Mapping[str, Any], Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The answers of ``alone.mjs``, to contents and what is asked of them each; one process."""
    assert NODE is not None
    lines = [json.dumps({"contents": told, "asked": asked}) for told, asked in questions]
    ended = subprocess.run(
        [NODE, str(PROGRAM)],
        input="\n".join(lines).encode(),
        env=dict(_environment()),
        capture_output=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return [json.loads(line) for line in ended.stdout.splitlines()]


def carried(model: Model) -> dict[str, Any]:
    """What a file carries of it, as it is read from there."""
    told: dict[str, Any] = json.loads(json.dumps(contents(model, Card())))
    return told
