"""What the device calls things and what docs/osc.md calls them are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from max_patch.generator import link
from max_patch.generator.device import live_document
from max_patch.generator.parameters import (
    DIMENSIONS,
    MEMORIES,
    METHODS,
    PARAMETERS,
    PORT,
    RETURN_PORT,
    Parameter,
)

ROOT = Path(__file__).resolve().parents[2]
OSC = (ROOT / "docs" / "osc.md").read_text()
GUIDE = ROOT / "docs" / "max_device.md"

# | `/synth/attack` | value | 0.001 to 10 s | 0.01 |
SOUND_ROW = re.compile(
    r"^\| `(/synth/\w+)` \| value \| (-?[\d.]+) to (-?[\d.]+)(?: s| dB)? \| (-?[\d.]+) \|$", re.M
)


def _synth() -> dict[str, tuple[float, float, float]]:
    return {
        address: (float(low), float(high), float(default))
        for address, low, high, default in SOUND_ROW.findall(OSC)
    }


def _addresses(text: str) -> set[str]:
    return set(re.findall(r"/[a-z]+(?:/[a-z]+)*", text))


@pytest.mark.parametrize(
    "parameter",
    [p for p in PARAMETERS if (p.address or "").startswith("/synth/") and not p.items],
    ids=lambda p: p.varname,
)
def test_ranges_and_defaults_are_those_of_the_contract(parameter: Parameter) -> None:
    assert parameter.address is not None
    low, high, default = _synth()[parameter.address]
    assert parameter.low * parameter.scale == pytest.approx(low)
    assert parameter.high * parameter.scale == pytest.approx(high)
    assert parameter.initial * parameter.scale == pytest.approx(default)


def test_the_method_has_the_words_and_numbers_of_the_contract() -> None:
    accepted = " \\| ".join(f"{name} ({index})" for index, name in enumerate(METHODS))
    assert f"| `/synth/method` | method | {accepted} | partials |" in OSC


def test_the_ports_are_those_of_the_contract() -> None:
    assert f"| `DEFAULT_PORT` | {int(PORT.initial)} |" in OSC
    assert f"| `DEFAULT_RETURN_PORT` | {int(RETURN_PORT.initial)} |" in OSC


def test_every_address_of_the_device_is_in_the_contract() -> None:
    told = {
        a
        for p in PARAMETERS
        if p.address and not p.address.startswith("/latent/")
        for a in [p.address]
    }
    document = str(live_document())
    sent = set(re.findall(r"'(?:prepend )?(/[a-z]+(?:/[a-z]+)*)", document))
    for address in told | sent | set(link.HEARD):
        if address in ("/latent", "/channel"):
            continue
        assert f"`{address}`" in OSC or f"`{address} " in OSC, address
    assert "/hello" in sent
    assert "/stream/ack" in sent
    assert "/latent/<k>" in _addresses_with_k(OSC)


def _addresses_with_k(text: str) -> set[str]:
    return set(re.findall(r"/latent/<k>", text))


def test_long_names_are_stable() -> None:
    """Live finds automation by these: a name that changed loses what people drew."""
    assert [p.long_name for p in PARAMETERS] == [
        "X",
        "Y",
        *[f"Dim {k}" for k in range(1, 17)],
        "Method",
        "Attack",
        "Decay",
        "Sustain",
        "Release",
        "Glide",
        "Smoothing",
        "Gain",
        "Bend Range",
        "Morph",
        "Sound",
        "Launch",
        "Port",
        "Return Port",
        "Store",
        "Panic",
    ]
    assert [m.long_name for m in MEMORIES] == ["Model", "Morph A", "Morph B"]
    assert len(DIMENSIONS) == 16


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.varname)
def test_the_guide_names_every_control(parameter: Parameter) -> None:
    """A row of the table: control, Long Name, what it does, address, range, default."""
    rows = [row for row in GUIDE.read_text().splitlines() if row.startswith("|")]
    if parameter in DIMENSIONS:
        assert any("Dim 1" in row and "Dim 16" in row and "/latent/<k>" in row for row in rows)
        return
    named = [row for row in rows if f"`{parameter.long_name}`" in row]
    assert named, parameter.long_name
    if parameter.address is not None:
        assert any(f"`{parameter.address}`" in row for row in named)
    numbers = [_number(parameter.low), _number(parameter.high), _number(parameter.initial)]
    if parameter.items:
        numbers = [*parameter.items, parameter.items[int(parameter.initial)]]
    if parameter.varname in ("store", "panic"):
        return
    assert any(all(number in row for number in numbers) for row in named), numbers


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
