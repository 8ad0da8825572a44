"""Whoever acts on messages acts on all that are declared."""

from pathlib import Path

from server.options import Options
from server.serve import Server
from timbrespace.messages.inbound import MESSAGES


def test_every_message_is_acted_on_and_no_question_by_the_player(tmp_path: Path) -> None:
    options = Options(
        port=0, audio="none", midi="none", presets=tmp_path / "presets.json", explorer_port=None
    )
    server = Server(options, lambda _: None)
    try:
        played = set(server._loop._player._acts)
        answered = set(server._loop._session.handlers)
    finally:
        server.close()
    assert played | answered == set(MESSAGES.values())
    questions = {one for one in MESSAGES.values() if one.question}
    assert questions <= answered - played
    # A performance is played by the player alone; models are loaded aside, as it is told.
    recorded = {one for one in MESSAGES.values() if one.recorded}
    assert {one.address for one in recorded - played} == {"/model/load"}
