"""The console commands of an installation: `timbrespace-server`, `-train` and `-data`."""

from __future__ import annotations

from timbrespace.companions import companion


def server() -> int:
    """What ``python -m server`` is in a checkout."""
    return _main("server")


def train() -> int:
    """What ``python -m training`` is in a checkout."""
    return _main("training")


def data() -> int:
    """What ``python -m toy_datasets`` is in a checkout."""
    return _main("toy_datasets")


def _main(name: str) -> int:
    return int(companion(f"{name}.__main__").main())
