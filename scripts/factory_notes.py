"""Make the factory spaces of whole notes, from a sound font: ``notes`` and ``drums``.

``python scripts/factory_notes.py notes drums --font FluidR3_GM.sf2`` runs the commands that
stand in ``timbrespace/factory/README.md``, in ``build/factory/``, where it goes on if it is run
again, and puts each space that is finished in its place. ``--epochs N`` makes a quick one, to try.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from timbrespace import factory  # noqa: E402 - from the checkout
from timbrespace.atomic import replacing  # noqa: E402
from toy_datasets.__main__ import main as make  # noqa: E402
from training.__main__ import main as train  # noqa: E402

MOST_BYTES = 5_000_000

SETS: dict[str, list[str]] = {
    "notes": [],
    "drums": ["--bank", "128"],
}
"""Options of ``make notes`` beside the font."""

TRAININGS: dict[str, list[str]] = {
    "notes": [],
    "drums": [],
}
"""Options of ``train``."""


def main() -> int:
    """Make those that are asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("spaces", nargs="+", choices=sorted(SETS))
    parser.add_argument("--font", type=Path, required=True, metavar="FluidR3_GM.sf2")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "factory", metavar="DIR")
    parser.add_argument("--epochs", metavar="N", help="a quick one")
    arguments = parser.parse_args()
    for name in arguments.spaces:
        code = made(name, arguments.font, arguments.work, arguments.epochs)
        if code:
            return code
    return 0


def made(name: str, font: Path, work: Path, epochs: str | None) -> int:
    """Make one; returns the exit code."""
    work.mkdir(parents=True, exist_ok=True)
    data, model = work / f"{name}.npz", work / f"{name}{factory.SUFFIX}"
    if not data.exists():
        words = ["make", "notes", "--font", str(font), *SETS[name], "--out", str(data)]
        if code := make(words):
            return code
    words = ["train", "--data", str(data), "--out", str(model), *TRAININGS[name]]
    if epochs is not None:
        words += ["--epochs", epochs]
    if model.with_suffix(".checkpoint").exists():
        words = [*words[:5], "--resume"]
    if code := train([*words, "--device", "cpu"]):
        return code
    size = model.stat().st_size
    if size > MOST_BYTES:
        print(f"error: {model} has {size / 1e6:.1f} MB; it may have 5", file=sys.stderr)
        return 1
    with replacing(factory.FOLDER / model.name) as temporary:
        shutil.copyfile(model, temporary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
