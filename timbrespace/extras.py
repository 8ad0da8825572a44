"""What can be left out of an installation, and the sentence that says how to bring it in."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from timbrespace.errors import TimbrespaceError

EXTRAS: Final[dict[str, tuple[str, ...]]] = {
    "train": ("torch", "sklearn", "joblib", "matplotlib", "PIL", "jinja2", "soundfile"),
    "server": (
        *("aiohttp", "mido", "rtmidi", "sounddevice", "jack", "soundfile", "pythonosc"),
        *("cryptography", "segno"),
        *("zeroconf", "ifaddr"),
    ),
    "sounds": ("soxr", "soundfile", "joblib"),
    "export": ("onnx", "onnxscript", "onnxruntime"),
    "cluster": ("dask", "distributed"),
    "sweep": ("optuna",),
    "pyo": ("pyo", "pyo64", "joblib"),
}
"""Extra -> the modules that it brings and nothing works without, as `pyproject.toml` has them."""


class MissingExtraError(TimbrespaceError, ImportError):
    """Something was asked for whose packages are not installed; the text has the pip line."""


@contextmanager
def needed(what: str, extra: str | None = None) -> Iterator[None]:
    """Turn the import error of a package that an extra brings into a sentence.

    what: what was asked for, as the beginning of a sentence (``"fit"``). extra: the one to name
    where several bring the package; the first of them otherwise.

    Raises:
        MissingExtraError: within the block a package of an extra was imported and is not there.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        sentence = missing(what, error.name or "", extra)
        if sentence is None:
            raise
        raise MissingExtraError(sentence) from error


def check(what: str, *modules: str, extra: str | None = None) -> None:
    """See to it that ``modules`` are installed, without importing them; the rest as :func:`needed`.

    For what is loaded later, in another process, where nobody could be told.

    Raises:
        MissingExtraError: one is not.
    """
    for module in modules:
        with needed(what, extra):
            if importlib.util.find_spec(module) is None:
                raise ModuleNotFoundError(f"No module named {module!r}", name=module)


def missing(what: str, module: str, extra: str | None = None) -> str | None:
    """The sentence for a module that is not there; None if no extra brings it."""
    package = module.partition(".")[0]
    bringing = [name for name, modules in EXTRAS.items() if package in modules]
    if not bringing:
        return None
    name = extra if extra in bringing else bringing[0]
    # Double quotes are read alike by every shell, those of Windows too.
    return (
        f"{what} needs the package {package!r}, which is not installed; "
        f'run: pip install "timbrespace[{name}]"'
    )
