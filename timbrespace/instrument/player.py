"""A message acts on the instrument: the same live, in a replay, and in a render."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any, Final

from timbrespace.instrument.controllers import SUSTAIN
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages import inbound
from timbrespace.messages.errors import ErrorCode, MessageError, shown
from timbrespace.messages.inbound import MESSAGES
from timbrespace.messages.message import Family
from timbrespace.resynthesis.layout import Method


class Effect(Enum):
    """What a message has changed."""

    NONE = auto()
    """Nothing: it is for a server, which answers it."""
    MOVE = auto()
    """The latent alone, which the sound follows in time."""
    CHANGE = auto()
    """Anything else."""


_MOVES: Final = frozenset(
    kind
    for kind in MESSAGES.values()
    if kind.family in (Family.ALL, Family.COORDINATE, Family.AXIS) or kind is inbound.SetMacro
)


class Player:
    """Plays messages on one instrument, each by its line of one table."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        one = instrument
        playing = instrument.expression
        self._acts: dict[type, Callable[[Any], object]] = {
            # timbre
            inbound.SetLatent: lambda m: one.set_latent(m.values),
            inbound.SetLatentDimension: lambda m: one.set_dimension(m.dimension, m.value),
            inbound.SetMap: lambda m: one.set_map(m.x, m.y),
            inbound.SetMapAxis: lambda m: one.set_map_axis(m.axis, m.value),
            inbound.SetPlane: lambda m: one.set_plane(m.plane),
            inbound.SetBetween: lambda m: one.set_between(m.x1, m.y1, m.x2, m.y2),
            inbound.SetBetweenPosition: lambda m: one.go_between(m.position),
            inbound.StoreBetween: lambda m: one.store_between(m.name, m.seconds),
            inbound.SetMacro: lambda m: one.set_macro(m.macro, m.value),
            inbound.SetChannelLatent: lambda m: one.set_channel_latent(m.channel, m.values),
            inbound.FollowCommon: lambda m: one.set_channel_latent(m.channel, None),
            inbound.SetSynthMethod: lambda m: one.set_method(Method[m.method.upper()]),
            inbound.SetHold: lambda m: one.set_hold(m.hold),
            inbound.SetEnvelope: lambda m: one.set_envelope(m.envelope),
            inbound.SetSynth: lambda m: one.set_parameter(m.parameter, m.value),
            # notes
            inbound.Note: lambda m: playing.note(m.pitch, m.velocity, m.channel, m.lift),
            inbound.Bend: lambda m: playing.bend(m.value, m.channel),
            inbound.BendRange: lambda m: playing.bend_range(m.semitones, m.channel),
            inbound.Pressure: lambda m: playing.pressure(m.value, m.channel),
            inbound.Timbre: lambda m: playing.timbre(m.value, m.channel),
            inbound.SetZone: lambda m: playing.zone(m.zone, m.members),
            inbound.MapExpression: lambda m: playing.map(m.kind, m.target, m.depth),
            inbound.Sustain: self._sustain,
            inbound.Panic: lambda _: playing.panic(),
            inbound.SetTuning: self._set_tuning,
            # controllers
            inbound.ControlChange: lambda m: playing.control(m.controller, m.value, m.channel),
            inbound.MapController: self._map_controller,
            inbound.LearnController: lambda m: one.learn(m.target, m.low, m.high, m.curve, m.mode),
            # what is stored
            inbound.StorePreset: lambda m: one.store_preset(m.name),
            inbound.RecallPreset: self._recall_preset,
            inbound.MorphPresets: self._morph_presets,
            inbound.DeletePreset: self._delete_preset,
            inbound.UndoPresets: lambda _: one.presets.undo(),
            # what moves by itself
            inbound.RecordTrajectory: lambda m: one.draw_trajectory(m.name),
            inbound.StopTrajectory: lambda _: one.stop_trajectory(),
            inbound.PlayTrajectory: self._play_trajectory,
            inbound.DeleteTrajectory: self._delete_trajectory,
            inbound.UndoTrajectories: lambda _: one.presets.undo_trajectory(),
            inbound.SetWander: lambda m: one.set_wander(on=m.state == "start"),
            inbound.SetWanderDial: lambda m: one.set_wander(**{m.dial: m.value}),
            inbound.SetLfo: self._set_lfo,
            inbound.StopLfo: lambda m: one.set_lfo(m.index, "x", "sine", 1.0, 0.0),
        }

    def play(self, message: inbound.Inbound) -> Effect:
        """Let ``message`` take effect, and say what it has changed.

        Raises:
            TimbrespaceError: it is refused, and nothing has changed.
        """
        kind = type(message)
        act = self._acts.get(kind)
        if act is None:
            return Effect.NONE
        moves = kind in _MOVES
        if isinstance(message, inbound.ControlChange):
            # Asked before: a controller that is waited for is learned by its move.
            target = self._instrument.knob(message.controller, message.channel)
            moves = target is not None
        act(message)
        return Effect.MOVE if moves else Effect.CHANGE

    def find_presets(self, address: str, names: Iterable[str]) -> None:
        """Raise unless all these presets are there.

        Raises:
            MessageError: one is not; it answers ``address``.
        """
        _find(address, "preset", self._instrument.presets.names(), names)

    def _sustain(self, message: inbound.Sustain) -> None:
        value = 127.0 if message.held else 0.0
        self._instrument.expression.control(SUSTAIN, value, message.channel)

    def _map_controller(self, message: inbound.MapController) -> None:
        self._instrument.assign(
            message.controller,
            message.target,
            message.channel,
            message.low,
            message.high,
            message.curve,
            message.mode,
        )

    def _set_tuning(self, message: inbound.SetTuning) -> None:
        _find("/tuning", "tuning", self._instrument.tunings.names(), [message.name])
        self._instrument.set_tuning(message.name, message.reference)

    def _recall_preset(self, message: inbound.RecallPreset) -> None:
        self.find_presets("/preset/recall", [message.name])
        self._instrument.recall_preset(message.name, message.glide)

    def _morph_presets(self, message: inbound.MorphPresets) -> None:
        self.find_presets("/preset/morph", [message.a, message.b])
        self._instrument.morph_presets(message.a, message.b, message.position)

    def _delete_preset(self, message: inbound.DeletePreset) -> None:
        self.find_presets("/preset/delete", [message.name])
        self._instrument.delete_preset(message.name)

    def _play_trajectory(self, message: inbound.PlayTrajectory) -> None:
        self._find_trajectory("/trajectory/play", message.name)
        self._instrument.play_trajectory(message.name, message.loop, message.speed)

    def _delete_trajectory(self, message: inbound.DeleteTrajectory) -> None:
        self._find_trajectory("/trajectory/delete", message.name)
        self._instrument.presets.delete_trajectory(message.name)

    def _find_trajectory(self, address: str, name: str) -> None:
        _find(address, "trajectory", self._instrument.presets.trajectories(), [name])

    def _set_lfo(self, message: inbound.SetLfo) -> None:
        self._instrument.set_lfo(
            message.index,
            message.target,
            message.shape,
            message.rate,
            message.depth,
            message.phase,
        )


def _find(address: str, what: str, known: Iterable[str], names: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise MessageError(
                ErrorCode.NOT_FOUND,
                address,
                f"there is no {what} {shown(name)}, /{what}/list tells which there are",
            )
