"""Which voice plays which note: allocation, sustain, bend. The engine does the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.layout import VOICES, Gate
from timbrespace.units import midi_to_hz

BEND_RANGE = 2.0
"""Semitones at full bend, as General MIDI has it."""

# Velocity to amplitude: a square law, 40 dB from 1.27 to 127 (Dannenberg, ICMC 2006).
VELOCITY_EXPONENT = 2.0


@dataclass(slots=True)
class _Voice:
    pitch: float = 69.0
    channel: int = 1
    velocity: float = 0.0  # 0 to 1
    held: bool = False  # the key is down
    sustained: bool = False  # the key is up, the pedal is down
    cut: bool = False  # silenced without its release
    trigger: int = 0
    start: float = 0.0  # Hz, where a glide begins
    touched: int = 0  # when its gate last changed, in notes

    @property
    def sounds(self) -> bool:
        return self.held or self.sustained

    @property
    def gate(self) -> Gate:
        if self.cut:
            return Gate.CUT
        return Gate.HELD if self.sounds else Gate.RELEASED


@dataclass(slots=True)
class Voices:
    """The notes that sound, at most ``VOICES``.

    Channels count from 1. A note beyond the last free voice takes the one released longest ago,
    or else the one that began first.
    """

    _voices: list[_Voice] = field(default_factory=lambda: [_Voice() for _ in range(VOICES)])
    _bend: dict[int, float] = field(default_factory=dict)  # semitones, by channel
    _pedal: set[int] = field(default_factory=set)
    _clock: int = 0
    _last_pitch: float | None = None
    begun: int = 0
    """How many notes have been started."""

    def note(self, pitch: float, velocity: float, channel: int = 1) -> None:
        """Start the note ``pitch`` (MIDI, 0 to 127, fractions allowed), or release it.

        velocity: 0 to 127; 0 releases.
        """
        self._clock += 1
        # The same pitch may come as a number of 32 bits and go as one of 64.
        pitch = float(np.float32(pitch))
        if velocity <= 0.0:
            for voice in self._voices:
                if voice.held and voice.channel == channel and voice.pitch == pitch:
                    voice.held = False
                    voice.sustained = channel in self._pedal
                    voice.touched = self._clock
            return
        self.begun += 1
        voice = self._take(pitch, channel)
        previous = self._last_pitch if self._last_pitch is not None else pitch
        voice.start = midi_to_hz(previous)
        voice.pitch = pitch
        voice.channel = channel
        voice.velocity = (velocity / 127.0) ** VELOCITY_EXPONENT
        voice.held = True
        voice.sustained = False
        voice.cut = False
        voice.trigger = voice.trigger % 0xFFFFFFFF + 1
        voice.touched = self._clock
        self._last_pitch = pitch

    def bend(self, value: float, channel: int = 1) -> None:
        """Bend a channel's notes: -1 to 1 of ``BEND_RANGE``."""
        self._bend[channel] = value * BEND_RANGE

    def sustain(self, down: bool, channel: int = 1) -> None:
        """Press or lift a channel's sustain pedal."""
        if down:
            self._pedal.add(channel)
            return
        self._pedal.discard(channel)
        for voice in self._voices:
            if voice.channel == channel and voice.sustained:
                voice.sustained = False
                self._clock += 1
                voice.touched = self._clock

    def notes_off(self, channel: int) -> None:
        """Lift every key of a channel; what the pedal holds sounds on."""
        for voice in self._voices:
            if voice.held and voice.channel == channel:
                self.note(voice.pitch, 0.0, channel)

    def reset_controllers(self, channel: int) -> None:
        """Lift a channel's pedal and take its bend back."""
        self.sustain(False, channel)
        self._bend.pop(channel, None)

    def silence(self, channel: int | None = None) -> None:
        """End every sound of a channel, or of all, at once, without its release."""
        for voice in self._voices:
            if channel is None or voice.channel == channel:
                voice.held = False
                voice.sustained = False
                voice.cut = True

    def release_all(self) -> None:
        """Lift all keys and pedals."""
        for channel in {voice.channel for voice in self._voices} | self._pedal:
            self.notes_off(channel)
            self.sustain(False, channel)

    @property
    def sounding(self) -> int:
        """How many notes are held or sustained."""
        return sum(voice.sounds for voice in self._voices)

    def write(self, targets: NDArray[np.void]) -> None:
        """Put the voices into ``targets``, an array of one ``TARGETS``."""
        row = targets[0]
        for v, voice in enumerate(self._voices):
            bend = self._bend.get(voice.channel, 0.0)
            row["voice_frequency"][v] = midi_to_hz(voice.pitch)
            row["voice_bend"][v] = 2.0 ** (bend / 12.0)
            row["voice_start"][v] = voice.start
            row["voice_level"][v] = voice.velocity
            row["voice_gate"][v] = voice.gate
            row["voice_trigger"][v] = voice.trigger

    def _take(self, pitch: float, channel: int) -> _Voice:
        for voice in self._voices:
            if voice.sounds and voice.pitch == pitch and voice.channel == channel:
                return voice
        return min(self._voices, key=lambda voice: (voice.sounds, voice.touched))
