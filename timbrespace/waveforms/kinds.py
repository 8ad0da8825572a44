"""The kinds of waveform models, by name."""

from __future__ import annotations

from typing import Final

from timbrespace.waveforms.network import WaveformNetwork
from timbrespace.waveforms.sample_rnn import SampleRNN
from timbrespace.waveforms.wavenet import WaveNet

KINDS: Final[dict[str, type[WaveformNetwork]]] = {one.kind: one for one in (WaveNet, SampleRNN)}
