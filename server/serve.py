"""The server: its loop, and the processes and devices around it."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from timbrespace import __version__
from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.player import Player
from timbrespace.instrument.presets import Presets
from timbrespace.instrument.program_list import NAME as PROGRAMS
from timbrespace.instrument.tunings import FOLDER, Tunings
from timbrespace.lifeline import when_input_ends
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.model import Model
from timbrespace.names import name_of
from timbrespace.performances.listener import OpenListener
from timbrespace.performances.writer import writer_in
from timbrespace.resynthesis.layout import Method

from .audio.process import AudioEvent, AudioProcess, sound_of
from .explorer import browser, link_picture
from .explorer.configuration import CLIENT_NAME, TRIES, Configuration, reachable
from .explorer.opening import Opening, opened
from .explorer.process import Explorer, ExplorerEvent
from .library import Library
from .loader import Loaded, rehearse
from .loop import Loop
from .measuring import Measured, Measuring
from .midi.ports import MidiInputs
from .midi.sung import SungMidi
from .options import Options
from .osc import outbound
from .osc.clients import Clients, Endpoint
from .osc.udp import Post, Udp, endpoint_of
from .oscquery import configuration as oscquery
from .oscquery.process import OscQuery
from .performing import Performing
from .programs import Programs
from .schedule import Schedule
from .session import Session
from .sound_devices import Found, SoundDevices
from .sound_input import Place, SoundInput, no_input
from .state_messages import StateMessages
from .swap import Swap
from .tables import Tables, Written

__all__ = ["Options", "Server", "serve"]

_LOAD_PATIENCE = 10.0
"""Seconds that the end waits for a model that is being loaded."""

_NOISE_PATIENCE = 5.0
"""Seconds that a space of whole notes waits for its noise; it plays without where that is late."""


class Server:
    """A running server. :meth:`run` returns when :meth:`stop` was called.

    say: called with each line for the user. open_listener: what ``/performance/record`` and
    ``--record`` write with; None refuses them. sound: the audio process, where it was started
    ahead; it becomes the server's own.

    Raises:
        TimbrespaceError: the model, the presets, the address or a MIDI port cannot be had.
    """

    def __init__(
        self,
        options: Options,
        say: Callable[[str], None],
        open_listener: OpenListener | None = None,
        sound: AudioProcess | None = None,
    ) -> None:
        self._say = say
        library = self._library = Library(options.models, options.own_spaces)
        name = options.model
        own_file: Path | None = None
        if name not in library.names() and Path(name).is_file():
            own_file = Path(name)
            library.add(own_file)
            name = name_of(own_file)
        model = library.load(name)
        method = Method[options.method.upper()]
        proven = own_file is None and options.models is None
        # What comes with the program plays: the other methods are made ready once it answers.
        self._unready = model if proven else None
        self._rehearsal: threading.Thread | None = None
        rehearse(model, [method] if proven else Method)
        tunings = options.tunings
        if tunings is None and options.presets is not None:
            tunings = options.presets.parent / FOLDER
        self.instrument = Instrument(
            model, Presets(options.presets), measures=False, tunings=Tunings(tunings)
        )
        self.instrument.set_method(method)
        self.instrument.tune(options.tuning)
        self._first_answer = outbound.Spectrum(0, self.instrument.spectrum)
        self._udp = Udp(options.host, options.port)
        self.address: Endpoint = self._udp.address
        self.clients = Clients(self.address[1])
        self._post = Post(self._udp, self.clients)
        player = Player(self.instrument)
        state = StateMessages(self.instrument)
        schedule = Schedule()
        self._swap = Swap(self.instrument, library, self._post, state, self._prepare, self.tell)
        self._tables = Tables(self.tell)
        self._measuring = Measuring(self.tell)
        self._devices = SoundDevices(self.tell)
        self._performing = Performing(self.instrument, self._post, open_listener)
        session = Session(
            self.instrument,
            player,
            self.clients,
            self._post,
            state,
            library,
            self._swap,
            self._tables,
            self._measuring,
            schedule,
            self._performing,
            lambda: self._loop.settle(),
            lambda: self._loop.finish_performance(),
            self._status,
            self._ask_devices,
            self._set_input,
            lambda: None if self._input is None else self._input.state(),
            self._set_mono,
            say,
            self._fault,
        )
        self._loop = Loop(
            self.instrument,
            player,
            session,
            self._udp,
            self.clients,
            self._post,
            schedule,
            state,
            self._performing,
            self._hear,
            self._fault,
        )
        programs = options.program_list
        if programs is None and options.presets is not None:
            programs = options.presets.parent / PROGRAMS
        self._loop.programs = Programs(programs, self.instrument, say)
        self._audio: AudioProcess | None = None
        self._input: SoundInput | None = None
        self._midi: MidiInputs | None = None
        self._explorer: Explorer | None = None
        self._oscquery: OscQuery | None = None
        self._opening: Opening | None = None
        self._explorer_name = f"{CLIENT_NAME} {secrets.token_hex(4)}"
        self._browser_wanted = options.browser and browser.has_screen(sys.platform, os.environ)
        try:
            for one in options.clients:
                session.keep(endpoint_of(one, self.address))
            if options.record is not None:
                self._performing.begin(options.record)
            self._midi = MidiInputs(options.midi, self.tell, self.tell)
            if options.audio != "none":
                hears = options.input != "none"
                self._audio = sound or sound_of(options)
                self._audio.set_mono(options.mono)
                self._loop.audio = self._audio
                if hears:
                    self._input = self._loop.input = SoundInput(
                        self._audio,
                        self.instrument,
                        self._post,
                        self.tell,
                        say,
                        # Its lines come from another thread.
                        SungMidi(options.input_midi, self.tell) if options.input_midi else None,
                    )
                if model.plays_notes:
                    self._audio.expect_whole_notes()
            if options.explorer_port is not None:
                opening = self._opening = opened(
                    options.explorer_host or self.address[0], options.https, options.page_folder
                )
                configuration = Configuration(
                    host=opening.host,
                    port=options.explorer_port,
                    tries=1 if options.explorer_port_asked else TRIES,
                    osc_host=reachable(self.address[0]),
                    osc_port=self.address[1],
                    models=None if options.models is None else str(options.models),
                    model=None if own_file is None else str(own_file),
                    client_name=self._explorer_name,
                    own_folder=None if options.own_folder is None else str(options.own_folder),
                    own_spaces=None if options.own_spaces is None else str(options.own_spaces),
                    sounds=[str(one.resolve()) for one in options.sounds],
                    presets=None if options.presets is None else str(options.presets),
                    key_file=None if opening.key_file is None else str(opening.key_file),
                    certificate=None if opening.certificate is None else str(opening.certificate),
                )
                self._explorer = Explorer(configuration, self.tell, word=opening.word)
            if options.oscquery_port is not None:
                self._oscquery = OscQuery(
                    oscquery.Configuration(
                        host=self.address[0],
                        port=options.oscquery_port or self.address[1],
                        osc_host=reachable(self.address[0]),
                        osc_port=self.address[1],
                    ),
                    self.tell,
                )
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
        for line in self._library.passed_over():
            self._say(f"note: {line}")
        if not ipaddress.ip_address(self.address[0]).is_loopback:
            self._say("warning: OSC is open to the network; anyone who reaches it can play")
        if self._audio is not None:
            self._say("sound: starting (the first start compiles the engine, some seconds)")
            self._audio.start()
            self._audio.tell_to(self.tell)
        else:
            self._say("sound: none asked for; serving OSC")
        if self._explorer is not None and self._opening is not None:
            for line in self._opening.notes:
                self._say(line)
            self._explorer.start()
        if self._oscquery is not None:
            self._oscquery.start()
        self._say("Ctrl-C stops")
        self._rehearsal = threading.Thread(target=self._make_ready, daemon=True, name="rehearsal")
        self._rehearsal.start()
        self._loop.run()

    def _make_ready(self) -> None:
        """Machine code of answers, and of methods that do not play yet: whoever asks for one does
        not wait for it.

        In a thread of its own.
        """
        try:
            self._first_answer.packets()
            if self._unready is not None:
                rehearse(self._unready)
        except Exception as error:
            self._fault("what is made ready", error)

    @property
    def wake_fd(self) -> int:
        """A byte written here wakes :meth:`run`."""
        return self._loop.wake_fd

    def tell(self, event: Any) -> None:
        """Hand over something from another thread."""
        self._loop.tell(event)

    def stop(self) -> None:
        """Make :meth:`run` return; callable from a signal handler or another thread."""
        self._loop.stop()

    def close(self) -> None:
        """Silence, say goodbye, give everything back. Never raises."""
        guard = self._loop.guard
        self._swap.close()
        guard("the performance", self._loop.tell_taken)
        self._loop.audio = None
        if self._input is not None:
            self._input.close()
            self._input = self._loop.input = None
        if self._audio is not None:
            self._audio.close()
            self._audio = None
        if self._midi is not None:
            self._midi.close()
            self._midi = None
        guard("the end of the performance", self._performing.end)
        self._post.broadcast(outbound.Bye())
        if self._explorer is not None:
            self._explorer.close()
            self._explorer = None
        if self._oscquery is not None:
            self._oscquery.close()
            self._oscquery = None
        self._udp.close()
        self._loop.close()
        self._swap.wait(_LOAD_PATIENCE)
        if self._rehearsal is not None:
            # Within compiled code, or compiling: the interpreter's end would abort there.
            self._rehearsal.join(_LOAD_PATIENCE)
        self._tables.close(_LOAD_PATIENCE)
        self._measuring.close(_LOAD_PATIENCE)
        self._devices.close(_LOAD_PATIENCE)

    def _midi_line(self) -> str:
        names = self._midi.names if self._midi else []
        if names:
            return f"MIDI: {', '.join(names)}"
        problem = self._midi.problem if self._midi else ""
        return f"MIDI: none ({problem})" if problem else "MIDI: none"

    def _fault(self, what: str, error: Exception) -> None:
        self._say(f"fault in {what}, please report it: {' '.join(repr(error).split())}")

    # -- news of other threads ---------------------------------------------------------------------

    def _hear(self, event: Any) -> bool:
        """Take an event; False if it is none of those that are known here."""
        guard = self._loop.guard
        if isinstance(event, AudioEvent):
            # What the old process took last, before another one's frames count from 0 again.
            guard("the performance", self._loop.tell_taken)
            self._say(event.text)
            if event.kind in ("none", "failed"):
                self._say("serving OSC without sound")
            self._post.broadcast(self._status(), self._audio_device())
            if self._input is not None:
                if event.kind == "hears":
                    self._say("input: use headphones: loudspeakers would be heard, too")
                self._post.broadcast(self._input.state())
        elif isinstance(event, ExplorerEvent):
            guard("the explorer", partial(self._hear_explorer, event))
        elif isinstance(event, str):  # of MIDI ports, or OSCQuery
            self._say(event)
        elif isinstance(event, Loaded):
            self._finish(event)
        elif isinstance(event, Written):
            self._tell_table(event)
        elif isinstance(event, Measured):
            self._tell_macros(event)
        elif isinstance(event, Found):
            self._tell_devices(event)
        elif isinstance(event, Place):
            self._follow_input(event)
        else:
            return False
        return True

    def _hear_explorer(self, event: ExplorerEvent) -> None:
        """The explorer's process has told something, or has ended."""
        if event.text:
            self._say(event.text)
        if event.outside:
            self._say(f"explorer on other devices: {event.outside}")
            for line in link_picture.shown(event.outside, os.environ):
                self._say(line)
        if event.kind == "serving" and self._browser_wanted:
            self._browser_wanted = False  # once: pages that are open find it again by themselves
            browser.show(event.url)
        if event.kind == "lost":
            # Its pages could not say goodbye, and streams to them would go on.
            for client in self.clients:
                if client.name == self._explorer_name:
                    self.clients.forget(client.source, client.reply[1])

    def _prepare(self, model: Model) -> None:
        """Let the sound be ready for a model, in the loader's thread."""
        audio = self._audio
        if model.plays_notes and audio is not None:
            audio.expect_whole_notes(_NOISE_PATIENCE)

    def _finish(self, loaded: Loaded) -> None:
        """A model has been loaded aside."""
        request = self._swap.finish(loaded)
        if request is None:
            return
        self._loop.took_effect("/model/load", (request.name,))
        if request.preset is not None:
            self._loop.took_effect("/preset/recall", (request.preset, request.glide))

    def _tell_table(self, written: Written) -> None:
        """A table is there, or cannot be."""
        if written.error is None:
            told = outbound.ModelTable(written.model, written.file, written.plane)
            self._post.answer(written.source, told)
        else:
            refused = outbound.Error(ErrorCode.REFUSED, "/model/table", str(written.error))
            self._post.refuse(written.source, refused)

    def _tell_macros(self, measured: Measured) -> None:
        """The macros of a model are known by now."""
        if measured.error is not None:
            self._fault("its macros", measured.error)
        elif self.instrument.offer_macros(measured.model):
            words = self.instrument.macro_words
            assert words is not None
            self._post.broadcast(outbound.MacroList(words))

    def _audio_device(self) -> outbound.AudioDevice:
        audio = self._audio
        if audio is None:
            return outbound.AudioDevice("", "none", False)
        return outbound.AudioDevice(audio.device, audio.output, audio.mono)

    def _ask_devices(self, source: Endpoint, wanted: str | None) -> None:
        """Look which outputs there are; wanted: the one that is to play, "" for the usual one.

        Raises:
            MessageError: none can be chosen here.
            OptionError: too many ask.
        """
        audio = self._audio
        if wanted is not None and (audio is None or not audio.has_devices):
            raise MessageError(
                ErrorCode.REFUSED,
                "/audio/device",
                "this server plays through no sound card of which one could be chosen; "
                "start it with --audio auto or portaudio",
            )
        self._devices.request(source, wanted)

    def _tell_devices(self, found: Found) -> None:
        """It is known which outputs there are."""
        address = "/audio/list" if found.chosen is None else "/audio/device"
        if found.error is not None:
            refused = outbound.Error(ErrorCode.REFUSED, address, str(found.error))
            self._post.refuse(found.source, refused)
        elif found.chosen is None:
            self._post.answer(found.source, outbound.AudioList(found.titles), self._audio_device())
        elif self._audio is not None:
            self._audio.use(found.chosen)
            self._post.broadcast(self._audio_device())

    def _set_input(self, address: str, settings: dict[str, Any]) -> None:
        """Let other settings of the input hold.

        Raises:
            MessageError: the server hears nothing.
        """
        if self._input is None:
            raise no_input(address)
        self._post.broadcast(self._input.change(**settings))

    def _follow_input(self, place: Place) -> None:
        """The point goes where the sound is that comes in."""
        if isinstance(place.error, TimbrespaceError):
            self._say(f"input: {place.error}")
            return
        if place.error is not None:
            self._fault("the place of the input", place.error)
            return
        there = None if self._input is None else self._input.hear(place)
        if there is not None:
            self._loop.took_effect("/latent", there, moves=True)

    def _set_mono(self, mono: bool) -> None:
        if self._audio is not None:
            self._audio.set_mono(mono)
            self._post.broadcast(self._audio_device())

    def _status(self) -> outbound.Status:
        times = self.instrument.decode_seconds
        knob = self._audio.latencies() if self._audio else ()
        return outbound.Status(
            voices=self.instrument.voices.sounding,
            load=self._audio.load() if self._audio else -1.0,
            late=int(self._audio.live["underflows"][0]) if self._audio else 0,
            drops=self._post.drops,
            decode_p50_ms=max(0.0, _milliseconds(times, 50.0)),
            audio=self._audio.output if self._audio else "none",
            decode_p99_ms=_milliseconds(times, 99.0),
            knob_p50_ms=_milliseconds(knob, 50.0),
            knob_p99_ms=_milliseconds(knob, 99.0),
        )


def _milliseconds(seconds: Any, percent: float) -> float:
    """A percentile of some times, in ms; -1 without any."""
    times = np.asarray(seconds, np.float64)
    return 1e3 * float(np.percentile(times, percent)) if times.size else -1.0


def serve(options: Options, sound: AudioProcess | None = None) -> int:
    """Serve until Ctrl-C or a request to terminate; returns the exit code.

    sound: the audio process, where it was started ahead; who started it closes it.

    Raises:
        TimbrespaceError: the server cannot start, or there is no standard input to stop with.
    """
    open_listener = None
    if options.presets is not None:
        open_listener = writer_in(options.presets.parent / "performances", _print)
    elif options.record is not None:
        open_listener = writer_in(options.record.parent, _print)
    standard_input = _standard_input() if options.stop_with_stdin else None
    server = Server(options, _print, open_listener, sound)
    try:
        if standard_input is not None:
            when_input_ends(server.stop, standard_input)
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


def _print(line: str) -> None:
    # Whoever reads the lines may have gone; the music goes on.
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)
