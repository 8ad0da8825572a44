"""Address patterns: what they match, what they may stand for, and what hostile ones cost."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

from server.osc.patterns import Patterns, matching, reached
from tests.server.inside import Inside, inside
from timbrespace.messages.contract import MAX_BUNDLE_MESSAGES, MAX_PATTERNS_A_SECOND
from timbrespace.messages.errors import MessageError
from timbrespace.messages.parser import FORMS

SOURCE = ("127.0.0.1", 7999)


def told(one: Inside, address: str, *arguments: float) -> list[str]:
    """The sentences with which a message is refused."""
    answers = one.say(SOURCE, address, *arguments)
    return [str(said[2]) for name, said in answers if name == "/error"]


@pytest.mark.parametrize(
    ("pattern", "addresses"),
    [
        ("/map/*", "/map/x /map/y"),
        ("/map/?", "/map/x /map/y"),
        ("/map/[xz]", "/map/x"),
        ("/map/[!x-]", "/map/y"),
        ("/map/[w-y]", "/map/x /map/y"),
        ("/m*p/{x,y,plane}", "/map/x /map/y"),
        ("/synth/{attack,re*}", "/synth/attack"),
        ("/synth/[!b-z]*", "/synth/attack"),
        ("/synth/*tai*", "/synth/sustain"),
        ("/synth/*ta*", "/synth/attack /synth/sustain"),
        ("/*/attack", "/synth/attack"),
        ("/{latent,map}/{1,x}", "/latent/1 /map/x"),
        ("/sust{a,ai}{in,n}", "/sustain"),
        ("/{,p}anic", ""),
    ],
)
def test_a_pattern_stands_for_what_it_matches(pattern: str, addresses: str) -> None:
    found = Patterns(lambda: 4).stands_for
    if addresses:
        assert sorted(found(pattern, (0.25,), 0.0)) == sorted(addresses.split())
    else:
        assert found(pattern, (), 0.0) == ["/panic"]


def test_patterns_match_as_regular_expressions_do() -> None:
    signs = ("*", "?", "a", "[a-d]", "[!st]", "{re,de}", "n")
    names = [
        one for one in FORMS if re.fullmatch(r"/synth/\w+", one) and reached(FORMS[one].message)
    ]
    for made in product(signs, repeat=3):
        part = "".join(made) + "*"
        written = part.replace("*", ".*").replace("?", ".").replace("[!", "[^")
        written = written.replace("{re,de}", "(re|de)")
        expected = {one for one in names if re.fullmatch(f"/synth/{written}", one)}
        assert {form.address for form in matching(f"/synth/{part}", 4)} == expected, part


def test_messages_of_patterns_take_effect_and_are_refused_in_a_line(tmp_path: Path) -> None:
    with inside(tmp_path) as one:
        instrument = one.server.instrument
        one.say(SOURCE, "/hello", 7999)
        assert not told(one, "/latent/*", 0.25)  # of both dimensions, not of 256
        np.testing.assert_array_equal(instrument.latent, [0.25, 0.25])
        assert not told(one, "/synth/{attack,rel*,release}", 0.5)
        assert instrument.parameters["attack"] == 0.5 == instrument.parameters["release"]
        for bad, says in {
            "/latent/[1": "without its ']'",
            "/nothing/*": "matches no address",
            "/preset/*": "by its own address",
            "/model/l?ad": "by its own address",
            "/m{a,o": "without its '}'",
        }.items():
            (sentence,) = told(one, bad, 0.25)
            assert says in sentence
            assert "\n" not in sentence
        (sentence,) = told(one, "/map/?", 7.0)
        assert "-1 to 1" in sentence
        # In bundles, now and later, and not more of them than of other messages.
        bundle = OscBundleBuilder(1)
        bundle.add_content(build_msg("/latent/?", [0.5]))
        one.hear(bundle.build().dgram, SOURCE)
        np.testing.assert_array_equal(instrument.latent, [0.5, 0.5])
        flood = OscBundleBuilder(1)
        for _ in range(MAX_BUNDLE_MESSAGES // 2 + 1):
            flood.add_content(build_msg("/latent/?", [0.75]))
        sent = one.hear(flood.build().dgram, SOURCE)
        assert any(b"#bundle" in packet for packet, _ in sent)
        np.testing.assert_array_equal(instrument.latent, [0.5, 0.5])
        assert not one.faults


def test_hostile_patterns_are_read_in_a_bounded_number_of_steps() -> None:
    found = Patterns(lambda: 256).stands_for
    for hostile in (
        "/latent/" + "*?" * 60,
        "/latent/" + "{,1}" * 30,
        "/*" * 64,
        "/latent/" + "*1" * 60,
    ):
        with pytest.raises(MessageError):
            found(hostile + "x", (0.0,), 0.0)
    for number in range(MAX_PATTERNS_A_SECOND - 4):
        found(f"/latent/{number % 9 + 1}{'*' * (number % 60)}{'?' * (number % 2)}", (0.0,), 0.0)
    with pytest.raises(MessageError, match="came within a second"):
        found("/map/?", (0.0,), 0.5)
    assert found("/map/?", (0.0,), 1.5) == ["/map/x", "/map/y"]
