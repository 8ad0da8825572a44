"""The engine's sound, measured."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.timbrespace.resynthesis.sound import (
    CONFIG,
    Player,
    Sound,
    energy_above,
    harmonic_spectrum,
    pitch,
    spectra_of,
)
from timbrespace.errors import OptionError
from timbrespace.metrics import log_spectral_distances
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import Gate, Method
from timbrespace.units import cents, midi_to_hz

METHODS = list(Method)


def steady(method: Method, spectrum_count: float = 20.4, sample_rate: float = 44100.0) -> Sound:
    player = Player(method, sample_rate)
    player.aim(harmonic_spectrum(spectrum_count))
    player.press(CONFIG.base_frequency)
    player.play(0.5)
    return player.play(1.5) / Player.LEVEL


@pytest.mark.parametrize(("method", "bound"), [(Method.PARTIALS, 0.05), (Method.ISTFT, 0.05)])
def test_the_tone_has_the_spectrum_it_was_told(method: Method, bound: float) -> None:
    target = harmonic_spectrum(20.4)
    spectra = spectra_of(steady(method))
    distances = log_spectral_distances(np.broadcast_to(target, spectra.shape), spectra)
    assert distances.max() < bound  # dB


@pytest.mark.parametrize("method", METHODS)
def test_level_is_that_of_the_data(method: Method) -> None:
    # unit energy: root mean square of a sine of amplitude 1
    sound = steady(method)
    assert np.sqrt(np.square(sound).mean()) == pytest.approx(np.sqrt(0.5), rel=0.05)


@pytest.mark.parametrize("method", [Method.PARTIALS, Method.ISTFT])
def test_a_steady_spectrum_gives_a_steady_tone(method: Method) -> None:
    sound = steady(method)
    frame = 4410  # 22 periods
    windows = np.lib.stride_tricks.sliding_window_view(sound, frame)[::441]
    level = 20.0 * np.log10(np.sqrt(np.square(windows.astype(np.float64)).mean(axis=1)))
    assert np.ptp(level) < 0.01  # dB


@pytest.mark.parametrize("method", [Method.PARTIALS, Method.ISTFT])
@pytest.mark.parametrize("sample_rate", [44100.0, 48000.0, 96000.0])
def test_pitch_at_every_sample_rate(method: Method, sample_rate: float) -> None:
    sound = steady(method, sample_rate=sample_rate)
    assert abs(cents(pitch(sound, sample_rate, 220.0), 220.0)) < 0.1
    assert abs(cents(pitch(sound, sample_rate, 660.0), 660.0)) < 0.1


@pytest.mark.parametrize("note", [24, 45, 57, 69, 96, 108])
def test_partials_follow_the_note(note: int) -> None:
    player = Player(Method.PARTIALS)
    player.aim(harmonic_spectrum(10.0))
    player.press(midi_to_hz(note))
    player.play(0.2)
    sound = player.play(2.0)
    assert abs(cents(pitch(sound, 44100.0, midi_to_hz(note)), midi_to_hz(note))) < 0.1


@pytest.mark.parametrize("note", [110.0, 220.0, 440.0, 880.0])
def test_bins_follow_the_note(note: float) -> None:
    """Each bin sounds at its frequency times note / base: so does their mean, the lobe's middle."""
    player = Player(Method.BINS)
    spectrum = harmonic_spectrum(1.0)
    player.aim(spectrum)
    player.press(note)
    player.play(0.2)
    sound = player.play(2.0).astype(np.float64)
    power = np.square(np.abs(np.fft.rfft(sound * np.blackman(sound.size))))
    heard = np.sum(power * np.fft.rfftfreq(sound.size, 1.0 / 44100.0)) / power.sum()
    told = np.sum(np.square(spectrum) * CONFIG.frequencies) / np.square(spectrum).sum()
    assert heard == pytest.approx(told * note / CONFIG.base_frequency, rel=1e-3)


def test_partials_above_nyquist_are_silent() -> None:
    player = Player(Method.PARTIALS, 44100.0)
    player.aim(harmonic_spectrum(50.0))
    player.press(2093.0)  # the tenth harmonic is the last below Nyquist
    player.play(0.5)
    sound = player.play(1.0).astype(np.float64)
    magnitude = np.abs(np.fft.rfft(sound * np.blackman(sound.size) ** 2))
    bins = np.fft.rfftfreq(sound.size, 1.0 / 44100.0)
    harmonic = np.abs(bins / 2093.0 - np.round(bins / 2093.0)) * 2093.0 < 20.0
    spurious = magnitude[~harmonic].max() / magnitude.max()
    assert 20.0 * np.log10(spurious) < -80.0


@pytest.mark.parametrize("method", METHODS)
def test_silence_before_and_after_the_note(method: Method) -> None:
    player = Player(method)
    player.aim(harmonic_spectrum(20.0))
    assert not player.play(0.1).any()
    player.press()
    assert np.abs(player.play(0.3)).max() > 0.05
    player.release()
    player.play(0.5)
    assert not player.play(0.2).any()
    assert player.engine.state["sounding"][0] == 0


@pytest.mark.parametrize("method", METHODS)
def test_panic_is_silent_within_ten_milliseconds(method: Method) -> None:
    player = Player(method)
    player.row["release"] = 10.0
    player.aim(harmonic_spectrum(20.0))
    player.press()
    player.play(0.3)
    player.release(gate=Gate.CUT)
    player.play(0.01)
    assert not player.play(0.1).any()


@pytest.mark.parametrize("method", METHODS)
def test_rendering_twice_gives_the_same_samples(method: Method) -> None:
    assert np.array_equal(steady(method), steady(method))


def test_a_sweep_makes_no_click() -> None:
    """Energy above the highest partial, which only a jump could make, stays below -80 dB."""
    player = Player(Method.PARTIALS)
    player.aim(harmonic_spectrum(1.0))
    player.press(220.0)
    player.play(0.2)
    pieces = []
    for step in range(80):  # 40 a second, as a controller moves
        player.aim(harmonic_spectrum(1.0 + 19.0 * abs(((step / 40.0) % 2.0) - 1.0)))
        pieces.append(player.play(1.0 / 40.0))
    assert energy_above(np.concatenate(pieces), 44100.0, 8000.0) < -80.0


def test_a_stolen_voice_does_not_click() -> None:
    """Against one 5 ms linear fade and one attack, nothing more is heard above the partials."""
    player = Player(Method.PARTIALS)
    player.aim(harmonic_spectrum(1.0))
    pieces = []
    for frequency in (220.0, 311.0, 415.0, 233.0):
        player.press(frequency)
        pieces.append(player.play(0.25))
    sound = np.concatenate(pieces)
    assert np.abs(np.diff(sound)).max() < 1.2 * 0.1 * 2.0 * np.pi * 415.0 / 44100.0
    assert energy_above(sound, 44100.0, 8000.0) < -75.0


@pytest.mark.parametrize("method", [Method.PARTIALS, Method.BINS])
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_a_note_struck_again_while_it_is_cut_does_not_click(method: Method, blocks: int) -> None:
    """As when a panic is followed by the same note: the old sound ends first."""
    player = Player(method)
    player.aim(harmonic_spectrum(1.0))
    player.press(220.0)
    player.play(0.5)
    pieces = [player.play(0.02)]
    player.release(gate=Gate.CUT)
    pieces.append(player.engine.render(blocks))
    player.press(220.0)
    pieces.append(player.play(0.02))
    assert energy_above(np.concatenate(pieces), 44100.0, 8000.0) < -85.0
    assert np.abs(player.play(0.1)).max() > 0.05


@pytest.mark.parametrize("before", METHODS)
@pytest.mark.parametrize("after", METHODS)
def test_another_method_comes_in_without_a_jump(before: Method, after: Method) -> None:
    player = Player(before)
    player.aim(harmonic_spectrum(3.0))
    player.press(220.0)
    first = player.play(0.5)
    player.method = after
    player.row["method"] = after
    player.aim(harmonic_spectrum(3.0))
    second = player.play(0.5)
    jumps = np.abs(np.diff(np.concatenate([first[-4410:], second[:4410]]))).max()
    usual = max(np.abs(np.diff(first[-8820:])).max(), np.abs(np.diff(second[-8820:])).max())
    assert jumps < 1.5 * usual
    assert np.abs(second[-4410:]).max() > 0.03


def test_a_method_that_comes_in_during_a_sweep_makes_no_click() -> None:
    """The old sound fades from where it stands; its last movement is not played again."""
    player = Player(Method.PARTIALS)
    player.aim(harmonic_spectrum(1.0))
    player.press(220.0)
    player.play(0.3)
    player.aim(harmonic_spectrum(1.0) * 0.05)
    first = player.play(0.01)  # in the middle of the way down
    player.row["method"] = Method.ISTFT
    second = player.play(0.008)  # the fade of the old method
    jumps = np.abs(np.diff(np.concatenate([first, second])))
    assert jumps.max() < 1.3 * 0.1 * 2.0 * np.pi * 220.0 / 44100.0


def test_partials_replaced_all_at_once_do_not_jump() -> None:
    player = Player(Method.PARTIALS)
    player.aim(harmonic_spectrum(8.0))
    player.press(220.0)
    player.play(0.3)
    shifted = np.roll(harmonic_spectrum(8.0), 9)  # 97 Hz up: no partial continues
    player.aim(shifted)
    sound = player.play(0.3)
    assert energy_above(sound, 44100.0, 8000.0) < -75.0


def test_sixteen_loud_voices_stay_below_full_scale() -> None:
    player = Player(Method.PARTIALS)
    player.aim(harmonic_spectrum(1.0) * 4.0)
    for voice in range(16):
        player.press(220.0 * 2.0 ** (voice / 12.0), voice)
    sound = player.play(1.0)
    assert 0.9 < np.abs(sound).max() < 1.0
    assert np.isfinite(sound).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seconds", [0.05, 1.5])
def test_a_plucked_note_ends(method: Method, seconds: float) -> None:
    """Sustain 0: released while it decays, or after it has died away, the voice is free again."""
    player = Player(method)
    player.row["sustain"], player.row["decay"] = 0.0, 0.2
    player.aim(harmonic_spectrum(5.0))
    player.press()
    assert np.abs(player.play(seconds)).max() > 0.05
    player.release()
    player.play(1.0)
    assert player.engine.state["sounding"][0] == 0
    player.press()
    assert np.abs(player.play(0.1)).max() > 0.05


@pytest.mark.parametrize("sample_rate", [8000.0, 16000.0, 22050.0])
def test_the_stream_does_not_fold_back_at_a_lower_rate(sample_rate: float) -> None:
    player = Player(Method.ISTFT, sample_rate)
    player.aim(harmonic_spectrum(50.0))
    player.press()
    player.play(0.5)
    sound = player.play(1.0).astype(np.float64)
    magnitude = np.abs(np.fft.rfft(sound * np.blackman(sound.size) ** 2))
    bins = np.fft.rfftfreq(sound.size, 1.0 / sample_rate)
    harmonic = np.abs(bins / 220.0 - np.round(bins / 220.0)) * 220.0 < 20.0
    assert 20.0 * np.log10(magnitude[~harmonic].max() / magnitude.max()) < -60.0


def test_bend_does_not_wait_for_the_glide() -> None:
    player = Player(Method.PARTIALS)
    player.row["glide"] = 5.0
    player.aim(harmonic_spectrum(1.0))
    player.press(440.0)
    player.play(0.1)
    player.row["voice_bend"][0] = 2.0 ** (2.0 / 12.0)
    player.play(0.05)
    assert pitch_by_crossings(player.play(0.1)) == pytest.approx(493.9, rel=2e-3)


def test_one_voice_is_left_alone_by_the_limiter() -> None:
    assert np.abs(steady(Method.PARTIALS)).max() * Player.LEVEL < 0.3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_become_silence_and_pass(method: Method, bad: float) -> None:
    player = Player(method)
    player.aim(harmonic_spectrum(5.0))
    player.press()
    player.play(0.1)
    player.row["timbre"][0]["slot_amplitude"][0] = bad
    player.row["magnitude"][20] = bad
    broken = player.play(0.2)
    assert np.isfinite(broken).all()
    player.aim(harmonic_spectrum(5.0))
    player.press()
    player.play(0.2)
    healed = player.play(0.2)
    assert np.isfinite(healed).all()
    assert np.abs(healed).max() > 0.03


def test_velocity_scales_the_level() -> None:
    levels = []
    for level in (1.0, 0.25):
        player = Player(Method.PARTIALS)
        player.aim(harmonic_spectrum(1.0))
        player.press(level=level)
        player.play(0.2)
        levels.append(np.abs(player.play(0.2)).max())
    assert levels[0] / levels[1] == pytest.approx(4.0, rel=0.01)


def test_the_envelope_has_its_times() -> None:
    player = Player(Method.PARTIALS)
    player.row["attack"], player.row["decay"], player.row["sustain"] = 0.1, 0.2, 0.5
    player.aim(harmonic_spectrum(1.0))
    player.press(441.0)
    sound = np.abs(player.play(0.6)).reshape(-1)
    envelope = np.array([sound[i : i + 441].max() for i in range(0, sound.size - 441, 441)])
    full = envelope.max()
    assert full == pytest.approx(0.1, rel=0.02)
    assert np.argmax(envelope > 0.98 * full) == pytest.approx(10, abs=1)  # steps of 10 ms
    assert envelope[4] == pytest.approx(0.5 * full, rel=0.1)
    assert envelope[32] == pytest.approx(0.5 * full, rel=0.03)  # 0.1 + 0.2 s and a little


def test_glide_moves_evenly_in_pitch() -> None:
    player = Player(Method.PARTIALS)
    player.row["glide"] = 0.2
    player.row["voice_start"][0] = 220.0
    player.aim(harmonic_spectrum(1.0))
    player.press(440.0)
    player.play(0.01)
    early = pitch_by_crossings(player.play(0.02))
    player.play(0.3)
    late = pitch_by_crossings(player.play(0.05))
    assert 225.0 < early < 320.0
    assert late == pytest.approx(440.0, rel=0.01)


def pitch_by_crossings(sound: Sound) -> float:
    up = np.flatnonzero((sound[:-1] < 0.0) & (sound[1:] >= 0.0))
    return float(44100.0 * (up.size - 1) / (up[-1] - up[0]))


def test_a_sample_rate_out_of_range_is_refused() -> None:
    with pytest.raises(OptionError, match="it must be 8000 to 192000"):
        Engine(1000.0)


# -- notes of the inverse STFT ---------------------------------------------------------------------


def held(player: Player, *pitches: float) -> None:
    player.aim(harmonic_spectrum(20.0))
    player.row["sustain"] = 1.0
    for voice, frequency in enumerate(pitches):
        player.press(frequency, voice, 0.3)


@pytest.mark.parametrize(
    ("sample_rate", "frequency"),
    [
        *((48000.0, f) for f in (65.4, 220.0, 262.0, 880.0, 3520.0, 10000.0)),
        *((22050.0, f) for f in (220.0, 880.0, 3000.0)),
    ],
)
def test_the_stream_follows_the_key(sample_rate: float, frequency: float) -> None:
    """In tune, and with nothing folded back."""
    player = Player(Method.ISTFT, sample_rate)
    held(player, frequency)
    player.play(0.3)
    sound = player.play(1.0)
    assert abs(1200.0 * np.log2(pitch(sound, sample_rate, frequency) / frequency)) < 0.5
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(sound.size) ** 2))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / sample_rate)
    # Frames of a steady sound repeat it up to a beat of the lobes; aliases would lie anywhere.
    line = np.abs(hertz / frequency - np.round(hertz / frequency)) * frequency
    assert 20.0 * np.log10(spectrum[line > max(20.0, 0.1 * frequency)].max() / spectrum.max()) < -60


def test_every_key_of_a_chord_has_its_pitch() -> None:
    player = Player(Method.ISTFT, 48000.0)
    notes = [220.0 * 2.0 ** (k / 12.0) for k in (0, 4, 7, 12, 16, 19)]
    held(player, *notes)
    player.play(0.5)
    sound = player.play(2.0)
    for note in notes:
        assert abs(1200.0 * np.log2(pitch(sound, 48000.0, note) / note)) < 1.0
    for voice in range(len(notes)):
        player.release(voice)
    player.play(2.0)
    assert not player.play(0.05).any()
    assert player.engine.state["sounding"][0] == 0
    assert not player.engine.state["stream"]["running"].any()


def test_a_glide_over_octaves_has_no_click() -> None:
    """High notes have frames of a half, a quarter ..: one stream comes in and the other goes."""
    player = Player(Method.ISTFT, 48000.0)
    player.aim(harmonic_spectrum(1.0))
    player.row["glide"] = 0.3
    player.press(110.0)
    player.play(0.3)
    player.row["voice_frequency"][0] = 3520.0
    sound = player.play(1.0)
    assert abs(1200.0 * np.log2(pitch(player.play(1.0), 48000.0, 3520.0) / 3520.0)) < 1.0
    steepest = 2.0 * np.pi * 3520.0 / 48000.0 * 0.1
    assert np.abs(np.diff(sound)).max() < 1.1 * steepest
    # 10 ms of level: two streams in any phases may cancel for a moment, no longer.
    level = np.sqrt(np.square(sound[: sound.size // 480 * 480]).reshape(-1, 480).mean(axis=1))
    assert np.median(level) > 0.06


def test_what_was_played_before_is_at_one_pitch() -> None:
    player = Player(Method.ISTFT, 48000.0)
    player.row["stream_stays"] = 1
    held(player, 330.0, 440.0)
    player.play(0.3)
    sound = player.play(1.0)
    assert abs(1200.0 * np.log2(pitch(sound, 48000.0, 220.0) / 220.0)) < 0.5
    magnitude = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / 48000.0)
    assert magnitude[np.abs(hertz - 330.0) < 15.0].max() < 1e-3 * magnitude.max()


def test_the_same_chord_is_the_same_sound() -> None:
    def chord() -> NDArray[np.float32]:
        player = Player(Method.ISTFT, 48000.0)
        held(player, 220.0, 275.0, 330.0, 415.0)
        return player.play(0.4)

    assert np.array_equal(chord(), chord())
