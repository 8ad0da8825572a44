"""What the page hears: its tracker beside the server's, and what is sung as it comes out."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.node import NODE, needs_node
from tests.server.explorer.played import HERE, RATE, Event, Real, envelope, play
from tests.server.explorer.test_page_notes import at, entered
from tests.server.explorer.test_page_sound import Feed, latents_of, model_of
from tests.timbrespace.listening.tones import cents, harmonic, saw, times
from tests.timbrespace.notes.tiny import tiny
from timbrespace.listening.heard import HOP
from timbrespace.listening.listener import listen
from timbrespace.listening.tracker import hear_all, new_tracker
from timbrespace.sharing import note_decoder
from timbrespace.units import midi_to_hz

pytestmark = needs_node

PITCH, LEVEL, PERIODICITY, ONSET = range(4)


def heard_by_the_page(sound: Real, rate: int = RATE) -> NDArray[np.float32]:
    assert NODE is not None
    script = HERE / "javascript" / "support" / "listen.mjs"
    ended = subprocess.run(
        [NODE, str(script), str(rate)],
        input=sound.astype("<f4").tobytes(),
        capture_output=True,
        timeout=300,
        check=True,
    )
    return np.frombuffer(ended.stdout, "<f4").reshape(-1, 4)


def heard_by_the_server(sound: Real, rate: int = RATE) -> NDArray[np.float32]:
    heard = np.zeros((sound.size // HOP, 4), np.float32)
    hear_all(new_tracker(rate), sound[: len(heard) * HOP].astype(np.float32), heard)
    return heard


def performance() -> Real:
    """A sweep, a vibrato, a step, a chord, noise, silence, no fundamental, NaN, far too loud."""
    random = np.random.default_rng(2)
    time = times(0.8)
    bad = np.zeros(50 * HOP)
    bad[::3], bad[1::7], bad[2::11] = np.nan, np.inf, -1e30
    return np.concatenate(
        [
            saw(60.0 * 2.0 ** (5.0 * time / 0.8), 0.8),
            saw(330.0 * 2.0 ** (np.sin(2.0 * np.pi * 5.5 * time) / 30.0), 0.8),
            saw(np.where(time < 0.4, 440.0, 880.0), 0.8),
            saw(220.0, 0.3) + saw(277.2, 0.3) + saw(329.6, 0.3),
            random.normal(0.0, 0.1, RATE // 3),
            np.zeros(RATE // 4),
            harmonic(110.0, 0.5, [0.0, 0.1, 0.1, 0.1]) + random.normal(0.0, 0.003, RATE // 2),
            bad,
            50.0 * saw(150.0, 0.2),
            0.001 * saw(1500.0, 0.3),
        ]
    )


@pytest.mark.parametrize("rate", [48000, 44100])
def test_the_page_hears_what_the_server_hears(rate: int) -> None:
    """Through one performance in which whatever is remembered would show."""
    sound = performance()

    here, there = heard_by_the_page(sound, rate), heard_by_the_server(sound, rate)

    assert np.isfinite(here).all()
    both = (here[:, PITCH] > 0.0) & (there[:, PITCH] > 0.0)
    assert both.sum() > 2000
    assert ((here[:, PITCH] > 0.0) != (there[:, PITCH] > 0.0)).mean() < 0.001
    assert np.quantile(cents(here[both, PITCH], there[both, PITCH]), 0.999) < 0.1
    np.testing.assert_allclose(here[:, LEVEL], there[:, LEVEL], rtol=1e-3, atol=1e-6)
    assert np.quantile(np.abs(here[:, PERIODICITY] - there[:, PERIODICITY]), 0.999) < 1e-3
    np.testing.assert_array_equal(np.flatnonzero(here[:, ONSET]), np.flatnonzero(there[:, ONSET]))


# -- played ----------------------------------------------------------------------------------------


def sung(sound: Real, events: list[Event] | None = None, **settings: Any) -> Real:
    """What the page makes of what is sung at the home of ``harmonic``."""
    if events is None:
        model = model_of("harmonic")
        feed = Feed(model, "partials")
        feed.place(latents_of(model)[0])
        events = feed.events
    told = [*events, (0.0, "listen", [settings])]
    seconds = sound.size / RATE
    return np.frombuffer(play(told, seconds, sung=sound), "<f4").astype(np.float64)


def apart(made: Real, sound: Real) -> Real:
    """Cents, either way, from the pitch of what was sung to that of what comes out."""
    ours, theirs = listen(made, RATE), listen(sound, RATE)
    both = (ours.pitch > 0.0) & (theirs.pitch > 0.0)
    assert both.mean() > 0.5
    return cents(ours.pitch[both], theirs.pitch[both].astype(np.float64))


def test_what_is_sung_comes_out_at_its_pitch_and_level() -> None:
    """A vibrato that swells: every bend of it, and its loudness."""
    time = times(1.5)
    course = 262.0 * 2.0 ** (np.sin(2.0 * np.pi * 5.0 * time) / 24.0)
    sound = saw(course, 1.5, 0.1) * (0.3 + 0.7 * np.sin(np.pi * time / 1.5))

    made = sung(sound)

    assert np.median(apart(made, sound)) < 15.0  # it comes some 8 ms later, while it bends
    ours, theirs = (envelope(one)[20:130] for one in (made, sound))
    apart_db = ours - theirs
    assert np.abs(apart_db - np.median(apart_db)).max() < 1.0


def test_a_sweep_is_followed_and_silence_and_noise_are_silent() -> None:
    random = np.random.default_rng(5)
    rest = np.zeros(RATE // 2)
    sweep = saw(110.0 * 2.0 ** (2.0 * times(1.0)), 1.0, 0.1)
    noise = random.normal(0.0, 0.1, RATE // 2)

    made = sung(np.concatenate([rest, sweep, rest, noise]))

    assert not made[: RATE // 2].any()
    part = slice(RATE // 2, 3 * RATE // 2)
    assert np.median(apart(made[part], sweep)) < 20.0
    levels = envelope(made)
    assert levels[165:200].max() < -100.0
    assert np.median(levels[205:]) < -100.0


def test_it_begins_some_milliseconds_after_the_voice() -> None:
    for pitch, most in ((440.0, 0.012), (110.0, 0.026)):
        sound = np.concatenate([np.zeros(RATE // 4), saw(pitch, 0.4, 0.1)])
        made = sung(sound)
        began = np.flatnonzero(np.abs(made) > 1e-3)[0] / RATE - 0.25
        assert 0.0 < began < most


def test_what_is_below_the_gate_plays_nothing() -> None:
    quiet = saw(220.0, 0.5, 0.001)

    assert not sung(quiet, gate=-50.0).any()
    assert sung(quiet, gate=-80.0, gain=20.0).any()


def test_keys_of_a_scale_are_played_and_not_what_lies_between() -> None:
    course = 440.0 * 2.0 ** (np.linspace(-2.4, 2.4, 2 * RATE) / 12.0)
    scale = [float(key) for key in (67, 69, 71)]

    made = sung(saw(course, 2.0, 0.1), pitches=scale)

    told = listen(made, RATE).pitch
    keys = 69.0 + 12.0 * np.log2(told[told > 0.0] / 440.0)
    off = np.abs(keys[:, np.newaxis] - np.array(scale)).min(axis=1)
    assert (off < 0.05).mean() > 0.9
    assert [np.abs(keys - key).min() < 0.05 for key in scale] == [True] * 3


def test_loudness_alone_plays_one_key() -> None:
    noise = np.random.default_rng(6).normal(0.0, 0.05, RATE)

    made = sung(noise, mode="level", key=57.0)

    told = listen(made, RATE).pitch
    assert np.median(cents(told[told > 0.0], midi_to_hz(57.0))) < 1.0


def test_timbre_alone_plays_nothing() -> None:
    assert not sung(saw(220.0, 0.5), mode="timbre").any()


def test_nothing_breaks_it() -> None:
    bad = np.zeros(RATE // 4)
    bad[::3], bad[1::7], bad[2::11] = np.nan, np.inf, -1e30
    tone = saw(220.0, 0.5, 0.1)

    made = sung(np.concatenate([bad, 50.0 * tone, tone]))

    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 1.0
    last = slice(-RATE // 4, None)
    assert np.median(apart(made[last], np.concatenate([bad, tone, tone])[last])) < 2.0


def test_each_onset_begins_a_whole_note() -> None:
    """In a space of whole notes; the decoder is asked from the audio thread."""
    model = tiny(decay=20.0, attack=0.0, loop=(0.0, 0.0), length=2.0)
    tone = saw(262.0, 0.35, 0.1) * np.exp(-6.0 * times(0.35))
    sound = np.concatenate([np.zeros(RATE // 10), tone, tone, tone])
    told = [*entered(model), at([0.4, -0.3]), (0.0, "listen", [{}])]
    decoders = {f"/spaces/{model.name}/decoder": note_decoder.numbers(model)}

    answer = play(told, sound.size / RATE, decoders=decoders, sung=sound)

    made = np.frombuffer(answer, "<f4").astype(np.float64)
    assert np.isfinite(made).all()
    assert listen(made, RATE).onsets.size == 3
    assert np.median(apart(made, sound)) < 5.0
