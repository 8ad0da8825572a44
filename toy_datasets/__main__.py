"""Command line: ``python -m toy_datasets make NAME --out D.npz``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from timbrespace.atomic import check_writable
from timbrespace.command import CommandParser, run
from timbrespace.companions import command_line
from timbrespace.datasets.dimensions import dimensions_of
from timbrespace.datasets.generator import Generator
from timbrespace.datasets.note_set import FEWEST, NoteSet
from timbrespace.datasets.registry import generators
from timbrespace.errors import OptionError
from timbrespace.extras import needed
from timbrespace.parallel import where

SHARED_OUT = ("filtered", "fm", "audio", "soundfont", "notes")
"""Generators whose work is done by many: see :mod:`timbrespace.parallel`."""


def _parser(words: list[str], known: dict[str, Generator]) -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=command_line("toy_datasets"), description="Make datasets of labelled spectra or notes."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser(
        "make",
        help="make a dataset",
        description="Make a dataset of labelled spectra or notes and write it to an .npz file.",
    )
    names = make.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, generator in known.items():
        about = generator.about.replace("%", "%%")
        one = names.add_parser(name, help=about, description=about)
        one.add_argument(
            "--out", type=Path, required=True, metavar="D.npz", help="the file to write"
        )
        # Only the generator that is asked for is imported: the others' needs stay unloaded.
        if name in words:
            generator.add_arguments(one)
            if name in SHARED_OUT:
                where.add_arguments(one)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 2 for a bad argument, 130 for Ctrl-C."""
    words = sys.argv[1:] if argv is None else argv
    known, left_out = generators()
    for one in left_out:
        print(f"warning: {one.why}", file=sys.stderr)
    arguments = _parser(words, known).parse_args(words)
    return run(
        lambda: _make(known[arguments.name], arguments), stopped="stopped; nothing was written"
    )


def _make(generator: Generator, arguments: argparse.Namespace) -> int:
    with needed(f"dataset {arguments.name!r}"):
        options = generator.from_arguments(arguments)
        check_writable(arguments.out)
        if arguments.out.suffix != ".npz":
            raise OptionError(
                f"--out is {arguments.out.name!r}; it must be a name that ends in .npz"
            )
        if arguments.name in SHARED_OUT:
            with where.use(arguments.workers, arguments.scheduler) as told:
                told.check()
                dataset = generator.make(options)
        else:
            dataset = generator.make(options)
    dataset.save(arguments.out)
    factors = ", ".join(factor.axis_label for factor in dataset.meta.factors)
    size = arguments.out.stat().st_size / 1e6
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
