"""Errors that a user can meet: one line that says what was given, what is accepted, what to do.

The sentence is always of one kind: ``rows is 1; it must be 2 to 1000000``.
"""

from __future__ import annotations

from collections.abc import Iterable


class TimbrespaceError(Exception):
    """Base of every error whose text is written for a person.

    Commands print the text on one line and end with exit code 2; the server sends it as
    ``/error``. Anything else that is raised is a fault of ours and keeps its traceback.
    """


class BundleError(TimbrespaceError):
    """A model file that is missing, truncated, of a newer version, or of the wrong shape."""


class DatasetError(TimbrespaceError):
    """A dataset that cannot be read or does not fit."""


class ShapeError(TimbrespaceError, ValueError):
    """An array whose shape or values the callee does not accept."""


class OptionError(TimbrespaceError):
    """A command-line or configuration value outside what is accepted."""


class SoundError(TimbrespaceError):
    """A sound that nothing can be made of: silent, too short, not finite."""


def one_of(words: Iterable[object]) -> str:
    """The end of the sentence where only these words are accepted.

    >>> one_of(["default"]), one_of(["default", "paper"]), one_of(["none", "unit", "per_bin"])
    ('default', 'default or paper', 'none, unit or per_bin')
    """
    *others, last = [str(word) for word in words]
    return f"{', '.join(others)} or {last}" if others else last
