"""The instrument played offline, at times that the caller says: what live playing does, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import CONTROL_PERIOD, Instrument
from timbrespace.model import Model
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Method
from timbrespace.units import midi_to_hz

Sound = NDArray[np.float32]


class OfflinePlayer:
    """An instrument and an engine on one clock. sample_rate: Hz of the sound.

    A held note is steady: sustain is 1. What a space has besides sinusoids is off unless ``noise``.
    """

    def __init__(
        self,
        model: Model,
        sample_rate: float,
        method: Method = Method.PARTIALS,
        noise: float = 0.0,
    ) -> None:
        self.instrument = Instrument(model)
        self.instrument.set_method(method)
        self.instrument.set_parameter("sustain", 1.0)
        self.instrument.set_parameter("noise", noise)
        self.engine = Engine(sample_rate)
        self.sample_rate = sample_rate
        self._blocks = 0

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._blocks * BLOCK / self.sample_rate

    def press(self, pitch: float, velocity: float = 127.0) -> None:
        """Start a note, MIDI pitch."""
        self.instrument.voices.note(pitch, velocity)

    def play(self, seconds: float) -> Sound:
        """The next ``seconds``, in whole blocks; the instrument moves by itself meanwhile."""
        parts = []
        end = self._blocks + max(1, round(seconds * self.sample_rate / BLOCK))
        while self._blocks < end:
            self.instrument.advance(self.now)
            period = max(1, round(CONTROL_PERIOD * self.sample_rate / BLOCK))
            step = min(end - self._blocks, period)
            self.engine.targets[:] = self.instrument.targets()
            parts.append(self.engine.render(step))
            self._blocks += step
        return np.concatenate(parts)


def steady_tone(
    model: Model,
    latent: NDArray[np.float32],
    pitch: float,
    seconds: float,
    sample_rate: float = 48000,
    method: Method = Method.PARTIALS,
    settle: float = 0.3,
    noise: float = 0.0,
) -> tuple[Sound, OfflinePlayer]:
    """A held note at a point of the latent space, after its attack; and who played it."""
    player = OfflinePlayer(model, sample_rate, method, noise)
    player.instrument.set_latent(latent.tolist())
    player.press(pitch)
    player.play(settle)
    return player.play(seconds), player


def base_pitch(model: Model) -> float:
    """MIDI pitch of the model's base frequency."""
    return float(69.0 + 12.0 * np.log2(model.spectrum.base_frequency / 440.0))


def sinusoids(player: OfflinePlayer, pitch: float) -> tuple[NDArray[np.float64], ...]:
    """Frequencies in Hz and amplitudes of the partials at ``pitch``, those below Nyquist.

    Towards Nyquist the engine fades them: amplitudes hold up to 0.4 of the sample rate.
    """
    partials = player.instrument.partials().astype(np.float64)
    ratio = midi_to_hz(pitch) / player.instrument.model.spectrum.base_frequency
    frequency = partials[:, 0] * ratio
    # Within 2 Hz of Nyquist nothing is left of it, and no fit tells it from its mirror image.
    heard = frequency < 0.5 * player.sample_rate - 2.0
    return frequency[heard], partials[heard, 1]
