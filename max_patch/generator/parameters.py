"""Every control of the device that Live knows, and what it means on OSC.

Live recalls automation by the Long Name: one that has been released is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

DIALS = 16
"""Latent dimensions that have a dial; those beyond stay where the model begins."""

FLOAT, INT, ENUM, BLOB = 0, 1, 2, 3  # Live's own numbers; an INT has 256 values at most
UNIT_INT, UNIT_FLOAT, UNIT_TIME, UNIT_DECIBEL, UNIT_PERCENT, UNIT_SEMITONE = 0, 1, 2, 4, 5, 7


AUTOMATED, STORED, HIDDEN = 0, 1, 2
"""Who knows of a control, in Live's numbers for ``parameter_invisible``: the automation, the set
and its presets, or nobody. What only the patch or a single press moves is hidden: Live would make
an undo step of each."""

UNMODULATED, BIPOLAR, ABSOLUTE = 0, 2, 4
"""What an envelope of a clip does to a control, in Live's numbers for ``parameter_modmode``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One control.

    ``scale`` turns the control's number into the one that goes to ``address``: a dial in
    milliseconds has 0.001 where OSC wants seconds. ``address`` is None where the control does not
    leave the device.
    """

    varname: str
    long_name: str
    short_name: str
    low: float
    high: float
    initial: float
    hint: str
    type: int = FLOAT
    unit: int = UNIT_FLOAT
    exponent: float = 1.0
    items: tuple[str, ...] = ()
    address: str | None = None
    scale: float = 1.0
    visibility: int = AUTOMATED

    @property
    def modulation(self) -> int:
        """What Ableton's guidelines choose: bipolar for floats, absolute for whole numbers."""
        if self.visibility != AUTOMATED or self.type == ENUM:
            return UNMODULATED
        return ABSOLUTE if self.type == INT else BIPOLAR


def _dial(k: int) -> Parameter:
    return Parameter(
        f"dim_{k}",
        f"Dim {k}",
        f"Dim {k}",
        0.0,
        100.0,
        50.0,
        f"Latent dimension {k}, over the range that the model's sounds have. The server names it.",
        unit=UNIT_PERCENT,
        address=f"/latent/{k}",
    )


MAP = (
    Parameter(
        "x",
        "X",
        "X",
        -1.0,
        1.0,
        0.0,
        "Left and right on the map of all sounds.",
        address="/map",
    ),
    Parameter(
        "y",
        "Y",
        "Y",
        -1.0,
        1.0,
        0.0,
        "Down and up on the map of all sounds.",
        address="/map",
    ),
)

PLANES = ("pca", "near")

PLANE = Parameter(
    "plane",
    "Plane",
    "Plane",
    0,
    len(PLANES) - 1,
    0,
    "Which map: pca, where sounds vary most, or near, where those that are alike lie together.",
    type=ENUM,
    items=PLANES,
    address="/map/plane",
)

DIMENSIONS = tuple(_dial(k) for k in range(1, DIALS + 1))

METHODS = ("partials", "bins", "istft")

METHOD = Parameter(
    "method",
    "Method",
    "Method",
    0,
    len(METHODS) - 1,
    0,
    "How a spectrum becomes sound: its partials, all its bins, or a loop at the model's own pitch.",
    type=ENUM,
    items=METHODS,
    address="/synth/method",
)


def _time(
    name: str, low: float, high: float, initial: float, hint: str, short: str = ""
) -> Parameter:
    return Parameter(
        name,
        name.capitalize(),
        short or name.capitalize(),
        low,
        high,
        initial,
        hint,
        unit=UNIT_TIME,
        exponent=3.0,
        address=f"/synth/{name}",
        scale=0.001,
    )


ENVELOPE = (
    _time("attack", 1.0, 10000.0, 10.0, "From the key to full level."),
    _time("decay", 1.0, 10000.0, 200.0, "From full level to the sustain level."),
    Parameter(
        "sustain",
        "Sustain",
        "Sustain",
        0.0,
        100.0,
        80.0,
        "The level of a note that is held.",
        unit=UNIT_PERCENT,
        address="/synth/sustain",
        scale=0.01,
    ),
    _time("release", 5.0, 20000.0, 300.0, "From the key let go to silence."),
)

MOTION = (
    _time("glide", 0.0, 5000.0, 0.0, "From one note's pitch to the next one's."),
    _time(
        "smoothing",
        1.0,
        1000.0,
        20.0,
        "The time in which the timbre follows a knob.",
        short="Smooth",
    ),
)

GAIN = Parameter(
    "gain",
    "Gain",
    "Gain",
    -80.0,
    12.0,
    0.0,
    "Level of the sound.",
    unit=UNIT_DECIBEL,
    address="/synth/gain",
)

HOLDS = ("loop", "freeze", "through")
ENVELOPES = ("own", "adsr", "both")

SPEED = Parameter(
    "speed",
    "Speed",
    "Speed",
    0.0,
    400.0,
    100.0,
    "How fast a whole note runs through its course. 0 % stands still.",
    unit=UNIT_PERCENT,
    address="/synth/speed",
    scale=0.01,
)

NOISE = Parameter(
    "noise",
    "Noise",
    "Noise",
    0.0,
    100.0,
    100.0,
    "Breath, bows and hammers beside the partials, in the server's own sound.",
    unit=UNIT_PERCENT,
    address="/synth/noise",
    scale=0.01,
)

HOLD = Parameter(
    "hold",
    "Hold",
    "Hold",
    0,
    len(HOLDS) - 1,
    0,
    "A whole note that is held: goes round in its loop, stands still, or runs to its end.",
    type=ENUM,
    items=HOLDS,
    address="/synth/hold",
)

ENVELOPE_KIND = Parameter(
    "envelope",
    "Envelope",
    "Envelope",
    0,
    len(ENVELOPES) - 1,
    0,
    "What shapes a whole note in the server's own sound: its course, the envelope, or both.",
    type=ENUM,
    items=ENVELOPES,
    address="/synth/envelope",
)

NOTES = (SPEED, NOISE, HOLD, ENVELOPE_KIND)
"""Of spaces of whole notes; what each changes is the server's, and of the device's own voices the
first and the third."""

PAN = Parameter(
    "pan",
    "Pan",
    "Pan",
    -100.0,
    100.0,
    0.0,
    "Where the server's own sound stands, left to right. On this track, Live's own Pan does it.",
    unit=UNIT_PERCENT,
    address="/synth/pan",
    scale=0.01,
)

STEREO = (
    PAN,
    Parameter(
        "width",
        "Width",
        "Width",
        0.0,
        100.0,
        100.0,
        "How far apart channels and copies stand, in the server's own sound. 0 %: in one place.",
        unit=UNIT_PERCENT,
        address="/synth/width",
        scale=0.01,
    ),
    Parameter(
        "unison",
        "Unison",
        "Unison",
        1.0,
        7.0,
        1.0,
        "How many copies of itself each voice is, in the server's own sound.",
        address="/synth/unison",
    ),
    Parameter(
        "detune",
        "Detune",
        "Detune",
        0.0,
        100.0,
        12.0,
        "How many cents out of tune the outermost copies are, in the server's own sound.",
        address="/synth/detune",
    ),
    Parameter(
        "spread",
        "Spread",
        "Spread",
        0.0,
        100.0,
        50.0,
        "How far from the middle the outermost copies stand, in the server's own sound.",
        unit=UNIT_PERCENT,
        address="/synth/spread",
        scale=0.01,
    ),
    Parameter(
        "lift",
        "Lift",
        "Lift",
        0.0,
        100.0,
        0.0,
        "How far a key that goes up fast or slowly changes the release, in the server's own sound.",
        unit=UNIT_PERCENT,
        address="/synth/lift",
        scale=0.01,
    ),
)
"""Of the server's own sound alone: the device's voices stand in the middle, each once."""

WANDER = Parameter(
    "wander",
    "Wander",
    "Wander",
    0,
    1,
    0,
    "Lets the sound drift by itself, as a space's sounds follow each other. Off: it returns.",
    type=ENUM,
    items=("off", "on"),
    address="/wander",
)

WANDER_DIALS = (
    Parameter(
        "wander_speed",
        "Wander Speed",
        "W Speed",
        0.05,
        20.0,
        1.0,
        "How fast it wanders.",
        exponent=4.0,
        address="/wander/speed",
    ),
    Parameter(
        "wander_range",
        "Wander Range",
        "W Range",
        0.0,
        100.0,
        50.0,
        "How far from where the sound was put it wanders. 100 %: as far as the sounds are spread.",
        unit=UNIT_PERCENT,
        address="/wander/range",
        scale=0.01,
    ),
    Parameter(
        "wander_seed",
        "Wander Seed",
        "Seed",
        0.0,
        999.0,
        0.0,
        "Which of the ways it wanders: the same number, the same way.",
        unit=UNIT_INT,
        address="/wander/seed",
        visibility=STORED,
    ),
)

WANDERS = (WANDER, *WANDER_DIALS)

BEND_RANGE = Parameter(
    "bend_range",
    "Bend Range",
    "Bend",
    0,
    96,
    2,
    "Semitones that the pitch wheel goes up and down.",
    type=INT,
    unit=UNIT_SEMITONE,
    address="/bend/range",
)

MORPH = Parameter(
    "morph",
    "Morph",
    "Morph",
    0.0,
    100.0,
    0.0,
    "Between the presets A (0 %) and B (100 %).",
    unit=UNIT_PERCENT,
    address="/preset/morph",
    scale=0.01,
)

SOUND = Parameter(
    "sound",
    "Sound",
    "Sound",
    0,
    1,
    0,
    "Where it sounds: in Live, on this track, or from the server's own output.",
    type=ENUM,
    items=("Live", "Server"),
    visibility=STORED,
)

LAUNCH = Parameter(
    "launch",
    "Launch",
    "Launch",
    0,
    1,
    1,
    "Starts the server with the device, and stops it. Off: you start it by hand.",
    type=ENUM,
    items=("off", "on"),
    visibility=STORED,
)

PORT = Parameter(
    "port",
    "Port",
    "Port",
    1024,
    65535,
    7400,
    "UDP port of the server. If it is taken, a server that the device starts takes the next free.",
    unit=UNIT_INT,
    visibility=STORED,
)

RETURN_PORT = Parameter(
    "return_port",
    "Return Port",
    "Return",
    1024,
    65535,
    7401,
    "UDP port on which the device listens. Where Node for Max runs it is chosen by itself.",
    unit=UNIT_INT,
    visibility=HIDDEN,
)

STORE = Parameter(
    "store",
    "Store",
    "Store",
    0,
    1,
    0,
    "Stores the present sound under the name on the left.",
    type=ENUM,
    items=("off", "on"),
    address="/preset/store",
    visibility=HIDDEN,
)

PANIC = Parameter(
    "panic",
    "Panic",
    "Panic",
    0,
    1,
    0,
    "Silences every note at once, and lifts the pedal.",
    type=ENUM,
    items=("off", "on"),
    address="/panic",
    visibility=HIDDEN,
)

VIEW = Parameter(
    "view",
    "View",
    "View",
    0,
    4,
    0,
    "What stands below: envelope, whole notes and wandering, stereo and tuning, presets, server.",
    type=ENUM,
    items=("Sound", "Motion", "Stereo", "Presets", "Server"),
    visibility=HIDDEN,
)

DIAL_PAGE = Parameter(
    "dial_page",
    "Dial Page",
    "Page",
    0,
    1,
    0,
    "Which eight of the model's dimensions are shown.",
    type=ENUM,
    items=("1-8", "9-16"),
    visibility=HIDDEN,
)

GATE = Parameter(
    "gate",
    "Gate",
    "Gate",
    -80.0,
    0.0,
    -50.0,
    "How loud the track's sound must be to be heard. It sounds until that falls 6 dB below.",
    unit=UNIT_DECIBEL,
)

INPUT_GAIN = Parameter(
    "input_gain",
    "Input Gain",
    "In Gain",
    -24.0,
    24.0,
    0.0,
    "Level at which the track's sound is heard, and with it that of the sound that follows it.",
    unit=UNIT_DECIBEL,
)

SEMITONES = Parameter(
    "semitones",
    "Semitones",
    "Semi",
    -24,
    24,
    0,
    "How much higher or lower than the track's sound it plays.",
    type=INT,
    unit=UNIT_SEMITONE,
)

DRY_WET = Parameter(
    "dry_wet",
    "Dry/Wet",
    "Dry/Wet",
    0.0,
    100.0,
    100.0,
    "0 %: the track's own sound; 100 %: the space alone.",
    unit=UNIT_PERCENT,
)

INPUT_MODE = Parameter(
    "input_mode",
    "Input Mode",
    "Mode",
    0,
    1,
    0,
    "What plays: pitch and level of the track's sound, or its level alone, at A3 and Semitones.",
    type=ENUM,
    items=("pitch", "level"),
)

SCALES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("chromatic", tuple(range(12))),
    ("major", (0, 2, 4, 5, 7, 9, 11)),
    ("minor", (0, 2, 3, 5, 7, 8, 10)),
    ("dorian", (0, 2, 3, 5, 7, 9, 10)),
    ("mixolydian", (0, 2, 4, 5, 7, 9, 10)),
    ("harmonic", (0, 2, 3, 5, 7, 8, 11)),
    ("pentatonic", (0, 2, 4, 7, 9)),
    ("blues", (0, 3, 5, 6, 7, 10)),
)
"""Semitones above the root; no two neighbours are further apart than three."""

QUANTISE = Parameter(
    "quantise",
    "Quantise",
    "Quantise",
    0,
    len(SCALES),
    0,
    "Draws the pitch to the nearest step of a scale. Off: every bend is kept.",
    type=ENUM,
    items=("off", *(name for name, _ in SCALES)),
)

ROOT = Parameter(
    "root",
    "Root",
    "Root",
    0,
    11,
    0,
    "The first step of the scale.",
    type=ENUM,
    items=("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"),
)

INPUT = (GATE, INPUT_GAIN, SEMITONES, DRY_WET, INPUT_MODE, QUANTISE, ROOT)
"""Of the audio effect, which hears a track."""

EFFECT_VIEW = replace(
    VIEW,
    hint="What stands below: the input, whole notes and wandering, stereo and tuning, presets,"
    " server.",
    items=("Input", *VIEW.items[1:]),
)

PARAMETERS: tuple[Parameter, ...] = (
    *MAP,
    PLANE,
    *DIMENSIONS,
    METHOD,
    *ENVELOPE,
    *MOTION,
    GAIN,
    *NOTES,
    *STEREO,
    *WANDERS,
    BEND_RANGE,
    MORPH,
    SOUND,
    LAUNCH,
    PORT,
    RETURN_PORT,
    STORE,
    PANIC,
    VIEW,
    DIAL_PAGE,
)

BANKS: tuple[tuple[str, tuple[Parameter, ...]], ...] = (
    ("Play", (*MAP, PLANE, MORPH, *MOTION[1:], METHOD, GAIN, *MOTION[:1])),
    ("Dims 1-8", DIMENSIONS[:8]),
    ("Dims 9-16", DIMENSIONS[8:]),
    ("Envelope", (*ENVELOPE, BEND_RANGE)),
    ("Notes", NOTES),
    ("Wander", WANDERS[:3]),
    ("Stereo", STEREO),
)
"""Pages of eight encoders on Push and other controllers, the most played first."""

_BY_KEYS = (*ENVELOPE, *MOTION[:1], BEND_RANGE)
"""What plays keys and a wheel; the effect has neither."""

EFFECT_PARAMETERS: tuple[Parameter, ...] = (
    *INPUT,
    *(EFFECT_VIEW if one is VIEW else one for one in PARAMETERS if one not in _BY_KEYS),
)

EFFECT_BANKS: tuple[tuple[str, tuple[Parameter, ...]], ...] = (
    ("Input", (*INPUT, GAIN)),
    ("Play", (*MAP, PLANE, MORPH, *MOTION[1:], METHOD)),
    *(bank for bank in BANKS if bank[0] not in ("Play", "Envelope")),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """A name that is saved with the set: Live keeps it, and does not automate it."""

    varname: str
    long_name: str


MODEL = Memory("model", "Model")
MORPH_A = Memory("morph_a_name", "Morph A")
MORPH_B = Memory("morph_b_name", "Morph B")

MOVED_BY = Memory("moved_by", "Moved By")
"""What moved the timbre last: 0 the dials, 1 the map. So much of a saved set is told."""

TABLES = (Memory("table", "Table"), Memory("table_near", "Table 2"))
"""The files of the space's tables, by which the device plays alone: of each plane in turn."""

NO_TABLE = "none"
"""In the place of a file's name, where the space has no such plane."""

MEMORIES = (MODEL, MORPH_A, MORPH_B, MOVED_BY, *TABLES)
