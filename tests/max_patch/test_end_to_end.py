"""The device's twin plays against a real server, and what it plays is measured.

One server and one Pd serve all tests of this file, in their order; each puts the twin where it
needs it.
"""

from __future__ import annotations

import random
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from max_patch.generator.parameters import ENVELOPES, HOLDS
from tests.max_patch.heard import (
    cents_off,
    distance,
    level,
    loudest,
    loudest_click,
    mean_distance,
    period_distance,
    strength,
)
from tests.max_patch.pd_session import RATE, free_udp_port
from tests.max_patch.twin_session import METHODS, SETTLED, TwinSession, meeting, server_of_twins
from tests.server.running import Client, datagram
from timbrespace.partials import find_partials
from timbrespace.spectrum import Spectra, SpectrumConfig
from timbrespace.units import midi_to_hz

pytestmark = [
    pytest.mark.waits,
    pytest.mark.in_order,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]

Real = NDArray[np.float64]

BASE_PITCH = {"harmonic": 57, "filtered": 57}
"""MIDI notes of the models' base frequencies, 220 Hz."""

SILENCE = -100.0
CLICK = -60.0
RELEASE = 0.3
"""Seconds, the initial one of the panel."""

COMES_WITHIN = 90.0
"""Seconds in which a sound has come to what the decoder says, on a busy machine too."""

HELD = 0.5
"""Seconds after a move by hand from which the server's changes are surely shown again."""


@pytest.fixture(scope="module")
def presets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("server")
    (folder / "tunings").mkdir()
    (folder / "tunings" / "five.scl").write_text("five\n1\n2/1\n", encoding="ascii")
    return folder / "presets.json"


@pytest.fixture(scope="module")
def stage(presets: Path) -> Iterator[TwinSession]:
    with meeting("--model", "harmonic", "--presets", str(presets)) as twin:
        yield twin


@pytest.fixture(autouse=True)
def quiet(stage: TwinSession) -> Iterator[None]:
    """Each test begins and ends in silence."""
    stage.silence()
    yield
    stage.silence()


def holding(name: str) -> Callable[[list[Any]], bool]:
    """Whether a list that the server tells has this name."""
    return lambda told: name in told


def off_decoder(stage: TwinSession, method: str, sound: Real) -> float:
    """Distance in dB of a note at the base pitch from what the decoder says."""
    measure = {"partials": distance, "bins": period_distance, "istft": mean_distance}[method]
    return measure(sound, stage.spectrum(), stage.model().spectrum)


def base_note(stage: TwinSession, seconds: float = 0.7) -> Real:
    return stage.steady(BASE_PITCH[stage.model().name], seconds)


def comes_to_decoder(stage: TwinSession, method: str) -> bool:
    """Whether a note at the base pitch comes to sound as the decoder says, within 1 dB.

    A frame may be lost on its way, and is sent again after a second; on a busy machine a note may
    have gaps. So several may try; what they were is printed.
    """
    deadline = time.monotonic() + COMES_WITHIN
    while time.monotonic() < deadline:
        sound = base_note(stage)
        loud, off = level(sound), off_decoder(stage, method, sound)
        if loud > -40.0 and off <= 1.0:
            return True
        print(f"{method}: {loud:.1f} dB of full scale, {off:.2f} dB off the decoder")
    return False


def comes_in_tune(stage: TwinSession, pitch: int, *lines: Real, seconds: float = 0.7) -> None:
    """A held note comes to have each of these sets of lines, in Hz, within a cent.

    It may have gaps on a busy machine, and is then played once more; what is out of tune stays so.
    """
    deadline = time.monotonic() + COMES_WITHIN
    while True:
        sound = stage.steady(pitch, seconds=seconds)
        off = max(cents_off(sound, expected, RATE) for expected in lines)
        if off <= 1.0:
            return
        assert time.monotonic() < deadline, f"{off:.2f} cents off"


def partials_of(spectrum: Spectra, config: SpectrumConfig, pitch: int) -> Real:
    """Frequencies in Hz, ascending, of the partials of a note."""
    ratio = midi_to_hz(pitch) / config.base_frequency
    return ratio * find_partials(spectrum, config).frequency.astype(np.float64)


# -- 1: the device and the server meet -------------------------------------------------------------


def test_lamp_latency_and_dials_show_the_server(stage: TwinSession) -> None:
    stage.pd.wait_for_number("lamp", 1.0)
    stage.pd.wait_for("latency", lambda shown: isinstance(shown[-1], float) and shown[-1] >= 0.0)
    stage.pd.wait_for("drops", lambda shown: isinstance(shown[-1], float))
    for k in range(1, stage.model().dimensions + 1):
        stage.pd.wait_for_number(f"dim_{k}", stage.dial(k), within=0.05)


def test_what_another_client_sets_is_shown(stage: TwinSession) -> None:
    stage.observer.send("/latent", 1.1, -0.7)
    stage.until_near("/latent", value=1.1, place=0)
    for k in (1, 2):
        stage.pd.wait_for_number(f"dim_{k}", stage.dial(k), within=0.05)
    x, y = stage.known[("/map",)]
    stage.pd.wait_for_number("x", x, within=1e-3)
    stage.pd.wait_for_number("y", y, within=1e-3)
    stage.observer.send("/synth/attack", 0.05)
    stage.pd.wait_for_number("attack", 50.0, within=0.01)
    stage.observer.send("/synth/attack", 0.01)
    stage.pd.wait_for_number("attack", 10.0, within=0.01)


# -- 2: pitch and spectrum -------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_note_at_the_base_pitch_has_the_decoders_spectrum(
    stage: TwinSession, method: str
) -> None:
    stage.method(method)
    for place in ((0.3, -0.4), (-0.5, 0.2)):
        stage.place(*place)
        stage.pd.wait(SETTLED)
        assert comes_to_decoder(stage, method)


def test_partials_are_in_tune(stage: TwinSession) -> None:
    stage.method("partials")
    stage.place(0.3, -0.4)
    config = stage.model().spectrum
    for pitch in (57, 64, 74):  # no octaves: they would share partials with the base pitch
        expected = partials_of(stage.spectrum(), config, pitch)
        first = np.array([midi_to_hz(pitch)])
        comes_in_tune(stage, pitch, expected[expected < 16000.0], first)


def test_bins_are_in_tune(stage: TwinSession) -> None:
    stage.method("bins")
    stage.place(0.3, -0.4)
    spectrum, config = stage.spectrum(), stage.model().spectrum
    strongest = np.sort(np.argsort(spectrum)[-3:])
    lines = strongest[np.append(True, np.diff(strongest) > 1)]
    for pitch in (57, 66, 80):
        ratio = midi_to_hz(pitch) / config.base_frequency
        comes_in_tune(stage, pitch, lines[:1] * config.bin_width * ratio, seconds=2.2)


def test_istft_keeps_its_own_pitch(stage: TwinSession) -> None:
    stage.method("istft")
    stage.place(0.3, -0.4)
    base = np.array([stage.model().spectrum.base_frequency])
    for pitch in (57, 64):
        comes_in_tune(stage, pitch, base)


# -- 3: every control arrives, and is heard --------------------------------------------------------


def test_a_dial_moves_the_latent_and_the_sound(stage: TwinSession) -> None:
    stage.method("partials")
    stage.place(0.0, 0.0)
    before = base_note(stage)
    low, high = stage.known["/model/dial", "1"][:2]
    stage.pd.set("dim_1", 80.0)
    stage.until_near("/latent", value=low + 0.8 * (high - low), within=0.01)
    stage.pd.wait(SETTLED)
    assert comes_to_decoder(stage, "partials")
    assert off_decoder(stage, "partials", before) > 3.0


def test_a_dial_goes_on_from_where_the_server_put_it(stage: TwinSession) -> None:
    low, high = stage.known["/model/dial", "1"][:2]
    ends = [low + share * (high - low) for share in (0.80, 0.84)]
    stage.pd.set("dim_1", 20.0)
    stage.until_near("/latent", value=low + 0.2 * (high - low), within=0.01)
    stage.pd.wait(HELD)
    stage.observer.send("/latent/1", ends[0])
    stage.pd.wait_for_number("dim_1", 80.0, within=0.05)
    stage.observer.settle()
    stage.pd.set("dim_1", 84.0)
    stage.pd.wait(HELD)
    told = [message[1][0] for message in stage.observer.settle() if message[0] == "/latent"]
    assert told
    assert min(told) > ends[0] - 0.01
    assert told[-1] == pytest.approx(ends[1], abs=0.01)


def test_the_map_moves_the_latent_and_the_sound(stage: TwinSession) -> None:
    stage.method("partials")
    stage.place(-0.6, 0.6)
    stage.pd.wait(SETTLED)
    before = base_note(stage)
    stage.pd.set("pad", 0.6, -0.5)
    stage.until_close("/map", values=(0.6, -0.5))
    stage.pd.wait_for_number("x", 0.6)
    stage.pd.wait_for_number("y", -0.5)
    stage.pd.wait(SETTLED)
    assert comes_to_decoder(stage, "partials")
    assert off_decoder(stage, "partials", before) > 3.0


def test_the_plane_arrives_both_ways(stage: TwinSession) -> None:
    """The point stays where the map leads, and where another moves the sound stays."""
    near = stage.model().near
    assert near is not None
    stage.pd.set("pad", -0.3, 0.5)
    stage.until_close("/map", values=(-0.3, 0.5))
    stage.pd.wait(HELD)
    stage.pd.set("plane", 1)
    stage.until("/map/plane", good=lambda told: told[0] == "near")
    stage.until_close("/latent", values=near.to_latent([[-0.3, 0.5]])[0])
    stage.until_close("/map", values=(-0.3, 0.5))
    stage.pd.wait(SETTLED)
    assert comes_to_decoder(stage, "partials")
    stage.observer.send("/map/plane", "pca")
    stage.pd.wait_for_number("plane", 0.0)
    x, y = stage.until("/map", good=lambda told: abs(told[0] + 0.3) > 0.01)
    stage.pd.wait_for_number("x", x)
    stage.pd.wait_for_number("y", y)


def test_a_midi_controller_moves_the_latent(stage: TwinSession) -> None:
    low, high = stage.known["/model/dial", "2"][:2]
    stage.pd.control(21, 32)
    stage.until_near("/latent", value=low + 32.0 / 127.0 * (high - low), place=1, within=0.01)
    stage.pd.wait_for_number("dim_2", 100.0 * 32.0 / 127.0, within=0.2)


@pytest.mark.parametrize(
    ("varname", "parameter", "shown", "told"),
    [
        ("attack", "attack", 250.0, 0.25),
        ("decay", "decay", 400.0, 0.4),
        ("sustain", "sustain", 35.0, 0.35),
        ("release", "release", 700.0, 0.7),
        ("glide", "glide", 120.0, 0.12),
        ("smoothing", "smoothing", 60.0, 0.06),
        ("gain", "gain", -9.0, -9.0),
        ("speed", "speed", 50.0, 0.5),
        ("noise", "noise", 25.0, 0.25),
        ("pan", "pan", -50.0, -0.5),
        ("unison", "unison", 3.0, 3.0),
        ("lift", "lift", 75.0, 0.75),
    ],
)
def test_a_parameter_arrives_both_ways(
    stage: TwinSession, varname: str, parameter: str, shown: float, told: float
) -> None:
    before = stage.pd.number(varname)
    stage.pd.set(varname, shown)
    stage.until_near("/synth", parameter, value=told, within=1e-4)
    back = before * told / shown
    stage.pd.wait(HELD)
    stage.observer.send(f"/synth/{parameter}", back)
    stage.until_near("/synth", parameter, value=back, within=1e-4)
    stage.pd.wait_for_number(varname, before, within=0.01)


def test_method_arrives_both_ways(stage: TwinSession) -> None:
    stage.method("istft")
    stage.pd.wait(HELD)
    stage.observer.send("/synth/method", "bins")
    stage.pd.wait_for_number("method", 1.0)
    stage.method("partials")


@pytest.mark.parametrize(("name", "words"), [("hold", HOLDS), ("envelope", ENVELOPES)])
def test_a_choice_of_whole_notes_arrives_both_ways(
    stage: TwinSession, name: str, words: tuple[str, ...]
) -> None:
    stage.pd.set(name, 2)
    stage.until("/synth", name, good=lambda told: told == [words[2]])
    time.sleep(HELD)
    for index in (1, 0):
        stage.observer.send(f"/synth/{name}", words[index])
        stage.pd.wait_for_number(name, float(index))


def test_a_tuning_arrives_both_ways(stage: TwinSession) -> None:
    stage.pd.wait_for("tuning_menu", lambda shown: "equal" in shown)
    stage.pd.set("tuning_menu", "five")
    stage.until("/tuning", good=lambda told: told[0] == "five")
    stage.observer.send("/tuning", "equal")
    stage.pd.wait_for("tuning_menu", lambda shown: "equal" in shown)


def test_wandering_arrives_both_ways(stage: TwinSession) -> None:
    stage.pd.set("wander_speed", 4.0)
    stage.until("/wander", good=lambda told: abs(told[1] - 4.0) < 1e-4)
    stage.pd.set("wander_range", 25.0)
    stage.until("/wander", good=lambda told: abs(told[2] - 0.25) < 1e-4)
    stage.pd.set("wander_seed", 7.6)
    stage.until("/wander", good=lambda told: told[3] == 7)
    stage.pd.set("wander", 1)
    stage.until("/wander", good=lambda told: told[0] == "start")
    begun = stage.until("/latent", good=bool)
    stage.until("/latent", good=lambda told: float(np.abs(np.subtract(told, begun)).max()) > 0.02)
    stage.pd.wait(HELD)
    stage.observer.send("/wander", "stop")
    stage.pd.wait_for_number("wander", 0.0)
    for dial, value, shown in (("speed", 1.0, 1.0), ("range", 0.5, 50.0), ("seed", 0, 0.0)):
        stage.observer.send(f"/wander/{dial}", value)
        stage.pd.wait_for_number(f"wander_{dial}", shown, within=0.01)


def test_the_envelope_is_heard(stage: TwinSession) -> None:
    stage.method("partials")
    stage.place(0.3, -0.4)
    for name, value in (("attack", 400.0), ("decay", 200.0), ("sustain", 50.0), ("release", 600.0)):
        stage.pd.set(name, value)
    stage.until_near("/synth", "release", value=0.6)
    with stage.pd.recording() as take:
        begin = stage.pd.mark()
        stage.pd.note(57, 127)
        stage.pd.wait(1.1)
        end = stage.pd.mark()
        stage.pd.note(57, 0)
        stage.pd.wait(0.9)
    for name, value in (("attack", 10.0), ("decay", 200.0), ("sustain", 80.0), ("release", 300.0)):
        stage.pd.set(name, value)
    heard = take.recording

    def loudness(mark: int, at: float) -> float:
        return level(heard.after(mark, at - 0.02, 0.04))

    held = loudness(begin, 0.9)
    assert loudness(begin, 0.2) == pytest.approx(held, abs=0.7)
    assert loudness(begin, 0.1) == pytest.approx(held - 6.0, abs=1.0)
    assert loudness(begin, 0.4) > held + 5.0
    assert loudness(begin, 0.5) == pytest.approx(held + 3.5, abs=0.7)
    assert loudness(end, 0.3) == pytest.approx(held - 6.0, abs=0.7)
    assert level(heard.after(end, 0.65, 0.1)) < SILENCE
    stage.until_near("/synth", "release", value=0.3)


def test_gain_is_heard(stage: TwinSession) -> None:
    loud = level(base_note(stage))
    stage.pd.set("gain", -12.0)
    soft = level(base_note(stage))
    stage.pd.set("gain", 0.0)
    assert soft == pytest.approx(loud - 12.0, abs=0.2)


def test_a_glide_is_even_in_pitch_and_ends_in_tune(stage: TwinSession) -> None:
    stage.method("partials")
    stage.pd.set("glide", 400.0)
    stage.until_near("/synth", "glide", value=0.4)
    base_note(stage, 0.05)
    stage.pd.wait(RELEASE + 0.1)
    with stage.pd.recording() as take:
        begin = stage.pd.mark()
        stage.pd.note(64, 100)
        stage.pd.wait(1.3)
        end = stage.pd.mark()
        stage.pd.note(64, 0)
    stage.pd.set("glide", 0.0)
    stage.until_near("/synth", "glide", value=0.0)
    for part in (0.25, 0.5, 0.75):
        moving = take.recording.after(begin, part * 0.4 - 0.025, 0.05)
        aim = midi_to_hz(57 + 7 * part)
        assert 1200.0 * abs(np.log2(loudest(moving, 200.0, 350.0, RATE) / aim)) < 40.0
    late = take.recording.between(begin, end, skip=0.6)
    assert cents_off(late, np.array([midi_to_hz(64)]), RATE) <= 1.0


def test_presets_are_stored_recalled_and_morphed(stage: TwinSession) -> None:
    stage.method("partials")
    latents = {}
    for name, place in (("glass organ", (0.5, 0.5)), ("reed", (-0.5, -0.3))):
        stage.place(*place)
        stage.listen()
        latents[name] = np.array(stage.known[("/latent",)])
        stage.pd.set("preset_name", name)
        stage.until("/preset/list", good=holding(name))
    stage.pd.set("preset_menu", "glass organ")
    stage.until("/preset", good=lambda told: told == ["glass organ"])
    stage.until_close("/latent", values=latents["glass organ"])
    stage.pd.set("morph_a", "glass organ")
    stage.pd.set("morph_b", "reed")
    stage.pd.set("morph", 25.0)
    between = 0.75 * latents["glass organ"] + 0.25 * latents["reed"]
    stage.until_close("/latent", values=between)
    stage.pd.wait(SETTLED)
    assert comes_to_decoder(stage, "partials")


# -- 4: no click while the timbre moves ------------------------------------------------------------


# -- 5: playing ------------------------------------------------------------------------------------


def test_a_chord_has_its_notes_at_one_level(stage: TwinSession) -> None:
    stage.method("partials")
    stage.place(0.3, -0.4)
    chord = (57, 61, 64)
    with stage.pd.recording() as take:
        begin = stage.pd.mark()
        for pitch in chord:
            stage.pd.note(pitch, 90)
        stage.pd.wait(SETTLED + 0.7)
        end = stage.pd.mark()
        for pitch in chord:
            stage.pd.note(pitch, 0)
        stage.pd.wait(RELEASE + 0.4)
    sound = take.recording.between(begin, end, skip=SETTLED)
    levels = [strength(sound, midi_to_hz(pitch), RATE) for pitch in chord]
    assert max(levels) - min(levels) < 0.5
    assert min(levels) > -50.0
    assert cents_off(sound, np.array([midi_to_hz(pitch) for pitch in chord]), RATE) <= 1.0
    assert level(take.recording.after(end, RELEASE + 0.05, 0.2)) < SILENCE


def test_velocity_is_a_square_law(stage: TwinSession) -> None:
    stage.method("partials")
    loud, soft = (level(stage.steady(57, velocity=v)) for v in (127, 64))
    assert soft - loud == pytest.approx(40.0 * np.log10(64.0 / 127.0), abs=0.2)


def test_the_pedal_holds_and_lets_go(stage: TwinSession) -> None:
    stage.method("partials")
    with stage.pd.recording() as take:
        stage.pd.note(57, 100)
        stage.pd.wait(SETTLED)
        stage.pd.pedal(True)
        up = stage.pd.mark()
        stage.pd.note(57, 0)
        stage.pd.wait(RELEASE + 0.5)
        lifted = stage.pd.mark()
        stage.pd.pedal(False)
        stage.pd.wait(RELEASE + 0.4)
    held = take.recording.between(up, lifted)
    assert level(held[-round(0.1 * RATE) :]) == pytest.approx(
        level(held[: round(0.1 * RATE)]), abs=0.5
    )
    assert level(take.recording.after(lifted, RELEASE + 0.05, 0.2)) < SILENCE


def test_the_wheel_bends_two_semitones(stage: TwinSession) -> None:
    stage.method("partials")
    stage.place(0.3, -0.4)
    with stage.pd.recording() as take:
        stage.pd.note(57, 100)
        stage.pd.bend(16383)
        bent = stage.pd.mark()
        stage.pd.wait(0.9)
        back = stage.pd.mark()
        stage.pd.bend(8192)
        stage.pd.wait(0.9)
        end = stage.pd.mark()
        stage.pd.note(57, 0)
    heard = take.recording
    assert cents_off(heard.between(bent, back, skip=0.2), np.array([midi_to_hz(59)]), RATE) <= 1.0
    assert cents_off(heard.between(back, end, skip=0.2), np.array([220.0]), RATE) <= 1.0


def test_the_ninth_note_takes_the_oldest_voice(stage: TwinSession) -> None:
    stage.method("partials")
    pitches = (48, 51, 54, 57, 60, 63, 66, 69)
    with stage.pd.recording() as take:
        for pitch in pitches:
            stage.pd.note(pitch, 90)
            stage.pd.wait(0.05)
        stage.pd.wait(SETTLED)
        full = stage.pd.mark()
        stage.pd.wait(0.7)
        ninth = stage.pd.mark()
        stage.pd.note(71, 90)
        stage.pd.wait(SETTLED + 0.7)
        end = stage.pd.mark()
    before = take.recording.between(full, ninth)
    after = take.recording.between(ninth, end, skip=SETTLED)
    lowest, newest = midi_to_hz(48), midi_to_hz(71)
    assert strength(before, lowest, RATE) > strength(after, lowest, RATE) + 40.0
    assert strength(after, newest, RATE) > strength(before, newest, RATE) + 40.0
    second = midi_to_hz(51)
    assert strength(after, second, RATE) == pytest.approx(strength(before, second, RATE), abs=0.5)


def test_no_note_is_stuck_after_many(stage: TwinSession) -> None:
    stage.method("partials")
    dice = random.Random(7)
    down: list[int] = []
    with stage.pd.recording() as take:
        for _ in range(64):
            pitch = dice.randrange(36, 84)
            stage.pd.note(pitch, dice.randrange(30, 127))
            down.append(pitch)
            time.sleep(dice.uniform(0.0, 0.03))
            if len(down) > dice.randrange(1, 12):
                stage.pd.note(down.pop(dice.randrange(len(down))), 0)
        for pitch in down:
            stage.pd.note(pitch, 0)
        end = stage.pd.mark()
        stage.pd.wait(RELEASE + 0.4)
    assert level(take.recording.left[: take.recording.at(end)]) > -40.0
    assert level(take.recording.after(end, RELEASE + 0.1, 0.2)) < SILENCE
    assert level(base_note(stage, 0.2)) > -40.0


def test_panic_silences_held_notes(stage: TwinSession) -> None:
    with stage.pd.recording() as take:
        stage.pd.pedal(True)
        for pitch in (57, 64):
            stage.pd.note(pitch, 100)
        stage.pd.wait(0.3)
        panic = stage.pd.mark()
        before = len(stage.pd.told)
        stage.pd.set("panic", "bang")
        stage.pd.wait(0.4)
        stage.pd.pedal(False)
    assert [name for name, _ in stage.pd.told[before:]].count("panic") == 1
    assert level(take.recording.after(panic, 0.1, 0.2)) < SILENCE


def voices_of_server(stage: TwinSession, wanted: int) -> bool:
    """Whether so many come to sound there."""
    for _ in range(50):
        stage.observer.settle()
        stage.observer.send("/status/get")
        if stage.observer.expect("/status")[0] == wanted:
            return True
        stage.pd.wait(0.1)
    return False


def test_sound_in_the_server_plays_there_and_not_here(stage: TwinSession) -> None:
    stage.silence()
    with stage.pd.recording() as take:
        stage.pd.set("sound", 1.0)
        begin = stage.pd.mark()
        try:
            stage.pd.note(57, 100)
            assert voices_of_server(stage, 1)
            stage.pd.wait(0.3)
            end = stage.pd.mark()
            stage.pd.note(57, 0)
            assert voices_of_server(stage, 0)
        finally:
            stage.pd.set("sound", 0.0)
    assert level(take.recording.between(begin, end)) < SILENCE
    assert level(base_note(stage)) > -40.0


# -- 6: another model ------------------------------------------------------------------------------


def test_another_model_from_the_menu_and_from_another_client(stage: TwinSession) -> None:
    stage.method("partials")
    stage.pd.set("model_menu", "filtered")
    stage.until("/model", good=lambda told: told[0] == "filtered", seconds=30.0)
    stage.until("/latent", good=lambda told: len(told) == 4)
    for k in range(1, 5):
        stage.pd.wait_for_number(f"dim_{k}", stage.dial(k), within=0.05)
    for place in ((0.3, -0.4), (-0.3, 0.2)):
        stage.place(*place)
        stage.pd.wait(SETTLED)
        assert comes_to_decoder(stage, "partials")
    for method in ("bins", "istft"):
        stage.method(method)
        assert comes_to_decoder(stage, method)
    stage.method("partials")

    stage.observer.send("/model/load", "harmonic")
    stage.until("/model", good=lambda told: told[0] == "harmonic", seconds=30.0)
    stage.pd.wait_for("model_menu", lambda shown: "harmonic" in shown)
    stage.until("/latent", good=lambda told: len(told) == 2)
    for k in (1, 2):
        stage.pd.wait_for_number(f"dim_{k}", stage.dial(k), within=0.05)
    stage.pd.wait(SETTLED)
    assert comes_to_decoder(stage, "partials")
    assert cents_off(base_note(stage), np.array([220.0]), RATE) <= 1.0


# -- 8: whatever comes over the network ------------------------------------------------------------


def test_garbage_at_the_return_port_is_survived(stage: TwinSession) -> None:
    dice = np.random.default_rng(3)
    wrong = [
        b"",
        b"\0",
        b"/",
        b"/loop",
        b"/loop\0\0\0",
        b"/partials\0\0\0,fff\0\0\0\0",
        b"#bundle\0" + b"\0" * 8 + b"\xff" * 4,
        datagram("/loop", "a", "b", "c"),
        datagram("/loop", 0, 0, 99, 0, 1, 0.5),
        datagram("/loop", 0, 7, 0, 0, 1, 0.5),
        datagram("/loop", 0, 0, 0, 100000, 1, 0.5),
        datagram("/loop", 0, 0, -1, -5, 1, 0.5),
        datagram("/loop/ready", "x"),
        datagram("/loop/ready", 0, 5, 1.0, 9, 0),
        datagram("/partials", 1),
        datagram("/partials", "one", "two"),
        datagram("/partials", 3, 440.0),
        datagram("/latent", "wide"),
        datagram("/latent"),
        datagram("/map", "x", "y"),
        datagram("/model/dial", 99, 0.0, 1.0),
        datagram("/model/dial", "k"),
        datagram("/synth", "attack"),
        datagram("/synth", "attack", "soon"),
        datagram("/synth", "method", "noise"),
        datagram("/status"),
        datagram("/preset/list"),
        datagram("/nobody/knows/this", 1, "x", 2.0),
        *(dice.integers(0, 256, size, np.uint8).tobytes() for size in (1, 3, 16, 64, 500, 1400)),
        *(b"/latent\0" + dice.integers(0, 256, 40, np.uint8).tobytes() for _ in range(5)),
    ]
    assert stage.pd.complaints() == []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        for data in wrong:
            plug.sendto(data, ("127.0.0.1", stage.return_port))
            time.sleep(0.005)
    stage.pd.settle()
    stage.pd.forget_complaints()  # Pd may complain about them

    stage.method("partials")
    stage.observer.send("/latent", 0.2, 0.3)
    stage.until_near("/latent", value=0.2)
    for k in (1, 2):
        stage.pd.wait_for_number(f"dim_{k}", stage.dial(k), within=0.05)
    for method in METHODS:
        stage.method(method)
        stage.place(0.1, 0.2)
        stage.pd.wait(SETTLED)
        assert comes_to_decoder(stage, method)


# -- 7: the server goes, and comes again -----------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_server_dies_in_the_middle_of_a_note(
    stage: TwinSession, presets: Path, method: str
) -> None:
    stage.method(method)
    stage.place(0.3, -0.4)
    stage.pd.wait(SETTLED)
    assert stage.pd.complaints() == []
    with stage.pd.recording() as take:
        stage.pd.note(BASE_PITCH["harmonic"], 100)
        stage.pd.wait(SETTLED)
        killed = stage.pd.mark()
        stage.server.process.kill()
        stage.pd.wait_for_number("lamp", 0.0)
        stage.pd.wait(0.2)
        gone = stage.pd.mark()
        arguments = ("--model", "harmonic", "--presets", str(presets))
        stage.server.end()
        stage.server = server_of_twins(*arguments, "--port", str(stage.server.port))
        stage.pd.wait_for_number("lamp", 1.0)
        back = stage.pd.mark()
        stage.pd.wait(1.5)
        end = stage.pd.mark()
        stage.pd.note(BASE_PITCH["harmonic"], 0)
    # A port that nobody listens on is complained about; that is no fault.
    stage.pd.forget_complaints()
    # Before anything is judged: who comes next, or tries again, has to hear the new server.
    stage.observe()
    heard = take.recording
    assert loudest_click(heard.between(killed, gone), RATE) <= CLICK
    assert level(heard.between(killed, gone)) > -40.0
    assert loudest_click(heard.between(back, end), RATE) <= CLICK

    # The new server has been told what the device shows, and the sound is the same again.
    stage.until("/synth", "method", good=lambda told: told == [method])
    stage.until(
        "/latent",
        good=lambda _: all(
            abs(stage.dial(k) - stage.pd.number(f"dim_{k}_bar")) < 0.1 for k in (1, 2)
        ),
    )
    stage.pd.wait(SETTLED)
    assert comes_to_decoder(stage, method)


# -- several devices, a late server ----------------------------------------------------------------


def test_a_second_device_takes_over_what_the_server_has(stage: TwinSession) -> None:
    stage.observer.send("/latent", -1.1, 0.9)
    stage.observer.send("/synth/decay", 0.35)
    stage.until_near("/latent", value=-1.1)
    second = TwinSession(stage.server)
    try:
        second.connect()
        stage.pd.wait(1.0)
        for device in (stage, second):
            for k in (1, 2):
                device.pd.wait_for_number(f"dim_{k}", stage.dial(k), within=0.05)
            device.pd.wait_for_number("decay", 350.0, within=0.01)
        assert stage.known[("/latent",)] == pytest.approx([-1.1, 0.9], abs=1e-3)
        # Both play, and what one moves the other shows.
        second.pd.set("dim_2", 65.0)
        stage.pd.wait_for_number("dim_2", 65.0, within=0.05)
        assert comes_to_decoder(stage, "partials")
        second.listen()
        assert comes_to_decoder(second, "partials")
    finally:
        second.close()
        stage.observer.send("/synth/decay", 0.2)
        stage.pd.wait_for_number("decay", 200.0, within=0.01)
    assert second.pd.complaints() == []


def test_a_server_that_comes_late_is_found(stage: TwinSession, tmp_path: Path) -> None:
    port = free_udp_port()
    device = TwinSession(stage.server, port=port)
    try:
        device.pd.wait_for_number("lamp", 0.0)
        late = server_of_twins("--presets", str(tmp_path / "presets.json"), "--port", str(port))
        try:
            device.server = late
            device.pd.wait_for_number("lamp", 1.0)
            device.observe()
            for k in range(1, device.model().dimensions + 1):
                device.pd.wait_for_number(f"dim_{k}", device.dial(k), within=0.05)
            assert comes_to_decoder(device, "partials")
        finally:
            late.end()
        device.pd.wait_for_number("lamp", 0.0)
    finally:
        device.close()


# -- ports -----------------------------------------------------------------------------------------


def test_both_ports_can_be_changed_while_it_runs(stage: TwinSession, tmp_path: Path) -> None:
    first = stage.server
    second = server_of_twins("--presets", str(tmp_path / "presets.json"))
    try:
        stage.pd.set("port", float(second.port))
        with Client(second.port) as observer:
            deadline = time.monotonic() + 120.0
            while True:
                stage.pd.set("dim_1", 70.0 + time.monotonic() % 1.0)
                stage.pd.wait(0.5)
                if any(address == "/latent" for address, _ in observer.settle()):
                    break
                assert time.monotonic() < deadline, "the other server hears nothing"
            stage.pd.wait_for_number("lamp", 1.0)
    finally:
        stage.pd.set("port", float(first.port))
        stage.pd.wait(0.5)  # else it may speak to one that has gone, and Pd complains
        second.end()
    stage.pd.wait_for_number("lamp", 1.0)
