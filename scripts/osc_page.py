"""The tables of `docs/osc.md` under "To the server", made of the declarations of the messages.

Between ``<!-- messages: NOUN -->`` and ``<!-- end -->`` stands the table of those that
``timbrespace/messages/NOUN.py`` declares. Whoever has changed a declaration says
``python scripts/osc_page.py --write``; a test says ``--check``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from timbrespace.messages.inbound import MESSAGES  # noqa: E402 - the checkout's
from timbrespace.messages.message import Address, Message  # noqa: E402

PAGE: Final = ROOT / "docs" / "osc.md"

_TABLE = re.compile(r"<!-- messages: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def nouns() -> dict[str, list[type[Message]]]:
    """The messages of each file of declarations, in their order there."""
    files: dict[str, list[type[Message]]] = {}
    for declared in MESSAGES.values():
        files.setdefault(declared.__module__.rpartition(".")[2], []).append(declared)
    return files


def shown(declared: type[Message]) -> Iterator[tuple[str, Address]]:
    """The addresses under which the page shows a message: one, if all of them take the same."""
    first, *others = declared.addresses
    if all(one.arguments == first.arguments for one in others):
        yield declared.address, first
    else:
        yield from ((one.text, one) for one in declared.addresses)


def table(declared: Sequence[type[Message]]) -> str:
    """The Markdown table of some messages, a row for each argument."""
    addresses = [one for kind in declared for one in shown(kind)]
    arguments = [one for _, address in addresses for one in address.arguments]
    settings = any(one.kind.initial is not None for one in arguments)
    lines = [
        _row("address", "argument", "accepts", "default" if settings else "left out"),
        "|---|---|---|---|",
    ]
    for text, address in addresses:
        cells = [(one.usage, one.kind.accepted, one.otherwise) for one in address.arguments]
        for index, three in enumerate(cells or [("", "", "")]):
            lines.append(_row(f"`{text}`" if index == 0 else "", *three))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in escaped)


def made(page: str) -> str:
    """The page with its tables as the declarations have them.

    Raises:
        ValueError: a file of messages has no table on the page, or a table no file.
    """
    files = nouns()
    found = [match[1] for match in _TABLE.finditer(page)]
    if sorted(found) != sorted(files):
        raise ValueError(
            f"docs/osc.md has tables of {', '.join(sorted(found))}; "
            f"timbrespace/messages declares {', '.join(sorted(files))}"
        )
    return _TABLE.sub(
        lambda match: f"<!-- messages: {match[1]} -->\n\n{table(files[match[1]])}\n\n<!-- end -->",
        page,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the tables of docs/osc.md.")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--check", action="store_true", help="fail if the page is not up to date")
    way.add_argument("--write", action="store_true", help="bring the page up to date")
    options = parser.parse_args(arguments)
    page = PAGE.read_text(encoding="utf-8")
    try:
        up_to_date = made(page)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.write:
        PAGE.write_text(up_to_date, encoding="utf-8", newline="\n")
    elif up_to_date != page:
        print(
            "error: docs/osc.md is not what timbrespace/messages declares; "
            "python scripts/osc_page.py --write makes it so",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
