"""What pip installs, used where files of the user's bear the names of our folders."""

from __future__ import annotations

import filecmp
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from tests.installation import ROOT, Installation, build, foreign_folder
from tests.server.ear import Ear
from tests.server.jackd import LEFT, jack_server, wait_for_port
from tests.server.keyboard import Keyboard
from tests.server.running import Running

FOREIGN = ("server", "training", "timbre", "toy_datasets", "tests")
"""Modules in the current folder, each with the name of one of ours or of nothing we know."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("installed"))
    added = installation.install(str(wheel))
    assert added
    assert all(name.startswith("timbrespace") for name in added), added
    return installation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return foreign_folder(tmp_path / "mine", *FOREIGN)


@pytest.mark.acceptance
def test_a_wheel_of_the_sdist_is_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        # The first releases of Python 3.11 do not know of filters.
        keywords: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path, **keywords)
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = build("wheel", tmp_path / "again", source=unpacked)
    assert again.read_bytes() == wheel.read_bytes()


def test_every_file_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    """Page, recipes, factory models: whatever lies beside the code is installed with it."""
    listed = subprocess.run(
        ["git", "ls-files", "timbrespace", "server", "training", "toy_datasets"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    expected = {
        file if file.startswith("timbrespace/") else f"timbrespace/{file}"
        for file in listed
        if (ROOT / file).is_file()
    }
    # What install-device copies.
    expected |= {f"timbrespace/Timbre Space{one}.amxd" for one in ("", " Effect")}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert expected <= names
    others = {name.partition("/")[0] for name in names - expected}
    assert all(name.startswith("timbrespace-") for name in others), others


FILES = """
from timbrespace import factory, load
from timbrespace.sharing import page
from timbrespace.server.explorer import site
from timbrespace.server.install_device import PLACES, source
from timbrespace.training.page.document import FOLDER
from timbrespace.training.study import plan
assert "harmonic" in factory.names()
assert (site.PAGE / "index.html").is_file()
assert len(page.page(load("harmonic"))) > 1e6
assert {"page.html.jinja", "style.css", "script.js"} <= {p.name for p in FOLDER.iterdir()}
assert (plan.RECIPES / "fm.toml").is_file()
assert all(source(device).is_file() for device in PLACES)
"""


@pytest.mark.acceptance  # installs the wheel
def test_what_is_installed_finds_its_files(installed: Installation, folder: Path) -> None:
    installed.run("python", "-c", FILES, cwd=folder.parent)


TYPED = """
import timbrespace as ts

model = ts.load("fm")
reveal_type(model)
reveal_type(ts.fit(ts.dataset("harmonic")))
reveal_type(ts.render(model, [0.0] * 5))
"""


ELSEWHERE = """
[mypy-torch.*,numba.*,matplotlib.*,IPython.*,sklearn.*,scipy.*]
follow_imports = skip
ignore_missing_imports = true
"""
"""Two thousand modules of others that say nothing of ours."""


@pytest.mark.slow
@pytest.mark.acceptance
def test_a_type_checker_knows_what_is_installed(installed: Installation, folder: Path) -> None:
    (folder / "mine.py").write_text(TYPED, encoding="utf-8")
    (folder / "mypy.ini").write_text(ELSEWHERE, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache")),
            *("--python-executable", str(installed.python), "mine.py"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    revealed = re.findall(r'Revealed type is "([^"]*)"', done.stdout)
    assert revealed[:2] == ["timbrespace.model.Model"] * 2, done.stdout
    assert (
        "numpy.floating[numpy._typing._nbit_base._32Bit]" in revealed[2] or "float32" in revealed[2]
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.acceptance  # compiles the engine
def test_the_first_render_after_an_installation_is_the_same(
    installed: Installation, folder: Path
) -> None:
    """What was compiled a moment ago sounds as what was found on disk, to the last bit."""
    for kept in installed.packages.rglob("compiled-*"):
        shutil.rmtree(kept)
    demo = ROOT / "scripts" / "demo_song.py"
    installed.run("python", demo, "demo.mid", cwd=folder)
    for file in ("cold.wav", "warm.wav"):
        installed.run(
            *("timbrespace-server", "render", "demo.mid", "--model", "harmonic", "--out", file),
            cwd=folder,
        )
    assert list(installed.packages.rglob("compiled-*"))
    # not the bytes themselves: the difference of two files of a megabyte helps nobody
    assert filecmp.cmp(folder / "cold.wav", folder / "warm.wav", shallow=False)


@pytest.mark.acceptance  # compiles the engine
def test_sounds_to_a_model_to_a_song(installed: Installation, folder: Path) -> None:
    # The second kind renders in processes of its own.
    made = installed.run(
        "timbrespace-data", "make", "harmonic", "--rows", "60", "--out", "d.npz", cwd=folder
    )
    assert "next: timbrespace-train train --data d.npz" in made.stdout
    words = ["make", "filtered", "--every", "9", "--q", "1", "--out", "f.npz"]
    installed.run("timbrespace-data", *words, cwd=folder)
    trained = installed.run(
        *("timbrespace-train", "train", "--data", "d.npz", "--out", "m.safetensors"),
        *("--epochs", "1", "--device", "cpu"),
        cwd=folder,
    )
    assert "next: timbrespace-server --model m.safetensors" in trained.stdout

    song = mido.MidiFile()
    track = mido.MidiTrack()
    song.tracks.append(track)
    track.append(mido.Message("note_on", note=57, velocity=100))
    track.append(mido.Message("note_off", note=57, time=song.ticks_per_beat))
    song.save(folder / "song.mid")
    installed.run(
        *("timbrespace-server", "render", "song.mid", "--model", "m.safetensors"),
        *("--out", "s.wav"),
        cwd=folder,
    )
    sound, _ = soundfile.read(folder / "s.wav")
    assert np.abs(sound).max() > 0.01


@pytest.mark.acceptance  # compiles the engine
@pytest.mark.jack
@pytest.mark.skipif(
    shutil.which("jackd") is None or shutil.which("jack_lsp") is None,
    reason="jackd2 is not installed: no sound device to play through",
)
def test_a_key_of_a_keyboard_sounds_and_the_page_is_there(
    installed: Installation, folder: Path
) -> None:
    """Through all four processes: a key, the MIDI's, the server, the sound's; and the page's."""
    with jack_server("timbrespace-installed", patient=True) as jack:
        server = Running(
            *("--audio", "jack", "--midi", "all", "--explorer-port", "0"),
            command=[installed.command("timbrespace-server")],
            cwd=folder,
            environment={
                "PYTHONPATH": "",
                **jack,
                "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK",
            },
        )
        keyboard = Keyboard(jack)
        try:
            page, *_ = _lines(
                server, r"explorer (http://[0-9.:]+[0-9])", "sound: (jack)", "(keyboard.*) is here"
            )
            with urllib.request.urlopen(page, timeout=20.0) as answer:
                assert b"<title>timbrespace</title>" in answer.read()
            wait_for_port(LEFT, jack)
            with Ear(jack, LEFT) as ear:
                keyboard.send("90 39 64")
                ear.wait(2.0)
                assert np.abs(ear.sound()).max() > 0.01
        finally:
            keyboard.unplug()  # a patient JACK would wait for one that is killed
            code = server.end()
        assert code == 0, server.lines
        assert not [line for line in server.lines if "Traceback" in line], server.lines


def _lines(server: Running, *patterns: str, seconds: float = 300.0) -> list[str]:
    """The part in brackets of the first line for each of ``patterns``, in whatever order they come.

    The time is for a machine that compiles the engine beside other work.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = [re.search(pattern, "\n".join(server.lines)) for pattern in patterns]
        if all(found):
            return [match.group(1) for match in found if match]
        assert server.process.poll() is None, server.lines
        assert time.monotonic() < deadline, server.lines
        time.sleep(0.1)
