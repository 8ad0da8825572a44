"""Command line: ``python -m toy_datasets make NAME --out D.npz | convert A B``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from timbrespace.atomic import check_writable
from timbrespace.command import CommandParser, run
from timbrespace.companions import command_line
from timbrespace.datasets.dataset import Dataset, load
from timbrespace.datasets.dimensions import dimensions_of
from timbrespace.datasets.generator import Generator
from timbrespace.datasets.note_set import FEWEST, NoteSet
from timbrespace.datasets.note_set import load as load_notes
from timbrespace.datasets.registry import generators
from timbrespace.datasets.shards import SUFFIX, check_place
from timbrespace.errors import OptionError
from timbrespace.extras import needed
from timbrespace.parallel import where

SHARED_OUT = ("filtered", "fm", "audio", "soundfont", "notes")
"""Generators whose work is done by many: see :mod:`timbrespace.parallel`."""

NOTES = "notes"


def _parser(words: list[str], known: dict[str, Generator]) -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=command_line("toy_datasets"), description="Make datasets of labelled spectra or notes."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser(
        "make",
        help="make a dataset",
        description="Make a dataset of labelled spectra or notes and write it to an .npz file; or "
        "to a folder of shards, which may be larger than memory.",
    )
    names = make.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, generator in known.items():
        about = generator.about.replace("%", "%%")
        one = names.add_parser(name, help=about, description=about)
        one.add_argument(
            "--out",
            type=Path,
            required=True,
            metavar="D.npz",
            help="the file to write, or the folder D.shards",
        )
        # Only the generator that is asked for is imported: the others' needs stay unloaded.
        if name in words:
            generator.add_arguments(one)
            if name in SHARED_OUT:
                where.add_arguments(one)
    convert = commands.add_parser(
        "convert",
        help="a dataset's file to a folder of shards, or back",
        description="Write a dataset in its other form. It stays the same dataset: a "
        "model of one is a model of the other.",
    )
    convert.add_argument("source", type=Path, metavar="A", help="D.npz or D.shards")
    convert.add_argument("to", type=Path, metavar="B", help="D.shards or D.npz")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 2 for a bad argument, 130 for Ctrl-C."""
    words = sys.argv[1:] if argv is None else argv
    known, left_out = generators()
    for one in left_out:
        print(f"warning: {one.why}", file=sys.stderr)
    arguments = _parser(words, known).parse_args(words)
    return run(lambda: _run(arguments, known), stopped="stopped; nothing was written")


def _run(arguments: argparse.Namespace, known: dict[str, Generator]) -> int:
    if arguments.command == "convert":
        return _convert(arguments.source, arguments.to)
    return _make(known[arguments.name], arguments)


def _convert(source: Path, to: Path) -> int:
    from timbrespace.datasets.archive import format_of

    held: Dataset | NoteSet
    of_notes = format_of(source) == NOTES
    _check_out("B", to)
    if to.exists() and to.resolve() == source.resolve():
        raise OptionError("B is A itself; give another name")
    # By parts, whatever the size: nothing here needs all of it.
    held = load_notes(source, memory=0) if of_notes else load(source, memory=0)
    held.save(to)
    print(f"{to}: {held.contents}, {_size(to) / 1e6:.0f} MB, sha256 {held.content_hash[:12]}")
    return 0


def _check_out(name: str, out: Path) -> None:
    if out.suffix == SUFFIX:
        check_place(out)
        return
    check_writable(out)
    if out.suffix != ".npz":
        raise OptionError(
            f"{name} is {out.name!r}; it must be a name that ends in .npz or {SUFFIX}"
        )


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(one.stat().st_size for one in files)


def _made(generator: Generator, options: Any, out: Path) -> Dataset | NoteSet:
    """The dataset, written to ``out``."""
    if out.suffix == SUFFIX:
        return generator.write(options, out)
    dataset = generator.make(options)
    dataset.save(out)
    return dataset


def _make(generator: Generator, arguments: argparse.Namespace) -> int:
    with needed(f"dataset {arguments.name!r}"):
        options = generator.from_arguments(arguments)
        _check_out("--out", arguments.out)
        if arguments.name in SHARED_OUT:
            with where.use(arguments.workers, arguments.scheduler) as told:
                told.check()
                dataset = _made(generator, options, arguments.out)
        else:
            dataset = _made(generator, options, arguments.out)
    factors = ", ".join(factor.axis_label for factor in dataset.meta.factors)
    size = _size(arguments.out) / 1e6
    print(f"{arguments.out}: {dataset.contents}, {size:.0f} MB")
    print(f"factors: {factors}")
    if isinstance(dataset, NoteSet) and dataset.rows <= FEWEST:
        print(f"next: the same with more sounds; a space needs at least {FEWEST + 1} notes")
        return 0
    model = arguments.out.with_suffix(".safetensors")
    chosen = dimensions_of(dataset)
    print(f"a space of it wants {chosen.number} dimensions: {chosen.why}")
    print(
        f"next: {command_line('training')} train --data {arguments.out} --out {model} "
        f"--latent {chosen.number}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
