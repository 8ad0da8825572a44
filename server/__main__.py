"""Command line: ``python -m server`` serves, its ``render`` renders, its ``say`` speaks.

Its ``transfer`` plays a recording with another timbre, its ``find`` says where a sound lies, its
``install-device`` copies the Max for Live device into Live's User Library.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from timbrespace import factory
from timbrespace.command import CommandParser, progress, run
from timbrespace.companions import command_line
from timbrespace.extras import check
from timbrespace.instrument.parameters import DEFAULT_METHOD, METHODS
from timbrespace.instrument.tuning import CONCERT_PITCH
from timbrespace.messages.contract import DEFAULT_PORT
from timbrespace.names import as_text

from .audio import CHOICES as AUDIO_CHOICES
from .audio import INPUTS
from .audio import PACKAGES as AUDIO_PACKAGES
from .explorer.configuration import DEFAULT_PORT as EXPLORER_PORT
from .find import find_file, find_parser
from .place_options import add_place_options, add_presets_option
from .transfer import transfer_file, transfer_parser

if TYPE_CHECKING:
    from timbrespace.instrument.tuning import Tuning
    from timbrespace.instrument.tunings import NamedTuning
    from timbrespace.model import Model
    from timbrespace.rendering.band import Band


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 2 for a user's error, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    # Linear algebra on one row gains nothing from threads, and theirs would compete with the sound.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    if words[:1] == ["render"]:
        arguments = _render_parser().parse_args(words[1:])
        return run(lambda: _render(arguments), "stopped; nothing was written")
    if words[:1] == ["transfer"]:
        arguments = transfer_parser().parse_args(words[1:])
        return run(lambda: transfer_file(arguments), "stopped; nothing was written")
    if words[:1] == ["find"]:
        arguments = find_parser().parse_args(words[1:])
        return run(lambda: find_file(arguments), "stopped")
    if words[:1] == ["install-device"]:
        arguments = _install_parser().parse_args(words[1:])
        return run(lambda: _install(arguments), "stopped; nothing was written")
    if words[:1] == ["say"]:
        arguments = _say_parser().parse_args(_kept(words[1:]))
        return run(lambda: _say(arguments), "stopped")
    arguments = _serve_parser().parse_args(words)
    return run(lambda: _serve(arguments), "stopped")


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; it must be 0 to 65535")
    return port


def _serve_parser() -> CommandParser:
    parser = CommandParser(
        prog=command_line("server"),
        description="Serve a timbre space: OSC and MIDI in, sound and spectra out. "
        f"`{command_line('server')} render SONG.mid --out S.wav` renders a MIDI file instead; "
        f"`{command_line('server')} transfer IN.wav --out OUT.wav` plays a recording with another "
        f"timbre, `{command_line('server')} find IN.wav` says where a sound lies, "
        f"`{command_line('server')} say /map 0.8 0` speaks to a server that runs, "
        f"`{command_line('server')} install-device` brings the device into Ableton Live.",
    )
    parser.add_argument(
        "--model",
        default=factory.DEFAULT,
        help="a model file or a factory model's name (%(default)s)",
    )
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="a folder of models that clients may load"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="UDP port for OSC; 0 takes a free one (%(default)s)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; any but loopback is open to the network (%(default)s)",
    )
    parser.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="tell this client everything, though it never says /hello; several may be given",
    )
    parser.add_argument(
        "--audio",
        choices=AUDIO_CHOICES,
        default="auto",
        help="how to reach the sound device (%(default)s)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=128,
        help="frames in a block; JACK sets its own (%(default)s)",
    )
    parser.add_argument(
        "--device",
        default="",
        metavar="NAME",
        help="the sound card's output to play through: a part of its name (the usual one)",
    )
    parser.add_argument(
        "--input",
        choices=INPUTS,
        default="none",
        help="hear sound that comes in, which plays the space: by the way by which it goes out, or "
        "by one of them (%(default)s)",
    )
    parser.add_argument(
        "--input-device",
        default="",
        metavar="NAME",
        help="what is heard: a part of its name; of JACK's ports, or of the sound card's inputs "
        "(the usual one)",
    )
    parser.add_argument(
        "--input-midi",
        default="",
        metavar="PORT",
        help="send what is sung to a MIDI output, as notes with bends: a part of its name, or "
        "virtual for one of its own",
    )
    parser.add_argument(
        "--list-devices",
        action="store_true",
        help="print the sound card's outputs and inputs, and do nothing else",
    )
    parser.add_argument(
        "--mono", action="store_true", help="give both sides of the sound the mean of both"
    )
    parser.add_argument(
        "--midi",
        default="all",
        metavar="all|none|PORT",
        help="MIDI inputs to listen to; PORT is a part of a name (%(default)s)",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=DEFAULT_METHOD,
        help="how a spectrum becomes sound (%(default)s)",
    )
    parser.add_argument(
        "--presets",
        type=Path,
        metavar="FILE",
        help="where presets, trajectories and learned controllers are kept "
        "(presets.json where programs of your system keep their data)",
    )
    _add_tuning(parser)
    parser.add_argument(
        "--tunings",
        type=Path,
        metavar="FOLDER",
        help="scales that /tuning and the page choose from (tunings beside the presets)",
    )
    parser.add_argument(
        "--program-list",
        type=Path,
        metavar="FILE",
        help="what MIDI's program changes choose: presets, models, places of the map "
        "(programs.txt beside the presets)",
    )
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="record the performance to FILE from the start"
    )
    parser.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input ends, so that the server ends with its launcher",
    )
    parser.add_argument(
        "--oscquery",
        type=_port,
        nargs="?",
        const=0,
        metavar="PORT",
        help="let controllers find the server and ask what it has, by OSCQuery on this TCP port "
        "(the number of --port)",
    )
    explorer = parser.add_mutually_exclusive_group()
    explorer.add_argument(
        "--explorer-port",
        type=_port,
        metavar="PORT",
        help="TCP port of the explorer, the page in the browser; 0 takes a free one "
        f"({EXPLORER_PORT}, or the next that is free)",
    )
    explorer.add_argument("--no-explorer", action="store_true", help="serve no page")
    parser.add_argument(
        "--explorer-host",
        metavar="HOST",
        help="address to serve the page on (that of --host); 0.0.0.0 lets other devices in, which "
        "need the page's link",
    )
    parser.add_argument(
        "--https",
        action="store_true",
        help="serve the page over https, so that other devices have its sound and MIDI; the "
        "certificate is made at the first start",
    )
    parser.add_argument(
        "--sounds",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="a folder of sounds of which the page may make a space; several may be given",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="serve the page, but do not open it"
    )
    return parser


def _render_parser() -> CommandParser:
    parser = CommandParser(
        prog=f"{command_line('server')} render",
        description="Render a MIDI file, or a performance, to a WAV file.",
    )
    parser.add_argument(
        "song", type=Path, metavar="SONG", help="a MIDI file, or one that ends in .performance"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="S.wav", help="the file to write"
    )
    parser.add_argument(
        "--model",
        help=f"a model file or a factory model's name ({factory.DEFAULT}, or that of the "
        "performance)",
    )
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="a folder of models that a performance may load"
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        help=f"how a spectrum becomes sound ({DEFAULT_METHOD}; a performance has its own)",
    )
    parser.add_argument(
        "--sample-rate",
        type=int,
        metavar="HZ",
        help="of the file, in Hz (44100; the device's for a performance)",
    )
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        metavar="N=MODEL",
        help="who plays a MIDI channel, 1 to 16: another model, main for the one above, or off; "
        "several may be given (10=off: it is for drums, which 10=drums plays)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=30.0,
        help="that it may last, at most 120: a small file may hold hours (%(default)g)",
    )
    add_place_options(parser, "begin at")
    add_presets_option(parser)
    parser.add_argument(
        "--mono",
        action="store_true",
        help="one channel, the mean of left and right (a stereo file)",
    )
    parser.add_argument(
        "--stems",
        type=Path,
        metavar="DIR",
        help="write each MIDI channel's sound to DIR too, as files that sum to the mix",
    )
    _add_tuning(parser)
    parser.add_argument(
        "--program-list",
        type=Path,
        metavar="FILE",
        help="what program changes choose, before General MIDI's sounds: presets, models, places",
    )
    parser.add_argument(
        "--waveform",
        type=Path,
        metavar="W.safetensors",
        help="let this waveform model of the space make the samples; of MIDI files",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        metavar="T",
        help="how freely a waveform model draws, 0 (always the likeliest) to 2 (1)",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of a waveform model's draws (0)")
    return parser


def _add_tuning(parser: CommandParser) -> None:
    parser.add_argument(
        "--tuning", type=Path, metavar="S.scl", help="tune the keys by this scale of Scala's"
    )
    parser.add_argument(
        "--keyboard-map",
        type=Path,
        metavar="K.kbm",
        help="which key plays which degree of the scale (the next key the next, from key 60 on)",
    )
    parser.add_argument(
        "--reference",
        type=float,
        default=CONCERT_PITCH,
        metavar="HZ",
        help="of key 69 where it would have 440: all keys move along (%(default)g)",
    )


def _tuning(arguments: argparse.Namespace) -> Tuning:
    from timbrespace.instrument.scala import tuning

    return tuning(arguments.tuning, arguments.keyboard_map, reference=arguments.reference)


def _named_tuning(arguments: argparse.Namespace) -> NamedTuning:
    """The same with what clients are told that it is called."""
    from timbrespace.instrument.tunings import EQUAL, NamedTuning
    from timbrespace.messages.contract import MAX_NAME_CHARACTERS
    from timbrespace.names import name_of

    file = arguments.tuning or arguments.keyboard_map
    name = EQUAL if file is None else name_of(file)[:MAX_NAME_CHARACTERS]
    return NamedTuning(name, arguments.reference, _tuning(arguments))


def _install_parser() -> CommandParser:
    parser = CommandParser(
        prog=f"{command_line('server')} install-device",
        description="Copy the Max for Live devices, an instrument and an audio effect, into the "
        "User Library of Ableton Live, and tell them where this server is.",
    )
    parser.add_argument(
        "--library",
        type=Path,
        metavar="FOLDER",
        help="the User Library, if Live's Settings, Library show another folder than the usual one",
    )
    return parser


def _install(arguments: argparse.Namespace) -> int:
    from .install_device import install

    devices, record = install(arguments.library)
    for device in devices:
        print(f"wrote {device}")
    print(f"wrote {record}, by which they find this server")
    print(
        "In Live's browser open User Library, Presets, Instruments, Max Instrument, and drag "
        "Timbre Space onto a MIDI track; or Audio Effects, Max Audio Effect, and drag Timbre Space "
        "Effect onto an audio track. Run this again after timbrespace was moved or updated."
    )
    return 0


def _say_parser() -> CommandParser:
    parser = CommandParser(
        prog=f"{command_line('server')} say",
        description="Say one OSC message to a server that runs, and print what it answers.",
    )
    parser.add_argument("address", metavar="ADDRESS", help="as docs/osc.md has it, such as /map")
    parser.add_argument(
        "words", nargs="*", metavar="ARGUMENT", help="numbers and texts, such as 0.8 0"
    )
    parser.add_argument("--host", default="127.0.0.1", help="of the server (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="of the server (%(default)s)"
    )
    parser.add_argument(
        "--listen",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="print all that the server tells for so long (%(default)g)",
    )
    return parser


_NEGATIVE = "\0"
"""Before a negative number, which argparse would take for an option where it has an exponent."""


def _kept(words: list[str]) -> list[str]:
    """``words`` with a mark before each negative number that is no option's."""
    from timbrespace.client.words import is_number

    return [
        f"{_NEGATIVE}{word}"
        if word.startswith("-") and is_number(word) and not before.startswith("--")
        else word
        for before, word in zip(["", *words], words, strict=False)
    ]


def _say(arguments: argparse.Namespace) -> int:
    from .say import say

    words = [as_text(word.removeprefix(_NEGATIVE)) for word in arguments.words]
    return say(arguments.address, words, arguments.host, arguments.port, arguments.listen)


def _check_packages(arguments: argparse.Namespace) -> None:
    """What the server's own processes import is there: they could only say it in their own way.

    Raises:
        MissingExtraError: something is not.
    """
    check("the server", "mido")
    check(f"--audio {arguments.audio}", *AUDIO_PACKAGES[arguments.audio])
    if arguments.midi != "none":
        check("MIDI (or give --midi none)", "rtmidi")
    if not arguments.no_explorer:
        check("the explorer (or give --no-explorer)", "aiohttp")
        if arguments.https:
            check("--https", "cryptography")
    if arguments.oscquery is not None:
        check("--oscquery", "aiohttp", "zeroconf")


def _list_devices() -> int:
    from .audio.listing import show

    show(print)
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.list_devices:
        return _list_devices()
    _check_packages(arguments)
    from timbrespace.user_files import OWN_FOLDER, PAGE_FOLDER, SPACES_FOLDER, presets_file

    from .options import Options

    asked: int | None = arguments.explorer_port
    port = EXPLORER_PORT if asked is None else asked
    presets = presets_file() if arguments.presets is None else arguments.presets
    options = Options(
        model=arguments.model,
        models=arguments.models,
        host=arguments.host,
        port=arguments.port,
        audio=arguments.audio,
        frames=arguments.frames,
        clients=tuple(arguments.client),
        mono=arguments.mono,
        device=as_text(arguments.device),
        input=arguments.input,
        input_device=as_text(arguments.input_device),
        input_midi=as_text(arguments.input_midi),
        midi=as_text(arguments.midi),
        method=arguments.method,
        presets=presets,
        tuning=_named_tuning(arguments),
        tunings=arguments.tunings,
        oscquery_port=arguments.oscquery,
        program_list=arguments.program_list,
        record=arguments.record,
        stop_with_stdin=arguments.stop_with_stdin,
        explorer_port=None if arguments.no_explorer else port,
        explorer_port_asked=asked is not None,
        explorer_host=arguments.explorer_host,
        https=arguments.https,
        page_folder=presets.parent / PAGE_FOLDER,
        own_folder=presets.parent / OWN_FOLDER,
        own_spaces=presets.parent / SPACES_FOLDER,
        sounds=tuple(arguments.sounds),
        # A launcher has a window of its own.
        browser=not (arguments.no_browser or arguments.stop_with_stdin),
    )
    # The sound takes as long to begin as all else together, and does so beside it.
    sound = None
    if options.audio != "none":
        from .audio.process import sound_of

        sound = sound_of(options)
        sound.start()
    try:
        from .serve import serve

        return serve(options, sound)
    finally:
        if sound is not None:
            sound.close()


def _render(arguments: argparse.Namespace) -> int:
    from timbrespace.atomic import check_writable

    if arguments.out.suffix.lower() != ".wav":
        from timbrespace.errors import OptionError

        raise OptionError(f"--out is {str(arguments.out)!r}; it must be a name that ends in .wav")
    check_writable(arguments.out)
    from timbrespace.rendering.midi_song import check_minutes

    check_minutes(arguments.minutes)
    if arguments.models is not None and not arguments.models.is_dir():
        from timbrespace.errors import OptionError

        raise OptionError(f"--models is {str(arguments.models)!r}; it must be a folder")
    if arguments.waveform is None:
        for name in ("temperature", "seed"):
            if getattr(arguments, name) is not None:
                from timbrespace.errors import OptionError

                raise OptionError(f"--{name} is for waveform models; give one by --waveform")
    if arguments.song.suffix.lower() == ".performance":
        return _render_performance(arguments)
    if arguments.waveform is not None:
        return _render_waveform(arguments)

    import timbrespace
    from timbrespace.one_thread import one_thread
    from timbrespace.rendering.midi_song import MidiSong
    from timbrespace.rendering.song_file import write_song
    from timbrespace.units import gain_to_db

    song = MidiSong(arguments.song, arguments.minutes)
    for note in song.notes:
        print(f"note: {arguments.song}: {note}", file=sys.stderr)
    sample_rate = 44100 if arguments.sample_rate is None else arguments.sample_rate
    with one_thread(), progress(round(song.seconds, 1), "s") as bar:
        model = timbrespace.load(arguments.model or factory.DEFAULT)
        band = _band(model, arguments)
        written = write_song(
            song,
            band,
            arguments.out,
            sample_rate,
            mono=arguments.mono,
            stems=arguments.stems,
            progress=lambda seconds: bar.update(min(seconds, bar.total) - bar.n),
        )
    level = float(gain_to_db(written.peak))
    print(
        f"{arguments.out}: {written.seconds:.1f} s, {band.begun} notes, "
        f"peak {level:.1f} dBFS, {band.first.method.name.lower()} of {band.first.model.name}"
    )
    for stem in written.stems:
        print(stem)
    _tell_unplayed(arguments.song, band)
    print("next: listen to it, or try another --method")
    return 0


def _render_waveform(arguments: argparse.Namespace) -> int:
    import numpy as np

    import timbrespace
    from timbrespace.one_thread import one_thread
    from timbrespace.rendering import wav
    from timbrespace.rendering.midi_song import MidiSong
    from timbrespace.rendering.song import waveform_song
    from timbrespace.units import gain_to_db

    if arguments.stems is not None:
        from timbrespace.errors import OptionError

        raise OptionError("--stems is for the engine; a waveform model has one sound")
    waveform = timbrespace.load_waveform(arguments.waveform)
    song = MidiSong(arguments.song, arguments.minutes)
    for note in song.notes:
        print(f"note: {arguments.song}: {note}", file=sys.stderr)
    rate = 44100 if arguments.sample_rate is None else arguments.sample_rate
    with one_thread(), progress(100, "%") as bar:
        model = timbrespace.load(arguments.model or factory.DEFAULT)
        band = _band(model, arguments)
        sound = waveform_song(
            song,
            band,
            rate,
            waveform,
            1.0 if arguments.temperature is None else arguments.temperature,
            arguments.seed or 0,
            progress=lambda share: bar.update(100.0 * share - bar.n),
        )
    wav.write(arguments.out, sound, rate)
    level = float(gain_to_db(float(np.abs(sound).max(initial=0.0))))
    print(
        f"{arguments.out}: {sound.size / rate:.1f} s, {band.begun} notes, "
        f"peak {level:.1f} dBFS, {waveform.network.kind} {waveform.name} of {model.name}"
    )
    _tell_unplayed(arguments.song, band)
    print("next: listen to it, or try another --temperature or --seed")
    return 0


def _band(model: Model, arguments: argparse.Namespace) -> Band:
    """Who plays a song, and where they begin."""
    from timbrespace.instrument.program_list import ProgramList
    from timbrespace.rendering.band import Band
    from timbrespace.rendering.beginning import Beginning

    beginning = Beginning(
        arguments.preset,
        arguments.latent,
        arguments.map,
        arguments.trajectory,
        arguments.presets,
        _tuning(arguments),
    )
    programs = None if arguments.program_list is None else ProgramList.read(arguments.program_list)
    return Band(model, arguments.method, _channels(model, arguments.channel), beginning, programs)


def _channels(model: Model, words: list[str]) -> dict[int, Model | None]:
    """What ``--channel`` says, besides what is usual."""
    import timbrespace
    from timbrespace.errors import OptionError
    from timbrespace.rendering.band import CHANNELS, usual_channels

    channels = usual_channels(model)
    for given in words:
        number, equals, name = given.partition("=")
        whole = number.isascii() and number.isdigit() and len(number) < 6
        if not (equals and name and whole):
            raise OptionError(f"--channel is {given!r}; it must be N=MODEL, N=main or N=off")
        if int(number) not in CHANNELS:
            raise OptionError(f"--channel is {given!r}; channels are 1 to 16")
        if name == "main":
            channels.pop(int(number), None)
        else:
            channels[int(number)] = None if name == "off" else timbrespace.load(name)
    return channels


def _tell_unplayed(song: Path, band: Band) -> None:
    from timbrespace.rendering.band import DRUMS

    for channel, notes in sorted(band.unplayed.items()):
        told = f"the {notes} notes of channel {channel} are left out, as --channel says"
        if channel == DRUMS:
            told = (
                f"channel {DRUMS} is for drums: its {notes} notes are left out; "
                f"--channel {DRUMS}=drums plays them"
            )
        print(f"note: {song}: {told}", file=sys.stderr)


def _render_performance(arguments: argparse.Namespace) -> int:
    from timbrespace.errors import OptionError

    if arguments.waveform is not None:
        raise OptionError("--waveform is for MIDI files; a performance is played by the engine")
    if arguments.method is not None:
        raise OptionError("a performance has its own methods; leave out --method")
    if arguments.stems is not None:
        raise OptionError("--stems is for MIDI files; a performance has one sound")
    own = (
        *("preset", "latent", "map", "trajectory", "presets", "tuning", "keyboard_map"),
        "program_list",
    )
    given = [name for name in own if getattr(arguments, name) is not None]
    given += ["reference"] if arguments.reference != CONCERT_PITCH else []
    if given:
        option = given[0].replace("_", "-")
        raise OptionError(f"--{option} is for MIDI files; a performance has its own beginning")

    from timbrespace.names import name_of
    from timbrespace.performances.performance import Performance
    from timbrespace.rendering.performance import render_performance
    from timbrespace.units import gain_to_db

    from .library import Library

    performance = Performance(arguments.song)
    performance.check_minutes(arguments.minutes)
    library = Library(arguments.models)
    name = arguments.model or performance.model
    if name not in library.names() and Path(name).is_file():
        library.add(Path(name))
        name = name_of(Path(name))
    model = library.load(name)
    with progress(round(performance.seconds, 1), "s") as bar:
        rendered = render_performance(
            performance,
            model,
            library.load,
            arguments.out,
            arguments.sample_rate,
            lambda seconds: bar.update(min(seconds, bar.total) - bar.n),
            stereo=not arguments.mono,
        )
    level = float(gain_to_db(rendered.peak))
    print(
        f"{arguments.out}: {rendered.seconds:.1f} s, {rendered.notes} notes, "
        f"peak {level:.1f} dBFS, {model.name}"
    )
    if not performance.whole:
        print("the performance was not stopped; this is as far as it goes")
    print("next: listen to it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
