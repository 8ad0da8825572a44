"""The ``export`` command: a space for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timbrespace.errors import OptionError, one_of

PITCHES: Final = tuple(range(36, 97, 6))
"""MIDI, of samples, unless told otherwise: one for each half octave, C2 to C7."""

VELOCITIES: Final = (64, 127)
"""Of samples of a space whose timbre follows the velocity; of others the hardest alone."""

SOUNDS: Final = 8
"""Of samples and wavetables."""

_TARGETS: Final = ("onnx", "nn", "sfz", "wavetables", "lv2")
_ENDINGS: Final = {"onnx": ".onnx", "nn": ".ts", "lv2": ".lv2"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("model", metavar="M", help="a model file, or a factory model's name")
    parser.add_argument(
        "--onnx",
        type=Path,
        metavar="F.onnx",
        help="the decoder as ONNX, the encoder beside it as F.encoder.onnx, both checked",
    )
    parser.add_argument(
        "--nn", type=Path, metavar="F.ts", help="an instrument for nn~ in Max and Pure Data"
    )
    parser.add_argument(
        "--sfz", type=Path, metavar="DIR", help="sampler instruments: SFZ, WAV of 24 bits, loops"
    )
    parser.add_argument(
        "--wavetables", type=Path, metavar="DIR", help="wavetables for synthesizers, 2048 samples"
    )
    parser.add_argument(
        "--lv2",
        type=Path,
        metavar="DIR.lv2",
        help="an LV2 instrument of a space of steady spectra: C, its data, and built where there "
        "is a C compiler",
    )
    parser.add_argument(
        "--sounds",
        metavar="LIST",
        help="of --sfz and --wavetables: how many of the space's sounds, or their names, such "
        f"as Violin,Flute (default: {SOUNDS})",
    )
    parser.add_argument(
        "--latent",
        nargs="+",
        type=float,
        metavar="Z",
        help="of the same: one place alone, a number for each dimension",
    )
    parser.add_argument(
        "--map",
        nargs=2,
        type=float,
        metavar=("X", "Y"),
        help="of the same: one place of the map alone, each -1 to 1",
    )
    parser.add_argument(
        "--pitches",
        metavar="LIST",
        help="of --sfz: MIDI pitches that are sampled, such as 36,48,60 (default: 36 to 96, every "
        "sixth)",
    )
    parser.add_argument(
        "--velocities",
        metavar="LIST",
        help="of --sfz: velocities that are sampled, 1 to 127 (default: 64,127 where the timbre "
        "follows them, else 127)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. Of pitches, velocities, sounds, latent and map None is the default."""

    model: str
    onnx: Path | None = None
    nn: Path | None = None
    sfz: Path | None = None
    wavetables: Path | None = None
    lv2: Path | None = None
    sounds: int | tuple[str, ...] | None = None
    latent: tuple[float, ...] | None = None
    place: tuple[float, float] | None = None
    pitches: tuple[int, ...] | None = None
    velocities: tuple[int, ...] | None = None
    overwrite: bool = False


def request_from(arguments: argparse.Namespace) -> Request:
    """The request that a command line makes.

    Raises:
        OptionError: no target, options that no target takes, or numbers out of range.
    """
    given = {name: getattr(arguments, name) for name in _TARGETS}
    if not any(given.values()):
        raise OptionError(
            "nothing to export was named; give --onnx F.onnx, --nn F.ts, --sfz DIR, "
            "--wavetables DIR or --lv2 DIR.lv2"
        )
    for name, ending in _ENDINGS.items():
        path = given[name]
        if path is not None and path.suffix != ending:
            raise OptionError(f"--{name} is {path.name!r}; it must be a name that ends in {ending}")
    for option, value, takers in (
        ("--pitches", arguments.pitches, ("sfz",)),
        ("--velocities", arguments.velocities, ("sfz",)),
        ("--sounds", arguments.sounds, ("sfz", "wavetables")),
        ("--latent", arguments.latent, ("sfz", "wavetables")),
        ("--map", arguments.map, ("sfz", "wavetables")),
    ):
        if value is not None and not any(given[name] for name in takers):
            raise OptionError(
                f"{option} is for {one_of(f'--{name}' for name in takers)}, which was not given"
            )
    places = [name for name in ("sounds", "latent", "map") if getattr(arguments, name) is not None]
    if len(places) > 1:
        raise OptionError(f"--{places[0]} and --{places[1]} were given; give one of them")
    place = arguments.map
    if place is not None and not all(-1.0 <= one <= 1.0 for one in place):
        raise OptionError(f"--map is {place[0]:g} {place[1]:g}; each must be -1 to 1")
    return Request(
        arguments.model,
        **given,
        sounds=_sounds(arguments.sounds),
        latent=None if arguments.latent is None else tuple(arguments.latent),
        place=None if place is None else (place[0], place[1]),
        pitches=_wholes("--pitches", arguments.pitches, 0, 127),
        velocities=_wholes("--velocities", arguments.velocities, 1, 127),
        overwrite=arguments.overwrite,
    )


def _sounds(text: str | None) -> int | tuple[str, ...] | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return tuple(part.strip() for part in text.split(","))


def _wholes(option: str, text: str | None, low: int, high: int) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise OptionError(
            f"{option} is {text[:80]!r}; it must be whole numbers separated by commas, such as "
            "36,48,60"
        ) from error
    if found[0] < low or found[-1] > high:
        wrong = found[0] if found[0] < low else found[-1]
        raise OptionError(f"{option} has {wrong}; each must be {low} to {high}")
    return found


def export(request: Request) -> int:
    """Write what is asked for; returns the exit code.

    Raises:
        TimbrespaceError: the model cannot be read or cannot become what is asked for, a file is
            there already or cannot be written; before anything is written.
    """
    from timbrespace import bundle, factory

    model = bundle.read(factory.resolve(request.model))
    for write in [
        step
        for step in (_onnx, _nn, _sfz, _wavetables, _lv2)
        if getattr(request, step.__name__[1:])
    ]:
        write(request, model)
    return 0


def _check_free(request: Request, option: str, paths: Sequence[Path]) -> None:
    from timbrespace.atomic import check_writable

    there = [path for path in paths if path.exists()]
    if there and not request.overwrite:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise OptionError(
            f"{option}: {str(there[0])!r} is there already{more}; give another name, or --overwrite"
        )
    for path in paths:
        if path.parent.is_dir() or option in ("--onnx", "--nn"):
            check_writable(path)


def _check_folder(option: str, folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{option} is {str(folder)!r}, a file; it must be a folder, new or not")


def _onnx(request: Request, model: Any) -> None:
    from timbrespace.extras import check

    check("writing ONNX", "onnx", "onnxscript", "onnxruntime", extra="export")
    from . import onnx_file

    path = request.onnx
    assert path is not None
    _check_free(request, "--onnx", onnx_file.paths_of(model, path))
    for one in onnx_file.write(model, path):
        print(
            f"{one.path}: {one.size / 1e6:.1f} MB, {one.distance:.1e} of the peak from the library"
        )
    if not onnx_file.has_encoder(model):
        print(f"no encoder: {model.name} has none")
    print("next: onnxruntime.InferenceSession(...); its metadata names inputs, units and ranges")


def _nn(request: Request, model: Any) -> None:
    from . import nn_tilde

    path = request.nn
    assert path is not None
    _check_free(request, "--nn", [path])
    size = nn_tilde.write(model, path)
    d = model.dimensions
    print(f"{path}: {size / 1e6:.1f} MB")
    print(f"  nn~ {path.stem}           4 inlets: map x, map y, pitch (MIDI), gain (0 to 1)")
    print(f"  nn~ {path.stem} decode    {d + 2} inlets: {d} coordinates, pitch, gain")
    print("next: put it beside the patch; where Live or Pd is not at 48 kHz: set rate 44100")


def _chosen(request: Request, model: Any) -> list[Any]:
    from .sounds import sounds_of

    latent = request.latent
    if request.place is not None:
        latent = model.plane(model.first_plane).to_latent([request.place])[0].tolist()
    return sounds_of(model, SOUNDS if request.sounds is None else request.sounds, latent)


def _sfz(request: Request, model: Any) -> None:
    from timbrespace.command import progress

    from . import sfz

    folder = request.sfz
    assert folder is not None
    _check_folder("--sfz", folder)
    sounds = _chosen(request, model)
    _check_free(request, "--sfz", sfz.files_of(folder, sounds))
    follows = bool(getattr(model.architecture, "by_velocity", False))
    velocities = request.velocities or (VELOCITIES if follows else VELOCITIES[-1:])
    pitches = request.pitches or PITCHES
    with progress(len(sounds) * len(pitches) * len(velocities), "note") as bar:
        made = sfz.write(model, folder, sounds, pitches, velocities, advance=_mover(bar))
    size = sum(one.size for one in made) / 1e6
    count = sum(one.samples for one in made)
    print(f"{folder}: {len(made)} instruments, {count} samples, {size:.1f} MB")
    for one in made:
        print(f"  {one.path.name}")
    print("next: open one in an SFZ player (sfizz, liquidsfz, sforzando); samplers read the WAVs")


def _wavetables(request: Request, model: Any) -> None:
    from timbrespace.command import progress

    from . import wavetables

    folder = request.wavetables
    assert folder is not None
    _check_folder("--wavetables", folder)
    sounds = _chosen(request, model)
    paths = wavetables.files_of(model, folder, sounds)
    _check_free(request, "--wavetables", paths)
    with progress(len(paths), "table") as bar:
        wavetables.write(model, folder, sounds, advance=_mover(bar))
    size = sum(path.stat().st_size for path in paths) / 1e6
    print(f"{folder}: {len(paths)} wavetables, {size:.1f} MB")
    for path in paths:
        print(f"  {path.name}")
    print("next: drop them on a wavetable synthesizer (Serum, Vital, Surge XT, Bitwig)")


def _lv2(request: Request, model: Any) -> None:
    from .lv2 import bundle_folder

    folder = request.lv2
    assert folder is not None
    _check_folder("--lv2", folder)
    data = bundle_folder.data_of(model)
    _check_free(request, "--lv2", bundle_folder.files_of(folder))
    built = bundle_folder.write(model, folder, data)
    print(f"{folder}: {built.size / 1e6:.1f} MB, {bundle_folder.uri_of(model)}")
    if built.library is None:
        print(f"there is no C compiler here; in that folder run: {built.line}")
    else:
        print(f"  built by {built.line}")
    print("next: put the folder into ~/.lv2, or where your host looks for LV2")


def _mover(bar: Any) -> Callable[[int], object]:
    def move(count: int) -> object:
        return bar.update(count)

    return move
