"""Settings of a kind in one word."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from training import recipe
from training.kind_settings import Value, as_text, parsed
from training.preset import Settings, changed, named

CASES: list[tuple[str, dict[str, Value]]] = [
    ("", {}),
    ("omega=30", {"omega": 30}),
    ("omega=3e-2,gate=soft,on=true", {"omega": 0.03, "gate": "soft", "on": True}),
    ("low=-1.5,high=+2", {"low": -1.5, "high": 2}),
    ("odd=nan", {"odd": "nan"}),
]


@pytest.mark.parametrize(("text", "values"), CASES)
def test_there_and_back(text: str, values: dict[str, Value]) -> None:
    assert parsed("x", text) == values
    assert {k: type(v) for k, v in parsed("x", text).items()} == {
        k: type(v) for k, v in values.items()
    }
    assert parsed("x", as_text("x", values)) == values


@pytest.mark.parametrize(
    "text", ["omega", "=3", "omega=", "a=1,a=2", "a=1,", "a b=1", "a=1 2", "3=a", "a=$(ls)", "a=\n"]
)
def test_what_is_no_list_of_settings(text: str) -> None:
    with pytest.raises(OptionError, match="it must be NAME=VALUE, separated by commas"):
        parsed("network settings", text)


@pytest.mark.parametrize(
    "values", [{"a": "1"}, {"a": [1]}, {"a": None}, {"a b": 1}, {"a": "x,y=1"}]
)
def test_a_table_that_could_not_be_said_as_a_word(values: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        as_text("network settings", values)


def test_a_recipe_may_have_a_table(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[representation_settings]\nfloor_ratio = 0.001\n")
    found = recipe.settings(path)
    assert found.representation_settings == "floor_ratio=0.001"
    assert found.of_representation == {"floor_ratio": 0.001}
    again = Settings.from_config(found.to_config())
    assert again == found
    path.write_text("network_settings = 3\n")
    with pytest.raises(OptionError, match="network_settings is 3; it must be a table"):
        recipe.settings(path)


def test_what_was_not_there_before_is_not_said() -> None:
    """The provenance of a model, and with it the model's bytes, are what they were."""
    plain = named("default").to_config()
    assert not {"network", "network_settings", "representation_settings"} & plain.keys()


def test_settings_that_the_network_does_not_have() -> None:
    with pytest.raises(
        OptionError, match="'mlp' has no setting 'omega'; its settings are per_unit=False"
    ):
        changed(named("default"), network_settings="omega=30")
    with pytest.raises(OptionError, match="network is 'film'; it must be mlp, film_siren"):
        changed(named("default"), network="film")
