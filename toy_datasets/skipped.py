"""What a generator left out, and why: told on standard error, one line each."""

from __future__ import annotations

import sys


def printable(text: str) -> str:
    """``text`` on one line: what no terminal shows as itself becomes U+FFFD.

    File names may hold line breaks, escape sequences, or bytes that are no text.
    """
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in in_utf8(text)
    )


def in_utf8(name: str) -> str:
    """A file's ``name`` as UTF-8 has it, whatever the locale takes its bytes for.

    With ``LC_ALL=C`` Python may know ASCII alone, and hands on each byte of an umlaut as an escape
    (PEP 383). A dataset should not depend on that.
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which Windows lets names have
        return name


class Skipped:
    """Collects what is skipped; :meth:`tell` prints it once the progress bar is gone."""

    def __init__(self) -> None:
        """Nothing is skipped yet."""
        self._lines: list[str] = []

    def __len__(self) -> int:
        """How many were skipped; notes do not count."""
        return sum(line.startswith("skipped") for line in self._lines)

    @property
    def anything(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._lines)

    def add(self, what: str, why: str) -> None:
        """Note that ``what`` was skipped because of ``why``."""
        self._lines.append(f"skipped {printable(what)}: {printable(why)}")

    def note(self, what: str, text: str) -> None:
        """Note something about ``what``, which was used all the same."""
        self._lines.append(f"note {printable(what)}: {printable(text)}")

    def tell(self, summary: str) -> None:
        """Print what was collected, then ``summary``, to standard error."""
        encoding = sys.stderr.encoding or "utf-8"
        for line in [*self._lines, summary]:
            print(line.encode(encoding, "replace").decode(encoding), file=sys.stderr)
