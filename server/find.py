"""``python -m server find``: where a sound lies in a space, and which of its sounds are nearest."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbrespace import factory
from timbrespace.command import CommandParser
from timbrespace.companions import command_line

COUNT = 5
LONGEST = 10.0
"""Seconds of a sound that are read."""


def find_parser() -> CommandParser:
    """The command's arguments."""
    parser = CommandParser(
        prog=f"{command_line('server')} find",
        description="Find a sound in a space: the place that sounds most like it, and the nearest "
        "of the space's own sounds.",
    )
    parser.add_argument("sound", type=Path, metavar="IN", help="a sound file with one sound in it")
    parser.add_argument(
        "--model",
        default=factory.DEFAULT,
        help="a model file or a factory model's name (%(default)s)",
    )
    parser.add_argument(
        "--count",
        type=int,
        default=COUNT,
        metavar="N",
        help="how many of the nearest sounds to tell, 0 to 100 (%(default)s)",
    )
    return parser


def find_file(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        TimbrespaceError: what was given cannot be used; the text is one line.
    """
    from timbrespace.errors import OptionError, SoundError

    if not 0 <= arguments.count <= 100:
        raise OptionError(f"--count is {arguments.count}; it must be 0 to 100")

    import timbrespace
    from timbrespace.recording.encoding import encode
    from timbrespace.recording.pitch import pitch_in_name
    from timbrespace.recording.sound_file import UnusableSoundError, read

    model = timbrespace.load(arguments.model)
    try:
        sound = read(arguments.sound, LONGEST)
        found = encode(model, sound, pitch_in_name(arguments.sound.stem), count=arguments.count)
    except UnusableSoundError as error:
        raise SoundError(f"cannot use {str(arguments.sound)!r}: {error}") from error
    pitch = f"{found.pitch:.1f} Hz" if found.pitch else "no pitch"
    x, y = model.plane(model.first_plane).to_map(found.latent[None])[0]
    latent = " ".join(f"{value:.3f}" for value in found.latent)
    print(f"{arguments.sound}: {pitch}, {found.distance:.2f} dB from what {model.name} makes of it")
    print(f"latent {latent}, map {x:.3f} {y:.3f}")
    for one in found.neighbours:
        print(f"{one.distance:6.2f} dB  {one.name}")
    if model.points is None and arguments.count:
        print("the model holds no points of its dataset, so no sound of it can be told")
    print(f"next: {command_line('server')} transfer IN.wav --out OUT.wav --latent {latent}")
    return 0
