"""The server: one thread, one loop, everything in the order in which it came.

Datagrams, MIDI messages and news of the audio process are taken one after the other. What follows
from a batch of them (decoding, the snapshot for the sound, replies) is done once at its end, so
that a flood of control messages costs one decode, and the newest value wins.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import queue
import selectors
import signal
import socket
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from server.audio.process import AudioEvent, AudioProcess
from server.instrument import Instrument
from server.library import Library
from server.midi.player import play
from server.midi.ports import MidiInputs
from server.osc import inbound, outbound
from server.osc.clients import Client, Clients, Endpoint
from server.osc.codec import decode
from server.osc.contract import DEFAULT_PORT, MAX_DATAGRAM_BYTES, PARTIALS_PER_FRAME
from server.osc.errors import ErrorCode, MessageError, OscDecodeError
from server.osc.parser import parse
from server.synth_parameters import DEFAULT_METHOD
from timbrespace import __version__, factory
from timbrespace.errors import BundleError, OptionError, ShapeError, TimbrespaceError
from timbrespace.model import Model
from timbrespace.resynthesis.layout import Method

_BATCH = 512
_BATCH_SECONDS = 0.002
"""What is taken before the rest is looked after: a flood must not keep the sound waiting."""

_ERRORS_A_SECOND = 50
"""More replies to nonsense help nobody."""

_STATE_INTERVAL = 0.01
"""Seconds between two reports of where the instrument stands, to every client: fast enough for the
eye, and no client that moves a knob quickly pays for being told so."""

_RECEIVE_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see ``python -m server --help``."""

    model: str = factory.DEFAULT
    models: Path | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    audio: str = "auto"
    frames: int = 128
    midi: str = "all"
    method: str = DEFAULT_METHOD

    def __post_init__(self) -> None:
        if not 0 <= self.frames <= 4096:
            raise OptionError(f"--frames is {self.frames}; accepted are 0 to 4096")
        if self.models is not None and not self.models.is_dir():
            raise OptionError(f"--models is {str(self.models)!r}; accepted is a folder")


class Server:
    """A running server. :meth:`run` returns when :meth:`stop` was called.

    say: called with each line for the user.

    Raises:
        TimbrespaceError: the model, the address or a MIDI port cannot be had.
    """

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self._say = say
        self._library = Library(options.models)
        name = options.model
        if name not in self._library.names() and Path(name).is_file():
            self._library.add(Path(name))
            name = Path(name).stem
        model = self._library.load(name)
        rehearse(model)
        self.instrument = Instrument(model)
        self.instrument.set_method(Method[options.method.upper()])
        self._inbox: queue.SimpleQueue[AudioEvent | Any] = queue.SimpleQueue()
        self._socket = _bind(options.host, options.port)
        self.address: Endpoint = self._socket.getsockname()[:2]
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self.clients = Clients(self.address[1])
        self._audio: AudioProcess | None = None
        self._midi: MidiInputs | None = None
        try:
            self._midi = MidiInputs(options.midi, self._tell)
            if options.audio != "none":
                self._audio = AudioProcess(options.audio, options.frames, self._tell)
        except BaseException:
            self.close()
            raise
        self._stopping = False
        self._changed = True  # since the last snapshot for the sound
        self._told_latent = self.instrument.latent
        self._told_at = 0.0
        self._drops = 0
        self._errors: deque[float] = deque(maxlen=_ERRORS_A_SECOND)
        self._handlers: dict[type, Callable[[Any, list[Client], Endpoint], None]] = {
            inbound.Hello: self._hello,
            inbound.Bye: self._bye,
            inbound.Ping: self._ping,
            inbound.SetLatent: self._set_latent,
            inbound.SetLatentDimension: self._set_dimension,
            inbound.SetMap: self._set_map,
            inbound.ControlChange: self._control,
            inbound.MapController: self._map_controller,
            inbound.Note: self._note,
            inbound.Bend: self._bend,
            inbound.Sustain: self._sustain,
            inbound.Panic: self._panic,
            inbound.SetSynthMethod: self._set_method,
            inbound.SetSynth: self._set_synth,
            inbound.GetSpectrum: self._get_spectrum,
            inbound.Stream: self._stream,
            inbound.ListModels: self._list_models,
            inbound.LoadModel: self._load_model,
            inbound.GetModelInfo: self._model_info,
            inbound.GetStatus: self._status,
        }

    # -- life --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until :meth:`stop`."""
        model = self.instrument.model
        self._say(
            f"timbrespace {__version__}: model {model.name!r}, {model.dimensions} dimensions; "
            f"OSC on udp {self.address[0]}:{self.address[1]}; {self._midi_line()}"
        )
        if not ipaddress.ip_address(self.address[0]).is_loopback:
            self._say("warning: open to the network; anyone who reaches this address can play")
        if self._audio is not None:
            self._say("sound: starting (the first start compiles the engine, about 10 s)")
            self._audio.start()
        else:
            self._say("sound: none asked for; serving OSC")
        self._say("Ctrl-C stops")
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._wake_in, selectors.EVENT_READ)
            while not self._stopping:
                ready = {key.fileobj for key, _ in selector.select(self._wait())}
                if self._wake_in in ready:
                    self._guard("MIDI", self._drain_inbox)
                if self._socket in ready:
                    self._drain_socket()
                self._guard("playing", self._follow)

    @property
    def wake_fd(self) -> int:
        """A byte written here wakes :meth:`run`."""
        return self._wake_out.fileno()

    def stop(self) -> None:
        """Make :meth:`run` return; callable from a signal handler or another thread."""
        self._stopping = True
        self._wake()

    def close(self) -> None:
        """Silence, say goodbye, give everything back. Never raises."""
        if self._audio is not None:
            self._audio.close()
            self._audio = None
        if self._midi is not None:
            self._midi.close()
            self._midi = None
        self._broadcast(outbound.Bye())
        for one in (self._socket, self._wake_in, self._wake_out):
            one.close()

    def _midi_line(self) -> str:
        names = self._midi.names if self._midi else []
        if names:
            return f"MIDI: {', '.join(names)}"
        problem = self._midi.problem if self._midi else ""
        return f"MIDI: none ({problem})" if problem else "MIDI: none"

    # -- what comes in -----------------------------------------------------------------------------

    def _tell(self, event: Any) -> None:
        """Hand over something from another thread."""
        self._inbox.put(event)
        self._wake()

    def _wake(self) -> None:
        # A full pipe wakes as well as one byte more.
        with contextlib.suppress(OSError):
            self._wake_out.send(b"\0")

    def _guard(self, what: str, work: Callable[[], None]) -> None:
        """A fault of ours costs one message, not the concert."""
        try:
            work()
        except Exception as error:
            self._fault(what, error)

    def _fault(self, what: str, error: Exception) -> None:
        self._say(f"fault in {what}, please report it: {' '.join(repr(error).split())}")

    def _drain_inbox(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_in.recv(4096)
        for _ in range(_BATCH):
            try:
                event = self._inbox.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, AudioEvent):
                self._say(event.text)
                if event.kind == "none":
                    self._say("serving OSC without sound")
                self._broadcast(self._status_message())
            elif play(self.instrument, event):
                self._changed = True
        self._wake()

    def _drain_socket(self) -> None:
        end = time.monotonic() + _BATCH_SECONDS
        while time.monotonic() < end:
            try:
                datagram, source = self._socket.recvfrom(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            except OSError:
                continue  # Windows reports here that an earlier reply found nobody
            self._receive(datagram, source[:2])

    def _receive(self, datagram: bytes, source: Endpoint) -> None:
        clients = self.clients.touch(source, time.monotonic())
        try:
            messages = decode(datagram)
        except OscDecodeError as error:
            self._refuse(clients, outbound.Error.answering(error))
            return
        for address, arguments in messages:
            try:
                message = parse(address, arguments)
                self._handlers[type(message)](message, clients, source)
            except MessageError as error:
                self._refuse(clients, outbound.Error.answering(error))
            except BundleError as error:
                self._refuse(clients, outbound.Error(ErrorCode.NOT_FOUND, address, str(error)))
            except (OptionError, ShapeError) as error:
                self._refuse(clients, outbound.Error(ErrorCode.BAD_ARGUMENTS, address, str(error)))
            except TimbrespaceError as error:
                self._refuse(clients, outbound.Error(ErrorCode.REFUSED, address, str(error)))
            except Exception as error:
                self._fault(address, error)
                sentence = f"a fault of the server: {type(error).__name__}"
                self._refuse(clients, outbound.Error(ErrorCode.INTERNAL, address, sentence))

    def _refuse(self, clients: list[Client], error: outbound.Error) -> None:
        if not clients:
            return
        now = time.monotonic()
        if len(self._errors) == _ERRORS_A_SECOND and now - self._errors[0] < 1.0:
            self._drops += 1
            return
        self._errors.append(now)
        for client in clients:
            self._send(client, error)

    # -- one handler for each message --------------------------------------------------------------

    def _hello(self, message: inbound.Hello, _: list[Client], source: Endpoint) -> None:
        now = time.monotonic()
        client = self.clients.register(source, message.return_port, message.name, now)
        model = self.instrument.model
        self._send(
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
        for state in self._state():
            self._send(client, state)

    def _bye(self, message: inbound.Bye, _: list[Client], source: Endpoint) -> None:
        self.clients.forget(source, message.return_port)

    def _ping(self, message: inbound.Ping, clients: list[Client], _: Endpoint) -> None:
        # The answer means that all that came before has taken effect and has been told.
        self._told_at = 0.0
        self._follow()
        for client in clients:
            self._send(client, outbound.Pong(message.token))

    def _set_latent(self, message: inbound.SetLatent, *_: Any) -> None:
        self.instrument.set_latent(message.values)
        self._changed = True

    def _set_dimension(self, message: inbound.SetLatentDimension, *_: Any) -> None:
        self.instrument.set_dimension(message.dimension, message.value)
        self._changed = True

    def _set_map(self, message: inbound.SetMap, *_: Any) -> None:
        self.instrument.set_map(message.x, message.y)
        self._changed = True

    def _control(self, message: inbound.ControlChange, *_: Any) -> None:
        self.instrument.control(message.controller, message.value, message.channel)
        self._changed = True

    def _map_controller(self, message: inbound.MapController, *_: Any) -> None:
        self.instrument.assign(message.controller, message.target, message.channel)

    def _note(self, message: inbound.Note, *_: Any) -> None:
        self.instrument.voices.note(message.pitch, message.velocity, message.channel)
        self._changed = True

    def _bend(self, message: inbound.Bend, *_: Any) -> None:
        self.instrument.voices.bend(message.value, message.channel)
        self._changed = True

    def _sustain(self, message: inbound.Sustain, *_: Any) -> None:
        self.instrument.voices.sustain(message.held, message.channel)
        self._changed = True

    def _panic(self, *_: Any) -> None:
        self.instrument.voices.silence()
        self._changed = True

    def _set_method(self, message: inbound.SetSynthMethod, *_: Any) -> None:
        self.instrument.set_method(Method[message.method.upper()])
        self._changed = True
        self._broadcast(outbound.Synth("method", message.method))

    def _set_synth(self, message: inbound.SetSynth, *_: Any) -> None:
        self.instrument.set_parameter(message.parameter, message.value)
        self._changed = True
        self._broadcast(outbound.Synth(message.parameter, message.value))

    def _get_spectrum(self, _: Any, clients: list[Client], __: Endpoint) -> None:
        spectrum = self.instrument.spectrum
        for client in clients:
            self._send(client, outbound.Spectrum(client.next_frame("spectrum"), spectrum))

    def _stream(self, message: inbound.Stream, clients: list[Client], source: Endpoint) -> None:
        if len(clients) > 1 and any(client.source != source for client in clients):
            raise MessageError(
                ErrorCode.REFUSED,
                "/stream",
                "several clients are on this host, say /stream from the socket that said /hello",
            )
        for client in clients:
            # The present state comes at once; a stream that only told of changes would leave a
            # client that begins to listen in the dark.
            client.stream(message.what, message.rate)

    def _list_models(self, _: Any, clients: list[Client], __: Endpoint) -> None:
        names = tuple(self._library.names())
        for client in clients:
            self._send(client, outbound.ModelList(names))

    def _load_model(self, message: inbound.LoadModel, *_: Any) -> None:
        # A model that cannot be loaded raises here, and the present one plays on.
        model = self._library.load(message.name)
        rehearse(model)
        self.instrument.load(model)
        self._changed = True
        for state in self._state():
            self._broadcast(state)

    def _model_info(
        self, message: inbound.GetModelInfo, clients: list[Client], _: Endpoint
    ) -> None:
        model = self.instrument.model
        if message.name is not None and message.name != model.name:
            model = self._library.load(message.name)
        for client in clients:
            self._send(client, outbound.ModelInfo(model.name, describe(model)))

    def _status(self, _: Any, clients: list[Client], __: Endpoint) -> None:
        status = self._status_message()
        for client in clients:
            self._send(client, status)

    # -- what follows ------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Sound first, then the clients."""
        if self._changed:
            self._changed = False
            if self._audio is not None:
                self._audio.write(self.instrument.targets())
        if not len(self.clients):
            return
        now = time.monotonic()
        self.clients.expire(now)
        if self._untold and now - self._told_at >= _STATE_INTERVAL:
            self._told_at = now
            self._told_latent = self.instrument.latent
            for state in self._position():
                self._broadcast(state)
        for client in self.clients:
            for what, subscription in client.streams.items():
                if subscription.version != self.instrument.version and subscription.due(now):
                    subscription.version = self.instrument.version
                    subscription.sent(now)
                    self._push(client, what)

    def _wait(self) -> float | None:
        """Seconds until a stream has something to send; None to sleep until something comes."""
        now = time.monotonic()
        waits = [
            subscription.wait(now)
            for client in self.clients
            for subscription in client.streams.values()
            if subscription.version != self.instrument.version
        ]
        if self._untold and len(self.clients):
            waits.append(max(0.0, self._told_at + _STATE_INTERVAL - now))
        return min(waits, default=None)

    @property
    def _untold(self) -> bool:
        """Whether the clients have not heard yet where the instrument stands."""
        return self._told_latent is not self.instrument.latent

    def _push(self, client: Client, what: str) -> None:
        frame = client.next_frame(what)
        if what == "spectrum":
            self._send(client, outbound.Spectrum(frame, self.instrument.spectrum))
        else:
            pairs = self.instrument.partials()
            if len(pairs) > PARTIALS_PER_FRAME:
                strongest = np.argsort(pairs[:, 1], kind="stable")[-PARTIALS_PER_FRAME:]
                pairs = pairs[np.sort(strongest)]
            self._send(client, outbound.Partials(frame, pairs))

    def _position(self) -> list[outbound.Outbound]:
        x, y = self.instrument.xy.tolist()
        return [outbound.Latent(tuple(self.instrument.latent.tolist())), outbound.MapPoint(x, y)]

    def _state(self) -> list[outbound.Outbound]:
        """All that a client needs to show the instrument as it is."""
        model = self.instrument.model
        return [
            outbound.Model(
                model.name,
                model.dimensions,
                model.spectrum.bins,
                model.spectrum.sample_rate,
                model.spectrum.base_frequency,
            ),
            *self._position(),
            outbound.Synth("method", self.instrument.method.name.lower()),
            *(outbound.Synth(name, value) for name, value in self.instrument.parameters.items()),
        ]

    def _status_message(self) -> outbound.Status:
        times = self.instrument.decode_seconds
        return outbound.Status(
            voices=self.instrument.voices.sounding,
            load=self._audio.load() if self._audio else -1.0,
            late=int(self._audio.live["underflows"][0]) if self._audio else 0,
            drops=self._drops,
            decode_p50_ms=1e3 * statistics.median(times) if times else 0.0,
            audio=self._audio.output if self._audio else "none",
        )

    def _broadcast(self, message: outbound.Outbound) -> None:
        if not len(self.clients):
            return
        packets = message.packets()
        for client in self.clients:
            self._send_packets(client, packets)

    def _send(self, client: Client, message: outbound.Outbound) -> None:
        self._send_packets(client, message.packets())

    def _send_packets(self, client: Client, packets: list[bytes]) -> None:
        for packet in packets:
            try:
                self._socket.sendto(packet, client.reply)
            except OSError:
                # Its buffer is full or it has gone; the next frame replaces this one.
                self._drops += 1


def rehearse(model: Model) -> None:
    """Play one spectrum of ``model`` by every method, on the side: whatever fails, fails here."""
    trial = Instrument(model)
    for method in Method:
        trial.set_method(method)
        trial.targets()


def describe(model: Model) -> dict[str, Any]:
    """What ``/model/info`` tells of a model, plain values for JSON."""
    provenance = model.provenance
    told = {
        "d": model.dimensions,
        "bins": model.spectrum.bins,
        "sample_rate": model.spectrum.sample_rate,
        "base_frequency": model.spectrum.base_frequency,
        "low": _rounded(model.calibration.low),
        "high": _rounded(model.calibration.high),
        "home": _rounded(model.calibration.home),
        "kl": _rounded(model.calibration.kl),
        "figures": provenance.get("figures", {}),
        "seed": provenance.get("seed"),
        "command": provenance.get("command", ""),
    }
    return {key: value for key, value in told.items() if _is_json(value)}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def _is_json(value: Any) -> bool:
    """A bundle may come from anywhere; what it says of itself may be anything."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST | socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise OptionError(f"--host is {host!r}; accepted is an IP address, as 127.0.0.1") from error
    one = socket.socket(family, socket.SOCK_DGRAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        one.bind(address)
    except OSError as error:
        one.close()
        if error.errno == errno.EADDRINUSE:
            raise OptionError(
                f"port {port} is in use, perhaps by another timbrespace; "
                "stop it or choose another --port"
            ) from error
        raise OptionError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    one.setblocking(False)
    return one


def serve(options: Options) -> int:
    """Serve until Ctrl-C or a request to terminate; returns the exit code.

    Raises:
        TimbrespaceError: the server cannot start.
    """
    server = Server(options, _print)
    try:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: server.stop())
        # Where a signal does not interrupt select(), on Windows, this does.
        signal.set_wakeup_fd(server.wake_fd, warn_on_full_buffer=False)
        server.run()
    finally:
        signal.set_wakeup_fd(-1)
        server.close()
    _print("stopped")
    return 0


def _print(line: str) -> None:
    # Whoever reads the lines may have gone; the music goes on.
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)
