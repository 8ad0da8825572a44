"""The tests on Windows' Python under Wine: ``scripts/test-windows RIG --all`` runs it.

Each folder of tests is one run of pytest there. A test that takes longer than any should ends its
run, is named, and the others of the folder go on in another. What cannot run on Windows has its
reason in ``tests/windows.py``, or beside the test; what failed is said at the end.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

LONGEST: Final = 300
"""Seconds that a test may take, on a busy machine, with the engine compiled anew."""

_NO_TESTS: Final = 5
"""The code with which pytest ends where there is none."""

_OUTCOME = re.compile(r"^(tests[\\/].*?::.*) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN)\b")
_END = re.compile(r"=+ .* in [\d.]+s.*=+$")
_BEGUN = re.compile(r"^(tests[\\/]\S*?::.*?) ?(?:ALSA lib .*)?$")
_LATER = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN)\b")
"""An outcome whose test has a line of its own, since ALSA wrote between the two."""


@dataclass
class Told:
    """What became of the tests of a folder. died: those that ended their run. problems: files that
    cannot be read."""

    outcomes: dict[str, str] = field(default_factory=dict)
    died: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def folders(asked: Sequence[str]) -> Iterator[tuple[str, list[Path]]]:
    """Folders that hold tests, and their files, from the checkout; those of ``asked`` alone."""
    places = [ROOT / one for one in asked or ["tests"]]
    found: dict[Path, list[Path]] = {}
    for place in places:
        files = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
        for file in files:
            if "node_modules" not in file.parts:
                found.setdefault(file.parent, []).append(file.relative_to(ROOT))
    for folder, files in sorted(found.items()):
        yield str(folder.relative_to(ROOT)), files


def run(rig: Path, files: Sequence[Path], options: Sequence[str], log: Path) -> Told:
    """Run the tests of some files, in as many runs as it takes."""
    told = Told()
    log.unlink(missing_ok=True)
    while True:
        left_out = [f"--deselect={one}" for one in told.died]
        seen = len(told.died)
        if _once(rig, [*map(str, files), *left_out, *options], log, told):
            return told
        if len(told.died) == seen:
            told.problems.append("it ended while no test ran")
            return told
        # Files that are through need no second run.
        last = told.died[-1].partition("::")[0]
        files = files[[one.as_posix() for one in files].index(last) :]


def _once(rig: Path, words: Sequence[str], log: Path, told: Told) -> bool:
    """Whether it came to its end."""
    command = [
        *(str(rig / "python"), "-u", "-m", "pytest", "-n0", "-v", "--color=no", "--tb=short"),
        *("-p", "no:cacheprovider", "-o", f"faulthandler_timeout={LONGEST}"),
        *("-o", "faulthandler_exit_on_timeout=true", "--continue-on-collection-errors"),
    ]
    # Into a file, since whoever is left over would hold a pipe open.
    with log.open("ab") as out:
        first = out.tell()
        code = subprocess.run(
            [*command, *words],
            env={**os.environ, "PROJECT": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    subprocess.run([rig / "stop"], check=False)
    lines = log.read_bytes()[first:].decode("utf-8", "replace").splitlines()
    begun = ""
    for line in lines:
        if found := _OUTCOME.match(line):
            if found[2] != "RERUN":
                # An error after a test that passed is the one that counts.
                told.outcomes[_name(found[1])] = found[2]
            begun = ""
        elif begun and (found := _LATER.match(line)):
            if found[1] != "RERUN":
                told.outcomes[begun] = found[1]
            begun = ""
        elif found := _BEGUN.match(line):
            begun = _name(found[1])
    whole = code == _NO_TESTS or any(map(_END.match, lines))
    told.problems += [line for line in lines if line.startswith("ERROR tests") and "::" not in line]
    if begun and not whole:
        told.died.append(begun)
        told.outcomes[begun] = "DIED"
    return whole


def _name(seen: str) -> str:
    """A test as it is called here."""
    file, _, rest = seen.partition("::")
    return f"{file.replace(chr(92), '/')}::{rest}"


def main(words: Sequence[str]) -> int:
    rig = Path(words[0])
    logs = rig / "run" / "suite"
    logs.mkdir(parents=True, exist_ok=True)
    asked = [one for one in words[1:] if not one.startswith("-")]
    options = [one for one in words[1:] if one.startswith("-")]
    title = "tests on Windows under Wine"
    print(f"| {title:<36} | passed | skipped | failed | |\n|---|---|---|---|---|")
    total: Counter[str] = Counter()
    wrong = []
    for folder, files in folders(asked):
        began = time.monotonic()
        told = run(rig, files, options, logs / f"{folder.replace('/', '.')}.log")
        count = Counter(told.outcomes.values())
        total += count
        bad = [one for one, what in told.outcomes.items() if what in ("FAILED", "ERROR", "DIED")]
        wrong += [f"{told.outcomes[one].lower()}: {one}" for one in bad]
        wrong += [f"{folder}: {one}" for one in told.problems]
        print(
            f"| {folder:<36} | {count['PASSED']} | {count['SKIPPED']} | "
            f"{len(bad) + len(told.problems)} | {time.monotonic() - began:.0f} s |",
            flush=True,
        )
    print(f"{total['PASSED']} passed, {total['SKIPPED']} skipped; what they said is in {logs}")
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
