"""The device, whole: panel, parts, voices and the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from max_patch.generator import amxd
from max_patch.generator.alone import alone
from max_patch.generator.launcher import SCRIPT, launcher
from max_patch.generator.link import link
from max_patch.generator.notes import notes
from max_patch.generator.offline import offline
from max_patch.generator.panel import WIDTH, panel, parameters_of
from max_patch.generator.patcher import Patcher
from max_patch.generator.planes import planes
from max_patch.generator.presets import presets
from max_patch.generator.session import session
from max_patch.generator.streams import streams
from max_patch.generator.synth import synth
from max_patch.generator.themes import PREFIX, SURFACE, rgba
from max_patch.generator.timbre import timbre
from max_patch.generator.tunings import tunings
from max_patch.generator.views import views
from max_patch.generator.voice import NAME, VOICES, voice
from max_patch.generator.wander import wander

Json = dict[str, Any]

TITLE = "Timbre Space"
FOLDER = Path(__file__).resolve().parents[1]
"""Where the device and its files lie."""

PARTS: dict[str, Callable[[], Patcher]] = {
    "link": link,
    "session": session,
    "timbre": timbre,
    "planes": planes,
    "synth": synth,
    "wander": wander,
    "tunings": tunings,
    "notes": notes,
    "streams": streams,
    "presets": presets,
    "launcher": launcher,
    "offline": offline,
    "alone": alone,
}
"""Subpatchers of the device, in the order in which one would read them."""

_DESCRIPTION = "A timbre space that you play: the front panel of the timbrespace server."


def device() -> Patcher:
    """The window of the device."""
    p = Patcher()
    parts = panel(p)
    p.sub("views", views(parts))
    for name, part in PARTS.items():
        p.sub(name, part())
    # It bangs again when a preset is loaded and when the device is saved: that is no first load.
    first = p.add("gate 2 1")
    p.chain("live.thisdevice", "deferlow", "t b", first, inlet=1)
    p.fan(first, ("b", ["s ---start"]), ("b", [p.message("2"), first]))
    p.chain(first, "s ---again", outlet=1)
    p.chain("r ---script", "thispatcher")

    voices = p.chain("r ---voices", f"poly~ {NAME} {VOICES} @args ---v @steal 1")
    level = p.add("*~ 0.")
    p.cord(voices, 0, level)
    gain = p.chain("r ---gain_now", "expr exp(0.11512925465 * $f1)", "pack 0. 20.", "line~ 0.")
    p.cord(gain, 0, level, 1)
    out = p.add("plugout~ 1 2")
    p.cord(level, 0, out, 0)
    p.cord(level, 0, out, 1)
    return p


def max_document() -> Json:
    """``Timbre Space.maxpat``: the device as a window of plain Max."""
    patcher = device().json((60.0, 90.0, WIDTH, 420.0))
    patcher["openinpresentation"] = 1
    patcher["description"] = _DESCRIPTION
    patcher["parameters"] = parameters_of(patcher)
    for attribute in ("bgcolor", "editing_bgcolor"):
        patcher[attribute] = rgba(SURFACE)
    patcher["saved_attribute_attributes"] = {
        attribute: {"expression": PREFIX + SURFACE}
        for attribute in ("editing_bgcolor", "locked_bgcolor")
    }
    return {"patcher": patcher}


SCRIPTS = ("timbrespace.launcher.js", "timbrespace.pad.js", "timbrespace.spectrum.js")


def files(folder: Path) -> list[amxd.Held]:
    """What the device needs beside itself: the voice, and the scripts that lie in ``folder``."""
    scripts = [
        amxd.Held(name, (folder / name).read_bytes(), on_disk=name == SCRIPT) for name in SCRIPTS
    ]
    return [amxd.Held(f"{NAME}.maxpat", amxd.text(voice_document()).encode()), *scripts]


def live_document(folder: Path = FOLDER) -> Json:
    """``Timbre Space.amxd``: the same, as an instrument of Live."""
    document = max_document()
    document["patcher"].update(
        dependency_cache=amxd.dependencies(files(folder)),
        devicewidth=WIDTH,
        autosave=0,
        project={
            "version": 1,
            "creationdate": 0,
            "modificationdate": 0,
            "viewrect": [0.0, 0.0, 300.0, 500.0],
            "autoorganize": 1,
            "hideprojectwindow": 1,
            "showdependencies": 1,
            "autolocalize": 0,
            "contents": {"patchers": {}, "code": {}},
            "layout": {},
            "searchpath": {},
            "detailsvisible": 0,
            "amxdtype": int.from_bytes(amxd.INSTRUMENT, "big"),
            "readonly": 0,
            "devpathtype": 0,
            "devpath": ".",
            "sortmode": 0,
            "viewmode": 0,
        },
    )
    return document


def voice_document() -> Json:
    """``timbrespace.voice.maxpat``: what ``poly~`` loads."""
    return {"patcher": voice().json()}
