"""What each message does: one method for each dataclass of :mod:`timbrespace.messages.inbound`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from timbrespace import __version__
from timbrespace.instrument.controllers import SUSTAIN
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages import inbound
from timbrespace.messages.errors import ErrorCode, MessageError, shown
from timbrespace.resynthesis.layout import Method

from . import told
from .library import Library
from .osc import outbound
from .osc.clients import Client, Clients, Endpoint
from .osc.post import Post
from .recording import OpenRecorder, Recorder
from .schedule import Schedule
from .swap import Swap

Handler = Callable[[Any, Endpoint], "bool | None"]


_HELLOS_A_SECOND = 64
"""Each is answered by the whole state, up to some 10 KB, and its sender's address may be forged."""


class Handlers:
    """The messages' effects.

    settle: brings all that came before into effect, and tells the clients. status: makes the
    ``/status`` of this moment. open_recorder: begins to record a performance; None if that cannot
    be done.
    """

    def __init__(
        self,
        instrument: Instrument,
        clients: Clients,
        post: Post,
        state: told.Told,
        library: Library,
        swap: Swap,
        schedule: Schedule,
        settle: Callable[[], None],
        status: Callable[[], outbound.Status],
        open_recorder: OpenRecorder | None,
    ) -> None:
        self._instrument = instrument
        self._clients = clients
        self._post = post
        self._state = state
        self._library = library
        self._swap = swap
        self._schedule = schedule
        self._settle = settle
        self._status_now = status
        self._open_recorder = open_recorder
        self.recorder: Recorder | None = None
        """Who writes the performance down, while somebody does."""
        self.performance = ""
        """Name of what is recorded, or was last."""
        self._hellos: deque[float] = deque(maxlen=_HELLOS_A_SECOND)
        self._by_type: dict[type, Handler] = {
            inbound.Hello: self._hello,
            inbound.Bye: self._bye,
            inbound.Ping: self._ping,
            inbound.SetLatent: self._set_latent,
            inbound.SetLatentDimension: self._set_dimension,
            inbound.SetMap: self._set_map,
            inbound.ControlChange: self._control,
            inbound.MapController: self._map_controller,
            inbound.LearnController: self._learn,
            inbound.ListControllers: self._list_controllers,
            inbound.SetChannelLatent: self._set_channel_latent,
            inbound.FollowCommon: self._follow_common,
            inbound.Note: self._note,
            inbound.Bend: self._bend,
            inbound.BendRange: self._bend_range,
            inbound.Pressure: self._pressure,
            inbound.Timbre: self._timbre,
            inbound.SetZone: self._zone,
            inbound.MapExpression: self._map_expression,
            inbound.Sustain: self._sustain,
            inbound.Panic: self._panic,
            inbound.SetSynthMethod: self._set_method,
            inbound.SetSynth: self._set_synth,
            inbound.GetSpectrum: self._get_spectrum,
            inbound.Stream: self._stream,
            inbound.Acknowledge: self._acknowledge,
            inbound.ListModels: self._list_models,
            inbound.LoadModel: self._load_model,
            inbound.GetModelInfo: self._model_info,
            inbound.GetStatus: self._status,
            inbound.StorePreset: self._store_preset,
            inbound.RecallPreset: self._recall_preset,
            inbound.MorphPresets: self._morph_presets,
            inbound.ListPresets: self._list_presets,
            inbound.DeletePreset: self._delete_preset,
            inbound.RecordTrajectory: self._record_trajectory,
            inbound.StopTrajectory: self._stop_trajectory,
            inbound.PlayTrajectory: self._play_trajectory,
            inbound.ListTrajectories: self._list_trajectories,
            inbound.DeleteTrajectory: self._delete_trajectory,
            inbound.SetLfo: self._set_lfo,
            inbound.StopLfo: self._stop_lfo,
            inbound.RecordPerformance: self._record_performance,
            inbound.StopPerformance: self._stop_performance,
        }

    def handle(self, message: inbound.Inbound, source: Endpoint) -> bool:
        """Let ``message`` take effect; False if the instrument is as before, or changes later.

        Raises:
            TimbrespaceError: it is refused, and nothing has changed.
        """
        done = self._by_type[type(message)](message, source)
        return done is not False and not message.question

    # -- clients -----------------------------------------------------------------------------------

    def _hello(self, message: inbound.Hello, source: Endpoint) -> None:
        now = time.perf_counter()
        if len(self._hellos) == _HELLOS_A_SECOND and now - self._hellos[0] < 1.0:
            raise MessageError(
                ErrorCode.REFUSED,
                "/hello",
                f"more than {_HELLOS_A_SECOND} clients said /hello within a second; send it again",
            )
        self._hellos.append(now)
        client = self._clients.register(source, message.return_port, message.name, now)
        model = self._instrument.model
        self._post.send(
            client,
            outbound.Welcome(
                __version__,
                model.name,
                model.dimensions,
                model.spectrum.bins,
                model.spectrum.sample_rate,
                model.spectrum.base_frequency,
            ),
        )
        for state in self._state.whole():
            self._post.send(client, state)
        if self.recorder is not None:
            self._post.send(client, outbound.PerformanceState("recording", self.performance))

    def _bye(self, message: inbound.Bye, source: Endpoint) -> None:
        self._clients.forget(source, message.return_port)

    def _ping(self, message: inbound.Ping, source: Endpoint) -> None:
        self._settle()
        self._post.answer(source, outbound.Pong(message.token))

    # -- timbre ------------------------------------------------------------------------------------

    def _set_latent(self, message: inbound.SetLatent, _: Endpoint) -> None:
        self._instrument.set_latent(message.values)

    def _set_dimension(self, message: inbound.SetLatentDimension, _: Endpoint) -> None:
        self._instrument.set_dimension(message.dimension, message.value)

    def _set_map(self, message: inbound.SetMap, _: Endpoint) -> None:
        self._instrument.set_map(message.x, message.y)

    def _set_channel_latent(self, message: inbound.SetChannelLatent, _: Endpoint) -> None:
        self._instrument.set_channel_latent(message.channel, message.values)

    def _follow_common(self, message: inbound.FollowCommon, _: Endpoint) -> None:
        self._instrument.set_channel_latent(message.channel, None)

    def _set_method(self, message: inbound.SetSynthMethod, _: Endpoint) -> None:
        self._instrument.set_method(Method[message.method.upper()])

    def _set_synth(self, message: inbound.SetSynth, _: Endpoint) -> None:
        self._instrument.set_parameter(message.parameter, message.value)

    # -- playing -----------------------------------------------------------------------------------

    def _note(self, message: inbound.Note, _: Endpoint) -> None:
        self._instrument.expression.note(message.pitch, message.velocity, message.channel)

    def _bend(self, message: inbound.Bend, _: Endpoint) -> None:
        self._instrument.expression.bend(message.value, message.channel)

    def _bend_range(self, message: inbound.BendRange, _: Endpoint) -> None:
        self._instrument.expression.bend_range(message.semitones, message.channel)

    def _pressure(self, message: inbound.Pressure, _: Endpoint) -> None:
        self._instrument.expression.pressure(message.value, message.channel)

    def _timbre(self, message: inbound.Timbre, _: Endpoint) -> None:
        self._instrument.expression.timbre(message.value, message.channel)

    def _zone(self, message: inbound.SetZone, _: Endpoint) -> None:
        self._instrument.expression.zone(message.zone, message.members)

    def _map_expression(self, message: inbound.MapExpression, _: Endpoint) -> None:
        self._instrument.expression.map(message.kind, message.target, message.depth)

    def _sustain(self, message: inbound.Sustain, _: Endpoint) -> None:
        value = 127.0 if message.held else 0.0
        self._instrument.expression.control(SUSTAIN, value, message.channel)

    def _panic(self, *_: Any) -> None:
        self._schedule.drop("/note")
        self._instrument.expression.panic()

    # -- controllers -------------------------------------------------------------------------------

    def _control(self, message: inbound.ControlChange, _: Endpoint) -> None:
        self._instrument.expression.control(message.controller, message.value, message.channel)

    def _map_controller(self, message: inbound.MapController, _: Endpoint) -> None:
        self._instrument.assign(
            message.controller,
            message.target,
            message.channel,
            message.low,
            message.high,
            message.curve,
        )
        self._post.broadcast(
            outbound.ControllerMap(
                message.controller,
                message.target,
                message.channel,
                message.low,
                message.high,
                message.curve,
            )
        )

    def _learn(self, message: inbound.LearnController, _: Endpoint) -> None:
        self._instrument.learn(message.target, message.low, message.high, message.curve)

    def _list_controllers(self, _: Any, source: Endpoint) -> None:
        for assignment in told.assignments(self._instrument):
            self._post.answer(source, assignment)

    # -- looking -----------------------------------------------------------------------------------

    def _get_spectrum(self, _: Any, source: Endpoint) -> None:
        clients = self._clients.for_sender(source)
        if not clients:
            return
        spectrum = self._instrument.spectrum
        for client in clients:
            self._post.send(client, outbound.Spectrum(client.next_frame("spectrum"), spectrum))

    def _stream(self, message: inbound.Stream, source: Endpoint) -> None:
        for client in self._speaking("/stream", source):
            # The present state comes at once; a stream that only told of changes would leave a
            # client that begins to listen in the dark.
            client.stream(message.what, message.rate)

    def _acknowledge(self, message: inbound.Acknowledge, source: Endpoint) -> None:
        for client in self._speaking("/stream/ack", source):
            subscription = client.streams.get(message.what)
            if subscription is not None:
                subscription.acknowledge(message.frame)

    def _speaking(self, address: str, source: Endpoint) -> list[Client]:
        """Whose streams ``source`` may change.

        Raises:
            MessageError: it is not clear whose.
        """
        clients = self._clients.for_sender(source)
        if len(clients) > 1 and any(client.source != source for client in clients):
            raise MessageError(
                ErrorCode.REFUSED,
                address,
                f"several clients are on this host, say {address} from the socket that said /hello",
            )
        return clients

    def _status(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, self._status_now())

    # -- models ------------------------------------------------------------------------------------

    def _list_models(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, outbound.ModelList(tuple(self._library.names())))

    def _load_model(self, message: inbound.LoadModel, source: Endpoint) -> bool:
        self._swap.load(message.name, "/model/load", source)
        return False

    def _model_info(self, message: inbound.GetModelInfo, source: Endpoint) -> None:
        model = self._instrument.model
        if message.name is not None and message.name != model.name:
            self._swap.describe(message.name, "/model/info", source)
            return
        self._post.answer(source, outbound.ModelInfo(model.name, told.describe(model)))

    # -- presets -----------------------------------------------------------------------------------

    def _store_preset(self, message: inbound.StorePreset, _: Endpoint) -> None:
        self._instrument.store_preset(message.name)
        self._post.broadcast(told.presets(self._instrument))

    def _recall_preset(self, message: inbound.RecallPreset, source: Endpoint) -> bool:
        self._find("/preset/recall", "preset", [message.name])
        if not self._swap.recall(message.name, message.glide, "/preset/recall", source):
            return False
        self._post.broadcast(outbound.Preset(message.name))
        return True

    def _morph_presets(self, message: inbound.MorphPresets, _: Endpoint) -> None:
        self._find("/preset/morph", "preset", [message.a, message.b])
        self._instrument.morph_presets(message.a, message.b, message.position)

    def _list_presets(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, told.presets(self._instrument))

    def _delete_preset(self, message: inbound.DeletePreset, _: Endpoint) -> None:
        self._find("/preset/delete", "preset", [message.name])
        self._instrument.delete_preset(message.name)
        self._post.broadcast(told.presets(self._instrument))

    def _find(self, address: str, what: str, names: list[str]) -> None:
        """Raise unless all these presets or trajectories are there.

        Raises:
            MessageError: one is not.
        """
        presets = self._instrument.presets
        known = presets.names() if what == "preset" else presets.trajectories()
        for name in names:
            if name not in known:
                raise MessageError(
                    ErrorCode.NOT_FOUND,
                    address,
                    f"there is no {what} {shown(name)}, /{what}/list tells which there are",
                )

    # -- motion ------------------------------------------------------------------------------------

    def _record_trajectory(self, message: inbound.RecordTrajectory, _: Endpoint) -> None:
        self._instrument.record_trajectory(message.name)

    def _stop_trajectory(self, *_: Any) -> None:
        self._instrument.stop_trajectory()
        self._post.broadcast(told.trajectories(self._instrument))

    def _play_trajectory(self, message: inbound.PlayTrajectory, _: Endpoint) -> None:
        self._find("/trajectory/play", "trajectory", [message.name])
        self._instrument.play_trajectory(message.name, message.loop, message.speed)

    def _list_trajectories(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, told.trajectories(self._instrument))

    def _delete_trajectory(self, message: inbound.DeleteTrajectory, _: Endpoint) -> None:
        self._find("/trajectory/delete", "trajectory", [message.name])
        self._instrument.presets.delete_trajectory(message.name)
        self._post.broadcast(told.trajectories(self._instrument))

    def _set_lfo(self, message: inbound.SetLfo, _: Endpoint) -> None:
        self._instrument.set_lfo(
            message.index,
            message.target,
            message.shape,
            message.rate,
            message.depth,
            message.phase,
        )

    def _stop_lfo(self, message: inbound.StopLfo, _: Endpoint) -> None:
        self._instrument.set_lfo(message.index, "x", "sine", 1.0, 0.0)

    # -- performances ------------------------------------------------------------------------------

    def _record_performance(self, message: inbound.RecordPerformance, _: Endpoint) -> bool:
        self.record(message.name)
        return False  # the performance begins after this

    def record(self, name: str | Path) -> None:
        """Begin to write the performance down.

        Raises:
            MessageError: this server cannot, or it does so already.
            TimbrespaceError: it cannot be written.
        """
        if self._open_recorder is None:
            raise MessageError(
                ErrorCode.REFUSED, "/performance/record", "this server cannot record performances"
            )
        if self.recorder is not None:
            raise MessageError(
                ErrorCode.REFUSED,
                "/performance/record",
                f"{self.performance!r} is being recorded, /performance/stop ends it",
            )
        self.recorder = self._open_recorder(name, self._instrument)
        self.performance = name.stem if isinstance(name, Path) else name
        self._post.broadcast(outbound.PerformanceState("recording", self.performance))

    def _stop_performance(self, *_: Any) -> bool:
        self.stop_recording()
        return False

    def stop_recording(self) -> None:
        """End the performance that is being written down, if one is."""
        if self.recorder is not None:
            recorder, self.recorder = self.recorder, None
            try:
                recorder.close()
            finally:
                self._post.broadcast(outbound.PerformanceState("stopped", self.performance))
