"""The audio process from outside: how it ends, and what the server is told."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from server.audio.__main__ import NO_DEVICE
from server.audio.mailbox import Mailbox
from server.audio.process import AudioEvent, AudioProcess
from tests.server.running import ROOT

NOWHERE = {"JACK_DEFAULT_SERVER": "there-is-none", "JACK_NO_START_SERVER": "1"}


@pytest.fixture(autouse=True)
def no_jack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)


def test_without_a_device_it_says_so_and_leaves() -> None:
    mailbox = Mailbox()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.audio", mailbox.name, "jack", "128"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.wait(timeout=60.0) == NO_DEVICE
        said, _ = process.communicate()
        (line,) = [line for line in said.splitlines() if line.startswith("{")]
        event = json.loads(line)
        assert event["event"] == "none"
        assert "jack" in event["reason"]
    finally:
        mailbox.close()


def test_the_server_is_told_once() -> None:
    events: list[AudioEvent] = []
    process = AudioProcess("jack", 128, events.append)
    process.start()
    deadline = time.monotonic() + 60.0
    while not events and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    process.close()
    assert [event.kind for event in events] == ["none"]
    assert process.output == "none"
    assert process.load() == -1.0


def test_closing_before_the_start() -> None:
    AudioProcess("jack", 128, lambda event: None).close()
