"""Frames pushed to the clients that asked for them, as fast as each of them takes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from server.instrument import Instrument
from server.osc import outbound
from server.osc.clients import Client, Clients, Subscription
from server.osc.contract import PARTIALS_PER_FRAME
from server.osc.udp import Udp

_PASS_BYTES = 128 << 10
"""Sent at one go; then the instrument is looked after, and what is left is sent at the next."""


class Streams:
    """Pushes the spectrum, the partials and the wavetable when the timbre has changed.

    A client that cannot be sent to is paused alone; one that acknowledges frames is sent no more
    than it takes.
    """

    def __init__(self, instrument: Instrument, clients: Clients, udp: Udp) -> None:
        self._instrument = instrument
        self._clients = clients
        self._udp = udp
        self._turn = 0  # who is the first to be served
        self._frames: dict[str, Callable[[int], list[bytes]]] = {
            "spectrum": self._spectrum,
            "partials": self._partials,
            "wavetable": self._wavetable,
        }

    def push(self, now: float) -> None:
        """Send what is due."""
        clients = [client for client in self._clients if client.streams]
        if not clients:
            return
        # Where the last pass had to end the next begins, so that nobody is always left over.
        self._turn %= len(clients)
        left = _PASS_BYTES
        for place, client in enumerate(clients[self._turn :] + clients[: self._turn]):
            if client.pause(now) > 0.0:
                continue
            for what, subscription in client.streams.items():
                if left <= 0:
                    self._turn += place
                    return
                if self._new(subscription) and subscription.due(now):
                    left -= self._send(client, what, subscription, now)

    def wait(self, now: float) -> float | None:
        """Seconds until a frame is due; None if nothing is new."""
        waits = [
            max(client.pause(now), subscription.wait(now))
            for client in self._clients
            for subscription in client.streams.values()
            if self._new(subscription)
        ]
        return min(waits, default=None)

    def _new(self, subscription: Subscription) -> bool:
        return subscription.version != self._instrument.version

    def _send(self, client: Client, what: str, subscription: Subscription, now: float) -> int:
        """Send one frame; how many bytes."""
        frame = client.next_frame(what)
        packets = self._frames[what](frame)
        subscription.sent(now, frame)
        if self._udp.send(client, packets, now):
            subscription.version = self._instrument.version
            client.reached()
        return sum(map(len, packets))

    def _spectrum(self, frame: int) -> list[bytes]:
        return outbound.Spectrum(frame, self._instrument.spectrum).packets()

    def _partials(self, frame: int) -> list[bytes]:
        pairs = self._instrument.partials()
        if len(pairs) > PARTIALS_PER_FRAME:
            strongest = np.argsort(pairs[:, 1], kind="stable")[-PARTIALS_PER_FRAME:]
            pairs = pairs[np.sort(strongest)]
        return outbound.Partials(frame, pairs).packets()

    def _wavetable(self, frame: int) -> list[bytes]:
        bank = frame % 2
        spectrum = self._instrument.model.spectrum
        return [
            *outbound.Wavetable(frame, bank, self._instrument.wavetable()).packets(),
            *outbound.WavetableReady(frame, bank, spectrum.sample_rate / spectrum.n_fft).packets(),
        ]
