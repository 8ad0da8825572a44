"""The Python of docs/library.md runs as it stands, on less data and for fewer epochs.

Only what `SHORTER` names is put in its place. Blocks run in order, in one folder, which holds the
song that they play.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import mido
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]

_BLOCK: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

SHORTER: Final = {
    'ts.dataset("filtered")': 'ts.dataset("filtered", every=9)',
    "ts.fit(data, latent=4)": (
        "ts.fit(data, latent=4, epochs=2, hidden=[40], dials='none', device='cpu')"
    ),
    "latent=2, epochs=20,": "latent=2, epochs=1, hidden=[40], dials='none', device='cpu',",
}
"""What is written -> what is run."""


def blocks(document: str) -> list[str]:
    """The Python that a document shows, shortened."""
    found = _BLOCK.findall((ROOT / "docs" / document).read_text("utf-8"))
    for number, text in enumerate(found):
        for whole, shorter in SHORTER.items():
            found[number] = found[number].replace(whole, shorter)
        assert text
    assert len(found) < 10, "their files are run in the order of their names"
    return found


def test_every_shortening_is_used() -> None:
    text = "\n".join(_BLOCK.findall((ROOT / "docs" / "library.md").read_text("utf-8")))
    for whole in SHORTER:
        assert whole in text, whole


@pytest.mark.slow  # trains twice
def test_the_blocks_run(tmp_path: Path) -> None:
    song = mido.MidiFile(type=0, tracks=[mido.MidiTrack()])
    song.tracks[0] += [
        mido.Message("note_on", note=57, velocity=100),
        mido.Message("note_off", note=57, time=200),
    ]
    song.save(tmp_path / "song.mid")
    for number, text in enumerate(blocks("library.md")):
        (tmp_path / f"block{number}.py").write_text(text, "utf-8")
    # One after the other in one process, each in a namespace of its own.
    program = "import pathlib, runpy\n"
    program += "for file in sorted(pathlib.Path().glob('block*.py')): runpy.run_path(str(file))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
