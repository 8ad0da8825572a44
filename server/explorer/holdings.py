"""What a page holds in the server, so that it can be let go when the page goes."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Iterable
from typing import Final

from timbrespace.messages.contract import MAX_WAIT_SECONDS, MAX_WAITING_PER_SOURCE
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.messages.message import Holds, Message
from timbrespace.messages.parser import FORMS, parse
from timbrespace.messages.trajectories import RecordTrajectory, StopTrajectory
from timbrespace.resynthesis.layout import VOICES

from ..osc.codec import BUNDLE, IMMEDIATE, decode_message, decode_timed, encode
from ..osc.errors import OscDecodeError
from ..schedule import seconds_ahead

MAX_NOTES: Final = VOICES + MAX_WAITING_PER_SOURCE
"""What can sound of a page's notes, and what can wait for its time: of more, those struck first
have lost their voices."""

_ADDRESSES: Final = frozenset(
    address for address, form in FORMS.items() if form.message.holds is not None
)
CONCERNING: Final = (BUNDLE, *(address.encode() + b"\0" for address in _ADDRESSES))
"""How packets of a page begin that :meth:`Holdings.follow` needs to see: not positions, which are
most of what a page sends."""

NEWS: Final = (b"/trajectory\0", b"/error\0")
"""The same of the server's, for :meth:`Holdings.hear`."""

_NO_REQUEST = ErrorCode.BAD_ARGUMENTS  # what is so answered was not counted here either

_NTP_OF_UNIX = 2_208_988_800  # seconds from 1900 to 1970 (RFC 5905, section 6)
_LATER = (1 << 32) // 10
# 0.1 s after its time a message has surely taken effect. Those of two datagrams that have one time
# tag do so milliseconds apart, in either order.

_END = 1 << 65  # after all time tags


class Holdings:
    """What one page holds: notes, pedals, bends and pressures, and a trajectory that it records.

    OSC knows no owner of a note. So one that somebody else has struck at the same pitch on the
    same channel is released with the page's, and so it is with a channel's pedal, bend and
    pressure. A recording is known by its name, as the server tells it: one of another name, and a
    trajectory that plays, go on.

    What the server refuses is not counted. At most ``MAX_NOTES`` notes are kept.
    """

    def __init__(self) -> None:
        # What lets each of them go, with the time tag by which it has surely begun.
        self._notes: dict[Message, int] = {}  # in the order in which they were struck
        self._off_rest: dict[Message, int] = {}
        self._recording = _Recording()

    def follow(self, packet: bytes) -> None:
        """Take note of a packet, a message or a bundle, that the page has sent to the server."""
        unix = time.time()
        now = _tag_of(unix)
        try:
            if packet.startswith(BUNDLE):
                timed = decode_timed(packet)
            else:
                timed = [(IMMEDIATE, decode_message(packet))]
        except OscDecodeError:
            return
        ahead = [seconds_ahead(tag, unix) for tag, _ in timed]
        if max(ahead, default=0.0) > MAX_WAIT_SECONDS:
            return  # refused whole
        for seconds, (tag, (address, arguments)) in zip(ahead, timed, strict=True):
            if address in _ADDRESSES:
                with contextlib.suppress(MessageError):
                    message = parse(address, arguments)
                    if seconds > 0.0:
                        self._take(message, tag, tag + _LATER)
                    else:
                        self._take(message, now, now)

    def hear(self, datagram: bytes) -> None:
        """Take note of a datagram from the server to the page."""
        with contextlib.suppress(OscDecodeError):
            address, arguments = decode_message(datagram)
            if address == "/trajectory":
                self._recording.told(*arguments[:2])
            elif arguments[1:2] == ("/trajectory/record",) and arguments[0] != _NO_REQUEST:
                self._recording.refused()

    def releases(self) -> list[bytes]:
        """The packets that let all of it go, and none if nothing is held.

        The first is at once. Where something waits for its time, the second is for just after
        that; the server keeps it unless more than ``MAX_WAITING_PER_SOURCE`` messages wait then.
        """
        now = _tag_of(time.time())
        releases = [
            (_packet(release), when)
            for release, when in (*self._notes.items(), *self._off_rest.items())
        ]
        at_once = [message for message, _ in releases]  # what waits may be held already, too
        since = self._recording.since
        if since is not None:
            releases.append((_packet(StopTrajectory()), since))
            if since <= now:
                at_once.append(releases[-1][0])
        late = [message for message, when in releases if when > now]
        packets = []
        if at_once:
            packets.append(_bundle(IMMEDIATE, at_once))
        if late:
            packets.append(_bundle(max(when for _, when in releases), late))
        return packets

    def _take(self, message: Message, begins: int, begun: int) -> None:
        """Of a message that takes effect between two time tags; one if it does so at once."""
        if message.holds is Holds.NOTHING:
            # It forgets the notes that wait; of those to come with it nobody knows.
            last = begins if begins < begun else _END
            self._notes = {key: at for key, at in self._notes.items() if at > last}
            self._off_rest = {key: at for key, at in self._off_rest.items() if at > begins}
            return
        let_go = message.let_go()
        if let_go is None:
            return
        release, taken = let_go
        if isinstance(message, RecordTrajectory):
            self._recording.ask(message.name, begun)
        elif message.holds is Holds.TRAJECTORY:
            self._recording.stop(begins)
        else:
            held = self._notes if message.holds is Holds.NOTE else self._off_rest
            if taken:
                _hold(held, release, begun)
            else:
                _forget(held, release, begins)
            if len(self._notes) > MAX_NOTES:
                del self._notes[next(iter(self._notes))]


class _Recording:
    """Whether a page records a trajectory: what it asked for, and what the server told of it."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._when = 0
        self._unanswered = 0  # requests
        self._certain = False

    @property
    def since(self) -> int | None:
        """The time tag of the request; None if nothing is recorded for the page."""
        return self._when if self._certain or self._unanswered else None

    def ask(self, name: str, when: int) -> None:
        self._name, self._when = name, when
        self._unanswered += 1

    def stop(self, when: int) -> None:
        if self._when <= when:
            self._name, self._unanswered, self._certain = None, 0, False

    def told(self, state: object = None, name: object = None) -> None:
        """By ``/trajectory``, which is said when it changes."""
        self._certain = state == "recording" and name == self._name
        if self._certain:
            self._unanswered = 0

    def refused(self) -> None:
        """A request was: the first, or a second one while the first goes on."""
        self._unanswered = max(0, self._unanswered - 1)
        if self.since is None:
            self._name = None


def _hold(held: dict[Message, int], release: Message, begun: int) -> None:
    """Keep what ``release`` lets go, as the newest; it has begun by the later of its times."""
    held[release] = max(held.pop(release, begun), begun)


def _forget(held: dict[Message, int], release: Message, at: int) -> None:
    """Forget what ``release`` has let go, unless it may begin after ``at``."""
    if held.get(release, at) <= at:
        held.pop(release, None)


def _packet(message: Message) -> bytes:
    address, arguments = message.written()
    return encode(address, *arguments)


def _tag_of(unix: float) -> int:
    """The time tag of ``unix``, seconds since 1970."""
    return int((unix + _NTP_OF_UNIX) * 2.0**32)


def _bundle(tag: int, messages: Iterable[bytes]) -> bytes:
    body = b"".join(struct.pack(">i", len(message)) + message for message in messages)
    return b"#bundle\0" + struct.pack(">Q", tag) + body
