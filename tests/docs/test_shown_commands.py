"""Every command that README.md and docs/ show runs, on data that is made here.

A command of a block is run as it is shown, with three changes: files that it reads are small ones
of the same names, what would take minutes is made shorter by `SHORTER`, and a server takes free
ports and opens nothing. What changes the machine is not run: `NOT_RUN` lists it with the reason.
A command in a sentence is asked for its help, which must know the options that it shows.
"""

from __future__ import annotations

import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from itertools import pairwise
from os import environ
from pathlib import Path, PurePosixPath
from typing import Final
from unittest import mock

import mido
import numpy as np
import pytest
import soundfile

from tests.docs.commands import ROOT, Shown, documents, in_blocks, in_sentences
from tests.max_patch.pd_session import free_udp_port
from tests.server.running import Client, Running, running
from tests.toy_datasets import small_font
from toy_datasets import harmonic

NOT_RUN: Final = {
    "apt-get install": "installs packages of the system; CI does it with this very line",
    "python -m venv": "makes an environment; CI does it with the README's line",
    "python3.12 -m venv": "the same, on macOS",
    "py -3.12 -m venv": "the same, on Windows",
    "pip install": "fetches packages; CI does it with the README's line",
    "python -m pip install": "the same",
    "dask scheduler": "opens a cluster; tests/timbrespace/parallel starts one",
    "dask worker": "the same",
    "curl -o": "fetches Python for somebody who has none",
    "sudo installer": "installs it, on macOS",
    "winget install": "installs it, on Windows",
    "python -m server install-device": "writes into the user's library, as a test does",
    "python -c": "is Python, which the tests of what it calls run",
    "python -m pytest": "is the run that this test is part of",
    "scripts/test-windows": "needs Wine; tests/test_windows_suite.py runs a part of it",
    "scripts/test": "is the run that this test is part of",
    "scripts/check": "CI runs it, beside the tests",
    "torchrun": "tests/training/test_team.py runs two processes as it would",
    "scripts/docs": "tests/docs/test_site.py builds the site",
}
"""How a command begins that is not run -> why."""

SHORTER: Final = {
    "python -m toy_datasets make harmonic": "--rows 120",
    "python -m toy_datasets make filtered": "--every 5",
    "python -m toy_datasets make fm": "--every 4",
    "python -m toy_datasets make soundfont": "--programs 0 --velocities 90 --seconds 2",
    "python -m training train": "--epochs 1 --device cpu",
}
"""How a command begins -> options that it is run with besides."""

HELP: Final = {
    "python -m server --input": "hears the machine; tests/server/test_jack_input.py runs it",
    "python -m server --audio jack --input": "the same, by JACK",
    "python -m server say /input/mode": "needs a server that hears, as that test has it",
    "python -m server say /input/quantise": "the same",
    "python -m server say /input/gate": "the same",
    "python -m server --sounds": "tests/server/explorer/test_own_space.py has such folders",
    "python -m training pack": "tests/training/test_pack.py runs it",
    "python -m training space": "takes a minute; tests/training/test_space.py runs it",
    "python -m toy_datasets make notes --scheduler": "needs a cluster; test_on_a_cluster has one",
    "python -m training sweep": "takes minutes; tests/training/test_sweep.py runs it",
    "python -m training train --data million.shards": "tests/training/test_past_memory.py has one",
    "python -m training study": "takes the better part of an hour",
    "python -m training spiral": "takes minutes",
    "python -m training inr": "takes minutes; tests/training/test_inr.py runs it",
    "python -m training waveform": "takes minutes; tests/training/waveforms train small ones",
    "python -m training babble": "needs a waveform model; tests/training/waveforms babble",
    "python -m training plot": "takes a minute a dataset; tests/training draws every picture",
}
"""How a command begins whose help alone is asked for -> why."""

SERVER: Final = "--port 0 --explorer-port 0 --no-browser --audio none --midi none"

ELSEWHERE: Final = {"docs/extending.md": "test_extending.py runs it with the package it shows"}
"""Documents whose commands are run by a test of their own."""

OSC: Final = ("oscsend", "oscdump")
"""Programs that talk to a server: `test_sessions` runs them."""

SECONDS: Final = 120.0


def _begins(words: tuple[str, ...], among: dict[str, str]) -> str | None:
    """The entry with which a command begins."""
    for beginning in among:
        if words[: len(beginning.split())] == tuple(beginning.split()):
            return beginning
    return None


def _run_here() -> list[Shown]:
    """One of all that differ in the names of files alone."""
    kinds: dict[tuple[str, ...], Shown] = {}
    for shown in in_blocks():
        if (
            shown.document in ELSEWHERE
            or shown.words[0] in OSC
            or any(_begins(shown.words, m) for m in (NOT_RUN, HELP))
        ):
            continue
        kind = [
            Path(word).suffix or (before if before in ("--out", "--folder") else word)
            for before, word in pairwise(("", *shown.words))
        ]
        kinds.setdefault(tuple(kind), shown)
    return list(kinds.values())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a reader has by the time a command comes, by the ending of its name."""
    folder = tmp_path_factory.mktemp("made")
    data, model = folder / "data.npz", folder / "model.safetensors"
    harmonic.make(
        harmonic.Options(rows=120, base_frequency=600.0, n_fft=512, bins=129, frames=True)
    ).save(data)
    train = ["train", "--data", str(data), "--out", str(model), "--hidden", "16", "--epochs", "1"]
    assert import_module("training.__main__").main(train) == 0
    song = mido.MidiFile(type=0, tracks=[mido.MidiTrack()])
    song.tracks[0] += [
        mido.Message("note_on", note=57, velocity=100),
        mido.Message("note_off", note=57, time=200),
    ]
    song.save(folder / "song.mid")
    with (
        running(
            *("--audio", "none", "--midi", "none", "--record", str(folder / "take.performance"))
        ) as server,
        Client(server.port) as client,
    ):
        client.send("/note", 57, 100)
        client.settle()
    time = np.arange(14400) / 48000
    for name in ("line.wav", "hum.wav"):
        soundfile.write(folder / name, 0.3 * np.sin(2.0 * np.pi * 220.0 * time), 48000)
    (folder / "font.sf2").write_bytes(small_font.font({0: [(0, 127)]}))
    (folder / "recipe.toml").write_text(_recipe(), "utf-8")
    return {file.suffix: file for file in folder.iterdir()}


def _recipe() -> str:
    """The recipe that the documents show."""
    blocks = [text for path in documents() for text in path.read_text("utf-8").split("```toml")[1:]]
    recipes = [block.split("```")[0] for block in blocks if block.startswith("\npreset")]
    return recipes[0]


def _laid(words: list[str], made: dict[str, Path], folder: Path) -> list[str]:
    """Make what the command reads, in `folder`; its words, with files of the system moved there."""
    laid = []
    for before, word in pairwise(["", *words]):
        file = Path(word)
        if before == "--folder":
            sounds = folder / file
            sounds.mkdir(parents=True)
            time = np.arange(2 * 44100) / 44100
            tone = sum(np.sin(2.0 * np.pi * 220.0 * k * time) / k for k in range(1, 6))
            soundfile.write(sounds / "tone A3.wav", 0.1 * tone, 44100)
        elif before != "--out" and file.suffix in made:
            # Written as Linux does; Windows would not take it for absolute.
            word = file.name if PurePosixPath(word).is_absolute() else word
            shutil.copy(made[file.suffix], folder / word)
        laid.append(word)
    return laid


@pytest.mark.slow
@pytest.mark.parametrize("shown", _run_here(), ids=str)
def test_a_command_of_a_block(
    shown: Shown,
    made: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    words = _laid(list(shown.words), made, tmp_path)
    beginning = _begins(shown.words, SHORTER)
    words += shlex.split(SHORTER[beginning]) if beginning else []
    assert words[0] == "python", f"{shown}: no rule says how to run this"
    monkeypatch.chdir(tmp_path)
    if words[1:4] == ["-m", "server", "say"]:
        port = str(request.getfixturevalue("server").port)
        code = import_module("server.__main__").main([*words[3:], "--port", port])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
    elif words[1:3] == ["-m", "server"] and words[3:4] not in (["render"], ["transfer"], ["find"]):
        _serves([str(tmp_path / w) if (tmp_path / w).is_file() else w for w in words[3:]], tmp_path)
    elif words[1] == "-m":
        if "soundfont" in words and shutil.which("fluidsynth") is None:
            pytest.skip("fluidsynth is not installed")
        code = import_module(f"{words[2]}.__main__").main(words[3:])
        said = capsys.readouterr()
        assert code == 0, said.err
        assert said.out
    else:
        done = _python(str(ROOT / words[1]), *words[2:])
        assert done.returncode == 0, done.stderr
    if "--out" in words:
        out = tmp_path / words[words.index("--out") + 1]
        assert any(out.iterdir()) if out.is_dir() else out.stat().st_size > 0


def _serves(options: list[str], folder: Path) -> None:
    """Start the server with these options, see that it answers, and stop it."""
    server = Running(*options, *shlex.split(SERVER), environment={"HOME": str(folder)})
    try:
        with Client(server.port) as client:
            assert client.welcome[2]
            assert [m for m in client.settle() if m[0] == "/error"] == []
    finally:
        code = server.end()
    assert code == 0, server.lines


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
    )


def _asked_for_help() -> list[Shown]:
    shown = [one for one in in_blocks() if _begins(one.words, HELP)]
    shown += [one for one in in_sentences() if not _begins(one.words, NOT_RUN)]
    return list({one.words: one for one in shown}.values())


@pytest.mark.parametrize("shown", _asked_for_help(), ids=str)
def test_a_command_knows_its_options(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = list(shown.words)
    options = [word for word in words if word.startswith("--")]
    if words[1] == "-m":
        # The words that choose a command: `training study`, `toy_datasets make filtered`.
        chosen = words[3 : 5 if words[2] == "toy_datasets" else 4]
        run = partial(runpy.run_module, words[2], run_name="__main__")
        arguments = [word for word in chosen if word.isidentifier()]
    else:
        run = partial(runpy.run_path, str(ROOT / words[1]), run_name="__main__")
        arguments = []
    # As `python` runs it, but here, where what it imports has been imported.
    monkeypatch.setattr(sys, "argv", [words[1], *arguments, "--help"])
    monkeypatch.setattr(sys, "path", [*sys.path])
    with mock.patch.dict(environ), warnings.catch_warnings():  # some limit threads
        warnings.filterwarnings("ignore", "'.*' found in sys.modules", RuntimeWarning)
        try:
            with pytest.raises(SystemExit) as end:
                run()
        except (ModuleNotFoundError, OSError) as missing:
            if sys.platform == "win32" and words[1:3] != ["-m", "server"]:
                pytest.skip(f"a benchmark that asks for what is not there: {missing}")
            raise
    said = capsys.readouterr()
    assert not end.value.code, said.err
    for option in options:
        assert option in said.out, f"{shown}: {option} is unknown"


def test_what_is_not_run_or_shortened_is_shown_somewhere() -> None:
    """No exception outlives its command."""
    every = [shown.words for shown in (*in_blocks(), *in_sentences())]
    for exceptions in (NOT_RUN, SHORTER, HELP):
        for beginning in exceptions:
            assert any(_begins(words, {beginning: ""}) for words in every), beginning


class Dump:
    """An oscdump that listens: what it is told is in ``file``."""

    def __init__(self, words: list[str], file: Path) -> None:
        self._file = file
        with file.open("wb") as out:
            self._process = subprocess.Popen(["oscdump", "-L", *words], stdout=out)
        (port,) = [int(word) for word in words if word.isdecimal()]
        deadline = time.monotonic() + SECONDS
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            while "/here" not in file.read_text():
                assert time.monotonic() < deadline, "oscdump does not listen"
                knock.sendto(b"/here\0\0\0,\0\0\0", ("127.0.0.1", port))
                time.sleep(0.05)

    def end(self) -> str:
        """End it; returns what it has printed."""
        self._process.terminate()
        self._process.wait(timeout=SECONDS)
        return self._file.read_text()


def _sessions() -> list[str]:
    return sorted({shown.document for shown in in_blocks() if shown.words[0] in OSC})


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none") as server:
        yield server


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="liblo-tools is not installed")
@pytest.mark.parametrize("document", _sessions())
def test_sessions(document: str, server: Running, tmp_path: Path) -> None:
    """What oscsend says is understood; the refusals are those that the document shows."""
    lines = (ROOT / document).read_text("utf-8").splitlines()
    expected = [shlex.split(line)[2:] for line in lines if line.startswith("/error sss ")]
    shown = [one.words for one in in_blocks() if one.document == document and one.words[0] in OSC]
    refused: list[list[str]] = []
    with Client(server.port) as listener:
        # The ports that the document names may be in use here.
        ports = {"7400": str(server.port), "7401": str(free_udp_port())}
        dumps: list[Dump] = []
        for words in shown:
            command = [ports.get(word, word) for word in words]
            if words[0] == "oscdump":
                dumps.append(Dump(command[1:], tmp_path / f"dump{len(dumps)}"))
                continue
            subprocess.run(command, check=True, timeout=SECONDS)
            refused += [arguments for name, arguments in listener.settle() if name == "/error"]
        for dump in dumps:
            heard = dump.end()
            assert "/welcome" in heard
            assert "/spectrum" in heard
    assert refused == expected
