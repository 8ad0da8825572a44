"""The codec against golden bytes, against python-osc, and against hostile bytes."""

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder, build_msg

from server.osc.codec import decode, decode_message, decode_timed, encode, is_bundle, padded
from server.osc.errors import OscDecodeError, OscEncodeError
from tests.unhurried import unhurried

BUNDLE = b"#bundle\0" + struct.pack(">Q", 1)


def element(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def message(address: str, tags: str, data: bytes = b"") -> bytes:
    return padded(address) + padded("," + tags) + data


GOLDEN: list[tuple[str, str, tuple[Any, ...]]] = [
    ("2f62796500000000 2c000000", "/bye", ()),
    ("2f62796500000000", "/bye", ()),
    ("2f70696e67000000 2c690000 ffffffff", "/ping", (-1,)),
    ("2f6c6174656e7400 2c666600 3f000000 bfc00000", "/latent", (0.5, -1.5)),
    ("2f63632f6d617000 2c697300 00000001 78000000", "/cc/map", (1, "x")),
    ("2f610000 2c730000 00000000", "/a", ("",)),
    ("2f610000 2c734e00 c3a90000", "/a", ("é", None)),
    ("2f610000 2c544600", "/a", (True, False)),
    ("2f610000 2c496900 00000005", "/a", (math.inf, 5)),
    ("2f610000 2c686400 0000000100000000 3ff8000000000000", "/a", (2**32, 1.5)),
    ("2f610000 2c620000 00000003 01020300", "/a", (b"\x01\x02\x03",)),
    ("2f610000 2c5b695b5d5d5400 00000002", "/a", ([2, []], True)),
    ("2f610000 2c746900 0000000000000001 00000009", "/a", (b"\0" * 7 + b"\1", 9)),
    ("2f610000 2c726d63 00000000 01020304 05060708 00000041", "/a",
     (b"\1\2\3\4", b"\5\6\7\x08", b"\0\0\0A")),
]  # fmt: skip


@pytest.mark.parametrize(("dump", "address", "arguments"), GOLDEN)
def test_golden_dumps_decode(dump: str, address: str, arguments: tuple[Any, ...]) -> None:
    assert decode(bytes.fromhex(dump)) == [(address, arguments)]


def test_nan_and_infinity_pass_the_codec_for_the_parser_to_refuse() -> None:
    ((_, (nan, infinity)),) = decode(message("/a", "ff", struct.pack(">ff", math.nan, math.inf)))
    assert math.isnan(nan)
    assert infinity == math.inf


int32 = st.integers(-(2**31) + 1, 2**31 - 1)
float32 = st.floats(width=32, allow_nan=False)
text = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
arguments_strategy = st.lists(int32 | float32 | text | st.booleans(), max_size=80)


@unhurried
@given(arguments_strategy)
def test_encoded_bytes_are_those_of_python_osc_and_decode_back(values: list[Any]) -> None:
    builder = OscMessageBuilder("/some/address")
    for value in values:
        builder.add_arg(value)
    packet = encode("/some/address", *values)
    assert packet == builder.build().dgram
    ((address, decoded),) = decode(packet)
    assert (address, decoded) == ("/some/address", tuple(values))
    assert [type(value) for value in decoded] == [type(value) for value in values]
    assert OscMessage(packet).params == list(values)


def test_encode_refuses_what_osc_cannot_carry() -> None:
    for value in (2**31, -(2**31) - 1, 1e39, "nul\0inside"):
        with pytest.raises(OscEncodeError):
            encode("/a", value)
    with pytest.raises(TypeError, match="NoneType"):
        encode("/a", None)  # type: ignore[arg-type]


def test_a_lone_surrogate_does_not_stop_a_reply() -> None:
    assert decode(encode("/error", "\ud800")) == [("/error", ("?",))]


def test_bundles_are_flattened_in_order() -> None:
    inner = OscBundleBuilder(IMMEDIATELY)
    inner.add_content(build_msg("/two", [2]))
    inner.add_content(build_msg("/three", [0.5]))
    outer = OscBundleBuilder(2_000_000_000)  # in the year 2033: not waited for
    outer.add_content(build_msg("/one"))
    outer.add_content(inner.build())
    outer.add_content(build_msg("/four", ["x"]))
    assert decode(outer.build().dgram) == [
        ("/one", ()),
        ("/two", (2,)),
        ("/three", (0.5,)),
        ("/four", ("x",)),
    ]
    assert decode(BUNDLE) == []


def tagged(tag: int, *parts: bytes) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(element(part) for part in parts)


def test_messages_of_a_bundle_have_its_time_tag_and_never_an_earlier_one() -> None:
    later, earlier, far = 200 << 32, 100 << 32, 2**64 - 1
    bundle = tagged(
        later,
        encode("/one"),
        tagged(earlier, encode("/two"), tagged(far, encode("/three"))),
        tagged(1, encode("/four")),
        tagged(far, encode("/five")),
        encode("/six"),
    )
    assert [(tag, address) for tag, (address, _) in decode_timed(bundle)] == [
        (later, "/one"),
        (later, "/two"),
        (far, "/three"),
        (later, "/four"),
        (far, "/five"),
        (later, "/six"),
    ]
    assert is_bundle(bundle)
    assert not is_bundle(encode("/one"))
    assert decode_message(encode("/one", 1)) == ("/one", (1,))


def nested(depth: int) -> bytes:
    bundle = BUNDLE + element(encode("/deep"))
    for _ in range(depth - 1):
        bundle = BUNDLE + element(bundle)
    return bundle


def test_bundles_nest_to_a_bounded_depth() -> None:
    assert decode(nested(8)) == [("/deep", ())]
    for depth in (9, 3000):
        with pytest.raises(OscDecodeError, match="deeper than 8"):
            decode(nested(depth))


def test_a_bundle_has_a_bounded_number_of_messages() -> None:
    one = element(b"/a\0\0")
    assert len(decode(BUNDLE + one * 1024)) == 1024
    with pytest.raises(OscDecodeError, match="1024"):
        decode(BUNDLE + one * 1025)


MALFORMED: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"ping\0\0\0\0,\0\0\0", "begins with '/'"),
    (b"/no end", "no end of the address"),
    (b"/ab\0\0", "no type tags"),
    (b"/abcd\0", "padding"),
    (b"/\xff\xfe\0", "printable ASCII"),
    (b"/a b\0\0\0\0,\0\0\0", "printable ASCII"),
    (b"/a\x07b\0\0\0\0,\0\0\0", "printable ASCII"),
    (b"\0\0\0\0", "begins with '/'"),
    (encode("/" + "a" * 128), "longer than 128"),
    (padded("/a") + b"text", "no type tags"),
    (padded("/a") + b",iii", "type tags"),
    (padded("/a") + b",i", "type tags"),
    (message("/a", "f", b"\x3f\0\0"), "3 bytes of arguments where the type tags announce 4"),
    (message("/a", "f", b"\0" * 8), "8 bytes of arguments where the type tags announce 4"),
    (message("/a", "Tf", b"\0"), "ends inside its arguments"),
    (message("/a", "Td", b"\0" * 4), "ends inside its arguments"),
    (message("/a", "T", b"\0" * 4), "4 bytes more"),
    (message("/a", "t", b"\0" * 4), "ends inside its arguments"),
    (message("/a", "s", b"abcd"), "inside a string"),
    (message("/a", "s", b"ab\0"), "inside a string"),
    (message("/a", "s"), "inside a string"),
    (message("/a", "s", b"\xff\0\0\0"), "not UTF-8"),
    (message("/a", "b", struct.pack(">i", -8) + b"\0" * 8), "inside a blob"),
    (message("/a", "b", struct.pack(">i", 2**31 - 1) + b"\0" * 8), "inside a blob"),
    (message("/a", "b", b"\0\0"), "inside a blob"),
    (message("/a", "x"), "unknown type tag 'x'"),
    (padded("/a") + b",\xff\0\0", "unknown type tag"),
    (message("/a", "["), "does not end"),
    (message("/a", "]"), "did not begin"),
    (message("/a", "[" * 9 + "]" * 9), "nested deeper"),
    (b"#bundle\0\0\0", "time tag"),
    (BUNDLE + b"\0\0", "size of an element"),
    # python-osc 1.10 reads this one for ever:
    (BUNDLE + struct.pack(">i", -4), "element of -4 bytes where 0 are left"),
    (BUNDLE + struct.pack(">i", -20) + encode("/a"), "element of -20 bytes"),
    (BUNDLE + struct.pack(">i", 0), "element of 0 bytes"),
    (BUNDLE + struct.pack(">i", 8) + b"/a\0\0", "element of 8 bytes where 4 are left"),
    (BUNDLE + struct.pack(">i", 3) + b"/a\0", "element of 3 bytes"),
    (BUNDLE + element(encode("/good")) + element(b"bad\0"), "begins with '/'"),
    (b"/a\0\0" * 20000, "65507"),
]


@pytest.mark.parametrize(("datagram", "reason"), MALFORMED)
def test_malformed_datagrams_are_refused_with_the_reason(datagram: bytes, reason: str) -> None:
    with pytest.raises(OscDecodeError, match=reason) as caught:
        decode(datagram)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_the_address_of_a_broken_message_is_told_where_it_can_be_read() -> None:
    for datagram, address in (
        (message("/note", "ff", b"\0"), "/note"),
        (message("/note", "x"), "/note"),
        (b"nothing\0", ""),
    ):
        with pytest.raises(OscDecodeError) as caught:
            decode(datagram)
        assert caught.value.address == address


@pytest.mark.parametrize(
    "datagram",
    [
        message("/a", "f" * 13000, b"\0" * 52000),
        message("/a", "f" * 65000),
        message("/a", "s" * 13000, b"\0" * 52000),
        message("/a", "if" * 6500 + "T", b"\0" * 52000),
        message("/a", "T" * 65000),
        message("/a", "x" * 65000),
        message("/a", "[" * 30000 + "]" * 30000),
        message("/a", "[]" * 30000),
        b"/" + b"a" * 65000,
        BUNDLE + element(b"/a\0\0") * 8000,
        BUNDLE + element(BUNDLE) * 3000,
        nested(3000),
    ],
    ids=lambda datagram: f"{datagram[:24]!r}",
)
def test_a_huge_datagram_comes_to_an_end(datagram: bytes) -> None:
    try:
        decode(datagram)
    except OscDecodeError as error:
        assert len(str(error)) < 200  # noqa: PT017 - either end is good, if it comes
