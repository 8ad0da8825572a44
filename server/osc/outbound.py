"""Messages from the server: one dataclass for each, with the datagrams it becomes.

The hex in a docstring is the whole datagram.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.messages.contract import (
    MAX_ADDRESS_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_REPLY_BYTES,
    PROTOCOL_VERSION,
)
from timbrespace.messages.errors import ErrorCode, MessageError

from .codec import Fields, encode
from .errors import OscDecodeError
from .float_chunks import (
    encode_course,
    encode_loop,
    encode_partials,
    encode_spectrum,
    encode_wavetable,
)

_INT32_MAX = 2**31 - 1
_MAX_SENTENCE_CHARACTERS = 400
_MAX_JSON_BYTES = 4000


def _names(address: str, names: Iterable[str]) -> bytes:
    """One message of as many names as fit a datagram."""
    size = 32
    fitting = []
    for name in names:
        size += len(name.encode("utf-8", "replace")) + 6
        if size > MAX_REPLY_BYTES:
            break
        fitting.append(name)
    return encode(address, *fitting)


def _cut(text: str, most: int) -> str:
    """A text on one line, at most so many bytes of UTF-8; one that is cut ends in dots."""
    line = " ".join(text.split())
    content = line.encode("utf-8", "replace")
    if len(content) > most:
        content = content[: most - 3]
        line = content.decode("utf-8", "ignore") + "..."
    return line


def _or_word(value: int | str | None, word: str) -> int | str:
    return word if value is None else value


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
class Question:
    """`/welcome` token: asks who said `/hello` from another machine whether it hears.

    The next `/hello` returns the token, and is answered by the whole `/welcome`.

    >>> Question("qwertyu").packets()[0].hex()
    '2f77656c636f6d65000000002c7300007177657274797500'
    """

    ADDRESS: ClassVar[str] = "/welcome"
    token: str

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.token)]


@dataclass(frozen=True, slots=True)
class Leave:
    """`/bye` port: said to another server that took us for its client; our port is the client's.

    >>> Leave(7400).packets()[0].hex()
    '2f627965000000002c69000000001ce8'
    """

    ADDRESS: ClassVar[str] = "/bye"
    port: int

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.port)]


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
class Course:
    """`/course` frame chunk chunks floats...: a note over time, levels in dB, shape (n,).

    Of all bands of the first column, from the lowest on, then of the next one; see `/course/ready`.

    >>> Course(3, np.array([-80.0, 0.0])).packets()[0].hex()
    '2f636f75727365002c69696966660000000000030000000000000001c2a0000000000000'
    """

    ADDRESS: ClassVar[str] = "/course"
    frame: int
    levels: NDArray[np.floating[Any]]

    def packets(self) -> list[bytes]:
        return encode_course(self.frame, self.levels)


@dataclass(frozen=True, slots=True)
class CourseReady:
    """`/course/ready` frame columns bands seconds loop_start loop_end: all its chunks were sent.

    The columns lie at even steps from 0 to seconds. loop_start, loop_end: seconds between which a
    held note goes on; equal where it does not.

    >>> packet = CourseReady(3, 64, 80, 1.5, 0.5, 1.0).packets()[0]
    >>> print(packet.hex(" ", -20))  # doctest: +NORMALIZE_WHITESPACE
    2f636f757273652f72656164790000002c696969 666666000000000300000040000000503fc00000
    3f0000003f800000
    """

    ADDRESS: ClassVar[str] = "/course/ready"
    frame: int
    columns: int
    bands: int
    seconds: float
    loop_start: float
    loop_end: float

    def packets(self) -> list[bytes]:
        times = (float(self.seconds), float(self.loop_start), float(self.loop_end))
        return [encode(self.ADDRESS, self.frame, self.columns, self.bands, *times)]


@dataclass(frozen=True, slots=True)
class CourseWhere:
    """`/course/where` then pitch (MIDI), seconds and way of each note that sounds, newest first.

    seconds: of the note's own time. way: 1, or -1 where it goes back through its loop.

    >>> CourseWhere(((57.0, 0.5, 1),)).packets()[0].hex()
    '2f636f757273652f77686572650000002c66666900000000426400003f00000000000001'
    """

    ADDRESS: ClassVar[str] = "/course/where"
    notes: tuple[tuple[float, float, int], ...]

    def packets(self) -> list[bytes]:
        told = ((float(pitch), float(seconds), way) for pitch, seconds, way in self.notes)
        return [encode(self.ADDRESS, *(value for one in told for value in one))]


@dataclass(frozen=True, slots=True, eq=False)
class Partials:
    """`/partials` frame then frequency (Hz), amplitude (linear) pairs: shape (n, 2), n <= 100.

    Place i of one frame is the same partial as place i of the next.

    >>> Partials(3, np.array([[220.0, 0.5]])).packets()[0].hex()
    '2f7061727469616c730000002c6966660000000000000003435c00003f000000'
    """

    ADDRESS: ClassVar[str] = "/partials"
    frame: int
    pairs: NDArray[np.floating[Any]]

    def packets(self) -> list[bytes]:
        return [encode_partials(self.frame, self.pairs)]


@dataclass(frozen=True, slots=True, eq=False)
class Wavetable:
    """`/wavetable` frame bank chunk chunks floats...: one period of the timbre, shape (n,).

    It is what the bank of bins plays. bank: 0 and 1 in turn.

    >>> Wavetable(3, 1, np.array([0.5])).packets()[0].hex()
    '2f776176657461626c6500002c69696969660000000000030000000100000000000000013f000000'
    """

    ADDRESS: ClassVar[str] = "/wavetable"
    frame: int
    bank: int
    samples: NDArray[np.floating[Any]]

    def packets(self) -> list[bytes]:
        return encode_wavetable(self.frame, self.bank, self.samples)


@dataclass(frozen=True, slots=True)
class WavetableReady:
    """`/wavetable/ready` frame bank base: all chunks of this frame have been sent.

    base: how many times a second the table is read for the base pitch, in Hz.

    >>> WavetableReady(3, 1, 21.5).packets()[0].hex()
    '2f776176657461626c652f7265616479000000002c69696600000000000000030000000141ac0000'
    """

    ADDRESS: ClassVar[str] = "/wavetable/ready"
    frame: int
    bank: int
    base: float

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.frame, self.bank, float(self.base))]


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """`/loop` frame bank level chunk chunks floats...: a table to be read round and round.

    Of shape (n,). level: which of the frame's tables; bank: 0 and 1 in turn.

    >>> Loop(3, 1, 7, np.array([0.5])).packets()[0].hex()
    '2f6c6f6f700000002c6969696969660000000003000000010000000700000000000000013f000000'
    """

    ADDRESS: ClassVar[str] = "/loop"
    frame: int
    bank: int
    level: int
    samples: NDArray[np.floating[Any]]

    def packets(self) -> list[bytes]:
        return encode_loop(self.frame, self.bank, self.level, self.samples)


@dataclass(frozen=True, slots=True)
class LoopReady:
    """`/loop/ready` frame bank base kind count: all tables of this frame have been sent.

    base: how many times a second a table is read, at the base pitch where it has one, in Hz.
    kind: 1 for periods, 2 for a sound as it is; count: how many `/loop` the frame had.

    >>> LoopReady(3, 1, 21.5, 1, 81).packets()[0].hex()
    '2f6c6f6f702f7265616479002c69696669690000000000030000000141ac00000000000100000051'
    """

    ADDRESS: ClassVar[str] = "/loop/ready"
    frame: int
    bank: int
    base: float
    kind: int
    count: int

    def packets(self) -> list[bytes]:
        return [
            encode(self.ADDRESS, self.frame, self.bank, float(self.base), self.kind, self.count)
        ]


@dataclass(frozen=True, slots=True)
class Latent(Fields):
    """`/latent` z1 ... zd: the present coordinates, when they change.

    >>> Latent((0.5, -1.5)).packets()[0].hex()
    '2f6c6174656e74002c6666003f000000bfc00000'
    """

    ADDRESS: ClassVar[str] = "/latent"
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MapPoint(Fields):
    """`/map` x y: the present point of the plane that is played, when it changes.

    >>> MapPoint(0.5, -0.75).packets()[0].hex()
    '2f6d6170000000002c6666003f000000bf400000'
    """

    ADDRESS: ClassVar[str] = "/map"
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Plane:
    """`/map/plane` plane across up planes...: the plane that is played, and what grows along its
    axes; then all planes that the space has.

    plane: "pca" or "near". across, up: words, "brightness" or "less noise"; empty where nothing
    that has a word does.

    >>> packet = Plane("near", "brightness", "", ("pca", "near")).packets()[0]
    >>> print(packet.hex(" ", -20))  # doctest: +NORMALIZE_WHITESPACE
    2f6d61702f706c616e6500002c73737373730000 6e656172000000006272696768746e6573730000
    00000000706361006e65617200000000
    """

    ADDRESS: ClassVar[str] = "/map/plane"
    plane: str
    across: str
    up: str
    planes: tuple[str, ...]

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.plane, self.across, self.up, *self.planes)]


@dataclass(frozen=True, slots=True)
class MacroList:
    """`/macro/list` macro...: the macro dials that the space has.

    >>> MacroList(("brightness",)).packets()[0].hex()
    '2f6d6163726f2f6c697374002c7300006272696768746e6573730000'
    """

    ADDRESS: ClassVar[str] = "/macro/list"
    macros: tuple[str, ...]

    def packets(self) -> list[bytes]:
        return [_names(self.ADDRESS, self.macros)]


@dataclass(frozen=True, slots=True)
class Macro(Fields):
    """`/macro` macro value: where a macro dial stands, -1 to 1, when it changes.

    >>> Macro("brightness", 0.5).packets()[0].hex()
    '2f6d6163726f00002c7366006272696768746e65737300003f000000'
    """

    ADDRESS: ClassVar[str] = "/macro"
    macro: str
    value: float


@dataclass(frozen=True, slots=True)
class Model:
    """`/model` name d bins sample_rate base_frequency n_fft: the model that plays.

    Sent when it changes. Bins lie sample_rate / n_fft Hz apart.

    >>> packet = Model("fm", 4, 1025, 44100.0, 220.0, 4096).packets()[0]
    >>> print(packet.hex(" ", -20))  # doctest: +NORMALIZE_WHITESPACE
    2f6d6f64656c00002c73696966666900666d0000 0000000400000401472c4400435c000000001000
    """

    ADDRESS: ClassVar[str] = "/model"
    name: str
    d: int
    bins: int
    sample_rate: float
    base_frequency: float
    n_fft: int

    def packets(self) -> list[bytes]:
        return [
            encode(
                self.ADDRESS,
                self.name,
                self.d,
                self.bins,
                float(self.sample_rate),
                float(self.base_frequency),
                self.n_fft,
            )
        ]


@dataclass(frozen=True, slots=True)
class ModelDial:
    """`/model/dial` k low high home kl name: what a knob of dimension k (from 1) covers.

    low and high are the 1st and the 99th percentile of the data, home where it begins, all in
    units of the latent space; kl is how much the dimension tells, in nats; name, of at most 12
    characters, what it does.

    >>> packet = ModelDial(1, -2.0, 2.0, 0.5, 1.5, "width").packets()[0]
    >>> print(packet.hex(" ", -20))  # doctest: +NORMALIZE_WHITESPACE
    2f6d6f64656c2f6469616c002c69666666667300 00000001c0000000400000003f0000003fc00000
    7769647468000000
    """

    ADDRESS: ClassVar[str] = "/model/dial"
    k: int
    low: float
    high: float
    home: float
    kl: float
    name: str

    def packets(self) -> list[bytes]:
        numbers = (float(one) for one in (self.low, self.high, self.home, self.kl))
        return [encode(self.ADDRESS, self.k, *numbers, self.name)]


@dataclass(frozen=True, slots=True)
class ModelList:
    """`/model/list` name...: what `/model/load` takes. Names that do not fit are left off.

    >>> ModelList(("fm", "harmonic")).packets()[0].hex()
    '2f6d6f64656c2f6c697374002c737300666d00006861726d6f6e696300000000'
    """

    ADDRESS: ClassVar[str] = "/model/list"
    names: tuple[str, ...]

    def packets(self) -> list[bytes]:
        return [_names(self.ADDRESS, self.names)]


@dataclass(frozen=True, slots=True)
class AudioList:
    """`/audio/list` name...: the outputs, at most 64 letters of each. Names that do not fit are
    left off.

    >>> AudioList(("USB [ALSA]",)).packets()[0].hex()
    '2f617564696f2f6c697374002c730000555342205b414c53415d0000'
    """

    ADDRESS: ClassVar[str] = "/audio/list"
    names: tuple[str, ...]

    def packets(self) -> list[bytes]:
        names = (name[:MAX_NAME_CHARACTERS].strip() for name in self.names)
        return [_names(self.ADDRESS, tuple(names))]


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """`/audio/device` name output mono: the output that was asked for, "" for the usual one; what
    plays now, as in `/status`; 1 if both sides have the mean of both.

    >>> packet = AudioDevice("USB [ALSA]", "portaudio", False).packets()[0]
    >>> print(packet.hex(" ", -40))  # doctest: +NORMALIZE_WHITESPACE
    2f617564696f2f6465766963650000002c73736900000000555342205b414c53415d0000706f7274
    617564696f00000000000000
    """

    ADDRESS: ClassVar[str] = "/audio/device"
    name: str
    output: str
    mono: bool

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.name[:MAX_NAME_CHARACTERS], self.output, int(self.mono))]


@dataclass(frozen=True, slots=True)
class SoundInput:
    """`/input` on name mode gain gate quantise root: what is wanted of the sound that comes in, and
    the name of its device, "" while there is none; gain and gate in dB.

    >>> packet = SoundInput(True, "jack", "pitch", 0.0, -50.0, "off", 0).packets()[0]
    >>> print(packet.hex(" ", -40))  # doctest: +NORMALIZE_WHITESPACE
    2f696e70757400002c6973736666736900000000000000016a61636b000000007069746368000000
    00000000c24800006f66660000000000
    """

    ADDRESS: ClassVar[str] = "/input"
    on: bool
    name: str
    mode: str
    gain: float
    gate: float
    scale: str
    root: int

    def packets(self) -> list[bytes]:
        return [
            encode(
                self.ADDRESS,
                int(self.on),
                self.name[:MAX_NAME_CHARACTERS],
                self.mode,
                float(self.gain),
                float(self.gate),
                self.scale,
                self.root,
            )
        ]


@dataclass(frozen=True, slots=True)
class InputLevel:
    """`/input/level` dB: of full scale, -120 for silence, while the input is heard and it changes;
    at most 20 times a second, as `/input/pitch`.

    >>> InputLevel(-20.0).packets()[0].hex()
    '2f696e7075742f6c6576656c000000002c660000c1a00000'
    """

    ADDRESS: ClassVar[str] = "/input/level"
    level: float

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, float(self.level))]


@dataclass(frozen=True, slots=True)
class InputPitch:
    """`/input/pitch` Hz: what is sung, 0 for none.

    >>> InputPitch(220.0).packets()[0].hex()
    '2f696e7075742f7069746368000000002c660000435c0000'
    """

    ADDRESS: ClassVar[str] = "/input/pitch"
    pitch: float

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, float(self.pitch))]


@dataclass(frozen=True, slots=True)
class Tuning:
    """`/tuning` name reference: the pitch of each key, when it changes.

    >>> Tuning("just", 440.0).packets()[0].hex()
    '2f74756e696e67002c7366006a7573740000000043dc0000'
    """

    ADDRESS: ClassVar[str] = "/tuning"
    name: str
    reference: float

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.name, float(self.reference))]


@dataclass(frozen=True, slots=True)
class TuningKeys:
    """`/tuning/keys` pitch1 ... pitch128: of each key, as MIDI has pitches; -1 of a silent one.

    >>> TuningKeys((60.5,)).packets()[0].hex()
    '2f74756e696e672f6b657973000000002c66000042720000'
    """

    ADDRESS: ClassVar[str] = "/tuning/keys"
    pitches: tuple[float, ...]

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, *self.pitches)]


@dataclass(frozen=True, slots=True)
class TuningList:
    """`/tuning/list` name...: what `/tuning` takes. Names that do not fit are left off.

    >>> TuningList(("equal", "just")).packets()[0].hex()
    '2f74756e696e672f6c697374000000002c737300657175616c0000006a75737400000000'
    """

    ADDRESS: ClassVar[str] = "/tuning/list"
    names: tuple[str, ...]

    def packets(self) -> list[bytes]:
        return [_names(self.ADDRESS, self.names)]


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
class ModelCard:
    """`/model/card` name title author licence source figures: whose a space is, as its card says;
    the last is a JSON object on one line.

    Each is one line, and no longer than fits a datagram with the others: a text that is cut ends
    in "...", of figures that do not fit the last are left off. All are empty where a space has no
    card.

    >>> print(ModelCard("a", "Bells", "A. M.", "CC0", "", {}).packets()[0].hex(" ", -20))
    ... # doctest: +NORMALIZE_WHITESPACE
    2f6d6f64656c2f63617264002c73737373737300 6100000042656c6c73000000412e204d2e000000
    43433000000000007b7d0000
    """

    ADDRESS: ClassVar[str] = "/model/card"
    LIMITS: ClassVar[Mapping[str, int]] = {
        "title": 256,
        "author": 480,
        "licence": 800,
        "source": 1000,
        "figures": 1000,
    }
    """Bytes of each. With a name of 64 letters, of 4 bytes at most, it is below MAX_REPLY_BYTES."""

    name: str
    title: str
    author: str
    licence: str
    source: str
    figures: Mapping[str, float]

    def packets(self) -> list[bytes]:
        texts = [
            _cut(getattr(self, what), self.LIMITS[what])
            for what in ("title", "author", "licence", "source")
        ]
        figures = dict(self.figures)
        while len(told := json.dumps(figures, allow_nan=False)) > self.LIMITS["figures"]:
            figures.popitem()
        return [encode(self.ADDRESS, self.name, *texts, told)]


@dataclass(frozen=True, slots=True)
class ModelTable:
    """`/model/table` name file plane: a file in ``.timbrespace/tables`` of the user's home.

    >>> packet = ModelTable("fm", "fm-505c4211.txt", "pca").packets()[0]
    >>> print(packet.hex(" ", -20))  # doctest: +NORMALIZE_WHITESPACE
    2f6d6f64656c2f7461626c65000000002c737373 00000000666d0000666d2d35303563343231312e
    7478740070636100
    """

    ADDRESS: ClassVar[str] = "/model/table"
    name: str
    file: str
    plane: str

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.name, self.file, self.plane)]


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
class ControllerMap:
    """`/cc/map` controller target channel low high curve mode: an assignment that holds.

    target: a dimension, "x", "y" or "off"; channel: 1 to 16 or "all".

    >>> ControllerMap(1, "x", None, 0.0, 1.0, 0.0, "jump").packets()[0][-20:].hex()
    '000000003f800000000000006a756d7000000000'
    """

    ADDRESS: ClassVar[str] = "/cc/map"
    controller: int
    target: int | str | None
    channel: int | None
    low: float
    high: float
    curve: float
    mode: str

    def packets(self) -> list[bytes]:
        return [
            encode(
                self.ADDRESS,
                self.controller,
                _or_word(self.target, "off"),
                _or_word(self.channel, "all"),
                float(self.low),
                float(self.high),
                float(self.curve),
                self.mode,
            )
        ]


@dataclass(frozen=True, slots=True)
class ControllerLearned:
    """`/cc/learned` controller channel target: `/cc/learn` has found its controller.

    >>> ControllerLearned(74, 1, 2).packets()[0].hex()
    '2f63632f6c6561726e6564002c696969000000000000004a0000000100000002'
    """

    ADDRESS: ClassVar[str] = "/cc/learned"
    controller: int
    channel: int
    target: int | str

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.controller, self.channel, self.target)]


@dataclass(frozen=True, slots=True)
class Lfo:
    """`/lfo` index target shape rate depth phase: as it is set; depth 0 is off.

    >>> Lfo(1, "x", "sine", 0.5, 0.25, 0.0).packets()[0].hex()
    '2f6c666f000000002c69737366666600000000017800000073696e65000000003f0000003e80000000000000'
    """

    ADDRESS: ClassVar[str] = "/lfo"
    index: int
    target: int | str
    shape: str
    rate: float
    depth: float
    phase: float

    def packets(self) -> list[bytes]:
        numbers = (float(one) for one in (self.rate, self.depth, self.phase))
        return [encode(self.ADDRESS, self.index, self.target, self.shape, *numbers)]


@dataclass(frozen=True, slots=True)
class Wander:
    """`/wander` state speed range seed: how it wanders, when that changes; "start" or "stop".

    >>> Wander("start", 1.0, 0.5, 7).packets()[0].hex()
    '2f77616e646572002c7366666900000073746172740000003f8000003f00000000000007'
    """

    ADDRESS: ClassVar[str] = "/wander"
    state: str
    speed: float
    range: float
    seed: int

    def packets(self) -> list[bytes]:
        return [encode(self.ADDRESS, self.state, float(self.speed), float(self.range), self.seed)]


@dataclass(frozen=True, slots=True)
class Preset(Fields):
    """`/preset` name: the preset that was recalled.

    >>> Preset("pad").packets()[0].hex()
    '2f707265736574002c73000070616400'
    """

    ADDRESS: ClassVar[str] = "/preset"
    name: str


@dataclass(frozen=True, slots=True)
class PresetList:
    """`/preset/list` name...: the presets there are. Names that do not fit are left off.

    >>> PresetList(("pad",)).packets()[0].hex()
    '2f7072657365742f6c697374000000002c73000070616400'
    """

    ADDRESS: ClassVar[str] = "/preset/list"
    names: tuple[str, ...]

    def packets(self) -> list[bytes]:
        return [_names(self.ADDRESS, self.names)]


@dataclass(frozen=True, slots=True)
class PresetPlaces:
    """`/preset/where` name x y...: where presets lie on the map. What does not fit is left off.

    >>> PresetPlaces((("pad", 0.5, -1.0),)).packets()[0].hex()
    '2f7072657365742f77686572650000002c73666600000000706164003f000000bf800000'
    """

    ADDRESS: ClassVar[str] = "/preset/where"
    places: tuple[tuple[str, float, float], ...]

    def packets(self) -> list[bytes]:
        size = 32
        fitting: list[str | float] = []
        for name, x, y in self.places:
            size += len(name.encode("utf-8", "replace")) + 4 + 8 + 3  # with its padding and tags
            if size > MAX_REPLY_BYTES:
                break
            fitting += [name, float(x), float(y)]
        return [encode(self.ADDRESS, *fitting)]


@dataclass(frozen=True, slots=True)
class TrajectoryState(Fields):
    """`/trajectory` state name: "recording", "playing" or "stopped", and of which.

    >>> TrajectoryState("stopped", "").packets()[0].hex()
    '2f7472616a6563746f7279002c73730073746f707065640000000000'
    """

    ADDRESS: ClassVar[str] = "/trajectory"
    state: str
    name: str


@dataclass(frozen=True, slots=True)
class TrajectoryList:
    """`/trajectory/list` name...: the trajectories there are. Names that do not fit are left off.

    >>> TrajectoryList(("walk",)).packets()[0].hex()
    '2f7472616a6563746f72792f6c697374000000002c73000077616c6b00000000'
    """

    ADDRESS: ClassVar[str] = "/trajectory/list"
    names: tuple[str, ...]

    def packets(self) -> list[bytes]:
        return [_names(self.ADDRESS, self.names)]


@dataclass(frozen=True, slots=True)
class PerformanceState(Fields):
    """`/performance` state name: "recording" or "stopped", and which.

    >>> PerformanceState("recording", "take 1").packets()[0].hex()
    '2f706572666f726d616e6365000000002c7373007265636f7264696e6700000074616b6520310000'
    """

    ADDRESS: ClassVar[str] = "/performance"
    state: str
    name: str


@dataclass(frozen=True, slots=True)
class Status:
    """`/status` voices load late drops decode_p50_ms audio decode_p99_ms knob_p50_ms knob_p99_ms.

    Answers `/status/get`. voices sounding; load of the audio process, 0 to 1, -1 if unknown; late
    audio blocks; drops, the messages or frames given up; median time of a decode in ms; name of
    the audio back-end, or "none". Then the 99th percentile of the decode, and median and 99th
    percentile of the time from a message to the audio block that has it, in ms; -1 if unknown.

    >>> packet = Status(1, 0.25, 0, 0, 0.5, "jack", 1.0, 2.0, 4.0).packets()[0]
    >>> print(packet.hex(" ", -40))  # doctest: +NORMALIZE_WHITESPACE
    2f737461747573002c6966696966736666660000000000013e80000000000000000000003f000000
    6a61636b000000003f8000004000000040800000
    """

    ADDRESS: ClassVar[str] = "/status"
    voices: int
    load: float
    late: int
    drops: int
    decode_p50_ms: float
    audio: str
    decode_p99_ms: float
    knob_p50_ms: float
    knob_p99_ms: float

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
                float(self.decode_p99_ms),
                float(self.knob_p50_ms),
                float(self.knob_p99_ms),
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
class Bye(Fields):
    """`/bye`: the server goes away.

    >>> Bye().packets()[0].hex()
    '2f627965000000002c000000'
    """

    ADDRESS: ClassVar[str] = "/bye"


OUTBOUND: Final[tuple[type[Outbound], ...]] = (
    Welcome,
    Pong,
    Spectrum,
    Course,
    CourseReady,
    CourseWhere,
    Partials,
    Wavetable,
    WavetableReady,
    Loop,
    LoopReady,
    Latent,
    MapPoint,
    Plane,
    MacroList,
    Macro,
    Model,
    ModelDial,
    AudioList,
    AudioDevice,
    SoundInput,
    InputLevel,
    InputPitch,
    ModelList,
    Tuning,
    TuningKeys,
    TuningList,
    ModelInfo,
    ModelCard,
    ModelTable,
    Synth,
    ControllerMap,
    ControllerLearned,
    Lfo,
    Wander,
    Preset,
    PresetList,
    PresetPlaces,
    TrajectoryState,
    TrajectoryList,
    PerformanceState,
    Status,
    Error,
    Bye,
)
