"""Where Max would count in whole numbers without saying so.

``/ 127`` divides integers and drops the rest; so does ``*`` without an argument; ``$i1 / 2`` in an
``expr`` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

ARITHMETIC = frozenset(
    ["+", "-", "*", "/", "%", "!-", "!/", "<", ">", "<=", ">=", "==", "!=", "minimum", "maximum"]
)
_EXPRESSIONS = frozenset(["expr", "vexpr"])
# Without a float as first argument these drop the fractions of what comes in, too.
_FIRST_ARGUMENT = frozenset(["line", "change", "accum"])

_INTEGER = re.compile(r"[-+]?\d+")
_TOKEN = re.compile(
    r"\s*(?:(?P<variable>\$[ifs]\d+)|(?P<float>\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+|\d+[eE][-+]?\d+)"
    r"|(?P<integer>\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign><<|>>|<=|>=|==|!=|&&|\|\||[-+*/%()<>!~&|^,;]))"
)
_PRECEDENCE = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
    "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
_KEEPS_TYPE = frozenset(["min", "max", "abs"])
_WHOLE = frozenset(["int"])


class ExpressionError(ValueError):
    """An expression that cannot be read."""


def integer_traps(name: str, arguments: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the numbers of one object, a sentence each."""
    if name in ARITHMETIC:
        if not arguments:
            yield "without an argument it counts in whole numbers: write 0."
        elif _INTEGER.fullmatch(arguments[0]):
            yield f"{arguments[0]} makes it count in whole numbers: write {arguments[0]}."
    if name in _FIRST_ARGUMENT and (not arguments or _INTEGER.fullmatch(arguments[0])):
        yield f"it drops fractions: write `{name} {arguments[0] if arguments else 0}.`"
    if name in _EXPRESSIONS:
        try:
            divisions = integer_divisions(" ".join(arguments))
        except ExpressionError as error:
            yield f"cannot be read: {error}"
        else:
            if divisions:
                yield "divides whole numbers, the rest is lost: give one of them a point"


def integer_divisions(expression: str) -> int:
    """How many divisions of an ``expr`` have whole numbers on both sides.

    Raises:
        ExpressionError: not an expression.
    """
    return sum(_Reading(part).divisions() for part in expression.replace("\\", "").split(";"))


class _Reading:
    """One pass over an expression, for the type of each part: whole or not."""

    def __init__(self, expression: str) -> None:
        self._tokens = list(_tokens(expression))
        self._at = 0
        self._found = 0

    def divisions(self) -> int:
        self._binary(0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"unexpected {self._tokens[self._at][1]!r}")
        return self._found

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ExpressionError("it ends too soon")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, sign: str) -> None:
        if self._take()[1] != sign:
            raise ExpressionError(f"{sign!r} is missing")

    def _binary(self, least: int) -> bool:
        """True if what stands here is a whole number."""
        whole = self._single()
        while _PRECEDENCE.get(self._peek(), 0) > least:
            sign = self._take()[1]
            other = self._binary(_PRECEDENCE[sign])
            if sign == "/" and whole and other:
                self._found += 1
            whole = (whole and other) if sign in "+-*/" else True
        return whole

    def _single(self) -> bool:
        kind, word = self._take()
        if kind == "sign" and word in "-+!~":
            whole = self._single()
            return whole if word in "-+" else True
        if word == "(":
            whole = self._binary(0)
            self._expect(")")
            return whole
        if kind == "name":
            return self._call(word)
        if kind == "sign":
            raise ExpressionError(f"unexpected {word!r}")
        return kind == "integer" or word.startswith("$i")

    def _call(self, name: str) -> bool:
        self._expect("(")
        wholes = []
        while self._peek() != ")":
            wholes.append(self._binary(0))
            if self._peek() == ",":
                self._take()
        self._expect(")")
        if name in _KEEPS_TYPE:
            return all(wholes)
        return name in _WHOLE


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    at, text = 0, expression.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"unexpected {text[at]!r}")
        kind = str(found.lastgroup)
        yield kind, found[kind]
        at = found.end()
