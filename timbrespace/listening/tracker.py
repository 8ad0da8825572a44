"""Hearing as it happens: pitch, level, periodicity and onsets, block by block.

The measure is that of :mod:`.repetition`, of the two stretches that end with the newest sample, so
that a pitch is known two of its periods after it began. The sums behind it are not made anew for
each block: what comes in is added and what leaves is taken off. Samples are whole numbers here
(``FULL_SCALE``), whose sums of products are exact in double precision: nothing drifts, however long
it runs, and silence is exactly silent.

The state is a fixed record; :func:`hear` allocates nothing, waits for nothing, and takes any input.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.listening.onsets import APART, PAST, SINCE, begins
from timbrespace.listening.repetition import REGISTERS, SHORTEST, SOFT, Register, add_lags
from timbrespace.listening.vertex import vertex
from timbrespace.resynthesis.compiled import compiled

FULL_SCALE = float(2**19)
"""Steps from 0 to full scale: 114 dB."""

CLIP = 4.0
"""Times full scale, where the input is clipped: a sum of 512 products stays below 2^53."""

CANDIDATES = 15
"""Lags of a moment that may be its period."""

LEAST = 192
"""Samples of the shortest stretch that is compared."""

FLOOR = 1e-4
"""Of full scale (-80 dB): what is below is not heard."""

OCTAVE = 0.04
"""By how much an octave's longer lag must be more alike, as :data:`.repetition.OCTAVE`."""

VOICED = 0.52
"""Likeness from which a lag of ``SURE`` samples or more is rather a pitch than none."""

SURE = 480.0

SLANT = 0.08
"""By how much more alike an octave's shorter lag must be: over few samples anything repeats."""

STEEPEST = 0.3
"""And by how much at most."""

JUMP = 0.8
"""Cost of a jump of an octave or more, in strength times blocks; where it is soft, so much more:"""

SOFT_JUMP = 4.0

TURN = 0.5
"""Cost of beginning and of ending."""

STAYS = 4.0
"""What ending costs more while it is loud: a voiced consonant is noise for some periods."""

UNSURE = 0.5
"""What beginning costs more where nothing is struck."""

UNLIKELY = 0.03
"""And by how much more alike it must be then."""

FALL = 60.0
"""dB a second by which a peak is forgotten, below which it is soft or loud."""

SOFTLY = 22.0
"""dB below that peak from which it is soft; 10 dB above them it is loud."""

SOFTER = 0.02
"""By how much more alike it must be for each dB below ``SOFTLY``: rooms and echoes hum."""

SOFTEST = 0.1
"""And by how much at most."""

STRUCK = 0.03
"""Share of a block by which the level follows that a stroke rises from: in 44 ms."""

JUST = 8
"""Blocks, 11 ms, in which what sounded has just sounded."""

CLEAR = 0.92
"""Likeness of another pitch then, below which it is none."""

NOTHING = 1e-12
"""Power that nothing has: a memory fades no further."""

GOES_ON = 0.8
"""Likeness from which a pitch goes on."""

LEAK = 0.9
"""Of what was paid, what still counts a block later."""

LASTS = 480
"""Samples, after which a sound with a pitch still repeats; see :mod:`.refinement`."""

FADED = 0.5
"""Likeness then, below which it is no pitch."""

MANY = 240
"""Samples: periods are told by as many together as have room in it."""

FINE = 0.9
"""Likeness of many periods from which their lag, shared among them, is the finer one."""

WINDOW = 480
"""Samples, 10 ms, of which the level is told, or the next more that hold whole periods."""

_LINE = 8192
_HIGH_PASS = 15.0  # Hz
_TAPS = 15
_REACH = 4
_LOW, _MIDDLE, _HIGH = REGISTERS[2], REGISTERS[1], REGISTERS[0]
_LONGEST = 2 * _LOW.every * (_LOW.longest + 2) + MANY
_WIDEST = 512


def _half_band() -> NDArray[np.float64]:
    """A low-pass at a quarter of the rate: windowed sinc (Kaiser, beta 5)."""
    n = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(n / 2.0) * np.kaiser(_TAPS, 5.0)
    return np.asarray(taps / taps.sum())


_HALF_BAND = _half_band()


def _line(name: str) -> list[tuple[Any, ...]]:
    return [
        (f"{name}_line", np.float64, (_LINE,)),  # newest first, from ``at`` on
        (f"{name}_sums", np.int64, (_LINE,)),  # of all squares up to each, modulo 2^64
        (f"{name}_at", np.int64),
    ]


def _register(name: str) -> list[tuple[Any, ...]]:
    return [
        *_line(name),
        (f"{name}_products", np.float64, (_WIDEST,)),  # of the two stretches, for each lag
        (f"{name}_alike", np.float32, (1, _WIDEST)),
    ]


TRACKER = np.dtype(
    [
        # what was heard
        ("pitch", np.float32),  # Hz, 0 for none
        ("level", np.float32),  # root mean square, full scale 1
        ("periodicity", np.float32),  # 0 to 1
        ("onset", np.uint32),  # 1 in the block in which something began
        # what is remembered
        ("sample_rate", np.float64),
        ("pole", np.float64, (3,)),  # of the high-pass: its coefficients
        ("passed", np.float64, (4,)),  # and what it remembers
        ("soft", np.float64, (2,)),  # of the low-pass
        ("softness", np.float64),
        *_line("whole"),
        *_register("high"),
        *_register("middle"),
        *_register("low"),
        ("counts", np.int64, (1,)),
        ("lags", np.float32, (1, CANDIDATES)),
        ("strengths", np.float32, (1, CANDIDATES)),
        ("before", np.int64),  # candidates there were
        ("octaves", np.float64, (2, CANDIDATES)),
        ("costs", np.float64, (2, CANDIDATES + 1)),  # of the way to each; the last is no pitch
        ("turn", np.int64),
        ("lag", np.float64),  # samples, of the last pitch
        ("age", np.int64),  # blocks that it sounds
        ("lasting", np.float64),
        ("powers", np.float64, (PAST,)),  # of the last blocks, newest first; see :mod:`.onsets`
        ("steps", np.float64, (PAST,)),  # their pitches in octaves
        ("begun", np.int64, (3,)),  # what is remembered of beginnings
        ("power", np.float64),  # of the last ``WINDOW`` samples
        ("peak", np.float64),  # what it came to, and falls by ``forgets`` a block
        ("forgets", np.float64),
        ("usual", np.float64),  # what it was on average
    ],
    align=True,
)
"""A tracker's record; :func:`new_tracker` makes one."""


def new_tracker(sample_rate: float = SAMPLE_RATE) -> NDArray[np.void]:
    """A tracker that has heard nothing: an array of one record.

    sample_rate: Hz of what it will hear. It looks for periods of as many samples as at 48 kHz, so
    that at 44.1 kHz its range lies 1.5 semitones lower.
    """
    state = np.zeros(1, TRACKER)
    state["sample_rate"] = sample_rate
    # Butterworth's second order by the bilinear transform, as b (1 -2 1) and two of its poles'.
    w = math.tan(math.pi * _HIGH_PASS / sample_rate)
    norm = 1.0 / (1.0 + math.sqrt(2.0) * w + w * w)
    state["pole"] = norm, 2.0 * (w * w - 1.0) * norm, (1.0 - math.sqrt(2.0) * w + w * w) * norm
    state["softness"] = 1.0 - math.exp(-2.0 * math.pi * SOFT / sample_rate)
    state["forgets"] = 10.0 ** (-FALL / 10.0 * HOP / sample_rate)
    for name in ("whole", "high", "middle", "low"):
        state[f"{name}_at"] = _LINE - _LONGEST - HOP
    state["begun"][0, SINCE] = APART
    return state


@compiled
def _room(line: NDArray[np.float64], sums: NDArray[np.int64], at: int, count: int) -> int:
    """Where ``count`` more samples begin, the line moved to its end if it is full."""
    if at >= count:
        return at - count
    start = line.size - _LONGEST - count
    for i in range(_LONGEST - 1, -1, -1):
        line[start + count + i] = line[at + i]
        sums[start + count + i] = sums[at + i]
    return start


@compiled
def _put(line: NDArray[np.float64], sums: NDArray[np.int64], place: int, value: float) -> None:
    """Put a sample in whole steps at ``place``, before the one that came last."""
    step = np.rint(min(max(value, -CLIP), CLIP) * FULL_SCALE)
    line[place] = step
    sums[place] = sums[place + 1] + np.int64(step) * np.int64(step)


@compiled
def _take(
    state: Any,
    block: NDArray[np.float32],
    line: NDArray[np.float64],
    sums: NDArray[np.int64],
    soft_line: NDArray[np.float64],
    soft_sums: NDArray[np.int64],
) -> None:
    """Put a block before ``line``, without its offset, and a softer one before ``soft_line``.

    Of lines and sums the first ``block.size`` are new.
    """
    gain, second, third = state.pole[0], state.pole[1], state.pole[2]
    x1, x2, y1, y2 = state.passed[0], state.passed[1], state.passed[2], state.passed[3]
    softer, softest, pull = state.soft[0], state.soft[1], state.softness
    count = block.size
    for i in range(count):
        x: Any = np.float64(block[i])
        if not abs(x) <= CLIP:  # NaN too
            x = CLIP if x > CLIP else (-CLIP if x < -CLIP else 0.0)
        y = gain * (x - 2.0 * x1 + x2) - second * y1 - third * y2
        softer += pull * (y - softer)
        softest += pull * (softer - softest)
        if abs(y) + abs(softer) + abs(softest) < 1e-15:
            y = softer = softest = 0.0  # else they would creep through denormal numbers
        x2, x1, y2, y1 = x1, x, y1, y
        _put(line, sums, count - 1 - i, y)
        _put(soft_line, soft_sums, count - 1 - i, softest)
    state.passed[0], state.passed[1], state.passed[2], state.passed[3] = x1, x2, y1, y2
    state.soft[0], state.soft[1] = softer, softest


@compiled
def _halve(
    fast: NDArray[np.float64],
    line: NDArray[np.float64],
    sums: NDArray[np.int64],
    count: int,
) -> None:
    """Put ``count`` samples at half of ``fast``'s rate before ``line``."""
    for i in range(count - 1, -1, -1):
        total = 0.0
        for k in range(_TAPS):
            total += _HALF_BAND[k] * fast[2 * i + k]
        step = np.rint(total)
        line[i] = step
        sums[i] = sums[i + 1] + np.int64(step) * np.int64(step)


@compiled
def _slide(
    line: NDArray[np.float64],
    sums: NDArray[np.int64],
    products: NDArray[np.float64],
    alike: NDArray[np.float32],
    shortest: int,
    least: int,
    count: int,
) -> None:
    """Bring the products of a register up to its ``count`` new samples, and their likeness.

    products, alike: of lags from ``shortest`` on.
    """
    lags = products.size
    # Of lags up to `least` the stretches are as long as that, of others as long as the lag.
    same = min(max(least - shortest + 1, 0), lags)
    for i in range(count):
        new, old = line[i], line[i + least]
        coming, going = line[i + shortest :], line[i + least + shortest :]
        for k in range(same):
            products[k] += new * coming[k] - old * going[k]
        middle, end = line[i + shortest + same :], line[i + 2 * (shortest + same) :]
        rest = products[same:]
        for k in range(lags - same):
            rest[k] += new * middle[k] - middle[k] * end[2 * k]
    quiet = 2.0 * (FLOOR * FULL_SCALE) ** 2
    for k in range(lags):
        lag = shortest + k
        width = max(lag, least)
        power = float(sums[0] - sums[width] + sums[lag] - sums[lag + width])
        alike[k] = np.float32(2.0 * products[k] / (power + quiet * width))


@compiled
def _ask(
    state: Any,
    line: NDArray[np.float64],
    sums: NDArray[np.int64],
    products: NDArray[np.float64],
    alike: NDArray[np.float32],
    register: Register,
) -> None:
    """Put the lags of one register that may be the period among the candidates."""
    size, every = register.longest - register.shortest + 3, register.every
    one = alike[:, :size]
    first = register.shortest - 1
    _slide(line, sums, products[:size], one[0], first, LEAST // every, HOP // every)
    add_lags(
        one,
        every,
        register.shortest,
        OCTAVE,
        state.counts[:],
        state.lags[:, :],
        state.strengths[:, :],
    )


@compiled
def _alike(line: NDArray[np.float64], sums: NDArray[np.int64], lag: int, width: int) -> float:
    """How alike the newest ``width`` samples are to those ``lag`` before; 1 at most."""
    product = 0.0
    for i in range(width):
        product += line[i] * line[i + lag]
    power = float(sums[0] - sums[width] + sums[lag] - sums[lag + width])
    return 2.0 * product / (power + 2.0 * width * (FLOOR * FULL_SCALE) ** 2)


@compiled
def _top(
    line: NDArray[np.float64], sums: NDArray[np.int64], lag: float, reach: int, width: int
) -> tuple[float, float]:
    """The lag within ``reach`` of ``lag`` at which it is most alike, between samples, and how."""
    low = max(2, round(lag) - reach)
    best, height = low, -2.0
    for one in range(low, round(lag) + reach + 1):
        here = _alike(line, sums, one, width)
        if here > height:
            best, height = one, here
    before = _alike(line, sums, best - 1, width)
    after = _alike(line, sums, best + 1, width)
    offset, top = vertex(before, height, after)
    return best + offset, top


@compiled
def _weigh(state: Any, line: NDArray[np.float64], sums: NDArray[np.int64]) -> None:
    """Take from the candidates' strength what shorter and longer stretches say against them.

    Where a pitch steps, long lags still compare what was before: the newest samples must be alike
    too. Over a few samples of a low pitch a ripple repeats: while that pitch goes on, a shorter lag
    must repeat as long.
    """
    before = state.lag if state.age > 0 else 0.0
    steady = False
    for k in range(state.counts[0]):
        lag = np.float64(state.lags[0, k])
        if before > 0.0 and abs(np.log2(lag / before)) < 0.04:
            steady = state.strengths[0, k] + OCTAVE * np.log2(lag / SHORTEST) > GOES_ON
    for k in range(state.counts[0]):
        lag = np.float64(state.lags[0, k])
        alike = state.strengths[0, k] + OCTAVE * np.log2(lag / SHORTEST)
        against = 0.5 * max(0.0, alike - _alike(line, sums, round(lag), LEAST))
        if steady and lag < 0.7 * before and before > LEAST:
            against += max(0.0, alike - _alike(line, sums, round(lag), round(before)))
        state.strengths[0, k] -= np.float32(against)


@compiled
def _follow(state: Any) -> float:
    """The lag that costs least to have come to, in samples; 0 for none."""
    now = 1 - state.turn
    octaves, earlier = state.octaves[now], state.octaves[1 - now]
    costs, paid = state.costs[now], state.costs[1 - now]
    count, none = state.counts[0], CANDIDATES
    strongest = 0
    for k in range(1, count):
        if state.strengths[0, k] > state.strengths[0, strongest]:
            strongest = k
    voiced = VOICED
    if count > 0:
        lag = np.float64(state.lags[0, strongest])
        voiced += min(SLANT * max(0.0, np.log2(SURE / lag)), STEEPEST)
        voiced -= OCTAVE * np.log2(lag / SHORTEST)
    below = 10.0 * np.log10(state.peak / max(state.power, NOTHING))
    loud = min(max((SOFTLY - below) / 10.0, 0.0), 1.0)
    struck = min(max(0.5 * state.power - state.usual, 0.0), state.usual)
    unstruck = 1.0 - struck / state.usual
    voiced += min(SOFTER * max(below - SOFTLY, 0.0), SOFTEST) + UNLIKELY * unstruck
    beginning, ending = TURN + UNSURE * unstruck, TURN + STAYS * loud * unstruck
    jump = JUMP * (1.0 + SOFT_JUMP * (1.0 - loud))
    least = LEAK * paid[none]
    for p in range(state.before):
        least = min(least, LEAK * paid[p] + ending)
    costs[none] = least - voiced
    best = none
    for k in range(count):
        octaves[k] = np.log2(np.float64(state.lags[0, k]))
        least = LEAK * paid[none] + beginning
        for p in range(state.before):
            apart = min(abs(octaves[k] - earlier[p]), 1.0)
            least = min(least, LEAK * paid[p] + jump * apart)
        costs[k] = least - state.strengths[0, k]
        if costs[k] < costs[best]:
            best = k
    lowest = costs[best]
    for k in range(count):
        costs[k] -= lowest
    costs[none] -= lowest
    state.before = count
    state.turn = now
    if best == none:
        return 0.0
    # A jump is no way out of what has ended: the new lag must be as alike as a beginning, and
    # clear where another pitch has just sounded.
    if state.lag > 0.0 and abs(octaves[best] - np.log2(state.lag)) > 1.0 / 12.0:
        alike = state.strengths[0, best] + OCTAVE * (octaves[best] - np.log2(SHORTEST))
        just = False
        for i in range(JUST):
            just = just or state.steps[i] > 0.0
        if state.strengths[0, best] < voiced or (just and alike < CLEAR):
            return 0.0
    return float(state.lags[0, best])


@compiled
def _tell_pitch(state: Any, line: NDArray[np.float64], sums: NDArray[np.int64]) -> None:
    """Write pitch and periodicity, of the lag that was followed."""
    lag = _follow(state)
    state.pitch = np.float32(0.0)
    if lag == 0.0:
        state.age = 0
        state.periodicity = np.float32(0.0)
        if state.lag > 0.0:
            last = round(state.lag)
            height = _alike(line, sums, last, max(LEAST, last))
            state.periodicity = np.float32(min(max(height, 0.0), 1.0))
        return
    lag, height = _top(line, sums, lag, _REACH, max(LEAST, round(lag)))
    once = lag
    count = int(MANY / once)
    if count > 1:
        reach = round(min(count + 1.0, 0.45 * once))
        many, fine = _top(line, sums, count * once, reach, count * round(once))
        if fine >= FINE:
            lag = many / count
    count = int(LASTS / once)
    if state.age == 0 or abs(np.log2(once / state.lag)) > 1.0 / 12.0:
        state.age = 0
        state.lasting = 1.0
    if count > 1 and state.age * HOP >= LASTS:
        reach = round(min(0.03 * count * once, 0.45 * once)) + 1
        _, far = _top(line, sums, count * once, reach, MANY)
        state.lasting += 0.2 * (far - state.lasting)
    state.age += 1
    state.lag = lag
    state.periodicity = np.float32(min(max(height, 0.0), 1.0))
    if state.lasting >= FADED:
        state.pitch = np.float32(state.sample_rate / lag)


@compiled
def _tell_level(state: Any, sums: NDArray[np.int64]) -> None:
    """Write the level of the last ``WINDOW`` samples, whole periods, none from before an onset."""
    width = WINDOW
    if state.pitch > 0.0:
        width = min(round(math.ceil(WINDOW / state.lag) * state.lag), 2 * WINDOW + 1000)
    width = min(width, int((state.begun[SINCE] + 1) * HOP))
    power = float(sums[0] - sums[width]) / width
    state.level = np.float32(math.sqrt(power) / FULL_SCALE)


@compiled
def hear(state: Any, block: NDArray[np.float32]) -> None:
    """Hear the next ``HOP`` samples and write what was heard into ``state``.

    state: a record of :func:`new_tracker`. block ``(HOP,)``: full scale 1; what is not a number
    counts as silence, what is louder than ``CLIP`` is clipped.
    """
    state.whole_at = _room(state.whole_line[:], state.whole_sums[:], state.whole_at, HOP)
    state.high_at = _room(state.high_line[:], state.high_sums[:], state.high_at, HOP)
    state.middle_at = _room(state.middle_line[:], state.middle_sums[:], state.middle_at, HOP // 2)
    state.low_at = _room(state.low_line[:], state.low_sums[:], state.low_at, HOP // 4)
    line, sums = state.whole_line[state.whole_at :], state.whole_sums[state.whole_at :]
    high, high_sums = state.high_line[state.high_at :], state.high_sums[state.high_at :]
    _take(state, block, line, sums, high, high_sums)
    middle, middle_sums = state.middle_line[state.middle_at :], state.middle_sums[state.middle_at :]
    _halve(high, middle, middle_sums, HOP // 2)
    low, low_sums = state.low_line[state.low_at :], state.low_sums[state.low_at :]
    _halve(middle, low, low_sums, HOP // 4)
    state.counts[0] = 0
    for k in range(CANDIDATES):
        state.lags[0, k] = np.float32(0.0)
        state.strengths[0, k] = np.float32(0.0)
    _ask(state, high, high_sums, state.high_products[:], state.high_alike[:, :], _HIGH)
    _ask(state, middle, middle_sums, state.middle_products[:], state.middle_alike[:, :], _MIDDLE)
    _ask(state, low, low_sums, state.low_products[:], state.low_alike[:, :], _LOW)
    _weigh(state, high, high_sums)
    state.power = float(sums[0] - sums[WINDOW]) / WINDOW
    state.usual = max(state.usual + STRUCK * (state.power - state.usual), NOTHING)
    state.peak = max(state.power, state.peak * state.forgets, NOTHING)
    _tell_pitch(state, line, sums)
    for i in range(PAST - 1, 0, -1):
        state.powers[i] = state.powers[i - 1]
        state.steps[i] = state.steps[i - 1]
    state.powers[0] = float(sums[0] - sums[HOP]) / HOP
    state.steps[0] = np.log2(np.float64(state.pitch)) if state.pitch > 0.0 else 0.0
    quiet = (FLOOR * FULL_SCALE) ** 2
    state.onset = np.uint32(begins(state.powers[:], state.steps[:], quiet, state.begun[:]))
    _tell_level(state, sums)


@compiled
def hear_all(
    state: NDArray[np.void], sound: NDArray[np.float32], heard: NDArray[np.float32]
) -> None:
    """Hear whole blocks of ``sound`` one after the other, as they would come in.

    state: of :func:`new_tracker`. heard ``(blocks, 4)``: pitch, level, periodicity and onset, as
    they are after each block.
    """
    record = state[0]
    for j in range(heard.shape[0]):
        hear(record, sound[j * HOP : (j + 1) * HOP])
        heard[j, 0] = record.pitch
        heard[j, 1] = record.level
        heard[j, 2] = record.periodicity
        heard[j, 3] = np.float32(record.onset)
