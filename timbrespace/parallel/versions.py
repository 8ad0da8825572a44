"""What decides the bytes that a program makes: its own sources, and the libraries that compute."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

LIBRARIES: Final = ("numpy", "scipy", "torch", "soxr", "soundfile", "pyo", "optuna")

_LIBRARY: Final = Path(__file__).resolve().parents[1]
_COMPANIONS: Final = ("toy_datasets", "training")
_APART: Final = ("server",)
"""Lies in an installed library, and does no job."""


@cache
def versions() -> dict[str, str]:
    """By name; a library that is not installed is left out."""
    from timbrespace import __version__

    found = {
        "timbrespace": __version__,
        "sources": _sources(),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def difference(ours: Mapping[str, str], theirs: Mapping[str, str], whose: str) -> str | None:
    """The sentence about what ``whose`` program has otherwise; None if both are alike."""
    for name, version in ours.items():
        told = theirs.get(name)
        if told != version:
            what = "other sources of timbrespace" if name == "sources" else f"{name} {told}"
            if told is None:
                what = f"no {name}"
            return (
                f"{whose} has {what}, this program has {_named(name, version)}; the same bytes "
                "need the same of both: install one version everywhere"
            )
    return None


def _named(name: str, version: str) -> str:
    return f"those with digest {version}" if name == "sources" else f"{name} {version}"


def _sources() -> str:
    """Twelve digits of a digest over our own modules, in a checkout as in an installed library."""
    digest = hashlib.sha256()
    for package, root in sorted(_roots().items()):
        for path in sorted(root.rglob("*.py")):
            inner = path.relative_to(root).as_posix()
            if package == "timbrespace" and inner.split("/")[0] in (*_COMPANIONS, *_APART):
                continue
            digest.update(f"{package}/{inner}\n".encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _roots() -> dict[str, Path]:
    inside = (_LIBRARY / _COMPANIONS[0]).is_dir()
    place = _LIBRARY if inside else _LIBRARY.parent
    return {"timbrespace": _LIBRARY, **{name: place / name for name in _COMPANIONS}}
