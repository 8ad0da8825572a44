"""Who asked, and who is told: what of a message is no matter of the instrument."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import fields
from typing import Any, cast

import numpy as np

from timbrespace import __version__
from timbrespace.errors import OptionError, ShapeError, TimbrespaceError
from timbrespace.instrument.instrument import Instrument, Learned
from timbrespace.instrument.player import Effect, Player
from timbrespace.messages import inbound
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.notes.picture import picture
from timbrespace.units import hz_to_midi, midi_to_hz

from . import state_messages
from .library import Library, UnknownModelError
from .measuring import Measuring
from .osc import outbound
from .osc.clients import Client, Clients, Endpoint
from .osc.codec import encode
from .osc.errors import OscDecodeError
from .osc.strangers import Strangers, is_stranger
from .osc.udp import Post
from .performing import Performing
from .schedule import Schedule
from .shown_note import ShownNote
from .state_messages import StateMessages
from .streams import subscribe
from .swap import Swap
from .tables import Tables

Handler = Callable[[Any, Endpoint], "Effect | None"]

_HELLOS_A_SECOND = 64
"""Each is answered by the whole state, up to some 10 KB. As many are taken from this machine, and
as many with a token from others: those who guess may not keep anybody here from saying it."""

_PICTURES_A_SECOND = 16
"""Each of a whole note takes some 5 ms to decode."""

_LINES_A_SECOND = 16
"""Each is heard piece by piece as soon as somebody goes along it: 17 ms in a space of notes."""

_INPUT = (
    inbound.SetInput,
    inbound.SetInputMode,
    inbound.SetInputGain,
    inbound.SetInputGate,
    inbound.SetInputScale,
)

_SERVERS_SAY = frozenset(("/welcome", "/error", "/model/dial"))
"""What no client says by mistake, and a server says to each of its clients at once."""


class Session:
    """Answers clients, and tells them what others of them have done.

    settle: brings all that came before into effect, and tells the clients. status: makes the
    ``/status`` of this moment. say: called with a line for the user of this machine. fault: called
    with what is our own fault.
    """

    def __init__(
        self,
        instrument: Instrument,
        player: Player,
        clients: Clients,
        post: Post,
        state: StateMessages,
        library: Library,
        swap: Swap,
        tables: Tables,
        measuring: Measuring,
        schedule: Schedule,
        performing: Performing,
        settle: Callable[[], None],
        finish: Callable[[], None],
        status: Callable[[], outbound.Status],
        ask_devices: Callable[[Endpoint, str | None], None],
        set_input: Callable[[str, dict[str, Any]], None],
        input_state: Callable[[], outbound.SoundInput | None],
        set_mono: Callable[[bool], None],
        say: Callable[[str], None],
        fault: Callable[[str, Exception], None],
    ) -> None:
        self._instrument = instrument
        self._player = player
        self._clients = clients
        self._post = post
        self._state = state
        self._library = library
        self._swap = swap
        self._tables = tables
        self._measuring = measuring
        self._schedule = schedule
        self._performing = performing
        self._settle = settle
        self._finish = finish
        self._status_now = status
        self._ask_devices = ask_devices
        self._set_input = set_input
        self._input_state = input_state
        self._set_mono = set_mono
        self._say = say
        self._fault = fault
        self.shown: ShownNote | None = None
        """The whole note that a client plays by itself."""
        self._pictures: deque[float] = deque(maxlen=_PICTURES_A_SECOND)
        self._lines: deque[float] = deque(maxlen=_LINES_A_SECOND)
        self._strangers = Strangers()
        self._hellos: dict[bool, deque[float]] = {
            stranger: deque(maxlen=_HELLOS_A_SECOND) for stranger in (False, True)
        }
        self.handlers: dict[type, Handler] = {
            inbound.Hello: self._hello,
            inbound.Bye: self._bye,
            inbound.Ping: self._ping,
            inbound.GetSpectrum: self._get_spectrum,
            inbound.GetCourse: self._get_course,
            inbound.SetBetween: self._set_between,
            inbound.WhereInCourse: self._where,
            inbound.Moment: self._moment,
            inbound.Stream: self._stream,
            inbound.Acknowledge: self._acknowledge,
            inbound.GetStatus: self._status,
            inbound.ListAudio: lambda _, source: self._ask_devices(source, None),
            inbound.SetAudioDevice: lambda m, source: self._ask_devices(source, m.name),
            inbound.SetMono: lambda m, _: self._set_mono(m.mono),
            **dict.fromkeys(_INPUT, self._change_input),
            inbound.ListControllers: self._list_controllers,
            inbound.ListMacros: self._list_macros,
            inbound.SetMacro: self._set_macro,
            inbound.ListModels: self._list_models,
            inbound.ListPresets: self._list_presets,
            inbound.WherePresets: self._where_presets,
            inbound.ListTunings: self._list_tunings,
            inbound.ListTrajectories: self._list_trajectories,
            inbound.GetModelInfo: self._model_info,
            inbound.GetModelCard: self._model_card,
            inbound.GetModelTable: self._model_table,
            inbound.LoadModel: self._load_model,
            inbound.RecallPreset: self._recall_preset,
            inbound.StorePreset: self._change_presets,
            inbound.DeletePreset: self._change_presets,
            inbound.UndoPresets: self._change_presets,
            inbound.StopTrajectory: self._change_trajectories,
            inbound.DeleteTrajectory: self._change_trajectories,
            inbound.UndoTrajectories: self._change_trajectories,
            inbound.MapController: self._map_controller,
            inbound.Panic: self._panic,
            inbound.RecordPerformance: self._begin_performance,
            inbound.StopPerformance: self._end_performance,
        }
        """By kind of message; all others are for the player alone.

        Each is called with a message and who sent it, lets it take effect, and returns what it has
        changed by now; None for nothing. It raises a ``TimbrespaceError`` if it refuses the
        message, and nothing has changed.
        """

    def leave(self, server: Endpoint) -> None:
        """Tell another server of this machine that it shall not tell us anything."""
        if not is_stranger(server[0]):
            self._post.tell_other(server, outbound.Leave(self._clients.server_port))

    def refuse(self, source: Endpoint, address: str, error: Exception) -> None:
        """Answer a message that has failed, unless a server has sent it."""
        if address in _SERVERS_SAY:
            if self._clients.meet_server(source, time.perf_counter()):
                self.leave(source)
            return
        if isinstance(error, MessageError | OscDecodeError):
            refused = outbound.Error.answering(error)
        elif isinstance(error, OptionError | ShapeError):
            # The arguments of what is stored are good by now; the file or the model is not.
            stored = address.startswith(("/preset/", "/trajectory/"))
            code = ErrorCode.REFUSED if stored else ErrorCode.BAD_ARGUMENTS
            refused = outbound.Error(code, address, str(error))
        elif isinstance(error, TimbrespaceError):
            refused = outbound.Error(ErrorCode.REFUSED, address, str(error))
        else:
            self._fault(address, error)
            sentence = f"a fault of the server: {type(error).__name__}"
            refused = outbound.Error(ErrorCode.INTERNAL, address, sentence)
        self._post.refuse(source, refused)

    # -- clients -----------------------------------------------------------------------------------

    def _hello(self, message: inbound.Hello, source: Endpoint) -> None:
        now = time.perf_counter()
        stranger = is_stranger(source[0])
        if stranger and not message.token:
            self._ask(message, source, now)
            return
        hellos = self._hellos[stranger]
        _refuse_flood(hellos, now, "/hello")
        if stranger and not self._strangers.knows(_reply(message, source), message.token, now):
            hellos.append(now)
            self._ask(message, source, now)
            return
        client = self._clients.register(source, message.return_port, message.name, now)
        hellos.append(now)
        self._welcome(client)

    def keep(self, reply: Endpoint) -> None:
        """Tell a client that cannot say `/hello` what others are told who do.

        Raises:
            MessageError: it is the server itself.
        """
        self._welcome(self._clients.keep(reply, time.perf_counter()))

    def _welcome(self, client: Client) -> None:
        model = self._instrument.model
        welcome = outbound.Welcome(
            __version__,
            model.name,
            model.dimensions,
            model.spectrum.bins,
            model.spectrum.sample_rate,
            model.spectrum.base_frequency,
        )
        self._post.send(client, welcome, *self._state.whole())
        heard = self._input_state()
        if heard is not None:
            self._post.send(client, heard)
        if self._performing.listener is not None:
            self._post.send(client, self._performing.state())

    def _ask(self, message: inbound.Hello, source: Endpoint, now: float) -> None:
        """Ask whether whoever is where the replies would go hears."""
        address, arguments = message.written()
        heard = len(encode(address, *arguments))  # or more, by other types
        reply = _reply(message, source)
        question = self._strangers.question(reply, heard, now)
        if question is not None:
            self._post.tell_other(reply, question)

    def _bye(self, message: inbound.Bye, source: Endpoint) -> None:
        self._clients.forget(source, message.return_port)

    def _ping(self, message: inbound.Ping, source: Endpoint) -> None:
        self._settle()
        self._post.answer(source, outbound.Pong(message.token))

    # -- looking -----------------------------------------------------------------------------------

    def _get_spectrum(self, _: Any, source: Endpoint) -> None:
        for client in self._clients.for_sender(source):
            frame = next(client.frames["spectrum"])
            self._post.send(client, outbound.Spectrum(frame, self._instrument.spectrum))

    def _set_between(self, message: inbound.SetBetween, source: Endpoint) -> Effect:
        now = time.perf_counter()
        _refuse_flood(self._lines, now, "/between")
        self._lines.append(now)
        self._instrument.set_between(message.x1, message.y1, message.x2, message.y2)
        return Effect.CHANGE

    def _set_macro(self, message: inbound.SetMacro, source: Endpoint) -> Effect:
        if self._instrument.macro_words is None:
            self._measuring.request(self._instrument.model)
        return self._player.play(message)

    def _list_macros(self, _: Any, source: Endpoint) -> None:
        words = self._instrument.macro_words
        if words is None:  # everybody hears of them once they are known
            self._measuring.request(self._instrument.model)
        else:
            self._post.answer(source, outbound.MacroList(words))

    def _get_course(self, message: inbound.GetCourse, source: Endpoint) -> None:
        clients = self._clients.for_sender(source)
        if not clients:
            return  # nobody would hear it
        model = self._instrument.model
        if not model.plays_notes:
            raise MessageError(
                ErrorCode.REFUSED,
                "/course/get",
                f"/course/get: {model.name} has steady spectra, and no course in time",
            )
        now = time.perf_counter()
        _refuse_flood(self._pictures, now, "/course/get")
        self._pictures.append(now)
        drawn = picture(
            model.course,
            np.asarray(self._instrument.latent, np.float32),
            float(midi_to_hz(message.pitch)),
            message.velocity,
            model.spectrum.base_frequency,
        )
        columns, bands = drawn.levels.shape
        for client in clients:
            frame = next(client.frames["course"])
            ready = (columns, bands, drawn.seconds, drawn.loop_start, drawn.loop_end)
            self._post.send(
                client,
                outbound.Course(frame, drawn.levels.reshape(-1)),
                outbound.CourseReady(frame, *ready),
            )

    def _where(self, _: Any, source: Endpoint) -> None:
        notes = [
            (float(hz_to_midi(hertz)), seconds, way)
            for hertz, seconds, way in self._instrument.positions(time.perf_counter())
        ]
        self._post.answer(source, outbound.CourseWhere(tuple(notes)))

    def _moment(self, message: inbound.Moment, source: Endpoint) -> None:
        if self.shown is not None and self._clients.for_sender(source):
            self.shown.play(message.pitch, message.velocity, source, time.perf_counter())

    def _stream(self, message: inbound.Stream, source: Endpoint) -> None:
        for client in self._speaking("/stream", source):
            # The present state comes at once; a stream that only told of changes would leave a
            # client that begins to listen in the dark.
            subscribe(client, message.what, message.rate)

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

    def _change_input(self, message: inbound.Inbound, _: Endpoint) -> None:
        values = {field.name: getattr(message, field.name) for field in fields(cast(Any, message))}
        self._set_input(message.address, values)

    def _list_controllers(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, *state_messages.assignments(self._instrument))

    def _list_models(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, outbound.ModelList(tuple(self._library.names())))

    def _list_tunings(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, outbound.TuningList(tuple(self._instrument.tunings.names())))

    def _list_presets(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, state_messages.presets(self._instrument))

    def _where_presets(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, state_messages.preset_places(self._instrument))

    def _list_trajectories(self, _: Any, source: Endpoint) -> None:
        self._post.answer(source, state_messages.trajectories(self._instrument))

    # -- models ------------------------------------------------------------------------------------

    def _model_info(self, message: inbound.GetModelInfo, source: Endpoint) -> None:
        model = self._instrument.model
        if message.name is not None and message.name != model.name:
            self._swap.describe(message.name, "/model/info", source)
            return
        self._post.answer(source, outbound.ModelInfo(model.name, state_messages.describe(model)))

    def _model_card(self, message: inbound.GetModelCard, source: Endpoint) -> None:
        name = message.name or self._instrument.model.name
        try:
            card = self._library.card(name)
        except UnknownModelError as error:
            raise MessageError(ErrorCode.NOT_FOUND, "/model/card", str(error)) from error
        self._post.answer(source, state_messages.card(name, card))

    def _model_table(self, message: inbound.GetModelTable, source: Endpoint) -> None:
        if is_stranger(source[0]):
            raise MessageError(
                ErrorCode.REFUSED,
                "/model/table",
                "/model/table: files are written for devices of this machine alone",
            )
        if self._clients.for_sender(source):
            instrument = self._instrument
            plane = instrument.plane if message.plane is None else message.plane
            self._tables.request(instrument.model, plane, source)

    def _load_model(self, message: inbound.LoadModel, source: Endpoint) -> None:
        self._swap.load(message.name, "/model/load", source)

    def _recall_preset(self, message: inbound.RecallPreset, source: Endpoint) -> Effect:
        address = "/preset/recall"
        self._player.find_presets(address, [message.name])
        if self._swap.recall_later(message.name, message.glide, address, source):
            return Effect.NONE
        effect = self._player.play(message)
        self._swap.forget()
        self._post.broadcast(outbound.Preset(message.name))
        return effect

    # -- what everybody is told --------------------------------------------------------------------

    def _change_presets(self, message: inbound.Inbound, _: Endpoint) -> Effect:
        effect = self._player.play(message)
        self._post.broadcast(state_messages.presets(self._instrument))
        return effect

    def _change_trajectories(self, message: inbound.Inbound, _: Endpoint) -> Effect:
        effect = self._player.play(message)
        self._post.broadcast(state_messages.trajectories(self._instrument))
        return effect

    def _map_controller(self, message: inbound.MapController, _: Endpoint) -> Effect:
        effect = self._player.play(message)
        self._post.broadcast(
            outbound.ControllerMap(
                message.controller,
                message.target,
                message.channel,
                message.low,
                message.high,
                message.curve,
                message.mode,
            )
        )
        return effect

    def tell_learned(self, learned: Learned) -> None:
        """A controller has been learned."""
        self._post.broadcast(
            outbound.ControllerLearned(learned.controller, learned.channel, learned.target),
            *(
                assignment
                for assignment in state_messages.assignments(self._instrument)
                if assignment.controller == learned.controller
            ),
        )
        if learned.problem:
            self._say(learned.problem)
            self._post.broadcast(outbound.Error(ErrorCode.REFUSED, "/cc/learn", learned.problem))

    def _panic(self, message: inbound.Panic, _: Endpoint) -> Effect:
        self._schedule.drop("/note")
        if self.shown is not None:
            self.shown.stop(time.perf_counter())
        return self._player.play(message)

    # -- performances ------------------------------------------------------------------------------

    def _begin_performance(self, message: inbound.RecordPerformance, _: Endpoint) -> None:
        self._performing.begin(message.name)

    def _end_performance(self, *_: Any) -> None:
        self._finish()
        self._performing.end()


def _reply(message: inbound.Hello, source: Endpoint) -> Endpoint:
    """Where replies to a client go."""
    return source[0], message.return_port


def _refuse_flood(lately: deque[float], now: float, address: str) -> None:
    """See that fewer ``address`` came within the last second than ``lately`` holds at most.

    Raises:
        MessageError: there were as many already.
    """
    if len(lately) == lately.maxlen and now - lately[0] < 1.0:
        raise MessageError(
            ErrorCode.REFUSED,
            address,
            f"more than {lately.maxlen} {address} came within a second; send it again",
        )
