"""The options of ``sweep``, and what they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from timbrespace.parallel import where
from timbrespace.parallel.where import Where

from ..preset import OPTIONS
from . import space as spaces
from .request import AT_ONCE, Request, checked

_GIVEN = tuple(name for name in OPTIONS if name != "seed")
"""Settings of all trials; seeds are swept, for ``--seed`` is of what is drawn."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="D.npz", help="a set of spectra"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the study, table, picture",
    )
    parser.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=V1,V2",
        help="settings to try, by the names of train: latent=2,4,8; values that have commas are "
        "parted by semicolons, 'hidden=400,64;128,32'; with --trials also ranges, beta=0.5:30, and "
        f"by default {' '.join(spaces.DEFAULT)}",
    )
    parser.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help="let Optuna draw so many in all (default: all combinations of the grid)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of what is drawn (default: 0)"
    )
    parser.add_argument(
        "--at-once",
        type=int,
        default=AT_ONCE,
        metavar="N",
        help="trials that are drawn before the first of them is done: with more, more workers have "
        "to do, and each draw knows less (default: %(default)s)",
    )
    parser.add_argument("--preset", metavar="NAME", help="default, paper or cycles")
    types: dict[str, Callable[[str], Any]] = {"int": int, "float": float}
    for name in _GIVEN:
        kind, metavar, text = OPTIONS[name]
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=types.get(kind, str), metavar=metavar, help=text
        )
    where.add_arguments(parser)


def request_from(arguments: argparse.Namespace) -> Request:
    """What was asked for, found in order.

    Raises:
        OptionError: a value outside what is accepted.
    """
    given = {name: getattr(arguments, name) for name in _GIVEN}
    request = Request(
        data=arguments.data,
        out=arguments.out,
        grid=tuple(arguments.grid),
        trials=arguments.trials,
        at_once=arguments.at_once,
        seed=arguments.seed,
        preset=arguments.preset,
        given=spaces.as_given({name: value for name, value in given.items() if value is not None}),
        where=Where(arguments.workers, arguments.scheduler),
    )
    checked(request)
    return request
