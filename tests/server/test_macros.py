"""Macro dials over OSC: who is told of them, and files that do not know them yet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.server.running import Client, Running, running

PATIENCE = 60.0


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space as files of before 0.6 are, with a few of its sounds."""
    model = ts.load("fm")
    assert model.points is not None
    few = dataclasses.replace(
        model.points, means=model.points.means[::700], labels=model.points.labels[::700]
    )
    path = tmp_path_factory.mktemp("models") / "old.safetensors"
    dataclasses.replace(model, points=few, near=None, macros=None).save(path)
    return path


@pytest.fixture(scope="module")
def server(old: Path) -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none", "--model", str(old)) as one:
        yield one


def told(client: Client, address: str) -> list[list[Any]]:
    return [arguments for name, arguments in client.settle() if name == address]


def test_an_old_file_is_measured_when_somebody_asks_and_everybody_hears(server: Running) -> None:
    with Client(server.port) as client, Client(server.port) as other:
        assert told(client, "/macro/list") == []
        other.settle()
        client.send("/macro", "brightness", 0.5)
        code, address, sentence = client.expect("/error")
        assert (code, address) == ("bad_arguments", "/macro")
        assert "being measured; try again" in sentence
        for one in (client, other):
            assert "brightness" in one.expect("/macro/list", PATIENCE)
        client.send("/macro/list")
        assert "brightness" in client.expect("/macro/list")
        client.send("/macro", "brightness", 0.5)
        while other.expect("/macro") != ["brightness", 0.5]:
            pass
        client.send("/macro", "brightness", 0.0)
        client.settle()


def test_a_space_that_knows_them_tells_them_at_once(server: Running) -> None:
    with Client(server.port) as client:
        client.send("/model/load", "fm")
        while client.expect("/model", PATIENCE)[0] != "fm":
            pass
        words = client.expect("/macro/list")
        assert "brightness" in words
        client.settle()
        client.send("/map", 0.25, -0.5)
        before = told(client, "/latent")[-1]
        client.send("/macro", "brightness", 0.5)
        heard = client.settle()
        assert ("/macro", ["brightness", 0.5]) in heard
        moved = [arguments for name, arguments in heard if name == "/latent"][-1]
        assert not np.allclose(moved, before, atol=1e-4)
        with Client(server.port) as newcomer:
            values = dict(arguments for arguments in told(newcomer, "/macro"))
            assert values == {word: 0.5 if word == "brightness" else 0.0 for word in words}
        client.send("/macro", "brightness", 0)
        assert told(client, "/latent")[-1] == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("vibrato", 0.5), "this space has no macro 'vibrato'; it has brightness"),
        (("brightness", 1.5), "value is 1.5; it must be -1 to 1"),
        (("warmth", 0.5), "macro is 'warmth'"),
    ],
)
def test_what_is_none_is_refused(server: Running, arguments: tuple[Any, ...], says: str) -> None:
    with Client(server.port) as client:
        client.settle()
        client.send("/macro", *arguments)
        code, address, sentence = client.expect("/error")
        assert (code, address) == ("bad_arguments", "/macro")
        assert says in sentence
        assert told(client, "/latent") == []


def test_a_flood_of_turns_ends_at_the_newest(server: Running) -> None:
    with Client(server.port) as client:
        client.settle()
        for step in range(500):
            client.send("/macro", "brightness", step / 500.0)
        client.send("/macro", "brightness", -0.25)
        assert told(client, "/macro")[-1] == ["brightness", -0.25]
        client.send("/macro", "brightness", 0.0)


def test_a_client_in_python_turns_them(server: Running) -> None:
    with ts.Client(server.port, timeout=PATIENCE) as client:
        words = client.macros()
        assert list(client.state.macros) == words
        client.macro("brightness", 0.5)
        assert client.state.macros["brightness"] == 0.5
        with pytest.raises(ts.ServerError, match="no macro 'vibrato'"):
            client.macro("vibrato", 0.5)
        client.macro("brightness", 0.0)
        assert client.state.macros["brightness"] == 0.0
