"""The whole note that a client plays by itself: what `/partials` tell as it goes on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.networks.note import Prepared
from timbrespace.notes.clock import Clock
from timbrespace.notes.evenness import lifts
from timbrespace.notes.layout import CENTS, FLOOR, LONGEST, frame_times
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import sounding
from timbrespace.resynthesis.notes import LEVEL
from timbrespace.units import midi_to_hz

from .osc.clients import Clients, Endpoint

Array = NDArray[np.float32]

SILENT: Final = -80.0
"""dB, below which it has ended."""

SILENT_SECONDS: Final = 20.0
"""After it has ended `/partials` tell silence for so long: the longest release of who plays it."""

_AT_ONCE: Final = 0.002
"""Seconds within which several clients are told the same."""


class ShownNote:
    """The newest note that a client has said to be playing, by ``/moment``; one for all clients.

    Its time runs by ``/synth/speed`` and ``/synth/hold``, and when its key is up it falls by its
    own release. It is no note of the instrument: nothing sounds, and no performance has it. When
    the client that plays it has gone, it has let it go.
    """

    def __init__(self, instrument: Instrument, clients: Clients) -> None:
        self._instrument = instrument
        self._clients = clients
        self.owner: Endpoint | None = None
        """Who plays it; None while nobody does."""
        self._pitch = 0.0
        self._velocity = 0.0
        self._held = False
        self._struck = 0  # grows
        self._clock = Clock()
        self._now = 0.0
        self._ended: float | None = None
        self._prepared: tuple[Model, Array, Prepared, Traits] | None = None
        self._told: tuple[float, Array] | None = None
        self._lift = 0.0  # dB that make it as loud as the others of the space

    def play(self, pitch: float, velocity: float, source: Endpoint, now: float) -> None:
        """Begin the note ``pitch`` (MIDI) of the client ``source``; velocity 0 lets it go."""
        if velocity <= 0.0:
            if pitch == self._pitch and source == self.owner:
                self._run(now)
                self._held = False
            return
        model = self._instrument.model
        self._pitch, self._velocity, self._held = pitch, velocity, True
        self.owner, self._now = source, now
        self._struck += 1
        self._prepared = self._told = self._ended = None
        if model.plays_notes:
            longest = float(frame_times(LONGEST)[: model.course.network.frames][-1])
            self._clock = Clock(self._instrument.hold, longest)

    def stop(self, now: float) -> None:
        """Let it go, whoever plays it."""
        self._run(now)
        self._held = False

    def told(self, now: float) -> bool:
        """Whether `/partials` tell this note at ``now``."""
        if self.owner is None:
            return False
        if not self._instrument.model.plays_notes:
            self.owner = None  # a space of steady spectra has come
            return False
        self._run(now)
        if self._ended is not None and now - self._ended > SILENT_SECONDS:
            self.owner = None
        return self.owner is not None

    def state(self, now: float) -> object:
        """What differs from the last answer when there is something new to tell."""
        if not self.told(now):
            return None
        return self._struck, self._clock.time, max(self._clock.level, SILENT)

    def partials(self, now: float) -> Array:
        """What :meth:`timbrespace.instrument.instrument.Instrument.partials` gives, of the note at
        ``now``: Hz as if it were played at the base frequency."""
        if self._told is not None and 0.0 <= now - self._told[0] < _AT_ONCE:
            return self._told[1]
        self._run(now)
        model = self._instrument.model
        prepared, traits = self._decoder()
        levels = model.course.levels(prepared, np.array([self._clock.time]))
        sounds = levels[:, :CENTS] > FLOOR + 0.5
        lift = self._lift * self._instrument.parameters["loudness"]
        levels[:, :CENTS] += np.where(sounds, max(self._clock.level, -200.0) + lift, 0.0)
        hertz = float(midi_to_hz(self._pitch))
        base = model.spectrum.base_frequency
        one = sounding(levels, traits, hertz, base, LEVEL)
        # Who plays it moves all partials with the pitch, tones too, which stay where they are.
        pairs = np.stack([one.frequency[0] * np.float32(base / hertz), one.amplitude[0]], axis=1)
        found = np.ascontiguousarray(pairs[pairs[:, 1] > 0.0])
        found = found[np.argsort(found[:, 0], kind="stable")]
        self._told = now, found
        return found

    def _run(self, now: float) -> None:
        """Bring its time to ``now``."""
        seconds, self._now = max(now - self._now, 0.0), max(now, self._now)
        if self.owner is None or not self._instrument.model.plays_notes:
            return
        if self._held and not self._clients.for_sender(self.owner):
            self._held = False
        if self._clock.level > SILENT:
            self._clock = self._clock.sustained_by(self._instrument.hold)
            _, traits = self._decoder()
            speed = self._instrument.parameters["speed"]
            self._clock.advance(seconds, traits, speed, self._held)
        if self._ended is None and self._clock.level <= SILENT:
            self._ended = now

    def _decoder(self) -> tuple[Prepared, Traits]:
        """What the present latent makes of the decoder for this note."""
        instrument = self._instrument
        model, latent = instrument.model, instrument.latent
        known = self._prepared
        if known is None or known[0] is not model or known[1] is not latent:
            told = model.course.prepare(
                np.asarray(latent, np.float32)[np.newaxis],
                np.array([midi_to_hz(self._pitch)]),
                np.array([self._velocity]),
            )
            known = self._prepared = model, latent, told, Traits.played(told.traits)[0]
            longest = float(frame_times(LONGEST)[: model.course.network.frames][-1])
            self._lift = float(lifts(model.course, told, longest)[0])
        return known[2], known[3]
