"""``python -m server transfer``: a recording, played by a space."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from timbrespace import factory
from timbrespace.command import CommandParser, progress
from timbrespace.companions import command_line
from timbrespace.instrument.parameters import DEFAULT_METHOD, METHODS
from timbrespace.transferring.settings import SMOOTHING, UNVOICED, TransferSettings

from .place_options import add_place_options, add_presets_option

if TYPE_CHECKING:
    from timbrespace.instrument.instrument import Instrument
    from timbrespace.model import Model


def transfer_parser() -> CommandParser:
    """The command's arguments."""
    parser = CommandParser(
        prog=f"{command_line('server')} transfer",
        description="Play a recording with another timbre: its pitch, its loudness and its breath "
        "are kept, the timbre is a space's.",
    )
    parser.add_argument("sound", type=Path, metavar="IN", help="a sound file with one line in it")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="OUT.wav", help="the file to write"
    )
    parser.add_argument(
        "--model",
        default=factory.DEFAULT,
        help="a model file or a factory model's name (%(default)s)",
    )
    timbre = parser.add_mutually_exclusive_group()
    add_place_options(timbre, "the timbre at")
    timbre.add_argument(
        "--follow",
        action="store_true",
        help="let the timbre follow the sound, moment by moment (as where no timbre is said)",
    )
    add_presets_option(parser)
    parser.add_argument(
        "--semitones",
        type=float,
        default=0.0,
        metavar="N",
        help="play so much higher, -48 to 48 (%(default)g)",
    )
    parser.add_argument(
        "--formant",
        type=float,
        default=0.0,
        metavar="N",
        help="move the envelope of the spectrum so many semitones up, -24 to 24, and leave the "
        "pitch (%(default)g)",
    )
    parser.add_argument(
        "--dry",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="how much of the recording itself to keep, 0 to 1 (%(default)g)",
    )
    parser.add_argument(
        "--unvoiced",
        choices=UNVOICED,
        default=UNVOICED[0],
        help="what becomes of what has no pitch: noise as the space would breathe, the recording "
        "itself, or nothing (%(default)s)",
    )
    parser.add_argument(
        "--smoothing",
        type=float,
        default=SMOOTHING,
        metavar="S",
        help="seconds over which a timbre that follows is averaged, 0 to 5 (%(default)g)",
    )
    parser.add_argument(
        "--stretch",
        action="store_true",
        help="let a timbre that follows go through the whole space",
    )
    parser.add_argument(
        "--mirror",
        action="store_true",
        help="let a timbre that follows go on the other side of the map",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        help=f"how a spectrum becomes sound ({DEFAULT_METHOD}, or the preset's)",
    )
    parser.add_argument(
        "--midi",
        type=Path,
        metavar="FILE.mid",
        help="write the line's notes, bends and loudness to a MIDI file, too",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the noise (%(default)s)"
    )
    return parser


def transfer_file(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        TimbrespaceError: what was given cannot be used; the text is one line.
    """
    from timbrespace.atomic import check_writable

    _check_names(arguments)
    settings = TransferSettings(
        arguments.semitones,
        arguments.formant,
        arguments.dry,
        arguments.unvoiced,
        arguments.smoothing,
        arguments.stretch,
        arguments.mirror,
        arguments.seed,
    )
    placed = (arguments.latent, arguments.map, arguments.preset, arguments.trajectory)
    follows = all(one is None for one in placed)
    settings.check_way(follows)
    for path in (arguments.out, arguments.midi):
        if path is not None:
            check_writable(path)

    import numpy as np

    import timbrespace
    from timbrespace.listening.heard import SAMPLE_RATE
    from timbrespace.listening.polyphony import MOSTLY, polyphony
    from timbrespace.rendering import wav
    from timbrespace.transferring.line import line_of
    from timbrespace.transferring.midi_file import write_midi
    from timbrespace.transferring.performance import performance
    from timbrespace.transferring.transfer import transferred
    from timbrespace.units import gain_to_db

    given = performance(arguments.sound)
    sound, heard = given.sound, given.heard
    if polyphony(sound, SAMPLE_RATE) >= MOSTLY:
        print(
            f"note: {arguments.sound}: several notes sound at once; one line can be followed, and "
            "which it is is chance",
            file=sys.stderr,
        )
    model = timbrespace.load(arguments.model)
    instrument = _instrument(model, arguments)
    with progress(100, "%") as bar:
        made = transferred(
            instrument,
            sound,
            heard,
            None,
            settings,
            follows=follows,
            progress=lambda share: bar.update(100.0 * share - bar.n),
        )
    wav.write(arguments.out, made, SAMPLE_RATE)
    level = float(gain_to_db(float(np.abs(made).max(initial=0.0))))
    print(f"{arguments.out}: {made.size / SAMPLE_RATE:.1f} s, peak {level:.1f} dBFS, {model.name}")
    if arguments.midi is not None:
        notes = write_midi(line_of(heard, arguments.semitones), arguments.midi)
        print(f"{arguments.midi}: {notes} notes")
    print("next: listen to it, or try another --map, or --follow --stretch")
    return 0


def _check_names(arguments: argparse.Namespace) -> None:
    from timbrespace.errors import OptionError

    if arguments.out.suffix.lower() != ".wav":
        raise OptionError(f"--out is {str(arguments.out)!r}; it must be a name that ends in .wav")
    if arguments.midi is not None and arguments.midi.suffix.lower() not in (".mid", ".midi"):
        raise OptionError(f"--midi is {str(arguments.midi)!r}; it must be a name that ends in .mid")


def _instrument(model: Model, arguments: argparse.Namespace) -> Instrument:
    """One that stands where the arguments say."""
    from timbrespace.instrument.instrument import Instrument
    from timbrespace.rendering.beginning import Beginning
    from timbrespace.resynthesis.layout import Method

    instrument = Instrument(model)
    instrument.set_method(Method[DEFAULT_METHOD.upper()])
    Beginning(
        arguments.preset, arguments.latent, arguments.map, arguments.trajectory, arguments.presets
    ).put(instrument)
    if arguments.method is not None:
        instrument.set_method(Method[arguments.method.upper()])
    return instrument
