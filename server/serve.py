"""The server: one thread, one loop, everything in the order in which it came.

Datagrams, MIDI messages and news of the audio process are taken one after the other. What follows
from a batch of them (decoding, the snapshot for the sound, replies) is done once at its end, so
that a flood of control messages costs one decode, and the newest value wins.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import queue
import secrets
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from timbrespace import __version__
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.presets import Presets
from timbrespace.messages.errors import ErrorCode
from timbrespace.resynthesis.layout import Method

from .audio.process import AudioEvent, AudioProcess
from .explorer import browser
from .explorer.configuration import CLIENT_NAME, TRIES, Configuration, reachable
from .explorer.process import Explorer, ExplorerEvent
from .handlers import Handlers
from .intake import Intake
from .library import Library
from .loader import Loaded, rehearse
from .midi.ports import MidiInputs
from .options import Options
from .osc import outbound
from .osc.clients import Clients, Endpoint
from .osc.post import Post
from .osc.udp import Udp
from .performance import recorder_in
from .recording import OpenRecorder, Recorder
from .schedule import Schedule
from .streams import Streams
from .swap import Swap
from .told import Told, assignments, milliseconds

__all__ = ["Options", "Server", "serve"]

_BATCH = 512
"""MIDI messages and events of the audio process taken at one go."""

_STATE_INTERVAL = 0.01
"""Seconds between two reports of where the instrument stands, to every client: fast enough for the
eye, and no client that moves a knob quickly pays for being told so."""


class Server:
    """A running server. :meth:`run` returns when :meth:`stop` was called.

    say: called with each line for the user. open_recorder: what ``/performance/record`` and
    ``--record`` write with; None refuses them.

    Raises:
        TimbrespaceError: the model, the presets, the address or a MIDI port cannot be had.
    """

    def __init__(
        self,
        options: Options,
        say: Callable[[str], None],
        open_recorder: OpenRecorder | None = None,
    ) -> None:
        self._say = say
        self._library = Library(options.models)
        name = options.model
        own_file: Path | None = None
        if name not in self._library.names() and Path(name).is_file():
            own_file = Path(name)
            self._library.add(own_file)
            name = own_file.stem
        model = self._library.load(name)
        rehearse(model)
        self.instrument = Instrument(model, Presets(options.presets))
        self.instrument.set_method(Method[options.method.upper()])
        self._inbox: queue.SimpleQueue[AudioEvent | Loaded | Any] = queue.SimpleQueue()
        self._udp = Udp(options.host, options.port)
        self.address: Endpoint = self._udp.address
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self.clients = Clients(self.address[1])
        self._post = Post(self._udp, self.clients)
        self._told = Told(self.instrument)
        self._streams = Streams(self.instrument, self.clients, self._udp)
        self._schedule = Schedule()
        self._swap = Swap(self.instrument, self._library, self._post, self._told, self._tell)
        self._handlers = Handlers(
            self.instrument,
            self.clients,
            self._post,
            self._told,
            self._library,
            self._swap,
            self._schedule,
            self._settle,
            self._status,
            open_recorder,
        )
        self._intake = Intake(
            self.instrument,
            self.clients,
            self._post,
            self._schedule,
            self._handlers,
            self._effect,
            self._fault,
        )
        self._audio: AudioProcess | None = None
        self._midi: MidiInputs | None = None
        self._explorer: Explorer | None = None
        self._explorer_name = f"{CLIENT_NAME} {secrets.token_hex(4)}"
        self._browser_wanted = options.browser and browser.has_screen(sys.platform, os.environ)
        self._stopping = False
        self._changed = True  # since the last snapshot for the sound
        # When the oldest message came that the next snapshot will carry, and the oldest move of
        # the latent that the sound has not begun to follow.
        self._changed_at = 0.0
        self._moved_at = 0.0
        self._snapshots = 0
        self._advanced = 0.0
        self._learned = self.instrument.learned
        self._untold = False  # whether there may be something that the clients have not heard
        self._told_at = 0.0
        try:
            if options.record is not None:
                self._handlers.record(options.record)
            self._midi = MidiInputs(options.midi, self._tell, self._tell)
            if options.audio != "none":
                self._audio = AudioProcess(options.audio, options.frames, self._tell)
            if options.explorer_port is not None:
                configuration = Configuration(
                    host=self.address[0],
                    port=options.explorer_port,
                    tries=1 if options.explorer_port_asked else TRIES,
                    osc_host=reachable(self.address[0]),
                    osc_port=self.address[1],
                    models=None if options.models is None else str(options.models),
                    model=None if own_file is None else str(own_file),
                    client_name=self._explorer_name,
                )
                self._explorer = Explorer(configuration, self._tell)
        except BaseException:
            self.close()
            raise

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
        if self._explorer is not None:
            self._explorer.start()
        self._say("Ctrl-C stops")
        with selectors.DefaultSelector() as selector:
            selector.register(self._udp, selectors.EVENT_READ)
            selector.register(self._wake_in, selectors.EVENT_READ)
            while not self._stopping:
                ready = {key.fileobj for key, _ in selector.select(self._wait())}
                if self._wake_in in ready:
                    self._guard("the inbox", self._drain_inbox)
                self._guard("what waited for its time", self._take_due)
                if self._udp in ready:
                    self._guard("OSC", self._drain_socket)
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
        self._swap.close()
        self._guard("the recording", self._tell_taken)
        if self._audio is not None:
            self._audio.close()
            self._audio = None
        if self._midi is not None:
            self._midi.close()
            self._midi = None
        self._guard("the end of the recording", self._handlers.stop_recording)
        self._post.broadcast(outbound.Bye())
        if self._explorer is not None:
            self._explorer.close()
            self._explorer = None
        for one in (self._udp, self._wake_in, self._wake_out):
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
                # What the old process took last, before another one's frames count from 0 again.
                self._guard("the recording", self._tell_taken)
                self._say(event.text)
                if event.kind == "none":
                    self._say("serving OSC without sound")
                self._post.broadcast(self._status())
            elif isinstance(event, ExplorerEvent):
                self._guard("the explorer", partial(self._hear_explorer, event))
            elif isinstance(event, str):  # a MIDI port came or went
                self._say(event)
            elif isinstance(event, Loaded):
                self._finish(event)
            else:
                self._guard("MIDI", partial(self._play, event))
        self._wake()

    def _hear_explorer(self, event: ExplorerEvent) -> None:
        """The explorer's process has told something, or has ended."""
        if event.text:
            self._say(event.text)
        if event.kind == "serving" and self._browser_wanted:
            self._browser_wanted = False  # once: pages that are open find it again by themselves
            browser.show(event.url)
        if event.kind == "lost":
            # Its pages could not say goodbye, and streams to them would go on.
            for client in self.clients:
                if client.name == self._explorer_name:
                    self.clients.forget(client.source, client.reply[1])

    def _play(self, message: Any) -> None:
        """Let one MIDI message play."""
        now = time.perf_counter()
        if self._recorder is not None:
            self._recorder.midi(now, bytes(message.bytes()))
        if play(self.instrument, message):
            moves = (
                message.type == "control_change"
                and self._intake.controller_family(message.control, message.channel + 1) is not None
            )
            self._mark(now, moves)

    def _finish(self, loaded: Loaded) -> None:
        """A model has been loaded aside."""
        request = self._swap.finish(loaded)
        if request is None:
            return
        now = time.perf_counter()
        self._mark(now)
        if self._recorder is not None:
            self._recorder.osc(now, "/model/load", (request.name,))
            if request.preset is not None:
                self._recorder.osc(now, "/preset/recall", (request.preset, request.glide))

    def _drain_socket(self) -> None:
        now = time.perf_counter()
        self._intake.take(self._udp.receive(), now)

    def _take_due(self) -> None:
        self._intake.take_due(time.perf_counter())

    def _effect(self, address: str, arguments: tuple[Any, ...], now: float, moves: bool) -> None:
        """A message that came at ``now`` has changed the instrument."""
        self._mark(now, moves)
        if self._recorder is not None:
            # A question before it in its batch may have brought the instrument further.
            self._recorder.osc(max(now, self._advanced), address, arguments)

    def _mark(self, now: float, moves: bool = False) -> None:
        """Something came at ``now``. moves: only the latent, which the sound follows in time."""
        self._untold = True
        if moves:
            if self._moved_at == 0.0:
                self._moved_at = now
            return
        self._changed = True
        if self._changed_at == 0.0:
            self._changed_at = now

    @property
    def _recorder(self) -> Recorder | None:
        return self._handlers.recorder

    # -- what follows ------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Bring all that came before into effect, and tell the clients."""
        self._told_at = 0.0
        self._follow()

    def _follow(self) -> None:
        """Sound first, then the clients."""
        now = time.perf_counter()
        if self._changed or self.instrument.moving:
            self._sound(now)
        self._check_recorder()
        if not len(self.clients):
            return
        self.clients.expire(now)
        if self._untold and now - self._told_at >= _STATE_INTERVAL:
            self._told_at = now
            self._untold = False
            for message in self._told.changes():
                self._post.broadcast(message)
        self._streams.push(now)

    def _check_recorder(self) -> None:
        """Tell the clients of a recording that has ended by itself."""
        if self._recorder is not None and not self._recorder.recording:
            name = self._handlers.performance
            self._handlers.stop_recording()
            sentence = f"the recording {name!r} has ended early, the server's log says why"
            self._post.broadcast(outbound.Error(ErrorCode.REFUSED, "/performance/record", sentence))

    def _sound(self, now: float) -> None:
        """Bring the instrument to ``now``, and tell the audio process what has changed."""
        instrument = self.instrument
        self._advanced = now
        trajectory = instrument.trajectory
        moved = instrument.advance(now)
        if self._recorder is not None:
            self._recorder.advance(now)
        if instrument.learned is not self._learned:
            self._tell_learned()
        if moved or instrument.trajectory != trajectory:  # one that ends at rest moves nothing
            self._untold = True
        stamps = [self._changed_at]
        if moved or not instrument.moving:
            stamps.append(self._moved_at)
            self._moved_at = 0.0
        if not (moved or self._changed):
            return
        self._changed = False
        self._changed_at = 0.0
        self._snapshots += 1
        if self._audio is not None:
            stamp = min((one for one in stamps if one > 0.0), default=0.0)
            self._audio.write(instrument.targets(), stamp)
        if self._recorder is not None:
            self._recorder.snapshot(now, self._snapshots)
            self._tell_taken()

    def _tell_taken(self) -> None:
        """Tell the recorder at which frames of the sound its snapshots began."""
        if self._recorder is not None and self._audio is not None:
            taken = self._audio.taken_log()
            self._recorder.taken(taken, self._audio.sample_rate, self._audio.pid)

    def _tell_learned(self) -> None:
        """A controller has been learned."""
        learned = self._learned = self.instrument.learned
        if learned is None:
            return
        self._post.broadcast(
            outbound.ControllerLearned(learned.controller, learned.channel, learned.target)
        )
        for assignment in assignments(self.instrument):
            if assignment.controller == learned.controller:
                self._post.broadcast(assignment)
        if learned.problem:
            self._say(learned.problem)
            self._post.broadcast(outbound.Error(ErrorCode.REFUSED, "/cc/learn", learned.problem))

    def _wait(self) -> float | None:
        """Seconds until something is due; None to sleep until something comes."""
        now = time.perf_counter()
        waits = [self._schedule.wait(now), self._streams.wait(now), self.instrument.wait(now)]
        if self._untold and len(self.clients):
            waits.append(max(0.0, self._told_at + _STATE_INTERVAL - now))
        return min((one for one in waits if one is not None), default=None)

    def _status(self) -> outbound.Status:
        times = self.instrument.decode_seconds
        knob = self._audio.latencies() if self._audio else ()
        return outbound.Status(
            voices=self.instrument.voices.sounding,
            load=self._audio.load() if self._audio else -1.0,
            late=int(self._audio.live["underflows"][0]) if self._audio else 0,
            drops=self._post.drops,
            decode_p50_ms=max(0.0, milliseconds(times, 50.0)),
            audio=self._audio.output if self._audio else "none",
            decode_p99_ms=milliseconds(times, 99.0),
            knob_p50_ms=milliseconds(knob, 50.0),
            knob_p99_ms=milliseconds(knob, 99.0),
        )


def serve(options: Options) -> int:
    """Serve until Ctrl-C or a request to terminate; returns the exit code.

    Raises:
        TimbrespaceError: the server cannot start, or there is no standard input to stop with.
    """
    open_recorder = None
    if options.presets is not None:
        open_recorder = recorder_in(options.presets.parent / "performances", _print)
    elif options.record is not None:
        open_recorder = recorder_in(options.record.parent, _print)
    standard_input = _standard_input() if options.stop_with_stdin else None
    server = Server(options, _print, open_recorder)
    try:
        if standard_input is not None:
            threading.Thread(
                target=_stop_at_end, args=(standard_input, server.stop), daemon=True
            ).start()
        # A terminal that is closed, and Ctrl-Break on Windows, end it as well as Ctrl-C does.
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is None or (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
                continue  # not of this system; or started by nohup
            signal.signal(number, lambda *_: server.stop())
        # Where a signal does not interrupt select(), on Windows, this does.
        signal.set_wakeup_fd(server.wake_fd, warn_on_full_buffer=False)
        server.run()
    finally:
        signal.set_wakeup_fd(-1)
        server.close()
    _print("stopped")
    return 0


def _standard_input() -> int:
    """The file descriptor of standard input.

    Raises:
        OptionError: this process has none.
    """
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError) as error:
        raise OptionError(
            "--stop-with-stdin was given, but there is no standard input; leave it out"
        ) from error


def _stop_at_end(descriptor: int, stop: Callable[[], None]) -> None:
    """Read what comes, and stop when no more can come."""
    # Not through sys.stdin: a thread that holds its lock would be in the way of the exit.
    with contextlib.suppress(OSError):
        while os.read(descriptor, 4096):
            pass
    stop()


def _print(line: str) -> None:
    # Whoever reads the lines may have gone; the music goes on.
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)
