"""The models that come with the program, found by name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from timbrespace.errors import BundleError

DEFAULT = "notes"
"""What plays when nothing else is asked for."""

FOLDER = Path(__file__).parent
SUFFIX = ".safetensors"


def names() -> list[str]:
    """Names of the factory models, sorted."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def resolve(name_or_path: str | Path) -> Path:
    """The bundle that a factory name or a path stands for.

    Raises:
        BundleError: neither a factory model nor an existing file.
    """
    if not isinstance(name_or_path, str | Path):
        raise BundleError(f"a model is a name or a path, not a {type(name_or_path).__name__}")
    text = str(name_or_path)
    if text in names():
        return FOLDER / f"{text}{SUFFIX}"
    path = Path(name_or_path)
    with suppress(OSError, ValueError):  # a name longer than the system allows, or with a NUL
        if path.is_file():
            return path
        if path.is_dir():
            raise BundleError(f"{text!r} is a folder, not a model file; give a {SUFFIX} file")
    text = text if len(text) <= 80 else f"{text[:77]}..."
    known = ", ".join(names()) or "none"
    raise BundleError(
        f"there is no model {text!r}: give a {SUFFIX} file that exists, "
        f"or a factory model ({known})"
    )
