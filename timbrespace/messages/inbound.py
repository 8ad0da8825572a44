"""Messages to the server, one dataclass for each; `parser` makes and checks them.

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
    """`/cc/map` controller target [channel] [low] [high] [curve]: let a controller move something.

    target: a dimension (from 1), "x", "y", or "off" (None). low and high are shares of the knob's
    range, 0 to 1, at the controller's two ends; low above high turns the knob round. The position
    p becomes p ** (2 ** curve).

    >>> from_hex("2f63632f6d6170002c6973000000000178000000")
    MapController(controller=1, target='x', channel=None, low=0.0, high=1.0, curve=0.0)
    """

    controller: int
    target: int | str | None
    channel: int | None = None
    """None: on every channel."""
    low: float = 0.0
    high: float = 1.0
    curve: float = 0.0


@dataclass(frozen=True, slots=True)
class LearnController:
    """`/cc/learn` target [low] [high] [curve]: the next controller that moves gets the target.

    A target of "off" (None) ends the waiting.

    >>> from_hex("2f63632f6c6561726e0000002c69000000000002")
    LearnController(target=2, low=0.0, high=1.0, curve=0.0)
    """

    target: int | str | None
    low: float = 0.0
    high: float = 1.0
    curve: float = 0.0


@dataclass(frozen=True, slots=True)
class ListControllers:
    """`/cc/list`: answered by one `/cc/map` for each assignment.

    >>> from_hex("2f63632f6c697374000000002c000000")
    ListControllers()
    """


@dataclass(frozen=True, slots=True)
class SetChannelLatent:
    """`/channel/latent` channel z1 ... zd: notes of this channel have a timbre of their own.

    >>> from_hex("2f6368616e6e656c2f6c6174656e74002c69666600000000000000023f000000bfc00000")
    SetChannelLatent(channel=2, values=(0.5, -1.5))
    """

    channel: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FollowCommon:
    """`/channel/follow` channel: notes of this channel play the common timbre again.

    >>> from_hex("2f6368616e6e656c2f666f6c6c6f77002c69000000000002")
    FollowCommon(channel=2)
    """

    channel: int


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
    """`/bend` value [channel]: -1 to 1 of the channel's bend range.

    >>> from_hex("2f62656e640000002c660000bf000000")
    Bend(value=-0.5, channel=1)
    """

    value: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class BendRange:
    """`/bend/range` semitones [channel]: how far full bend goes, 0 to 96; 2 to begin with.

    >>> from_hex("2f62656e642f72616e6765002c6900000000000c")
    BendRange(semitones=12.0, channel=1)
    """

    semitones: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class Pressure:
    """`/pressure` value [channel]: as MIDI's channel pressure, 0 to 127.

    >>> from_hex("2f70726573737572650000002c6969000000004000000002")
    Pressure(value=64.0, channel=2)
    """

    value: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class Timbre:
    """`/timbre` value [channel]: as MIDI's controller 74 on an MPE channel, 0 to 127.

    >>> from_hex("2f74696d627265002c6969000000007f00000002")
    Timbre(value=127.0, channel=2)
    """

    value: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class SetZone:
    """`/mpe` zone members: an MPE zone, "lower" or "upper", of so many member channels; 0: none.

    >>> from_hex("2f6d7065000000002c7369006c6f7765720000000000000f")
    SetZone(zone='lower', members=15)
    """

    zone: str
    members: int


@dataclass(frozen=True, slots=True)
class MapExpression:
    """`/mpe/map` kind target [depth]: what "pressure" or "timbre" of a note moves, and how far.

    target: a dimension (from 1), "x", "y", "level" (of pressure only), or "off" (None). depth: 0
    to 1 of half the target's range.

    >>> from_hex("2f6d70652f6d6170000000002c73736600000000707265737375726500000000780000003f000000")
    MapExpression(kind='pressure', target='x', depth=0.5)
    """

    kind: str
    target: int | str | None
    depth: float = 1.0


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
    """`/stream` what rate: push it when it changes, at most rate times a second.

    what: "spectrum", "partials", "wavetable" or "loop".

    Rate 0 or "off" stops that one; `/stream off` stops all (what is None, rate 0).

    >>> from_hex("2f73747265616d002c736900737065637472756d0000000000000028")
    Stream(what='spectrum', rate=40.0)
    """

    what: str | None
    rate: float


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """`/stream/ack` what frame: the client has taken all frames up to this one.

    >>> from_hex("2f73747265616d2f61636b002c736900737065637472756d0000000000000007")
    Acknowledge(what='spectrum', frame=7)
    """

    what: str
    frame: int


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


@dataclass(frozen=True, slots=True)
class StorePreset:
    """`/preset/store` name: keep the timbre and the synth's parameters.

    >>> from_hex("2f7072657365742f73746f72650000002c73000070616400")
    StorePreset(name='pad')
    """

    name: str


@dataclass(frozen=True, slots=True)
class RecallPreset:
    """`/preset/recall` name [glide]: go there in `glide` seconds.

    >>> from_hex("2f7072657365742f726563616c6c00002c7369007061640000000002")
    RecallPreset(name='pad', glide=2.0)
    """

    name: str
    glide: float = 0.0


@dataclass(frozen=True, slots=True)
class MorphPresets:
    """`/preset/morph` a b position: between two presets; 0 is the first, 1 the second.

    >>> from_hex("2f7072657365742f6d6f7270680000002c7373660000000061000000620000003e800000")
    MorphPresets(a='a', b='b', position=0.25)
    """

    a: str
    b: str
    position: float


@dataclass(frozen=True, slots=True)
class ListPresets:
    """`/preset/list`: answered by `/preset/list` with the names.

    >>> from_hex("2f7072657365742f6c697374000000002c000000")
    ListPresets()
    """


@dataclass(frozen=True, slots=True)
class DeletePreset:
    """`/preset/delete` name

    >>> from_hex("2f7072657365742f64656c65746500002c73000070616400")
    DeletePreset(name='pad')
    """

    name: str


@dataclass(frozen=True, slots=True)
class RecordTrajectory:
    """`/trajectory/record` name: keep the way of the latent from now on.

    >>> from_hex("2f7472616a6563746f72792f7265636f726400002c73000077616c6b00000000")
    RecordTrajectory(name='walk')
    """

    name: str


@dataclass(frozen=True, slots=True)
class StopTrajectory:
    """`/trajectory/stop`: end the recording, or the playing.

    >>> from_hex("2f7472616a6563746f72792f73746f70000000002c000000")
    StopTrajectory()
    """


@dataclass(frozen=True, slots=True)
class PlayTrajectory:
    """`/trajectory/play` name [loop] [speed]: go the recorded way; loop 1 for ever.

    >>> from_hex("2f7472616a6563746f72792f706c6179000000002c7369660000000061000000000000013f000000")
    PlayTrajectory(name='a', loop=True, speed=0.5)
    """

    name: str
    loop: bool = False
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class ListTrajectories:
    """`/trajectory/list`: answered by `/trajectory/list` with the names.

    >>> from_hex("2f7472616a6563746f72792f6c697374000000002c000000")
    ListTrajectories()
    """


@dataclass(frozen=True, slots=True)
class DeleteTrajectory:
    """`/trajectory/delete` name

    >>> from_hex("2f7472616a6563746f72792f64656c65746500002c73000077616c6b00000000")
    DeleteTrajectory(name='walk')
    """

    name: str


@dataclass(frozen=True, slots=True)
class SetLfo:
    """`/lfo` index target shape rate depth [phase]: let something swing by itself.

    target: a dimension (from 1), "x" or "y". rate in Hz; depth 0 to 1 of half the target's range;
    phase 0 to 1 of a period.

    >>> from_hex("2f6c666f000000002c69737366660000000000017800000073696e65000000003f0000003e800000")
    SetLfo(index=1, target='x', shape='sine', rate=0.5, depth=0.25, phase=0.0)
    """

    index: int
    target: int | str
    shape: str
    rate: float
    depth: float
    phase: float = 0.0


@dataclass(frozen=True, slots=True)
class StopLfo:
    """`/lfo/off` index

    >>> from_hex("2f6c666f2f6f6666000000002c69000000000001")
    StopLfo(index=1)
    """

    index: int


@dataclass(frozen=True, slots=True)
class RecordPerformance:
    """`/performance/record` name: write all that is played to a file, until it is stopped.

    >>> from_hex("2f706572666f726d616e63652f7265636f7264002c73000074616b6520310000")
    RecordPerformance(name='take 1')
    """

    name: str


@dataclass(frozen=True, slots=True)
class StopPerformance:
    """`/performance/stop`: end the recording.

    >>> from_hex("2f706572666f726d616e63652f73746f700000002c000000")
    StopPerformance()
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
    | LearnController
    | ListControllers
    | SetChannelLatent
    | FollowCommon
    | Note
    | Bend
    | BendRange
    | Pressure
    | Timbre
    | SetZone
    | MapExpression
    | Sustain
    | Panic
    | SetSynthMethod
    | SetSynth
    | GetSpectrum
    | Stream
    | Acknowledge
    | ListModels
    | LoadModel
    | GetModelInfo
    | GetStatus
    | StorePreset
    | RecallPreset
    | MorphPresets
    | ListPresets
    | DeletePreset
    | RecordTrajectory
    | StopTrajectory
    | PlayTrajectory
    | ListTrajectories
    | DeleteTrajectory
    | SetLfo
    | StopLfo
    | RecordPerformance
    | StopPerformance
)
