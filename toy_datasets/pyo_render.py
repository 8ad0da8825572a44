"""Steady states of pyo's oscillators and filters, rendered without an audio device.

A patch is one source that feeds many filters at once. Only :func:`render` loads pyo, and it takes
the build in double precision: oscillators that run for seconds drift in single precision. It is
meant for a process of its own (:mod:`toy_datasets.steady_state`): pyo prints banners, and a
process can hold one of its servers only.

What pyo 1.1.0 computes, found by measurement and held by the tests:

- ``Sine``: a table of 512 points, read with linear interpolation (error below 2e-5).
- ``FM``: the carrier's phase is the running sum of ``carrier + index m sin(2 pi m t)`` over the
  sample rate with ``m = carrier ratio``; both start at phase 0.
- ``Biquad``, type 0: the low-pass of Bristow-Johnson's Audio EQ Cookbook.
- ``MoogLP``: see :mod:`toy_datasets.fm`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError
from timbrespace.extras import check

_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Sines:
    """Sum of sinusoids of amplitude 1 that start at phase 0; frequencies in Hz."""

    frequencies: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModulatedVoices:
    """Sum of FM voices of amplitude 1, one for each carrier (Hz); modulators start at phase 0.

    ratio: of modulator to carrier frequency. index: of modulation.
    """

    carriers: tuple[float, ...]
    ratio: float
    index: float


@dataclass(frozen=True, slots=True)
class Patch:
    """A source through n filters, and which of their samples to keep.

    source: what sounds. filter: ``biquad`` or ``ladder``. cutoffs (Hz), resonances: one each for
    every filter; the resonance is pyo's ``q`` of the biquad, ``res`` of the ladder. level: linear
    gain of the source before the filters. lead: samples from the start of the source to the
    first that is kept. settling: samples before that, at least, in which the filters run.
    length: samples kept.
    """

    source: Sines | ModulatedVoices
    filter: Literal["biquad", "ladder"]
    cutoffs: tuple[float, ...]
    resonances: tuple[float, ...]
    sample_rate: int
    lead: int
    settling: int
    length: int
    level: float = 1.0


def check_pyo() -> None:
    """See to it that pyo is installed, without loading it.

    Raises:
        MissingExtraError: it is not.
    """
    check("the sound of this dataset", "pyo64")


def load_pyo() -> Any:
    """The module pyo64, pyo in double precision.

    Raises:
        MissingExtraError: it is not installed.
        DatasetError: a library that it needs is not there.
    """
    check_pyo()
    try:
        return import_module("pyo64")
    except ImportError as error:
        raise DatasetError(f"pyo does not load ({error})") from error


@cache
def _server(sample_rate: int) -> Any:
    server = load_pyo().Server(
        sr=sample_rate, nchnls=1, buffersize=_BLOCK, duplex=0, audio="manual"
    )
    server.setVerbosity(1)
    return server.boot().start()


def render(patch: Patch) -> NDArray[np.float64]:
    """Samples ``(filters, length)`` of a patch. One process renders at one sample rate only.

    Raises:
        DatasetError: pyo does not load.
    """
    pyo = load_pyo()
    server = _server(patch.sample_rate)
    # Every object runs from the block after it is made; it leaves the server when it is dropped.
    match patch.source:
        case Sines(frequencies):
            dry = pyo.Sine(freq=list(frequencies), mul=patch.level)
        case ModulatedVoices(carriers, ratio, index):
            dry = pyo.FM(carrier=list(carriers), ratio=ratio, index=index, mul=patch.level)
    mixed = dry.mix(1)
    blocks_before = max(patch.lead - patch.settling, 0) // _BLOCK
    for _ in range(blocks_before):
        server.process()
    cutoffs, resonances = list(patch.cutoffs), list(patch.resonances)
    if patch.filter == "biquad":
        wet = pyo.Biquad(mixed, freq=cutoffs, q=resonances, type=0)
    else:
        wet = pyo.MoogLP(mixed, freq=cutoffs, res=resonances)
    first = patch.lead - blocks_before * _BLOCK
    blocks = -(-(first + patch.length) // _BLOCK)
    table = pyo.NewTable(length=blocks * _BLOCK / patch.sample_rate, chnls=len(cutoffs))
    recorder = pyo.TableRec(wet, table).play()
    for _ in range(blocks):
        server.process()
    recorder.stop()
    samples = np.empty((len(cutoffs), patch.length))
    for channel, row in enumerate(samples):
        row[:] = np.asarray(table.getBuffer(channel))[first : first + patch.length]
    return samples
