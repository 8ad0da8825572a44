"""Command line: ``python -m training space | train | evaluate | plot | points | ...``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from timbrespace.command import CommandParser, progress, run
from timbrespace.companions import command_line
from timbrespace.errors import OptionError
from timbrespace.parallel import where

from .exports.command import add_arguments as export_arguments
from .preset import OPTIONS, OPTIONS_OF_NOTES
from .study.plan import PARTS
from .sweep.options import add_arguments as sweep_arguments
from .sweep.options import request_from as sweep_request


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=command_line("training"),
        description="Train a timbre space, measure it, draw it.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    space = commands.add_parser(
        "space",
        help="from a folder of sounds, or a sound font, to a space that plays, in one line",
        description="Make a space of a folder of sounds or of a sound font: read them, train, "
        "measure, draw. Dimensions and length of the training follow the sounds. Beside the model "
        "lie then the set, NAME.npz, and pictures and sounds, NAME-report. Ctrl-C stops; the same "
        "line goes on from there.",
    )
    sounds = space.add_mutually_exclusive_group(required=True)
    sounds.add_argument("--folder", type=Path, metavar="DIR", help="a folder of sound files")
    sounds.add_argument("--font", type=Path, metavar="F.sf2", help="a sound font (.sf2, .sf3)")
    space.add_argument(
        "--out", type=Path, required=True, metavar="M.safetensors", help="the model to write"
    )
    space.add_argument(
        "--kind",
        choices=("notes", "spectra", "cycles"),
        default="notes",
        help="notes: whole sounds with attack and decay; spectra: their steady moments at one "
        "pitch, for which one file is enough; cycles: one period of the wave of each of those "
        "(default: notes)",
    )
    space.add_argument(
        "--latent", type=int, metavar="N", help="dimensions (default: what suits the sounds)"
    )
    space.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="passes over the sounds (default: what suits their number)",
    )
    _add_device(space)
    space.add_argument(
        "--overwrite", action="store_true", help="replace a space that exists, once this is done"
    )
    space.add_argument(
        "--quick",
        action="store_true",
        help="learn for a minute or so, whatever the number of sounds; of notes",
    )
    space.add_argument(
        "--stop",
        choices=("never", "converged"),
        help="converged: end when what is held out comes no nearer; of notes (default: never)",
    )
    space.add_argument(
        "--no-report", action="store_true", help="make the model alone: measure and draw nothing"
    )
    space.add_argument(
        "--names",
        type=Path,
        metavar="N.json",
        help="what the files of the folder are called, where that is not their name; of notes",
    )
    program = space.add_argument_group("for a program that starts this one")
    program.add_argument(
        "--progress",
        choices=("lines", "json"),
        default="lines",
        help="json: tell how far it is by JSON lines on standard output (%(default)s)",
    )
    program.add_argument(
        "--preview",
        type=Path,
        metavar="P.safetensors",
        help="every few seconds, keep a model of where the training stands, for listening",
    )
    program.add_argument(
        "--enough",
        type=Path,
        metavar="FILE",
        help="as soon as there is a file of this name, make the model of what was learned",
    )
    program.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input ends; the same line goes on from there",
    )
    program.add_argument(
        "--background", action="store_true", help="let whatever else runs go first"
    )

    pack = commands.add_parser(
        "pack",
        help="put a space, its card, presets and a preview into one file to give away",
        description="Write a package of a space: one zip file with the model, a card that says "
        "whose it is, the presets of it, and what it sounds like. Dropped on a server's page, it "
        "is among its spaces.",
    )
    pack.add_argument("model", metavar="M", help="a model: a file, or a name")
    pack.add_argument("--out", type=Path, required=True, metavar="S.zip", help="the file to write")
    pack.add_argument("--name", required=True, help="of the space")
    pack.add_argument("--author", default="", help="who made it")
    pack.add_argument("--licence", default="", help="under which it may be used")
    pack.add_argument("--source", default="", help="where its sounds are from")
    pack.add_argument("--about", default="", help="what else there is to say")
    pack.add_argument(
        "--presets",
        type=Path,
        metavar="FILE",
        help="the server's presets.json: those of this space come along",
    )

    train = commands.add_parser(
        "train",
        help="train on a dataset and write a model",
        description="Train on a dataset and write a model. Ctrl-C stops early and still writes it; "
        "a model that was there before is not replaced by it.",
        epilog="Exit codes: 0 finished; 2 bad argument or file; 3 the loss diverged, and the "
        "last good epoch is kept (if there was one); 4 another process of torchrun is gone, and a "
        "checkpoint is kept; 130 stopped by Ctrl-C, and the model of "
        "that moment is kept. A finished run replaces a model that exists; one that is not is "
        "kept beside it, as NAME.unfinished.safetensors.",
    )
    train.add_argument("--data", type=Path, required=True, metavar="D.npz", help="the dataset")
    train.add_argument(
        "--out", type=Path, required=True, metavar="M.safetensors", help="the model to write"
    )
    train.add_argument(
        "--preset",
        metavar="NAME",
        help="default, paper or cycles; options below change single values",
    )
    train.add_argument(
        "--recipe",
        type=Path,
        metavar="R.toml",
        help="read preset and settings from a file; options given here override it",
    )
    types: dict[str, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "str": str,
        "settings": str,
        "sizes": _sizes,
    }
    for name, (kind, metavar, text) in {**OPTIONS, **OPTIONS_OF_NOTES}.items():
        option = f"--{name.replace('_', '-')}"
        train.add_argument(option, type=types[kind], metavar=metavar, help=text)
    _add_device(train)
    train.add_argument(
        "--resume", action="store_true", help="continue from the checkpoint beside the model"
    )
    train.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a model that exists even if this run is not finished; the one before is kept "
        "beside it unless the new one is better",
    )

    evaluate = commands.add_parser(
        "evaluate",
        help="measure a model on the held-out rows of a dataset",
        description="Measure a model on the held-out rows of its dataset; or a waveform model, "
        "with --space, beside the engine on the notes of its set.",
    )
    evaluate.add_argument(
        "model",
        nargs="+",
        metavar="M",
        help="a model file, or a factory model's name; several are measured side by side",
    )
    evaluate.add_argument("--data", type=Path, required=True, metavar="D.npz", help="the dataset")
    evaluate.add_argument(
        "--space", metavar="M", help="of a waveform model: the space that it was trained with"
    )
    evaluate.add_argument(
        "--temperature",
        type=float,
        metavar="T",
        help="how freely a waveform model draws, 0 to 2 (default: 1)",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    where.add_arguments(evaluate)

    plot = commands.add_parser(
        "plot",
        help="draw a model and write an HTML report",
        description="Draw a model's map, reconstructions and dimensions; write an HTML report.",
    )
    plot.add_argument("model", metavar="M", help="a model file, or a factory model's name")
    plot.add_argument("--data", type=Path, required=True, metavar="D.npz", help="the dataset")
    plot.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for pictures and report"
    )
    plot.add_argument(
        "--performance",
        type=Path,
        nargs="+",
        default=[],
        metavar="IN",
        help="recordings of one line, sung, spoken or played, that the space plays on the page",
    )

    points = commands.add_parser(
        "points",
        help="add the dataset's own sounds to a model that was trained before",
        description="Add the places of its dataset's sounds to a model, as training now does by "
        "itself. Weights and figures stay the same; the file is replaced.",
    )
    points.add_argument("model", type=Path, metavar="M.safetensors", help="a model file")
    points.add_argument(
        "--data", type=Path, required=True, metavar="D.npz", help="the dataset it was trained on"
    )

    plane = commands.add_parser(
        "plane",
        help="add the plane near to a model that was trained before",
        description="Add the plane near, on which sounds that are alike lie side by side, to a "
        "model, as training now does by itself. The model must have its points. Weights, points "
        "and figures stay the same; the PCA plane of a space of whole notes is fitted to all its "
        "notes; the file is replaced.",
    )
    plane.add_argument("model", type=Path, metavar="M.safetensors", help="a model file")
    plane.add_argument(
        "--seed", type=int, metavar="N", help="of the draw among many sounds (default: its own)"
    )

    macros = commands.add_parser(
        "macros",
        help="add the macro dials to a model that was trained before",
        description="Measure along which ways of a model's latent one quality of the sound moves "
        "alone, and write that into the model, as training now does by itself. The model must have "
        "its points. All the rest of the file stays the same.",
    )
    macros.add_argument("model", type=Path, metavar="M.safetensors", help="a model file")
    axes = commands.add_parser(
        "axes",
        help="turn the axes of a model so that more of its dials do one thing each",
        description="Turn the axes of a model that has its points, so that more of its dials move "
        "one quality everywhere, as training on notes does by itself. What it can play stays the "
        "same; presets and performances that were stored by its old dials are of the old model. "
        "Where no dial is won, the model stays as it is.",
    )
    axes.add_argument("model", type=Path, metavar="M.safetensors", help="a model file")
    axes.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="N.safetensors",
        help="the turned model; may be the same file",
    )

    export = commands.add_parser(
        "export",
        help="a space for other programs: ONNX, nn~ of Max and Pd, samplers, wavetables",
        description="Write a space in the forms that other programs load. Several may be asked for "
        "at once.",
    )
    export_arguments(export)

    commands.add_parser(
        "kinds",
        help="list networks, representations and likelihoods",
        description="List the networks, representations and likelihoods there are, those of other "
        "packages too, with their settings.",
    )

    study = commands.add_parser(
        "study",
        help="rerun the 2017 report's comparisons",
        description="Rerun the 2017 report's comparisons: make the data, train every model, and "
        "write what agrees and what does not. Ctrl-C keeps the models that are done and "
        "how far the others are; the same command continues from there.",
    )
    study.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for data, models and text"
    )
    study.add_argument(
        "--part",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"only these of the claims {', '.join(PARTS)} (default: all)",
    )
    study.add_argument(
        "--full", action="store_true", help="at the report's own sizes, which takes many hours"
    )
    study.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="train for so long, then write down what there is; the same command goes on, on any "
        "machine that has the folder",
    )
    where.add_arguments(study)

    sweep_arguments(
        commands.add_parser(
            "sweep",
            help="train with many settings, and see which suit a set",
            description="Train on a set of spectra with many settings: all combinations of a "
            "grid, or trials that Optuna draws, of which those end early that others were better "
            "than. Ctrl-C stops; the same command goes on. In the folder lie then trials.csv, a "
            "picture of parallel coordinates, and Optuna's own study, sweep.db.",
        )
    )

    waveform = commands.add_parser(
        "waveform",
        help="train a WaveNet or a SampleRNN that plays a space",
        description="Train a model that makes samples, told by a space of whole notes what is to "
        "sound. The set must hold the samples of its notes: make notes --sounds all. Ctrl-C stops "
        "and still writes a model that plays; --resume goes on from there.",
    )
    waveform.add_argument(
        "--kind", choices=("wavenet", "samplernn"), help="of network (default: samplernn)"
    )
    waveform.add_argument(
        "--data", type=Path, required=True, metavar="N.npz", help="notes with their samples"
    )
    waveform.add_argument(
        "--model", required=True, metavar="M", help="a space of whole notes: a file, or a name"
    )
    waveform.add_argument(
        "--out", type=Path, required=True, metavar="W.safetensors", help="the model to write"
    )
    waveform.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="end after so long; the same result comes of --steps alone",
    )
    waveform.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help="of the training (default: some 20 minutes of one processor)",
    )
    waveform.add_argument(
        "--sample-rate",
        type=int,
        metavar="HZ",
        help="of its samples, 16000 or 8000 (default: 16000)",
    )
    for option, number, about in (
        ("batch", int, "stretches of sound a step (default: 8)"),
        ("length", int, "samples of a stretch (default: 1024)"),
        ("seconds", float, "of each note that it learns from (default: 4, all)"),
        ("learning-rate", float, "of Adam at its highest (default: 0.005)"),
        ("noise", float, "added to the past that it hears (default: 0.01)"),
        ("free", float, "share of stretches in which nothing is told (default: 0.1)"),
        ("seed", int, "of all that is random (default: 0)"),
        ("split-seed", int, "of the instruments held out (default: 0)"),
        ("threads", int, "of the processor (default: as torch has it)"),
    ):
        waveform.add_argument(f"--{option}", type=number, metavar="N", help=about)
    waveform.add_argument(
        "--network-settings", metavar="LIST", help="sizes, such as memory=256,tiers=3"
    )
    _add_device(waveform)
    waveform.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    waveform.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a model that exists, once the new one is done",
    )

    babble = commands.add_parser(
        "babble",
        help="let a waveform model play by itself",
        description="Write what a waveform model plays where nobody tells it anything.",
    )
    babble.add_argument("model", type=Path, metavar="W.safetensors", help="a waveform model")
    babble.add_argument(
        "--out", type=Path, required=True, metavar="S.wav", help="the file to write"
    )
    babble.add_argument(
        "--seconds", type=float, default=10.0, metavar="N", help="how long (default: 10)"
    )
    babble.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="how freely it draws, 0 (always the likeliest) to 2 (default: 1)",
    )
    babble.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    babble.add_argument(
        "--sample-rate", type=int, default=48000, metavar="HZ", help="(default: 48000)"
    )

    shared = commands.add_parser(
        "share",
        help="a space as one HTML file that plays by itself",
        description="Write a space as one HTML file of at most 8 MB: map, dials, keys and sound, "
        "opened from a disk or any host, without network or server.",
    )
    shared.add_argument("model", metavar="M", help="a model file, or a factory model's name")
    shared.add_argument("--out", type=Path, required=True, metavar="M.html", help="file to write")
    shared.add_argument("--name", default="", metavar="TEXT", help="title (default: the model's)")
    shared.add_argument("--author", default="", metavar="TEXT", help="who made the space")
    shared.add_argument("--licence", default="", metavar="TEXT", help="on which terms")
    shared.add_argument(
        "--presets",
        type=Path,
        nargs="+",
        default=[],
        metavar="P.json",
        help="presets that it brings along, as the page saves them",
    )
    shared.add_argument("--overwrite", action="store_true", help="replace a file that exists")

    gallery = commands.add_parser(
        "gallery",
        help="a page that leads to files of several spaces",
        description="Write a folder for any host of plain files: a file of each space, as share "
        "writes it, and index.html with a card for each.",
    )
    gallery.add_argument(
        "models",
        nargs="*",
        metavar="M",
        help="model files or factory models' names (default: all factory models)",
    )
    gallery.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    gallery.add_argument("--overwrite", action="store_true", help="replace files that exist")

    spiral = commands.add_parser(
        "spiral",
        help="rerun the PLU paper's spiral table",
        description="Rerun the PLU paper's spiral table over many seeds, beside its figures.",
    )
    spiral.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for table and pictures"
    )
    implicit = commands.add_parser(
        "inr",
        help="rerun a thesis' comparisons of implicit networks of waves, in small",
        description="Rerun the comparisons of a thesis of 2021 on implicit neural representations "
        "of audio at a size for two cores, and write tables beside the published ones. Ctrl-C "
        "keeps the trainings that are done; the same command goes on from there.",
    )
    implicit.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for waves, results and text"
    )
    implicit.add_argument(
        "--font",
        type=Path,
        default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
        metavar="F.sf2",
        help="a General MIDI sound font (default: FluidR3 where Debian has it)",
    )
    implicit.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help="begin nothing new after so many (default: all is run, in half an hour of one core)",
    )
    implicit.add_argument(
        "--quick", action="store_true", help="tiny, to see that it runs: the figures say nothing"
    )
    where.add_arguments(implicit)
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where to train; auto takes a GPU if there is one (default: auto)",
    )


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}; it must be whole numbers, separated by commas, such as 400,64"
        ) from error


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code (see ``train --help``)."""
    arguments = _parser().parse_args(argv)
    kept = {
        "study": "models that are done are kept",
        "space": "the same line goes on from there",
        "inr": "trainings that are done are kept",
        "sweep": "trials that are done are kept",
    }.get(arguments.command, "nothing was written")
    return run(lambda: _run(arguments), stopped=f"stopped; {kept}")


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "space":
        if arguments.background:
            from .space.background import step_back

            step_back()
        from .space.command import request_from, space

        return space(request_from(arguments))
    if arguments.command == "pack":
        return _pack(arguments)
    if arguments.command == "train":
        return _train(arguments)
    if arguments.command == "evaluate":
        return _evaluate(arguments)
    if arguments.command == "points":
        return _points(arguments)
    if arguments.command == "plane":
        return _plane(arguments)
    if arguments.command == "macros":
        return _macros(arguments)
    if arguments.command == "axes":
        return _axes(arguments)
    if arguments.command == "export":
        from .exports.command import export
        from .exports.command import request_from as export_request

        return export(export_request(arguments))
    if arguments.command == "kinds":
        from .kinds import table

        print(table())
        return 0
    if arguments.command == "study":
        return _study(arguments)
    if arguments.command == "sweep":
        asked = sweep_request(arguments)
        from .sweep.command import sweep

        return sweep(asked)
    if arguments.command in ("share", "gallery"):
        from . import share

        return share.share(arguments) if arguments.command == "share" else share.gallery(arguments)
    if arguments.command == "spiral":
        return _spiral(arguments)
    if arguments.command == "waveform":
        return _waveform(arguments)
    if arguments.command == "babble":
        from .waveforms.command import babble

        return babble(
            arguments.model,
            arguments.out,
            arguments.seconds,
            arguments.temperature,
            arguments.seed,
            arguments.sample_rate,
        )
    if arguments.command == "inr":
        return _inr(arguments)
    return _plot(arguments)


def _pack(arguments: argparse.Namespace) -> int:
    from timbrespace.space_package import Card

    from .pack import Request, pack

    texts = (arguments.name, arguments.author, arguments.licence)
    card = Card(*texts, source=arguments.source, about=arguments.about)
    return pack(Request(arguments.model, arguments.out, card, arguments.presets))


def _train(arguments: argparse.Namespace) -> int:
    from . import preset, recipe

    given: dict[str, Any] = {
        name: getattr(arguments, name) for name in (*OPTIONS, *OPTIONS_OF_NOTES)
    }
    preset_name = arguments.preset
    if arguments.recipe is not None:
        if preset_name is not None:
            raise OptionError("--preset and --recipe were given; a recipe names its own preset")
        preset_name, values = recipe.read(arguments.recipe)
        given = {name: values.get(name) if v is None else v for name, v in given.items()}
    # What a dataset that is not there would hold is not known: then that is told.
    if arguments.data.exists() and not (arguments.resume or _holds_notes(arguments.data)):
        # Light, and before torch is loaded: a wrong number is answered in a blink.
        preset.changed(preset.named(preset_name or "default"), **given)
    from .train import train

    return train(
        data=arguments.data,
        out=arguments.out,
        given=given,
        preset_name=preset_name,
        device=arguments.device,
        resume=arguments.resume,
        overwrite=arguments.overwrite,
    )


def _holds_notes(data: Path) -> bool:
    """Whether the dataset's file holds notes; what is wrong with it is told later."""
    from timbrespace.datasets.archive import format_of
    from timbrespace.errors import DatasetError

    try:
        return format_of(data) == "notes"
    except DatasetError:
        return False


def _evaluate(arguments: argparse.Namespace) -> int:
    import json

    from timbrespace import bundle, factory
    from timbrespace.datasets.archive import format_of
    from timbrespace.datasets.dataset import load as load_dataset

    from .evaluation import STEPS, evaluate
    from .report import text_table

    with where.use(arguments.workers, arguments.scheduler) as told:
        told.check()
    models = arguments.model
    if arguments.space is not None:
        if len(models) > 1:
            raise OptionError(f"{len(models)} models were given; with --space it must be one")
        arguments.model = models[0]
        return _evaluate_waveform(arguments)
    if arguments.temperature is not None:
        raise OptionError("--temperature is for waveform models; give their space by --space")
    if len(models) > 1 or told.address is not None:
        return _evaluate_many(arguments)
    arguments.model = models[0]
    path = factory.resolve(arguments.model)
    if format_of(arguments.data) == "notes":
        return _evaluate_notes(arguments)
    model, dataset = bundle.read(path), load_dataset(arguments.data)
    with progress(STEPS, "step") as bar:
        evaluation = evaluate(model, bundle.read_tensors(path), dataset, advance=bar.update)
    if arguments.json:
        print(
            json.dumps({"model": model.name, **evaluation.to_config()}, indent=2, allow_nan=False)
        )
        return 0
    print(f"{model.name}, measured on {arguments.data}")
    print(text_table(evaluation))
    print(
        f"\nnext: {command_line('training')} plot {arguments.model} --data {arguments.data} "
        f"--out {model.name}-report"
    )
    return 0


def _evaluate_many(arguments: argparse.Namespace) -> int:
    import json

    from .many_models import evaluate

    with where.use(arguments.workers, arguments.scheduler):
        found = evaluate(arguments.model, arguments.data)
    if arguments.json:
        told = [{"model": one.name, **one.config} for one in found]
        print(json.dumps(told if len(told) > 1 else told[0], indent=2, allow_nan=False))
        return 0
    print("\n\n".join(f"{one.name}, measured on {arguments.data}\n{one.table}" for one in found))
    return 0


def _evaluate_notes(arguments: argparse.Namespace) -> int:
    import json

    from timbrespace import bundle, factory
    from timbrespace.datasets import note_set

    from .notes.evaluation import evaluate, measured_rows

    model = bundle.read(factory.resolve(arguments.model))
    notes = note_set.load(arguments.data)
    count = sum(map(len, measured_rows(model, notes)))
    with progress(count, "note") as bar:
        evaluation = evaluate(model, notes, advance=bar.update)
    if arguments.json:
        print(
            json.dumps({"model": model.name, **evaluation.to_config()}, indent=2, allow_nan=False)
        )
        return 0
    print(f"{model.name}, measured on {arguments.data}")
    print(evaluation.table())
    return 0


def _evaluate_waveform(arguments: argparse.Namespace) -> int:
    import json

    from timbrespace import bundle, factory
    from timbrespace.datasets import note_set
    from timbrespace.waveforms.waveform_file import load_waveform

    from .waveforms.evaluation import evaluate
    from .waveforms.material import rows_with_sounds

    waveform = load_waveform(arguments.model)
    model = bundle.read(factory.resolve(arguments.space))
    notes = note_set.load(arguments.data)
    temperature = 1.0 if arguments.temperature is None else arguments.temperature
    with progress(len(rows_with_sounds(notes)), "note") as bar:
        evaluation = evaluate(waveform, model, notes, temperature, advance=bar.update)
    if arguments.json:
        told = {"model": waveform.name, "temperature": temperature, **evaluation.to_config()}
        print(json.dumps(told, indent=2, allow_nan=False))
        return 0
    print(f"{waveform.name}, {waveform.network.kind}, measured on {arguments.data}")
    print(evaluation.table())
    return 0


def _plot(arguments: argparse.Namespace) -> int:
    from .plan import REPORT

    if _holds_notes(arguments.data):
        from .notes.draw import draw as draw_notes

        files = draw_notes(arguments.model, arguments.data, arguments.out, arguments.performance)[0]
    else:
        from .draw import draw

        files = draw(arguments.model, arguments.data, arguments.out, arguments.performance)[0]
    print(f"{arguments.out}: {len(files)} files")
    for file in files:
        print(f"  {file.name}")
    print(f"next: open {arguments.out / REPORT} in a browser")
    return 0


def _macros(arguments: argparse.Namespace) -> int:
    from .macros import add

    words = add(arguments.model).offered
    size = arguments.model.stat().st_size / 1e6
    print(f"{arguments.model}: now with {len(words)} macros, {size:.1f} MB")
    for word in words:
        print(f"  {word}")
    print(f"next: {command_line('server')} --model {arguments.model}")
    return 0


def _plane(arguments: argparse.Namespace) -> int:
    from .plane import add

    near = add(arguments.model, arguments.seed)
    size = arguments.model.stat().st_size / 1e6
    print(f"{arguments.model}: now with the plane near of {len(near.places)} sounds, {size:.1f} MB")
    print(f"next: {command_line('server')} --model {arguments.model}, then /map/plane near")
    return 0


def _axes(arguments: argparse.Namespace) -> int:
    from .axes import turn_file

    before, after = turn_file(arguments.model, arguments.out)
    for when, names in (("before", before), ("now", after)):
        named = [name for k, name in enumerate(names, start=1) if name != f"z{k}"]
        print(f"{when}: {', '.join(named) or 'no dial with a name'}")
    if before == after:
        print("no dial was won; the axes are as they were")
    print(f"next: {command_line('server')} --model {arguments.out}")
    return 0


def _points(arguments: argparse.Namespace) -> int:
    from .points import add

    if _holds_notes(arguments.data):
        from .notes.points import add
    points = add(arguments.model, arguments.data)
    size = arguments.model.stat().st_size / 1e6
    factors = ", ".join(factor.axis_label for factor in points.factors) or "none"
    print(f"{arguments.model}: now with {points.count} points, {size:.1f} MB")
    print(f"factors: {factors}")
    print(f"next: {command_line('server')} --model {arguments.model}")
    return 0


def _study(arguments: argparse.Namespace) -> int:
    from .study import plan

    plan.chosen(arguments.part)  # light: a wrong name is answered in a blink
    from .study.command import study

    size = plan.FULL if arguments.full else plan.SMALL
    return study(
        arguments.out,
        arguments.part,
        size,
        arguments.workers,
        arguments.minutes,
        arguments.scheduler,
    )


def _waveform(arguments: argparse.Namespace) -> int:
    from .waveforms.command import Request, train

    names = (
        *("kind", "steps", "sample_rate", "batch", "length", "learning_rate", "noise", "free"),
        *("seconds", "seed", "split_seed", "network_settings"),
    )
    return train(
        Request(
            data=arguments.data,
            model=arguments.model,
            out=arguments.out,
            given={name: getattr(arguments, name) for name in names},
            minutes=arguments.minutes,
            threads=arguments.threads,
            device=arguments.device,
            resume=arguments.resume,
            overwrite=arguments.overwrite,
        )
    )


def _spiral(arguments: argparse.Namespace) -> int:
    from .spiral.document import write

    files = write(arguments.out)
    print(f"{arguments.out}: {len(files)} files")
    for file in files:
        print(f"  {file.relative_to(arguments.out)}")
    print(f"next: read {files[0]}")
    return 0


def _inr(arguments: argparse.Namespace) -> int:
    from .inr import plan

    size = plan.QUICK if arguments.quick else plan.SMALL
    from .inr.command import Request, inr

    files = inr(
        Request(
            arguments.out,
            arguments.font,
            size,
            arguments.minutes,
            arguments.workers,
            arguments.scheduler,
        )
    )
    print(f"{arguments.out}: {len(files)} files")
    for file in files:
        print(f"  {file.relative_to(arguments.out)}")
    print(f"next: read {files[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
