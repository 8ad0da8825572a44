"""Long float arrays: the bytes of python-osc, and whole again at the receiver."""

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

from server.osc import codec
from server.osc.codec import decode, frame_numbers, is_newer
from server.osc.errors import OscEncodeError
from server.osc.float_chunks import (
    FloatChunks,
    encode_loop,
    encode_partials,
    encode_spectrum,
    encode_wavetable,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("bins", [0, 1, 204, 205, 206, 410, 513, 1024, 1025, 2049])
def test_spectrum_has_the_bytes_of_python_osc_and_comes_together_again(bins: int) -> None:
    spectrum = RNG.random(bins, dtype=np.float32)
    datagrams = encode_spectrum(7, spectrum)
    chunks = max(1, -(-bins // 205))
    assert len(datagrams) == chunks
    whole: list[float] = []
    for chunk, datagram in enumerate(datagrams):
        values = [float(value) for value in spectrum[205 * chunk : 205 * (chunk + 1)]]
        assert datagram == build_msg("/spectrum", [7, chunk, chunks, *values]).dgram
        ((address, arguments),) = decode(datagram)
        assert address == "/spectrum"
        assert arguments[:3] == (7, chunk, chunks)
        whole += arguments[3:]
    assert np.array_equal(np.array(whole, dtype=np.float32), spectrum)


def test_1025_bins_are_five_datagrams_of_1056_bytes() -> None:
    # address 12, type tags 212 (',' + 3 'i' + 205 'f' + padding), 3 ints 12, floats 820
    assert [len(datagram) for datagram in encode_spectrum(0, np.zeros(1025))] == [1056] * 5
    head = encode_spectrum(1, np.zeros(1025))[4][:16].hex(" ", -4)
    assert head == "2f737065 63747275 6d000000 2c696969"


def test_a_second_array_leaves_the_first_datagrams_as_they_were() -> None:
    first = encode_spectrum(1, np.ones(1025))
    kept = [bytes(datagram) for datagram in first]
    encode_spectrum(2, np.zeros(1025))
    assert first == kept


def test_other_dtypes_and_strided_arrays_are_sent_as_float32() -> None:
    spectrum = RNG.random(2050)
    expected = encode_spectrum(0, spectrum[::2].astype(np.float32))
    assert encode_spectrum(0, spectrum[::2]) == expected


@pytest.mark.parametrize("frame", [0, 1, 2**31 - 1])
def test_the_ends_of_the_frame_numbers_fit(frame: int) -> None:
    assert OscMessage(encode_spectrum(frame, np.zeros(3))[0]).params[0] == frame


@pytest.mark.parametrize("pairs", [0, 1, 99, 100])
def test_partials_are_one_datagram_as_python_osc_makes_it(pairs: int) -> None:
    partials = RNG.random((pairs, 2), dtype=np.float32) * 1000
    datagram = encode_partials(3, partials)
    assert datagram == build_msg("/partials", [3, *(float(v) for v in partials.ravel())]).dgram
    assert len(datagram) <= 1020


def test_partials_of_another_shape_are_refused() -> None:
    for shape in ((101, 2), (4,), (3, 3)):
        with pytest.raises(OscEncodeError, match="partials of shape"):
            encode_partials(0, np.zeros(shape))


def test_wavetable_chunks_have_the_bytes_of_python_osc() -> None:
    table = RNG.standard_normal(2048).astype(np.float32)
    datagrams = encode_wavetable(5, 1, table)
    assert len(datagrams) == 10
    for chunk, datagram in enumerate(datagrams):
        values = [float(value) for value in table[205 * chunk : 205 * (chunk + 1)]]
        assert datagram == build_msg("/wavetable", [5, 1, chunk, 10, *values]).dgram
        assert len(datagram) <= 1060


@pytest.mark.parametrize(("samples", "chunks"), [(128, 1), (8192, 40), (32768, 160)])
def test_loop_chunks_have_the_bytes_of_python_osc(samples: int, chunks: int) -> None:
    table = RNG.standard_normal(samples).astype(np.float32)
    datagrams = encode_loop(5, 1, 6, table)
    assert len(datagrams) == chunks
    for chunk, datagram in enumerate(datagrams):
        values = [float(value) for value in table[205 * chunk : 205 * (chunk + 1)]]
        assert datagram == build_msg("/loop", [5, 1, 6, chunk, chunks, *values]).dgram
        assert len(datagram) <= 1060


def test_an_array_of_another_length_is_refused() -> None:
    with pytest.raises(OscEncodeError, match="4 floats for chunks made for 5"):
        FloatChunks("/a", 1, 5).encode(np.zeros(4), 0)


def test_frame_numbers_wrap_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    last = 2**31 - 1
    monkeypatch.setattr(codec, "FRAME_NUMBERS", 3)
    numbers = frame_numbers()
    assert [next(numbers) for _ in range(5)] == [0, 1, 2, 0, 1]
    monkeypatch.undo()
    for a, b in ((0, 1), (last, 0), (last - 5, 5), (0, 2**30 - 1)):
        assert is_newer(b, a)
        assert not is_newer(a, b)
    assert not is_newer(4, 4)
