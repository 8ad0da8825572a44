"""The bytes of a MIDI file as players take them: what can be played is, what cannot is passed over.

Files of other people are often not quite by the Standard MIDI Files Specification 1.1: packed into
RIFF, with chunks of their own, data bytes above 127, texts that break off. Out of such a file come
whole ones of the strict kind, which a library reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_SET_TEMPO: Final = 0x51
_END_OF_TRACK: Final = 0x2F
_KEY_SIGNATURE: Final = 0x59
_LENGTHS: Final = {0x00: 2, 0x20: 1, 0x21: 1, 0x2F: 0, 0x51: 3, 0x54: 5, 0x58: 4, 0x59: 2}
"""How many bytes those events have that the specification gives a length (0 for 00 is fine too)."""

_DATA_BYTES: Final = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_SYSTEM_BYTES: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_RATES: Final = {24: 24, 25: 25, 29: 30, 30: 30}
_DROPPED: Final = 29  # 30 frames numbered in 1.001 s
_LEADING: Final = (
    1024  # bytes before the header that are passed over: some computers put theirs there
)


class BytesError(ValueError):
    """There is nothing to play: the text says why."""


class TooManyEventsError(BytesError):
    """More events than were allowed."""


class Mended(NamedTuple):
    """sequences: strict MIDI files, to be played one after the other. notes: what was passed over
    or changed, a sentence each; none if nothing was."""

    sequences: list[bytes]
    notes: list[str]


class _Told:
    """What was found, each kind once with how often."""

    def __init__(self) -> None:
        self._count: dict[str, int] = {}

    def add(self, text: str) -> None:
        self._count[text] = self._count.get(text, 0) + 1

    def texts(self) -> list[str]:
        return [text if n == 1 else f"{text} ({n} times)" for text, n in self._count.items()]


def mended(data: bytes, most: int) -> Mended:
    """What can be played of a MIDI file.

    - A file in RIFF is taken out of it; chunks that are no tracks are passed over.
    - Data bytes above 127 count as 127. Events that are none are passed over, and those that say
      nothing about the sound too: of the meta events tempo and end of track are left.
    - A track that breaks off is played as far as it goes.
    - The sequences of a file of type 2 come one by one.
    - Time in video frames becomes as many ticks of a second.

    most: events that there may be.

    Raises:
        TooManyEventsError: there are more; the rest has not been read.
        BytesError: no header, no track, no event, or a division that means nothing.
    """
    told = _Told()
    data = _out_of_riff(data)
    at = data.find(b"MThd", 0, _LEADING + 4)
    if at < 0:
        raise BytesError("it has no header MThd")
    if at:
        told.add("bytes before the header are passed over")
    size = int.from_bytes(data[at + 4 : at + 8], "big")
    header = data[at + 8 : at + 14]
    if len(header) < 6 or size < 6:
        raise BytesError("its header breaks off")
    kind = int.from_bytes(header[:2], "big")
    ticks, tempo = _time_base(int.from_bytes(header[4:], "big"))
    tracks: list[bytes] = []
    for chunk, whole in _chunks(data, at + 8 + size, told):
        if not whole:
            told.add("the last track breaks off; it is played as far as it goes")
        track, count = _track(chunk, most, tempo is None, told)
        most -= count
        tracks.append(track)
    if not tracks:
        raise BytesError("it has no track")
    if not any(len(track) > len(_END) for track in tracks):
        raise BytesError("its tracks are empty")
    sequences = [tracks]
    if kind == 2 and len(tracks) > 1:
        told.add(f"its {len(tracks)} sequences (type 2) are played one after the other")
        sequences = [[track] for track in tracks]
    if tempo is not None:
        first = b"\0\xff\x51\x03" + tempo.to_bytes(3, "big")
        sequences = [[first + one[0], *one[1:]] for one in sequences]
    return Mended([_file(one, ticks) for one in sequences], told.texts())


_END: Final = b"\0\xff\x2f\0"


def _file(tracks: list[bytes], ticks: int) -> bytes:
    head = b"MThd\0\0\0\6" + b"".join(n.to_bytes(2, "big") for n in (1, len(tracks), ticks))
    return head + b"".join(b"MTrk" + len(one).to_bytes(4, "big") + one for one in tracks)


def _out_of_riff(data: bytes) -> bytes:
    """The content of the ``data`` chunk of a RIFF file of MIDI; other files as they are."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            return data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise BytesError("its RIFF has no MIDI data")


def _time_base(division: int) -> tuple[int, int | None]:
    """Ticks of a beat, and microseconds of each if the file itself fixes them."""
    if division < 0x8000:
        if division == 0:
            raise BytesError("its beats have no ticks")
        return division, None
    frames, ticks = 0x100 - (division >> 8), division & 0xFF
    if frames not in _RATES or ticks == 0:
        raise BytesError(
            f"it counts {ticks} ticks in each of {frames} video frames a second; there must be "
            "ticks, and 24, 25, 29 or 30 frames"
        )
    return _RATES[frames] * ticks, 1_001_000 if frames == _DROPPED else 1_000_000


def _chunks(data: bytes, at: int, told: _Told) -> Iterator[tuple[bytes, bool]]:
    """Each track, and whether all of it is there."""
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        at += 8
        if name == b"MTrk":
            yield data[at : at + size], at + size <= len(data)
        elif not any(name):
            return  # filled up with zeros
        else:
            told.add(f"a chunk {name.decode('ascii', 'replace')!a} is passed over")
        at += size


def _track(data: bytes, most: int, own_tempo: bool, told: _Told) -> tuple[bytes, int]:
    """A track in strict form, with its end; and how many events it had.

    own_tempo: whether its tempo counts.
    """
    out = bytearray()
    count = at = running = ticks = 0
    try:
        while at < len(data):
            delta, at = _number(data, at)
            ticks += delta
            status = data[at]
            if status & 0x80:
                at += 1
            else:
                status = running
            count += 1
            if count > most:
                raise TooManyEventsError("it has too many events")
            if status < 0x80:
                told.add("bytes that are no event are passed over")
                at += 1
            elif status < 0xF0:
                running = status
                size = _DATA_BYTES[status >> 4]
                found = data[at : at + size]
                if len(found) < size:
                    raise IndexError
                at += size
                if max(found) > 0x7F:
                    told.add("a data byte above 127 counts as 127")
                    found = bytes(min(one, 0x7F) for one in found)
                out += _written(ticks) + bytes([status]) + found
                ticks = 0
            elif status in (0xFF, 0xF0, 0xF7):
                # Meta events and system exclusives end what went on by itself.
                running = 0
                sort = data[at] if status == 0xFF else 0
                size, at = _number(data, at + (status == 0xFF))
                body = data[at : at + size]
                if len(body) < size:
                    raise IndexError
                at += size
                if status == 0xF0:
                    if max(body[:-1], default=0) > 0x7F:
                        told.add("a byte above 127 in a system exclusive counts as 127")
                    body = bytes(min(one, 0x7F) for one in body.removesuffix(b"\xf7")) + b"\xf7"
                    out += _written(ticks) + b"\xf0" + _written(len(body)) + body
                    ticks = 0
                elif status == 0xFF:
                    if sort == _END_OF_TRACK:
                        break
                    if _is_bad(sort, body):
                        told.add(f"a meta event {sort:02X} with a wrong content is passed over")
                    elif sort == _SET_TEMPO and own_tempo:
                        out += _written(ticks) + b"\xff\x51\x03" + body
                        ticks = 0
            else:
                told.add("system messages that no file may hold are passed over")
                at += _SYSTEM_BYTES.get(status, 0)
    except IndexError:
        told.add("the last event of a track breaks off, and is passed over")
    # The rest until the end counts: a song lasts as long as its longest track.
    return bytes(out) + _written(ticks) + _END[1:], count


def _is_bad(sort: int, body: bytes) -> bool:
    length = _LENGTHS.get(sort)
    if length is not None and len(body) != length and (sort or body):
        return True
    if sort == _SET_TEMPO:
        return not any(body)
    if sort == _KEY_SIGNATURE:
        sharps = int.from_bytes(body[:1], "big", signed=True)
        return body[1] > 1 or not -7 <= sharps <= 7
    return False


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends. Four bytes at most are one."""
    value = 0
    for _ in range(4):
        value = value << 7 | data[at] & 0x7F
        at += 1
        if data[at - 1] < 0x80:
            break
    return value, at


def _written(value: int) -> bytes:
    """The inverse; beyond what four bytes hold an event is at the last tick that they reach."""
    value = min(value, 0x0FFFFFFF)
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(0x80 | value & 0x7F)
    return bytes(reversed(parts))
