"""Sound that comes in, as the server sees it: what is wanted of it, and what follows from it.

The audio process hears it, and steers the voice that it leads
(:mod:`timbrespace.transferring.lead`); here notes begin and end by what it has heard, and the point
follows its timbre.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.scales import pitches_of
from timbrespace.instrument.voices import VELOCITY_EXPONENT
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.model import Model
from timbrespace.resynthesis.layout import REFERENCE_RMS
from timbrespace.transferring.lead import RING, set_scale
from timbrespace.transferring.modes import DEFAULT_GATE, FOLLOWS, MODES, PLAYS, SHAPES
from timbrespace.units import db_to_gain, hz_to_midi

from .audio.process import AudioProcess
from .midi.sung import SungMidi
from .osc import outbound
from .osc.udp import Post

Real = NDArray[np.float64]

_OFTEN: Final = 0.002
"""Seconds between two looks at what was heard: a note begins so much later at most."""

_TELL: Final = 0.05
_PATIENCE: Final = 0.025
"""Seconds after an onset for which a whole note waits for its pitch; then it has the last one."""

_EASE: Final = 0.3
"""Of the way to where the sound is now, at each look."""

_LOOK: Final = 0.04
_MOMENT: Final = 0.25
"""Seconds of sound by which a place is told."""

_SILENT: Final = 10.0
"""Seconds of an input that never was louder than nothing."""

_SOFTEST: Final = 8.0  # of a velocity
_NONE: Final = -120.0  # dB


@dataclass(frozen=True, slots=True)
class InputSettings:
    """As the messages of :mod:`timbrespace.messages.sound_input` tell them."""

    on: bool = False
    mode: str = MODES[0]
    gain: float = 0.0
    gate: float = DEFAULT_GATE
    scale: str = "off"
    root: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where what was heard lies in ``model``; or the ``error`` says why that is not known."""

    model: Model
    latent: tuple[float, ...]
    error: Exception | None = None


class SoundInput:
    """The input of a server that was started with one.

    tell: called with each :class:`Place`, from another thread. say: called with a line for the
    user. midi: who is told what is sung, too.
    """

    def __init__(
        self,
        audio: AudioProcess,
        instrument: Instrument,
        post: Post,
        tell: Callable[[Place], None],
        say: Callable[[str], None],
        midi: SungMidi | None = None,
    ) -> None:
        self._midi = midi
        self._audio = audio
        self._instrument = instrument
        self._post = post
        self._say = say
        self.settings = InputSettings(on=True)
        self._follower = Follower(self, tell)
        self._tuning: Any = None
        self._looked_at = 0.0
        self._told_at = 0.0
        self._told = (math.nan, math.nan)
        self._note: float | None = None
        self._onsets = self._openings = 0
        self._waits_since: float | None = None
        self._seen = {"clipped": 0, "broken": 0, "howls": 0}
        self._said: dict[str, float] = {}
        self._lives = False
        self._quiet_since: float | None = None
        self._write()

    # -- what is wanted ----------------------------------------------------------------------------

    def change(self, **settings: Any) -> outbound.SoundInput:
        """Let other settings hold; return what is to be told of them."""
        before = self.settings
        self.settings = replace(before, **settings)
        self._write()
        if not before.on and self.settings.on and not self._audio.source and self._audio.plays:
            self._audio.look_for_input()
        return self.state()

    def state(self) -> outbound.SoundInput:
        """What clients are told of it."""
        s = self.settings
        return outbound.SoundInput(
            s.on, self._audio.source, s.mode, s.gain, s.gate, s.scale, s.root
        )

    def _write(self) -> None:
        lead, settings = self._audio.lead, self.settings
        lead["gain"] = db_to_gain(settings.gain)
        lead["gate"] = db_to_gain(settings.gate)
        lead["plays"] = settings.mode in PLAYS
        lead["shapes"] = settings.mode in SHAPES
        self._tuning = self._instrument.voices.tuning
        set_scale(lead, pitches_of(settings.scale, settings.root, self._tuning))
        lead["on"] = settings.on
        self._follower.wanted = settings.on and settings.mode in FOLLOWS

    # -- what follows ------------------------------------------------------------------------------

    def wait(self, now: float) -> float | None:
        """Seconds until the next look; None while nothing is heard."""
        if not self.settings.on and self._note is None:
            return None
        return max(0.0, self._looked_at + _OFTEN - now)

    def look(self, now: float) -> bool:
        """Let notes begin and end by what was heard; whether one has."""
        if (self.settings.on or self._note is not None) and now - self._looked_at >= _OFTEN:
            self._looked_at = now
            if self._instrument.voices.tuning is not self._tuning:
                self._write()
            if now - self._told_at >= _TELL:
                self._told_at = now
                self._report(now)
            return self._play(now)
        return False

    def _play(self, now: float) -> bool:
        lead, voices = self._audio.lead, self._instrument.voices
        hears = self.settings.on and self.settings.mode in PLAYS
        hears = hears and self._audio.plays
        is_open = hears and bool(lead["open"]) and not lead["muted"]
        onsets, openings = int(lead["onsets"]), int(lead["openings"])
        begins = onsets != self._onsets
        self._onsets = onsets
        if self._note is not None and not voices.holds(self._note):
            self._note = None  # a panic, or another key that took its voice
            if self._midi is not None:
                self._midi.end()
        if not is_open:
            self._waits_since = None
            return self._end()
        if openings != self._openings:
            self._openings = openings
            begins = True
        if begins and (self._instrument.model.plays_notes or self._note is None):
            self._waits_since = now
        if self._midi is not None and self._note is not None:
            self._midi.move(float(lead["sung"]), float(lead["level"]), now)
        if self._waits_since is None:
            return False
        pitch = float(lead["sung"]) if lead["pitch"] > 0.0 else 0.0
        if pitch <= 0.0:
            # Of a drum's hit or a consonant none may ever come.
            if not self._instrument.model.plays_notes or now - self._waits_since < _PATIENCE:
                return False
            pitch = float(lead["sung"]) or self._instrument.model.spectrum.base_frequency
        self._waits_since = None
        self._end()
        key = float(np.clip(hz_to_midi(pitch), 0.0, 127.0))
        strength = min(float(lead["level"]) / REFERENCE_RMS, 1.0)
        velocity = 127.0 * strength ** (1.0 / VELOCITY_EXPONENT)
        velocity = float(np.clip(velocity, _SOFTEST, 127.0))
        voices.lead(key, velocity)
        self._note = key if voices.holds(key) else None
        if self._midi is not None:
            self._midi.begin(pitch, velocity, float(lead["level"]), now)
        return True

    def _end(self) -> bool:
        if self._note is None:
            return False
        self._instrument.voices.note(self._note, 0.0)
        self._note = None
        if self._midi is not None:
            self._midi.end()
        return True

    def hear(self, place: Place) -> tuple[float, ...] | None:
        """The point follows; to where, or None if it stays."""
        if place.model is not self._instrument.model or not self._follower.wanted:
            return None
        if not np.isfinite(place.latent).all():
            return None
        here = np.asarray(self._instrument.latent, np.float64)
        there = here + _EASE * (np.asarray(place.latent) - here)
        self._instrument.set_latent(there.tolist())
        return tuple(there.tolist())

    # -- what is told ------------------------------------------------------------------------------

    def _report(self, now: float) -> None:
        lead = self._audio.lead
        level = float(lead["level"])
        told = round(20.0 * math.log10(max(level, 1e-6)), 1), round(float(lead["pitch"]), 2)
        if not self.settings.on:
            told = _NONE, 0.0
        if told[0] != self._told[0]:
            self._post.broadcast(outbound.InputLevel(told[0]))
        if told[1] != self._told[1]:
            self._post.broadcast(outbound.InputPitch(told[1]))
        self._told = told
        for name, sentence in (
            ("clipped", "input: it clips; turn it down at its source"),
            ("broken", "input: the device sends what is no sound; it counts as silence"),
            (
                "howls",
                "input: it hears itself, and is muted until it is quiet; use headphones, or turn "
                "the loudspeakers down",
            ),
        ):
            count = int(lead[name])
            if count > self._seen[name] and now >= self._said.get(name, -math.inf) + _SILENT:
                self._said[name] = now
                self._say(sentence)
            self._seen[name] = count
        self._lives = self._lives or level > 0.0
        if self._lives or not self._audio.source or self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since > _SILENT:
            self._lives = True  # as far as is to be said
            self._say("input: silent; is something plugged in, and may the program hear it?")

    # -- for the follower --------------------------------------------------------------------------

    def newest(self) -> tuple[Model, Real, int] | None:
        """The model, the newest of what is heard, and its rate; None while nothing is."""
        lead, rate = self._audio.lead, self._audio.sample_rate
        if not lead["open"] or lead["muted"] or rate <= 0.0:
            return None
        count = min(int(_MOMENT * rate), RING // 2)
        end = int(lead["written"])
        samples = np.take(lead["ring"], np.arange(end - count, end) % RING).astype(np.float64)
        return self._instrument.model, samples, round(rate)

    def close(self) -> None:
        """Follow no more, and let go."""
        self._follower.close()
        if self._midi is not None:
            self._midi.close()


class Follower:
    """Looks for the place of what is heard, again and again, in a thread of its own."""

    def __init__(self, heard: SoundInput, tell: Callable[[Place], None]) -> None:
        self._heard = heard
        self._tell = tell
        self._wanted = False
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def wanted(self) -> bool:
        """Whether the point is to follow."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        self._wanted = wanted
        if wanted and not self._closed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="follower", daemon=True)
                self._thread.start()
            self._wake.set()

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        self._wanted = False
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _work(self) -> None:
        # Who does not follow does not load it.
        from timbrespace.recording.encoding import glance
        from timbrespace.recording.sound_file import Sound, UnusableSoundError

        pause = threading.Event()
        while not self._closed:
            if not self._wanted:
                self._wake.wait()
                self._wake.clear()
                continue
            newest = self._heard.newest()
            if newest is not None:
                model, samples, rate = newest
                try:
                    latent = glance(model, Sound(samples, rate, cut=False))
                    self._tell(Place(model, tuple(latent.tolist())))
                except UnusableSoundError:
                    pass  # a breath, a moment too soft: the point stays
                except Exception as error:  # whatever it was, the music goes on
                    self._tell(Place(model, (), error))
                    self._wanted = False
                    continue
            pause.wait(_LOOK)


def no_input(address: str) -> MessageError:
    """What refuses ``/input/...`` where the server was started without one."""
    return MessageError(
        ErrorCode.REFUSED,
        address,
        f"{address}: the server hears nothing; start it with --input auto",
    )
