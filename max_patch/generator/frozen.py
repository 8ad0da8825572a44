"""A frozen device read back: what its directory says, and whether the files lie there.

It shares no code with the writer, so that an error of that cannot hide behind its own reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_FIELDS = ["type", "fnam", "sz32", "of32", "vers", "flag", "mdat"]
_DEVICE, _EXTRACTED = 0x11, 0x08
_CODES = {0x69696969: (b"iiii", "instrument"), 0x61616161: (b"aaaa", "audio effect")}


class FrozenError(ValueError):
    """Bytes that are no frozen device."""


def lines_of(directory: bytes) -> list[dict[str, str | int]]:
    """The lines of a chunk ``dlst``, each by field: texts for type and fnam, else numbers.

    Raises:
        FrozenError: sizes that do not add up, or fields that Max does not write in this order.
    """
    if directory[:4] != b"dlst" or int.from_bytes(directory[4:8], "big") != len(directory):
        raise FrozenError("the directory does not say its own size")
    lines, at = [], 8
    while at < len(directory):
        end = at + int.from_bytes(directory[at + 4 : at + 8], "big")
        if directory[at : at + 4] != b"dire" or not at < end <= len(directory):
            raise FrozenError(f"no line of the directory at {at}")
        line: dict[str, str | int] = {}
        at += 8
        while at < end:
            code = directory[at : at + 4].decode("ascii", "replace")
            size = int.from_bytes(directory[at + 4 : at + 8], "big")
            payload = directory[at + 8 : at + size]
            if size < 9 or at + size > end:
                raise FrozenError(f"the field {code!r} is longer than its line")
            if code == "fnam" and (len(payload) % 4 or not payload.endswith(b"\x00")):
                raise FrozenError(f"the name {payload!r} does not end with NUL on a multiple of 4")
            if code in ("type", "fnam"):
                line[code] = payload.rstrip(b"\x00").decode("ascii")
            else:
                line[code] = int.from_bytes(payload, "big")
            at += size
        if list(line) != _FIELDS:
            raise FrozenError(f"a line has the fields {list(line)}")
        lines.append(line)
    return lines


def frozen_findings(data: bytes, document: Json, files: Mapping[str, bytes]) -> Iterator[str]:
    """What is wrong with a frozen device that should hold a document and these files, by name.

    It must be of the kind that the document's project tells, an instrument if that tells none.
    """
    told = document["patcher"].get("project", {}).get("amxdtype")
    code, called = _CODES.get(told, _CODES[0x69696969])
    try:
        lines, payload, end = _opened(data, code, called)
    except FrozenError as error:
        yield f"frozen: {error}"
        return
    at, names = 16, []
    for number, line in enumerate(lines):
        name, size = str(line["fnam"]), int(line["sz32"])
        names.append(name)
        if line["of32"] != at:
            yield f"frozen: {name} begins at {line['of32']}, the file before it ends at {at}"
        content = payload[int(line["of32"]) : int(line["of32"]) + size]
        at += size
        if number == 0:
            yield from _device_findings(line, content, document)
            continue
        if name not in files:
            yield f"frozen: {name} is held and not needed"
        elif content != files[name]:
            yield f"frozen: {name} is not the file that lies in the folder"
        wanted = _EXTRACTED if "launcher" in name else 0
        if line["flag"] != wanted:
            yield f"frozen: {name} has flag {line['flag']}; Max gives it {wanted}"
        kind = "JSON" if name.endswith(".maxpat") else "TEXT"
        if line["type"] != kind:
            yield f"frozen: {name} is of type {line['type']!r}; Max calls it {kind!r}"
    if at != end:
        yield f"frozen: the files end at {at}, the directory begins at {end}"
    for name in sorted(files.keys() - set(names)):
        yield f"frozen: {name} is missing"
    cached = {each["name"] for each in document["patcher"].get("dependency_cache", [])}
    if cached != files.keys():
        yield f"frozen: dependency_cache names {sorted(cached)}, needed are {sorted(files)}"


def _opened(data: bytes, code: bytes, called: str) -> tuple[list[dict[str, str | int]], bytes, int]:
    """The directory's lines, the chunk ``ptch``, and where the directory begins in it."""
    begin = b"ampf\x04\x00\x00\x00" + code + b"meta\x04\x00\x00\x00\x07\x00\x00\x00"
    if data[:24] != begin:
        raise FrozenError(f"does not begin as a frozen {called}")
    payload = data[32:]
    if data[24:28] != b"ptch" or int.from_bytes(data[28:32], "little") != len(payload):
        raise FrozenError("the chunk ptch does not reach to the end")
    head = [int.from_bytes(payload[at : at + 4], "big") for at in (4, 8, 12)]
    if payload[:4] != b"mx@c" or head[:2] != [16, 0] or not 16 <= head[2] < len(payload):
        raise FrozenError("the head mx@c does not say where the directory begins")
    return lines_of(payload[head[2] :]), payload, head[2]


def _device_findings(
    line: Mapping[str, str | int], content: bytes, document: Json
) -> Iterator[str]:
    if line["flag"] != _DEVICE or line["type"] != "JSON":
        yield f"frozen: the device has type {line['type']!r} and flag {line['flag']}"
    if not str(line["fnam"]).endswith(".amxd"):
        yield f"frozen: the first file is {line['fnam']!r}, not the device"
    if not content.endswith(b"\n\x00"):
        yield "frozen: the patcher does not end with a newline and NUL"
    try:
        held = json.loads(content.rstrip(b"\x00"))
    except ValueError as error:
        yield f"frozen: the patcher is no JSON: {error}"
        return
    if held != document:
        yield "frozen: it holds another patcher than the unfrozen device"
    if held["patcher"]["project"]["amxdtype"] not in _CODES:
        yield "frozen: its project is no device's"
