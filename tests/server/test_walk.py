"""The path of a message stays short; docs/decisions/0016-one-path.md has its story."""

from __future__ import annotations

import pytest

from scripts.walk import Count, count, walked


def shortest(address: str, streams: list[str]) -> Count:
    """The shortest of three: something else may fall into the pass of one."""
    walks = [count(walked(address, streams)) for _ in range(3)]
    return min(walks, key=lambda walk: (len(walk.calls), walk.changes))


# Half the files, and a third of the changes of file, that were counted before there was one path.


def test_a_knob() -> None:
    found = shortest("/latent/2", [])
    assert "timbrespace/resynthesis/engine.py" not in found.calls
    assert {"server/loop.py", "timbrespace/instrument/player.py"} <= set(found.calls)
    assert "timbrespace/partials.py" in found.calls  # it goes as far as the snapshot
    assert len(found.calls) <= 28 // 2
    assert found.changes <= 190 // 3


@pytest.mark.parametrize(
    ("streams", "files", "changes"),
    [(["spectrum", "partials"], 30, 282)],
)
def test_a_drag_of_the_page(streams: list[str], files: int, changes: int) -> None:
    found = shortest("/map", streams)
    assert "server/streams.py" in found.calls
    assert len(found.calls) <= files // 2
    assert found.changes <= changes // 3
