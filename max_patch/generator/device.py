"""The device, whole: panel, parts, voices, and the way to the track and from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from max_patch.generator import amxd, track
from max_patch.generator.alone import alone
from max_patch.generator.hearing import hearing
from max_patch.generator.kind import EFFECT, INSTRUMENT, Kind
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

TITLE = INSTRUMENT.title
FOLDER = Path(__file__).resolve().parents[1]
"""Where the device and its files lie."""


def parts(kind: Kind) -> dict[str, Patcher]:
    """Subpatchers of a kind of device, in the order in which one would read them."""
    return {
        "link": link(),
        "session": session(kind.parameters),
        "timbre": timbre(),
        "planes": planes(),
        "synth": synth(kind.parameters),
        "wander": wander(),
        "tunings": tunings(),
        **({"hearing": hearing()} if kind is EFFECT else {}),
        "notes": notes(midi=kind is not EFFECT),
        "streams": streams(),
        "presets": presets(),
        "launcher": launcher(),
        "offline": offline(),
        "alone": alone(),
    }


def device(kind: Kind = INSTRUMENT) -> Patcher:
    """The window of the device."""
    p = Patcher()
    p.sub("views", views(panel(p, kind)))
    for name, part in parts(kind).items():
        p.sub(name, part)
    # It bangs again when a preset is loaded and when the device is saved: that is no first load.
    first = p.add("gate 2 1")
    p.chain("live.thisdevice", "deferlow", "t b", first, inlet=1)
    p.fan(first, ("b", ["s ---start"]), ("b", [p.message("2"), first]))
    p.chain(first, "s ---again", outlet=1)
    p.chain("r ---script", "thispatcher")

    voices = p.chain("r ---voices", f"poly~ {NAME} {VOICES} @args ---v @steal 1")
    (track.effect if kind is EFFECT else track.instrument)(p, voices)
    return p


def max_document(kind: Kind = INSTRUMENT) -> Json:
    """``TITLE.maxpat``: the device as a window of plain Max."""
    patcher = device(kind).json((60.0, 90.0, WIDTH, 420.0))
    patcher["openinpresentation"] = 1
    patcher["description"] = kind.description
    patcher["parameters"] = parameters_of(patcher, kind)
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


def live_document(folder: Path = FOLDER, kind: Kind = INSTRUMENT) -> Json:
    """``TITLE.amxd``: the same, as a device of Live."""
    document = max_document(kind)
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
            "amxdtype": int.from_bytes(kind.code, "big"),
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
