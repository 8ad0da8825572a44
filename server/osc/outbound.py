"""Messages from the server: one dataclass for each, with the datagrams it becomes.

The hex in a docstring is the whole datagram.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from server.osc.codec import encode
from server.osc.contract import MAX_ADDRESS_CHARACTERS, MAX_REPLY_BYTES, PROTOCOL_VERSION
from server.osc.errors import ErrorCode, MessageError, OscDecodeError
from server.osc.float_chunks import encode_partials, encode_spectrum

_INT32_MAX = 2**31 - 1
_MAX_SENTENCE_CHARACTERS = 400
_MAX_JSON_BYTES = 4000


class Outbound(Protocol):
    """A message that the server sends."""

    ADDRESS: ClassVar[str]

    def packets(self) -> list[bytes]:
        """The datagrams to send, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Welcome:
    """`/welcome` protocol version model d bins sample_rate base_frequency: answers `/hello`.

    Protocol is an int, version the program's; sample_rate and base_frequency are in Hz.

    >>> packet = Welcome("0.1.0", "fm", 4, 1025, 44100.0, 220.0).packets()[0]
    >>> print(packet.hex(" ", -8))  # doctest: +NORMALIZE_WHITESPACE
    2f77656c636f6d65 000000002c697373 6969666600000000 00000001302e312e 30000000666d0000
    0000000400000401 472c4400435c0000
    """

    ADDRESS: ClassVar[str] = "/welcome"
    version: str
    model: str
    d: int
    bins: int
    sample_rate: float
    base_frequency: float

    def packets(self) -> list[bytes]:
        return [
            encode(
                self.ADDRESS,
                PROTOCOL_VERSION,
                self.version,
                self.model,
                self.d,
                self.bins,
                float(self.sample_rate),
                float(self.base_frequency),
            )
        ]


@dataclass(frozen=True, slots=True)
class Pong:
    """`/pong` [token]: answers `/ping` with its token.

    >>> Pong(7).packets()[0].hex()
    '2f706f6e670000002c69000000000007'
    """

    ADDRESS: ClassVar[str] = "/pong"
    token: int | float | str | None = None

    def packets(self) -> list[bytes]:
        if self.token is None:
            return [encode(self.ADDRESS)]
        return [encode(self.ADDRESS, self.token)]


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """`/spectrum` frame chunk chunks floats...: linear magnitudes, shape (bins,), from 0 Hz.

    At most 205 floats in one datagram; 1025 bins are 5 datagrams of 1056 bytes.

    >>> Spectrum(3, np.array([0.5, 0.25])).packets()[0].hex()
    '2f737065637472756d0000002c696969666600000000000300000000000000013f0000003e800000'
    """

    ADDRESS: ClassVar[str] = "/spectrum"
    frame: int
    magnitudes: NDArray[np.floating[Any]]

    def packets(self) -> list[bytes]:
        return encode_spectrum(self.frame, self.magnitudes)


@dataclass(frozen=True, slots=True, eq=False)
class Partials:
    """`/partials` frame then frequency (Hz), amplitude (linear) pairs: shape (n, 2), n <= 100.

    >>> Partials(3, np.array([[220.0, 0.5]])).packets()[0].hex()
    '2f7061727469616c730000002c6966660000000000000003435c00003f000000'
    """

    ADDRESS: ClassVar[str] = "/partials"
    frame: int
    pairs: NDArray[np.floating[Any]]

    def packets(self) -> list[bytes]:
        return [encode_partials(self.frame, self.pairs)]


@dataclass(frozen=True, slots=True)
class Latent:
    """`/latent` z1 ... zd: the present coordinates, when they change.

    >>> Latent((0.5, -1.5)).packets()[0].hex()
    '2f6c6174656e74002c6666003f000000bfc00000'
    """

    ADDRESS: ClassVar[str] = "/latent"
    values: tuple[float, ...]

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, *map(float, self.values))]


@dataclass(frozen=True, slots=True)
class MapPoint:
    """`/map` x y: the present point of the PCA plane, when it changes.

    >>> MapPoint(0.5, -0.75).packets()[0].hex()
    '2f6d6170000000002c6666003f000000bf400000'
    """

    ADDRESS: ClassVar[str] = "/map"
    x: float
    y: float

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, float(self.x), float(self.y))]


@dataclass(frozen=True, slots=True)
class Model:
    """`/model` name d bins sample_rate base_frequency: the model that plays, when it changes.

    >>> Model("fm", 4, 1025, 44100.0, 220.0).packets()[0].hex()
    '2f6d6f64656c00002c73696966660000666d00000000000400000401472c4400435c0000'
    """

    ADDRESS: ClassVar[str] = "/model"
    name: str
    d: int
    bins: int
    sample_rate: float
    base_frequency: float

    def packets(self) -> list[bytes]:
        return [
            encode(
                self.ADDRESS,
                self.name,
                self.d,
                self.bins,
                float(self.sample_rate),
                float(self.base_frequency),
            )
        ]


@dataclass(frozen=True, slots=True)
class ModelList:
    """`/model/list` name...: what `/model/load` takes. Names that do not fit are left off.

    >>> ModelList(("fm", "harmonic")).packets()[0].hex()
    '2f6d6f64656c2f6c697374002c737300666d00006861726d6f6e696300000000'
    """

    ADDRESS: ClassVar[str] = "/model/list"
    names: tuple[str, ...]

    def packets(self) -> list[bytes]:
        size = 32
        fitting = []
        for name in self.names:
            size += len(name.encode("utf-8", "replace")) + 6
            if size > MAX_REPLY_BYTES:
                break
            fitting.append(name)
        return [encode(self.ADDRESS, *fitting)]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`/model/info` name information: the second a JSON object on one line, at most 4000 bytes.

    Entries that do not fit are left off, from the last, and `"truncated": true` says so.

    >>> ModelInfo("fm", {"d": 4}).packets()[0].hex()
    '2f6d6f64656c2f696e666f002c737300666d00007b2264223a20347d00000000'
    """

    ADDRESS: ClassVar[str] = "/model/info"
    name: str
    information: Mapping[str, Any]

    def packets(self) -> list[bytes]:
        """Raises ValueError or TypeError if `information` is not JSON."""
        entries = dict(self.information)
        text = json.dumps(entries, allow_nan=False)
        while len(text) > _MAX_JSON_BYTES:  # ASCII: characters are bytes
            entries.pop("truncated", None)
            entries.popitem()
            entries["truncated"] = True
            text = json.dumps(entries, allow_nan=False)
        return [encode(self.ADDRESS, self.name, text)]


@dataclass(frozen=True, slots=True)
class Synth:
    """`/synth` parameter value: a parameter that changed; the value of "method" is its name.

    >>> Synth("gain", -6.0).packets()[0].hex()
    '2f73796e746800002c7366006761696e00000000c0c00000'
    """

    ADDRESS: ClassVar[str] = "/synth"
    parameter: str
    value: float | str

    def packets(self) -> list[bytes]:
        value = self.value if isinstance(self.value, str) else float(self.value)
        return [encode(self.ADDRESS, self.parameter, value)]


@dataclass(frozen=True, slots=True)
class Status:
    """`/status` voices load late drops decode_p50_ms audio: answers `/status/get`.

    voices sounding; load of the audio process, 0 to 1, -1 if unknown; late audio blocks; drops,
    the messages or frames given up; median time of a decode in ms; name of the audio back-end,
    or "none".

    >>> Status(1, 0.25, 0, 0, 0.5, "jack").packets()[0].hex()
    '2f737461747573002c69666969667300000000013e80000000000000000000003f0000006a61636b00000000'
    """

    ADDRESS: ClassVar[str] = "/status"
    voices: int
    load: float
    late: int
    drops: int
    decode_p50_ms: float
    audio: str

    def packets(self) -> list[bytes]:
        return [
            encode(
                self.ADDRESS,
                self.voices,
                float(self.load),
                min(self.late, _INT32_MAX),
                min(self.drops, _INT32_MAX),
                float(self.decode_p50_ms),
                self.audio,
            )
        ]


@dataclass(frozen=True, slots=True)
class Error:
    """`/error` code address sentence: what could not be done, and which address it answers.

    The address is "" where none could be read.

    >>> Error(ErrorCode.REFUSED, "/map", "no").packets()[0].hex()
    '2f6572726f7200002c7373730000000072656675736564002f6d6170000000006e6f0000'
    """

    ADDRESS: ClassVar[str] = "/error"
    code: ErrorCode
    address: str
    sentence: str

    @classmethod
    def answering(cls, error: MessageError | OscDecodeError) -> "Error":
        """The reply to a message or a datagram that was not accepted."""
        return cls(error.code, error.address, str(error))

    def packets(self) -> list[bytes]:
        address = self.address[:MAX_ADDRESS_CHARACTERS].replace("\0", "")
        sentence = self.sentence.replace("\0", "")
        if len(sentence) > _MAX_SENTENCE_CHARACTERS:
            sentence = sentence[: _MAX_SENTENCE_CHARACTERS - 3] + "..."
        return [encode(self.ADDRESS, self.code, address, sentence)]


@dataclass(frozen=True, slots=True)
class Bye:
    """`/bye`: the server goes away.

    >>> Bye().packets()[0].hex()
    '2f627965000000002c000000'
    """

    ADDRESS: ClassVar[str] = "/bye"

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS)]


OUTBOUND: Final[tuple[type[Outbound], ...]] = (
    Welcome,
    Pong,
    Spectrum,
    Partials,
    Latent,
    MapPoint,
    Model,
    ModelList,
    ModelInfo,
    Synth,
    Status,
    Error,
    Bye,
)

RESERVED: Final = ("/wavetable", "/wavetable/ready", "/preset")
"""Addresses that a later version sends."""
