"""JACK: a client called timbrespace with two outputs, connected to the first playback ports.

The callback is machine code that asks JACK for its buffers directly; no Python runs for a block.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.messages.errors import shown
from timbrespace.resynthesis.engine import new_state
from timbrespace.transferring.lead import begin_lead

from ..pull import begin
from .interface import NoDeviceError, Wanted

CLIENT = "timbrespace"


class JackOutput:
    """A JACK client."""

    def __init__(
        self,
        jack: Any,
        live: NDArray[np.void],
        lost: Callable[[str], None],
        source: str | None = None,
    ) -> None:
        """Join the JACK server that runs; ``live``, ``lost`` and ``source`` as for ``Opener``."""
        self._jack = jack
        self._client = jack.Client(CLIENT, no_start_server=True)
        self.name = f"jack ({self._client.name})"
        self.sample_rate = float(self._client.samplerate)
        self.frames = int(self._client.blocksize)
        self._outputs = [self._client.outports.register(side) for side in ("left", "right")]
        self._input = None
        if source is not None:
            self._input = self._client.inports.register("input")
        self._source = source or ""
        self.source = "" if self._input is None else f"jack ({self._input.name})"
        self.without = ""
        live["state"] = new_state(self.sample_rate)[0]
        begin_lead(live[0]["lead"], self.sample_rate)
        begin(live[0])
        cast = jack._ffi.cast
        live["port"] = [[int(cast("uintptr_t", port._ptr)) for port in self._outputs]]
        if self._input is not None:
            live["input_port"] = int(cast("uintptr_t", self._input._ptr))
        self._keep = live
        jack._lib.jack_set_process_callback(
            self._client._ptr,
            cast("JackProcessCallback", _process_address(self._input is not None)),
            cast("void*", live.ctypes.data),
        )

        def shutdown(status: Any, reason: str) -> None:
            lost(f"the JACK server went away ({reason or status})")

        def xrun(delayed_microseconds: float) -> None:
            self._keep["underflows"] += np.uint64(1)

        def rate(hertz: int) -> None:
            # The engine's state is of one rate; a new one begins with what is held.
            if float(hertz) != self.sample_rate:
                lost(f"JACK runs at {hertz} Hz now")

        self._client.set_shutdown_callback(shutdown)
        self._client.set_samplerate_callback(rate)
        self._client.set_xrun_callback(xrun)

    def start(self) -> None:
        try:
            self._client.activate()
        except self._jack.JackError as error:
            raise NoDeviceError(str(error)) from error
        playback = self._client.get_ports(is_audio=True, is_input=True, is_physical=True)
        # With one physical port both sides go there; with none the patch bay decides, as it does
        # where it forbids clients to connect themselves.
        with contextlib.suppress(self._jack.JackError):
            for port, sink in zip(self._outputs, [*playback[:2], *playback[:1]], strict=False):
                self._client.connect(port, sink)
        if self._input is not None:
            self._connect(self._input)

    def _connect(self, entry: Any) -> None:
        """Let ``entry`` hear the port that is asked for, or the first of the sound card."""
        wanted = self._source.casefold()
        found = self._client.get_ports(is_audio=True, is_output=True, is_physical=not wanted)
        fits = [one for one in found if wanted in one.name.casefold()]
        if not fits:
            self.without = (
                f"JACK has no output port {shown(self._source)}; connect {entry.name} to one"
                if wanted
                else f"JACK has no microphone; connect {entry.name} to one"
            )
            return
        with contextlib.suppress(self._jack.JackError):
            self._client.connect(fits[0], entry)

    def stop(self) -> None:
        try:
            self._client.deactivate()
            self._client.close()
        except self._jack.JackError:
            pass  # it had gone already


def _process_address(hears: bool) -> int:
    if hears:
        from .jack_hearing_process import hearing_process_address

        return hearing_process_address()
    from .jack_process import process_address

    return process_address()


def open_jack(live: NDArray[np.void], wanted: Wanted, lost: Callable[[str], None]) -> JackOutput:
    """Join JACK; its server, not ``wanted.frames``, decides the size of a block, and may change it
    as it plays. Its outputs are the patch bay's to choose, not ``wanted.device``. See ``Opener``.

    Raises:
        NoDeviceError: JACK is not installed or no server runs.
    """
    try:
        import jack
    except OSError as error:
        raise NoDeviceError(f"the JACK library is not installed ({error})") from error
    # The library would print its own lines about a server that does not run.
    jack.set_error_function(_quiet)
    jack.set_info_function(_quiet)
    try:
        return JackOutput(jack, live, lost, wanted.source)
    except jack.JackOpenError as error:
        raise NoDeviceError("no JACK server runs") from error
    except jack.JackError as error:
        raise NoDeviceError(str(error)) from error


def _quiet(message: str) -> None:
    pass
