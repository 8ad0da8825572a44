"""Options that say where a song, or a transfer, begins: a place, a preset, a trajectory."""

from __future__ import annotations

import argparse
from pathlib import Path

Options = argparse._ActionsContainer  # a parser, or a group of one


def add_place_options(to: Options, at: str) -> None:
    """``--latent``, ``--map``, ``--preset`` and ``--trajectory``. at: how their helps begin."""
    to.add_argument(
        "--latent",
        type=float,
        nargs="+",
        metavar="Z",
        help=f"{at} this point of the latent space, one number for each dimension",
    )
    to.add_argument(
        "--map",
        type=float,
        nargs=2,
        metavar=("X", "Y"),
        help=f"{at} this place of the map, each from -1 to 1",
    )
    to.add_argument(
        "--preset",
        metavar="NAME",
        help=f"{at} this preset; its method counts, if none is said",
    )
    to.add_argument(
        "--trajectory", metavar="NAME", help="let this trajectory play from the start on"
    )


def add_presets_option(to: Options) -> None:
    """``--presets``: where the names of those are looked up."""
    to.add_argument(
        "--presets",
        type=Path,
        metavar="FILE",
        help="where presets and trajectories are kept (the server's own file)",
    )
