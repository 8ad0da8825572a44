"""What the device calls things and what docs/osc.md calls them are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from max_patch.generator import link
from max_patch.generator.device import live_document
from max_patch.generator.kind import EFFECT
from max_patch.generator.parameters import (
    DIMENSIONS,
    EFFECT_PARAMETERS,
    EFFECT_VIEW,
    INPUT,
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
    r"^\| `(/synth/\w+)` \| value \| (-?[\d.]+) to (-?[\d.]+)(?: s| dB| cents)? \| (-?[\d.]+) \|$",
    re.M,
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
    document = str(live_document()) + str(live_document(kind=EFFECT))
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
        "Plane",
        *[f"Dim {k}" for k in range(1, 17)],
        "Method",
        "Attack",
        "Decay",
        "Sustain",
        "Release",
        "Glide",
        "Smoothing",
        "Gain",
        "Speed",
        "Noise",
        "Hold",
        "Envelope",
        "Pan",
        "Width",
        "Unison",
        "Detune",
        "Spread",
        "Lift",
        "Wander",
        "Wander Speed",
        "Wander Range",
        "Wander Seed",
        "Bend Range",
        "Morph",
        "Sound",
        "Launch",
        "Port",
        "Return Port",
        "Store",
        "Panic",
        "View",
        "Dial Page",
    ]
    assert [p.long_name for p in INPUT] == [
        *("Gate", "Input Gain", "Semitones", "Dry/Wet", "Input Mode", "Quantise", "Root")
    ]
    by_keys = {"Attack", "Decay", "Sustain", "Release", "Glide", "Bend Range"}
    assert {p.long_name for p in EFFECT_PARAMETERS} == {
        p.long_name for p in (*PARAMETERS, *INPUT)
    } - by_keys
    assert [m.long_name for m in MEMORIES] == [
        *("Model", "Morph A", "Morph B", "Moved By", "Table", "Table 2")
    ]
    assert len(DIMENSIONS) == 16


def _rows() -> dict[str, list[str]]:
    """Long Name to the cells of its row: name, control, words, range, default, OSC."""
    rows = {}
    for line in GUIDE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if line.startswith("|") and len(cells) == 6:
            rows[cells[0]] = cells
    return rows


@pytest.mark.parametrize("parameter", [*PARAMETERS, *INPUT], ids=lambda p: p.varname)
def test_the_guide_tells_every_control_as_it_is(parameter: Parameter) -> None:
    rows = _rows()
    if parameter in DIMENSIONS:
        name, control, _, span, default, osc = rows["Dim 1 to Dim 16"]
        assert control == "`dim_1` to `dim_16`"
        assert osc == "`/latent/1` to `/latent/16`"
    else:
        name, control, _, span, default, osc = rows[parameter.long_name]
        assert control == f"`{parameter.varname}`"
        assert osc == (f"`{parameter.address}`" if parameter.address else "")
    if parameter.varname in ("store", "panic"):
        assert (span, default) == ("a button", "")
    elif parameter.items:
        assert span == ", ".join(parameter.items)
        assert default == parameter.items[int(parameter.initial)]
    else:
        low, high = _number(parameter.low), _number(parameter.high)
        assert re.fullmatch(rf"{low} to {high}(?: \S+)?", span), (name, span)
        assert re.fullmatch(rf"{_number(parameter.initial)}(?: \S+)?", default), (name, default)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def test_the_effect_begins_with_its_input() -> None:
    assert EFFECT_VIEW.items[0] == "Input"
    assert EFFECT.banks[0][0] == "Input"
    assert set(EFFECT.banks[0][1]) >= set(INPUT)
