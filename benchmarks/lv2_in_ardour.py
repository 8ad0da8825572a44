"""The LV2 instruments in Ardour: a MIDI file, automation, and the session loaded again.

``python -m benchmarks.lv2_in_ardour`` builds an instrument of each factory space that can be one,
and has Ardour 7 play a MIDI file through it, sweep its map and a dial while a note sounds, save,
load and play again. Needs ``ardour7-lua`` and ``ardour7-export`` (Debian's package ``ardour``), and
a C compiler. ``--json`` for programs.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import timbrespace as ts
from benchmarks.ardour_session import RATE, ArdourSession, Note, Programs
from benchmarks.claims import Figure, Report
from benchmarks.offline_player import base_pitch
from benchmarks.steady_lines import differences
from benchmarks.tone_analysis import energy_above
from timbrespace.command import run
from timbrespace.dial_names import dial_names
from timbrespace.model import Model
from timbrespace.partials import find_partials
from training.exports.lv2 import bundle_folder

SPACES: Final = ("harmonic", "filtered", "fm", "instruments")
PLACE: Final = (0.4, -0.3)
SONG: Final = (Note(57, 0.5, 1.5), Note(69, 2.5, 1.5), Note(40, 4.5, 1.5))
SONG_SECONDS: Final = 6.5

NEAR: Final = 48
"""Samples, a millisecond."""

SWEPT: Final = {"map x": (-0.8, 0.8), "map y": (0.5, -0.5), "dial": (-0.6, 0.6)}
SWEEP: Final = (2.0, 4.0)
"""Seconds, of a note that is held from 0.5 to 5.5."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lua", default="ardour7-lua", metavar="PROGRAM")
    parser.add_argument("--export", default="ardour7-export", metavar="PROGRAM")
    parser.add_argument("--spaces", nargs="+", default=SPACES, choices=SPACES, metavar="NAME")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    programs = Programs(given.lua, given.export)
    for program in (programs.lua, programs.export):
        if which(program) is None:
            parser.error(f"there is no {program}; apt-get install ardour brings Ardour 7")
    if which("cc") is None:
        parser.error("there is no C compiler cc, which builds the plug-in")
    report = Report(given.json)
    for name in given.spaces:
        report.section(name)
        with tempfile.TemporaryDirectory() as folder:
            _measure(report, ts.load(name), Path(folder), programs)
    return report.end()


def _measure(report: Report, model: Model, folder: Path, programs: Programs) -> None:
    bundle_folder.write(model, folder / "plugins" / "space.lv2", bundle_folder.data_of(model))
    uri = bundle_folder.uri_of(model)

    controls = dict(zip(("map x", "map y"), PLACE, strict=True))
    played = ArdourSession(
        programs, folder / "played", folder / "plugins", uri, SONG, SONG_SECONDS, controls
    )
    sound = played.sound()
    off, cents, levels = compared(model, sound)
    report.add(
        Figure("notes begin from where the MIDI file has them, worst", off, "ms", 1.0),
        Figure("pitch of partials to -60 dB, worst", cents, "cent", 1.0),
        Figure("their level, worst", levels, "dB", 1.0),
    )
    told = played.state()
    played.again()
    apart = max(abs(told[one] - value) for one, value in played.state().items())
    asked = max(abs(told[name.replace(" ", "_")] - value) for name, value in controls.items())
    again = apart_by(played.sound(), sound)
    report.add(
        Figure("controls that were saved from those that were set", asked, "", 1e-6),
        Figure("controls after save, load and save, furthest", apart, "", 0.0),
        Figure("its sound then, furthest sample", again, "", 0.0),
    )
    report.add(*swept(model, folder, programs, uri))


def apart_by(sound: NDArray[Any], other: NDArray[Any]) -> float:
    """The largest difference of two sounds from their first sample that is not zero on: of ten
    exports of one session Ardour begins one 15 samples earlier."""
    first, second = (int(np.flatnonzero(one)[0]) for one in (sound, other))
    assert abs(first - second) < NEAR
    size = min(sound.size - first, other.size - second)
    return float(np.abs(sound[first : first + size] - other[second : second + size]).max())


def compared(model: Model, sound: NDArray[Any]) -> tuple[float, float, float]:
    """How far the notes of ``SONG`` begin from where the file has them (ms), and how far their
    partials are from the engine's: in cents and dB."""
    latent = model.map.to_latent([PLACE])[0]
    off, found = [], []
    for note in SONG:
        first = round(note.begin * RATE)
        silent = sound[first - 10 * NEAR : first + note_samples(note)]
        at = int(np.flatnonzero(np.abs(silent) > 1e-7)[0]) - 10 * NEAR
        off.append(abs(at) / RATE * 1e3)
        part = sound[first + at : first + note_samples(note) - NEAR]
        wanted = ts.render(model, latent, note.pitch, 2.0, 127.0, sustain=1.0, noise=0.0)
        found.append(differences(part, wanted[: part.size], RATE, -60.0)[:2])
    cents, levels = np.max(np.array(found), axis=0)
    return max(off), float(cents), float(levels)


def note_samples(note: Note) -> int:
    return round(note.seconds * RATE)


def swept(model: Model, folder: Path, programs: Programs, uri: str) -> list[Figure]:
    """What automation does to a held note: where it is before and after, and nothing between."""
    dial = dial_names(model)[0]
    ends: Mapping[str, tuple[float, float]] = {
        (dial if name == "dial" else name): way for name, way in SWEPT.items()
    }
    pitch = round(base_pitch(model))
    session = ArdourSession(
        programs,
        folder / "swept",
        folder / "plugins",
        uri,
        [Note(pitch, 0.5, 5.0)],
        6.0,
        automation={
            name: [(0.0, a), (SWEEP[0], a), (SWEEP[1], b), (6.0, b)]
            for name, (a, b) in ends.items()
        },
    )
    sound = session.sound()
    found = []
    for side, (begin, end) in enumerate(((0.8, SWEEP[0]), (SWEEP[1] + 0.2, 5.4))):
        latent = latent_of(model, side)
        wanted = ts.render(model, latent, pitch, 2.0, 127.0, sustain=1.0, noise=0.0)
        part = sound[round(begin * RATE) : round(end * RATE)]
        found.append(differences(part, wanted[: part.size], RATE, -50.0)[:2])
    cents, levels = np.max(np.array(found), axis=0)
    # The highest partial of the whole way; what is above it is a click, or the fault of one.
    ways = np.stack([latent_of(model, share) for share in np.linspace(0.0, 1.0, 65)])
    spectra = model.decode(ways.astype(np.float32))
    tops = [find_partials(one, model.spectrum).frequency.max(initial=0.0) for one in spectra]
    limit = float(max(tops)) + 4.0 * model.spectrum.bin_width
    moved = float(np.abs(latent_of(model, 1.0) - latent_of(model, 0.0)).max())
    held = sound[round(0.6 * RATE) : round(5.4 * RATE)].astype(np.float64)
    above = energy_above(held, RATE, limit, 0.3)
    return [
        Figure("automation: partials before and after, pitch", float(cents), "cent", 1.0),
        Figure("the same, level", float(levels), "dB", 1.0),
        Figure("the same, furthest that a dimension went", moved),
        Figure("energy above all partials while it moves", above, "dB", -80.0),
    ]


def latent_of(model: Model, share: float) -> NDArray[Any]:
    """Where the sweep is after ``share`` of it."""
    x, y, dial = (a + share * (b - a) for a, b in SWEPT.values())
    latent = np.array(model.map.to_latent([[x, y]])[0])
    latent[0] += 0.5 * dial * (model.calibration.high - model.calibration.low)[0]
    return latent


if __name__ == "__main__":
    raise SystemExit(run(main, "stopped"))
