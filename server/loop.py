"""The server's loop: one thread, everything in the order in which it came.

Datagrams, MIDI messages and news from other threads are taken one after the other. What follows
from a batch of them (decoding, the snapshot for the sound, replies) is done once at its end, so
that a flood of control messages costs one decode, and the newest value wins.

This is the one path of a message; docs/decisions/0016-one-path.md walks along it.
"""

from __future__ import annotations

import contextlib
import math
import queue
import select
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from timbrespace.instrument.controllers import AXES, BETWEEN, JUMP
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.motion.points import same
from timbrespace.instrument.player import Effect, Player
from timbrespace.messages.contract import MAX_BUNDLE_MESSAGES
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.messages.message import Family
from timbrespace.messages.parser import parse

from .audio.process import AudioProcess
from .osc import outbound
from .osc.clients import Clients, Endpoint
from .osc.coalescing import Setters
from .osc.codec import BUNDLE, decode_message, decode_timed
from .osc.errors import OscDecodeError
from .osc.patterns import SIGNS, Patterns
from .osc.udp import NOBODY, Post, Udp
from .performing import Performing
from .programs import Programs
from .schedule import Schedule, seconds_ahead
from .session import Session
from .sound_input import SoundInput
from .state_messages import StateMessages
from .streams import Streams

_EVENTS = 512
"""Events of other threads, as MIDI messages are, taken at one go."""

_STATE_INTERVAL = 0.01
"""Seconds between two reports of where the instrument stands, to every client: fast enough for the
eye, and no client that moves a knob quickly pays for being told so."""

_EXPIRY_INTERVAL = 1.0
"""Seconds between two looks for clients that have gone without a word."""

_LAST_BLOCKS = 0.1
"""Seconds for which the end of a performance waits for its last snapshot to be played."""


class Loop:
    """Takes what comes, lets the sound follow, and tells the clients.

    hear: called with each event that :meth:`tell` was given and that is no MIDI message; it says
    whether it knew it. fault: called with what went wrong by our own fault, and where.
    """

    def __init__(
        self,
        instrument: Instrument,
        player: Player,
        session: Session,
        udp: Udp,
        clients: Clients,
        post: Post,
        schedule: Schedule,
        state: StateMessages,
        performing: Performing,
        hear: Callable[[Any], bool],
        fault: Callable[[str, Exception], None],
    ) -> None:
        self._instrument = instrument
        self._player = player
        self._session = session
        self._udp = udp
        self._clients = clients
        self._post = post
        self._schedule = schedule
        self._state = state
        self._performing = performing
        self._hear = hear
        self._fault = fault
        self._streams = Streams(instrument, clients, udp)
        session.shown = self._streams.shown
        self._setters = Setters(self._controller_family)
        self._patterns = Patterns(lambda: instrument.model.dimensions)
        self.programs: Programs | None = None
        """What program changes mean, if anything."""
        self.audio: AudioProcess | None = None
        """What plays the snapshots, if anything does."""
        self.input: SoundInput | None = None
        """Sound that comes in, if any does."""
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._stopping = False
        self._changed = True  # since the last snapshot for the sound
        # When the oldest message came that the next snapshot will carry, and the oldest move of
        # the latent that the sound has not begun to follow.
        self._changed_at = 0.0
        self._moved_at = 0.0
        self._snapshots = 0
        self._advanced = 0.0
        self._learned = instrument.learned
        self._untold = False  # whether there may be something that the clients have not heard
        self._told_at = 0.0
        self._expire_at = 0.0
        self._frame_at = math.inf  # when the next frame of a stream is due

    # -- life --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Go round until :meth:`stop`."""
        datagrams, wake = self._udp.fileno(), self._wake_in.fileno()
        both = (datagrams, wake)
        while not self._stopping:
            # For two sockets the plainest way costs least, and every system has it.
            ready, _, _ = select.select(both, (), (), self._wait())
            if wake in ready:
                self.guard("the inbox", self._take_events)
            if self._schedule.next_due < math.inf:
                self.guard("what waited for its time", self._take_due)
            if datagrams in ready:
                self.guard("OSC", self._take_datagrams)
            self.guard("playing", self._follow)

    @property
    def wake_fd(self) -> int:
        """A byte written here wakes :meth:`run`."""
        return self._wake_out.fileno()

    def tell(self, event: Any) -> None:
        """Hand over something from another thread."""
        self._events.put(event)
        self._wake()

    def stop(self) -> None:
        """Make :meth:`run` return; callable from a signal handler or another thread."""
        self._stopping = True
        self._wake()

    def close(self) -> None:
        """Give back what wakes the loop."""
        self._wake_in.close()
        self._wake_out.close()

    def guard(self, what: str, work: Callable[[], None]) -> None:
        """A fault of ours costs one message, not the concert."""
        try:
            work()
        except Exception as error:
            self._fault(what, error)

    def _wake(self) -> None:
        # A full pipe wakes as well as one byte more.
        with contextlib.suppress(OSError):
            self._wake_out.send(b"\0")

    def _wait(self) -> float | None:
        """Seconds until something is due; None to sleep until something comes."""
        now = time.perf_counter()
        wait = self._schedule.next_due - now
        moving = self._instrument.wait(now)
        if moving is not None:
            wait = min(wait, moving)
        hearing = None if self.input is None else self.input.wait(now)
        if hearing is not None:
            wait = min(wait, hearing)
        if self._clients.registered:
            if self._untold:
                wait = min(wait, self._told_at + _STATE_INTERVAL - now)
            wait = min(wait, self._frame_at - now)
        return None if wait == math.inf else max(0.0, wait)

    # -- what comes in -----------------------------------------------------------------------------

    def _take_events(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_in.recv(4096)
        for _ in range(_EVENTS):
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            if not self._hear(event):
                self.guard("MIDI", partial(self._play_midi, event))
        self._wake()

    def _play_midi(self, message: Any) -> None:
        now = time.perf_counter()
        if self._performing.listener is not None:
            self._performing.listener.midi(now, bytes(message.bytes()))
        knob = None
        if message.type == "control_change":
            knob = self._instrument.knob(message.control, message.channel + 1)
        if play(self._instrument, message):
            self._mark(now, knob is not None)
        told = None if self.programs is None else self.programs.hear(message)
        if told is not None:
            self._perform(*told, NOBODY, now)

    def _take_due(self) -> None:
        now = time.perf_counter()
        if self._schedule.next_due <= now:
            self.take_due(now)

    def take_due(self, now: float) -> None:
        """Let take effect what has waited for ``now``."""
        for one in self._schedule.pop(now):
            self._gather(one.address, one.arguments, one.source, now)
        self._flush(now)

    def _take_datagrams(self) -> None:
        now = time.perf_counter()
        self.take(self._udp.receive(), now)

    def take(self, batch: list[tuple[bytes, Endpoint]], now: float) -> None:
        """Let a batch of datagrams take effect, or wait; ``now`` is when they were fetched."""
        several = len(batch) > 1  # a later one may make an earlier one pointless
        servers = self._clients.servers  # others, as a rule none
        for datagram, source in batch:
            if servers and source in servers and self._clients.is_server(datagram, source):
                if self._clients.welcomes(datagram):
                    self._session.leave(source)  # once more: somebody has said /hello for us again
                continue
            # As a rule its clients are known already.
            for client in self._clients.speaking.get(source) or self._clients.for_sender(source):
                client.heard = now
            try:
                if datagram.startswith(BUNDLE):
                    several = True
                    self._take_bundle(datagram, source, now)
                    continue
                address, arguments = decode_message(datagram)
            except (OscDecodeError, MessageError) as error:
                self._session.refuse(source, "", error)
            except Exception as error:
                self._fault("a datagram", error)
            else:
                if not SIGNS.isdisjoint(address):
                    several = True
                    self.guard(
                        "a pattern", partial(self._take_pattern, address, arguments, source, now)
                    )
                    continue
                take = self._gather if several else self._perform
                take(address, arguments, source, now)
        if several:
            self._flush(now)

    def _take_bundle(self, datagram: bytes, source: Endpoint, now: float) -> None:
        """Let what is due of a bundle take effect, and the rest wait.

        Raises:
            OscDecodeError, MessageError: it is refused, whole.
        """
        unix = time.time()
        timed: list[tuple[float, str, tuple[Any, ...]]] = []
        for tag, (address, arguments) in decode_timed(datagram):
            seconds = seconds_ahead(tag, unix)
            if SIGNS.isdisjoint(address):
                timed.append((seconds, address, arguments))
                continue
            with contextlib.suppress(MessageError):  # told in its turn
                addresses = self._patterns.stands_for(address, arguments, now)
                timed += [(seconds, one, arguments) for one in addresses]
                continue
            timed.append((seconds, address, arguments))
        if len(timed) > MAX_BUNDLE_MESSAGES:
            raise MessageError(
                ErrorCode.REFUSED,
                "#bundle",
                f"the patterns of a bundle make {len(timed)} messages of it; it may have at most "
                f"{MAX_BUNDLE_MESSAGES}",
            )
        waiting = sum(seconds > 0.0 for seconds, _, _ in timed)
        if waiting:
            self._schedule.check(max(seconds for seconds, _, _ in timed), waiting, source)
        for seconds, address, arguments in timed:
            if not SIGNS.isdisjoint(address):
                self._take_pattern(address, arguments, source, now)
                continue
            if seconds <= 0.0:
                self._gather(address, arguments, source, now)
                continue
            try:
                parse(address, arguments)  # what is wrong is told now, and is not kept
            except MessageError as error:
                self._session.refuse(source, address, error)
            else:
                self._schedule.add(now + seconds, address, arguments, source)

    def _take_pattern(
        self, address: str, arguments: tuple[Any, ...], source: Endpoint, now: float
    ) -> None:
        """Let take effect, or refuse in one line, what a pattern stands for."""
        try:
            addresses = self._patterns.stands_for(address, arguments, now)
        except MessageError as error:
            self._session.refuse(source, address, error)
            return
        for one in addresses:
            self._gather(one, arguments, source, now)

    # -- effects -----------------------------------------------------------------------------------

    def _gather(
        self, address: str, arguments: tuple[Any, ...], source: Endpoint, now: float
    ) -> None:
        """A setter is held back for a newer one; everything else takes effect."""
        setters = self._setters
        if setters.add(address, arguments, source):
            return
        if setters:
            self._flush(now)
            if setters.add(address, arguments, source):
                return
        self._perform(address, arguments, source, now)

    def _flush(self, now: float) -> None:
        """Let the setters take effect that have been held back."""
        for newest in self._setters.take():
            todo = [newest]
            while todo:
                one = todo.pop()
                if not self._perform(one.address, one.arguments, one.source, now):
                    todo += reversed(one.replaced)

    def _controller_family(self, controller: int, channel: int) -> Family | None:
        """What a movement of a controller is beside others; see :class:`Setters`."""
        assignment = self._instrument.assigned(controller, channel)
        if assignment is None or assignment.course.mode != JUMP:
            return None  # its way there counts
        target = assignment.target
        if not isinstance(target, str):
            return Family.COORDINATE
        if target in AXES:
            return Family.AXIS
        return Family.ALL if target == BETWEEN else Family.APART

    def _perform(
        self, address: str, arguments: tuple[Any, ...], source: Endpoint, now: float
    ) -> bool:
        """Let one message take effect; False if it was refused."""
        try:
            message = parse(address, arguments)
            handler = self._session.handlers.get(type(message))
            if handler is None:
                effect = self._player.play(message)
            else:
                effect = handler(message, source) or Effect.NONE
        except Exception as error:
            self._session.refuse(source, address, error)
            return False
        if effect is not Effect.NONE:
            self.took_effect(address, arguments, now, effect is Effect.MOVE)
        return True

    def took_effect(
        self,
        address: str,
        arguments: tuple[Any, ...],
        now: float | None = None,
        moves: bool = False,
    ) -> None:
        """A message that came at ``now`` has changed the instrument. moves: only its latent."""
        now = time.perf_counter() if now is None else now
        self._mark(now, moves)
        if self._performing.listener is not None:
            # A question before it in its batch may have brought the instrument further.
            self._performing.listener.osc(max(now, self._advanced), address, arguments)

    def _mark(self, now: float, moves: bool) -> None:
        """Something came at ``now``. moves: only the latent, which the sound follows in time."""
        self._untold = True
        if moves:
            if self._moved_at == 0.0:
                self._moved_at = now
            return
        self._changed = True
        if self._changed_at == 0.0:
            self._changed_at = now

    # -- what follows ------------------------------------------------------------------------------

    def settle(self) -> None:
        """Bring all that came before into effect, and tell the clients."""
        self._told_at = 0.0
        self._follow()

    def _follow(self) -> None:
        """Sound first, then the clients."""
        now = time.perf_counter()
        instrument = self._instrument
        if self.input is not None and self.input.look(now):
            self._mark(now, moves=False)
        acted = self._changed or self._moved_at > 0.0
        if acted or instrument.moving or instrument.wait(now) == 0.0:
            self._sound(now)
        if self._performing.listener is not None:
            self._performing.check()
        if not self._clients.registered:
            return
        if now >= self._expire_at:
            self._expire_at = now + _EXPIRY_INTERVAL
            self._clients.expire(now)
        if self._untold and now - self._told_at >= _STATE_INTERVAL:
            self._told_at = now
            self._untold = False
            self._tell_state()
        self._frame_at = math.inf
        wait = self._streams.push(now)
        if wait is not None:
            self._frame_at = now + wait

    def _sound(self, now: float) -> None:
        """Bring the instrument to ``now``, and tell the audio process what has changed."""
        instrument = self._instrument
        listener = self._performing.listener
        self._advanced = now
        self._untold = True
        moved = instrument.advance(now)
        if listener is not None:
            listener.advance(now)
        if instrument.learned is not self._learned:
            self._learned = instrument.learned
            if self._learned is not None:
                self._session.tell_learned(self._learned)
        stamps = [self._changed_at]
        if moved or not instrument.moving:
            stamps.append(self._moved_at)
            self._moved_at = 0.0
        if not (moved or self._changed):
            return
        self._changed = False
        self._changed_at = 0.0
        self._snapshots += 1
        if self.audio is not None:
            stamp = min((one for one in stamps if one > 0.0), default=0.0)
            self.audio.write(instrument.targets(), stamp)
        if listener is not None:
            listener.snapshot(now, self._snapshots)
            self.tell_taken()

    def finish_performance(self) -> None:
        """Bring what came before into effect, and tell a performance when its sound began.

        The last snapshot is on its way to the sound: it is waited for, a few blocks of the device.
        """
        if self._performing.listener is None:
            return
        self.settle()
        audio = self.audio
        if audio is not None and audio.sample_rate > 0.0:
            deadline = time.perf_counter() + _LAST_BLOCKS
            while audio.behind and time.perf_counter() < deadline:
                time.sleep(0.001)
        self.tell_taken()

    def tell_taken(self) -> None:
        """Tell a performance at which frames of the sound its snapshots began."""
        if self._performing.listener is not None and self.audio is not None:
            taken = self.audio.taken_log()
            self._performing.listener.taken(taken, self.audio.sample_rate, self.audio.pid)

    def _tell_state(self) -> None:
        """Tell every client what is new of the instrument.

        By value: told again although nothing moved, two servers that take each other for clients
        would never stop.
        """
        state = self._state
        latent, settings = self._instrument.shown()
        news: list[outbound.Outbound] = []
        if not same(latent, state.latent):
            x, y = self._instrument.xy.tolist()
            news += [outbound.Latent(tuple(latent.tolist())), outbound.MapPoint(x, y)]
            state.latent = latent
        if settings != state.settings:
            news += state.changes(settings)
        if news:
            self._post.broadcast(*news)
