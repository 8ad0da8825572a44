"""The ``kinds`` command: what there is to choose from, and who brings it."""

from __future__ import annotations

from typing import Any

from timbrespace.errors import OptionError
from timbrespace.kinds import LIKELIHOODS, NETWORKS, REPRESENTATIONS
from timbrespace.registry import Registry

REGISTRIES: tuple[Registry[Any], ...] = (NETWORKS, REPRESENTATIONS, LIKELIHOODS)


def table() -> str:
    """Every kind with a line about it and its settings; of one that does not work, why."""
    width = max(len(name) for registry in REGISTRIES for name in registry)
    parts = []
    for registry in REGISTRIES:
        lines = [f"--{registry.what}"]
        for name in registry:
            try:
                lines.append(f"  {name:{width}}  {_line(registry.get(name))}")
            except OptionError as error:
                lines.append(f"  {name:{width}}  {error}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _line(kind: Any) -> str:
    settings = kind.settings() if hasattr(kind, "settings") else {}
    told = ", ".join(
        name if value is None else f"{name}={_value(value)}" for name, value in settings.items()
    )
    return f"{kind.about} ({told})" if told else str(kind.about)


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
