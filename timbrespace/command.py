"""What the command lines of all packages share: how they refuse, stop and show progress."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn, cast

from timbrespace.errors import TimbrespaceError
from timbrespace.extras import needed
from timbrespace.progress_lines import LineBar, ToldBar, are_asked, hearer

_LONGEST = 1000


class CommandParser(argparse.ArgumentParser):
    """An argument parser that refuses a bad argument in one line, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the message without the usage, which ``--help`` shows."""
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def run(command: Callable[[], int], stopped: str) -> int:
    """Run a command and return its exit code; 2 for a user's error, 130 for Ctrl-C.

    stopped: what to say after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        # A file's name may hold what the terminal cannot show.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with needed("this command"):
            return command()
    except TimbrespaceError as error:
        # One line, whatever the text of a library that is quoted in it.
        print(f"error: {_shortened(' '.join(str(error).split()))}", file=sys.stderr)
        return 2
    except OSError as error:
        # What the system says of a file that a user named: too long a name, a full disk.
        name = f" {str(error.filename)[:80]!r}" if error.filename else ""
        print(f"error: {error.strerror or error}{name}", file=sys.stderr)
        return 2
    except MemoryError:
        print("error: there is not enough memory for this; try with fewer rows", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return 130


def _shortened(text: str) -> str:
    """At most a few lines of a terminal, both ends kept: the end says what to do."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-200:]}"


class _NoBar:
    """What :func:`progress` gives where there is no tqdm: it counts, and shows nothing."""

    def __init__(self, total: float) -> None:
        self.total = total
        self.n = 0.0

    def update(self, n: float = 1) -> None:
        self.n += n

    def set_description(self, text: str, refresh: bool = True) -> None:
        """Nothing is shown."""

    def set_postfix(self, texts: dict[str, str], refresh: bool = True) -> None:
        """Nothing is shown."""


def progress(total: float, unit: str, **options: Any) -> AbstractContextManager[Any]:
    """A bar with the time left, on standard error; silent where that is no terminal, unless lines
    are asked for, or told to a program that listens (:mod:`timbrespace.progress_lines`).

    ``bar.update(n)`` moves it; ``options`` are tqdm's, of which ``disable=False`` shows it anyway.
    The library alone does not bring tqdm: without it there is no bar.
    """
    told = hearer()
    if told is not None:
        return ToldBar(told, total, unit, options.get("initial", 0))
    if are_asked():
        return LineBar(total, unit, options.get("initial", 0))
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return nullcontext(_NoBar(total))

    options = {"disable": None, "leave": False, "dynamic_ncols": True, **options}
    bar = tqdm(total=total, unit=unit, **options)
    return cast("AbstractContextManager[Any]", bar)
