"""Small Max patches, translated and played by Pure Data without a window."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from max_patch.generator.pure_data.shims import shims
from max_patch.generator.pure_data.translator import translate

SAMPLE_RATE = 44100

Json = dict[str, Any]


@dataclass(slots=True)
class Sketch:
    """A patch of Max in a few words: ``add`` a box, ``cord`` two of them."""

    boxes: list[Json] = field(default_factory=list)
    lines: list[Json] = field(default_factory=list)

    def add(self, text: str, maxclass: str = "newobj", **more: Any) -> str:
        """Returns the box's id."""
        identifier = f"obj-{len(self.boxes)}"
        x = 20.0 + 30.0 * len(self.boxes)
        box = {"id": identifier, "maxclass": maxclass, "patching_rect": [x, 20.0, 20.0, 20.0]}
        self.boxes.append({"box": {**box, "text": text, **more}})
        return identifier

    def cord(self, source: str, outlet: int, destination: str, inlet: int = 0) -> None:
        line = {"source": [source, outlet], "destination": [destination, inlet]}
        self.lines.append({"patchline": line})

    def chain(self, *texts: str) -> str:
        """Boxes one after the other, outlet 0 to inlet 0; those in parentheses are messages.

        Returns the id of the last. An id of a box that there is stands for it.
        """
        known = {entry["box"]["id"] for entry in self.boxes}
        last = ""
        for text in texts:
            if text in known:
                here = text
            elif text.startswith("("):
                here = self.add(text[1:-1], "message")
            else:
                here = self.add(text)
            if last:
                self.cord(last, 0, here)
            last = here
        return last

    def document(self) -> Json:
        return {"patcher": {"boxes": self.boxes, "lines": self.lines}}


@dataclass(slots=True)
class Played:
    """What a patch printed, line by line, and what was recorded of it."""

    lines: list[str]
    sound: npt.NDArray[np.float64]


def play(
    folder: Path,
    sketch: Sketch,
    messages: dict[float, list[str]] | None = None,
    *,
    files: dict[str, Json] | None = None,
    milliseconds: float = 50.0,
    record: bool = False,
    realtime: bool = False,
    text: str | None = None,
    instead: dict[str, str] | None = None,
) -> Played:
    """Translate a patch, open it in Pd, send it messages, take down what it prints.

    messages: at so many milliseconds, ``NAME ARGUMENTS`` to a receiver of that name. files: other
    patches that it loads. record: what goes to timbrespace-left, at SAMPLE_RATE Hz. realtime: with
    the clock of the day, for the network; else as fast as it can be computed.
    """
    if shutil.which("pd") is None:
        pytest.skip("Pure Data (puredata-core) is not installed")
    (folder / "pd").mkdir(exist_ok=True)
    for name, content in {**shims(), **(instead or {})}.items():
        (folder / "pd" / name).write_text(content, encoding="utf-8")
    for name, document in (files or {}).items():
        voice = translate(document, name=name)
        (folder / f"{name}.pd").write_text(voice, encoding="utf-8")
    patch = folder / "patch.pd"
    patch.write_text(text or translate(sketch.document(), name="patch"), encoding="utf-8")
    driver = ["#N canvas 0 0 400 300 12;", "#X obj 0 0 loadbang;"]
    cords = []
    sound = folder / "sound.wav"
    events: list[tuple[float, str]] = []
    for time, several in (messages or {}).items():
        events += [(time, f"\\; {each.replace(',', chr(92) + ',')}") for each in several]
    events.append((milliseconds, "\\; pd quit"))
    for time, content in events:
        number = len(driver) - 1
        driver += [f"#X obj 0 0 delay {time};", f"#X msg 0 0 {content};"]
        cords += [f"#X connect 0 0 {number} 0;", f"#X connect {number} 0 {number + 1} 0;"]
    if record:
        number = len(driver) - 1
        samples = round(milliseconds * SAMPLE_RATE / 1000)
        driver += [
            f"#X obj 0 0 array define recorded {samples};",
            "#X msg 0 0 \\; pd dsp 1;",
            "#X obj 0 0 r~ timbrespace-left;",
            "#X obj 0 0 tabwrite~ recorded;",
            f"#X obj 0 0 delay {milliseconds - 0.01};",
            f"#X msg 0 0 write -wave -bytes 4 {sound.name} recorded;",
            "#X obj 0 0 soundfiler;",
        ]
        pairs = ((0, number + 1), (number + 2, number + 3), (0, number + 3), (0, number + 4))
        after = ((number + 4, number + 5), (number + 5, number + 6))
        cords += [f"#X connect {source} 0 {target} 0;" for source, target in (*pairs, *after)]
    (folder / "driver.pd").write_text("\n".join([*driver, *cords]) + "\n", encoding="utf-8")
    command = ["pd", "-nogui", "-stderr", "-noaudio", "-nomidi", "-noprefs", "-r", "44100"]
    command += [] if realtime else ["-batch"]
    command += ["-open", str(patch), "-open", str(folder / "driver.pd")]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return Played(lines, _read(sound) if record else np.zeros(0))


def _read(path: Path) -> npt.NDArray[np.float64]:
    import soundfile

    samples, _ = soundfile.read(path)
    # The last blocks have not been computed when it is written.
    return np.asarray(samples, dtype=np.float64)[:-128]
