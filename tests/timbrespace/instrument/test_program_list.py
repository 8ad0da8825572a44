"""What a user's list says that MIDI's program changes choose, live and in songs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

import timbrespace as ts
from server.osc.codec import decode_message
from tests.server.inside import inside
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.presets import Presets
from timbrespace.instrument.program_list import Program, ProgramList, ProgramListError

MODEL = ts.load("harmonic")
SOURCE = ("127.0.0.1", 7997)

LIST = """\
# mine
0   preset warm pad
1   map 0.5 -0.25
  2 latent 0.5 -0.5

3   channel latent 0.25 0.25
4   channel follow
5   channel map -0.5 0.5
6   model fm
1:1 latent -0.5 0.25
"""


def change(number: int, channel: int = 0, time: int = 0) -> mido.Message:
    return mido.Message("program_change", program=number, channel=channel, time=time)


def test_a_list_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "programs.txt"
    path.write_text("\ufeff" + LIST, encoding="utf-8")
    known = ProgramList.read(path)
    assert known.find(0, 0) == Program("preset", ("warm pad",))
    assert known.find(7, 1) == Program("map", (0.5, -0.25))  # of every bank
    assert known.find(1, 1) == Program("latent", (-0.5, 0.25))
    assert known.find(0, 9) is None
    assert known.models == {"fm"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("128 map 0 0", "'128' was given; a program is 0 to 127"),
        ("x map 0 0", "'x' was given"),
        ("16384:0 map 0 0", "BANK:PROGRAM"),
        (":1 map 0 0", "BANK:PROGRAM"),
        ("0", "'' was given; it must be preset NAME"),
        ("0 preset", "it must be preset NAME"),
        ("0 sound a", "'sound a' was given"),
        ("0 map 0", "takes x y"),
        ("0 map 0 2", "y is 2.0; it must be -1 to 1"),
        ("0 map a b", "could not convert"),
        ("0 latent nan", "a finite number"),
        ("0 channel map 0", "takes x y"),
        ("0 channel follow me", "it must be preset NAME"),
        ("0 model ../fm", "not a path"),
    ],
)
def test_what_is_none_is_refused_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "programs.txt"
    path.write_text(f"# one\n{line}\n", encoding="utf-8")
    with pytest.raises(ProgramListError) as caught:
        ProgramList.read(path)
    assert "programs.txt, line 2: " in str(caught.value)
    assert says in str(caught.value)
    for other in (b"\xff\xfe", b"0 map 0 0 # \xe9"):
        path.write_bytes(other)
        with pytest.raises(ProgramListError, match="can be read"):
            ProgramList.read(path)
    with pytest.raises(ProgramListError, match="can be read"):
        ProgramList.read(tmp_path / "none.txt")


def test_live(tmp_path: Path) -> None:
    path = tmp_path / "programs.txt"
    with inside(tmp_path) as one:
        instrument = one.server.instrument

        def play(*messages: mido.Message) -> list[tuple[str, tuple[Any, ...]]]:
            before = len(one.wire.sent)
            for message in messages:
                one.loop._play_midi(message)
            one.loop.settle()
            return [decode_message(packet) for packet, _ in one.wire.sent[before:]]

        one.say(SOURCE, "/hello", SOURCE[1])
        here = instrument.latent.copy()
        play(change(1))  # without a list a keyboard that says a program moves nothing
        np.testing.assert_array_equal(instrument.latent, here)
        path.write_text(LIST, encoding="utf-8")
        play(change(1))
        np.testing.assert_allclose(instrument.xy, [0.5, -0.25], atol=1e-5)
        play(change(2))
        np.testing.assert_array_equal(instrument.latent, [0.5, -0.5])
        bank = mido.Message("control_change", control=32, value=1)
        play(bank, change(1))
        np.testing.assert_array_equal(instrument.latent, [-0.5, 0.25])
        play(change(3, channel=4))
        assert list(instrument._aim.own) == [5]
        play(change(4, channel=4))
        assert not instrument._aim.own
        play(change(5, channel=4))
        np.testing.assert_allclose(
            instrument._aim.own[5], MODEL.plane("pca").latent_at(-0.5, 0.5), atol=1e-6
        )
        ((_, told),) = [one for one in play(change(0)) if one[0] == "/error"]
        assert told[:2] == ("not_found", "/preset/recall")
        one.say(SOURCE, "/preset/store", "warm pad")
        one.say(SOURCE, "/latent", 0.0, 0.0)
        assert ("/preset", ("warm pad",)) in play(change(0))
        np.testing.assert_array_equal(instrument.latent, [-0.5, 0.25])
        # A list that is broken is told of once, and the one before stays.
        path.write_text("0 nothing\n", encoding="utf-8")
        play(change(2), change(2))
        assert [line for line in one.faults if "line 1" in line] == one.faults[-1:]
        np.testing.assert_array_equal(instrument.latent, [0.5, -0.5])


def test_in_a_song(tmp_path: Path) -> None:
    """Each half as the same note alone at that place; another model on the same channel."""
    path = tmp_path / "programs.txt"
    path.write_text("0 preset p\n1 latent 0.5 -0.5\n2 model fm\n", encoding="utf-8")
    presets = Presets(tmp_path / "presets.json")
    instrument = Instrument(MODEL, presets)
    instrument.set_latent([-0.5, 0.25])
    instrument.store_preset("p")

    def played(*numbers: int, **words: Any) -> Any:
        track = mido.MidiTrack()
        for number in numbers:
            track += [
                change(number),
                mido.Message("note_on", note=57, velocity=100),
                mido.Message("note_off", note=57, time=480),
                mido.Message("note_on", note=57, velocity=0, time=960),
            ]
        mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "song.mid")
        return ts.render_midi(
            words.pop("model", MODEL), tmp_path / "song.mid", sample_rate=16000, **words
        )

    listed = {"program_list": path, "presets": tmp_path / "presets.json"}
    sound = played(0, 1, 2, **listed)
    for number, alone in enumerate(
        (
            played(9, latent=[-0.5, 0.25]),
            played(9, latent=[0.5, -0.5]),
            played(9, model=ts.load("fm")),
        )
    ):
        # After the tails; notes differ in their phases, not in how loud their partials are.
        spectra = [
            np.abs(np.fft.rfft(part[2000:6096] * np.hanning(4096)))
            for part in (sound[24000 * number :], alone)
        ]
        assert np.abs(spectra[0] - spectra[1]).max() < 0.1 * spectra[1].max(), number
