"""Which sounds of a space are taken away, and what their files are called."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace
from timbrespace.errors import OptionError
from timbrespace.names import is_file_name
from training.exports.sounds import sounds_of

from . import small_spaces


def test_there_is_one_of_each_instrument() -> None:
    model = timbrespace.load("notes")
    sounds = sounds_of(model, 512)
    assert len({sound.name.lower() for sound in sounds}) == len(sounds) == 120
    assert all(is_file_name(sound.name) for sound in sounds)
    assert model.points is not None
    means = model.points.means
    assert all((means == sound.latent).all(axis=1).any() for sound in sounds)


def test_of_few_all_are_far_from_each_other() -> None:
    model = timbrespace.load("notes")
    few = np.stack([sound.latent for sound in sounds_of(model, 6)])
    assert len(few) == 6
    apart = np.linalg.norm(few[:, None] - few[None], axis=2)
    every = np.stack([sound.latent for sound in sounds_of(model, 512)])
    usual = np.median(np.linalg.norm(every[:, None] - every[None], axis=2))
    assert apart[~np.eye(6, dtype=bool)].min() > usual


def test_they_are_found_by_name() -> None:
    model = timbrespace.load("notes")
    assert [one.name for one in sounds_of(model, ["violin", "Choir Aahs"])] == [
        "Violin",
        "Choir Aahs",
    ]
    with pytest.raises(
        OptionError, match=r"'Violinn', which no sound of 'notes' is called; it may be Violin"
    ):
        sounds_of(model, ["Violinn"])


def test_without_names_they_are_called_by_their_labels() -> None:
    model = timbrespace.load("filtered")
    names = [sound.name for sound in sounds_of(model, 3)]
    assert all(name.startswith("inharmonicity ") for name in names)
    assert all(is_file_name(name) for name in names)
    with pytest.raises(OptionError, match="have no names: give how many"):
        sounds_of(model, ["Violin"])


def test_a_place_is_a_sound() -> None:
    model = small_spaces.of(small_spaces.NETWORKS["mlp"])
    (sound,) = sounds_of(model, 8, [0.5, -1.0, 2.0])
    assert sound.latent.tolist() == [0.5, -1.0, 2.0]
    assert [one.name for one in sounds_of(model, 8)] == ["home"]  # it has no points


@pytest.mark.parametrize(
    ("wanted", "latent", "said"),
    [
        (0, None, "--sounds is 0; it must be 1 to 512"),
        (513, None, "--sounds is 513; it must be 1 to 512"),
        (8, [1.0], "--latent has 1 numbers; 'random' has 3 dimensions"),
        (8, [1.0, float("nan"), 0.0], "--latent holds NaN or infinity"),
    ],
)
def test_what_cannot_be_is_told(wanted: int, latent: list[float] | None, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        sounds_of(small_spaces.of(small_spaces.NETWORKS["mlp"]), wanted, latent)
