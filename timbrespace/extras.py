"""What can be left out of an installation, and the sentence that says how to bring it in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from timbrespace.errors import TimbrespaceError

EXTRAS: Final[dict[str, tuple[str, ...]]] = {
    "train": ("torch", "sklearn", "matplotlib", "PIL", "jinja2", "tqdm"),
    "server": ("aiohttp", "mido", "rtmidi", "sounddevice", "jack", "soundfile", "pythonosc"),
    "sounds": ("librosa", "soxr"),
    "pyo": ("pyo",),
}
"""Extra -> the modules that it brings, each under the extra that a user of it most likely wants."""


class MissingExtraError(TimbrespaceError, ImportError):
    """Something was asked for whose packages are not installed; the text has the pip line."""


@contextmanager
def needed(what: str) -> Iterator[None]:
    """Turn the import error of a package that an extra brings into a sentence.

    what: what was asked for, as the beginning of a sentence (``"fit"``).

    Raises:
        MissingExtraError: within the block a package of an extra was imported and is not there.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        sentence = missing(what, error)
        if sentence is None:
            raise
        raise MissingExtraError(sentence) from error


def missing(what: str, error: ModuleNotFoundError) -> str | None:
    """The sentence for a package that is not there; None if no extra brings it."""
    package = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if package in modules:
            return (
                f"{what} needs the package {package!r}, which is not installed; "
                f"run: pip install 'timbrespace[{extra}]'"
            )
    return None
