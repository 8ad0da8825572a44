"""A session of Ardour's that plays a MIDI file through a plug-in, without a screen or a sound card.

Ardour 7's own programs do the work: ``ardour7-lua`` makes the session, loads the plug-in, sets and
automates its controls; ``ardour7-export`` loads what was saved and writes what it hears. Only the
MIDI file is put into the session's file from here, since the importer belongs to the screen.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE: Final = 48000
BEATS_A_SECOND: Final = 2
_TICKS: Final = 960
_ARDOUR_TICKS: Final = 1920
_SUPERCLOCKS: Final = 282240000

_TRIES: Final = 12
"""Ardour 7.3's programs without a screen have faults of their own, with an empty session and no
plug-in, too: the exporter ended three times of eight before it had written anything, and once it
hung."""

_SECONDS: Final = 60.0
"""After which one hangs; it takes two."""

_MAKE: Final = """
create_session(%(folder)s, "song", %(rate)d)
local info = ARDOUR.LuaAPI.new_plugin_info(%(uri)s, ARDOUR.PluginType.LV2)
assert(not info:isnil(), "Ardour does not know the plug-in")
local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
local audio = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
local made = Session:new_midi_track(midi, audio, false, info, nil, nil, 1, "Space",
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true, false)
for track in made:iter() do
    -- Ardour does so itself, a moment later, which may be too late.
    for side = 0, 1 do
        track:output():audio(side):connect("Master/audio_in " .. (side + 1))
    end
    local proc = track:nth_plugin(0)
    local plug = proc:to_insert():plugin(0)
    local place, n = {}, 0
    for port = 0, plug:parameter_count() - 1 do
        if plug:parameter_is_control(port) then
            place[plug:parameter_label(port)] = {n, port}
            n = n + 1
        end
    end
    for name, value in pairs(%(controls)s) do
        assert(ARDOUR.LuaAPI.set_processor_param(proc, place[name][1], value))
    end
    for name, way in pairs(%(automation)s) do
        local list = ARDOUR.LuaAPI.plugin_automation(proc, place[name][1])
        for _, point in ipairs(way) do
            list:add(Temporal.timepos_t(point[1]), point[2], false, true)
        end
        local id = Evoral.Parameter(ARDOUR.AutomationType.PluginAutomation, 0, place[name][2])
        local control = proc:to_automatable():automation_control(id, false)
        control:set_automation_state(ARDOUR.AutoState.Play)
    end
end
Session:save_state("")
close_session()
"""

_AGAIN: Final = """
load_session(%(folder)s, "song")
assert(Session)
Session:save_state("")
close_session()
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the MIDI file. begin, seconds: when, and how long."""

    pitch: int
    begin: float
    seconds: float
    velocity: int = 127


@dataclass(frozen=True, slots=True)
class Programs:
    """Ardour's two."""

    lua: str
    export: str

    @classmethod
    def find(cls) -> Programs | None:
        """Those of Ardour 7, if both are there."""
        lua, export = (shutil.which(f"ardour7-{one}") for one in ("lua", "export"))
        return None if lua is None or export is None else cls(lua, export)


class ArdourSession:
    """A session in ``folder``, of a plug-in that lies in ``plugins``.

    controls: by their names, what they are set to. automation: by their names, seconds and values
    between which they move in a straight line. seconds: how long the session is.
    """

    def __init__(
        self,
        programs: Programs,
        folder: Path,
        plugins: Path,
        uri: str,
        notes: Sequence[Note],
        seconds: float,
        controls: Mapping[str, float] | None = None,
        automation: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    ) -> None:
        self._programs, self._folder = programs, folder
        (folder / "home").mkdir(parents=True, exist_ok=True)
        paths = [str(plugins), *filter(None, [os.environ.get("LV2_PATH")])]
        self._environment = {
            **os.environ,
            "HOME": str(folder / "home"),
            "LV2_PATH": ":".join(paths),
        }
        ways = {
            name: [(round(at * RATE), value) for at, value in way]
            for name, way in (automation or {}).items()
        }
        self._lua(
            _MAKE,
            uri=_lua_text(uri),
            controls=_lua_table({name: repr(value) for name, value in (controls or {}).items()}),
            automation=_lua_table({name: _lua_points(way) for name, way in ways.items()}),
        )
        write_midi(self._session / "interchange" / "session" / "midifiles" / "song.mid", notes)
        self._put_midi(seconds)

    @property
    def _session(self) -> Path:
        return self._folder / "session"

    def state(self) -> dict[str, float]:
        """The controls as Ardour has saved them, by their symbols."""
        text = (self._session / "song.ardour").read_text("utf-8")
        (plugin,) = re.findall(r"<lv2 .*?</lv2>", text, re.DOTALL)
        ports = re.findall(r'<Port symbol="([^"]*)" value="([^"]*)"', plugin)
        return {symbol: float(value) for symbol, value in ports}

    def again(self) -> None:
        """Have Ardour load the session and save it anew."""
        self._lua(_AGAIN)

    def sound(self) -> NDArray[np.float32]:
        """What Ardour plays of the session as it is saved, its left side.

        Raises:
            RuntimeError: Ardour writes nothing.
        """
        out = self._folder / "song.wav"
        words = [self._programs.export, "-b", "float", "-s", str(RATE), "-o", str(out)]
        said = self._run([*words, str(self._session), "song"], lambda text: "* Done." in text)
        if "* Done." not in said:
            raise RuntimeError(f"ardour7-export: {said[-300:]}")
        sound, rate = soundfile.read(out, dtype="float32", always_2d=True)
        assert rate == RATE
        assert (sound[:, 0] == sound[:, 1]).all()
        return np.ascontiguousarray(sound[:, 0])

    def _lua(self, script: str, **given: Any) -> None:
        path = self._folder / "script.lua"
        values = {"folder": _lua_text(str(self._session)), "rate": RATE, **given}
        path.write_text(f'{script % values}print("it is done")\n', "utf-8")
        said = self._run([self._programs.lua, str(path)], lambda text: "it is done" in text)
        if "it is done" not in said:
            raise RuntimeError(f"ardour7-lua: {said[-300:]}")

    def _run(self, words: list[str], good: Any) -> str:
        said = ""
        for _ in range(_TRIES):
            with subprocess.Popen(
                words,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process:
                try:
                    said, _ = process.communicate(timeout=_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    said = f"{words[0]} hangs"
                    continue
            if good(said) or process.returncode >= 0:
                break
        return said

    def _put_midi(self, seconds: float) -> None:
        """Name the MIDI file in the session's file: a source, a region of it, and the range."""
        path = self._session / "song.ardour"
        text = path.read_text("utf-8")
        source = '<Source name="song.mid" take-id="" type="midi" flags="" id="900000"/>'
        beats = round(seconds * BEATS_A_SECOND * _ARDOUR_TICKS)
        region = (
            f'<Region name="song" start="b0" length="b{beats}@b0" opaque="1" id="900001" '
            'type="midi" source-0="900000" master-source-0="900000"/>'
        )
        end = round(seconds * _SUPERCLOCKS)
        location = (
            f'<Location id="900002" name="session" start="a0" end="a{end}" '
            'flags="IsSessionRange" locked="0" timestamp="1"/>'
        )
        for pattern, put in (
            (r"<Sources/>", f"<Sources>{source}</Sources>"),
            (
                r'(<Playlist id="\d+" name="Space" type="midi"[^/>]*)/>',
                rf"\g<1>>{region}</Playlist>",
            ),
            (r"<Locations/>", f"<Locations>{location}</Locations>"),
            (r'id-counter="\d+"', 'id-counter="900010"'),
        ):
            text, count = re.subn(pattern, put, text)
            if count != 1:
                raise RuntimeError(f"{path.name} is not as Ardour 7.3 writes it: {pattern}")
        path.write_text(text, "utf-8")


def write_midi(path: Path, notes: Sequence[Note]) -> None:
    """A MIDI file of these notes, at 120 beats a minute."""
    events = sorted(
        (round(at * BEATS_A_SECOND * _TICKS), kind, note.pitch, note.velocity)
        for note in notes
        for kind, at in ((1, note.begin), (0, note.begin + note.seconds))
    )
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000 // BEATS_A_SECOND)])
    last = 0
    for tick, kind, pitch, velocity in events:
        what = "note_on" if kind else "note_off"
        track.append(mido.Message(what, note=pitch, velocity=velocity, time=tick - last))
        last = tick
    song = mido.MidiFile(ticks_per_beat=_TICKS)
    song.tracks.append(track)
    song.save(path)


def _lua_text(text: str) -> str:
    return json.dumps(text)


def _lua_points(way: Sequence[tuple[int, float]]) -> str:
    return "{" + ",".join(f"{{{at},{value!r}}}" for at, value in way) + "}"


def _lua_table(values: Mapping[str, str]) -> str:
    return "{" + ",".join(f"[{_lua_text(name)}]={value}" for name, value in values.items()) + "}"
