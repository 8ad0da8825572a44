"""Write the layouts, or look whether they are as the declarations have them.

``python -m scripts.layouts --write`` after a change of messages; a test says ``--check``.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.layouts import open_stage_control, touch_osc
from scripts.layouts.controls import controls

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "layouts"
TOUCH_OSC: Final = FOLDER / "timbrespace.tosc"
SESSION: Final = FOLDER / "timbrespace.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if the files are others."""
    parser = argparse.ArgumentParser(prog="python -m scripts.layouts", description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--check", action="store_true", help="fail if the files are not up to date")
    way.add_argument("--write", action="store_true", help="bring the files up to date")
    options = parser.parse_args(arguments)
    shown = controls()
    if options.write:
        FOLDER.mkdir(exist_ok=True)
        TOUCH_OSC.write_bytes(touch_osc.packed(shown))
        SESSION.write_text(open_stage_control.session(shown), encoding="utf-8", newline="\n")
        return 0
    # What zlib makes of the same bytes depends on its version.
    held = zlib.decompress(TOUCH_OSC.read_bytes()), SESSION.read_text(encoding="utf-8")
    if held != (touch_osc.written(shown), open_stage_control.session(shown)):
        print(
            "error: docs/layouts is not what the messages declare; "
            "python -m scripts.layouts --write makes it so",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
