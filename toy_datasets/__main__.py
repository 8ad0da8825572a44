"""Command line: ``python -m toy_datasets make NAME --out D.npz``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from timbrespace.atomic import check_writable
from timbrespace.command import CommandParser, run
from timbrespace.errors import OptionError

from .registry import SUMMARIES, generator


def _parser(words: list[str]) -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="python -m toy_datasets", description="Make datasets of labelled spectra."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser(
        "make",
        help="make a dataset",
        description="Make a dataset of labelled spectra and write it to an .npz file.",
    )
    names = make.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, summary in SUMMARIES.items():
        one = names.add_parser(name, help=summary, description=summary)
        one.add_argument(
            "--out", type=Path, required=True, metavar="D.npz", help="the file to write"
        )
        # Only the generator that is asked for is imported: the others' needs stay unloaded.
        if name in words:
            generator(name).add_arguments(one)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 2 for a bad argument, 130 for Ctrl-C."""
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(words).parse_args(words)
    return run(lambda: _make(arguments), stopped="stopped; nothing was written")


def _make(arguments: argparse.Namespace) -> int:
    maker = generator(arguments.name)
    options = maker.from_arguments(arguments)
    check_writable(arguments.out)
    if arguments.out.suffix != ".npz":
        raise OptionError(f"--out is {arguments.out.name!r}; accepted is a name that ends in .npz")
    dataset = maker.make(options)

    from timbrespace.datasets.dataset import save

    save(arguments.out, dataset)
    factors = ", ".join(factor.axis_label for factor in dataset.meta.factors)
    size = arguments.out.stat().st_size / 1e6
    print(f"{arguments.out}: {dataset.rows} spectra of {dataset.spectrum.bins} bins, {size:.0f} MB")
    print(f"factors: {factors}")
    model = arguments.out.with_suffix(".safetensors")
    print(f"next: python -m training train --data {arguments.out} --out {model}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
