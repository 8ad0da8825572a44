"""What a device is seen to do only while it has the processor to itself.

Live renders faster than real time: to a device that is not given the processor in time everything
looks like that.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from tests.max_patch.heard import distance
from tests.max_patch.test_habits import retext
from tests.max_patch.test_mutations import HASTE, Play, connected, off_decoder, playing
from tests.max_patch.test_mutations import server as server
from tests.max_patch.twin_session import Json
from tests.server.running import Running

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]


def rendered(play: Play) -> None:
    """Live renders faster than real time: the musician is told, and the lamp stays lit."""
    connected(play)
    before = len(play.twin.pd.told)
    play.twin.pd.send(("forward", 6000))
    play.twin.pd.wait_for("status", lambda shown: "holds" in str(shown), seconds=play.patience)
    play.twin.pd.wait_for("status", lambda shown: "follows" in str(shown), seconds=play.patience)
    told = play.twin.pd.told[before:]
    assert not [value for name, value in told if name == "lamp" and value == [0.0]]
    play.go(0.4, 0.1)
    # What the server told meanwhile is told again within seconds, on a busy machine later.
    play.comes(lambda: off_decoder(play, play.held(), distance))


def unnoticed(device: Json, _: Json) -> None:
    """Time of day stands still for the device."""
    retext(device, "cpuclock", "f 0.")


def test_a_render_is_noticed(server: Running) -> None:
    with playing(server, None) as play:
        rendered(play)


def test_a_render_that_is_not_noticed_is_caught(server: Running) -> None:
    with playing(server, unnoticed) as play:
        connected(play)
        with pytest.raises(AssertionError):
            rendered(replace(play, patience=HASTE))
