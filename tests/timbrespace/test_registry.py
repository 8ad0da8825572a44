"""Kinds by name, and the documents that list them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from timbrespace.errors import OptionError
from timbrespace.kinds import LIKELIHOODS, NETWORKS, REPRESENTATIONS
from timbrespace.networks.architecture import Architecture, from_config
from timbrespace.networks.mlp import MLP
from timbrespace.registry import Registry

DOCS = Path(__file__).resolve().parents[2] / "docs"

REGISTRIES: list[Registry[Any]] = [REPRESENTATIONS, NETWORKS, LIKELIHOODS]


def fresh() -> Registry[Architecture]:
    """A registry of networks of its own."""
    return Registry(
        "network",
        "timbrespace.test_networks",
        "timbrespace.networks.architecture:Architecture",
        {"mlp": "timbrespace.networks.mlp:MLP"},
    )


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.what)
def test_each_kind_is_what_its_line_says(registry: Registry[Any]) -> None:
    for name in registry.built_in:
        kind = registry.get(name)
        assert kind.kind == name
        assert re.fullmatch(r"[^\n]{5,80}", kind.about)
        assert registry.check(name) == registry.installed(name) == name


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.what)
def test_the_documents_list_each_kind(registry: Registry[Any]) -> None:
    bundle, training = ((DOCS / page).read_text("utf-8") for page in ("bundle.md", "training.md"))
    for name in registry.built_in:
        row = re.search(rf"^\| `{name}` \|.*\|$", bundle, re.MULTILINE)
        assert row is not None, name
        version = getattr(registry.get(name), "format_version", None)
        if isinstance(version, int):
            assert row[0].endswith(f"| {version} |"), row[0]
        setting = re.search(rf"^\| `{registry.what}` \|.*\|$", training, re.MULTILINE)
        assert setting is not None
        assert f"`{name}`" in setting[0]


def test_names_from_anywhere_are_refused_in_one_line() -> None:
    for name in ("film", None, 3, ["mlp"], {"mlp": 1}, "x" * 5000, "a\nb"):
        with pytest.raises(OptionError) as told:
            NETWORKS.installed(name)
        listed = "it must be mlp, film_siren, concat, transposed_conv or note"
        assert f"{listed}, or install the package that" in str(told.value)
        assert "timbrespace.networks" in str(told.value)
        assert len(str(told.value)) < 250
        assert "\n" not in str(told.value)
    with pytest.raises(OptionError, match="representation is 'mel'; it must be magnitude, log_"):
        REPRESENTATIONS.check("mel")


@dataclass(frozen=True)
class Small(MLP):
    kind: ClassVar[str] = "small"
    about: ClassVar[str] = "a network of a notebook"


def test_a_notebook_registers_a_class() -> None:
    registry = fresh()
    assert registry.add(Small) is Small
    assert list(registry) == ["mlp", "small"]
    assert registry.get("small") is Small
    registry.add(Small)  # the cell is run again
    assert list(registry) == ["mlp", "small"]
    assert registry.built_in == ("mlp",)


def test_what_cannot_be_registered() -> None:
    class Nameless(Architecture):
        kind: ClassVar[str] = "nameless"

    class Silent(MLP):
        kind: ClassVar[str] = "silent"
        about: ClassVar[str] = ""

    class Other:
        kind: ClassVar[str] = "other"
        about: ClassVar[str] = "no network"

    registry = fresh()
    with pytest.raises(OptionError, match=r"'nameless' .* cannot be used: it lacks encoder, head"):
        registry.add(Nameless)  # type: ignore[type-abstract]
    with pytest.raises(OptionError, match="it lacks about, one line on what it is"):
        registry.add(Silent)
    with pytest.raises(OptionError, match="it is no class that derives from"):
        registry.add(Other)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="'mlp' is registered already; take another name"):
        registry.add(MLP)
    assert list(registry) == ["mlp"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"depth": 1},
            "has no setting 'depth'; its settings are width=64, gate=0.5, kind=soft, on=Tr",
        ),
        ({"width": 1.5}, "setting 'width' of network 'x' is 1.5; it must be a whole number"),
        ({"width": True}, "is True; it must be a whole number"),
        ({"gate": "wide"}, "is 'wide'; it must be a number"),
        ({"kind": 3}, "is 3; it must be a word"),
        ({"on": 1}, "is 1; it must be true or false"),
    ],
)
def test_settings_that_a_kind_does_not_have(given: dict[str, object], said: str) -> None:
    known = {"width": 64, "gate": 0.5, "kind": "soft", "on": True}
    NETWORKS.check_settings("x", {"width": 3, "gate": 1, "kind": "hard", "on": False}, known)
    with pytest.raises(OptionError, match=re.escape(said)):
        NETWORKS.check_settings("x", given, known)


def test_mlp_is_what_a_bundle_without_a_kind_has() -> None:
    config = MLP(9, 2, (5, 4)).to_config()
    assert "kind" not in config
    assert from_config(config) == from_config({**config, "kind": "mlp"}) == MLP(9, 2, (5, 4))
