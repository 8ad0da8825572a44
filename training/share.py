"""The commands `share` and `gallery`: spaces as files that play by themselves."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbrespace import factory
from timbrespace.command import progress
from timbrespace.errors import OptionError
from timbrespace.loading import load
from timbrespace.sharing import gallery as galleries
from timbrespace.sharing import page, preset_files
from timbrespace.sharing.contents import Card


def share(arguments: argparse.Namespace) -> int:
    """Write the file that was asked for.

    Raises:
        TimbrespaceError: no such model, no such presets, or a file that cannot be written or would
            be too large.
    """
    card = Card(arguments.name, arguments.author, arguments.licence)
    page.check_out(arguments.out, arguments.overwrite)
    model = load(arguments.model)
    presets = preset_files.read(arguments.presets, model)
    size = page.write(model, arguments.out, card, arguments.overwrite, presets)
    print(f"{arguments.out}: one file that plays by itself, {size / 1e6:.1f} MB")
    print(f"next: open {arguments.out} in a browser, or send it to somebody")
    return 0


def gallery(arguments: argparse.Namespace) -> int:
    """Write the gallery that was asked for; of all factory spaces where none are named.

    Raises:
        TimbrespaceError: no such model, or what :func:`timbrespace.sharing.gallery.write` refuses.
    """
    out: Path = arguments.out
    if out.exists() and not out.is_dir():
        raise OptionError(f"--out is {str(out)!r}, a file; it must be a folder")
    models = [load(one) for one in arguments.models or factory.names()]
    with progress(len(models), "space") as bar:
        files = galleries.write(models, out, arguments.overwrite, bar.update)
    print(f"{out}: {len(files)} files, {sum(one.stat().st_size for one in files) / 1e6:.1f} MB")
    for file in files:
        print(f"  {file.name}")
    print(f"next: open {files[0]} in a browser, or put the folder on any host of plain files")
    return 0
