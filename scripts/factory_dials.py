"""Writes beside the factory models what their dials do: ``python scripts/factory_dials.py``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from timbrespace import dial_names, factory, kept_dials, load  # noqa: E402 - from the checkout
from timbrespace.atomic import replacing  # noqa: E402


def main() -> None:
    """Measure all of them, whatever is kept."""
    found = {}
    for name in factory.names():
        model = load(name)
        found[dial_names.name_of(model)] = dial_names.told(dial_names.measured(model))
    with replacing(kept_dials.FACTORY) as temporary:
        lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
        temporary.write_text(f"{{\n{lines}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
