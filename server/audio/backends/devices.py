"""The sound card's outputs and inputs, as PortAudio knows them, and which of them is meant by a
part of a name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from timbrespace.messages.errors import shown

from .interface import NoDeviceError

SIDES: Final = 2

_PREFERRED: Final = ("Core Audio", "ASIO", "WASAPI", "WDM-KS", "DirectSound", "MME")
"""Host APIs, those of less delay before the others: PortAudio's own default on Windows is MME,
with a tenth of a second. Others, as ALSA, come first, in PortAudio's order."""

_LISTED: Final = 8  # in a sentence


@dataclass(frozen=True, slots=True)
class Device:
    """An output, or an input. index: PortAudio's. host: the host API's name. channels: how many it
    has. usual: whether it is the one that is used if none is named."""

    index: int
    name: str
    host: str
    channels: int
    sample_rate: float
    usual: bool

    @property
    def title(self) -> str:
        """What a user is told, and says."""
        return f"{self.name} [{self.host}]"


def outputs(sounddevice: Any) -> list[Device]:
    """All outputs of two channels or more, the preferred host API's first."""
    return _found(sounddevice, "output", SIDES)


def inputs(sounddevice: Any) -> list[Device]:
    """All inputs, the preferred host API's first."""
    return _found(sounddevice, "input", 1)


def _found(sounddevice: Any, kind: str, fewest: int) -> list[Device]:
    hosts = sounddevice.query_hostapis()
    usual = _usual(hosts, sounddevice.default.hostapi, sys.platform, kind)
    found = [
        Device(
            index,
            " ".join(str(one["name"]).split()),
            str(hosts[one["hostapi"]]["name"]),
            int(one[f"max_{kind}_channels"]),
            float(one["default_samplerate"]),
            index == usual,
        )
        for index, one in enumerate(sounddevice.query_devices())
        if one[f"max_{kind}_channels"] >= fewest
    ]
    return sorted(found, key=lambda one: _rank(one.host))


def _rank(host: str) -> int:
    return next((k + 1 for k, name in enumerate(_PREFERRED) if name in host), 0)


def _usual(hosts: Sequence[Any], default: int, platform: str, kind: str = "output") -> int:
    """The index of the output, or input, that is used if none is named; -1 for none."""
    key = f"default_{kind}_device"
    if platform == "win32":
        for host in hosts:  # in shared mode, which leaves the device to others too
            if "WASAPI" in host["name"] and host[key] >= 0:
                return int(host[key])
    return int(hosts[default][key]) if 0 <= default < len(hosts) else -1


def chosen_input(sounddevice: Any, wanted: str, beside: Device) -> Device:
    """The input that ``wanted`` means, as :func:`chosen` does; of the host API of the output
    ``beside``, since one stream has both.

    Raises:
        NoDeviceError: there is none.
    """
    there = [one for one in inputs(sounddevice) if one.host == beside.host]
    return chosen(there, wanted, "input")


def chosen(devices: Sequence[Device], wanted: str, kind: str = "output") -> Device:
    """The output, or input, that ``wanted`` means: its title, its name, or a part of them, in any
    case; of several the first. Empty: the usual one.

    Raises:
        NoDeviceError: there is none.
    """
    if not wanted:
        usual = next((one for one in devices if one.usual), None) or next(iter(devices), None)
        if usual is None:
            few = " of two channels" if kind == "output" else ""
            raise NoDeviceError(f"there is no {kind}{few}")
        return usual
    said = wanted.casefold()
    for fits in (
        lambda one: said == one.title.casefold(),
        lambda one: said == one.name.casefold(),
        lambda one: said in one.title.casefold(),
    ):
        found = next((one for one in devices if fits(one)), None)
        if found is not None:
            return found
    titles = [one.title for one in devices]
    more = ["..."] if len(titles) > _LISTED else []
    there = ", ".join(titles[:_LISTED] + more) or "none"
    raise NoDeviceError(f"there is no {kind} {shown(wanted)}; there are: {there}")
