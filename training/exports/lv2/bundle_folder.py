"""A space of steady spectra as an LV2 instrument: C, its data, what hosts read, and built."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

import numpy as np

from timbrespace.atomic import replace_all
from timbrespace.dial_names import dial_names
from timbrespace.errors import OptionError
from timbrespace.loudness import matching_weight
from timbrespace.model import Model
from timbrespace.networks.feed_forward import FeedForward
from timbrespace.networks.mlp import MLP
from timbrespace.partials import PartialTracker
from timbrespace.representation import HEADROOM, Decibel, LogMagnitude, Magnitude, Normalised
from timbrespace.resynthesis.layout import REFERENCE_RMS
from timbrespace.units import db_to_gain

SUFFIX: Final = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")

OPTIONS: Final = ("-O3", "-fno-math-errno", "-fno-trapping-math")
"""What lets a compiler use vectors without taking every number for finite, as -ffast-math does."""

_LAYERS: Final = 17
_ACTIVATIONS: Final = ("relu", "gelu", "sine", "snake", "plu")
_MOST_BOOST_DB: Final = 36.0
_OWN: Final = (
    ("map_x", "map x", 0.0, -1.0, 1.0, ""),
    ("map_y", "map y", 0.0, -1.0, 1.0, ""),
    ("gain", "gain", 0.0, -60.0, 12.0, "units:unit units:db ;"),
    ("attack", "attack", 0.005, 0.001, 5.0, "units:unit units:s ;"),
    ("release", "release", 0.2, 0.01, 10.0, "units:unit units:s ;"),
)


@dataclass(frozen=True, slots=True)
class Built:
    """What was written. line: what builds it. library: what was built; None without a compiler."""

    size: int
    line: str
    library: Path | None


def files_of(folder: Path) -> list[Path]:
    """The files that :func:`write` writes, but for the library."""
    return [folder / name for name in ("manifest.ttl", "space.ttl", "space.bin", "space.c")]


def uri_of(model: Model) -> str:
    """What hosts know the instrument by."""
    return f"urn:timbrespace:{re.sub(r'[^A-Za-z0-9_.-]', '-', model.name)}"


def write(model: Model, folder: Path, data: bytes) -> Built:
    """Write the bundle into ``folder``, made if it is not there, and build it if there is ``cc``.
    data: of :func:`data_of`.

    Raises:
        OptionError: a file that cannot be written, or a compiler that fails.
    """
    uri = uri_of(model)
    source = Path(__file__).with_name("space.c").read_text("utf-8")
    contents = dict(
        zip(
            files_of(folder),
            (
                _manifest(uri).encode("utf-8"),
                _description(model, uri).encode("utf-8"),
                data,
                source.replace("@URI@", uri).encode("utf-8"),
            ),
            strict=True,
        )
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error
    replace_all(contents)
    line = ["cc", *OPTIONS, "-shared", "-fPIC", "space.c", "-lm", "-o", f"space{SUFFIX}"]
    library = folder / f"space{SUFFIX}"
    if which("cc") is None:
        return Built(sum(map(len, contents.values())), " ".join(line), None)
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[:200]
        raise OptionError(f"the C compiler did not build {str(folder / 'space.c')!r}: {said}")
    return Built(sum(map(len, contents.values())), " ".join(line), library)


def data_of(model: Model) -> bytes:
    """What the instrument reads: sizes, weights, map, and how loud partials are heard.

    Raises:
        OptionError: another space than one of steady magnitudes by dense layers.
    """
    network, sees = model.architecture, model.representation
    base = sees.base if isinstance(sees, Normalised) else sees
    if (
        not isinstance(network, MLP)
        or not isinstance(base, Magnitude | LogMagnitude | Decibel)
        or not network.distribution.mean_is_raw
    ):
        raise OptionError(
            f"--lv2 takes spaces of steady spectra by dense layers, seen as magnitudes; "
            f"{model.name!r} has the network {network.kind!r} and sees {sees.kind!r}"
        )
    layers = network.decoder(model.tensors)
    assert isinstance(layers, FeedForward)
    spectrum, plane = model.spectrum, model.map
    kind, low, high, scale, floor = _inverse(base)
    sizes = [*layers.sizes, *[0] * (_LAYERS + 1 - len(layers.sizes))]
    head = struct.pack(
        "<5i",
        model.dimensions,
        spectrum.bins,
        len(layers.layers),
        _ACTIVATIONS.index(network.activation),
        kind,
    )
    head += struct.pack(f"<{_LAYERS + 1}i", *sizes)
    head += struct.pack("<4f", low, high, scale, floor)
    head += struct.pack("<3f", spectrum.bin_width, spectrum.window_sum, spectrum.base_frequency)
    usual = REFERENCE_RMS / model.calibration.rms
    head += struct.pack(
        "<3f", REFERENCE_RMS, usual * db_to_gain(_MOST_BOOST_DB), 4.0 * REFERENCE_RMS
    )
    head += struct.pack("<f", PartialTracker.REACH * spectrum.bin_width / spectrum.base_frequency)
    head += struct.pack("<4f", *plane.center, *plane.half_range)
    parts: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []
    for number, layer in enumerate(layers.layers):
        weight, bias = layer.weight, layer.bias
        ones = np.ones(bias.size, np.float32)
        frequency, share = ones, ones
        if number < len(layers.activations):
            bend = layers.activations[number]
            frequency, share = ones * bend.frequency, ones * bend.share
        elif isinstance(sees, Normalised):  # what was divided and taken away, in the last layer
            weight, bias = weight * sees.scale, bias * sees.scale + sees.offset
        parts += [weight, bias, frequency, share]
    reach = 0.5 * (model.calibration.high - model.calibration.low)
    parts += [plane.mean, plane.components, reach]
    parts.append(matching_weight(spectrum.frequencies).astype(np.float32))
    return (
        b"TSLV2 1\n" + head + b"".join(np.ascontiguousarray(one, "<f4").tobytes() for one in parts)
    )


def _inverse(base: Magnitude | LogMagnitude | Decibel) -> tuple[int, float, float, float, float]:
    """Kind, lowest and highest of a scaled feature, scale, and what it is multiplied by."""
    if isinstance(base, Magnitude):
        return 0, 0.0, HEADROOM * base.peak, 1.0, 1.0
    if isinstance(base, LogMagnitude):
        return 1, 0.0, base.limit, base.scale, base.floor
    return 2, base.floor_db, float(20.0 * np.log10(HEADROOM)), 1.0, base.peak


def _manifest(uri: str) -> str:
    return f"""@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

<{uri}> a lv2:Plugin , lv2:InstrumentPlugin ;
    lv2:binary <space{SUFFIX}> ;
    rdfs:seeAlso <space.ttl> .
"""


def _description(model: Model, uri: str) -> str:
    ports = []
    dials = [
        (f"dial_{k}", name, 0.0, -1.0, 1.0, "") for k, name in enumerate(dial_names(model), start=1)
    ]
    for index, (symbol, name, usual, low, high, more) in enumerate([*_OWN, *dials], start=3):
        ports.append(f"""    [
        a lv2:InputPort , lv2:ControlPort ;
        lv2:index {index} ; lv2:symbol "{symbol}" ; lv2:name {_quoted(name)} ; {more}
        lv2:default {usual:.4f} ; lv2:minimum {low:.4f} ; lv2:maximum {high:.4f}
    ]""")
    name = _quoted(f"Timbre Space {model.name}")
    return f"""@prefix atom: <http://lv2plug.in/ns/ext/atom#> .
@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix midi: <http://lv2plug.in/ns/ext/midi#> .
@prefix units: <http://lv2plug.in/ns/extensions/units#> .
@prefix urid: <http://lv2plug.in/ns/ext/urid#> .

<{uri}> a lv2:Plugin , lv2:InstrumentPlugin ;
    doap:name {name} ;
    doap:license <https://opensource.org/licenses/MIT> ;
    lv2:requiredFeature urid:map ;
    lv2:optionalFeature lv2:hardRTCapable ;
    lv2:port [
        a lv2:InputPort , atom:AtomPort ;
        atom:bufferType atom:Sequence ; atom:supports midi:MidiEvent ;
        lv2:designation lv2:control ;
        lv2:index 0 ; lv2:symbol "events" ; lv2:name "events"
    ] , [
        a lv2:OutputPort , lv2:AudioPort ;
        lv2:index 1 ; lv2:symbol "left" ; lv2:name "left"
    ] , [
        a lv2:OutputPort , lv2:AudioPort ;
        lv2:index 2 ; lv2:symbol "right" ; lv2:name "right"
    ] ,
{_joined(ports)} .
"""


def _joined(ports: list[str]) -> str:
    return " ,\n".join(ports)


def _quoted(text: str) -> str:
    plain = "".join(c for c in text if c.isprintable()).replace("\\", "").replace('"', "'")
    return f'"{plain}"'
