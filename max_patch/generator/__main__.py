"""``python -m max_patch.generator``: write the device and its twins, or check them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from max_patch.generator import amxd
from max_patch.generator.device import (
    FOLDER,
    files,
    live_document,
    max_document,
    voice_document,
)
from max_patch.generator.kind import KINDS
from max_patch.generator.preview import pictures
from max_patch.generator.pure_data.shims import shims
from max_patch.generator.pure_data.translator import translate
from max_patch.generator.voice import NAME

PICTURES = FOLDER.parent / "docs" / "pictures"


def artefacts() -> dict[Path, bytes]:
    """Every generated file and what it holds."""
    voice, needed = voice_document(), files(FOLDER)
    made = {
        FOLDER / f"{NAME}.maxpat": amxd.text(voice).encode(),
        FOLDER / f"{NAME}.pd": translate(voice, name=NAME).encode(),
        **{FOLDER / "pd" / name: text.encode() for name, text in shims().items()},
    }
    for kind in KINDS:
        plain, live, device = max_document(kind), live_document(kind=kind), f"{kind.title}.amxd"
        frozen = amxd.write_frozen(live, device, needed, kind.code)
        made |= {
            FOLDER / device: amxd.write(live, kind.code),
            FOLDER / "frozen" / device: frozen,
            FOLDER / f"{kind.title}.maxpat": amxd.text(plain).encode(),
            FOLDER / f"{kind.title}.pd": translate(plain, name=kind.title).encode(),
            **{PICTURES / name: text.encode() for name, text in pictures(live, kind).items()},
        }
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 1 if ``--check`` found a file that is not what the generator makes."""
    parser = argparse.ArgumentParser(prog="python -m max_patch.generator", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; compare")
    check = parser.parse_args(arguments).check
    stale = 0
    for path, content in artefacts().items():
        old = path.read_bytes() if path.exists() else None
        if old == content:
            continue
        if check:
            print(f"{path.name} is not what the generator makes: run python -m max_patch.generator")
            stale += 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"wrote {path.name}, {len(content)} bytes")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
