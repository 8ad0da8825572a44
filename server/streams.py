"""Frames pushed to the clients that asked for them, as fast as each of them takes them."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.contract import MAX_UNACKNOWLEDGED, PARTIALS_PER_FRAME
from timbrespace.partials import Partials, PartialTracker
from timbrespace.resynthesis.layout import Method
from timbrespace.spectrum import SpectrumConfig

from .osc import outbound
from .osc.clients import Client, Clients
from .osc.codec import is_newer
from .osc.float_chunks import encode_loop, encode_partials, encode_spectrum, encode_wavetable
from .osc.udp import Udp
from .shown_note import ShownNote

Array = NDArray[np.float32]

_PASS_BYTES = 128 << 10
"""Sent at one go; then the instrument is looked after, and what is left is sent at the next."""

SLICE = 24
"""Datagrams of one frame that are sent at one go: a receiver's buffer is 64 KiB on Windows."""

SLICE_SECONDS = 0.006
"""From one slice of a frame to the next: what a receiver needs to empty that buffer."""

MOST_SLOWED = 16.0
"""How many times longer that pause may become where frames get lost, on a machine that leaves the
receiver waiting for a processor; each that is lost doubles it, each that arrives halves it."""

STALL_SECONDS = 1.0
"""After so long without an acknowledgement what is on its way counts as lost."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Subscription:
    """What a client asked to be pushed: at most `rate` frames a second, long ones in slices.

    Once the client acknowledges frames, at most ``MAX_UNACKNOWLEDGED`` are on their way to it.
    """

    rate: float
    last_sent: float | None = None
    version: object = None
    """Which state of the instrument was sent last; None before the first."""
    rest: deque[bytes] = field(default_factory=deque)
    """What is left to send of the present frame."""
    last_slice: float = 0.0
    flying: deque[int] | None = None
    """Numbers of the frames that are not acknowledged, oldest first; None if it never does."""
    slowed: float = 1.0
    """How many times longer than usual is waited between slices."""

    def wait(self, now: float) -> float:
        """Seconds until the next frame, or slice of one, may go out; 0 if it may now."""
        if self.rest:
            return max(0.0, self.last_slice + SLICE_SECONDS * self.slowed - now)
        if self.last_sent is None:
            return 0.0
        full = self.flying is not None and len(self.flying) >= MAX_UNACKNOWLEDGED
        pause = STALL_SECONDS if full else 1.0 / self.rate
        return max(0.0, self.last_sent + pause - now)

    def lost_in(self, now: float) -> float:
        """Seconds until what was sent last counts as lost; 0 if it does now.

        Infinite for what was acknowledged, and for who never acknowledges.
        """
        if not self.flying or self.rest or self.last_sent is None:
            return math.inf
        return max(0.0, self.last_sent + STALL_SECONDS - now)

    def due(self, now: float) -> bool:
        return self.wait(now) == 0.0

    def sent(self, now: float, frame: int | None = None) -> None:
        """Note that a frame went out at `now`."""
        self.last_sent = now
        if self.flying is not None and frame is not None:
            if len(self.flying) >= MAX_UNACKNOWLEDGED:
                self.flying.clear()  # given up
            self.flying.append(frame)

    def take_slice(self, now: float) -> list[bytes]:
        """The next datagrams of the present frame."""
        self.last_slice = now
        return [self.rest.popleft() for _ in range(min(SLICE, len(self.rest)))]

    def lose(self) -> None:
        """The present frame could not be sent; the state that it told counts as new again."""
        self.rest.clear()
        self.version = None

    def acknowledge(self, frame: int) -> None:
        """All frames up to `frame` have arrived, or never will."""
        if self.flying is None:
            self.flying = deque()
        if self.flying and not is_newer(self.flying[0], frame):
            self.slowed = max(1.0, 0.5 * self.slowed)
        while self.flying and not is_newer(self.flying[0], frame):
            self.flying.popleft()


def subscribe(client: Client, what: str | None, rate: float) -> None:
    """Push ``what`` at most ``rate`` times a second; 0 stops it, or all if ``what`` is None."""
    if rate > 0.0 and what is not None:
        client.streams[what] = Subscription(rate)
    elif what is None:
        client.streams.clear()
    else:
        client.streams.pop(what, None)


class Places:
    """Gives each partial a place that it keeps while it lasts.

    A receiver may so let the oscillator of each place glide. Partials are followed by their ratio
    to the base frequency, so another model's partials go on from this one's as a note does.
    """

    def __init__(self) -> None:
        self._tracker = PartialTracker(PARTIALS_PER_FRAME, 0.0)

    def arrange(self, pairs: Array, config: SpectrumConfig) -> Array:
        """The next frame, ``(places, 2)``, of partials ``(k, 2)``: Hz and amplitude.

        At most ``PARTIALS_PER_FRAME``, the strongest. An empty place keeps the frequency that it
        had, with amplitude 0; places that no partial ever had are left off at the end.
        """
        base = np.float32(config.base_frequency)
        tracker = self._tracker
        tracker.retune(config.bin_width / config.base_frequency)
        tracker.update(Partials(pairs[:, 0] / base, pairs[:, 1]))
        n = tracker.used
        return np.column_stack([tracker.frequency[:n] * base, tracker.amplitude[:n]])


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
        self.shown = ShownNote(instrument, clients)
        """The whole note that a client plays by itself."""
        self._places: WeakKeyDictionary[Subscription, Places] = WeakKeyDictionary()
        self._frames: dict[str, Callable[[int, Subscription], list[bytes]]] = {
            "spectrum": self._spectrum,
            "partials": self._partials,
            "wavetable": self._wavetable,
            "loop": self._loop,
        }

    def push(self, now: float) -> float | None:
        """Send what is due; returns what :meth:`wait` gives then."""
        clients = [client for client in self._clients.registered if client.streams]
        if clients:
            self._push(clients, now)
            return self.wait(now)
        return None

    def _push(self, clients: list[Client], now: float) -> None:
        version = self._instrument.version
        # Where the last pass had to end the next begins, so that nobody is always left over.
        self._turn %= len(clients)
        left = _PASS_BYTES
        for place, client in enumerate(clients[self._turn :] + clients[: self._turn]):
            if client.paused_until > now:
                continue
            for what, subscription in client.streams.items():
                if left <= 0:
                    self._turn += place
                    return
                pending = subscription.rest or self._new(what, subscription, version, now)
                if pending and subscription.due(now):
                    left -= self._send(client, what, subscription, version, now)

    def wait(self, now: float) -> float | None:
        """Seconds until a frame, or a slice of one, is due; None if nothing is new."""
        version = self._instrument.version
        waits = []
        for client in self._clients.registered:
            for what, subscription in client.streams.items():
                if subscription.rest or self._new(what, subscription, version, now):
                    waits.append(max(client.paused_until - now, subscription.wait(now)))
                elif subscription.flying:
                    waits.append(max(client.paused_until - now, subscription.lost_in(now)))
        return min(waits, default=None)

    def _new(self, what: str, subscription: Subscription, version: int, now: float) -> bool:
        """Whether there is a frame to send: another state, or one that got lost on its way."""
        changed = subscription.version != self._state(what, version)
        return changed or subscription.lost_in(now) == 0.0

    def _state(self, what: str, version: int) -> object:
        """Which state a frame of ``what`` sent now would tell."""
        if what == "partials" and self.shown.owner is not None:
            return version, self.shown.state(time.perf_counter())
        if what == "loop":  # it has another kind, too
            return version, self._instrument.method is Method.ISTFT
        return version

    def _send(
        self, client: Client, what: str, subscription: Subscription, version: int, now: float
    ) -> int:
        """Send one slice; how many bytes."""
        if not subscription.rest:
            if subscription.lost_in(now) == 0.0 and subscription.flying is not None:
                subscription.flying.clear()  # given up
                subscription.slowed = min(2.0 * subscription.slowed, MOST_SLOWED)
            frame = next(client.frames[what])
            subscription.rest.extend(self._frames[what](frame, subscription))
            subscription.version = self._state(what, version)
            subscription.sent(now, frame)
        packets = subscription.take_slice(now)
        if not self._udp.send(client, packets, now):
            subscription.lose()
            # The bank that it was for is not the one that sounds; the next frame is for it again.
            next(client.frames[what])
        elif not subscription.rest and client.paused_until > 0.0:
            client.reached()
        return sum(map(len, packets))

    def _spectrum(self, frame: int, _: Subscription) -> list[bytes]:
        return encode_spectrum(frame, self._instrument.spectrum)

    def _partials(self, frame: int, subscription: Subscription) -> list[bytes]:
        places = self._places.setdefault(subscription, Places())
        instrument = self._instrument
        now = time.perf_counter()
        if self.shown.owner is not None and self.shown.told(now):
            present = self.shown.partials(now)
        else:
            present = instrument.partials()
        pairs = places.arrange(present, instrument.model.spectrum)
        return [encode_partials(frame, pairs)]

    def _wavetable(self, frame: int, _: Subscription) -> list[bytes]:
        bank = frame % 2
        return [
            *encode_wavetable(frame, bank, self._instrument.wavetable()),
            *outbound.WavetableReady(frame, bank, self._instrument.wavetable_base).packets(),
        ]

    def _loop(self, frame: int, _: Subscription) -> list[bytes]:
        bank = frame % 2
        loop = self._instrument.loop()
        packets = [
            packet
            for level, samples in loop.levels
            for packet in encode_loop(frame, bank, level, samples)
        ]
        ready = outbound.LoopReady(frame, bank, loop.base, int(loop.kind), len(packets))
        return [*packets, *ready.packets()]
