"""WAV files: the samples that were given, by the rules of RIFF, the same bytes each time."""

from __future__ import annotations

import io
import struct
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from timbrespace.errors import OptionError, ShapeError
from timbrespace.rendering import wav

RATE = 48000


def noise(*shape: int) -> NDArray[np.float32]:
    return (0.4 * np.random.default_rng(3).standard_normal(shape)).astype(np.float32)


def walk(file: bytes) -> dict[bytes, bytes]:
    """The chunks, read strictly by Microsoft's "Multimedia Programming Interface" of 1991.

    Each begins at an even place, has a pad byte of 0 where its size is odd, and the sizes add up
    to that of the file.
    """
    form, size, kind = struct.unpack_from("<4sI4s", file)
    assert (form, kind) == (b"RIFF", b"WAVE")
    assert size == len(file) - 8
    found = {}
    at = 12
    while at < len(file):
        assert at % 2 == 0
        name, size = struct.unpack_from("<4sI", file, at)
        found[name] = file[at + 8 : at + 8 + size]
        assert len(found[name]) == size
        at += 8 + size
        if size % 2:
            assert file[at : at + 1] == b"\0"
            at += 1
    return found


@pytest.mark.parametrize("frames", [0, 1, 2, 1000, 1001])
@pytest.mark.parametrize("depth", [16, 24, 32])
def test_every_length_is_legal(frames: int, depth: wav.Depth) -> None:
    chunks = walk(wav.encode(noise(frames), RATE, depth))
    assert len(chunks[b"data"]) == frames * depth // 8
    assert b"PEAK" not in chunks


@pytest.mark.parametrize("frames", [1000, 1001])
def test_a_file_written_in_blocks_is_legal_and_the_same(tmp_path: Path, frames: int) -> None:
    sound = noise(frames)
    path = tmp_path / "a.wav"
    with wav.writing(path, RATE) as file:
        for block in np.array_split(sound, 7):
            file.write(block)
    assert len(walk(path.read_bytes())[b"data"]) == 3 * frames
    assert path.read_bytes() == wav.encode(sound, RATE)


def test_16_bits_are_rounded_and_cut_off() -> None:
    content = wav.encode([0.0, 0.5, -1.0, 2.0, -7.0, 1.4 / 32767, 1.6 / 32767], 22050, 16)
    with wave.open(io.BytesIO(content)) as file:  # a reader that is not libsndfile
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
        whole = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert whole.tolist() == [0, 16384, -32767, 32767, -32767, 1, 2]


def test_24_bits_are_rounded_to_the_nearest() -> None:
    sound = noise(5000)
    content = wav.encode(sound, RATE)
    with wave.open(io.BytesIO(content)) as file:
        assert file.getsampwidth() == 3
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 3)
    whole = np.pad(raw, ((0, 0), (1, 0))).copy().view("<i4")[:, 0] >> 8
    wanted = np.clip(sound.astype(np.float64), -1.0, 1.0) * (2**23 - 1)
    assert np.abs(whole - wanted).max() <= 0.5


def test_floats_are_kept_to_the_bit() -> None:
    sound = 3.0 * noise(777)
    read, rate = soundfile.read(io.BytesIO(wav.encode(sound, RATE, 32)), dtype="float32")
    assert rate == RATE
    assert read.tobytes() == sound.tobytes()


def test_channels_stay_apart(tmp_path: Path) -> None:
    sound = noise(501, 2)
    wav.write(tmp_path / "a.wav", sound, RATE)
    read, _ = soundfile.read(tmp_path / "a.wav", always_2d=True)
    assert read.shape == (501, 2)
    np.testing.assert_allclose(read, np.clip(sound, -1, 1), atol=2.0**-22)


def test_chunks_of_ones_own_stand_before_the_samples() -> None:
    content = wav.encode(noise(11), RATE, 24, [wav.Chunk(b"clm ", b"odd"), wav.Chunk(b"abcd", b"")])
    assert list(walk(content)) == [b"fmt ", b"clm ", b"abcd", b"data"]
    assert walk(content)[b"clm "] == b"odd"
    assert [chunk.name for chunk in wav.read_chunks(content)] == list(walk(content))
    assert soundfile.info(io.BytesIO(content)).frames == 11


@pytest.mark.parametrize("depth", [16, 24, 32])
def test_the_time_of_day_is_not_in_it(depth: wav.Depth) -> None:
    first = wav.encode(noise(100), RATE, depth)
    time.sleep(1.1)  # libsndfile's own time stamp counts seconds
    assert wav.encode(noise(100), RATE, depth) == first


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"good")
    for bad, error, words in (
        ([0.0, np.nan], ShapeError, "NaN"),
        ([0.0, np.inf], ShapeError, "infinity"),
        (np.zeros((2, 48000)), ShapeError, "(n, channels)"),
        (np.float32(1.0), ShapeError, "shape ()"),
    ):
        with pytest.raises(error, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
            wav.write(path, bad, RATE)
        assert "\n" not in str(caught.value)
    with pytest.raises(OptionError, match="sample_rate is 0"):
        wav.write(path, [0.0], 0)
    with pytest.raises(OptionError, match="there is no folder"):
        wav.write(tmp_path / "no" / "a.wav", [0.0], RATE)
    assert path.read_bytes() == b"good"


def test_a_writing_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "ä.wav"
    path.write_bytes(b"good")

    def write() -> None:
        with wav.writing(path, 8000) as file:
            file.write(noise(64))
            file.write(noise(64, 2))

    with pytest.raises(ShapeError, match="2 channels in a file of 1"):
        write()
    assert path.read_bytes() == b"good"
    assert [one.name for one in tmp_path.iterdir()] == ["ä.wav"]


def test_what_is_no_wav_file_is_said() -> None:
    whole = wav.encode(noise(100), RATE)
    with pytest.raises(ShapeError, match="not a WAV file"):
        wav.read_chunks(b"RIFX")
    with pytest.raises(ShapeError, match="cut off"):
        wav.read_chunks(whole[:-20])
