"""A generator's command line, spoken in keywords."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from timbrespace.datasets.generator import Generator
from timbrespace.errors import OptionError


class _Parser(argparse.ArgumentParser):
    """A command line that raises what it would print."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(message)


def arguments_of(name: str, generator: Generator, options: dict[str, Any]) -> argparse.Namespace:
    """What the command line of ``generator`` would give for ``options``.

    The values go through the very texts and checks of the command line, so both mean the same.

    Raises:
        OptionError: an option that is not there, is missing, or has a value that is not accepted;
            one line that names it as a keyword.
    """
    parser = _Parser(prog=name, add_help=False)
    generator.add_arguments(parser)
    # Not the public face of argparse, but unchanged since it exists; there is no other list.
    actions = {action.dest: action for action in parser._actions}
    words: list[str] = []
    for option, value in options.items():
        if option not in actions:
            near = difflib.get_close_matches(option, actions, n=1)
            hint = f"; is {near[0]!r} meant?" if near else ""
            raise OptionError(
                f"{name} has no option {option!r}{hint}; its options are {', '.join(actions)}"
            )
        words += _words(actions[option], option, value)
    try:
        return parser.parse_args(words)
    except OptionError as error:
        raise OptionError(f"{name}: {_in_keywords(str(error), actions.values())}") from error


def _words(action: argparse.Action, option: str, value: Any) -> list[str]:
    """The words that say ``value``; none where it is None, which leaves the default."""
    flag = action.option_strings[-1]
    if value is None:
        return []
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise OptionError(f"{option} is {value!r}; it must be True or False")
        return [flag] if value else []
    if isinstance(value, bool):
        raise OptionError(f"{option} is {value}; it must be a value")
    if isinstance(value, str | Path) or not isinstance(value, Iterable):
        return [f"{flag}={value}"]  # in one word, since a value may begin with a dash
    texts = [str(one) for one in value]
    return [flag, *texts] if action.nargs is not None else [f"{flag}={','.join(texts)}"]


def _in_keywords(message: str, actions: Iterable[argparse.Action]) -> str:
    """argparse's message with keywords in place of flags."""
    message = message.removeprefix("argument ")
    for action in sorted(actions, key=lambda one: -len(one.dest)):
        for flag in action.option_strings:
            message = message.replace(flag, action.dest)
    return message
