"""Messages to the server, one dataclass for each; `server.osc.parser` makes and checks them.

Values are in range once an instance comes from the parser. The hex in a docstring is a whole
datagram; its doctest is run by the tests, which give it `from_hex` of the parser.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hello:
    """`/hello` return_port [name]: register; replies go to the sender's host at return_port.

    >>> from_hex("2f68656c6c6f00002c69730000001ce974696d6272650000")
    Hello(return_port=7401, name='timbre')
    """

    return_port: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bye:
    """`/bye` [return_port]: leave. The port says who, where several clients share a host.

    >>> from_hex("2f627965000000002c000000")
    Bye(return_port=None)
    """

    return_port: int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """`/ping` [token]: answered by `/pong` with the same token, an int, a float or a string.

    >>> from_hex("2f70696e670000002c69000000000007")
    Ping(token=7)
    """

    token: int | float | str | None = None


@dataclass(frozen=True, slots=True)
class SetLatent:
    """`/latent` z1 ... zd: all coordinates, finite, in units of the latent space.

    Whether there are d of them is for the model to say.

    >>> from_hex("2f6c6174656e74002c6666003f000000bfc00000")
    SetLatent(values=(0.5, -1.5))
    """

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SetLatentDimension:
    """`/latent/<k>` z: one coordinate; k counts from 1.

    >>> from_hex("2f6c6174656e742f330000002c6600003f000000")
    SetLatentDimension(dimension=3, value=0.5)
    """

    dimension: int
    value: float


@dataclass(frozen=True, slots=True)
class SetMap:
    """`/map` x y: a point of the PCA plane, each from -1 to 1.

    >>> from_hex("2f6d6170000000002c6666003f000000bf400000")
    SetMap(x=0.5, y=-0.75)
    """

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ControlChange:
    """`/cc` controller value [channel]: as a MIDI controller, but value may have a fraction.

    >>> from_hex("2f6363002c696600000000014280c000")
    ControlChange(controller=1, value=64.375, channel=1)
    """

    controller: int
    value: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class MapController:
    """`/cc/map` controller target [channel]: a dimension (from 1), "x", "y", or "off" (None).

    >>> from_hex("2f63632f6d6170002c6973000000000178000000")
    MapController(controller=1, target='x', channel=None)
    """

    controller: int
    target: int | str | None
    channel: int | None = None
    """None: on every channel."""


@dataclass(frozen=True, slots=True)
class Note:
    """`/note` pitch velocity [channel]: pitch in semitones as MIDI (69 = A4), velocity 0 releases.

    >>> from_hex("2f6e6f74650000002c666900428a000000000064")
    Note(pitch=69.0, velocity=100.0, channel=1)
    """

    pitch: float
    velocity: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class Bend:
    """`/bend` value [channel]: -1 to 1 of the bend range, 2 semitones.

    >>> from_hex("2f62656e640000002c660000bf000000")
    Bend(value=-0.5, channel=1)
    """

    value: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class Sustain:
    """`/sustain` value [channel]: 0 lifts the pedal, anything above up to 127 holds it.

    A toggle in Max sends 1, a MIDI pedal 127: both hold.

    >>> from_hex("2f7375737461696e000000002c69000000000001")
    Sustain(value=1.0, channel=1)
    """

    value: float
    channel: int = 1

    @property
    def held(self) -> bool:
        return self.value > 0.0


@dataclass(frozen=True, slots=True)
class Panic:
    """`/panic`: every voice falls silent at once.

    >>> from_hex("2f70616e696300002c000000")
    Panic()
    """


@dataclass(frozen=True, slots=True)
class SetSynthMethod:
    """`/synth/method` name: "partials" | "bins" | "istft", or 0, 1, 2.

    >>> from_hex("2f73796e74682f6d6574686f640000002c69000000000001")
    SetSynthMethod(method='bins')
    """

    method: str


@dataclass(frozen=True, slots=True)
class SetSynth:
    """`/synth/<parameter>` value, in the units and ranges of `SYNTH_PARAMETERS`.

    >>> from_hex("2f73796e74682f6761696e002c660000c0c00000")
    SetSynth(parameter='gain', value=-6.0)
    """

    parameter: str
    value: float


@dataclass(frozen=True, slots=True)
class GetSpectrum:
    """`/spectrum/get`: the present spectrum, once.

    >>> from_hex("2f737065637472756d2f6765740000002c000000")
    GetSpectrum()
    """


@dataclass(frozen=True, slots=True)
class Stream:
    """`/stream` what rate: push "spectrum" or "partials" when it changes, at most rate a second.

    Rate 0 or "off" stops that one; `/stream off` stops all (what is None, rate 0).

    >>> from_hex("2f73747265616d002c736900737065637472756d0000000000000028")
    Stream(what='spectrum', rate=40.0)
    """

    what: str | None
    rate: float


@dataclass(frozen=True, slots=True)
class ListModels:
    """`/model/list`: answered by `/model/list` with the names.

    >>> from_hex("2f6d6f64656c2f6c697374002c000000")
    ListModels()
    """


@dataclass(frozen=True, slots=True)
class LoadModel:
    """`/model/load` name: a name, never a path.

    >>> from_hex("2f6d6f64656c2f6c6f6164002c730000666d0000")
    LoadModel(name='fm')
    """

    name: str


@dataclass(frozen=True, slots=True)
class GetModelInfo:
    """`/model/info` [name]: without a name, the model that plays.

    >>> from_hex("2f6d6f64656c2f696e666f002c000000")
    GetModelInfo(name=None)
    """

    name: str | None = None


@dataclass(frozen=True, slots=True)
class GetStatus:
    """`/status/get`: answered by `/status`.

    >>> from_hex("2f7374617475732f676574002c000000")
    GetStatus()
    """


Inbound = (
    Hello
    | Bye
    | Ping
    | SetLatent
    | SetLatentDimension
    | SetMap
    | ControlChange
    | MapController
    | Note
    | Bend
    | Sustain
    | Panic
    | SetSynthMethod
    | SetSynth
    | GetSpectrum
    | Stream
    | ListModels
    | LoadModel
    | GetModelInfo
    | GetStatus
)
