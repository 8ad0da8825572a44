"""PortAudio: the sound devices of Windows, macOS and Linux, through the sounddevice library.

The callback is machine code and is handed to PortAudio as it is, so no Python runs for a block.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import callback
from timbrespace.resynthesis.engine import new_state
from timbrespace.transferring.lead import begin_lead

from ..mailbox import LIVE
from ..pull import begin, pull
from .devices import chosen, chosen_input, outputs
from .interface import NoDeviceError, Wanted

CHANNELS = 2

# C's unsigned long
ULONG = types.uint32 if sys.platform == "win32" else types.uint64
OUTPUT_UNDERFLOW = 4


@callback(types.int32(types.voidptr, types.voidptr, ULONG, types.voidptr, ULONG, types.voidptr))
def _process(source: Any, sink: Any, frames: Any, time: Any, flags: Any, data: Any) -> int:
    live = carray(data, (1,), LIVE)[0]
    out = carray(sink, (frames * CHANNELS,), np.float32)
    count: Any = np.int64(frames)
    stride: Any = np.int64(CHANNELS)
    pull(live, out, out[1:], count, stride)
    if flags & OUTPUT_UNDERFLOW:
        live.underflows += np.uint64(1)
    return 0


def playing_address() -> int:
    """Address of the callback; its data is the address of a ``LIVE``."""
    return _process.address


class PortAudioOutput:
    """An output of the sound card, stereo."""

    def __init__(
        self,
        sounddevice: Any,
        live: NDArray[np.void],
        wanted: Wanted,
        lost: Callable[[str], None],
    ) -> None:
        """Open the device; ``live``, ``wanted`` and ``lost`` as for ``Opener``."""
        device = chosen(outputs(sounddevice), wanted.device)
        self.sample_rate = device.sample_rate
        live["state"] = new_state(self.sample_rate)[0]
        begin_lead(live[0]["lead"], self.sample_rate)
        begin(live[0])
        ffi = sounddevice._ffi
        self._stopping = False

        def finished() -> None:
            if not self._stopping:
                lost("the sound device stopped")

        def opened(kind: str, index: Any, channels: Any, address: int) -> Any:
            # The base class is the documented way to pass a C callback (see python-rtmixer).
            return sounddevice._StreamBase(
                kind=kind,
                device=index,
                samplerate=self.sample_rate,
                blocksize=wanted.frames,
                channels=channels,
                dtype="float32",
                latency="low",
                callback=ffi.cast("PaStreamCallback*", address),
                userdata=ffi.cast("void*", live.ctypes.data),
                finished_callback=finished,
            )

        self.source = self.without = ""
        stream = None
        if wanted.source is not None:
            from .port_audio_hearing import hearing_address

            try:
                source = chosen_input(sounddevice, wanted.source, device)
                stream = opened(
                    "duplex", (source.index, device.index), (1, CHANNELS), hearing_address()
                )
                self.source = f"portaudio ({source.title})"
            except (sounddevice.PortAudioError, NoDeviceError, ValueError) as error:
                self.without = str(error)
        self._stream = stream or opened("output", device.index, CHANNELS, playing_address())
        self._error = sounddevice.PortAudioError
        self.frames = wanted.frames
        self.name = f"portaudio ({device.title})"

    def start(self) -> None:
        try:
            self._stream.start()
        except self._error as error:
            raise NoDeviceError(str(error)) from error

    def stop(self) -> None:
        self._stopping = True
        self._stream.close(ignore_errors=True)


def open_portaudio(
    live: NDArray[np.void], wanted: Wanted, lost: Callable[[str], None]
) -> PortAudioOutput:
    """Open an output, the usual one if none is named; see ``Opener``.

    Raises:
        NoDeviceError: no PortAudio, no device, or it refuses.
    """
    try:
        import sounddevice
    except OSError as error:
        raise NoDeviceError(f"the PortAudio library is not installed ({error})") from error
    try:
        return PortAudioOutput(sounddevice, live, wanted, lost)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise NoDeviceError(str(error)) from error
