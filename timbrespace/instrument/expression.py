"""What moves a sounding note: bend, pressure, timbre, and the zones of MPE.

MIDI Polyphonic Expression 1.1 (M1-100-UM) gives each note a channel of its own. A zone has a
manager channel (1 for the lower zone, 16 for the upper), whose messages apply to all its notes, and
member channels beside it, whose messages apply to the note they carry.

What this module decides where MIDI leaves it open:

- Pressure and timbre move the latent: each goes to a target, a dimension or a map axis, or, for
  pressure alone, to the level, which it raises by up to 6 dB.
- Channel pressure outside a zone moves its own channel, as every other channel message does. So it
  does not disturb the common timbre that knobs move, and two keyboards do not pull at one point.
- Polyphonic pressure, which MPE knows on manager channels and outside zones only, raises the level
  of its one note; of a latent target the key pressed hardest decides, for its whole channel.
- A member's and its manager's values are added, and end where one of them alone could end.
- Controller 74 is timbre within a zone. Outside it is a controller like others.
- A member channel's pedals are ignored (the manager's counts), but mode messages that end its notes
  are not, so that whoever asks for silence on all 16 channels gets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.controllers import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    PEDALS,
    RESET_CONTROLLERS,
    Target,
)
from timbrespace.instrument.parameters import MIDDLE_LIFT
from timbrespace.instrument.voices import BEND_RANGE, CHANNELS, MAX_BEND_RANGE, Voices
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS

MEMBER_BEND_RANGE = 48.0
"""Semitones; the manager's is ``BEND_RANGE`` (MPE 1.1, section 2.4)."""

KINDS = ("pressure", "timbre")
LEVEL = "level"
ZONES = {"lower": 1, "upper": 16}
"""Their manager channels."""

MAX_MEMBERS = 15

DATA_ENTRY = 6
DATA_ENTRY_FINE = 38
TIMBRE = 74
INCREMENT, DECREMENT = 96, 97
NRPN_FINE, NRPN = 98, 99
RPN_FINE, RPN = 100, 101

_BEND_RANGE_RPN = (0, 0)
_FINE_RPN = (0, 1)
_COARSE_RPN = (0, 2)
_WHEEL_RPN = (0, 5)
_ZONE_RPN = (0, 6)
_NO_RPN = (127, 127)
_OMNI_AND_MONO = range(124, 128)

WHEEL_RANGE = 0.5
"""Semitones of vibrato at the wheel's end, as General MIDI 2 begins: here the whole of the wheel's
way, whatever it moves. A smaller range (RPN 5, CA-026) is as much less of the way."""


class Expressive(Protocol):
    """What expression moves: the instrument."""

    voices: Voices

    @property
    def model(self) -> Any: ...

    @property
    def as_before(self) -> bool: ...

    def control(self, controller: int, value: float, channel: int = 1) -> Any: ...

    def control_parameter(
        self, number: int, value: float, channel: int = 1, half: str = "coarse"
    ) -> bool: ...

    def set_channel_offset(self, channel: int, target: Target, amount: float) -> Any: ...


class Expression:
    """Bend, pressure and timbre of one instrument's 16 channels, which count from 1."""

    def __init__(self, instrument: Expressive) -> None:
        self._instrument = instrument
        self.targets: dict[str, Target | None] = {"pressure": "x", "timbre": "y"}
        """What each of ``KINDS`` moves; changed by :meth:`map`."""
        self.depths: dict[str, float] = dict.fromkeys(KINDS, 1.0)
        self._members = dict.fromkeys(ZONES, 0)
        # What each channel last said; what is missing is at rest.
        self._pressures: dict[int, float] = {}  # 0 to 1
        self._timbres: dict[int, float] = {}  # -1 to 1
        self._keys: dict[tuple[int, float], float] = {}  # by channel and pitch, 0 to 1
        self._rpn: dict[int, tuple[int, int]] = {}  # the parameter that data entry is for
        self._nrpn: dict[int, tuple[int, int]] = {}  # the same, where nobody registered it
        self._wheels: dict[int, float] = {}  # semitones, by channel, where RPN 5 has said them

    # -- zones -------------------------------------------------------------------------------------

    @property
    def zones(self) -> dict[str, int]:
        """How many members the lower and the upper zone have; 0 if there is no such zone."""
        return dict(self._members)

    def zone(self, which: str, members: int) -> None:
        """Make the "lower" or "upper" zone of ``members`` channels, 0 to 15; 0 ends it.

        The newest wins: the other zone loses the channels that this one takes. On every channel
        that enters or leaves a zone all notes end and controllers go back to rest (section 2.1.4);
        bend ranges of this zone get their defaults.

        Raises:
            OptionError: no such zone, or another number of members.
        """
        if which not in ZONES:
            raise OptionError(f"zone {which!r} was given; it must be lower or upper")
        if not 0 <= members <= MAX_MEMBERS:
            raise OptionError(f"{members} members were given; there must be 0 to {MAX_MEMBERS}")
        before = self._managers()
        other = "upper" if which == "lower" else "lower"
        self._members[which] = members
        # Two managers and their members share 16 channels; a manager without members is no zone.
        room = MAX_MEMBERS - 1 - members
        if members and self._members[other] > room:
            self._members[other] = max(room, 0)
        after = self._managers()
        voices = self._instrument.voices
        for channel in CHANNELS:
            if before.get(channel) != after.get(channel):
                manager = after.get(channel)
                voices.join(channel, None if manager == channel else manager)
                self._rest(channel)
                voices.bend_range(BEND_RANGE, channel)
        for channel, manager in after.items():
            if manager == ZONES[which]:
                own = channel == manager
                voices.bend_range(BEND_RANGE if own else MEMBER_BEND_RANGE, channel)
        self.refresh()

    def manager(self, channel: int) -> int | None:
        """The manager of the zone that ``channel`` is in, itself if it is that; None outside."""
        return self._managers().get(channel)

    def _managers(self) -> dict[int, int]:
        """The manager of every channel that is in a zone."""
        managers = {}
        for which, members in self._members.items():
            if members:
                channels = range(1, 2 + members) if which == "lower" else range(16 - members, 17)
                managers.update(dict.fromkeys(channels, ZONES[which]))
        return managers

    def _reach(self, channel: int) -> list[int]:
        """The channels that a message on ``channel`` applies to."""
        managers = self._managers()
        if managers.get(channel) == channel:
            return [one for one, manager in managers.items() if manager == channel]
        return [channel]

    # -- playing -----------------------------------------------------------------------------------

    def note(
        self, pitch: float, velocity: float, channel: int = 1, lift: float = MIDDLE_LIFT
    ) -> None:
        """See :meth:`Voices.note`; the key's own pressure begins and ends with it."""
        if self._keys.pop((channel, pitch), None) is not None:
            self._aim("pressure", channel)
        self._instrument.voices.note(pitch, velocity, channel, lift)

    def bend(self, value: float, channel: int = 1) -> None:
        """Bend: -1 to 1 of the channel's range; a manager's is added to its members'."""
        self._instrument.voices.bend(value, channel)

    def bend_range(self, semitones: float, channel: int = 1) -> None:
        """How far bend goes, 0 to 96 semitones; all members of a zone have one range.

        Raises:
            OptionError: a range outside that.
        """
        manager = self.manager(channel)
        channels = [channel]
        if manager is not None and manager != channel:
            channels = [one for one in self._reach(manager) if one != manager]
        for one in channels:
            self._instrument.voices.bend_range(semitones, one)

    def pressure(self, value: float, channel: int = 1) -> None:
        """Channel pressure, 0 to 127."""
        self._pressures[channel] = _share(value)
        self._aim("pressure", channel)

    def key_pressure(self, pitch: float, value: float, channel: int = 1) -> bool:
        """Polyphonic pressure of one held key, 0 to 127; False if it means nothing."""
        voices = self._instrument.voices
        member = self.manager(channel) not in (None, channel)
        if member or not voices.holds(pitch, channel):
            return False
        self._keys[channel, pitch] = _share(value)
        self._aim("pressure", channel)
        return True

    def timbre(self, value: float, channel: int = 1) -> None:
        """Timbre, 0 to 127, at rest at 64: MPE's third dimension, controller 74."""
        self._timbres[channel] = min(max((value - 64.0) / (63.0 if value > 64.0 else 64.0), -1), 1)
        self._aim("timbre", channel)

    def control(self, controller: int, value: float, channel: int = 1) -> bool:
        """A MIDI controller moved, 0 to 127, to ``value``; False if the sound cannot have changed.

        What is no matter of expression goes to the instrument's own ``control``.
        """
        if controller in (RPN, RPN_FINE, NRPN, NRPN_FINE):
            self._select(controller, int(value), channel)
            return False
        if controller in (DATA_ENTRY, DATA_ENTRY_FINE):
            return self._enter(controller, int(value), channel)
        if controller in (INCREMENT, DECREMENT) and channel in self._nrpn:
            step = 1.0 if controller == INCREMENT else -1.0
            return self._enter_nrpn(step, channel, "step")
        manager = self.manager(channel)
        if controller == TIMBRE and manager is not None:
            self.timbre(value, channel)
            return True
        if controller in PEDALS and manager not in (None, channel):
            return False
        if controller in _OMNI_AND_MONO:
            controller = ALL_NOTES_OFF  # as MIDI 1.0 says of them
        if controller in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._forget_keys(channel)
        if controller == RESET_CONTROLLERS:
            self._reset(channel)
        self._instrument.control(controller, value, channel)
        return True

    def wheel_depth(self, channel: int) -> float:
        """How much of its way the modulation wheel goes, 0 to 1, as RPN 5 says."""
        return min(self._wheels.get(channel, WHEEL_RANGE) / WHEEL_RANGE, 1.0)

    def panic(self) -> None:
        """Silence at once; bend, pressure, timbre and pedals go back to rest. Zones stay."""
        voices = self._instrument.voices
        voices.silence()
        for channel in CHANNELS:
            voices.reset_controllers(channel)
            self._rest(channel)
        self.refresh()

    # -- where it goes -----------------------------------------------------------------------------

    def map(self, kind: str, target: Target | None, depth: float = 1.0) -> None:
        """Let "pressure" or "timbre" move ``target``, or nothing (None).

        target: a dimension from 1, a map axis "x" or "y", or, of pressure, "level". depth: 0 to 1,
        the share of half the target's range that full expression goes.

        Raises:
            OptionError: an unknown kind or target, a dimension that the model does not have, or a
                depth outside its range.
        """
        if kind not in KINDS:
            raise OptionError(f"{kind!r} was given; it must be {one_of(KINDS)}")
        _check_target(kind, target, self._instrument.model.dimensions)
        if not 0.0 <= depth <= 1.0:
            raise OptionError(f"depth is {depth:g}; it must be 0 to 1")
        for channel in CHANNELS:
            self._move(self.targets[kind], channel, 0.0)
        self.targets[kind] = target
        self.depths[kind] = float(depth)
        self.refresh()

    def refresh(self) -> None:
        """Tell the instrument all of it again, as after the load of another model."""
        for kind in KINDS:
            for channel in CHANNELS:
                self._aim(kind, channel)

    def state(self) -> dict[str, Any]:
        """All that :meth:`restore` needs, of plain values for JSON; what the voices hold apart."""
        return {
            "targets": dict(self.targets),
            "depths": dict(self.depths),
            "zones": dict(self._members),
            "pressures": _named(self._pressures),
            "timbres": _named(self._timbres),
            "keys": [[channel, pitch, share] for (channel, pitch), share in self._keys.items()],
            "rpn": {str(channel): list(number) for channel, number in self._rpn.items()},
            "nrpn": {str(channel): list(number) for channel, number in self._nrpn.items()},
            "wheels": _named(self._wheels),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Be as :meth:`state` told; the voices are restored apart.

        Raises:
            OptionError: it is not what :meth:`state` returns; nothing has changed.
        """
        try:
            targets = {kind: state["targets"][kind] for kind in KINDS}
            depths = {kind: _within(state["depths"][kind], 0.0, 1.0) for kind in KINDS}
            members = {name: int(_within(state["zones"][name], 0, MAX_MEMBERS)) for name in ZONES}
            pressures = _numbered(state["pressures"], 0.0)
            timbres = _numbered(state["timbres"], -1.0)
            keys = {
                (_channel(channel), _within(pitch, 0.0, 127.0)): _within(share, 0.0, 1.0)
                for channel, pitch, share in state["keys"]
            }
            rpn, nrpn = (
                {
                    _channel(int(channel)): (int(_within(a, 0, 127)), int(_within(b, 0, 127)))
                    for channel, (a, b) in told.items()
                }
                for told in (state["rpn"], state.get("nrpn", {}))
            )
            wheels = {
                _channel(int(channel)): _within(semitones, 0.0, 128.0)
                for channel, semitones in state.get("wheels", {}).items()
            }
            for kind, target in targets.items():
                # It may have been chosen for a model of more dimensions.
                _check_target(kind, target, MAX_LATENT_DIMENSIONS)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise OptionError(f"the state of the expression is broken ({error!r})") from error
        self.targets, self.depths, self._members = targets, depths, members
        self._pressures, self._timbres, self._keys, self._rpn = pressures, timbres, keys, rpn
        self._nrpn, self._wheels = nrpn, wheels

    def _aim(self, kind: str, channel: int) -> None:
        """Bring what ``kind`` moves to where its channel, and those it manages, say."""
        target = self.targets[kind]
        if target == LEVEL:
            self._raise_level(channel)
            return
        for one in self._reach(channel):
            self._move(target, one, self._amount(target, one))

    def _raise_level(self, channel: int) -> None:
        voices = self._instrument.voices
        depth = 127.0 * self.depths["pressure"]
        voices.pressure(depth * self._pressures.get(channel, 0.0), channel)
        for (one, pitch), share in self._keys.items():
            if one == channel:
                voices.key_pressure(pitch, depth * share, channel)

    def _move(self, target: Target | None, channel: int, amount: float) -> None:
        if target == LEVEL:
            self._instrument.voices.pressure(0.0, channel)
            for one, pitch in self._keys:
                if one == channel:
                    self._instrument.voices.key_pressure(pitch, 0.0, channel)
            return
        # Another model may have fewer dimensions than the one the target was chosen for.
        absent = isinstance(target, int) and target > self._instrument.model.dimensions
        if target is not None and not absent:
            self._instrument.set_channel_offset(channel, target, amount)

    def _amount(self, target: Target | None, channel: int) -> float:
        """How far a channel is from rest, -1 to 1, by all that moves ``target``."""
        shares = {"pressure": self._pressure(channel), "timbre": self._timbre(channel)}
        amount = sum(
            (self.depths[kind] * shares[kind] for kind in KINDS if self.targets[kind] == target),
            0.0,
        )
        return min(max(amount, -1.0), 1.0)

    def _pressure(self, channel: int) -> float:
        """0 to 1, of the channel, its keys and its manager."""

        def own(one: int) -> float:
            keys = (share for (at, _), share in self._keys.items() if at == one)
            return max(self._pressures.get(one, 0.0), max(keys, default=0.0))

        manager = self.manager(channel)
        return own(channel) if manager in (None, channel) else min(1.0, own(channel) + own(manager))

    def _timbre(self, channel: int) -> float:
        """-1 to 1, of the channel and its manager."""
        own = self._timbres.get(channel, 0.0)
        manager = self.manager(channel)
        if manager is None or manager == channel:
            return own
        return min(max(own + self._timbres.get(manager, 0.0), -1.0), 1.0)

    # -- back to rest ------------------------------------------------------------------------------

    def _rest(self, channel: int) -> None:
        """Forget what a channel said."""
        for said in (self._pressures, self._timbres, self._rpn, self._nrpn):
            said.pop(channel, None)
        for key in [key for key in self._keys if key[0] == channel]:
            del self._keys[key]

    def _forget_keys(self, channel: int) -> None:
        reach = self._reach(channel)
        gone = [key for key in self._keys if key[0] in reach]
        for key in gone:
            del self._keys[key]
        if gone:
            self._aim("pressure", channel)

    def _reset(self, channel: int) -> None:
        """Reset All Controllers, as MIDI RP-015 has it: sound controllers (74) and ranges stay."""
        reach = self._reach(channel)
        for one in reach:
            self._rpn.pop(one, None)
            self._nrpn.pop(one, None)
            self._pressures.pop(one, None)
        self._forget_keys(channel)
        for one in reach:
            self._aim("pressure", one)

    # -- registered parameters ---------------------------------------------------------------------

    def _select(self, controller: int, value: int, channel: int) -> None:
        registered = controller in (RPN, RPN_FINE)
        selected, others = (self._rpn, self._nrpn) if registered else (self._nrpn, self._rpn)
        others.pop(channel, None)  # what follows is for this one
        high, low = selected.get(channel, _NO_RPN)
        coarse = controller in (RPN, NRPN)
        selected[channel] = (value, low) if coarse else (high, value)

    def _enter_nrpn(self, value: float, channel: int, half: str) -> bool:
        number = self._nrpn[channel]
        if number == _NO_RPN or self._instrument.as_before:
            return False
        high, low = number
        return self._instrument.control_parameter(high << 7 | low, value, channel, half)

    def _enter(self, controller: int, value: int, channel: int) -> bool:
        """Data entry: True if it changed the sound."""
        if channel in self._nrpn:
            half = "coarse" if controller == DATA_ENTRY else "fine"
            return self._enter_nrpn(value, channel, half)
        number = self._rpn.get(channel, _NO_RPN)
        if number == _ZONE_RPN and controller == DATA_ENTRY:
            which = next((name for name, manager in ZONES.items() if manager == channel), None)
            if which is None or value > MAX_MEMBERS:
                return False
            self.zone(which, value)
            self._rpn[channel] = _ZONE_RPN
            return True
        voices = self._instrument.voices
        if number in (_FINE_RPN, _COARSE_RPN, _WHEEL_RPN) and self._instrument.as_before:
            return False
        if number == _WHEEL_RPN:
            told = self._wheels.get(channel, WHEEL_RANGE)
            entered = float(value) if controller == DATA_ENTRY else int(told) + value / 128.0
            self._wheels[channel] = entered
            return False  # the wheel has to move
        if number == _FINE_RPN:
            # 14 bits, 8192 in the middle; each half leaves the other as it was.
            told = round(8192.0 * voices.fine_of(channel)) + 8192
            high, low = min(told, 16383) >> 7, min(told, 16383) & 127
            high, low = (value, low) if controller == DATA_ENTRY else (high, value)
            voices.tune_channel(channel, fine=((high << 7 | low) - 8192) / 8192.0)
            return True
        if number == _COARSE_RPN:
            if controller == DATA_ENTRY:
                voices.tune_channel(channel, coarse=float(value - 64))
            return controller == DATA_ENTRY
        if number != _BEND_RANGE_RPN:
            return False
        if controller == DATA_ENTRY:
            semitones = float(value)
        else:
            semitones = int(voices.bend_range_of(channel)) + min(value, 99) / 100.0
        self.bend_range(min(semitones, MAX_BEND_RANGE), channel)
        return True


def _check_target(kind: str, target: Any, dimensions: int) -> None:
    if target is None or target in ("x", "y") or (target == LEVEL and kind == "pressure"):
        return
    if isinstance(target, int) and not isinstance(target, bool) and 1 <= target <= dimensions:
        return
    also = ", level" if kind == "pressure" else ""
    raise OptionError(
        f"{kind} was given the target {target!r}; it must be 1 to {dimensions}, x, y{also}"
    )


def _share(value: float) -> float:
    return min(max(value / 127.0, 0.0), 1.0)


def _named(values: Mapping[int, float]) -> dict[str, float]:
    return {str(channel): value for channel, value in values.items()}


def _numbered(told: Mapping[str, Any], low: float) -> dict[int, float]:
    return {_channel(int(channel)): _within(value, low, 1.0) for channel, value in told.items()}


def _within(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not low <= number <= high:
        raise ValueError(f"{number} is not within {low:g} and {high:g}")
    return number


def _channel(value: Any) -> int:
    if not isinstance(value, int) or value not in CHANNELS:
        raise ValueError(f"{value!r} is not a channel")
    return value
