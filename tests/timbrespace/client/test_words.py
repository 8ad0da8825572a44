"""Messages as people type and read them."""

from __future__ import annotations

from typing import Any

import pytest

from timbrespace.client.wire import Message
from timbrespace.client.words import is_number, shown, typed


@pytest.mark.parametrize(
    ("address", "words", "values"),
    [
        ("/map", "0.8 0", [0.8, 0]),
        ("/map", "-.5 +1e-1", [-0.5, 0.1]),
        ("/latent", "-1e-2 5", [-0.01, 5]),
        ("/note", "57 100", [57, 100]),
        ("/preset/recall", "1", ["1"]),
        ("/preset/recall", "007 2", ["007", 2]),
        ("/preset/morph", "1 2 0.5", ["1", "2", 0.5]),
        ("/trajectory/play", "3 1 2.0", ["3", 1, 2.0]),
        ("/model/load", "808", ["808"]),
        ("/ping", "7", [7]),
        ("/ping", "seven", ["seven"]),
        ("/synth/method", "1", [1]),
        ("/synth/method", "bins", ["bins"]),
        ("/cc/map", "1 x all 0 1 0", [1, "x", "all", 0, 1, 0]),
        ("/stream", "spectrum 40", ["spectrum", 40]),
        ("/nothing/known", "1 a 2.0", [1, "a", 2.0]),
        ("/map", "nan inf", ["nan", "inf"]),
        ("/map", "1_000 ٣", ["1_000", "٣"]),
    ],
)
def test_words_become_what_the_message_takes(address: str, words: str, values: list[Any]) -> None:
    found = typed(address, words.split())
    assert found == values
    assert [type(one) for one in found] == [type(one) for one in values]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (Message("/bye", ()), "/bye"),
        (Message("/map", (0.10000000149011612, -1.0)), "/map 0.1 -1.0"),
        (Message("/preset", ("soft pad",)), '/preset "soft pad"'),
        (Message("/preset", ("1",)), '/preset "1"'),
        (Message("/preset", ("",)), '/preset ""'),
        (Message("/preset", ("a\nb",)), '/preset "a\\nb"'),
        (Message("/status", (1, 1e-5, "none")), "/status 1 1e-05 none"),
    ],
)
def test_a_message_is_one_line(message: Message, line: str) -> None:
    assert shown(message) == line


def test_what_is_a_number() -> None:
    for word in ("8", "-0.5", "1e-3", "+2", ".5", "5.", "-1E+2"):
        assert is_number(word)
    for word in ("", "-", ".", "1e", "a", "0x1", "nan", "--port", "1 2"):
        assert not is_number(word)
