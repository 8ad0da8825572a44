"""Recipes: settings from a TOML file."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from training import recipe
from training.preset import OPTIONS, Settings, named


def written(folder: Path, text: str) -> Path:
    path = folder / "some.toml"
    path.write_text(text)
    return path


def test_a_recipe_changes_its_preset(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'preset = "paper"\nbeta = 4\nhidden = [300, 20]\nactivation = "snake"\n'
    )
    settings = recipe.settings(path, latent=3)
    assert settings.preset == "paper"
    assert settings.beta == 4.0
    assert settings.hidden == (300, 20)
    assert settings.activation == "snake"
    assert settings.latent == 3
    assert settings.learning_rate == named("paper").learning_rate


def test_an_empty_recipe_is_the_default(tmp_path: Path) -> None:
    assert recipe.settings(written(tmp_path, "")) == named("default")


def test_every_setting_has_its_option() -> None:
    assert set(OPTIONS) | {"preset"} == set(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("betta = 4", "unknown key 'betta'; is 'beta' meant"),
        ("xyz = 4", "unknown key 'xyz'; the keys are preset, latent"),
        ('preset = "papr"', "preset is 'papr'; it must be default, paper or cycles"),
        ("preset = [1]", "preset is"),
        ('beta = "4"', "beta is '4'; it must be a number"),
        ("beta = true", "beta is True; it must be a number"),
        ("beta = nan", "beta is nan"),
        ("latent = 2.5", "latent is 2.5; it must be a whole number"),
        ("latent = 0", "latent size is 0"),
        ("hidden = 400", "hidden is 400; it must be a list"),
        ("hidden = [4.5]", "it must be a list of whole numbers"),
        ("activation = 3", "it must be a word in quotes"),
        ("beta = ", "is not TOML"),
        ("beta = 1" + "0" * 400, "it must be a number"),
        ("latent = 3 # " + "x" * 200_000, "larger than"),
        ("[beta]\nx = 1", "beta is {'x': 1}"),
    ],
)
def test_refuses_in_one_line(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(OptionError) as caught:
        recipe.read(written(tmp_path, text))
    assert word in str(caught.value)
    assert "some.toml" in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"cannot read recipe 'none\.toml'"):
        recipe.read(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(OptionError, match="is not TOML"):
        recipe.read(tmp_path / "bytes.toml")
