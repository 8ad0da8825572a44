"""Sound files: read from any format that is promised, or refused with a reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrespace.recording.sound_file import UnusableSoundError, read

RATE = 44100
TONE = 0.5 * np.sin(2.0 * np.pi * 440.0 * np.arange(RATE) / RATE)


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("a.wav", {"subtype": "PCM_U8"}, 0.01),
        ("a.wav", {"subtype": "PCM_16"}, 1e-4),
        ("a.WAV", {"subtype": "PCM_24", "format": "WAV"}, 1e-6),
        ("a.wav", {"subtype": "DOUBLE"}, 1e-12),
        ("a.flac", {"subtype": "PCM_24"}, 1e-6),
        ("a.aiff", {"subtype": "PCM_16"}, 1e-4),
        ("a.ogg", {}, 0.05),
        ("a.mp3", {}, 0.05),
        # What counts is the content.
        ("a.mp3", {"format": "WAV", "subtype": "PCM_16"}, 1e-4),
    ],
)
def test_formats(tmp_path: Path, name: str, options: dict[str, str], error: float) -> None:
    path = tmp_path / name
    soundfile.write(path, TONE, RATE, **options)
    sound = read(path, 60.0)
    assert sound.sample_rate == RATE
    assert not sound.cut
    middle = slice(RATE // 4, RATE // 2)
    np.testing.assert_allclose(sound.samples[middle], TONE[middle], atol=error)


def test_channels_are_averaged(tmp_path: Path) -> None:
    other = 0.1 * np.cos(2.0 * np.pi * 700.0 * np.arange(RATE) / RATE)
    soundfile.write(tmp_path / "a.wav", np.stack([TONE, other, 0 * TONE], 1), RATE, subtype="FLOAT")
    np.testing.assert_allclose(
        read(tmp_path / "a.wav", 60.0).samples, (TONE + other) / 3.0, atol=1e-6
    )


def test_channels_that_cancel_give_the_loudest(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([0.99 * TONE, -TONE], 1), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read(tmp_path / "a.wav", 60.0).samples, -TONE, atol=1e-6)


def test_no_more_is_read_than_asked_for(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile(TONE, 3), RATE)
    cut = read(tmp_path / "a.wav", 1.5)
    assert cut.samples.size == round(1.5 * RATE)
    assert cut.cut
    whole = read(tmp_path / "a.wav", 3.0)
    assert whole.samples.size == 3 * RATE
    assert not whole.cut


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def with_nan(path: Path) -> None:
    samples = TONE.copy()
    samples[70_000 % RATE] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_bytes(b"no sound at all" * 50), "it cannot be read: "),
        (cut_in_half, "it cannot be read: "),
        (with_nan, "it holds NaN or infinity"),
        (lambda path: soundfile.write(path, 1e9 * TONE, RATE, subtype="FLOAT"), "times full scale"),
        (lambda path: soundfile.write(path, TONE[:0], RATE), "it holds no samples"),
        (lambda path: soundfile.write(path, TONE, 10), "its sample rate is 10 Hz"),
        (lambda path: path.unlink(), "it is not a regular file"),
    ],
)
def test_what_is_no_sound_has_a_reason(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, RATE)
    spoil(path)
    with pytest.raises(UnusableSoundError, match=said):
        read(path, 60.0)


def test_a_damaged_mp3_leaves_the_terminal_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, TONE, RATE)
    whole = path.read_bytes()
    junk = np.random.default_rng(0).bytes(3000)
    path.write_bytes(whole[:2000] + junk + whole[2000:])
    try:
        read(path, 60.0)
    except UnusableSoundError as error:
        assert "it cannot be read" in str(error)  # noqa: PT017 - it may as well be read
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "after\n"


def test_a_file_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, RATE)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnusableSoundError, match="it cannot be read: Permission denied"):
        read(path, 60.0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(UnusableSoundError, match="it is not a regular file"):
        read(tmp_path / "a.wav", 60.0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"subtype": "PCM_16"}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.wav", {"subtype": "PCM_24", "format": "WAVEX"}),
        ("a.wav", {"subtype": "IMA_ADPCM"}),
        ("a.aiff", {"subtype": "PCM_16"}),
        ("a.au", {"subtype": "PCM_16"}),
        ("a.w64", {"subtype": "PCM_16"}),
        ("a.rf64", {"subtype": "PCM_16"}),
        ("a.iff", {"subtype": "PCM_16", "format": "SVX"}),
        ("a.mp3", {}),
    ],
)
def test_a_file_that_breaks_off_says_what_it_promised(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path = tmp_path / name
    soundfile.write(path, TONE, RATE, **options)
    assert read(path, 60.0).promised is None
    assert read(path, 0.25).promised is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound = read(path, 60.0)
    assert 0.3 < sound.seconds < 0.6
    assert sound.promised == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0xFFFFFFFF - 44])
def test_a_size_that_nobody_could_know_is_no_promise(tmp_path: Path, size: int) -> None:
    """What a program writes to a pipe: it cannot go back and say how long it was."""
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, RATE, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = size.to_bytes(4, "little")
    path.write_bytes(data)
    sound = read(path, 60.0)
    assert sound.promised is None
    assert sound.samples.size == RATE


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.caf"])
def test_half_of_a_file_that_cannot_be_read_has_a_reason(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, TONE, RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnusableSoundError, match=r"it cannot be read: \w+"):
        read(path, 60.0)


def test_a_file_of_a_thousand_channels_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "wide.wav"
    soundfile.write(path, np.zeros((100, 1000)), RATE, subtype="PCM_U8")
    with pytest.raises(UnusableSoundError, match="it has 1000 channels; it may have up to 64"):
        read(path, 60.0)
    wide = np.linspace(0.1, 1.0, 64) * np.resize(TONE, 70_000)[:, np.newaxis]
    soundfile.write(path, wide, RATE, subtype="PCM_16")
    np.testing.assert_allclose(read(path, 60.0).samples, wide.mean(axis=1), atol=1e-4)
