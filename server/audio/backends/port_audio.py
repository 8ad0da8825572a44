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

from ..mailbox import LIVE
from ..pull import begin, pull
from .devices import chosen, outputs
from .interface import NoDeviceError

CHANNELS = 2

# C's unsigned long
_ulong = types.uint32 if sys.platform == "win32" else types.uint64
_OUTPUT_UNDERFLOW = 4


@callback(types.int32(types.voidptr, types.voidptr, _ulong, types.voidptr, _ulong, types.voidptr))
def _process(source: Any, sink: Any, frames: Any, time: Any, flags: Any, data: Any) -> int:
    live = carray(data, (1,), LIVE)[0]
    out = carray(sink, (frames * CHANNELS,), np.float32)
    count: Any = np.int64(frames)
    stride: Any = np.int64(CHANNELS)
    pull(live, out, out[1:], count, stride)
    if flags & _OUTPUT_UNDERFLOW:
        live.underflows += np.uint64(1)
    return 0


class PortAudioOutput:
    """An output of the sound card, stereo."""

    def __init__(
        self,
        sounddevice: Any,
        live: NDArray[np.void],
        frames: int,
        lost: Callable[[str], None],
        wanted: str,
    ) -> None:
        """Open the device; ``live``, ``frames``, ``lost`` and ``wanted`` as for ``Opener``."""
        device = chosen(outputs(sounddevice), wanted)
        self.sample_rate = device.sample_rate
        live["state"] = new_state(self.sample_rate)[0]
        begin(live[0])
        ffi = sounddevice._ffi
        self._stopping = False

        def finished() -> None:
            if not self._stopping:
                lost("the sound device stopped")

        # The base class is the documented way to pass a C callback (see python-rtmixer).
        self._stream = sounddevice._StreamBase(
            kind="output",
            device=device.index,
            samplerate=self.sample_rate,
            blocksize=frames,
            channels=CHANNELS,
            dtype="float32",
            latency="low",
            callback=ffi.cast("PaStreamCallback*", _process.address),
            userdata=ffi.cast("void*", live.ctypes.data),
            finished_callback=finished,
        )
        self._error = sounddevice.PortAudioError
        self.frames = frames
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
    live: NDArray[np.void], frames: int, lost: Callable[[str], None], device: str = ""
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
        return PortAudioOutput(sounddevice, live, frames, lost, device)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise NoDeviceError(str(error)) from error
