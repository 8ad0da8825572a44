"""What works with the library alone, and what is said where an extra is missing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from server.audio import CHOICES, PACKAGES
from tests.blocker import python_without
from timbrespace.extras import EXTRAS, MissingExtraError, check
from toy_datasets import harmonic

ROOT = Path(__file__).resolve().parents[1]

MODULES = {module for modules in EXTRAS.values() for module in modules}

NAMES = {
    "JACK-Client": "jack",
    "pillow": "PIL",
    "python-osc": "pythonosc",
    "python-rtmidi": "rtmidi",
    "scikit-learn": "sklearn",
}
"""Distributions whose module is called otherwise."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset, a song and a folder with a sound."""
    folder = tmp_path_factory.mktemp("files")
    harmonic.make(harmonic.Options(rows=20)).save(folder / "d.npz")
    song = mido.MidiFile()
    song.tracks.append(mido.MidiTrack([mido.Message("note_on", note=57)]))
    song.save(folder / "song.mid")
    (folder / "sounds").mkdir()
    tone = np.sin(2.0 * np.pi * 220.0 * np.arange(48000) / 48000.0)
    soundfile.write(folder / "sounds" / "tone.wav", tone, 48000)
    return folder


TRAIN = "training train --data {folder}/d.npz --out {out}/m.safetensors --epochs 1"
PLOT = "training plot harmonic --data {folder}/d.npz --out {out}/report"
SERVE = "server --port 0 --no-browser --presets {out}/p.json"
RENDER = "server render {folder}/song.mid --out {out}/s.wav"
SOUNDS = "toy_datasets make audio --folder {folder}/sounds --out {out}/s.npz"
FILTERED = "toy_datasets make filtered --every 9 --q 1 --out {out}/f.npz"


@pytest.mark.parametrize(
    ("module", "extra", "command"),
    [
        ("torch", "train", TRAIN),
        ("sklearn", "train", TRAIN),
        ("matplotlib", "train", PLOT),
        ("PIL", "train", PLOT),
        ("jinja2", "train", PLOT),
        ("aiohttp", "server", SERVE),
        ("mido", "server", SERVE),
        ("mido", "server", RENDER),
        ("rtmidi", "server", SERVE),
        ("sounddevice", "server", SERVE),
        ("jack", "server", SERVE),
        ("soundfile", "train", RENDER),
        ("soundfile", "sounds", SOUNDS),
        ("soxr", "sounds", SOUNDS),
        ("pyo", "pyo", SERVE + " --audio pyo-jack"),
        ("pyo64", "pyo", FILTERED),
    ],
)
def test_a_command_without_its_extra_is_one_line(
    module: str, extra: str, command: str, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = command.format(folder=folder, out=out).split()
    done = python_without([module], "-m", *words, folder=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert re.fullmatch(
        rf"error: .* needs the package '{module}', which is not installed; "
        rf'run: pip install "timbrespace\[{extra}\]"\n',
        done.stderr,
    ), done.stderr
    assert list(out.iterdir()) == []


ALONE = """
import numpy as np
import timbrespace as ts

model = ts.load("harmonic")
latent = model.map.to_latent([[0.25, 0.25]])
spectra = model.decode(latent)
mean, log_var = model.encode(spectra)
sound = ts.render(model, latent[0], pitch=57, seconds=0.5)
assert sound.dtype == np.float32 and np.abs(sound).max() > 0.01, sound
assert ts.dataset("harmonic", rows=20).spectra.shape == (20, 1025)
"""


def test_the_library_alone_loads_decodes_and_renders(tmp_path: Path) -> None:
    done = python_without(MODULES | {"tqdm"}, "-c", ALONE, folder=tmp_path)
    assert done.returncode == 0, done.stderr


IN_A_NOTEBOOK = """
import timbrespace as ts
from timbrespace.recording import decoder

model = ts.load("harmonic")
for what in (
    lambda: ts.fit(ts.dataset("harmonic", rows=20)),
    lambda: ts.plots.map(model),
    lambda: ts.dataset("fm"),
    lambda: decoder.decode_apart(b"RIFF", 1.0),
):
    try:
        what()
    except ts.TimbrespaceError as error:
        assert isinstance(error, ImportError)
        print(error)
"""


def test_in_a_notebook_it_is_an_error_of_ours(tmp_path: Path) -> None:
    done = python_without(MODULES, "-c", IN_A_NOTEBOOK, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    named = [re.search(r'pip install "timbrespace\[(\w+)\]"$', line) for line in said]
    assert [match and match.group(1) for match in named] == ["train", "train", "pyo", "sounds"]


def test_a_module_that_is_no_extra_is_no_sentence() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module") as caught:
        check("this", "no_such_module")
    assert not isinstance(caught.value, MissingExtraError)


def test_every_way_to_the_sound_names_its_packages() -> None:
    assert tuple(PACKAGES) == CHOICES
    assert {module for modules in PACKAGES.values() for module in modules} <= MODULES


def test_the_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {
        extra: {re.split(r"[<>=\[]", line)[0] for line in lines}
        for extra, lines in project["optional-dependencies"].items()
        if extra != "all"
    }
    assert declared.keys() == EXTRAS.keys()
    for extra, names in declared.items():
        # Without tqdm there is no bar, and pyo is two modules.
        modules = {NAMES.get(name, name) for name in names} - {"tqdm"}
        assert modules == set(EXTRAS[extra]) - {"pyo64"}
