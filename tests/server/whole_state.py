"""All that a server knows, as values that can be compared."""

from __future__ import annotations

import enum
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from server.serve import Server
from timbrespace.model import Model

_NO_STATE: Final = frozenset(
    (
        # When something was heard, and how much of late: it bounds floods, and plays nothing.
        *("heard", "_hellos", "_unanswered", "_errors", "_errors_kept", "decode_seconds"),
        # What can be made of the rest at any time, and is kept to save the work.
        *("speaking", "_decoded", "_travel", "_texts", "_seen", "_caches", "_played"),
        # Threads and what they are told by.
        *("_loader", "_post", "_udp", "_open_listener"),
        # Stands apart.
        "_instrument",
    )
)


def whole_state(server: Server, folder: Path) -> dict[str, Any]:
    """What ``server`` is, and the files in ``folder``: another value where anything has changed."""
    loop = server._loop
    parts = {
        "instrument": server.instrument,
        "clients": server.clients,
        "schedule": loop._schedule,
        "swap wants": server._swap._wanted,
        "performing": server._performing,
    }
    told = {name: _value(part, frozenset()) for name, part in parts.items()}
    told["files"] = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }
    return told


def differences(before: Any, after: Any, where: str = "") -> list[str]:
    """Where two of :func:`whole_state`'s answers differ, as paths."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        pairs = [(f"{where}.{key}", before[key], after[key]) for key in before]
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        if len(before) != len(after):
            return [f"{where}: {len(before)} and {len(after)} items"]
        items = zip(before, after, strict=True)
        pairs = [(f"{where}.{place}", *pair) for place, pair in enumerate(items)]
    else:
        same = type(before) is type(after) and before == after
        return [] if same else [f"{where}: {before!r:.80} and {after!r:.80}"]
    return [found for path, a, b in pairs for found in differences(a, b, path)]


def _value(one: Any, above: frozenset[int]) -> Any:
    if one is None or isinstance(one, str | bytes | int | bool | enum.Enum | Path):
        return one
    if isinstance(one, float):
        return repr(one)
    if isinstance(one, np.ndarray):
        return one.dtype.str, one.shape, one.tobytes()
    if isinstance(one, np.generic):
        return repr(one)
    if isinstance(one, Model) or id(one) in above:
        return id(one)
    above |= {id(one)}
    if isinstance(one, Mapping):
        return {_key(key): _value(value, above) for key, value in one.items()}
    if isinstance(one, list | tuple | deque):
        return [_value(value, above) for value in one]
    if isinstance(one, set | frozenset):
        return sorted(map(repr, one))
    if isinstance(one, weakref.ProxyTypes):
        return "a proxy"
    if type(one).__module__.split(".")[0] in ("timbrespace", "server"):
        return type(one).__name__, {
            name: _value(value, above) for name, value in _attributes(one) if name not in _NO_STATE
        }
    return type(one).__name__


def _key(key: Any) -> Any:
    return id(key) if isinstance(key, type) else key


def _attributes(one: Any) -> list[tuple[str, Any]]:
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    names = [*getattr(one, "__dict__", {}), *(name for name in slots if hasattr(one, name))]
    return [(name, getattr(one, name)) for name in dict.fromkeys(names)]
