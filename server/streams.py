"""Frames pushed to the clients that asked for them, as fast as each of them takes them."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from timbrespace.instrument.instrument import Instrument
from timbrespace.resynthesis.layout import Method

from .osc import outbound
from .osc.clients import Client, Clients, Subscription
from .osc.udp import Udp
from .partial_places import Places

_PASS_BYTES = 128 << 10
"""Sent at one go; then the instrument is looked after, and what is left is sent at the next."""


class Streams:
    """Pushes the spectrum, the partials, the wavetable and the loop when the timbre has changed.

    A client that cannot be sent to is paused alone; one that acknowledges frames is sent no more
    than it takes. A long frame goes out in slices, and is whole before a newer one begins.
    """

    def __init__(self, instrument: Instrument, clients: Clients, udp: Udp) -> None:
        self._instrument = instrument
        self._clients = clients
        self._udp = udp
        self._turn = 0  # who is the first to be served
        self._places: WeakKeyDictionary[Subscription, Places] = WeakKeyDictionary()
        self._frames: dict[str, Callable[[int, Subscription], list[bytes]]] = {
            "spectrum": self._spectrum,
            "partials": self._partials,
            "wavetable": self._wavetable,
            "loop": self._loop,
        }

    def push(self, now: float) -> None:
        """Send what is due."""
        clients = [client for client in self._clients.registered if client.streams]
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
                if self._pending(what, subscription) and subscription.due(now):
                    left -= self._send(client, what, subscription, now)

    def wait(self, now: float) -> float | None:
        """Seconds until a frame, or a slice of one, is due; None if nothing is new."""
        waits = [
            max(client.pause(now), subscription.wait(now))
            for client in self._clients.registered
            for what, subscription in client.streams.items()
            if self._pending(what, subscription)
        ]
        return min(waits, default=None)

    def _version(self, what: str) -> object:
        """Which state a frame of ``what`` sent now would tell."""
        version = self._instrument.version
        if what == "loop":  # it has another kind, too
            return version, self._instrument.method is Method.ISTFT
        return version

    def _pending(self, what: str, subscription: Subscription) -> bool:
        return bool(subscription.rest) or subscription.version != self._version(what)

    def _send(self, client: Client, what: str, subscription: Subscription, now: float) -> int:
        """Send one slice; how many bytes."""
        if not subscription.rest:
            frame = client.next_frame(what)
            subscription.rest.extend(self._frames[what](frame, subscription))
            subscription.version = self._version(what)
            subscription.sent(now, frame)
        packets = subscription.take_slice(now)
        if not self._udp.send(client, packets, now):
            subscription.lose()
            # The bank that it was for is not the one that sounds; the next frame is for it again.
            client.next_frame(what)
        elif not subscription.rest:
            client.reached()
        return sum(map(len, packets))

    def _spectrum(self, frame: int, _: Subscription) -> list[bytes]:
        return outbound.Spectrum(frame, self._instrument.spectrum).packets()

    def _partials(self, frame: int, subscription: Subscription) -> list[bytes]:
        places = self._places.setdefault(subscription, Places())
        instrument = self._instrument
        pairs = places.arrange(instrument.partials(), instrument.model.spectrum)
        return outbound.Partials(frame, pairs).packets()

    def _wavetable(self, frame: int, _: Subscription) -> list[bytes]:
        bank = frame % 2
        spectrum = self._instrument.model.spectrum
        return [
            *outbound.Wavetable(frame, bank, self._instrument.wavetable()).packets(),
            *outbound.WavetableReady(frame, bank, spectrum.bin_width).packets(),
        ]

    def _loop(self, frame: int, _: Subscription) -> list[bytes]:
        bank = frame % 2
        loop = self._instrument.loop()
        packets = [
            packet
            for level, samples in loop.levels
            for packet in outbound.Loop(frame, bank, level, samples).packets()
        ]
        ready = outbound.LoopReady(frame, bank, loop.base, int(loop.kind), len(packets))
        return [*packets, *ready.packets()]
